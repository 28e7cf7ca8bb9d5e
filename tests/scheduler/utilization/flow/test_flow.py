"""How long patients wait, whether drugs begin on time, and how long visits take, against their plans."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from scheduler.errors import Invalid, NotFound
from scheduler.models import BookingPolicy, DeferralReason, EndKind
from scheduler.utilization.figures.figures import Asked, By, Unit
from scheduler.utilization.flow import report as flow
from scheduler.utilization.flow import rows as flow_rows
from scheduler.utilization.flow.planned_lengths import read_planned_lengths
from scheduler.utilization.flow.times import compared
from tests.builders import MONDAY, clinic_instant
from tests.counting import counted
from tests.kept_days import Keeper

FRIDAY = MONDAY + timedelta(days=4)


def sat(keep, visit, times, **more):
    """A whole session: arrived, seated, drug begun, drug ended, left."""
    arrived, roomed, started, ended, left = times
    keep.sat(
        visit, roomed, left, started=started, arrived_at=arrived, ended_at=ended, end_kind=EndKind.COMPLETED, **more
    )


@pytest.fixture
def week(clinic, at):
    """Three infusions, one as planned, one late and long, one short; one put off, one by the desk, one missed."""
    keep = Keeper(clinic)

    def clock(day, *times):
        return [at(f"{day} {each}") for each in times]

    visit = keep.plan("A", at("Mon 09:00"))
    sat(keep, visit, clock("Mon", "08:50", "09:05", "09:35", "10:15", "11:15"), ready_at=at("Mon 11:00"))
    visit = keep.plan("B", at("Mon 09:30"))
    sat(keep, visit, clock("Mon", "09:40", "10:00", "10:30", "11:10", "12:40"), free=at("Mon 12:50"))
    visit = keep.plan("A", at("Tue 09:00"))
    sat(keep, visit, clock("Tue", "08:45", "08:55", "09:15", "09:55", "10:40"), ready_at=at("Tue 10:35"))
    keep.sat(
        keep.plan("A", at("Wed 09:00")), at("Wed 09:10"), None, arrived_at=at("Wed 09:00"), started_at=None,
        free=at("Wed 09:30"), deferral=DeferralReason.NOT_FASTED,
    )  # fmt: skip
    visit = keep.plan("B", at("Tue 10:00"))
    keep.by_desk(visit, arrived=at("Tue 10:00"), started=at("Tue 10:40"), left=at("Tue 12:10"))
    keep.missed(keep.plan("B", at("Wed 10:00")))
    keep.plan("A", at("Thu 09:00"))
    return clinic


def report(db, clinic, at, *, by=None, first=MONDAY, last=FRIDAY, now="Fri 20:00"):
    return flow.read_flow(db, Asked(first, last, by), actor=clinic.manager, now=at(now))


def rows(db, clinic, measure, line=None, by=None):
    asked = Asked(MONDAY, FRIDAY, by)
    return flow_rows.read_rows(db, asked, measure, line, actor=clinic.manager, now=clinic_instant("Fri 20:00"))


def test_durations_are_told_as_they_came_out(db, week, at):
    found = report(db, week, at).whole

    durations = [figure for figure in found.figures if figure.measure.unit is Unit.MINUTES]
    assert {figure.measure.key: (figure.value, figure.population) for figure in durations} == {
        "wait_median": (7.5, 4), "wait_p90": (20, 4), "cycle_median": (130, 3), "cycle_p90": (160, 3),
        "cycle_beyond_plan_median": (0, 3), "recovery_median": (60, 3), "recovery_p90": (90, 3),
        "recovery_beyond_plan_median": (0, 3), "ready_median": (42.5, 2), "ready_p90": (45, 2),
        "recovery_p80": (90, 3), "prepare_median": (30, 3), "prepare_p80": (30, 3), "infuse_median": (40, 3),
        "infuse_p80": (40, 3), "turn_over_median": (0, 3), "turn_over_p80": (10, 3),
    }  # fmt: skip


def test_shares_are_told_with_what_they_are_of(db, week, at):
    found = report(db, week, at).whole

    shares = [figure for figure in found.figures if figure.measure.unit is not Unit.MINUTES]
    assert {each.measure.key: (each.value, each.numerator, each.denominator, each.population) for each in shares} == {
        "on_time_start": (0.6667, 2, 3, 3), "cycle_shorter": (0.3333, 1, 3, 3), "cycle_in_band": (0.3333, 1, 3, 3),
        "cycle_longer": (0.3333, 1, 3, 3), "kept_by_desk": (1, 1, None, 5),
    }  # fmt: skip


def test_how_late_is_on_time_is_what_the_clinic_had_decided_by_then(db, week, at):
    db.execute(update(BookingPolicy).values(on_time_minutes=30))
    week.keep(policy_from(db, at("Tue 00:00"), on_time_minutes=0))

    found = report(db, week, at).whole.figure("on_time_start")

    assert (found.numerator, found.denominator) == (3, 3)


def policy_from(db, begins, **changes):
    """The clinic's rules as they are, but for a change from then on."""
    old = db.query(BookingPolicy).first()
    names = [each.key for each in BookingPolicy.__table__.columns if each.key not in ("id", "effective_from")]
    return BookingPolicy(**{name: getattr(old, name) for name in names} | {"effective_from": begins} | changes)


