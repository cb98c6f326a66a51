"""The exact account of a backward pass: what each step back through the network did to the error.

On its way from layer l + 1 to layer l the back-propagated error meets two factors,

    u_l = delta_(l+1) W_(l+1)^T,    delta_l = u_l * f'(z_l),

so its norm is multiplied by norm(u_l) / norm(delta_(l+1)), the weights' doing, and then by
norm(delta_l) / norm(u_l), the slopes'. The product over all layers is exactly
norm(delta_1) / norm(delta_L). Norms are root sums of squares over all examples and units.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vanishing._checks import layer_sizes, real_number, whole_number
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
from vanishing.network import Network, check_fit
from vanishing.training import Trainer

Array = NDArray[Any]

SHRINKS, GROWS = 1 / 3, 3.0
"""A layer that multiplies the error's norm by less, or by more, is not healthy."""

SMALL = 0.5
"""A factor below this is named when a layer shrinks the error."""

FAR_BELOW = 0.5
"""Slopes whose root mean square is below this share of the largest slope count as saturated."""

MOSTLY_DEAD = 0.5
"""From this share of dead units on, they are the cause."""

EDGE = 0.05
"""An output is saturated in this share of the activation's range at either end."""

ROUNDING = 1e-12
"""Relative difference up to which the books count as balanced."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """The books of one backward pass, for a network of L layers of weights.

    Entry l of the arrays of length L - 1 belongs to the hidden layer `l + 1`, at which the error
    arrives after it has crossed `network.weights[l + 1]` backwards; so they run from the first
    hidden layer to the last.

    Parameters
    ----------
    sizes : tuple of int
        The width of every layer, input first.
    activation : Activation
        The activation of the hidden layers.
    norms : ndarray of shape (L,)
        The norm of delta of each layer, first layer first, scores last.
    weights, slopes : ndarray of shape (L - 1,)
        The two factors. 0 if nothing comes through; NaN if nothing arrived that could.
    saturated, dead : ndarray of shape (L - 1,)
        See `saturation_share` and `dead_units`; here both are shares.
    causes : tuple of str, of length L - 1
        What became of the error, in words; see `cause`.
    """

    sizes: tuple[int, ...]
    activation: Activation
    norms: Array
    weights: Array
    slopes: Array
    saturated: Array
    dead: Array
    causes: tuple[str, ...]

    @property
    def factors(self) -> Array:
        """What each step multiplied the error's norm by, of shape (L - 1,)."""
        product: Array = self.weights * self.slopes
        return product

    @property
    def attenuation(self) -> float:
        """norm(delta_1) / norm(delta_L); NaN if there is no error at all."""
        with np.errstate(invalid="ignore"):
            return float(self.norms[0] / self.norms[-1])

    @property
    def imbalance(self) -> float:
        """How far the product of all factors is from `attenuation`, as a share of it."""
        if not self.attenuation > 0:
            return 0.0
        return float(abs(np.prod(self.factors) / self.attenuation - 1))

    def __str__(self) -> str:
        """Return the books as a table that is read like the error travels, from the scores down."""
        last = len(self.norms)
        rows = [f"{last:>5}{'':>18}{self.norms[-1]:>11.1e}  (scores)"]
        for layer in range(last - 1, 0, -1):
            i = layer - 1
            factors = f"{_short(self.weights[i]):>9}{_short(self.slopes[i]):>9}"
            rows.append(f"{layer:>5}{factors}{self.norms[i]:>11.1e}  {self.causes[i]}")
        head = f"{'layer':>5}{'weights':>9}{'slopes':>9}{'norm':>11}  cause"
        total = f"first / last layer: {self.attenuation:.2g}"
        return "\n".join([head, *rows, total])


def _short(factor: float) -> str:
    """Return a factor in as few digits as the reader needs."""
    return f"x {factor:.2g}"


def ledger(network: Network, data: Dataset) -> Ledger:
    """Return the exact account of one backward pass over the whole data set.

    Parameters
    ----------
    network : Network
        A network with one hidden layer or more. The account is made in float64.
    data : Dataset
        Points and labels that fit the network.

    Returns
    -------
    Ledger
        The books; they have been found to balance.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, there is no hidden layer, or a parameter or a score is
        not finite (as after a run that diverged).
    ArithmeticError
        If the books do not balance to rounding error.
    """
    pre = _pre_activations(network, data)
    f = network.activation
    norms, weights, slopes = _walk_back(network, pre, _score_error(pre[-1], data.labels))
    dead = np.array(_dead(f, pre)) / network.sizes[1:-1]
    entries = zip(weights, slopes, norms[1:], dead, strict=True)
    books = Ledger(
        sizes=network.sizes,
        activation=f,
        norms=norms,
        weights=weights,
        slopes=slopes,
        saturated=_saturated(f, pre),
        dead=dead,
        causes=tuple(cause(f, w, s, arrives=norm, dead=share) for w, s, norm, share in entries),
    )
    if books.imbalance > ROUNDING:
        raise ArithmeticError(f"the books are out of balance by a share of {books.imbalance:.1e}")
    return books


