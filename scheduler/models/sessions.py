"""Sessions: what happened at an appointment, and the states it went through."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import LIST_OR_NULL, THOUSANDTHS, Base, ClinicOwned, Versioned, checked, one_of


class SessionStatus(StrEnum):
    CHECKED_IN = "checked_in"
    PRE_ASSESSMENT = "pre_assessment"
    CLEARED = "cleared"
    DEFERRED = "deferred"
    INFUSING = "infusing"
    """Drug is being given: the pump runs, or devices are handed out and the patient is watched."""
    PAUSED = "paused"
    INFUSION_ENDED = "infusion_ended"
    RECOVERING = "recovering"
    READY_FOR_DISCHARGE = "ready_for_discharge"
    DISCHARGED = "discharged"
    TRANSFERRED = "transferred"
    """Taken to an emergency department."""
    CLOSED = "closed"
    """The note is signed: from here on only addenda, and corrections as new versions."""
    ENTERED_IN_ERROR = "entered_in_error"


UNDER_WAY = (
    SessionStatus.CHECKED_IN,
    SessionStatus.PRE_ASSESSMENT,
    SessionStatus.CLEARED,
    SessionStatus.DEFERRED,
    SessionStatus.INFUSING,
    SessionStatus.PAUSED,
    SessionStatus.INFUSION_ENDED,
    SessionStatus.RECOVERING,
    SessionStatus.READY_FOR_DISCHARGE,
)
"""The patient is in the house."""


class Mode(StrEnum):
    """How the drug is given, and so what is recorded of it."""

    INFUSION = "infusion"
    DEVICES = "devices"


class EndKind(StrEnum):
    """How an infusion ended, as the person who stopped it says."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped_early"
    ABORTED = "aborted"


class DeferralReason(StrEnum):
    """Why no drug was given today; the table of domain section 2.2 as codes."""

    BLOOD_PRESSURE = "blood_pressure"
    VITALS = "vitals"
    NOT_FASTED = "not_fasted"
    NO_ESCORT = "no_escort"
    NO_CONSENT = "no_consent"
    NO_ORDER = "no_order"
    WEIGHT_CHANGE = "weight_change"
    PREGNANCY = "pregnancy"
    SUBSTANCE_USE = "substance_use"
    MEDICATION = "medication"
    ACUTE_ILLNESS = "acute_illness"
    SUICIDE_RISK = "suicide_risk"
    MENTAL_STATE = "mental_state"
    NO_IV_ACCESS = "no_iv_access"
    PATIENT_WISH = "patient_wish"
    STAFF_OR_EQUIPMENT = "staff_or_equipment"
    OTHER = "other"


class StepSource(StrEnum):
    PERSON = "person"
    AUTOMATIC = "automatic"
    """The system took the step because of another one, such as recovery when the infusion ends."""


