"""Many runs at once: the same digits wherever they are made, and nothing lost or left behind."""

import contextlib
import copy
import functools
import os
import signal
import struct
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listed_processes import children_of, linux_only

from vanishing import (
    Activation,
    Dataset,
    Job,
    Network,
    Run,
    Trainer,
    spiral,
    sweeps,
    train,
    workers,
)
from vanishing.jobs import LOOKS, Goal, Stretch, advance_until
from vanishing.sweeps import (
    sweep,
    sweep_in_turns,
    train_together,
)

LONG = 180
"""Seconds after which something is taken to hang, on a machine however busy."""


# Executors


class Immediate(Executor):
    """Does each task while it is being submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (as executors do)
            future.set_exception(error)
        return future


class LastFirst(Executor):
    """Answers the last of the tasks it has first."""

    def __init__(self) -> None:
        self._tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._ended = False
        threading.Thread(target=self._work, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._tasks.append((future, lambda: fn(*args, **kwargs)))
        return future

    def _work(self) -> None:
        while not self._ended:
            time.sleep(0.005)
            if self._tasks:
                future, task = self._tasks.pop()
                if future.set_running_or_notify_cancel():
                    future.set_result(task())

    def shutdown(self, *_: Any, **__: Any) -> None:
        self._ended = True


class Mute(Executor):
    """Takes every task and never answers."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        return Future()


EXECUTORS: dict[str, Callable[[], Executor]] = {
    "loky": lambda: workers.processes(2),
    "spawned processes": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
    "threads": lambda: ThreadPoolExecutor(3),
    "at once": Immediate,
    "last first": LastFirst,
}


@contextlib.contextmanager
def opened(name: str) -> Iterator[Executor]:
    """Yield an executor, and shut it down unless it is the one that stays."""
    executor = EXECUTORS[name]()
    try:
        yield executor
    finally:
        if name != "loky":
            executor.shutdown()


@pytest.fixture
def data() -> Dataset:
    return spiral(20, rng=0)


@pytest.fixture
def networks() -> list[Network]:
    return [Network.initialize((2, 9, 3), name, rng=1) for name in ("sigmoid", "relu", "tanh")]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """End a test that hangs with an error, instead of waiting for ever."""

    def hangs(*_: object) -> None:
        raise TimeoutError("it hangs")

    usual = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(LONG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, usual)


def assert_same(together: list[Run], alone: list[Run]) -> None:
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a.history.record, b.history.record)
        np.testing.assert_array_equal(a.history.iteration, b.history.iteration)
        for name in ("weights", "biases"):
            for p, q in zip(getattr(a.network, name), getattr(b.network, name), strict=True):
                np.testing.assert_array_equal(p, q)
                assert p.dtype == q.dtype
        assert repr(a) == repr(b)
        assert a.network.activation is b.network.activation
        assert (a.iterations, a.accuracy, a.diverged_at) == (
            b.iterations,
            b.accuracy,
            b.diverged_at,
        )
        assert a.history.step_sizes == b.history.step_sizes
        assert a.history.regularization == b.history.regularization
        assert (a.history.sizes, a.history.examples) == (b.history.sizes, b.history.examples)
        assert (a.network.statistics is None) == (b.network.statistics is None)


def alone(job: Job) -> Run:
    return train(job.network, job.data, **job.settings, iterations=job.iterations, progress=False)


