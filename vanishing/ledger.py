"""The exact account of a backward pass: what each step back through the network did to the error.

On its way from layer l + 1 to layer l the back-propagated error meets two factors,

    u_l = delta_(l+1) W_(l+1)^T,    delta_l = u_l * f'(z_l),

so its norm is multiplied by norm(u_l) / norm(delta_(l+1)), the weights' doing, and then by
norm(delta_l) / norm(u_l), the slopes'. The product over all layers is exactly
norm(delta_1) / norm(delta_L). Norms are root sums of squares over all examples and units.

Normalization and shortcuts put in two more. Before it meets W_(l+1), delta_(l+1) passes backwards
through the layer's normalization, to become a_(l+1); and where a shortcut leads around layer l + 1,
the error v_(l+1) that had arrived at its end is added to u_l:

    u_l = a_(l+1) W_(l+1)^T,    v_l = u_l + v_(l+1),    delta_l = residual * v_l * f'(z_l).

A sum has no factors of its own. It is booked as norm(v_l) / norm(u_l): by how much the norm grew,
or shrank, when the shortcut's part was added to the branch's. So each step stays a product, and
the books balance. A large factor of the shortcut says that the error came around the layer, not
through it. The slopes' factor includes the branch's scale `residual`.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vanishing._checks import Array, instance, several, whole_number
from vanishing.accounts import SMALL, check_balance, judged, ratio, short, verdict
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
from vanishing.layers import Dense, cross_entropy
from vanishing.network import Network, check_fit
from vanishing.optimizers import norm
from vanishing.training import Trainer
from vanishing.units import dead_masks, saturated

FAR_BELOW = 0.5
"""Slopes whose root mean square is below this share of the largest slope count as saturated."""

MOSTLY_DEAD = 0.5
"""From this share of dead units on, they are the cause."""


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
    normalization, shortcut : ndarray of shape (L - 1,)
        The factors of the normalization and of the shortcut on the way; 1 where there is none.
    saturated, dead : ndarray of shape (L - 1,)
        See `units.saturated_fraction` and `units.dead_units`; here both are fractions.
    causes : tuple of str, of length L - 1
        What became of the error, in words; see `cause`.
    """

    sizes: tuple[int, ...]
    activation: Activation
    norms: Array
    weights: Array
    slopes: Array
    normalization: Array
    shortcut: Array
    saturated: Array
    dead: Array
    causes: tuple[str, ...]

    @property
    def factors(self) -> Array:
        """What each step multiplied the error's norm by, of shape (L - 1,)."""
        # Infinity times 0 where a shortcut led around weights of zero.
        with np.errstate(invalid="ignore"):
            product: Array = self.normalization * self.weights * self.shortcut * self.slopes
        return product

    @property
    def attenuation(self) -> float:
        """norm(delta_1) / norm(delta_L); NaN if there is no error at all."""
        with np.errstate(invalid="ignore"):
            return float(self.norms[0] / self.norms[-1])

    @property
    def per_layer(self) -> float:
        """The factor that, step after step, would make the same attenuation."""
        return float(self.attenuation ** (1 / len(self.weights)))

    @property
    def verdict(self) -> str:
        """What becomes of the error on the whole way, in words; see `accounts.verdict`."""
        return verdict(self.attenuation)

    @property
    def imbalance(self) -> float:
        """How far the product of all factors is from `attenuation`, as a share of it."""
        if not 0 < self.attenuation < np.inf or np.isinf(self.shortcut).any():
            return 0.0
        return float(abs(np.prod(self.factors) / self.attenuation - 1))

    @property
    def columns(self) -> dict[str, Array]:
        """The factors by name, in the order that the error meets them; those that do anything."""
        extra = {"normalization": self.normalization, "shortcut": self.shortcut}
        found = {"weights": self.weights, "slopes": self.slopes}
        found |= {name: factors for name, factors in extra.items() if (factors != 1).any()}
        order = ("normalization", "weights", "shortcut", "slopes")
        return {name: found[name] for name in order if name in found}

    def __str__(self) -> str:
        """Return the books as a table that is read like the error travels, from the scores down."""
        last = len(self.norms)
        columns = {f"{name:>{max(9, len(name) + 2)}}": of for name, of in self.columns.items()}
        blank = " " * sum(map(len, columns))
        rows = [f"{last:>5}{blank}{self.norms[-1]:>11.1e}  (scores)"]
        for layer in range(last - 1, 0, -1):
            i = layer - 1
            factors = "".join(f"{short(of[i]):>{len(name)}}" for name, of in columns.items())
            rows.append(f"{layer:>5}{factors}{self.norms[i]:>11.1e}  {self.causes[i]}")
        head = f"{'layer':>5}{''.join(columns)}{'norm':>11}  cause"
        total = f"first / last layer: {self.attenuation:.2g}"
        if len(self.weights) > 1:
            total += f", {short(self.per_layer)} a layer: the error {self.verdict}"
        return "\n".join([head, *rows, total])


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
        If network and data do not fit, there is no hidden layer, or a parameter, a score or an
        error is not finite (as after a run that diverged).
    ArithmeticError
        If the books do not balance to rounding error.
    """
    dense = _forward(network, data)
    f, pre = network.activation, [layer.z for layer in dense[:-1]]
    with np.errstate(all="ignore"):
        norms, factors = _walk_back(network, dense, data)
    if not np.isfinite(norms).all():
        raise ValueError("network must have a finite error; got NaN or infinity (overflow)")
    dead = np.array([mask.mean() for mask in dead_masks(f, pre)])
    books = Ledger(
        sizes=network.sizes,
        activation=f,
        norms=norms,
        **factors,
        saturated=saturated(f, pre),
        dead=dead,
        causes=tuple(
            cause(
                f,
                factors["weights"][i],
                factors["slopes"][i],
                arrives=norms[i + 1],
                dead=dead[i],
                normalization=factors["normalization"][i],
                shortcut=factors["shortcut"][i],
            )
            for i in range(len(pre))
        ),
    )
    check_balance(books.imbalance)
    return books


def _walk_back(
    network: Network, dense: list[Dense], data: Dataset
) -> tuple[Array, dict[str, Array]]:
    """Return the norms of delta, and each part's factors by name, first layer first."""
    _, error = cross_entropy(dense[-1].z, data.labels)
    norms, steps, arrived = [norm(error)], [], np.zeros(1)
    for layer in reversed(range(len(dense) - 1)):
        above = dense[layer + 1]
        normalized = above.normalization.backward(error) if above.normalization else error
        branch = normalized @ above.W.T
        # The error at h of this layer: through the branch above, and around it.
        around = network.shortcut(layer + 1) is not None
        arrived = branch + arrived if around else branch
        slope = network.activation.slope(dense[layer].z)
        before, error = error, (network.shortcut(layer) or 1.0) * arrived * slope
        ways = [norm(way) for way in (before, normalized, branch, arrived, error)]
        factors = [ratio(after, former) for former, after in itertools.pairwise(ways)]
        # Where there is no such part its factor is 1, even if there is no error.
        there = (above.normalization is not None, True, around, True)
        steps.append([of if has else 1.0 for of, has in zip(factors, there, strict=True)])
        norms.append(ways[-1])
    columns = np.array(steps[::-1]).T
    names = ("normalization", "weights", "shortcut", "slopes")
    return np.array(norms[::-1]), dict(zip(names, columns, strict=True))


