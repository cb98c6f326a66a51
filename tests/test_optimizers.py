"""Gradient descent, Adam and clipping."""

import copy
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vanishing.optimizers import Adam, GradientDescent, Memory, Optimizer, clip, norm


def test_gradient_descent_goes_against_the_gradient() -> None:
    start, gradient = np.array([1.0, 2.0]), np.array([10.0, -1.0])
    after, memory = GradientDescent(0.1).update(start, gradient, ())
    np.testing.assert_allclose(after, [0.0, 2.1])
    assert memory == ()
    np.testing.assert_array_equal(start, [1.0, 2.0])


def test_adam_is_what_the_paper_writes() -> None:
    rng = np.random.RandomState(0)
    theta, memory = np.array([1.0, -2.0, 3.0]), ()
    expected, m, v = theta.copy(), np.zeros(3), np.zeros(3)
    for t in range(1, 6):
        g = rng.standard_normal(3)
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        expected -= 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
        theta, memory = Adam(0.01, 0.8, 0.9, 1e-3).update(theta, g, memory)
    np.testing.assert_allclose(theta, expected, rtol=1e-12)


def test_adams_first_step_has_the_step_size_whatever_the_gradient() -> None:
    for size in (1e-3, 1.0, 1e3):
        after, _ = Adam(0.01).update(np.zeros(2), np.array([size, -size]), ())
        np.testing.assert_allclose(after, [-0.01, 0.01], rtol=1e-4)


@pytest.mark.parametrize("optimizer", [GradientDescent(0.1), Adam(0.05)])
def test_they_find_the_bottom_of_a_bowl(optimizer: Optimizer) -> None:
    theta: np.ndarray = np.array([3.0, -2.0])
    memory: Memory = ()
    for _ in range(500):
        theta, memory = optimizer.update(theta, 2 * theta, memory)
    assert np.abs(theta).max() < 1e-3


@pytest.mark.parametrize("optimizer", [GradientDescent(), Adam()])
def test_what_is_handed_in_stays_as_it_is(optimizer: Optimizer) -> None:
    theta, gradient = np.array([1.0, 2.0]), np.array([3.0, -4.0])
    _, memory = optimizer.update(theta, gradient, ())
    kept = copy.deepcopy(memory)
    once, _ = optimizer.update(theta, gradient, memory)
    again, _ = optimizer.update(theta, gradient, memory)
    np.testing.assert_array_equal(once, again)
    assert (theta.tolist(), gradient.tolist()) == ([1, 2], [3, -4])
    for one, other in zip(memory, kept, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("optimizer", [GradientDescent(), Adam()])
def test_the_precision_stays(optimizer: Optimizer) -> None:
    theta, memory = np.ones(3, np.float32), ()
    for _ in range(2):
        theta, memory = optimizer.update(theta, theta, memory)
    assert theta.dtype == np.float32


def test_clipping_keeps_the_direction_and_tells_the_norm() -> None:
    gradient = np.array([3.0, -4.0])
    assert clip(gradient, 1.0) == 5
    np.testing.assert_allclose(gradient, [0.6, -0.8])
    assert clip(gradient, 2.0) == pytest.approx(1)
    np.testing.assert_allclose(gradient, [0.6, -0.8])
    assert clip(gradient, math.inf) == pytest.approx(1)


@pytest.mark.parametrize(
    "wrong", [{"beta1": 1.0}, {"beta2": 1.5}, {"epsilon": 0}, {"step_size": -1}]
)
def test_settings_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"{name} must be .*got"):
        Adam(**wrong)


# Norms


@given(values=st.lists(st.floats(-1e3, 1e3), min_size=1), power=st.integers(-900, 900))
def test_norm_neither_underflows_nor_overflows(values: list[float], power: int) -> None:
    array = np.array(values)
    assume(np.abs(array).max() > 1e-3)
    expected = math.sqrt(math.fsum(x * x for x in values))
    assert norm(np.ldexp(array, power)) == pytest.approx(math.ldexp(expected, power), rel=1e-12)


def test_norms_of_single_precision_are_taken_in_double() -> None:
    values = np.random.RandomState(0).standard_normal(1000).astype(np.float32)
    exact = math.sqrt(math.fsum(float(value) ** 2 for value in values))
    assert norm(values) == pytest.approx(exact, rel=1e-14)


def test_norms_of_what_is_not_finite_or_nothing() -> None:
    assert norm(np.zeros(3)) == 0
    assert norm(np.array([1.0, -np.inf])) == np.inf
    assert math.isnan(norm(np.array([1.0, np.nan])))
    assert norm(np.array([[3.0], [-4.0]])) == 5
    assert norm(np.full(4, 1e-30, np.float32)) == pytest.approx(2e-30, rel=1e-6)


def test_clipping_knows_lengths_whose_square_overflows() -> None:
    for value in (1e200, 1e-200):
        gradient = np.full(4, value)
        assert clip(gradient, value) == pytest.approx(2 * value)
        np.testing.assert_allclose(gradient, value / 2)
