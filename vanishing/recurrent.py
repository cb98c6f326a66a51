"""The recurrent network: one cell, used at every step, and a linear layer that answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vanishing._checks import (
    Array,
    Rng,
    instance,
    not_too_many,
    numbers,
    one_of,
    precision,
    random_stream,
    real_number,
    several,
    shown,
    truth,
    whole_number,
)
from vanishing.activations import Activation
from vanishing.cells import Cell, State, Step, find_cell
from vanishing.initialization import SCHEMES, Stream
from vanishing.sequences import CROSS_ENTROPY, LOSSES, SequenceData, SequenceTask

RECURRENT = ("orthogonal", "normal", "identity")
"""How the recurrent matrix may be drawn."""

LARGEST_GAIN = 1e6
"""A larger gain is taken for a slip of the pen."""

LARGEST_BIAS = 1e6
"""A forget gate's bias beyond this, either way, is taken for a slip of the pen."""

WIDEST = 10_000
"""More inputs, hidden units or outputs than this are taken for a slip of the pen."""

CLOSE = 0.04
"""How far a number may lie from the target and count as right (Hochreiter and Schmidhuber 1997)."""


@dataclass(frozen=True, eq=False)
class States:
    """What a network holds at every step, for pictures.

    Parameters
    ----------
    h : ndarray of shape (T, n, H)
        The hidden state after each step.
    c : ndarray of shape (T, n, H), or None
        The cell's state of an LSTM.
    gates : dict of ndarray of shape (T, n, H)
        The gates of an LSTM (i, f, o, g) or a GRU (r, z, g) by name; of a simple cell a_t.
    """

    h: Array
    c: Array | None
    gates: dict[str, Array]


