"""Runs through time for `vanishing.sweeps`: each a description that is made where it is sent."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from vanishing._checks import instance, precision, whole_number
from vanishing.jobs import Goal, Stretch, advance_until
from vanishing.optimizers import Optimizer
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_training import SequenceRun, SequenceTrainer
from vanishing.sequences import SequenceTask


@dataclass(frozen=True, eq=False)
class SequenceJob:
    """A training run through time, to be made by `vanishing.sweep`.

    Parameters
    ----------
    network, task, iterations, optimizer, step_size, batch, clip_norm, dtype, seed, record_every
        As for `vanishing.sequence_training.train_sequences`.
    until : Goal, optional
        Where the run ends before it has made all iterations; see `vanishing.jobs.advance_until`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described there.
    """

    network: RecurrentNetwork
    task: SequenceTask
    iterations: int = 600
    optimizer: str | Optimizer = "gradient descent"
    step_size: float | None = None
    batch: int = 128
    clip_norm: float | None = None
    dtype: DTypeLike = np.float64
    seed: int = 0
    record_every: int = 1
    until: Goal | None = None

    def __post_init__(self) -> None:
        count = whole_number("iterations", self.iterations, at_least=1)
        if self.until is not None:
            instance("until", self.until, Goal)
        self._start().make_room(count, only_check=True)
        # A copy, so that nobody changes the start while the job waits.
        own = self.network.copy(), count, precision(self.dtype)
        for name, value in zip(("network", "iterations", "dtype"), own, strict=True):
            object.__setattr__(self, name, value)

    def _start(self) -> SequenceTrainer:
        names = ("optimizer", "step_size", "batch", "clip_norm", "dtype", "seed", "record_every")
        settings = {name: getattr(self, name) for name in names}
        return SequenceTrainer(self.network, self.task, **settings)

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on from a state, which is a trainer (None: from the beginning)."""
        trainer: SequenceTrainer = self._start() if state is None else copy.deepcopy(state)
        ended = advance_until(trainer, self.iterations, seconds=seconds, until=self.until)
        return Stretch(trainer.iteration, ended, trainer)

    def result(self, stretches: Sequence[Stretch]) -> SequenceRun:
        """Return what came of the run so far."""
        trainer: SequenceTrainer = stretches[-1].state if stretches else self._start()
        return trainer.result
