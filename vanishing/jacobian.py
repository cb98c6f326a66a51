"""What a small change in one layer does in a later one: Jacobians, and gradients by the input."""

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, finite_matrix, instance, not_too_many, numbers, whole_number
from vanishing.network import Network


def jacobian(
    network: Network, point: ArrayLike, *, first: int = 1, last: int | None = None
) -> Array:
    """Return the derivative of one layer's outputs by an earlier layer's, at one point.

    Parameters
    ----------
    network : Network
        Any network; with batch normalization one with statistics of its own, see
        `Network.fitted`, since otherwise points have no answer for themselves.
    point : array_like of shape (D,)
        The input.
    first : int
        The layer to derive by: 0 for the input, 1 for h_1.
    last : int, optional
        The layer that is derived: a hidden one, or the number of all layers for the scores; left
        out, the last hidden one.

    Returns
    -------
    ndarray of shape (units of last, units of first)
        In the network's precision.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    instance("network", network, Network)
    begin, end = _checked_layers(network, first, last)
    row = finite_matrix("point", numbers("point", point, 1, "(D,)")[None], columns=network.sizes[0])
    outputs = network.sizes[end]
    not_too_many("network", outputs * max(network.sizes), "numbers", network)
    return _backward(network, np.repeat(row, outputs, axis=0), np.eye(outputs), begin, end)


def _backward(network: Network, points: Array, error: Array, begin: int, end: int) -> Array:
    """Return what becomes of an error at h of layer `end`, on its way back to layer `begin`."""
    if network.normalization == "batch" and network.statistics is None:
        raise ValueError("network must have statistics of its own (see fitted); got none")
    parts = network.parts()[0].parts[:end]
    dtype = network.weights[0].dtype
    h, error = points.astype(dtype), error.astype(dtype)
    with np.errstate(all="ignore"):
        for part in parts:
            h = part.forward(h)
        for part in reversed(parts[begin:]):
            error = part.backward(error)
    return error


def _checked_layers(network: Network, first: int, last: int | None) -> tuple[int, int]:
    layers = len(network.weights)
    end = layers - 1 if last is None else last
    end = whole_number("last", end, at_least=1, at_most=layers)
    return whole_number("first", first, at_least=0, at_most=end), end


def singular_values(
    network: Network, points: ArrayLike, *, first: int = 1, last: int | None = None
) -> Array:
    """Return the singular values of the `jacobian` at each point.

    They say by how much a small change in layer `first` is stretched, in each of the directions
    that keep at right angles; an error is stretched by the same on its way back. All of them equal
    is called dynamical isometry (A. M. Saxe and others, "Exact solutions to the nonlinear dynamics
    of learning in deep linear neural networks", 2014; J. Pennington and others, "Resurrecting the
    sigmoid in deep learning through dynamical isometry", 2017).

    Parameters
    ----------
    network, first, last
        As for `jacobian`.
    points : array_like of shape (n, D)
        One point a row.

    Returns
    -------
    ndarray of shape (n, values)
        From the largest down; as many as the narrower of the two layers has units. Below the
        largest times the precision (2e-16 in float64) they are rounding.
    """
    instance("network", network, Network)
    rows = finite_matrix("points", points, columns=network.sizes[0])
    found = [jacobian(network, row, first=first, last=last) for row in rows]
    return np.linalg.svd(np.array(found), compute_uv=False)


def input_gradients(network: Network, points: ArrayLike, score: int = 0) -> Array:
    """Return the derivative of one score by the input, at each point.

    Parameters
    ----------
    network : Network
        As for `jacobian`.
    points : array_like of shape (n, D)
        One point a row; those of a line show whether the gradient is the same nearby.
    score : int
        Which of the scores.

    Returns
    -------
    ndarray of shape (n, D)
        In the network's precision.
    """
    instance("network", network, Network)
    rows = finite_matrix("points", points, columns=network.sizes[0])
    which = whole_number("score", score, at_least=0, at_most=network.sizes[-1] - 1)
    error = np.zeros((len(rows), network.sizes[-1]))
    error[:, which] = 1
    return _backward(network, rows, error, 0, len(network.weights))


def autocorrelation(values: ArrayLike, lags: int) -> Array:
    """Return how alike numbers in a row are to those some places further on.

    Parameters
    ----------
    values : array_like of shape (n,)
        In order, for example a gradient at equal distances along a line (D. Balduzzi and others,
        "The shattered gradients problem", 2017).
    lags : int
        The greatest distance, below n.

    Returns
    -------
    ndarray of shape (lags + 1,)
        At lag k the sum of all (v_i - m) (v_(i+k) - m) over the sum of all (v_i - m)^2, where m is
        the mean: 1 at lag 0. NaN where all values are the same.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or a value is not finite.
    """
    row = finite_matrix("values", numbers("values", values, 1, "(n,)")[None])[0].astype(np.float64)
    count = whole_number("lags", lags, at_least=0, at_most=len(row) - 1)
    row = row / max(abs(row).max(), np.finfo(float).tiny)  # squares of large numbers overflow
    row = row - row.mean()
    sums = [row[: len(row) - lag] @ row[lag:] for lag in range(count + 1)]
    with np.errstate(all="ignore"):
        found: Array = np.array(sums) / sums[0]
    return found
