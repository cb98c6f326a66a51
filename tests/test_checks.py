import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vanishing import _checks

HUGE = 10**400


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


def refused(error: type[Exception], says: str, call: Callable[[], Any]) -> None:
    """Assert that a call is refused, in just these words."""
    with pytest.raises(error, match=f"^{re.escape(says)}$") as caught:
        call()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_value_is_shown_within_a_line() -> None:
    assert _checks.shown("relu") == "'relu'"
    assert _checks.shown(-0.25) == "-0.25"
    assert "Unshowable" in _checks.shown(Unshowable())
    assert "int" in _checks.shown(10**5000)  # too long for Python to write it out
    assert _checks.shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    for long in ("x" * 1000, HUGE, list(range(1000)), np.arange(10_000), object()):
        assert len(_checks.shown(long)) <= 120
    text = _checks.shown("x" * 1000)
    assert len(text) == 80
    assert "..." in text
    assert _checks.shown("y" * 78) == repr("y" * 78)
    assert len(_checks.shown(HUGE)) == 80
    assert _checks.shown(10**79) == str(10**79)
    assert len(_checks.shown(slice("x" * 20, "y" * 20, "z" * 50))) == 80
    assert "\n" not in _checks.shown(np.arange(500.0))


# Numbers


@pytest.mark.parametrize("value", [2, 5, np.int64(3), np.uint8(4)])
def test_whole_numbers_within_the_bounds_are_returned_as_ints(value: Any) -> None:
    found = _checks.whole_number("n", value, at_least=2, at_most=5)
    assert type(found) is int
    assert found == value
    assert _checks.whole_number("n", 10**9, at_least=2) == 10**9


@pytest.mark.parametrize("value", [1, 6, -3, HUGE])
def test_whole_numbers_beyond_the_bounds_are_refused(value: int) -> None:
    says = f"n must be a whole number from 2 to 5; got {_checks.shown(value)}"
    refused(ValueError, says, lambda: _checks.whole_number("n", value, at_least=2, at_most=5))


@pytest.mark.parametrize("value", [2.0, "2", None, True, np.True_, np.array(3), [3], 2 + 0j])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    says = f"n must be a whole number, at least 2,000; got {_checks.shown(value)}"
    refused(TypeError, says, lambda: _checks.whole_number("n", value, at_least=2000))


def test_a_whole_number_has_no_upper_bound_of_its_own() -> None:
    says = "n must be a whole number, at least 0; got -1"
    refused(ValueError, says, lambda: _checks.whole_number("n", -1, at_least=0))
    says = "n must be a whole number from 0 to 0; got 1"
    refused(ValueError, says, lambda: _checks.whole_number("n", 1, at_least=0, at_most=0))
    says = "n must be a whole number from 1,000 to 2,000; got 1"
    refused(ValueError, says, lambda: _checks.whole_number("n", 1, at_least=1000, at_most=2000))


@pytest.mark.parametrize("value", [5e-324, 1, 7.5, np.float32(0.5), np.int8(3), np.array(2.0)])
def test_real_numbers_are_returned_as_floats(value: Any) -> None:
    found = _checks.real_number("x", value, at_most=7.5)
    assert type(found) is float
    assert found == value


def test_zero_is_a_real_number_where_it_is_allowed() -> None:
    assert _checks.real_number("x", 0, zero_allowed=True) == 0
    refused(
        ValueError,
        "x must be a finite positive number; got 0",
        lambda: _checks.real_number("x", 0),
    )


@pytest.mark.parametrize("value", [-1, -5e-324, np.nan, np.inf, -np.inf, 7.6, HUGE, -HUGE])
def test_real_numbers_beyond_the_bounds_are_refused(value: Any) -> None:
    says = "x must be a finite number, zero or positive, at most 7.5; got "
    refused(
        ValueError,
        says + _checks.shown(value),
        lambda: _checks.real_number("x", value, zero_allowed=True, at_most=7.5),
    )


@pytest.mark.parametrize(
    "value",
    [
        "1",
        b"1",
        True,
        np.True_,
        1j,
        np.complex128(1),
        None,
        [1.0],
        np.array([1.0]),
        {1},
        object,
        np.ma.masked,
    ],
)
def test_what_is_no_real_number_is_refused(value: Any) -> None:
    says = f"x must be a finite positive number; got {_checks.shown(value)}"
    refused(TypeError, says, lambda: _checks.real_number("x", value))


def test_truth_is_true_or_false_only() -> None:
    assert _checks.truth("t", True) is True
    assert _checks.truth("t", np.False_) is False
    for value in (1, 0, None, "yes"):
        says = f"t must be True or False; got {value!r}"
        refused(TypeError, says, lambda value=value: _checks.truth("t", value))


