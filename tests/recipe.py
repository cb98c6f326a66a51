"""The lecture's recipe in plain NumPy, straight from its description: the tests' oracle.

It shares no line with the package, and takes no short cut that the package takes.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass
class Recipe:
    """What a run of the recipe leaves."""

    losses: list[float] = field(default_factory=list)
    sums: list[list[float]] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    biases: list[Array] = field(default_factory=list)
    accuracy: float = 0.0


def draw_data(
    stream: np.random.RandomState, n: int, classes: int, noise: float = 0.2
) -> tuple[Array, Array]:
    points, labels = np.zeros((n * classes, 2)), np.zeros(n * classes, dtype=int)
    for j in range(classes):
        r = np.linspace(0, 1, n)
        t = np.linspace(4 * j, 4 * (j + 1), n) + noise * stream.randn(n)
        points[n * j : n * (j + 1)] = np.c_[r * np.sin(t), r * np.cos(t)]
        labels[n * j : n * (j + 1)] = j
    return points, labels


def draw_weights(
    stream: np.random.RandomState, sizes: tuple[int, ...], scale: float = 0.1
) -> list[Array]:
    return [scale * stream.randn(a, b) for a, b in itertools.pairwise(sizes)]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda z: np.maximum(0, z), lambda h: (h > 0).astype(float)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda h: np.where(h > 0, 1, 0.01)),
}


def train(
    points: Array,
    labels: Array,
    weights: list[Array],
    activation: str,
    iterations: int,
    *,
    step: float = 0.1,
    reg: float = 1e-3,
) -> Recipe:
    function, slope = FUNCTIONS[activation]
    weights = [w.copy() for w in weights]
    biases = [np.zeros((1, w.shape[1])) for w in weights]
    n, last = len(points), len(weights) - 1
    found = Recipe(weights=weights, biases=biases)

    def forward() -> tuple[list[Array], Array]:
        h = [points]
        for layer in range(last):
            h.append(function(h[-1] @ weights[layer] + biases[layer]))
        return h, h[-1] @ weights[last] + biases[last]

    for _ in range(iterations):
        h, scores = forward()
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[range(n), labels]).mean()
        found.losses.append(loss + sum(0.5 * reg * np.sum(w * w) for w in weights))
        delta = p
        delta[range(n), labels] -= 1
        delta /= n
        dw: list[Array] = [np.empty(0)] * len(weights)
        db: list[Array] = [np.empty(0)] * len(weights)
        for layer in range(last, -1, -1):
            dw[layer], db[layer] = h[layer].T @ delta, delta.sum(axis=0, keepdims=True)
            if layer:
                delta = (delta @ weights[layer].T) * slope(h[layer])
        found.sums.append([float(np.abs(d).sum()) for d in dw])
        for layer, w in enumerate(weights):
            w -= step * (dw[layer] + reg * w)
            biases[layer] -= step * db[layer]
    found.accuracy = float(np.mean(forward()[1].argmax(axis=1) == labels))
    return found
