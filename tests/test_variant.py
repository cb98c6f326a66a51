"""Variants: what tells one network from another, and how its network is made."""

import pickle
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import is_color_like

from vanishing import ACTIVATIONS, Activation, Network, Variant
from vanishing.variant import OTHER_COLOR, as_variant

bent = Activation("bent", lambda z: np.maximum(z, 0.2 * z), lambda z: np.where(z > 0, 1.0, 0.2))
SIZES = (2, 6, 6, 3)


def test_each_known_activation_looks_different() -> None:
    variants = [Variant(name) for name in ACTIVATIONS]
    assert len({variant.color for variant in variants}) == len(variants)
    assert len({str(variant.line) for variant in variants}) == len(variants)
    assert all(is_color_like(variant.color) for variant in variants)
    assert [variant.label for variant in variants] == ["sigmoid", "tanh", "ReLU", "leaky ReLU"]


def test_a_name_may_differ_from_the_activation() -> None:
    variant = Variant("deep", "relu", hidden_layers=4)
    assert variant.activation == "relu"
    assert variant.label == "deep"
    assert variant.color == Variant("relu").color
    assert variant.line == Variant("relu").line
    own = Variant("deep", "relu", color="red", line=":")
    assert (own.color, own.line) == ("red", ":")


def test_an_activation_of_ones_own_has_the_other_colour() -> None:
    variant = Variant("mine", bent)
    assert variant.activation is bent
    assert (variant.color, variant.line) == (OTHER_COLOR, "solid")
    # Neither does one that merely has a known one's name pass for it.
    false = Activation("relu", bent.value, bent.slope)
    assert Variant("relu", false).activation is false
    assert Variant("relu", false).color == OTHER_COLOR


@pytest.mark.parametrize("form", ["tanh", ACTIVATIONS["tanh"], Variant("tanh")])
def test_activations_stand_for_their_variant(form: Any) -> None:
    assert as_variant(form) == Variant("tanh")


@pytest.mark.parametrize(("wrong", "error"), [("step", ValueError), (5, TypeError)])
def test_what_stands_for_none_is_refused(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"variant must .*got"):
        as_variant(wrong)


def test_a_variant_draws_its_network() -> None:
    network = Variant("sigmoid").network(SIZES, 0.3, 7)
    expected = Network.initialize(SIZES, "sigmoid", scale=0.3, rng=7)
    for found, weights in zip(network.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(found, weights)
    own = Variant("sigmoid", scale=0.6).network(SIZES, 0.3, 7)
    np.testing.assert_array_equal(own.weights[0], 2 * expected.weights[0])


def test_a_scheme_of_its_own_ignores_the_shared_scale() -> None:
    variant = Variant("tanh", scheme="glorot")
    expected = Network.initialize(SIZES, "tanh", scheme="glorot", rng=7)
    for scale in (0.01, 5.0):
        np.testing.assert_array_equal(
            variant.network(SIZES, scale, 7).weights[1], expected.weights[1]
        )
    own = Variant("tanh", scheme="glorot", scale=2.0).network(SIZES, 0.01, 7)
    np.testing.assert_allclose(own.weights[1], 2 * expected.weights[1])


def test_depth_shortcuts_and_normalization_are_the_networks() -> None:
    variant = Variant("bridged", "relu", hidden_layers=4, residual=0.5, normalization="layer")
    network = variant.network((2, 9, 5, 3), 0.1, 0)
    assert network.sizes == (2, 9, 9, 9, 9, 3)
    assert network.residual == 0.5
    assert network.normalization == "layer"
    assert network.activation is ACTIVATIONS["relu"]
    assert Variant("relu").sizes((2, 9, 5, 3)) == (2, 9, 5, 3)


@pytest.mark.parametrize(
    "variant",
    [
        Variant("relu"),
        Variant("deep", "relu", hidden_layers=4),
        Variant("tanh", color="red", line=(0, (1, 1)), scheme="glorot", scale=2.0),
        Variant("steps", "sigmoid", scale=[0.1, 0.2], step_size=[0.1, 0.2]),
        Variant("bridged", "tanh", residual=1.0, normalization="batch"),
    ],
)
def test_a_variants_representation_makes_it_again(variant: Variant) -> None:
    assert eval(repr(variant), {"Variant": Variant}) == variant
    assert pickle.loads(pickle.dumps(variant)) == variant


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (Variant("relu"), "Variant('relu')"),
        (Variant("deep", "relu"), "Variant('deep', activation='relu')"),
        (Variant("relu", color="red"), "Variant('relu', color='red')"),
        (Variant("mine", bent), "Variant('mine', activation=Activation('bent'))"),
    ],
)
def test_the_representation_is_as_short_as_can_be(variant: Variant, expected: str) -> None:
    assert repr(variant) == expected


def test_a_bare_name_says_it_all_where_nothing_else_was_said() -> None:
    assert Variant("relu").short == "relu"
    for own in (Variant("relu", color="red"), Variant("mine", "relu"), Variant("bent", bent)):
        assert own.short is own


@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        ({"name": ""}, TypeError, "name"),
        ({"name": 5}, TypeError, "name"),
        ({"name": "new"}, ValueError, "activation"),
        ({"activation": "step"}, ValueError, "activation"),
        ({"scheme": "magic"}, ValueError, "scheme"),
        ({"scale": -1}, ValueError, "scale"),
        ({"scale": (0.1, np.nan)}, ValueError, r"scale\[1\]"),
        ({"scale": ()}, ValueError, "scale"),
        ({"color": 5}, TypeError, "color"),
        ({"line": "wavy"}, TypeError, "line"),
        ({"line": 5}, TypeError, "line"),
        ({"line": (0,)}, TypeError, "line"),
        ({"line": (0, ())}, TypeError, "line"),
        ({"line": (0, "12")}, TypeError, "line"),
        ({"hidden_layers": 0}, ValueError, "hidden_layers"),
        ({"hidden_layers": 1001}, ValueError, "hidden_layers"),
        ({"hidden_layers": 2.0}, TypeError, "hidden_layers"),
        ({"residual": np.inf}, ValueError, "residual"),
        ({"normalization": "group"}, ValueError, "normalization"),
        ({"step_size": 0}, ValueError, "step_size"),
        ({"step_size": (0.1, "x")}, TypeError, r"step_size\[1\]"),
    ],
)
def test_wrong_variants_are_refused(
    wrong: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=rf"{named} must .*got"):
        Variant(**{"name": "relu", **wrong})


@pytest.mark.parametrize("steps", [[0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2])])
def test_numbers_one_a_layer_come_in_any_form(steps: Any) -> None:
    variant = Variant("tanh", step_size=steps, scale=np.float64(2.0), hidden_layers=1000)
    assert variant.step_size == (0.1, 0.2)
    assert variant.scale == 2.0
    assert {type(one) for one in (*variant.step_size, variant.scale)} == {float}


def test_equal_variants_are_one_and_stay_as_they_are() -> None:
    variant = Variant("deep", "relu", hidden_layers=4)
    assert len({variant, Variant("deep", "relu", hidden_layers=4), Variant("relu")}) == 2
    with pytest.raises(AttributeError):
        variant.name = "deeper"  # type: ignore[misc]
