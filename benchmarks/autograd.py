"""Are the gradients those of PyTorch's autograd? Of random networks of every kind, in float64.

`python benchmarks/autograd.py --write` writes the table into benchmarks/README.md.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import report
from peers import ours, time_ours
from peers.sequence_task import SequenceTask
from peers.task import Array, Record, Task
from training import TORCH, Bench, Entrant, have

from vanishing import Network
from vanishing.activations import ACTIVATIONS
from vanishing.backprop import gradients
from vanishing.fused import Fused
from vanishing.parameters import Parameters
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import SequenceData
from vanishing.through_time import gradients_through_time

COUNT, AIM = 200, 1e-10

LAYERS = Entrant("layers", "torch_eager", "prepare_gradient", TORCH.library)
TIME = Entrant("time", "time_torch", library=TORCH.library)

Draw = np.random.Generator


def random_layers(draw: Draw) -> Task:
    """Return a network of random depth, width, activation, shortcuts and normalization."""
    bounds = (1, 5), (2, 6), (9, 60)
    inputs, classes, count = (int(draw.integers(low, high)) for low, high in bounds)
    widths = [int(draw.integers(2, 25))] * int(draw.integers(1, 13))
    network = Network.initialize(
        (inputs, *widths, classes), scheme="glorot", scale=draw.uniform(0.5, 2), rng=draw
    )
    return Task(
        draw.normal(size=(count, inputs)),
        draw.integers(0, classes, count),
        network.weights,
        str(draw.choice(list(ACTIVATIONS))),
        "float64",
        residual=None if draw.random() < 0.5 else draw.uniform(0.1, 1),
        normalization=(None, "layer", "batch")[draw.integers(3)],
        biases=[draw.normal(size=b.shape) for b in network.biases],
    )


def our_layers(task: Task) -> list[Record]:
    """Return loss and gradient by the plain pass, and by the fused one that trains."""
    network, data = ours.start(task)
    plain, parameters = gradients(network, data), Parameters.of(network, np.dtype(float))
    fused = Fused(network, data, np.dtype(float))
    loss = fused.evaluate(parameters)
    flat = [part.ravel() for pair in zip(plain.dW, plain.db, strict=True) for part in pair]
    return [
        Record(np.array([plain.loss]), np.concatenate(flat)),
        Record(np.array([loss]), fused.gradient.flat),
    ]


def random_time(draw: Draw) -> SequenceTask:
    """Return a recurrent network with random cells, width, length, outputs and numbers."""
    inputs, hidden, classes = (int(draw.integers(2, high)) for high in (6, 25, 5))
    steps, count = (int(draw.integers(1, 30)) for _ in range(2))
    cell = str(draw.choice(["tanh", "relu", "gru", "lstm"]))
    network = RecurrentNetwork.initialize(
        (inputs, classes), hidden, cell, gain=draw.uniform(0.5, 1.5), rng=draw
    )
    arrays = tuple(a + draw.normal(0, 0.1, a.shape) for a in network.arrays)
    shape = (steps, count) if draw.random() < 0.5 else (count,)
    numbers, labels = draw.normal(size=(steps, count, inputs)), draw.integers(0, classes, shape)
    return SequenceTask(cell, numbers, labels, arrays, "float64")


def our_time(task: SequenceTask) -> list[Record]:
    """Return loss and gradient by the plain pass, and by the one that trains."""
    W_x, W_h, b, W_out, b_out = task.arrays
    network = RecurrentNetwork(W_x, W_h, b, W_out, b_out, task.cell, every_step=task.every_step)
    size = task.inputs.shape[2]
    data = SequenceData(task.labels, task.every_step, size, numbers=task.inputs)
    plain = gradients_through_time(network, data)
    parts = plain.dW_x, plain.dW_h, plain.db, plain.dW_out, plain.db_out
    flat = np.concatenate([part.ravel() for part in parts])
    return [Record(np.array([plain.loss]), flat), time_ours.prepare(task)(1)]


def apart(found: Record, reference: Record) -> Array:
    """Return how far losses and gradients lie apart: in themselves, and over the largest number."""
    loss, gradient = (
        float(np.abs(np.asarray(one) - np.asarray(other)).max())
        for one, other in zip(found, reference, strict=True)
    )
    return np.array([loss, gradient, gradient / float(np.abs(np.asarray(reference.sums)).max())])


def row(
    running: Bench,
    peer: Entrant,
    draw_task: Callable[[Draw], Any],
    own: Callable[[Any], list[Record]],
) -> list[str]:
    """Compare so many random configurations, and return how many, and the worst of each number."""
    worst = np.zeros(3)
    for seed in range(COUNT):
        task = draw_task(np.random.default_rng(seed))
        reference = running.runner(peer, task, 1).round().record
        for found in own(task):
            worst = np.maximum(worst, apart(found, reference))
    return [f"{COUNT}", *(f"{one:.0e}" for one in worst)]


def main() -> None:
    """Compare, print, and write if asked to."""
    chosen = report.parser(__doc__).parse_args()
    have(TORCH, install=not chosen.no_install)
    with Bench() as running:
        rows = {
            "layers": row(running, LAYERS, random_layers, our_layers),
            "through time": row(running, TIME, random_time, our_time),
        }
    head = ["", "configurations", "loss", "gradient", "gradient, over its largest number"]
    text = "\n".join(report.markdown(head, ([name, *one] for name, one in rows.items())))
    report.publish(text, "autograd", write=chosen.write)


if __name__ == "__main__":
    main()
