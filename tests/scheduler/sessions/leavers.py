"""Patients about to leave: sessions in recovery that meet every criterion, until a test takes one away."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from scheduler.actors import Actor
from scheduler.errors import Blocked
from scheduler.models import (
    AdverseEvent,
    AdverseEventCode,
    Alert,
    AlertKind,
    AlertLevel,
    Appointment,
    Assessment,
    ChecklistAnswer,
    EndKind,
    LedgerEntry,
    LedgerKind,
    Purpose,
    SessionStatus,
    SessionStep,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.outcomes.scales import SCALES
from scheduler.sessions.leaving import discharge
from scheduler.sessions.steps import lock_visit
from scheduler.sessions.visit.checklists import Checklist, Item, as_document
from scheduler.treatment import Phase
from tests.builders import ClinicCast, clinic_instant
from tests.treatments import session_in

START = clinic_instant("Mon 09:30")
LEAVING = as_document(Checklist((Item("leaving_oriented", "Oriented and steady"), Item("leaving_safety", "Safe"))))
SERIOUS = {
    "code": AdverseEventCode.SYNCOPE, "severity": 3, "serious": True, "criteria": ["hospitalisation"], "closed": False,
}  # fmt: skip


def after(minutes: float) -> datetime:
    """So many minutes after the pump was started; the patient may leave at 100."""
    return START + timedelta(minutes=minutes)


LEAVES = after(100)


def keep(cast: ClinicCast, session: TreatmentSession, kind: Any, at: datetime, **values: Any) -> Any:
    """A charted row, recorded when it happened."""
    said = {"occurred_at": at, "recorded_at": at, "recorded_by": cast.clinician.staff_id, **values}
    return cast.keep(kind(clinic_id=cast.id, id=uuid4(), session_id=session.id, **said))


def take(cast: ClinicCast, session: TreatmentSession, minutes: float, **measured: Any) -> Vitals:
    """A set of vitals as good as anybody's."""
    phase = Phase.BEFORE if minutes < 0 else Phase.RECOVERY
    usual = {"sbp": 120, "dbp": 80, "hr": 70, "spo2": 98, "moaas": 5, **measured}
    row: Vitals = keep(cast, session, Vitals, after(minutes), phase=phase, **usual)
    return row


def answer(
    cast: ClinicCast, session: TreatmentSession, item: str, *, value: Any = True, minutes: float = 91,
    by: Actor | None = None,
) -> ChecklistAnswer:  # fmt: skip
    """What somebody answered, the cast's clinician unless told otherwise."""
    said = {"item": item, "value": {"value": value}, "recorded_by": (by or cast.clinician).staff_id}
    row: ChecklistAnswer = keep(cast, session, ChecklistAnswer, after(minutes), **said)
    return row


def phq9(cast: ClinicCast, session: TreatmentSession, *, item9: int = 0, **changes: Any) -> Assessment:
    """The PHQ-9 of the visit, from before the drug; the alert it raised is seen to."""
    return form(cast, session, "phq9", [1] * 8 + [item9], **changes)


def form(
    cast: ClinicCast, session: TreatmentSession, scale: str, answers: list[int | None], *, seen: bool = True,
    **changes: Any,
) -> Assessment:  # fmt: skip
    """A form of the visit, from before the drug; alerts it raised are closed unless nobody has `seen` them."""
    score = SCALES[scale].score(answers)
    row = {
        "clinic_id": cast.id, "patient_id": session.patient_id, "scale": scale, "scale_version": "1",
        "appointment_id": session.appointment_id, "answers": answers, "total": score.total, "band": score.band,
        "complete": score.complete, "flags": [], "taken_at": after(-20), "recorded_at": after(-20), **changes,
    }  # fmt: skip
    kept = cast.keep(Assessment(**row))
    closed = {"acknowledged_at": kept.recorded_at, "acknowledged_by": cast.clinician.staff_id, "note": "Seen."}
    if seen:
        cast.db.execute(update(Alert).where(Alert.assessment_id == kept.id).values(**closed))
    return kept


def alert(cast: ClinicCast, session: TreatmentSession, level: AlertLevel = AlertLevel.URGENT, **changes: Any) -> Alert:
    """An open alert about the vitals of a session."""
    row = {"session_id": session.id, "kind": AlertKind.SPO2_LOW, "level": level, "raised_at": after(50), **changes}
    return cast.keep(Alert(clinic_id=cast.id, id=uuid4(), patient_id=session.patient_id, **row))


