"""The package's own training, with its full history; and the same step without the book."""

import math

import numpy as np

from peers.task import Advance, Record, Task
from vanishing import Dataset, Network, Trainer, train


class Unrecorded(Trainer):
    """The same step, but nothing is entered in the book."""

    def _iterate(self) -> bool:
        batch = self._batch
        batch.forward()
        data_loss = batch.data_loss()
        batch.backward()
        self._update()
        self.iteration += 1
        return math.isfinite(data_loss)


def prepare(task: Task) -> Advance:
    """Return what advances a `Trainer`."""
    trainer = _trainer(task, Trainer)

    def advance(iterations: int) -> Record:
        trainer.advance(iterations)
        history = trainer.history.at(slice(-iterations, None))
        return Record(history.loss, history.sum_absolute)

    return advance


def prepare_unrecorded(task: Task) -> Advance:
    """Return what advances a trainer that keeps no record."""
    trainer = _trainer(task, Unrecorded)

    def advance(iterations: int) -> Record:
        trainer.advance(iterations)
        return Record()

    return advance


def prepare_whole_run(task: Task) -> Advance:
    """Return what makes a whole run, from the start, at each call."""
    trainer = _trainer(task, Trainer)
    network, data = trainer.network, trainer._data

    def advance(iterations: int) -> Record:
        run = train(network, data, iterations=iterations, progress=False, dtype=task.dtype)
        return Record(run.history.loss, run.history.sum_absolute)

    return advance


def _trainer(task: Task, kind: type[Trainer]) -> Trainer:
    points, weights, biases = task.start()
    return kind(
        Network(weights, [b[0] for b in biases], task.activation),
        Dataset(points.astype(np.float64), task.labels),
        step_size=task.step_size,
        regularization=task.regularization,
        dtype=task.dtype,
    )
