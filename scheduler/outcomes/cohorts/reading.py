"""The manager's ways into a cohort, each written down in the book.

A report, a table and a picture show nobody by themselves: their row tells how many courses were looked at. Rows under
pseudonyms are single people, whom somebody who knows the case might recognise: theirs names the patients of the page.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Clinic
from scheduler.outcomes.cohorts.disclosure import Disclosure, disclose
from scheduler.outcomes.cohorts.population import read_cohort
from scheduler.outcomes.cohorts.report import Asked, Cohort, Report, report_of
from scheduler.outcomes.cohorts.rows import Row, page_of, rows_of
from scheduler.records import audit


def read_report(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """Every figure of a cohort. Raises as `read_cohort`."""
    return report_of(_read(db, asked, "cohort.read", actor=actor, now=now))


def read_for_export(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Disclosure:
    """The report with what may leave the house. Raises as `read_cohort`."""
    return disclose(report_of(_read(db, asked, "cohort.exported", actor=actor, now=now)))


def read_rows(
    db: Session, asked: Asked, figure: str, *, after: str | None, limit: int, actor: Actor, now: datetime
) -> list[Row]:
    """Up to `limit` of the courses behind a figure. Raises as `read_cohort`, and `Invalid` for no figure."""
    cohort, key = read_cohort(db, asked, actor=actor, now=now), _report_key(db, actor.clinic_id)
    found = page_of(rows_of(cohort, figure, key), after, limit)
    patients = audit.ids_of(row.course.patient_id for row in found)
    audit.note(db, "cohort.opened", actor=actor, now=now, figure=figure, patients=patients)
    return found


def _read(db: Session, asked: Asked, action: str, *, actor: Actor, now: datetime) -> Cohort:
    cohort = read_cohort(db, asked, actor=actor, now=now)
    audit.note(db, action, actor=actor, now=now, courses=len(cohort.courses), **_said(asked))
    return cohort


def _report_key(db: Session, clinic_id: UUID) -> str:
    return db.scalars(select(Clinic.report_key).where(Clinic.id == clinic_id)).one()


def _said(asked: Asked) -> dict[str, Any]:
    """What was asked, as the book can keep it."""
    return {name: str(value) for name, value in asdict(asked).items() if value is not None}