def many_kinds() -> list[Job]:
    """Return jobs that have nothing in common: settings, precision, kind, end."""
    data, other = spiral(20, rng=0), Dataset([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0]], [0, 1])
    odd = Activation("relu", lambda z: z / (1 + abs(z)), lambda z: 1 / (1 + abs(z)) ** 2)
    own = Activation("wave", lambda z: np.sin(z) + z, lambda z: np.cos(z) + 1, largest_slope=2.0)

    def net(activation: Any = "tanh", **kwargs: Any) -> Network:
        return Network.initialize((2, 9, 9, 3), activation, rng=1, **kwargs)

    wide = [Network.initialize((2, 20, 20, 3), "relu", scale=s, rng=0) for s in (1e-9, 1.0)]
    return [
        Job(net("sigmoid"), data, 300),
        Job(net("relu"), data, 301, step_size=0.3, regularization=0.0),
        Job(net(odd), data, 300),
        Job(net(own), data, 250, step_size=(0.1, 0.0, 0.2)),
        Job(net(), data, 300, dtype=np.float32, record_every=7),
        Job(net(residual=0.5), data, 200, record_every=50),
        Job(net(normalization="batch"), data, 200, step_size=0.5),
        Job(net(normalization="layer", residual=1.0), data, 150),
        Job(Network.initialize((3, 4, 2), "leaky_relu", rng=2), other, 20, regularization=0.1),
        *(Job(network, data, 600, step_size=1e9) for network in wide),
        Job(net(), data, 1),
    ]


# The same digits


@pytest.mark.parametrize("stretch", [0.25, 0.004])
@pytest.mark.parametrize("name", EXECUTORS)
def test_the_same_digits_whatever_executes_it(
    monkeypatch: pytest.MonkeyPatch, name: str, stretch: float
) -> None:
    monkeypatch.setattr(sweeps, "STRETCH", stretch)
    jobs = many_kinds()
    expected = [alone(job) for job in jobs]
    with opened(name) as executor:
        found = dict(sweep(jobs, executor=executor, workers=2, progress=False))
    assert_same([found[i] for i in range(len(jobs))], expected)
    late, early = expected[-3:-1]
    assert early.diverged_at is not None
    assert late.diverged_at != early.diverged_at


@pytest.mark.parametrize("workers", [1, 2])
def test_left_to_itself_it_gives_the_same_digits(
    monkeypatch: pytest.MonkeyPatch, workers: int, data: Dataset, networks: list[Network]
) -> None:
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 1e-3)
    settings: dict[str, Any] = {
        "step_size": (0.2, 0.1),
        "regularization": 0.01,
        "iterations": 1100,
        "dtype": np.float32,
        "record_every": 3,
        "progress": False,
    }
    expected = [train(network, data, **settings) for network in networks]
    assert_same(train_together(networks, data, **settings, workers=workers), expected)


def test_an_own_activation_with_a_known_name_trains_as_itself(data: Dataset) -> None:
    odd = Activation(
        "relu", lambda z: np.where(z > 0, z, 0.5 * z), lambda z: np.where(z > 0, 1, 0.5)
    )
    networks = [Network.initialize((2, 9, 3), f, rng=1) for f in (odd, "relu")]
    executor = workers.processes(2)
    own, known = train_together(networks, data, iterations=100, progress=False, executor=executor)
    assert_same([own], [train(networks[0], data, iterations=100, progress=False)])
    assert own.network.activation is odd
    assert abs(own.history.loss[-1] - known.history.loss[-1]) > 1e-3


def test_the_networks_given_stay_as_they_are(data: Dataset, networks: list[Network]) -> None:
    jobs = [Job(network, data, 50) for network in networks]
    networks[0].weights[0][:] = 7  # after the job was made, this no longer matters
    before = [w.copy() for network in networks for w in network.weights]
    runs = dict(sweep(jobs, executor=Immediate(), progress=False))
    start = [Network.initialize((2, 9, 3), "sigmoid", rng=1)]
    assert_same([runs[0]], [train(n, data, iterations=50, progress=False) for n in start])
    after = [w for network in networks for w in network.weights]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


# Other kinds of runs, and runs that end early


class Walk:
    """A trainer of another kind: a random walk, whose accuracy is how far it has come."""

    def __init__(self, seed: int) -> None:
        self._stream, self.iteration = np.random.RandomState(seed), 0
        self.loss, self.diverged_at = 1.0, None
        self.places = [0.0]

    @property
    def accuracy(self) -> float:
        return abs(self.places[-1]) / 50

    def advance(self, iterations: int, *, seconds: float = np.inf) -> int:
        end = time.perf_counter() + seconds
        before = self.iteration
        while self.iteration < before + iterations:
            self.places.append(self.places[-1] + self._stream.randn())
            self.iteration += 1
            if time.perf_counter() > end:
                break
        return self.iteration - before


