"""Whose rows these are, as far as the reader may know, each opening written down in the book.

Whoever works with patients sees initials. Others see a pseudonym, the same for a patient in every report of the
clinic, with which they can see that two rows are of one patient. Either way rows are of single people, whom somebody
who knows the case might recognise: so the book names the patients of a page.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.models import Clinic
from scheduler.outcomes.cohorts.rows import pseudonym
from scheduler.records import access, audit
from scheduler.utilization.figures.figures import Row

WORKS_WITH_PATIENTS = (Role.SCHEDULER, Role.CLINICIAN)
OPENED = "report.opened"
AT_ONCE = 10_000
"""How many ids a statement asks for: the databases take no more than some ten thousand values in one."""


def name_rows(db: Session, rows: Sequence[Row], *, actor: Actor, now: datetime, **details: Any) -> list[Row]:
    """The rows with `patient` filled; for those who may not see names, with no id of the patient either.

    `details` are what the book says was opened.
    """
    ids = sorted({row.patient_id for row in rows if row.patient_id})
    if actor.has_any(*WORKS_WITH_PATIENTS):
        names = dict[UUID, str]()
        for first in range(0, max(len(ids), 1), AT_ONCE):
            some = ids[first : first + AT_ONCE]
            patients = access.names_of(db, some, action=OPENED, actor=actor, now=now, **details)
            names |= {patient_id: access.initials_of(patient) for patient_id, patient in patients.items()}
        return [replace(row, patient=names[row.patient_id]) if row.patient_id else row for row in rows]
    audit.note(db, OPENED, actor=actor, now=now, patients=audit.ids_of(ids), **details)
    key = db.scalars(select(Clinic.report_key).where(Clinic.id == actor.clinic_id)).one()
    return [
        replace(row, patient=pseudonym(key, row.patient_id), patient_id=None) if row.patient_id else row for row in rows
    ]
