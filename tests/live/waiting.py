"""What the tests of the live widgets share: a clock, a loop, a page that answers, a count."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ipywidgets import Widget


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def in_loop(work: Callable[[], Awaitable[None]]) -> None:
    """Do something in an event loop, as a kernel has one."""
    asyncio.run(asyncio.wait_for(work(), 60))  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.005)


def confirm(receipts: Any) -> None:
    """Answer as the page does."""
    receipts.returned.value = receipts.asked.value


def models() -> set[str]:
    """Return the widgets and their looks that the kernel holds open."""
    return set(Widget.get_manager_state()["state"])


def assert_refused(
    make: Callable[..., Any], wrong: dict[str, Any], error: type[Exception], told: str
) -> None:
    """Assert that arguments are refused in so many words, and leave nothing in the kernel."""
    before = models()
    with pytest.raises(error, match=told):
        make(**wrong)
    assert models() == before
