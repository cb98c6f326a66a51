"""Backpropagation through time: loss and gradients of a recurrent network on sequences.

The plain way, for every cell. Forward from the first step to the last, then back:

    the answer's gradient by h_t enters at each step that is answered;
    dL/dh_t = what the answer brings + what step t + 1 hands back;
    dW = the sum of what every step contributes, for all share one W

Each line of a step stands in `vanishing.cells`. `vanishing.unrolled` computes the same, faster.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vanishing._checks import Array
from vanishing.cells import State, Step
from vanishing.layers import cross_entropy
from vanishing.parameters import aligned
from vanishing.recurrent import RecurrentNetwork, check_sequences
from vanishing.sequences import SequenceData


@dataclass(frozen=True, eq=False)
class GradientsThroughTime:
    """The loss of a recurrent network on sequences, its gradient, and the errors on the way.

    Parameters
    ----------
    loss : float
        Mean cross-entropy, or mean squared error, over all answers.
    dW_x, dW_h, db, dW_out, db_out : ndarray
        The loss's derivative by each parameter, in the network's shapes.
    dh : ndarray of shape (T, n, H)
        The back-propagated error: the loss's derivative by h_t, by all ways from t on.
    dc : ndarray of shape (T, n, H), or None
        The derivative by c_t of an LSTM, likewise by all ways; that through h_t is part of it.
    steps : list of Step
        The steps that were made. Each holds what went through it (`h`, the gates), `delta`, and
        what it contributed to the gradient by the weights (`dW_x`, `dW_h`, `db`).
    outputs : ndarray of shape (n, K) or (T, n, K)
        What the network answered.
    """

    loss: float
    dW_x: Array
    dW_h: Array
    db: Array
    dW_out: Array
    db_out: Array
    dh: Array
    dc: Array | None
    steps: list[Step]
    outputs: Array


def gradients_through_time(network: RecurrentNetwork, data: SequenceData) -> GradientsThroughTime:
    """Return the loss and its gradient on sequences, by backpropagation through time.

    Parameters
    ----------
    network : RecurrentNetwork
        Left as it is.
    data : SequenceData
        Sequences that fit the network.

    Returns
    -------
    GradientsThroughTime
        In the network's own precision.

    Raises
    ------
    TypeError, ValueError
        If network and data do not fit.
    """
    check_sequences(network, data)
    with np.errstate(all="ignore"):
        steps = network.unroll(data.inputs)
        outputs = network.answer(steps)
        loss, error = loss_and_error(outputs, data.targets)
        h = np.stack([step.h for step in steps])
        brought = np.zeros_like(h)
        brought[_answered(network)] = error @ network.W_out.T
        back(steps, brought)
        answered = h[_answered(network)].reshape(-1, network.hidden)
        error = error.reshape(-1, network.outputs)
        return GradientsThroughTime(
            loss,
            sum_over_time([step.dW_x for step in steps]),
            sum_over_time([step.dW_h for step in steps]),
            sum_over_time([step.db for step in steps]),
            answered.T @ error,
            error.sum(axis=0),
            np.stack([step.dh for step in steps]),
            np.stack([step.dc for step in steps]) if "c" in network.cell.states else None,
            steps,
            outputs,
        )


def back(steps: list[Step], brought: Array) -> State:
    """Go back through the steps; return the gradient by the state before the first one.

    Parameters
    ----------
    steps : list of Step
        As `RecurrentNetwork.unroll` returns them.
    brought : ndarray of shape (T, n, H)
        The gradient by each h_t that the answers bring directly.
    """
    error: State = tuple(np.zeros_like(brought[0]) for _ in steps[0].states)
    for step, directly in zip(reversed(steps), brought[::-1], strict=True):
        dh, *dc = error
        error = step.backward((dh + directly, *dc))
    return error


def sum_over_time(contributions: list[Array]) -> Array:
    """Return the sum of what all steps contribute to a gradient."""
    total: Array = np.sum(contributions, axis=0)
    return total


def loss_and_error(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the mean loss over all answers, and its gradient by the outputs.

    Labels are scored by the cross-entropy; numbers by the squared error, averaged over outputs.
    """
    if targets.dtype.kind == "i":
        loss, error = cross_entropy(outputs.reshape(-1, outputs.shape[-1]), targets.reshape(-1))
        return loss, error.reshape(outputs.shape)
    difference = outputs - targets.astype(outputs.dtype, copy=False)
    return float(np.mean(difference**2)), 2 * difference / difference.size


