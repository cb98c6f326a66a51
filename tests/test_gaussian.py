import math

import numpy as np
import pytest

from vanishing import ACTIVATIONS
from vanishing.gaussian import bisected, normal_mean, pair_mean

CORRELATIONS = [-1, -0.9, -0.3, 0, 0.5, 0.99, 1 - 1e-9, 1]


def arc_cosine(c: float) -> float:
    """Return E[relu(u) relu(v)] for standard normal u and v (Y. Cho and L. Saul, 2009)."""
    angle = math.acos(c)
    return (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi)


def on_a_grid(f: object, c: float, deviation: float) -> float:
    """Return E[f(z_a) f(z_b)] by a sum over a square grid."""
    assert callable(f)
    u = np.linspace(-9, 9, 2001)
    share = np.exp(-(u**2) / 2)
    share /= share.sum()
    v = c * u[:, None] + math.sqrt(1 - c * c) * u
    return float((share * f(deviation * u)) @ f(deviation * v) @ share)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_a_pair_of_relus_is_the_arc_cosine_kernel(c: float) -> None:
    relu = ACTIVATIONS["relu"]
    found = pair_mean(lambda a, b: relu(a) * relu(b), c, 4.0, 9.0)
    assert found == pytest.approx(6 * arc_cosine(c), abs=1e-13)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_the_share_of_pairs_that_are_both_on_is_their_angle(c: float) -> None:
    on = ACTIVATIONS["relu"].slope
    found = pair_mean(lambda a, b: on(a) * on(b), c, 0.1, 7.0)
    assert found == pytest.approx(0.5 - math.acos(c) / (2 * math.pi), abs=1e-13)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@pytest.mark.parametrize("deviation", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("c", [-0.5, 0.0, 0.9])
def test_a_pair_of_smooth_functions_is_what_a_grid_gives(
    name: str, deviation: float, c: float
) -> None:
    f = ACTIVATIONS[name]
    found = pair_mean(lambda a, b: f(a) * f(b), c, deviation**2, deviation**2)
    assert found == pytest.approx(on_a_grid(f, c, deviation), abs=1e-8)


def test_each_variable_has_its_own_variance() -> None:
    for function, expected in (
        (lambda a, b: a * b, 0.3 * 2 * 5),
        (lambda a, b: a**2 + 0 * b, 4.0),
        (lambda a, b: b**2 + 0 * a, 25.0),
        (lambda a, b: np.ones_like(a + b), 1.0),
    ):
        assert pair_mean(function, 0.3, 4.0, 25.0) == pytest.approx(expected, abs=1e-12)


def test_the_mean_over_one_variable_has_the_normal_moments() -> None:
    for power, moment in ((0, 1), (1, 0), (2, 1), (3, 0), (4, 3), (6, 15)):
        found = normal_mean(lambda z, n=power: z**n, [0.25, 4.0])
        np.testing.assert_allclose(
            found, [moment * 0.5**power, moment * 2.0**power], rtol=1e-10, atol=1e-12
        )
    assert normal_mean(np.cos, 9.0) == pytest.approx(math.exp(-4.5), abs=1e-14)


def test_a_change_of_sign_is_found_to_rounding() -> None:
    assert bisected(lambda x: x * x - 2, 0, 2) == pytest.approx(math.sqrt(2), abs=1e-15)
    assert bisected(lambda x: 2 - x * x, 0, 2) == pytest.approx(math.sqrt(2), abs=1e-15)
