"""Training: gradient descent on the full batch, and the book kept of it."""

import functools
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray
from threadpoolctl import ThreadpoolController
from tqdm.auto import tqdm

from vanishing._checks import real_number, whole_number
from vanishing.backprop import FullBatch
from vanishing.data import Dataset
from vanishing.network import Network

Array = NDArray[Any]

CHUNK = 500
"""Iterations between two updates of the progress bar."""


@dataclass(frozen=True, eq=False)
class History:
    """The book of a run: one row an iteration, taken before that iteration's update.

    T is the number of rows, L the number of layers. "Gradient" is the gradient of the data loss,
    before the penalty's is added.

    Parameters
    ----------
    sizes : tuple of int
        The width of every layer, input first.
    examples : int
        The number n of points.
    step_sizes : tuple of float
        The step size of each layer.
    record : ndarray of shape (T, 1 + 4 L)
        The loss, then for each layer the sums of abs(dW), of W^2, of dW^2 and of delta^2.
    """

    sizes: tuple[int, ...]
    examples: int
    step_sizes: tuple[float, ...]
    record: Array

    @property
    def iterations(self) -> int:
        """The number T of rows."""
        return len(self.record)

    @property
    def loss(self) -> Array:
        """Mean cross-entropy plus the penalty, of shape (T,)."""
        return self.record[:, 0]

    @property
    def sum_absolute(self) -> Array:
        """The sum of abs(dW) over each weight matrix, of shape (T, L)."""
        return self._sums(0)

    @property
    def gradient_norm(self) -> Array:
        """The Frobenius norm of each dW, of shape (T, L)."""
        return self._norm(2)

    @property
    def weight_norm(self) -> Array:
        """The Frobenius norm of each W, of shape (T, L)."""
        return self._norm(1)

    @property
    def delta_norm(self) -> Array:
        """The norm of each layer's delta over all examples and units, of shape (T, L)."""
        return self._norm(3)

    def _sums(self, kind: int) -> Array:
        layers = len(self.sizes) - 1
        first = 1 + kind * layers
        return self.record[:, first : first + layers]

    def _norm(self, kind: int) -> Array:
        norm: Array = np.sqrt(self._sums(kind))
        return norm

    def lecture_statistic(self) -> Array:
        """Return sum(abs(dW)) / (fan_in + fan_out) of each layer, of shape (T, L)."""
        fans = np.array(self.sizes)
        statistic: Array = self.sum_absolute / (fans[:-1] + fans[1:])
        return statistic

    def mean_absolute(self) -> Array:
        """Return sum(abs(dW)) / (fan_in * fan_out) of each layer, of shape (T, L)."""
        fans = np.array(self.sizes)
        mean: Array = self.sum_absolute / (fans[:-1] * fans[1:])
        return mean

    def __repr__(self) -> str:
        return f"History({self.iterations} iterations of {'-'.join(map(str, self.sizes))})"

    def at(self, rows: slice | Sequence[int] | Array) -> "History":
        """Return the book with the chosen rows only, as NumPy's indexing chooses them."""
        return replace(self, record=self.record[rows])


@dataclass(frozen=True, eq=False)
class Run:
    """What a training run leaves.

    Parameters
    ----------
    network : Network
        The trained network.
    history : History
        The book kept on the way.
    accuracy : float
        The share of the training points that the trained network classifies correctly.
    diverged_at : int or None
        The iteration whose loss was no longer finite; there the run stopped, before the update.
    """

    network: Network
    history: History
    accuracy: float
    diverged_at: int | None

    def __repr__(self) -> str:
        made = f"{self.history.iterations} iterations, accuracy {self.accuracy:.2f}"
        end = "" if self.diverged_at is None else f", diverged at iteration {self.diverged_at}"
        return f"Run({self.network}, {made}{end})"


