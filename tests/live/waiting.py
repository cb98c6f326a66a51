"""What the tests of the live widgets share: a clock, a loop, a page that answers, a count."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

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
