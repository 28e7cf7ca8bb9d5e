"""Rounding half up, once, from the exact value."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.sessions.drug.amounts import exact, fits, half_up

LEAST, MOST = Decimal("0.001"), Decimal(500)


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (Decimal("41.25"), 1, "41.3"),
        (Decimal("41.249"), 1, "41.2"),
        (Decimal("-41.25"), 1, "-41.3"),
        (Decimal("0.5"), 0, "1"),
        (Decimal("1.5"), 0, "2"),
        (Decimal("-0.04"), 1, "0.0"),
        (Decimal(0), 2, "0.00"),
        (Decimal(35), 1, "35.0"),
        (Fraction(100, 3), 3, "33.333"),
        (Fraction(2, 3), 4, "0.6667"),
    ],
)
def test_a_half_goes_away_from_zero(value, places, rounded):
    found = half_up(value, places)

    assert str(found) == rounded


def test_a_value_just_below_the_half_is_not_rounded_twice():
    below = Fraction("0.25") - Fraction(1, 10**40)

    found = half_up(below, 1)

    assert found == Decimal("0.2")


def test_a_narrow_decimal_context_takes_nothing_away():
    with localcontext() as context:
        context.prec = 2

        found = half_up(Fraction("123456.789"), 2)

    assert str(found) == "123456.79"


@given(st.fractions(-1000, 1000, max_denominator=10**6), st.integers(0, 5))
def test_a_rounded_value_is_the_nearest_of_its_places(value, places):
    found = exact(half_up(value, places))

    assert abs(found - value) * 2 * 10**places <= 1
    assert abs(found) >= abs(value) or abs(found - value) * 2 * 10**places < 1


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("0.001", True),
        ("500", True),
        ("5E+2", True),
        ("1.5000", True),
        ("0", False),
        ("-1", False),
        ("500.001", False),
        ("1.0005", False),
        ("1.00000000000000000000000000000000001", False),
        ("1E-999999", False),
        ("1E+999999", False),
        ("NaN", False),
        ("sNaN", False),
        ("Infinity", False),
    ],
)
def test_only_a_number_within_its_bounds_and_places_fits(text, fit):
    assert fits(Decimal(text), LEAST, MOST, 3) is fit
