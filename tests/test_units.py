import math

import numpy as np
import pytest
from problems import KINDS, SOFTSIGN, blob, network_of

from vanishing import ACTIVATIONS, Activation, Dataset, Network, lecture
from vanishing.units import (
    EDGE,
    dead_masks,
    dead_units,
    hidden_outputs,
    saturated,
    saturated_fraction,
)


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_outputs_are_what_the_next_layer_is_given(
    kind: tuple[float | None, str | None],
) -> None:
    network, data = network_of((2, 5, 5, 4, 3), "tanh", *kind), blob(7)
    found = hidden_outputs(network, data)
    assert [h.shape for h in found] == [(7, 5), (7, 5), (7, 4)]
    pre = network.pre_activations(data.points)
    np.testing.assert_allclose(
        found[-1] @ network.weights[-1] + network.biases[-1], pre[-1], rtol=1e-12
    )
    np.testing.assert_allclose(found[0], np.tanh(pre[0]), rtol=1e-12)
    around = 0 if kind[0] is None else found[0]
    branch = np.tanh(pre[1]) * (kind[0] or 1)
    np.testing.assert_allclose(found[1], around + branch, rtol=1e-12)


def test_saturation_and_dead_units_by_counting() -> None:
    data, sigmoid, relu = lecture.setup()
    for network in (sigmoid, relu):
        network.weights[0] *= 30
        network.biases[1] -= 0.3
    for layer, h in enumerate(hidden_outputs(sigmoid, data)):
        counted = np.mean([not 0.05 <= x <= 0.95 for x in h.ravel()])
        assert saturated_fraction(sigmoid, data)[layer] == pytest.approx(counted)
        assert 0 < counted < 1 or layer
    counted = [sum(not column.any() for column in h.T) for h in hidden_outputs(relu, data)]
    assert dead_units(relu, data) == counted
    assert {type(count) for count in dead_units(relu, data)} == {int}
    assert counted[1] > 0
    assert saturated_fraction(relu, data).tolist() == [0, 0]


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_output_is_saturated_in_the_outer_twentieth_at_either_end(sign: int) -> None:
    assert EDGE == 0.05
    for f, inner, outer in (("sigmoid", 0.949, 0.951), ("tanh", 0.89, 0.91)):
        inverse = math.atanh if f == "tanh" else lambda x: math.log(x / (1 - x))
        z = sign * np.array([[inverse(inner)], [inverse(outer)]])
        assert saturated(ACTIVATIONS[f], [z[:1], z[1:], z]).tolist() == [0, 1, 0.5]
        # A falling function has the same range.
        falling = Activation("falling", lambda z, f=f: ACTIVATIONS[f](-z), np.cos)
        assert saturated(falling, [z[:1], z[1:], z]).tolist() == [0, 1, 0.5]
    assert saturated(SOFTSIGN, [np.full((2, 2), 1e9)]).tolist() == [0]


def test_on_the_edge_an_output_is_not_saturated() -> None:
    clip = Activation("clip", lambda z: np.clip(z, -1, 1), np.ones_like)
    z = np.array([[-0.9], [0.9]])
    assert saturated(clip, [z, 1.0001 * z]).tolist() == [0, 1]


def test_tanh_saturates_where_sigmoid_does() -> None:
    data = Dataset([[math.atanh(0.89)], [math.atanh(0.91)], [-math.atanh(0.91)]], [0, 1, 1])
    network = Network([[[1.0]], [[1.0, 0.0]]], [[0.0], [0.0, 0.0]], "tanh")
    assert saturated_fraction(network, data)[0] == pytest.approx(2 / 3)


def test_large_biases_saturate() -> None:
    data, network, _ = lecture.setup()
    network.biases[0][:] = 8.0
    assert saturated_fraction(network, data).tolist() == [1.0, 0.0]


def test_a_unit_is_dead_if_it_is_off_for_every_example() -> None:
    z = np.array([[-1.0, -1.0, 0.0, 1.0, -1.0], [-2.0, 3.0, -1.0, 1.0, np.nan]])
    relu, leaky = ACTIVATIONS["relu"], ACTIVATIONS["leaky_relu"]
    assert [m.tolist() for m in dead_masks(relu, [z, z[:1]])] == [
        [True, False, True, False, False],
        [True, True, True, False, True],
    ]
    assert not dead_masks(leaky, [z])[0].any()
    # Far out the sigmoid's slope is zero in floating point too.
    assert dead_masks(ACTIVATIONS["sigmoid"], [np.array([[800.0, 30.0]])])[0].tolist() == [1, 0]


def test_a_linear_network_has_no_hidden_units() -> None:
    network, data = Network.initialize((2, 3), rng=0), blob(4)
    assert dead_units(network, data) == []
    assert saturated_fraction(network, data).tolist() == []
    assert hidden_outputs(network, data) == []


def test_diverged_networks_and_overflow_raise_no_warning() -> None:
    data, network, _ = lecture.setup()
    network.weights[1][3, 4] = np.nan
    assert dead_units(network, data) == [0, 0]
    assert saturated_fraction(network, data).shape == (2,)
    dead_units(network.with_activation("relu"), data)
    exploding = Network([w * 1e200 for w in network.weights], network.biases, "tanh")
    dead_units(exploding, data)
    saturated_fraction(exploding, data)


@pytest.mark.parametrize("function", [saturated_fraction, dead_units, hidden_outputs])
def test_data_that_do_not_fit_are_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=r"data must have points of 3 coordinates"):
        function(Network.initialize((3, 5, 3), rng=0), lecture.setup()[0])
    with pytest.raises(ValueError, match=r"data must have labels from 0 to 1"):
        function(Network.initialize((2, 5, 2), rng=0), lecture.setup()[0])
