"""Bookers at random: many threads book and cancel overlapping series of one clinic, and all they meet is counted."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.checks import checks, clinics
from scheduler.errors import DomainError
from scheduler.models import Appointment, AppointmentStatus
from scheduler.models.engine import Database, is_transient
from scheduler.protocols import ResourceKind
from tests.builders import CLOSES, MDD_INDUCTION, MONDAY, OPENS, ClinicCast, build_clinic

TRIES = 6
"""As often as the application tries a request whose transaction met another one."""
CANCELLED_PERCENT = 20
WEEKS = 3
EXTRA = ((ResourceKind.CHAIR, "C", 1), (ResourceKind.CHAIR, "D", 1), (ResourceKind.NURSE, "N2", 3))
TWICE_WEEKLY = ((0, 3), (1, 4), (0, 4))
"""Weekdays, Monday 0, of two visits a week that are three or four days apart."""


@dataclass
class Arena:
    """A clinic of four chairs, two nurses and a prescriber, and more patients than it has room for."""

    database: Database
    actor: Actor
    now: datetime
    protocol_id: UUID
    version_id: UUID
    patients: list[UUID]
    resources: dict[ResourceKind, list[UUID]]
    clinic: ClinicCast
    booked: deque[UUID] = field(default_factory=deque)

    def plan(self, rng: Random) -> SeriesPlan:
        """A series that keeps every rule, in places that others may have or want."""
        days = islice(twice_weekly(rng.choice(TWICE_WEEKLY), rng.randrange(WEEKS)), MDD_INDUCTION.infusions)
        visits = tuple(self._visit(rng, number, day) for number, day in enumerate(days, 1))
        return SeriesPlan(rng.choice(self.patients), self.protocol_id, self.version_id, visits, Wishes(MONDAY))

    def _visit(self, rng: Random, number: int, day: date) -> PlannedVisit:
        minute = rng.randrange(OPENS, CLOSES - MDD_INDUCTION.visit_minutes + 1, 25)
        starts_at = clinic_time.instant(day, minute, self.clinic.zone)
        return PlannedVisit(number, starts_at, {kind: rng.choice(ids) for kind, ids in self.resources.items()})


def twice_weekly(weekdays: tuple[int, int], week: int = 0) -> Iterator[date]:
    """The dates of these weekdays, from `week` weeks after the clinic's Monday."""
    for turn, weekday in enumerate(cycle(weekdays)):
        yield MONDAY + timedelta(days=7 * (week + turn // 2) + weekday)


def build_arena(database: Database, *, now: datetime, patients: int = 60) -> Arena:
    with database.committing() as db:
        clinic = build_clinic(db, now=now)
        for kind, name, capacity in EXTRA:
            clinic.add_resource(kind, name, capacity=capacity)
        ids = [clinic.patient(given_name=f"P{number}").id for number in range(patients)]
        resources = {
            kind: [each.id for each in clinic.resources.values() if each.kind == kind] for kind in MDD_INDUCTION.kinds
        }
        return Arena(
            database, clinic.scheduler, now, clinic.protocol.id, clinic.protocol.current_id, ids, resources, clinic
        )


def attempt(database: Database, work: Callable[[Session], None]) -> Iterator[str]:
    """One request's worth of work, tried again as the application does; yields what came of each try."""
    for turn in range(TRIES):
        try:
            with database.committing() as db:
                work(db)
        except DomainError as refusal:
            yield refusal.faults[0].code if refusal.faults else refusal.code
        except DBAPIError as error:
            if not is_transient(error) or turn == TRIES - 1:
                raise
            yield "met another"
            continue
        else:
            yield "done"
        return


def blow(arena: Arena, operations: int, *, threads: int = 8, seed: int = 1) -> Counter[str]:
    """So many bookings and cancellations, in whatever order the threads come; how often each thing happened."""
    shares = [range(first, operations, threads) for first in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda share: _one_thread(arena, share, seed), shares), Counter[str]())


def _one_thread(arena: Arena, share: range, seed: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    for operation in share:
        rng = Random(f"{seed}/{operation}")
        verb, act = ("cancelled", _cancel) if rng.randrange(100) < CANCELLED_PERCENT else ("booked", _book)
        seen.update(verb if outcome == "done" else outcome for outcome in act(arena, rng))
    return seen


def _book(arena: Arena, rng: Random) -> Iterator[str]:
    plan, made = arena.plan(rng), []

    def book(db: Session) -> None:
        made.append(book_series(db, plan, actor=arena.actor, now=arena.now).id)

    yield from attempt(arena.database, book)
    arena.booked.extend(made[-1:])


def _cancel(arena: Arena, _rng: Random) -> Iterator[str]:
    try:
        series_id = arena.booked.popleft()
    except IndexError:
        yield "nothing to cancel"
        return
    yield from attempt(arena.database, lambda db: cancel_series(db, series_id, actor=arena.actor, now=arena.now))


def cancel_series(db: Session, series_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Cancel every appointment of a series."""
    mine = select(Appointment.id).where(Appointment.clinic_id == actor.clinic_id, Appointment.series_id == series_id)
    for appointment_id in db.scalars(mine.order_by(Appointment.number)).all():
        move_on(db, appointment_id, AppointmentStatus.CANCELLED, actor=actor, now=now)


def findings(database: Database, *, now: datetime) -> list[tuple[str, str]]:
    """Everything that must not be, over the whole database: the check that found it, and its words."""
    with database.reading() as db:
        return [
            (name, finding.words)
            for clinic_id in clinics(db)
            for name, check in checks(now=now).items()
            for finding in check(db, clinic_id)
        ]