def test_infinity_is_a_real_number_where_it_is_allowed() -> None:
    assert _checks.real_number("x", np.inf, infinity_allowed=True) == np.inf
    says = "x must be a finite positive number, or infinity; got "
    for wrong in (-np.inf, np.nan, 0):
        refused(
            ValueError,
            says + repr(wrong),
            lambda wrong=wrong: _checks.real_number("x", wrong, infinity_allowed=True),
        )


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_one_number_for_all_layers_or_one_a_layer(layers: int) -> None:
    for one in (2, 2.0, np.float32(2), np.array(2.0)):
        found = _checks.for_each_layer("x", one, layers, at_most=2)
        assert found == [2.0] * layers
        assert {type(number) for number in found} == {float}
    for many in ([1, 2, 0.5], (1, 2, 0.5), np.array([1, 2, 0.5])):
        assert _checks.for_each_layer("x", many[:layers], layers) == [1.0, 2.0, 0.5][:layers]
    assert _checks.for_each_layer("x", [0], 1, zero_allowed=True) == [0.0]


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        ([1.0], ValueError, "x must be one number, or 2 of them, one a layer; got [1.0]"),
        ([1, 1, 1], ValueError, "x must be one number, or 2 of them, one a layer; got [1, 1, 1]"),
        ([1, 0], ValueError, "x[1] must be a finite positive number, at most 5; got 0"),
        ([6, 1], ValueError, "x[0] must be a finite positive number, at most 5; got 6"),
        (6, ValueError, "x must be a finite positive number, at most 5; got 6"),
        (None, TypeError, "x must be a finite positive number, at most 5; got None"),
        ("ab", TypeError, "x must be a sequence of numbers; got 'ab'"),
    ],
)
def test_wrong_numbers_for_layers_are_refused(
    value: Any, error: type[Exception], says: str
) -> None:
    refused(error, says, lambda: _checks.for_each_layer("x", value, 2, at_most=5))


def test_zero_for_all_layers_is_never_allowed() -> None:
    refused(
        ValueError,
        "x must be a finite positive number; got 0",
        lambda: _checks.for_each_layer("x", 0, 2, zero_allowed=True),
    )


def test_an_instance_of_a_class_is_returned() -> None:
    assert _checks.instance("i", 3, int) == 3
    refused(TypeError, "i must be a float; got 3", lambda: _checks.instance("i", 3, float))
    says = "i must be an Unshowable; got 'x'"
    refused(TypeError, says, lambda: _checks.instance("i", "x", Unshowable))


def test_a_text_is_not_empty() -> None:
    assert _checks.text("t", " ") == " "
    for wrong in ("", 3, None, b"a"):
        says = f"t must be a text that is not empty; got {wrong!r}"
        refused(TypeError, says, lambda wrong=wrong: _checks.text("t", wrong))


def test_one_of_known_texts() -> None:
    assert _checks.one_of("t", "b", ("a", "b")) == "b"
    for wrong in ("c", 3, ["a"]):
        says = f"t must be one of 'a', 'b'; got {wrong!r}"
        refused(ValueError, says, lambda wrong=wrong: _checks.one_of("t", wrong, {"a": 1, "b": 2}))


# Arrays


@pytest.mark.parametrize("dtype", [np.float64, np.int8, np.uint64, np.float16, np.longdouble])
def test_numbers_come_as_float64(dtype: type) -> None:
    found = _checks.numbers("a", np.array([[1, 2]], dtype), 2, "(n, k)")
    assert found.dtype == np.float64
    assert found.tolist() == [[1.0, 2.0]]


def test_single_precision_is_kept() -> None:
    given = np.ones(3, np.float32)
    assert _checks.numbers("a", given, 1, "(n,)").dtype == np.float32
    assert _checks.numbers("a", [1, 2], 1, "(n,)").tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "value",
    [
        ["a"],
        [None],
        [True],
        [1j],
        [[1], [1, 2]],
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.array(["2020-01-01"], "datetime64[D]"),
    ],
)
def test_what_is_no_real_number_in_an_array_is_refused(value: Any) -> None:
    says = f"a must be an array of real numbers; got {_checks.shown(value)}"
    refused(TypeError, says, lambda: _checks.numbers("a", value, 1, "(n,)"))


@pytest.mark.parametrize("shape", [(2,), (0, 2), (2, 0), (1, 1, 1)])
def test_arrays_of_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    says = f"a must be a non-empty array of shape (n, k); got shape {shape}"
    refused(ValueError, says, lambda: _checks.numbers("a", np.ones(shape), 2, "(n, k)"))


def test_finite_matrix_checks_columns_and_values() -> None:
    assert _checks.finite_matrix("m", [[1, 2]], columns=2).tolist() == [[1.0, 2.0]]
    assert _checks.finite_matrix("m", [[1], [2]]).shape == (2, 1)
    refused(
        ValueError,
        "m must have shape (n, 3); got shape (1, 2)",
        lambda: _checks.finite_matrix("m", [[1, 2]], columns=3),
    )
    refused(
        ValueError,
        "m must be a non-empty array of shape (n, columns); got shape (2,)",
        lambda: _checks.finite_matrix("m", [1, 2]),
    )
    for wrong in (np.nan, np.inf, -np.inf):
        refused(
            ValueError,
            "m must hold finite numbers only; got NaN or infinity",
            lambda wrong=wrong: _checks.finite_matrix("m", [[1, wrong]]),
        )


# Sequences and names


