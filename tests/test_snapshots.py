"""Snapshots: any iteration of a run can be had again, to the last digit."""

from typing import Any

import numpy as np
import pytest

from vanishing import Network, Trainer, Variant, spiral
from vanishing.experiment import Experiment, Settings
from vanishing.optimizers import Adam, GradientDescent, Optimizer
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_training import SequenceTrainer
from vanishing.sequences import agreement
from vanishing.side_by_side import SNAPSHOT_BYTES, SideBySide
from vanishing.snapshots import MOST, STRIDE, Snapshots

DATA, TASK = spiral(20, rng=0), agreement(4)


def trainer(activation: str = "sigmoid", dtype: Any = np.float64, **options: Any) -> Trainer:
    network = Network.initialize([2, 8, 8, 3], activation, rng=0, **options)
    return Trainer(network, DATA, step_size=0.3, dtype=dtype)


def reader(cell: str = "tanh", **options: Any) -> SequenceTrainer:
    """Return a trainer that learns from sentences."""
    network = RecurrentNetwork.initialize(TASK, 5, cell, rng=0)
    return SequenceTrainer(network, TASK, batch=4, **options)


def parameters(one: Any) -> list[Any]:
    """Return a trainer's parameters, as they are now."""
    network = one.network
    arrays = [*network.weights, *network.biases] if isinstance(one, Trainer) else network.arrays
    return list(arrays)


def same(one: Any, other: Any) -> None:
    """Assert that two trainers stand at the same point, to the last digit."""
    assert (one.iteration, one.diverged_at) == (other.iteration, other.diverged_at)
    pairs = zip(parameters(one), parameters(other), strict=True)
    assert all(np.array_equal(first, second) for first, second in pairs)
    np.testing.assert_array_equal(one.loss, other.loss)
    np.testing.assert_array_equal(one.history.iteration, other.history.iteration)
    np.testing.assert_array_equal(one.history.record, other.history.record)


def grown(run: Any, iterations: int, **options: Any) -> Snapshots[Any]:
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("optimizer", ["adam", GradientDescent(0.3)])
@pytest.mark.parametrize("cell", ["tanh", "relu", "gru", "lstm"])
def test_any_iteration_on_sentences_comes_again_with_what_the_optimizer_remembers(
    cell: str, optimizer: str | Optimizer, clip_norm: float | None, dtype: Any
) -> None:
    options = {"optimizer": optimizer, "clip_norm": clip_norm, "dtype": dtype, "seed": 3}
    run = reader(cell, **options)
    snapshots = grown(run, 60, stride=8)
    for iteration in (0, 1, 7, 8, 9, 30, 59, 60):
        plain, again = reader(cell, **options), snapshots.at(iteration)
        plain.advance(iteration)
        same(again, plain)
        np.testing.assert_array_equal(again.error_norms, plain.error_norms)
        # What it remembers shows in where it goes.
        last = snapshots.at(60) is again
        for one in () if last else (again, plain):
            one.advance(2)
        np.testing.assert_array_equal(parameters(again)[0], parameters(plain)[0])
    assert run.iteration == 60


def test_what_goes_again_changes_nothing_in_the_record_of_what_went_first() -> None:
    for run in (trainer(), reader()):
        snapshots = grown(run, 40, stride=8)
        record = run.history.record.copy()
        again: Any = snapshots.at(13)
        again.advance(100)
        np.testing.assert_array_equal(run.history.record, record)
        assert run.advance(1) == 1
        np.testing.assert_array_equal(run.history.record[:40], record)
        assert len(again.history) == 40


def test_a_moment_is_of_the_same_kind_of_run() -> None:
    for run, other in ((trainer(), reader()), (reader(), trainer())):
        told = f"moment must be of a run with .* parameters; got {other.moment.parameters.size}"
        with pytest.raises(ValueError, match=told):
            run.again(other.moment)
        with pytest.raises(TypeError, match="moment must be a Moment; got 3"):
            run.again(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="trainer must be a Trainer or SequenceTrainer; got 3"):
        Snapshots(3)  # type: ignore[type-var]


