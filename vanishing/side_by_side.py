"""Trainers that go on side by side, and can be had again as they were at any iteration."""

import math
from time import perf_counter
from typing import Generic

from vanishing._checks import real_number, several, shown, whole_number
from vanishing.snapshots import KINDS, STRIDE, Kind, Snapshots

SNAPSHOT_BYTES = 12_000_000
"""What the snapshots of all trainers together take, if nothing else is said."""

LEAST_PATIENCE = 1e-9
"""Seconds of training that are left at least, so that an iteration is begun."""


class SideBySide(Generic[Kind]):
    """Trainers that go on side by side, and can be had again as they were at any iteration.

    Parameters
    ----------
    trainers : list of Trainer, or of SequenceTrainer
        At least one, all at the beginning.
    most_bytes : int
        What the snapshots of all of them together take at most, but for a few of large networks.
    stride : int
        Iterations from one snapshot to the next, at first.

    Attributes
    ----------
    trainers : list
        The trainers.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(
        self, trainers: list[Kind], *, most_bytes: int = SNAPSHOT_BYTES, stride: int = STRIDE
    ) -> None:
        found = several("trainers", trainers, "trainers")
        if not found or not all(isinstance(one, KINDS) for one in found):
            raise TypeError(
                "trainers must be Trainers or SequenceTrainers, at least one; "
                f"got {shown(trainers)}"
            )
        room = whole_number("most_bytes", most_bytes, at_least=0) // len(trainers)
        self.trainers: list[Kind] = found
        self._snapshots: list[Snapshots[Kind]] = [
            Snapshots(one, most_bytes=room, stride=stride) for one in trainers
        ]
        self._again: tuple[int, list[Kind]] = -1, []

    @property
    def iteration(self) -> int:
        """The iterations made by the network that came furthest."""
        return max(trainer.iteration for trainer in self.trainers)

    @property
    def diverged(self) -> bool:
        """Whether no network can be trained any further."""
        return all(trainer.diverged_at is not None for trainer in self.trainers)

    def advance(self, iterations: int, *, seconds: float = math.inf) -> int:
        """Make so many iterations more with every network that has not diverged.

        Parameters
        ----------
        iterations : int
            How many, from 0 on.
        seconds : float
            When so much time has passed, the first network begins no further iteration; the
            others make as many as it has made, so that all stay side by side.

        Returns
        -------
        int
            How many were made.
        """
        wanted = whole_number("iterations", iterations, at_least=0)
        patience = real_number("seconds", seconds, infinity_allowed=True)
        before, deadline = self.iteration, perf_counter() + patience
        while not self.diverged and (left := before + wanted - self.iteration) > 0:
            until_due = min(one.due_in for one in self._snapshots)
            self._advance(min(left, until_due), max(deadline - perf_counter(), LEAST_PATIENCE))
            for one in self._snapshots:
                one.keep()
            if perf_counter() >= deadline:
                break
        return self.iteration - before

    def _advance(self, iterations: int, seconds: float) -> None:
        for trainer in self.trainers:
            made = trainer.advance(iterations, seconds=seconds)
            if trainer.diverged_at is None:
                iterations, seconds = made, math.inf

    def at(self, iteration: int) -> list[Kind]:
        """Return trainers that stand where these stood after so many iterations.

        Parameters
        ----------
        iteration : int
            From 0 to the iterations made; a network that had diverged before is as it was then.

        Raises
        ------
        TypeError, ValueError
            If it is not such a number.
        """
        wanted = whole_number("iteration", iteration, at_least=0, at_most=self.iteration)
        if wanted == self.iteration:
            return self.trainers
        if wanted != self._again[0]:
            pairs = zip(self._snapshots, self.trainers, strict=True)
            self._again = wanted, [one.at(min(wanted, its.iteration)) for one, its in pairs]
        return self._again[1]