@pytest.mark.parametrize("value", [(1, 2), [1, 2], range(1, 3), np.array([1, 2])])
def test_sequences_have_items(value: Any) -> None:
    assert _checks.several("s", value, "numbers") == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        "12",
        b"12",
        bytearray(b"12"),
        np.ma.masked_array([1, 2], [True, False]),
        {1, 2},
        frozenset({1}),
        {1: 2},
        3,
        None,
        np.ones((2, 2)),
        iter(""),
    ],
)
def test_what_has_no_items_in_order_is_refused(value: Any) -> None:
    says = f"s must be a sequence of numbers; got {_checks.shown(value)}"
    refused(TypeError, says, lambda: _checks.several("s", value, "numbers"))


def test_layer_sizes_are_returned_as_ints() -> None:
    assert _checks.layer_sizes([1, 2]) == (1, 2)
    found = _checks.layer_sizes(np.array([2, 50, 3]))
    assert found == (2, 50, 3)
    assert {type(size) for size in found} == {int}
    assert _checks.layer_sizes((10_000_000, 3)) == (10_000_000, 3)
    # The most parameters that are allowed, 2**27.
    assert _checks.layer_sizes((2**20 - 1, 2**7)) == (2**20 - 1, 2**7)


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        (
            (2,),
            ValueError,
            "sizes must name two layers or more, input first and classes last; got (2,)",
        ),
        ((0, 3), ValueError, "sizes[0] must be a whole number from 1 to 10,000,000; got 0"),
        (
            (2, 10_000_001, 3),
            ValueError,
            "sizes[1] must be a whole number from 1 to 10,000,000; got 10000001",
        ),
        ((2, 1), ValueError, "sizes must end with the number of classes, at least 2; got (2, 1)"),
        (
            (2**20, 2**7),
            ValueError,
            "sizes must ask for at most 134,217,728 parameters; "
            "got (1048576, 128), which asks for 134,217,856",
        ),
        ("23", TypeError, "sizes must be a sequence of whole numbers; got '23'"),
    ],
)
def test_wrong_sizes_are_refused(value: Any, error: type[Exception], says: str) -> None:
    refused(error, says, lambda: _checks.layer_sizes(value))


def test_too_many_numbers_are_refused() -> None:
    _checks.not_too_many("n", 2**27, "numbers", "x")
    says = "n must ask for at most 134,217,728 numbers; got 'x', which asks for 134,217,729"
    refused(ValueError, says, lambda: _checks.not_too_many("n", 2**27 + 1, "numbers", "x"))


def test_precision_is_double_or_single() -> None:
    assert _checks.precision(float) == np.float64
    assert _checks.precision("f4") == np.float32
    for wrong in (None, np.int64, np.float16, "fast", 3):
        says = f"dtype must be numpy.float64 or numpy.float32; got {_checks.shown(wrong)}"
        refused(ValueError, says, lambda wrong=wrong: _checks.precision(wrong))


def test_find_takes_a_name_or_the_thing_itself() -> None:
    known = {"a": 1.5, "b": 2.5}
    assert _checks.find("what", "b", known, float) == 2.5
    assert _checks.find("what", 7.5, known, float) == 7.5
    says = "what must be one of 'a', 'b'; got "
    refused(ValueError, says + "'c'", lambda: _checks.find("what", "c", known, float))
    refused(TypeError, says + "3", lambda: _checks.find("what", 3, known, float))
    refused(TypeError, says + "['a']", lambda: _checks.find("what", ["a"], known, float))


def test_known_names() -> None:
    assert _checks.known_names("which", "a", ("a", "b")) == ("a",)
    assert _checks.known_names("which", ["b", "a"], {"a": 1, "b": 2}) == ("b", "a")
    assert _checks.known_names("which", [], ("a",)) == ()
    says = "which must be some of 'a', 'b'; got "
    for wrong in ("c", ["a", "c"], ["a", 3], [["a"]]):
        refused(
            ValueError,
            says + repr(wrong),
            lambda wrong=wrong: _checks.known_names("which", wrong, ("a", "b")),
        )
    refused(
        TypeError,
        "which must be a sequence of names; got 3",
        lambda: _checks.known_names("which", 3, ("a",)),
    )


# Random streams


def test_a_stream_is_used_as_it_is_and_a_seed_opens_the_legacy_one() -> None:
    for stream in (np.random.RandomState(1), np.random.default_rng(1)):
        assert _checks.random_stream(stream) is stream
    for seed in (0, 7, 2**32 - 1, np.int64(3)):
        found, same = _checks.random_stream(seed), np.random.RandomState(int(seed))
        assert isinstance(found, np.random.RandomState)
        assert found.randn() == same.randn()
    first, second = (_checks.random_stream(None).randn() for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**32, ValueError), ("0", TypeError), (0.5, TypeError)]
)
def test_what_opens_no_stream_is_refused(seed: Any, error: type[Exception]) -> None:
    says = (
        "rng must be a seed from 0 to 2**32 - 1, a numpy RandomState, a numpy Generator or None; "
        f"got {seed!r}"
    )
    refused(error, says, lambda: _checks.random_stream(seed))
