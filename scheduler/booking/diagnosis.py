"""For what a series is given, as reports group courses: one word of a short list, the diagnosis being in the record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.series import BookedSeries, read_series
from scheduler.errors import NotFound
from scheduler.models import Diagnosis, Series
from scheduler.records import access, audit


def set_diagnosis(
    db: Session, series_id: UUID, diagnosis: Diagnosis | None, *, actor: Actor, now: datetime
) -> BookedSeries:
    """Say for what a series is given, at any time of its life; None takes the word back. Raises `NotFound`."""
    seen = db.get(Series, (actor.clinic_id, series_id))
    if seen is None:
        raise NotFound("There is no such series.")
    access.lock_record(db, seen.patient_id, actor=actor)
    seen.diagnosis = diagnosis
    db.flush()  # a stale version is refused here, and the answer shows the new one
    audit.note(
        db, "series.diagnosed", actor=actor, now=now, subject=seen.id, patient_id=seen.patient_id, fields=["diagnosis"]
    )
    return read_series(db, series_id, actor=actor, now=now)
