"""A change of a running series as it is shown before it is made: from where to where, at what price, against what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from scheduler import clinic_time
from scheduler.actors import Role
from scheduler.booking.changing.apply import check
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange, to_text
from scheduler.booking.changing.scene import Room, Scene
from scheduler.booking.planning.problem import (
    BREACH_DAY,
    DAY_MOVED,
    MINUTE_MOVED,
    OTHER_CHAIR,
    OTHER_NURSE,
    PATIENT_MOVED,
    SHARED_DAY,
    Answer,
    Price,
    Problem,
    price,
)
from scheduler.booking.plans import OfferedAppointment, PlannedVisit, Reason, Wishes
from scheduler.booking.propose import offered_visit
from scheduler.booking.waivers import who_may
from scheduler.errors import Fault

NOT_PRICED = frozenset({"changed", "given-up", "anew", "numbers", "grid", "resources"})
"""A change that is no longer, or never was, one of this series."""


@dataclass(frozen=True)
class Conflict:
    """A reason why a change may not be made, and who may set it aside; nobody where it is no rule of policy."""

    where: str
    code: str
    message: str
    may_set_aside: tuple[Role, ...]


@dataclass(frozen=True)
class OfferedVisit:
    """Where one visit would go, and from where; it is booked anew where it has no appointment yet."""

    number: int
    appointment_id: UUID | None
    before: datetime | None
    appointment: OfferedAppointment


@dataclass(frozen=True)
class OfferedChange:
    """A change with its price, the lower the better, and what it comes to; `text` carries out exactly this change."""

    change: SeriesChange
    text: str
    score: int
    reasons: tuple[Reason, ...]
    message: str
    visits: tuple[OfferedVisit, ...]
    conflicts: tuple[Conflict, ...]


def offer(
    scene: Scene, room: Room, problem: Problem, answer: Answer, kind: ChangeKind, *, wishes: Wishes,
    infusions: int | None = None,
) -> OfferedChange:  # fmt: skip
    """The change that takes every visit of a problem to its place in the answer; what stays as it stands is left."""
    placed = [(visit, place) for visit in problem.visits if (place := answer[visit.key])]
    going = [place for visit, place in placed if place != visit.stands or visit.gone]
    change = change_of(scene, kind, going, infusions=infusions, wishes=wishes)
    faults = faults_of(scene, room, change)
    return shown(scene, room, change, cost=priced(scene, room, change, faults), faults=faults)


def change_of(
    scene: Scene, kind: ChangeKind, places: Sequence[PlannedVisit], *, wishes: Wishes, infusions: int | None = None
) -> SeriesChange:
    """These places for the visits of a series: those that stand move there, the others are booked anew."""
    series, standing = scene.running.series, {each.number: each for each in scene.running.mine}
    visits = tuple(sorted(places, key=lambda visit: visit.number))
    moved = {
        visit.number: Seen(standing[visit.number].id, standing[visit.number].version)
        for visit in visits
        if visit.number in standing
    }
    return SeriesChange(
        kind, series.id, series.patient_id, visits, infusions or series.infusions, moved, wishes=wishes,
        series_version=series.version,
    )  # fmt: skip


def faults_of(scene: Scene, room: Room, change: SeriesChange) -> tuple[Fault, ...]:
    """Every rule a change would break, and what is no longer as it was planned on."""
    return check(change, scene.running, room.availability.calendar, scene.consent_until, now=scene.now).faults


def shown(scene: Scene, room: Room, change: SeriesChange, *, cost: Price, faults: Sequence[Fault]) -> OfferedChange:
    """A change as the desk sees it."""
    return OfferedChange(
        change=change, text=to_text(change), score=cost.total, reasons=tuple(itemised(cost)),
        message=in_words(change, cost), visits=tuple(_visits(scene, room, change)),
        conflicts=tuple(Conflict(each.where, each.code, each.message, who_may(each)) for each in faults),
    )  # fmt: skip


def _visits(scene: Scene, room: Room, change: SeriesChange) -> Iterator[OfferedVisit]:
    standing, shown_at = {each.id: each for each in scene.running.live}, room.availability.calendar.shown
    for visit in change.visits:
        seen = change.moved.get(visit.number)
        before = standing.get(seen.id) if seen else None
        nameable = visit if _is_named(visit, scene, room) else replace(visit, resources={})
        yield OfferedVisit(
            visit.number, seen.id if seen else None,
            shown_at(clinic_time.minute_of(before.starts_at)) if before else None,
            offered_visit(room.availability, nameable),
        )  # fmt: skip


def _is_named(visit: PlannedVisit, scene: Scene, room: Room) -> bool:
    """Whether a visit says whom it takes, and all of them are known: a plan made by hand may say anything."""
    calendar, chosen = room.availability.calendar, visit.resources
    known = all(calendar.by_id(resource_id) is not None for resource_id in chosen.values())
    return known and set(scene.protocol.kinds) <= chosen.keys()


def itemised(cost: Price) -> Iterator[Reason]:
    """Every item of a price that is not nothing, the dearest kind first."""
    breached = sum(abs(breach.days) for breach in cost.breaches)
    items = (
        ("spacing", breached, BREACH_DAY, "Days by which the spacing is breached."),
        ("moved", len(cost.moved), PATIENT_MOVED, "Patients who must be told another time."),
        ("days", cost.days_moved, DAY_MOVED, "Days by which visits move, added up."),
        ("late", cost.days_late, DAY_MOVED, "Days by which new visits come late, added up."),
        ("minutes", cost.minutes_moved, MINUTE_MOVED, "Minutes by which times of day move, added up."),
        ("nurse", cost.other_nurse, OTHER_NURSE, "Visits with another nurse."),
        ("chair", cost.other_chair, OTHER_CHAIR, "Visits in another chair."),
        ("level_load", cost.shared_days, SHARED_DAY, "Other visits on the same days."),
    )
    for code, count, points, message in items:
        if count:
            yield Reason(code, points * count, message)


def in_words(change: SeriesChange, cost: Price) -> str:
    """What a change comes to, in a sentence."""
    anew, moved = len(change.visits) - len(change.moved), len(change.moved)
    told = [
        f"{_count(anew, 'visit')} booked" if anew else "",
        f"{_count(moved, 'visit')} moved" if moved else "",
        f"{_count(cost.days_moved, 'day')} from where they stood" if cost.days_moved else "",
        f"{_count(cost.minutes_moved, 'minute')} off their time of day" if cost.minutes_moved else "",
        f"another nurse {cost.other_nurse} times" if cost.other_nurse > 1 else "another nurse" * cost.other_nurse,
        "another chair" if cost.other_chair else "",
        f"the spacing breached by {_count(sum(abs(each.days) for each in cost.breaches), 'day')}"
        if cost.breaches
        else "the spacing kept",
    ]
    return _sentence(filter(None, told))


def _sentence(parts: Iterator[str]) -> str:
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] + "."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def priced(scene: Scene, room: Room, change: SeriesChange, faults: Sequence[Fault]) -> Price:
    """What a change costs, whoever has made it and whenever it is asked; nothing if it can be none of this series."""
    if any(fault.code in NOT_PRICED for fault in faults):
        return Price()
    visits = [scene.put(visit.number, change.wishes) for visit in change.visits]
    places = {visit.key: place for visit, place in zip(visits, change.visits, strict=True)}
    return price(scene.problem(room, visits, change.wishes), places)
