"""Runs through time are swept like all others: the same digits whatever makes them."""

import inspect
import tracemalloc
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from vanishing import sweep
from vanishing.jobs import Goal
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_jobs import SequenceJob
from vanishing.sequence_training import SequenceRun, train_sequences
from vanishing.sequences import recall
from vanishing.workers import processes

TASK = recall(3)
SETTINGS: dict[str, Any] = {"iterations": 40, "optimizer": "adam", "step_size": 0.02, "batch": 8}


def network(cell: str = "lstm", rng: int = 0) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(TASK, 5, cell, rng=rng)


def assert_same(one: SequenceRun, other: SequenceRun) -> None:
    assert one.iterations == other.iterations
    assert one.accuracy == other.accuracy
    np.testing.assert_array_equal(one.history.record, other.history.record)
    for mine, theirs in zip(one.network.arrays, other.network.arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("make", [lambda: None, lambda: ThreadPoolExecutor(2), processes])
def test_a_sweep_gives_the_same_digits_as_training(make: Any) -> None:
    executor: Executor | None = make() if make is not processes else processes(2)
    starts = [network("lstm"), network("gru", 1), network("tanh", 2)]
    jobs = [SequenceJob(start, TASK, **SETTINGS, seed=k) for k, start in enumerate(starts)]
    runs = dict(sweep(jobs, executor=executor, workers=2, progress=False))
    for number, start in enumerate(starts):
        told = train_sequences(start, TASK, **SETTINGS, seed=number, progress=False)
        assert_same(runs[number], told)


def test_a_run_made_in_many_stretches_is_the_same() -> None:
    job, state, stretches = SequenceJob(network(), TASK, **SETTINGS), None, []
    while not stretches or not stretches[-1].ended:
        stretches.append(job.advance(state, 1e-9))
        state = stretches[-1].state
    assert len(stretches) >= 40
    assert stretches[0].iteration == 1  # a later stretch changed no earlier one
    assert stretches[0].state.iteration == 1
    assert_same(
        job.result(stretches), train_sequences(job.network, TASK, **SETTINGS, progress=False)
    )


def test_every_setting_reaches_the_run() -> None:
    usual = {**SETTINGS, "clip_norm": 0.1, "dtype": np.float32, "seed": 3, "record_every": 7}
    told = train_sequences(network(), TASK, **usual, progress=False)
    assert told.history.iteration.tolist() == [0, 7, 14, 21, 28, 35]
    assert told.history.clipped_norm.max() < told.history.gradient_norm.max()
    job = SequenceJob(network(), TASK, **usual)
    run = job.result([job.advance(None, 100.0)])
    assert_same(run, told)
    assert run.network.W_h.dtype == told.network.W_h.dtype == np.float32


def test_a_job_leaves_out_what_training_leaves_out() -> None:
    def defaults(function: Any) -> dict[str, Any]:
        found = inspect.signature(function).parameters.items()
        return {name: one.default for name, one in found if name not in ("until", "progress")}

    assert defaults(SequenceJob) == defaults(train_sequences)


def test_one_iteration_is_a_run() -> None:
    job = SequenceJob(network(), TASK, iterations=1)
    assert job.result([job.advance(None, 100.0)]).iterations == 1


def test_a_job_that_waits_holds_no_record() -> None:
    tracemalloc.start()
    SequenceJob(network(), TASK, iterations=10**6)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10**6  # bytes, where the record itself takes 48 times as many


def test_it_ends_at_its_goal() -> None:
    settings = {**SETTINGS, "iterations": 2000}
    job = SequenceJob(network(), TASK, **settings, until=Goal(accuracy=1.0))
    run = job.result([job.advance(None, 100.0)])
    assert run.accuracy == 1
    assert run.iterations < 1000


def test_the_start_stays_as_it_was_when_the_job_was_made() -> None:
    start = network()
    job = SequenceJob(start, TASK, **SETTINGS)
    start.W_h[:] = 7
    assert_same(
        job.result([job.advance(None, 100.0)]),
        train_sequences(network(), TASK, **SETTINGS, progress=False),
    )


def test_without_a_stretch_the_result_is_the_start() -> None:
    run = SequenceJob(network(), TASK, **SETTINGS).result([])
    assert run.iterations == 0
    np.testing.assert_array_equal(run.network.W_h, network().W_h)


@pytest.mark.parametrize(
    ("name", "value"),
    [("iterations", 0), ("batch", 0), ("clip_norm", -1.0), ("until", 0.9), ("optimizer", "best")],
)
def test_bad_settings_are_refused_at_once(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        SequenceJob(network(), TASK, **{**SETTINGS, name: value})
