"""Checks of arguments: each returns the value it accepts, or names what is wrong with it."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rng = int | np.random.RandomState | np.random.Generator | None
"""What a function's `rng` takes."""


def whole_number(name: str, value: Any, *, at_least: int) -> int:
    """Return `value` as an int if it is a whole number that is large enough."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be a whole number, at least {at_least}; got {value!r}"
        ) from None
    if number < at_least:
        raise ValueError(f"{name} must be a whole number, at least {at_least}; got {value!r}")
    return number


def real_number(name: str, value: Any, *, zero_allowed: bool = False) -> float:
    """Return `value` as a float if it is finite and positive (or zero, where that is allowed)."""
    allowed = "a finite number, zero or positive" if zero_allowed else "a finite positive number"
    if isinstance(value, str | bytes | bool | np.bool_) or np.ndim(value) != 0:
        raise TypeError(f"{name} must be {allowed}; got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {allowed}; got {value!r}") from None
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero_allowed):
        raise ValueError(f"{name} must be {allowed}; got {value!r}")
    return number


def finite_matrix(name: str, value: ArrayLike, *, columns: int | None = None) -> NDArray[Any]:
    """Return `value` as a non-empty matrix of finite numbers, in float64 or float32."""
    width = "columns" if columns is None else str(columns)
    try:
        matrix = np.asarray(value)
        matrix = matrix if matrix.dtype == np.float32 else matrix.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an array of numbers; got {value!r}") from None
    if matrix.ndim != 2 or matrix.size == 0 or columns not in (None, matrix.shape[1]):
        raise ValueError(
            f"{name} must be a non-empty array of shape (n, {width}); got shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must hold finite numbers only; got NaN or infinity")
    return matrix


def layer_sizes(value: Any) -> tuple[int, ...]:
    """Return the widths of a network's layers, input first, as a tuple of ints."""
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        raise TypeError(f"sizes must be a sequence of whole numbers; got {value!r}")
    if len(value) < 2:
        raise ValueError(
            f"sizes must name two layers or more, input first and classes last; got {value!r}"
        )
    sizes = tuple(whole_number(f"sizes[{i}]", size, at_least=1) for i, size in enumerate(value))
    if sizes[-1] < 2:
        raise ValueError(f"sizes must end with the number of classes, at least 2; got {value!r}")
    return sizes


def random_stream(rng: Rng) -> np.random.RandomState | np.random.Generator:
    """Return a stream to draw from; a seed opens the legacy stream, which NumPy never changes."""
    if isinstance(rng, np.random.RandomState | np.random.Generator):
        return rng
    if rng is None:
        return np.random.RandomState()
    try:
        seed = whole_number("rng", rng, at_least=0)
        return np.random.RandomState(seed)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "rng must be a seed from 0 to 2**32 - 1, a numpy RandomState, a numpy Generator "
            f"or None; got {rng!r}"
        ) from None
