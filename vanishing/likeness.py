"""How much alike the points become in a network's layers: measured, as theory states it."""

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, finite_matrix, instance, not_too_many, numbers
from vanishing.network import Network


def kernels(network: Network, points: ArrayLike) -> Array:
    """Return the mean of z_a z_b over the units of each layer, for all pairs of points.

    What `WideLayer.kernels` expects of it, for many units.

    Parameters
    ----------
    network : Network
        Any network.
    points : array_like of shape (n, D)
        One point a row.

    Returns
    -------
    ndarray of shape (L, n, n)
        For every layer, the scores last: on the diagonal the mean of z^2 (q), beside it q times
        the correlation (c).

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    instance("network", network, Network)
    rows = finite_matrix("points", points, columns=network.sizes[0])
    not_too_many("points", len(network.weights) * len(rows) ** 2, "numbers", points)
    with np.errstate(all="ignore"):
        zs = (z.astype(np.float64) for z in network.pre_activations(rows))
        return np.array([z @ z.T / z.shape[1] for z in zs])


def correlations(kernels: ArrayLike) -> Array:
    """Return the correlations that belong to variances and covariances.

    Parameters
    ----------
    kernels : array_like of shape (layers, n, n)
        As `kernels` and `WideLayer.kernels` return them.

    Returns
    -------
    ndarray of shape (layers, n, n)
        K_ab / sqrt(K_aa K_bb), from -1 to 1; NaN for a point of no variance.
    """
    found = _checked_kernels(kernels)
    deviations = np.sqrt(np.diagonal(found, axis1=1, axis2=2))
    with np.errstate(all="ignore"):
        result: Array = found / deviations[:, :, None] / deviations[:, None, :]
    return result


def _checked_kernels(kernels: ArrayLike) -> Array:
    found = numbers("kernels", kernels, 3, "(layers, n, n)").astype(np.float64)
    if found.shape[1] != found.shape[2]:
        raise ValueError(f"kernels must have shape (layers, n, n); got shape {found.shape}")
    if (np.diagonal(found, axis1=1, axis2=2) < 0).any():
        raise ValueError("kernels must have variances of zero or more; got a negative one")
    return found
