"""What every peer is given of a run through time. It needs nothing but NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class SequenceTask:
    """A training run through time on one batch, by gradient descent.

    Parameters
    ----------
    cell : {"tanh", "relu", "lstm", "gru"}
        The kind of cell.
    inputs : ndarray of shape (T, n, D)
        In float64; the peer converts them.
    labels : ndarray of int, shape (n,) or (T, n)
        What is asked for after the last step, or after every step.
    arrays : tuple of ndarray
        W_x (D, G H), W_h (H, G H), b (G H,), W_out (H, K) and b_out (K,) at the start, with the
        gates of the package in its order: i, f, o, g or r, z, g.
    dtype : {"float64", "float32"}
        The precision to train in.
    step_size : float
        Of gradient descent.
    """

    cell: str
    inputs: Array
    labels: Array
    arrays: tuple[Array, ...]
    dtype: str
    step_size: float = 0.1

    @property
    def every_step(self) -> bool:
        """Whether something is asked for after every step."""
        return self.labels.ndim == 2

    def start(self) -> tuple[Array, list[Array]]:
        """Return inputs and parameters in the task's precision, copied."""
        return self.inputs.astype(self.dtype), [a.astype(self.dtype) for a in self.arrays]


def swapped(cell: str, array: Array) -> Array:
    """Return an array with the gates' columns in PyTorch's order, or back in the package's.

    PyTorch has g of an LSTM before o; exchanging the two leads there and back.
    """
    if cell != "lstm":
        return array
    i, f, o, g = np.split(array, 4, axis=-1)
    return np.concatenate([i, f, g, o], axis=-1)