def _walk_back(network: Network, pre: list[Array], error: Array) -> tuple[Array, Array, Array]:
    """Return the norms of delta, the weights' factors and the slopes', first layer first."""
    norms, weights, slopes = [_norm(error)], [], []
    for w, z in zip(network.weights[:0:-1], pre[-2::-1], strict=True):
        before_slopes = error @ w.astype(np.float64).T
        error = before_slopes * network.activation.slope(z)
        weights.append(_ratio(_norm(before_slopes), norms[-1]))
        slopes.append(_ratio(_norm(error), _norm(before_slopes)))
        norms.append(_norm(error))
    return np.array(norms[::-1]), np.array(weights[::-1]), np.array(slopes[::-1])


def _norm(values: Array) -> float:
    """Return the root sum of squares; scaled first, since squares of 1e-200 would be zero."""
    largest = float(np.abs(values).max())
    return largest * float(np.sqrt(np.square(values / largest).sum())) if largest > 0 else 0.0


def _ratio(after: float, before: float) -> float:
    return after / before if before > 0 else float("nan")


def _score_error(scores: Array, labels: Array) -> Array:
    """Return delta of the last layer, (p - one_hot) / n."""
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    error: Array = p / len(labels)
    return error


def _pre_activations(network: Network, data: Dataset) -> list[Array]:
    """Return z of every layer in float64, if the network has an account to give."""
    check_fit(network, data)
    _check_hidden(network)
    if not all(np.isfinite(a).all() for a in (*network.weights, *network.biases)):
        raise ValueError("network must have finite weights and biases; got NaN or infinity")
    pre = _in_float64(network).pre_activations(data.points)
    if not np.isfinite(pre[-1]).all():
        raise ValueError("network must give finite scores; got NaN or infinity (overflow)")
    return pre


def _check_hidden(network: Network) -> None:
    if len(network.weights) < 2:
        raise ValueError(f"network must have a hidden layer; got sizes {network.sizes}")


def _in_float64(network: Network) -> Network:
    weights = [w.astype(np.float64) for w in network.weights]
    return Network(weights, [b.astype(np.float64) for b in network.biases], network.activation)


def cause(
    activation: str | Activation, weights: float, slopes: float, *, arrives: float, dead: float
) -> str:
    """Return in words what a step back did to the error.

    Parameters
    ----------
    activation : str or Activation
        The activation of the layer.
    weights, slopes : float
        The two factors of the step.
    arrives : float
        The norm of the error before the step.
    dead : float
        The share of dead units of the layer.

    Returns
    -------
    str
        - "no error arrives": there is nothing to multiply.
        - "healthy": the norm is at most divided or multiplied by 3. A large factor may make up
          for a small one.
        - "grows": it is multiplied by more than 3.
        - otherwise the factors below 1/2, or the smaller one if there is none: "small weights",
          and for the slopes
          "dead units" (half of the units or more, or nothing comes through),
          "saturated" (root mean square below half of the largest slope),
          "unsaturated, but times 1/4 at most" (sigmoid; "slopes below 1" for tanh), or
          "units off" (ReLU: not dead, but off for the examples that carry the error).
    """
    f = find_activation(activation)
    product = weights * slopes
    if not arrives > 0:
        return "no error arrives"
    if SHRINKS <= product <= GROWS:
        return "healthy"
    if product > GROWS:
        return "grows"
    limit = max(SMALL, np.nanmin([weights, slopes]))
    found = ["small weights"] if weights <= limit else []
    if slopes <= limit:
        found.append(_slopes_cause(f, slopes, dead))
    return " and ".join(found)


def _slopes_cause(f: Activation, slopes: float, dead: float) -> str:
    if slopes == 0 or dead >= MOSTLY_DEAD:
        return "dead units"
    if _range(f) is None:
        return "units off"
    if slopes < FAR_BELOW * f.largest_slope:
        return "saturated"
    if f.largest_slope == 1:
        return "slopes below 1"
    return f"unsaturated, but times 1/{1 / f.largest_slope:g} at most"


def _range(f: Activation) -> tuple[float, float] | None:
    """Return the limits of f to the left and right, or None if f is not bounded."""
    low, high = (float(f(np.array(end))) for end in (-np.inf, np.inf))
    return (low, high) if np.isfinite(high - low) else None


# Diagnostics


def hidden_outputs(network: Network, data: Dataset) -> list[Array]:
    """Return h = f(z) of each hidden layer, of shape (n, fan_out)."""
    check_fit(network, data)
    with np.errstate(over="ignore", invalid="ignore"):
        return [network.activation(z) for z in network.pre_activations(data.points)[:-1]]