class WalkJob:
    """A job whose state is the trainer itself."""

    def __init__(self, seed: int, iterations: int, until: Goal | None = None) -> None:
        self.seed, self.iterations, self.until = seed, iterations, until

    def advance(self, state: Walk | None, seconds: float) -> Stretch:
        walk = Walk(self.seed) if state is None else copy.deepcopy(state)
        ended = advance_until(walk, self.iterations, seconds=seconds, until=self.until)
        return Stretch(walk.iteration, ended, walk)

    def result(self, stretches: list[Stretch]) -> list[float]:
        return stretches[-1].state.places if stretches else []


@pytest.mark.parametrize("name", EXECUTORS)
def test_runs_of_another_kind_can_be_swept(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sweeps, "STRETCH", 0.001)
    jobs = [WalkJob(seed, 4000, Goal(0.9) if seed else None) for seed in range(6)]
    with opened(name) as executor:
        found = dict(sweep(jobs, executor=executor, workers=2, progress=False))
    for seed, job in enumerate(jobs):
        walk = Walk(seed)
        for look in LOOKS:
            walk.advance(min(look, job.iterations) - walk.iteration)
            if walk.iteration == job.iterations or (seed and walk.accuracy >= 0.9):
                break
        assert found[seed] == walk.places
    assert len(found[0]) == 4001
    assert min(map(len, found.values())) < 4001


def test_jobs_of_several_kinds_can_be_mixed(data: Dataset, networks: list[Network]) -> None:
    jobs: list[Any] = [WalkJob(1, 30), Job(networks[0], data, 20)]
    walk, run = (result for _, result in sorted(sweep(jobs, progress=False)))
    assert len(walk) == 31
    assert_same([run], [alone(jobs[1])])


@pytest.mark.parametrize("stretch", [0.25, 0.002])
@pytest.mark.parametrize("name", ["loky", "at once", None])
def test_a_run_ends_at_the_first_look_that_finds_its_goal(
    monkeypatch: pytest.MonkeyPatch, name: str | None, stretch: float, data: Dataset
) -> None:
    monkeypatch.setattr(sweeps, "STRETCH", stretch)
    monkeypatch.setattr(sweeps, "TASTE", stretch)
    network = Network.initialize((2, 20, 3), "relu", rng=0)
    goals = [Goal(0.8), Goal(loss=0.9), Goal(0.5, 0.9), Goal(1.0, 1e-9)]
    jobs = [Job(network, data, 700, step_size=0.5, until=goal) for goal in goals]
    with opened(name) if name else contextlib.nullcontext() as executor:
        found = dict(sweep(jobs, executor=executor, workers=2, progress=False))
    ends = []
    for i, goal in enumerate(goals):
        trainer = Trainer(network, data, step_size=0.5)
        for look in LOOKS:
            trainer.advance(min(look, 700) - trainer.iteration)
            run = trainer.result
            far = goal.accuracy is None or run.accuracy >= goal.accuracy
            low = goal.loss is None or run.history.loss[-1] <= goal.loss
            if run.iterations == 700 or (far and low):
                break
        assert_same([found[i]], [run])
        ends.append(run.iterations)
    assert ends[0] < 700
    assert ends[1] < 700
    assert ends[1] <= ends[2] < 700
    assert ends[3] == 700


def test_looks_are_close_at_first_and_then_at_most_a_twentieth_apart() -> None:
    looks = np.array(LOOKS[:400])
    np.testing.assert_array_equal(looks[:20], np.arange(1, 21))
    gaps = np.diff(looks)
    assert np.all(gaps[19:] <= 1 + looks[19:-1] / 20)
    # An exact run of a thousand iterations is not slowed down: there are few looks.
    assert np.sum(looks <= 1000) < 100


