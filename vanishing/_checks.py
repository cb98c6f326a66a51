"""Checks of arguments: each returns the value it accepts, or names what is wrong with it."""

import itertools
import math
import operator
import reprlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
"""An array of numbers; docstrings say of which shape."""

Rng = int | np.random.RandomState | np.random.Generator | None
"""What a function's `rng` takes."""

Found = TypeVar("Found")

MOST_NUMBERS = 2**27
"""An array of more numbers than this (1 GB in float64) is taken for a slip of the pen."""

_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = _shown.maxlong = 80


def shown(value: Any) -> str:
    """Return a value as an error message shows it: never longer than a line."""
    try:
        lines = _shown.repr(value).splitlines()  # of which a matrix has several
    except Exception:  # noqa: BLE001 (a value that cannot even be shown)
        return f"a {type(value).__name__}"
    return " ".join(line.strip() for line in lines)


def whole_number(name: str, value: Any, *, at_least: int, at_most: int | None = None) -> int:
    """Return `value` as an int if it is a whole number within the bounds."""
    allowed = f"a whole number, at least {at_least:,}"
    if at_most is not None:
        allowed = f"a whole number from {at_least:,} to {at_most:,}"
    try:
        if isinstance(value, bool | np.bool_ | np.ndarray):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {allowed}; got {shown(value)}") from None
    if number < at_least or (at_most is not None and number > at_most):
        raise ValueError(f"{name} must be {allowed}; got {shown(value)}")
    return number


def real_number(
    name: str,
    value: Any,
    *,
    zero_allowed: bool = False,
    infinity_allowed: bool = False,
    negative_allowed: bool = False,
    at_most: float | None = None,
) -> float:
    """Return `value` as a float if it is positive and finite (or what else is allowed).

    Where negative numbers are allowed, zero is as well, and `at_most` bounds the absolute value.
    """
    allowed = "a finite number, zero or positive" if zero_allowed else "a finite positive number"
    if negative_allowed:
        allowed = "a finite number"
    if infinity_allowed:
        allowed += ", or infinity"
    if at_most is not None:
        allowed += f", at most {at_most:g}" + (" either way" if negative_allowed else "")
    message = f"{name} must be {allowed}; got {shown(value)}"
    number = _as_float(value, message)
    size = abs(number) if negative_allowed else number
    enough = size >= 0 if zero_allowed or negative_allowed else size > 0
    small_enough = size <= (math.inf if at_most is None else at_most)
    if not (enough and small_enough) or (size == math.inf and not infinity_allowed):
        raise ValueError(message)
    return number


def _as_float(value: Any, message: str) -> float:
    """Return one number as a float, or raise with that message."""
    if isinstance(value, str | bytes | bool | np.bool_ | complex | np.complexfloating):
        raise TypeError(message)
    try:
        if np.ndim(value) != 0 or np.ma.isMaskedArray(value):
            raise TypeError
        return float(value)
    except OverflowError:
        raise ValueError(message) from None
    except (TypeError, ValueError):
        raise TypeError(message) from None


def truth(name: str, value: Any) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False; got {shown(value)}")
    return bool(value)


def numbers(name: str, value: ArrayLike, dimensions: int | None, shape: str) -> Array:
    """Return `value` as a non-empty array in float64 or float32; nothing of it is dropped.

    Without a number of dimensions it may have any.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.array(None)
    if np.ma.isMaskedArray(value) or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of real numbers; got {shown(value)}")
    if dimensions not in (None, array.ndim) or array.size == 0:
        raise ValueError(
            f"{name} must be a non-empty array of shape {shape}; got shape {array.shape}"
        )
    return array if array.dtype == np.float32 else array.astype(np.float64)


def finite_matrix(name: str, value: ArrayLike, *, columns: int | None = None) -> Array:
    """Return `value` as a non-empty matrix of finite numbers, in float64 or float32."""
    shape = f"(n, {'columns' if columns is None else columns})"
    matrix = numbers(name, value, 2, shape)
    if columns not in (None, matrix.shape[1]):
        raise ValueError(f"{name} must have shape {shape}; got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must hold finite numbers only; got NaN or infinity")
    return matrix


def instance(name: str, value: Any, kind: type[Found]) -> Found:
    """Return `value` if it is of that class."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name} must be {article} {kind.__name__}; got {shown(value)}")
    return value


def one_of(name: str, value: Any, known: Collection[str]) -> str:
    """Return `value` if it is one of the known texts."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {listed(known)}; got {shown(value)}")
    return value


def several(name: str, value: Any, what: str) -> list[Any]:
    """Return a sequence's items; text, sets and mappings have none in order."""
    if (
        isinstance(value, str | bytes | bytearray | Mapping | set | frozenset)
        or not (isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim == 1))
        or np.ma.isMaskedArray(value)
    ):
        raise TypeError(f"{name} must be a sequence of {what}; got {shown(value)}")
    return list(value)


