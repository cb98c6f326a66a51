"""Training through time: records, clipping, resuming, sending, stopping."""

import os
import pickle
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import vanishing
from vanishing.cells import Cell, LSTMStep
from vanishing.optimizers import Adam, GradientDescent
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_training import (
    HELD_OUT_SEED,
    LATEST,
    SequenceTrainer,
    find_optimizer,
    held_out,
    train_sequences,
)
from vanishing.sequences import adding, agreement, recall
from vanishing.through_time import gradients_through_time

TASK = agreement(5)
NETWORK = RecurrentNetwork.initialize(TASK, 6, rng=0)


def trainer(**settings: Any) -> SequenceTrainer:
    return SequenceTrainer(NETWORK, TASK, **{"batch": 9, **settings})


def state(one: SequenceTrainer) -> list[np.ndarray]:
    return list(one.network.arrays)


def assert_identical(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_same_run(one: SequenceTrainer, other: SequenceTrainer) -> None:
    assert one.iteration == other.iteration
    assert_identical(state(one), state(other))
    np.testing.assert_array_equal(one.history.record, other.history.record)
    np.testing.assert_array_equal(one.history.iteration, other.history.iteration)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_iteration_is_a_step_against_the_batchs_gradient(dtype: type) -> None:
    one = trainer(step_size=0.3, dtype=dtype)
    data = one.sentences(0)
    found = gradients_through_time(NETWORK.astype(dtype), data)
    assert one.advance(1) == 1
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    expected = NETWORK.W_h - 0.3 * found.dW_h
    np.testing.assert_allclose(one.network.W_h, expected, atol=tolerance)
    np.testing.assert_allclose(one.network.b_out, -0.3 * found.db_out, atol=tolerance)
    flat = np.concatenate([g.ravel() for g in (found.dW_x, found.dW_h, found.db)])
    flat = np.concatenate([flat, found.dW_out.ravel(), found.db_out])
    row = one.history
    assert one.network.W_h.dtype == dtype
    assert row.loss[0] == one.loss == pytest.approx(found.loss, abs=tolerance)
    assert row.accuracy[0] == np.mean(found.outputs.argmax(axis=1) == data.targets)
    assert row.gradient_norm[0] == row.clipped_norm[0]
    assert row.gradient_norm[0] == pytest.approx(np.linalg.norm(flat), rel=1e-5)
    assert row.first_error[0] == pytest.approx(np.linalg.norm(found.dh[0]), rel=1e-5)
    assert row.last_error[0] == pytest.approx(np.linalg.norm(found.dh[-1]), rel=1e-5)


def test_the_error_at_every_step_is_that_before_the_last_update() -> None:
    one = trainer(record_every=2)
    assert np.isnan(one.error_norms).all()
    assert one.error_norms.shape == (TASK.length,)
    one.advance(1)
    expected = np.linalg.norm(gradients_through_time(NETWORK, one.sentences(0)).dh, axis=(1, 2))
    np.testing.assert_allclose(one.error_norms, expected, rtol=1e-12)
    assert one.error_norms[0] == one.history.first_error[0]
    before = one.network
    one.advance(1)
    expected = np.linalg.norm(gradients_through_time(before, one.sentences(1)).dh, axis=(1, 2))
    np.testing.assert_allclose(one.error_norms, expected, rtol=1e-12)
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.error_norms, one.error_norms)


def test_rows_of_a_record_are_chosen() -> None:
    one = trainer()
    one.advance(5)
    chosen = one.history.at(slice(1, 4, 2))
    np.testing.assert_array_equal(chosen.iteration, [1, 3])
    np.testing.assert_array_equal(chosen.loss, one.history.loss[[1, 3]])
    assert one.history.at(2).iteration.tolist() == [one.history.iteration[2]]
    assert one.history.at(2).record.shape == (1, 6)
    with pytest.raises(IndexError, match=r"rows must choose among the .* recorded; got 99"):
        one.history.at(99)


