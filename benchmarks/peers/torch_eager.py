"""PyTorch on the CPU: autograd, operation by operation."""

import torch
import torch.nn.functional as F

from peers.task import EPSILON, Advance, Record, Task

torch.set_num_threads(1)


def prepare(task: Task) -> Advance:
    """Return what runs the loop further."""
    points, *parameters = task.start()
    X, y = torch.tensor(points), torch.tensor(task.labels)
    weights, biases = ([torch.tensor(p, requires_grad=True) for p in part] for part in parameters)
    f = torch.sigmoid if task.activation == "sigmoid" else torch.relu
    step, reg = task.step_size, task.regularization

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

    def advance(iterations: int) -> Record:
        losses = torch.empty(iterations, dtype=X.dtype)
        sums = torch.empty(iterations, len(weights), dtype=X.dtype)
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
