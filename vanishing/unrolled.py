"""The fast pass through time: the same numbers as `vanishing.through_time`, in fewer steps.

Of each step there is one array, Z_t = [h_(t-1); x_t; 1], in which every unit's values lie side by
side. So all gates of a step are one product V^T Z_t, with V = [W_h; W_x; b]; what it contributes to
the gradient by V is another one, Z_t delta_t^T; and what goes back to h_(t-1) a third, W_h delta_t.
"""

import math
from typing import Any

import numpy as np

from vanishing._checks import Array
from vanishing.cells import GRUStep, LSTMStep, SimpleStep
from vanishing.optimizers import norm
from vanishing.parameters import aligned
from vanishing.recurrent import RecurrentNetwork, check_sequences
from vanishing.sequences import SequenceData
from vanishing.through_time import (
    PassThroughTime,
    PlainThroughTime,
    RecurrentParameters,
    loss_and_error,
)

Views = list[Array]
"""An array of each step, of shape (units, n)."""


class UnrolledCell:
    """The steps of a cell, with all that they need allocated beforehand.

    Parameters
    ----------
    network : RecurrentNetwork
        Says which cell, and how wide.
    steps, count : int
        The length T of the sequences, and how many there are.
    dtype : dtype
        Of the numbers.

    Attributes
    ----------
    Z : ndarray of shape (T + 1, H + D + 1, n)
        h_(t-1), x_t and ones of each step; of the last one only h is used.
    h : list of ndarray, each of shape (H, n)
        h_t of each step, where the next step finds it in `Z`.
    error_norms : ndarray of shape (T,)
        The norm of the error dL/dh_t of each step, after `backward`.
    dV : ndarray of shape (H + D + 1, G H)
        The gradient by V, after `backward`.
    """

    def __init__(
        self, network: RecurrentNetwork, steps: int, count: int, dtype: np.dtype[Any]
    ) -> None:
        self.H, self.n, self.dtype = network.hidden, count, dtype
        self.f = network.cell.activation
        gates = len(network.cell.gates)
        rows = network.hidden + network.inputs + 1
        self.Z = self.allocated(steps + 1, rows)
        self.Z[:, -1] = 1
        self.z, self.h = list(self.Z[:-1]), list(self.Z[1:, : self.H])
        self.dh = self.allocated(1, self.H)[0]
        self.error_norms = np.zeros(steps)
        self.dV = np.empty((rows, gates * self.H), dtype)
        self._part = np.empty_like(self.dV)
        # Sums of squares above this have lost nothing to underflow.
        self._safe = float(np.finfo(dtype).tiny / np.finfo(dtype).eps)
        self.prepare(steps)

    def allocated(self, steps: int, units: int) -> Array:
        """Return zeros of shape (steps, units, n)."""
        return aligned(steps * units * self.n, self.dtype).reshape(steps, units, self.n)

    def prepare(self, steps: int) -> None:
        """Allocate what this kind of cell needs besides."""
        raise NotImplementedError

    def forward(self, V: Array) -> None:
        """Compute h of every step."""
        raise NotImplementedError

    def backward(self, V: Array, brought: Array) -> None:
        """Go back from the last step to the first; leave the gradient by V in `dV`.

        `brought`, of shape (T, H, n) or (1, H, n), is what the answers after every step, or after
        the last one, bring to the error at h.
        """
        self.dV[:], self.dh[:] = 0, 0
        self.begin(V)
        for t in range(len(self.z) - 1, -1, -1):
            after = t - len(self.z) + len(brought)
            if after >= 0:
                np.add(self.dh, brought[after], out=self.dh)
            self.error_norms[t] = self._norm(self.dh.reshape(-1))
            self.step_back(t)

    def begin(self, V: Array) -> None:
        """Take the weights to go back through."""
        self.W_h = V[: self.H]

    def step_back(self, t: int) -> None:
        """From `dh` at one step compute that at the step before, and add to `dV`."""
        raise NotImplementedError

    def contribute(self, z: Array, delta: Array) -> None:
        """Add a step's part to the gradient by V."""
        np.dot(z, delta.T, out=self._part)
        np.add(self.dV, self._part, out=self.dV)

    def _norm(self, values: Array) -> float:
        square = float(values.dot(values))
        return math.sqrt(square) if square > self._safe else norm(values)


