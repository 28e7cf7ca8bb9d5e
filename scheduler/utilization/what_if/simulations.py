"""Simulations: asked for, looked up, withdrawn."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import EnoughAsked, Fault, IllegalTransition, Invalid, NotFound, refuse
from scheduler.models import Clinic, Protocol, ProtocolVersion, Simulation, SimulationRun, SimulationState
from scheduler.models.base import table_of
from scheduler.protocols import Phases, ProtocolDefinition
from scheduler.protocols import from_document as protocol_from
from scheduler.records import audit
from scheduler.utilization.what_if import question
from scheduler.utilization.what_if.changes import stretched
from scheduler.utilization.what_if.question import OtherPhases, Question

MOST_OPEN = 3
"""In one clinic: a fourth waits until one of them is done."""
OPEN = (SimulationState.WAITING, SimulationState.RUNNING)

_clinics = table_of(Clinic)
ONE_AT_A_TIME = select(_clinics.c.id).where(_clinics.c.id == bindparam("clinic_id")).with_for_update(key_share=True)
"""As the audit's chain is locked at the end of every act: whoever asks meanwhile waits, and then counts us."""
CURRENT = (
    select(ProtocolVersion.document)
    .join(Protocol, (Protocol.clinic_id == ProtocolVersion.clinic_id) & (Protocol.id == ProtocolVersion.protocol_id))
    .where(Protocol.clinic_id == bindparam("clinic_id"), Protocol.key.in_(bindparam("keys", expanding=True)))
    .where(ProtocolVersion.id == Protocol.current_id)
)


@dataclass(frozen=True)
class SimulationView:
    """A simulation, and how many of its seeds have been run."""

    simulation: Simulation
    done: int

    @property
    def version(self) -> int:
        return self.simulation.version

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The result of one that is done."""
        return self.simulation.result if self.simulation.state is SimulationState.DONE else None

    @property
    def failure(self) -> str | None:
        """Why one that has failed did."""
        failed = self.simulation.state is SimulationState.FAILED and self.simulation.result
        return failed["failure"] if failed else None


def ask(db: Session, document: Mapping[str, Any], *, actor: Actor, now: datetime) -> SimulationView:
    """Put a question; somebody will simulate it.

    Raises `Invalid` with every fault of it, and `EnoughAsked` while as many as a clinic may have are not done.
    """
    asked = question.from_document(document)
    _refuse_impossible(db, asked, actor)
    db.execute(ONE_AT_A_TIME, {"clinic_id": actor.clinic_id})
    if _count_open(db, actor.clinic_id) >= MOST_OPEN:
        raise EnoughAsked
    row = Simulation(
        clinic_id=actor.clinic_id, question=question.as_document(asked), seeds=asked.seeds,
        state=SimulationState.WAITING, asked_at=now, asked_by=actor.staff_id,
    )  # fmt: skip
    db.add(row)
    db.flush()  # its id is what the audit tells of
    audit.note(db, "simulation.asked", actor=actor, now=now, subject=row.id, change=asked.kind)
    return SimulationView(row, 0)


def _refuse_impossible(db: Session, asked: Question, actor: Actor) -> None:
    """Raises `Invalid` for protocols that the clinic does not have, or that could not be kept so."""
    if isinstance(asked.change, OtherPhases):
        keys = list(asked.change.protocols)
        found = map(protocol_from, db.scalars(CURRENT, {"clinic_id": actor.clinic_id, "keys": keys}))
        refuse(_impossible(asked.change, {each.key: each for each in found}))


def _impossible(change: OtherPhases, known: Mapping[str, ProtocolDefinition]) -> Iterator[Fault]:
    for i, (key, phases) in enumerate(change.protocols.items()):
        if key not in known:
            yield Fault(f"change.phases.{i}.protocol", "unknown", "There is no such protocol.")
        elif not _can_be_kept(known[key], phases):
            yield Fault(f"change.phases.{i}", "impossible", "A visit of these lengths could not claim what it needs.")


def _can_be_kept(protocol: ProtocolDefinition, phases: Phases) -> bool:
    try:
        stretched(protocol, phases)
    except Invalid:
        return False
    return True


def _count_open(db: Session, clinic_id: UUID) -> int:
    mine = select(func.count()).select_from(Simulation).where(Simulation.clinic_id == clinic_id)
    return db.scalar(mine.where(Simulation.state.in_(OPEN))) or 0


def find(db: Session, simulation_id: UUID, *, actor: Actor) -> SimulationView:
    """One simulation of the clinic. Raises `NotFound`."""
    row = db.get(Simulation, (actor.clinic_id, simulation_id))
    if row is None:
        raise NotFound("There is no such simulation.")
    return SimulationView(row, _done(db, actor.clinic_id, [row.id]).get(row.id, 0))


def list_simulations(
    db: Session, *, after: tuple[datetime, UUID] | None, limit: int, actor: Actor
) -> list[SimulationView]:
    """The clinic's simulations, the newest first, in two statements."""
    rows = select(Simulation).where(Simulation.clinic_id == actor.clinic_id)
    if after is not None:
        rows = rows.where(tuple_(Simulation.asked_at, Simulation.id) < after)
    found = db.scalars(rows.order_by(Simulation.asked_at.desc(), Simulation.id.desc()).limit(limit)).all()
    done = _done(db, actor.clinic_id, [row.id for row in found])
    return [SimulationView(row, done.get(row.id, 0)) for row in found]


def _done(db: Session, clinic_id: UUID, ids: Collection[UUID]) -> dict[UUID, int]:
    counts = (
        select(SimulationRun.simulation_id, func.count())
        .where(SimulationRun.clinic_id == clinic_id, SimulationRun.simulation_id.in_(ids))
        .group_by(SimulationRun.simulation_id)
    )
    return {row[0]: row[1] for row in db.execute(counts)}


def withdraw(db: Session, view: SimulationView, *, actor: Actor, now: datetime) -> SimulationView:
    """Whoever runs it stops; what has been run is kept. Raises `IllegalTransition` for one that has ended."""
    row = view.simulation
    if row.state not in OPEN:
        raise IllegalTransition("This simulation has ended already.")
    row.state, row.ended_at, row.taken_until = SimulationState.WITHDRAWN, now, None
    db.flush()  # the version told is that of the row as it will be stored
    audit.note(db, "simulation.withdrawn", actor=actor, now=now, subject=row.id)
    return view
