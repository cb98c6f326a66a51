"""The network: weights and biases, layer after layer, and what it answers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vanishing._checks import Rng, finite_matrix, layer_sizes, random_stream, real_number
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset

Array = NDArray[Any]


@dataclass(eq=False)
class Network:
    """A fully connected classifier: hidden layers with one activation, then linear scores.

    Parameters
    ----------
    weights : sequence of ndarray
        `weights[l]` has the shape (fan_in, fan_out) of layer l.
    biases : sequence of ndarray
        `biases[l]` has the shape (fan_out,).
    activation : str or Activation
        The activation of every hidden layer.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not numbers, or their shapes do not follow one on the other.

    Notes
    -----
    The arrays are copied, so that networks never share parameters.
    """

    weights: list[Array]
    biases: list[Array]
    activation: Activation

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        activation: str | Activation = "sigmoid",
    ) -> None:
        self.activation = find_activation(activation)
        self.weights = [_parameters(f"weights[{i}]", w, 2) for i, w in enumerate(weights)]
        self.biases = [_parameters(f"biases[{i}]", b, 1) for i, b in enumerate(biases)]
        if len(self.weights) != len(self.biases) or not self.weights:
            raise ValueError(
                "weights and biases must hold one array a layer; "
                f"got {len(self.weights)} and {len(self.biases)}"
            )
        for layer in range(len(self.weights)):
            self._check_layer(layer)

    def _check_layer(self, layer: int) -> None:
        fan_in, fan_out = self.weights[layer].shape
        if self.biases[layer].shape != (fan_out,):
            raise ValueError(
                f"biases[{layer}] must have shape ({fan_out},), to fit weights[{layer}]; "
                f"got {self.biases[layer].shape}"
            )
        if layer > 0 and fan_in != self.weights[layer - 1].shape[1]:
            raise ValueError(
                f"weights[{layer}] must have {self.weights[layer - 1].shape[1]} rows, "
                f"one for each output of the layer before; got {fan_in}"
            )

    @classmethod
    def initialize(
        cls,
        sizes: Sequence[int],
        activation: str | Activation = "sigmoid",
        *,
        scale: float = 0.1,
        rng: Rng = None,
    ) -> "Network":
        """Draw a network: weights are normal with standard deviation `scale`, biases zero.

        Parameters
        ----------
        sizes : sequence of int
            The width of every layer: input first, then the hidden ones, classes last. The
            lecture's is (2, 50, 50, 3); two sizes make a linear classifier.
        activation : {"sigmoid", "tanh", "relu", "leaky_relu"} or Activation
            The activation of every hidden layer.
        scale : float
            Standard deviation of the weights.
        rng : int, numpy.random.RandomState, numpy.random.Generator or None
            The stream to draw from, or the seed of a RandomState; None draws anew each time.

        Returns
        -------
        Network
            A new network in float64.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        widths = layer_sizes(sizes)
        found = find_activation(activation)
        spread = real_number("scale", scale)
        stream = random_stream(rng)
        shapes = list(itertools.pairwise(widths))
        weights = [spread * stream.standard_normal(shape) for shape in shapes]
        return cls(weights, [np.zeros(fan_out) for _, fan_out in shapes], found)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The width of every layer, input first."""
        return (len(self.weights[0]), *(w.shape[1] for w in self.weights))

    def pre_activations(self, points: ArrayLike) -> list[Array]:
        """Return z of every layer, each of shape (n, fan_out); the last are the scores.

        Parameters
        ----------
        points : array_like of shape (n, D)
            One point a row.
        """
        h = finite_matrix("points", points, columns=self.sizes[0])
        h = h.astype(self.weights[0].dtype, copy=False)
        found: list[Array] = []
        with np.errstate(over="ignore", invalid="ignore"):
            for w, b in zip(self.weights, self.biases, strict=True):
                h = self.activation(found[-1]) if found else h
                found.append(h @ w + b)
        return found

    def scores(self, points: ArrayLike) -> Array:
        """Return the class scores of each point, of shape (n, K)."""
        return self.pre_activations(points)[-1]

    def predict(self, points: ArrayLike) -> NDArray[np.intp]:
        """Return the class with the highest score for each point, of shape (n,)."""
        best: NDArray[np.intp] = self.scores(points).argmax(axis=1)
        return best

    def accuracy(self, data: Dataset) -> float:
        """Return the share of the points of `data` that are given their own label."""
        return float(np.mean(self.predict(data.points) == data.labels))

    def copy(self) -> "Network":
        """Return a network of its own with the same parameters."""
        return Network(self.weights, self.biases, self.activation)

    def with_activation(self, activation: str | Activation) -> "Network":
        """Return a copy with the same parameters and another activation: the fair comparison."""
        return Network(self.weights, self.biases, activation)

    def __repr__(self) -> str:
        return f"Network({'-'.join(map(str, self.sizes))}, {self.activation.name})"


def check_fit(network: Network, data: Dataset) -> None:
    """Raise where a network cannot be trained on a data set.

    Raises
    ------
    TypeError
        If they are not a `Network` and a `Dataset`.
    ValueError
        If the inputs or the classes do not fit.
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network; got {network!r}")
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset; got {data!r}")
    inputs, outputs = network.sizes[0], network.sizes[-1]
    if data.points.shape[1] != inputs:
        raise ValueError(
            f"data must have points of {inputs} coordinates, as many as the network's inputs; "
            f"got {data.points.shape[1]}"
        )
    if data.classes > outputs:
        raise ValueError(
            f"data must have labels from 0 to {outputs - 1}, one for each of the network's "
            f"scores; got {data.classes - 1}"
        )


def _parameters(name: str, value: ArrayLike, dimensions: int) -> Array:
    try:
        array = np.array(value)
        array = array if array.dtype == np.float32 else array.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be an array of numbers; got {value!r}") from None
    if array.ndim != dimensions or array.size == 0:
        raise ValueError(
            f"{name} must be a non-empty array of {dimensions} dimension(s); "
            f"got shape {array.shape}"
        )
    return array
