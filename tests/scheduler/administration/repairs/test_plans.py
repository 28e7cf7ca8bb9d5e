"""A plan as it is asked for and handed out: what is refused, and what it costs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
)
from scheduler.administration.repairs import from_text
from scheduler.administration.standing import take_calendar
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.opaque import pack, unpack
from scheduler.clinic_time import DAY
from scheduler.errors import Invalid, NotFound, Retired, ShiftOverlaps
from scheduler.protocols import ResourceKind
from tests.builders import MONDAY, OPENS
from tests.counting import counted
from tests.scheduler.administration.broken_days import book, places, repair, shift_of
from tests.scheduler.administration.repairs.changes import sick

MORNINGS = tuple(WeeklyHours(day, OPENS, 780) for day in range(5))


def impossible(clinic, at):
    """Changes that cannot be made, with what refuses each."""
    nobody, thursday = clinic.id, shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id
    yield ShiftWithdrawn(nobody), NotFound
    yield ResourceRetired(nobody), NotFound
    yield Reassigned(nobody, MONDAY), NotFound
    yield Reassigned(clinic.resource("N1").id, MONDAY - 3 * DAY), Invalid
    yield ClosureAdded(at("Thu 08:00"), at("Thu 08:00"), "Flood"), Invalid
    yield ClosureAdded(at("Thu 08:00"), at("Thu 09:00"), "Flood", nobody), NotFound
    yield HoursReplaced(MONDAY - 7 * DAY, MORNINGS), Invalid
    yield HoursReplaced(MONDAY, MORNINGS * 2), Invalid
    yield ShiftChanged(thursday, starts_at=at("Wed 09:00")), ShiftOverlaps
    yield ShiftChanged(thursday, starts_at=at("Fri 09:00")), Invalid


def test_a_change_that_cannot_be_made_is_refused_before_any_plan(db, clinic, at):
    for change, refusal in impossible(clinic, at):
        with pytest.raises(refusal):
            repair(clinic, db, change)


def test_what_is_retired_is_not_retired_again(db, clinic, now):
    clinic.resource("A").retired_at = now
    db.flush()

    with pytest.raises(Retired):
        repair(clinic, db, ResourceRetired(clinic.resource("A").id))


def test_a_dry_run_writes_nothing_and_says_whose_records_it_showed(db, clinic, at, booked):
    before = places(db)

    repair(clinic, db, sick(clinic, at))

    note = db.info["audit"][-1]
    assert (note.action, note.details) == ("repair.planned", {"patients": sorted(map(str, booked))})
    assert places(db) == before


@pytest.mark.parametrize("text", ["", "x", "AAAA"])
def test_a_plan_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        from_text(text)


def forged(plan, **members):
    """A plan put together by hand."""
    document = unpack(plan.plan, lambda document: document)
    return pack({**document, **members})


def test_a_forged_plan_is_refused_and_a_clinic_that_is_not_there_too(db, clinic, at, now, booked):
    plan = repair(clinic, db, sick(clinic, at))
    series = unpack(plan.plan, lambda document: document["changes"])

    for changes in ([{**series[0], "kind": "move"}], [series[0], series[0]], [{**series[0], "visits": 1}]):
        with pytest.raises(Invalid):
            from_text(forged(plan, changes=changes))
    with pytest.raises(Invalid):
        from_text(forged(plan, breaches="no"))
    with pytest.raises(NotFound):
        take_calendar(db, uuid4())


def test_a_repair_takes_as_many_statements_for_six_patients_as_for_one(db, clinic, at, commit):
    for day, number in (("Tue", 1), ("Thu", 5)):
        for place in range(number):
            weekday = {"Tue": (1, 4), "Thu": (0, 3)}[day]
            book(
                clinic,
                db,
                chair="AB"[place % 2],
                minute=OPENS + 45 * (place % 2) + 150 * (place // 2),
                weekdays=weekday,
            )
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    spent = []

    for day in ("Tue", "Thu"):
        change = ShiftWithdrawn(shift_of(clinic, db, "N1", at(f"{day} 08:00")).id)
        repair(clinic, db, change)  # keeps the calendar of this version
        with counted(db) as reading:
            plan = plan_of(clinic, db, change)
        with counted(db) as writing:
            commit(plan)
        spent.append((len(reading), len(writing)))

    assert spent[0] == spent[1]


def plan_of(clinic, db, change):
    plan = repair(clinic, db, change)
    assert plan.plan
    return plan


def test_more_than_a_plan_is_made_for_is_refused(db, clinic, at, booked, monkeypatch):
    monkeypatch.setattr("scheduler.administration.broken.MOST_FALLEN", 1)

    with pytest.raises(Invalid, match="2 appointments would fall"):
        read_broken(db, sick(clinic, at), actor=clinic.scheduler, now=clinic.now)


def test_a_plan_too_long_to_be_handed_out_is_refused(db, clinic, at, booked, monkeypatch):
    monkeypatch.setattr("scheduler.booking.opaque.LARGEST_PLAN", 100)

    with pytest.raises(Invalid, match="in parts"):
        repair(clinic, db, sick(clinic, at))


def test_visits_far_from_what_falls_stay_where_they_are(db, clinic, at, booked):
    broken = read_broken(db, sick(clinic, at), actor=clinic.scheduler, now=clinic.now)

    assert (broken.problem.first, broken.problem.last) == (MONDAY - DAY, MONDAY + timedelta(days=3 + 28))
