"""Series written straight into the tables, for tests that read them rather than book them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.clinic_time import local_date
from scheduler.models import Appointment, AppointmentStatus, Patient, Series
from tests.builders import ClinicCast

VISIT = timedelta(minutes=145)
PREPARE = timedelta(minutes=30)
"""As the standard clinic's protocol has it: an infusion begins this long after the visit."""


def write_series(
    clinic: ClinicCast, patient: Patient, starts: Sequence[datetime],
    status: AppointmentStatus = AppointmentStatus.COMPLETED,
) -> Series:  # fmt: skip
    """A series with visits at these instants, all in one state, on chair A."""
    version = clinic.protocol.current_id
    series = clinic.keep(
        Series(
            clinic_id=clinic.id, patient_id=patient.id, protocol_version_id=version, booked_at=clinic.now, infusions=6
        )
    )
    for number, at in enumerate(starts, start=1):
        clinic.keep(
            Appointment(
                clinic_id=clinic.id, series_id=series.id, patient_id=patient.id, protocol_version_id=version,
                number=number, status=status, status_at=at,
                starts_at=at, ends_at=at + VISIT, local_date=local_date(at, clinic.zone),
                chair_id=clinic.resource("A").id,
            )
        )  # fmt: skip
    return series


def appointments_of(clinic: ClinicCast, series: Series) -> list[Appointment]:
    """The visits of a series, in order."""
    rows = clinic.db.query(Appointment).filter_by(series_id=series.id).order_by(Appointment.number)
    return list(rows)
