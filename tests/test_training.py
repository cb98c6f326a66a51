import math
import os
import signal
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import recipe
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import EVERY_ACTIVATION, KINDS, SOFTSIGN, blob, network_of

import vanishing
from vanishing import Activation, Dataset, History, Network, Trainer, gradients, spiral, train
from vanishing.backprop import total_loss
from vanishing.experiment import Experiment, Settings
from vanishing.jobs import Job
from vanishing.sweeps import sweep
from vanishing.trainer_base import STRETCH
from vanishing.training import layer_steps
from vanishing.variant import Variant

Kind = tuple[float | None, str | None]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.lists(st.integers(1, 30), max_size=3),
    classes=st.integers(2, 5),
    count=st.integers(1, 40),
    activation=st.sampled_from(sorted(recipe.FUNCTIONS)),
    step=st.floats(1e-3, 0.5),
    reg=st.sampled_from([0.0, 1e-3, 0.05]),
)
def test_runs_follow_the_recipe(
    seed: int, hidden: list[int], classes: int, count: int, activation: str, step: float, reg: float
) -> None:
    sizes = (2, *hidden, classes)
    stream = np.random.RandomState(seed)
    points, labels = recipe.draw_data(stream, count, classes)
    weights = recipe.draw_weights(stream, sizes)
    theirs = recipe.train(points, labels, weights, activation, 40, step=step, reg=reg)
    stream = np.random.RandomState(seed)
    data = spiral(count, classes, rng=stream)
    network = Network.initialize(sizes, activation, rng=stream)
    ours = train(network, data, step_size=step, regularization=reg, iterations=40, progress=False)
    np.testing.assert_allclose(ours.history.loss, theirs.losses, rtol=1e-9)
    np.testing.assert_allclose(ours.history.sum_absolute, theirs.sums, rtol=1e-6, atol=1e-12)
    for w, expected in zip(ours.network.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(w, expected, atol=1e-9)
    for b, expected in zip(ours.network.biases, theirs.biases, strict=True):
        np.testing.assert_allclose(b, expected[0], atol=1e-9)
    assert ours.accuracy == ours.network.accuracy(data)


@pytest.fixture
def data() -> Dataset:
    return spiral(20, rng=0)


@pytest.fixture
def network() -> Network:
    return Network.initialize((2, 20, 17, 3), "tanh", scale=0.3, rng=1)


def expected_row(network: Network, data: Dataset, regularization: float) -> dict[str, Any]:
    """Compute what the record should say of a network, from its gradients."""
    now = gradients(network, data)
    total = gradients(network, data, regularization=regularization)
    together = [np.append(dW.ravel(), db) for dW, db in zip(total.dW, total.db, strict=True)]
    return {
        "loss": total_loss(network, data, regularization=regularization),
        "sum_absolute": [np.abs(dW).sum() for dW in now.dW],
        "weight_norm": [np.linalg.norm(w) for w in network.weights],
        "gradient_norm": [np.linalg.norm(dW) for dW in now.dW],
        "delta_norm": [np.linalg.norm(delta) for delta in now.deltas],
        "weight_sum_absolute": [np.abs(w).sum() for w in network.weights],
        "total_gradient_norm": [np.linalg.norm(g) for g in together],
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", ["relu", SOFTSIGN], ids=["relu", "own"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_record_holds_what_its_names_say(kind: Kind, f: str | Activation, dtype: type) -> None:
    data, network = blob(11), network_of((2, 18, 18, 4, 3), f, *kind)
    trainer = Trainer(network, data, step_size=0.3, regularization=0.05, dtype=dtype)
    rtol = 1e-11 if dtype is np.float64 else 1e-3
    for i in range(4):
        expected = expected_row(trainer.network, data, 0.05)
        trainer.advance(1)
        row = trainer.history.at(-1)
        assert row.iteration.tolist() == [i]
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(row, name)[0], values, rtol=rtol, err_msg=name)
        assert trainer.loss == row.loss[0]
    history = trainer.history
    assert (history.sizes, history.examples) == ((2, 18, 18, 4, 3), 11)
    assert (history.step_sizes, history.regularization) == ((0.3,) * 4, 0.05)
    assert history.iteration.tolist() == [0, 1, 2, 3]


def test_statistics_of_a_record_and_the_runs_own_words(data: Dataset, network: Network) -> None:
    run = train(network, data, iterations=3, progress=False)
    fans = np.array([w.shape for w in network.weights])
    sums = [np.abs(w).sum() for w in gradients(network, data).dW]
    row = run.history.at(0)
    np.testing.assert_allclose(row.lecture_statistic(), [sums / fans.sum(axis=1)], rtol=1e-12)
    np.testing.assert_allclose(row.mean_absolute(), [sums / fans.prod(axis=1)], rtol=1e-12)
    assert (len(run.history), len(row), row.step_sizes) == (3, 1, (0.1, 0.1, 0.1))
    told = f"Run(Network(2-20-17-3, tanh), 3 iterations, accuracy {run.accuracy:.2f})"
    assert repr(run) == told
    assert run.iterations == 3
    with pytest.raises(AttributeError):
        run.accuracy = 1.0  # type: ignore[misc]
    assert len({run, run, train(network, data, iterations=3, progress=False)}) == 2


# Every kind of network


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
def test_training_follows_the_plain_gradients(f: Activation) -> None:
    data = blob(13)
    for kind in KINDS:
        network = network_of((2, 6, 6, 3), f, *kind)
        trainer = Trainer(network, data, step_size=[0.1, 0.2, 0.3], regularization=0.01)
        for _ in range(3):
            found = gradients(network, data, regularization=0.01)
            for layer, step in enumerate((0.1, 0.2, 0.3)):
                network.weights[layer] -= step * found.dW[layer]
                network.biases[layer] -= step * found.db[layer]
            trainer.advance(1)
            now = trainer.network
            for ours, theirs in zip(
                now.weights + now.biases, network.weights + network.biases, strict=True
            ):
                np.testing.assert_allclose(ours, theirs, atol=1e-14)


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
def test_a_long_gradient_is_clipped_and_the_record_is_of_what_it_was(f: Activation) -> None:
    data, network = blob(13), network_of((2, 6, 6, 3), f)
    found = gradients(network, data, regularization=0.01)
    length = math.sqrt(sum(float(np.sum(g * g)) for g in (*found.dW, *found.db)))
    for limit, factor in ((length / 3, 1 / 3), (2 * length, 1.0)):
        trainer = Trainer(network, data, regularization=0.01, clip_norm=limit)
        trainer.advance(1)
        for now, before, dW in zip(trainer.network.weights, network.weights, found.dW, strict=True):
            np.testing.assert_allclose(before - now, 0.1 * factor * dW, atol=1e-15)
        for now, before, db in zip(trainer.network.biases, network.biases, found.db, strict=True):
            np.testing.assert_allclose(before - now, 0.1 * factor * db, atol=1e-15)
        recorded = float(np.linalg.norm(trainer.history.total_gradient_norm[0]))
        assert recorded == pytest.approx(length, rel=1e-12)


def test_clipping_reaches_every_way_to_train() -> None:
    data, network = blob(13), network_of((2, 6, 6, 3), "tanh", scale=2.0)
    run = train(network, data, iterations=5, clip_norm=0.01, progress=False)
    free = train(network, data, iterations=5, progress=False)
    assert run.history.loss[-1] != free.history.loss[-1]
    ((_, swept),) = sweep([Job(network, data, 5, clip_norm=0.01)], progress=False)
    settings = Settings(Variant("tanh", clip_norm=0.01), data=data)
    experiment = Experiment(settings)
    assert experiment.trainers[0].clip_norm == 0.01
    np.testing.assert_array_equal(swept.history.record, run.history.record)
    for wrong in (0, -1.0, math.nan, "1"):
        with pytest.raises((TypeError, ValueError), match=r"clip_norm must be .*; got"):
            Trainer(network, data, clip_norm=wrong)  # type: ignore[arg-type]


# Which rows


def test_record_every_keeps_just_the_rows_it_divides(data: Dataset, network: Network) -> None:
    whole = train(network, data, iterations=50, progress=False).history
    for every in (1, 2, 7, 50, 1000):
        run = train(network, data, iterations=50, record_every=every, progress=False)
        assert run.history.iteration.tolist() == list(range(0, 50, every))
        np.testing.assert_array_equal(run.history.record, whole.record[::every])
        assert run.iterations == 50
        trainer = Trainer(network, data, record_every=every)
        trainer.advance(50)
        assert trainer.loss == whole.loss[-1]


@pytest.mark.parametrize(("every", "most"), [(1, 2), (1, 5), (3, 4), (2, 7), (1, 49), (1, 50)])
def test_most_rows_bounds_the_record(
    data: Dataset, network: Network, every: int, most: int
) -> None:
    whole = train(network, data, iterations=50, progress=False).history
    trainer = Trainer(network, data, record_every=every, most_rows=most)
    for _ in range(50):
        trainer.advance(1)
        assert len(trainer.history) <= most
    kept = trainer.history.iteration
    stride = int(np.diff(kept)[0])
    # Thinned only so far as was needed: with half the stride there would have been too many.
    assert kept.tolist() == list(range(0, 50, stride))
    assert stride == every or len(range(0, 50, stride // 2)) > most
    assert stride % every == 0
    np.testing.assert_array_equal(trainer.history.record, whole.record[kept])


@pytest.mark.parametrize("kind", [(None, None), (1.0, None), (None, "layer"), (0.5, "batch")])
@pytest.mark.parametrize("stop", [0, 1, 6, 7])
@pytest.mark.parametrize("every", [1, 3])
def test_a_run_goes_on_elsewhere_as_if_it_had_never_stopped(
    kind: Kind, stop: int, every: int
) -> None:
    data, network = blob(11), network_of((2, 5, 5, 3), "tanh", *kind)
    whole = Trainer(network, data, record_every=every)
    whole.advance(20)
    first = Trainer(network, data, record_every=every)
    first.advance(stop)
    second = Trainer(first.network, data, record_every=every, first_iteration=stop)
    assert second.iteration == stop
    assert second.advance(20 - stop) == 20 - stop
    assert second.iteration == 20
    expected = whole.history.at(whole.history.iteration >= stop)
    assert second.history.iteration.tolist() == expected.iteration.tolist()
    np.testing.assert_array_equal(second.history.record, expected.record)
    for ours, theirs in zip(second.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_loss_is_the_one_before_the_last_update(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data, record_every=1000)
    assert math.isnan(trainer.loss)
    trainer.advance(1)
    assert trainer.loss == pytest.approx(total_loss(network, data, regularization=1e-3), rel=1e-14)
    now = trainer.network
    trainer.advance(1)
    assert trainer.loss == pytest.approx(total_loss(now, data, regularization=1e-3), rel=1e-14)


# Interrupts


CORE = ("training", "history", "fused", "backprop", "layers", "parameters", "activations")
INSIDE = {str(Path(vanishing.__file__).with_name(f"{name}.py")) for name in CORE}


def interrupt(trainer: Trainer, iterations: int, at: int) -> int:
    """Advance, and raise KeyboardInterrupt at that bytecode; return how many more there were."""
    left = at

    def look(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in INSIDE:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return look

    usual = sys.gettrace()
    sys.settrace(look)
    try:
        trainer.advance(iterations)
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(usual)
    return at - left


def state(trainer: Trainer) -> list[np.ndarray]:
    return [*trainer.network.weights, *trainer.network.biases]


def assert_identical(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ((None, None), {}),
        ((None, None), {"record_every": 2, "first_iteration": 3}),
        ((None, None), {"most_rows": 2}),
        ((1.0, "layer"), {"most_rows": 3}),
        ((None, "batch"), {}),
    ],
)
def test_an_interrupt_at_any_moment_leaves_network_and_history_in_step(
    kind: Kind, options: dict[str, int]
) -> None:
    data, network = blob(9), network_of((2, 3, 3, 3), "tanh", *kind)

    def fresh() -> Trainer:
        return Trainer(network, data, **options)

    first, count = fresh().iteration, 5
    whole = fresh()
    states, losses = {first: state(whole)}, {}
    for _ in range(count):
        whole.advance(1)
        states[whole.iteration], losses[whole.iteration - 1] = state(whole), whole.loss
    every_one = Trainer(network, data, first_iteration=first)
    every_one.advance(count)
    rows = dict(zip(every_one.history.iteration, every_one.history.record, strict=True))
    steps = interrupt(fresh(), count, 10**9)
    for at in np.random.RandomState(0).randint(1, steps + 1, 60):
        trainer = fresh()
        interrupt(trainer, count, int(at))
        now, history = trainer.iteration, trainer.history
        assert_identical(state(trainer), states[now])
        assert trainer.diverged_at is None
        for iteration, row in zip(history.iteration, history.record, strict=True):
            assert iteration < now
            np.testing.assert_array_equal(row, rows[iteration])
        if not options:
            assert history.iteration.tolist() == list(range(now))
        trainer.advance(first + count - now)
        assert_identical(state(trainer), states[first + count])
        assert_identical(
            [trainer.history.iteration, trainer.history.record],
            [whole.history.iteration, whole.history.record],
        )
        assert trainer.loss == losses[first + count - 1]


def test_nothing_passed_in_is_changed_and_twice_is_the_same(
    data: Dataset, network: Network
) -> None:
    before = [p.copy() for p in network.weights + network.biases]
    first, second = (train(network, data, iterations=5, progress=False) for _ in range(2))
    np.testing.assert_array_equal(first.history.record, second.history.record)
    for p, was in zip(network.weights + network.biases, before, strict=True):
        np.testing.assert_array_equal(p, was)


def test_many_short_stretches_make_one_long_run(data: Dataset, network: Network) -> None:
    whole = train(network, data, iterations=50, progress=False)
    trainer = Trainer(network, data)
    assert [trainer.advance(n) for n in (0, 1, 7, 42)] == [0, 1, 7, 42]
    assert trainer.iteration == 50
    np.testing.assert_array_equal(trainer.history.record, whole.history.record)
    np.testing.assert_array_equal(trainer.network.weights[1], whole.network.weights[1])


def test_an_old_history_is_not_touched_by_what_follows(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data)
    trainer.advance(5)
    early, weights = trainer.history, trainer.network.weights[0]
    kept = early.record.copy(), weights.copy()
    trainer.advance(500)
    np.testing.assert_array_equal(early.record, kept[0])
    np.testing.assert_array_equal(weights, kept[1])
    with pytest.raises(ValueError, match="read-only"):
        early.loss[0] = 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_divergence_stops_the_run_and_keeps_the_book(dtype: type, data: Dataset) -> None:
    network = Network.initialize((2, 20, 20, 3), "relu", scale=1, rng=0)
    run = train(network, data, step_size=1e9, iterations=1000, progress=False, dtype=dtype)
    assert run.diverged_at is not None
    assert 0 < run.diverged_at < 1000
    assert len(run.history) == run.diverged_at
    assert np.isfinite(run.history.loss).all()
    trainer = Trainer(network, data, step_size=1e9, dtype=dtype)
    assert trainer.advance(1000) == run.diverged_at == trainer.diverged_at
    assert trainer.advance(10) == 0
    assert trainer.iteration == run.diverged_at == run.iterations
    assert repr(run).endswith(f", diverged at iteration {run.diverged_at})")
    seldom = train(
        network, data, step_size=1e9, iterations=1000, progress=False, dtype=dtype, record_every=500
    )
    assert seldom.diverged_at == run.diverged_at
    assert len(seldom.history) == 1
    # The network is the one whose loss was not finite.
    assert not np.isfinite(total_loss(run.network, data, regularization=1e-3))


def test_a_run_may_diverge_before_its_first_step(
    data: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    network = Network([np.full((2, 3), np.inf)], [np.zeros(3)])
    run = train(network, data, iterations=10, progress=True)
    assert (run.diverged_at, len(run.history), run.iterations) == (0, 0, 0)
    assert run.history.lecture_statistic().shape == (0, 1)
    assert "diverged at iteration 0" in capfd.readouterr().err


def test_large_weights_are_no_divergence(data: Dataset) -> None:
    network = Network.initialize((2, 50, 50, 3), "sigmoid", scale=1e3, rng=0)
    run = train(network, data, iterations=20, progress=False)
    assert run.diverged_at is None


def test_a_layer_with_step_zero_is_frozen(data: Dataset, network: Network) -> None:
    run = train(network, data, step_size=(0, 0.1, 0.2), iterations=20, progress=False)
    np.testing.assert_array_equal(run.network.weights[0], network.weights[0])
    np.testing.assert_array_equal(run.network.biases[0], network.biases[0])
    assert not np.array_equal(run.network.weights[1], network.weights[1])
    assert run.history.step_sizes == (0.0, 0.1, 0.2)


def test_steps_of_each_layer_scale_that_layers_update(data: Dataset, network: Network) -> None:
    found = gradients(network, data, regularization=0.01)
    steps = (0.1, 0.2, 0.3)
    run = train(network, data, step_size=steps, regularization=0.01, iterations=1, progress=False)
    for layer, step in enumerate(steps):
        expected = network.weights[layer] - step * found.dW[layer]
        np.testing.assert_allclose(run.network.weights[layer], expected, atol=1e-15)


def test_single_precision_stays_close(data: Dataset, network: Network) -> None:
    wide = train(network, data, iterations=300, progress=False)
    narrow = train(network, data, iterations=300, progress=False, dtype=np.float32)
    assert narrow.network.weights[0].dtype == np.float32
    np.testing.assert_allclose(narrow.history.loss, wide.history.loss, atol=2e-6)
    np.testing.assert_allclose(narrow.history.sum_absolute, wide.history.sum_absolute, rtol=1e-3)


def test_an_interrupted_run_is_returned_as_far_as_it_came(
    data: Dataset, network: Network, capfd: pytest.CaptureFixture[str]
) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    run = train(network, data, iterations=10**6)
    assert time.perf_counter() - begun < 10
    assert 0 < run.iterations == len(run.history) < 10**6
    again = train(network, data, iterations=run.iterations, progress=False)
    np.testing.assert_array_equal(again.history.record, run.history.record)
    np.testing.assert_array_equal(again.network.weights[1], run.network.weights[1])
    assert (
        f"stopped at {run.iterations:,}, loss {run.history.loss[-1]:.4f}" in capfd.readouterr().err
    )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_time_bounds_a_stretch(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data)
    assert trainer.advance(10**6, seconds=1e-9) == 1
    begun = time.perf_counter()
    made = trainer.advance(10**6, seconds=STRETCH)
    assert STRETCH <= time.perf_counter() - begun < STRETCH + 2
    assert 1 < made < 10**6
    assert trainer.iteration == made + 1
    assert trainer.advance(3, seconds=math.inf) == 3
    for wrong in (0, -1, math.nan, "long"):
        with pytest.raises((TypeError, ValueError), match=f"seconds must be .*got {wrong!r}"):
            trainer.advance(3, seconds=wrong)  # type: ignore[arg-type]


def test_the_bar_shows_the_loss(
    capfd: pytest.CaptureFixture[str], data: Dataset, network: Network
) -> None:
    run = train(network, data, iterations=10)
    assert f"loss {run.history.loss[-1]:.4f}" in capfd.readouterr().err
    train(network, data, iterations=10, progress=False)
    assert capfd.readouterr().err == ""


def test_the_book_of_the_lectures_network_is_small() -> None:
    trainer = Trainer(Network.initialize((2, 50, 50, 3), rng=0), spiral(rng=0))
    trainer.advance(1)
    tracemalloc.start()
    for _ in range(40):
        trainer.advance(50)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 200 * 2000


GOOD = {"step_size": 0.1, "regularization": 1e-3, "iterations": 5}


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"step_size": 0}, ValueError, "step_size must be a finite positive number; got 0"),
        ({"step_size": -1}, ValueError, "step_size must be .*got -1"),
        ({"step_size": float("nan")}, ValueError, "step_size must be .*got nan"),
        ({"step_size": "big"}, TypeError, "step_size must be .*got 'big'"),
        ({"step_size": None}, TypeError, "step_size must be .*got None"),
        ({"step_size": (0.1, 0.1)}, ValueError, "step_size must be one number, or 3 of them"),
        ({"step_size": [0.1] * 4}, ValueError, r"or 3 of them, one a layer; got \[0.1, 0.1, 0.1"),
        ({"step_size": {1: 2}}, TypeError, r"step_size must be a finite .*got \{1: 2\}"),
        ({"record_every": 0}, ValueError, "record_every must be a whole number.* 1.*; got 0"),
        ({"record_every": 1.5}, TypeError, "record_every must be .*got 1.5"),
        ({"progress": 1}, TypeError, "progress must be True or False; got 1"),
        ({"iterations": 10**9}, ValueError, "iterations must ask for at most 134,217,728 recorded"),
        ({"step_size": (0.1, -1, 0.1)}, ValueError, r"step_size\[1\] must be .*got -1"),
        ({"regularization": -1e-3}, ValueError, "regularization must be .*zero or positive.*got"),
        ({"iterations": 0}, ValueError, "iterations must be .*at least 1; got 0"),
        ({"iterations": 10.0}, TypeError, "iterations must be a whole number.*got 10.0"),
        ({"dtype": np.int64}, ValueError, "dtype must be numpy.float64 or numpy.float32; got"),
        ({"dtype": "fast"}, ValueError, "dtype must be .*got 'fast'"),
    ],
)
def test_bad_arguments(
    data: Dataset, network: Network, change: dict, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        train(network, data, **{"progress": False, **GOOD, **change})


def test_advance_takes_whole_numbers_only(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data)
    with pytest.raises(TypeError, match=r"iterations must be .*got 1\.5"):
        trainer.advance(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"iterations must be .*got -1"):
        trainer.advance(-1)
    assert trainer.iteration == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"most_rows": 1}, "most_rows must be a whole number, at least 2; got 1"),
        ({"first_iteration": -1}, "first_iteration must be a whole number.* 0.*; got -1"),
    ],
)
def test_bad_bounds_of_the_record(
    data: Dataset, network: Network, change: dict[str, int], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Trainer(network, data, **change)
    Trainer(network, data, most_rows=2, first_iteration=0)


def test_step_sizes_one_for_all_or_one_a_layer() -> None:
    given_and_found: list[tuple[Any, tuple[float, ...]]] = [
        (0.5, (0.5, 0.5)),
        (np.float32(0.5), (0.5, 0.5)),
        ([0, 1], (0.0, 1.0)),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
    ]
    for step_size, expected in given_and_found:
        found = layer_steps(step_size, 2)
        assert found == expected
        assert {type(one) for one in found} == {float}
    trainer = Trainer(network_of((2, 4, 3), "tanh"), blob(4), step_size=[0, 0.5])
    assert trainer.step_sizes == (0.0, 0.5)
    assert trainer.regularization == 1e-3


def test_what_train_does_if_nothing_else_is_said(data: Dataset, network: Network) -> None:
    usual = Trainer(network, data)
    told = Trainer(
        network, data, step_size=0.1, regularization=1e-3, dtype=np.float64, record_every=1
    )
    for trainer in (usual, told):
        trainer.advance(5)
    run = train(network, data, iterations=5, progress=False)
    for found in (usual.history, run.history):
        np.testing.assert_array_equal(found.record, told.history.record)
    assert usual.result.diverged_at is None
    assert train.__kwdefaults__ is not None
    assert train.__kwdefaults__["iterations"] == 50_000
    assert train.__kwdefaults__["progress"] is True


def test_room_can_be_made_beforehand(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data, record_every=3)
    trainer.make_room(10)
    trainer.advance(1)
    base = trainer.history.record.base
    assert base is not None
    assert base.shape == (4, 19)
    trainer.advance(9)
    assert trainer.history.record.base is base
    checked = Trainer(network, data)
    checked.make_room(10**6, only_check=True)
    checked.advance(1)
    assert checked.history.record.base.shape == (1, 19)
    # 19 numbers a row, at most 2**27 in all.
    checked.make_room(2**27 // 19, only_check=True)
    with pytest.raises(
        ValueError, match="iterations must ask for at most 134,217,728 recorded num"
    ):
        checked.make_room(2**27 // 19 + 1, only_check=True)


# Norms of any size


def exact_rows(trainer: Trainer, data: Dataset) -> tuple[History, dict[str, Any]]:
    """Make an iteration; return its row, and what it should be by long double arithmetic."""
    now = gradients(trainer.network.astype(np.float64), data)
    wide = {
        "gradient_norm": now.dW,
        "delta_norm": now.deltas,
        "weight_norm": trainer.network.weights,
    }
    exact = {
        name: [float(np.sqrt(np.sum(a.astype(np.longdouble) ** 2))) for a in arrays]
        for name, arrays in wide.items()
    }
    trainer.advance(1)
    return trainer.history.at(-1), exact


def test_the_norms_of_ten_layers_in_single_precision_do_not_underflow() -> None:
    data = spiral(rng=0)
    network = Network.initialize((2, *[50] * 10, 3), "sigmoid", scale=0.003, rng=0)
    row, exact = exact_rows(Trainer(network, data, dtype=np.float32), data)
    assert f"{row.gradient_norm[0, 0]:.1e}" == "2.5e-24"
    for name, values in exact.items():
        np.testing.assert_allclose(getattr(row, name)[0], values, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_norms_of_a_hundred_layers_do_not_underflow(dtype: type) -> None:
    scale, f = (0.03, "sigmoid") if dtype is np.float64 else (0.32, "tanh")
    data = blob(20)
    network = Network.initialize((2, *[10] * 100, 3), f, scale=scale, rng=0)
    row, exact = exact_rows(Trainer(network, data, dtype=dtype, regularization=0), data)
    if dtype is np.float64:
        # Their squares are far below 1e-308.
        assert 0 < row.delta_norm[0, 0] < 1e-160
        for name, values in exact.items():
            np.testing.assert_allclose(getattr(row, name)[0], values, rtol=1e-9, err_msg=name)
        return
    smallest = float(np.finfo(np.float32).tiny)
    for name in ("gradient_norm", "delta_norm"):
        found, values = getattr(row, name)[0], np.array(exact[name])
        far = values > 1e4 * smallest
        np.testing.assert_allclose(found[far], values[far], rtol=1e-3, err_msg=name)
        assert far.sum() > 50


def test_large_norms_do_not_overflow() -> None:
    network = Network([np.full((1, 2), 1e18, np.float32)], [np.zeros(2, np.float32)])
    data = Dataset([[1e3], [-1e3]], [0, 1])
    trainer = Trainer(network, data, regularization=0, dtype=np.float32)
    trainer.advance(1)
    assert trainer.history.weight_norm[0, 0] == pytest.approx(2**0.5 * 1e18, rel=1e-6)
    assert trainer.history.gradient_norm[0, 0] == pytest.approx(1e3 / 2**0.5, rel=1e-6)
