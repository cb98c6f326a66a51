"""What the hidden units do on a data set: their outputs, which are saturated, which are dead."""

from collections.abc import Sequence

import numpy as np

from vanishing._checks import Array
from vanishing.activations import Activation
from vanishing.data import Dataset
from vanishing.network import Network, check_fit

EDGE = 0.05
"""An output is saturated in this fraction of the activation's range at either end."""


def hidden_outputs(network: Network, data: Dataset) -> list[Array]:
    """Return h of each hidden layer, of shape (n, fan_out): what the next layer is given.

    Parameters
    ----------
    network : Network
        Any network.
    data : Dataset
        Points and labels that fit the network.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit.
    """
    check_fit(network, data)
    return network.forward(data.points)[0][1:]


def saturated_fraction(network: Network, data: Dataset) -> Array:
    """Return the fraction of saturated outputs in each hidden layer.

    An output (of one unit for one example) is saturated if it lies in the outer 5 % of the
    activation's range at either end: outside [0.05, 0.95] for sigmoid, [-0.9, 0.9] for tanh. The
    slope there is below 19 % of the largest. An activation without bounds never saturates in
    this sense; what ReLU has instead are units that are off, see `dead_units`.

    Parameters
    ----------
    network : Network
        Any network.
    data : Dataset
        Points and labels that fit the network.

    Returns
    -------
    ndarray of shape (L - 1,)
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit.
    """
    check_fit(network, data)
    return saturated(network.activation, network.pre_activations(data.points)[:-1])


def saturated(f: Activation, pre_activations: Sequence[Array]) -> Array:
    """Return the fraction of saturated outputs for each array of pre-activations."""
    bounds = f.bounds
    if bounds is None:
        return np.zeros(len(pre_activations))
    edge = EDGE * (bounds[1] - bounds[0])
    low, high = bounds[0] + edge, bounds[1] - edge
    with np.errstate(all="ignore"):
        return np.array([np.mean((f(z) < low) | (f(z) > high)) for z in pre_activations])


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
    masks = dead_masks(network.activation, network.pre_activations(data.points)[:-1])
    return [int(np.sum(mask)) for mask in masks]


def dead_masks(f: Activation, pre_activations: Sequence[Array]) -> list[Array]:
    """Return for each array of pre-activations which of its units are dead, of shape (fan_out,)."""
    with np.errstate(all="ignore"):
        blocked = [(f.slope(z) == 0) & np.isfinite(z) for z in pre_activations]
    return [units.all(axis=0) for units in blocked]
