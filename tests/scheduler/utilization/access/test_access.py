"""Access to care, in histories made by hand, and recounted event by event in random ones."""

from datetime import date, timedelta

import pytest

from scheduler.clinic_time import instant
from scheduler.errors import Invalid, NotFound
from scheduler.models import AppointmentStatus, EntryState, OpeningHours, Urgency, WaitlistEntry
from scheduler.utilization.access.report import MEASURES, read_access, read_rows
from scheduler.utilization.figures.figures import Asked, By
from tests.builders import MDD_INDUCTION, MONDAY, ZONE
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper
from tests.scheduler.utilization.access.access_past import Recount, booked, cancelled, middle, past

TUESDAY, FRIDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)
LONG_AGO = timedelta(days=30)
HOUR = timedelta(hours=1)


@pytest.fixture
def keep(clinic):
    clinic.add_protocol(TWO_HOURS)
    return Keeper(clinic, TWO_HOURS.key)


@pytest.fixture
def figures(db, clinic, at):
    """The figures of the week, by their keys."""

    def read(first=MONDAY, last=FRIDAY, *, by=None, line=None, now=None):
        report = read_access(db, Asked(first, last, by), actor=clinic.manager, now=now or at("Sun 20:00"))
        lines = {each.key: each for each in report.lines}
        return {each.measure.key: each for each in (lines[line] if line else report.whole).figures}

    return read


def shares(figures, key):
    return figures[key].numerator, figures[key].denominator


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
