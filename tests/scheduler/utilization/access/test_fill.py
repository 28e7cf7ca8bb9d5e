"""How full the chairs were, at the start and a day before, and with which notice their places were given back."""

from datetime import date, timedelta

import pytest

from scheduler.clinic_time import instant
from scheduler.models import AppointmentStatus, OpeningHours
from scheduler.utilization.access.report import read_rows
from scheduler.utilization.figures.figures import Asked, By
from tests.builders import MDD_INDUCTION, MONDAY, ZONE
from tests.kept_days import TWO_HOURS, Keeper
from tests.scheduler.utilization.access.access_past import (
    FRIDAY,
    HOUR,
    booked,
    cancelled,
    shares,
)

TUESDAY = MONDAY + timedelta(days=1)


# Fill rate


def test_what_was_booked_counts_from_when_it_was_booked(keep, clinic, figures, at):
    keep.plan("A", at("Tue 09:00"))
    booked(clinic, keep.plan("B", at("Tue 09:00")), at("Mon 12:00"))

    found = figures(TUESDAY, TUESDAY)

    assert (shares(found, "fill_at_start"), shares(found, "fill_day_before")) == ((240, 1200), (120, 1200))


def test_what_was_moved_away_overnight_had_filled_its_place_the_day_before(keep, figures, at):
    visit = keep.plan("A", at("Tue 09:00"))
    keep.moved(visit, at("Wed 09:00"), at=at("Mon 20:00"))

    tuesday, wednesday = (figures(day, day) for day in (TUESDAY, TUESDAY + timedelta(days=1)))

    assert [shares(tuesday, key)[0] for key in ("fill_at_start", "fill_day_before")] == [0, 120]
    assert [shares(wednesday, key)[0] for key in ("fill_at_start", "fill_day_before")] == [120, 120]


def test_a_visit_moved_to_and_fro_fills_the_place_it_had_then(keep, figures, at):
    visit = keep.plan("A", at("Wed 09:00"))
    keep.moved(visit, at("Thu 09:00"), at=at("Mon 12:00"))
    keep.moved(visit, at("Wed 09:00"), at=at("Tue 12:00"))

    found = figures(by=By.DAY, line="2026-03-04"), figures(by=By.DAY, line="2026-03-05")

    assert [shares(each, "fill_at_start")[0] for each in found] == [120, 0]
    assert [shares(each, "fill_day_before")[0] for each in found] == [0, 0]


def test_what_was_called_off_and_booked_anew_fills_one_place(keep, clinic, figures, at):
    series = keep.series()
    cancelled(keep, keep.plan("A", at("Tue 09:00"), series=series), notice=20 * HOUR)
    again = keep.plan("A", at("Tue 09:00"), series=series)
    keep.sat(again, at("Tue 09:00"), at("Tue 11:00"))

    found = figures(TUESDAY, TUESDAY)

    assert [shares(found, key) for key in ("fill_at_start", "fill_day_before")] == [(120, 1200)] * 2
    assert (found["lead_time"].value, found["clog_time"].value) == (1, 1)


def test_a_missed_visit_taken_back_had_kept_its_place(keep, clinic, figures, at):
    visit = keep.plan("A", at("Tue 09:00"))
    keep.missed(visit)
    keep._step(visit, AppointmentStatus.BOOKED, at("Tue 09:30"))
    keep.sat(visit, at("Tue 09:40"), at("Tue 11:00"))

    found = figures()

    assert shares(found, "fill_at_start") == (120, 6000)


def test_closed_hours_are_not_offered(keep, clinic, figures, at):
    clinic.resource("B").retired_at = at("Tue 10:00")
    clinic.db.flush()
    keep.plan("B", at("Tue 09:00"))

    assert shares(figures(TUESDAY, TUESDAY), "fill_at_start") == (60, 720)


def test_a_chair_that_is_gone_offers_nothing(clinic, figures, at):
    clinic.resource("B").retired_at = at("Mon 07:00")
    clinic.db.flush()

    assert shares(figures(), "fill_at_start") == (0, 3000)


def test_days_to_come_have_no_figures_yet(keep, figures, at):
    keep.plan("A", at("Tue 09:00", week=4))
    later = MONDAY + timedelta(weeks=4)

    found = figures(later, later + timedelta(days=4))

    assert (shares(found, "fill_at_start"), found["third_next"].population) == ((0, 0), 0)


def test_by_protocol_every_line_is_a_share_of_the_whole(keep, clinic, figures, at):
    keep.plan("A", at("Tue 09:00"))
    Keeper(clinic).plan("B", at("Tue 09:00"))
    names = [str(clinic.protocols[each.key].id) for each in (TWO_HOURS, MDD_INDUCTION)]

    found = [shares(figures(TUESDAY, TUESDAY, by=By.PROTOCOL, line=name), "fill_at_start") for name in names]

    assert found == [(120, 1200), (145, 1200)]


