"""Every verb of a session in every state: what is not legal is refused by name, and nothing at all is changed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked, DomainError, IllegalTransition, SessionSigned, SessionVoid
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Claim,
    DeferralReason,
    EndKind,
    InfusionEventRow,
    LedgerEntry,
    SessionNote,
    SessionStatus,
    SessionStep,
    TreatmentSession,
)
from scheduler.sessions.drug import devices
from scheduler.sessions.drug.infusing import PumpEvent, record_event
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.leaving import closing, discharge
from scheduler.sessions.lifecycle import NEXT
from scheduler.sessions.steps import lock_session, lock_visit
from scheduler.sessions.visit import checking_in, clearance, deferral
from tests.drugs import NOON, cleared, for_devices
from tests.treatments import ARRIVAL, FOLLOWED_BY, visit

S = SessionStatus
LOCKED = {S.CLOSED: SessionSigned, S.ENTERED_IN_ERROR: SessionVoid}
RATE = {EventKind.START: 150, EventKind.RATE_CHANGE: 100, EventKind.RESUME: 150}
KEPT = (TreatmentSession, SessionStep, InfusionEventRow, LedgerEntry, SessionNote, Appointment, Claim)


@dataclass(frozen=True)
class Verb:
    """What can be done to a session, in which states alone, and which state that comes to."""

    act: Callable[..., Any]
    own: frozenset[SessionStatus]
    comes_to: SessionStatus | None = None
    refusals: dict[SessionStatus, type[Exception]] | None = None
    """Where it is refused as something else than an illegal step."""
    builds: tuple[Callable[..., TreatmentSession], ...] = (cleared, for_devices)
    """Of pump or devices: a verb of the other kind is refused before its state is looked at."""

    def refused(self, state: SessionStatus) -> tuple[Any, ...]:
        """How it should come out where it is not legal: every row is as it was."""
        if self.refusals and state in self.refusals:
            return self.refusals[state], None, None, True
        return IllegalTransition, sorted(NEXT[state]), state, True


def alone(verb: Callable[..., Any], **said: Any) -> Callable[..., Any]:
    """A verb of the session only."""
    return lambda db, session_id, **who: verb(db, lock_session(db, session_id, actor=who["actor"]), **said, **who)


def followed(verb: Callable[..., Any], **said: Any) -> Callable[..., Any]:
    """A verb which the appointment follows."""
    return lambda db, session_id, **who: verb(db, *lock_visit(db, session_id, actor=who["actor"]), **said, **who)


def pumped(kind: EventKind, *own: SessionStatus, comes_to: SessionStatus | None = None) -> Verb:
    end = EndKind.STOPPED_EARLY if kind is EventKind.STOP else None
    said = PumpEvent(kind, RATE.get(kind), reason="Dizzy.", end_kind=end)
    return Verb(partial(charted, record_event, said), frozenset(own), comes_to, LOCKED, (cleared,))


def charted(verb: Callable[..., Any], *what: Any, **who: Any) -> Any:
    *said, db, session_id = what
    return verb(db, session_id, *said, **who)


VERBS = {
    "room": Verb(alone(checking_in.room), frozenset({S.CHECKED_IN}), S.PRE_ASSESSMENT),
    "clear": Verb(followed(clearance.clear), frozenset({S.PRE_ASSESSMENT}), S.CLEARED),
    "defer": Verb(
        alone(deferral.defer, reason=DeferralReason.PATIENT_WISH),
        frozenset({S.CHECKED_IN, S.PRE_ASSESSMENT, S.CLEARED}), S.DEFERRED,
    ),
    "take up again": Verb(followed(deferral.take_up_again), frozenset({S.CLEARED, S.DEFERRED}), S.PRE_ASSESSMENT),
    "depart": Verb(alone(deferral.depart), frozenset({S.DEFERRED})),
    "void": Verb(
        alone(checking_in.void, reason="Another patient."), frozenset({S.CHECKED_IN, S.PRE_ASSESSMENT}),
        S.ENTERED_IN_ERROR,
    ),
    "start": pumped(EventKind.START, S.CLEARED, comes_to=S.INFUSING),
    "change the rate": pumped(EventKind.RATE_CHANGE, S.INFUSING),
    "pause": pumped(EventKind.PAUSE, S.INFUSING, comes_to=S.PAUSED),
    "resume": pumped(EventKind.RESUME, S.PAUSED, comes_to=S.INFUSING),
    "stop": pumped(EventKind.STOP, S.INFUSING, S.PAUSED, comes_to=S.INFUSION_ENDED),
    "give a device": Verb(devices.give_device, frozenset({S.CLEARED, S.INFUSING}), None, LOCKED, (for_devices,)),
    "give no more": Verb(
        partial(devices.end_early, end_kind=EndKind.STOPPED_EARLY, reason="Dizzy."), frozenset({S.INFUSING}),
        S.INFUSION_ENDED, LOCKED, (for_devices,),
    ),
    "ready": Verb(alone(discharge.ready), frozenset({S.RECOVERING}), S.READY_FOR_DISCHARGE),
    "turn back": Verb(
        alone(discharge.turn_back, reason="Faint."), frozenset({S.READY_FOR_DISCHARGE}), S.RECOVERING,
    ),
    "discharge": Verb(followed(discharge.discharge), frozenset({S.READY_FOR_DISCHARGE}), S.DISCHARGED),
    "transfer": Verb(
        followed(discharge.transfer, destination="St. Luke"),
        frozenset({S.CHECKED_IN, S.PRE_ASSESSMENT, S.CLEARED, S.RECOVERING, S.READY_FOR_DISCHARGE}), S.TRANSFERRED,
    ),
    "release the chair": Verb(
        alone(discharge.release_chair), frozenset({S.DISCHARGED, S.TRANSFERRED}), None,
        dict.fromkeys(S, Blocked) | LOCKED,
    ),
    "sign": Verb(
        followed(closing.sign, note="Uneventful."), frozenset({S.DEFERRED, S.DISCHARGED, S.TRANSFERRED}), S.CLOSED
    ),
}  # fmt: skip
BY_ITSELF = {(S.INFUSION_ENDED, S.RECOVERING)}


def session_of(cast: Any, build: Callable[..., TreatmentSession], state: SessionStatus) -> TreatmentSession:
    """A session in this state, with an order and the drug drawn; nothing is drawn for one that is signed."""
    begun = S.DISCHARGED if state is S.CLOSED else state
    planned = visit(cast, FOLLOWED_BY.get(begun, AppointmentStatus.ARRIVED), patient=cast.patient())
    session = build(cast, status=begun, appointment=planned)
    if state is S.CLOSED:
        session.status, session.signed_at, session.signed_by = state, ARRIVAL, cast.prescriber.staff_id
        cast.db.flush()
    return session


def everything_of(db: Any) -> dict[str, list[Any]]:
    """The rows as the database holds them, whatever is in memory."""
    db.flush()
    return {kind.__tablename__: sorted(map(str, db.execute(select(kind.__table__)))) for kind in KEPT}


def test_every_state_has_its_line_in_the_table():
    assert set(NEXT) == set(SessionStatus)
    assert set().union(*NEXT.values()) == set(SessionStatus) - {S.CHECKED_IN}


def test_every_step_of_the_table_has_its_verb_and_no_verb_takes_another():
    taken = {(state, verb.comes_to) for verb in VERBS.values() if verb.comes_to for state in verb.own}

    assert taken | BY_ITSELF == {(state, after) for state, following in NEXT.items() for after in following}


def outcome(db: Any, verb: Verb, session: TreatmentSession, actor: Any) -> tuple[Any, ...]:
    """How the verb was refused, with what it says of the state, and whether every row is as it was."""
    before = everything_of(db)
    try:
        verb.act(db, session.id, actor=actor, now=NOON)
    except DomainError as refusal:
        return type(refusal), refusal.facts.get("legal"), refusal.facts.get("state"), everything_of(db) == before
    return "done", None, None, False


@pytest.mark.parametrize("build", [cleared, for_devices], ids=["pump", "devices"])
@pytest.mark.parametrize("state", S)
def test_what_a_state_does_not_allow_is_refused_and_nothing_is_changed(db, clinic, state, build):
    session = session_of(clinic, build, state)
    refused = {name: verb for name, verb in VERBS.items() if state not in verb.own and build in verb.builds}

    outcomes = {name: outcome(db, verb, session, clinic.prescriber) for name, verb in refused.items()}

    assert outcomes == {name: verb.refused(state) for name, verb in refused.items()}
