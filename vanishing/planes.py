"""A plane: two things that are varied, and one run for each pair of values.

The cells are made from coarse to fine, so that the whole shows early: first those at every 2^k-th
value of both axes, then at every 2^(k-1)-th, and so on.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from vanishing._checks import (
    Array,
    instance,
    real_number,
    several,
    shown,
    text,
    whole_number,
)
from vanishing.jobs import Sweepable
from vanishing.sweeps import sweep, sweep_in_turns

LEVEL = 0.9
"""The accuracy that a run is to reach, where nothing else is said."""

MOST_VALUES = 1000
"""An axis of more values than this is taken for a slip of the pen."""

MOST_CELLS = 100_000
"""More runs than this are taken for a slip of the pen."""

UNKNOWN, LEARNED, SLOW, DIVERGED = range(4)
"""What is known of a cell: nothing yet; it reached the level, or did not, or diverged before."""


@dataclass(frozen=True)
class Axis:
    """What is varied along one side of a plane.

    Parameters
    ----------
    name : str
        What it is called where the runs are made; of `Settings.changed`, for instance.
    values : sequence of float
        Its values, rising, two or more, none below zero.
    label : str, optional
        What is written beside it; left out, its name in words.

    Raises
    ------
    TypeError, ValueError
        If the values are not numbers that rise.
    """

    name: str
    values: tuple[float, ...]
    label: str = ""

    def __post_init__(self) -> None:
        text("name", self.name)
        given = several("values", self.values, "numbers")
        if not 2 <= len(given) <= MOST_VALUES:
            raise ValueError(
                f"values must be from 2 to {MOST_VALUES:,} numbers; got {shown(self.values)}"
            )
        values = tuple(_number(f"values[{i}]", one) for i, one in enumerate(given))
        if not all(float(before) < float(after) for before, after in itertools.pairwise(values)):
            raise ValueError(f"values must rise; got {shown(self.values)}")
        object.__setattr__(self, "values", values)
        if not isinstance(self.label, str):
            raise TypeError(f"label must be a text; got {shown(self.label)}")
        object.__setattr__(self, "label", self.label or self.name.replace("_", " "))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def logarithmic(self) -> bool:
        """Whether each value is about as many times the one before, rather than so much more."""
        values = np.array(self.values, float)
        if values[0] <= 0:
            return False
        ratios, steps = np.diff(np.log(values)), np.diff(values)
        return bool(np.ptp(ratios) / ratios.mean() <= np.ptp(steps) / steps.mean())

    def place(self, value: float) -> float:
        """Return where a value stands, in cells: 0 in the middle of the first cell.

        Between values as the axis goes, logarithmic or not, and beyond its ends in the same way;
        -infinity for what no logarithmic axis can show.
        """
        number = real_number("value", value, zero_allowed=True, infinity_allowed=True)
        values = np.array(self.values, float)
        if self.logarithmic:
            if number <= 0:
                return -math.inf
            values, number = np.log(values), math.log(number)
        if not math.isfinite(number):
            return number
        at = int(np.clip(np.searchsorted(values, number) - 1, 0, len(values) - 2))
        return float(at + (number - values[at]) / (values[at + 1] - values[at]))


def _number(name: str, value: Any) -> float:
    """Return a number as it is: a whole one stays whole, for it may count something."""
    number = real_number(name, value, zero_allowed=True)
    return int(value) if isinstance(value, int | np.integer) else number


def log_axis(name: str, low: float, high: float, count: int, *, label: str = "") -> Axis:
    """Return an axis whose values grow by a constant factor, rounded to three digits.

    Parameters
    ----------
    name, label
        As for `Axis`.
    low, high : float
        The first value and the last.
    count : int
        How many.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or rounding makes two values one.
    """
    first, last = real_number("low", low), real_number("high", high)
    number = whole_number("count", count, at_least=2, at_most=MOST_VALUES)
    if not first < last:
        raise ValueError(f"high must be above low, which is {shown(low)}; got {shown(high)}")
    values = tuple(float(f"{value:.3g}") for value in np.geomspace(first, last, number))
    if len(set(values)) < number:
        raise ValueError(f"count must leave values three digits apart; got {shown(count)}")
    return Axis(name, values, label)


@dataclass(frozen=True, eq=False)
class Plane:
    """A run for each pair of values of two axes.

    Parameters
    ----------
    x, y : Axis
        What is varied from left to right, and from bottom to top.
    job : callable
        Takes a value of each axis, and returns the run of that cell: a `Job`, or any other
        `vanishing.jobs.Sweepable` whose result has `iterations`, `accuracy` and `diverged_at`.
        It is to end when `Goal(accuracy=level)` is reached.
    level : float
        The accuracy that a run is to reach.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Examples
    --------
    Anything that can be swept can be varied; here the depth and the shortcuts' scale:

    >>> def job(depth, residual):
    ...     sizes = (2, *[20] * depth, 3)
    ...     network = Network.initialize(sizes, "tanh", residual=residual, rng=0)
    ...     return Job(network, data, 500, until=Goal(accuracy=0.9))
    >>> depth, residual = Axis("depth", (2, 4, 8, 16)), Axis("residual", (0.1, 0.3, 1.0))
    >>> survey = explore(Plane(depth, residual, job))
    """

    x: Axis
    y: Axis
    job: Callable[[Any, Any], Sweepable[Any]]
    level: float = LEVEL

    def __post_init__(self) -> None:
        instance("x", self.x, Axis)
        instance("y", self.y, Axis)
        if not callable(self.job):
            raise TypeError(f"job must be a function of two values; got {shown(self.job)}")
        object.__setattr__(self, "level", real_number("level", self.level, at_most=1.0))
        if len(self.x) * len(self.y) > MOST_CELLS:
            raise ValueError(
                f"x and y must make at most {MOST_CELLS:,} cells; got {len(self.x) * len(self.y):,}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as an array of the cells has them."""
        return len(self.y), len(self.x)


