"""The calendar as it would be after a change is the calendar as it is once the change has been made."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from scheduler.administration import clinics, resources
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
    Stood,
    after,
    as_document,
    from_document,
    reach,
    while_planning,
)
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.reading import read_calendar
from scheduler.clinic_time import DAY, minute_of
from scheduler.models import Shift
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY

LAST = MONDAY + 27 * DAY
MORNINGS = tuple(WeeklyHours(day, 480, 720) for day in (0, 2, 4))


@pytest.fixture
def shift(db, clinic, at):
    """The nurse's shift on Tuesday, and what it is before any change."""
    nurse = clinic.resource("N1").id
    row = db.scalars(select(Shift).where(Shift.resource_id == nurse, Shift.starts_at == at("Tue 08:00"))).one()
    return row, Stood(nurse, row.starts_at, row.ends_at)


def in_order(calendar):
    """The opening hours in one order: the database has none among those of one time."""
    return tuple(sorted(calendar.hours, key=lambda hours: (hours.weekday, hours.opens, hours.valid_from)))


@pytest.fixture
def foretold(db, clinic, now):
    """Asserts that a change does to the stored calendar, once it is made, what `after` said."""

    def assert_foretold(change, make):
        before = read_calendar(db, clinic.id, MONDAY, LAST)
        expected = after(before, change)
        expected = replace(expected, hours=in_order(expected))
        assert [expected.open_on(day) for day in before.days]  # masks are kept from here on

        make()
        db.flush()

        made = read_calendar(db, clinic.id, MONDAY, LAST)
        assert replace(expected, version=made.version) == replace(made, hours=in_order(made))
        for resource, day in product(made.resources, made.days):
            assert expected.available_mask(resource, day) == made.available_mask(resource, day)

    return assert_foretold


def test_a_withdrawn_shift_is_gone(clinic, shift, foretold):
    row, stood = shift

    foretold(
        ShiftWithdrawn(row.id, stood),
        lambda: resources.remove_shift(clinic.db, row, actor=clinic.administrator, now=clinic.now),
    )


@pytest.mark.parametrize("becomes", [("Tue 10:00", "Tue 12:00"), ("Sat 08:00", "Sat 12:00")])
def test_a_changed_shift_is_where_it_was_put(clinic, at, shift, foretold, becomes):
    row, stood = shift
    times = dict(zip(("starts_at", "ends_at"), map(at, becomes), strict=True))

    foretold(
        ShiftChanged(row.id, **times, stood=stood),
        lambda: resources.change_shift(clinic.db, row, **times, actor=clinic.administrator, now=clinic.now),
    )


def test_a_shift_moved_out_of_the_days_looked_at_is_not_there(clinic, at, shift, foretold):
    row, stood = shift
    times = {"starts_at": at("Sat 08:00", week=25), "ends_at": at("Sat 12:00", week=25)}

    foretold(
        ShiftChanged(row.id, **times, stood=stood),
        lambda: resources.change_shift(clinic.db, row, **times, actor=clinic.administrator, now=clinic.now),
    )


def test_a_retired_resource_ends_now(db, clinic, now, foretold):
    chair = clinic.resource("A")

    foretold(
        ResourceRetired(chair.id, now),
        lambda: resources.retire_resource(db, chair, actor=clinic.administrator, now=now),
    )


@pytest.mark.parametrize("name", [None, "A", "N1"])
def test_a_closure_takes_its_span(clinic, at, foretold, name):
    owner = clinic.resource(name).id if name else None
    for begins, ends in (("Thu 08:00", "Thu 12:00"), ("Mon 09:00", "Mon 10:00")):
        span = {"starts_at": at(begins), "ends_at": at(ends), "reason": "Flood", "resource_id": owner}

        foretold(
            ClosureAdded(**span),
            lambda span=span: clinics.add_closure(clinic.db, **span, actor=clinic.administrator, now=clinic.now),
        )


