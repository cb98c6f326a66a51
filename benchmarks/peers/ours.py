"""The package's own training, with its full history, and the same step with nothing recorded."""

import numpy as np

from peers.task import Advance, Record, Task
from vanishing import Dataset, Network, Trainer, train

NEVER = 10**12
"""Iterations between two that are recorded, so that none is after the first."""


def prepare(task: Task) -> Advance:
    """Return what advances a `Trainer`."""
    training = trainer(task)

    def advance(iterations: int) -> Record:
        training.advance(iterations)
        history = training.history.at(slice(-iterations, None))
        return Record(history.loss, history.sum_absolute)

    return advance


def prepare_unrecorded(task: Task) -> Advance:
    """Return what advances a trainer that keeps no record."""
    training = trainer(task, record_every=NEVER)

    def advance(iterations: int) -> Record:
        training.advance(iterations)
        return Record()

    return advance


def prepare_whole_run(task: Task) -> Advance:
    """Return what makes a whole run, from the start, at each call."""
    network, data = start(task)

    def advance(iterations: int) -> Record:
        run = train(network, data, iterations=iterations, progress=False, dtype=task.dtype)
        return Record(run.history.loss, run.history.sum_absolute)

    return advance


def start(task: Task) -> tuple[Network, Dataset]:
    """Return the task's network and data."""
    points, weights, biases = task.start()
    parts = {"residual": task.residual, "normalization": task.normalization}
    network = Network(weights, [b[0] for b in biases], task.activation, **parts)  # type: ignore[arg-type]
    return network, Dataset(points.astype(np.float64), task.labels)


def trainer(task: Task, record_every: int = 1) -> Trainer:
    """Return a trainer at the task's start."""
    return Trainer(
        *start(task),
        step_size=task.step_size,
        regularization=task.regularization,
        dtype=task.dtype,
        record_every=record_every,
    )