@dataclass(frozen=True)
class Line:
    """What theory says of a plane: a line across it.

    Parameters
    ----------
    label : str
        What it is.
    x, y : tuple of float
        Its corners, in values of the axes.

    Raises
    ------
    TypeError, ValueError
        If they are not two corners or more.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        text("label", self.label)
        for name in ("x", "y"):
            given = several(name, getattr(self, name), "numbers")
            values = tuple(
                real_number(f"{name}[{i}]", one, zero_allowed=True) for i, one in enumerate(given)
            )
            object.__setattr__(self, name, values)
        if len(self.x) != len(self.y) or len(self.x) < 2:
            raise ValueError(
                f"y must hold as many values as x, two or more; got {len(self.y)} and {len(self.x)}"
            )


@dataclass(frozen=True)
class Outcome:
    """What came of one cell's run.

    Parameters
    ----------
    column, row : int
        Where it stands, counted from the lower left.
    reached : int or None
        Iterations after which the level was found to be reached: at most 5 % more than it took
        (see `vanishing.jobs.advance_until`). None if that never was, or the run diverged.
    accuracy : float
        Of the training data, at the end.
    diverged_at : int or None
        The iteration whose loss was not finite.
    """

    column: int
    row: int
    reached: int | None
    accuracy: float
    diverged_at: int | None

    @property
    def kind(self) -> int:
        """LEARNED, SLOW or DIVERGED."""
        if self.reached is not None:
            return LEARNED
        return SLOW if self.diverged_at is None else DIVERGED

    def description(self, level: float) -> str:
        """Return what came of the run, in words.

        Parameters
        ----------
        level : float
            The accuracy that was to be reached.
        """
        wanted = real_number("level", level, at_most=1.0)
        if self.diverged_at is not None:
            return f"diverged at iteration {self.diverged_at:,}"
        if self.reached is not None:
            return f"{wanted:.0%} after {self.reached:,} iterations"
        return f"never {wanted:.0%}; accuracy {self.accuracy:.2f} at the end"


def coarse_to_fine(columns: int, rows: int) -> list[tuple[int, int]]:
    """Return each cell (column, row) of a grid once, so that ever finer grids become whole.

    Parameters
    ----------
    columns, rows : int
        The size of the grid, each from 1 to 1,000.

    Raises
    ------
    TypeError, ValueError
        If they are not such numbers.
    """
    sides = {"columns": columns, "rows": rows}
    width, height = (
        whole_number(name, side, at_least=1, at_most=MOST_VALUES) for name, side in sides.items()
    )
    cells = [(column, row) for row in range(height) for column in range(width)]
    # Sorting keeps the order of those that are equal.
    return sorted(cells, key=lambda cell: -coarsest_grid(*cell))


def coarsest_grid(column: int, row: int) -> int:
    """Return the largest power of two that divides both: the coarsest grid a cell belongs to."""
    both = column | row
    return both & -both if both else 2 * MOST_VALUES


def outcomes(
    plane: Plane,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Iterator[Outcome]:
    """Make the runs of a plane from coarse to fine, and yield each cell as it is done.

    Parameters
    ----------
    plane : Plane
        What to vary.
    executor, workers, progress
        As for `vanishing.sweep`.

    Yields
    ------
    Outcome
        What came of it; runs that take long come later than their order says.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    order, jobs = _jobs(plane)
    done = sweep(jobs, executor=executor, workers=workers, progress=progress)
    return (_cell(plane, order[number], run) for number, run in done)


