"""The only door to a patient. Hidden and unknown look the same, and every opening is written down."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, bindparam, func, insert, select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, NotFound, refuse
from scheduler.models import Patient
from scheduler.models.base import table_of
from scheduler.records import audit

_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"(?!.*=\?)(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?=.{{1,190}}\Z){_LABEL}(?:\.{_LABEL})*")
"""A plain e-mail address in ASCII, an international domain as `xn--`: nothing quoted, and no `=?`.

With that encoded words begin, which turn into other recipients or further lines in the head of a letter.
"""

_patients = table_of(Patient)
LOCK = (
    select(_patients.c.id, _patients.c.email, _patients.c.consent_until)
    .where(_patients.c.clinic_id == bindparam("clinic_id"))
    .where(_patients.c.id.in_(bindparam("patient_ids", expanding=True)))
    .order_by(_patients.c.id)
    .with_for_update(key_share=True)
)


@dataclass(frozen=True)
class LockedRecord:
    """What booking needs to know of a patient: where letters go, and until when the consent on file is valid."""

    id: UUID
    email: str | None
    consent_until: date | None


@dataclass(frozen=True)
class Particulars:
    """Who a patient is, as the desk enters it."""

    mrn: str
    given_name: str
    family_name: str
    birth_date: date
    phone: str | None = None
    email: str | None = None
    consent_until: date | None = None


@dataclass(frozen=True)
class Record:
    """A patient's particulars as they stand on file."""

    id: UUID
    particulars: Particulars


def open_record(db: Session, patient_id: UUID, *, action: str, actor: Actor, now: datetime) -> Patient:
    """The patient, and an audit row that says who opened the record and what for. Raises `NotFound`."""
    patient = db.get(Patient, (actor.clinic_id, patient_id))
    if patient is None:
        raise NotFound("There is no such patient.")
    audit.note(db, action, actor=actor, now=now, subject=patient_id, patient_id=patient_id)
    return patient


def lock_record(db: Session, patient_id: UUID, *, actor: Actor) -> LockedRecord:
    """Make sure the patient is there, and that nobody else books for them until this transaction ends.

    For acts whose own audit row names the patient. Raises `NotFound`.
    """
    return lock_records(db, {patient_id}, actor=actor)[patient_id]


def lock_records(db: Session, patient_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, LockedRecord]:
    """`lock_record` for several at once, in the one order in which everybody locks them. Raises `NotFound`."""
    asked = {"clinic_id": actor.clinic_id, "patient_ids": sorted(patient_ids)}
    found = {row.id: LockedRecord(*row) for row in db.execute(LOCK, asked)}
    if len(found) < len(set(patient_ids)):
        raise NotFound("There is no such patient.")
    return found


def register_patient(
    db: Session, *, mrn: str, given_name: str, family_name: str, birth_date: date, actor: Actor, now: datetime,
    phone: str | None = None, email: str | None = None, consent_until: date | None = None,
) -> Patient:  # fmt: skip
    """Enter a new patient. Raises `Invalid`, and `MrnTaken` (by constraint)."""
    refuse([*_birth_faults(birth_date, now), *_address_faults(email)])
    patient = Patient(
        clinic_id=actor.clinic_id, mrn=mrn, given_name=given_name, family_name=family_name,
        given_key=given_name.casefold(), family_key=family_name.casefold(),
        birth_date=birth_date, phone=phone, email=email, consent_until=consent_until, created_at=now,
    )  # fmt: skip
    db.add(patient)
    db.flush()  # a used number is refused here, and the id is needed for the audit row
    audit.note(db, "patient.registered", actor=actor, now=now, subject=patient.id, patient_id=patient.id)
    return patient


def particulars_faults(of: Particulars, now: datetime) -> list[Fault]:
    """What keeps these particulars from being entered."""
    return [*_birth_faults(of.birth_date, now), *_address_faults(of.email)]


def register_patients(db: Session, entered: Collection[Particulars], *, actor: Actor, now: datetime) -> None:
    """`register_patient` for many whose particulars have no faults. Raises `MrnTaken` (by constraint)."""
    rows = [
        {
            "clinic_id": actor.clinic_id, "id": uuid4(), "version": 1, "created_at": now, **vars(each),
            "given_key": each.given_name.casefold(), "family_key": each.family_name.casefold(),
        }
        for each in sorted(entered, key=lambda each: each.mrn)
    ]  # fmt: skip
    if rows:
        db.execute(insert(_patients), rows)
    for row in rows:
        audit.note(db, "patient.registered", actor=actor, now=now, subject=row["id"], patient_id=row["id"])


