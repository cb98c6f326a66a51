import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from problems import EVERY_ACTIVATION, KINDS, SOFTSIGN, blob, network_of, problems

from vanishing import (
    ACTIVATIONS,
    Activation,
    Dataset,
    Network,
    gradients,
    numerical_gradient,
    spiral,
    total_loss,
)
from vanishing.backprop import LARGEST_PENALTY, Backprop, Gradients
from vanishing.parameters import Parameters

penalties = st.sampled_from([0.0, 1e-3, 0.5])
Problem = tuple[Network, Dataset]


def assert_close(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


@settings(max_examples=30)
@given(problems(("sigmoid", "tanh", SOFTSIGN), widest=8), penalties)
def test_gradient_agrees_with_numerical(problem: Problem, regularization: float) -> None:
    network, data = problem
    ours = gradients(network, data, regularization=regularization)
    theirs = numerical_gradient(network, data, regularization=regularization)
    assert_close(ours.dW, theirs.dW, 1e-6)
    assert_close(ours.db, theirs.db, 1e-6)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)


@settings(max_examples=30)
@given(problems(("relu", "leaky_relu"), widest=8), penalties)
def test_gradient_agrees_with_numerical_off_the_kinks(
    problem: Problem, regularization: float
) -> None:
    network, data = problem
    step = step_off_the_kinks(network, data)
    assume(step > 1e-8)  # A smaller one would show rounding only.
    ours = gradients(network, data, regularization=regularization)
    theirs = numerical_gradient(network, data, regularization=regularization, step=step)
    tolerance = 1e-8 + 1e-15 * (1 + ours.loss) / step
    assert_close(ours.dW, theirs.dW, tolerance)
    assert_close(ours.db, theirs.db, tolerance)


