import pickle

import numpy as np
import pytest
import recipe
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vanishing import ACTIVATIONS, Activation
from vanishing.activations import find_activation

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
        ACTIVATIONS[name].in_place(value, slope)
    np.testing.assert_allclose(value, ACTIVATIONS[name](z), atol=2e-16, rtol=1e-15)
    np.testing.assert_allclose(slope, ACTIVATIONS[name].slope(z), atol=2e-16, rtol=1e-15)


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
def test_single_precision_stays(name: str) -> None:
    z = np.linspace(-3, 3, 7, dtype=np.float32)
    assert ACTIVATIONS[name](z).dtype == np.float32
    assert ACTIVATIONS[name].slope(z).dtype == np.float32


def test_unknown_names_are_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'sigmoid', 'tanh', 'relu', 'leaky_relu'; got 'swish'"):
        find_activation("swish")
    with pytest.raises(TypeError, match=r"activation must be one of 'sigmoid'.*got 3"):
        find_activation(3)  # type: ignore[arg-type]


def test_an_activation_survives_pickling_as_itself() -> None:
    relu: Activation = ACTIVATIONS["relu"]
    assert pickle.loads(pickle.dumps(relu)) is relu
    assert repr(relu) == "Activation('relu')"