class TreatmentSession(ClinicOwned, Versioned, Base):
    """What happened at one appointment. Times are those at which things happened, not those at which they were typed.

    What was charted stands in rows of its own (`models.charts`), which are only added to.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"], ["protocol_versions.clinic_id", "protocol_versions.id"]
        ),
        ForeignKeyConstraint(["clinic_id", "chair_id"], ["resources.clinic_id", "resources.id"]),
        ForeignKeyConstraint(["clinic_id", "settings_id"], ["session_settings.clinic_id", "session_settings.id"]),
        ForeignKeyConstraint(["clinic_id", "clearance_id"], ["templates.clinic_id", "templates.id"]),
        ForeignKeyConstraint(["clinic_id", "discharge_id"], ["templates.clinic_id", "templates.id"]),
        ForeignKeyConstraint(["clinic_id", "order_id"], ["orders.clinic_id", "orders.id"]),
        ForeignKeyConstraint(["clinic_id", "cleared_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "signed_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "discharge_overridden_by"], ["staff.clinic_id", "staff.id"]),
        Index(
            "uq_sessions_appointment", "clinic_id", "appointment_id",
            unique=True,
            sqlite_where=text("status <> 'entered_in_error'"),
            postgresql_where=text("status <> 'entered_in_error'"),
        ),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "patient_id", "checked_in_at"),
        Index(None, "clinic_id", "protocol_version_id"),
        Index(None, "clinic_id", "chair_id", "roomed_at"),
        Index(None, "clinic_id", "settings_id"),
        Index(None, "clinic_id", "clearance_id"),
        Index(None, "clinic_id", "discharge_id"),
        Index(None, "clinic_id", "order_id"),
        Index(None, "clinic_id", "cleared_by"),
        Index(None, "clinic_id", "signed_by"),
        Index(None, "clinic_id", "discharge_overridden_by"),
        Index(None, "clinic_id", "checked_in_at"),
        Index(None, "clinic_id", "started_at"),
        Index(
            "ix_sessions_under_way", "clinic_id", "chair_id",
            sqlite_where=text(one_of("status", *UNDER_WAY)), postgresql_where=text(one_of("status", *UNDER_WAY)),
        ),
        CheckConstraint("(ended_at IS NULL) = (end_kind IS NULL)", "end"),
        CheckConstraint("(discharge_overridden_by IS NULL) = (discharge_override IS NULL)", "override"),
        CheckConstraint("(discharge_waived IS NULL) = (discharge_override IS NULL)", "waived"),
        CheckConstraint("ended_at IS NULL OR started_at <= ended_at", "order"),
        CheckConstraint("chair_free_at IS NULL OR roomed_at <= chair_free_at", "chair_order"),
        CheckConstraint("(signed_at IS NULL) = (status <> 'closed')", "signed"),
        CheckConstraint("dose_given_mg >= 0", "dose_given"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    appointment_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    protocol_version_id: Mapped[UUID]
    chair_id: Mapped[UUID]
    """Where the patient really sits: the appointment's chair, unless another was taken."""
    mode: Mapped[Mode] = mapped_column(checked(Mode, "mode"))
    status: Mapped[SessionStatus] = mapped_column(checked(SessionStatus, "status"), default=SessionStatus.CHECKED_IN)
    status_at: Mapped[datetime]
    """Since when it is in this state."""
    settings_id: Mapped[UUID]
    """The clinic's settings it began with: it is judged by them to its end."""
    clearance_id: Mapped[UUID]
    """The version of the checklist that is asked before the drug."""
    discharge_id: Mapped[UUID]
    """The version of the criteria that are asked before the patient leaves."""
    order_id: Mapped[UUID | None]
    """What was ordered for today; chosen when the patient is cleared."""
    arrived_at: Mapped[datetime]
    checked_in_at: Mapped[datetime]
    roomed_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[UUID | None]
    deferral: Mapped[DeferralReason | None] = mapped_column(checked(DeferralReason, "deferral"))
    started_at: Mapped[datetime | None]
    """When the pump was started, or the first device given."""
    ended_at: Mapped[datetime | None]
    end_kind: Mapped[EndKind | None] = mapped_column(checked(EndKind, "end_kind"))
    ready_at: Mapped[datetime | None]
    discharged_at: Mapped[datetime | None]
    """When the patient left, home or in an ambulance."""
    chair_free_at: Mapped[datetime | None]
    expected_end_at: Mapped[datetime | None]
    """When the bag will be empty at the present rate, or the watch over, as last reckoned."""
    expected_free_at: Mapped[datetime | None]
    """When the chair will be free again, as last reckoned."""
    dose_given_mg: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    volume_given_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    discharge_override: Mapped[str | None]
    """Why a prescriber let the patient go although criteria were missing."""
    discharge_overridden_by: Mapped[UUID | None]
    discharge_waived: Mapped[list[Any] | None] = mapped_column(LIST_OR_NULL)
    """What was missing then: criteria by their keys, alerts by their ids. What comes up later is not waived by it."""
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[UUID | None]


class SessionStep(ClinicOwned, Base):
    """One step of a session from a state to the next. Rows are only added."""

    __tablename__ = "session_steps"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "order_id"], ["orders.clinic_id", "orders.id"]),
        UniqueConstraint("clinic_id", "session_id", "number"),
        Index(None, "clinic_id", "recorded_by"),
        Index(None, "clinic_id", "order_id"),
        CheckConstraint("number >= 1", "number"),
    )

    session_id: Mapped[UUID]
    number: Mapped[int]
    """1 for the check-in, then upwards without gaps."""
    from_status: Mapped[SessionStatus | None] = mapped_column(checked(SessionStatus, "from_status"))
    to_status: Mapped[SessionStatus] = mapped_column(checked(SessionStatus, "to_status"))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    source: Mapped[StepSource] = mapped_column(checked(StepSource, "source"))
    reason: Mapped[str | None]
    order_id: Mapped[UUID | None]
    """For what the patient was cleared; the session itself forgets it when it is put off."""