def saturation_share(network: Network, data: Dataset) -> Array:
    """Return the share of saturated outputs in each hidden layer.

    An output (of one unit for one example) is saturated if it lies in the outer 5 % of the
    activation's range at either end: outside [0.05, 0.95] for sigmoid, [-0.9, 0.9] for tanh. The
    slope there is below 19 % of the largest. An activation without bounds never saturates in
    this sense; what ReLU has instead are units that are off, see `dead_units`.

    Parameters
    ----------
    network : Network
        A network with one hidden layer or more.
    data : Dataset
        Points and labels that fit the network.

    Returns
    -------
    ndarray of shape (L - 1,)
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        As for `ledger`.
    """
    return _saturated(network.activation, _pre_activations(network, data))


def _saturated(f: Activation, pre: list[Array]) -> Array:
    bounds = _range(f)
    if bounds is None:
        return np.zeros(len(pre) - 1)
    edge = EDGE * (bounds[1] - bounds[0])
    low, high = bounds[0] + edge, bounds[1] - edge
    return np.array([np.mean((f(z) < low) | (f(z) > high)) for z in pre[:-1]])


def dead_units(network: Network, data: Dataset) -> list[int]:
    """Return how many units of each hidden layer are dead.

    A unit is dead if its slope is zero for every example: no error comes through it, so its
    weights stay as they are (but for the penalty's pull). For ReLU this means off for all the
    data.

    Parameters
    ----------
    network : Network
        Any network; where it has diverged, units whose z is not finite are not counted.
    data : Dataset
        Points and labels that fit the network.

    Returns
    -------
    list of int
        One count a hidden layer; empty for a linear network.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit.
    """
    check_fit(network, data)
    return _dead(network.activation, network.pre_activations(data.points))


def _dead(f: Activation, pre: list[Array]) -> list[int]:
    with np.errstate(over="ignore", invalid="ignore"):
        blocked = [(f.slope(z) == 0) & np.isfinite(z) for z in pre[:-1]]
    return [int(np.sum(units.all(axis=0))) for units in blocked]


# Over training time


def ledgers(trainer: Trainer, data: Dataset, iterations: Iterable[int]) -> list[Ledger]:
    """Return the ledger at each of some iterations of a training run.

    Parameters
    ----------
    trainer : Trainer
        It is advanced to the last of the iterations.
    data : Dataset
        What to make the account on; as a rule what the trainer trains on.
    iterations : iterable of int
        Rising, from the trainer's present iteration on; each stands for the state before its
        update.

    Returns
    -------
    list of Ledger
        One an iteration; fewer if the run diverges.

    Raises
    ------
    TypeError, ValueError
        If the iterations do not rise, or as for `ledger`.
    """
    books = []
    for wanted in iterations:
        target = whole_number("iterations", wanted, at_least=trainer.iteration)
        trainer.advance(target - trainer.iteration)
        if trainer.diverged_at is not None:
            break
        books.append(ledger(trainer.network, data))
    return books


# Theory


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
        raise ValueError(f"sizes must name a hidden layer; got {sizes!r}")
    if data.points.shape[1] != widths[0]:
        raise ValueError(f"sizes must begin with {data.points.shape[1]}, as data; got {sizes!r}")
    spreads = _checked_scales(scale, len(widths) - 1)
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


def _checked_scales(scale: float | Sequence[float], layers: int) -> list[float]:
    if np.ndim(scale) == 0:
        return [real_number("scale", scale)] * layers
    spreads = [real_number(f"scale[{i}]", s) for i, s in enumerate(cast(Sequence[float], scale))]
    if len(spreads) != layers:
        raise ValueError(f"scale must be one number, or {layers} of them; got {scale!r}")
    return spreads


def _normal_mean_square(function: Callable[[Array], Array], variance: Array) -> Array:
    """Return E[function(z)^2] for normal z with mean 0, for each variance.

    By the midpoint rule. For sigmoid and tanh its error is below 1e-8 up to a standard deviation
    of 30. No node lies at zero, so the halves of ReLU are exact too.
    """
    nodes = (np.arange(512) + 0.5) / 32 - 8
    density = np.exp(-(nodes**2) / 2)
    values = function(np.sqrt(variance)[:, None] * nodes)
    mean: Array = values**2 @ (density / density.sum())
    return mean


def random_attenuations(
    sizes: Sequence[int],
    activation: str | Activation,
    scale: float,
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
        How many; the seeds are 0, 1, 2, ...

    Returns
    -------
    ndarray of shape (draws,)
        One for each network.
    """
    count = whole_number("draws", draws, at_least=1)
    networks = (Network.initialize(sizes, activation, scale=scale, rng=k) for k in range(count))
    return np.array([ledger(network, data).attenuation for network in networks])
