"""The activation functions of the hidden layers, each with its slope."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

LEAK = 0.01
"""The slope of leaky ReLU to the left of zero."""


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation function f with its slope f'.

    Parameters
    ----------
    name : str
        The name by which `Network.initialize` knows it.
    value : callable
        f as the textbook writes it, exact to rounding for every z.
    slope : callable
        f' likewise.
    in_place : callable
        `in_place(z, slope)` overwrites z with f(z) and slope with f'(z): the same numbers in as
        few passes over the data as can be, for training.
    largest_slope : float
        The largest value that f' takes anywhere.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    in_place: Callable[[Array, Array], None]
    largest_slope: float

    def __call__(self, z: ArrayLike) -> Array:
        """Return f(z), of the shape of z."""
        return self.value(np.asarray(z))

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return find_activation, (self.name,)


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z), without overflow at either end."""
    small = np.exp(-np.abs(z))
    value: Array = np.where(z < 0, small, 1) / (1 + small)
    return value


def sigmoid_slope(z: Array) -> Array:
    """Return s (1 - s), where s is the sigmoid of z, without cancellation at either end."""
    small = np.exp(-np.abs(z))
    slope: Array = small / np.square(1 + small)
    return slope


def _sigmoid_in_place(z: Array, slope: Array) -> None:
    # With r = 1 / (1 + e^z) the value is 1 - r and the slope r (1 - r): one pass fewer than with
    # e^-z. Where e^z overflows to infinity, r is 0, which is the right limit.
    r = slope
    np.exp(z, out=r)
    np.add(r, 1, out=r)
    np.reciprocal(r, out=r)
    np.subtract(1, r, out=z)
    np.multiply(r, z, out=slope)


def tanh_slope(z: Array) -> Array:
    """Return 1 - tanh(z)^2, without cancellation at either end."""
    return 4 * sigmoid_slope(2 * np.asarray(z))


def _tanh_in_place(z: Array, slope: Array) -> None:
    np.tanh(z, out=z)
    np.multiply(z, z, out=slope)
    np.subtract(1, slope, out=slope)


def relu(z: Array) -> Array:
    """Return z where it is positive, else 0."""
    return np.maximum(z, 0)


def relu_slope(z: Array) -> Array:
    """Return 1 where z is positive, else 0 (also at z = 0, as the lecture has it)."""
    return (np.asarray(z) > 0).astype(np.result_type(z, np.float32))


def _relu_in_place(z: Array, slope: Array) -> None:
    np.copyto(slope, z > 0)
    np.multiply(z, slope, out=z)


def leaky_relu(z: Array) -> Array:
    """Return z where it is positive, else `LEAK` times z."""
    return np.maximum(z, LEAK * np.asarray(z))


def leaky_relu_slope(z: Array) -> Array:
    """Return 1 where z is positive, else `LEAK`."""
    return np.maximum(relu_slope(z), LEAK)


def _leaky_relu_in_place(z: Array, slope: Array) -> None:
    np.copyto(slope, z > 0)
    np.maximum(slope, LEAK, out=slope)
    np.multiply(z, slope, out=z)


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("sigmoid", sigmoid, sigmoid_slope, _sigmoid_in_place, 0.25),
        Activation("tanh", np.tanh, tanh_slope, _tanh_in_place, 1.0),
        Activation("relu", relu, relu_slope, _relu_in_place, 1.0),
        Activation("leaky_relu", leaky_relu, leaky_relu_slope, _leaky_relu_in_place, 1.0),
    )
}
"""The known activations by name."""


def find_activation(activation: str | Activation) -> Activation:
    """Return the activation of that name.

    Raises
    ------
    ValueError
        If no activation has that name.
    TypeError
        If it is neither a name nor an `Activation`.
    """
    if isinstance(activation, Activation):
        return activation
    known = ", ".join(map(repr, ACTIVATIONS))
    if not isinstance(activation, str):
        raise TypeError(f"activation must be one of {known}; got {activation!r}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {known}; got {activation!r}")
    return ACTIVATIONS[activation]
