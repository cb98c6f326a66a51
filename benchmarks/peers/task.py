"""What every peer is given, and what it gives back. It needs nothing but NumPy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

EPSILON = 1e-5
"""Added to the variance by which one normalizes."""


@dataclass(frozen=True)
class Task:
    """A training run: where it starts, and with which settings.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        In float64; the peer converts them.
    labels : ndarray of shape (n,)
        The class of each point.
    weights : list of ndarray
        The initial weights of each layer, of shape (fan_in, fan_out).
    activation : {"sigmoid", "tanh", "relu", "leaky_relu"}
        Of the hidden layers.
    dtype : {"float64", "float32"}
        The precision to train in.
    step_size, regularization : float
        As in the lecture.
    residual, normalization
        As a `vanishing.Network` has them.
    biases : list of ndarray, optional
        The initial biases of each layer; zero if not given.
    """

    points: Array
    labels: Array
    weights: list[Array]
    activation: str
    dtype: str
    step_size: float = 0.1
    regularization: float = 1e-3
    residual: float | None = None
    normalization: str | None = None
    biases: list[Array] | None = None

    def start(self) -> tuple[Array, list[Array], list[Array]]:
        """Return points, weights and biases in the task's precision, copied."""
        weights = [w.astype(self.dtype) for w in self.weights]
        given = self.biases or [np.zeros(w.shape[1]) for w in weights]
        biases = [b[None].astype(self.dtype) for b in given]
        return self.points.astype(self.dtype), weights, biases

    @property
    def axis(self) -> int | None:
        """The axis to normalize along: 0 over the examples, 1 over the units, None not at all."""
        return {"batch": 0, "layer": 1, None: None}[self.normalization]

    def one_hot(self) -> Array:
        """Return the labels as rows of zeros with one 1."""
        return np.eye(self.weights[-1].shape[1], dtype=self.dtype)[self.labels]


class Record(NamedTuple):
    """What a peer keeps of each iteration, taken before the update.

    Parameters
    ----------
    losses : ndarray of shape (T,), or None
        Mean cross-entropy plus the penalty.
    sums : ndarray of shape (T, L), or None
        The sum of abs(dW) of each weight matrix, before the penalty's gradient is added.
    """

    losses: Array | None = None
    sums: Array | None = None


Advance = Callable[[int], Record]
"""Makes so many iterations more, and returns their record when all of them are done."""
