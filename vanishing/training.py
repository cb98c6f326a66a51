"""Training: gradient descent on the full batch, and the record kept of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from vanishing._checks import (
    Array,
    for_each_layer,
    instance,
    precision,
    real_number,
    truth,
    whole_number,
)
from vanishing.backprop import Pass, checked_regularization
from vanishing.data import Dataset
from vanishing.fused import Fused
from vanishing.history import Book, Columns, History
from vanishing.machine import interrupts_noted, one_blas_thread
from vanishing.network import Network, check_fit
from vanishing.optimizers import Moment, clip, norm
from vanishing.parameters import Parameters
from vanishing.trainer_base import LATEST, TrainerBase, advance_with_bar


@dataclass(frozen=True, eq=False)
class Run:
    """What a training run leaves.

    Parameters
    ----------
    network : Network
        The trained network.
    history : History
        The record kept on the way.
    iterations : int
        How many were made.
    accuracy : float
        The share of the training points that the trained network classifies correctly.
    diverged_at : int or None
        The iteration whose loss was no longer finite; there the run stopped, before the update.
    """

    network: Network
    history: History
    iterations: int
    accuracy: float
    diverged_at: int | None

    def __repr__(self) -> str:
        made = f"{self.iterations} iterations, accuracy {self.accuracy:.2f}"
        end = "" if self.diverged_at is None else f", diverged at iteration {self.diverged_at}"
        return f"Run({self.network}, {made}{end})"


class Trainer(TrainerBase):
    """Gradient descent on the full batch, one stretch of iterations at a time.

    Parameters
    ----------
    network : Network
        Where to start from; it stays as it is.
    data : Dataset
        Points and labels that fit the network.
    step_size : float or sequence of float
        The learning rate: one for all layers, or one a layer (first layer first); 0 freezes a
        layer's weights and biases.
    regularization : float
        The penalty (weight decay) is half of this times the sum of all squared weights; biases go
        free.
    dtype : {numpy.float64, numpy.float32}
        The precision to train in. The published run comes out to its last digit in float64;
        float32 takes about half the time.
    clip_norm : float, optional
        A longer gradient (of the total loss, by all parameters together) is shortened to this norm
        before the step, and keeps its direction; see `vanishing.optimizers.clip`. The record, and
        every measure of it, is of the gradient before that.
    record_every : int
        Only the iterations that this divides are recorded.
    most_rows : int, optional
        Bounds the memory of a run without end: when so many rows are recorded, every other one is
        dropped, and from then on half as many are taken.
    first_iteration : int
        What the first iteration is called; for a run that was begun elsewhere.

    Attributes
    ----------
    data : Dataset
        What it is trained on.
    iteration : int
        The number of the next iteration: how many were made, in all.
    diverged_at : int or None
        The iteration whose loss was not finite; from there on `advance` does nothing.
    loss : float
        The total loss before the last update; NaN before the first.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    All parameters are updated at once, from gradients taken before the update. They live in two
    buffers: iteration i reads one and writes the other, and counting it is what makes the new
    ones valid. So an interrupt, at whatever moment, finds network and history in step.
    """

    # Plain attributes in place of the base's properties: counting `iteration` is the last of an
    # iteration's steps, and has to be one assignment.
    iteration = 0
    loss = math.nan

    def __init__(
        self,
        network: Network,
        data: Dataset,
        *,
        step_size: float | Sequence[float] = 0.1,
        regularization: float = 1e-3,
        dtype: DTypeLike = np.float64,
        clip_norm: float | None = None,
        record_every: int = 1,
        most_rows: int | None = None,
        first_iteration: int = 0,
    ) -> None:
        check_fit(network, data)
        self.step_sizes = layer_steps(step_size, len(network.weights))
        self.regularization = checked_regularization(regularization)
        self.clip_norm = None if clip_norm is None else real_number("clip_norm", clip_norm)
        self._start, self.data = network.copy(), data
        kind = precision(dtype)
        every = whole_number("record_every", record_every, at_least=1, at_most=LATEST)
        most = None if most_rows is None else whole_number("most_rows", most_rows, at_least=2)
        self.iteration = whole_number(
            "first_iteration", first_iteration, at_least=0, at_most=LATEST
        )
        self.diverged_at: int | None = None
        self._pass: Pass = Fused(network, data, kind)
        own = Parameters.of(network, kind)
        # The one that iteration i reads stands at i modulo 2.
        self._buffers = [own, own.like()] if self.iteration % 2 == 0 else [own.like(), own]
        self._columns = Columns(len(network.weights))
        self._book = Book(self._columns.count, every, self.iteration, most)
        self._prepare_update(own)

    def _prepare_update(self, own: Parameters) -> None:
        self._step, self._decay, self._total = (np.zeros_like(own.flat) for _ in range(3))
        self._absolute = np.zeros((2, own.flat.size), own.flat.dtype)
        self._scratch = self._absolute[0]
        starts = own.starts.tolist()
        ends = [*starts[1:], own.flat.size]
        for block, (start, end) in enumerate(zip(starts, ends, strict=True)):
            self._step[start:end] = self.step_sizes[block // 2]
            if block % 2 == 0:
                self._decay[start:end] = self.regularization
        self._starts = np.concatenate([own.starts, own.starts + own.flat.size])
        # Flat views, whose squares the record takes.
        self._weights = [[w.reshape(-1) for w in buffer.W] for buffer in self._buffers]
        totals = np.split(self._total, own.starts[2::2])
        arrays = [*self._pass.gradient.W, *self._pass.delta, *totals]
        self._flat = [array.ravel(order="K") for array in arrays]
        # Sums of squares within these bounds have lost nothing to underflow or overflow.
        limits = np.finfo(own.flat.dtype)
        self._safe = float(limits.tiny / limits.eps), float(limits.max * limits.eps)

    @property
    def precision(self) -> np.dtype[np.floating]:
        """The precision it is trained in."""
        return self._total.dtype

    @property
    def network(self) -> Network:
        """A network with the parameters as they are now; a copy each time."""
        now = self._buffers[self.iteration % 2]
        return self._start.with_parameters(now.W, now.b).fitted(self.data)

    @property
    def moment(self) -> Moment:
        """All that the further course of the run follows from, as it is now."""
        now = self._buffers[self.iteration % 2].flat.copy()
        return Moment(self.iteration, now, (), self.loss, np.empty(0))

    def again(self, moment: Moment) -> "Trainer":
        """Return a trainer that stands where this one stood at a moment.

        Parameters
        ----------
        moment : Moment
            A `moment` of this trainer's.

        Returns
        -------
        Trainer
            Its record is this one's up to the iteration where it stands, and goes no further than
            this one's does now.

        Raises
        ------
        TypeError, ValueError
            If it is a moment of another kind of run.
        """
        then = instance("moment", moment, Moment).fitting(self._total.size)
        again = Trainer(
            self._start,
            self.data,
            step_size=self.step_sizes,
            regularization=self.regularization,
            dtype=self.precision,
            clip_norm=self.clip_norm,
            first_iteration=then.iteration,
        )
        again._buffers[then.iteration % 2].flat[:] = then.parameters
        again.loss, again._book = then.loss, self._book.closed(self.iteration)
        return again

    @property
    def history(self) -> History:
        """The record of all iterations so far."""
        iteration, record = self._book.read(self.iteration)
        return History(
            self._start.sizes,
            len(self.data),
            self.step_sizes,
            self.regularization,
            iteration,
            record,
        )

    @property
    def accuracy(self) -> float:
        """The share of the training points that the network as it is now classifies correctly."""
        with one_blas_thread():
            return self.network.accuracy(self.data)

    @property
    def result(self) -> Run:
        """All of the above as `train` returns it."""
        return Run(self.network, self.history, self.iteration, self.accuracy, self.diverged_at)

    def _one_iteration(self) -> bool:
        """Make one iteration and enter it in the book, unless the loss is not finite."""
        iteration = self.iteration
        side = iteration % 2
        data_loss = self._pass.evaluate(self._buffers[side])
        # As floats of Python's, for the sums that follow.
        squares = [float(w.dot(w)) for w in self._weights[side]]
        loss = data_loss + 0.5 * self.regularization * sum(squares)
        if not math.isfinite(loss):
            return False
        self._add_penalty(self._buffers[side].flat)
        if self._book.wants(iteration):
            self._book.enter(iteration, self._row(loss, squares, side))
        if self.clip_norm is not None:
            clip(self._total, self.clip_norm)
        self._update(self._buffers[side].flat, self._buffers[1 - side].flat)
        self.loss = loss
        self.iteration = iteration + 1
        return True

    def _add_penalty(self, now: Array) -> None:
        """Compute the total loss's gradient, from the data's and the penalty's."""
        np.multiply(now, self._decay, out=self._total)
        np.add(self._total, self._pass.gradient.flat, out=self._total)

    def _update(self, now: Array, then: Array) -> None:
        """Go one step against the total loss's gradient."""
        np.multiply(self._total, self._step, out=self._scratch)
        np.subtract(now, self._scratch, out=then)

    def _row(self, loss: float, weight_squares: list[float], side: int) -> list[float]:
        """Return what the book keeps of an iteration, in the order of `Columns`."""
        squares = [*weight_squares, *(float(values.dot(values)) for values in self._flat)]
        low, high = self._safe
        norms = [
            math.sqrt(square) if low < square < high else norm(values)
            for square, values in zip(squares, (*self._weights[side], *self._flat), strict=True)
        ]
        layers = len(weight_squares)
        sums = self._absolute_sums(self._pass.gradient.flat, self._buffers[side].flat)
        return [loss, *sums[:layers], *norms[: 3 * layers], *sums[layers:], *norms[3 * layers :]]

    def _absolute_sums(self, gradient: Array, parameters: Array) -> list[float]:
        """Return the sum of the absolute values of each layer's dW, then of its W."""
        np.abs(gradient, out=self._absolute[0])
        np.abs(parameters, out=self._absolute[1])
        # Each layer's weights and biases are summed apart, in turn.
        sums: list[float] = np.add.reduceat(self._absolute.reshape(-1), self._starts)[::2].tolist()
        return sums


def train(
    network: Network,
    data: Dataset,
    *,
    step_size: float | Sequence[float] = 0.1,
    regularization: float = 1e-3,
    iterations: int = 50_000,
    progress: bool = True,
    dtype: DTypeLike = np.float64,
    clip_norm: float | None = None,
    record_every: int = 1,
) -> Run:
    """Train a copy of a network by gradient descent on the full batch.

    Parameters
    ----------
    network, data, step_size, regularization, dtype, clip_norm, record_every
        As for `Trainer`; the network and the data stay as they are.
    iterations : int
        How many steps to make; at least 1.
    progress : bool
        Whether to show a progress bar with the current loss.

    Returns
    -------
    Run
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
        trainer = Trainer(
            network,
            data,
            step_size=step_size,
            regularization=regularization,
            dtype=dtype,
            clip_norm=clip_norm,
            record_every=record_every,
        )
        trainer.make_room(count)
        advance_with_bar(trainer, count, shows, interrupted)
        return trainer.result


def layer_steps(step_size: float | Sequence[float], layers: int) -> tuple[float, ...]:
    """Return the step size of each layer, from one for all or from a list."""
    return tuple(for_each_layer("step_size", step_size, layers, zero_allowed=True))