def step_off_the_kinks(network: Network, data: Dataset) -> float:
    """Return a step so small that no z changes its sign when any one parameter is moved by it."""
    z = network.pre_activations(data.points)[:-1]
    closest = min((float(np.abs(layer).min()) for layer in z), default=1.0)
    largest = max(float(np.abs(a).max()) for a in [data.points, *z])
    gain = np.prod([max(1.0, float(np.linalg.norm(w, 2))) for w in network.weights])
    return float(min(1e-5, closest / (2 * (1 + largest) * gain)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
# The widths let a shortcut lead around the second layer only, around all, around none.
@pytest.mark.parametrize("sizes", [(2, 4, 4, 3, 3), (4, 4, 4, 3), (2, 5, 4, 3)])
def test_every_kind_of_network_agrees_with_numerical(
    sizes: tuple[int, ...], f: Activation, kind: tuple[float | None, str | None]
) -> None:
    network, data = network_of(sizes, f, *kind, seed=3), blob(6, sizes[0], seed=1)
    # ReLU's kinks are further away than any step leads.
    assert min(np.abs(z).min() for z in network.pre_activations(data.points)[:-1]) > 5e-5
    ours = gradients(network, data, regularization=0.1)
    theirs = numerical_gradient(network, data, regularization=0.1, step=1e-6)
    assert_close(ours.dW, theirs.dW, 1e-8)
    assert_close(ours.db, theirs.db, 1e-8)
    assert ours.loss == theirs.loss == total_loss(network, data, regularization=0.1)
    assert theirs.deltas == []


@pytest.mark.parametrize("kind", KINDS)
def test_deltas_are_what_a_shift_of_one_z_changes(kind: tuple[float | None, str | None]) -> None:
    network, data = network_of((2, 4, 4, 3), "tanh", *kind), blob(1)
    if kind[1] == "batch":
        return  # One example's z says nothing of the others.
    # Of one example alone, a bias is a shift of its z.
    found = gradients(network, data)
    expected = numerical_gradient(network, data)
    assert_close([delta[0] for delta in found.deltas], expected.db, 1e-8)


def test_the_loss_is_cross_entropy_and_half_the_squares_of_the_weights() -> None:
    network = Network([np.log([[1.0, 2.0, 5.0]])], [np.zeros(3)])
    data = Dataset([[1.0], [0.0]], [2, 0])
    expected = (np.log(8 / 5) + np.log(3)) / 2
    squares = np.log(2) ** 2 + np.log(5) ** 2
    for strength in (0, 0.5):
        expected_loss = expected + 0.5 * strength * squares
        found = gradients(network, data, regularization=strength)
        assert found.loss == pytest.approx(expected_loss, rel=1e-14)
        by_hand = total_loss(network, data, regularization=strength)
        assert by_hand == pytest.approx(expected_loss, rel=1e-14)
    assert gradients(network, data).loss == pytest.approx(expected, rel=1e-14)
    assert total_loss(network, data) == numerical_gradient(network, data).loss


@pytest.mark.parametrize("kind", KINDS)
def test_the_penalty_pulls_at_weights_only(kind: tuple[float | None, str | None]) -> None:
    network, data = network_of((2, 4, 4, 3), "tanh", *kind), blob(9)
    without, found = (gradients(network, data, regularization=r) for r in (0, 0.25))
    pulled = [dw + 0.25 * w for dw, w in zip(without.dW, network.weights, strict=True)]
    assert_close(found.dW, pulled, 1e-15)
    assert_close(found.db, without.db, 0)
    assert_close(found.deltas, without.deltas, 0)
    assert gradients(network, data, regularization=LARGEST_PENALTY).loss > 1e10


def test_kept_statistics_do_not_enter_the_loss() -> None:
    network, data = network_of((2, 5, 5, 3), "tanh", None, "batch"), blob(9)
    other = network.fitted(blob(30, seed=5))
    ours, theirs, numerical = (
        gradients(network, data),
        gradients(other, data),
        numerical_gradient(other, data),
    )
    assert ours.loss == theirs.loss == numerical.loss == total_loss(other, data)
    assert_close(ours.dW, theirs.dW, 0)
    assert_close(numerical.dW, theirs.dW, 1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pass_reads_the_parameters_it_is_given(kind: tuple[float | None, str | None]) -> None:
    data, kept = blob(9), np.dtype(float)
    first, second = (network_of((2, 5, 5, 3), "tanh", *kind, seed=s) for s in (1, 2))
    plain = Backprop(first, data, kept)
    arrays = [*plain.gradient.W, *plain.gradient.b, *plain.delta]
    loss = plain.evaluate(Parameters.of(second, kept))
    expected = gradients(second, data)
    assert loss == expected.loss
    # The same arrays each time, as the trainer relies on.
    assert_close(arrays, [*expected.dW, *expected.db, *expected.deltas], 0)
    assert loss == plain.evaluate(Parameters.of(second, kept))


def test_a_pass_checks_that_network_and_data_fit() -> None:
    with pytest.raises(ValueError, match=r"data must have points of 3 coordinates.*got 2"):
        Backprop(network_of((3, 4, 3), "tanh"), blob(4), np.dtype(float))
    with pytest.raises(TypeError, match="network must be a Network"):
        Backprop(None, blob(4), np.dtype(float))  # type: ignore[arg-type]


def test_gradients_are_of_their_own_memory() -> None:
    network, data = network_of((2, 5, 3), "tanh"), blob(9)
    first = gradients(network, data)
    was = [array.copy() for array in (*first.dW, *first.db, *first.deltas)]
    gradients(network_of((2, 5, 3), "tanh", seed=7), data)
    assert_close([*first.dW, *first.db, *first.deltas], was, 0)
    assert isinstance(first, Gradients)
    assert len({first, first, gradients(network, data)}) == 2
    with pytest.raises(AttributeError):
        first.loss = 0.0  # type: ignore[misc]


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_deltas_are_the_derivatives_by_z(activation: str) -> None:
    network = Network.initialize((2, 20, 18, 3), activation, scale=0.8, rng=2)
    data = spiral(6, rng=2)
    found = gradients(network, data)
    h = [data.points, *(network.activation(z) for z in network.pre_activations(data.points)[:-1])]
    for layer, delta in enumerate(found.deltas):
        assert delta.shape == (len(data), network.sizes[layer + 1])
        np.testing.assert_allclose(h[layer].T @ delta, found.dW[layer], atol=1e-15)
        np.testing.assert_allclose(delta.sum(axis=0), found.db[layer], atol=1e-15)
        if layer:
            slope = network.activation.slope(network.pre_activations(data.points)[layer - 1])
            before = (delta @ network.weights[layer].T) * slope
            np.testing.assert_allclose(before, found.deltas[layer - 1], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e3, 1e5])
def test_loss_is_stable_at_any_scale_of_the_scores(scale: float, dtype: type) -> None:
    scores = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -2.0]])
    network = Network([(scale * scores).astype(dtype)], [np.zeros(3, dtype)])
    data = Dataset(np.eye(2), [1, 1])
    expected = np.mean(np.logaddexp.reduce(scale * scores, axis=1) - scale * scores[:, 1])
    found = gradients(network, data)
    assert found.loss == pytest.approx(expected, rel=1e-6)
    assert total_loss(network, data) == pytest.approx(expected, rel=1e-6)
    assert all(np.isfinite(w).all() for w in found.dW)


