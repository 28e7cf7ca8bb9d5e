"""Series taken up again: infusions without a place are booked anew, further ones added, another protocol takes over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import Why
from scheduler.booking.book import read_anchor
from scheduler.booking.changing.apply import MAY_CHANGE
from scheduler.booking.changing.changes import MOST_INFUSIONS, ChangeKind, SeriesChange
from scheduler.booking.changing.courses import find_series, not_running
from scheduler.booking.changing.offering import offer
from scheduler.booking.changing.outcome import Outcome, carry_out
from scheduler.booking.changing.running import dates_around
from scheduler.booking.changing.scene import ANY_TIME, EASED, STRICT, Scene, read_scene
from scheduler.booking.explain import Explanation
from scheduler.booking.planning.replan import shifted
from scheduler.booking.plans import OPEN_END, Proposal, Wishes
from scheduler.booking.propose import current_version, search_for
from scheduler.booking.rules import Anchor
from scheduler.booking.waivers import Waiver
from scheduler.errors import Fault, Invalid, NotFound, refuse
from scheduler.models import LIVE, Appointment, ChangeReason, Series, Side
from scheduler.protocols import ProtocolDefinition
from scheduler.records import access
from scheduler.records.zone import read_zone


def rebook(
    db: Session, series_id: UUID, *, plan: SeriesChange | None = None, wishes: Wishes = ANY_TIME, actor: Actor,
    now: datetime, waiver: Waiver | None = None, hold_id: UUID | None = None, dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Book every infusion without a place by a plan, whole or not at all; without one, look for the best there is.

    Raises what `preview_rebooking` and `carry_on` raise.
    """
    if plan is None:
        return preview_rebooking(db, series_id, wishes=wishes, actor=actor, now=now)
    return carry_on(
        db, series_id, ChangeKind.REBOOKING, plan, waiver=waiver, hold_id=hold_id, dry_run=dry_run, actor=actor, now=now
    )


