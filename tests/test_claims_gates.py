"""What notebook 10 says of gates in general, over six draws: not just of the one shown."""

import functools
from typing import Any

import numpy as np
import pytest

from vanishing import Goal, Network, spiral
from vanishing._checks import Array
from vanishing.cells import Cell, LSTMStep, State
from vanishing.ledger import ledger
from vanishing.optimizers import Adam, Memory
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_experiment import SequenceExperiment, SequenceSettings
from vanishing.sequence_jobs import SequenceJob
from vanishing.sequence_training import SequenceRun
from vanishing.sequences import SequenceData, recall
from vanishing.sweeps import sweep
from vanishing.through_time import gradients_through_time
from vanishing.time_ledger import time_ledger

DRAWS = range(6)
PLAIN: dict[str, Any] = {
    "iterations": 300,
    "batch": 32,
    "clip_norm": 1.0,
    "dtype": np.float32,
    "record_every": 100,
    "until": Goal(accuracy=0.99),
}


@functools.cache
def sequences() -> SequenceData:
    return recall(30).batch(128, 1)


def drawn(
    cell: str | Cell = "tanh", draw: int = 0, steps: int = 30, hidden: int = 16, **settings: Any
) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(recall(steps), hidden, cell, rng=draw, **settings)


def with_update_bias(network: RecurrentNetwork, bias: float) -> RecurrentNetwork:
    b, first = network.b.copy(), network.cell.gates.index("z") * network.hidden
    b[first : first + network.hidden] = bias
    W_x, W_h, _, W_out, b_out = network.arrays
    return network.with_parameters(W_x, W_h, b, W_out, b_out)


def runs(starts: list[RecurrentNetwork], steps: int = 30, **settings: Any) -> list[SequenceRun]:
    jobs = [
        SequenceJob(start, recall(steps), seed=draw, **{**PLAIN, **settings})
        for draw, start in enumerate(starts)
    ]
    made = dict(sweep(jobs, progress=False))
    return [made[draw] for draw in range(len(jobs))]


def learned(found: list[SequenceRun]) -> int:
    return sum(run.accuracy > 0.9 for run in found)


def signal(network: RecurrentNetwork) -> float:
    data = sequences()
    assert data.symbols is not None
    swapped = data.symbols.copy()
    swapped[0] = 1 - swapped[0]
    one, other = (network.states(np.eye(data.size)[s]) for s in (data.symbols, swapped))
    apart = one.h - other.h if one.c is None or other.c is None else one.c - other.c
    sizes = np.linalg.norm(apart, axis=(1, 2))
    return float(np.log10(sizes[-1] / sizes[0]))


# Before training


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(
    ("bias", "alone", "both"),
    [(0, (-9, -7), (-5, -4)), (1, (-4, -2), (-2, 0)), (3, (-1, 0), (0, 2))],
)
def test_the_carousel_takes_what_its_gate_says_and_the_detour_adds(
    draw: int, bias: float, alone: tuple[float, float], both: tuple[float, float]
) -> None:
    start = drawn("lstm", draw, forget_bias=bias)
    dc = gradients_through_time(start, sequences()).dc
    assert dc is not None
    kept = np.prod(start.states(sequences().inputs).gates["f"][1:], axis=0)
    carousel = np.log10(np.linalg.norm(dc[-1] * kept) / np.linalg.norm(dc[-1]))
    books = time_ledger(start, sequences())
    assert alone[0] < carousel < alone[1]
    assert both[0] < books.relative[-1] < both[1]
    assert books.per_part["detour"] > 1


@pytest.mark.parametrize("draw", DRAWS)
def test_the_gate_carries_error_and_signal_alike(draw: int) -> None:
    lstms = [drawn("lstm", draw, forget_bias=bias) for bias in (0, 1, 3)]
    gru = drawn("gru", draw)
    others = [drawn("tanh", draw), drawn("tanh", draw, gain=0.5)]
    identity = drawn("relu", draw, recurrent="identity")
    for start in (*lstms, gru, with_update_bias(gru, 3), *others, identity):
        assert abs(signal(start) - time_ledger(start, sequences()).relative[-1]) < 1


