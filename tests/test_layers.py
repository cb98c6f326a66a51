from collections.abc import Callable, Iterator

import numpy as np
import pytest
from problems import EVERY_ACTIVATION

from vanishing import Activation
from vanishing.layers import (
    EPSILON,
    NORMALIZATIONS,
    Activate,
    Chain,
    Dense,
    Layer,
    Normalization,
    Residual,
    cross_entropy,
    softmax,
)


def numerical(function: Callable[[], float], array: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Return a function's derivative by each entry of an array, by central differences."""
    found = np.empty_like(array)
    for index, value in np.ndenumerate(array):
        array[index] = value + step
        above = function()
        array[index] = value - step
        found[index] = (above - function()) / (2 * step)
        array[index] = value
    return found


def parts(f: Activation) -> Iterator[Layer]:
    rng = np.random.RandomState(1)

    def dense(units: int, normalization: Normalization | None = None) -> Dense:
        return Dense(rng.randn(4, units), rng.randn(units), normalization)

    yield Activate(f)
    yield dense(3)
    yield Residual(Chain([dense(4), Activate(f)]), 1.0)
    yield Residual(Activate(f), 0.25)
    yield Chain([dense(4), Activate(f), dense(2)])
    for axis in (0, 1):
        yield Normalization(axis)
        yield dense(3, Normalization(axis))
        yield Residual(Chain([dense(4, Normalization(axis)), Activate(f)]), 0.5)


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
def test_each_part_sends_back_the_gradient_by_its_input(f: Activation) -> None:
    rng = np.random.RandomState(0)
    for part in parts(f):
        h = rng.randn(6, 4)
        wanted = rng.randn(*part.forward(h).shape)

        def loss(part: Layer = part, wanted: np.ndarray = wanted, h: np.ndarray = h) -> float:
            return float(np.sum(wanted * part.forward(h)))

        expected = numerical(loss, h)
        part.forward(h)
        np.testing.assert_allclose(part.backward(wanted), expected, atol=1e-7)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_dense_keeps_the_gradient_by_its_parameters(axis: int | None) -> None:
    rng = np.random.RandomState(0)
    normalization = None if axis is None else Normalization(axis)
    part = Dense(rng.randn(4, 3), rng.randn(3), normalization)
    h, delta = rng.randn(6, 4), rng.randn(6, 3)
    part.forward(h)
    part.backward(delta)
    dW, db = part.dW, part.db
    np.testing.assert_array_equal(part.delta, delta)
    for found, array in ((dW, part.W), (db, part.b)):
        expected = numerical(lambda: float(np.sum(delta * part.forward(h))), array)
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_dense_is_affine_and_remembers() -> None:
    part = Dense(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0]))
    h = np.array([[1.0, -1.0]])
    assert part.forward(h).tolist() == part.z.tolist() == [[8, 18]]
    assert part.h is h


def test_the_bias_comes_after_the_normalization() -> None:
    rng = np.random.RandomState(0)
    part = Dense(rng.randn(4, 3), np.array([5.0, 6.0, 7.0]), Normalization(0))
    np.testing.assert_allclose(part.forward(rng.randn(9, 4)).mean(axis=0), [5, 6, 7], rtol=1e-14)


@pytest.mark.parametrize("axis", [0, 1])
def test_normalized_values_have_mean_zero_and_variance_one(axis: int) -> None:
    rng = np.random.RandomState(0)
    a = 3 + 2 * rng.randn(8, 5)
    y = Normalization(axis).forward(a)
    variance = a.var(axis=axis)
    np.testing.assert_allclose(y.mean(axis=axis), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=axis), variance / (variance + EPSILON), rtol=1e-13)
    assert EPSILON == 1e-5
    # Where all values are the same, nothing is divided by zero.
    assert Normalization(axis).forward(np.full((4, 4), 7.0)).tolist() == [[0] * 4] * 4


def test_normalization_works_along_the_axis_its_name_says() -> None:
    assert NORMALIZATIONS == {"batch": 0, "layer": 1}
    rng = np.random.RandomState(0)
    a = rng.randn(6, 4)
    by_unit, by_example = (Normalization(NORMALIZATIONS[name]) for name in ("batch", "layer"))
    for norm, one in ((by_unit, a[:, :1]), (by_example, a[:1])):
        np.testing.assert_allclose(
            norm.forward(one), norm.forward(a)[: one.shape[0], : one.shape[1]]
        )


def test_statistics_given_are_used_instead_of_the_values_own() -> None:
    statistics = np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]])
    part = Normalization(0, statistics)
    assert part.forward(np.array([[3.0, 6.0], [1.0, 0.0]])).tolist() == [[1, 1], [0, -0.5]]
    mean, deviation = part.measure(np.array([[0.0, 0.0], [2.0, 4.0]]))
    assert mean.tolist() == [[1, 2]]
    np.testing.assert_allclose(deviation, np.sqrt([[1 + 1e-5, 4 + 1e-5]]), rtol=1e-15)


def test_a_chain_goes_from_first_to_last_and_back() -> None:
    double, add = Dense(np.eye(1) * 2, np.zeros(1)), Dense(np.eye(1), np.ones(1))
    assert Chain([double, add]).forward(np.array([[3.0]])) == 7
    assert Chain([add, double]).forward(np.array([[3.0]])) == 8
    assert Chain([]).forward(np.array([[3.0]])) == 3


def test_a_shortcut_adds_the_branch_to_its_input() -> None:
    part = Residual(Dense(np.eye(1) * 2, np.zeros(1)), 0.5)
    assert part.forward(np.array([[3.0]])) == 6
    assert part.backward(np.array([[1.0]])) == 2


# The loss


def test_softmax_gives_probabilities_that_only_depend_on_differences() -> None:
    scores = np.log([[1.0, 2.0, 5.0]])
    np.testing.assert_allclose(softmax(scores), [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-14)
    for shift in (-1e5, 1e5):
        np.testing.assert_allclose(softmax(scores + shift), softmax(scores), rtol=1e-9)


def test_cross_entropy_is_the_mean_of_minus_log_p() -> None:
    scores = np.log([[1.0, 2.0, 5.0], [1.0, 1.0, 2.0]])
    loss, delta = cross_entropy(scores, np.array([1, 2]))
    assert type(loss) is float
    assert loss == pytest.approx((np.log(4) + np.log(2)) / 2, rel=1e-14)
    expected = np.array([[1 / 8, -6 / 8, 5 / 8], [1 / 4, 1 / 4, -1 / 2]]) / 2
    np.testing.assert_allclose(delta, expected, rtol=1e-14)


def test_large_scores_of_either_sign_do_not_overflow() -> None:
    for sign in (-1, 1):
        scores = sign * np.array([[1e4, 1e4 - 2], [1e4, 1e4]])
        loss, delta = cross_entropy(scores, np.array([0, 1]))
        assert loss == pytest.approx((np.log1p(np.exp(-2 * sign)) + np.log(2)) / 2, rel=1e-9)
        assert np.isfinite(delta).all()
    # What is large for one example may be small for another.
    loss, _ = cross_entropy(np.array([[1e4, 1e4], [-1e4, -1e4]]), np.array([0, 1]))
    assert loss == pytest.approx(np.log(2))


def test_the_error_at_the_scores_is_the_derivative_of_the_loss() -> None:
    rng = np.random.RandomState(0)
    scores, labels = rng.randn(5, 4), np.array([0, 3, 2, 2, 1])
    _, delta = cross_entropy(scores, labels)
    expected = numerical(lambda: cross_entropy(scores, labels)[0], scores)
    np.testing.assert_allclose(delta, expected, atol=1e-9)
