"""After a change of a running series was refused: every conflict as the calendar stands by now, and what else to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.changing.offering import OfferedChange, faults_of
from scheduler.booking.changing.outcome import Outcome, taken_places
from scheduler.booking.changing.rebooking import preview_extension, preview_rebooking
from scheduler.booking.changing.reschedule import alternatives
from scheduler.booking.changing.running import dates_around
from scheduler.booking.changing.scene import ANY_TIME, read_scene
from scheduler.errors import Fault, IllegalTransition, Invalid, NotFound, PlanRefused, SeriesEnded, SeriesPaused


@dataclass(frozen=True)
class ChangeRefusal:
    """Every conflict of a change, and what could be done instead."""

    conflicts: tuple[Fault, ...]
    alternatives: tuple[OfferedChange, ...]


def explain_changes(db: Session, refused: PlanRefused, *, actor: Actor, now: datetime) -> ChangeRefusal:
    """Why changes cannot be made as the calendar stands now, with fresh alternatives under the same wishes.

    What they were told themselves stands alone where they could be made again by now. Raises `NotFound`.
    """
    hold_id = refused.hold_id
    found = [explain_change(db, change, hold_id, actor=actor, now=now) for change in refused.plan if change.visits]
    conflicts = tuple(fault for each in found for fault in each.conflicts)
    return ChangeRefusal(conflicts or refused.faults, tuple(offered for each in found for offered in each.alternatives))


def explain_change(
    db: Session, change: SeriesChange, hold_id: UUID | None = None, *, actor: Actor, now: datetime
) -> ChangeRefusal:
    """`explain_changes`, for one of them; what `hold_id` keeps for it is not taken by anybody else."""
    scene = read_scene(db, change.series_id, action="series.refused", actor=actor, now=now)
    room = scene.room(*dates_around(change.visits))
    conflicts = (*faults_of(scene, room, change), *taken_places(db, scene, room, change, hold_id, actor=actor))
    try:
        instead = _instead(db, change, scene.running.series.infusions, actor=actor, now=now)
    except (NotFound, Invalid, SeriesEnded, SeriesPaused, IllegalTransition):
        instead = ()  # the wishes have run out, or there is nothing left to change
    return ChangeRefusal(conflicts, instead)


def _instead(
    db: Session, change: SeriesChange, infusions: int, *, actor: Actor, now: datetime
) -> tuple[OfferedChange, ...]:
    wishes = change.wishes or ANY_TIME
    if change.kind is ChangeKind.EXTENSION:
        more = change.infusions - infusions
        return _only(
            preview_extension(db, change.series_id, infusions=more, wishes=wishes, actor=actor, now=now)
            if more > 0
            else None
        )
    first = change.moved.get(change.visits[0].number)
    if first is None:
        return _only(preview_rebooking(db, change.series_id, wishes=wishes, actor=actor, now=now))
    found = alternatives(db, first.id, wishes=wishes, actor=actor, now=now)
    return found.places or _there((found.shift, found.override))


def _only(found: Outcome | None) -> tuple[OfferedChange, ...]:
    return _there([found.offered]) if found else ()


def _there(offered: Iterable[OfferedChange | None]) -> tuple[OfferedChange, ...]:
    return tuple(each for each in offered if each)
