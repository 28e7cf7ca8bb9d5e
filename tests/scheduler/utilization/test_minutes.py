"""Open, booked and free minutes, also recounted minute by minute."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.errors import Invalid
from scheduler.intervals import Interval
from scheduler.models import Closure, Resource
from scheduler.opening import Hours
from scheduler.protocols import ResourceKind
from scheduler.utilization.minutes import By, Claimed, Minutes, measure, report, resource_days
from tests.builders import MONDAY
from tests.scheduler.administration.booked import booked_visit

CHAIR, NURSE, PRESCRIBER = ResourceKind.CHAIR, ResourceKind.NURSE, ResourceKind.PRESCRIBER
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEW_YORK, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
ALWAYS = date(2020, 1, 1)
TUESDAY = MONDAY + timedelta(days=1)


def chair(number):
    return Bookable(UUID(int=number), CHAIR, f"Chair {number}", 1, number)


ONE_CHAIR = (chair(1),)


def calendar_of(zone, first, last, *, spans=((0, 1440),), resources=ONE_CHAIR, **more):
    hours = tuple(Hours(day, opens, closes, ALWAYS) for day in range(7) for opens, closes in spans)
    return ClinicCalendar(
        zone=zone, version=1, first=first, last=last, hours=hours, resources=tuple(resources), **more
    )  # fmt: skip


def utc_minute(day, minute, zone):
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    return (wall.astimezone(UTC) - EPOCH) // timedelta(minutes=1)


def claimed(zone, day, *spans, units=1):
    return [Claimed(Interval(utc_minute(day, a, zone), utc_minute(day, b, zone)), units) for a, b in spans]


def total(days):
    return sum((each.minutes for each in days), Minutes())


def test_the_published_vector_comes_out():
    calendar = calendar_of(NEW_YORK, MONDAY, MONDAY, spans=[(540, 780)], resources=[chair(1), chair(2)])
    claims = {
        UUID(int=1): claimed(NEW_YORK, MONDAY, (540, 660), (660, 780)),
        UUID(int=2): claimed(NEW_YORK, MONDAY, (570, 690), (690, 810)),
    }

    found = total(measure(calendar, claims))

    assert (found.open, found.booked, found.free, found.outside, found.share) == (480, 450, 30, 30, 0.9375)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (NEW_YORK, date(2026, 3, 8), 23), (NEW_YORK, date(2026, 11, 1), 25), (NEW_YORK, date(2026, 3, 9), 24),
        (LORD_HOWE, date(2026, 4, 5), 24.5), (LORD_HOWE, date(2026, 10, 4), 23.5), (LORD_HOWE, date(2026, 10, 5), 24),
    ],
)  # fmt: skip
def test_a_day_is_as_long_as_its_clocks_have_it(zone, day, hours):
    found = total(measure(calendar_of(zone, day, day), {}))

    assert found.open == hours * 60


def test_a_claim_across_midnight_counts_on_both_days():
    calendar = calendar_of(NEW_YORK, MONDAY, MONDAY + timedelta(days=1))

    days = measure(calendar, {UUID(int=1): claimed(NEW_YORK, MONDAY, (1380, 1500))})

    assert [each.minutes.booked for each in days] == [60, 60]


def test_what_a_claim_has_beyond_the_days_asked_for_does_not_count():
    calendar = calendar_of(NEW_YORK, MONDAY, MONDAY)

    found = total(measure(calendar, {UUID(int=1): claimed(NEW_YORK, MONDAY, (-60, 60), (1380, 1500))}))

    assert (found.booked, found.outside) == (120, 0)


def test_a_nurses_minutes_count_by_units():
    nurse = Bookable(UUID(int=1), NURSE, "N", 3, 1)
    shift = claimed(NEW_YORK, MONDAY, (540, 600))[0].span
    calendar = calendar_of(NEW_YORK, MONDAY, MONDAY, resources=[nurse], shifts={nurse.id: (shift,)})

    found = total(measure(calendar, {nurse.id: claimed(NEW_YORK, MONDAY, (540, 580), units=2)}))

    assert (found.open, found.booked, found.free) == (180, 80, 100)


def test_where_nothing_is_open_there_is_no_share():
    found = total(measure(calendar_of(NEW_YORK, MONDAY, MONDAY, spans=()), {}))

    assert (found.open, found.share) == (0, None)


def by_day(db, clinic, first, last):
    lines = report(db, first=first, last=last, by=By.DAY, actor=clinic.manager).lines
    return {(line.day, line.kind): line.minutes for line in lines}


def by_name(db, clinic, first, last):
    lines = report(db, first=first, last=last, by=By.RESOURCE, actor=clinic.manager).lines
    return {line.name: line.minutes for line in lines}


def test_a_clinics_days_are_told_by_kind(db, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))

    assert by_day(db, clinic, MONDAY, TUESDAY) == {
        (MONDAY, CHAIR): Minutes(1200, 145), (MONDAY, NURSE): Minutes(1800, 145), (MONDAY, PRESCRIBER): Minutes(3600),
        (TUESDAY, CHAIR): Minutes(1200), (TUESDAY, NURSE): Minutes(1800), (TUESDAY, PRESCRIBER): Minutes(3600),
    }  # fmt: skip


def test_a_clinics_resources_are_told_over_the_range(db, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))
    booked_visit(clinic, at("Fri 15:00"))

    assert by_name(db, clinic, MONDAY, MONDAY + timedelta(days=6)) == {
        "A": Minutes(3000, 290), "B": Minutes(3000), "N1": Minutes(9000, 290), "P1": Minutes(18000),
    }  # fmt: skip


def test_a_closure_takes_minutes_from_open(db, clinic, at):
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Mon 12:00"), ends_at=at("Mon 13:00"), reason="Lunch"))

    found = by_day(db, clinic, MONDAY, MONDAY)

    assert (found[MONDAY, CHAIR].open, found[MONDAY, NURSE].open) == (1080, 1620)


def test_a_claim_that_a_later_change_left_outside_is_told_apart(db, clinic, at):
    booked_visit(clinic, at("Mon 09:00"))
    clinic.keep(Closure(clinic_id=clinic.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 10:00"), reason="Flood"))

    assert by_day(db, clinic, MONDAY, MONDAY)[MONDAY, CHAIR] == Minutes(open=1080, booked=85, outside=60)


def test_a_retired_chair_offers_nothing_more(db, clinic, at):
    db.execute(update(Resource).where(Resource.id == clinic.resource("B").id).values(retired_at=at("Mon 10:00")))

    assert by_name(db, clinic, MONDAY, TUESDAY)["B"].open == 120


def test_another_clinics_bookings_do_not_count(db, clinic, elsewhere, at):
    booked_visit(elsewhere, at("Mon 09:00"))

    assert sum(minutes.booked for minutes in by_day(db, clinic, MONDAY, MONDAY).values()) == 0


def test_a_year_takes_six_statements(db, clinic, connection):
    db.flush()
    statements = []
    event.listen(connection, "before_cursor_execute", lambda *seen: statements.append(seen[2]))

    found = resource_days(db, first=MONDAY, last=MONDAY + timedelta(days=365), actor=clinic.manager)

    assert len(statements) == 6
    assert len(found) == 4 * 366


@pytest.mark.parametrize(("first", "last"), [(MONDAY, MONDAY - timedelta(1)), (MONDAY, MONDAY + timedelta(366))])
def test_a_range_too_long_or_turned_round_is_refused(db, clinic, first, last):
    with pytest.raises(Invalid):
        resource_days(db, first=first, last=last, actor=clinic.manager)


@dataclass(frozen=True)
class Case:
    """A calendar of a few days about a change of clocks, and claims that the capacity guard would let in."""

    calendar: ClinicCalendar
    claims: dict[UUID, list[Claimed]]


WHERE = [
    (NEW_YORK, date(2026, 3, 7)), (NEW_YORK, date(2026, 10, 31)),
    (LORD_HOWE, date(2026, 4, 4)), (LORD_HOWE, date(2026, 10, 3)),
]  # fmt: skip
CLOCK = st.integers(0, 288).map(lambda tick: 5 * tick)


@st.composite
def spans(draw, low, high, most):
    """Spans in order that do not overlap, on the grid."""
    edges = sorted(draw(st.sets(st.integers(low // 5, high // 5), max_size=2 * most)))
    return [(5 * a, 5 * b) for a, b in list(pairwise(edges))[::2]]


@st.composite
def cases(draw):
    zone, first = draw(st.sampled_from(WHERE))
    last = first + timedelta(days=2)
    low, high = utc_minute(first, 0, zone), utc_minute(last, 1440, zone)
    instants = spans(low - 600, high + 600, 4)
    moments = st.none() | st.integers(low // 5, high // 5).map(lambda tick: 5 * tick)
    nurse = Bookable(UUID(int=2), NURSE, "N", 3, 2, since=draw(moments), retired=draw(moments))
    calendar = calendar_of(
        zone, first, last, spans=draw(spans(0, 1440, 3)), resources=[chair(1), nurse],
        closures={None: _intervals(draw(instants)), nurse.id: _intervals(draw(instants))},
        shifts={nurse.id: _intervals(draw(instants))},
    )  # fmt: skip
    wanted = st.tuples(st.integers(low // 5 - 100, high // 5), st.integers(1, 144), st.integers(1, 2))
    asked = draw(st.lists(wanted, max_size=12))
    return Case(calendar, {each.id: _admitted(each.capacity, asked) for each in calendar.resources})


def _intervals(pairs):
    return tuple(Interval(*pair) for pair in pairs)


def _admitted(capacity, asked):
    admitted, load = [], {}
    for start, length, units in asked:
        ticks = range(start, start + length)
        if all(load.get(tick, 0) + units <= capacity for tick in ticks):
            load.update({tick: load.get(tick, 0) + units for tick in ticks})
            admitted.append(Claimed(Interval(5 * start, 5 * (start + length)), units))
    return admitted


def recount(case, resource, day):
    """(open, booked, free, outside), asked of each minute by what a clock on the wall shows."""
    calendar, claims = case.calendar, case.claims[resource.id]
    opened = booked = free = outside = reached = 0
    for minute in range(utc_minute(day, 0, calendar.zone), utc_minute(day, 1440, calendar.zone)):
        wall = (EPOCH + timedelta(minutes=minute)).astimezone(calendar.zone)
        reached = max(reached, wall.hour * 60 + wall.minute)  # a time shown twice means its first showing
        units = sum(claim.units for claim in claims if claim.span.start <= minute < claim.span.end)
        if _is_there(calendar, resource, minute, reached):
            opened, booked, free = opened + resource.capacity, booked + units, free + resource.capacity - units
        else:
            outside += units
    return opened, booked, free, outside


def _is_there(calendar, resource, minute, reached):
    def inside(found):
        return any(span.start <= minute < span.end for span in found)

    is_open = any(hours.opens <= reached < hours.closes for hours in calendar.hours)
    is_closed = inside(calendar.closures[None]) or inside(calendar.closures.get(resource.id, ()))
    on_shift = resource.kind == CHAIR or inside(calendar.shifts[resource.id])
    begun = resource.since is None or resource.since <= minute
    ended = resource.retired is not None and resource.retired <= minute
    return is_open and not is_closed and on_shift and begun and not ended


@settings(max_examples=60, deadline=None)
@given(cases())
def test_booked_and_free_make_up_open_and_a_recount_of_every_minute_agrees(case):
    found = list(measure(case.calendar, case.claims))

    for each in found:
        minutes = each.minutes
        assert minutes.booked + minutes.free == minutes.open
        assert (minutes.open, minutes.booked, minutes.free, minutes.outside) == recount(case, each.resource, each.day)
