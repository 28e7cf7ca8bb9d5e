"""Where a patient's letters go: what was written and not sent follows their address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.letters import letters
from scheduler.models import Appointment, AppointmentStatus, Message, Patient
from scheduler.models.base import table_of
from scheduler.records import access

_outbox, _appointments = table_of(Message), table_of(Appointment)
UNSENT = (
    _outbox.c.clinic_id == bindparam("of_clinic"), _outbox.c.patient_id == bindparam("of_patient"),
    _outbox.c.sent_at.is_(None), _outbox.c.withdrawn_at.is_(None),
)  # fmt: skip
WITHDRAW = update(_outbox).where(*UNSENT).values(withdrawn_at=bindparam("at"))
USEFUL = or_(_outbox.c.useless_at.is_(None), _outbox.c.useless_at > bindparam("at"))
TRIED = _outbox.c.attempts > 0
READDRESS = (
    update(_outbox)
    .where(*UNSENT, USEFUL)
    .values(
        recipient=bindparam("to_recipient"), given_up_at=None, failure=None, attempts=0,
        due_at=case((TRIED, bindparam("at", type_=_outbox.c.due_at.type)), else_=_outbox.c.due_at),
    )
)  # fmt: skip
"""What failed at the old address has every try again, from now on; what was not due yet keeps its time."""
AHEAD = (
    select(_appointments.c.id, _appointments.c.starts_at, _appointments.c.version)
    .where(_appointments.c.clinic_id == bindparam("clinic_id"), _appointments.c.patient_id == bindparam("patient_id"))
    .where(_appointments.c.starts_at > bindparam("now"))
    .where(_appointments.c.status.in_([AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED]))
)


def change_patient(
    db: Session, patient: Patient, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Patient:
    """Change particulars of an opened record. Letters go to the address that holds when they are sent.

    An address that is gone takes its letters along; the first one brings the reminders of every visit still to come.
    Raises what `access.change_patient` raises.
    """
    before = patient.email
    changed = access.change_patient(db, patient, changes, actor=actor, now=now)
    if changed.email != before:
        _follow(db, changed, before, actor=actor, now=now)
    return changed


def _follow(db: Session, patient: Patient, before: str | None, *, actor: Actor, now: datetime) -> None:
    mine = {"of_clinic": actor.clinic_id, "of_patient": patient.id}
    if patient.email is None:
        db.execute(WITHDRAW, {**mine, "at": now})
    elif before is not None:
        db.execute(READDRESS, {**mine, "to_recipient": patient.email, "at": now})
    else:
        _remind_of_all(db, patient, actor=actor, now=now)


def _remind_of_all(db: Session, patient: Patient, *, actor: Actor, now: datetime) -> None:
    """Their edition names the version of the record too: an address may go and come back."""
    asked = {"clinic_id": actor.clinic_id, "patient_id": patient.id, "now": now}
    ahead = [
        letters.Visit(id_, patient.id, starts_at, f"{version}p{patient.version}")
        for id_, starts_at, version in db.execute(AHEAD, asked)
    ]
    records = {patient.id: access.LockedRecord(patient.id, patient.email, patient.consent_until)}
    letters.tell(db, records, letters.News(booked=ahead), actor=actor, now=now)
