import math

import numpy as np
import pytest
from test_gaussian import arc_cosine

from vanishing import ACTIVATIONS, Network, gradients, spiral
from vanishing.activations import Activation
from vanishing.gains import edge_of_chaos
from vanishing.gaussian import normal_mean
from vanishing.infinite_width import WideLayer
from vanishing.likeness import kernels

HE = math.sqrt(2)


def followed(layer: WideLayer, c: float, q: float, layers: int) -> tuple[float, float]:
    """Go through many layers by the two maps."""
    for _ in range(layers):
        c, q = layer.correlation(c, q), layer.variance(q)
    return c, q


# One layer


@pytest.mark.parametrize("sigma_w", [0.7, HE, 3.0])
def test_relus_maps_are_those_in_closed_form(sigma_w: float) -> None:
    layer = WideLayer("relu", sigma_w)
    for q in (0.01, 1.0, 30.0):
        assert layer.variance(q) == pytest.approx(sigma_w**2 * q / 2)
        assert layer.error_factor(q) == pytest.approx(sigma_w**2 / 2)
        for c in (-1, -0.5, 0, 0.5, 0.9, 1):
            assert layer.correlation(c, q) == pytest.approx(2 * arc_cosine(c), abs=1e-12)
    with_biases = WideLayer("relu", sigma_w, 0.5)
    assert with_biases.variance(3.0) == pytest.approx(sigma_w**2 * 1.5 + 0.25)
    expected = (sigma_w**2 * 3 * arc_cosine(0.3) + 0.25) / with_biases.variance(3.0)
    assert with_biases.correlation(0.3, 3.0) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "sigma_w"), [("sigmoid", 4), ("tanh", 1.7), ("leaky_relu", 1.2)])
def test_what_is_alike_stays_alike(name: str, sigma_w: float) -> None:
    layer = WideLayer(name, sigma_w, 0.2)
    assert layer.correlation(1, 2.0) == pytest.approx(1, abs=1e-15)
    # The slope of the correlation map at 1 is chi, relative to how the variance grows.
    q, step = layer.fixed_variance, 1e-6
    slope = (1 - layer.correlation(1 - step, q)) / step
    assert slope == pytest.approx(layer.chi_1, rel=1e-3)


@pytest.mark.parametrize(("name", "sigma_w"), [("tanh", 1.5), ("sigmoid", 4.0), ("relu", HE)])
def test_one_wide_layer_obeys(name: str, sigma_w: float) -> None:
    rng, width, q, c = np.random.RandomState(0), 1000, 1.3, 0.4
    f, layer = ACTIVATIONS[name], WideLayer(name, sigma_w)
    found = []
    for _ in range(20):
        u, v = math.sqrt(q) * rng.randn(2, width)
        h = f(np.array([u, c * u + math.sqrt(1 - c * c) * v]))
        next_z = h @ (sigma_w / math.sqrt(width) * rng.randn(width, width))
        found.append((next_z @ next_z.T / width)[[0, 1, 0], [0, 1, 1]])
    error = np.std(found, axis=0) / math.sqrt(len(found))
    expected = np.array([1, 1, layer.correlation(c, q)]) * layer.variance(q)
    assert np.all(abs(np.mean(found, axis=0) - expected) < 4 * error)


# Many layers


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b"),
    [("tanh", 1.5, 0.0), ("tanh", 1.5, 0.3), ("tanh", 0.8, 0.5), ("sigmoid", 4.0, 0.0),
     ("sigmoid", 12.0, 0.0), ("relu", 1.0, 0.5)],
)  # fmt: skip
def test_many_layers_lead_to_the_fixed_points(name: str, sigma_w: float, sigma_b: float) -> None:
    layer = WideLayer(name, sigma_w, sigma_b)
    for start in ((0.1, 0.3), (0.9, 5.0)):
        c, q = followed(layer, *start, 250)
        assert q == pytest.approx(layer.fixed_variance, rel=1e-7)
        assert c == pytest.approx(layer.fixed_correlation, abs=1e-5)
    assert layer.variance(layer.fixed_variance) == pytest.approx(layer.fixed_variance)


def test_where_the_variance_dies_out_or_grows_on() -> None:
    assert WideLayer("tanh", 0.9).fixed_variance == 0
    assert WideLayer("relu", 1.0).fixed_variance == 0
    assert WideLayer("relu", 1.5).fixed_variance == math.inf
    assert WideLayer("relu", HE).fixed_variance == 1
    assert WideLayer("relu", 1.0, 0.5).fixed_variance == pytest.approx(0.5)
    assert WideLayer("tanh", 0.9).chi_1 == pytest.approx(0.81)
    assert WideLayer("relu", 1.5).chi_1 == pytest.approx(1.125)
    for sigma_w in (1.0, HE, 1.5):
        assert WideLayer("relu", sigma_w).fixed_correlation == 1
        assert WideLayer("relu", sigma_w).correlation_depth == math.inf


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b"),
    [("tanh", 0.8, 0.5), ("tanh", 2.0, 0.3), ("tanh", 1.5, 0.0), ("sigmoid", 4.0, 0.0)],
)
def test_deviations_shrink_by_the_depth_scales(name: str, sigma_w: float, sigma_b: float) -> None:
    layer = WideLayer(name, sigma_w, sigma_b)
    q, c = layer.fixed_variance, layer.fixed_correlation
    off = layer.variance(q * (1 + 1e-5)) - q
    assert off / (1e-5 * q) == pytest.approx(math.exp(-1 / layer.variance_depth), rel=1e-3)
    step = -1e-5 if c == 1 else 1e-5
    off = layer.correlation(c + step, q) - c
    assert off / step == pytest.approx(math.exp(-1 / layer.correlation_depth), rel=3e-3)


