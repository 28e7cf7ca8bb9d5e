"""The small clinic that the model test lives in, its rows read as plain values, and the steps' way to the database."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.booking import reading
from scheduler.checks import checks, clinics
from scheduler.errors import DomainError
from scheduler.models import (
    LIVE,
    Appointment,
    Claim,
    Hold,
    HoldState,
    Offer,
    Override,
    Series,
    Shift,
    WaitlistEntry,
)
from scheduler.models.base import table_of
from scheduler.models.constraints import refusal_of
from scheduler.models.engine import Database
from scheduler.protocols import Gap, Leg, Phases, ProtocolDefinition, ResourceKind
from tests.builders import ClinicCast, build_clinic
from tests.model.plain import Clinic, profile
from tests.model.plain_things import MINUTE, Judgement
from tests.model.plain_things import Claim as Taken

Answer = TypeVar("Answer")

NURSE_AND_PRESCRIBER = (Leg(ResourceKind.NURSE, 0, 20, 2), Leg(ResourceKind.NURSE, 20, 55, 1),
                        Leg(ResourceKind.PRESCRIBER, 10, 55, 1))  # fmt: skip
INDUCTION = ProtocolDefinition(
    key="induction", name="Induction", drug="ketamine", route="iv", dose=None, dose_unit=None, source="The tests.",
    phases=Phases(10, 25, 20, 5), legs=(Leg(ResourceKind.CHAIR, 0, 60, 1), *NURSE_AND_PRESCRIBER),
    gaps=(Gap(2, 4), Gap(2, 4)), span_days=8,
)  # fmt: skip
UPKEEP = ProtocolDefinition(
    key="upkeep", name="Upkeep", drug="ketamine", route="iv", dose=None, dose_unit=None, source="The tests.",
    phases=Phases(10, 25, 40, 15), legs=(Leg(ResourceKind.CHAIR, 0, 90, 1), *NURSE_AND_PRESCRIBER),
    gaps=(Gap(3, 7),), span_days=8,
)  # fmt: skip
SHIFTS_UNTIL = timedelta(days=60)
"""No run gets that far."""
EMAILS = ("one@example.test", "two@example.test", None, None, None, None, None)
"""Of all patients but the last, whose consent runs out."""


@dataclass(frozen=True)
class World:
    """A clinic on a database, committed once; each run of the model begins there and leaves nothing."""

    database: Database
    cast: ClinicCast
    patients: tuple[UUID, ...]
    seats: dict[ResourceKind, tuple[UUID, ...]]
    shifts: dict[UUID, tuple[datetime, datetime]]
    whose: dict[UUID, UUID]
    other: Actor
    """A second scheduler."""

    def plain(self) -> Clinic:
        """The model of this clinic with nothing booked."""
        kinds = {id_: kind for kind, ids in self.seats.items() for id_ in ids}
        named = {resource.id: resource.capacity for resource in self.cast.resources.values()}
        consent = dict.fromkeys(self.patients) | {self.patients[-1]: self.cast.now.date().replace(day=20)}
        return Clinic(self.cast.zone, kinds, named, dict(self.shifts), dict(self.whose), consent)

    @property
    def clinician(self) -> Actor:
        """May set everything aside that can be, and work at the desk."""
        return self.cast.actor(Role.CLINICIAN, Role.SCHEDULER)


def build_world(database: Database, *, now: datetime) -> World:
    """Two chairs, two nurses, one prescriber, two protocols, few patients: small, so that they meet."""
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        cast.add_resource(ResourceKind.NURSE, "N2", capacity=3)
        for definition in (INDUCTION, UPKEEP):
            cast.add_protocol(definition)
        until = now.date().replace(day=20)
        patients = [cast.patient(f"P{number}", email=email).id for number, email in enumerate(EMAILS)]
        patients.append(cast.patient("P-last", consent_until=until).id)
        db.execute(delete(Shift).where(Shift.starts_at > now + SHIFTS_UNTIL))
        other = cast.add_staff("other desk", Role.SCHEDULER)
        seats = defaultdict(list)
        for resource in cast.resources.values():
            seats[resource.kind].append(resource.id)
        rows = db.execute(select(Shift.id, Shift.resource_id, Shift.starts_at, Shift.ends_at).order_by(Shift.starts_at))
        found = list(rows)
    return World(
        database, cast, tuple(patients), {kind: tuple(ids) for kind, ids in seats.items()},
        {row.id: (row.starts_at, row.ends_at) for row in found}, {row.id: row.resource_id for row in found},
        Actor(cast.id, other.id, frozenset({Role.SCHEDULER})),
    )  # fmt: skip


TOO_LATE = {"move what was seen earlier", "repair once more"}
"""Steps that are there to be refused."""


class Tally:
    """What came of the steps: how many there were, and how often each was done and refused."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()

    @property
    def steps(self) -> int:
        return self.seen.total()

    def one_sided(self) -> list[str]:
        """The steps that were never done: nothing would be known of them."""
        done = {step for step, outcome in self.seen if outcome == "done"}
        return sorted({step for step, _ in self.seen} - done - TOO_LATE)


