"""The report on staff: exact figures, lines that add up, rows that make up the figure, and the mean day."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete

from scheduler.clinic_time import MINUTE
from scheduler.errors import Invalid, NotFound
from scheduler.models import EndKind, Shift
from scheduler.protocols import ResourceKind
from scheduler.utilization.figures.figures import Asked, By, Unit
from scheduler.utilization.staffing.curve import read_curves
from scheduler.utilization.staffing.measures import UNTOLD, What
from scheduler.utilization.staffing.report import MEASURES, read_staffing
from scheduler.utilization.staffing.rows import read_rows
from tests.builders import MONDAY, clinic_instant
from tests.counting import counted
from tests.kept_days import Keeper

WEEK = (MONDAY, MONDAY + timedelta(days=6))


@pytest.fixture
def staffed(clinic, at):
    """Monday as planned, and a no-show; Tuesday three at once, the last of them after hours."""
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    keep = Keeper(clinic)
    _as_planned(keep, at("Mon 09:00"))
    keep.missed(keep.plan("B", at("Mon 09:00")))
    _as_planned(keep, at("Tue 16:00"))
    _as_planned(keep, at("Tue 16:00"), chair="B")
    _as_planned(keep, at("Tue 17:00"), nurse="N2")
    keep.cancelled(keep.plan("A", at("Wed 09:00")), notice=timedelta(days=3), late=False)
    return clinic


def _as_planned(keep, starts, *, chair="A", nurse="N1"):
    keep.sat(
        keep.plan(chair, starts, nurse=nurse), starts, starts + 130 * MINUTE, started=starts + 30 * MINUTE,
        ended_at=starts + 70 * MINUTE, end_kind=EndKind.COMPLETED, free=starts + 145 * MINUTE,
    )  # fmt: skip


def report(db, clinic, at, by=None, *, days=WEEK, now="Thu 00:00"):
    return read_staffing(db, Asked(*days, by), actor=clinic.manager, now=at(now))


def told(line, kind="nurse"):
    """The figures of one kind as value, numerator and denominator."""
    return {
        each.measure.key.removeprefix(f"{kind}_"): (each.value, each.numerator, each.denominator)
        for each in line.figures if each.measure.key.startswith(kind)
    }  # fmt: skip


def test_what_nurses_were_asked_is_told_of_all_of_them_together(db, staffed, at):
    found = report(db, staffed, at)

    on_duty = 3 * 2 * 600 * 3
    assert told(found.whole) == {
        "utilization": (round(680 / on_duty, 4), 680, on_duty),
        "planned_utilization": (round(850 / on_duty, 4), 850, on_duty),
        "peak_ratio": (0.6667, 4, 6),
        "quarters_above": (round(5 / 125, 4), 5, 125),
        "idle": (6 * 600 - 130 - 120 - 60, 3290, None),
        "overloaded": (40, 40, None),
        "off_duty": (10 + 70, 80, None),
        "overtime": (10 + 70, 80, None),
        "starts": (round(4 / 125, 4), 4, 125),
        "most_starts": (2, None, None),
    }


def test_prescribers_are_told_of_by_themselves(db, staffed, at):
    found = told(report(db, staffed, at).whole, "prescriber")

    assert found["utilization"] == (round(400 / (6 * 1800), 4), 400, 6 * 1800)
    assert found["overtime"] == (70, 70, None)
    assert found["peak_ratio"] == (0.5, 3, 6)


def test_load_while_off_duty_is_told_of(db, staffed, at):
    without = report(db, staffed, at, days=(MONDAY, MONDAY))

    assert len(report(db, staffed, at).notes) == len(without.notes) + 1


@pytest.mark.parametrize("by", [By.DAY, By.MONTH, By.WEEKDAY, By.HOUR, By.RESOURCE])
def test_the_lines_of_what_adds_up_make_up_the_whole(db, staffed, at, by):
    found = report(db, staffed, at, by)

    for measure in MEASURES:
        figures = [line.figure(measure.key) for line in found.lines]
        adds_up = measure.unit in {Unit.SHARE, Unit.MINUTES} and not measure.key.endswith("above")
        if adds_up:
            assert sum(each.numerator or 0 for each in figures) == found.whole.figure(measure.key).numerator
        assert [line.figures[MEASURES.index(measure)].measure for line in found.lines] == [measure] * len(figures)


def test_lines_are_in_their_natural_order(db, staffed, at):
    lines = {by: [(line.key, line.label) for line in report(db, staffed, at, by).lines] for by in (By.DAY, By.HOUR)}

    assert lines[By.DAY] == [(day, day) for day in ("2026-03-02", "2026-03-03", "2026-03-04")]
    assert lines[By.HOUR] == [(f"{hour}", f"{hour:02}:00") for hour in range(8, 20)]


def test_a_nurse_has_no_figures_of_prescribers_and_the_other_way_round(db, staffed, at):
    lines = {line.label: line for line in report(db, staffed, at, By.RESOURCE).lines}

    assert list(lines) == ["N1", "P1", "N2"]
    assert told(lines["N1"])["overloaded"] == (40, 40, None)
    assert told(lines["N1"])["peak_ratio"] == (1.3333, 4, 3)
    assert told(lines["N2"])["overtime"] == (70, 70, None)
    assert set(told(lines["N1"], "prescriber").values()) == set(told(lines["P1"]).values()) == {(None, None, None)}
    assert told(lines["N1"])["quarters_above"] == (None, None, None)


def test_an_hour_has_no_peak_of_a_minute(db, staffed, at):
    line = next(line for line in report(db, staffed, at, By.HOUR).lines if line.key == "16")

    assert told(line)["peak_ratio"] == (None, None, None)
    assert told(line)["utilization"] == (round((2 * 100) / (3 * 6 * 60), 4), 200, 3 * 6 * 60)


def test_a_week_without_anybody_has_nothing_to_divide_by(db, clinic, at):
    db.execute(delete(Shift))

    found = told(report(db, clinic, at).whole)

    assert (found["utilization"], found["idle"], found["most_starts"]) == ((None, 0, 0), (0, 0, None), (0, None, None))


def test_what_is_to_come_is_not_told(db, staffed, at):
    assert report(db, staffed, at, days=(date(2026, 4, 1), date(2026, 4, 2)), by=By.DAY).lines == ()
    assert told(report(db, staffed, at, now="Mon 09:20").whole)["utilization"] == (round(40 / 480, 4), 40, 480)


@pytest.mark.parametrize(
    "read", [read_staffing, lambda db, asked, **by: read_rows(db, asked, "nurse_idle", None, **by)]
)
@pytest.mark.parametrize("by", [By.PROTOCOL, By.PRESCRIBER])
def test_a_split_by_which_staff_are_not_told_is_refused(db, clinic, at, read, by):
    with pytest.raises(Invalid) as refused:
        read(db, Asked(*WEEK, by), actor=clinic.manager, now=at("Thu 00:00"))

    assert [fault.where for fault in refused.value.faults] == ["by"]


def rows(db, clinic, measure, line=None, by=None):
    return read_rows(db, Asked(*WEEK, by), measure, line, actor=clinic.manager, now=clinic_instant("Thu 00:00"))


@pytest.mark.parametrize("by", [None, By.DAY, By.WEEKDAY, By.HOUR, By.RESOURCE])
def test_the_rows_of_every_figure_make_up_its_numerator(db, staffed, at, by):
    found = report(db, staffed, at, by)

    for line in (found.whole, *found.lines[::4]):
        for figure in line.figures:
            opened = rows(db, staffed, figure.measure.key, line.key, by)
            number = figure.numerator if figure.value is None or figure.denominator is not None else figure.value
            assert sum(row.value for row in opened) == (number or 0), (figure.measure.key, line.key)
            assert [row.key for row in opened] == sorted({row.key for row in opened})


def test_a_load_opens_into_its_visits_and_the_time_on_duty(db, staffed, at):
    found = rows(db, staffed, "nurse_utilization", "2026-03-03", By.DAY)

    visits = [(row.resource, row.value, row.words) for row in found if row.counted]
    assert [each[:2] for each in visits] == [("N1", 170), ("N1", 170), ("N2", 170)]
    assert all(
        row.appointment_id and row.series_id and row.patient_id and row.patient is None for row in found if row.counted
    )
    duty = [row for row in found if not row.counted]
    assert sorted((row.resource, row.value, row.ends_at - row.starts_at) for row in duty) == [
        ("N1", 0, timedelta(hours=10)), ("N2", 0, timedelta(hours=10))
    ]  # fmt: skip


def test_minutes_open_into_spans(db, staffed, at):
    (found,) = rows(db, staffed, "nurse_overloaded")

    assert (found.resource, found.starts_at, found.ends_at) == ("N1", at("Tue 16:00"), at("Tue 16:40"))
    assert found.appointment_id is None


def test_a_peak_opens_into_the_visits_of_its_minute(db, staffed, at):
    found = rows(db, staffed, "nurse_peak_ratio")

    assert [(row.starts_at, row.value, row.resource) for row in found] == [(at("Tue 16:00"), 2, "N1")] * 2


def test_the_quarter_hours_above_capacity_stand_among_all_that_were_staffed(db, staffed, at):
    found = rows(db, staffed, "nurse_quarters_above")

    assert [row.starts_at for row in found if row.counted] == [
        at(f"Tue {each}") for each in ("18:00", "18:15", "18:30", "18:45", "19:00")
    ]
    assert len(found) == 125


def test_starts_open_into_visits_and_the_quarter_hours_they_are_divided_by(db, staffed, at):
    found = rows(db, staffed, "nurse_starts")

    assert sorted(row.starts_at for row in found if row.counted) == [
        at("Mon 09:30"), at("Tue 16:30"), at("Tue 16:30"), at("Tue 17:30")
    ]  # fmt: skip
    assert len(found) == 125 + 4
    assert [row.starts_at for row in rows(db, staffed, "nurse_most_starts")] == [at("Tue 16:30")] * 2


def test_a_figure_or_a_line_that_is_not_there_is_not_found(db, staffed, at):
    chair = str(staffed.resource("A").id)

    for measure, line, by in [
        ("nurse_happiness", None, None), ("nurse_idle", chair, By.RESOURCE), ("nurse_idle", str(uuid4()), By.RESOURCE),
        ("nurse_idle", "2026-04-02", By.DAY), ("nurse_idle", "24", By.HOUR),
    ]:  # fmt: skip
        with pytest.raises(NotFound):
            rows(db, staffed, measure, line, by)


def test_what_a_split_does_not_tell_opens_into_nothing(db, staffed, at):
    assert UNTOLD == {What.PEAK: (By.HOUR,), What.FULL: (By.RESOURCE,)}

    assert rows(db, staffed, "nurse_peak_ratio", "16", By.HOUR) == []
    assert rows(db, staffed, "nurse_most_starts", "2026-03-04", By.DAY) == []


def test_the_mean_day_is_over_the_days_that_were_staffed(db, staffed, at):
    found = read_curves(db, *WEEK, actor=staffed.manager, now=at("Sun 20:00")).nurse

    nine, four = found.points[36], found.points[64]
    assert (found.days, found.peak, len(found.points)) == (5, (4, 6), 96)
    assert (nine.time, nine.capacity, nine.planned, nine.actual) == ("09:00", 6, 0.8, 0.4)
    assert (four.time, four.actual, four.high, four.highest) == ("16:00", 0.8, 4, 4)
    assert found.points[66].starts == 0.4


def test_the_mean_day_of_nobody_is_nothing(db, clinic, at):
    found = read_curves(db, date(2026, 3, 7), date(2026, 3, 8), actor=clinic.manager, now=at("Sun 20:00"))

    assert (found.nurse.days, found.prescriber.days) == (0, 0)
    assert {point.actual for point in found.nurse.points} == {0.0}


def test_an_unbelievable_range_is_refused(db, clinic, at):
    backwards, who = (MONDAY, MONDAY - timedelta(days=1)), {"actor": clinic.manager, "now": at("Thu 00:00")}

    for read in (lambda: read_staffing(db, Asked(*backwards), **who), lambda: read_curves(db, *backwards, **who)):
        with pytest.raises(Invalid):
            read()


def test_other_clinics_are_not_counted(db, staffed, elsewhere, at):
    assert report(db, elsewhere, at).whole.figure("nurse_utilization").numerator == 0


def test_a_month_takes_as_many_statements_as_a_day(db, staffed, at):
    def number(days):
        with counted(db) as sent:
            report(db, staffed, at, By.DAY, days=days)
            read_rows(db, Asked(*days), "nurse_utilization", None, actor=staffed.manager, now=at("Thu 00:00"))
        return len(sent)

    assert number((MONDAY, MONDAY)) == number((MONDAY - timedelta(days=30), MONDAY))
