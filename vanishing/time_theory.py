"""What a recurrent matrix leads one to expect of an error's way back through time."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, finite_matrix, instance, numbers, shown
from vanishing.cells import SimpleStep
from vanishing.optimizers import norm
from vanishing.recurrent import RecurrentNetwork, check_finite, check_sequences
from vanishing.sequences import SequenceData
from vanishing.time_ledger import parts_of

WIDEST = 2000
"""A matrix with more rows than this is taken for a slip of the pen: its spectrum takes long."""

GATES = {"update gate": "z", "forget gate": "f"}
"""The gate that alone multiplies an error on its straight way."""

MOST_STEPS = 100_000
"""More matrices in a row than this are taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What a square matrix can do to a vector's norm.

    Parameters
    ----------
    singular_values : ndarray of shape (H,)
        Largest first. One multiplication makes no vector longer than the largest of them times
        its length.
    eigenvalues : ndarray of complex, shape (H,)
        Largest absolute value first.
    """

    singular_values: Array
    eigenvalues: Array

    @property
    def largest_singular_value(self) -> float:
        """By how much one multiplication can make a vector longer at most."""
        return float(self.singular_values[0])

    @property
    def radius(self) -> float:
        """The spectral radius: the factor a step to which a high power of the matrix tends."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def gain(self) -> float:
        """The root mean square of the singular values: the factor for a vector drawn at random.

        The gain of a drawn network again: exactly if its matrix is orthogonal, and nearly so if
        its numbers are normal.
        """
        return norm(self.singular_values) / math.sqrt(len(self.singular_values))


def spectrum(matrix: ArrayLike) -> Spectrum:
    """Return the singular values and eigenvalues of a recurrent matrix.

    Parameters
    ----------
    matrix : array_like of shape (H, H)
        Finite numbers; `network.W_h` of a simple cell, or the H columns of one gate. H is at most
        2000.

    Raises
    ------
    TypeError, ValueError
        If it is not such a matrix.
    """
    W = _square("matrix", matrix)
    values = np.linalg.eigvals(W)
    order = np.argsort(-np.abs(values), kind="stable")
    return Spectrum(np.linalg.svd(W, compute_uv=False), values[order])


def vanishing_bound(network: RecurrentNetwork) -> float:
    """Return the factor that one step back through time cannot exceed, whatever the sequences.

    Parameters
    ----------
    network : RecurrentNetwork
        With a simple cell.

    Returns
    -------
    float
        The largest singular value of W_h times the largest slope of the activation (as
        `Activation.largest_slope` states it; one of your own must state it right). If it is
        below 1 the error *must* vanish: over k steps its norm is multiplied by at most its k-th
        power. If it is above 1 nothing follows. The error may vanish all the same, and most often
        does; that the bound is above 1 is necessary for an error to explode, not sufficient.

    Raises
    ------
    TypeError, ValueError
        If the network has another cell, or its weights are not finite.

    Notes
    -----
    norm(delta_t W_h^T) <= sigma_max norm(delta_t), and norm(dh_t * f'(a_t)) <= max f' norm(dh_t).
    S. Hochreiter, 1991; Y. Bengio, P. Simard and P. Frasconi, 1994; in this form R. Pascanu,
    T. Mikolov and Y. Bengio, 2013.
    """
    _check_simple(network)
    largest = spectrum(network.W_h).largest_singular_value
    return largest * network.cell.activation.largest_slope if largest > 0 else 0.0