@pytest.mark.parametrize("draw", DRAWS)
def test_what_other_means_let_arrive(draw: int) -> None:
    def error(start: RecurrentNetwork) -> float:
        return float(time_ledger(start, sequences()).relative[-1])

    gru = drawn("gru", draw)
    assert -5 < error(gru) < -3
    assert -1 < error(with_update_bias(gru, 3)) < 0
    assert -4.2 < error(drawn("tanh", draw)) < -2
    assert -1 < error(drawn("relu", draw, recurrent="identity")) < 0
    assert -12 < error(drawn("tanh", draw, gain=0.5)) < -10


@pytest.mark.parametrize("draw", DRAWS)
def test_a_residual_net_has_the_same_additive_path(draw: int) -> None:
    sizes = (2, *[50] * 30, 3)
    points = spiral(20, rng=draw)
    for residual, verdict in ((None, "vanishes"), (1.0, "arrives")):
        deep = Network.initialize(sizes, "sigmoid", scale=0.1, residual=residual, rng=draw + 1)
        assert ledger(deep, points).verdict == verdict


# What training makes of it


def test_a_gate_at_one_half_learns_nothing_and_an_open_one_twice_the_distance() -> None:
    shut = runs([drawn("lstm", k, forget_bias=0) for k in DRAWS], step_size=0.1)
    far = [drawn("lstm", k, 60, forget_bias=3) for k in DRAWS]
    assert max(run.accuracy for run in shut) < 0.6
    assert min(run.accuracy for run in runs(far, 60, step_size=0.1)) > 0.95


class ErrorKept(LSTMStep):
    """The carousel hands the error back as an open gate would."""

    factor = 0.95

    def backward(self, error: State) -> State:
        """Return an error that is not the true gradient."""
        dh, _ = super().backward(error)
        return dh, self.dc * self.factor


class ErrorFades(ErrorKept):
    """The carousel hands the error back as a gate at about one half would."""

    factor = 0.54


def test_the_error_alone_is_enough_the_signal_as_a_rule_and_the_error_teaches_the_signal() -> None:
    kept = [drawn(Cell("kept", ErrorKept), k, forget_bias=0) for k in DRAWS]
    fades = [drawn(Cell("fades", ErrorFades), k, forget_bias=3) for k in DRAWS]
    neither = [drawn("lstm", k, forget_bias=0) for k in DRAWS]
    taught = runs(kept, step_size=0.3)
    assert min(run.accuracy for run in taught) > 0.95
    assert min(run.accuracy for run in runs(fades, step_size=0.3, until=Goal(accuracy=0.9))) > 0.85
    assert max(run.accuracy for run in runs(neither, step_size=0.3)) < 0.6
    assert max(signal(start) for start in kept) < -3.5
    assert min(signal(run.network.astype(np.float64)) for run in taught) > 0


def test_where_the_error_vanishes_there_is_nothing_to_clip() -> None:
    found = runs([drawn(gain=0.5, draw=k) for k in DRAWS], step_size=0.1, record_every=1)
    assert max(run.history.gradient_norm.max() for run in found) < 1
    assert max(run.accuracy for run in found) < 0.6


class PartlyAdam(Adam):
    """Adam for some of the parameters, gradient descent with a step size of 0.3 for the others."""

    chosen = slice(None)

    def update(self, parameters: Array, gradient: Array, memory: Memory) -> tuple[Array, Memory]:
        """Return new parameters, and what Adam remembers."""
        found, memory = super().update(parameters, gradient, memory)
        mixed = parameters - 0.3 * gradient
        mixed[self.chosen] = found[self.chosen]
        return mixed, memory


def ill() -> list[RecurrentNetwork]:
    return [drawn(gain=0.5, draw=k, hidden=35) for k in DRAWS]


def test_adam_heals_the_way_through_the_recurrent_matrix() -> None:
    ends = np.cumsum([0, *(array.size for array in ill()[0].arrays)])

    class OnInputs(PartlyAdam):
        chosen = slice(0, ends[1])

    class OnRecurrent(PartlyAdam):
        chosen = slice(ends[1], ends[2])

    assert learned(runs(ill(), optimizer=OnInputs(0.03))) <= 2
    assert learned(runs(ill(), optimizer=OnRecurrent(0.03))) >= 5
    lstms = [drawn("lstm", k, forget_bias=0) for k in DRAWS]
    assert learned(runs(lstms, optimizer=Adam(0.03))) == 0
    for run in runs(ill(), optimizer=Adam(0.03), iterations=10):
        network = run.network.astype(np.float64)
        assert np.linalg.norm(network.W_h, 2) > 1.2
        assert time_ledger(network, sequences()).relative[-1] > -7