def outcomes_in_turns(
    plane: Plane,
    *,
    seconds: float = 0.03,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Iterator[list[Outcome]]:
    """Make the runs of a plane as `outcomes` does, for whoever has other things to do meanwhile.

    Parameters
    ----------
    plane : Plane
        What to vary.
    seconds, executor, workers
        As for `vanishing.sweeps.sweep_in_turns`.

    Yields
    ------
    list of Outcome
        What was done since the turn before, perhaps nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    order, jobs = _jobs(plane)
    turns = sweep_in_turns(jobs, seconds=seconds, executor=executor, workers=workers)
    return ([_cell(plane, order[number], run) for number, run in done] for done in turns)


def _jobs(plane: Plane) -> tuple[list[tuple[int, int]], list[Sweepable[Any]]]:
    instance("plane", plane, Plane)
    order = coarse_to_fine(len(plane.x), len(plane.y))
    return order, [plane.job(plane.x.values[i], plane.y.values[j]) for i, j in order]


def _cell(plane: Plane, place: tuple[int, int], run: Any) -> Outcome:
    learned = run.diverged_at is None and run.accuracy >= plane.level
    return Outcome(*place, run.iterations if learned else None, run.accuracy, run.diverged_at)


class Survey:
    """What is known of a plane: cell by cell, more and more.

    Parameters
    ----------
    plane : Plane
        Of which.

    Attributes
    ----------
    kind : ndarray of int, shape (rows, columns)
        UNKNOWN, LEARNED, SLOW or DIVERGED. In all arrays the first row is the lowest.
    reached : ndarray of shape (rows, columns)
        Iterations to the level; NaN where that was not reached, or nothing is known.
    accuracy : ndarray of shape (rows, columns)
        At the end of the run; NaN where nothing is known.
    """

    def __init__(self, plane: Plane) -> None:
        self.plane = instance("plane", plane, Plane)
        self.kind = np.full(plane.shape, UNKNOWN)
        self.reached, self.accuracy = np.full(plane.shape, np.nan), np.full(plane.shape, np.nan)
        self._cells: dict[tuple[int, int], Outcome] = {}

    def add(self, outcome: Outcome) -> None:
        """Take in what came of a cell of this plane."""
        instance("outcome", outcome, Outcome)
        column, row = self._within(outcome.column, outcome.row)
        self.kind[row, column] = outcome.kind
        self.reached[row, column] = np.nan if outcome.reached is None else outcome.reached
        self.accuracy[row, column] = outcome.accuracy
        self._cells[column, row] = outcome

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def complete(self) -> bool:
        """Whether all cells are known."""
        return len(self) == self.kind.size

    def cell(self, column: int, row: int) -> Outcome | None:
        """Return what came of a cell, counted from the lower left, if it is known."""
        return self._cells.get(self._within(column, row))

    def _within(self, column: int, row: int) -> tuple[int, int]:
        rows, columns = self.plane.shape
        return (
            whole_number("column", column, at_least=0, at_most=columns - 1),
            whole_number("row", row, at_least=0, at_most=rows - 1),
        )

    def count(self, kind: int) -> int:
        """Return how many cells are of a kind."""
        whole_number("kind", kind, at_least=UNKNOWN, at_most=DIVERGED)
        return int(np.sum(self.kind == kind))

    @property
    def description(self) -> str:
        """What the map shows, in a sentence or two, for who cannot see it."""
        plane, known = self.plane, f"{len(self):,} of {self.kind.size:,} runs"
        sides = " and ".join(
            f"{axis.label} from {axis.values[0]:g} to {axis.values[-1]:g}"
            for axis in (plane.x, plane.y)
        )
        counts = {
            f"reach {plane.level:.0%}": LEARNED,
            "do not": SLOW,
            "diverge": DIVERGED,
        }
        ends = ", ".join(f"{self.count(kind):,} {what}" for what, kind in counts.items())
        told = f"{known}, {sides}: {ends}"
        quickest = self.quickest
        if quickest is None:
            return told
        return (
            f"{told}; the quickest takes {quickest.reached:,} iterations, at "
            f"{plane.x.label} {plane.x.values[quickest.column]:g} and "
            f"{plane.y.label} {plane.y.values[quickest.row]:g}"
        )

    @property
    def quickest(self) -> Outcome | None:
        """The cell that reaches the level in the fewest iterations, if any does."""
        learned = [cell for cell in self._cells.values() if cell.reached is not None]
        return min(learned, key=lambda cell: (cell.reached, cell.row, cell.column), default=None)

    def standing_in(self) -> tuple[Array, Array]:
        """Return for each cell the row and the column of the one that is shown in its place.

        That is itself, where it is known; else the lower left one of the smallest block around it
        in which that one is known. Where there is none, it is itself, too.
        """
        rows, columns = np.indices(self.kind.shape)
        size = 2
        while size < 2 * max(self.kind.shape):
            low, left = (np.arange(side) // size * size for side in self.kind.shape)
            missing = self.kind[rows, columns] == UNKNOWN
            block = np.ix_(low, left)
            known = missing & (self.kind[block] != UNKNOWN)
            rows = np.where(known, low[:, None], rows)
            columns = np.where(known, left[None, :], columns)
            size *= 2
        return rows, columns


def explore(
    plane: Plane,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Survey:
    """Make all the runs of a plane.

    Parameters
    ----------
    plane : Plane
        What to vary.
    executor, workers, progress
        As for `vanishing.sweep`.

    Returns
    -------
    Survey
        What came of each.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    survey = Survey(plane)
    for outcome in outcomes(plane, executor=executor, workers=workers, progress=progress):
        survey.add(outcome)
    return survey
