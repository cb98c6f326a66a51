"""Backpropagation through time against differences of losses, and its parts against each other."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from sequence_problems import recurrent_network, sequence_problems, sequences

from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import LOSSES, SequenceData, recall
from vanishing.through_time import (
    GradientsThroughTime,
    PlainThroughTime,
    RecurrentParameters,
    back,
    gradients_through_time,
    loss_and_error,
    loss_through_time,
)

Problem = tuple[RecurrentNetwork, SequenceData]

SMOOTH = ("tanh", "sigmoid", "gru", "lstm")
"""Those with derivatives of every order, as the differences want them."""


def of_parameters(found: GradientsThroughTime) -> tuple[np.ndarray, ...]:
    return found.dW_x, found.dW_h, found.db, found.dW_out, found.db_out


def numerical(network: RecurrentNetwork, data: SequenceData) -> Iterator[np.ndarray]:
    """Yield each array's gradient by differences of the fourth order in the step."""
    moved, step = network.copy(), 1e-3
    for array in moved.arrays:
        result = np.empty_like(array)
        for index, value in np.ndenumerate(array):
            losses = []
            for times in (-2, -1, 1, 2):
                array[index] = value + times * step
                losses.append(loss_through_time(moved, data))
            array[index] = value
            result[index] = (losses[0] - losses[3] + 8 * (losses[2] - losses[1])) / (12 * step)
        yield result


@settings(max_examples=60, deadline=None)
@given(sequence_problems(SMOOTH))
def test_gradients_are_those_of_differences(problem: Problem) -> None:
    network, data = problem
    found = gradients_through_time(network, data)
    for exact, differences in zip(of_parameters(found), numerical(network, data), strict=True):
        np.testing.assert_allclose(exact, differences, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("cell", ["relu", "leaky_relu"])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_beside_a_kink_are_those_of_differences(
    cell: str, every_step: bool, loss: str
) -> None:
    network = recurrent_network(3, 4, 2, cell, loss, every_step, seed=1)
    data = sequences(5, 3, 3, 2, loss, every_step, seed=1)
    closest = min(np.abs(step.a).min() for step in network.unroll(data.inputs))
    assert closest > 5e-3  # No difference crosses a kink.
    found = gradients_through_time(network, data)
    for exact, differences in zip(of_parameters(found), numerical(network, data), strict=True):
        np.testing.assert_allclose(exact, differences, rtol=1e-7, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(sequence_problems(SMOOTH))
def test_errors_are_the_losses_derivatives_by_the_states(problem: Problem) -> None:
    network, data = problem
    found = gradients_through_time(network, data)
    middle = data.length // 2
    for name, error in (("h", found.dh), ("c", found.dc)):
        if error is None:
            continue
        direction = np.random.RandomState(0).standard_normal(error[middle].shape)
        slope = 0.0
        step = 1e-3
        for times, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            slope += weight * loss_with(network, data, middle, name, times * step * direction)
        slope /= 12 * step
        expected = float(np.sum(error[middle] * direction))
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-8)


def loss_with(
    network: RecurrentNetwork, data: SequenceData, moved: int, name: str, by: np.ndarray
) -> float:
    """Return the loss where one step's h or c is moved before it is used."""
    state = network.initial_state(len(data))
    hs = []
    for t, x in enumerate(data.inputs):
        step = network.cell.step(network.W_x, network.W_h, network.b, network.cell.activation)
        state = step.forward(x, state)
        if t == moved and name == "h":
            state = (state[0] + by, *state[1:])
        elif t == moved:
            h, c = state
            moved_c = c + by
            state = (step.o * np.tanh(moved_c), moved_c)
        hs.append(state[0])
    h = np.stack(hs) if network.every_step else hs[-1]
    return loss_and_error(h @ network.W_out + network.b_out, data.targets)[0]


@settings(max_examples=30, deadline=None)
@given(sequence_problems())
def test_what_the_steps_contribute_adds_up(problem: Problem) -> None:
    network, data = problem
    found = gradients_through_time(network, data)
    np.testing.assert_allclose(sum(s.dW_h for s in found.steps), found.dW_h, atol=1e-12)
    np.testing.assert_allclose(sum(s.dW_x for s in found.steps), found.dW_x, atol=1e-12)
    assert found.loss == loss_through_time(network, data)
    assert found.dh.shape == (data.length, len(data), network.hidden)
    assert (found.dc is not None) == (network.cell.name == "lstm")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cell", SMOOTH)
def test_gradients_are_in_the_networks_own_precision(cell: str, loss: str) -> None:
    network = recurrent_network(2, 3, 2, cell, loss, False, seed=0).astype(np.float32)
    found = gradients_through_time(network, sequences(4, 3, 2, 2, loss, False, seed=0))
    arrays = [*of_parameters(found), found.dh, found.outputs, *(s.delta for s in found.steps)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_the_answer_at_every_step_counts_as_the_mean_of_all() -> None:
    data = sequences(4, 3, 2, 2, LOSSES[0], True, seed=2)
    network = recurrent_network(2, 3, 2, "tanh", LOSSES[0], True, seed=2)
    last = RecurrentNetwork(*network.arrays, "tanh")
    parts = []
    for t in range(1, 5):
        numbers = data.inputs[:t]
        parts.append(
            loss_through_time(last, SequenceData(data.targets[t - 1], False, 2, numbers=numbers))
        )
    assert loss_through_time(network, data) == pytest.approx(np.mean(parts))


def test_nothing_is_handed_back_beyond_what_came() -> None:
    network = recurrent_network(2, 3, 2, "lstm", LOSSES[0], False, seed=0)
    steps = network.unroll(np.ones((3, 2, 2)))
    before = back(steps, np.zeros((3, 2, 3)))
    assert [not part.any() for part in before] == [True, True]


def test_a_network_is_left_as_it_is() -> None:
    network = recurrent_network(6, 3, 2, "gru", LOSSES[0], False, seed=0)
    copies = [array.copy() for array in network.arrays]
    gradients_through_time(network, recall(4).batch(5, 0))
    for array, copy in zip(network.arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_pass_leaves_gradient_outputs_and_errors(dtype: type) -> None:
    network = recurrent_network(6, 3, 2, "lstm", LOSSES[0], False, seed=3)
    data = recall(4).batch(5, 0)
    one = PlainThroughTime(network, np.dtype(dtype))
    parameters = RecurrentParameters.of(network, np.dtype(dtype))
    found = gradients_through_time(network.astype(dtype), data)
    assert one.evaluate(parameters, data) == found.loss
    np.testing.assert_array_equal(one.outputs(), found.outputs)
    for mine, theirs in zip(one.gradient.arrays, of_parameters(found), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == dtype
    np.testing.assert_allclose(one.error_norms(), [np.linalg.norm(dh) for dh in found.dh])


def test_parameters_are_one_vector_with_views() -> None:
    network = recurrent_network(2, 3, 4, "gru", LOSSES[0], False, seed=0)
    own = RecurrentParameters.of(network, np.dtype(np.float64))
    assert own.flat.size == network.parameters
    own.W_h[1, 2] = 7
    own.b_out[3] = 8
    assert own.flat[9 + 2] == 7
    assert own.flat[-1] == 8
    assert own.like().flat.shape == own.flat.shape
    assert not own.like().flat.any()
