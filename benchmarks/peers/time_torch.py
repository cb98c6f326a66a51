"""PyTorch's own nn.RNN, nn.LSTM and nn.GRU on the CPU, with autograd."""

import functools

import numpy as np
import torch
import torch.nn.functional as F

from peers.sequence_task import SequenceTask, swapped
from peers.task import Advance, Record

torch.set_num_threads(1)

CELLS = {
    "tanh": torch.nn.RNN,
    "relu": functools.partial(torch.nn.RNN, nonlinearity="relu"),
    "lstm": torch.nn.LSTM,
    "gru": torch.nn.GRU,
}


def prepare(task: SequenceTask) -> Advance:
    """Return what makes iterations; `sums` is the gradient of the first of them."""
    inputs, (W_x, W_h, b, W_out, b_out) = task.start()
    x, y = torch.tensor(inputs), torch.tensor(task.labels.ravel())
    cell = CELLS[task.cell](inputs.shape[2], len(W_h)).to(x.dtype)
    starts = [swapped(task.cell, part).T.copy() for part in (W_x, W_h, b)]
    with torch.no_grad():
        for own, start in zip(cell.parameters(), [*starts, np.zeros_like(b)], strict=True):
            own.copy_(torch.tensor(start))
    W, c = (torch.tensor(part, requires_grad=True) for part in (W_out, b_out))
    # The second bias stays zero: the package has one.
    learned = [*list(cell.parameters())[:3], W, c]

    def advance(iterations: int) -> Record:
        losses, first = [], None
        for _ in range(iterations):
            h = cell(x)[0]
            asked = h.flatten(0, 1) if task.every_step else h[-1]
            loss = F.cross_entropy(torch.addmm(c, asked, W), y)
            gradient = torch.autograd.grad(loss, learned)
            losses.append(loss.item())
            if first is None:
                first = _in_our_order(task.cell, [g.numpy().copy() for g in gradient])
            with torch.no_grad():
                for parameter, slope in zip(learned, gradient, strict=True):
                    parameter.sub_(slope, alpha=task.step_size)
        return Record(np.array(losses), first)

    return advance


def _in_our_order(cell: str, gradient: list[np.ndarray]) -> np.ndarray:
    ours = [swapped(cell, part.T) for part in gradient[:3]]
    return np.concatenate([part.ravel() for part in (*ours, *gradient[3:])])
