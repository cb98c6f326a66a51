import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vanishing import (
    ACTIVATIONS,
    Dataset,
    Network,
    gradients,
    numerical_gradient,
    spiral,
    total_loss,
)


@st.composite
def problems(draw: st.DrawFn, activations: tuple[str, ...]) -> tuple[Network, Dataset, float]:
    """Networks of random depth and width off the kinks, with data that fit and a penalty."""
    seed = draw(st.integers(0, 2**32 - 1))
    inputs, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    hidden = draw(st.lists(st.integers(1, 20), max_size=4))
    scale = draw(st.floats(0.05, 1.0))
    rng = np.random.RandomState(seed)
    network = Network.initialize(
        (inputs, *hidden, classes), draw(st.sampled_from(activations)), scale=scale, rng=rng
    )
    for b in network.biases:
        b[:] = 0.5 * rng.standard_normal(b.shape)
    count = draw(st.integers(1, 30))
    data = Dataset(rng.standard_normal((count, inputs)), rng.randint(classes, size=count))
    return network, data, draw(st.sampled_from([0.0, 1e-3, 0.5]))


def assert_close(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


@settings(max_examples=60)
@given(problems(("sigmoid", "tanh")))
def test_gradient_agrees_with_numerical(problem: tuple[Network, Dataset, float]) -> None:
    network, data, regularization = problem
    ours = gradients(network, data, regularization=regularization)
    theirs = numerical_gradient(network, data, regularization=regularization)
    assert_close(ours.weights, theirs.weights, 1e-6)
    assert_close(ours.biases, theirs.biases, 1e-6)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)


@settings(max_examples=60)
@given(problems(("relu", "leaky_relu")))
def test_gradient_agrees_with_numerical_off_the_kinks(
    problem: tuple[Network, Dataset, float],
) -> None:
    network, data, regularization = problem
    step = step_off_the_kinks(network, data)
    assume(step > 1e-8)  # A smaller one would show rounding only.
    ours = gradients(network, data, regularization=regularization)
    theirs = numerical_gradient(network, data, regularization=regularization, step=step)
    tolerance = 1e-8 + 1e-15 * (1 + ours.loss) / step
    assert_close(ours.weights, theirs.weights, tolerance)
    assert_close(ours.biases, theirs.biases, tolerance)


def step_off_the_kinks(network: Network, data: Dataset) -> float:
    """Return a step so small that no z changes its sign when any one parameter is moved by it."""
    z = network.pre_activations(data.points)[:-1]
    closest = min((float(np.abs(layer).min()) for layer in z), default=1.0)
    largest = max(float(np.abs(a).max()) for a in [data.points, *z])
    gain = np.prod([max(1.0, float(np.linalg.norm(w, 2))) for w in network.weights])
    return float(min(1e-5, closest / (2 * (1 + largest) * gain)))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_deltas_are_the_derivatives_by_z(activation: str) -> None:
    network = Network.initialize((2, 20, 18, 3), activation, scale=0.8, rng=2)
    data = spiral(6, rng=2)
    found = gradients(network, data)
    h = [data.points, *(network.activation(z) for z in network.pre_activations(data.points)[:-1])]
    for layer, delta in enumerate(found.deltas):
        assert delta.shape == (len(data), network.sizes[layer + 1])
        np.testing.assert_allclose(h[layer].T @ delta, found.weights[layer], atol=1e-15)
        np.testing.assert_allclose(delta.sum(axis=0), found.biases[layer], atol=1e-15)
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
    assert all(np.isfinite(w).all() for w in found.weights)


def test_single_precision_stays_and_is_close() -> None:
    data, network = spiral(rng=0), Network.initialize((2, 50, 50, 3), rng=1)
    narrow = Network(
        [w.astype(np.float32) for w in network.weights],
        [b.astype(np.float32) for b in network.biases],
    )
    ours, theirs = gradients(narrow, data), gradients(network, data)
    assert {w.dtype for w in ours.weights} == {np.dtype(np.float32)}
    assert_close(ours.weights, theirs.weights, 1e-6)


def test_nothing_passed_in_is_changed() -> None:
    data, network = spiral(5, rng=0), Network.initialize((2, 4, 3), "relu", rng=1)
    before = [p.copy() for p in network.weights + network.biases]
    gradients(network, data)
    numerical_gradient(network, data)
    for p, was in zip(network.weights + network.biases, before, strict=True):
        np.testing.assert_array_equal(p, was)


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
    with pytest.raises(ValueError, match=r"regularization must be.*got -1"):
        function(Network.initialize((2, 3), rng=0), data, regularization=-1)


def test_numerical_step_must_be_positive() -> None:
    with pytest.raises(ValueError, match="step must be a finite positive number; got 0"):
        numerical_gradient(Network.initialize((2, 3), rng=0), spiral(4, rng=0), step=0)
