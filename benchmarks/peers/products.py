"""The eight matrix products of a step and nothing else: what no arrangement of the step can beat.

Each product is tried in all layouts of its two factors and its result, and runs in the fastest.
"""

import itertools
import time
from collections.abc import Callable

import numpy as np

from peers.task import Advance, Array, Record, Task

ALIGNMENT = 64
"""Bytes; BLAS is a little faster on arrays that begin on a cache line."""

REPEATS = 40
"""Calls in one timing of a layout."""

Product = tuple[Array, Array, Array]
"""Two factors, and where the result goes."""


def shapes(examples: int, sizes: list[int]) -> list[tuple[int, int, int]]:
    """Return (rows, inner, columns) of every product of a step, forward then backward."""
    layers = list(itertools.pairwise(sizes))
    forward = [(examples, fan_in, fan_out) for fan_in, fan_out in layers]
    backward = []
    for layer, (fan_in, fan_out) in reversed(list(enumerate(layers))):
        backward.append((fan_in, examples, fan_out))
        if layer:
            backward.append((examples, fan_out, fan_in))
    return forward + backward


def prepare(task: Task) -> Advance:
    """Return what calls the products again and again."""
    sizes = [task.weights[0].shape[0], *(w.shape[1] for w in task.weights)]
    dtype = np.dtype(task.dtype)
    products = [fastest(shape, dtype) for shape in shapes(len(task.labels), sizes)]
    matmul: Callable[..., Array] = np.matmul

    def advance(iterations: int) -> Record:
        for _ in range(iterations):
            for a, b, out in products:
                matmul(a, b, out=out)
        return Record()

    return advance


def fastest(shape: tuple[int, int, int], dtype: np.dtype[np.floating]) -> Product:
    """Return the product of that shape in the layout that takes the least time."""
    rows, inner, columns = shape
    rng = np.random.default_rng(0)
    layouts: list[Product] = []
    for orders in itertools.product("CF", repeat=3):
        a, b, out = (
            laid_out(size, order, dtype)
            for size, order in zip(
                [(rows, inner), (inner, columns), (rows, columns)], orders, strict=True
            )
        )
        a[:], b[:] = rng.standard_normal(a.shape), rng.standard_normal(b.shape)
        layouts.append((a, b, out))
    # In turn, so that a moment's disturbance does not fall on one layout alone.
    times = [[_time(layout) for layout in layouts] for _ in range(15)]
    return layouts[int(np.argmin(np.median(times, axis=0)))]


def laid_out(shape: tuple[int, int], order: str, dtype: np.dtype[np.floating]) -> Array:
    """Return zeros that begin on a cache line, row by row ("C") or column by column ("F")."""
    size = shape[0] * shape[1] * dtype.itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    flat = raw[start : start + size].view(dtype)
    return flat.reshape(shape) if order == "C" else flat.reshape(shape[::-1]).T


def _time(product: Product) -> float:
    a, b, out = product
    begin = time.perf_counter()
    for _ in range(REPEATS):
        np.matmul(a, b, out=out)
    return time.perf_counter() - begin