class Slow:
    """Makes one iteration in 20 ms, whatever it is asked for, and notes how long it was given."""

    diverged_at = None

    def __init__(self) -> None:
        self.iteration = 0
        self.given: list[float] = []

    def advance(self, _: int, *, seconds: float) -> None:
        self.given.append(seconds)
        self.iteration += 1
        time.sleep(0.02)


def test_each_part_of_a_stretch_is_given_the_time_that_is_left() -> None:
    slow = Slow()
    assert not advance_until(slow, 1000, seconds=0.15)  # type: ignore[arg-type]
    assert slow.given[0] == 0.15
    assert (np.diff(slow.given) <= -0.02).all()
    assert 2 <= slow.iteration <= 8


def test_what_a_run_that_ends_early_does_not_make_counts_as_done(
    capsys: pytest.CaptureFixture[str], data: Dataset, networks: list[Network]
) -> None:
    for _ in sweep([Job(networks[0], data, 500, until=Goal(0.01))], executor=Immediate()):
        pass
    assert "500/500" in capsys.readouterr().err


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(2)])
def test_turns_are_short_and_miss_nothing(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, executor: Executor | None
) -> None:
    monkeypatch.setattr(sweeps, "SHORT", np.inf)
    jobs = [Job(Network.initialize((2, 30, 3), rng=k), data, 1200) for k in range(4)]
    turns, lengths, found = (
        sweep_in_turns(jobs, seconds=0.002, executor=executor, workers=2),
        list[float](),
        list[tuple[int, Run]](),
    )
    began = time.perf_counter()
    for done in turns:
        found += done
        lengths.append(time.perf_counter() - began)
        began = time.perf_counter()
    assert_same([run for _, run in sorted(found)], [alone(job) for job in jobs])
    # The four take half a second or more, on a busy machine with longer turns.
    assert len(lengths) > 10
    assert np.median(lengths) < 0.05


def test_a_sweep_in_turns_that_is_closed_makes_no_more(data: Dataset) -> None:
    jobs = [Job(Network.initialize((2, 5, 3), rng=k), data, 400) for k in range(200)]
    with Counted(2) as executor:
        turns = sweep_in_turns(jobs, executor=executor, workers=2)
        next(turns)
        turns.close()  # type: ignore[attr-defined]
    assert executor.tasks < 50


# Who does the work


def no_training_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise AssertionError("the parent trains")

    monkeypatch.setattr(Trainer, "advance", fails)


@pytest.mark.parametrize("name", ["loky", "spawned processes"])
def test_processes_do_the_work(
    monkeypatch: pytest.MonkeyPatch, name: str, data: Dataset, networks: list[Network]
) -> None:
    expected = [train(n, data, iterations=60, progress=False) for n in networks]
    no_training_here(monkeypatch)
    with opened(name) as executor:
        runs = train_together(networks, data, iterations=60, progress=False, executor=executor)
    assert_same(runs, expected)


