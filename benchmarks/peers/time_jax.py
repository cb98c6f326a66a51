"""JAX: value_and_grad of a scan over the steps, compiled by jit, in a scan over the iterations."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.sequence_task import SequenceTask
from peers.task import Advance, Record

jax.config.update("jax_enable_x64", True)


def simple(a: Any, h: Any, c: Any, W_h: Any) -> Any:
    """Return h_t and c_t, which is not used."""
    return jnp.tanh(a + h @ W_h), c


def lstm(a: Any, h: Any, c: Any, W_h: Any) -> Any:
    """Return h_t and c_t."""
    i, f, o, g = jnp.split(a + h @ W_h, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru(a: Any, h: Any, c: Any, W_h: Any) -> Any:
    """Return h_t and c_t, which is not used."""
    (x_r, x_z, x_g), (h_r, h_z, u) = jnp.split(a, 3, axis=1), jnp.split(h @ W_h, 3, axis=1)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    return (1 - z) * jnp.tanh(x_g + r * u) + z * h, c


CELLS: dict[str, Callable[..., Any]] = {"tanh": simple, "lstm": lstm, "gru": gru}


def prepare(task: SequenceTask) -> Advance:
    """Return what scans further; `sums` is the gradient of the first iteration."""
    inputs, arrays = task.start()
    x, y = jnp.asarray(inputs), jnp.asarray(task.labels)
    state = [jnp.asarray(a) for a in arrays]
    step, zeros = CELLS[task.cell], jnp.zeros((x.shape[1], len(arrays[1])), x.dtype)

    def loss_of(parameters: Any) -> Any:
        W_x, W_h, b, W_out, b_out = parameters

        def forward(before: Any, a: Any) -> Any:
            return step(a, *before, W_h), None

        # The inputs' part of all steps in one product.
        (h, _), _ = lax.scan(forward, (zeros, zeros), x @ W_x + b)
        scores = jax.nn.log_softmax(h @ W_out + b_out)
        return -jnp.mean(scores[jnp.arange(len(y)), y])

    def iterate(parameters: Any, _: None) -> Any:
        loss, gradient = jax.value_and_grad(loss_of)(parameters)
        return jax.tree.map(lambda p, g: p - task.step_size * g, parameters, gradient), loss

    @functools.partial(jax.jit, static_argnames="iterations")
    def scan(parameters: Any, iterations: int) -> Any:
        return lax.scan(iterate, parameters, length=iterations)

    def advance(iterations: int) -> Record:
        nonlocal state
        first = None if iterations > 1 else jax.jit(jax.grad(loss_of))(state)
        state, losses = scan(state, iterations)
        jax.block_until_ready(state)
        sums = None if first is None else np.concatenate([np.ravel(g) for g in first])
        return Record(np.asarray(losses), sums)

    return advance
