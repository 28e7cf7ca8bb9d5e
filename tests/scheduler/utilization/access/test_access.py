"""Who waits and for how long, and the report on access as a whole, recounted event by event in random histories."""

from datetime import timedelta

import pytest

from scheduler.errors import Invalid, NotFound
from scheduler.models import EntryState, Urgency, WaitlistEntry
from scheduler.utilization.access.report import MEASURES, read_access, read_rows
from scheduler.utilization.figures.figures import Asked, By
from tests.builders import MONDAY
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.access.access_past import FRIDAY, HOUR, Recount, cancelled, middle, past, shares

LONG_AGO = timedelta(days=30)


# Lag and the waiting list


def begun(keep, at, when, *, asked=None, **series):
    """A course whose first infusion was given then."""
    patient = keep.cast.patient(created_at=asked or keep.cast.now)
    visit = keep.plan("A", at(when), series=keep.series(patient=patient, **series))
    keep.sat(visit, at(when), at(when) + 2 * HOUR)
    return patient


def entry(clinic, patient, created_at, **changes):
    values = {
        "clinic_id": clinic.id, "patient_id": patient.id, "protocol_id": clinic.protocol.id, "urgency": Urgency.SOON,
        "earliest": MONDAY, "latest": FRIDAY, "weekdays": [0], "opens": 0, "closes": 1440, "notice_minutes": 0,
        "created_at": created_at, **changes,
    }  # fmt: skip
    return clinic.keep(WaitlistEntry(**values))


def test_the_lag_of_a_new_patient_is_from_the_first_the_clinic_heard(keep, figures, at):
    for number, days in enumerate((10, 3, 2)):
        begun(keep, at, f"{('Tue', 'Wed', 'Thu')[number]} 09:00", asked=at("Tue 09:00") - timedelta(days=days))

    found = figures()

    # 10 days; 3 and one more; 2 and two more
    assert (found["lag"].value, found["lag_ninetieth"].value, found["lag"].population) == (4, 10, 3)


def test_who_waited_before_the_booking_asked_when_they_began_to_wait(keep, clinic, figures, at):
    patient = begun(keep, at, "Thu 09:00", asked=at("Wed 09:00"), booked_at=at("Wed 10:00"))
    entry(clinic, patient, at("Mon 09:00"), state=EntryState.PLACED, ended_at=at("Wed 10:00"))
    entry(clinic, patient, at("Thu 10:00"))

    assert figures()["lag"].value == 3


def test_who_was_treated_before_asks_anew(keep, clinic, figures, at):
    patient = begun(keep, at, "Mon 09:00", asked=at("Mon 09:00") - LONG_AGO)
    again = keep.series(patient=patient, booked_at=at("Tue 09:00", week=5))
    visit = keep.plan("A", at("Fri 09:00", week=5), series=again)
    keep.sat(visit, at("Fri 09:00", week=5), at("Fri 11:00", week=5))
    later = MONDAY + timedelta(weeks=5)

    entry(clinic, patient, at("Sun 09:00", week=-1), state=EntryState.PLACED, ended_at=at("Sun 10:00", week=-1))
    waited = entry(clinic, patient, at("Mon 09:00", week=4), state=EntryState.PLACED, ended_at=at("Tue 09:00", week=5))
    first = figures(later, later + timedelta(days=4), now=at("Fri 20:00", week=5))
    clinic.db.delete(waited)
    clinic.db.flush()
    second = figures(later, later + timedelta(days=4), now=at("Fri 20:00", week=5))

    assert (first["lag"].value, second["lag"].value) == (11, 3)


def test_a_later_infusion_of_a_course_is_no_beginning(keep, figures, at):
    series = keep.series()
    for number, day in enumerate(("Mon", "Thu"), 1):
        keep.sat(
            keep.plan("A", at(f"{day} 09:00"), series=series, number=number), at(f"{day} 09:00"), at(f"{day} 11:00")
        )

    assert figures(FRIDAY - timedelta(days=1), FRIDAY)["lag"].population == 0
    assert figures()["lag"].population == 1


def test_a_lag_over_a_clock_change_is_whole_days(keep, figures, at):
    asked = at("Sat 23:30")
    patient = keep.cast.patient(created_at=asked)
    visit = keep.plan("A", at("Mon 00:30", week=1), series=keep.series(patient=patient, booked_at=asked))
    keep.sat(visit, at("Mon 00:30", week=1), at("Mon 02:30", week=1))

    assert figures(MONDAY, MONDAY + timedelta(days=7), now=at("Mon 20:00", week=1))["lag"].value == 2


def test_the_waiting_list_is_as_old_as_those_who_wait_today(keep, clinic, figures, at):
    series = keep.series()
    for since, changes in (
        ("Mon 23:00", {}), ("Wed 09:00", {"protocol_id": None, "series_id": series.id}),
        ("Mon 09:00", {"latest": MONDAY + timedelta(days=3)}),
        ("Mon 09:00", {"state": EntryState.WITHDRAWN, "ended_at": at("Tue 09:00")}),
    ):  # fmt: skip
        entry(clinic, clinic.patient(), at(since), **changes)

    found = figures(now=at("Fri 08:00"))

    assert (found["waiting"].value, found["longest_waiting"].value, found["waiting"].population) == (3, 4, 2)


# The report as a whole


def test_another_clinic_counts_for_nothing(db, clinic, elsewhere, at, figures):
    other = Keeper(elsewhere)
    begun(other, at, "Mon 09:00")
    cancelled(other, other.plan("A", at("Tue 09:00")), notice=5 * HOUR, late=True)
    entry(elsewhere, elsewhere.patient(), at("Mon 09:00"))

    found = figures()

    assert {found[key].population for key in ("lag", "cancellation_notice", "lead_time", "waiting")} == {0}
    assert shares(found, "fill_at_start")[0] == 0


