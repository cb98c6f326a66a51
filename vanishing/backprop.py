"""Loss and gradients of one full batch, by backpropagation in buffers that are allocated once.

The symbols are those of notebook 02, in its order; rows are examples:

    z_l = h_(l-1) W_l + b_l,   h_l = f(z_l),   p = softmax(z_L)
    delta_L = (p - one_hot) / n
    dW_l = h_(l-1)^T delta_l,   delta_(l-1) = (delta_l W_l^T) * f'(z_(l-1))
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vanishing._checks import real_number
from vanishing.data import Dataset
from vanishing.network import Network, check_fit

Array = NDArray[Any]

WIDE = 16
"""Units from which on a layer counts as wide, see `FullBatch`."""

CACHE_LINE = 64
"""Bytes; arrays that begin on such a boundary are added and multiplied up to twice as fast."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """The loss of a network on a data set, and its gradient.

    Parameters
    ----------
    loss : float
        Mean cross-entropy, plus the penalty on the weights.
    weights, biases : list of ndarray
        The loss's derivative by each parameter, in the shapes of the network's own lists.
    deltas : list of ndarray
        The back-propagated error: the derivative by z of each layer, each of shape (n, fan_out).
    """

    loss: float
    weights: list[Array]
    biases: list[Array]
    deltas: list[Array]


def gradients(network: Network, data: Dataset, *, regularization: float = 0.0) -> Gradients:
    """Return the loss and its gradient on the whole data set.

    Parameters
    ----------
    network : Network
        Left as it is.
    data : Dataset
        Points and labels that fit the network.
    regularization : float
        The penalty added to the loss is half of this times the sum of all squared weights
        (biases go free). At 0 the result is the data's gradient alone, which the gauges read.

    Returns
    -------
    Gradients
        In the network's own precision.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, or the regularization is not a number from 0 on.
    """
    strength = real_number("regularization", regularization, zero_allowed=True)
    batch = FullBatch(network, data)
    with np.errstate(all="ignore"):
        batch.forward()
        loss = batch.data_loss() + 0.5 * strength * sum(float(np.sum(w * w)) for w in batch.W)
        batch.backward()
    return Gradients(
        loss=loss,
        weights=[dw + strength * w for dw, w in zip(batch.dW, batch.W, strict=True)],
        biases=[db.copy() for db in batch.db],
        deltas=[delta[: len(data)].copy() for delta in batch.delta],
    )


def numerical_gradient(
    network: Network, data: Dataset, *, regularization: float = 0.0, step: float = 1e-5
) -> Gradients:
    """Return the gradient by central differences: slow, but too simple to be wrong.

    Each parameter in turn is moved by `step` both ways; the two losses' difference over
    2 * step is its derivative, up to an error of the order of step^2.

    Parameters
    ----------
    network, data, regularization
        As for `gradients`.
    step : float
        How far each parameter is moved.

    Returns
    -------
    Gradients
        In float64; `deltas` is empty, since no parameter can move z alone.

    Raises
    ------
    TypeError, ValueError
        As for `gradients`; also if the step is not a positive number.
    """
    h = real_number("step", step)
    check_fit(network, data)
    moved = Network(
        [w.astype(np.float64) for w in network.weights],
        [b.astype(np.float64) for b in network.biases],
        network.activation,
    )

    def loss() -> float:
        return total_loss(moved, data, regularization=regularization)

    def derivative(parameters: Array) -> Array:
        result = np.empty_like(parameters)
        for index, value in np.ndenumerate(parameters):
            parameters[index] = value + h
            above = loss()
            parameters[index] = value - h
            result[index] = (above - loss()) / (2 * h)
            parameters[index] = value
        return result

    return Gradients(
        loss=loss(),
        weights=[derivative(w) for w in moved.weights],
        biases=[derivative(b) for b in moved.biases],
        deltas=[],
    )


def total_loss(network: Network, data: Dataset, *, regularization: float = 0.0) -> float:
    """Return the mean cross-entropy plus the penalty, in plain steps.

    Parameters, errors: as for `gradients`.
    """
    strength = real_number("regularization", regularization, zero_allowed=True)
    check_fit(network, data)
    scores = network.scores(data.points)
    shifted = scores - scores.max(axis=1, keepdims=True)
    of_label = shifted[np.arange(len(data)), data.labels]
    data_loss = np.mean(np.log(np.exp(shifted).sum(axis=1)) - of_label)
    return float(data_loss + 0.5 * strength * sum(np.sum(w * w) for w in network.weights))


class FullBatch:
    """A network's parameters and one data set, with all that a step needs allocated beforehand.

    Parameters
    ----------
    network : Network
        Its parameters are copied.
    data : Dataset
        Points and labels that fit the network.
    dtype : dtype, optional
        float64 or float32: the precision of everything; the network's own if not given.

    Attributes
    ----------
    parameters, gradient : ndarray of shape (P,)
        All parameters in one flat vector, weights and biases of layer after layer, and the data
        loss's derivative by them. What follows are views into these two.
    V, dV : list of ndarray
        `V[l]` of shape (fan_in + 1, fan_out): the weights of layer l with the biases as last row.
    W, dW, b, db : list of ndarray
        Weights and biases apart.
    delta : list of ndarray
        After `backward`, the back-propagated error of each layer, of shape (rows, fan_out).

    Notes
    -----
    Four choices make the step fast (measured in `benchmarks/`):

    - biases are one more row of the weights, against a column of ones in h;
    - arrays of one value an example and unit are stored unit by unit ("Fortran order"), so that
      the products run along the examples and the softmax along rows of their full length;
    - every unit's row begins on a cache line. So the examples are padded with copies of the last
      one to a full line; their share of the loss, and so of every gradient, is zero;
    - each value is overwritten by the next one as soon as it has served.
    """

    def __init__(self, network: Network, data: Dataset, dtype: DTypeLike | None = None) -> None:
        check_fit(network, data)
        self.dtype = np.dtype(network.weights[0].dtype if dtype is None else dtype)
        self.examples = len(data)
        self.activation = network.activation
        self._allocate_parameters(network)
        self._allocate_layers(network.sizes, data)
        self._allocate_softmax(data)

    def _allocate_parameters(self, network: Network) -> None:
        shapes = [(w.shape[0] + 1, w.shape[1]) for w in network.weights]
        ends = np.cumsum([rows * columns for rows, columns in shapes])
        self.parameters = _aligned(ends[-1], self.dtype)
        self.gradient = _aligned(ends[-1], self.dtype)
        self.V, self.dV = (
            [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=False)]
            for flat in (self.parameters, self.gradient)
        )
        self.W, self.dW = ([v[:-1] for v in views] for views in (self.V, self.dV))
        self.b, self.db = ([v[-1] for v in views] for views in (self.V, self.dV))
        for layer, (weights, biases) in enumerate(
            zip(network.weights, network.biases, strict=True)
        ):
            self.W[layer][:] = weights
            self.b[layer][:] = biases

    def _allocate_layers(self, sizes: tuple[int, ...], data: Dataset) -> None:
        line = CACHE_LINE // self.dtype.itemsize
        self.rows = rows = -(-len(data) // line) * line

        # One memory serves a hidden layer's z, then h (with its column of ones), then delta.
        self.h = [_by_units(rows, units + 1, self.dtype) for units in sizes[:-1]]
        hidden = [h[:, :-1] for h in self.h[1:]]
        self.z = [self.h[0][:, :-1], *hidden, _by_units(rows, sizes[-1], self.dtype)]
        self.delta = [*hidden, _by_units(rows, sizes[-1], self.dtype)]
        self.slope = [_by_units(rows, units, self.dtype) for units in sizes[:-1]]
        for h in self.h:
            h[:, -1] = 1
        self.z[0][:] = _padded(data.points, rows)
        self._hidden = list(
            zip(self.h[:-1], self.V[:-1], self.z[1:-1], self.slope[1:], strict=True)
        )
        # Between two wide layers dW = h^T delta is a third faster if delta lies example by example,
        # which pays for the copy; a narrow product is over before that.
        scratch = _aligned(rows * max(sizes), self.dtype)
        self._row_major = [
            scratch[: rows * fan_out].reshape(rows, fan_out)
            if min(fan_in, fan_out) >= WIDE
            else None
            for fan_in, fan_out in itertools.pairwise(sizes)
        ]

    def _allocate_softmax(self, data: Dataset) -> None:
        n, rows, classes = self.examples, self.rows, self.z[-1].shape[1]
        share = np.zeros((rows, 1))
        share[:n] = 1 / n
        one_hot = np.zeros((rows, classes))
        one_hot[np.arange(n), data.labels] = 1
        self._share = _by_units(rows, 1, self.dtype)
        self._target = _by_units(rows, classes, self.dtype)
        np.copyto(self._share, share)
        np.copyto(self._target, share * one_hot)
        self._largest, self._total, self._weight = (
            _by_units(rows, 1, self.dtype) for _ in range(3)
        )

    def forward(self) -> None:
        """Compute h and f'(z) of every hidden layer, then the scores."""
        for h_before, v, z, slope in self._hidden:
            np.matmul(h_before, v, out=z)
            self.activation.in_place(z, slope)
        np.matmul(self.h[-1], self.V[-1], out=self.z[-1])

    def data_loss(self) -> float:
        """Return the mean cross-entropy of the scores, and leave delta of the last layer."""
        scores, p, total = self.z[-1], self.delta[-1], self._total
        np.maximum.reduce(scores, axis=1, keepdims=True, out=self._largest)
        np.subtract(scores, self._largest, out=scores)
        np.exp(scores, out=p)
        np.add.reduce(p, axis=1, keepdims=True, out=total)
        # delta = (p / total - one_hot) / n, with both divisions done in one.
        np.divide(self._share, total, out=self._weight)
        np.multiply(p, self._weight, out=p)
        np.subtract(p, self._target, out=p)
        np.log(total, out=total)
        return float(np.vdot(total, self._share)) - float(np.vdot(scores.T, self._target.T))

    def backward(self) -> None:
        """Compute the gradient of the data loss, from the last layer to the first."""
        for layer in reversed(range(len(self.V))):
            delta = self.delta[layer]
            copy = self._row_major[layer]
            if copy is not None:
                np.copyto(copy, delta)
            np.matmul(self.h[layer].T, delta if copy is None else copy, out=self.dV[layer])
            if layer > 0:
                before = self.delta[layer - 1]
                np.matmul(delta, self.W[layer].T, out=before)
                np.multiply(before, self.slope[layer], out=before)

    def network(self) -> Network:
        """Return a network with the parameters as they are now."""
        return Network(self.W, self.b, self.activation)


def _aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Return `count` zeros that begin on a cache line."""
    size = int(count) * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(dtype)


def _by_units(rows: int, units: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros of shape (rows, units) in which each unit's values lie side by side."""
    return _aligned(rows * units, dtype).reshape(units, rows).T


def _padded(points: Array, rows: int) -> Array:
    return np.pad(points, ((0, rows - len(points)), (0, 0)), mode="edge")
