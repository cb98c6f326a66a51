"""What all accounts of an error's way share: from when on a factor counts, and how books balance.

An account splits what happened to an error's norm into factors, step by step; `vanishing.ledger`
does so through the layers of a network, and `vanishing.time_ledger` through time.
"""

import math
from collections.abc import Iterable

SHRINKS, GROWS = 1 / 3, 3.0
"""A step that multiplies the error's norm by less, or by more, is not healthy."""

SMALL = 0.5
"""A factor below this is named when a step shrinks the error."""

FAR = 100.0
"""An error whose norm is divided, or multiplied, by more than this has vanished, or exploded."""

ROUNDING = 1e-12
"""Relative difference up to which the books count as balanced."""


def ratio(after: float, before: float) -> float:
    """Return by what a norm was multiplied: infinity if it came from nothing, NaN for 0 / 0."""
    if before != 0:
        return after / before
    return math.inf if after > 0 else math.nan


def product(factors: Iterable[float]) -> tuple[float, int]:
    """Return m and e of the product m 2^e, which neither overflows nor becomes zero."""
    mantissa, exponent = 1.0, 0
    for factor in factors:
        mantissa, more = math.frexp(mantissa * factor)
        exponent += more
    return mantissa, exponent


def check_balance(imbalance: float) -> None:
    """Raise if the books do not balance to rounding error.

    Raises
    ------
    ArithmeticError
        If they differ by more than `ROUNDING`, as a share.
    """
    if imbalance > ROUNDING:
        raise ArithmeticError(f"the books are out of balance by a share of {imbalance:.1e}")


def judged(factor: float, arrives: float) -> str:
    """Return what a step as a whole did to an error, or nothing if it shrank it.

    Parameters
    ----------
    factor : float
        What the norm was multiplied by.
    arrives : float
        The norm before the step.
    """
    if not arrives > 0:
        return "no error arrives"
    if SHRINKS <= factor <= GROWS:
        return "healthy"
    return "grows" if factor > GROWS else ""


def verdict(attenuation: float) -> str:
    """Return what became of an error on its whole way, in words.

    Ten steps that are healthy one by one can still make an error vanish: a norm that is divided by
    more than 100 "vanishes", multiplied by more than 100 it "explodes", and else it "arrives". "no
    error" if there is none to begin with.
    """
    if math.isnan(attenuation):
        return "no error"
    if attenuation < 1 / FAR:
        return "vanishes"
    return "explodes" if attenuation > FAR else "arrives"


def short(factor: float) -> str:
    """Return a factor in as few digits as the reader needs."""
    return f"x {factor:.2g}"
