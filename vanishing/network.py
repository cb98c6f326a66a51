"""The network: weights and biases, layer after layer, and what it answers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vanishing._checks import (
    Array,
    Rng,
    finite_matrix,
    for_each_layer,
    instance,
    layer_sizes,
    listed,
    numbers,
    precision,
    random_stream,
    real_number,
    several,
    shown,
    whole_number,
)
from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
from vanishing.initialization import Scheme, find_scheme
from vanishing.layers import (
    NORMALIZATIONS,
    Activate,
    Chain,
    Dense,
    Layer,
    Normalization,
    Residual,
    softmax,
)

LARGEST_SCALE = 1e6
"""Weights of a larger standard deviation leave nothing to compute with."""


@dataclass(eq=False)
class Network:
    """A fully connected classifier: hidden layers with one activation, then linear scores.

    Hidden layer l computes h_l = f(h_(l-1) W_l + b_l). Two things may be added: a normalization
    N of h_(l-1) W_l, before the biases; and a shortcut around each hidden layer whose input is as
    wide as its output, h_l = h_(l-1) + residual * f(...).

    Parameters
    ----------
    weights : sequence of ndarray
        `weights[l]` has the shape (fan_in, fan_out) of layer l.
    biases : sequence of ndarray
        `biases[l]` has the shape (fan_out,).
    activation : str or Activation
        The activation of every hidden layer.
    residual : float, optional
        What the branch beside each shortcut is multiplied by; None for no shortcuts.
    normalization : {"layer", "batch"}, optional
        What is done to h W in the hidden layers; see `vanishing.layers.Normalization`.
    statistics : sequence of tuple, optional
        For batch normalization: mean and standard deviation of each hidden layer, as `fitted`
        finds them. Without them the points asked about are normalized by their own.

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
    residual: float | None
    normalization: str | None
    statistics: list[tuple[Array, Array]] | None

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        activation: str | Activation = "sigmoid",
        *,
        residual: float | None = None,
        normalization: str | None = None,
        statistics: Sequence[tuple[Array, Array]] | None = None,
    ) -> None:
        self.activation = find_activation(activation)
        self.weights = _arrays("weights", weights, 2)
        self.biases = _arrays("biases", biases, 1)
        if len(self.weights) != len(self.biases) or not self.weights:
            raise ValueError(
                "weights and biases must hold one array a layer; "
                f"got {len(self.weights)} and {len(self.biases)}"
            )
        for layer in range(len(self.weights)):
            self._check_layer(layer)
        self.residual = None if residual is None else real_number("residual", residual)
        self.normalization = checked_normalization(normalization)
        self.statistics = None if statistics is None else self._checked_statistics(statistics)

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

    def _checked_statistics(self, given: Any) -> list[tuple[Array, Array]]:
        widths, pairs = self.sizes[1:-1], several("statistics", given, "pairs of arrays")
        if len(pairs) != len(widths):
            raise ValueError(
                f"statistics must be {len(widths)} pairs, one a hidden layer; got {len(pairs)}"
            )
        for i, (pair, width) in enumerate(zip(pairs, widths, strict=True)):
            for part in several(f"statistics[{i}]", pair, "two arrays"):
                if numbers(f"statistics[{i}]", part, 2, f"(1, {width})").shape != (1, width):
                    raise ValueError(
                        f"statistics[{i}] must be arrays of shape (1, {width}); "
                        f"got shape {np.shape(part)}"
                    )
        return pairs

    @classmethod
    def initialize(
        cls,
        sizes: Sequence[int],
        activation: str | Activation = "sigmoid",
        *,
        scale: float | Sequence[float] | None = None,
        scheme: str | Scheme = "normal",
        residual: float | None = None,
        normalization: str | None = None,
        rng: Rng = None,
    ) -> "Network":
        """Draw a network: random weights by one of the known schemes, biases zero.

        Parameters
        ----------
        sizes : sequence of int
            The width of every layer: input first, then the hidden ones, classes last. The
            lecture's is (2, 50, 50, 3); two sizes make a linear classifier.
        activation : {"sigmoid", "tanh", "relu", "leaky_relu"} or Activation
            The activation of every hidden layer.
        scale : float or sequence of float, optional
            With the scheme "normal" the standard deviation of the weights (0.1 if left out), with
            the others a factor on theirs (1 if left out). One for all, or one a layer.
        scheme : {"normal", "lecun", "glorot", "he", "orthogonal"} or Scheme
            How the weights are drawn; see `vanishing.initialization.SCHEMES`.
        residual, normalization
            As for `Network`.
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
        shapes = list(itertools.pairwise(layer_sizes(sizes)))
        rule = find_scheme(scheme)
        spreads = layer_scales(rule.usual_scale if scale is None else scale, len(shapes))
        found = find_activation(activation)
        stream = random_stream(rng)
        weights = [
            spread * rule.draw(stream, *shape)
            for spread, shape in zip(spreads, shapes, strict=True)
        ]
        biases = [np.zeros(fan_out) for _, fan_out in shapes]
        return cls(weights, biases, found, residual=residual, normalization=normalization)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The width of every layer, input first."""
        return (len(self.weights[0]), *(w.shape[1] for w in self.weights))

    def shortcut(self, layer: int) -> float | None:
        """Return the scale of the branch beside the shortcut around `weights[layer]`, if any."""
        last = len(self.weights) - 1
        fan_in, fan_out = self.weights[whole_number("layer", layer, at_least=0, at_most=last)].shape
        return None if layer == last or fan_in != fan_out else self.residual

    def parts(self) -> tuple[Chain, list[Dense]]:
        """Return the layers that compose the network, and of these the fully connected ones.

        They hold the network's own arrays, and remember their last forward and backward step.
        """
        dense = [
            Dense(w, b, self._normalization(layer))
            for layer, (w, b) in enumerate(zip(self.weights, self.biases, strict=True))
        ]
        hidden = [self._hidden(layer, one) for layer, one in enumerate(dense[:-1])]
        return Chain([*hidden, dense[-1]]), dense

    def _hidden(self, layer: int, dense: Dense) -> Layer:
        branch, scale = Chain([dense, Activate(self.activation)]), self.shortcut(layer)
        return branch if scale is None else Residual(branch, scale)

    def _normalization(self, layer: int) -> Normalization | None:
        if self.normalization is None or layer == len(self.weights) - 1:
            return None
        own = self.statistics[layer] if self.statistics else None
        return Normalization(NORMALIZATIONS[self.normalization], own)

    def forward(self, points: ArrayLike) -> tuple[list[Array], list[Array]]:
        """Return what goes into each layer, and its pre-activation.

        Parameters
        ----------
        points : array_like of shape (n, D)
            One point a row.

        Returns
        -------
        inputs : list of ndarray
            h of the layer before, each of shape (n, fan_in); the first are the points.
        pre_activations : list of ndarray
            z of every layer, each of shape (n, fan_out); the last are the scores (logits).
        """
        h = finite_matrix("points", points, columns=self.sizes[0])
        chain, dense = self.parts()
        with np.errstate(all="ignore"):
            chain.forward(h.astype(self.weights[0].dtype, copy=False))
        return [layer.h for layer in dense], [layer.z for layer in dense]

    def pre_activations(self, points: ArrayLike) -> list[Array]:
        """Return z of every layer, each of shape (n, fan_out); the last are the scores.

        Parameters
        ----------
        points : array_like of shape (n, D)
            One point a row.
        """
        return self.forward(points)[1]

    def scores(self, points: ArrayLike) -> Array:
        """Return the class scores (logits) of each point, of shape (n, K)."""
        return self.forward(points)[1][-1]

    def probabilities(self, points: ArrayLike) -> Array:
        """Return the probability given to each class at each point, of shape (n, K)."""
        with np.errstate(all="ignore"):
            return softmax(self.scores(points))

    def predict(self, points: ArrayLike) -> NDArray[np.intp]:
        """Return the class with the highest score for each point, of shape (n,)."""
        best: NDArray[np.intp] = self.scores(points).argmax(axis=1)
        return best

    def accuracy(self, data: Dataset) -> float:
        """Return the share of the points of `data` that are given their own label."""
        check_fit(self, data)
        return float(np.mean(self.predict(data.points) == data.labels))

    def fitted(self, data: Dataset) -> "Network":
        """Return a copy that keeps the statistics which batch normalization finds in `data`.

        It then gives a point the same answer whatever other points it is asked about. A network
        without batch normalization is merely copied.
        """
        check_fit(self, data)
        if self.normalization != "batch":
            return self.copy()
        chain, dense = self.unfitted().parts()
        with np.errstate(all="ignore"):
            chain.forward(data.points.astype(self.weights[0].dtype))
            products = [layer.h @ layer.W for layer in dense[:-1]]
            own = Normalization(NORMALIZATIONS["batch"])
            return self._with(statistics=[own.measure(a) for a in products])

    def unfitted(self) -> "Network":
        """Return a copy without statistics: as in training, points are normalized by their own."""
        return self._with(statistics=None)

    def copy(self) -> "Network":
        """Return a network of its own with the same parameters."""
        return self._with()

    def with_activation(self, activation: str | Activation) -> "Network":
        """Return a copy with the same parameters and another activation: the fair comparison."""
        # Statistics that were kept belong to the outputs of the old one.
        return self._with(activation=activation, statistics=None)

    def astype(self, dtype: DTypeLike) -> "Network":
        """Return a copy whose parameters are in float64 or float32."""
        kind = precision(dtype)
        return self._with(
            weights=[w.astype(kind) for w in self.weights],
            biases=[b.astype(kind) for b in self.biases],
        )

    def with_parameters(self, weights: Sequence[Array], biases: Sequence[Array]) -> "Network":
        """Return a network of the same kind with other weights and biases."""
        return self._with(weights=weights, biases=biases, statistics=None)

    def _with(self, **changed: Any) -> "Network":
        return Network(
            **{
                "weights": self.weights,
                "biases": self.biases,
                "activation": self.activation,
                "residual": self.residual,
                "normalization": self.normalization,
                "statistics": self.statistics,
                **changed,
            }
        )

    def __repr__(self) -> str:
        extras = [self.activation.name]
        if self.residual is not None:
            extras.append("residual" + ("" if self.residual == 1 else f" {self.residual:g}"))
        if self.normalization is not None:
            extras.append(f"{self.normalization} normalization")
        return f"Network({'-'.join(map(str, self.sizes))}, {', '.join(extras)})"


