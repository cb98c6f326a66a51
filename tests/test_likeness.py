import numpy as np
import pytest

from vanishing import Network
from vanishing.likeness import correlations, kernels

POINTS = [[1.0, 2.0], [0.5, -1.0], [0.0, 0.0]]


def test_kernels_are_means_over_the_units_of_each_layer() -> None:
    network = Network.initialize((2, 5, 7, 3), "tanh", rng=0)
    found = kernels(network, POINTS)
    assert found.shape == (3, 3, 3)
    for layer, z in enumerate(network.pre_activations(POINTS)):
        for a in range(3):
            for b in range(3):
                assert found[layer, a, b] == pytest.approx(np.mean(z[a] * z[b]))


def test_the_first_layers_correlation_is_the_angles_cosine_for_orthogonal_weights() -> None:
    network = Network.initialize((2, 50, 3), scheme="orthogonal", rng=0)
    found = correlations(kernels(network, POINTS))[0]
    assert found[0, 1] == pytest.approx((0.5 - 2) / np.sqrt(5 * 1.25))
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[2]).all()


def test_correlations_of_tiny_and_huge_variances() -> None:
    for size in (1e-300, 1e300):
        found = correlations([[[size, 0.5 * size], [0.5 * size, size]]])
        np.testing.assert_allclose(found, [[[1, 0.5], [0.5, 1]]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones((2, 2)), r"kernels must be a non-empty array of shape \(layers, n, n\)"),
        (np.ones((2, 2, 3)), r"kernels must have shape \(layers, n, n\); got shape"),
        (np.ones((2, 3, 2)), r"kernels must have shape \(layers, n, n\); got shape"),
        (-np.ones((1, 2, 2)), "kernels must have variances of zero or more"),
    ],
)
def test_what_are_no_kernels_is_refused(given: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        correlations(given)


def test_more_pairs_than_memory_bears_are_refused() -> None:
    network = Network.initialize((2, 2, 2), rng=0)
    with pytest.raises(ValueError, match="points must ask for at most"):
        kernels(network, np.ones((10_000, 2)))