def test_a_range_that_ends_before_it_begins_is_refused(figures):
    with pytest.raises(Invalid) as caught:
        figures(FRIDAY, MONDAY)

    assert caught.value.faults[0].where == "to"


def test_an_hour_is_that_of_the_planned_start_on_the_wall_clock(keep, figures, at):
    cancelled(keep, keep.plan("A", at("Tue 09:00")), notice=5 * HOUR)
    cancelled(keep, keep.plan("A", at("Wed 09:55")), notice=30 * HOUR)
    keep.plan("A", at("Wed 14:00"))

    found = {hour: figures(by=By.HOUR, line=hour) for hour in ("9", "14")}

    assert [shares(each, "cancelled_within_24_hours") for each in found.values()] == [(1, 2), (0, 0)]
    assert [each["lead_time"].population for each in found.values()] == [0, 1]


@pytest.mark.parametrize(("measure", "line"), [("nonsense", None), ("lag", "2026-04-01"), ("lag", "nonsense")])
def test_what_the_report_does_not_have_is_not_found(db, clinic, at, measure, line):
    with pytest.raises(NotFound):
        read_rows(db, Asked(MONDAY, FRIDAY, By.DAY), measure, line, actor=clinic.manager, now=at("Fri 20:00"))


@pytest.mark.parametrize("seed", range(5))
def test_every_figure_is_what_a_slow_recount_comes_to(keep, figures, at, seed):
    past(keep, at, seed)
    slow, days = Recount(keep.cast), [MONDAY + timedelta(days=number) for number in range(5)]

    found = figures()

    assert shares(found, "fill_at_start") == slow.fill(days, timedelta())
    assert shares(found, "fill_day_before") == slow.fill(days, timedelta(days=1))
    assert shares(found, "backfill") == slow.backfill()
    assert shares(found, "cancelled_within_48_hours") == (
        sum(minutes < 48 * 60 for _, minutes in slow.notices()), len(slow.notices())
    )  # fmt: skip
    for key, numbers in (("lead_time", slow.leads()), ("clog_time", slow.clogs()), ("lag", slow.lags())):
        assert (found[key].value, found[key].population) == (middle(numbers), len(numbers))


@pytest.mark.parametrize("by", [None, By.DAY, By.MONTH, By.WEEKDAY, By.PROTOCOL, By.PRESCRIBER, By.RESOURCE, By.HOUR])
def test_every_figure_opens_into_the_rows_it_counts(db, clinic, keep, at, by):
    past(keep, at, 7)
    asked = Asked(MONDAY, FRIDAY, by)

    report = read_access(db, asked, actor=clinic.manager, now=at("Fri 20:00"))

    for line in (report.whole, *report.lines)[:3]:
        for figure in line.figures:
            rows = read_rows(db, asked, figure.measure.key, line.key, actor=clinic.manager, now=at("Fri 20:00"))
            assert [row.key for row in rows] == sorted({row.key for row in rows})
            if figure.numerator is None:
                assert len(rows) == figure.population
            else:
                assert sum(row.value for row in rows if row.counted) == figure.numerator
    assert [figure.measure for figure in report.whole.figures] == list(MEASURES)


@pytest.mark.parametrize("key", ["fill_at_start", "backfill", "cancelled_within_48_hours"])
def test_the_lines_of_a_share_add_up_to_the_whole(db, clinic, keep, at, key):
    past(keep, at, 3)

    for by in (By.DAY, By.PROTOCOL, By.RESOURCE):
        report = read_access(db, Asked(MONDAY, FRIDAY, by), actor=clinic.manager, now=at("Fri 20:00"))
        assert sum(line.figure(key).numerator for line in report.lines) == report.whole.figure(key).numerator


def test_a_split_that_says_nothing_of_a_measure_leaves_it_without_a_value(keep, figures, at):
    keep.plan("A", at("Tue 09:00"))

    found = figures(by=By.DAY, line="2026-03-03")["third_next_today"]

    assert (found.value, found.numerator, found.denominator, found.population) == (None, None, None, 0)


def test_a_long_history_takes_no_more_statements_than_a_short_one(db, clinic, keep, at):
    past(keep, at, 1, visits=2)
    week = Asked(MONDAY, FRIDAY, By.DAY)
    read_access(db, week, actor=clinic.manager, now=at("Fri 20:00"))  # versions of protocols are read once in a life

    with counted(db) as few:
        read_access(db, week, actor=clinic.manager, now=at("Fri 20:00"))
    past(keep, at, 2, visits=15)
    with counted(db) as many:
        read_access(db, Asked(MONDAY - LONG_AGO, FRIDAY, By.DAY), actor=clinic.manager, now=at("Fri 20:00"))

    assert len(many) == len(few) <= 37


def test_a_line_of_which_a_figure_counts_nothing_opens_into_nothing(db, clinic, keep, at):
    asked, line = Asked(MONDAY, FRIDAY, By.PROTOCOL), str(clinic.protocol.id)

    assert read_rows(db, asked, "backfill", line, actor=clinic.manager, now=at("Fri 20:00")) == []


def test_an_hour_in_which_nothing_began_opens_into_nothing_and_a_day_has_no_25th(db, clinic, keep, at):
    asked = Asked(MONDAY, FRIDAY, By.HOUR)

    assert read_rows(db, asked, "lead_time", "23", actor=clinic.manager, now=at("Fri 20:00")) == []
    with pytest.raises(NotFound):
        read_rows(db, asked, "lead_time", "24", actor=clinic.manager, now=at("Fri 20:00"))
