"""The record of a run: what was measured before each update, in columns that have names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vanishing._checks import Array, shown


@dataclass(frozen=True)
class Columns:
    """Where a record of L layers keeps what: the only place that knows.

    Parameters
    ----------
    layers : int
        The number L of weight matrices.
    """

    layers: int

    loss = 0
    """The column of the loss; six groups of L columns follow."""

    @property
    def count(self) -> int:
        """The number of all columns."""
        return 1 + 6 * self.layers

    @property
    def sum_absolute(self) -> slice:
        """The columns of sum(abs(dW))."""
        return self._group(0)

    @property
    def weight_norm(self) -> slice:
        """The columns of norm(W)."""
        return self._group(1)

    @property
    def gradient_norm(self) -> slice:
        """The columns of norm(dW)."""
        return self._group(2)

    @property
    def delta_norm(self) -> slice:
        """The columns of norm(delta)."""
        return self._group(3)

    @property
    def weight_sum_absolute(self) -> slice:
        """The columns of sum(abs(W))."""
        return self._group(4)

    @property
    def total_gradient_norm(self) -> slice:
        """The columns of the norm of dW + regularization * W and db together."""
        return self._group(5)

    def _group(self, number: int) -> slice:
        return slice(1 + number * self.layers, 1 + (number + 1) * self.layers)


@dataclass(frozen=True, eq=False)
class History:
    """The record of a run: one row an iteration, taken before that iteration's update.

    T is the number of rows, L the number of layers. "Gradient" is the gradient of the data loss,
    before the penalty's is added.

    Parameters
    ----------
    sizes : tuple of int
        The width of every layer, input first.
    examples : int
        The number n of points.
    step_sizes : tuple of float
        The step size (learning rate) of each layer.
    regularization : float
        The strength of the penalty (weight decay).
    iteration : ndarray of int, shape (T,)
        The iteration that each row was taken in, counted from 0.
    record : ndarray of shape (T, 1 + 6 L)
        The numbers; `Columns` says what they are.
    """

    sizes: tuple[int, ...]
    examples: int
    step_sizes: tuple[float, ...]
    regularization: float
    iteration: Array
    record: Array

    def __len__(self) -> int:
        return len(self.record)

    @property
    def columns(self) -> Columns:
        """Which column of the record holds what."""
        return Columns(len(self.sizes) - 1)

    @property
    def loss(self) -> Array:
        """Mean cross-entropy plus the penalty, of shape (T,)."""
        return self.record[:, self.columns.loss]

    @property
    def sum_absolute(self) -> Array:
        """The sum of abs(dW) over each weight matrix, of shape (T, L)."""
        return self.record[:, self.columns.sum_absolute]

    @property
    def weight_norm(self) -> Array:
        """The Frobenius norm of each W, of shape (T, L)."""
        return self.record[:, self.columns.weight_norm]

    @property
    def gradient_norm(self) -> Array:
        """The Frobenius norm of each dW, of shape (T, L)."""
        return self.record[:, self.columns.gradient_norm]

    @property
    def delta_norm(self) -> Array:
        """The norm of each layer's delta over all examples and units, of shape (T, L)."""
        return self.record[:, self.columns.delta_norm]

    @property
    def weight_sum_absolute(self) -> Array:
        """The sum of abs(W) over each weight matrix, of shape (T, L)."""
        return self.record[:, self.columns.weight_sum_absolute]

    @property
    def total_gradient_norm(self) -> Array:
        """The norm of the total loss's gradient by each layer's weights and biases, (T, L).

        This is the only column with the penalty in it: regularization * W is added to dW.
        """
        return self.record[:, self.columns.total_gradient_norm]

    def lecture_statistic(self) -> Array:
        """Return sum(abs(dW)) / (fan_in + fan_out) of each layer, of shape (T, L)."""
        fans = np.array(self.sizes)
        statistic: Array = self.sum_absolute / (fans[:-1] + fans[1:])
        return statistic

    def penalty_floor(self) -> Array:
        """Return what the lecture's statistic reads where data and penalty are in balance, (T, L).

        At rest the two gradients cancel, dW = -regularization * W, so that the statistic is
        regularization * sum(abs(W)) / (fan_in + fan_out), whatever is left to learn.
        """
        fans = np.array(self.sizes)
        floor: Array = self.regularization * self.weight_sum_absolute / (fans[:-1] + fans[1:])
        return floor

    def mean_absolute(self) -> Array:
        """Return sum(abs(dW)) / (fan_in * fan_out) of each layer, of shape (T, L)."""
        fans = np.array(self.sizes)
        mean: Array = self.sum_absolute / (fans[:-1] * fans[1:])
        return mean

    def at(self, rows: int | slice | Sequence[int] | Array) -> "History":
        """Return the record with the chosen rows only, as NumPy's indexing chooses them.

        Raises
        ------
        IndexError
            If there is no such row, as after a run that was stopped or diverged before.
        """
        found: History = with_rows(self, rows)
        return found

    def __repr__(self) -> str:
        return f"History({len(self)} rows of {'-'.join(map(str, self.sizes))})"


