"""The published setup of the lecture, and its log.

The demonstration is from Stanford's CS224n (lecture "RNNs and language models"); it grew out of
Andrej Karpathy's minimal network case study for CS231n.
"""

import numpy as np

from vanishing.data import Dataset, spiral
from vanishing.network import Network
from vanishing.training import Run

SIZES = (2, 50, 50, 3)
"""The widths of the lecture's network, input first."""

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
    stream = np.random.RandomState(seed)
    data = spiral(rng=stream)
    sigmoid_network = Network.initialize(SIZES, "sigmoid", rng=stream)
    relu_network = Network.initialize(SIZES, "relu", rng=stream)
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
        Any run, of any length.

    Returns
    -------
    Log
        One line for every thousandth iteration, with the loss before its update; then the
        accuracy on the training points after the last one.
    """
    losses = run.history.loss[::LOG_EVERY]
    lines = [f"iteration {LOG_EVERY * i}: loss {loss:f}" for i, loss in enumerate(losses)]
    return Log([*lines, f"training accuracy: {run.accuracy:.2f}"])