def test_long_work_goes_to_processes_of_its_own_accord(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    here, advance = [0], Trainer.advance

    def counted(trainer: Trainer, *args: Any, **kwargs: Any) -> int:
        made = advance(trainer, *args, **kwargs)
        here[0] += made
        return made

    expected = [train(n, data, iterations=4000, progress=False) for n in networks]
    monkeypatch.setattr(sweeps, "SHORT", 0.01)
    monkeypatch.setattr(sweeps, "TASTE", 0.002)
    monkeypatch.setattr(Trainer, "advance", counted)
    assert_same(
        train_together(networks, data, iterations=4000, progress=False, workers=2), expected
    )
    assert 0 < here[0] < 2000


def test_short_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    def fails(_: int) -> Executor:
        raise AssertionError("processes are started for a moment's work")

    monkeypatch.setattr(sweeps, "processes", fails)
    runs = train_together(networks, data, iterations=20, progress=False, workers=2)
    assert [run.iterations for run in runs] == [20, 20, 20]


def test_one_worker_works_in_turn(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    def fails(_: int) -> Executor:
        raise AssertionError("processes are started for one worker")

    monkeypatch.setattr(sweeps, "processes", fails)
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    runs = train_together(networks, data, iterations=2000, progress=False, workers=1)
    assert [run.iterations for run in runs] == [2000] * 3


class Counted(ThreadPoolExecutor):
    """Counts how many tasks are under way at once, and how many in all."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.pending = self.most = self.tasks = self.runs = 0
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.pending += 1
        self.tasks += 1
        self.most = max(self.most, self.pending)
        self.runs += len(args[0].tasks)
        future = super().submit(fn, *args, **kwargs)
        self.futures.append(future)
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Future[Any]) -> None:
        self.pending -= 1


def test_results_come_as_they_are_ready(data: Dataset) -> None:
    jobs = [Job(Network.initialize((2, 5, 3), rng=k), data, 400) for k in range(200)]
    with Counted(2) as executor:
        results = sweep(jobs, executor=executor, workers=2, progress=False)
        first, run = next(results)
        sent = executor.tasks
        rest = [number for number, _ in results]
        # Many small runs are sent together: there are fewer tasks than runs.
        assert sent < executor.tasks < 150
    assert run.iterations == 400
    assert sorted([first, *rest]) == list(range(200))
    # Each worker has a task to go on with.
    assert 3 <= executor.most <= 4


def test_a_sweep_that_is_left_early_sends_no_more(data: Dataset) -> None:
    # Too long for all that wait behind the first one to be done before it is left.
    jobs = [Job(Network.initialize((2, 5, 3), rng=k), data, 5_000) for k in range(200)]
    with Counted(1) as executor:
        results = sweep(jobs, executor=executor, workers=2, progress=False)
        next(results)
        results.close()  # type: ignore[attr-defined]
    assert executor.tasks < 50
    assert any(future.cancelled() for future in executor.futures)


def test_bundles_are_bounded_by_time(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.setattr(sweeps, "STRETCH", 0.01)
    jobs = [Job(Network.initialize((2, 60, 60, 3), rng=k), data, 150) for k in range(40)]
    with Counted(1) as executor:
        for _ in sweep(jobs, executor=executor, workers=1, progress=False):
            pass
    # Doubled each time whatever the clock says, they would be 6.
    assert executor.tasks > 12
    # And few runs are sent in vain.
    assert executor.runs < 3 * len(jobs) + executor.tasks


def test_of_a_bundle_that_takes_too_long_one_run_is_advanced(data: Dataset) -> None:
    network = Network.initialize((2, 5, 3), rng=0)
    task = workers.Task(Job(network, data, iterations=5), None)
    (stretch,) = workers.advance_bundle(workers.Bundle([task, task, task]), 1e-9)
    assert stretch.iteration == 1
    stretches = workers.advance_bundle(workers.Bundle([task, task, task]), 60.0)
    assert [one.iteration for one in stretches] == [5, 5, 5]


def test_the_progress_bar_counts_iterations(
    capsys: pytest.CaptureFixture[str], data: Dataset
) -> None:
    # One of them diverges at once: what it will not make any more is done, too.
    networks = [Network.initialize((2, 9, 3), "relu", scale=s, rng=0) for s in (0.1, 1e6)]
    train_together(networks, data, iterations=150, step_size=0.1, executor=Immediate())
    shown = capsys.readouterr().err
    assert "300/300" in shown
    train_together(networks, data, iterations=150, progress=False, executor=Immediate())
    assert capsys.readouterr().err == ""


# What goes wrong


def harmful(harm: Callable[[], None], marker: Path | None) -> Activation:
    """Return tanh, which does harm to a worker: once, or each time without a marker."""
    parent = os.getpid()

    def value(z: np.ndarray) -> np.ndarray:
        if os.getpid() != parent and not (marker and marker.exists()):
            if marker:
                marker.touch()
            harm()
        return np.tanh(z)

    return Activation("harmful", value, lambda z: 1 - np.tanh(z) ** 2)


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_networks(marker: Path | None) -> list[Network]:
    deadly = harmful(kill_this_process, marker)
    return [Network.initialize((2, 9, 3), f, rng=1) for f in (deadly, "tanh", "relu")]


def test_a_killed_worker_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Dataset
) -> None:
    networks = deadly_networks(tmp_path / "marker")
    expected = [train(n, data, iterations=3000, progress=False) for n in networks]
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs = train_together(networks, data, iterations=3000, progress=False, workers=2)
    assert (tmp_path / "marker").exists()
    assert_same(runs, expected)


def send_half(connection: Connection, message: bytes) -> None:
    """Die like a worker that is killed while its answer is on the way."""
    os.write(connection.fileno(), struct.pack("!i", len(message)) + bytes(message[:9]))
    kill_this_process()


def receive_half(connection: Connection, _: int | None = None) -> None:
    """Die like a worker that is killed while a task is on the way."""
    os.read(connection.fileno(), 9)
    kill_this_process()


@linux_only
@pytest.mark.parametrize(
    ("method", "half"),
    [("_send_bytes", send_half), ("_recv_bytes", receive_half)],
    ids=["its answer", "a task"],
)
def test_a_worker_killed_within_a_message_loses_nothing(
    method: str,
    half: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    data: Dataset,
) -> None:
    # The next message of this kind ends halfway.
    f = harmful(functools.partial(setattr, Connection, method, half), tmp_path / "marker")
    # Weights of more than a pipe takes in at once, so that who writes has to wait for a reader.
    networks = [Network.initialize((2, 150, 150, 3), f, rng=rng) for rng in range(3)]
    expected = [train(n, data, iterations=900, progress=False) for n in networks]
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 0.01)
    monkeypatch.setattr(sweeps, "STRETCH", 0.1)
    runs = train_together(networks, data, iterations=900, progress=False, workers=2)
    assert (tmp_path / "marker").exists()
    assert_same(runs, expected)


@linux_only
def test_workers_killed_from_outside_lose_nothing(data: Dataset) -> None:
    networks = [Network.initialize((2, 30, 3), "tanh", rng=k) for k in range(4)]
    expected = [train(n, data, iterations=12_000, progress=False) for n in networks]
    ended, killed = threading.Event(), []

    def kill_two() -> None:
        while not ended.is_set() and len(killed) < 2:
            time.sleep(0.3)
            for pid in children_of(os.getpid(), "popen_loky")[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    killer = threading.Thread(target=kill_two)
    killer.start()
    try:
        runs = train_together(networks, data, iterations=12_000, progress=False, workers=2)
    finally:
        ended.set()
        killer.join()
    assert killed
    assert_same(runs, expected)


def test_workers_that_die_time_and_again_end_in_a_fallback_that_is_said(
    monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    networks = deadly_networks(None)
    expected = [train(n, data, iterations=500, progress=False) for n in networks]
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 0.001)
    with pytest.warns(RuntimeWarning, match=r"Terminated.*made here, in turn"):
        runs = train_together(networks, data, iterations=500, progress=False, workers=2)
    assert_same(runs, expected)


class Mortal(Immediate):
    """Does some tasks, and is broken from then on."""

    def __init__(self, tasks: int) -> None:
        self.left = tasks

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.left -= 1
        if self.left >= 0:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("a process died"))
        return future


@pytest.mark.parametrize(("tasks", "gives_up"), [(3, False), (0, True)])
def test_patience_ends_with_deaths_in_a_row(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, tasks: int, *, gives_up: bool
) -> None:
    made: list[int] = []

    def mortal(workers: int) -> Executor:
        made.append(workers)
        return Mortal(tasks)

    monkeypatch.setattr(sweeps, "processes", mortal)
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 1e-6)
    monkeypatch.setattr(sweeps, "STRETCH", 1e-6)
    networks = [Network.initialize((2, 5, 3), rng=k) for k in range(3)]
    expected = [train(n, data, iterations=30, progress=False) for n in networks]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        runs = train_together(networks, data, iterations=30, progress=False, workers=2)
    assert_same(runs, expected)
    assert bool(said) is gives_up
    assert made == [2] * (sweeps.PATIENCE + 1) if gives_up else len(made) > 2 * sweeps.PATIENCE


def test_an_executor_whose_process_dies_ends_in_a_fallback_that_is_said(data: Dataset) -> None:
    networks = deadly_networks(None)
    expected = [train(n, data, iterations=50, progress=False) for n in networks]
    with (
        opened("spawned processes") as executor,
        pytest.warns(RuntimeWarning, match=r"BrokenProcessPool.*made here, in turn"),
    ):
        runs = train_together(networks, data, iterations=50, progress=False, executor=executor)
    assert_same(runs, expected)


def fail_with(error: Exception) -> Callable[[int], Executor]:
    def processes(_: int) -> Executor:
        raise error

    return processes


@pytest.mark.parametrize(
    "error",
    [
        OSError(11, "no more processes"),
        ImportError("No module named 'loky'"),
        RuntimeError("ended"),
    ],
)
def test_where_no_process_can_be_started_that_is_said(
    monkeypatch: pytest.MonkeyPatch, error: Exception, data: Dataset, networks: list[Network]
) -> None:
    expected = [train(n, data, iterations=300, progress=False) for n in networks]
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 0.001)
    monkeypatch.setattr(sweeps, "processes", fail_with(error))
    told = rf"could not be used \({type(error).__name__}.*made here, in turn"
    with pytest.warns(RuntimeWarning, match=told):
        runs = train_together(networks, data, iterations=300, progress=False, workers=2)
    assert_same(runs, expected)


def test_without_loky_that_is_said(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    monkeypatch.setitem(sys.modules, "loky", None)
    monkeypatch.setattr(sweeps, "SHORT", 0.0)
    monkeypatch.setattr(sweeps, "TASTE", 0.001)
    with pytest.warns(RuntimeWarning, match="loky"):
        runs = train_together(networks, data, iterations=300, progress=False, workers=2)
    assert [run.iterations for run in runs] == [300] * 3


def test_an_executor_that_is_shut_down_is_said(data: Dataset, networks: list[Network]) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.warns(RuntimeWarning, match="after shutdown"):
        runs = train_together(networks, data, iterations=30, progress=False, executor=executor)
    assert_same(runs, [train(n, data, iterations=30, progress=False) for n in networks])


@pytest.mark.parametrize("name", ["loky", "spawned processes"])
def test_what_cannot_be_sent_is_trained_here_and_that_is_said(name: str, data: Dataset) -> None:
    lock = threading.Lock()

    def value(z: np.ndarray) -> np.ndarray:
        with lock:
            return np.tanh(z)

    local = Activation("local", value, lambda z: 1 - np.tanh(z) ** 2)
    networks = [Network.initialize((2, 9, 3), local, rng=k) for k in range(2)]
    with opened(name) as executor, pytest.warns(RuntimeWarning, match=r"Pickl.*made here"):
        runs = train_together(networks, data, iterations=30, progress=False, executor=executor)
    assert_same(runs, [train(n, data, iterations=30, progress=False) for n in networks])


@pytest.mark.parametrize("name", ["loky", "threads"])
def test_an_error_in_a_run_is_raised(name: str, data: Dataset) -> None:
    def value(_: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("of my own making")

    broken = Network.initialize((2, 9, 3), Activation("broken", value, np.ones_like), rng=0)
    with opened(name) as executor, pytest.raises(ZeroDivisionError, match="of my own making"):
        train_together([broken], data, iterations=5, progress=False, executor=executor)


# Interrupts


def interrupt_after(seconds: float) -> None:
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(seconds, signal.pthread_kill, (main, signal.SIGINT)).start()


@pytest.mark.parametrize("name", [*EXECUTORS, "mute", None])
def test_an_interrupt_returns_what_there_is_at_once(name: str | None, data: Dataset) -> None:
    networks = [Network.initialize((2, 9, 3), "tanh", rng=k) for k in range(6)]
    whole = train(networks[0], data, iterations=20_000, progress=False)
    executors = {**EXECUTORS, "mute": Mute, None: lambda: None}
    executor: Any = executors[name]()
    if name != "mute":  # Processes take a moment to start.
        train_together(networks, data, iterations=1, progress=False, executor=executor)
    interrupt_after(0.7)
    began = time.perf_counter()
    runs = train_together(
        networks, data, iterations=10**6, progress=False, executor=executor, workers=2
    )
    assert 0.6 < time.perf_counter() - began < 10
    if executor is not None and name != "loky":
        executor.shutdown()
    assert len(runs) == 6
    for network, run in zip(networks, runs, strict=True):
        assert run.iterations == len(run.history) < 10**6
        assert run.diverged_at is None
        np.testing.assert_array_equal(run.history.iteration, np.arange(run.iterations))
        if network is networks[0]:
            rows = run.history.record[: len(whole.history)]
            np.testing.assert_array_equal(rows, whole.history.record[: len(rows)])
        if run.iterations == 0:
            np.testing.assert_array_equal(run.network.weights[0], network.weights[0])
    if name != "mute":
        assert sum(run.iterations for run in runs) > 0
    else:
        assert [run.iterations for run in runs] == [0] * 6


def test_an_interrupt_is_heard_while_tasks_are_done_as_they_are_sent(
    capsys: pytest.CaptureFixture[str], data: Dataset
) -> None:
    networks = [Network.initialize((2, 5, 3), rng=k) for k in range(60)]
    interrupt_after(0.4)
    runs = train_together(networks, data, iterations=10**6, executor=Immediate(), workers=60)
    assert "stopped" in capsys.readouterr().err
    assert 0 < sum(run.iterations > 0 for run in runs) < 30


def test_after_an_interrupt_one_can_go_on(data: Dataset, networks: list[Network]) -> None:
    executor = workers.processes(2)
    interrupt_after(0.3)
    train_together(networks, data, iterations=10**6, progress=False, executor=executor, workers=2)
    runs = train_together(networks, data, iterations=40, progress=False, executor=executor)
    assert_same(runs, [train(n, data, iterations=40, progress=False) for n in networks])


# Bad arguments


def test_bad_arguments_raise_at_once(data: Dataset, networks: list[Network]) -> None:
    with pytest.raises(ValueError, match="networks must be a sequence of one network or more"):
        train_together([], data)
    with pytest.raises(ValueError, match="networks must be a sequence"):
        train_together(networks[0], data)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="step_size must be"):
        train_together(networks, data, step_size=-1)
    with pytest.raises(TypeError, match=r"networks\[0\] must be a Network"):
        train_together([None], data)  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"jobs\[1\] must be a Job; got 5"):
        sweep([Job(networks[0], data), 5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"jobs\[0\] must be a Job; got <class"):
        sweep([Job])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="until must be a Goal; got"):
        Job(networks[0], data, until=0.9)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="accuracy or loss must be given, or both; got None"):
        Goal()
    with pytest.raises(ValueError, match="seconds must be a finite positive number; got 0"):
        sweep_in_turns([], seconds=0)
    with pytest.raises(TypeError, match="executor must be a concurrent"):
        sweep([], executor="loky")  # type: ignore[arg-type]
    for count in (0, 10**9):
        with pytest.raises(ValueError, match="workers must be a whole number from 1 to 1,000"):
            sweep([], workers=count)
    with pytest.raises(TypeError, match="progress must be True or False"):
        sweep([], progress=1)  # type: ignore[arg-type]


def test_a_sweep_of_no_jobs_has_no_results() -> None:
    assert list(sweep([])) == []
