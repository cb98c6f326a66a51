import numpy as np
import pytest
from problems import network_of

from vanishing.parameters import CACHE_LINE, Parameters, aligned

SIZES = (2, 5, 4, 3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layer_after_layer_weights_row_by_row_then_biases(dtype: type) -> None:
    network = network_of(SIZES, "tanh")
    own = Parameters.of(network, np.dtype(dtype))
    expected = np.concatenate(
        [
            part.ravel()
            for pair in zip(network.weights, network.biases, strict=True)
            for part in pair
        ]
    )
    assert own.flat.dtype == dtype
    np.testing.assert_array_equal(own.flat, expected.astype(dtype))
    assert own.starts.tolist() == [0, 10, 15, 35, 39, 51]
    assert own.flat.size == 54


def test_all_views_are_of_the_same_memory() -> None:
    own = Parameters.of(network_of(SIZES, "tanh"), np.dtype(float))
    own.flat[:] = np.arange(own.flat.size)
    for layer, (w, b) in enumerate(zip(own.W, own.b, strict=True)):
        first, biases = own.starts[2 * layer], own.starts[2 * layer + 1]
        assert w.shape == (SIZES[layer], SIZES[layer + 1])
        np.testing.assert_array_equal(w.ravel(), np.arange(first, biases))
        np.testing.assert_array_equal(b, np.arange(biases, biases + SIZES[layer + 1]))
        np.testing.assert_array_equal(own.V[layer], np.vstack([w, b]))
    own.W[1][2, 3] = -7
    own.b[2][1] = -8
    own.V[0][-1, 0] = -9
    assert own.flat[15 + 2 * 4 + 3] == -7
    assert own.flat[52] == -8
    assert own.b[0][0] == own.flat[10] == -9


def test_a_copy_shares_nothing_with_the_network() -> None:
    network = network_of(SIZES, "tanh")
    Parameters.of(network, np.dtype(float)).flat[:] = 7
    assert max(w.max() for w in (*network.weights, *network.biases)) < 7


def test_like_has_the_same_shapes_and_zeros() -> None:
    own = Parameters.of(network_of(SIZES, "tanh"), np.dtype(np.float32))
    other = own.like()
    assert not other.flat.any()
    assert other.flat.dtype == np.float32
    assert [v.shape for v in other.V] == [v.shape for v in own.V]
    other.flat[:] = 1
    assert own.flat.min() < 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arrays_begin_on_a_cache_line(dtype: type) -> None:
    assert CACHE_LINE == 64
    kept = []
    for count in (1, 7, 16, 33, 1000):
        kept.append(aligned(count, np.dtype(dtype)))
        kept.append(Parameters((count, 2), np.dtype(dtype)).flat)
        assert kept[-2].size == count
    for array in kept:
        assert array.ctypes.data % 64 == 0
        assert array.dtype == dtype
        assert not array.any()
