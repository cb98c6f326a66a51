"""The package's pass through time and its gradient descent, on one batch."""

import numpy as np

from peers.sequence_task import SequenceTask
from peers.task import Advance, Record
from vanishing.machine import one_blas_thread
from vanishing.optimizers import GradientDescent
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import SequenceData
from vanishing.through_time import RecurrentParameters
from vanishing.unrolled import Unrolled


def prepare(task: SequenceTask) -> Advance:
    """Return what makes iterations; `sums` is the gradient of the first of them."""
    inputs, arrays = task.start()
    W_x, W_h, b, W_out, b_out = arrays
    network = RecurrentNetwork(W_x, W_h, b, W_out, b_out, task.cell, every_step=task.every_step)
    data = SequenceData(task.labels, task.every_step, inputs.shape[2], numbers=inputs)
    dtype = np.dtype(task.dtype)
    batch, parameters = Unrolled(network, dtype), RecurrentParameters.of(network, dtype)
    descent = GradientDescent(task.step_size)

    def advance(iterations: int) -> Record:
        losses, first = [], None
        with one_blas_thread():
            for _ in range(iterations):
                losses.append(batch.evaluate(parameters, data))
                if first is None:
                    first = np.concatenate([g.ravel() for g in batch.gradient.arrays])
                moved, _ = descent.update(parameters.flat, batch.gradient.flat, ())
                parameters.flat[:] = moved
        return Record(np.array(losses), first)

    return advance
