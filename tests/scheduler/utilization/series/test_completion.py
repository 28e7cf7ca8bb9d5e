"""What became of the courses that began, in histories made by hand, and recounted row by row in random ones."""

from datetime import date, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.clinic_time import instant
from scheduler.errors import Invalid, NotFound
from scheduler.models import Appointment, EndReason, Series, SeriesStatus, TreatmentSession
from scheduler.utilization.figures.figures import Asked, By
from scheduler.utilization.series import reading
from scheduler.utilization.series.report import MEASURES, read_rows, read_series
from tests.builders import MDD_INDUCTION, MONDAY, ZONE
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper

WHOLE = (0, 3, 7, 10, 14, 17)
"""Days of a course that keeps its spacing of three to five days, and its 21 days."""
DAY = timedelta(days=1)
LATER = MONDAY + 90 * DAY
STOPPED = {"status": SeriesStatus.STOPPED, "reason": EndReason.PATIENT_WISH}


@pytest.fixture
def keep(clinic):
    return Keeper(clinic)


@pytest.fixture
def figures(db, clinic):
    """The figures of the courses that began in the week, by their keys."""

    def read(*, by=None, line=None, today=LATER, first=MONDAY, last=MONDAY + 6 * DAY):
        report = read_series(db, Asked(first, last, by), actor=clinic.manager, now=noon(today))
        lines = {each.key: each for each in report.lines}
        found = (lines[line] if line else report.whole).figures
        return {each.measure.key: (each.numerator, each.denominator) for each in found}

    return read


def noon(day):
    return instant(day, 12 * 60, ZONE)


def course(keep, *days, hours=9, **series):
    """A series with an infusion on each of these days after Monday."""
    booked = keep.series(**series)
    for number, day in enumerate(days, 1):
        starts = instant(MONDAY + day * DAY, hours * 60, ZONE)
        keep.sat(keep.plan("A", starts, series=booked, number=number), starts, starts + timedelta(hours=2))
    return booked


def test_a_course_begins_with_its_first_infusion(keep, figures):
    course(keep, 0, 3)
    course(keep, 6, 9)
    course(keep, -3, 0)
    course(keep, 7)
    keep.plan("A", noon(MONDAY))

    assert figures()["started"] == (2, None)


@pytest.mark.parametrize(
    ("days", "counts"), [(WHOLE, 1), ((0, 4, 8, 12, 16, 20), 1), ((0, 4, 8, 12, 16, 21), 0), (WHOLE[:5], 0)]
)
def test_a_window_has_its_first_and_its_last_day(keep, figures, days, counts):
    course(keep, *days)

    assert figures()["completed_in_window"] == (counts, 1)


@pytest.mark.parametrize(("days", "known"), [(20, 0), (21, 1)])
def test_whose_window_is_not_over_is_not_asked_yet(keep, figures, days, known):
    course(keep, *WHOLE)

    assert figures(today=MONDAY + days * DAY)["completed_in_window"] == (known, known)


def test_what_a_course_was_extended_by_is_no_part_of_its_window(keep, figures):
    course(keep, *WHOLE, 40, 60, infusions=8)

    assert figures()["completed_in_window"] == (1, 1)


def test_each_gap_counts_and_a_course_is_on_schedule_without_a_breach(keep, figures):
    course(keep, *WHOLE)
    course(keep, 0, 2, 5, 11)
    course(keep, 0)

    found = figures()

    assert (found["gap_breaches"], found["on_schedule"]) == ((2, 8), (1, 2))


def test_gaps_are_local_days_over_a_clock_change(db, clinic, keep, figures):
    booked = keep.series()
    for number, (day, minute) in enumerate([(4, 1410), (7, 30)], 1):  # 48 hours less, and yet the third day
        starts = instant(MONDAY + day * DAY, minute, ZONE)
        keep.sat(
            keep.plan("A", starts, series=booked, number=number), starts, starts + timedelta(hours=1), started=starts
        )

    assert figures()["gap_breaches"] == (0, 1)


def test_who_gave_up_is_told_by_infusion_and_reason(keep, figures):
    course(keep, *WHOLE, status=SeriesStatus.COMPLETED)
    course(keep, 0, 3, **STOPPED)
    course(keep, 0, 3, 6, status=SeriesStatus.STOPPED, reason=EndReason.CLINICAL_DECISION)
    course(keep, 0, 3, 6)
    course(keep, 0, 3, 6, status=SeriesStatus.ACTIVE)

    found = figures()

    assert found["dropped_out"] == (4, 5)
    assert [found[f"dropped_after_{number}"] for number in (1, 2, 3, 4)] == [(0, 5), (1, 5), (3, 4), (0, 1)]
    reasons = ("patient_wish", "clinical_decision", "not_said", "missed_visits")
    assert [found[f"dropped_for_{reason}"][0] for reason in reasons] == [1, 1, 2, 0]