def test_by_chair_each_has_its_own_minutes(keep, clinic, figures, at):
    keep.plan("A", at("Tue 09:00"))

    found = figures(TUESDAY, TUESDAY, by=By.RESOURCE, line=str(clinic.resource("A").id))

    assert shares(found, "fill_at_start") == (120, 600)


def test_a_day_before_is_24_hours_where_the_clocks_change(keep, clinic, figures, at):
    sunday = date(2026, 3, 8)
    clinic.keep(OpeningHours(clinic_id=clinic.id, weekday=6, opens=480, closes=1080, valid_from=date(2026, 1, 1)))
    for chair, minute in (("A", 7 * 60), ("B", 7 * 60 - 5)):  # at eight the day before it was 25 hours
        visit = keep.plan(chair, instant(sunday, 9 * 60, ZONE))
        booked(clinic, visit, instant(sunday - timedelta(days=1), minute, ZONE))

    found = figures(sunday, sunday)

    assert [shares(found, key)[0] for key in ("fill_at_start", "fill_day_before")] == [240, 120]


# Cancellations


def test_the_notice_of_a_cancellation_is_exact_to_the_minute(keep, figures, at):
    for chair, hours in (("A", 23), ("B", 24), ("A", 47), ("B", 71), ("A", 80)):
        cancelled(keep, keep.plan(chair, at("Fri 09:00")), notice=hours * HOUR)

    found = figures()

    assert found["cancellation_notice"].value == 47 * 60
    assert [shares(found, f"cancelled_within_{hours}_hours") for hours in (24, 48, 72)] == [(1, 5), (3, 5), (4, 5)]


def test_what_was_only_moved_is_no_cancellation(keep, figures, at):
    keep.moved(keep.plan("A", at("Tue 09:00")), at("Wed 09:00"), at=at("Mon 20:00"))

    assert shares(figures(), "cancelled_within_24_hours") == (0, 0)


@pytest.mark.parametrize(("begins", "counts"), [("10:00", 1), ("10:05", 0), ("08:00", 1), ("07:55", 0)])
def test_a_place_is_filled_again_by_a_visit_that_has_half_of_it(keep, figures, at, begins, counts):
    cancelled(keep, keep.plan("A", at("Tue 09:00")), notice=48 * HOUR)
    keep.sat(keep.plan("A", at(f"Tue {begins}")), at(f"Tue {begins}"), at("Tue 12:00"))

    assert shares(figures(), "backfill") == (counts, 1)


def test_who_left_the_place_again_before_their_time_has_not_filled_it(keep, figures, at):
    cancelled(keep, keep.plan("A", at("Tue 09:00")), notice=70 * HOUR)
    cancelled(keep, keep.plan("A", at("Tue 09:00")), notice=2 * HOUR)
    keep.moved(keep.plan("A", at("Tue 09:00")), at("Wed 09:00"), at=at("Mon 20:00"))
    keep.plan("B", at("Tue 09:00"))

    assert shares(figures(), "backfill") == (0, 2)


def test_a_place_given_back_long_before_is_none_to_fill_again(keep, figures, at):
    cancelled(keep, keep.plan("A", at("Fri 09:00")), notice=72 * HOUR)

    assert shares(figures(), "backfill") == (0, 0)


def test_lead_and_clog_time_are_dates_subtracted(keep, clinic, figures, at):
    first = instant(date(2026, 3, 1), 23 * 60, ZONE)
    series = keep.series(booked_at=first)
    visit = keep.plan("A", instant(date(2026, 3, 31), 9 * 60, ZONE), series=series)
    keep.sat(keep.plan("B", instant(date(2026, 3, 31), 9 * 60, ZONE), series=keep.series(booked_at=first)),
             instant(date(2026, 3, 31), 9 * 60, ZONE), instant(date(2026, 3, 31), 11 * 60, ZONE))  # fmt: skip
    cancelled(keep, visit, notice=visit.starts_at - instant(date(2026, 3, 30), 5, ZONE))

    found = figures(MONDAY, date(2026, 3, 31), now=instant(date(2026, 4, 1), 600, ZONE))

    assert (found["lead_time"].value, found["clog_time"].value) == (30, 29)


def test_what_is_still_to_come_counts_as_nothing(keep, figures, at):
    cancelled(keep, keep.plan("A", at("Fri 09:00")), notice=90 * HOUR)

    found = figures(now=at("Tue 07:00"))

    assert (found["clog_time"].population, shares(found, "fill_at_start")) == (0, (0, 1200))


def test_what_was_called_off_after_its_time_had_no_notice(db, clinic, keep, figures, at):
    cancelled(keep, keep.plan("A", at("Tue 09:00")), notice=-HOUR, late=True)

    (row,) = read_rows(
        db, Asked(MONDAY, FRIDAY), "cancellation_notice", None, actor=clinic.manager, now=at("Fri 20:00")
    )

    assert (figures()["cancellation_notice"].value, row.words) == (-60, "Called off after it was to begin.")
    assert shares(figures(), "backfill") == (0, 1)
