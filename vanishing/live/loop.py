"""The loop: one task on the kernel's main loop takes turns until there is nothing more to do.

JupyterLab calls the observers of widgets in another thread. So they only store a wish and wake the
task, which does everything else.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from IPython.core.getipython import get_ipython

from vanishing.live.pacing import PAUSE

LATE = 0.3
"""Seconds after which a turn that has not begun is late."""


class Loop:
    """Takes turns on the running event loop when it is woken; where none runs, at once.

    Parameters
    ----------
    turn : callable
        Does one piece of work, and tells whether there is more to do.
    failed : callable
        Is given the exception that a turn raised; a task's errors are seen nowhere else.
    late : callable, optional
        Called in the thread that woke the task, if no turn has begun for a while: then the main
        loop is busy, as it is while a cell runs.
    pause : callable, optional
        Returns how many seconds there are between two turns.
    """

    def __init__(
        self,
        turn: Callable[[], bool],
        failed: Callable[[Exception], None],
        late: Callable[[], None] = lambda: None,
        pause: Callable[[], float] = lambda: PAUSE,
    ) -> None:
        self._turn, self._failed, self._late, self._pause = turn, failed, late, pause
        self._closed = self._waits = False
        self._timer: asyncio.TimerHandle | None = None
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        else:
            self._task = self._loop.create_task(self._serve())

    @property
    def runs(self) -> bool:
        """Whether there is an event loop; without one, nothing goes on by itself."""
        return self._loop is not None

    @property
    def ended(self) -> bool:
        """Whether the task has come to its end."""
        return self._closed if self._task is None else self._task.done()

    def wake(self) -> None:
        """Have the task take turns; may be called from any thread."""
        if self._loop is None:
            self._safe_turn()
        elif not self._loop.is_closed():
            self._watch()  # first: the turn might be over before it
            self._loop.call_soon_threadsafe(self._event.set)

    def _watch(self) -> None:
        """Look after a while whether a turn has begun, from a thread that runs another loop."""
        with suppress(RuntimeError):  # There is none in a plain thread.
            here = asyncio.get_running_loop()
            if here is not self._loop and not self._waits:
                self._waits = True
                here.call_later(LATE, self._check)

    def _check(self) -> None:
        if self._waits and not self._closed:
            self._late()
            if not self._waits:
                # A turn has begun meanwhile, and may have ended: another one clears what was said.
                self.wake()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something on the main loop after so long, in place of what was to be called then.

        Where no loop runs, it is called at once.
        """
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is None:
            call()
        elif not self._closed:
            self._timer = self._loop.call_later(seconds, call)

    def close(self) -> None:
        """End the task."""
        if self._timer is not None:
            self._timer.cancel()
        self._closed = True
        self.wake()

    async def _serve(self) -> None:
        while not self._closed:
            await self._event.wait()
            self._event.clear()
            while self._safe_turn():
                await asyncio.sleep(self._pause())

    def _safe_turn(self) -> bool:
        self._waits = False
        try:
            return not self._closed and self._turn()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is shown)
            self._failed(error)
            return False


@dataclass(frozen=True, eq=False)
class Wish:
    """What is wanted of a widget; an observer in another thread replaces it as a whole.

    Parameters
    ----------
    wanted : object
        The settings.
    playing : bool
        Whether work is to go on by itself.
    steps : int
        Single steps that were asked for since these settings were.
    until : int, optional
        The iteration to stop at.
    looks_at : int, optional
        An earlier iteration that is looked at.
    generation : object
        The same for all wishes that go on with a run; another one begins anew.
    """

    wanted: Any
    playing: bool = False
    steps: int = 0
    until: int | None = None
    looks_at: int | None = None
    generation: object = field(default_factory=object)


def cell_and_run() -> tuple[str | None, str | None]:
    """Return which cell is run, and which run of it this is, where the front end tells."""
    parent: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)() or {}
    cell = parent.get("metadata", {}).get("cellId")
    return cell, parent.get("header", {}).get("msg_id")
