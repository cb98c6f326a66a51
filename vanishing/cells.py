"""One step through time, forward and backward, of each kind of recurrent cell.

A network unrolled is a chain of such steps, one for each word, that all share the same weights.
Each step takes the input x_t and the state that the step before left, and keeps what it will need
on the way back. Rows are sequences, and the symbols are notebook 02's, with t for the step:

    a_t = x_t W_x + h_(t-1) W_h + b,   h_t = f(a_t)

`forward` returns the new state. `backward` takes the loss's gradient by that state, from the steps
after it and from the answer; it returns the gradient by the state before. It keeps the gradients by
the weights, and delta, which is the gradient by a_t.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vanishing._checks import Array, find
from vanishing.activations import ACTIVATIONS, Activation, sigmoid

State = tuple[Array, ...]
"""What a step hands on to the next: h of shape (n, H), and for an LSTM also c."""


class Step:
    """One step of a cell, with the weights it shares with all others.

    Parameters
    ----------
    W_x : ndarray of shape (D, G H)
        Input weights; the columns of the G gates stand side by side.
    W_h : ndarray of shape (H, G H)
        Recurrent weights.
    b : ndarray of shape (G H,)
        Biases.
    activation : Activation
        The f of the simple cell.
    """

    gates: ClassVar[tuple[str, ...]]
    """What the H columns of a_t, and those of each gate after them, are called."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    """What is handed on from step to step."""

    x: Array
    h: Array
    dh: Array
    dc: Array
    dW_x: Array
    dW_h: Array
    db: Array
    delta: Array

    def __init__(self, W_x: Array, W_h: Array, b: Array, activation: Activation) -> None:
        self.W_x, self.W_h, self.b = W_x, W_h, b
        self.activation = activation

    def forward(self, x: Array, before: State) -> State:
        """Return the new state."""
        raise NotImplementedError

    def backward(self, error: State) -> State:
        """Keep delta and the weights' gradients; return the gradient by the state before."""
        raise NotImplementedError


class SimpleStep(Step):
    """The simple recurrent network: h_t = f(a_t) (J. L. Elman, 1990)."""

    gates = ("a",)

    def forward(self, x: Array, before: State) -> State:
        """Return h_t."""
        self.x, (self.h_before,) = x, before
        self.a = x @ self.W_x + self.h_before @ self.W_h + self.b
        self.h = self.activation(self.a)
        return (self.h,)

    def backward(self, error: State) -> State:
        """Return the gradient by h_(t-1), which is delta_t W_h^T."""
        (self.dh,) = error
        self.delta = self.dh * self.activation.slope(self.a)
        self.dW_x, self.dW_h = self.x.T @ self.delta, self.h_before.T @ self.delta
        self.db = self.delta.sum(axis=0)
        return (self.delta @ self.W_h.T,)


class GRUStep(Step):
    """The gated recurrent unit: z_t says how much of the old state stays.

    r, z = sigmoid(a_r), sigmoid(a_z);   g = tanh(x W_x + b + r * (h_(t-1) W_h));
    h_t = (1 - z) * g + z * h_(t-1)

    K. Cho and others, 2014, in the variant that PyTorch has as well: the reset gate r acts after
    the product with W_h, so that all gates can be computed in one.
    """

    gates = ("r", "z", "g")

    def forward(self, x: Array, before: State) -> State:
        """Return h_t."""
        self.x, (self.h_before,) = x, before
        x_r, x_z, x_g = np.split(x @ self.W_x + self.b, 3, axis=1)
        h_r, h_z, self.u = np.split(self.h_before @ self.W_h, 3, axis=1)
        self.r, self.z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        self.g = np.tanh(x_g + self.r * self.u)
        self.h = (1 - self.z) * self.g + self.z * self.h_before
        return (self.h,)

    def backward(self, error: State) -> State:
        """Return the gradient by h_(t-1): straight on by z, and a detour through the gates."""
        (self.dh,) = error
        d_g = self.dh * (1 - self.z) * (1 - self.g**2)
        d_z = self.dh * (self.h_before - self.g) * self.z * (1 - self.z)
        d_r = d_g * self.u * self.r * (1 - self.r)
        self.delta = np.concatenate([d_r, d_z, d_g], axis=1)
        # What goes back through W_h has passed the reset gate.
        self.delta_h = np.concatenate([d_r, d_z, d_g * self.r], axis=1)
        self.dW_x, self.dW_h = self.x.T @ self.delta, self.h_before.T @ self.delta_h
        self.db = self.delta.sum(axis=0)
        return (self.dh * self.z + self.delta_h @ self.W_h.T,)


class LSTMStep(Step):
    """The long short-term memory: the cell's state c is added to, and kept by the forget gate f.

    i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o);   g = tanh(a_g);
    c_t = f * c_(t-1) + i * g;   h_t = o * tanh(c_t)

    S. Hochreiter and J. Schmidhuber, 1997; the forget gate is by F. Gers and others, 2000.
    """

    gates = ("i", "f", "o", "g")
    states = ("h", "c")

    def forward(self, x: Array, before: State) -> State:
        """Return h_t and c_t."""
        self.x, (self.h_before, self.c_before) = x, before
        a = x @ self.W_x + self.h_before @ self.W_h + self.b
        a_i, a_f, a_o, a_g = np.split(a, 4, axis=1)
        self.i, self.f, self.o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)
        self.g = np.tanh(a_g)
        self.c = self.f * self.c_before + self.i * self.g
        self.tanh_c = np.tanh(self.c)
        self.h = self.o * self.tanh_c
        return self.h, self.c

    def backward(self, error: State) -> State:
        """Return the gradients by h_(t-1), through the gates, and by c_(t-1), by f alone."""
        self.dh, dc = error
        # c_t acts on the next step's c, and on h_t.
        self.dc = dc + self.dh * self.o * (1 - self.tanh_c**2)
        d_i = self.dc * self.g * self.i * (1 - self.i)
        d_f = self.dc * self.c_before * self.f * (1 - self.f)
        d_o = self.dh * self.tanh_c * self.o * (1 - self.o)
        d_g = self.dc * self.i * (1 - self.g**2)
        self.delta = np.concatenate([d_i, d_f, d_o, d_g], axis=1)
        self.dW_x, self.dW_h = self.x.T @ self.delta, self.h_before.T @ self.delta
        self.db = self.delta.sum(axis=0)
        return self.delta @ self.W_h.T, self.dc * self.f


@dataclass(frozen=True)
class Cell:
    """A kind of cell: which steps it makes.

    Parameters
    ----------
    name : str
        How it is called.
    step : type
        The class of its steps.
    activation : Activation
        The f of a simple cell. In gated cells tanh and the sigmoid have their places, and this is
        not used.
    """

    name: str
    step: type[Step] = SimpleStep
    activation: Activation = ACTIVATIONS["tanh"]

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of its gates, in the order of their columns."""
        return self.step.gates

    @property
    def states(self) -> tuple[str, ...]:
        """The names of what a step hands on."""
        return self.step.states


CELLS = {
    **{name: Cell(name, SimpleStep, activation) for name, activation in ACTIVATIONS.items()},
    "gru": Cell("gru", GRUStep),
    "lstm": Cell("lstm", LSTMStep),
}
"""The known cells by name; simple ones are named by their activation."""


def find_cell(cell: str | Activation | Cell) -> Cell:
    """Return the cell of that name, or the simple cell with that activation.

    Raises
    ------
    TypeError, ValueError
        If there is no such cell.
    """
    if isinstance(cell, Activation):
        return Cell(cell.name, SimpleStep, cell)
    return find("cell", cell, CELLS, Cell)
