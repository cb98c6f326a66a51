import numpy as np
import pytest

from vanishing import Network
from vanishing.initialization import (
    SCHEMES,
    STANDARD_DEVIATION,
    Scheme,
    checked_spread,
    find_scheme,
)

SHAPES = [(60, 40), (30, 90), (50, 50)]


def formula_of(scheme: Scheme, fan_in: int, fan_out: int) -> float:
    """Return the standard deviation that the scheme's own formula names."""
    names = {"sqrt": np.sqrt, "max": max, "fan_in": fan_in, "fan_out": fan_out}
    return float(eval(scheme.formula, {"__builtins__": {}}, names))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_the_spread_is_what_the_formula_says(scheme: Scheme, shape: tuple[int, int]) -> None:
    drawn = scheme.draw(np.random.RandomState(0), *shape)
    assert drawn.shape == shape
    expected = formula_of(scheme, *shape)
    # The standard deviation of n normal numbers is off by 1 / sqrt(2 n) as a rule.
    assert drawn.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * drawn.size))
    assert abs(drawn.mean()) < 4 * expected / np.sqrt(drawn.size)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_the_spread_that_theory_is_told_is_the_formulas(
    scheme: Scheme, shape: tuple[int, int]
) -> None:
    assert checked_spread(scheme.name)(*shape) == formula_of(scheme, *shape)


@pytest.mark.parametrize("name", ["normal", "lecun", "glorot", "he"])
def test_normal_schemes_draw_each_weight_once_in_order(name: str) -> None:
    stream, same = np.random.RandomState(3), np.random.RandomState(3)
    drawn = SCHEMES[name].draw(stream, 5, 7)
    expected = same.randn(5, 7) * formula_of(SCHEMES[name], 5, 7)
    np.testing.assert_allclose(drawn, expected, rtol=1e-15)
    assert stream.randn() == same.randn()


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5), (1, 3)])
def test_orthogonal_weights_are_orthogonal(shape: tuple[int, int]) -> None:
    q = SCHEMES["orthogonal"].draw(np.random.RandomState(0), *shape)
    assert q.shape == shape
    tall = q if shape[0] >= shape[1] else q.T
    np.testing.assert_allclose(tall.T @ tall, np.eye(min(shape)), atol=1e-14)


def test_every_orthogonal_matrix_is_equally_likely() -> None:
    stream = np.random.RandomState(0)
    drawn = np.array([SCHEMES["orthogonal"].draw(stream, 3, 3) for _ in range(2000)])
    # Uniformly drawn entries have mean 0 and mean square 1/3, and signs of any kind.
    assert abs(drawn.mean(axis=0)).max() < 4 / np.sqrt(3 * 2000)
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / 3, atol=0.03)
    signs = np.linalg.det(drawn) > 0
    assert 0.45 < signs.mean() < 0.55


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_the_usual_scale_is_one_but_for_the_lectures(name: str) -> None:
    sizes, rule = (3, 4, 5, 2), SCHEMES[name]
    usual = 0.1 if name == "normal" else 1.0
    assert rule.usual_scale == usual
    network = Network.initialize(sizes, scheme=name, rng=0)
    stream = np.random.RandomState(0)
    for w in network.weights:
        np.testing.assert_array_equal(w, usual * rule.draw(stream, *w.shape))
    assert STANDARD_DEVIATION == 0.1


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_scales_are_factors_one_for_all_or_one_a_layer(name: str) -> None:
    rule, sizes = SCHEMES[name], (3, 4, 5, 2)
    for scale in (0.3, [0.1, 2.0, 3.0], (1, 2, 3), np.array([0.5, 0.25, 0.125])):
        network = Network.initialize(sizes, scheme=rule, scale=scale, rng=7)
        stream = np.random.RandomState(7)
        each = [scale] * 3 if isinstance(scale, float) else list(scale)
        for w, factor in zip(network.weights, each, strict=True):
            np.testing.assert_array_equal(w, factor * rule.draw(stream, *w.shape))


def test_a_scheme_of_ones_own() -> None:
    ones = Scheme("ones", "0", "Nothing.", "Nobody.", lambda _, a, b: np.ones((a, b)))
    network = Network.initialize((2, 3, 2), scheme=ones, rng=0)
    assert [w.tolist() for w in network.weights] == [[[1] * 3] * 2, [[1] * 2] * 3]
    assert Network.initialize((2, 2), scheme=ones, scale=0.5).weights[0].max() == 0.5
    assert find_scheme(ones) is ones


def test_schemes_are_found_by_name() -> None:
    with pytest.raises(AttributeError):
        SCHEMES["he"].name = "kaiming"  # type: ignore[misc]
    assert list(SCHEMES) == ["normal", "lecun", "glorot", "he", "orthogonal"]
    for name, scheme in SCHEMES.items():
        assert find_scheme(name) is scheme
        assert scheme.name == name
        assert min(map(len, (scheme.formula, scheme.assumes, scheme.source))) > 0
    with pytest.raises(ValueError, match=r"scheme must be one of 'normal', .*got 'xavier'"):
        find_scheme("xavier")
    with pytest.raises(TypeError, match=r"scheme must be one of 'normal', .*got 0.1"):
        find_scheme(0.1)  # type: ignore[arg-type]
