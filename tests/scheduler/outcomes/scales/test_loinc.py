"""LOINC codes: one table, checked digits, and only confirmed codes sent out."""

import pytest

from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.loinc import CODES, Code, check_digit, loinc


def sent_out():
    """Every code a scale shows, of itself, its total, its items and its answers."""
    for known in SCALES.values():
        yield from (known.loinc, known.total_loinc)
        for item in known.items:
            yield from (item.loinc, *(choice.loinc for choice in item.choices))


NUMERIC = sorted(code.code for code in CODES.values() if not code.code.startswith("LA"))


@pytest.mark.parametrize("code", NUMERIC)
def test_every_code_has_the_right_check_digit(code):
    number, digit = code.split("-")

    odd, even = number[::-1][::2], number[::-1][1::2]
    assert (sum(map(int, str(int(odd[::-1]) * 2) + even)) + int(digit)) % 10 == 0


def test_a_mistyped_code_is_refused():
    with pytest.raises(ValueError, match="69689-6"):
        Code("69689-6")

    assert check_digit("69689") == 8


def test_only_verified_codes_of_the_table_are_sent_out():
    verified = {code.code for code in CODES.values() if code.verified}

    assert {code for code in sent_out() if code} == verified


def test_a_code_nobody_confirmed_is_kept_back():
    assert loinc("phq9.how_difficult.2") is None
    assert loinc("phq9.how_difficult.0") == "LA6572-7"


def test_no_code_stands_twice():
    codes = [code.code for code in CODES.values()]

    assert len(set(codes)) == len(codes)
