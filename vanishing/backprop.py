"""Loss and gradients of one full batch, by backpropagation: the plain way, for every network.

The symbols are those of notebook 02, in its order; rows are examples:

    z_l = h_(l-1) W_l + b_l,   h_l = f(z_l),   p = softmax(z_L)
    delta_L = (p - one_hot) / n
    dW_l = h_(l-1)^T delta_l,   delta_(l-1) = (delta_l W_l^T) * f'(z_(l-1))

Each line stands in `vanishing.layers`, in the part that it belongs to. `vanishing.fused` computes
the same for plain networks, faster.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vanishing._checks import Array, real_number
from vanishing.data import Dataset
from vanishing.layers import cross_entropy
from vanishing.network import Network, check_fit
from vanishing.parameters import Parameters

LARGEST_PENALTY = 1e12
"""A stronger regularization is taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """The loss of a network on a data set, and its gradient.

    Parameters
    ----------
    loss : float
        Mean cross-entropy, plus the penalty on the weights.
    dW, db : list of ndarray
        The loss's derivative by each weight and bias, in the shapes of the network's own lists.
    deltas : list of ndarray
        The back-propagated error: the derivative by z of each layer, each of shape (n, fan_out).
    """

    loss: float
    dW: list[Array]
    db: list[Array]
    deltas: list[Array]


class Pass(Protocol):
    """What goes forward and back through a network on one data set, again and again.

    Attributes
    ----------
    gradient : Parameters
        The data loss's derivative by each parameter, after `evaluate`.
    delta : list of ndarray
        The error at each layer, after `evaluate`; the same arrays each time.
    """

    gradient: Parameters
    delta: list[Array]

    def evaluate(self, parameters: Parameters) -> float:
        """Return the data loss, and leave its gradient."""


class Backprop:
    """The pass through a network of any kind, part by part.

    Parameters
    ----------
    network : Network
        Says of which parts; its parameters are not used.
    data : Dataset
        Points and labels that fit the network.
    dtype : dtype
        float64 or float32: the precision of everything.
    """

    def __init__(self, network: Network, data: Dataset, dtype: np.dtype[Any]) -> None:
        check_fit(network, data)
        # Statistics that were kept would not follow the parameters.
        self._network = network.unfitted()
        self._points, self._labels = data.points.astype(dtype), data.labels
        self.gradient = Parameters(network.sizes, dtype)
        self.delta = [np.zeros((len(data), units), dtype) for units in network.sizes[1:]]

    def evaluate(self, parameters: Parameters) -> float:
        """Return the mean cross-entropy; leave its gradient, and delta of each layer."""
        self._network.weights, self._network.biases = parameters.W, parameters.b
        chain, dense = self._network.parts()
        loss, delta = cross_entropy(chain.forward(self._points), self._labels)
        chain.backward(delta)
        for layer, part in enumerate(dense):
            self.gradient.W[layer][:] = part.dW
            self.gradient.b[layer][:] = part.db
            self.delta[layer][:] = part.delta
        return loss


def gradients(network: Network, data: Dataset, *, regularization: float = 0.0) -> Gradients:
    """Return the loss and its gradient on the whole data set.

    Parameters
    ----------
    network : Network
        Left as it is.
    data : Dataset
        Points and labels that fit the network.
    regularization : float
        The penalty added to the loss is half of this times the sum of all squared weights
        (biases go free). At 0 the result is the data's gradient alone, which the gauges read.

    Returns
    -------
    Gradients
        In the network's own precision.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit, or the regularization is not a number from 0 on.
    """
    strength = checked_regularization(regularization)
    check_fit(network, data)
    dtype = network.weights[0].dtype
    batch, parameters = Backprop(network, data, dtype), Parameters.of(network, dtype)
    with np.errstate(all="ignore"):
        loss = batch.evaluate(parameters) + penalty(network, strength)
        dW = [dw + strength * w for dw, w in zip(batch.gradient.W, parameters.W, strict=True)]
    return Gradients(loss, dW, batch.gradient.b, batch.delta)


def numerical_gradient(
    network: Network, data: Dataset, *, regularization: float = 0.0, step: float = 1e-5
) -> Gradients:
    """Return the gradient by central differences: slow, but too simple to be wrong.

    Each parameter in turn is moved by `step` both ways; the two losses' difference over
    2 * step is its derivative, up to an error of the order of step^2.

    Parameters
    ----------
    network, data, regularization
        As for `gradients`.
    step : float
        How far each parameter is moved.

    Returns
    -------
    Gradients
        In float64; `deltas` is empty, since no parameter can move z alone.

    Raises
    ------
    TypeError, ValueError
        As for `gradients`; also if the step is not a positive number.
    """
    h = real_number("step", step)
    check_fit(network, data)
    moved = network.unfitted().astype(np.float64)

    def loss() -> float:
        return total_loss(moved, data, regularization=regularization)

    def derivative(parameters: Array) -> Array:
        result = np.empty_like(parameters)
        for index, value in np.ndenumerate(parameters):
            parameters[index] = value + h
            above = loss()
            parameters[index] = value - h
            result[index] = (above - loss()) / (2 * h)
            parameters[index] = value
        return result

    dW, db = ([derivative(p) for p in group] for group in (moved.weights, moved.biases))
    return Gradients(loss(), dW, db, deltas=[])


def total_loss(network: Network, data: Dataset, *, regularization: float = 0.0) -> float:
    """Return the mean cross-entropy plus the penalty (weight decay), in plain steps.

    Batch normalization takes the statistics of these very data, as in training.

    Parameters, errors: as for `gradients`.
    """
    strength = checked_regularization(regularization)
    check_fit(network, data)
    with np.errstate(all="ignore"):
        scores = network.unfitted().scores(data.points)
        data_loss, _ = cross_entropy(scores, data.labels)
        return data_loss + penalty(network, strength)


def penalty(network: Network, regularization: float) -> float:
    """Return half of the regularization times the sum of all squared weights."""
    return 0.5 * regularization * sum(float(np.sum(w * w)) for w in network.weights)


def checked_regularization(value: float) -> float:
    """Return the strength of the penalty, if it is a number from 0 on."""
    return real_number("regularization", value, zero_allowed=True, at_most=LARGEST_PENALTY)