def test_a_clinic_that_has_decided_nothing_allows_a_quarter_of_an_hour(db, week, at):
    db.query(BookingPolicy).delete()

    assert report(db, week, at).whole.figure("on_time_start").numerator == 2


def test_whoever_reads_it_is_told_of_visits_that_are_not_measured(db, week, at):
    keep = Keeper(week)
    keep.sat(keep.plan("B", at("Fri 09:00")), at("Fri 09:00"), None)

    desk, unended = report(db, week, at).notes

    assert desk.startswith("1 of 6 visits were kept by the desk alone")
    assert unended.startswith("Of 1 visits nobody has written down that the patient left")


def test_a_clinic_without_visits_has_no_figures_and_no_notes(db, clinic, at):
    found = report(db, clinic, at)

    assert {figure.value for figure in found.whole.figures} == {None, 0.0}
    assert found.notes == ()


def test_what_is_still_to_come_is_not_counted(db, week, at):
    found = report(db, week, at, now="Mon 09:20").whole

    assert found.figure("wait_median").population == 1


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (By.DAY, [(f"2026-03-0{day}", wait) for day, wait in ((2, 12.5), (3, 0), (4, 10), (5, None), (6, None))]),
        (By.WEEKDAY, [("mon", 12.5), ("tue", 0), ("wed", 10), ("thu", None), ("fri", None)]),
        (By.MONTH, [("2026-03", 7.5)]), (By.HOUR, [("9", 7.5), ("10", None)]),
    ],
)  # fmt: skip
def test_it_is_split_by_time(db, week, at, by, lines):
    found = report(db, week, at, by=by).lines

    assert [(line.key, line.figure("wait_median").value) for line in found] == lines


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (By.RESOURCE, [("A", 5, 3), ("B", 20, 1)]), (By.PRESCRIBER, [("P1", 7.5, 4)]),
        (By.PROTOCOL, [("Depression, induction, twice weekly", 7.5, 4)]),
    ],
)  # fmt: skip
def test_it_is_split_by_chair_protocol_and_prescriber(db, week, at, by, lines):
    found = report(db, week, at, by=by).lines

    waits = [(line.label, line.figure("wait_median")) for line in found]
    assert [(label, wait.value, wait.population) for label, wait in waits] == lines


@pytest.mark.parametrize("by", [None, *By])
def test_every_figure_of_every_line_opens_into_what_it_counts(db, week, at, by):
    found = report(db, week, at, by=by)

    for line in (found.whole, *found.lines):
        for figure in line.figures:
            opened = rows(db, week, figure.measure.key, line.key, by)
            counts_visits = figure.measure.unit is Unit.VISITS
            assert len(opened) == (figure.numerator if counts_visits else figure.population)
            if figure.numerator is not None:
                assert sum(row.value for row in opened) == sum(row.counted for row in opened) == figure.numerator


def test_a_row_says_what_it_is(db, week, at):
    first, late, early = rows(db, week, "on_time_start")

    assert [first.counted, late.counted, early.counted] == [True, False, True]
    assert late.words == "Began 30 min after its planned start; 15 are allowed."
    assert early.words == "Began 15 min before its planned start; 15 are allowed."
    assert (late.resource, late.starts_at, late.patient) == ("B", at("Mon 09:30"), None)
    assert None not in (late.patient_id, late.appointment_id, late.series_id)


def test_rows_say_how_long_and_how_they_were_recorded(db, week, at):
    waits, records = rows(db, week, "wait_median"), rows(db, week, "kept_by_desk")
    cycles = rows(db, week, "cycle_longer")

    assert [row.words for row in waits] == ["Wait: 5 min.", "Wait: 20 min.", "Wait: 0 min.", "Wait: 10 min."]
    assert {row.words for row in records} == {"Kept by the desk alone: no times are measured."}
    assert [row.words for row in cycles if row.counted] == ["Sat for 160 min, 130 were planned."]


