"""What random weights lead one to expect of the error's way back: mean-field theory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vanishing._checks import Array, layer_sizes, shown, whole_number
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
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
) -> Expectation:
    """Return the factors to expect of independent normal weights and zero biases.

    Parameters
    ----------
    sizes : sequence of int
        The width of every layer, input first; at least one hidden.
    activation : str or Activation
        The activation of the hidden layers.
    scale : float or sequence of float
        Standard deviation of the weights, one for all or one a matrix.
    data : Dataset
        Its points are the inputs.

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
    widths = layer_sizes(sizes)
    f = find_activation(activation)
    if len(widths) < 3:
        raise ValueError(f"sizes must name a hidden layer; got {shown(sizes)}")
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset; got {shown(data)}")
    if data.points.shape[1] != widths[0]:
        raise ValueError(
            f"sizes must begin with {data.points.shape[1]}, as data; got {shown(sizes)}"
        )
    spreads = layer_scales(scale, len(widths) - 1)
    variance = spreads[0] ** 2 * np.sum(data.points**2, axis=1)
    squares = []
    for width, spread in zip(widths[1:-1], spreads[1:], strict=True):
        squares.append(_normal_mean_square(f.slope, variance))
        variance = spread**2 * width * _normal_mean_square(f.value, variance)
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


def _normal_mean_square(function: Callable[[Array], Array], variance: Array) -> Array:
    """Return E[function(z)^2] for normal z with mean 0, for each variance.

    By the midpoint rule. For sigmoid and tanh its error is below 1e-8 up to a standard deviation
    of 30. No node lies at zero, so the halves of ReLU are exact too.
    """
    nodes = (np.arange(1536) + 0.5) / 96 - 8
    density = np.exp(-(nodes**2) / 2)
    values = function(np.sqrt(variance)[:, None] * nodes)
    mean: Array = values**2 @ (density / density.sum())
    return mean


def random_attenuations(
    sizes: Sequence[int],
    activation: str | Activation,
    scale: float | Sequence[float],
    data: Dataset,
    draws: int,
) -> Array:
    """Return norm(delta_1) / norm(delta_L) of some randomly drawn networks.

    Parameters
    ----------
    sizes, activation, scale
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
    count = whole_number("draws", draws, at_least=1, at_most=MOST_DRAWS)
    networks = (Network.initialize(sizes, activation, scale=scale, rng=k) for k in range(count))
    return np.array([ledger(network, data).attenuation for network in networks])
