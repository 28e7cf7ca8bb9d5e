"""The rules of a series. Search prunes with them and booking checks with them, so the two cannot disagree."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Protocol

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.fleet import Fleet
from scheduler.booking.plans import PlannedVisit
from scheduler.errors import Fault
from scheduler.protocols import Gap, ProtocolDefinition, ResourceKind


def days_after(protocol: ProtocolDefinition, number: int) -> range:
    """After how many local days infusion `number` + 1 may follow infusion `number`."""
    gap = protocol.gap_after(number)
    return range(gap.least, gap.most + 1)


def last_day(protocol: ProtocolDefinition, first: date) -> date:
    """The last day on which a series that begins on `first` may end."""
    return first + timedelta(days=protocol.span_days - 1)


def is_rested(protocol: ProtocolDefinition, day: date, other_days: Collection[date]) -> bool:
    """Whether a day keeps the protocol's rest to every other infusion day of the patient."""
    near = (day + timedelta(days=offset) for offset in range(1 - protocol.rest_days, protocol.rest_days))
    return not any(each in other_days for each in near)


def still_to_place(infusions: int, placed: Collection[int], given: Collection[int]) -> list[int]:
    """The numbers that have no place, from the first on: what a later infusion has overtaken is not made good."""
    return [number for number in range(max(given, default=0) + 1, infusions + 1) if number not in placed]


FOREVER = 10**6
"""Days between two infusions of which one in the middle has no place yet."""


class Planned(Protocol):
    """A whole series, or the visits of one that are put elsewhere."""

    @property
    def visits(self) -> tuple[PlannedVisit, ...]: ...


@dataclass(frozen=True)
class Anchor:
    """The last infusion of the course before, and how far the first of this one may be from it."""

    day: date
    gap: Gap


def handover_gap(protocol: ProtocolDefinition) -> Gap:
    """How soon and how late the first infusion may follow the last of the course before.

    It keeps the rest of its own protocol, and comes no later than its first gap allows.
    """
    return Gap(protocol.rest_days, protocol.gap_after(1).most)


def anchor_of(protocol: ProtocolDefinition, days: Collection[date]) -> Anchor | None:
    """What the first infusion keeps its spacing to, after a course with infusions on these days; None without one."""
    return Anchor(max(days), handover_gap(protocol)) if days else None


@dataclass(frozen=True)
class Situation:
    """What a plan is checked against.

    `kept` are the visits of the same series that stay, of which it is to have `infusions`. `patient_days` are those of
    the patient's other live appointments.
    """

    protocol: ProtocolDefinition
    calendar: ClinicCalendar
    patient_days: frozenset[date]
    now: datetime
    infusions: int
    kept: tuple[PlannedVisit, ...] = ()
    anchor: Anchor | None = None
    consent_until: date | None = None

    def day_of(self, visit: PlannedVisit) -> date:
        return clinic_time.local_date(visit.starts_at, self.calendar.zone)

    def course(self, plan: Planned) -> list[PlannedVisit]:
        """The whole series as it would be, in order."""
        return sorted((*plan.visits, *self.kept), key=lambda visit: visit.number)


Rule = Callable[[Planned, Situation], Iterator[Fault]]