def test_who_stayed_away_and_said_nothing_missed_their_visits(keep, figures):
    booked = course(keep, 0, 3)
    keep.missed(keep.plan("A", noon(MONDAY + 6 * DAY), series=booked, number=3))
    said = course(keep, 0, 3, **STOPPED)
    keep.missed(keep.plan("A", noon(MONDAY + 6 * DAY), series=said, number=3))

    found = figures()

    assert (found["dropped_for_missed_visits"], found["dropped_for_patient_wish"]) == ((1, 2), (1, 2))


def test_who_has_a_visit_ahead_or_was_there_lately_goes_on(keep, figures):
    course(keep, 0, 3)
    keep.plan("B", noon(LATER + DAY), series=course(keep, 0, 3), number=3)

    assert figures()["dropped_out"] == (1, 1)
    assert figures(today=MONDAY + 47 * DAY)["dropped_out"] == (0, 0)


def test_who_gave_up_after_many_infusions_is_told_together(keep, figures):
    course(keep, *range(0, 48, 4), infusions=20, **STOPPED)

    assert figures(today=LATER + 60 * DAY)["dropped_after_10"] == (1, 1)


def test_a_visit_at_which_nothing_was_given_is_no_infusion(db, keep, figures):
    starts = noon(MONDAY)
    held = keep.sat(keep.plan("A", starts), starts, starts + timedelta(hours=1))
    held.started_at = None
    db.flush()

    assert figures()["started"] == (0, None)


def test_a_course_kept_by_the_desk_alone_counts_as_any(keep, figures):
    visit = keep.plan("A", noon(MONDAY))
    keep.by_desk(visit, arrived=noon(MONDAY), started=noon(MONDAY), left=noon(MONDAY) + timedelta(hours=2))

    assert figures()["started"] == (1, None)


def test_what_follows_another_course_is_no_course_of_its_own(keep, clinic, figures):
    patient, other = clinic.patient(), clinic.patient()
    before = course(keep, -30, patient=patient)
    course(keep, 0, patient=patient, follows_id=before.id)
    course(keep, -20, patient=other)
    course(keep, 1, patient=other)
    course(keep, -60, patient=(later := clinic.patient()))
    course(keep, 2, patient=later)

    assert figures()["started"] == (1, None)


def test_courses_are_told_by_whatever_their_first_infusion_says(keep, clinic, figures):
    clinic.add_protocol(TWO_HOURS)
    course(keep, 0, 3)
    course(Keeper(clinic, TWO_HOURS.key), 1)
    lines = [(By.PROTOCOL, str(clinic.protocols[each.key].id)) for each in (MDD_INDUCTION, TWO_HOURS)]
    lines += [(By.PRESCRIBER, str(clinic.resource("P1").id)), (By.MONTH, "2026-03"), (By.WEEKDAY, "tue")]
    lines += [(By.RESOURCE, str(clinic.resource("A").id)), (By.HOUR, "9")]

    found = [figures(by=by, line=line)["started"] for by, line in lines]

    assert found == [(1, None), (1, None), (2, None), (2, None), (1, None), (2, None), (2, None)]


def test_another_clinic_counts_for_nothing(elsewhere, figures):
    course(Keeper(elsewhere), *WHOLE)

    assert {number for number, _ in figures().values()} == {0}


def test_what_cannot_be_asked_is_refused(db, clinic, figures):
    with pytest.raises(Invalid):
        figures(first=MONDAY, last=MONDAY - DAY)
    with pytest.raises(NotFound):
        read_rows(db, Asked(MONDAY, MONDAY), "nonsense", None, actor=clinic.manager, now=noon(LATER))


def test_a_row_says_what_it_counts_and_why(db, clinic, keep):
    booked = course(keep, 0, 3, **STOPPED)

    (row,) = read_rows(db, Asked(MONDAY, MONDAY), "dropped_out", None, actor=clinic.manager, now=noon(LATER))

    assert (row.series_id, row.patient_id, row.counted) == (booked.id, booked.patient_id, True)
    assert row.words == "Given up after infusion 2 of 6: patient wish."
    assert (row.protocol, row.patient) == (MDD_INDUCTION.name, None)