def _forward(network: Network, data: Dataset) -> list[Dense]:
    """Return the fully connected layers after a forward pass in float64, if that has one."""
    check_fit(network, data)
    if len(network.weights) < 2:
        raise ValueError(f"network must have a hidden layer; got sizes {network.sizes}")
    if not all(np.isfinite(a).all() for a in (*network.weights, *network.biases)):
        raise ValueError("network must have finite weights and biases; got NaN or infinity")
    # As in training, a batch normalization takes the statistics of these very data.
    chain, dense = network.unfitted().astype(np.float64).parts()
    with np.errstate(all="ignore"):
        scores = chain.forward(data.points)
    if not np.isfinite(scores).all():
        raise ValueError("network must give finite scores; got NaN or infinity (overflow)")
    return dense


def cause(
    activation: str | Activation,
    weights: float,
    slopes: float,
    *,
    arrives: float,
    dead: float,
    normalization: float = 1.0,
    shortcut: float = 1.0,
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
        The fraction of dead units of the layer.
    normalization, shortcut : float
        The two other factors, where there are such parts.

    Returns
    -------
    str
        - "no error arrives": there is nothing to multiply.
        - "around the layer only": nothing came through the layer, all came through the shortcut.
        - "healthy": the norm is at most divided or multiplied by 3. A large factor may make up
          for a small one.
        - "grows": it is multiplied by more than 3.
        - otherwise the factors below 1/2, or the smaller one if there is none: "small weights",
          and for the slopes
          "dead units" (half of the units or more, or nothing comes through),
          "saturated" (root mean square below half of the largest slope),
          "unsaturated, but times 1/4 at most" (sigmoid; "slopes below 1" for tanh), or
          "units off" (ReLU: not dead, but off for the examples that carry the error);
          and "normalization" or "shortcut" where one of these has a factor below 1/2.
    """
    f = find_activation(activation)
    if arrives > 0 and shortcut == math.inf:
        return "around the layer only"
    if found_at_once := judged(weights * slopes * normalization * shortcut, arrives):
        return found_at_once
    limit = max(SMALL, np.fmin(weights, slopes))  # NaN if neither has anything to work on
    found = ["small weights"] if weights <= limit else []
    if slopes <= limit:
        found.append(slopes_cause(f, slopes, dead))
    others = {"normalization": normalization, "shortcut": shortcut}
    found += [name for name, factor in others.items() if factor < SMALL]
    return " and ".join(found)


def slopes_cause(f: Activation, slopes: float, dead: float) -> str:
    """Return in words why slopes take from an error; as for `cause`."""
    if slopes == 0 or dead >= MOSTLY_DEAD:
        return "dead units"
    if f.bounds is None:
        return "units off"
    if slopes < FAR_BELOW * f.largest_slope:
        return "saturated"
    if f.largest_slope >= 1:
        return "slopes below 1"
    return f"unsaturated, but times 1/{1 / f.largest_slope:g} at most"


# Over training time


def ledgers(trainer: Trainer, data: Dataset, iterations: Sequence[int]) -> list[Ledger]:
    """Return the ledger at each of some iterations of a training run.

    Parameters
    ----------
    trainer : Trainer
        It is advanced to the last of the iterations.
    data : Dataset
        What to make the account on; as a rule what the trainer trains on.
    iterations : sequence of int
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
    instance("trainer", trainer, Trainer)
    check_fit(trainer.network, data)
    books = []
    for wanted in several("iterations", iterations, "whole numbers"):
        target = whole_number("iterations", wanted, at_least=trainer.iteration)
        trainer.make_room(target, only_check=True)
        trainer.advance(target - trainer.iteration)
        if trainer.diverged_at is not None:
            break
        books.append(ledger(trainer.network, data))
    return books
