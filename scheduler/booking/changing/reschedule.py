"""Another place for one visit: alternatives that keep the spacing, the least shift of the rest, and the move itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import STANDING, Why
from scheduler.booking.changing.apply import MAY_CHANGE
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.changing.offering import OfferedChange, change_of, offer
from scheduler.booking.changing.outcome import Outcome, carry_out
from scheduler.booking.changing.running import dates_around, planned
from scheduler.booking.changing.scene import ANY_TIME, EASED, STRICT, Keeping, Room, Scene, read_scene, without
from scheduler.booking.explain import Explanation
from scheduler.booking.planning.problem import Visit
from scheduler.booking.planning.replan import best_places, shifted
from scheduler.booking.plans import OPEN_END, PlannedVisit, Wishes
from scheduler.booking.waivers import Waiver
from scheduler.errors import Fault, IllegalTransition, Invalid, NotFound, SeriesEnded, refuse
from scheduler.models import LIVE, Appointment, ChangeReason, Side
from scheduler.protocols import ResourceKind

MOST_ALTERNATIVES = 10


@dataclass(frozen=True)
class Chosen:
    """A place chosen by hand, as far as it is: when, and the resources it must have."""

    starts_at: datetime
    resources: Mapping[ResourceKind, UUID]


@dataclass(frozen=True)
class Alternatives:
    """The best places that keep the spacing. With none: why, the least shift of the rest, or what an override brings.

    `override` is the place that breaks least; its conflicts say what would have to be set aside, and by whom.
    """

    places: tuple[OfferedChange, ...]
    shift: OfferedChange | None = None
    override: OfferedChange | None = None
    explanation: Explanation | None = None


def find_appointment(db: Session, appointment_id: UUID, *, actor: Actor) -> Appointment:
    """The appointment as it stands, for anybody to change meanwhile. Raises `NotFound`."""
    found = db.get(Appointment, (actor.clinic_id, appointment_id))
    if found is None:
        raise NotFound("There is no such appointment.")
    return found


def alternatives(
    db: Session, appointment_id: UUID, *, wishes: Wishes = ANY_TIME, limit: int = 3, actor: Actor, now: datetime
) -> Alternatives:
    """Where else a visit could be, best first; for one that was missed or cancelled, where it could be made good.

    Raises `NotFound`, `SeriesEnded`, `IllegalTransition` for a visit under way or over or made good already, and
    `Invalid` for wishes that contradict themselves.
    """
    appointment = find_appointment(db, appointment_id, actor=actor)
    scene = read_scene(db, appointment.series_id, action="appointment.alternatives", actor=actor, now=now)
    scene = scene.seeking(appointment)
    kind = kind_for(scene, appointment)
    first, last = scene.days_for(scene.mover(appointment), wishes)
    room = scene.room(first, last)
    scene.refuse_contradictions(wishes, room)
    wished = scene.settled(wishes, room.last)
    if first <= last:
        found = _best(scene, room, scene.mover(appointment, wished), kind, limit=limit)
        if found:
            return Alternatives(found)
    why = scene.why_none(room, appointment.number, replace(wished, earliest=first, latest=last))
    return _eased(scene, appointment, kind, wishes, why)


def kind_for(scene: Scene, appointment: Appointment) -> ChangeKind:
    """Whether another place is a move or makes good what was missed. Raises `SeriesEnded` and `IllegalTransition`."""
    kind = ChangeKind.MOVE if appointment.status in LIVE else ChangeKind.REBOOKING
    if scene.running.series.status not in MAY_CHANGE[kind]:
        raise SeriesEnded
    movable = appointment.status in STANDING or appointment.number in scene.running.missing
    if not movable:
        raise IllegalTransition("This visit is under way, over, or made good already.", state=appointment.status)
    return kind


def _best(
    scene: Scene, room: Room, mover: Visit, kind: ChangeKind, *, limit: int, keeping: Keeping = STRICT
) -> tuple[OfferedChange, ...]:
    assert mover.wishes  # noqa: S101 - whoever looks for a place has settled them
    problem = scene.problem(room, [mover], keeping=keeping)
    return tuple(
        offer(scene, room, problem, {mover.key: place}, kind, wishes=mover.wishes)
        for place, _ in best_places(problem, limit)
    )


def _eased(
    scene: Scene, appointment: Appointment, kind: ChangeKind, wishes: Wishes, explanation: Explanation
) -> Alternatives:
    """What remains where no place keeps the spacing: the rest is shifted, or a rule is set aside."""
    infusions = scene.running.series.infusions
    room = scene.room(scene.today, scene.horizon(appointment.number, infusions, wishes))
    shift = _shift(scene, room, scene.mover(appointment, scene.settled(wishes, room.last)), kind)
    if shift:
        return Alternatives((), shift, None, explanation)
    for keeping in EASED:
        mover = scene.mover(appointment, scene.settled(wishes, room.last, keeping))
        found = _best(scene, room, mover, kind, limit=1, keeping=keeping)
        if found:
            return Alternatives((), None, found[0], explanation)
    return Alternatives((), None, None, explanation)


def _shift(scene: Scene, room: Room, mover: Visit, kind: ChangeKind) -> OfferedChange | None:
    """The least shift of all that comes after, which keeps the spacing of the whole series. Wishes are for the one."""
    assert mover.wishes  # noqa: S101 - whoever looks for a place has settled them
    problem = scene.problem(room, [mover, *scene.tail(mover.number, room)], scene.settled(ANY_TIME, room.last))
    answer = shifted(problem)
    if answer[mover.key] is None:
        return None
    return offer(scene, room, problem, answer, kind, wishes=mover.wishes)


def move(
    db: Session, appointment_id: UUID, to: SeriesChange | Chosen, *, side: Side, reason: ChangeReason,
    actor: Actor, now: datetime, waiver: Waiver | None = None, hold_id: UUID | None = None, dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Take a visit to the place of a plan, or to one chosen by hand, whole or not at all.

    A visit chosen by hand names the resources it must have; the others are those it has where they are free, else the
    first that are. A dry run answers the same and writes nothing. Raises what `alternatives` raises but for wishes,
    `Invalid` for a plan of another appointment, and what `apply_changes` raises.
    """
    appointment = find_appointment(db, appointment_id, actor=actor)
    scene = read_scene(db, appointment.series_id, action="appointment.opened_to_move", actor=actor, now=now)
    scene = scene.seeking(appointment)
    kind = kind_for(scene, appointment)
    if isinstance(to, SeriesChange):
        _refuse_others(to, kind, appointment)
        room, change = scene.room(*dates_around(to.visits)), to
    else:
        room = scene.room(*_days_around(to))
        change = change_of(
            scene, kind, [_place(scene, room, appointment, to)], wishes=scene.settled(ANY_TIME, OPEN_END)
        )
    outcome = carry_out(
        db, scene, room, change, why=Why(side, reason), waiver=waiver, hold_id=hold_id, dry_run=dry_run,
        actor=actor, now=now,
    )  # fmt: skip
    visits = outcome.offered.visits if outcome.offered else ()
    placed = next(visit.appointment_id for visit in visits if visit.number == appointment.number)
    return replace(outcome, version=find_appointment(db, placed or appointment_id, actor=actor).version)


