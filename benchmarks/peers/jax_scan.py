"""JAX: value_and_grad, compiled by jit, with lax.scan over the iterations."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.task import EPSILON, Advance, Record, Task

jax.config.update("jax_enable_x64", True)

Parameters = tuple[list[Any], list[Any]]


def prepare(task: Task) -> Advance:
    """Return what scans further. Each number of iterations is compiled when first asked for."""
    points, *parameters = task.start()
    X, one_hot = jnp.asarray(points), jnp.asarray(task.one_hot())
    state = jax.tree.map(jnp.asarray, tuple(parameters))
    f = jax.nn.sigmoid if task.activation == "sigmoid" else jax.nn.relu
    step, reg = task.step_size, task.regularization

    def branch(h: Any, W: Any, b: Any) -> Any:
        a = h @ W
        if task.axis is not None:
            mean, variance = (of(a, axis=task.axis, keepdims=True) for of in (jnp.mean, jnp.var))
            a = (a - mean) / jnp.sqrt(variance + EPSILON)
        return f(a + b)

    def data_loss(parameters: Parameters) -> Any:
        weights, biases = parameters
        h = X
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            out = branch(h, W, b)
            h = out if task.residual is None or h.shape != out.shape else h + task.residual * out
        scores = h @ weights[-1] + biases[-1]
        return -jnp.mean(jnp.sum(one_hot * jax.nn.log_softmax(scores), axis=1))

    def iterate(parameters: Parameters, _: None) -> tuple[Parameters, Any]:
        weights, biases = parameters
        loss, (dW, db) = jax.value_and_grad(data_loss)(parameters)
        loss += 0.5 * reg * sum(jnp.sum(W * W) for W in weights)
        sums = jnp.stack([jnp.sum(jnp.abs(d)) for d in dW])
        moved = [W - step * (d + reg * W) for W, d in zip(weights, dW, strict=True)]
        return (moved, [b - step * d for b, d in zip(biases, db, strict=True)]), (loss, sums)

    @functools.partial(jax.jit, static_argnames="iterations")
    def scan(parameters: Parameters, iterations: int) -> tuple[Parameters, Any]:
        moved: tuple[Parameters, Any] = lax.scan(iterate, parameters, length=iterations)
        return moved

    def advance(iterations: int) -> Record:
        nonlocal state
        state, (losses, sums) = scan(state, iterations)
        jax.block_until_ready(state)
        return Record(np.asarray(losses), np.asarray(sums))

    return advance