def extend(
    db: Session, series_id: UUID, *, plan: SeriesChange | None = None, infusions: int = 1, wishes: Wishes = ANY_TIME,
    actor: Actor, now: datetime, waiver: Waiver | None = None, hold_id: UUID | None = None, dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Book further infusions by a plan, whole or not at all; without one, look for the best places for so many.

    Raises what `preview_extension` and `carry_on` raise.
    """
    if plan is None:
        return preview_extension(db, series_id, infusions=infusions, wishes=wishes, actor=actor, now=now)
    return carry_on(
        db, series_id, ChangeKind.EXTENSION, plan, waiver=waiver, hold_id=hold_id, dry_run=dry_run, actor=actor, now=now
    )


def preview_rebooking(
    db: Session, series_id: UUID, *, wishes: Wishes = ANY_TIME, actor: Actor, now: datetime
) -> Outcome:
    """The best places for every infusion without one, by what stands and by the last one given.

    Visits to come shift as little as possible where that keeps the spacing and nothing else does. Raises `NotFound`,
    `SeriesEnded`, and `Invalid` for wishes that contradict themselves or where no infusion is still to be placed.
    """
    scene = _scene(db, series_id, ChangeKind.REBOOKING, actor=actor, now=now)
    numbers = scene.running.to_place
    if not numbers:
        raise Invalid("Every infusion of this series has its place.")
    scene = scene.seeking(*_last_of(db, series_id, numbers, actor=actor))
    return _preview(scene, ChangeKind.REBOOKING, numbers, wishes, scene.running.series.infusions)


def preview_extension(
    db: Session, series_id: UUID, *, infusions: int, wishes: Wishes = ANY_TIME, actor: Actor, now: datetime
) -> Outcome:
    """The best places for so many further infusions, as far apart as the last ones of the protocol.

    Raises `NotFound`, `SeriesEnded`, `SeriesPaused`, and `Invalid` for wishes that contradict themselves or for too
    long a series.
    """
    scene = _scene(db, series_id, ChangeKind.EXTENSION, actor=actor, now=now)
    had = scene.running.series.infusions
    if had + infusions > MOST_INFUSIONS:
        refuse([Fault("infusions", "range", f"A series has at most {MOST_INFUSIONS} infusions.")])
    return _preview(scene, ChangeKind.EXTENSION, range(had + 1, had + infusions + 1), wishes, had + infusions)


def carry_on(
    db: Session, series_id: UUID, kind: ChangeKind, plan: SeriesChange, *, actor: Actor, now: datetime,
    waiver: Waiver | None = None, hold_id: UUID | None = None, dry_run: bool = False,
) -> Outcome:  # fmt: skip
    """Carry out the plan of a rebooking or an extension, whole or not at all; a paused series runs again.

    Raises `NotFound`, `SeriesEnded`, `SeriesPaused`, `Invalid` for a plan of anything else, and what `apply_changes`
    raises.
    """
    if (plan.series_id, plan.kind) != (series_id, kind) or not plan.visits:
        raise Invalid("This is no such plan for this series.", faults=[Fault("plan", "other", "Ask for a fresh one.")])
    scene = _scene(db, series_id, kind, actor=actor, now=now)
    placed = [visit.number for visit in plan.visits if visit.number not in plan.moved]
    scene = scene.seeking(*_last_of(db, series_id, placed, actor=actor))
    room = scene.room(*_days_of(scene, plan))
    return carry_out(
        db, scene, room, plan, why=Why(Side.CLINIC, ChangeReason.OTHER), waiver=waiver, hold_id=hold_id,
        dry_run=dry_run, actor=actor, now=now,
    )  # fmt: skip


def _days_of(scene: Scene, plan: SeriesChange) -> tuple[date, date]:
    """The days of the plan, and those before from which on a new visit counts as late."""
    first, last = dates_around(plan.visits)
    return min(first, max(scene.today, plan.wishes.earliest)) if plan.wishes else first, last


def _scene(db: Session, series_id: UUID, kind: ChangeKind, *, actor: Actor, now: datetime) -> Scene:
    scene = read_scene(db, series_id, action=f"series.opened_for_{kind}", actor=actor, now=now)
    if scene.running.series.status not in MAY_CHANGE[kind]:
        raise not_running(scene.running.series)
    return scene


def _last_of(db: Session, series_id: UUID, numbers: Sequence[int], *, actor: Actor) -> Iterable[Appointment]:
    """The appointment that was there last before there was none, of each number that had one."""
    rows = (
        select(Appointment)
        .where(Appointment.clinic_id == actor.clinic_id, Appointment.series_id == series_id)
        .where(Appointment.number.in_(numbers), Appointment.status.not_in(LIVE))
        .order_by(Appointment.status_at, Appointment.starts_at, Appointment.id)
    )
    return {each.number: each for each in db.scalars(rows)}.values()


def _preview(scene: Scene, kind: ChangeKind, numbers: Sequence[int], wishes: Wishes, infusions: int) -> Outcome:
    """By what stands; else with the visits after it shifted; else with as few rules broken as can be."""
    first, version = numbers[0], scene.running.series.version
    room = scene.room(scene.today, scene.horizon(first, infusions, wishes))
    scene.refuse_contradictions(wishes, room)
    rest = [visit for visit in scene.tail(first, room) if visit.number not in numbers]
    for others, keeping in [([], STRICT), (rest, STRICT), *(([], each) for each in EASED)]:
        settled = scene.settled(wishes, room.last, keeping)
        visits = [scene.put(number, settled) for number in numbers]
        problem = scene.problem(room, [*visits, *others], settled, keeping=keeping)
        answer = shifted(problem)
        if all(answer[visit.key] for visit in visits):
            offered = offer(scene, room, problem, answer, kind, wishes=settled, infusions=infusions)
            return Outcome(offered, dry_run=True, version=version)
    why = scene.why_none(room, first, scene.settled(wishes, room.last))
    return Outcome(None, dry_run=True, version=version, explanation=why)


@dataclass(frozen=True)
class HandOver:
    """Series to follow another: by when the first visit keeps the spacing, and how many days too late it would be."""

    proposals: tuple[Proposal, ...]
    explanation: Explanation | None
    start_from: date
    start_by: date
    days_late: int


def hand_over(
    db: Session, series_id: UUID, protocol_id: UUID, *, wishes: Wishes = ANY_TIME, limit: int = 3, actor: Actor,
    now: datetime,
) -> HandOver:  # fmt: skip
    """The best series under another protocol whose first visit keeps the spacing to the last infusion of this one.

    Where that day has passed already, those that begin soonest: booking them needs the spacing to be set aside.
    Raises `NotFound` for the series or the protocol, `Invalid` for a series without an infusion, and for wishes.
    """
    series = find_series(db, series_id, actor=actor)
    patient = access.open_record(db, series.patient_id, action="series.proposed", actor=actor, now=now)
    version = current_version(db, protocol_id, actor=actor)
    anchor = _anchor(db, series, version.definition, actor=actor)
    start_from, start_by = (anchor.day + timedelta(days=gap) for gap in (anchor.gap.least, anchor.gap.most))
    soonest = max(wishes.earliest, start_from, clinic_time.local_date(now, read_zone(db, actor.clinic_id)))
    late = max((soonest - start_by).days, 0)
    asked = replace(wishes, earliest=soonest, start_by=None if late else start_by)
    if asked.latest != OPEN_END:
        asked = replace(asked, latest=max(asked.latest, soonest))
    found = search_for(db, patient, version, asked, limit=limit, actor=actor, now=now, follows=series_id)
    return HandOver(found.proposals, found.explanation, start_from, start_by, late)


def _anchor(db: Session, series: Series, protocol: ProtocolDefinition, *, actor: Actor) -> Anchor:
    try:
        return read_anchor(db, series.id, series.patient_id, protocol, actor=actor)
    except NotFound as error:
        raise Invalid("This series has no infusion that another could follow.") from error
