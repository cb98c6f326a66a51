"""An experiment through time: settings, gauges and the state in words."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from vanishing.activations import ACTIVATIONS, Activation
from vanishing.cells import CELLS, Cell, SimpleStep
from vanishing.contributions import word_gradients
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_experiment import (
    Reading,
    SequenceExperiment,
    SequenceSettings,
    accuracy_by_distance,
    alike,
    examined,
)
from vanishing.sequence_training import held_out, train_sequences
from vanishing.sequences import adding, agreement, recall
from vanishing.time_ledger import time_ledger
from vanishing.time_theory import expected_factors

SMALL: dict[str, Any] = {"hidden": 6, "distance": 5, "batch": 12}


def small(**settings: Any) -> SequenceExperiment:
    return SequenceExperiment(SequenceSettings(**{**SMALL, **settings}))


def broken(network: RecurrentNetwork) -> RecurrentNetwork:
    """Return a network whose outputs overflow."""
    return network.with_parameters(*[array * 1e300 for array in network.arrays])


# Settings


def test_it_trains_as_train_sequences_does_with_the_notebooks_network() -> None:
    experiment = small(gain=0.7, step_size=0.2, clip_norm=0.3, seed=4)
    task = agreement(5)
    network = RecurrentNetwork.initialize(task, 6, gain=0.7, rng=4)
    own = {"step_size": 0.2, "clip_norm": 0.3, "seed": 4, "batch": 12}
    run = train_sequences(network, task, iterations=9, progress=False, **own)  # type: ignore[arg-type]
    assert experiment.advance(9) == 9
    np.testing.assert_array_equal(experiment.trainer.history.record, run.history.record)
    np.testing.assert_array_equal(experiment.trainer.network.W_h, run.network.W_h)


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "f"), ("gru", "z")])
def test_the_bias_is_that_of_the_gate_that_keeps(cell: str, gate: str) -> None:
    _, network = SequenceSettings(cell, hidden=4, gate_bias=-2.5).start()
    first = CELLS[cell].gates.index(gate) * 4
    expected = np.zeros(len(network.b))
    expected[first : first + 4] = -2.5
    np.testing.assert_array_equal(network.b, expected)


def test_a_simple_cell_has_no_such_gate() -> None:
    assert SequenceSettings("tanh").keeping_gate is None
    assert SequenceSettings("lstm").keeping_gate == "forget gate"
    assert SequenceSettings("gru").keeping_gate == "update gate"
    np.testing.assert_array_equal(SequenceSettings("relu", gate_bias=3).start()[1].b, 0)


def test_draws_are_other_weights_on_the_same_sentences() -> None:
    one, other = small(), small(draw=1)
    assert (one.trainer.network.W_h != other.trainer.network.W_h).any()
    same = one.trainer.sentences(3), other.trainer.sentences(3)
    np.testing.assert_array_equal(same[0].targets, same[1].targets)


def test_an_optimizer_brings_its_own_step_size() -> None:
    adam = SequenceSettings(step_size=3.0).changed("optimizer", "adam")
    assert adam.step_size == 1e-3
    assert adam.changed("step_size", 0.5).changed("optimizer", "adam").step_size == 0.5
    assert adam.changed("optimizer", "gradient descent") == SequenceSettings()
    small(optimizer="adam", step_size=0.01).advance(2)


def test_known_cells_are_called_by_their_names() -> None:
    own = Activation("bent", np.tanh, lambda a: 1 - np.tanh(a) ** 2)
    assert SequenceSettings(CELLS["gru"]).cell == "gru"
    assert SequenceSettings(ACTIVATIONS["relu"]).cell == "relu"
    assert SequenceSettings(own).cell == Cell("bent", SimpleStep, own)
    assert SequenceSettings("lstm") == SequenceSettings(CELLS["lstm"])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"cell": "colour"}, "cell must .*got 'colour'"),
        ({"task": "adding"}, "task must be one of 'agreement', 'recall'; got 'adding'"),
        ({"distance": 0}, "distance must .*got 0"),
        ({"distance": 1001}, "distance must .*got 1001"),
        ({"hidden": 513}, "hidden must .*got 513"),
        ({"batch": 5000}, "batch must .*got 5000"),
        ({"gain": -1}, "gain must .*got -1"),
        ({"gate_bias": np.inf}, "gate_bias must .*got inf"),
        ({"clip_norm": 0}, "clip_norm must .*got 0"),
        ({"step_size": 0}, "step_size must .*got 0"),
        ({"recurrent": "x"}, "recurrent must .*got 'x'"),
        ({"optimizer": "x"}, "optimizer must .*got 'x'"),
        ({"draw": -1}, "draw must .*got -1"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        SequenceSettings(**wrong)


def test_only_fields_are_changed() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*got 'colour'"):
        SequenceSettings().changed("colour", 3)
    for field in dataclasses.fields(SequenceSettings):
        same = getattr(SequenceSettings(), field.name)
        assert SequenceSettings().changed(field.name, same) == SequenceSettings()


# Gauges


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_gauges_say_what_the_functions_say(cell: str) -> None:
    experiment = small(cell=cell)
    experiment.advance(3)
    reading, network = experiment.reading, experiment.trainer.network
    data = held_out(experiment.task).at(slice(32))
    account = time_ledger(network, data)
    np.testing.assert_array_equal(reading.errors, account.relative)
    factors = expected_factors(network, data)
    assert reading.expected_errors[0] == 0
    assert reading.expected_errors[1] == pytest.approx(np.log10(factors[-1]))
    assert reading.expected_errors[-1] == pytest.approx(np.log10(factors).sum())
    np.testing.assert_allclose(reading.received, word_gradients(network, reading.sentence)[:, 0])
    states = network.states(reading.sentence.inputs)
    if cell == "tanh":
        assert list(reading.gates) == ["slopes"]
        np.testing.assert_allclose(reading.gates["slopes"], 1 - states.h[:, 0] ** 2)
    else:
        assert list(reading.gates) == [name for name in states.gates if name != "g"]
        for name, values in reading.gates.items():
            np.testing.assert_array_equal(values, states.gates[name][:, 0])


def test_accuracy_is_counted_on_sentences_that_nobody_trains_on() -> None:
    reading = small().reading
    data = examined(agreement(5))
    assert len(data) == 200
    right = reading.network.predict(data.inputs) == data.targets
    assert reading.accuracy == right.mean()
    assert data.nearest_agrees is not None
    agrees, differs = right[data.nearest_agrees].mean(), right[~data.nearest_agrees].mean()
    assert reading.by_last_noun == (agrees, differs)
    assert small(task="recall").reading.by_last_noun is None
    assert small(distance=2).reading.by_last_noun is None, "adverbs only"


def test_the_sentence_is_one_that_misleads() -> None:
    reading = small(distance=8).reading
    assert reading.sentence.nearest_agrees is not None
    assert not reading.sentence.nearest_agrees[0]
    assert len(reading.words) == 9
    said, right = reading.answer
    assert said in ("is", "are")
    true = reading.task.answers[int(reading.sentence.targets[0])]
    assert right == (said == true)
    assert small(distance=1).reading.words[1] in ("often", "still")


def test_where_it_stands_may_be_told_by_gauges_of_a_moment_ago() -> None:
    experiment = small()
    before = experiment.reading
    experiment.advance(30)
    told = experiment.stand(before)
    assert told.iteration == 30
    assert told.loss == experiment.trainer.loss
    assert told.accuracy == before.accuracy
    assert told.decades == before.errors[-1]
    assert experiment.standing == experiment.stand(experiment.reading)
    with pytest.raises(TypeError, match="reading must be a Reading; got 3"):
        experiment.stand(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("optimizer", ["gradient descent", "adam"])
@pytest.mark.parametrize(
    ("cell", "clip_norm"), [("tanh", None), ("relu", 0.05), ("gru", None), ("lstm", 0.05)]
)
def test_gauges_and_words_of_an_earlier_iteration_are_those_of_a_run_stopped_there(
    cell: str, clip_norm: float | None, optimizer: str
) -> None:
    settings: dict[str, Any] = {"cell": cell, "clip_norm": clip_norm, "optimizer": optimizer}
    experiment = small(**settings, step_size=0.02)
    experiment.advance(150)
    for iteration in (0, 1, 16, 117, 149, 150):
        plain = small(**settings, step_size=0.02)
        plain.advance(iteration)
        reading = experiment.reading_at(iteration)
        assert experiment.reading_at(iteration) is reading
        for name in ("errors", "expected_errors", "received"):
            np.testing.assert_array_equal(getattr(reading, name), getattr(plain.reading, name))
        told = experiment.stand(reading, iteration=iteration)
        assert str(told) == str(plain.standing)
        assert told.loss == plain.trainer.loss or iteration == 0
    assert experiment.reading.network is not experiment.reading_at(3).network
    with pytest.raises(ValueError, match=r"iteration must .* from 0 to 150; got 151"):
        experiment.reading_at(151)


def test_a_run_that_diverged_is_shown_as_it_was_before() -> None:
    settings: dict[str, Any] = {"cell": "relu", "step_size": 1e4, "gain": 2.0, "distance": 20}
    experiment, plain = small(**settings), small(**settings)
    experiment.advance(50)
    last = experiment.iteration
    assert experiment.diverged
    assert 0 < last < 50
    plain.advance(last - 1)
    told = experiment.stand(experiment.reading_at(last - 1), iteration=last - 1)
    assert str(told) == str(plain.standing)
    assert "diverged" not in str(told)
    assert "diverged" in str(experiment.standing)


def test_a_reading_is_of_the_network_at_its_moment() -> None:
    experiment = small()
    before = experiment.reading
    assert experiment.reading is before
    errors = before.errors
    experiment.advance(1)
    after = experiment.reading
    assert after is not before
    assert (after.errors != errors).any()
    np.testing.assert_array_equal(before.errors, errors)


def test_gauges_of_a_network_that_overflows_show_nothing() -> None:
    experiment = small(cell="relu")
    reading = Reading(broken(experiment.trainer.network), experiment.task)
    assert reading.account is None
    assert np.isnan(reading.errors).all()
    assert np.isnan(reading.expected_errors).all()
    assert np.isfinite(reading.received).all()
    assert 0 <= reading.accuracy <= 1
    assert reading.answer[0] in ("is", "are")
    assert set(reading.gates) == {"slopes"}


def test_gauges_read_agreement_and_recall_only() -> None:
    network = RecurrentNetwork.initialize(adding(3), 4, rng=0)
    with pytest.raises(ValueError, match="task must be one of 'agreement', 'recall'; got 'adding'"):
        Reading(network, adding(3))
    small(task="recall").advance(2)
    assert small(task="recall").task == recall(5)


# Over the distance


def test_runs_that_are_alike_are_joined_over_the_distance() -> None:
    one, other = SequenceSettings(gain=0.5, distance=20), SequenceSettings()
    runs = [
        (one, 0.4),
        (dataclasses.replace(one, distance=5), 0.9),
        (dataclasses.replace(one, draw=1), 0.6),
        (other, 1.0),
    ]
    found = accuracy_by_distance(runs)
    assert list(found) == [alike(one), alike(other)]
    distances, shares = found[alike(one)]
    np.testing.assert_array_equal(distances, [5, 20])
    np.testing.assert_allclose(shares, [0.9, 0.5])
    assert alike(one) == alike(dataclasses.replace(one, draw=3, distance=7))
    assert alike(one) != alike(other)


# In words


def test_state_before_training() -> None:
    told = str(small(distance=20, gain=0.3).standing)
    first, second = told.splitlines()
    assert first.startswith("iteration 0, accuracy 0.")
    assert first.endswith(", not trained yet")
    assert second.startswith("error at the first word / at the last: ")
    assert ", vanishes; right where the last noun agrees 0." in second
    assert ", where it is an attractor 0." in second
    assert "loss" not in told
    assert "gradient" not in told


def test_state_of_one_that_has_learned_and_of_one_that_guesses() -> None:
    learned = small(hidden=32, distance=3, batch=64, step_size=0.1)
    learned.advance(300)
    assert "learned\n" in str(learned.standing)
    assert learned.standing.accuracy > 0.95
    guesses = small(hidden=32, distance=20, gain=0.3, batch=64)
    guesses.advance(60)
    assert "guessing: plateau at ln 2\n" in str(guesses.standing)
    assert ", vanishes; " in str(guesses.standing)


def test_the_words_give_the_last_gradient_before_and_after_clipping() -> None:
    clipped, free = small(clip_norm=0.01), small()
    for one in (clipped, free):
        one.advance(2)
    norm = clipped.trainer.history.gradient_norm[-1]
    assert f"gradient {norm:.2g}, clipped to 0.01" in str(clipped.standing)
    assert "clipped" not in str(free.standing)
    assert f"loss {free.trainer.loss:.4f}" in str(free.standing)


def test_an_unstable_run_and_one_that_diverges_say_so() -> None:
    unstable = small(gain=3.0, distance=10, step_size=3.0, hidden=32)
    unstable.advance(40)
    assert "unstable: the loss is above where it began\n" in str(unstable.standing)
    lost = small(cell="relu", gain=1e6, distance=60)
    assert not lost.diverged
    assert lost.advance(5) == 0
    assert lost.diverged
    assert "diverged at iteration 0\n" in str(lost.standing)
    assert "error" not in str(lost.standing)
    assert lost.advance(5) == 0


def test_where_no_error_arrives_that_is_said() -> None:
    experiment = small(cell="relu", distance=8)
    arrays = experiment.trainer.network.arrays
    dead = experiment.trainer.network.with_parameters(*arrays[:2], arrays[2] - 99, *arrays[3:])
    reading = Reading(dead, experiment.task)
    assert reading.account is not None
    assert reading.account.relative[-1] != 0
    standing = dataclasses.replace(experiment.standing, decades=-np.inf)
    assert "no error arrives at the first word" in str(standing)
    assert "error" not in str(dataclasses.replace(standing, decades=np.nan))
    assert "at the last: 1e-310" in str(dataclasses.replace(standing, decades=-310.0))


def test_time_ends_a_stretch() -> None:
    assert 1 <= small().advance(10**6, seconds=0.02) < 10**6