def change_patient(
    db: Session, patient: Patient, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Patient:
    """Change particulars of an opened record; `changes` names columns as `register_patient` does.

    Raises `Invalid`, and `MrnTaken` (by constraint).
    """
    refuse([*_birth_faults(changes.get("birth_date", patient.birth_date), now), *_address_faults(changes.get("email"))])
    for name, value in changes.items():
        setattr(patient, name, value)
    patient.given_key, patient.family_key = patient.given_name.casefold(), patient.family_name.casefold()
    db.flush()  # a used number or a stale version is refused here
    audit.note(
        db, "patient.changed", actor=actor, now=now, subject=patient.id, patient_id=patient.id, fields=sorted(changes)
    )
    return patient


def find_patients(
    db: Session, text: str, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[Patient]:
    """Up to `limit` patients whose family name, given name or record number begins with `text`, by name.

    `after` is the last one seen: an id, since it stands in addresses, where names may not. The audit row names
    every patient read, the one beyond a page that tells of the next page included.
    """
    prefix = text.casefold()
    found = select(Patient).where(
        Patient.clinic_id == actor.clinic_id,
        Patient.family_key.startswith(prefix, autoescape=True)
        | Patient.given_key.startswith(prefix, autoescape=True)
        | Patient.mrn.startswith(text, autoescape=True),
    )
    order = (Patient.family_key, Patient.given_key, Patient.id)
    if after is not None:
        seen = select(*order).where(Patient.clinic_id == actor.clinic_id, Patient.id == after)
        found = found.where(tuple_(*order) > seen.scalar_subquery())
    patients = list(db.scalars(found.order_by(*order).limit(limit)))
    seen_ids = audit.ids_of(patient.id for patient in patients)
    audit.note(db, "patients.searched", actor=actor, now=now, patients=seen_ids)
    return patients


def by_record_number(
    db: Session, mrns: Collection[str], *, action: str, actor: Actor, now: datetime
) -> dict[str, Record]:
    """The records of these numbers that there are, under one audit row that names them all."""
    columns = [_patients.c[each.name] for each in fields(Particulars)]
    mine = select(_patients.c.id, *columns).where(_patients.c.clinic_id == actor.clinic_id, _patients.c.mrn.in_(mrns))
    found = [Record(patient_id, Particulars(*rest)) for patient_id, *rest in db.execute(mine)]
    audit.note(db, action, actor=actor, now=now, patients=audit.ids_of(record.id for record in found))
    return {record.particulars.mrn: record for record in found}


def with_initials(rows: Select[Any], clinic_id: Any, patient_id: Any) -> Select[Any]:
    """A bulk read with the patient's initials added as `initials`; its caller writes the audit row of the list."""
    initials = func.substr(_patients.c.given_name, 1, 1).concat(func.substr(_patients.c.family_name, 1, 1))
    return rows.add_columns(initials.label("initials")).join(
        _patients, (_patients.c.clinic_id == clinic_id) & (_patients.c.id == patient_id)
    )


def initials_of(patient: Patient) -> str:
    """The initials of a record that is open, as `with_initials` reads them."""
    return patient.given_name[:1] + patient.family_name[:1]


def with_consent(rows: Select[Any], clinic_id: Any, patient_id: Any) -> Select[Any]:
    """A bulk read with `consent_until` added; nobody is shown anything of the patient by it."""
    return rows.add_columns(_patients.c.consent_until).join(
        _patients, (_patients.c.clinic_id == clinic_id) & (_patients.c.id == patient_id)
    )


def with_registration(rows: Select[Any], clinic_id: Any, patient_id: Any) -> Select[Any]:
    """A bulk read with `registered_at` added: since when the clinic knows the patient, and nothing else of them."""
    return rows.add_columns(_patients.c.created_at.label("registered_at")).join(
        _patients, (_patients.c.clinic_id == clinic_id) & (_patients.c.id == patient_id)
    )


def names_of(
    db: Session, patient_ids: Collection[UUID], *, action: str, actor: Actor, now: datetime, **details: Any
) -> dict[UUID, Patient]:
    """The patients of a list, such as the board or the open alerts, under one audit row that names them all."""
    found = select(Patient).where(Patient.clinic_id == actor.clinic_id, Patient.id.in_(patient_ids))
    audit.note(db, action, actor=actor, now=now, patients=audit.ids_of(patient_ids), **details)
    return {patient.id: patient for patient in db.scalars(found)}


def _birth_faults(birth_date: date, now: datetime) -> list[Fault]:
    """Born by tomorrow at the latest: somewhere it is that day already."""
    born = birth_date <= now.date() + timedelta(days=1)
    return [] if born else [Fault("birth_date", "range", "A date of birth does not lie in the future.")]


def _address_faults(email: str | None) -> list[Fault]:
    fine = email is None or ADDRESS.fullmatch(email)
    return [] if fine else [Fault("email", "invalid", "Give an e-mail address.")]
