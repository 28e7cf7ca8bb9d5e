"""Changes of the calendar that break days, for the tests."""

from scheduler.actors import Role
from scheduler.administration.calendar_changes import (
    ClosureAdded,
    HoursReplaced,
    Reassigned,
    ResourceRetired,
    ShiftChanged,
    ShiftWithdrawn,
)
from scheduler.administration.weekly import WeeklyHours
from scheduler.clinic_time import DAY
from tests.builders import CLOSES, MONDAY
from tests.scheduler.administration.broken_days import shift_of


def both(clinic):
    """Somebody who works at the desk and may set rules aside."""
    return clinic.actor(Role.CLINICIAN, Role.SCHEDULER)


def sick(clinic, at):
    """The nurse's shift of Thursday, withdrawn."""
    return ShiftWithdrawn(shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id)


def every_change(clinic, at):
    yield sick(clinic, at)
    yield ShiftChanged(shift_of(clinic, clinic.db, "N1", at("Thu 08:00")).id, starts_at=at("Thu 12:00"))
    yield ResourceRetired(clinic.resource("A").id)
    yield ClosureAdded(at("Thu 08:00"), at("Thu 18:00"), "Flood")
    yield ClosureAdded(at("Thu 08:00"), at("Thu 18:00"), "Broken", clinic.resource("B").id)
    yield HoursReplaced(MONDAY + 7 * DAY, tuple(WeeklyHours(day, 780, CLOSES) for day in range(5)))
    yield Reassigned(clinic.resource("N1").id, MONDAY + 3 * DAY)


def lost_week(at):
    """The clinic is closed for as long as spacing cannot bear."""
    return ClosureAdded(at("Wed 00:00"), at("Mon 00:00", week=1), "Flood")
