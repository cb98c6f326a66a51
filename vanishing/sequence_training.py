"""Training through time: fresh sentences at every iteration, and the record kept of it."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from vanishing._checks import (
    Array,
    instance,
    listed,
    not_too_many,
    precision,
    real_number,
    shown,
    truth,
    whole_number,
)
from vanishing.history import Book, with_rows
from vanishing.machine import interrupts_noted, one_blas_thread
from vanishing.optimizers import OPTIMIZERS, Moment, Optimizer, clip
from vanishing.recurrent import RecurrentNetwork, check_sequences, share_right
from vanishing.sequences import SequenceData, SequenceTask
from vanishing.through_time import PassThroughTime, RecurrentParameters
from vanishing.trainer_base import LATEST, TrainerBase, advance_with_bar
from vanishing.unrolled import fastest_pass

HELD_OUT_SEED = 20_161_107
"""Of the sentences that no run trains on; the same for all runs, whatever their seed."""

HELD_OUT = 500
"""How many these are."""


@dataclass(frozen=True, eq=False)
class SequenceHistory:
    """The record of a run through time: one row an iteration, taken before its update.

    Parameters
    ----------
    iteration : ndarray of int, shape (R,)
        The iteration that each row was taken in, counted from 0.
    record : ndarray of shape (R, 6)
        The numbers, in the order of `COLUMNS`.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "loss",
        "accuracy",
        "gradient_norm",
        "clipped_norm",
        "first_error",
        "last_error",
    )

    iteration: Array
    record: Array

    @property
    def loss(self) -> Array:
        """The loss of each iteration's batch, of shape (R,)."""
        return self.record[:, 0]

    @property
    def accuracy(self) -> Array:
        """The share of each batch that was answered right, of shape (R,)."""
        return self.record[:, 1]

    @property
    def gradient_norm(self) -> Array:
        """The norm of the gradient by all parameters, before clipping, of shape (R,)."""
        return self.record[:, 2]

    @property
    def clipped_norm(self) -> Array:
        """The norm of the gradient that was used, after clipping, of shape (R,)."""
        return self.record[:, 3]

    @property
    def first_error(self) -> Array:
        """The norm of dL/dh at the first step, over all sequences and units, of shape (R,)."""
        return self.record[:, 4]

    @property
    def last_error(self) -> Array:
        """The norm of dL/dh at the last step, likewise."""
        return self.record[:, 5]

    def at(self, rows: int | slice | Sequence[int] | Array) -> "SequenceHistory":
        """Return the record with the chosen rows only, as NumPy's indexing chooses them.

        Raises
        ------
        IndexError
            If there is no such row, as after a run that was stopped or diverged before.
        """
        found: SequenceHistory = with_rows(self, rows)
        return found

    def __len__(self) -> int:
        return len(self.record)

    def __repr__(self) -> str:
        return f"SequenceHistory({len(self)} rows)"


@dataclass(frozen=True, eq=False)
class SequenceRun:
    """What a training run through time leaves.

    Parameters
    ----------
    network : RecurrentNetwork
        The trained network.
    history : SequenceHistory
        The record kept on the way.
    iterations : int
        How many were made.
    accuracy : float
        The share of 500 sentences, on which no run trains, that the trained network answers right.
    diverged_at : int or None
        The iteration whose loss was no longer finite; there the run stopped, before the update.
    """

    network: RecurrentNetwork
    history: SequenceHistory
    iterations: int
    accuracy: float
    diverged_at: int | None

    def __repr__(self) -> str:
        made = f"{self.iterations} iterations, accuracy {self.accuracy:.2f}"
        end = "" if self.diverged_at is None else f", diverged at iteration {self.diverged_at}"
        return f"SequenceRun({self.network}, {made}{end})"


