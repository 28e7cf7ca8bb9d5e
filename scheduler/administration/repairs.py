"""Repairing what a change of the calendar breaks: a plan for all of it together, and the plan carried out whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from scheduler import clinic_time
from scheduler.administration import calendar_changes
from scheduler.administration.broken import Broken
from scheduler.administration.calendar_changes import CalendarChange, Reassigned
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing import changes
from scheduler.booking.changing.apply import check
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import RunningSeries
from scheduler.booking.opaque import pack_large, unpack, whole
from scheduler.booking.planning.problem import Breach, Visit
from scheduler.booking.planning.solving import Answered, Item, Quality, answer, items
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.series import NamedResource
from scheduler.errors import Fault
from scheduler.models import Appointment, AppointmentStatus, OverrideRule
from scheduler.protocols import ResourceKind
from scheduler.records import access

NOWHERE = Wishes(date.max, latest=date.min)
"""Of a visit that finds no new place."""


@dataclass(frozen=True)
class RepairPlan:
    """A change of the calendar and of every series it touches, made for one version of the calendar.

    `breaches`: whether rules could be broken for it, and could be in one that is made in its place.
    """

    change: CalendarChange
    version: int
    changes: tuple[SeriesChange, ...]
    breaches: bool = True


@dataclass(frozen=True)
class Place:
    """When and with what a visit stands or would stand; times in the clinic's offset."""

    starts_at: datetime
    ends_at: datetime
    resources: tuple[NamedResource, ...]


@dataclass(frozen=True)
class RepairedVisit:
    """A visit as it stands and as it would be: `after` is None for one that finds no place and would be cancelled.

    `changed` names what is not as it was: `time`, or a kind of resource.
    """

    appointment_id: UUID
    series_id: UUID
    patient_id: UUID
    initials: str
    number: int
    fallen: bool
    before: Place
    after: Place | None
    changed: tuple[str, ...]


@dataclass(frozen=True)
class PlannedBreach:
    """A rule a plan does not keep, for one visit; `points` is what that costs it."""

    appointment_id: UUID
    series_id: UUID
    number: int
    rule: str
    message: str
    points: int


@dataclass(frozen=True)
class InTheWay:
    """An appointment under way that somebody must see to: it cannot be moved."""

    appointment_id: UUID
    patient_id: UUID
    initials: str
    status: AppointmentStatus
    starts_at: datetime


@dataclass(frozen=True)
class Repair:
    """What falls, the plan for it, what it costs and how good it is; `plan` commits exactly this.

    `plan` is None while somebody under way would be left without what they need. `overrides` are the rules that must
    be set aside to commit it.
    """

    plan: str | None
    fallen: int
    patients_moved: int
    visits: tuple[RepairedVisit, ...]
    in_the_way: tuple[InTheWay, ...]
    breaches: tuple[PlannedBreach, ...]
    overrides: tuple[OverrideRule, ...]
    price: tuple[Item, ...]
    objective: int
    bound: int | None
    gap: float | None
    quality: Quality
    seconds: float


def plan_repair(broken: Broken, *, seconds: float, now: datetime, breaches: bool = True) -> Repair:
    """The best plan for what falls, in so many seconds; nothing is read and nothing written.

    Without `breaches` it needs no override: who could only be placed by breaking a rule is left without a place.
    Raises `Invalid` for a plan too long to be handed out.
    """
    broken, answered = _best(broken, seconds=seconds) if breaches else _unbroken(broken, seconds=seconds, now=now)
    series = tuple(_series_changes(broken, answered))
    blocked = broken.in_the_way and not isinstance(broken.change, Reassigned)
    told = tuple(_all_breaches(broken, answered, now))
    policy = {OverrideRule(each.rule) for each in told if each.rule in set(OverrideRule)}
    return Repair(
        plan=None if blocked else to_text(RepairPlan(broken.change, broken.version, series, breaches)),
        fallen=sum(visit.fallen for visit in broken.problem.visits) + len(broken.in_the_way),
        patients_moved=len(answered.price.moved),
        visits=tuple(_visits(broken, answered)),
        in_the_way=tuple(_in_the_way(each, broken) for each in broken.in_the_way),
        breaches=told, overrides=tuple(sorted(policy)), price=tuple(items(answered.price)),
        objective=answered.objective, bound=answered.bound, gap=answered.gap, quality=answered.quality,
        seconds=round(answered.seconds, 3),
    )  # fmt: skip


