import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from problems import EVERY_ACTIVATION, SOFTSIGN, blob, network_of, problems

from vanishing import Activation, Dataset, Network, fused
from vanishing.backprop import Backprop
from vanishing.fused import Fused
from vanishing.layers import NORMALIZATIONS, Normalization
from vanishing.parameters import Parameters

ROUNDING = {np.float64: 1e-12, np.float32: 2e-4}


def assert_same(network: Network, data: Dataset, dtype: type) -> None:
    """Assert that both passes give the same to rounding, relative to each array's largest.

    Normalization of a few values takes differences of what is nearly equal, so there the largest
    of all arrays counts.
    """
    kind = np.dtype(dtype)
    fast, plain = Fused(network, data, kind), Backprop(network, data, kind)
    parameters = Parameters.of(network, kind)
    with np.errstate(all="ignore"):
        for _ in range(2):
            # The second time, what the first has overwritten must not be in the way.
            losses = fast.evaluate(parameters), plain.evaluate(parameters)
            assert losses[0] == pytest.approx(losses[1], rel=ROUNDING[dtype], abs=1e-30)
            n = len(data)
            pairs = [
                *zip(fast.gradient.W, plain.gradient.W, strict=True),
                *zip(fast.gradient.b, plain.gradient.b, strict=True),
                *((ours[:n], theirs) for ours, theirs in zip(fast.delta, plain.delta, strict=True)),
            ]
            largest_of_all = max(float(np.abs(theirs).max()) for _, theirs in pairs)
            for ours, theirs in pairs:
                assert ours.dtype == theirs.dtype == kind
                own = float(np.abs(theirs).max())
                largest = own if network.normalization is None else largest_of_all
                tolerance = ROUNDING[dtype] * largest + 1e-37
                np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=0)
            for delta in fast.delta:
                assert not delta[n:].any()


@settings(max_examples=60)
@given(problems(plain=False), st.sampled_from([np.float64, np.float32]))
@example((network_of((2, 30, 20, 3), "relu"), blob(8)), np.float64)
@example((network_of((2, 16, 16, 3), "tanh"), blob(9)), np.float64)
@example((network_of((20, 17, 15, 16), SOFTSIGN), blob(16, 20, 16)), np.float32)
@example((network_of((2, 3), "relu"), blob(1)), np.float64)
@example((network_of((2, 30, 30, 30, 3), "relu", 1.0, "batch"), blob(20)), np.float32)
@example((network_of((3, 20, 30, 30, 3), SOFTSIGN, 0.5, "layer"), blob(17, 3)), np.float64)
@example((network_of((2, *[7] * 12, 3), "tanh", 1.0, "layer"), blob(9)), np.float64)
def test_both_passes_agree_to_rounding(problem: tuple[Network, Dataset], dtype: type) -> None:
    assert_same(*problem, dtype)


@pytest.mark.parametrize("count", [1, 7, 8, 15, 16, 17, 31])
@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
def test_padding_changes_nothing(f: Activation, count: int) -> None:
    network = network_of((2, 18, 17, 3), f)
    for dtype in ROUNDING:
        assert_same(network, blob(count), dtype)


def test_padding_overflows_no_sooner_than_the_data() -> None:
    # Where the points are, the biases make up for them; at the origin the scores were infinite.
    weights, biases = [[[1.0]], [[1e200, -1e200]]], [[-1e150], [0.0, 0.0]]
    network = Network(weights, biases, "leaky_relu")
    data, kind = Dataset(np.full((3, 1), 1e150), np.array([0, 1, 1])), np.dtype(np.float64)
    one = Fused(network, data, kind)
    with np.errstate(all="ignore"):
        assert one.evaluate(Parameters.of(network, kind)) == pytest.approx(np.log(2))
    np.testing.assert_allclose(
        one.delta[-1][:3], [[-1 / 6, 1 / 6], [1 / 6, -1 / 6], [1 / 6, -1 / 6]]
    )
    assert not one.delta[-1][3:].any()


@pytest.mark.parametrize("normalization", [None, "layer"])
@pytest.mark.parametrize("largest", [0, 60, 1200])
def test_blocks_of_a_product_are_the_product(
    largest: int, normalization: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fused, "largest_unpacked", lambda: largest)
    for dtype in ROUNDING:
        for width in (5, 50):
            network = network_of((2, width, width, 3), "tanh", 0.5, normalization)
            assert_same(network, blob(40), dtype)