def random_past(keep, seed, courses=10):
    rng = Random(seed)
    for _ in range(courses):
        day, days = rng.randrange(-3, 9), []
        for _ in range(rng.randrange(1, 7)):
            days.append(day)
            day += rng.randrange(2, 7)
        status = rng.choice([SeriesStatus.ACTIVE, SeriesStatus.STOPPED, SeriesStatus.COMPLETED])
        reason = rng.choice(list(EndReason)) if status is SeriesStatus.STOPPED else None
        course(keep, *days, status=status, reason=reason)


def slow(db, clinic, today):
    """The same figures from the rows one by one: every visit here has a session, and every session its drug."""
    taken: dict[UUID, list[date]] = {}
    rows = select(Appointment.series_id, TreatmentSession.started_at).join(
        TreatmentSession, TreatmentSession.appointment_id == Appointment.id
    )
    for series_id, started in db.execute(rows.where(Appointment.clinic_id == clinic.id)):
        taken.setdefault(series_id, []).append(started.astimezone(ZONE).date())
    mine = {key: sorted(days) for key, days in taken.items() if MONDAY <= min(days) <= MONDAY + 6 * DAY}
    series = {each.id: each for each in db.scalars(select(Series))}
    ended = {
        key: days for key, days in mine.items()
        if len(days) == 6 or series[key].status != SeriesStatus.ACTIVE or (today - days[-1]).days > 45
    }  # fmt: skip
    gaps = {key: [(b - a).days for a, b in pairwise(days)] for key, days in mine.items()}
    fine = {key: [3 <= gap <= 5 for gap in each] for key, each in gaps.items() if each}
    return {
        "started": (len(mine), None),
        "completed_in_window": (sum(len(d) == 6 and (d[5] - d[0]).days < 21 for d in mine.values()), len(mine)),
        "on_schedule": (sum(map(all, fine.values())), len(fine)),
        "gap_breaches": (sum(each.count(False) for each in fine.values()), sum(map(len, fine.values()))),
        "dropped_out": (sum(len(days) < 6 for days in ended.values()), len(ended)),
        "dropped_after_2": (
            sum(len(days) == 2 for days in ended.values()), sum(len(days) >= 2 for days in ended.values())
        ),
        "dropped_for_other": (
            sum(len(d) < 6 and series[k].reason == EndReason.OTHER for k, d in ended.items()),
            sum(len(days) < 6 for days in ended.values()),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_every_figure_is_what_a_slow_recount_comes_to(db, clinic, keep, figures, seed):
    random_past(keep, seed)

    found = figures()

    again = slow(db, clinic, LATER)
    assert {key: found[key] for key in again} == again


@pytest.mark.parametrize("by", [None, By.PROTOCOL, By.WEEKDAY, By.HOUR, By.RESOURCE])
def test_every_figure_opens_into_the_rows_it_counts(db, clinic, keep, by):
    random_past(keep, 3, courses=6)
    asked = Asked(MONDAY, MONDAY + 6 * DAY, by)

    report = read_series(db, asked, actor=clinic.manager, now=noon(LATER))

    for line in (report.whole, *report.lines)[:2]:
        for figure in line.figures[:8]:
            rows = read_rows(db, asked, figure.measure.key, line.key, actor=clinic.manager, now=noon(LATER))
            assert [row.key for row in rows] == sorted({row.key for row in rows})
            assert sum(row.value for row in rows) == figure.numerator
            assert len(rows) == figure.population
    assert tuple(figure.measure for figure in report.whole.figures) == MEASURES


def test_many_courses_take_no_more_statements_than_few(db, clinic, keep):
    random_past(keep, 1, courses=2)
    asked = Asked(MONDAY - 30 * DAY, LATER, By.PROTOCOL)
    read_series(db, asked, actor=clinic.manager, now=noon(LATER))  # versions are read once in a life

    with counted(db) as few:
        read_series(db, asked, actor=clinic.manager, now=noon(LATER))
    random_past(keep, 2)
    with counted(db) as many:
        read_series(db, asked, actor=clinic.manager, now=noon(LATER))

    assert len(many) == len(few) <= 9


def test_courses_asked_for_a_few_at_a_time_are_the_same(db, clinic, keep, monkeypatch):
    random_past(keep, 2)
    asked = Asked(MONDAY - 30 * DAY, LATER, By.PROTOCOL)
    whole = read_series(db, asked, actor=clinic.manager, now=noon(LATER))
    assert whole.whole.figures[0].population > 1

    monkeypatch.setattr(reading, "AT_ONCE", 1)

    assert read_series(db, asked, actor=clinic.manager, now=noon(LATER)) == whole