class Desk:
    """One run against the database, of which nothing stays."""

    def __init__(self, world: World, tally: Tally) -> None:
        self.world, self.tally = world, tally
        self.was_asked = self.was_done = False
        self._writing = world.database.writing()
        self._outermost = self._writing.__enter__()
        self.connection: Connection = self._outermost.connection()
        reading._kept.clear()  # versions of calendars that were thrown away come again with other contents

    def close(self) -> None:
        self._outermost.rollback()
        self._writing.__exit__(None, None, None)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A request's transaction: a savepoint here."""
        with Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as db:
            yield db
            db.commit()  # releases the savepoint

    def do(
        self, step: str, act: Callable[[Session], Answer], refused: Collection[str] | Judgement = ()
    ) -> Answer | None:
        """Done if the model knows no reason against it, else refused for the model's reasons; None if refused."""
        self.was_asked, self.was_done = True, False
        judgement = refused if isinstance(refused, Judgement) else Judgement(guards=frozenset(refused))
        try:
            with self.session() as db:
                answer = act(db)
        except (DomainError, IntegrityError) as error:
            _compare(step, error, judgement)
            self.tally.seen[step, "refused"] += 1
            return None
        assert judgement == Judgement(), f"{step} was done although {judgement}"
        self.tally.seen[step, "done"] += 1
        self.was_done = True
        return answer

    def live_ids(self, series: UUID, numbers: Collection[int]) -> dict[int, UUID]:
        """The live appointments of a series at these numbers."""
        live = select(Appointment.number, Appointment.id).where(
            Appointment.series_id == series, Appointment.number.in_(numbers), Appointment.status.in_(LIVE)
        )
        with self.session() as db:
            return {row.number: row.id for row in db.execute(live)}

    def findings(self, now: datetime) -> list[tuple[str, str]]:
        """Everything that must not be: the check that found it, and its words."""
        with self.session() as db:
            return [
                (name, finding.words)
                for clinic_id in clinics(db)
                for name, check in checks(now=now).items()
                for finding in check(db, clinic_id)
            ]


def _compare(step: str, error: DomainError | IntegrityError, judgement: Judgement) -> None:
    refusal = refusal_of(error) if isinstance(error, IntegrityError) else error  # as the application does
    if refusal is None:
        raise error
    told = {(fault.where, fault.code) for fault in refusal.faults}
    codes = {code for _, code in told} | {refusal.code}
    if judgement.rules:
        assert told == judgement.rules, f"{step} was refused for {told}, not for {set(judgement.rules)}"
    else:
        assert codes & judgement.guards, f"{step} was refused for {codes}, not for {set(judgement.guards)}"


