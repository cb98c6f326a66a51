import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import recipe
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from problems import EVERY_ACTIVATION, SOFTSIGN, blob, network_of, softsign, softsign_slope

from vanishing import ACTIVATIONS, Activation, train
from vanishing.activations import LEAK, find_activation

names = st.sampled_from(sorted(ACTIVATIONS))
moderate = hnp.arrays(float, 20, elements=st.floats(-30, 30))


@given(names, moderate)
def test_value_is_the_textbooks(name: str, z: np.ndarray) -> None:
    np.testing.assert_allclose(ACTIVATIONS[name](z), recipe.FUNCTIONS[name][0](z), rtol=1e-13)


@given(names, moderate)
def test_slope_is_the_derivative(name: str, z: np.ndarray) -> None:
    z = z[np.abs(z) > 1e-3]  # ReLU has a kink at 0.
    h = 1e-6
    numerical = (ACTIVATIONS[name](z + h) - ACTIVATIONS[name](z - h)) / (2 * h)
    np.testing.assert_allclose(ACTIVATIONS[name].slope(z), numerical, atol=2e-9)


@given(names, hnp.arrays(float, 20, elements=st.floats(-1e4, 1e4)))
def test_in_place_agrees_with_value_and_slope(name: str, z: np.ndarray) -> None:
    value, slope = z.copy(), np.empty_like(z)
    with np.errstate(over="ignore"):
        ACTIVATIONS[name].overwrite(value, slope)
    np.testing.assert_allclose(value, ACTIVATIONS[name](z), atol=2e-16, rtol=1e-15)
    # 1 - y^2 rounds y, y^2 and the difference, which only matters where hardly any slope is left.
    np.testing.assert_allclose(slope, ACTIVATIONS[name].slope(z), atol=1e-15, rtol=1e-15)


@given(names, hnp.arrays(float, 20, elements=st.floats(-1e4, 1e4)))
def test_value_alone_is_the_same_value(name: str, z: np.ndarray) -> None:
    f, value, other = ACTIVATIONS[name], z.copy(), z.copy()
    with np.errstate(over="ignore"):
        f.overwrite(value, np.empty_like(z))
        f.overwrite_value(other, np.empty_like(z))
    np.testing.assert_array_equal(value, other)


def test_infinite_outputs_have_their_limits() -> None:
    z = np.array([-np.inf, np.inf])
    for name, limits in {"relu": [0, np.inf], "leaky_relu": z, "tanh": [-1, 1]}.items():
        value = z.copy()
        ACTIVATIONS[name].overwrite_value(value, np.empty_like(z))
        np.testing.assert_array_equal(value, limits)


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
def test_value_and_slope_from_minus_four_to_four(f: Activation) -> None:
    z = np.linspace(-4, 4, 80)  # without zero
    value = f(z)
    if f.name in recipe.FUNCTIONS:
        function, slope_of = recipe.FUNCTIONS[f.name]
        np.testing.assert_allclose(value, function(z), rtol=1e-14)
        np.testing.assert_allclose(f.slope(z), slope_of(function(z)), rtol=1e-11)
    np.testing.assert_allclose(f.slope(z), (f(z + 1e-6) - f(z - 1e-6)) / 2e-6, atol=1e-9)
    overwritten, slope = z.copy(), np.empty_like(z)
    f.overwrite(overwritten, slope)
    np.testing.assert_allclose(overwritten, value, rtol=1e-14)
    np.testing.assert_allclose(slope, f.slope(z), rtol=1e-11)


@given(names, hnp.arrays(float, 20, elements=st.floats(-1e6, 1e6)))
def test_no_slope_exceeds_the_largest(name: str, z: np.ndarray) -> None:
    slope = ACTIVATIONS[name].slope(z)
    assert (slope >= 0).all()
    # Close to its top a rounded slope may exceed it by the last bit.
    assert slope.max() <= ACTIVATIONS[name].largest_slope * (1 + 1e-15)


def test_sigmoid_far_out_is_exact_and_silent() -> None:
    sigmoid = ACTIVATIONS["sigmoid"]
    z = np.array([-1e300, -800.0, -40.0, 0.0, 40.0, 800.0])
    assert sigmoid(z).tolist() == [0, 0, np.exp(-40) / (1 + np.exp(-40)), 0.5, 1, 1]
    assert sigmoid.slope(z)[2] == pytest.approx(np.exp(-40), rel=1e-12)
    assert sigmoid.slope(z)[4] == pytest.approx(np.exp(-40), rel=1e-12)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_largest_slope_is_reached(name: str) -> None:
    slope = ACTIVATIONS[name].slope(np.array([0.0, 1e-9]))
    assert slope.max() == pytest.approx(ACTIVATIONS[name].largest_slope, rel=1e-15)


def test_at_zero_the_rectifiers_are_off() -> None:
    zero = np.zeros(1)
    assert ACTIVATIONS["relu"].slope(zero) == 0
    assert ACTIVATIONS["leaky_relu"].slope(zero) == LEAK == 0.01
    for name, off in (("relu", 0), ("leaky_relu", LEAK)):
        value, slope = np.array([0.0, -2.0]), np.empty(2)
        ACTIVATIONS[name].overwrite(value, slope)
        assert slope.tolist() == [off, off]
        assert value.tolist() == [0, -2 * off]


