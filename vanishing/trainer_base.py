"""What trainers of every kind share: a run that goes on, one stretch of iterations at a time."""

import math
import threading
from abc import ABC, abstractmethod
from time import perf_counter

import numpy as np
from tqdm.auto import tqdm

from vanishing._checks import not_too_many, real_number, truth, whole_number
from vanishing.history import Book
from vanishing.machine import one_blas_thread

LATEST = 10**15
"""No run begins later, nor waits longer from one recorded iteration to the next."""

STRETCH = 0.1
"""Seconds of training between two updates of the progress bar, and two looks for an interrupt."""


class TrainerBase(ABC):
    """A run that goes on as long as it is told to, and keeps a book.

    Attributes
    ----------
    diverged_at : int or None
        The iteration whose loss was not finite; from there on `advance` does nothing.
    """

    diverged_at: int | None
    _book: Book

    @property
    @abstractmethod
    def iteration(self) -> int:
        """The number of the next iteration: how many were made, in all."""

    @property
    @abstractmethod
    def loss(self) -> float:
        """The loss before the last update; NaN before the first."""

    @abstractmethod
    def _one_iteration(self) -> bool:
        """Make one iteration and enter it in the book, unless the loss is not finite."""

    def _prepare(self) -> None:  # noqa: B027 (there may be nothing to do)
        """Allocate what was not pickled."""

    def advance(self, iterations: int, *, seconds: float = math.inf) -> int:
        """Make so many iterations more, unless the run diverges.

        Parameters
        ----------
        iterations : int
            How many, from 0 on.
        seconds : float
            When so much time has passed, no further iteration is begun.

        Returns
        -------
        int
            How many were made: fewer only if the loss was no longer finite, or time was up.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        wanted = whole_number("iterations", iterations, at_least=0)
        patience = real_number("seconds", seconds, infinity_allowed=True)
        before, deadline = self.iteration, perf_counter() + patience
        if self.diverged_at is None:
            self._prepare()
            # On these small matrices a second BLAS thread costs more than it brings.
            with one_blas_thread(), np.errstate(all="ignore"):
                self._iterate(wanted, deadline)
        return self.iteration - before

    def _iterate(self, wanted: int, deadline: float) -> None:
        for _ in range(wanted):
            if not self._one_iteration():
                self.diverged_at = self.iteration
                return
            if perf_counter() >= deadline:
                return

    def make_room(self, iterations: int, *, only_check: bool = False) -> None:
        """Allocate the record for so many iterations beforehand, which saves copying it.

        Raises
        ------
        ValueError
            If the record would be too large; `record_every` makes it smaller.
        """
        count = whole_number("iterations", iterations, at_least=0)
        truth("only_check", only_check)
        rows = -(-count // self._book.every)
        not_too_many("iterations", rows * self._book.columns, "recorded numbers", iterations)
        if not only_check:
            self._book.make_room(rows)


def advance_with_bar(
    trainer: TrainerBase, iterations: int, shows: bool, interrupted: threading.Event
) -> None:
    """Advance a trainer to an iteration under a progress bar, or to an interrupt."""
    with tqdm(total=iterations, disable=not shows) as bar:
        while trainer.iteration < iterations and trainer.diverged_at is None:
            if interrupted.is_set():
                break
            bar.update(trainer.advance(iterations - trainer.iteration, seconds=STRETCH))
            bar.set_postfix_str(_summary(trainer), refresh=False)
        if interrupted.is_set():
            bar.set_postfix_str(f"stopped at {trainer.iteration:,}, {_summary(trainer)}")


def _summary(trainer: TrainerBase) -> str:
    if trainer.diverged_at is not None:
        return f"diverged at iteration {trainer.diverged_at}"
    return f"loss {trainer.loss:.4f}" if trainer.iteration else "no iteration made"