def _answered(network: RecurrentNetwork) -> slice | int:
    return slice(None) if network.every_step else -1


def loss_through_time(network: RecurrentNetwork, data: SequenceData) -> float:
    """Return the loss alone, without going back.

    Parameters, errors: as for `gradients_through_time`.
    """
    check_sequences(network, data)
    return loss_and_error(network.scores(data.inputs), data.targets)[0]


class RecurrentParameters:
    """All parameters of a recurrent network in one vector, and views into it.

    Parameters
    ----------
    inputs, hidden, gates, outputs : int
        D, H, G and K.
    dtype : dtype
        Of the numbers.

    Attributes
    ----------
    flat : ndarray of shape (P,)
        All of them, in the order of `V` and `V_out`, row by row.
    V : ndarray of shape (H + D + 1, G H)
        W_h, W_x and as last row b.
    V_out : ndarray of shape (H + 1, K)
        W_out and as last row b_out.
    arrays : tuple of ndarray
        W_x, W_h, b, W_out and b_out.
    """

    def __init__(
        self, inputs: int, hidden: int, gates: int, outputs: int, dtype: np.dtype[Any]
    ) -> None:
        shape, shape_out = (hidden + inputs + 1, gates * hidden), (hidden + 1, outputs)
        size = shape[0] * shape[1]
        self.sizes = inputs, hidden, gates, outputs
        self.flat = aligned(size + shape_out[0] * shape_out[1], dtype)
        self.V, self.V_out = self.flat[:size].reshape(shape), self.flat[size:].reshape(shape_out)
        self.W_h, self.W_x, self.b = self.V[:hidden], self.V[hidden:-1], self.V[-1]
        self.W_out, self.b_out = self.V_out[:-1], self.V_out[-1]

    @classmethod
    def of(cls, network: RecurrentNetwork, dtype: np.dtype[Any]) -> "RecurrentParameters":
        """Return a copy of a network's parameters."""
        gates = len(network.cell.gates)
        own = cls(network.inputs, network.hidden, gates, network.outputs, dtype)
        for mine, theirs in zip(own.arrays, network.arrays, strict=True):
            mine[:] = theirs
        return own

    @property
    def arrays(self) -> tuple[Array, ...]:
        """W_x, W_h, b, W_out and b_out."""
        return self.W_x, self.W_h, self.b, self.W_out, self.b_out

    def like(self) -> "RecurrentParameters":
        """Return parameters of the same shapes, all zero."""
        return RecurrentParameters(*self.sizes, self.flat.dtype)


class PassThroughTime(Protocol):
    """What goes forward and back through a recurrent network, on one batch after the other.

    Attributes
    ----------
    gradient : RecurrentParameters
        The loss's derivative by each parameter, after `evaluate`.
    """

    gradient: RecurrentParameters

    def evaluate(self, parameters: RecurrentParameters, data: SequenceData) -> float:
        """Return the loss, and leave its gradient."""

    def outputs(self) -> Array:
        """Return what was answered, of shape (n, K) or (T, n, K)."""

    def error_norms(self) -> Array:
        """Return the norm of the error dL/dh_t at each step, of shape (T,)."""


class PlainThroughTime:
    """The pass through a recurrent network of any kind, step by step.

    Parameters
    ----------
    network : RecurrentNetwork
        Says of which kind; its parameters are not used.
    dtype : dtype
        float64 or float32: the precision of everything.
    """

    def __init__(self, network: RecurrentNetwork, dtype: np.dtype[Any]) -> None:
        self._network = network
        self.gradient = RecurrentParameters.of(network, dtype).like()

    def evaluate(self, parameters: RecurrentParameters, data: SequenceData) -> float:
        """Return the loss; leave its gradient."""
        network = self._network.with_parameters(*parameters.arrays)
        self._found = gradients_through_time(network, data)
        found = self._found
        gradient = (found.dW_x, found.dW_h, found.db, found.dW_out, found.db_out)
        for mine, theirs in zip(self.gradient.arrays, gradient, strict=True):
            mine[:] = theirs
        return found.loss

    def outputs(self) -> Array:
        """Return what was answered, of shape (n, K) or (T, n, K)."""
        return self._found.outputs

    def error_norms(self) -> Array:
        """Return the norm of the error dL/dh_t at each step, of shape (T,)."""
        norms: Array = np.linalg.norm(self._found.dh, axis=(1, 2))
        return norms
