import math

import numpy as np
import pytest

from vanishing import Activation, Network
from vanishing.activations import LEAK
from vanishing.gains import edge_of_chaos, gain, level_scale
from vanishing.infinite_width import WideLayer
from vanishing.initialization import SCHEMES


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sigmoid", 4.0), ("tanh", 1.0), ("relu", math.sqrt(2)),
     ("leaky_relu", math.sqrt(2 / (1 + LEAK**2)))],
)  # fmt: skip
def test_the_gain_makes_up_for_the_slope_at_zero(name: str, expected: float) -> None:
    assert gain(name) == pytest.approx(expected, rel=1e-12)
    assert WideLayer(name, gain(name)).error_factor(1e-20) == pytest.approx(1)


def test_the_edge_of_chaos_is_at_the_gain_where_the_signal_can_be_small() -> None:
    for name in ("tanh", "relu", "leaky_relu"):
        assert edge_of_chaos(name) == pytest.approx(gain(name))


def test_the_sigmoids_edge_is_far_beyond_its_gain() -> None:
    # Its outputs are one half on the mean, so that z cannot stay small.
    edge = edge_of_chaos("sigmoid")
    assert edge == pytest.approx(10.15, abs=0.01)
    assert WideLayer("sigmoid", edge).chi_1 == pytest.approx(1)
    assert WideLayer("sigmoid", gain("sigmoid")).chi_1 < 0.41


def test_biases_move_the_edge() -> None:
    # As in Figure 1 of Poole and others: to larger weights.
    edges = [edge_of_chaos("tanh", sigma_b) for sigma_b in (0.0, 0.1, 0.3)]
    assert edges == sorted(edges)
    for sigma_b, edge in zip((0.1, 0.3), edges[1:], strict=True):
        assert WideLayer("tanh", 0.97 * edge, sigma_b).fixed_correlation == 1
        assert WideLayer("tanh", 1.03 * edge, sigma_b).fixed_correlation < 0.99


def test_an_activation_without_an_edge_or_a_slope_is_refused() -> None:
    square = Activation("square", np.square, lambda z: 2 * np.asarray(z))
    small = Activation("small", lambda z: 1e-9 * z, lambda z: np.full_like(z, 1e-9))
    step = Activation("step", np.sign, np.zeros_like)
    with pytest.raises(ValueError, match="activation must have chi_1 = 1 between"):
        edge_of_chaos(small)
    with pytest.raises(ValueError, match="activation must have a slope at zero; got"):
        gain(step)
    assert gain(square) > 1e6


@pytest.mark.parametrize("scheme", list(SCHEMES))
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_a_level_scale_gives_every_scheme_the_same_spread(scheme: str, name: str) -> None:
    scale = level_scale(scheme, name, 80)
    drawn = Network.initialize((80, 80, 80), name, scheme=scheme, scale=scale, rng=0)
    spread = np.sqrt(np.mean(drawn.weights[1] ** 2))
    assert spread * math.sqrt(80) == pytest.approx(gain(name), rel=0.05)


def test_level_scales_by_name() -> None:
    assert level_scale("he", "relu", 7) == pytest.approx(1)
    assert level_scale("glorot", "tanh", 7) == pytest.approx(1)
    assert level_scale("normal", "sigmoid", 50) == pytest.approx(4 / math.sqrt(50))
    with pytest.raises(ValueError, match="width must be a whole number from 1 to"):
        level_scale("he", "relu", 0)
