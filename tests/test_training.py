import tracemalloc

import numpy as np
import pytest
import recipe
from hypothesis import given, settings
from hypothesis import strategies as st

from vanishing import Dataset, Network, Trainer, gradients, spiral, train
from vanishing import training as training_module


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


def test_the_book_holds_what_its_names_say(data: Dataset, network: Network) -> None:
    history = train(network, data, iterations=3, progress=False).history
    trainer = Trainer(network, data)
    trainer.advance(2)
    now = gradients(trainer.network, data)
    row = history.at(slice(2, 3))

    def norms(arrays: list[np.ndarray]) -> list[list[float]]:
        return [[float(np.linalg.norm(a)) for a in arrays]]

    np.testing.assert_allclose(row.gradient_norm, norms(now.weights), rtol=1e-12)
    np.testing.assert_allclose(row.delta_norm, norms(now.deltas), rtol=1e-12)
    np.testing.assert_allclose(row.weight_norm, norms(trainer.network.weights), rtol=1e-12)
    fans = np.array([w.shape for w in network.weights])
    sums = [np.abs(w).sum() for w in now.weights]
    np.testing.assert_allclose(row.lecture_statistic(), [sums / fans.sum(axis=1)], rtol=1e-12)
    np.testing.assert_allclose(row.mean_absolute(), [sums / fans.prod(axis=1)], rtol=1e-12)
    assert (history.iterations, row.iterations, row.step_sizes) == (3, 1, (0.1, 0.1, 0.1))
    assert (history.sizes, history.examples) == (network.sizes, len(data))


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
    assert run.history.iterations == run.diverged_at
    assert np.isfinite(run.history.loss).all()
    trainer = Trainer(network, data, step_size=1e9, dtype=dtype)
    assert trainer.advance(1000) == run.diverged_at == trainer.diverged_at
    assert trainer.advance(10) == 0


def test_a_run_may_diverge_before_its_first_step(data: Dataset) -> None:
    network = Network([np.full((2, 3), np.inf)], [np.zeros(3)])
    run = train(network, data, iterations=10, progress=True)
    assert (run.diverged_at, run.history.iterations) == (0, 0)
    assert run.history.lecture_statistic().shape == (0, 1)


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
        expected = network.weights[layer] - step * found.weights[layer]
        np.testing.assert_allclose(run.network.weights[layer], expected, atol=1e-15)


def test_single_precision_stays_close(data: Dataset, network: Network) -> None:
    wide = train(network, data, iterations=300, progress=False)
    narrow = train(network, data, iterations=300, progress=False, dtype=np.float32)
    assert narrow.network.weights[0].dtype == np.float32
    np.testing.assert_allclose(narrow.history.loss, wide.history.loss, atol=2e-6)
    np.testing.assert_allclose(narrow.history.sum_absolute, wide.history.sum_absolute, rtol=1e-3)


def test_an_interrupted_run_is_returned_as_far_as_it_came(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, network: Network
) -> None:
    advance = Trainer.advance

    def interrupted(self: Trainer, iterations: int) -> int:
        if self.iteration:
            raise KeyboardInterrupt
        return advance(self, iterations)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    run = train(network, data, iterations=10_000, progress=False)
    assert run.history.iterations == training_module.CHUNK
    assert np.isfinite(run.history.loss).all()


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
        ({"step_size": (0.1, -1, 0.1)}, ValueError, r"step_size\[1\] must be .*got -1"),
        ({"regularization": -1e-3}, ValueError, "regularization must be .*zero or positive; got"),
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
        train(network, data, progress=False, **{**GOOD, **change})


def test_advance_takes_whole_numbers_only(data: Dataset, network: Network) -> None:
    trainer = Trainer(network, data)
    with pytest.raises(TypeError, match=r"iterations must be .*got 1\.5"):
        trainer.advance(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"iterations must be .*got -1"):
        trainer.advance(-1)
    assert trainer.iteration == 0
