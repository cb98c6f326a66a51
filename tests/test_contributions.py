"""What each step contributes to the gradient of shared weights."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from sequence_problems import sequence_problems

from vanishing.contributions import SHARED, Contributions, contributions, word_gradients
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import SequenceData, agreement
from vanishing.through_time import gradients_through_time

TASK = agreement(20)
DATA = TASK.batch(30, 1)


@given(sequence_problems())
def test_contributions_sum_to_the_gradient(problem: tuple[RecurrentNetwork, SequenceData]) -> None:
    network, data = problem
    exact = gradients_through_time(network, data)
    for weights in SHARED:
        found = contributions(network, data, weights)
        total = getattr(exact, f"d{weights}")
        each = [getattr(step, f"d{weights}") for step in exact.steps]
        np.testing.assert_allclose(sum(each), total, rtol=1e-12, atol=1e-15)
        assert found.total == pytest.approx(np.linalg.norm(total))
        np.testing.assert_allclose(found.norms, [np.linalg.norm(one) for one in each])
        if found.total > 1e-3 * found.norms.sum():
            assert found.shares.sum() == pytest.approx(1, abs=1e-9)


def test_shares_are_projections() -> None:
    network = RecurrentNetwork.initialize(TASK, 8, rng=0)
    found = contributions(network, DATA, "W_h")
    steps = gradients_through_time(network, DATA).steps
    total = sum(step.dW_h for step in steps)
    assert found.shares[7] == pytest.approx(np.vdot(steps[7].dW_h, total) / np.vdot(total, total))
    assert found.norms[0] == 0  # no state before the first step
    assert found.lags.tolist() == list(range(20, -1, -1))


@pytest.mark.parametrize("found", [lambda *of: contributions(*of).norms, word_gradients])
def test_float32_networks_are_looked_at_in_float64(found: Any) -> None:
    narrow = RecurrentNetwork.initialize(TASK, 8, rng=0).astype(np.float32)
    np.testing.assert_array_equal(found(narrow, DATA), found(narrow.astype(np.float64), DATA))


def test_the_smaller_the_gain_the_shorter_the_reach() -> None:
    reaches = [
        contributions(RecurrentNetwork.initialize(TASK, 16, gain=gain, rng=0), DATA).reach()
        for gain in (0.25, 0.5, 1.2)
    ]
    assert reaches[0] < reaches[1] < reaches[2] == 20
    found = contributions(RecurrentNetwork.initialize(TASK, 16, gain=0.5, rng=0), DATA)
    assert found.reach(1.0) == 0
    assert found.reach(1e-3) > found.reach(1e-1)


def test_reach_is_measured_by_the_largest_wherever_that_is() -> None:
    norms = np.array([0.0, 0.5, 10.0, 0.1])
    found = Contributions("W_x", norms, norms / 10.6, 10.6)
    assert [found.reach(share) for share in (1.0, 0.051, 0.05, 1e-9)] == [1, 1, 2, 2]


def test_no_error_no_share() -> None:
    network = RecurrentNetwork.initialize(TASK, 8, rng=0)
    network.W_out[:] = 0
    found = contributions(network, DATA)
    assert found.total == 0
    assert np.isnan(found.shares).all()
    assert (found.norms == 0).all()
    assert found.reach() == -1


@pytest.mark.parametrize("found", [contributions, word_gradients])
def test_a_network_that_is_not_finite_is_refused(found: Any) -> None:
    broken = RecurrentNetwork.initialize(TASK, 8, rng=0)
    broken.W_h[0, 0] = np.nan
    with pytest.raises(ValueError, match="network must have finite parameters"):
        found(broken, DATA)
    # Nothing is shown, so the outputs are zero; but the error is multiplied by 1e200 four times.
    silent = SequenceData(np.array([0]), False, 1, numbers=np.zeros((5, 1, 1)))
    with pytest.raises(ValueError, match="network must give finite outputs and errors"):
        found(RecurrentNetwork([[1.0]], [[1e200]], [0.0], [[1.0, 0]], [0.0, 0]), silent)
    loud = RecurrentNetwork.initialize(agreement(100), 8, "relu", gain=1e6, rng=0)
    with pytest.raises(ValueError, match="network must give finite outputs and errors"):
        found(loud, agreement(100).batch(4, 0))


def test_a_words_gradient_is_that_of_its_sequence_alone() -> None:
    network = RecurrentNetwork.initialize(TASK, 8, "lstm", rng=0)
    alone = DATA.at(slice(4, 5))
    found = word_gradients(network, DATA)
    assert found.shape == (21, 30)
    # The mean over 30 sequences makes each of them count a thirtieth.
    np.testing.assert_allclose(30 * found[:, 4], contributions(network, alone).norms)


@given(sequence_problems())
def test_each_place_has_a_gradient_of_its_own(
    problem: tuple[RecurrentNetwork, SequenceData],
) -> None:
    network, data = problem
    steps = gradients_through_time(network, data).steps
    expected = [
        [np.linalg.norm(np.outer(x, delta)) for x, delta in zip(step.x, step.delta, strict=True)]
        for step in steps
    ]
    np.testing.assert_allclose(word_gradients(network, data), expected, rtol=1e-9, atol=1e-15)


def test_where_no_error_arrives_no_word_has_a_gradient() -> None:
    network = RecurrentNetwork.initialize(TASK, 8, rng=0)
    network.W_out[:] = 0
    np.testing.assert_array_equal(word_gradients(network, DATA), np.zeros((21, 30)))


def test_words_gradients_do_not_become_zero() -> None:
    far = agreement(700)
    network = RecurrentNetwork.initialize(far, 8, gain=0.5, rng=0)
    found = word_gradients(network, far.batch(2, 0))
    assert 0 < found[0].max() < 1e-200


def test_unknown_weights_are_refused() -> None:
    network = RecurrentNetwork.initialize(TASK, 8, rng=0)
    with pytest.raises(ValueError, match="weights must be one of 'W_x', 'W_h', 'b'; got 'W_out'"):
        contributions(network, DATA, "W_out")
    with pytest.raises(ValueError, match="share must be a finite positive number, at most 1"):
        contributions(network, DATA).reach(2)