def test_the_edge_has_no_depth_scale() -> None:
    at_edge = WideLayer("tanh", edge_of_chaos("tanh", 0.3), 0.3)
    assert at_edge.chi_1 == pytest.approx(1, abs=1e-9)
    assert at_edge.correlation_depth > 1e6
    assert WideLayer("tanh", 1.0).correlation_depth == math.inf


@pytest.mark.parametrize(("name", "sigma_w"), [("tanh", 1.2), ("relu", HE), ("sigmoid", 4.0)])
def test_wide_networks_have_the_kernels_that_theory_expects(name: str, sigma_w: float) -> None:
    points, layers, width = spiral(2, rng=0).points + 0.1, 5, 200
    expected = WideLayer(name, sigma_w).kernels(points, layers)
    sizes = (2, *[width] * layers, 3)
    found = np.array(
        [
            kernels(Network.initialize(sizes, name, scheme="lecun", scale=sigma_w, rng=k), points)
            for k in range(15)
        ]
    )[:, :layers]
    error = found.std(axis=0) / math.sqrt(len(found))
    # Theory itself is exact for infinite width only.
    assert np.all(abs(found.mean(axis=0) - expected) < 4 * error + 0.01 * abs(expected).max())
    x = points @ points.T / 2
    np.testing.assert_allclose(expected[0], sigma_w**2 * x)


def test_kernels_follow_the_two_maps_where_variances_are_equal() -> None:
    layer = WideLayer("tanh", 1.4, 0.3)
    found = layer.kernels([[1.0, 0.0], [0.0, 1.0]], 4)
    c, q = found[0, 0, 1] / found[0, 0, 0], found[0, 0, 0]
    assert q == pytest.approx(1.4**2 / 2 + 0.09)
    c, q = followed(layer, c, q, 3)
    np.testing.assert_allclose(found[3], [[q, c * q], [c * q, q]])


def test_a_point_at_the_origin_stays_there_without_biases() -> None:
    found = WideLayer("tanh", 2.0).kernels([[0.0, 0.0], [1.0, 1.0]], 3)
    assert found[:, 0].max() < 1e-12


def test_what_lets_nothing_through_forgets_at_once() -> None:
    flat = Activation("flat", lambda z: 0 * z, lambda a: 0 * a)
    layer = WideLayer(flat, 1.0, 0.5)
    assert layer.fixed_variance == pytest.approx(0.25)
    assert (layer.chi_1, layer.variance_depth, layer.correlation_depth) == (0, 0, 0)


# The law over draws


def test_relu_adds_five_over_the_width_to_the_logarithms_variance() -> None:
    assert WideLayer("relu", HE).log_variance(3.0, 50) == pytest.approx(5 / 50)
    assert WideLayer("tanh", 1.0).log_variance(1e-12, 50) == pytest.approx(2 / 50)


@pytest.mark.parametrize(("name", "q"), [("relu", 1.0), ("tanh", 1.5), ("sigmoid", 4.0)])
def test_one_layer_scatters_as_the_law_says(name: str, q: float) -> None:
    f, width = ACTIVATIONS[name], 200
    rng = np.random.RandomState(0)
    slopes = f.slope(math.sqrt(q) * rng.randn(20_000, width))
    logarithms = np.log(np.sum((slopes * rng.randn(20_000, width)) ** 2, axis=1))
    expected = WideLayer(name, 1.0).log_variance(q, width)
    assert logarithms.var() == pytest.approx(expected, rel=0.06)


def test_the_error_factor_is_what_backpropagation_makes() -> None:
    data, sizes = spiral(3, rng=0), (2, 200, 200, 3)
    layer = WideLayer("tanh", 1.3)
    found = []
    for seed in range(40):
        network = Network.initialize(sizes, "tanh", scheme="lecun", scale=1.3, rng=seed)
        first, second, _ = (np.sum(d**2, axis=1) for d in gradients(network, data).deltas)
        found.append(first / second)
    q = 1.3**2 * np.sum(data.points**2, axis=1) / 2
    expected = 1.3**2 * normal_mean(lambda z: ACTIVATIONS["tanh"].slope(z) ** 2, q)
    assert layer.error_factor(q[1]) == pytest.approx(expected[1])
    np.testing.assert_allclose(np.mean(found, axis=0), expected, rtol=0.05)


# Bad calls


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WideLayer("tanh", 0.0), "sigma_w must be a finite positive number"),
        (lambda: WideLayer("tanh", 1.0, -1.0), "sigma_b must be a finite number, zero or"),
        (lambda: WideLayer("tanh", 1.0, 1e30), "sigma_b must be .*at most"),
        (lambda: WideLayer("tanh", 1.0).variance(1e-30), "variance must be at least 1e-24"),
        (lambda: WideLayer("tanh", 1.0).correlation(1.1, 1.0), "correlation must be a number from"),
        (lambda: WideLayer("tanh", 1.0).kernels(np.ones((101, 2)), 2), "points must be at most"),
        (lambda: WideLayer("tanh", 1.0).kernels([[1e10]], 2), "points must be at most 1e"),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()
