"""The activation functions of the hidden layers, each with its slope."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, find, real_number, shown, text

LEAK = 0.01
"""The slope of leaky ReLU to the left of zero."""


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation function f with its slope (derivative) f'.

    One of your own needs a name and the first two functions; it trains, is drawn and is sent to
    other processes like the known ones.

    Parameters
    ----------
    name : str
        How it is called in titles and legends; the known ones are found by it.
    value : callable
        f as the textbook writes it, exact to rounding for every z.
    slope : callable
        f' likewise.
    in_place : callable, optional
        `in_place(z, slope)` overwrites z with f(z) and slope with f'(z): the same numbers in as
        few passes over the data as can be, for training. Left out, the two functions are called.
    largest_slope : float
        The largest value that f' takes anywhere; infinity if it has no bound.
    from_value : callable, optional
        `from_value(h, slope)` overwrites slope with f'(z), where it is told h = f(z) only. Then
        training need not keep the slopes, and `in_place` may leave anything in `slope`.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    in_place: Callable[[Array, Array], None] | None = None
    largest_slope: float = 1.0
    from_value: Callable[[Array, Array], None] | None = None

    def __post_init__(self) -> None:
        text("name", self.name)
        for part in ("value", "slope"):
            if not callable(getattr(self, part)):
                raise TypeError(f"{part} must be a function; got {shown(getattr(self, part))}")
        for part in ("in_place", "from_value"):
            function = getattr(self, part)
            if function is not None and not callable(function):
                raise TypeError(f"{part} must be a function or None; got {shown(function)}")
        real_number("largest_slope", self.largest_slope, infinity_allowed=True)

    def __call__(self, z: ArrayLike) -> Array:
        """Return f(z), of the shape of z."""
        return self.value(np.asarray(z))

    def overwrite(self, z: Array, slope: Array) -> None:
        """Overwrite z with f(z) and slope with f'(z)."""
        if self.in_place is None:
            np.copyto(slope, self.slope(z))
            np.copyto(z, self.value(z))
            return
        self.in_place(z, slope)
        if self.from_value is not None:
            self.from_value(z, slope)

    def overwrite_value(self, z: Array, spare: Array) -> None:
        """Overwrite z with f(z), and spare with anything."""
        if self.in_place is None:
            np.copyto(z, self.value(z))
        else:
            self.in_place(z, spare)

    @property
    def known(self) -> bool:
        """Whether this is one of `ACTIVATIONS`, and not merely of the same name."""
        return ACTIVATIONS.get(self.name) is self

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lower and the upper of f's limits far out; None if it has no two finite ones."""
        with np.errstate(all="ignore"):
            low, high = sorted(float(self(np.array(end))) for end in (-np.inf, np.inf))
            return (low, high) if 0 < high - low < np.inf else None

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A known one is found again in the other process; its functions need not travel.
        if self.known:
            return find_activation, (self.name,)
        parts = self.name, self.value, self.slope, self.in_place, self.largest_slope
        return Activation, (*parts, self.from_value)


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
    np.divide(1, r, out=r)  # np.reciprocal gives the same digits in twice the time.
    np.subtract(1, r, out=z)
    np.multiply(r, z, out=slope)


def tanh_slope(z: Array) -> Array:
    """Return 1 - tanh(z)^2, without cancellation at either end."""
    return 4 * sigmoid_slope(2 * np.asarray(z))


def _tanh_in_place(z: Array, _: Array) -> None:
    np.tanh(z, out=z)


def _tanh_slope_from_value(h: Array, slope: Array) -> None:
    np.multiply(h, h, out=slope)
    np.subtract(1, slope, out=slope)


def relu(z: Array) -> Array:
    """Return z where it is positive, else 0."""
    return np.maximum(z, 0)


def relu_slope(z: Array) -> Array:
    """Return 1 where z is positive, else 0 (also at z = 0, as the lecture has it)."""
    z = np.asarray(z)
    return (z > 0).astype(np.result_type(z, np.float32))


def _relu_in_place(z: Array, _: Array) -> None:
    # Against the number 0 it takes five times as long: NumPy has vector loops for two arrays only.
    np.maximum(z, _zeros(z.shape, z.dtype.char, z.flags.fnc), out=z)


@functools.lru_cache(maxsize=4)
def _zeros(shape: tuple[int, ...], dtype: str, column_by_column: bool) -> Array:
    return np.zeros(shape, dtype, "F" if column_by_column else "C")


def _relu_slope_from_value(h: Array, slope: Array) -> None:
    np.copyto(slope, h > 0)


def leaky_relu(z: Array) -> Array:
    """Return z where it is positive, else `LEAK` times z."""
    return np.maximum(z, LEAK * np.asarray(z))


def leaky_relu_slope(z: Array) -> Array:
    """Return 1 where z is positive, else `LEAK`."""
    return np.maximum(relu_slope(z), LEAK)


def _leaky_relu_in_place(z: Array, spare: Array) -> None:
    np.multiply(z, LEAK, out=spare)
    np.maximum(z, spare, out=z)


def _leaky_relu_slope_from_value(h: Array, slope: Array) -> None:
    np.copyto(slope, h > 0)
    np.maximum(slope, LEAK, out=slope)


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("sigmoid", sigmoid, sigmoid_slope, _sigmoid_in_place, 0.25),
        Activation("tanh", np.tanh, tanh_slope, _tanh_in_place, 1.0, _tanh_slope_from_value),
        Activation("relu", relu, relu_slope, _relu_in_place, 1.0, _relu_slope_from_value),
        Activation(
            "leaky_relu",
            leaky_relu,
            leaky_relu_slope,
            _leaky_relu_in_place,
            1.0,
            _leaky_relu_slope_from_value,
        ),
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
    return find("activation", activation, ACTIVATIONS, Activation)