class RecurrentNetwork:
    """A recurrent network.

    D is the number of inputs, H of hidden units, K of outputs, G of gates (1 for a simple cell).

    Parameters
    ----------
    W_x : array_like of shape (D, G H)
        Input weights; the columns of the gates stand side by side, in the order of `cell.gates`:
        i, f, o, g for an LSTM, and r, z, g for a GRU.
    W_h : array_like of shape (H, G H)
        Recurrent weights, likewise.
    b : array_like of shape (G H,)
        Biases, likewise.
    W_out, b_out : array_like of shape (H, K) and (K,)
        Weights and biases of the answer, which is linear in h.
    cell : {"tanh", "relu", "sigmoid", "leaky_relu", "gru", "lstm"}, Activation or Cell
        The kind of cell; an activation makes a simple one.
    loss : {"cross-entropy", "squared error"}
        Whether the outputs are scores of classes, or numbers.
    every_step : bool
        Whether it answers after every step, or after the last one only.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not numbers, or their shapes do not fit each other.

    Notes
    -----
    The arrays are copied, so that networks never share parameters.
    """

    def __init__(
        self,
        W_x: ArrayLike,
        W_h: ArrayLike,
        b: ArrayLike,
        W_out: ArrayLike,
        b_out: ArrayLike,
        cell: str | Activation | Cell = "tanh",
        *,
        loss: str = CROSS_ENTROPY,
        every_step: bool = False,
    ) -> None:
        self.cell = find_cell(cell)
        self.loss = one_of("loss", loss, LOSSES)
        self.every_step = truth("every_step", every_step)
        self.W_x = numbers("W_x", W_x, 2, "(D, G H)").copy()
        columns = self.W_x.shape[1]
        hidden = columns // len(self.cell.gates)
        self.W_h = _of_shape("W_h", W_h, (hidden, columns))
        self.b = _of_shape("b", b, (columns,))
        self.W_out = numbers("W_out", W_out, 2, f"({hidden}, K)").copy()
        outputs = self.W_out.shape[1]
        _of_shape("W_out", W_out, (hidden, outputs))
        self.b_out = _of_shape("b_out", b_out, (outputs,))
        if hidden * len(self.cell.gates) != columns:
            raise ValueError(
                f"W_x must have as many columns for each of the {len(self.cell.gates)} gates; "
                f"got shape {self.W_x.shape}"
            )

    @classmethod
    def initialize(
        cls,
        task: SequenceTask | Sequence[int],
        hidden: int = 32,
        cell: str | Activation | Cell = "tanh",
        *,
        recurrent: str = "orthogonal",
        gain: float = 1.0,
        forget_bias: float = 1.0,
        rng: Rng = None,
    ) -> "RecurrentNetwork":
        """Draw a network: random weights, and biases of zero but for the forget gate's.

        Parameters
        ----------
        task : SequenceTask, or sequence of two ints
            What it is for; or its inputs and outputs, which are then scores of classes.
        hidden : int
            The number H of hidden units.
        cell
            As for `RecurrentNetwork`.
        recurrent : {"orthogonal", "normal", "identity"}
            How the H columns of each gate in W_h are drawn: an orthogonal matrix, normal numbers of
            standard deviation 1 / sqrt(H), or the identity (Q. V. Le, N. Jaitly and G. E. Hinton,
            2015).
        gain : float
            What the recurrent weights are multiplied by. A normal matrix has then a spectral radius
            near the gain, and an orthogonal one has only singular values of the gain.
        forget_bias : float
            The bias of an LSTM's forget gate; other cells do not have it.
        rng : int, numpy.random.RandomState, numpy.random.Generator or None
            The stream to draw from, or the seed of a RandomState; None draws anew each time.

        Returns
        -------
        RecurrentNetwork
            A new network in float64.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        inputs, outputs, loss, every_step = _asked(task)
        kind = find_cell(cell)
        H = whole_number("hidden", hidden, at_least=1, at_most=WIDEST)
        gates = len(kind.gates)
        not_too_many("hidden", (inputs + H + 1) * gates * H, "weights", hidden)
        rule = one_of("recurrent", recurrent, RECURRENT)
        factor = real_number("gain", gain, zero_allowed=True, at_most=LARGEST_GAIN)
        bias = real_number("forget_bias", forget_bias, negative_allowed=True, at_most=LARGEST_BIAS)
        stream = random_stream(rng)
        W_x = stream.standard_normal((inputs, gates * H)) / math.sqrt(inputs)
        W_h = np.hstack([factor * _recurrent(rule, H, stream) for _ in range(gates)])
        W_out = stream.standard_normal((H, outputs)) / math.sqrt(H)
        b = np.zeros(gates * H)
        if "f" in kind.gates:
            first = kind.gates.index("f") * H
            b[first : first + H] = bias
        return cls(W_x, W_h, b, W_out, np.zeros(outputs), kind, loss=loss, every_step=every_step)

    @property
    def inputs(self) -> int:
        """The number D of inputs."""
        return len(self.W_x)

    @property
    def hidden(self) -> int:
        """The number H of hidden units."""
        return len(self.W_h)

    @property
    def outputs(self) -> int:
        """The number K of outputs."""
        return len(self.b_out)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The five arrays of parameters: W_x, W_h, b, W_out and b_out."""
        return self.W_x, self.W_h, self.b, self.W_out, self.b_out

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(array.size for array in self.arrays)

    def initial_state(self, count: int) -> State:
        """Return the state before the first step, all zero, for so many sequences."""
        rows = whole_number("count", count, at_least=1)
        not_too_many("count", rows * self.hidden, "numbers", count)
        zeros = np.zeros((rows, self.hidden), self.W_h.dtype)
        return (zeros,) * len(self.cell.states)

    def unroll(self, inputs: ArrayLike) -> list[Step]:
        """Go forward, and return the steps: one for each t, all with the same weights.

        Parameters
        ----------
        inputs : array_like of shape (T, n, D)
            What is shown; time first.

        Raises
        ------
        TypeError, ValueError
            If the inputs are not finite numbers of that shape.
        """
        xs = self._checked(inputs)
        state, steps = self.initial_state(xs.shape[1]), []
        with np.errstate(all="ignore"):
            for x in xs:
                step = self.cell.step(self.W_x, self.W_h, self.b, self.cell.activation)
                state = step.forward(x, state)
                steps.append(step)
        return steps

    def answer(self, steps: Sequence[Step]) -> Array:
        """Return the outputs after the last step, (n, K), or after every step, (T, n, K)."""
        if not several("steps", steps, "steps"):
            raise ValueError("steps must be one or more; got none")
        with np.errstate(all="ignore"):
            h = np.stack([step.h for step in steps]) if self.every_step else steps[-1].h
            outputs: Array = h @ self.W_out + self.b_out
        return outputs

    def scores(self, inputs: ArrayLike) -> Array:
        """Return the outputs of shape (n, K), or (T, n, K) if it answers after every step.

        Parameters
        ----------
        inputs : array_like of shape (T, n, D)
            What is shown; time first.
        """
        return self.answer(self.unroll(inputs))

    def predict(self, inputs: ArrayLike) -> NDArray[Any]:
        """Return the class with the highest score, (n,) or (T, n); or the numbers, as `scores`."""
        scores = self.scores(inputs)
        return scores if self.loss != CROSS_ENTROPY else scores.argmax(axis=-1)

    def accuracy(self, data: SequenceData) -> float:
        """Return the share of right answers; a number is right within 0.04 of its target."""
        check_sequences(self, data)
        return share_right(self.scores(data.inputs), data.targets)

    def states(self, inputs: ArrayLike) -> States:
        """Return the hidden states, cell's states and gates at every step.

        Parameters
        ----------
        inputs : array_like of shape (T, n, D)
            What is shown; time first.
        """
        steps = self.unroll(inputs)

        def all_of(name: str) -> Array:
            return np.stack([getattr(step, name) for step in steps])

        c = all_of("c") if "c" in self.cell.states else None
        return States(all_of("h"), c, {name: all_of(name) for name in self.cell.gates})

    def copy(self) -> "RecurrentNetwork":
        """Return a network of its own with the same parameters."""
        return self.with_parameters(*self.arrays)

    def astype(self, dtype: DTypeLike) -> "RecurrentNetwork":
        """Return a copy whose parameters are in float64 or float32."""
        kind = precision(dtype)
        return self.with_parameters(*(array.astype(kind) for array in self.arrays))

    def with_parameters(
        self, W_x: ArrayLike, W_h: ArrayLike, b: ArrayLike, W_out: ArrayLike, b_out: ArrayLike
    ) -> "RecurrentNetwork":
        """Return a network of the same kind with other parameters."""
        return RecurrentNetwork(
            W_x, W_h, b, W_out, b_out, self.cell, loss=self.loss, every_step=self.every_step
        )

    def _checked(self, inputs: ArrayLike) -> Array:
        shape = f"(T, n, {self.inputs})"
        xs = numbers("inputs", inputs, 3, shape)
        if xs.shape[2] != self.inputs:
            raise ValueError(f"inputs must have shape {shape}; got shape {xs.shape}")
        if not np.isfinite(xs).all():
            raise ValueError("inputs must hold finite numbers only; got NaN or infinity")
        return xs.astype(self.W_x.dtype, copy=False)

    def __repr__(self) -> str:
        sizes = f"{self.inputs}-{self.hidden}-{self.outputs}"
        return f"RecurrentNetwork({sizes}, {self.cell.name})"


