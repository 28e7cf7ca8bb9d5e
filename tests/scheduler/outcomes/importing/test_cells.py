"""What one cell says."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.outcomes.importing.cells import Unfit, day, line_of_text, moment, record_number, whole
from tests.builders import ZONE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3), ("3.0", 3), ("5.397605346934028e-79", 0), ("-0.0", 0), ("2.9999999", 3), ("1e1", 10), ("-1", -1),
        ("2.5", None), ("", None), ("nan", None), ("inf", None), ("1e9999", None), ("1_0", None), ("\u0663", None),
        ("3 points", None), ("0x1", None), ("9" * 60, None), ("2.999", None),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_however_they_are_written(text, number):
    assert whole(text) == number


@given(st.integers(-1000, 1000), st.floats(-1e-7, 1e-7))
def test_what_is_almost_whole_is_meant_so(number, off):
    assert whole(repr(number + off)) == number


@pytest.mark.parametrize(("text", "number"), [("T-001", "T-001"), ("93705.0", "93705"), ("007", "007"), ("1.5", "1.5")])
def test_a_record_number_is_as_the_clinic_writes_it(text, number):
    assert record_number(text) == number


@pytest.mark.parametrize(("text", "code"), [("", "blank"), ("x" * 41, "long"), ("a\tb", "control")])
def test_a_text_is_one_line_of_some_letters(text, code):
    with pytest.raises(Unfit) as caught:
        line_of_text(text, most=40)

    assert caught.value.code == code


def test_a_date_is_one_of_the_calendar():
    assert day("2018-02-28") == date(2018, 2, 28)


@pytest.mark.parametrize("text", ["2018-02-30", "20180228", "1899-12-31", "2200-01-01", "28.02.2018", ""])
def test_what_is_no_date_is_told(text):
    with pytest.raises(Unfit, match="YYYY-MM-DD"):
        day(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2018-01-01", datetime(2018, 1, 1, 5, 0, tzinfo=UTC)),
        ("2018-07-01", datetime(2018, 7, 1, 4, 0, tzinfo=UTC)),
        ("2018-01-01T09:30", datetime(2018, 1, 1, 14, 30, tzinfo=UTC)),
        ("2018-01-01 09:30:15", datetime(2018, 1, 1, 14, 30, 15, tzinfo=UTC)),
        ("2018-01-01T09:30:00Z", datetime(2018, 1, 1, 9, 30, tzinfo=UTC)),
        ("2018-01-01T09:30:00.5+02:00", datetime(2018, 1, 1, 7, 30, 0, 500_000, tzinfo=UTC)),
        ("2018-11-04T01:30-04:00", datetime(2018, 11, 4, 5, 30, tzinfo=UTC)),
    ],
)
def test_times_are_instants_and_a_date_is_the_beginning_of_the_clinics_day(text, at):
    assert moment(text, ZONE) == at


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_have_jumped():
    assert moment("2018-11-04", ZoneInfo("America/Sao_Paulo")) == datetime(2018, 11, 4, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("yesterday", "time"), ("2018-13-01", "date"), ("2018-01-01T25:00", "time"), ("1900-01-01T00:00Z", "time"),
        ("2199-12-31T23:59-05:00", "time"), ("2018-03-11T02:30", "nonexistent-local-time"),
        ("2018-11-04T01:30", "ambiguous-local-time"), ("2018-W01-1", "time"), ("", "time"),
    ],
)  # fmt: skip
def test_times_that_are_none_are_told(text, code):
    with pytest.raises(Unfit) as caught:
        moment(text, ZONE)

    assert caught.value.code == code
