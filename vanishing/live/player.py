"""A live widget that goes on iteration by iteration: play, pause, step, rewind."""

import functools
import math
from dataclasses import replace
from typing import Any, ClassVar, Self

import ipywidgets as widgets
import numpy as np

from vanishing._checks import whole_number
from vanishing.live.controls import BUTTONS, SPEEDS
from vanishing.live.loop import Wish
from vanishing.live.pacing import PAUSE
from vanishing.live.widget import Live

READING = 0.2
"""Seconds from one readout to the next while training: words cannot be read faster."""

LONGEST_PAUSE = 0.05
"""Seconds between two turns at most, however slowly it goes: a slider that moves is not to wait."""

MARKS = 120
"""Places of the slider that goes back, as close to one another as on a logarithmic axis."""

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

    steers_time: ClassVar[bool] = False
    """Whether it has a speed, can be told where to stop, and can show earlier iterations."""

    def __init__(self, wanted: Any, *, iterations: int, **options: Any) -> None:
        self.limit = checked_iterations(iterations)
        self._steps_made: tuple[object, int] = None, 0
        self._halted: Any = None
        self._read_at = 0.0
        self._speed, self._next = math.inf, 0.0
        self._paced_for: Wish | None = None
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
            playing = not self.playing
            self.express(replace(self.wish, playing=playing, until=None, looks_at=None))

    def step(self) -> None:
        """Make a single iteration, and wait."""
        wish = replace(self.wish, playing=False, until=None, looks_at=None)
        self.express(replace(wish, steps=wish.steps + 1))

    def rewind(self) -> None:
        """Go back to iteration 0 and the same weights, and wait."""
        self.start(self.wanted)

    def go_to(self, iteration: int) -> Self:
        """Train up to an iteration and wait there; one that is past is shown again.

        Parameters
        ----------
        iteration : int
            From 0 to the end.
        """
        wanted = whole_number("iteration", iteration, at_least=0, at_most=self.limit)
        if not self.is_behind and wanted <= self.iteration:
            self.express(replace(self.wish, playing=False, until=None, looks_at=wanted))
        elif self.goes_on:
            self.express(replace(self.wish, playing=True, until=wanted, looks_at=None))
        else:
            self.advance(wanted - self.iteration)
        return self

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
        if self.wish.looks_at is not None:
            self.express(replace(self.wish, looks_at=None))
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
            self._go_on(wish, seconds)
        if self.finished or self._has_arrived(wish):
            # What was wanted until now; a wish that has come meanwhile is of another run.
            self._halted = wish

    def _go_on(self, wish: Wish, seconds: float) -> None:
        """Make as many iterations as fit into the time, or as the speed allows."""

        def advance(iterations: int, seconds: float) -> int:
            until = self.limit if wish.until is None else wish.until
            return self._advance(min(iterations, max(until - self.iteration, 0)), seconds)

        def is_wanted() -> bool:
            return self.wish is wish and not self.finished and not self._has_arrived(wish)

        if math.isinf(self._speed):
            self.pace.work(seconds, advance, is_wanted)
        elif due := self._due(wish):
            advance(due, seconds)

    @staticmethod
    def _number_due(late: float, speed: float) -> int:
        return int(late * speed) + 1 if late >= 0 else 0

    def _due(self, wish: Wish) -> int:
        """Return how many iterations are to be made now at the chosen speed."""
        now = self.clock()
        if self._paced_for is not wish:
            self._paced_for, self._next = wish, now
        due = self._number_due(now - self._next, self._speed)
        self._next += due / self._speed
        return due

    def _has_arrived(self, wish: Wish) -> bool:
        return wish.until is not None and self.iteration >= wish.until

    def seconds_between_turns(self) -> float:
        """Return how long to wait: at a low speed up to the next iteration, or nearly."""
        if math.isinf(self._speed) or not self.playing:
            return PAUSE
        return min(max(self._next - self.clock(), PAUSE), LONGEST_PAUSE)

    @property
    def looked_at(self) -> int | None:
        """The earlier iteration that is shown, if one is."""
        wish = self.wish
        if wish.looks_at is None or not self.serves(wish) or wish.looks_at >= self.iteration:
            return None
        return wish.looks_at

    def _advance(self, iterations: int, seconds: float = math.inf) -> int:
        return self.advance_by(min(iterations, self.limit - self.iteration), seconds)

    # What is shown.

    def more_parts(self) -> list[widgets.Widget]:
        """Return what steers time: the iteration to look at, the one to stop at, the speed."""
        if not self.steers_time:
            return []
        wide = {"style": {"description_width": "9em"}, "layout": {"width": "410px"}}
        self.times = {
            "look_at": widgets.SelectionSlider(
                options=[("0", 0)], description="look at iteration", **wide
            ),
            "go_to": widgets.BoundedIntText(
                0,
                max=self.limit,
                description="run to",
                tooltip="The iteration to stop at; one that is past is shown again",
                style={"description_width": "4em"},
                layout={"width": "150px"},
            ),
            "speed": widgets.Dropdown(
                options=SPEEDS,
                description="speed",
                tooltip="How many iterations are made",
                style={"description_width": "4em"},
                layout={"width": "210px"},
            ),
        }
        for name, part in self.times.items():
            part.observe(functools.partial(self._time_steered, name), "value")
        return list(self.times.values())

    def _time_steered(self, name: str, change: Any) -> None:
        if self.is_showing or self.closed:
            return
        if name == "speed":
            self._speed = change["new"]
            self.express(replace(self.wish))
        else:
            self.go_to(change["new"])

    def _show_time(self) -> None:
        """Have the slider reach from the beginning to the iteration that was made last."""
        slider = self.times["look_at"]
        shown = self.iteration if self.looked_at is None else self.looked_at
        places = sorted({*marks(self.iteration), shown})
        options = tuple((f"{place:,}", place) for place in places)
        with self.showing():
            if slider.options != options:
                slider.options = options
            if slider.value != shown:
                slider.value = shown

    def refresh(self) -> None:
        """Have the first button say what it does."""
        toggle = self.buttons["toggle"]
        text, icon = ("Pause", "pause") if self.playing else BUTTONS["toggle"][:2]
        if toggle.description != text:
            toggle.description, toggle.icon = text, icon
        if self.steers_time and not self.playing:
            self._show_time()

    def read_out(self) -> None:
        """Say where things stand, now and then while training."""
        now = self.clock()
        if not self.playing or now - self._read_at > READING:
            self._read_at = now
            super().read_out()


def marks(last: int) -> list[int]:
    """Return iterations up to the last one, close to one another at first."""
    steps = np.expm1(np.linspace(0, np.log1p(last), MARKS))
    found: list[int] = np.unique(np.rint(steps).astype(int)).tolist()
    return found


def checked_iterations(iterations: Any) -> int:
    """Return where training ends."""
    return whole_number("iterations", iterations, at_least=1, at_most=MOST_ITERATIONS)
