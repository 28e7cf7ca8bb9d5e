"""Series, appointments, and the claims that make an appointment real."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Versioned, checked, one_of
from scheduler.protocols import ResourceKind


class SeriesStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"
    """Ended after its first infusion and before its last."""
    CANCELLED = "cancelled"
    """Ended before its first infusion."""


class EndReason(StrEnum):
    """Why a series was paused or ended early, as far as the desk needs to know; the clinical why is in the record."""

    PATIENT_WISH = "patient_wish"
    CLINICAL_DECISION = "clinical_decision"
    MISSED_VISITS = "missed_visits"
    OTHER = "other"


class Diagnosis(StrEnum):
    """For what a course is given, as reports group courses; the diagnosis itself is in the record."""

    MAJOR_DEPRESSION = "major_depression"
    BIPOLAR_DEPRESSION = "bipolar_depression"
    PTSD = "ptsd"
    OCD = "ocd"
    CHRONIC_PAIN = "chronic_pain"
    OTHER = "other"


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_SESSION = "in_session"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    ENTERED_IN_ERROR = "entered_in_error"


LIVE = (
    AppointmentStatus.BOOKED,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.ARRIVED,
    AppointmentStatus.IN_SESSION,
    AppointmentStatus.COMPLETED,
)
"""An appointment in one of these holds its claims."""
TOOK_PLACE = (AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED)
"""A visit in one of these stands for its infusion where nobody keeps sessions."""


class Series(ClinicOwned, Versioned, Base):
    """One patient's course under one version of a protocol."""

    __tablename__ = "series"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"], ["protocol_versions.clinic_id", "protocol_versions.id"]
        ),
        ForeignKeyConstraint(["clinic_id", "booked_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "follows_id"], ["series.clinic_id", "series.id"]),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "protocol_version_id"),
        Index(None, "clinic_id", "booked_by"),
        Index(None, "clinic_id", "follows_id"),
        CheckConstraint("infusions BETWEEN 1 AND 60", "infusions"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    patient_id: Mapped[UUID]
    protocol_version_id: Mapped[UUID]
    status: Mapped[SeriesStatus] = mapped_column(checked(SeriesStatus, "status"), default=SeriesStatus.ACTIVE)
    infusions: Mapped[int]
    """How many it is to have: its protocol's, or more once it has been extended."""
    follows_id: Mapped[UUID | None]
    """The series it took over from, such as the induction before a maintenance."""
    reason: Mapped[EndReason | None] = mapped_column(checked(EndReason, "reason"))
    """Why it was paused, stopped or cancelled."""
    diagnosis: Mapped[Diagnosis | None] = mapped_column(checked(Diagnosis, "diagnosis"))
    """For what it is given, where somebody said so."""
    booked_at: Mapped[datetime]
    booked_by: Mapped[UUID | None]


class Appointment(ClinicOwned, Versioned, Base):
    """One visit of a series. Planned times and resources stay for history when its claims are gone."""

    __tablename__ = "appointments"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "series_id"], ["series.clinic_id", "series.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"], ["protocol_versions.clinic_id", "protocol_versions.id"]
        ),
        *(
            ForeignKeyConstraint(["clinic_id", f"{kind}_id"], ["resources.clinic_id", "resources.id"])
            for kind in ResourceKind
        ),
        Index(
            "uq_appointments_series_number", "clinic_id", "series_id", "number",
            unique=True,
            sqlite_where=text(one_of("status", *LIVE)),
            postgresql_where=text(one_of("status", *LIVE)),
        ),
        Index(None, "clinic_id", "series_id"),
        Index(
            "uq_appointments_patient_day", "clinic_id", "patient_id", "local_date",
            unique=True,
            sqlite_where=text(one_of("status", *LIVE)),
            postgresql_where=text(one_of("status", *LIVE)),
        ),
        Index(None, "clinic_id", "patient_id", "starts_at"),
        Index(None, "clinic_id", "starts_at"),
        *(Index(None, "clinic_id", f"{kind}_id", "starts_at") for kind in ResourceKind),
        Index(None, "clinic_id", "protocol_version_id"),
        CheckConstraint("starts_at < ends_at", "order"),
        CheckConstraint("number >= 1", "number"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    """Vouched for by the composite foreign keys; one more to `clinics` would only cost every booking."""
    series_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    protocol_version_id: Mapped[UUID]
    number: Mapped[int]
    """1..n within the series; a number has one live appointment, and before it any that were missed or cancelled."""
    status: Mapped[AppointmentStatus] = mapped_column(
        checked(AppointmentStatus, "status"), default=AppointmentStatus.BOOKED
    )
    status_at: Mapped[datetime]
    """Since when it is in this state."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    local_date: Mapped[date]
    """The clinic's calendar day of `starts_at`: what spacing counts, and on which a patient has one appointment."""
    chair_id: Mapped[UUID]
    nurse_id: Mapped[UUID | None]
    prescriber_id: Mapped[UUID | None]
    pump_id: Mapped[UUID | None]


class Claim(ClinicOwned, Base):
    """`units` of a resource from `starts_at` to `ends_at`, for a live appointment or an open hold.

    Trigger `claims_capacity` refuses any row that would lift the sum above the resource's capacity at any instant.
    """

    __tablename__ = "claims"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "resource_id"], ["resources.clinic_id", "resources.id"]),
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "hold_id"], ["holds.clinic_id", "holds.id"]),
        Index("ix_claims_resource_time", "clinic_id", "resource_id", "starts_at", "ends_at", "units"),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "hold_id"),
        Index(None, "clinic_id", "starts_at"),
        CheckConstraint("(appointment_id IS NULL) <> (hold_id IS NULL)", "one_owner"),
        CheckConstraint("units BETWEEN 1 AND 100", "units"),
        CheckConstraint("starts_at < ends_at", "order"),
        CheckConstraint("ends_at - starts_at <= interval '12 hours'", "length").ddl_if(dialect="postgresql"),
        CheckConstraint("ends_at - starts_at <= 43200000000", "length").ddl_if(dialect="sqlite"),
        CheckConstraint("typeof(starts_at) = 'integer' AND typeof(ends_at) = 'integer'", "times").ddl_if(
            dialect="sqlite"  # where a column's type is only advice
        ),
    )

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    """Vouched for by the composite foreign keys."""
    resource_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    hold_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    units: Mapped[int]
