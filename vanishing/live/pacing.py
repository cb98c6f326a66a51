"""Pacing: how long to work between two pictures, and how much work fits into a moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FRAME = 0.039
"""Seconds from one picture to the next; what painting leaves of them goes into work."""

SLICE = 0.008
"""Seconds of work after which the task looks whether something else is wanted."""

PAUSE = 0.002
"""Seconds between two turns of the task; without them messages starve."""

LEAST = 1e-6
"""Seconds that a slice is taken to last at least: a coarse clock may have stood still."""


class Pace:
    """Measures what painting and working take, and divides the time between them.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.

    Attributes
    ----------
    painting : float
        Seconds that the last picture took.
    rate : float
        Units of work (iterations, say) that were done in a second when last measured.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.painting = 0.01
        self.rate = 1000.0

    def seconds_to_work(self, *, fresh: bool) -> float:
        """Return how long to work before the next picture; after a new beginning, only a little."""
        return SLICE if fresh else max(FRAME - PAUSE - self.painting, FRAME / 2)

    @contextmanager
    def measured_painting(self) -> Iterator[None]:
        """Take the time that painting takes."""
        begin = self._clock()
        yield
        self.painting = self._clock() - begin

    def work(
        self, seconds: float, advance: Callable[[int, float], int], go_on: Callable[[], bool]
    ) -> None:
        """Work for about so long, in slices, as long as that is wanted.

        Parameters
        ----------
        seconds : float
            How long.
        advance : callable
            Takes how many units to do and after how many seconds to stop all the same; returns
            how many were done.
        go_on : callable
            Asked before each slice.
        """
        end = self._clock() + seconds
        now = end - seconds
        while now < end and go_on():
            left = min(SLICE, end - now)
            done = advance(max(1, round(self.rate * left)), left)
            before, now = now, self._clock()
            if not done:
                return
            self.rate = done / max(now - before, LEAST)
