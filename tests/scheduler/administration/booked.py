"""A booked visit, for tests of what may not be pulled from under it."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import insert, select

from scheduler import clinic_time
from scheduler.models import Appointment, Claim, ProtocolVersion, Series
from tests.builders import ClinicCast

VISIT = timedelta(minutes=145)


def booked_visit(clinic: ClinicCast, starts_at: datetime, *, chair: str = "A", nurse: str = "N1") -> Appointment:
    """One appointment in a chair with a nurse, with the claims of both, for a patient of its own."""
    version = clinic.db.scalars(select(ProtocolVersion).where(ProtocolVersion.clinic_id == clinic.id)).first()
    patient = clinic.patient()
    series = clinic.keep(
        Series(
            clinic_id=clinic.id, id=uuid4(), patient_id=patient.id, protocol_version_id=version.id,
            booked_at=clinic.now, infusions=6, booked_by=clinic.scheduler.staff_id,
        )
    )  # fmt: skip
    appointment = clinic.keep(
        Appointment(
            clinic_id=clinic.id, series_id=series.id, patient_id=patient.id, protocol_version_id=version.id, number=1,
            status_at=clinic.now,
            starts_at=starts_at, ends_at=starts_at + VISIT, local_date=clinic_time.local_date(starts_at, clinic.zone),
            chair_id=clinic.resource(chair).id, nurse_id=clinic.resource(nurse).id,
        )
    )  # fmt: skip
    clinic.db.execute(insert(Claim), [_claim(clinic, appointment, name) for name in (chair, nurse)])
    return appointment


def _claim(clinic: ClinicCast, appointment: Appointment, resource: str) -> dict[str, object]:
    return {
        "clinic_id": clinic.id, "id": uuid4(), "resource_id": clinic.resource(resource).id,
        "appointment_id": appointment.id, "starts_at": appointment.starts_at, "ends_at": appointment.ends_at,
        "units": 1,
    }  # fmt: skip
