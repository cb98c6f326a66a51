"""The published setup of the lecture, and its log.

The demonstration is from Stanford's CS224n (lecture "RNNs and language models"); it grew out of
Andrej Karpathy's minimal network case study for CS231n.
"""

from typing import Any

import numpy as np

from vanishing._checks import instance, random_stream, shown
from vanishing.data import Dataset, spiral
from vanishing.network import Network
from vanishing.training import Run

SIZES = (2, 50, 50, 3)
"""The widths of the lecture's network, input first."""

SCALE = 0.1
"""The standard deviation of its initial weights."""

STEP_SIZE = 0.1
"""The step size (learning rate) that it is trained with."""

REGULARIZATION = 1e-3
"""The strength of the penalty (weight decay)."""

ITERATIONS = 50_000
"""How long it is trained."""

POINTS_PER_CLASS, NOISE = 100, 0.2
"""Points on each arm of the spiral, and the standard deviation of their angle's noise."""

LOG_EVERY = 1000
"""Iterations from one line of the log to the next."""


def setup(seed: int = 0) -> tuple[Dataset, Network, Network]:
    """Return the data, the sigmoid network and the ReLU network of the lecture.

    All three are drawn from one stream, in this order; so the two networks do not start from the
    same weights. For a fair comparison use `sigmoid_network.with_activation("relu")`.

    Parameters
    ----------
    seed : int
        The seed of the stream; 0 is the lecture's.

    Returns
    -------
    data : Dataset
        300 points in 3 classes.
    sigmoid_network, relu_network : Network
        2-50-50-3, weights of standard deviation 0.1, biases zero.
    """
    if isinstance(seed, np.random.RandomState | np.random.Generator) or seed is None:
        raise TypeError(f"seed must be a whole number from 0 to 2**32 - 1; got {shown(seed)}")
    stream = random_stream(seed)
    data = spiral(POINTS_PER_CLASS, SIZES[-1], noise=NOISE, rng=stream)
    sigmoid_network = Network.initialize(SIZES, "sigmoid", scale=SCALE, rng=stream)
    relu_network = Network.initialize(SIZES, "relu", scale=SCALE, rng=stream)
    return data, sigmoid_network, relu_network


class Log(tuple[str, ...]):
    """The lines of a log; printed, and shown in a notebook, one below the other."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)

    __repr__ = __str__


def log(run: Run) -> Log:
    """Return the log of a run in the published format.

    Parameters
    ----------
    run : Run
        Of any length; recorded at every iteration, or at every thousandth at least.

    Returns
    -------
    Log
        One line for every thousandth iteration, with the loss before its update; then the
        accuracy on the training points after the last one.
    """
    instance("run", run, Run)
    history: Any = run.history.at(run.history.iteration % LOG_EVERY == 0)
    rows = zip(history.iteration, history.loss, strict=True)
    lines = [f"iteration {iteration}: loss {loss:f}" for iteration, loss in rows]
    return Log([*lines, f"training accuracy: {run.accuracy:.2f}"])
