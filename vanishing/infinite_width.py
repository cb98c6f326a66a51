"""Layers of infinite width: what they make of a signal's variance, of likeness and of the error.

A unit of a wide layer adds up many independent terms, so its z is normal over the draws of the
weights. All that is left to know of two points is the variance of z at each, and its correlation
between them. Both follow layer by layer (B. Poole and others, "Exponential expressivity in deep
neural networks through transient chaos", 2016; S. S. Schoenholz and others, "Deep information
propagation", 2017).
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, finite_matrix, real_number, shown, whole_number
from vanishing.activations import Activation, find_activation
from vanishing.gaussian import bisected, normal_mean, pair_mean

LARGEST_SIGMA = 1e6
"""Weights of a larger standard deviation leave nothing to compute with."""

LEAST, MOST = 1e-24, 1e24
"""Variances between which everything is computed; beyond them are zero and infinity."""

EXACT = 1e-9
"""What differs by less is taken for equal: the integrals are not much better."""

MOST_POINTS = 100
"""The pairs of more points would take minutes."""


@dataclass(frozen=True)
class WideLayer:
    """A layer of infinitely many units with random weights, of which a deep network has many.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_w : float
        The weights' standard deviation times sqrt(fan_in): 1 for LeCun's scheme, sqrt(2) for He's.
    sigma_b : float
        The biases' standard deviation; the networks of this package start with 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    With z normal of variance q, and E the mean over it,

        q' = sigma_w^2 E[f(z)^2] + sigma_b^2                     variance map
        c' = (sigma_w^2 E[f(z_a) f(z_b)] + sigma_b^2) / q'       correlation map, where q_a = q_b
        chi = sigma_w^2 E[f'(z)^2]                               squared error, one layer back

    Assumed are independent weights with mean zero and wide layers; for chi also that the error on
    its way back meets weights that have nothing to do with z, which is nearly so where layers are
    wide. Of several fixed points that one is meant to which a start at q = 1 leads.
    """

    activation: str | Activation
    sigma_w: float
    sigma_b: float = 0.0

    def __post_init__(self) -> None:
        find_activation(self.activation)
        real_number("sigma_w", self.sigma_w, at_most=LARGEST_SIGMA)
        real_number("sigma_b", self.sigma_b, zero_allowed=True, at_most=LARGEST_SIGMA)

    @property
    def _f(self) -> Activation:
        return find_activation(self.activation)

    # What one layer does.

    def variance(self, variance: float) -> float:
        """Return q', the variance of the next layer's z, from q, that of this layer's."""
        return self._variance(_checked_variance(variance))

    def _variance(self, q: float) -> float:
        return float(self.sigma_w**2 * self._mean_square(q) + self.sigma_b**2)

    def _mean_square(self, q: float) -> Array:
        return normal_mean(lambda z: self._f(z) ** 2, q)

    def correlation(self, correlation: float, variance: float) -> float:
        """Return c', for two points at which z has this variance, and this correlation c."""
        q, c = _checked_variance(variance), _checked_correlation(correlation)
        return self._covariance(c, q, q) / self._variance(q)

    def _covariance(self, c: float, q_a: float, q_b: float) -> float:
        # From the mean squared difference, so that what is all but equal keeps its digits.
        apart = pair_mean(lambda a, b: (self._f(a) - self._f(b)) ** 2, c, q_a, q_b)
        both = self._mean_square(q_a) + self._mean_square(q_b)
        return float(self.sigma_w**2 * (both - apart) / 2 + self.sigma_b**2)

    def error_factor(self, variance: float) -> float:
        """Return chi: what one layer multiplies the squared norm of the error by, on the mean."""
        return self._chi(_checked_variance(variance))

    def _chi(self, q: float) -> float:
        return float(self.sigma_w**2 * normal_mean(lambda z: self._f.slope(z) ** 2, q))

    def log_variance(self, variance: float, width: int) -> float:
        """Return what one layer of `width` units adds to the variance of ln norm(delta)^2.

        For independent normal weights it is (3 E[f'^4] / E[f'^2]^2 - 1) / width, to first order in
        1 / width: 5 / width for ReLU (B. Hanin, "Which neural net architectures give rise to
        exploding and vanishing gradients?", 2018; B. Hanin and M. Nica, "Products of many large
        random matrices and gradients in deep neural networks", 2019), 2 / width for a slope of 1.
        """
        q = _checked_variance(variance)
        units = whole_number("width", width, at_least=1, at_most=10_000_000)
        square = normal_mean(lambda z: self._f.slope(z) ** 2, q)
        fourth = normal_mean(lambda z: self._f.slope(z) ** 4, q)
        return float((3 * fourth / square**2 - 1) / units)

    def kernels(self, points: ArrayLike, layers: int) -> Array:
        """Return variances and covariances of z to expect in a network of such layers.

        Parameters
        ----------
        points : array_like of shape (n, D)
            At most 100 points.
        layers : int
            How many, from 1 to 1000. The first is of the same kind, with x in the place of f(z).

        Returns
        -------
        ndarray of shape (layers, n, n)
            The first is sigma_w^2 x_a . x_b / D + sigma_b^2. (These are the covariances of the
            Gaussian process that a wide network is: J. Lee and others, "Deep neural networks as
            Gaussian processes", 2018.)
        """
        x = finite_matrix("points", points).astype(np.float64)
        if len(x) > MOST_POINTS:
            raise ValueError(f"points must be at most {MOST_POINTS}; got {len(x)}")
        if abs(x).max() > 1 / EXACT:
            raise ValueError(f"points must be at most {1 / EXACT:g} away; got {abs(x).max():g}")
        count = whole_number("layers", layers, at_least=1, at_most=1000)
        found = [self.sigma_w**2 * (x @ x.T) / x.shape[1] + self.sigma_b**2]
        for _ in range(count - 1):
            found.append(self._next_kernel(found[-1]))
        return np.array(found)

    def _next_kernel(self, kernel: Array) -> Array:
        result = np.empty_like(kernel)
        q = np.clip(kernel.diagonal(), LEAST, MOST)
        for a, b in zip(*np.triu_indices(len(kernel)), strict=True):
            c = 1.0 if a == b else kernel[a, b] / math.sqrt(q[a] * q[b])
            result[a, b] = result[b, a] = self._covariance(c, q[a], q[b])
        return result

    # Where many layers lead.

    @functools.cached_property
    def fixed_variance(self) -> float:
        """q*: the variance that stays as it is; 0 or infinity where it dies out or grows on."""
        grows = self._variance(1.0) > 1
        if abs(self._variance(1.0) - 1) < EXACT:
            return 1.0  # For ReLU with sigma_w^2 = 2 every variance stays.
        powers = np.linspace(0, math.log(MOST if grows else LEAST), 112)
        turned = [(self._excess(power) > 0) != grows for power in powers]
        if not any(turned):
            return math.inf if grows else 0.0
        first = turned.index(True)
        return math.exp(bisected(self._excess, powers[first - 1], powers[first]))

    def _excess(self, power: float) -> float:
        q = math.exp(power)
        return self._variance(q) / q - 1

    @property
    def _q(self) -> float:
        # Zero and infinity are approached: ReLU has two slopes next to zero, and one at zero.
        return min(max(self.fixed_variance, LEAST), MOST)

    @property
    def chi_1(self) -> float:
        """The factor of the squared error a layer at q*, which is the correlation map's slope at 1.

        Below 1 the error vanishes and all points become one (order); above 1 the error explodes
        and points that were close come apart (chaos).
        """
        return self._chi(self._q)

    @property
    def fixed_correlation(self) -> float:
        """c*: the correlation that any two points come to; 1 in order.

        Also 1 where q* is zero: all points become zero. (Tanh is linear there, and such small
        signals keep what correlation they have.)
        """
        q = self._q
        if self._slope_at_1 <= 1 + EXACT:
            return 1.0
        if self.correlation(0, q) < EXACT:
            return 0.0
        return bisected(lambda c: self.correlation(c, q) - c, 0, 1 - 1e-6)

    @property
    def _slope_at_1(self) -> float:
        # At q* it is chi_1; where the variance grows or shrinks for ever, chi relative to that.
        return self._chi(self._q) * self._q / self._variance(self._q)

    @property
    def variance_depth(self) -> float:
        """xi_q = -1 / ln(dq'/dq): the layers in which a deviation from q* shrinks to 1/e.

        Infinity where it does not shrink exponentially.
        """
        q = self._q
        along = normal_mean(lambda z: self._f(z) * self._f.slope(z) * z, q)
        return _depth(float(self.sigma_w**2 * along / q))

    @property
    def correlation_depth(self) -> float:
        """xi_c = -1 / ln(dc'/dc): the layers in which a deviation from c* shrinks to 1/e.

        Infinity at the edge of chaos, and for ReLU without biases whatever its weights.
        """
        c, q = self.fixed_correlation, self._q
        if c == 1:
            return _depth(self._slope_at_1)
        both = pair_mean(lambda a, b: self._f.slope(a) * self._f.slope(b), c, q, q)
        return _depth(self.sigma_w**2 * both)


def _checked_variance(value: float) -> float:
    number = real_number("variance", value, at_most=MOST)
    if number < LEAST:
        raise ValueError(f"variance must be at least {LEAST:g}; got {shown(value)}")
    return number


def _checked_correlation(value: Any) -> float:
    try:
        size = real_number("correlation", value if value > 0 else -value, zero_allowed=True)
    except (TypeError, ValueError):
        size = math.inf
    if size > 1:
        kind = ValueError if isinstance(value, int | float) else TypeError
        raise kind(f"correlation must be a number from -1 to 1; got {shown(value)}")
    return math.copysign(size, value)


def _depth(slope: float) -> float:
    if slope >= 1 - EXACT:
        return math.inf
    return -1 / math.log(slope) if slope > 0 else 0.0
