"""The parts that a network is composed of, each with its forward and its backward step.

Every part takes an array of one row an example and keeps what it will need on the way back.
`forward` goes from the input to the scores; `backward` takes the loss's gradient by what `forward`
returned, and returns the loss's gradient by what `forward` was given. The symbols are notebook
02's: z = h W + b, h = f(z), and delta is the gradient by z.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vanishing._checks import Array
from vanishing.activations import Activation

EPSILON = 1e-5
"""Added to a variance before one divides by its root, as is usual (and PyTorch's default)."""


class Layer(Protocol):
    """A part of a network."""

    def forward(self, h: Array) -> Array:
        """Return what the part makes of its input."""

    def backward(self, error: Array) -> Array:
        """Return the gradient by the input, from the gradient by the output."""


class Normalization:
    """Subtract the mean and divide by the standard deviation; nothing is learned here.

    Parameters
    ----------
    axis : int
        0 normalizes each unit over the examples of the batch (batch normalization, S. Ioffe and
        C. Szegedy, 2015), 1 each example over the units of the layer (layer normalization,
        J. L. Ba and others, 2016).
    statistics : tuple of ndarray, optional
        Mean and standard deviation to use instead of those of the values themselves.

    Notes
    -----
    Left out are the learned factor, and the running averages of batch normalization: training
    here sees all examples at once, so their own statistics are exact. A learned shift there is:
    the biases, which are added after the normalization.
    """

    def __init__(self, axis: int, statistics: tuple[Array, Array] | None = None) -> None:
        self.axis = axis
        self.statistics = statistics

    def forward(self, a: Array) -> Array:
        """Return (a - mean) / deviation."""
        mean, self.deviation = self.statistics or self.measure(a)
        self.y = (a - mean) / self.deviation
        return self.y

    def backward(self, dy: Array) -> Array:
        """Return the gradient by a: mean and deviation, if measured, depend on a as well."""
        if self.statistics:
            return dy / self.deviation
        mean = dy.mean(axis=self.axis, keepdims=True)
        along = (dy * self.y).mean(axis=self.axis, keepdims=True)
        result: Array = (dy - mean - self.y * along) / self.deviation
        return result

    def measure(self, a: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of values, with an axis of length 1."""
        variance = a.var(axis=self.axis, keepdims=True)
        return a.mean(axis=self.axis, keepdims=True), np.sqrt(variance + EPSILON)


NORMALIZATIONS = {"batch": 0, "layer": 1}
"""The axis that each kind of normalization works along, by name."""


class Dense:
    """A fully connected layer: z = h W + b, or z = N(h W) + b with a normalization N.

    Parameters
    ----------
    W : ndarray of shape (fan_in, fan_out)
        Weights.
    b : ndarray of shape (fan_out,)
        Biases.
    normalization : Normalization, optional
        What is done to h W.
    """

    def __init__(self, W: Array, b: Array, normalization: Normalization | None = None) -> None:
        self.W, self.b = W, b
        self.normalization = normalization

    def forward(self, h: Array) -> Array:
        """Return z."""
        self.h = h
        a = h @ self.W
        if self.normalization:
            a = self.normalization.forward(a)
        self.z = a + self.b
        return self.z

    def backward(self, delta: Array) -> Array:
        """Keep dW and db, and return the error that goes down to h."""
        self.delta = delta
        self.db = delta.sum(axis=0)
        if self.normalization:
            delta = self.normalization.backward(delta)
        self.dW = self.h.T @ delta
        down: Array = delta @ self.W.T
        return down


class Activate:
    """The activation function, applied to each value: h = f(z)."""

    def __init__(self, f: Activation) -> None:
        self.f = f

    def forward(self, z: Array) -> Array:
        """Return h."""
        self.z = z
        return self.f(z)

    def backward(self, dh: Array) -> Array:
        """Return delta."""
        delta: Array = dh * self.f.slope(self.z)
        return delta


class Chain:
    """Several parts, one after the other."""

    def __init__(self, parts: Sequence[Layer]) -> None:
        self.parts = parts

    def forward(self, h: Array) -> Array:
        """Go through the parts from first to last."""
        for part in self.parts:
            h = part.forward(h)
        return h

    def backward(self, error: Array) -> Array:
        """Go through the parts from last to first."""
        for part in reversed(self.parts):
            error = part.backward(error)
        return error


class Residual:
    """A shortcut around a branch: h + scale * branch(h).

    On the way back the error takes both ways, and the two parts are added (K. He and others,
    "Deep residual learning for image recognition", 2015).
    """

    def __init__(self, branch: Layer, scale: float) -> None:
        self.branch, self.scale = branch, scale

    def forward(self, h: Array) -> Array:
        """Return the sum of shortcut and branch."""
        out: Array = h + self.scale * self.branch.forward(h)
        return out

    def backward(self, error: Array) -> Array:
        """Return the error that came through shortcut and branch."""
        down: Array = error + self.branch.backward(self.scale * error)
        return down


def softmax(scores: Array) -> Array:
    """Return the probabilities of the classes, of the shape (n, K) of the scores (logits)."""
    # Only differences of scores count; with the largest at zero nothing overflows.
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Array = p / p.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropy(scores: Array, labels: NDArray[np.intp]) -> tuple[float, Array]:
    """Return the mean cross-entropy of the scores, and its gradient (p - one_hot) / n.

    Parameters
    ----------
    scores : ndarray of shape (n, K)
        What the network says of each example.
    labels : ndarray of int, shape (n,)
        What is true.
    """
    n = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[n, labels])
    delta = softmax(scores)
    delta[n, labels] -= 1
    delta /= len(labels)
    return float(loss), delta