def share_right(outputs: Array, targets: Array) -> float:
    """Return the share of right answers: of classes, or of numbers within `CLOSE`."""
    if targets.dtype.kind == "i":
        return float(np.mean(outputs.argmax(axis=-1) == targets))
    return float(np.mean(np.abs(outputs - targets).max(axis=-1) <= CLOSE))


def check_sequences(network: RecurrentNetwork, data: SequenceData) -> None:
    """Raise where a network cannot be trained on sequences.

    Raises
    ------
    TypeError
        If they are not a `RecurrentNetwork` and `SequenceData`.
    ValueError
        If inputs, outputs or the kind of answers do not fit.
    """
    instance("network", network, RecurrentNetwork)
    instance("data", data, SequenceData)
    if data.size != network.inputs:
        raise ValueError(
            f"data must have {network.inputs} inputs, as many as the network; got {data.size}"
        )
    wanted = network.loss, network.every_step
    if (data.loss, data.every_step) != wanted:
        raise ValueError(
            f"data must be scored as the network is, by {_described(*wanted)}; "
            f"got {_described(data.loss, data.every_step)}"
        )
    if data.symbols is not None and not _within(data.symbols, data.size):
        raise ValueError(f"data must hold symbols from 0 to {data.size - 1} only")
    classes = network.loss == CROSS_ENTROPY
    if classes and data.targets.min() < 0:
        raise ValueError(f"data must have labels of 0 or more; got {data.targets.min()}")
    outputs = int(data.targets.max()) + 1 if classes else data.targets.shape[-1]
    if outputs > network.outputs or (not classes and outputs != network.outputs):
        raise ValueError(f"data must have {network.outputs} outputs; got {outputs}")


def check_finite(network: RecurrentNetwork) -> None:
    """Raise where a parameter is NaN or infinity, as after a run that diverged.

    Raises
    ------
    ValueError
        If there is such a parameter.
    """
    if not all(np.isfinite(array).all() for array in network.arrays):
        raise ValueError("network must have finite parameters; got NaN or infinity")


def _within(symbols: NDArray[np.intp], size: int) -> bool:
    return bool(symbols.min() >= 0 and symbols.max() < size)


def _described(loss: str, every_step: bool) -> str:
    return f"{loss} after {'every' if every_step else 'the last'} step"


def _asked(task: Any) -> tuple[int, int, str, bool]:
    """Return inputs, outputs, loss and whether every step is answered."""
    if isinstance(task, SequenceTask):
        return task.inputs, task.outputs, task.loss, task.every_step
    sizes = several("task", task, "two whole numbers, or a SequenceTask")
    if len(sizes) != 2:
        raise ValueError(f"task must be a SequenceTask or two numbers; got {shown(task)}")
    inputs = whole_number("task[0]", sizes[0], at_least=1, at_most=WIDEST)
    return inputs, whole_number("task[1]", sizes[1], at_least=1, at_most=WIDEST), LOSSES[0], False


def _recurrent(rule: str, hidden: int, stream: Stream) -> Array:
    if rule == "identity":
        return np.eye(hidden)
    return SCHEMES["orthogonal" if rule == "orthogonal" else "lecun"].draw(stream, hidden, hidden)


def _of_shape(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Array:
    array = numbers(name, value, len(shape), str(shape))
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got shape {array.shape}")
    return array.copy()
