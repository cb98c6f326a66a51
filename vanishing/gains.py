"""Which weights suit an activation: its gain, and the edge of chaos."""

import math

from vanishing._checks import shown, whole_number
from vanishing.activations import Activation, find_activation
from vanishing.gaussian import bisected, normal_mean
from vanishing.infinite_width import LEAST, WideLayer
from vanishing.initialization import Scheme, checked_spread

LEAST_SIGMA, MOST_SIGMA = 1e-3, 30.0
"""Between these the edge is looked for; beyond, the integrals become coarse."""


def edge_of_chaos(activation: str | Activation, sigma_b: float = 0.0) -> float:
    """Return the sigma_w between order and chaos: there chi_1 is 1.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_b : float
        The biases' standard deviation.

    Returns
    -------
    float
        1 for tanh and sqrt(2) for ReLU without biases.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or if chi_1 is 1 nowhere.
    """
    f = find_activation(activation)

    def excess(power: float) -> float:
        return WideLayer(f, math.exp(power), sigma_b).chi_1 - 1

    low, high = math.log(LEAST_SIGMA), math.log(MOST_SIGMA)
    if not excess(low) < 0 < excess(high):
        raise ValueError(
            f"activation must have chi_1 = 1 between sigma_w = {LEAST_SIGMA:g} and {MOST_SIGMA:g}; "
            f"got {shown(activation)}"
        )
    return math.exp(bisected(excess, low, high))


def gain(activation: str | Activation) -> float:
    """Return the sigma_w that keeps a small signal's error level: 1 / sqrt(E[f'(z)^2]), z near 0.

    It is what the weights of LeCun's, Glorot's or the orthogonal scheme are to be multiplied by
    between layers of equal width: 1 for tanh, sqrt(2) for ReLU (He's own factor), 4 for the
    sigmoid, found by integration, not from a table. It assumes that z stays small: for the sigmoid
    it does not, see `edge_of_chaos`.

    Raises
    ------
    TypeError, ValueError
        If it is no activation, or one whose slope at zero is zero.
    """
    square = float(normal_mean(lambda z: find_activation(activation).slope(z) ** 2, LEAST))
    if not 0 < square < math.inf:
        raise ValueError(f"activation must have a slope at zero; got {shown(activation)}")
    return 1 / math.sqrt(square)


def level_scale(scheme: str | Scheme, activation: str | Activation, width: int) -> float:
    """Return the `scale` of `Network.initialize` at which a scheme has the activation's gain.

    Parameters
    ----------
    scheme : str or Scheme
        How the weights are drawn.
    activation : str or Activation
        Whose `gain`.
    width : int
        Of the hidden layers. Only the scheme "normal" depends on it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    units = whole_number("width", width, at_least=1, at_most=10_000_000)
    return gain(activation) / (checked_spread(scheme)(units, units) * math.sqrt(units))