_series, _appointments, _claims = table_of(Series), table_of(Appointment), table_of(Claim)
_holds, _entries, _offers, _overrides = (table_of(each) for each in (Hold, WaitlistEntry, Offer, Override))
SERIES = select(
    _series.c.id, _series.c.patient_id, _series.c.status, _series.c.infusions, _series.c.follows_id, _series.c.reason,
    _series.c.version,
)  # fmt: skip
VISITS = select(
    _appointments.c.id, _appointments.c.series_id, _appointments.c.number, _appointments.c.starts_at,
    _appointments.c.status, _appointments.c.status_at, *(_appointments.c[f"{kind}_id"] for kind in ResourceKind),
    _appointments.c.ends_at, _appointments.c.local_date, _appointments.c.version,
)  # fmt: skip
CLAIMS = select(
    _claims.c.appointment_id, _claims.c.hold_id, _claims.c.resource_id, _claims.c.starts_at, _claims.c.ends_at,
    _claims.c.units,
)  # fmt: skip
HOLDS = select(
    _holds.c.id, _holds.c.owner_id, _holds.c.patient_id, _holds.c.state, _holds.c.expires_at, _holds.c.renewed_at,
    _holds.c.version,
)  # fmt: skip
ENTRIES = select(_entries.c.id, _entries.c.patient_id, _entries.c.state, _entries.c.version)
OVERRIDES = select(_overrides.c.appointment_id, _overrides.c.rule)
OFFERS = select(_offers.c.id, _offers.c.entry_id, _offers.c.hold_id, _offers.c.outcome, _offers.c.deadline,
                _offers.c.version)  # fmt: skip


def assert_same(desk: Desk, plain: Clinic, now: datetime) -> None:
    """Every row of the database is one of the model's, and the other way round; versions are learnt on the way."""
    rows = {name: desk.connection.execute(query).all() for name, query in QUERIES.items()}
    for name, found in rows.items():
        if name not in ("claims", "overrides"):
            learn_versions(getattr(plain, name), found)
    assert {row[:-1] for row in rows["courses"]} == {
        (each.id, each.patient, each.status, each.infusions, each.follows, each.reason)
        for each in plain.courses.values()
    }
    assert {row[:-1] for row in rows["visits"]} == set(_visits(plain))
    assert set(rows["overrides"]) == {(each.id, rule) for each in plain.visits.values() for rule in each.waived}
    _assert_same_claims(rows["claims"], plain, now)
    assert {row[:3] + _state(row, now) for row in rows["holds"]} == {
        (each.id, each.owner, each.patient, *_plain_state(each.state, each.until, each.renewed, now))
        for each in plain.holds.values()
    }
    assert {row[:-1] for row in rows["entries"]} == {
        (each.id, each.patient, each.state) for each in plain.entries.values()
    }
    assert {row[:-1] for row in rows["offers"]} == {
        (each.id, each.entry, each.hold, each.outcome, each.deadline) for each in plain.offers.values()
    }


QUERIES = {
    "courses": SERIES, "visits": VISITS, "claims": CLAIMS, "holds": HOLDS, "entries": ENTRIES, "offers": OFFERS,
    "overrides": OVERRIDES,
}  # fmt: skip


def learn_versions(mine: dict[UUID, Any], rows: Collection[Any]) -> None:
    for row in rows:
        if row.id in mine:
            mine[row.id].version = row.version


def _visits(plain: Clinic) -> Iterator[tuple[Any, ...]]:
    for each in plain.visits.values():
        seats = (each.seats.get(kind) for kind in ResourceKind)
        length = plain.protocol_of(each).visit_minutes * MINUTE
        day = plain.day_of(each.at)
        yield each.id, each.series, each.number, each.at, each.status, each.since, *seats, each.at + length, day


def _assert_same_claims(rows: Collection[Any], plain: Clinic, now: datetime) -> None:
    of_visits = Counter((row[0], *row[2:]) for row in rows if row.appointment_id)
    assert of_visits == Counter(
        (visit.id, *claim)
        for visit in plain.visits.values()
        if visit.live
        for claim in plain.claims_of(visit.place, plain.protocol_of(visit))
    )
    held: dict[UUID, list[Taken]] = {id_: [] for id_, hold in plain.holds.items() if plain.is_open(hold, now)}
    for row in rows:
        if row.hold_id in held:
            held[row.hold_id].append(tuple(row[2:]))
    assert {id_: profile(claims) for id_, claims in held.items()} == {
        id_: profile(plain.holds[id_].claims) for id_ in held
    }


def _state(row: Any, now: datetime) -> tuple[Any, ...]:
    return _plain_state(row.state, row.expires_at, row.renewed_at is not None, now)


def _plain_state(state: HoldState, until: datetime, renewed: bool, now: datetime) -> tuple[Any, ...]:  # noqa: FBT001 # one column of a row
    """Nobody has to have swept what is past its time."""
    over = state is HoldState.OPEN and until <= now
    return HoldState.EXPIRED if over else state, until, renewed