def test_a_step_longer_than_those_of_the_search_teaches_some() -> None:
    starts = [drawn(gain=0.5, draw=k, hidden=35) for k in range(12)]
    assert learned(runs(starts, step_size=3.0)) >= 2


def test_a_step_that_is_too_long_for_the_identity() -> None:
    starts = [drawn("relu", k, hidden=35, recurrent="identity") for k in DRAWS]
    assert learned(runs(starts, step_size=0.3)) == 0


@pytest.mark.parametrize(
    ("name", "step", "clip", "optimizer", "count"),
    [
        ("ill", 0.1, None, "gradient descent", 0),
        ("ill", 0.1, 1.0, "gradient descent", 0),
        ("ill", 0.03, 1.0, "adam", 5),
        ("orthogonal", 1.0, 1.0, "gradient descent", 6),
        ("identity", 0.1, 1.0, "gradient descent", 6),
        ("gru 0", 0.1, 1.0, "gradient descent", 0),
        ("gru 3", 1.0, 1.0, "gradient descent", 6),
        ("lstm 3", 0.1, 1.0, "gradient descent", 6),
    ],
)
def test_who_wins_the_fair_race(
    name: str, step: float, clip: float | None, optimizer: str, count: int
) -> None:
    def start(draw: int) -> RecurrentNetwork:
        if name.startswith("gru"):
            return with_update_bias(drawn("gru", draw, hidden=19), float(name[-1]))
        settings: dict[str, tuple[str, int, dict[str, Any]]] = {
            "ill": ("tanh", 35, {"gain": 0.5}),
            "orthogonal": ("tanh", 35, {}),
            "identity": ("relu", 35, {"recurrent": "identity"}),
            "lstm 3": ("lstm", 16, {"forget_bias": 3}),
        }
        cell, hidden, more = settings[name]
        return drawn(cell, draw, hidden=hidden, **more)

    starts = [start(draw) for draw in DRAWS]
    assert all(1500 <= sum(a.size for a in one.arrays) <= 1550 for one in starts)
    found = runs(starts, step_size=step, clip_norm=clip, optimizer=optimizer)
    assert abs(learned(found) - count) <= 1


# The explorer's questions


@pytest.mark.parametrize(
    ("cell", "distance", "bias", "step_size", "within", "learns"),
    [
        ("lstm", 30, 0.0, 0.1, 300, False),
        ("lstm", 30, 3.0, 0.1, 100, True),
        ("lstm", 60, 3.0, 0.1, 200, True),
        ("gru", 30, 0.0, 1.0, 300, False),
        ("gru", 30, 1.0, 1.0, 300, False),
        ("gru", 30, 2.0, 1.0, 300, True),
        ("gru", 30, 3.0, 1.0, 300, True),
    ],
)
def test_the_explorer_needs_an_open_gate(
    cell: str, distance: int, bias: float, step_size: float, within: int, *, learns: bool
) -> None:
    own: dict[str, Any] = {"distance": distance, "gate_bias": bias, "step_size": step_size}
    for draw in DRAWS:
        bench: dict[str, Any] = {"task": "recall", "hidden": 16, "clip_norm": 1.0, "draw": draw}
        assert reaches(SequenceSettings(cell, **own, **bench), within) == learns


@pytest.mark.parametrize(("bias", "learns"), [(0.0, False), (3.0, True)])
def test_the_sentence_needs_it_too(bias: float, *, learns: bool) -> None:
    for draw in DRAWS:
        settings = SequenceSettings("lstm", distance=30, gate_bias=bias, draw=draw)
        assert reaches(settings, 300) == learns


def reaches(settings: SequenceSettings, iterations: int) -> bool:
    """Tell whether a run learns within so many iterations."""
    trial = SequenceExperiment(settings)
    while trial.iteration < iterations and trial.reading.accuracy < 0.95:
        trial.advance(50)
    return trial.reading.accuracy >= 0.95