class Trainer:
    """Gradient descent on the full batch, one stretch of iterations at a time.

    Parameters
    ----------
    network : Network
        Where to start from; it stays as it is.
    data : Dataset
        Points and labels that fit the network.
    step_size : float or sequence of float
        One for all layers, or one a layer (first layer first); 0 freezes a layer's weights and
        biases.
    regularization : float
        The penalty is half of this times the sum of all squared weights; biases go free.
    dtype : {numpy.float64, numpy.float32}
        The precision to train in. The published run comes out to its last digit in float64;
        float32 takes about half the time.

    Attributes
    ----------
    iteration : int
        The number of iterations made.
    diverged_at : int or None
        The iteration whose loss was not finite; from there on `advance` does nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    All parameters are updated at once, from gradients taken before the update.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset,
        *,
        step_size: float | Sequence[float] = 0.1,
        regularization: float = 1e-3,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self._batch = FullBatch(network, data, _checked_dtype(dtype))
        self._data = data
        self.step_sizes = _checked_steps(step_size, len(network.weights))
        self.regularization = real_number("regularization", regularization, zero_allowed=True)
        self.iteration = 0
        self.diverged_at: int | None = None
        self._sizes = network.sizes
        self._rows = np.empty((0, 1 + 4 * len(network.weights)))
        self._allocate_update()

    def _allocate_update(self) -> None:
        batch = self._batch
        self._step, self._penalty, self._change = (
            np.zeros_like(batch.parameters) for _ in range(3)
        )
        parts, end = [], 0
        for v, w, step in zip(batch.V, batch.W, self.step_sizes, strict=True):
            begin, middle, end = end, end + w.size, end + v.size
            self._step[begin:end] = step
            self._penalty[begin:middle] = self.regularization
            parts += [begin, middle]
        self._parts = np.array(parts)
        # Views whose squares the book takes: of each layer W, then dW, then delta.
        arrays = [*batch.W, *batch.dW, *(delta.T for delta in batch.delta)]
        self._flat = [array.reshape(-1) for array in arrays]

    @property
    def network(self) -> Network:
        """A network with the parameters as they are now; a copy each time."""
        return self._batch.network()

    @property
    def history(self) -> History:
        """The book of all iterations so far."""
        record = self._rows[: self.iteration]
        record.flags.writeable = False
        return History(self._sizes, self._batch.examples, self.step_sizes, record)

    @property
    def accuracy(self) -> float:
        """The share of the training points that the network as it is now classifies correctly."""
        return self.network.accuracy(self._data)

    @property
    def run(self) -> Run:
        """All of the above as `train` returns it."""
        return Run(self.network, self.history, self.accuracy, self.diverged_at)

    def advance(self, iterations: int) -> int:
        """Make so many iterations more, unless the run diverges.

        Parameters
        ----------
        iterations : int
            How many, from 0 on.

        Returns
        -------
        int
            How many were made: fewer only if the loss was no longer finite.

        Raises
        ------
        TypeError, ValueError
            If `iterations` is not a whole number from 0 on.
        """
        wanted = whole_number("iterations", iterations, at_least=0)
        if self.diverged_at is not None:
            return 0
        self._make_room(wanted)
        before = self.iteration
        # On these small matrices a second BLAS thread costs more than it brings.
        with one_blas_thread(), np.errstate(all="ignore"):
            for _ in range(wanted):
                if not self._iterate():
                    self.diverged_at = self.iteration
                    break
        return self.iteration - before

    def _iterate(self) -> bool:
        """Make one iteration and enter it in the book, unless the loss is not finite."""
        batch = self._batch
        batch.forward()
        data_loss = batch.data_loss()
        batch.backward()
        squares = [flat.dot(flat) for flat in self._flat]
        layers = len(batch.W)
        loss = data_loss + 0.5 * self.regularization * float(sum(squares[:layers]))
        if not math.isfinite(loss):
            return False
        self._rows[self.iteration] = [loss, *self._absolute_sums(), *squares]
        self._update()
        self.iteration += 1
        return True

    def _absolute_sums(self) -> Array:
        """Return the sum of abs(dW) of each layer."""
        np.abs(self._batch.gradient, out=self._change)
        # Each layer's weights and biases are summed apart, in turn; the book has the weights only.
        return np.add.reduceat(self._change, self._parts)[::2]

    def _update(self) -> None:
        """Go one step against the gradient of data loss and penalty."""
        parameters, change = self._batch.parameters, self._change
        np.multiply(parameters, self._penalty, out=change)
        np.add(change, self._batch.gradient, out=change)
        np.multiply(change, self._step, out=change)
        np.subtract(parameters, change, out=parameters)

    def _make_room(self, more: int) -> None:
        """Grow the book: by just what is asked for at first, later by half at least."""
        needed = self.iteration + more
        if needed > len(self._rows):
            grown = np.empty((max(needed, len(self._rows) * 3 // 2), self._rows.shape[1]))
            grown[: self.iteration] = self._rows[: self.iteration]
            self._rows = grown


def train(
    network: Network,
    data: Dataset,
    *,
    step_size: float | Sequence[float] = 0.1,
    regularization: float = 1e-3,
    iterations: int = 50_000,
    progress: bool = True,
    dtype: DTypeLike = np.float64,
) -> Run:
    """Train a copy of a network by gradient descent on the full batch.

    Parameters
    ----------
    network, data, step_size, regularization, dtype
        As for `Trainer`; the network and the data stay as they are.
    iterations : int
        How many steps to make; at least 1.
    progress : bool
        Whether to show a progress bar with the current loss.

    Returns
    -------
    Run
        The trained copy and the book of the run. A run that diverges stops by itself, and one
        that is interrupted (Ctrl-C, the stop button) ends where it was; both are returned up to
        there, and `run.history.iterations` says how far they came.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    count = whole_number("iterations", iterations, at_least=1)
    trainer = Trainer(
        network, data, step_size=step_size, regularization=regularization, dtype=dtype
    )
    trainer._make_room(count)
    with tqdm(total=count, disable=not progress) as bar:
        try:
            while trainer.iteration < count and trainer.diverged_at is None:
                bar.update(trainer.advance(min(CHUNK, count - trainer.iteration)))
                bar.set_postfix_str(_summary(trainer), refresh=False)
        except KeyboardInterrupt:
            bar.set_postfix_str(f"stopped, {_summary(trainer)}")
    return trainer.run


def _summary(trainer: Trainer) -> str:
    if trainer.diverged_at is not None:
        return f"diverged at iteration {trainer.diverged_at}"
    return f"loss {trainer.history.loss[-1]:.4f}" if trainer.iteration else "no iteration made"


def _checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.float64, np.float32):
        raise ValueError(f"dtype must be numpy.float64 or numpy.float32; got {dtype!r}")
    return found


def _checked_steps(step_size: float | Sequence[float], layers: int) -> tuple[float, ...]:
    if np.ndim(step_size) == 0:
        return (real_number("step_size", step_size),) * layers
    steps = tuple(
        real_number(f"step_size[{i}]", step, zero_allowed=True)
        for i, step in enumerate(cast(Sequence[float], step_size))
    )
    if len(steps) != layers:
        raise ValueError(
            f"step_size must be one number, or {layers} of them, one a layer; got {step_size!r}"
        )
    return steps


def one_blas_thread() -> AbstractContextManager[Any]:
    """Hold the matrix products to one thread: at these sizes a second one only burns a core."""
    return _blas().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@functools.cache
def _blas() -> ThreadpoolController:
    """Return the hold on the BLAS threads; finding the libraries takes a few milliseconds."""
    return ThreadpoolController()