class UnrolledSimple(UnrolledCell):
    """The steps of a simple cell; for the equations see `vanishing.cells.SimpleStep`."""

    def prepare(self, steps: int) -> None:
        """Allocate the slopes."""
        self.slopes: Views = list(self.allocated(steps, self.H))
        self.delta = self.allocated(1, self.H)[0]

    def forward(self, V: Array) -> None:
        """Compute h and f'(a) of every step."""
        overwrite = self.f.overwrite
        for z, h, slope in zip(self.z, self.h, self.slopes, strict=True):
            np.dot(V.T, z, out=h)
            overwrite(h, slope)

    def step_back(self, t: int) -> None:
        """Compute delta, and what it hands back."""
        np.multiply(self.dh, self.slopes[t], out=self.delta)
        self.contribute(self.z[t], self.delta)
        np.dot(self.W_h, self.delta, out=self.dh)


class UnrolledLSTM(UnrolledCell):
    """The steps of an LSTM; for the equations see `vanishing.cells.LSTMStep`.

    Since sigmoid(a) = (1 + tanh(a / 2)) / 2, one tanh serves all gates, where the first three have
    half of their weights.
    """

    def prepare(self, steps: int) -> None:
        """Allocate gates, c with what comes before it, tanh(c), delta and three of H units."""
        H = self.H
        gates, c, tanh_c = (self.allocated(steps, k * H) for k in (4, 1, 1))
        self.gates, self.tanh_c = list(gates), list(tanh_c)
        self.c: Views = [self.allocated(1, H)[0], *c]
        self.delta, self.slope = self.allocated(1, 4 * H)[0], self.allocated(1, 3 * H)[0]
        self.dc, self.one = (self.allocated(1, H)[0] for _ in range(2))
        self.parts = [[gate[k * H : (k + 1) * H] for k in range(4)] for gate in self.gates]
        self.sigmoids: Views = [gate[: 3 * H] for gate in self.gates]
        self.deltas = [self.delta[k * H : (k + 1) * H] for k in range(4)]

    def forward(self, V: Array) -> None:
        """Compute h, c and the gates of every step."""
        half = V.copy()
        half[:, : 3 * self.H] *= 0.5
        one = self.one
        steps = zip(
            self.z, self.gates, self.sigmoids, self.parts, self.c, self.c[1:], self.tanh_c, self.h,
            strict=False,
        )  # fmt: skip
        for z, gates, sigmoids, (i, f, o, g), before, c, tanh_c, h in steps:
            np.dot(half.T, z, out=gates)
            np.tanh(gates, out=gates)
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            np.multiply(f, before, out=c)
            np.multiply(i, g, out=one)
            np.add(c, one, out=c)
            np.tanh(c, out=tanh_c)
            np.multiply(o, tanh_c, out=h)

    def begin(self, V: Array) -> None:
        """Take the weights; nothing comes to c from beyond the last step."""
        super().begin(V)
        self.dc[:] = 0

    def step_back(self, t: int) -> None:
        """Compute delta, and what it hands back to h and c."""
        (i, f, o, g), (d_i, d_f, d_o, d_g) = self.parts[t], self.deltas
        dh, dc, one, slope, sigmoids = self.dh, self.dc, self.one, self.slope, self.sigmoids[t]
        # dc += dh o (1 - tanh(c)^2); on the way d_o, without its slope.
        np.multiply(dh, self.tanh_c[t], out=d_o)
        np.multiply(d_o, self.tanh_c[t], out=one)
        np.subtract(dh, one, out=one)
        np.multiply(one, o, out=one)
        np.add(dc, one, out=dc)
        np.multiply(dc, g, out=d_i)
        np.multiply(dc, self.c[t], out=d_f)
        np.subtract(1, sigmoids, out=slope)
        np.multiply(slope, sigmoids, out=slope)
        np.multiply(self.delta[: 3 * self.H], slope, out=self.delta[: 3 * self.H])
        # d_g = dc i (1 - g^2)
        np.multiply(dc, i, out=d_g)
        np.multiply(g, g, out=one)
        np.subtract(1, one, out=one)
        np.multiply(d_g, one, out=d_g)
        np.multiply(dc, f, out=dc)
        self.contribute(self.z[t], self.delta)
        np.dot(self.W_h, self.delta, out=dh)


