"""Initialization schemes: how the weights of a network are drawn before training."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vanishing._checks import Array, find, shown

Stream = np.random.RandomState | np.random.Generator
Draw = Callable[[Stream, int, int], Array]
Spread = Callable[[int, int], float]

STANDARD_DEVIATION = 0.1
"""Of the scheme "normal", where no scale is given: the lecture's."""


@dataclass(frozen=True)
class Scheme:
    """A rule by which a layer's weights are drawn.

    Parameters
    ----------
    name : str
        The name by which `Network.initialize` knows it.
    formula : str
        The standard deviation of one weight before it is multiplied by the scale.
    assumes : str
        What the rule is made for.
    source : str
        Who found it.
    draw : callable
        `draw(stream, fan_in, fan_out)` returns weights of shape (fan_in, fan_out).
    usual_scale : float
        What the weights are multiplied by where no scale is given.
    spread : callable, optional
        `spread(fan_in, fan_out)` returns what the formula says; theory asks for it.
    """

    name: str
    formula: str
    assumes: str
    source: str
    draw: Draw
    usual_scale: float = 1.0
    spread: Spread | None = None


def _one(_fan_in: int, _fan_out: int) -> float:
    return 1.0


def _lecun(fan_in: int, _fan_out: int) -> float:
    return math.sqrt(1 / fan_in)


def _glorot(fan_in: int, fan_out: int) -> float:
    return math.sqrt(2 / (fan_in + fan_out))


def _he(fan_in: int, _fan_out: int) -> float:
    return math.sqrt(2 / fan_in)


def _of_columns(fan_in: int, fan_out: int) -> float:
    return math.sqrt(1 / max(fan_in, fan_out))


def _normal(stream: Stream, fan_in: int, fan_out: int) -> Array:
    drawn: Array = stream.standard_normal((fan_in, fan_out))
    return drawn


def _of_spread(spread: Spread) -> Draw:
    """Return what draws independent normal weights of that spread."""
    return lambda stream, *shape: _normal(stream, *shape) * spread(*shape)


def _orthogonal(stream: Stream, fan_in: int, fan_out: int) -> Array:
    tall = _normal(stream, max(fan_in, fan_out), min(fan_in, fan_out))
    q, r = np.linalg.qr(tall)
    # Without the signs of r's diagonal not every orthogonal matrix would be equally likely.
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if fan_in >= fan_out else q.T


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            "normal",
            "1",
            "Nothing: the scale is the standard deviation, whatever the layer's size.",
            "A. Karpathy's minimal network, and the lecture's.",
            _normal,
            usual_scale=STANDARD_DEVIATION,
            spread=_one,
        ),
        Scheme(
            "lecun",
            "sqrt(1 / fan_in)",
            "Inputs of mean 0 and variance 1, and an f that is near its slope of 1 at zero.",
            "Y. LeCun and others, Efficient BackProp, 1998.",
            _of_spread(_lecun),
            spread=_lecun,
        ),
        Scheme(
            "glorot",
            "sqrt(2 / (fan_in + fan_out))",
            "A slope of 1 (tanh near zero); a compromise of signal (fan_in) and error (fan_out).",
            "X. Glorot and Y. Bengio, AISTATS 2010 (also named after Xavier Glorot).",
            _of_spread(_glorot),
            spread=_glorot,
        ),
        Scheme(
            "he",
            "sqrt(2 / fan_in)",
            "ReLU: it lets half of the variance through, which the 2 makes up for.",
            "K. He and others, ICCV 2015 (also named after Kaiming He).",
            _of_spread(_he),
            spread=_he,
        ),
        Scheme(
            "orthogonal",
            "sqrt(1 / max(fan_in, fan_out))",
            "As glorot; besides, no direction is shrunk or stretched against another.",
            "A. M. Saxe and others, ICLR 2014.",
            _orthogonal,
            spread=_of_columns,
        ),
    )
}
"""The known schemes by name."""


def checked_spread(scheme: str | Scheme) -> Spread:
    """Return a scheme's standard deviation as a function of fan_in and fan_out."""
    found = find_scheme(scheme)
    if found.spread is None:
        raise ValueError(f"scheme must say its spread; got {shown(scheme)}")
    return found.spread


def find_scheme(scheme: str | Scheme) -> Scheme:
    """Return the scheme of that name.

    Raises
    ------
    ValueError
        If no scheme has that name.
    TypeError
        If it is neither a name nor a `Scheme`.
    """
    return find("scheme", scheme, SCHEMES, Scheme)
