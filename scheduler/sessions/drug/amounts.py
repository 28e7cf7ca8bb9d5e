"""Amounts of drug and fluid: exact inside, rounded half up once, at the edge. Pure."""

from decimal import Decimal
from fractions import Fraction
from math import floor

HALF = Fraction(1, 2)


def exact(value: Decimal | int) -> Fraction:
    """The same number as a fraction, of which nothing is lost on the way."""
    return Fraction(value)


def half_up(value: Fraction | Decimal, places: int) -> Decimal:
    """The value with so many places, a half going away from zero: 41.25 becomes 41.3, where `round` says 41.2.

    Rounded from the exact value and only once, whatever the precision of the decimal context.
    """
    scaled = Fraction(value) * 10**places
    whole = floor(abs(scaled) + HALF)
    digits = tuple(int(digit) for digit in str(whole))
    return Decimal((int(scaled < 0 < whole), digits, -places))


def fits(value: Decimal, least: Decimal, most: Decimal, places: int) -> bool:
    """Whether a number is one, lies from `least` to `most`, and has no more places than are kept."""
    if not value.is_finite() or not least <= value <= most:
        return False
    return value == value.quantize(Decimal((0, (1,), -places)))