def _best(broken: Broken, *, seconds: float) -> tuple[Broken, Answered]:
    """The best plan that goes by the consents on file, and with what was asked to find it.

    Where it leaves somebody without a place, theirs is set aside, which the plan then lists as a breach.
    """
    answered, problem = answer(broken.problem, seconds=seconds), broken.problem
    left_out = set(answered.price.left_out)
    eased = tuple(replace(visit, wishes=None) if visit.key in left_out else visit for visit in problem.visits)
    if eased == problem.visits:
        return broken, answered
    broken, spent = replace(broken, problem=replace(problem, visits=eased)), answered.seconds
    answered = answer(broken.problem, seconds=max(seconds - spent, 0), known=answered.answer)
    return broken, replace(answered, seconds=spent + answered.seconds)


def _unbroken(broken: Broken, *, seconds: float, now: datetime) -> tuple[Broken, Answered]:
    """The best plan that breaks no rule, and with what was asked to find it.

    A rule set aside before may have to be set aside anew for whoever moves; those are not moved at all.
    """
    courses = {key: replace(course, strict=True) for key, course in broken.problem.courses.items()}
    problem, spent = replace(broken.problem, courses=courses), 0.0
    while True:
        broken, answered = replace(broken, problem=problem), answer(problem, seconds=max(seconds - spent, 0))
        spent += answered.seconds
        faulty = {each.appointment_id for each in _all_breaches(broken, answered, now)}
        if not faulty:
            return broken, replace(answered, seconds=spent)
        visits = tuple(replace(each, wishes=NOWHERE) if each.key in faulty else each for each in problem.visits)
        if visits == problem.visits:  # who stays has nothing to do with it: their series is left as it is
            series = {visit.series for visit in visits if visit.key in faulty}
            visits = tuple(replace(each, wishes=NOWHERE) if each.series in series else each for each in visits)
            if visits == problem.visits:
                return broken, replace(answered, seconds=spent)  # nothing moves that could be at fault
        problem = replace(problem, visits=visits)


def to_text(plan: RepairPlan) -> str:
    """The opaque string that holds exactly this plan. Raises `Invalid` for one that is too long."""
    document = {
        "change": calendar_changes.as_document(plan.change), "version": plan.version,
        "changes": [changes.as_document(each) for each in plan.changes], "breaches": plan.breaches,
    }  # fmt: skip
    return pack_large(document, too_long="This is too much for one plan: make the change in parts.")


def from_text(text: str) -> RepairPlan:
    """The plan of `to_text`. Raises `Invalid` for anything else."""
    return unpack(text, _from_document)


def _from_document(document: dict[str, Any]) -> RepairPlan:
    series = tuple(changes.from_document(each) for each in document["changes"])
    if any(each.kind is not ChangeKind.REPAIR for each in series):
        raise ValueError("kind")
    if len({each.series_id for each in series}) < len(series):
        raise ValueError("a series twice")
    version = whole(document["version"], 1, 2**31)
    if not isinstance(document["breaches"], bool):
        raise ValueError("breaches")
    return RepairPlan(calendar_changes.from_document(document["change"]), version, series, document["breaches"])


def _series_changes(broken: Broken, answered: Answered) -> Iterator[SeriesChange]:
    """What becomes of each series: of every one something has fallen, and cannot stay as it is."""
    for series_id, visits in sorted(broken.problem.by_series.items()):
        changed = [(visit, answered.answer[visit.key]) for visit in visits]
        changed = [(visit, place) for visit, place in changed if place != visit.stands]
        yield _series_change(broken.running[series_id], changed, broken)


