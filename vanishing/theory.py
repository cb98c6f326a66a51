"""What random weights lead one to expect of the error's way back: mean-field theory."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vanishing._checks import Array, hidden_layer_sizes, shown, whole_number
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
from vanishing.gaussian import normal_mean
from vanishing.initialization import Scheme, checked_spread
from vanishing.jacobian import jacobian
from vanishing.ledger import ledger
from vanishing.network import Network, layer_scales

MOST_DRAWS = 100_000
"""More networks than this are taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """The factors that theory expects of random weights, in the order of a `Ledger`.

    Parameters
    ----------
    weights, slopes : ndarray of shape (L - 1,)
        The expected factors.
    """

    weights: Array
    slopes: Array

    @property
    def factors(self) -> Array:
        """What each step is expected to multiply the error's norm by, of shape (L - 1,)."""
        product: Array = self.weights * self.slopes
        return product

    @property
    def attenuation(self) -> float:
        """The expected norm(delta_1) / norm(delta_L)."""
        return float(np.prod(self.factors))


def mean_field(
    sizes: Sequence[int],
    activation: str | Activation,
    scale: float | Sequence[float],
    data: Dataset,
    *,
    scheme: str | Scheme = "normal",
) -> Expectation:
    """Return the factors to expect of random weights and zero biases.

    Parameters
    ----------
    sizes : sequence of int
        The width of every layer, input first; at least one hidden.
    activation : str or Activation
        The activation of the hidden layers.
    scale : float or sequence of float
        With the scheme "normal" the standard deviation of the weights, with the others a factor on
        theirs; one for all or one a matrix.
    data : Dataset
        Its points are the inputs.
    scheme : {"normal", "lecun", "glorot", "he", "orthogonal"} or Scheme
        How the weights are drawn. (Orthogonal ones are not independent, but have the same means.)

    Returns
    -------
    Expectation
        Root mean squares over all draws of the weights.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    Weights. Each of the fan_in entries of u = W delta is a sum of fan_out independent terms, with
    variance s^2 norm(delta)^2. So the mean of norm(u)^2 is fan_in s^2 norm(delta)^2, and the
    factor s sqrt(fan_in), where fan_in counts the units at which the error arrives. (The error of
    a typical unit, the root mean square over the layer, changes by s sqrt(fan_out).)

    Slopes. Given its input, z_l is close to normal with mean 0 and a variance q that follows
    layer by layer: q_1 = s^2 norm(x)^2 and q_(l+1) = s^2 fan_in E[f(z_l)^2]. If u is independent
    of z, the factor is sqrt(E[f'(z_l)^2]): the mean over the draws and over the examples, each
    counted by its share of the squared error, which is taken to be equal at the scores.

    That u and z share no weights holds only nearly, the better the wider the layers: this is the
    mean-field approximation (B. Poole et al., "Exponential expressivity in deep neural networks
    through transient chaos", 2016; S. S. Schoenholz et al., "Deep information propagation", 2017).
    """
    widths, f = hidden_layer_sizes(sizes), find_activation(activation)
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset; got {shown(data)}")
    if data.points.shape[1] != widths[0]:
        raise ValueError(
            f"sizes must begin with {data.points.shape[1]}, as data; got {shown(sizes)}"
        )
    shapes, rule = list(itertools.pairwise(widths)), checked_spread(scheme)
    factors = layer_scales(scale, len(shapes))
    spreads = [one * rule(*shape) for one, shape in zip(factors, shapes, strict=True)]
    variance = spreads[0] ** 2 * np.sum(data.points**2, axis=1)
    squares = []
    for width, spread in zip(widths[1:-1], spreads[1:], strict=True):
        squares.append(normal_mean(lambda z: f.slope(z) ** 2, variance))
        variance = spread**2 * width * normal_mean(lambda z: f(z) ** 2, variance)
    weights = np.array(spreads[1:]) * np.sqrt(widths[1:-1])
    return Expectation(weights, _slope_factors(squares))


def _slope_factors(squares: list[Array]) -> Array:
    """Return the slopes' factors from E[f'(z_l)^2] of each example, each of shape (n,)."""
    share = np.full_like(squares[-1], 1 / len(squares[-1]))  # of the error, on each example
    factors = []
    for square in reversed(squares):
        passed = share * square
        factors.append(np.sqrt(passed.sum()))
        share = passed / passed.sum() if passed.any() else share
    return np.array(factors[::-1])


def random_attenuations(
    sizes: Sequence[int],
    activation: str | Activation,
    scale: float | Sequence[float] | None,
    data: Dataset,
    draws: int,
    *,
    scheme: str | Scheme = "normal",
) -> Array:
    """Return norm(delta_1) / norm(delta_L) of some randomly drawn networks.

    Parameters
    ----------
    sizes, activation, scale, scheme
        As for `Network.initialize`.
    data : Dataset
        What to make the accounts on.
    draws : int
        How many, up to 100,000; the seeds are 0, 1, 2, ...

    Returns
    -------
    ndarray of shape (draws,)
        One for each network.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    found = _networks(draws, sizes, activation, scale=scale, scheme=scheme)
    return np.array([ledger(network, data).attenuation for network in found])


def random_gradients(
    sizes: Sequence[int],
    activation: str | Activation,
    scale: float | Sequence[float] | None,
    point: ArrayLike,
    draws: int,
    *,
    scheme: str | Scheme = "normal",
) -> Array:
    """Return the squared norm of a score's gradient by z_1, of some randomly drawn networks.

    Parameters
    ----------
    sizes, activation, scale, scheme
        As for `Network.initialize`; at least one hidden layer.
    point : array_like of shape (D,)
        The input, not at the origin.
    draws : int
        How many, up to 100,000; the seeds are 0, 1, 2, ...

    Returns
    -------
    ndarray of shape (draws,)
        One for each network, of its first score.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    For ReLU and He's weights it is a product of independent factors, one for each hidden layer:
    2 / n times the sum of K squared normal numbers, where K counts heads among n fair coins, the
    units that are on. The mean of each is 1, its variance 5 / n. So the mean of the product is 1
    at any depth, while its logarithm, a sum, becomes normal with a variance near 5 depth / n and
    half of that as its negative mean: the median is near exp(-2.5 depth / n). (B. Hanin, 2018;
    B. Hanin and M. Nica, 2019; see `WideLayer.log_variance` for other activations.)
    """
    hidden_layer_sizes(sizes)
    found = _networks(draws, sizes, activation, scale=scale, scheme=scheme)
    return np.array([_squared_gradient(network, point) for network in found])


def _squared_gradient(network: Network, point: ArrayLike) -> float:
    by_h = jacobian(network, point, first=1, last=len(network.weights))[0]
    z = network.pre_activations(np.asarray(point)[None])[0][0]
    return float(np.sum((by_h * network.activation.slope(z)) ** 2))


def _networks(draws: int, *arguments: Any, **settings: Any) -> Iterator[Network]:
    count = whole_number("draws", draws, at_least=1, at_most=MOST_DRAWS)
    return (Network.initialize(*arguments, **settings, rng=seed) for seed in range(count))
