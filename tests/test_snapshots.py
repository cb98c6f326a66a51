"""Snapshots: any iteration of a run can be had again, to the last digit."""

from typing import Any

import numpy as np
import pytest

from vanishing import Network, Trainer, Variant, spiral
from vanishing.experiment import SNAPSHOT_BYTES, Experiment, Settings
from vanishing.snapshots import STRIDE, Snapshots

DATA = spiral(20, rng=0)


def trainer(activation: str = "sigmoid", dtype: Any = np.float64, **options: Any) -> Trainer:
    network = Network.initialize([2, 8, 8, 3], activation, rng=0, **options)
    return Trainer(network, DATA, step_size=0.3, dtype=dtype)


def same(one: Trainer, other: Trainer) -> None:
    """Assert that two trainers stand at the same point, to the last digit."""
    assert (one.iteration, one.diverged_at) == (other.iteration, other.diverged_at)
    for name in ("weights", "biases"):
        pairs = zip(getattr(one.network, name), getattr(other.network, name), strict=True)
        assert all(np.array_equal(first, second) for first, second in pairs)
    np.testing.assert_array_equal(one.loss, other.loss)
    np.testing.assert_array_equal(one.history.iteration, other.history.iteration)
    np.testing.assert_array_equal(one.history.record, other.history.record)


def grown(run: Trainer, iterations: int, **options: Any) -> Snapshots:
    """Return the snapshots of a run of so many iterations."""
    snapshots = Snapshots(run, **options)
    while run.iteration < iterations:
        run.advance(min(snapshots.due_in, iterations - run.iteration))
        snapshots.keep()
    return snapshots


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("activation", "options"),
    [("sigmoid", {}), ("relu", {}), ("tanh", {"normalization": "batch"})],
)
def test_any_iteration_comes_again_to_the_last_digit(
    activation: str, options: dict[str, Any], dtype: Any
) -> None:
    run = trainer(activation, dtype, **options)
    snapshots = grown(run, 500)
    for iteration in (0, 1, 2, STRIDE - 1, STRIDE, STRIDE + 1, 3 * STRIDE, 301, 499, 500):
        plain = trainer(activation, dtype, **options)
        plain.advance(iteration)
        same(snapshots.at(iteration), plain)


def test_a_clipped_run_is_clipped_again() -> None:
    runs = [Trainer(trainer().network, DATA, clip_norm=0.01) for _ in range(2)]
    runs[1].advance(70)
    same(grown(runs[0], 100).at(70), runs[1])


def test_snapshots_are_thinned_when_there_is_no_room_left() -> None:
    run = trainer()
    size = sum(array.nbytes for array in (*run.network.weights, *run.network.biases))
    snapshots = grown(run, 3000, most_bytes=10 * size)
    assert snapshots.nbytes <= 10 * size
    assert 4 < len(snapshots) <= 10
    assert snapshots.stride == 512
    plain = trainer()
    plain.advance(1777)
    same(snapshots.at(1777), plain)


def test_a_large_network_keeps_a_few_all_the_same() -> None:
    snapshots = grown(trainer(), 8 * STRIDE, most_bytes=0)
    assert 1 < len(snapshots) <= 9


def test_where_the_trainer_stands_it_is_the_trainer_itself() -> None:
    run = trainer()
    assert grown(run, 10).at(10) is run


@pytest.mark.parametrize(
    ("wrong", "error"), [(-1, ValueError), (11, ValueError), (0.5, TypeError), (None, TypeError)]
)
def test_where_it_never_was_cannot_be_had(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"iteration must be .*got"):
        grown(trainer(), 10).at(wrong)


# An experiment's


def test_an_experiment_goes_back_with_all_its_networks() -> None:
    settings = Settings(("sigmoid", "relu"))
    experiment, other = Experiment(settings), Experiment(settings)
    experiment.advance(300)
    other.advance(117)
    for again, plain in zip(experiment.at(117), other.trainers, strict=True):
        same(again, plain)


def test_a_network_that_diverged_stays_as_it_was() -> None:
    settings = Settings((Variant("wild", "relu", step_size=1e4), "sigmoid"))
    experiment = Experiment(settings)
    experiment.advance(200)
    wild, tame = experiment.trainers
    assert wild.diverged_at is not None
    found = experiment.at(150)
    assert found[0] is wild
    assert found[1].iteration == 150 < tame.iteration


def test_an_experiments_snapshots_share_one_room_of_less_than_twenty_megabytes() -> None:
    wide = Settings(("sigmoid", "relu", "tanh"), sizes=(2, 200, 200, 3))
    experiment = Experiment(wide)
    size = 8 * sum(parameters.size for parameters in experiment.trainers[0].network.weights)
    assert SNAPSHOT_BYTES < 20e6
    for snapshots in experiment._snapshots:
        assert snapshots._most == SNAPSHOT_BYTES // 3 // (size + 8 * 403)
