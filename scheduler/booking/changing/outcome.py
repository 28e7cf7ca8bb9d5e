"""Making a change of one series that somebody asked for, or showing what it would come to: one answer for both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.appointments import Why
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.changing.offering import OfferedChange, OfferedVisit, faults_of, priced, shown
from scheduler.booking.changing.running import RunningSeries, read_running
from scheduler.booking.changing.scene import Room, Scene
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.explain import Explanation
from scheduler.booking.holding.taking import take_hold
from scheduler.booking.waivers import Waiver
from scheduler.errors import Fault


@dataclass(frozen=True)
class Outcome:
    """What a change comes to, or with `dry_run` False has come to; a dry run has written nothing.

    A search that found no change says why. `version` is that of what was asked to change, as it is now: an appointment,
    or its series.
    """

    offered: OfferedChange | None
    dry_run: bool
    version: int
    explanation: Explanation | None = None


def carry_out(
    db: Session, scene: Scene, room: Room, change: SeriesChange, *, why: Why, dry_run: bool, actor: Actor,
    now: datetime, waiver: Waiver | None = None, hold_id: UUID | None = None,
) -> Outcome:  # fmt: skip
    """Make the change, whole or not at all, or with `dry_run` tell every reason why it could not be made.

    The version told is that of the series. Raises what `apply_changes` raises.
    """
    faults = faults_of(scene, room, change)
    if dry_run and hold_id is not None:
        take_hold(db, hold_id, change.patient_id, actor=actor, now=now)
    taken = tuple(taken_places(db, scene, room, change, hold_id, actor=actor)) if dry_run else ()
    offered = shown(scene, room, change, cost=priced(scene, room, change, faults), faults=(*faults, *taken))
    if dry_run:
        return Outcome(offered, dry_run, scene.running.series.version)
    apply_changes(db, [change], why=why, actor=actor, now=now, waiver=waiver, hold_id=hold_id)
    running = read_running(db, {change.series_id}, actor=actor)[change.series_id]
    return Outcome(replace(offered, visits=tuple(_settled(offered, running))), dry_run, running.series.version)


def taken_places(
    db: Session, scene: Scene, room: Room, change: SeriesChange, hold_id: UUID | None = None, *, actor: Actor
) -> Iterator[Fault]:
    """Every place of a change that somebody else has, as the calendar stands; what it gives back does not count."""
    own = [hold_id] if hold_id else []
    yield from capacity_conflicts(
        db, actor.clinic_id, change.visits, scene.protocol, room.availability.calendar, now=scene.now,
        without=[*(seen.id for seen in change.seen), *own],
    )  # fmt: skip


def _settled(offered: OfferedChange, running: RunningSeries) -> Iterator[OfferedVisit]:
    """The visits with the appointments they have become."""
    ids = {each.number: each.id for each in running.mine}
    for visit in offered.visits:
        yield replace(visit, appointment_id=ids[visit.number])