def _days_around(chosen: Chosen) -> tuple[date, date]:
    day = chosen.starts_at.date()
    refuse(clinic_time.date_faults(starts_at=day))
    return day - clinic_time.DAY, day + clinic_time.DAY


def _refuse_others(change: SeriesChange, kind: ChangeKind, appointment: Appointment) -> None:
    """Raise `Invalid` for a plan that is not of this appointment."""
    seen = change.moved.get(appointment.number)
    same = seen.id == appointment.id if seen else kind is ChangeKind.REBOOKING
    placed = any(visit.number == appointment.number for visit in change.visits)
    if (change.series_id, change.kind) != (appointment.series_id, kind) or not same or not placed:
        raise Invalid("This is no plan for this appointment.", faults=[Fault("plan", "other", "Ask for a fresh one.")])


def _place(scene: Scene, room: Room, appointment: Appointment, asked: Chosen) -> PlannedVisit:
    """The place chosen by hand, with a resource of every kind: one asked for, else the one it has, else one free."""
    refuse(_unknown(scene, room, asked.resources))
    availability = without(room.availability, [each for each in scene.running.mine if each.id == appointment.id])
    calendar = availability.calendar
    day = clinic_time.local_date(asked.starts_at, calendar.zone)
    lane = (clinic_time.minute_of(asked.starts_at) - calendar.origin(day)) // clinic_time.GRID_MINUTES
    had, chosen = planned(appointment).resources, dict(asked.resources)
    for kind in scene.protocol.kinds:
        free = [each.id for each in availability.free_at(day, lane, kind)]
        usual = had.get(kind)
        best = usual if usual in free or not free else free[0]
        if best and kind not in chosen:
            chosen[kind] = best
    return PlannedVisit(appointment.number, asked.starts_at, chosen)


def _unknown(scene: Scene, room: Room, resources: Mapping[ResourceKind, UUID]) -> Iterator[Fault]:
    for kind, resource_id in resources.items():
        found = room.availability.calendar.by_id(resource_id)
        if found is None or found.kind != kind:
            yield Fault(f"{kind}_id", "unknown", f"There is no such {kind}.")
        elif kind not in scene.protocol.kinds:
            yield Fault(f"{kind}_id", "unneeded", f"A visit under this protocol takes no {kind}.")