class UnrolledGRU(UnrolledCell):
    """The steps of a GRU; for the equations see `vanishing.cells.GRUStep`."""

    def prepare(self, steps: int) -> None:
        """Allocate r and z, u = h W_g and g, and what goes back."""
        H = self.H
        self.rz, self.u, self.g = (list(self.allocated(steps, k * H)) for k in (2, 1, 1))
        self.delta, self.delta_h = (self.allocated(1, 3 * H)[0] for _ in range(2))
        self.slope, self.one = self.allocated(1, 2 * H)[0], self.allocated(1, H)[0]
        rows = len(self.dV)
        self.part_h, self.part_x = (np.empty((k, 3 * H), self.dtype) for k in (H, rows - H))

    def forward(self, V: Array) -> None:
        """Compute h and the gates of every step."""
        H, one = self.H, self.one
        half = 0.5 * V[:, : 2 * H]
        W_g, V_g = V[:H, 2 * H :], V[H:, 2 * H :]
        before = self.z[0][:H]
        for z, h, rz, u, g in zip(self.z, self.h, self.rz, self.u, self.g, strict=True):
            np.dot(half.T, z, out=rz)
            np.tanh(rz, out=rz)
            np.multiply(rz, 0.5, out=rz)
            np.add(rz, 0.5, out=rz)
            np.dot(W_g.T, before, out=u)
            np.dot(V_g.T, z[H:], out=g)
            np.multiply(rz[:H], u, out=one)
            np.add(g, one, out=g)
            np.tanh(g, out=g)
            # That is h, written as g and z times what h was more than g.
            np.subtract(before, g, out=one)
            np.multiply(one, rz[H:], out=one)
            np.add(g, one, out=h)
            before = h

    def step_back(self, t: int) -> None:
        """Compute delta, and what goes back straight and through the gates."""
        H, z, rz, g, dh = self.H, self.z[t], self.rz[t], self.g[t], self.dh
        one, slope, delta, delta_h = self.one, self.slope, self.delta, self.delta_h
        d_r, d_z, d_g = (delta[k * H : (k + 1) * H] for k in range(3))
        np.subtract(z[:H], g, out=d_z)
        np.multiply(d_z, dh, out=d_z)
        # d_g = dh (1 - z) (1 - g^2); on the way dh z, which goes straight back.
        np.multiply(dh, rz[H:], out=one)
        np.subtract(dh, one, out=d_g)
        np.copyto(dh, one)
        np.multiply(g, g, out=one)
        np.subtract(1, one, out=one)
        np.multiply(d_g, one, out=d_g)
        np.multiply(d_g, self.u[t], out=d_r)
        np.subtract(1, rz, out=slope)
        np.multiply(slope, rz, out=slope)
        np.multiply(delta[: 2 * H], slope, out=delta[: 2 * H])
        np.copyto(delta_h[: 2 * H], delta[: 2 * H])
        np.multiply(d_g, rz[:H], out=delta_h[2 * H :])
        np.dot(z[:H], delta_h.T, out=self.part_h)
        np.dot(z[H:], delta.T, out=self.part_x)
        np.add(self.dV[:H], self.part_h, out=self.dV[:H])
        np.add(self.dV[H:], self.part_x, out=self.dV[H:])
        np.add(dh, np.dot(self.W_h, delta_h, out=one), out=dh)