@pytest.mark.parametrize("f", EVERY_ACTIVATION)
def test_single_precision_stays(f: Activation) -> None:
    z = np.linspace(-3, 3, 7, dtype=np.float32)
    assert f(z).dtype == f.slope(z).dtype == np.float32


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_slopes_of_whole_numbers_are_not_cut_off(name: str) -> None:
    f = ACTIVATIONS[name]
    assert f.slope([-1, 2]).tolist() == f.slope(np.array([-1.0, 2.0])).tolist()
    assert f([-1, 2]).tolist() == f(np.array([-1.0, 2.0])).tolist()


def test_unknown_names_are_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'sigmoid', 'tanh', 'relu', 'leaky_relu'; got 'swish'"):
        find_activation("swish")
    with pytest.raises(TypeError, match=r"activation must be one of 'sigmoid'.*got 3"):
        find_activation(3)  # type: ignore[arg-type]
    assert find_activation("tanh") is ACTIVATIONS["tanh"]


def test_an_activation_survives_pickling_as_itself() -> None:
    relu: Activation = ACTIVATIONS["relu"]
    assert pickle.loads(pickle.dumps(relu)) is relu
    assert copy.deepcopy(relu) is relu
    assert repr(relu) == "Activation('relu')"
    with pytest.raises(AttributeError):
        relu.name = "step"  # type: ignore[misc]


def test_bounds_are_the_limits_far_out() -> None:
    bounds = {f.name: f.bounds for f in EVERY_ACTIVATION}
    assert bounds == {
        "sigmoid": (0, 1),
        "tanh": (-1, 1),
        "relu": None,
        "leaky_relu": None,
        "softsign": None,  # infinity over infinity
    }
    falling = Activation("falling", lambda z: -np.tanh(z), lambda z: np.tanh(z) ** 2 - 1)
    assert falling.bounds == (-1, 1)
    bump = Activation("bump", lambda z: np.exp(-z * z), lambda z: -2 * z * np.exp(-z * z))
    assert bump.bounds is None


# Of one's own


def swallow(z: np.ndarray, slope: np.ndarray) -> None:
    slope[:], z[:] = softsign_slope(z), softsign(z)


def from_softsign(h: np.ndarray, slope: np.ndarray) -> None:
    slope[:] = (1 - np.abs(h)) ** 2


@pytest.mark.parametrize("from_value", [None, from_softsign])
@pytest.mark.parametrize("in_place", [None, swallow])
@pytest.mark.parametrize("name", ["softsign", "relu"])
def test_one_of_ones_own_stays_itself(
    name: str, in_place: Callable[..., None] | None, from_value: Callable[..., None] | None
) -> None:
    own = Activation(name, softsign, softsign_slope, in_place, 1.5, from_value)
    assert not own.known
    assert ACTIVATIONS["relu"].known
    for same in (pickle.loads(pickle.dumps(own)), copy.deepcopy(own), find_activation(own)):
        assert same == own
        assert (same.value, same.slope) == (softsign, softsign_slope)
        assert (same.name, same.in_place, same.largest_slope) == (name, in_place, 1.5)
        assert same.from_value == from_value
    assert find_activation("relu") is ACTIVATIONS["relu"]


@pytest.mark.parametrize("residual", [None, 1.0])
def test_one_of_ones_own_trains_as_itself_whatever_its_name(residual: float | None) -> None:
    data, losses = blob(20), []
    for name in ("softsign", "relu"):
        own = Activation(name, softsign, softsign_slope)
        network = network_of((2, 6, 6, 3), own, residual)
        losses.append(train(network, data, iterations=20, progress=False).history.loss)
    assert losses[0].tolist() == losses[1].tolist()
    relu = train(network.with_activation("relu"), data, iterations=20, progress=False)
    assert abs(relu.history.loss - losses[1]).min() > 1e-3


@pytest.mark.parametrize("in_place", [None, swallow])
def test_slopes_from_the_value_train_like_slopes_that_are_kept(
    in_place: Callable[..., None] | None,
) -> None:
    parts = "softsign", softsign, softsign_slope, in_place, 1.5
    losses = []
    for own in (Activation(*parts), Activation(*parts, from_softsign)):
        network = network_of((2, 6, 6, 3), own, 0.5)
        losses.append(train(network, blob(20), iterations=20, progress=False).history.loss)
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_without_in_place_the_two_functions_are_called() -> None:
    z = np.linspace(-3, 3, 13)
    value, slope = z.copy(), np.empty_like(z)
    SOFTSIGN.overwrite(value, slope)
    np.testing.assert_array_equal(value, softsign(z))
    np.testing.assert_array_equal(slope, softsign_slope(z))
    assert SOFTSIGN([1.0]).tolist() == [0.5]
    assert SOFTSIGN.largest_slope == 1


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("", np.tanh, np.tanh), TypeError, "name must be a text that is not empty; got ''"),
        ((3, np.tanh, np.tanh), TypeError, "name must be a text that is not empty; got 3"),
        (("f", 1.5, np.tanh), TypeError, "value must be a function; got 1.5"),
        (("f", np.tanh, None), TypeError, "slope must be a function; got None"),
        (("f", np.tanh, np.tanh, 7), TypeError, "in_place must be a function or None; got 7"),
        (("f", np.tanh, np.tanh, None, 1, 7), TypeError, "from_value must be a function or None"),
        (("f", np.tanh, np.tanh, None, 0), ValueError, "largest_slope must be .*positive.*got 0"),
        (("f", np.tanh, np.tanh, None, "1"), TypeError, "largest_slope must be .*got '1'"),
    ],
)
def test_wrong_parts_are_refused(arguments: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Activation(*arguments)


def test_a_slope_may_have_no_bound() -> None:
    assert Activation("cube", lambda z: z**3, lambda z: 3 * z**2, None, np.inf).largest_slope > 1
