"""Many networks in one stack: the prototype that says whether this is faster than one by one.

A prototype: the package's step with every array stacked along a leading axis, and the same record.
It answers the question (`training.py` prints the answer) and serves nothing else.
"""

import itertools

import numpy as np
from peers.task import Advance, Array, Record, Task

from vanishing.activations import find_activation

LINE = 64
"""Bytes of a cache line."""


class Stack:
    """B copies of a network, trained at once. Axes: network, unit, example.

    Parameters
    ----------
    task : Task
        What each of the networks starts from.
    count : int
        B.
    """

    def __init__(self, task: Task, count: int) -> None:
        points, weights, _ = task.start()
        self.task, self.count, self.examples = task, count, len(points)
        self.dtype = np.dtype(task.dtype)
        self.rows = -(-self.examples // (LINE // self.dtype.itemsize)) * LINE // self.dtype.itemsize
        self.sizes = [weights[0].shape[0], *(w.shape[1] for w in weights)]
        self.in_place = find_activation(task.activation).in_place
        self._allocate_parameters(weights)
        self._allocate_layers(points)

    def _zeros(self, *shape: int) -> Array:
        size = int(np.prod(shape)) * self.dtype.itemsize
        raw = np.zeros(size + LINE, np.uint8)
        start = -raw.ctypes.data % LINE
        return raw[start : start + size].view(self.dtype).reshape(shape)

    def _allocate_parameters(self, weights: list[Array]) -> None:
        shapes = [(w.shape[0] + 1, w.shape[1]) for w in weights]
        ends = list(itertools.accumulate(rows * columns for rows, columns in shapes))
        self.parameters, self.gradient, self.penalty, self.change = (
            self._zeros(self.count, ends[-1]) for _ in range(4)
        )
        self.V, self.dV, penalties = (
            [
                part.reshape(-1, *shape)
                for part, shape in zip(np.split(flat, ends[:-1], axis=1), shapes, strict=True)
            ]
            for flat in (self.parameters, self.gradient, self.penalty)
        )
        for v, w, penalty in zip(self.V, weights, penalties, strict=True):
            v[:, :-1] = w
            penalty[:, :-1] = self.task.regularization
        begins = [0, *ends[:-1]]
        middles = [begin + w.size for begin, w in zip(begins, weights, strict=True)]
        self.parts = np.array(list(itertools.chain(*zip(begins, middles, strict=True))))

    def _allocate_layers(self, points: Array) -> None:
        count, rows, classes = self.count, self.rows, self.sizes[-1]
        self.h = [self._zeros(count, units + 1, rows) for units in self.sizes[:-1]]
        self.z = [*(h[:, :-1] for h in self.h), self._zeros(count, classes, rows)]
        self.delta = [*self.z[:-1], self._zeros(count, classes, rows)]
        self.slope = [self._zeros(count, units, rows) for units in self.sizes[:-1]]
        for h in self.h:
            h[:, -1] = 1
        self.z[0][:] = np.pad(points, ((0, rows - len(points)), (0, 0)), mode="edge").T
        self.by_example = self._zeros(count, rows, max(self.sizes[1:-1]))
        self.share = self._zeros(1, rows)
        self.share[0, : self.examples] = 1 / self.examples
        self.target = self._zeros(classes, rows)
        self.target[:, : self.examples] = self.task.one_hot().T / self.examples

    def iterate(self) -> tuple[Array, ...]:
        """Make one iteration of every network; return its record, one row a network."""
        for h, v, z, slope in zip(self.h, self.V, self.z[1:-1], self.slope[1:], strict=False):
            np.matmul(v.transpose(0, 2, 1), h, out=z)
            self.in_place(z, slope)
        np.matmul(self.V[-1].transpose(0, 2, 1), self.h[-1], out=self.z[-1])
        data_loss = self._softmax()
        self._backward()
        np.abs(self.gradient, out=self.change)
        sums = np.add.reduceat(self.change, self.parts, axis=1)[:, ::2]
        squares = [
            *(
                np.add.reduceat(np.square(flat), self.parts, axis=1)[:, ::2]
                for flat in (self.parameters, self.gradient)
            ),
            *(self._squared(delta) for delta in self.delta[1:]),
        ]
        loss = data_loss + 0.5 * self.task.regularization * squares[0].sum(axis=1)
        self._update()
        return loss, sums, *squares

    def _squared(self, delta: Array) -> Array:
        flat = delta.reshape(self.count, -1)
        squared: Array = np.vecdot(flat, flat)
        return squared

    def _softmax(self) -> Array:
        scores, p = self.z[-1], self.delta[-1]
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=p)
        total = p.sum(axis=1, keepdims=True)
        p *= self.share / total
        p -= self.target
        of_label = (scores * self.target).sum(axis=(1, 2))
        data_loss: Array = (np.log(total) * self.share).sum(axis=(1, 2)) - of_label
        return data_loss

    def _backward(self) -> None:
        for layer in reversed(range(len(self.V))):
            delta = self.delta[layer + 1]
            by_example = delta.transpose(0, 2, 1)
            if 0 < layer < len(self.V) - 1:
                np.copyto(self.by_example, by_example)
                by_example = self.by_example
            np.matmul(self.h[layer], by_example, out=self.dV[layer])
            if layer > 0:
                np.matmul(self.V[layer][:, :-1], delta, out=self.delta[layer])
                self.delta[layer] *= self.slope[layer]

    def _update(self) -> None:
        np.multiply(self.parameters, self.penalty, out=self.change)
        self.change += self.gradient
        self.change *= self.task.step_size
        self.parameters -= self.change


def prepare(task: Task, count: int) -> Advance:
    """Return what advances a stack of so many networks; its record is the first one's."""
    stack = Stack(task, count)

    def advance(iterations: int) -> Record:
        rows = [stack.iterate() for _ in range(iterations)]
        losses = np.array([row[0][0] for row in rows])
        return Record(losses, np.array([row[1][0] for row in rows]))

    return advance


def prepare_1(task: Task) -> Advance:
    """Return what advances a stack of 1."""
    return prepare(task, 1)


def prepare_4(task: Task) -> Advance:
    """Return what advances a stack of 4."""
    return prepare(task, 4)


def prepare_16(task: Task) -> Advance:
    """Return what advances a stack of 16."""
    return prepare(task, 16)
