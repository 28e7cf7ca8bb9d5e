"""The chairs' report: its figures on days one can count by hand, its lines, and what it costs."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from scheduler.errors import Invalid
from scheduler.models import OpeningHours
from scheduler.utilization.chairs.measures import COUNTINGS
from scheduler.utilization.chairs.report import MEASURES, read_chairs
from scheduler.utilization.figures.figures import Asked, By
from scheduler.utilization.ledger.kinds import LOST
from tests.builders import MDD_INDUCTION, MONDAY, clinic_instant
from tests.counting import counted
from tests.kept_days import Keeper

LATER = clinic_instant("Mon 09:00", week=5)
SPRING = date(2026, 3, 8)
"""On this Sunday the clocks skip the hour from two to three."""


@pytest.fixture
def read(db, clinic):
    def reading(last=MONDAY, *, by=None, first=MONDAY, now=LATER, cast=clinic):
        return read_chairs(db, Asked(first, last, by), actor=cast.manager, now=now)

    return reading


def value(line, key):
    return line.figure(key).value


def test_every_measure_has_a_key_of_its_own_and_words_that_are_sentences():
    assert len({measure.key for measure in MEASURES}) == len(MEASURES)
    assert all(measure.formula.endswith(".") and measure.population.endswith(".") for measure in MEASURES)
    assert {str(cause) for cause in LOST} <= {counting.measure.key for counting in COUNTINGS}


def test_a_day_without_visits_is_all_lost(read):
    whole = read().whole

    assert (value(whole, "open"), value(whole, "lost"), value(whole, "lost_of_open")) == (1200, 1200, 1)
    assert (value(whole, "chair_days"), value(whole, "infusions_per_chair_day")) == (2, 0)
    assert whole.figure("no_show_rate").value is None


def test_a_closed_chair_is_open_and_not_available(db, read, clinic, at):
    from scheduler.models import Closure

    clinic.keep(
        Closure(
            clinic_id=clinic.id, resource_id=clinic.resource("A").id, starts_at=at("Mon 08:00"),
            ends_at=at("Mon 10:00"), reason="Painting",
        )
    )  # fmt: skip

    whole = read().whole

    assert (value(whole, "blocked"), value(whole, "open"), value(whole, "available")) == (120, 1200, 1080)


def test_prime_time_is_told_apart(read, clinic, at):
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 11:00")), at("Mon 11:00"), at("Mon 13:00"))

    whole = read().whole

    assert whole.figure("prime_actual_utilization").denominator == 2 * 240
    assert value(whole, "prime_actual_utilization") == 120 / 480
    assert value(whole, "actual_utilization") == 120 / 1200


def test_nothing_is_divided_by_no_time_at_all(db, read):
    db.execute(delete(OpeningHours))

    whole = read().whole

    assert (value(whole, "open"), value(whole, "actual_utilization")) == (0, None)


def test_days_to_come_are_in_no_line(read):
    report = read(MONDAY + timedelta(days=4), by=By.DAY, now=clinic_instant("Tue 12:00"))

    assert [line.key for line in report.lines] == ["2026-03-02", "2026-03-03"]
    assert value(report.whole, "open") == 1200 + 2 * 240
    assert report.until == clinic_instant("Tue 12:00")


def test_the_week_of_the_clock_change_has_the_minutes_that_passed(db, read, clinic):
    db.execute(delete(OpeningHours))
    clinic.keep(
        OpeningHours(clinic_id=clinic.id, weekday=6, opens=0, closes=24 * 60, valid_from=date(2026, 1, 1))
    )  # fmt: skip

    report = read(SPRING, by=By.HOUR)

    assert value(report.whole, "open") == 2 * 23 * 60
    assert sum(value(line, "open") for line in report.lines) == 2 * 23 * 60
    hours = {line.key: value(line, "open") for line in report.lines}
    assert ("2" in hours, hours["3"]) == (False, 120)


def test_by_protocol_what_no_visit_is_behind_stands_last_and_the_rest_adds_up(read, clinic, at):
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))

    report = read(by=By.PROTOCOL)

    assert [line.label for line in report.lines] == [MDD_INDUCTION.name, "No visit behind it"]
    assert [value(line, "used") for line in report.lines] == [120, 0]
    assert [line.figure("actual_utilization").denominator for line in report.lines] == [1200, 1200]
    assert [value(line, "chair_days") for line in report.lines] == [None, None]


def test_another_clinics_visits_are_in_no_figure(read, elsewhere, at):
    before = read()
    keep = Keeper(elsewhere)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))

    assert read() == before
    assert value(read(cast=elsewhere).whole, "used") == 120


def test_no_number_of_days_or_visits_makes_it_ask_more(db, read, clinic, at):
    keep, asked = Keeper(clinic), []
    read()
    for visits, days in ((2, 7), (2, 28), (20, 28)):
        for number in range(visits):
            start = at("Mon 08:00", week=number % 4) + timedelta(days=number % 5)
            keep.sat(keep.plan("AB"[number % 2], start), start, start + timedelta(hours=2))
        with counted(db) as statements:
            read(MONDAY + timedelta(days=days - 1), by=By.RESOURCE)
        asked.append(len(statements))

    assert len(set(asked)) == 1


def test_what_cannot_be_asked_is_refused(read):
    with pytest.raises(Invalid):
        read(MONDAY - timedelta(days=1))


def test_days_on_which_nothing_was_open_say_so(db, clinic, at):
    report = read_chairs(db, Asked(date(2027, 1, 1), date(2027, 1, 31)), actor=clinic.manager, now=at("Fri 20:00"))

    assert report.notes == ("No chair was open on these days, as far as they have come.",)
