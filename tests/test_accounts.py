"""What the accounts of an error's way share: ratios, products beyond a float's range, words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vanishing.accounts import check_balance, judged, product, ratio, short, verdict


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [(3.0, 2.0, 1.5), (0.0, 2.0, 0.0), (2.0, 0.0, math.inf), (1e-300, 1e300, 0.0)],
)
def test_a_ratio_says_by_what_a_norm_was_multiplied(
    after: float, before: float, expected: float
) -> None:
    assert ratio(after, before) == expected


@pytest.mark.parametrize("pair", [(0.0, 0.0), (1.0, math.nan), (math.nan, 1.0), (math.nan, 0.0)])
def test_what_cannot_be_known_has_no_ratio(pair: tuple[float, float]) -> None:
    assert math.isnan(ratio(*pair))


@given(st.lists(st.floats(1e-3, 1e3), max_size=30), st.integers(-40, 40))
def test_a_product_is_exact_where_floats_have_room(factors: list[float], power: int) -> None:
    mantissa, exponent = product([*factors, 2.0**power])
    assert math.ldexp(mantissa, exponent) == pytest.approx(math.prod(factors) * 2.0**power)


def test_a_product_has_no_smallest_and_no_largest() -> None:
    for factor in (0.25, 4.0):
        mantissa, exponent = product([factor] * 10_000)
        assert (mantissa, exponent) == (0.5, 1 + 10_000 * int(math.log2(factor)))
    assert product([]) == (1.0, 0)


def test_books_balance_up_to_rounding() -> None:
    check_balance(1e-12)
    with pytest.raises(ArithmeticError, match=r"out of balance by a share of 2\.0e-12"):
        check_balance(2e-12)


@pytest.mark.parametrize(
    ("factor", "word"),
    [(1 / 3, "healthy"), (3.0, "healthy"), (3.1, "grows"), (math.inf, "grows"), (0.33, "")],
)
def test_a_step_is_healthy_from_a_third_to_three(factor: float, word: str) -> None:
    assert judged(factor, 1.0) == word
    assert judged(factor, 1e-300) == word
    assert judged(factor, 0.0) == "no error arrives"


@pytest.mark.parametrize(
    ("attenuation", "word"),
    [
        (0.0, "vanishes"),
        (0.0099, "vanishes"),
        (0.01, "arrives"),
        (100.0, "arrives"),
        (101.0, "explodes"),
        (math.inf, "explodes"),
        (math.nan, "no error"),
    ],
)
def test_an_error_vanishes_or_explodes_by_a_hundred(attenuation: float, word: str) -> None:
    assert verdict(attenuation) == word


def test_factors_are_shown_in_two_digits() -> None:
    assert [short(factor) for factor in (0.12345, 12.345, 1e-9)] == ["x 0.12", "x 12", "x 1e-09"]