@pytest.mark.parametrize("offset", [0, 9, 40])
def test_new_hours_hold_from_their_day_on_and_undo_what_was_set_for_later(clinic, foretold, offset):
    later = {"weekly": MORNINGS[:1], "valid_from": MONDAY + 14 * DAY, "actor": clinic.administrator, "now": clinic.now}
    clinics.replace_hours(clinic.db, **later)
    valid_from = MONDAY + timedelta(days=offset)

    foretold(
        HoursReplaced(valid_from, MORNINGS),
        lambda: clinics.replace_hours(
            clinic.db, weekly=MORNINGS, valid_from=valid_from, actor=clinic.administrator, now=clinic.now
        ),
    )


def test_who_hands_a_day_over_is_there_and_takes_nothing_new(db, clinic):
    nurse, day = clinic.resource("N1"), MONDAY + DAY
    before = read_calendar(db, clinic.id, MONDAY, LAST)
    change = Reassigned(nurse.id, day)
    seen = before.resource(nurse.id)

    planning = while_planning(before, change)

    assert after(before, change) == before
    assert planning.available(seen, day) == []
    assert planning.available(seen, MONDAY) == before.available(seen, MONDAY) != []


def changes(clinic, at, now):
    nurse, shift_id = clinic.resource("N1").id, clinic.resource("P1").id
    yield ShiftWithdrawn(shift_id)
    yield ShiftChanged(shift_id, ends_at=at("Tue 12:00"))
    yield ResourceRetired(nurse, now)
    yield ClosureAdded(at("Tue 08:00"), at("Tue 12:00"), "Flood")
    yield ClosureAdded(at("Tue 08:00"), at("Tue 12:00"), "Flood", nurse)
    yield HoursReplaced(MONDAY, MORNINGS)
    yield Reassigned(nurse, MONDAY)


def test_every_change_survives_its_journey(clinic, at, now):
    for change in changes(clinic, at, now):
        assert from_document(as_document(change)) == change


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "closure_added", "starts_at": 29_500_000, "ends_at": 29_500_005, "reason": "x" * 501},
        {"kind": "closure_added", "starts_at": 29_500_000, "ends_at": 29_500_005, "reason": "a\0"},
        {"kind": "reassign", "resource_id": "0" * 32, "day": "0001-01-01"},
        {"kind": "hours_replaced", "valid_from": "2026-03-02", "weekly": [["0", 480, 720]]},
        {"kind": "shift_withdrawn", "shift_id": "0" * 32, "stood": None},
        {"kind": "shift_changed", "shift_id": "0" * 32, "starts_at": -(10**9)},
        {"kind": "reassign", "resource_id": "0" * 32, "day": "2300-01-01"},
        {"kind": "no such"},
    ],
)
def test_what_is_no_change_is_not_read_as_one(document):
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_document(document)


def test_a_change_that_has_not_been_read_cannot_be_foretold(db, clinic):
    calendar = read_calendar(db, clinic.id, MONDAY, LAST)

    with pytest.raises(ValueError, match="read"):
        after(calendar, ShiftWithdrawn(clinic.id))


def test_a_change_reaches_as_far_as_it_makes_a_difference(clinic, at, now):
    zone, nurse = ZoneInfo("America/New_York"), clinic.resource("N1")
    shift = Stood(nurse.id, at("Tue 08:00"), at("Tue 18:00"))
    assert nurse.kind is ResourceKind.NURSE

    spans = [
        reach(change, zone)
        for change in (
            ShiftWithdrawn(clinic.id, shift), ShiftChanged(clinic.id, at("Wed 08:00"), at("Wed 09:00"), shift),
            ResourceRetired(nurse.id, now), ClosureAdded(at("Tue 08:00"), at("Tue 18:00"), "Flood"),
            HoursReplaced(MONDAY, MORNINGS), Reassigned(nurse.id, MONDAY),
        )
    ]  # fmt: skip

    tuesday, monday = (minute_of(at("Tue 08:00")), minute_of(at("Tue 18:00"))), minute_of(at("Mon 00:00"))
    assert [(each.start, each.end) for each in spans] == [
        tuesday, tuesday, (minute_of(now), None), tuesday, (monday, None), (monday, monday + 1440)
    ]  # fmt: skip
    assert [each.resource_id for each in spans] == [nurse.id, nurse.id, nurse.id, None, None, nurse.id]
