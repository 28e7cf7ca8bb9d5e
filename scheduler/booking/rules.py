"""The rules of a series. Search prunes with them and booking checks with them, so the two cannot disagree."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.fleet import Fleet
from scheduler.booking.plans import PlannedVisit, SeriesPlan
from scheduler.errors import Fault
from scheduler.protocols import ProtocolDefinition, ResourceKind


def days_after(protocol: ProtocolDefinition, number: int) -> range:
    """After how many local days infusion `number` + 1 may follow infusion `number`."""
    gap = protocol.gaps[number - 1]
    return range(gap.least, gap.most + 1)


def last_day(protocol: ProtocolDefinition, first: date) -> date:
    """The last day on which a series that begins on `first` may end."""
    return first + timedelta(days=protocol.span_days - 1)


def is_rested(protocol: ProtocolDefinition, day: date, other_days: Collection[date]) -> bool:
    """Whether a day keeps the protocol's rest to every other infusion day of the patient."""
    near = (day + timedelta(days=offset) for offset in range(1 - protocol.rest_days, protocol.rest_days))
    return not any(each in other_days for each in near)


@dataclass(frozen=True)
class Situation:
    """What a plan is checked against; `patient_days` are those of the patient's other live appointments."""

    protocol: ProtocolDefinition
    calendar: ClinicCalendar
    patient_days: frozenset[date]
    now: datetime

    def day_of(self, visit: PlannedVisit) -> date:
        return clinic_time.local_date(visit.starts_at, self.calendar.zone)


Rule = Callable[[SeriesPlan, Situation], Iterator[Fault]]


def whole_series(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """A plan has every infusion of its protocol."""
    if len(plan.visits) != situation.protocol.infusions:
        yield Fault("appointments", "incomplete", f"This protocol has {situation.protocol.infusions} infusions.")


def in_the_future(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """Nothing is booked into the past."""
    for visit in plan.visits:
        if visit.starts_at <= situation.now:
            yield _fault(visit, "past", "This time has passed.")


def spacing(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """Neighbouring infusions keep the protocol's least and most local calendar days."""
    days = [situation.day_of(visit) for visit in plan.visits]
    for gap, before, after, visit in zip(situation.protocol.gaps, days, days[1:], plan.visits[1:], strict=False):
        apart = (after - before).days
        if not gap.least <= apart <= gap.most:
            yield _fault(visit, "spacing", f"{apart} days after the one before; {gap.least} to {gap.most} are allowed.")


def course_span(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """The whole series fits the protocol's span."""
    first, last = situation.day_of(plan.visits[0]), situation.day_of(plan.visits[-1])
    if last > last_day(situation.protocol, first):
        yield Fault("appointments", "span", f"The series may span at most {situation.protocol.span_days} days.")


def rest(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """The patient's other appointments keep their distance."""
    for visit in plan.visits:
        if not is_rested(situation.protocol, situation.day_of(visit), situation.patient_days):
            yield _fault(visit, "rest", "Another appointment of the patient is too near.")


def known_resources(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """Every visit has one resource of each kind the protocol needs, and no other."""
    for visit in plan.visits:
        kinds = {kind: situation.calendar.by_id(chosen) for kind, chosen in visit.resources.items()}
        sound = all(resource is not None and resource.kind == kind for kind, resource in kinds.items())
        if not sound or set(kinds) != set(situation.protocol.kinds):
            yield _fault(visit, "resources", "This visit does not name the resources its protocol needs.")


def on_the_grid(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:  # noqa: ARG001 - every rule has one shape
    """Visits start on the five-minute grid."""
    for visit in plan.visits:
        if not clinic_time.on_grid(visit.starts_at):
            yield _fault(visit, "grid", "Visits start on multiples of five minutes.")


def resources_there(plan: SeriesPlan, situation: Situation) -> Iterator[Fault]:
    """The clinic is open and every resource there during all its legs."""
    for visit in plan.visits:
        day = situation.day_of(visit)
        for kind, resource in _resources(visit, situation.calendar):
            if not _is_there(resource, situation, visit, day, kind):
                yield _fault(visit, f"{kind}-away", f"{resource.name} is not there all that time.")


SHAPE: tuple[Rule, ...] = (whole_series, on_the_grid, known_resources)
RULES: tuple[Rule, ...] = (in_the_future, spacing, course_span, rest, resources_there)


def breaches(plan: SeriesPlan, situation: Situation) -> tuple[Fault, ...]:
    """Every reason why a plan may not be booked, as far as rules can tell; the database itself judges capacity."""
    malformed = tuple(fault for rule in SHAPE for fault in rule(plan, situation))
    return malformed or tuple(fault for rule in RULES for fault in rule(plan, situation))


def _is_there(resource: Bookable, situation: Situation, visit: PlannedVisit, day: date, kind: ResourceKind) -> bool:
    available = situation.calendar.available_mask(resource, day)
    lane = (clinic_time.minute_of(visit.starts_at) - situation.calendar.origin(day)) // clinic_time.GRID_MINUTES
    alone = Fleet((resource,), situation.protocol.legs_of(kind))
    return bool(alone.starts(available, 0) >> ticks.LANE * lane & 1)


def _resources(visit: PlannedVisit, calendar: ClinicCalendar) -> Iterator[tuple[ResourceKind, Bookable]]:
    for kind, chosen in visit.resources.items():
        resource: Bookable | None = calendar.by_id(chosen)
        if resource is not None:
            yield kind, resource


def _fault(visit: PlannedVisit, code: str, message: str) -> Fault:
    return Fault(f"appointments.{visit.number}", code, message)