def check_fit(network: Network, data: Dataset) -> None:
    """Raise where a network cannot be trained on a data set.

    Raises
    ------
    TypeError
        If they are not a `Network` and a `Dataset`.
    ValueError
        If the inputs or the classes do not fit.
    """
    instance("network", network, Network)
    instance("data", data, Dataset)
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


def checked_normalization(normalization: str | None) -> str | None:
    """Return the name of a known normalization, or None."""
    known = isinstance(normalization, str) and normalization in NORMALIZATIONS
    if normalization is not None and not known:
        raise ValueError(
            f"normalization must be one of {listed(NORMALIZATIONS)} or None; "
            f"got {shown(normalization)}"
        )
    return normalization


def layer_scales(scale: float | Sequence[float], layers: int) -> list[float]:
    """Return one scale for each layer, from one for all or from a list."""
    return for_each_layer("scale", scale, layers, at_most=LARGEST_SCALE)


def _arrays(name: str, values: Any, dimensions: int) -> list[Array]:
    if not isinstance(values, list | tuple):
        raise TypeError(f"{name} must be a list of arrays, one a layer; got {shown(values)}")
    shape = "(fan_in, fan_out)" if dimensions == 2 else "(fan_out,)"
    return [numbers(f"{name}[{i}]", v, dimensions, shape).copy() for i, v in enumerate(values)]