def whole_series(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """A new series has every infusion of its protocol."""
    if [visit.number for visit in plan.visits] != list(range(1, situation.infusions + 1)):
        yield Fault("appointments", "incomplete", f"This protocol has {situation.infusions} infusions.")


def known_numbers(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """A change places infusions of the series, each once, and none that stays where it is."""
    numbers = [visit.number for visit in situation.course(plan)]
    if len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(1, situation.infusions + 1)):
        yield Fault("appointments", "numbers", f"This series has the infusions 1 to {situation.infusions}, each once.")


def in_the_future(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """Nothing is booked into the past."""
    for visit in plan.visits:
        if visit.starts_at <= situation.now:
            yield _fault(visit, "past", "This time has passed.")


def spacing(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """Neighbouring infusions keep the protocol's least and most local calendar days.

    Where one between them has no place yet, only the least counts. What stays is nobody's fault.
    """
    for before, after in pairwise(situation.course(plan)):
        if before in plan.visits or after in plan.visits:
            blamed = after if after in plan.visits else before
            gap = situation.protocol.gap_after(before.number)
            known = gap if after.number == before.number + 1 else Gap(gap.least, FOREVER)
            yield from _spacing(blamed, (situation.day_of(after) - situation.day_of(before)).days, known)
    for first in plan.visits:
        if situation.anchor and first.number == 1:
            apart = (situation.day_of(first) - situation.anchor.day).days
            yield from _spacing(first, apart, situation.anchor.gap)


def _spacing(visit: PlannedVisit, apart: int, gap: Gap) -> Iterator[Fault]:
    if not gap.least <= apart <= gap.most:
        told = f"{apart} days to its neighbour; {gap.least} to {gap.most} are allowed."
        yield replace(_fault(visit, "spacing", told), days=apart)


def course_span(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """The infusions of the protocol fit its span; those added to it later may go beyond."""
    touched = any(visit.number <= situation.protocol.infusions for visit in plan.visits)
    if touched and extent(plan, situation) > situation.protocol.span_days:
        yield Fault("appointments", "span", f"The series may span at most {situation.protocol.span_days} days.")


def extent(plan: Planned, situation: Situation) -> int:
    """How many days the infusions of the protocol span, the first and the last day included; none span none."""
    course = [visit for visit in situation.course(plan) if visit.number <= situation.protocol.infusions]
    days = [situation.day_of(visit) for visit in (*course[:1], *course[-1:])]
    return (days[-1] - days[0]).days + 1 if days else 0


def consent(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """The consent on file, if there is one, is still valid on the day."""
    for visit in plan.visits:
        if situation.consent_until and situation.day_of(visit) > situation.consent_until:
            yield _fault(visit, "consent", "The consent on file has run out by then.")


def opening_hours(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """The clinic's hours hold the whole visit."""
    lanes = situation.protocol.visit_minutes // clinic_time.GRID_MINUTES
    for visit in plan.visits:
        day = situation.day_of(visit)
        if not ticks.run(situation.calendar.hours_mask(day), lanes) >> ticks.LANE * _lane(visit, situation) & 1:
            yield _fault(visit, "hours", "The clinic is not open all that time.")


def rest(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """The patient's other appointments keep their distance."""
    for visit in plan.visits:
        if not is_rested(situation.protocol, situation.day_of(visit), situation.patient_days):
            yield _fault(visit, "rest", "Another appointment of the patient is too near.")


def known_resources(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """Every visit has one resource of each kind the protocol needs, and no other."""
    for visit in plan.visits:
        kinds = {kind: situation.calendar.by_id(chosen) for kind, chosen in visit.resources.items()}
        sound = all(resource is not None and resource.kind == kind for kind, resource in kinds.items())
        if not sound or set(kinds) != set(situation.protocol.kinds):
            yield _fault(visit, "resources", "This visit does not name the resources its protocol needs.")


def on_the_grid(plan: Planned, situation: Situation) -> Iterator[Fault]:  # noqa: ARG001 - every rule has one shape
    """Visits start on the five-minute grid."""
    for visit in plan.visits:
        if not clinic_time.on_grid(visit.starts_at):
            yield _fault(visit, "grid", "Visits start on multiples of five minutes.")


def resources_there(plan: Planned, situation: Situation) -> Iterator[Fault]:
    """Every resource is there during all its legs, opening hours aside, and nothing is closed."""
    for visit in plan.visits:
        day = situation.day_of(visit)
        for kind, resource in _resources(visit, situation.calendar):
            if not _is_there(resource, situation, visit, day, kind):
                yield _fault(visit, f"{kind}-away", f"{resource.name} is not there all that time.")


SHAPE: tuple[Rule, ...] = (whole_series, on_the_grid, known_resources)
CHANGE_SHAPE: tuple[Rule, ...] = (known_numbers, on_the_grid, known_resources)
RULES: tuple[Rule, ...] = (in_the_future, spacing, course_span, rest, consent, opening_hours, resources_there)


def breaches(plan: Planned, situation: Situation, *, shape: Sequence[Rule] = SHAPE) -> tuple[Fault, ...]:
    """Every reason why a plan may not be booked, as far as rules can tell; the database itself judges capacity."""
    malformed = tuple(fault for rule in shape for fault in rule(plan, situation))
    return malformed or tuple(fault for rule in RULES for fault in rule(plan, situation))


def _is_there(resource: Bookable, situation: Situation, visit: PlannedVisit, day: date, kind: ResourceKind) -> bool:
    alone = Fleet((resource,), situation.protocol.legs_of(kind))
    starts = alone.starts(situation.calendar.present_mask(resource, day), 0)
    return bool(starts >> ticks.LANE * _lane(visit, situation) & 1)


def _lane(visit: PlannedVisit, situation: Situation) -> int:
    origin = situation.calendar.origin(situation.day_of(visit))
    return (clinic_time.minute_of(visit.starts_at) - origin) // clinic_time.GRID_MINUTES


def _resources(visit: PlannedVisit, calendar: ClinicCalendar) -> Iterator[tuple[ResourceKind, Bookable]]:
    for kind, chosen in visit.resources.items():
        resource: Bookable | None = calendar.by_id(chosen)
        if resource is not None:
            yield kind, resource


def _fault(visit: PlannedVisit, code: str, message: str) -> Fault:
    return Fault(f"appointments.{visit.number}", code, message)