@pytest.mark.parametrize(("measure", "line"), [("mood", None), ("wait_median", "Q")])
def test_what_is_not_there_is_not_found(db, week, at, measure, line):
    with pytest.raises(NotFound):
        rows(db, week, measure, line, By.RESOURCE)


def test_a_range_turned_round_is_refused(db, clinic, at):
    with pytest.raises(Invalid):
        report(db, clinic, at, first=FRIDAY, last=MONDAY)


def test_a_year_takes_as_many_statements_as_a_day(db, week, at):
    report(db, week, at)  # the protocol is kept from here on

    with counted(db) as day:
        report(db, week, at, first=MONDAY, last=MONDAY)
    with counted(db) as year:
        report(db, week, at, last=MONDAY + timedelta(days=364), now="Fri 20:00")

    assert len(day) == len(year) <= 13


def test_another_clinics_visits_are_not_measured(db, clinic, elsewhere, at):
    keep = Keeper(elsewhere)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))

    assert report(db, clinic, at).whole.figure("wait_median").population == 0


@pytest.mark.parametrize(
    ("lasted", "planned", "side"),
    [(90, 100, 0), (89, 100, -1), (110, 100, 0), (111, 100, 1), (220, 200, 0), (221, 200, 1), (20, 10, 0), (0, 15, -1)],
)
def test_in_band_is_ten_minutes_or_ten_percent(lasted, planned, side):
    assert compared(lasted, planned) == side


def lengths(db, clinic, at):
    asked = Asked(MONDAY, MONDAY + timedelta(days=30))
    found = read_planned_lengths(db, asked, actor=clinic.manager, now=at("Fri 20:00", week=4))
    return {each.phase: each for each in found}


def test_phases_are_told_against_their_plans(db, week, at):
    found = lengths(db, week, at)

    assert list(found) == ["prepare", "infuse", "recover", "turn_over"]
    assert [each.planned for each in found.values()] == [30, 40, 60, 15]
    assert (found["prepare"].visits, found["prepare"].median, found["prepare"].most) == (3, 30, 30)
    assert (found["recover"].median, found["recover"].most, found["recover"].outside) == (60, 90, 2)
    assert (found["turn_over"].visits, found["turn_over"].outside) == (3, 2)


def test_the_numbers_of_a_phase_open_into_its_visits(db, week, at):
    found = lengths(db, week, at)

    for each in found.values():
        opened = [rows(db, week, one.key, each.protocol_id, By.PROTOCOL) for one in each.measures]
        assert [len(one) for one in opened] == [each.visits, each.visits]
        (line,) = report(db, week, at, by=By.PROTOCOL).lines
        assert [line.figure(one.key).value for one in each.measures] == [each.median, each.most]
        assert all(f"{each.planned} were planned" in row.words for row in opened[0])


def many(clinic, at, visits, *, recover):
    """So many visits, one a day, that go as planned but for how long patients rest."""
    keep = Keeper(clinic)
    for number in range(visits):
        start = at("Mon 09:00", week=0) + timedelta(days=number)
        times = [start, start, start + timedelta(minutes=30), start + timedelta(minutes=70)]
        sat(keep, keep.plan("A", start), [*times, times[-1] + timedelta(minutes=recover(number))])


def test_a_plan_that_is_wrong_for_many_is_put_right(db, clinic, at):
    many(clinic, at, 20, recover=lambda number: 60 if number < 13 else 83)

    found = lengths(db, clinic, at)["recover"]

    assert (found.planned, found.visits, found.outside, found.most, found.suggested) == (60, 20, 7, 83, 85)


@pytest.mark.parametrize(
    ("visits", "recover"),
    [
        (19, lambda _: 90),  # too few
        (21, lambda number: 60 if number < 14 else 90),  # a third, and not more
        (20, lambda number: 60 if number < 10 else 20),  # four of five keep to the plan as it is
    ],
)
def test_a_plan_is_left_alone_without_a_reason(db, clinic, at, visits, recover):
    many(clinic, at, visits, recover=recover)

    assert lengths(db, clinic, at)["recover"].suggested is None


def test_a_phase_that_nobody_charted_has_its_plan_alone(db, clinic, at):
    keep = Keeper(clinic)
    keep.by_desk(keep.plan("A", at("Mon 09:00")), arrived=at("Mon 09:00"), started=at("Mon 09:30"), left=None)

    found = lengths(db, clinic, at)["infuse"]

    assert (found.planned, found.visits, found.median, found.most, found.suggested) == (40, 0, None, None, None)
