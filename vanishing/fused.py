"""The fast pass for plain networks: the same numbers as `vanishing.backprop`, in fewer steps."""

import itertools
from typing import Any

import numpy as np

from vanishing._checks import Array
from vanishing.data import Dataset
from vanishing.network import Network, check_fit
from vanishing.parameters import CACHE_LINE, Parameters, aligned

WIDE = 16
"""Units from which on a layer counts as wide, see `Fused`."""


class Fused:
    """The pass through a plain network, with all that it needs allocated beforehand.

    Parameters
    ----------
    network : Network
        Says which sizes and which activation; its parameters are not used.
    data : Dataset
        Points and labels that fit the network.
    dtype : dtype
        float64 or float32: the precision of everything.

    Attributes
    ----------
    gradient : Parameters
        After `evaluate`, the data loss's derivative by each parameter.
    delta : list of ndarray
        After `evaluate`, the back-propagated error of each layer, of shape (rows, fan_out); rows
        beyond the examples are zero.

    Raises
    ------
    ValueError
        If the network has shortcuts or normalizations, or does not fit the data.

    Notes
    -----
    Four choices make the step fast (measured in `benchmarks/`):

    - biases are one more row of the weights, against a column of ones in h;
    - arrays of one value an example and unit are stored unit by unit ("Fortran order"), so that
      the products run along the examples and the softmax along rows of their full length;
    - every unit's row begins on a cache line. So the examples are padded with copies of the last
      one to a full line; their part of the loss, and so of every gradient, is zero;
    - each value is overwritten by the next one as soon as it has served.
    """

    def __init__(self, network: Network, data: Dataset, dtype: np.dtype[Any]) -> None:
        check_fit(network, data)
        if not network.is_plain:
            raise ValueError(f"network must be plain, without shortcuts or such; got {network}")
        self._activation = network.activation
        self.gradient = Parameters(network.sizes, dtype)
        self._allocate_layers(network.sizes, data, dtype)
        self._allocate_softmax(data, dtype)

    def _allocate_layers(self, sizes: tuple[int, ...], data: Dataset, dtype: np.dtype[Any]) -> None:
        line = CACHE_LINE // dtype.itemsize
        rows = -(-len(data) // line) * line

        # One memory serves a hidden layer's z, then h (with its column of ones), then delta.
        self._h = [_by_units(rows, units + 1, dtype) for units in sizes[:-1]]
        hidden = [h[:, :-1] for h in self._h[1:]]
        self._scores = _by_units(rows, sizes[-1], dtype)
        self._z = [*hidden, self._scores]
        self.delta = [*hidden, _by_units(rows, sizes[-1], dtype)]
        self._slope = [_by_units(rows, units, dtype) for units in sizes[1:-1]]
        for h in self._h:
            h[:, -1] = 1
        self._h[0][:, :-1] = np.pad(data.points, ((0, rows - len(data)), (0, 0)), mode="edge")
        # Between two wide layers dW = h^T delta is a third faster if delta lies example by example,
        # which pays for the copy; a narrow product is over before that.
        scratch = aligned(rows * max(sizes), dtype)
        self._row_major = [
            scratch[: rows * fan_out].reshape(rows, fan_out)
            if min(fan_in, fan_out) >= WIDE
            else None
            for fan_in, fan_out in itertools.pairwise(sizes)
        ]

    def _allocate_softmax(self, data: Dataset, dtype: np.dtype[Any]) -> None:
        n = len(data)
        rows, classes = self._scores.shape
        self._part = _by_units(rows, 1, dtype)  # 1 / n for an example, 0 for a padded row
        self._part[:n] = 1 / n
        self._target = _by_units(rows, classes, dtype)  # one_hot / n
        self._target[np.arange(n), data.labels] = self._part[:n, 0]
        self._ones = np.ones((1, classes), dtype)
        self._largest, self._total, self._weight = (_by_units(rows, 1, dtype) for _ in range(3))

    def evaluate(self, parameters: Parameters) -> float:
        """Return the mean cross-entropy; leave its gradient, and delta of each layer."""
        self._forward(parameters)
        loss = self._loss_and_delta()
        self._backward(parameters)
        return loss

    def _forward(self, parameters: Parameters) -> None:
        """Compute h and f'(z) of every hidden layer, then the scores."""
        overwrite = self._activation.overwrite
        for h, v, z, slope in zip(self._h, parameters.V, self._z, self._slope, strict=False):
            np.matmul(h, v, out=z)
            overwrite(z, slope)
        # Where the result is small, np.dot costs half a microsecond less than np.matmul.
        np.dot(parameters.V[-1].T, self._h[-1].T, out=self._scores.T)

    def _loss_and_delta(self) -> float:
        """Return the mean cross-entropy of the scores, which it uses up, for delta_L."""
        scores, p, total = self._scores, self.delta[-1], self._total
        np.maximum.reduce(scores, axis=1, keepdims=True, out=self._largest)
        np.subtract(scores, self._largest, out=scores)
        np.exp(scores, out=p)
        np.dot(self._ones, p.T, out=total.T)
        # delta = (p / total - one_hot) / n, with both divisions done in one.
        np.divide(self._part, total, out=self._weight)
        np.multiply(p, self._weight, out=p)
        np.subtract(p, self._target, out=p)
        np.log(total, out=total)
        return float(np.vdot(total, self._part)) - float(np.vdot(scores.T, self._target.T))

    def _backward(self, parameters: Parameters) -> None:
        """Compute the gradient of the data loss, from the last layer to the first."""
        for layer in reversed(range(len(self.delta))):
            delta, copy = self.delta[layer], self._row_major[layer]
            if copy is not None:
                np.copyto(copy, delta)
            np.dot(self._h[layer].T, delta if copy is None else copy, out=self.gradient.V[layer])
            if layer > 0:
                before = self.delta[layer - 1]
                np.matmul(delta, parameters.W[layer].T, out=before)
                np.multiply(before, self._slope[layer - 1], out=before)


def _by_units(rows: int, units: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros of shape (rows, units) in which each unit's values lie side by side."""
    return aligned(rows * units, dtype).reshape(units, rows).T