def test_single_precision_stays_and_is_close() -> None:
    data, network = spiral(rng=0), Network.initialize((2, 50, 50, 3), rng=1)
    narrow = Network(
        [w.astype(np.float32) for w in network.weights],
        [b.astype(np.float32) for b in network.biases],
    )
    ours, theirs = gradients(narrow, data), gradients(network, data)
    assert {w.dtype for w in ours.dW} == {np.dtype(np.float32)}
    assert {b.dtype for b in (*ours.db, *ours.deltas)} == {np.dtype(np.float32)}
    assert_close(ours.dW, theirs.dW, 1e-6)
    # The oracle itself is always in double precision.
    small = Network.initialize((2, 3), rng=0).astype(np.float32)
    assert numerical_gradient(small, spiral(2, rng=0)).dW[0].dtype == np.float64


def test_nothing_passed_in_is_changed() -> None:
    data, network = spiral(5, rng=0), Network.initialize((2, 4, 3), "relu", rng=1)
    before = [p.copy() for p in network.weights + network.biases]
    gradients(network, data)
    numerical_gradient(network, data)
    for p, was in zip(network.weights + network.biases, before, strict=True):
        np.testing.assert_array_equal(p, was)


def test_the_numerical_step_is_small_if_nothing_else_is_said() -> None:
    # Of 1, x and x^2 central differences are exact, of x^3 they are off by step^2.
    cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    network = Network([[[1.0]], [[1.0, 0.0]]], [[0.0], [0.0, 0.0]], cube)
    data = Dataset([[1.0]], [1])
    exact = gradients(network, data).dW[0][0, 0]
    errors = [
        abs(numerical_gradient(network, data, **given).dW[0][0, 0] - exact)
        for given in ({}, {"step": 1e-5}, {"step": 1e-2})
    ]
    assert errors[0] == errors[1] < 1e-9 < 1e-5 < errors[2] < 1e-3


@pytest.mark.parametrize("function", [gradients, numerical_gradient, total_loss])
def test_network_and_data_must_fit(function: object) -> None:
    data = spiral(4, rng=0)
    assert callable(function)
    with pytest.raises(ValueError, match=r"data must have points of 3 coordinates.*got 2"):
        function(Network.initialize((3, 3), rng=0), data)
    with pytest.raises(ValueError, match=r"labels from 0 to 1.*got 2"):
        function(Network.initialize((2, 2), rng=0), data)
    with pytest.raises(TypeError, match="network must be a Network; got None"):
        function(None, data)
    with pytest.raises(TypeError, match="data must be a Dataset"):
        function(Network.initialize((2, 3), rng=0), data.points)
    with pytest.raises(ValueError, match=r"regularization must be.*zero or positive.*got -1"):
        function(Network.initialize((2, 3), rng=0), data, regularization=-1)
    with pytest.raises(
        ValueError, match=r"regularization must be.*at most 1e\+12; got 1100000000000"
    ):
        function(Network.initialize((2, 3), rng=0), data, regularization=1.1e12)


def test_numerical_step_must_be_positive() -> None:
    with pytest.raises(ValueError, match="step must be a finite positive number; got 0"):
        numerical_gradient(Network.initialize((2, 3), rng=0), spiral(4, rng=0), step=0)


def test_a_loss_beyond_a_floats_range_is_told_without_a_warning() -> None:
    network, data = network_of((2, 5, 3), "relu"), blob(6)
    for weights in network.weights:
        weights *= 1e200
    assert not np.isfinite(total_loss(network, data, regularization=1.0))
    found = gradients(network, data, regularization=1.0)
    assert not np.isfinite(found.loss)
    assert not np.isfinite(found.dW[0]).all()