class SequenceTrainer(TrainerBase):
    """Training on fresh sentences, one stretch of iterations at a time.

    Parameters
    ----------
    network : RecurrentNetwork
        Where to start from; it stays as it is.
    task : SequenceTask
        What to learn; inputs and outputs fit the network.
    optimizer : {"gradient descent", "adam"}, GradientDescent, Adam or other Optimizer
        What is done with the gradient.
    step_size : float, optional
        The learning rate, where the optimizer is given by name; if left out, the optimizer's own.
    batch : int
        How many sentences are drawn for each iteration.
    clip_norm : float, optional
        The largest norm that the gradient may keep; without it nothing is clipped.
    dtype : {numpy.float64, numpy.float32}
        The precision to train in.
    seed : int
        Of the sentences. Those of an iteration follow from the seed and its number alone.
    record_every : int
        Only the iterations that this divides are recorded.
    most_rows : int, optional
        Bounds the memory of a run without end, as for `vanishing.Trainer`.
    first_iteration : int
        What the first iteration is called; for a run that was begun elsewhere.

    Attributes
    ----------
    diverged_at : int or None
        The iteration whose loss was not finite; from there on `advance` does nothing.
    loss : float
        The loss before the last update; NaN before the first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    An iteration leaves new parameters, and one assignment makes them valid. So an interrupt, at
    whatever moment, finds network and history in step; and a trainer that is pickled and read
    again goes on as if nothing had been.
    """

    def __init__(
        self,
        network: RecurrentNetwork,
        task: SequenceTask,
        *,
        optimizer: str | Optimizer = "gradient descent",
        step_size: float | None = None,
        batch: int = 128,
        clip_norm: float | None = None,
        dtype: DTypeLike = np.float64,
        seed: int = 0,
        record_every: int = 1,
        most_rows: int | None = None,
        first_iteration: int = 0,
    ) -> None:
        self.task = instance("task", task, SequenceTask)
        check_sequences(network, task.batch(1, rng=0))
        self.optimizer = find_optimizer(optimizer, step_size)
        self.batch = whole_number("batch", batch, at_least=1)
        width = network.inputs + 8 * network.W_h.shape[1]
        not_too_many("batch", self.batch * task.length * width, "numbers", batch)
        self.clip_norm = None if clip_norm is None else real_number("clip_norm", clip_norm)
        self.seed = whole_number("seed", seed, at_least=0, at_most=2**32 - 1)
        every = whole_number("record_every", record_every, at_least=1, at_most=LATEST)
        most = None if most_rows is None else whole_number("most_rows", most_rows, at_least=2)
        first = whole_number("first_iteration", first_iteration, at_least=0, at_most=LATEST)
        self.diverged_at: int | None = None
        self._start, self._dtype = network.copy(), precision(dtype)
        start = RecurrentParameters.of(network, self._dtype).flat
        errors = np.full(task.length, np.nan)
        self._now = Moment(first, start, (), math.nan, errors)
        self._book = Book(len(SequenceHistory.COLUMNS), every, first, most)
        self._pass: PassThroughTime | None = None

    def __getstate__(self) -> dict[str, Any]:
        # What the pass holds is computed anew at each iteration.
        return {**self.__dict__, "_pass": None, "_buffer": None}

    @property
    def iteration(self) -> int:
        """The number of the next iteration: how many were made, in all."""
        return self._now.iteration

    @property
    def loss(self) -> float:
        """The loss before the last update; NaN before the first."""
        return self._now.loss

    @property
    def error_norms(self) -> Array:
        """The norm of dL/dh at each step before the last update, (T,); NaN before the first.

        Over all sequences of the batch and all units; first step first.
        """
        return self._now.errors.copy()

    @property
    def network(self) -> RecurrentNetwork:
        """A network with the parameters as they are now; a copy each time."""
        own = RecurrentParameters.of(self._start, self._dtype)
        own.flat[:] = self._now.parameters
        return self._start.with_parameters(*own.arrays)

    @property
    def moment(self) -> Moment:
        """All that the further course of the run follows from, as it is now."""
        return self._now

    def again(self, moment: Moment) -> "SequenceTrainer":
        """Return a trainer that stands where this one stood at a moment.

        Parameters
        ----------
        moment : Moment
            A `moment` of this trainer's.

        Returns
        -------
        SequenceTrainer
            Its record is this one's up to the iteration where it stands, and goes no further than
            this one's does now.

        Raises
        ------
        TypeError, ValueError
            If it is a moment of another kind of run.
        """
        size = self._now.parameters.size
        again = copy.copy(self)
        again._now = instance("moment", moment, Moment).fitting(size)
        again._book, again.diverged_at = self._book.closed(self.iteration), None
        return again

    @property
    def history(self) -> SequenceHistory:
        """The record of all iterations so far."""
        return SequenceHistory(*self._book.read(self.iteration))

    @property
    def held_out(self) -> SequenceData:
        """The 500 sentences that no run trains on."""
        return held_out(self.task)

    @property
    def accuracy(self) -> float:
        """The share of the held-out sentences that the network as it is now answers right."""
        with one_blas_thread():
            return self.network.accuracy(self.held_out)

    @property
    def result(self) -> SequenceRun:
        """All of the above as `train_sequences` returns it."""
        return SequenceRun(
            self.network, self.history, self.iteration, self.accuracy, self.diverged_at
        )

    def sentences(self, iteration: int) -> SequenceData:
        """Return the sentences of an iteration, which are the same each time."""
        number = whole_number("iteration", iteration, at_least=0, at_most=2 * LATEST)
        stream = np.random.RandomState([self.seed, number % 2**32, number // 2**32])
        return self.task.batch(self.batch, stream)

    def _prepare(self) -> None:
        """Allocate what was not pickled."""
        if self._pass is None:
            self._buffer = RecurrentParameters.of(self._start, self._dtype)
            self._pass = fastest_pass(self._start, self._dtype)

    def _one_iteration(self) -> bool:
        """Make one iteration and enter it in the book, unless the loss is not finite."""
        assert self._pass is not None
        iteration, parameters, memory, *_ = self._now
        data = self.sentences(iteration)
        self._buffer.flat[:] = parameters
        loss = self._pass.evaluate(self._buffer, data)
        if not math.isfinite(loss):
            return False
        gradient = self._pass.gradient.flat
        limit = math.inf if self.clip_norm is None else self.clip_norm
        norm, errors = clip(gradient, limit), self._pass.error_norms()
        if self._book.wants(iteration):
            right = share_right(self._pass.outputs(), data.targets)
            row = [loss, right, norm, min(norm, limit), errors[0], errors[-1]]
            self._book.enter(iteration, row)
        parameters, memory = self.optimizer.update(parameters, gradient, memory)
        self._now = Moment(iteration + 1, parameters, memory, loss, errors)
        return True


def held_out(task: SequenceTask) -> SequenceData:
    """Return the 500 sentences of a task that no run trains on, the same for all runs."""
    instance("task", task, SequenceTask)
    return task.batch(HELD_OUT, np.random.RandomState([HELD_OUT_SEED]))


def find_optimizer(optimizer: Any, step_size: float | None = None) -> Optimizer:
    """Return the optimizer of that name and step size; one of your own is returned as it is.

    Raises
    ------
    TypeError, ValueError
        If there is no such optimizer, or one that has a step size of its own is given another.
    """
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS:
        own = {} if step_size is None else {"step_size": real_number("step_size", step_size)}
        return OPTIMIZERS[optimizer](**own)
    if not isinstance(optimizer, Optimizer):
        error: type[Exception] = ValueError if isinstance(optimizer, str) else TypeError
        raise error(
            f"optimizer must be one of {listed(OPTIMIZERS)}, or an Optimizer; "
            f"got {shown(optimizer)}"
        )
    if step_size is not None:
        raise ValueError(
            f"step_size must be left out, since the optimizer has its own; got {shown(step_size)}"
        )
    return optimizer


def train_sequences(
    network: RecurrentNetwork,
    task: SequenceTask,
    *,
    iterations: int = 600,
    optimizer: str | Optimizer = "gradient descent",
    step_size: float | None = None,
    batch: int = 128,
    clip_norm: float | None = None,
    dtype: DTypeLike = np.float64,
    seed: int = 0,
    record_every: int = 1,
    progress: bool = True,
) -> SequenceRun:
    """Train a copy of a recurrent network on fresh sentences.

    Parameters
    ----------
    network, task, optimizer, step_size, batch, clip_norm, dtype, seed, record_every
        As for `SequenceTrainer`; the network stays as it is.
    iterations : int
        How many steps to make; at least 1.
    progress : bool
        Whether to show a progress bar with the current loss.

    Returns
    -------
    SequenceRun
        The trained copy and the record of the run. A run that diverges stops by itself, and one
        that is interrupted (Ctrl-C, the stop button) ends where it was; both are returned up to
        there, and `run.iterations` says how far they came.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    with interrupts_noted() as interrupted:
        count = whole_number("iterations", iterations, at_least=1)
        shows = truth("progress", progress)
        trainer = SequenceTrainer(
            network,
            task,
            optimizer=optimizer,
            step_size=step_size,
            batch=batch,
            clip_norm=clip_norm,
            dtype=dtype,
            seed=seed,
            record_every=record_every,
        )
        trainer.make_room(count)
        advance_with_bar(trainer, count, shows, interrupted)
        return trainer.result
