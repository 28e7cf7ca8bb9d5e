"""The ledger's machine: two sessions, three vials and whatever two people may do with them, rightly or wrongly."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.checks import checks
from scheduler.errors import DomainError
from scheduler.models import LedgerEntry, LedgerKind, SessionStatus, TreatmentSession
from scheduler.models.constraints import refusal_of
from scheduler.models.engine import Database
from scheduler.sessions.ledger import ledger, mending, stock, vials
from scheduler.sessions.ledger.stock import VialState
from tests.builders import ClinicCast, build_clinic
from tests.model.booking_steps import SEEDS
from tests.model.ledger_plain import OF_SESSION, Book, Fault, Line
from tests.treatments import ARRIVAL, session_in

VIALS = (("50", "10"), ("10", "20"), ("12.5", "3"))
"""Strength and volume; of the last not every thousandth of a millilitre weighs whole micrograms."""
RUNS, STEPS_OF_A_RUN = 6, 40
VOLUMES = ("0.001", "0.002", "0.3", "0.7", "0.7", "1", "2.5", "4", "10", "0")
WEIGHTS = ("0.001", "5", "13.125", "21.875", "35", "100", "0")
CHECKS = ("vials", "witnesses", "reversals")
MENDED = ("drawn", "wasted", "returned")


@dataclass(frozen=True)
class LedgerWorld:
    """A clinic with two sessions under way, committed once; each run begins there and leaves nothing."""

    database: Database
    cast: ClinicCast
    sessions: tuple[UUID, ...]
    tally: Counter[tuple[str, str]]


def build_ledger_world(database: Database, *, now: datetime) -> LedgerWorld:
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        sessions = tuple(session_in(cast, SessionStatus.INFUSING).id for _ in range(2))
    return LedgerWorld(database, cast, sessions, Counter())


class LedgerMachine(RuleBasedStateMachine):
    """One run; `world` is that of the class made for it. What it asks for is judged by the plain book first."""

    world: ClassVar[LedgerWorld]

    def __init__(self) -> None:
        super().__init__()
        self.now, self.was_asked = ARRIVAL, False
        self.book = Book({})
        self._writing = self.world.database.writing()
        self._outermost = self._writing.__enter__()
        self.connection = self._outermost.connection()

    def teardown(self) -> None:
        try:
            with self.session() as db:
                found = [name for name in CHECKS for _ in checks(now=self.now)[name](db, self.world.cast.id)]
            assert found == []
        finally:
            self._outermost.rollback()
            self._writing.__exit__(None, None, None)

    def session(self) -> Session:
        return Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)

    @property
    def by_two(self) -> dict[str, Any]:
        return {"witness_id": self.witness, "actor": self.actor, "now": self.now}

    @property
    def actor(self) -> Actor:
        return self.world.cast.clinician

    def do(self, step: str, act: Callable[[Session], Any], faults: Iterable[Fault], guard: str = "") -> Any:
        """Done if the book knows nothing against it, else refused for the book's reasons; None if refused."""
        self.was_asked = True
        expected = set(faults) | self.unwitnessed()
        try:
            with self.session() as db:
                answer = act(db)
                db.commit()
        except (DomainError, IntegrityError) as error:
            refusal = refusal_of(error) if isinstance(error, IntegrityError) else error
            told = {(fault.where, fault.code) for fault in refusal.faults} if refusal else set()
            assert told == expected, f"{step} was refused for {told}, not for {expected}"
            assert expected or (refusal and refusal.code == guard), f"{step} was refused for {refusal}, not {guard}"
            self.world.tally[step, "refused"] += 1
            return None
        assert not expected, f"{step} was done although {expected}"
        assert not guard, f"{step} was done although {guard}"
        self.world.tally[step, "done"] += 1
        return answer

    def unwitnessed(self) -> set[Fault]:
        return set() if self.witness else {("witness_id", "witness-needed")}

    def a_moment(self, rng: Random) -> None:
        """Some time passes; rarely somebody forgets the witness."""
        self.now += timedelta(seconds=rng.randrange(60))
        self.witness = None if rng.random() < 0.08 else self.world.cast.staff[Role.PRESCRIBER].id

    def a_vial(self, rng: Random) -> UUID:
        return rng.choice(list(self.book.strengths))

    def a_session(self, rng: Random) -> UUID:
        return rng.choice(self.world.sessions)

    def keep(self, entry: LedgerEntry | None, line: Line) -> None:
        if entry is not None:
            self.book.lines[entry.id] = line

    @initialize()
    def receive(self) -> None:
        self.witness = self.world.cast.staff[Role.PRESCRIBER].id
        for number, (strength, volume) in enumerate(VIALS):
            self.receive_one(f"V-{number}", Decimal(strength), Decimal(volume))

    def receive_one(self, label: str, strength: Decimal, volume: Decimal) -> None:
        def act(db: Session) -> Any:
            held = vials.receive_vial(
                db, label=label, drug="ketamine", strength_mg_ml=strength, volume_ml=volume, lot="L",
                expires_on=date(2027, 1, 1), **self.by_two,
            )  # fmt: skip
            return stock.read_vial(db, held.vial.id, actor=self.actor, now=self.now)

        found = self.do("receive", act, ())
        self.book.strengths[found.vial.id] = Fraction(strength)
        weight = Fraction(strength) * Fraction(volume)
        self.keep(found.entries[0], Line("received", weight, Fraction(volume), found.vial.id))

    @rule(rng=SEEDS)
    def draw(self, rng: Random) -> None:
        self.a_moment(rng)
        vial, session, ml = self.a_vial(rng), self.a_session(rng), Decimal(rng.choice(VOLUMES))
        faults = set(self.book.against_volume(vial, Fraction(ml)))
        weight = Fraction(ml) * self.book.strengths[vial]
        guard = "session-signed" if session in self.book.signed else ""
        if guard:
            return self.refused_signed("draw", lambda db: ledger.draw(db, session, vial, ml, **self.by_two))
        short = "not-in-vial" if not faults and weight > self.book.holds(vial) else ""
        entry = self.do("draw", lambda db: ledger.draw(db, session, vial, ml, **self.by_two), faults, short)
        return self.keep(entry, Line("drawn", weight, Fraction(ml), vial, session))

    def refused_signed(self, step: str, act: Callable[[Session], Any]) -> None:
        """Before anything else about it is looked at."""
        self.witness = self.world.cast.staff[Role.PRESCRIBER].id
        self.do(f"{step} when signed", act, (), "session-signed")

    @rule(rng=SEEDS)
    def give(self, rng: Random) -> None:
        """As the end of an infusion does, with all that was drawn or something else; a correction once it is signed."""
        self.a_moment(rng)
        self.witness = self.world.cast.staff[Role.PRESCRIBER].id
        session_id, mg = self.a_session(rng), Decimal(rng.choice(WEIGHTS))
        if session_id in self.book.signed or self.book.sums(session_id)["given"] > 0:
            self.amend(session_id, mg)
            return

        def act(db: Session) -> LedgerEntry:
            session = db.get_one(TreatmentSession, (self.actor.clinic_id, session_id))
            return ledger.record_given(db, session, mg, occurred_at=self.now, actor=self.actor, now=self.now)

        self.keep(self.do("give", act, ()), Line("given", Fraction(mg), None, None, session_id))

    def amend(self, session_id: UUID, mg: Decimal) -> None:
        """Entries of what was given stand in the book by their sum alone: which were replaced is the ledger's own."""

        def act(db: Session) -> list[LedgerEntry]:
            session = db.get_one(TreatmentSession, (self.actor.clinic_id, session_id))
            ledger.amend_given(db, session, mg, reason="Misread", actor=self.actor, now=self.now)
            return [entry for entry in ledger.entries_of(db, session) if entry.id not in self.book.lines]

        stood = any(line.kind == "given" and line.session == session_id for line in self.book.lines.values())
        for entry in self.do("amend what was given", act, ()):
            about = entry.about_id
            self.book.lines[entry.id] = Line("given", Fraction(entry.mg), None, None, session_id, about=about)
            if about:
                self.book.lines[about].settled = True
        assert not stood or self.book.sums(session_id)["given"] == Fraction(mg)

    @rule(rng=SEEDS)
    def put_aside(self, rng: Random) -> None:
        self.a_moment(rng)
        session, kind = self.a_session(rng), rng.choice([LedgerKind.WASTED, LedgerKind.RETURNED])
        all_of_it = Decimal(int(self.book.left(session) * 1000)).scaleb(-3)
        mg = all_of_it if rng.random() < 0.4 else Decimal(rng.choice(WEIGHTS))
        reason = "Forgotten" if rng.random() < 0.5 else None

        def act(db: Session) -> LedgerEntry:
            return ledger.put_aside(db, session, kind, mg, reason=reason, **self.by_two)

        if session in self.book.signed and reason is None:
            self.refused_signed("put aside", act)
            return
        entry = self.do("put aside", act, self.book.against_weight(session, Fraction(mg)))
        self.keep(entry, Line(kind, Fraction(mg), None, None, session))

    @rule(rng=SEEDS)
    def dispose(self, rng: Random) -> None:
        self.a_moment(rng)
        vial, ml = self.a_vial(rng), Decimal(rng.choice(VOLUMES))
        kind = rng.choice([LedgerKind.WASTED, LedgerKind.RETURNED])
        weight, faults = Fraction(ml) * self.book.strengths[vial], set(self.book.against_volume(vial, Fraction(ml)))
        short = "not-in-vial" if weight > self.book.holds(vial) else ""

        def act(db: Session) -> LedgerEntry:
            return vials.dispose(db, vial, kind, ml=ml, reason="Broke", **self.by_two)

        self.keep(self.do("dispose", act, faults, short), Line(kind, weight, Fraction(ml), vial))

    @rule(rng=SEEDS)
    def count(self, rng: Random) -> None:
        self.a_moment(rng)
        vial = self.a_vial(rng)
        right = self.book.holds(vial) / self.book.strengths[vial]
        ml = Decimal(int(right * 1000)).scaleb(-3) if rng.random() < 0.5 else Decimal(rng.choice(VOLUMES))
        faults = self.book.against_volume(vial, Fraction(ml), zero=True)
        entry = self.do("count", lambda db: vials.count(db, vial, ml, **self.by_two), faults)
        expected = self.book.holds(vial)
        assert entry is None or Fraction(entry.expected_mg) == expected
        weight = Fraction(ml) * self.book.strengths[vial]
        self.keep(entry, Line("counted", weight, Fraction(ml), vial, expected=expected))

    @rule(rng=SEEDS)
    def resolve(self, rng: Random) -> None:
        """Mostly a count that was off."""
        self.a_moment(rng)
        key = rng.choice(self.book.off() or list(self.book.lines))
        line = self.book.lines[key]
        faults = [] if line.kind == "counted" and line.mg != line.expected else [("ledger_entry_id", "kind")]
        adjust = not faults and rng.random() < 0.5
        off = line.mg - line.expected if adjust and line.expected is not None else Fraction(0)
        guard = "already-reversed" if line.settled and not faults else ""
        if adjust and not guard and self.book.holds(line.vial) != line.expected:
            faults = [("adjust", "moved")]

        def act(db: Session) -> LedgerEntry:
            return vials.resolve(db, key, reason="Spilt", adjust=adjust, **self.by_two)

        entry = self.do("resolve", act, faults, guard)
        if entry is not None:
            line.settled = True
            ml = off / self.book.strengths[line.vial] if adjust else None
            self.keep(entry, Line("resolved", off, ml, line.vial, about=key))

    @rule(rng=SEEDS)
    def reverse(self, rng: Random) -> None:
        self.a_moment(rng)
        key = rng.choice(self.mended() if rng.random() < 0.7 and self.mended() else list(self.book.lines))
        faults = set(self.book.against_reversal(key, ("received", *MENDED)))

        def act(db: Session) -> LedgerEntry:
            return mending.reverse(db, key, reason="Wrong", **self.by_two)

        entry = self.do("reverse", act, faults, self.against_taking_back(key))
        if entry is not None:
            self.book.reverse(key, entry.id)

    def against_taking_back(self, key: UUID) -> str:
        """What was received leaves the vial again, if it is still there."""
        line = self.book.lines[key]
        if line.settled:
            return "already-reversed"
        gone = line.kind == "received" and line.about is None and self.book.holds(line.vial) < line.mg
        return "not-in-vial" if gone else ""

    @rule(rng=SEEDS)
    def correct(self, rng: Random) -> None:
        self.a_moment(rng)
        if not self.mended():
            return
        key = rng.choice(self.mended())
        line = self.book.lines[key]
        amount = Decimal(rng.choice(VOLUMES if line.vial else WEIGHTS))
        self.correct_to(key, line, amount, "ml" if line.vial else "mg")

    def mended(self) -> list[UUID]:
        """What may be corrected, or was."""
        return [key for key, line in self.book.lines.items() if line.kind in MENDED and line.about is None]

    def correct_to(self, key: UUID, line: Line, amount: Decimal, unit: str) -> None:
        strength = self.book.strengths[line.vial] if line.vial else Fraction(1)
        weight = Fraction(amount) * strength
        faults = set(
            self.book.against_volume(line.vial, Fraction(amount)) if line.vial
            else self.book.against_weight(line.session, weight, already=line.mg)
        )  # fmt: skip
        short = line.vial and weight > self.book.holds(line.vial) + line.mg
        guard = "already-reversed" if line.settled else "not-in-vial" if short else ""

        def act(db: Session) -> LedgerEntry:
            return mending.correct(db, key, **{unit: amount}, reason="Misread", **self.by_two)

        entry = self.do("correct", act, faults, guard)
        if entry is not None:
            self.find_reversal(key)
            self.keep(entry, Line(line.kind, weight, Fraction(amount) if line.vial else None, line.vial, line.session))

    def find_reversal(self, key: UUID) -> None:
        with self.session() as db:
            self.book.reverse(key, db.scalars(select(LedgerEntry.id).where(LedgerEntry.about_id == key)).one())

    @rule(rng=SEEDS)
    def sign(self, rng: Random) -> None:
        """As a closing does to the row, what it asks for aside; rarely, for little is done afterwards."""
        session_id = self.a_session(rng)
        if rng.random() > 0.1 or session_id in self.book.signed:
            return
        with self.session() as db:
            session = db.get_one(TreatmentSession, (self.actor.clinic_id, session_id))
            session.status, session.signed_at = SessionStatus.CLOSED, self.now
            db.commit()
        self.book.signed.add(session_id)

    @invariant()
    def the_database_is_as_the_book(self) -> None:
        if not self.was_asked:
            return
        self.was_asked = False
        with self.session() as db:
            rows = db.execute(select(LedgerEntry.id, LedgerEntry.kind, LedgerEntry.mg, LedgerEntry.ml)).all()
            held = stock.list_vials(db, VialState.ALL, after=None, limit=9, actor=self.actor, now=self.now)
            clinic_id = self.actor.clinic_id
            found = [
                ledger.reconcile(db, db.get_one(TreatmentSession, (clinic_id, id_))) for id_ in self.world.sessions
            ]
        assert {(row.id, row.kind, Fraction(row.mg), row.ml and Fraction(row.ml)) for row in rows} == {
            (key, line.kind, line.mg, line.ml) for key, line in self.book.lines.items()
        }
        self.the_vials_are(held)
        for id_, balance in zip(self.world.sessions, found, strict=True):
            assert {kind: Fraction(getattr(balance, kind)) for kind in OF_SESSION} == self.book.sums(id_)
            assert balance.balanced == (abs(self.book.left(id_)) <= Fraction(1, 10))

    def the_vials_are(self, held: list[stock.HeldVial]) -> None:
        assert {each.vial.id: Fraction(each.balance.mg) for each in held} == {
            vial: self.book.holds(vial) for vial in self.book.strengths
        }
        assert all(Fraction(each.balance.ml) * self.book.strengths[each.vial.id] == each.balance.mg for each in held)
        assert {entry.id for each in held for entry in each.discrepancies} == set(self.book.off())


def run_ledger(world: LedgerWorld, steps: int, *, of_seed: str) -> Counter[tuple[str, str]]:
    """At least so many steps, the same for the same seed. Raises what the first wrong one raises, shrunk."""
    turn = 0
    while world.tally.total() < steps:
        turn += 1
        kind = seed(f"{of_seed}/{turn}")(type("LedgerMachineHere", (LedgerMachine,), {"world": world}))
        run_state_machine_as_test(kind, settings=SETTINGS)
    return world.tally


SETTINGS = settings(
    max_examples=RUNS, stateful_step_count=STEPS_OF_A_RUN, database=None, deadline=None, print_blob=False,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
)  # fmt: skip
