"""What the tests of checks plant: sound series, and rows changed as nobody should."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from scheduler.clinic_time import MINUTE, local_date
from scheduler.models import (
    Appointment,
    Assessment,
    Base,
    Claim,
    Patient,
    Series,
)
from tests.builders import MDD_INDUCTION, ClinicCast

DAYS = ("Mon 09:00", "Thu 09:00")


def unguard(db: Session, table: str) -> None:
    """Take the guards from a table, as a restored or hand-edited database may have lost them."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    for name in db.scalars(triggers, {"table": table}).all():
        db.execute(text(f"DROP TRIGGER {name}"))


def book(clinic: ClinicCast, starts: list[datetime], *, patient: Patient | None = None, chair: str = "A") -> Series:
    """A sound series under the induction protocol, written row by row."""
    patient = patient or clinic.patient()
    series = clinic.keep(
        Series(
            clinic_id=clinic.id, patient_id=patient.id, protocol_version_id=clinic.protocol.current_id,
            booked_at=clinic.now, infusions=6,
        )
    )  # fmt: skip
    for number, start in enumerate(starts, 1):
        add_visit(clinic, series, number, start, chair)
    return series


def add_visit(clinic: ClinicCast, series: Series, number: int, start: datetime, chair: str = "A") -> Appointment:
    resources = {"chair": clinic.resource(chair), "nurse": clinic.resource("N1"), "prescriber": clinic.resource("P1")}
    visit = clinic.keep(
        Appointment(
            clinic_id=clinic.id, series_id=series.id, patient_id=series.patient_id, number=number, status_at=clinic.now,
            protocol_version_id=series.protocol_version_id, starts_at=start,
            ends_at=start + MDD_INDUCTION.visit_minutes * MINUTE, local_date=local_date(start, clinic.zone),
            **{f"{kind}_id": resource.id for kind, resource in resources.items()},
        )
    )  # fmt: skip
    for leg in MDD_INDUCTION.legs:
        clinic.keep(
            Claim(
                clinic_id=clinic.id, appointment_id=visit.id, resource_id=resources[leg.kind].id, units=leg.units,
                starts_at=start + leg.start * MINUTE, ends_at=start + leg.end * MINUTE,
            )
        )  # fmt: skip
    return visit


def assess(clinic: ClinicCast, answers: list[int | None], **changes: object) -> Assessment:
    """A PHQ-9, written as it is said to be."""
    known = [answer for answer in answers if answer is not None]
    complete = len(known) == len(answers)
    row = {
        "clinic_id": clinic.id, "patient_id": clinic.patient().id, "scale": "phq9", "scale_version": "1",
        "answers": answers, "complete": complete, "total": sum(known) if complete else None,
        "band": "minimal" if complete else None, "flags": [], "taken_at": clinic.now, "recorded_at": clinic.now,
    }  # fmt: skip
    return clinic.keep(Assessment(**row | changes))


def visits(db: Session, series: Series) -> list[Appointment]:
    rows = db.query(Appointment).filter_by(clinic_id=series.clinic_id, series_id=series.id)
    return rows.order_by(Appointment.number).all()


def alter(db: Session, row: Base, **values: object) -> None:
    """Change a row as nobody should: past the mapper and its version."""
    kind = type(row)
    db.execute(update(kind).where(kind.id == row.id).values(**values))  # type: ignore[attr-defined] # every table here has ids