def test_a_clipped_step_has_the_largest_norm_allowed() -> None:
    free, held = trainer(), trainer(clip_norm=0.01)
    free.advance(1)
    held.advance(1)
    assert held.history.gradient_norm[0] == free.history.gradient_norm[0] > 0.01
    assert held.history.clipped_norm[0] == 0.01
    moved = np.sqrt(
        sum(np.sum((a - b) ** 2) for a, b in zip(state(held), NETWORK.arrays, strict=True))
    )
    assert moved == pytest.approx(0.1 * 0.01)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "adam"},
        {"optimizer": Adam(0.01), "clip_norm": 0.1, "dtype": np.float32},
        {"record_every": 2, "first_iteration": 3},
    ],
)
def test_a_run_in_stretches_or_sent_elsewhere_is_the_same_run(settings: dict[str, Any]) -> None:
    whole, parts = trainer(**settings), trainer(**settings)
    whole.advance(12)
    parts.advance(5)
    sent = pickle.loads(pickle.dumps(parts))
    parts.advance(7)
    sent.advance(7)
    assert_same_run(whole, parts)
    assert_same_run(whole, sent)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_run_can_be_begun_elsewhere(dtype: type) -> None:
    whole, first = trainer(seed=4, dtype=dtype), trainer(seed=4, dtype=dtype)
    whole.advance(8)
    first.advance(3)
    # Nothing is known of the run but its network: so nothing was kept in another precision.
    rest = SequenceTrainer(first.network, TASK, batch=9, seed=4, dtype=dtype, first_iteration=3)
    rest.advance(5)
    assert_identical(state(whole), state(rest))


def test_sent_trainers_are_small() -> None:
    big = SequenceTrainer(RecurrentNetwork.initialize(agreement(100), 8, rng=0), agreement(100))
    big.advance(1)
    assert len(pickle.dumps(big)) < 50_000


def test_sentences_depend_on_seed_and_iteration_alone() -> None:
    one, same, other = trainer(seed=1), trainer(seed=1), trainer(seed=2)
    one.advance(2)
    np.testing.assert_array_equal(one.sentences(7).inputs, same.sentences(7).inputs)
    assert (one.sentences(7).inputs != other.sentences(7).inputs).any()
    assert (one.sentences(7).inputs != one.sentences(8).inputs).any()
    assert (one.sentences(7).inputs != one.sentences(7 + 2**32).inputs).any()


def test_no_two_iterations_have_the_same_sentences() -> None:
    one = trainer(seed=3)
    far = (2**16, 2**31, 2**32 - 1, 2**32, 10**12)
    batches = [one.sentences(k).symbols.tobytes() for k in (*range(100), *far)]  # type: ignore[union-attr]
    assert len(set(batches)) == len(batches)


def test_the_network_stays_as_it_is_and_copies_are_given() -> None:
    before = [array.copy() for array in NETWORK.arrays]
    one = trainer()
    one.advance(3)
    one.network.W_h[:] = 0
    one.error_norms[:] = 0
    assert one.network.W_h.any()
    assert one.error_norms.all()
    assert_identical(list(NETWORK.arrays), before)


def test_the_held_out_sentences_are_the_same_for_all_runs() -> None:
    assert len(held_out(TASK)) == 500
    np.testing.assert_array_equal(trainer(seed=1).held_out.inputs, held_out(TASK).inputs)
    # What was printed of an accuracy holds as long as they are.
    assert held_out(TASK).sentence(0) == "the houses near the new red books are"
    one = trainer()
    one.advance(2)
    assert one.accuracy == one.network.accuracy(held_out(TASK)) == one.result.accuracy


@pytest.mark.parametrize("seed", [0, 1, HELD_OUT_SEED])
def test_no_run_trains_on_the_held_out_sentences(seed: int) -> None:
    kept = held_out(TASK).symbols
    one = trainer(seed=seed, batch=500)
    for iteration in range(5):
        shared = (one.sentences(iteration).symbols == kept).all(axis=0)
        assert shared.mean() < 0.02  # by chance; a stream that begins alike would share all


@pytest.mark.parametrize(
    ("task", "cell"), [(agreement(5), "tanh"), (recall(8, symbols=3), "gru"), (adding(5), "lstm")]
)
def test_short_distances_are_learned(task: Any, cell: str) -> None:
    network = RecurrentNetwork.initialize(task, 16, cell, rng=0)
    run = train_sequences(
        network, task, optimizer="adam", step_size=0.01, iterations=400, progress=False
    )
    assert run.accuracy > 0.9 if task.name != "adding" else run.history.loss[-1] < 0.02


def test_answers_after_every_step_are_trained() -> None:
    task = recall(6, every_step=True)
    network = RecurrentNetwork.initialize(task, 8, rng=0)
    run = train_sequences(network, task, step_size=0.5, iterations=300, progress=False)
    assert run.accuracy > 0.95
    assert run.history.accuracy[-1] > 0.95


def test_a_run_that_diverges_stops_before_the_update() -> None:
    network = RecurrentNetwork.initialize(adding(30), 8, "relu", gain=2.0, rng=0)
    one = SequenceTrainer(network, adding(30), step_size=1.0)
    made = one.advance(50)
    assert one.diverged_at == made == one.iteration == len(one.history) < 50
    assert one.advance(5) == 0
    assert np.isfinite(one.history.loss).all()
    told = f"{made} iterations, accuracy {one.accuracy:.2f}"
    assert repr(one.result).endswith(f"{told}, diverged at iteration {made})")


