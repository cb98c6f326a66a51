"""What the notebooks on time say of every network, on six draws: not just on the one shown."""

import functools
from typing import Any

import numpy as np
import pytest

from vanishing import Activation
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_training import SequenceRun, train_sequences
from vanishing.sequences import SequenceData, SequenceTask, agreement
from vanishing.through_time import gradients_through_time
from vanishing.time_ledger import time_ledger
from vanishing.time_theory import expected_factors, growth, spectrum, vanishing_bound

DRAWS = range(6)
FAR = agreement(40)


@functools.cache
def far_sentences() -> SequenceData:
    return FAR.batch(128, 1)


def drawn(task: SequenceTask, gain: float, draw: int, **settings: Any) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(task, 32, gain=gain, rng=draw, **settings)


def trained(task: SequenceTask, gain: float, draw: int, **settings: Any) -> SequenceRun:
    """Return a run as notebook 09 makes it."""
    usual = {"step_size": 0.05, "batch": 64, "dtype": np.float32, "record_every": 100}
    cell = settings.pop("cell", "tanh")
    start = drawn(task, gain, draw, cell=cell)
    return train_sequences(start, task, seed=draw, progress=False, **{**usual, **settings})


# 09: the account


@pytest.mark.parametrize("draw", DRAWS)
def test_a_hundredth_arrives_at_gain_one_and_nothing_at_one_half(draw: int) -> None:
    one, half = (time_ledger(drawn(FAR, gain, draw), far_sentences()) for gain in (1, 0.5))
    assert -3 < one.relative[-1] < -1.9
    assert -13 < half.relative[-1] < -12
    assert half.culprits == ("weights",)
    assert one.per_part["weights"] == pytest.approx(1)
    assert one.per_part["slopes"] == pytest.approx(0.9, abs=0.03)
    for gain, books in ((1, one), (0.5, half)):
        theory = np.log10(expected_factors(drawn(FAR, gain, draw), far_sentences())).sum()
        assert books.relative[-1] == pytest.approx(theory, abs=0.2)
        assert set(books.causes) == {"healthy"}


def test_one_matrix_varies_more_than_different_ones() -> None:
    def last(draw: int, *, shared: bool) -> float:
        rng = np.random.RandomState(draw)
        vector, matrices = rng.standard_normal(32), rng.standard_normal((100, 32, 32)) / 32**0.5
        return float(growth([matrices[0]] * 100 if shared else matrices, vector)[-1])

    one, different = ([last(draw, shared=s) for draw in DRAWS] for s in (True, False))
    assert np.ptp(one) > 5
    assert np.ptp(different) < 2.5


@pytest.mark.parametrize("draw", DRAWS)
def test_a_power_grows_by_the_spectral_radius(draw: int) -> None:
    rng = np.random.RandomState(draw)
    vector, matrix = rng.standard_normal(32), rng.standard_normal((32, 32)) / 32**0.5
    path, found = growth([matrix] * 800, vector), spectrum(matrix)
    assert 10 ** ((path[800] - path[400]) / 400) == pytest.approx(found.radius, abs=0.01)
    assert found.largest_singular_value > 1.5 * found.radius


@pytest.mark.parametrize("draw", DRAWS)
def test_a_bound_above_one_promises_nothing(draw: int) -> None:
    half, normal, three = (
        drawn(FAR, gain, draw, recurrent=kind)
        for kind, gain in (("orthogonal", 0.5), ("normal", 0.7), ("orthogonal", 3.0))
    )
    assert vanishing_bound(half) < 1 < vanishing_bound(normal)
    assert time_ledger(half, far_sentences()).verdict == "vanishes"
    assert time_ledger(normal, far_sentences()).verdict == "vanishes"
    loud = time_ledger(three, far_sentences())
    assert loud.verdict == "explodes"
    assert loud.relative[-1] < 7 < 40 * np.log10(vanishing_bound(three))
    assert time_ledger(drawn(FAR, 2, draw), far_sentences()).verdict == "explodes"


# 09: how far back


@pytest.mark.parametrize("draw", DRAWS)
def test_gain_one_learns_at_twenty_words_and_one_half_at_five(draw: int) -> None:
    for gain, near, beyond in ((1.0, 20, 40), (0.5, 5, 10)):
        assert trained(agreement(near), gain, draw).accuracy > 0.9
        assert trained(agreement(beyond), gain, draw).accuracy < 0.7


@pytest.mark.parametrize("draw", DRAWS)
def test_the_error_alone_does_not_help_and_the_signal_does_some(draw: int) -> None:
    def accuracy(gain: float, back: float) -> float:
        cheat = Activation("cheat", np.tanh, lambda a: back * (1 - np.tanh(a) ** 2))
        return trained(agreement(10), gain, draw, cell=cheat).accuracy

    assert accuracy(0.5, 1) < 0.6
    assert accuracy(0.5, 2) < 0.6
    assert 0.65 < accuracy(1, 0.5) < 0.98
    assert accuracy(1, 1) > 0.95


# 09: the other side


@pytest.mark.parametrize("draw", DRAWS)
def test_a_trained_network_lies_in_a_valley_with_walls(draw: int) -> None:
    near = agreement(20)
    network = trained(near, 1.2, draw).network.astype(np.float64)
    data, (x, h, b, out, b_out) = near.batch(64, 7), network.arrays

    def steepness(s: float) -> float:
        found = gradients_through_time(network.with_parameters(x, s * h, b, out, b_out), data)
        parts = (found.dW_x, found.dW_h, found.db, found.dW_out, found.db_out)
        return float(np.sqrt(sum(np.sum(part**2) for part in parts)))

    assert max(map(steepness, np.linspace(0.5, 2.5, 41))) > 100 * steepness(1)


@pytest.mark.parametrize("draw", DRAWS)
def test_clipping_makes_a_larger_step_safe_and_no_more(draw: int) -> None:
    def accuracy(step: float, limit: float | None) -> float:
        more = {"step_size": step, "clip_norm": limit, "iterations": 300}
        return trained(agreement(20), 2, draw, **more).accuracy

    assert accuracy(0.1, None) > 0.95
    assert accuracy(0.1, 1.0) > 0.95
    assert accuracy(0.3, None) < 0.95 < accuracy(0.3, 1.0)
    assert accuracy(1.0, None) < 0.95
    assert accuracy(1.0, 1.0) < 0.95


# 09: what it learns instead


def mostly_agreeing(task: SequenceTask, count: int, stream: Any) -> SequenceData:
    many = agreement(task.distance).batch(4 * count, stream)
    kept = many.nearest_agrees | (stream.random(4 * count) < 0.1)
    return many.at(np.flatnonzero(kept)[:count])


@pytest.mark.parametrize("draw", DRAWS)
def test_without_the_error_it_agrees_with_the_last_noun(draw: int) -> None:
    task = agreement(10)
    kinder = type(task)(**vars(task) | {"draw": mostly_agreeing})
    exam = task.batch(500, 99)
    for gain, fooled in ((0.5, True), (1, False)):
        run = trained(kinder, gain, draw)
        assert run.accuracy > 0.9
        correct = run.network.predict(exam.inputs) == exam.targets
        assert correct[exam.nearest_agrees].mean() > 0.99
        share = correct[~exam.nearest_agrees].mean()
        assert share < 0.01 if fooled else share > 0.99
