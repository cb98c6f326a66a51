"""PyTorch on the CPU: autograd, operation by operation."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from peers.task import EPSILON, Advance, Record, Task

torch.set_num_threads(1)


FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
}

Learned = list[torch.Tensor]


def network(task: Task) -> tuple[Learned, Learned, Callable[[], torch.Tensor]]:
    """Return weights, biases, and what computes the mean cross-entropy from them."""
    points, *parameters = task.start()
    X, y = torch.tensor(points), torch.tensor(task.labels)
    weights, biases = ([torch.tensor(p, requires_grad=True) for p in part] for part in parameters)
    f = FUNCTIONS[task.activation]

    def branch(h: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        if task.axis is None:
            return f(torch.addmm(b, h, W))
        a = h @ W
        variance, mean = torch.var_mean(a, dim=task.axis, correction=0, keepdim=True)
        return f((a - mean) / torch.sqrt(variance + EPSILON) + b)

    def data_loss() -> torch.Tensor:
        h = X
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            out = branch(h, W, b)
            h = out if task.residual is None or h.shape != out.shape else h + task.residual * out
        return F.cross_entropy(torch.addmm(biases[-1], h, weights[-1]), y)

    return weights, biases, data_loss


def prepare_gradient(task: Task) -> Advance:
    """Return what computes the loss, and the gradient: of each layer the weights, then biases."""
    weights, biases, data_loss = network(task)
    learned = [part for pair in zip(weights, biases, strict=True) for part in pair]

    def advance(_: int) -> Record:
        loss = data_loss()
        gradient = torch.autograd.grad(loss, learned)
        return Record(
            np.array([loss.item()]), np.concatenate([g.numpy().ravel() for g in gradient])
        )

    return advance


def prepare(task: Task) -> Advance:
    """Return what runs the loop further."""
    weights, biases, data_loss = network(task)
    dtype, step, reg = weights[0].dtype, task.step_size, task.regularization

    def advance(iterations: int) -> Record:
        losses = torch.empty(iterations, dtype=dtype)
        sums = torch.empty(iterations, len(weights), dtype=dtype)
        for i in range(iterations):
            loss = data_loss()
            gradient = torch.autograd.grad(loss, [*weights, *biases])
            with torch.no_grad():
                losses[i] = loss
                for layer, (W, dW) in enumerate(zip(weights, gradient, strict=False)):
                    losses[i] += 0.5 * reg * W.square().sum()
                    sums[i, layer] = dW.abs().sum()
                    W.mul_(1 - step * reg).sub_(dW, alpha=step)
                for b, db in zip(biases, gradient[len(weights) :], strict=True):
                    b.sub_(db, alpha=step)
        return Record(losses.numpy(), sums.numpy())

    return advance
