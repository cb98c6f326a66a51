"""The fast pass: the same numbers as `vanishing.backprop`, in fewer steps, on memory it has."""

from typing import Any

import numpy as np

from vanishing._checks import Array
from vanishing.data import Dataset
from vanishing.layers import EPSILON
from vanishing.machine import largest_unpacked
from vanishing.network import Network, check_fit
from vanishing.parameters import CACHE_LINE, Parameters, aligned

LARGEST_SMALL = 10**6
"""Multiplications in a product, beyond which OpenBLAS does not count it as small."""


class Fused:
    """The pass through a network of any kind, with all that it needs allocated beforehand.

    Parameters
    ----------
    network : Network
        Says which sizes, activation, shortcuts and normalization; its parameters are not used.
    data : Dataset
        Points and labels that fit the network.
    dtype : dtype
        float64 or float32: the precision of everything.

    Attributes
    ----------
    gradient : Parameters
        After `evaluate`, the data loss's derivative by each parameter.
    delta : list of ndarray
        After `evaluate`, the back-propagated error of each layer, of shape (rows, fan_out); rows
        beyond the examples are zero.

    Raises
    ------
    ValueError
        If the network does not fit the data.

    Notes
    -----
    Five choices make the step fast (measured in `benchmarks/`):

    - biases are one more row of the weights, against a column of ones in h; a normalization, which
      stands between the product and the biases, takes them apart;
    - arrays of one value an example and unit are stored unit by unit ("Fortran order"), so that
      the products run along the examples and the softmax along rows of their full length;
    - every unit's row begins on a cache line. So the examples are padded with copies of the last
      one to a full line; their part of the loss, and so of every gradient, is zero;
    - each value is overwritten by the next one as soon as it has served;
    - h.T delta, the product that runs along both factors, is made in blocks of rows where BLAS
      is faster at that (`vanishing.machine.largest_unpacked`).
    """

    def __init__(self, network: Network, data: Dataset, dtype: np.dtype[Any]) -> None:
        check_fit(network, data)
        self._activation = network.activation
        self.gradient = Parameters(network.sizes, dtype)
        line = CACHE_LINE // dtype.itemsize
        self._rows = -(-len(data) // line) * line
        self._shortcuts = [network.shortcut(layer) for layer in range(len(network.weights))]
        self._allocate_layers(network.sizes, data, dtype)
        self._allocate_softmax(data, dtype)
        self._normalizations = self._allocate_normalizations(network)
        gradients = self.gradient.V if network.normalization is None else self.gradient.W
        self._blocks = [
            in_blocks(h.T[: len(gradient)], gradient)
            for h, gradient in zip(self._h[:-1], gradients, strict=False)
        ]

    def _allocate_layers(self, sizes: tuple[int, ...], data: Dataset, dtype: np.dtype[Any]) -> None:
        rows = self._rows
        self._h = [_by_units(rows, units + 1, dtype) for units in sizes[:-1]]
        for h in self._h:
            h[:, -1] = 1
        self._h[0][:, :-1] = np.pad(data.points, ((0, rows - len(data)), (0, 0)), mode="edge")
        self._scores = _by_units(rows, sizes[-1], dtype)
        # One memory serves a hidden layer's z, then f(z), then delta; without a shortcut it is that
        # of the h that goes up (all but its column of ones).
        hidden = [
            h[:, :-1] if shortcut is None else _by_units(rows, h.shape[1] - 1, dtype)
            for h, shortcut in zip(self._h[1:], self._shortcuts, strict=False)
        ]
        self._z = [*hidden, self._scores]
        self.delta = [*hidden, _by_units(rows, sizes[-1], dtype)]
        self._slope = self._allocate_slopes(sizes[1:-1], dtype)
        # The error at the end of a layer, and at its beginning, by turns.
        errors = [_by_units(rows, max(sizes), dtype) for _ in range(2)]
        self._error = [errors[i % 2][:, :units] for i, units in enumerate(sizes[1:-1])]

    def _allocate_slopes(self, widths: tuple[int, ...], dtype: np.dtype[Any]) -> list[Array]:
        rows = self._rows
        if self._activation.from_value is None or not widths:
            return [_by_units(rows, units, dtype) for units in widths]
        # They are found anew on the way back, so one memory serves all layers.
        shared = _by_units(rows, max(widths), dtype)
        return [shared[:, :units] for units in widths]

    def _allocate_softmax(self, data: Dataset, dtype: np.dtype[Any]) -> None:
        n = len(data)
        rows, classes = self._scores.shape
        self._part = aligned(rows, dtype)  # 1 / n for an example, 0 for a padded row
        self._part[:n] = 1 / n
        self._target = _by_units(rows, classes, dtype)  # one_hot / n
        self._target[np.arange(n), data.labels] = self._part[:n]
        self._ones, self._count = np.ones(classes, dtype), np.ones(rows, dtype)
        self._largest, self._total, self._weight = (aligned(rows, dtype) for _ in range(3))

    def _allocate_normalizations(
        self, network: Network
    ) -> "list[InPlaceNormalization] | list[None]":
        hidden = self._z[:-1]
        if network.normalization is None:
            return [None for _ in hidden]
        kind = IN_PLACE[network.normalization]
        scratch = _by_units(self._rows, max(network.sizes), self._part.dtype)
        return [
            kind(self._part, scratch[:, : z.shape[1]], h.shape[1] - 1)
            for h, z in zip(self._h, hidden, strict=False)
        ]

    def evaluate(self, parameters: Parameters) -> float:
        """Return the mean cross-entropy; leave its gradient, and delta of each layer."""
        self._forward(parameters)
        loss = self._loss_and_delta()
        self._backward(parameters)
        return loss

    def _forward(self, parameters: Parameters) -> None:
        """Compute h and f'(z) of every hidden layer, then the scores."""
        f = self._activation
        overwrite = f.overwrite if f.from_value is None else f.overwrite_value
        for layer, slope in enumerate(self._slope):
            h, z = self._h[layer], self._z[layer]
            normalization, shortcut = self._normalizations[layer], self._shortcuts[layer]
            if normalization is None:
                np.matmul(h, parameters.V[layer], out=z)
            else:
                y = normalization.forward(h, parameters.W[layer], z)
                np.add(y, parameters.b[layer], out=z)
            overwrite(z, slope)
            if shortcut is not None:
                out = self._h[layer + 1][:, :-1]
                np.multiply(z, shortcut, out=out)
                np.add(h[:, :-1], out, out=out)
        # Where the result is small, np.dot costs half a microsecond less than np.matmul.
        np.dot(parameters.V[-1].T, self._h[-1].T, out=self._scores.T)

    def _loss_and_delta(self) -> float:
        """Return the mean cross-entropy of the scores, which it uses up, for delta_L."""
        scores, p, target = self._scores.T, self.delta[-1].T, self._target.T
        total = self._total
        np.maximum.reduce(scores, axis=0, out=self._largest)
        np.subtract(scores, self._largest, out=scores)
        np.exp(scores, out=p)
        np.dot(self._ones, p, out=total)
        # delta = (p / total - one_hot) / n, with both divisions done in one.
        np.divide(self._part, total, out=self._weight)
        np.multiply(p, self._weight, out=p)
        np.subtract(p, target, out=p)
        np.log(total, out=total)
        return float(total.dot(self._part)) - float(scores.reshape(-1).dot(target.reshape(-1)))

    def _backward(self, parameters: Parameters) -> None:
        """Compute the gradient of the data loss, from the last layer to the first."""
        from_value = self._activation.from_value
        last = len(self.delta) - 1
        np.dot(self._h[last].T, self.delta[last], out=self.gradient.V[last])
        if last > 0:
            np.matmul(self.delta[last], parameters.W[last].T, out=self._error[-1])
        for layer in reversed(range(last)):
            delta, error, shortcut = self.delta[layer], self._error[layer], self._shortcuts[layer]
            if from_value is not None:
                # So far, delta's memory holds f(z).
                from_value(delta, self._slope[layer])
            np.multiply(error, self._slope[layer], out=delta)
            if shortcut is not None:
                np.multiply(delta, shortcut, out=delta)
            through, W = self._gradient_of(layer, parameters.W[layer])
            if layer > 0:
                below = self._error[layer - 1]
                np.matmul(through, W.T, out=below)
                if shortcut is not None:
                    np.add(below, error, out=below)

    def _gradient_of(self, layer: int, W: Array) -> tuple[Array, Array]:
        """Compute dW and db; return the two factors of the error that goes down to h."""
        through, normalization = self.delta[layer], self._normalizations[layer]
        if normalization is not None:
            # Padded rows are zero, so that they do not count.
            db = self.gradient.b[layer]
            np.dot(self._count, through, out=db)
            through, W = normalization.backward(through, db), normalization.W
        for units, gradient in self._blocks[layer]:
            np.dot(units, through, out=gradient)
        if normalization is not None:
            normalization.finish(self.gradient.W[layer])
        return through, W


class InPlaceNormalization:
    """What `vanishing.layers.Normalization` does to h W, on arrays that are there already.

    Parameters
    ----------
    part : ndarray of shape (rows,)
        1 / n for an example, 0 for a padded row.
    scratch : ndarray of shape (rows, units)
        For what is needed no longer than a step takes; several layers may share it.
    fan_in : int
        How many values go into a unit.

    Attributes
    ----------
    W : ndarray of shape (fan_in, units)
        What the error goes back through, after `backward`.

    Notes
    -----
    What is done to each row or column of h W alike is done to W and dW, which are smaller.
    """

    def __init__(self, part: Array, scratch: Array, fan_in: int) -> None:
        rows, units = scratch.shape
        self._examples = int(np.count_nonzero(part))
        self._y, self._scratch = _by_units(rows, units, part.dtype), scratch
        # A row more, for what is added to all examples alike.
        self._V = np.zeros((fan_in + 1, units), part.dtype)
        self.W = self._V[:-1]

    def forward(self, h: Array, W: Array, a: Array) -> Array:
        """Return y = N(h W); h has its column of ones, and a is memory of y's shape, used up."""
        raise NotImplementedError

    def backward(self, dy: Array, db: Array) -> Array:
        """Return what h.T and W are multiplied by; db is the sum of dy over the examples."""
        raise NotImplementedError

    def finish(self, dW: Array) -> None:
        """Make the gradient by W of that product."""
        raise NotImplementedError


class InPlaceLayerNormalization(InPlaceNormalization):
    """Over the units: h W less its mean over the units is h times W less its own."""

    def __init__(self, part: Array, scratch: Array, fan_in: int) -> None:
        super().__init__(part, scratch, fan_in)
        units = scratch.shape[1]
        # A mean is a product with this.
        self._mean = np.full(units, 1 / units, part.dtype)

    def forward(self, h: Array, W: Array, a: Array) -> Array:
        """Return y = N(h W); a is used up."""
        y = self._y
        np.subtract(W, np.dot(W, self._mean)[:, None], out=self.W)
        np.matmul(h[:, :-1], self.W, out=y)
        np.multiply(y, y, out=a)
        self._inverse = 1 / np.sqrt(np.dot(a, self._mean) + EPSILON)
        np.multiply(y, self._inverse[:, None], out=y)
        return y

    def backward(self, dy: Array, _: Array) -> Array:
        """Return the gradient by h W, not less its mean over the units; y is used up."""
        y, da = self._y, self._scratch
        np.multiply(dy, y, out=da)
        np.multiply(y, np.dot(da, self._mean)[:, None], out=y)
        np.subtract(dy, y, out=da)
        np.multiply(da, self._inverse[:, None], out=da)
        return da

    def finish(self, dW: Array) -> None:
        """Subtract the mean over the units."""
        np.subtract(dW, np.dot(dW, self._mean)[:, None], out=dW)


class InPlaceBatchNormalization(InPlaceNormalization):
    """Over the examples: the deviation of each unit divides a column of W.

    The mean of h W is that of h, times W; minus that is one more row of W, like the biases.
    """

    def __init__(self, part: Array, scratch: Array, fan_in: int) -> None:
        super().__init__(part, scratch, fan_in)
        self._minus_mean = -part
        self._n = part.dtype.type(self._examples)
        self._root, self._epsilon = np.sqrt(self._n), self._n * part.dtype.type(EPSILON)
        # Views made once: making one takes as long as adding two small arrays.
        self._y_by_units = self._of_examples(self._y)
        self._padding = scratch[self._examples :]

    def forward(self, h: Array, W: Array, _: Array) -> Array:
        """Return y = N(h W)."""
        y, each = self._y, self._y_by_units
        self.W[:] = W
        np.dot(np.dot(self._minus_mean, h[:, :-1]), W, out=self._V[-1])
        np.matmul(h, self._V, out=y)
        squares = np.vecdot(each, each)
        self._inverse = self._root / np.sqrt(squares + self._epsilon)
        np.multiply(y, self._inverse, out=y)
        np.multiply(W, self._inverse, out=self.W)
        return y

    def backward(self, dy: Array, db: Array) -> Array:
        """Return the gradient by h W, not divided by the deviation; y is used up."""
        y, da = self._y, self._scratch
        along = np.vecdot(self._of_examples(dy), self._y_by_units)
        np.multiply(y, along / self._n, out=y)
        np.subtract(dy, y, out=da)
        np.subtract(da, db / self._n, out=da)
        self._padding.fill(0)
        return da

    def _of_examples(self, values: Array) -> Array:
        return values.T[:, : self._examples]

    def finish(self, dW: Array) -> None:
        """Divide by the deviation."""
        np.multiply(dW, self._inverse, out=dW)


IN_PLACE: dict[str, type[InPlaceNormalization]] = {
    "batch": InPlaceBatchNormalization,
    "layer": InPlaceLayerNormalization,
}
"""Each kind of normalization, by name."""


def in_blocks(units: Array, gradient: Array) -> list[tuple[Array, Array]]:
    """Return blocks of units with their rows of the gradient, as products are fastest made.

    Parameters
    ----------
    units : ndarray of shape (fan_in, rows)
        What goes into a layer.
    gradient : ndarray of shape (fan_in, fan_out)
        Where the product of that with delta goes.

    Notes
    -----
    Blocks of less than a dozen units were found to be no gain.
    """
    fan_in, fan_out = gradient.shape
    most = largest_unpacked() // fan_out
    if most < 12 or most * units.shape[1] * fan_out > LARGEST_SMALL:
        return [(units, gradient)]
    count = -(-fan_in // most)
    return list(zip(np.array_split(units, count), np.array_split(gradient, count), strict=True))


def _by_units(rows: int, units: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros of shape (rows, units) in which each unit's values lie side by side."""
    return aligned(rows * units, dtype).reshape(units, rows).T
