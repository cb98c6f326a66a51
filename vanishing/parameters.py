"""All parameters of a network in one flat vector: the only place that knows their order."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from vanishing._checks import Array
from vanishing.network import Network

CACHE_LINE = 64
"""Bytes; arrays that begin on such a boundary are added and multiplied up to twice as fast."""


class Parameters:
    """Weights and biases of layer after layer in one vector, and views into it.

    Parameters
    ----------
    sizes : sequence of int
        The width of every layer, input first.
    dtype : dtype
        Of the numbers.

    Attributes
    ----------
    flat : ndarray of shape (P,)
        All of them: of each layer the weights, row by row, then the biases.
    V : list of ndarray
        `V[l]` of shape (fan_in + 1, fan_out): the weights of layer l with the biases as last row.
    W, b : list of ndarray
        Weights and biases apart.
    starts : ndarray of int, shape (2 L,)
        Where in `flat` each layer's weights and biases begin.
    """

    def __init__(self, sizes: Sequence[int], dtype: np.dtype[Any]) -> None:
        shapes = [(fan_in + 1, fan_out) for fan_in, fan_out in itertools.pairwise(sizes)]
        ends = np.cumsum([rows * columns for rows, columns in shapes])
        self.flat = aligned(ends[-1], dtype)
        blocks = np.split(self.flat, ends[:-1])
        self.V = [block.reshape(shape) for block, shape in zip(blocks, shapes, strict=True)]
        self.W, self.b = [v[:-1] for v in self.V], [v[-1] for v in self.V]
        biases = ends - [fan_out for _, fan_out in shapes]
        self.starts = np.stack([np.append(0, ends[:-1]), biases], axis=1).ravel()

    @classmethod
    def of(cls, network: Network, dtype: np.dtype[Any]) -> "Parameters":
        """Return a copy of a network's parameters."""
        own = cls(network.sizes, dtype)
        for mine, theirs in zip((*own.W, *own.b), (*network.weights, *network.biases), strict=True):
            mine[:] = theirs
        return own

    def like(self) -> "Parameters":
        """Return parameters of the same shapes, all zero."""
        sizes = [len(self.W[0]), *(w.shape[1] for w in self.W)]
        return Parameters(sizes, self.flat.dtype)


def aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Return `count` zeros that begin on a cache line."""
    size = int(count) * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(dtype)