def test_what_the_optimizer_remembers_is_counted() -> None:
    run = reader(optimizer=Adam())
    size = run.moment.parameters.nbytes
    assert run.moment.nbytes == size + run.moment.errors.nbytes
    run.advance(1)
    assert run.moment.nbytes == 3 * size + run.moment.errors.nbytes
    snapshots = grown(run, 100, stride=1, most_bytes=40 * size)
    assert snapshots.nbytes <= 40 * size
    assert 6 < len(snapshots) <= 13


def test_of_a_small_network_too_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST * 1000 < 10**7
    monkeypatch.setattr("vanishing.snapshots.MOST", 12)
    assert len(grown(trainer(), 100, stride=1)) <= 12


@pytest.mark.parametrize(
    "settings", [{"clip_norm": 0.01}, {"regularization": 0.2}, {"step_size": [0.3, 0.0, 0.1]}]
)
def test_a_run_comes_again_with_all_its_settings(settings: dict[str, Any]) -> None:
    runs = [Trainer(trainer().network, DATA, **settings) for _ in range(2)]
    runs[1].advance(70)
    same(grown(runs[0], 100).at(70), runs[1])


def test_of_a_run_begun_elsewhere_snapshots_are_kept_from_its_own_beginning() -> None:
    runs = [Trainer(trainer().network, DATA, first_iteration=1001) for _ in range(2)]
    snapshots = Snapshots(runs[0])
    assert snapshots.due_in == STRIDE
    runs[0].advance(10)
    assert snapshots.due_in == STRIDE - 10
    runs[0].advance(STRIDE - 10)
    snapshots.keep()
    assert len(snapshots) == 2
    runs[0].advance(20)
    for further in (30, 50):  # from the first snapshot, and from the second
        runs[1].advance(further)
        same(snapshots.at(runs[1].iteration), runs[1])


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


def test_only_what_is_due_is_kept() -> None:
    run = trainer()
    snapshots = Snapshots(run, stride=4)
    kept = []
    for _ in range(9):
        snapshots.keep()
        snapshots.keep()
        kept.append(len(snapshots))
        run.advance(1)
    assert kept == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_a_stride_is_from_one_to_a_million_and_the_room_from_nothing_on() -> None:
    assert Snapshots(trainer(), stride=10**6).due_in == 10**6
    assert Snapshots(trainer(), stride=1, most_bytes=0).due_in == 1
    for wrong in (0, 10**6 + 1):
        with pytest.raises(ValueError, match=rf"stride must be .*got {wrong}"):
            Snapshots(trainer(), stride=wrong)
    with pytest.raises(ValueError, match=r"most_bytes must be .*got -1"):
        Snapshots(trainer(), most_bytes=-1)


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


def test_the_snapshots_of_all_share_one_room_of_less_than_twenty_megabytes() -> None:
    assert SNAPSHOT_BYTES < 20e6
    runs = [trainer(), trainer("relu"), trainer("tanh")]
    size = runs[0].moment.nbytes
    together = SideBySide(runs, most_bytes=3 * 10 * size, stride=2)
    together.advance(100)
    for snapshots in together._snapshots:
        assert 4 < len(snapshots) <= 10
        assert snapshots.stride == 16
    assert SideBySide(runs)._snapshots[0]._room == SNAPSHOT_BYTES // 3


def test_a_recurrent_network_goes_side_by_side_with_another() -> None:
    together = SideBySide([reader(), reader("gru")], stride=4)
    together.advance(3)
    assert [one.iteration for one in together.at(0)] == [0, 0]
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match=rf"iteration must be .* from 0 to 3; got {wrong}"):
            together.at(wrong)
    together.advance(11)
    for again, cell in zip(together.at(6), ("tanh", "gru"), strict=True):
        plain = reader(cell)
        plain.advance(6)
        same(again, plain)
    for wrong in ([], [reader(), 3]):
        with pytest.raises(TypeError, match=r"trainers must be .*, at least one; got \["):
            SideBySide(wrong)  # type: ignore[type-var]
