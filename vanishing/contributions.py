"""What each step contributes to the gradient of weights that all steps share.

Backpropagation through time adds up one gradient a step, dW = dW_1 + ... + dW_T. Where the error
does not arrive a step contributes next to nothing: what was shown there is not learned from. How
far a step lies from the last one is its lag.
"""

import math
from dataclasses import dataclass

import numpy as np

from vanishing._checks import Array, instance, one_of, real_number
from vanishing.optimizers import norm
from vanishing.recurrent import RecurrentNetwork, check_finite
from vanishing.sequences import SequenceData
from vanishing.through_time import GradientsThroughTime, gradients_through_time

SHARED = ("W_x", "W_h", "b")
"""The parameters that all steps share."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each of T steps contributes to one gradient; first step first.

    Parameters
    ----------
    weights : {"W_x", "W_h", "b"}
        Of which parameters the gradient is.
    norms : ndarray of shape (T,)
        The norm of each contribution.
    shares : ndarray of shape (T,)
        How much of the total each makes: its projection on the total, over the total's norm. They
        sum to 1, and may be negative, or beyond 1, where steps pull in different directions.
        NaN if the total is zero.
    total : float
        The norm of the total gradient.
    """

    weights: str
    norms: Array
    shares: Array
    total: float

    @property
    def lags(self) -> Array:
        """How many steps before the last one each step lies, of shape (T,)."""
        found: Array = np.arange(len(self.norms))[::-1]
        return found

    def reach(self, share: float = 0.01) -> int:
        """Return the largest lag at which a contribution is at least this share of the largest.

        It is -1 if nothing is contributed at all.

        Parameters
        ----------
        share : float
            At most 1.

        Raises
        ------
        TypeError, ValueError
            If it is not such a number.
        """
        least = real_number("share", share, at_most=1.0) * self.norms.max()
        if not self.norms.any():
            return -1
        return int(self.lags[np.argmax(self.norms >= least)])


def contributions(
    network: RecurrentNetwork, data: SequenceData, weights: str = "W_x"
) -> Contributions:
    """Return what each step contributes to the gradient of shared weights, in float64.

    Parameters
    ----------
    network : RecurrentNetwork
        Any recurrent network.
    data : SequenceData
        Sequences that fit the network.
    weights : {"W_x", "W_h", "b"}
        Input weights: what is learned about what was shown at a step. Recurrent weights: about
        how to hand it on; the first step, before which there is no state, contributes nothing to
        these. Or biases.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, there are no such weights, or a parameter, an output or
        an error is not finite.
    """
    name = f"d{one_of('weights', weights, SHARED)}"
    found = _exact_gradients(network, data)
    total, each = getattr(found, name), [getattr(step, name) for step in found.steps]
    size = norm(total)
    with np.errstate(invalid="ignore"):
        direction = total / size
        shares = np.array([np.sum(one * direction) for one in each]) / size
    return Contributions(weights, np.array([norm(one) for one in each]), shares, size)


def word_gradients(network: RecurrentNetwork, data: SequenceData) -> Array:
    """Return how much gradient each step of each sequence receives: the norm of its own dW_x.

    Parameters
    ----------
    network : RecurrentNetwork
        Any recurrent network.
    data : SequenceData
        Sequences that fit the network.

    Returns
    -------
    ndarray of shape (T, n)
        In float64. The gradient of the loss by W_x is a sum of one matrix for each step and
        sequence, x_t^T delta_t; these are their norms. Where x_t has one 1 for a word, that is
        all that the row of W_x for this word is told at this place.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, or a parameter, an output or an error is not finite.
    """
    steps = _exact_gradients(network, data).steps
    return np.array([_row_norms(step.delta) * _row_norms(step.x) for step in steps])


def _exact_gradients(network: RecurrentNetwork, data: SequenceData) -> GradientsThroughTime:
    check_finite(instance("network", network, RecurrentNetwork))
    found = gradients_through_time(network.astype(np.float64), data)
    if not (math.isfinite(found.loss) and np.isfinite(found.dh).all()):
        raise ValueError("network must give finite outputs and errors; got NaN or infinity")
    return found


def _row_norms(rows: Array) -> Array:
    """Return the root sum of squares of each row; scaled first, as `norm` does."""
    largest = np.abs(rows).max(axis=1)
    scale = np.where(largest > 0, largest, 1)
    found: Array = scale * np.sqrt(np.square(rows / scale[:, None]).sum(axis=1))
    return found