def _series_change(
    running: RunningSeries, changed: list[tuple[Visit, PlannedVisit | None]], broken: Broken
) -> SeriesChange:
    seen = {visit.key: Seen(visit.key, broken.appointments[visit.key].version) for visit, _ in changed}
    series = running.series
    return SeriesChange(
        ChangeKind.REPAIR, series.id, series.patient_id,
        visits=tuple(place for _, place in changed if place), infusions=series.infusions,
        moved={visit.number: seen[visit.key] for visit, place in changed if place},
        given_up=tuple(seen[visit.key] for visit, place in changed if not place), series_version=series.version,
    )  # fmt: skip


def _visits(broken: Broken, answered: Answered) -> Iterator[RepairedVisit]:
    """Every visit that does not stay as it is, in order of time."""
    for visit in broken.problem.visits:
        place, stands = answered.answer[visit.key], broken.appointments[visit.key]
        if visit.stands is not None and place != visit.stands:
            yield RepairedVisit(
                visit.key, visit.series, stands.patient_id, access.initials_of(broken.patients[stands.patient_id]),
                visit.number, visit.fallen, before=_place(visit.stands, visit, broken.calendar),
                after=_place(place, visit, broken.calendar) if place else None,
                changed=tuple(_changed(visit.stands, place)) if place else (),
            )  # fmt: skip


def _changed(before: PlannedVisit, after: PlannedVisit) -> Iterator[str]:
    if before.starts_at != after.starts_at:
        yield "time"
    for kind in ResourceKind:
        if before.resources.get(kind) != after.resources.get(kind):
            yield kind.value


def _place(visit: PlannedVisit, of: Visit, calendar: ClinicCalendar) -> Place:
    start = clinic_time.minute_of(visit.starts_at)
    named = ((kind, calendar.by_id(visit.resources[kind])) for kind in ResourceKind if kind in visit.resources)
    return Place(
        calendar.shown(start), calendar.shown(start + of.protocol.visit_minutes),
        tuple(NamedResource(each.id, kind, each.name) for kind, each in named if each),
    )  # fmt: skip


def _in_the_way(appointment: Appointment, broken: Broken) -> InTheWay:
    return InTheWay(
        appointment.id, appointment.patient_id, access.initials_of(broken.patients[appointment.patient_id]),
        appointment.status, appointment.starts_at.astimezone(broken.calendar.zone),
    )  # fmt: skip


def _all_breaches(broken: Broken, answered: Answered, now: datetime) -> Iterator[PlannedBreach]:
    series = tuple(_series_changes(broken, answered))
    for change in series:
        yield from _breaches(change, series, broken, answered, now)


def _breaches(
    change: SeriesChange, changes: Sequence[SeriesChange], broken: Broken, answered: Answered, now: datetime
) -> Iterator[PlannedBreach]:
    """What the rules will say to one change of the plan, with the points it was given for that."""
    running = broken.running[change.series_id]
    consent: date | None = broken.patients[change.patient_id].consent_until
    ids = {visit.number: visit.key for visit in broken.problem.by_series[change.series_id]}
    for fault in check(change, running, broken.calendar, consent, now=now, beside=changes).faults:
        number = _number(fault, change)
        points = _points(fault, number, ids, answered.price.breaches)
        yield PlannedBreach(ids[number], change.series_id, number, fault.code, fault.message, points)


def _number(fault: Fault, change: SeriesChange) -> int:
    """The infusion a fault names, or the first that moves where it is about the whole."""
    _, _, number = fault.where.partition(".")
    return int(number) if number else min(visit.number for visit in change.visits)


def _points(fault: Fault, number: int, ids: dict[int, UUID], breaches: Iterable[Breach]) -> int:
    """A breach is priced with the later of two neighbours that may move, which may be the one after."""
    pair = {ids.get(number), ids.get(number + 1)}
    priced = (each for each in breaches if each.key in pair and fault.days == each.apart)
    return next((each.points for each in priced), 0) if fault.code == OverrideRule.SPACING else 0
