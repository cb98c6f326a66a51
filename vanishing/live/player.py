"""A live widget that goes on iteration by iteration: play, pause, step, rewind."""

import math
from dataclasses import replace
from typing import Any, ClassVar, Self

from vanishing._checks import whole_number
from vanishing.live.controls import BUTTONS
from vanishing.live.loop import Wish
from vanishing.live.widget import Live

READING = 0.2
"""Seconds from one readout to the next while training: words cannot be read faster."""

MOST_ITERATIONS = 10**12
"""More than anyone waits for."""


class Player(Live):
    """Iterations that go on while you watch; a subclass adds `iteration`, `diverged`, `advance_by`.

    Parameters
    ----------
    wanted : object
        Where to begin.
    iterations : int
        Where it ends.
    options
        As for `Live`.
    """

    offered: ClassVar[tuple[str, ...]] = ("toggle", "step", "rewind", "reset")
    seen_at_once: ClassVar[frozenset[str]] = frozenset()
    """The controls whose effect is there to be seen before the first iteration."""

    def __init__(self, wanted: Any, *, iterations: int, **options: Any) -> None:
        self.limit = checked_iterations(iterations)
        self._steps_made: tuple[object, int] = None, 0
        self._halted: Any = None
        self._read_at = 0.0
        super().__init__(wanted, **options)

    # Hooks.

    @property
    def iteration(self) -> int:
        """How many iterations were made."""
        raise NotImplementedError

    @property
    def diverged(self) -> bool:
        """Whether no further iteration can be made."""
        return False

    def advance_by(self, iterations: int, seconds: float) -> int:
        """Make so many iterations, fewer if time is up before, and return how many were made."""
        raise NotImplementedError

    # Controls and buttons.

    def plays_after(self, name: str) -> bool:
        """Return whether it plays: what is seen before the first iteration ends no pause."""
        return self.playing or name not in self.seen_at_once

    def toggle(self) -> None:
        """Play or pause; at the end, play from the beginning."""
        if not self.playing and self.finished and not self.is_behind:
            self.start(self.wanted, playing=True)
        else:
            self.express(replace(self.wish, playing=not self.playing))

    def step(self) -> None:
        """Make a single iteration, and wait."""
        self.express(replace(self.wish, playing=False, steps=self.wish.steps + 1))

    def rewind(self) -> None:
        """Go back to iteration 0 and the same weights, and wait."""
        self.start(self.wanted)

    def advance(self, iterations: int) -> Self:
        """Make so many iterations at once, at most up to the end, and return the widget.

        Parameters
        ----------
        iterations : int
            How many, from 0 on.
        """
        count = whole_number("iterations", iterations, at_least=0)
        self.refuse_if_closed()
        self.catch_up()
        self._advance(count)
        self.paint()
        return self

    # The task.

    @property
    def playing(self) -> bool:
        """Whether iterations go on by themselves."""
        wish = self.wish
        return wish.playing and self._halted is not wish and self.goes_on

    @property
    def finished(self) -> bool:
        """Whether the end is reached."""
        return self.iteration >= self.limit or self.diverged

    @property
    def busy(self) -> bool:
        """Whether there are iterations to make."""
        return self.playing or self._steps_left(self.wish) > 0

    def _steps_left(self, wish: Wish) -> int:
        generation, made = self._steps_made
        return wish.steps - (made if generation is wish.generation else 0)

    def halt(self) -> None:
        """Pause, and forget the steps that were asked for."""
        self._halted = wish = self.wish
        self._steps_made = wish.generation, wish.steps

    def work(self, seconds: float) -> None:
        """Make a step that was asked for, or go on for about so long."""
        wish = self.wish
        if not self.serves(wish):
            return
        left = self._steps_left(wish)
        if left > 0:
            self._steps_made = wish.generation, wish.steps - left + 1
            self._advance(1)
        elif self.playing:
            self.pace.work(seconds, self._advance, lambda: self.wish is wish and not self.finished)
        if self.finished:
            # What was wanted until now; a wish that has come meanwhile is of another run.
            self._halted = wish

    def _advance(self, iterations: int, seconds: float = math.inf) -> int:
        return self.advance_by(min(iterations, self.limit - self.iteration), seconds)

    # What is shown.

    def refresh(self) -> None:
        """Have the first button say what it does."""
        toggle = self.buttons["toggle"]
        text, icon = ("Pause", "pause") if self.playing else BUTTONS["toggle"][:2]
        if toggle.description != text:
            toggle.description, toggle.icon = text, icon

    def read_out(self) -> None:
        """Say where things stand, now and then while training."""
        now = self.clock()
        if not self.playing or now - self._read_at > READING:
            self._read_at = now
            super().read_out()


def checked_iterations(iterations: Any) -> int:
    """Return where training ends."""
    return whole_number("iterations", iterations, at_least=1, at_most=MOST_ITERATIONS)
