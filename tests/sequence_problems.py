"""Recurrent networks and sequences for the tests, drawn by hypothesis."""

import numpy as np
from hypothesis import strategies as st
from problems import SOFTSIGN

from vanishing import Activation
from vanishing.cells import CELLS
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import LOSSES, SequenceData

EVERY_CELL: tuple[str | Activation, ...] = (*CELLS, SOFTSIGN)


def sequences(
    steps: int, count: int, inputs: int, outputs: int, loss: str, every_step: bool, seed: int
) -> SequenceData:
    """Return random numbers as inputs, and random answers."""
    rng = np.random.RandomState(seed)
    shape = (steps, count) if every_step else (count,)
    targets = (
        rng.randint(outputs, size=shape)
        if loss == LOSSES[0]
        else rng.standard_normal((*shape, outputs))
    )
    return SequenceData(
        targets, every_step, inputs, numbers=rng.standard_normal((steps, count, inputs))
    )


def recurrent_network(
    inputs: int,
    hidden: int,
    outputs: int,
    cell: str | Activation,
    loss: str,
    every_step: bool,
    seed: int,
) -> RecurrentNetwork:
    """Return a network whose parameters are all random, biases as well."""
    network = RecurrentNetwork.initialize((inputs, outputs), hidden, cell, rng=seed)
    rng = np.random.RandomState(seed)
    drawn = [0.7 * rng.standard_normal(array.shape) for array in network.arrays]
    return RecurrentNetwork(*drawn, network.cell, loss=loss, every_step=every_step)


@st.composite
def sequence_problems(
    draw: st.DrawFn,
    cells: tuple[str | Activation, ...] = EVERY_CELL,
    *,
    widest: int = 5,
    longest: int = 6,
    most: int = 4,
) -> tuple[RecurrentNetwork, SequenceData]:
    """Networks of every kind, with sequences that fit."""
    inputs, hidden = draw(st.integers(1, 4)), draw(st.integers(1, widest))
    outputs, seed = draw(st.integers(2, 3)), draw(st.integers(0, 2**32 - 1))
    loss, every_step = draw(st.sampled_from(LOSSES)), draw(st.booleans())
    cell = draw(st.sampled_from(cells))
    steps, count = draw(st.integers(1, longest)), draw(st.integers(1, most))
    return (
        recurrent_network(inputs, hidden, outputs, cell, loss, every_step, seed),
        sequences(steps, count, inputs, outputs, loss, every_step, seed),
    )