def two_whole_numbers(name: str, value: Any, *, at_least: int, at_most: int) -> tuple[int, int]:
    """Return a pair, of columns and rows for instance."""
    items = several(name, value, "2 whole numbers")
    if len(items) != 2:
        raise ValueError(f"{name} must be 2 whole numbers; got {shown(value)}")
    first, second = (
        whole_number(f"{name}[{i}]", item, at_least=at_least, at_most=at_most)
        for i, item in enumerate(items)
    )
    return first, second


def for_each_layer(
    name: str, value: Any, layers: int, *, zero_allowed: bool = False, at_most: float | None = None
) -> list[float]:
    """Return a positive number for each layer, from one for all or from a list.

    Zero may be allowed in a list.
    """
    if not isinstance(value, Sequence | np.ndarray) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        return [real_number(name, value, at_most=at_most)] * layers
    given = several(name, value, "numbers")
    if len(given) != layers:
        raise ValueError(
            f"{name} must be one number, or {layers} of them, one a layer; got {shown(value)}"
        )
    return [
        real_number(f"{name}[{i}]", one, zero_allowed=zero_allowed, at_most=at_most)
        for i, one in enumerate(given)
    ]


def layer_sizes(value: Any) -> tuple[int, ...]:
    """Return the widths of a network's layers, input first, as a tuple of ints."""
    items = several("sizes", value, "whole numbers")
    if len(items) < 2:
        raise ValueError(
            f"sizes must name two layers or more, input first and classes last; got {shown(value)}"
        )
    sizes = tuple(
        whole_number(f"sizes[{i}]", size, at_least=1, at_most=10_000_000)
        for i, size in enumerate(items)
    )
    if sizes[-1] < 2:
        raise ValueError(
            f"sizes must end with the number of classes, at least 2; got {shown(value)}"
        )
    count = sum((before + 1) * after for before, after in itertools.pairwise(sizes))
    not_too_many("sizes", count, "parameters", value)
    return sizes


def hidden_layer_sizes(value: Any) -> tuple[int, ...]:
    """Return the same of a network that has a hidden layer."""
    sizes = layer_sizes(value)
    if len(sizes) < 3:
        raise ValueError(f"sizes must name a hidden layer; got {shown(value)}")
    return sizes


def not_too_many(name: str, count: int, what: str, value: Any) -> None:
    """Raise if more numbers are asked for than memory would bear."""
    if count > MOST_NUMBERS:
        raise ValueError(
            f"{name} must ask for at most {MOST_NUMBERS:,} {what}; "
            f"got {shown(value)}, which asks for {count:,}"
        )


def precision(dtype: Any) -> np.dtype[Any]:
    """Return float64 or float32, whichever is named."""
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found is None or found not in (np.float64, np.float32):
        raise ValueError(f"dtype must be numpy.float64 or numpy.float32; got {shown(dtype)}")
    return found


def text(name: str, value: Any) -> str:
    """Return `value` if it is a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text that is not empty; got {shown(value)}")
    return value


def find(name: str, wanted: Any, known: Mapping[str, Found], kind: type[Found]) -> Found:
    """Return what is known by that name; what is of that kind already is returned as it is.

    Raises
    ------
    ValueError
        If nothing has that name.
    TypeError
        If it is neither a name nor of that kind.
    """
    if isinstance(wanted, kind):
        return wanted
    error: type[Exception] = ValueError if isinstance(wanted, str) else TypeError
    if isinstance(wanted, str) and wanted in known:
        return known[wanted]
    raise error(f"{name} must be one of {listed(known)}; got {shown(wanted)}")


def listed(names: Iterable[str]) -> str:
    """Return names as an error message lists them."""
    return ", ".join(map(repr, names))


def known_names(name: str, wanted: Any, known: Collection[str]) -> tuple[str, ...]:
    """Return names, each of them known; one name may stand for itself."""
    names = [wanted] if isinstance(wanted, str) else several(name, wanted, "names")
    for one in names:
        if not isinstance(one, str) or one not in known:
            raise ValueError(f"{name} must be some of {listed(known)}; got {shown(wanted)}")
    return tuple(names)


def random_stream(rng: Rng) -> np.random.RandomState | np.random.Generator:
    """Return a stream to draw from; a seed opens the legacy stream, which NumPy never changes."""
    if isinstance(rng, np.random.RandomState | np.random.Generator):
        return rng
    if rng is None:
        return np.random.RandomState()
    try:
        seed = whole_number("rng", rng, at_least=0, at_most=2**32 - 1)
        return np.random.RandomState(seed)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "rng must be a seed from 0 to 2**32 - 1, a numpy RandomState, a numpy Generator "
            f"or None; got {shown(rng)}"
        ) from None