@pytest.mark.parametrize(
    ("largest", "shape", "examples", "rows"),
    [
        (1200, (51, 50), 300, [17, 17, 17]),
        (1200, (50, 50), 300, [17, 17, 16]),
        (1200, (3, 50), 300, [3]),
        (0, (51, 50), 300, [51]),
        # Too few rows in a block, and too many numbers to be summed.
        (1200, (101, 101), 300, [101]),
        (1200, (51, 50), 3000, [51]),
    ],
)
def test_blocks_are_as_large_as_is_fast(
    largest: int,
    shape: tuple[int, int],
    examples: int,
    rows: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fused, "largest_unpacked", lambda: largest)
    units, gradient = np.ones((shape[0], examples)), np.zeros(shape)
    blocks = fused.in_blocks(units, gradient)
    assert [len(into) for _, into in blocks] == rows
    for some, into in blocks:
        assert some.shape == (len(into), examples)
        into += 1
    assert (gradient == 1).all()


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("kind", fused.IN_PLACE)
def test_normalization_in_place_is_that_of_the_layers(kind: str, dtype: type) -> None:
    rng, part = np.random.default_rng(0), np.full(8, 1 / 6, dtype)
    part[6:] = 0
    h, W, dy = (rng.normal(size=s).astype(dtype) for s in ((8, 4), (4, 5), (8, 5)))
    h[6:], dy[6:] = h[5], 0
    fast = fused.IN_PLACE[kind](part, np.zeros((8, 5), dtype), 4)
    plain = Normalization(NORMALIZATIONS[kind])
    with_ones = np.pad(h, ((0, 0), (0, 1)), constant_values=1)
    y = fast.forward(with_ones, W, np.zeros((8, 5), dtype)).copy()
    through = fast.backward(dy, dy.sum(axis=0))
    dW = h.T @ through
    fast.finish(dW)
    np.testing.assert_allclose(y[:6], plain.forward(h[:6] @ W), atol=ROUNDING[dtype])
    da = plain.backward(dy[:6])
    np.testing.assert_allclose(dW, h[:6].T @ da, atol=10 * ROUNDING[dtype])
    np.testing.assert_allclose(
        through @ fast.W.T, np.pad(da @ W.T, ((0, 2), (0, 0))), atol=10 * ROUNDING[dtype]
    )
    # In single precision nothing is computed in double.
    assert {array.dtype for array in (y, through, fast.W)} == {np.dtype(dtype)}


def test_extreme_scores_do_not_overflow() -> None:
    network = Network([np.array([[800.0, -800.0], [0.0, 1e5]])], [np.zeros(2)])
    data = Dataset([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 0, 1])
    loss = Fused(network, data, np.dtype(float)).evaluate(Parameters.of(network, np.dtype(float)))
    assert loss == pytest.approx(1e5 / 3, rel=1e-12)


def test_labels_may_leave_out_classes() -> None:
    network = network_of((2, 4, 5), "tanh")
    assert_same(network, Dataset(blob(7).points, [1, 1, 3, 0, 1, 3, 3]), np.float64)


def strides(array: np.ndarray) -> tuple[int, int]:
    return array.strides[0] // array.itemsize, array.strides[1] // array.itemsize


def test_every_units_row_begins_on_a_cache_line() -> None:
    for dtype, line in ((np.float64, 8), (np.float32, 16)):
        for count in (1, line, line + 1, 50):
            rows = -(-count // line) * line
            fast = Fused(network_of((2, 17, 5, 3), "relu"), blob(count), np.dtype(dtype))
            for delta in fast.delta:
                assert delta.shape[0] == rows
                # One unit's values lie side by side, and the next unit's begin a full line on.
                assert strides(delta) == (1, rows)
                assert all(delta[:, unit].ctypes.data % 64 == 0 for unit in range(delta.shape[1]))
            assert fast.gradient.flat.ctypes.data % 64 == 0


def test_the_activation_is_given_aligned_memory() -> None:
    seen: list[np.ndarray] = []

    def look(z: np.ndarray, slope: np.ndarray) -> None:
        seen.extend((z, slope))
        slope[:] = 1

    f = Activation("look", lambda z: z, np.ones_like, look)
    network, data = network_of((2, 6, 5, 3), f), blob(11)
    fast = Fused(network, data, np.dtype(float))
    fast.evaluate(Parameters.of(network, np.dtype(float)))
    assert [array.shape for array in seen] == [(16, 6)] * 2 + [(16, 5)] * 2
    for array in seen:
        assert strides(array) == (1, 16)
        assert array.ctypes.data % 64 == 0
    # One memory serves z, h and then delta.
    assert [z.ctypes.data for z in seen[::2]] == [d.ctypes.data for d in fast.delta[:-1]]
    assert_same(network, data, np.float64)


def test_evaluate_allocates_nothing_of_the_examples_size() -> None:
    network, data = network_of((2, 20, 20, 3), "sigmoid"), blob(20_000)
    parameters = Parameters.of(network, np.dtype(float))
    fast = Fused(network, data, np.dtype(float))
    fast.evaluate(parameters)
    tracemalloc.start()
    fast.evaluate(parameters)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(data)


def test_data_must_fit() -> None:
    with pytest.raises(ValueError, match=r"data must have points of 3 coordinates.*got 2"):
        Fused(network_of((3, 4, 3), "relu"), blob(5), np.dtype(float))