UNROLLED: dict[type, type[UnrolledCell]] = {
    SimpleStep: UnrolledSimple,
    LSTMStep: UnrolledLSTM,
    GRUStep: UnrolledGRU,
}
"""What makes each kind of step fast."""


class Unrolled:
    """The pass through a recurrent network, with all that it needs allocated beforehand.

    Parameters
    ----------
    network : RecurrentNetwork
        Says of which kind; its parameters are not used.
    dtype : dtype
        float64 or float32: the precision of everything.

    Attributes
    ----------
    gradient : RecurrentParameters
        After `evaluate`, the loss's derivative by each parameter.
    """

    def __init__(self, network: RecurrentNetwork, dtype: np.dtype[Any]) -> None:
        self._network, self._dtype = network, dtype
        self._cell: UnrolledCell
        self._outputs: Array
        self.gradient = RecurrentParameters.of(network, dtype).like()
        self._shape: tuple[int, int] | None = None

    def _allocate(self, steps: int, count: int) -> None:
        cell = UNROLLED[self._network.cell.step]
        self._cell = cell(self._network, steps, count, self._dtype)
        self._places = self._network.hidden, np.arange(steps)[:, None], np.arange(count)
        # Last, so that an interrupt leaves nothing half made.
        self._shape = steps, count

    def evaluate(self, parameters: RecurrentParameters, data: SequenceData) -> float:
        """Return the loss; leave its gradient, and the error at each step.

        Raises
        ------
        TypeError, ValueError
            If the sequences do not fit the network.
        """
        if self._shape != (data.length, len(data)):
            check_sequences(self._network, data)
            self._allocate(data.length, len(data))
        self._show(data)
        self._cell.forward(parameters.V)
        loss = self._answer(parameters, data.targets)
        self._cell.backward(parameters.V, self._brought)
        self.gradient.V[:] = self._cell.dV
        return loss

    def _show(self, data: SequenceData) -> None:
        """Put the inputs where the steps find them."""
        H, steps, rows = self._places
        x = self._cell.Z[:-1, H:-1]
        if data.numbers is not None:
            np.copyto(x, data.numbers.transpose(0, 2, 1))
        else:
            assert data.symbols is not None
            x[:] = 0
            x[steps, data.symbols, rows] = 1

    def _answer(self, parameters: RecurrentParameters, targets: Array) -> float:
        """Return the loss; leave the outputs, and what they bring back to each h."""
        cell, every = self._cell, self._network.every_step
        h = cell.Z[1:, : cell.H] if every else cell.h[-1]
        W_out, b_out = parameters.W_out, parameters.b_out
        self._outputs = (W_out.T @ h).swapaxes(-1, -2) + b_out
        loss, error = loss_and_error(self._outputs, targets)
        h = h.reshape(-1, *h.shape[-2:])
        error = error.reshape(len(h), -1, len(b_out))
        self._brought = W_out @ error.swapaxes(1, 2)
        self.gradient.W_out[:] = np.matmul(h, error).sum(axis=0)
        self.gradient.b_out[:] = error.sum(axis=(0, 1))
        return loss

    def outputs(self) -> Array:
        """Return what was answered, of shape (n, K) or (T, n, K)."""
        return self._outputs

    def error_norms(self) -> Array:
        """Return the norm of the error dL/dh_t at each step, of shape (T,)."""
        return self._cell.error_norms.copy()


def fastest_pass(network: RecurrentNetwork, dtype: np.dtype[Any]) -> PassThroughTime:
    """Return the fast pass if it knows the network's cell, and else the plain one.

    Parameters
    ----------
    network : RecurrentNetwork
        Says of which kind; its parameters are not used.
    dtype : dtype
        float64 or float32: the precision of everything.
    """
    return (Unrolled if network.cell.step in UNROLLED else PlainThroughTime)(network, dtype)
