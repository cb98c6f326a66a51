import numpy as np
import pytest

from vanishing import Network, gradients, spiral
from vanishing.jacobian import autocorrelation, input_gradients, jacobian, singular_values

DATA = spiral(5, rng=0)
KINDS = [
    {},
    {"residual": 0.5},
    {"normalization": "layer"},
    {"residual": 1.0, "normalization": "batch"},
]


def network(activation: str = "tanh", **kind: object) -> Network:
    drawn = Network.initialize((2, 6, 6, 4, 3), activation, scale=0.7, rng=1, **kind)  # type: ignore[arg-type]
    biases = [0.1 * np.arange(len(b)) for b in drawn.biases]
    return drawn.with_parameters(drawn.weights, biases).fitted(DATA)


def outputs(net: Network, layer: int, points: np.ndarray) -> np.ndarray:
    """Return h of a layer; of the last one, the scores."""
    inputs, z = net.forward(points)
    return z[-1] if layer == len(z) else inputs[layer]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "leaky_relu"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_from_the_input_it_is_what_small_steps_give(kind: dict, activation: str) -> None:
    net, x, step = network(activation, **kind), np.array([0.3, -0.8]), 1e-6
    for last in (1, 2, 3, 4):
        moved = np.array([x + step, x - step])
        for axis in range(2):
            moved = np.tile(x, (2, 1))
            moved[:, axis] += [step, -step]
            above, below = outputs(net, last, moved)
            found = jacobian(net, x, first=0, last=last)
            np.testing.assert_allclose(found[:, axis], (above - below) / (2 * step), atol=1e-8)
            assert found.shape == (len(above), 2)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_jacobians_of_stretches_multiply(kind: dict) -> None:
    net, x = network(**kind), np.array([0.3, -0.8])
    whole = jacobian(net, x, first=0, last=4)
    parts = [jacobian(net, x, first=k, last=k + 1) for k in range(4)]
    np.testing.assert_allclose(whole, np.linalg.multi_dot(parts[::-1]), atol=1e-14)
    np.testing.assert_array_equal(jacobian(net, x), jacobian(net, x, first=1, last=3))


def test_a_plain_layers_jacobian_is_weights_times_slopes() -> None:
    net, x = network(), np.array([0.3, -0.8])
    z = net.pre_activations([x])[1][0]
    expected = (net.weights[1] * net.activation.slope(z)).T
    np.testing.assert_allclose(jacobian(net, x, first=1, last=2), expected, rtol=1e-13)


def test_singular_values_are_those_of_each_point() -> None:
    net = network()
    found = singular_values(net, DATA.points, first=0, last=2)
    assert found.shape == (15, 2)
    for row, x in zip(found, DATA.points, strict=True):
        stretched = jacobian(net, x, first=0, last=2)
        np.testing.assert_allclose(np.sum(row**2), np.sum(stretched**2))
        assert row[0] == pytest.approx(np.linalg.norm(stretched, 2))


def test_orthogonal_layers_of_slope_one_stretch_nothing() -> None:
    net = Network.initialize((20, *[20] * 30, 3), "tanh", scheme="orthogonal", rng=0)
    np.testing.assert_allclose(singular_values(net, np.full((1, 20), 1e-6)), 1, rtol=1e-6)


def test_an_input_gradient_is_a_row_of_the_jacobian_and_what_backpropagation_finds() -> None:
    net = network()
    for score in range(3):
        found = input_gradients(net, DATA.points, score)
        for row, x in zip(found, DATA.points, strict=True):
            np.testing.assert_allclose(row, jacobian(net, x, first=0, last=4)[score], rtol=1e-12)
    # The loss's gradient by x is the error at z_1 times W_1.
    deltas = gradients(net, DATA).deltas
    rows = np.stack([input_gradients(net, DATA.points, k) for k in range(3)])
    expected = np.einsum("nk,knd->nd", deltas[-1], rows)
    np.testing.assert_allclose(deltas[0] @ net.weights[0].T, expected, atol=1e-14)


def test_in_the_networks_own_precision() -> None:
    assert jacobian(network().astype(np.float32), [0.1, 0.2]).dtype == np.float32
    assert input_gradients(network().astype(np.float32), [[0.1, 0.2]]).dtype == np.float32


def test_batch_normalization_needs_statistics() -> None:
    net = Network.initialize((2, 4, 4, 3), normalization="batch", rng=0)
    for call in (jacobian, lambda n, x: input_gradients(n, [x])):
        with pytest.raises(ValueError, match="network must have statistics of its own"):
            call(net, [0.1, 0.2])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({"first": 4}, "first must be a whole number from 0 to 3; got 4"),
        ({"last": 5}, "last must be a whole number from 1 to 4; got 5"),
        ({"last": 0}, "last must be a whole number from 1 to 4; got 0"),
    ],
)
def test_layers_that_are_not_there_are_refused(layers: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        jacobian(network(), [0.1, 0.2], **layers)


# Along a line


def test_autocorrelation_of_known_rows() -> None:
    np.testing.assert_allclose(autocorrelation([1, -1, 1, -1], 3), [1, -0.75, 0.5, -0.25])
    np.testing.assert_allclose(autocorrelation([1e300, 3e300, 2e300], 1), [1, -0.5])
    assert np.isnan(autocorrelation([2.0, 2.0], 1)).all()
    assert np.isnan(autocorrelation([0.0, 0.0], 1)).all()


def test_autocorrelation_tells_smooth_from_white() -> None:
    rng = np.random.RandomState(0)
    white = autocorrelation(rng.randn(20_000), 5)
    assert abs(white[1:]).max() < 4 / np.sqrt(20_000)
    walk = np.zeros(20_000)
    for i in range(1, len(walk)):
        walk[i] = 0.8 * walk[i - 1] + rng.randn()
    np.testing.assert_allclose(autocorrelation(walk, 5), 0.8 ** np.arange(6), atol=0.05)


def test_lags_stay_below_the_length() -> None:
    with pytest.raises(ValueError, match="lags must be a whole number from 0 to 2; got 3"):
        autocorrelation([1.0, 2.0, 4.0], 3)