def with_rows(history: Any, rows: int | slice | Sequence[int] | Array) -> Any:
    """Return a record of any kind with the chosen rows only, as NumPy's indexing chooses them.

    Raises
    ------
    IndexError
        If there is no such row.
    """
    chosen = [int(rows)] if isinstance(rows, int | np.integer) else rows
    try:
        return replace(history, iteration=history.iteration[chosen], record=history.record[chosen])
    except (IndexError, TypeError, ValueError):
        raise IndexError(
            f"rows must choose among the {len(history):,} that were recorded; got {shown(rows)}. "
            "A run that was stopped or diverged has fewer than were asked for"
        ) from None


def joined(parts: Sequence[History]) -> History:
    """Return the record of a run that was made in several stretches, one after the other."""
    return replace(
        parts[0],
        iteration=np.concatenate([part.iteration for part in parts]),
        record=np.concatenate([part.record for part in parts]),
    )


class Book:
    """Where a run's rows are entered; it grows, and thins itself out when it must not grow more.

    Parameters
    ----------
    columns : int
        Numbers in a row.
    every : int
        Only iterations that this divides are entered.
    first : int
        The iteration that the run begins with.
    most_rows : int, optional
        When so many rows are full, every other one is dropped, and `every` doubles.
    """

    def __init__(self, columns: int, every: int, first: int, most_rows: int | None) -> None:
        self._most = most_rows
        # One tuple, so that an interrupt never sees rows without the stride they were taken with.
        self._kept = np.empty((0, columns)), every, -(-first // every)

    @property
    def every(self) -> int:
        """Only iterations that this divides are entered."""
        return self._kept[1]

    @property
    def columns(self) -> int:
        """Numbers in a row."""
        return self._kept[0].shape[1]

    def wants(self, iteration: int) -> bool:
        """Tell whether this iteration is to be entered."""
        return iteration % self._kept[1] == 0

    def enter(self, iteration: int, row: Any) -> None:
        """Enter an iteration's row; entering one again replaces it."""
        rows, every, first = self._kept
        place = iteration // every - first
        if place >= len(rows):
            if self._most is not None and len(rows) >= self._most:
                self._thin()
                if self.wants(iteration):
                    self.enter(iteration, row)
                return
            self.make_room(place + 1)
            rows = self._kept[0]
        rows[place] = row

    def make_room(self, needed: int) -> None:
        """Grow: by just what is asked for at first, later by half at least."""
        rows, every, first = self._kept
        if self._most is not None:
            needed = min(needed, self._most)
        if needed > len(rows):
            room = max(needed, len(rows) * 3 // 2)
            grown = np.empty((min(room, self._most or room), rows.shape[1]))
            grown[: len(rows)] = rows
            self._kept = grown, every, first

    def _thin(self) -> None:
        rows, every, first = self._kept
        thinned = np.empty_like(rows)
        kept = rows[first % 2 :: 2]
        thinned[: len(kept)] = kept
        self._kept = thinned, 2 * every, -(-first // 2)

    def closed(self, iteration: int) -> "Book":
        """Return a book of what was entered before this iteration; it takes no more."""
        _, every, first = self._kept
        return _ClosedBook(self.read(iteration)[1], every, first)

    def read(self, iteration: int) -> tuple[Array, Array]:
        """Return which iterations were entered before this one, and their rows, read-only."""
        rows, every, first = self._kept
        count = max(0, -(-iteration // every) - first)
        taken = rows[:count]
        taken.flags.writeable = False
        return (first + np.arange(count)) * every, taken


class _ClosedBook(Book):
    """A book to be read only."""

    def __init__(self, rows: Array, every: int, first: int) -> None:
        self._most, self._kept = len(rows), (rows, every, first)

    def wants(self, iteration: int) -> bool:  # noqa: ARG002 (of no iteration)
        """Tell that no iteration is to be entered."""
        return False