def test_a_runs_representation_says_how_far_it_came() -> None:
    one = trainer()
    one.advance(3)
    told = f"3 iterations, accuracy {one.accuracy:.2f}"
    assert repr(one.result) == f"SequenceRun({one.network}, {told})"


def test_sentences_are_drawn_for_any_iteration_that_a_run_can_reach() -> None:
    late = trainer(first_iteration=LATEST)
    late.advance(2)
    assert len(late.sentences(2 * LATEST)) == 9
    with pytest.raises(ValueError, match=r"iteration must be .*got"):
        late.sentences(2 * LATEST + 1)


def test_a_batch_must_fit_into_memory() -> None:
    # For each of 6 steps: the inputs, and for each of 6 units about 8 numbers a gate.
    most = 2**27 // (6 * (NETWORK.inputs + 8 * 6))
    trainer(batch=most)
    with pytest.raises(ValueError, match="batch must ask for at most 134,217,728 numbers"):
        trainer(batch=most + 1)


def test_rows_are_thinned_and_skipped() -> None:
    few, some = trainer(most_rows=4), trainer(record_every=5)
    few.advance(12)
    some.advance(12)
    assert len(few.history) <= 4
    assert some.history.iteration.tolist() == [0, 5, 10]
    assert len(some.history.loss) == 3


def test_room_can_be_made_beforehand() -> None:
    one = trainer(record_every=3)
    one.make_room(10)
    one.advance(1)
    base = one.history.record.base
    assert base is not None
    assert base.shape == (4, 6)
    one.advance(9)
    assert one.history.record.base is base
    checked = trainer()
    checked.make_room(2**27 // 6, only_check=True)
    checked.advance(1)
    assert checked.history.record.base.shape == (1, 6)
    with pytest.raises(ValueError, match="at most 134,217,728 recorded numbers; got"):
        checked.make_room(2**27 // 6 + 1, only_check=True)


def test_time_bounds_a_stretch() -> None:
    assert trainer().advance(10**6, seconds=1e-9) == 1


def test_an_optimizer_by_name_or_of_ones_own() -> None:
    assert find_optimizer("adam", 0.5) == Adam(0.5)
    assert find_optimizer("gradient descent") == GradientDescent()
    own = GradientDescent(2.0)
    assert find_optimizer(own) is own
    with pytest.raises(ValueError, match=r"step_size must be left out.*got 0.5"):
        find_optimizer(own, 0.5)


CORE = ("sequence_training", "history", "through_time", "unrolled", "optimizers", "parameters")
INSIDE = {str(Path(vanishing.__file__).with_name(f"{name}.py")) for name in CORE}


def interrupt(one: SequenceTrainer, iterations: int, at: int) -> int:
    """Advance, and raise KeyboardInterrupt at that line; return how many more there were."""
    left = at

    def look(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in INSIDE:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return look

    usual = sys.gettrace()
    sys.settrace(look)
    try:
        one.advance(iterations)
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(usual)
    return at - left


@pytest.mark.parametrize("settings", [{}, {"optimizer": "adam", "clip_norm": 0.1}])
def test_an_interrupt_at_any_moment_leaves_network_and_history_in_step(
    settings: dict[str, Any],
) -> None:
    whole = trainer(**settings)
    whole.advance(6)
    lines = interrupt(trainer(**settings), 5, 10**9)
    for at in np.random.RandomState(0).randint(1, lines + 1, 40):
        one = trainer(**settings)
        interrupt(one, 5, int(at))
        assert len(one.history) == one.iteration
        one.advance(6 - one.iteration)
        assert_same_run(one, whole)


class OwnStep(LSTMStep):
    """A step that only its class tells from an LSTM's."""


def test_a_cell_of_ones_own_trains_and_can_be_sent() -> None:
    own = RecurrentNetwork.initialize(TASK, 6, Cell("own", OwnStep), rng=0)
    known = RecurrentNetwork.initialize(TASK, 6, "lstm", rng=0)
    one, other = (SequenceTrainer(start, TASK, batch=9) for start in (own, known))
    one.advance(3)
    one = pickle.loads(pickle.dumps(one))
    one.advance(2)
    other.advance(5)
    assert one.network.cell.step is OwnStep
    for mine, theirs in zip(state(one), state(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_an_interrupted_run_is_returned_as_far_as_it_came() -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    run = train_sequences(NETWORK, TASK, iterations=10**6, progress=False)
    assert 0 < run.iterations == len(run.history) < 10**6
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_bar_shows_the_loss(capfd: pytest.CaptureFixture[str]) -> None:
    run = train_sequences(NETWORK, TASK, iterations=3, batch=4)
    assert f"loss {run.history.loss[-1]:.4f}" in capfd.readouterr().err