def serious(cast: ClinicCast, session: TreatmentSession, **changes: Any) -> AdverseEvent:
    """A serious adverse event, open unless told otherwise."""
    row: AdverseEvent = keep(cast, session, AdverseEvent, after(50), **{**SERIOUS, **changes})
    return row


def ledger(cast: ClinicCast, session: TreatmentSession, **amounts: str) -> None:
    """Entries of the session by their kinds, in mg."""
    drug = {"drug": "ketamine", "strength_mg_ml": Decimal(50), "volume_ml": Decimal(10)}
    expiry = {"lot": "L1", "expires_on": after(0).date() + timedelta(days=90)}
    vial = cast.keep(Vial(clinic_id=cast.id, id=uuid4(), label=f"V-{next(cast.numbers)}", **drug, **expiry))
    entry(cast, LedgerKind.RECEIVED, "500", vial_id=vial.id, session_id=None)
    for kind, mg in amounts.items():
        held = vial.id if kind == "drawn" else None
        entry(cast, LedgerKind(kind), mg, vial_id=held, session_id=session.id)


def entry(cast: ClinicCast, kind: LedgerKind, mg: str, **of: UUID | None) -> LedgerEntry:
    said = {"occurred_at": after(-10), "recorded_at": after(-10), "recorded_by": cast.clinician.staff_id}
    return cast.keep(LedgerEntry(clinic_id=cast.id, id=uuid4(), kind=kind, mg=Decimal(mg), **said, **of))


def recovering(cast: ClinicCast, status: SessionStatus = SessionStatus.RECOVERING, **changes: Any) -> TreatmentSession:
    """A session whose infusion ended at 40 minutes, and whose patient meets every criterion at 100."""
    usual = {
        "since": after(40), "started_at": after(0), "ended_at": after(40), "end_kind": EndKind.COMPLETED,
        "roomed_at": after(-28), "dose_given_mg": Decimal(35), "documents": {Purpose.DISCHARGE: LEAVING},
    }  # fmt: skip
    session = session_in(cast, status, **{**usual, **changes})
    take(cast, session, -10)
    take(cast, session, 20, sbp=150, dbp=92)
    take(cast, session, 60)
    take(cast, session, 95)
    answer(cast, session, "leaving_oriented", minutes=90)
    answer(cast, session, "leaving_safety", minutes=90)
    return session


def discharged(cast: ClinicCast, **changes: Any) -> TreatmentSession:
    """A session that can be signed: the patient has left, the drug balances, the PHQ-9 is there, the chair free."""
    usual = {"since": after(100), "discharged_at": after(100), "chair_free_at": after(110), **changes}
    session = recovering(cast, usual.pop("status", SessionStatus.DISCHARGED), **usual)
    ledger(cast, session, drawn="35", given="35")
    phq9(cast, session)
    return session


def ready(
    cast: ClinicCast, session: TreatmentSession, *, now: datetime = LEAVES, actor: Actor | None = None, **said: Any
) -> TreatmentSession:
    """Judge a patient ready to leave, by the cast's clinician unless told otherwise."""
    return discharge.ready(cast.db, session, **said, actor=actor or cast.clinician, now=now)


def leave(
    cast: ClinicCast, session: TreatmentSession, *, now: datetime = LEAVES, actor: Actor | None = None, **said: Any
) -> TreatmentSession:
    """Send a patient home."""
    visit = lock_visit(cast.db, session.id, actor=cast.clinician)
    return discharge.discharge(cast.db, *visit, **said, actor=actor or cast.clinician, now=now)


def transfer(cast: ClinicCast, session: TreatmentSession, *, now: datetime = LEAVES, **said: Any) -> TreatmentSession:
    """Hand a patient over to a hospital."""
    visit = lock_visit(cast.db, session.id, actor=cast.clinician)
    told = {"destination": "General hospital", **said}
    return discharge.transfer(cast.db, *visit, **told, actor=cast.clinician, now=now)


def appointment_of(cast: ClinicCast, session: TreatmentSession) -> Appointment:
    """As the database has it now."""
    cast.db.expire_all()
    return cast.db.get_one(Appointment, (session.clinic_id, session.appointment_id))


def steps(cast: ClinicCast, session: TreatmentSession) -> Sequence[SessionStep]:
    """Its states, in order."""
    taken = select(SessionStep).where(SessionStep.session_id == session.id).order_by(SessionStep.number)
    return cast.db.scalars(taken).all()


def missed(caught: pytest.ExceptionInfo[Blocked]) -> list[str]:
    """The criteria that keep a patient here."""
    return [fault.where for fault in caught.value.faults]
