"""Sessions for the tests, put into the state a test needs."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from scheduler.clinic_time import local_date
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Container,
    Mode,
    Order,
    OrderState,
    Purpose,
    Series,
    SessionSettings,
    SessionStatus,
    SessionStep,
    StepSource,
    Template,
    TreatmentSession,
)
from scheduler.sessions.policy import SessionPolicy, as_document
from scheduler.treatment import Basis
from tests.builders import ClinicCast, clinic_instant

ARRIVAL = clinic_instant("Mon 08:55")
FOLLOWED_BY = {
    SessionStatus.INFUSING: AppointmentStatus.IN_SESSION, SessionStatus.PAUSED: AppointmentStatus.IN_SESSION,
    SessionStatus.INFUSION_ENDED: AppointmentStatus.IN_SESSION, SessionStatus.RECOVERING: AppointmentStatus.IN_SESSION,
    SessionStatus.READY_FOR_DISCHARGE: AppointmentStatus.IN_SESSION,
    SessionStatus.DISCHARGED: AppointmentStatus.COMPLETED, SessionStatus.CLOSED: AppointmentStatus.COMPLETED,
}  # fmt: skip
"""In which state the appointment is meanwhile; arrived where nothing is said."""


def visit(cast: ClinicCast, status: AppointmentStatus = AppointmentStatus.ARRIVED, **changes: Any) -> Appointment:
    """An appointment on Monday at nine, in chair A, of a series of a new patient."""
    starts = changes.pop("starts_at", clinic_instant("Mon 09:00"))
    patient = changes.pop("patient", None) or cast.patient()
    course = cast.keep(
        Series(
            clinic_id=cast.id, patient_id=patient.id, protocol_version_id=cast.protocol.current_id, infusions=6,
            booked_at=cast.now,
        )
    )  # fmt: skip
    named = {"chair_id": cast.resource("A").id, "prescriber_id": cast.resource("P1").id, **changes}
    return cast.keep(
        Appointment(
            clinic_id=cast.id, series_id=course.id, patient_id=patient.id, number=1, status=status,
            status_at=ARRIVAL if status is not AppointmentStatus.BOOKED else cast.now,
            starts_at=starts, ends_at=starts + timedelta(minutes=145),
            protocol_version_id=course.protocol_version_id, local_date=local_date(starts, cast.zone), **named,
        )
    )  # fmt: skip


def settings_row(cast: ClinicCast, policy: SessionPolicy | None = None) -> SessionSettings:
    """The clinic's settings of sessions, the defaults unless told otherwise; in force since yesterday."""
    since = cast.now - timedelta(days=1)
    return cast.keep(
        SessionSettings(
            clinic_id=cast.id, id=uuid4(), effective_from=since, created_at=since,
            document=as_document(policy or SessionPolicy()),
        )
    )  # fmt: skip


def template(cast: ClinicCast, purpose: Purpose, document: dict[str, Any], **named: Any) -> Template:
    """A version of a clinic's template."""
    row = {"drug": "ketamine", "number": next(cast.numbers), "created_at": cast.now, **named}
    return cast.keep(Template(clinic_id=cast.id, id=uuid4(), purpose=purpose, document=document, **row))


def order(cast: ClinicCast, appointment: Appointment, **changes: Any) -> Order:
    """A signed order as vector A of the domain has it: 70 kg, 0.5 mg/kg, 40 minutes, 100 mL."""
    day = appointment.local_date
    values = {
        "state": OrderState.SIGNED, "drug": "ketamine", "valid_from": day, "valid_until": day + timedelta(days=60),
        "weight_kg": Decimal(70), "basis": Basis.ACTUAL, "dosing_weight_kg": Decimal(70), "dose": Decimal("0.5"),
        "dose_unit": "mg/kg", "minutes": 40, "vial_mg_ml": Decimal(50), "container": Container.BAG,
        "bag_ml": Decimal(100), "dose_mg": Decimal(35), "concentration_mg_ml": Decimal("0.35"),
        "stock_ml": Decimal("0.7"),
        "rate_ml_h": Decimal(150), "rate_mg_h": Decimal("52.5"), "rate_mcg_kg_min": Decimal("12.5"),
        "written_at": cast.now, "written_by": cast.clinician.staff_id, "signed_at": cast.now,
        "signed_by": cast.clinician.staff_id, **changes,
    }  # fmt: skip
    settings_id = values.pop("settings_id", None) or settings_row(cast).id
    return cast.keep(
        Order(
            clinic_id=cast.id, id=uuid4(), series_id=appointment.series_id, patient_id=appointment.patient_id,
            settings_id=settings_id, **values,
        )
    )  # fmt: skip


def session_in(
    cast: ClinicCast, status: SessionStatus, *, since: datetime | None = None, appointment: Appointment | None = None,
    documents: dict[Purpose, dict[str, Any]] | None = None, **changes: Any,
) -> TreatmentSession:  # fmt: skip
    """A session in a state since a moment, with the steps that led there taken for granted: one step alone is kept.

    `changes` are columns, such as `started_at` or `order_id`; checklist and criteria are empty unless given.
    """
    at = since or ARRIVAL
    planned = appointment or visit(cast, FOLLOWED_BY.get(status, AppointmentStatus.ARRIVED))
    asked = documents or {}
    values = {
        "settings_id": changes.pop("settings_id", None) or settings_row(cast).id,
        "clearance_id": template(cast, Purpose.CLEARANCE, asked.get(Purpose.CLEARANCE, {"items": []})).id,
        "discharge_id": template(cast, Purpose.DISCHARGE, asked.get(Purpose.DISCHARGE, {"items": []})).id,
        "mode": Mode.INFUSION, "chair_id": planned.chair_id, "arrived_at": ARRIVAL, "checked_in_at": ARRIVAL,
        **changes,
    }  # fmt: skip
    row = cast.keep(
        TreatmentSession(
            clinic_id=cast.id, id=uuid4(), appointment_id=planned.id, patient_id=planned.patient_id,
            protocol_version_id=planned.protocol_version_id, status=status, status_at=at, **values,
        )
    )  # fmt: skip
    cast.keep(
        SessionStep(
            clinic_id=cast.id, id=uuid4(), session_id=row.id, number=1, to_status=status, occurred_at=at,
            recorded_at=at, recorded_by=cast.clinician.staff_id, source=StepSource.PERSON,
        )
    )  # fmt: skip
    return row