def expected_factors(network: RecurrentNetwork, data: SequenceData) -> Array:
    """Return what each step back is expected to multiply the error's norm by.

    Parameters
    ----------
    network : RecurrentNetwork
        With a simple, GRU or LSTM cell.
    data : SequenceData
        Sequences that fit the network; the slopes, or gates, are measured on them.

    Returns
    -------
    ndarray of shape (T - 1,)
        In the order of a `TimeLedger`: entry t is for the way from step t + 1 back to step t.

        Simple cell: the gain of W_h (see `Spectrum`) times the root mean square of f'(a_(t+1))
        over units and sequences. It takes the error to have nothing to do with either. So it fits
        weights that are drawn; where training has turned the error to directions that W_h
        lengthens, the measured factor is larger.

        Gated cells: the root mean square of the forget gate f_(t+1), or the update gate z_(t+1);
        that is the straight way alone, as if there were no detour.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, there is one step only, the cell is of another kind, or a
        parameter is not finite.

    Notes
    -----
    Let v = delta W_h^T for a delta independent of W_h, whose entries have mean zero and variance
    g^2 / H. Then the mean of norm(v)^2 is g^2 norm(delta)^2; for g times an orthogonal matrix this
    holds without a mean. After many steps through *one* normal matrix delta does depend on it:
    the factor tends to the spectral radius.
    """
    check_sequences(network, data)
    check_finite(network)
    straight, _ = parts_of(network.cell)
    if data.length < 2:
        raise ValueError(f"data must have two steps or more; got {data.length}")
    gates = network.astype(np.float64).states(data.inputs).gates
    if straight in GATES:
        return _rms(gates[GATES[straight]])[1:]
    slopes = network.cell.activation.slope(gates["a"])
    factors: Array = spectrum(network.W_h).gain * _rms(slopes)[1:]
    return factors


def growth(matrices: Iterable[ArrayLike], vector: ArrayLike) -> Array:
    """Return how a vector's norm grows when it is multiplied by one matrix after the other.

    Parameters
    ----------
    matrices : iterable of array_like, each of shape (H, H)
        The same one again and again (`[W] * k`), or different ones; up to 100,000.
    vector : array_like of shape (H,)
        Finite numbers, not all zero. It is multiplied as an error is, v W^T.

    Returns
    -------
    ndarray of shape (k + 1,)
        log10 of the norm over the first one, before and after each matrix; minus infinity once
        nothing is left. The vector is rescaled on the way, so it neither underflows nor overflows.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    v = numbers("vector", vector, 1, "(H,)").astype(np.float64)
    if not np.isfinite(v).all() or not v.any():
        raise ValueError(f"vector must hold finite numbers, not all zero; got {shown(vector)}")
    found, direction = [0.0], v / norm(v)
    for k, matrix in enumerate(_several_matrices(matrices)):
        W = _square(f"matrices[{k}]", matrix, len(v))
        direction = direction @ W.T
        size = norm(direction)
        found.append(found[-1] + (math.log10(size) if size > 0 else -math.inf))
        direction = direction / (size or 1.0)
    return np.array(found)


def _several_matrices(matrices: Any) -> list[Any]:
    scalar = isinstance(matrices, np.ndarray) and matrices.ndim == 0
    if scalar or isinstance(matrices, str | bytes | dict) or not isinstance(matrices, Iterable):
        raise TypeError(f"matrices must be several square matrices; got {shown(matrices)}")
    found = []
    for matrix in matrices:
        found.append(matrix)
        if len(found) > MOST_STEPS:
            raise ValueError(f"matrices must be at most {MOST_STEPS:,}; got more")
    return found


def _square(name: str, value: ArrayLike, size: int | None = None) -> Array:
    W = finite_matrix(name, value, columns=size).astype(np.float64)
    if W.shape[0] != W.shape[1]:
        raise ValueError(f"{name} must have as many rows as columns; got shape {W.shape}")
    if len(W) > WIDEST:
        raise ValueError(f"{name} must have at most {WIDEST:,} rows; got {len(W):,}")
    return W


def _check_simple(network: RecurrentNetwork) -> None:
    instance("network", network, RecurrentNetwork)
    if not issubclass(network.cell.step, SimpleStep):
        raise ValueError(f"network must have a simple cell; got {network.cell.name}")


def _rms(values: Array) -> Array:
    """Return the root mean square over sequences and units at each step."""
    found: Array = np.sqrt(np.mean(np.square(values), axis=(1, 2)))
    return found
