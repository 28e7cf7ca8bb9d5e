"""Answered scales, the questions a clinic has made for itself, and the questionnaires sent to patients."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import LIST_OR_NULL, Base, ClinicOwned, Versioned, checked


class AnsweredBy(StrEnum):
    """Who chose the answers."""

    SELF = "self"
    CLINICIAN = "clinician"
    PROXY = "proxy"


class AnswerSource(StrEnum):
    """By which way the answers came in."""

    CLINIC = "clinic"
    """Typed in by staff."""
    LINK = "link"
    TABLET = "tablet"
    IMPORT = "import"


class Assessment(ClinicOwned, Base):
    """One answered scale, as given; total, band and flags as the server computed them then. Rows are only added.

    Trigger `assessments_safety` raises the alerts its answers call for, in the same statement.
    """

    __tablename__ = "assessments"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"]),
        ForeignKeyConstraint(["clinic_id", "replaces_id"], ["assessments.clinic_id", "assessments.id"]),
        ForeignKeyConstraint(["clinic_id", "questionnaire_id"], ["questionnaires.clinic_id", "questionnaires.id"]),
        UniqueConstraint("clinic_id", "replaces_id"),
        UniqueConstraint("clinic_id", "questionnaire_id"),
        UniqueConstraint("clinic_id", "external_key"),
        Index(None, "clinic_id", "patient_id", "scale", "taken_at"),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "recorded_by"),
        Index(None, "clinic_id", "scale", "taken_at"),
        CheckConstraint("complete OR prorated OR (total IS NULL AND band IS NULL)", "total_when_complete"),
        CheckConstraint("NOT (complete AND prorated)", "prorated"),
        CheckConstraint("(replaces_id IS NULL) = (reason IS NULL)", "replaced_for_a_reason"),
        CheckConstraint("NOT historical OR source = 'import'", "historical"),
    )

    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    scale: Mapped[str]
    scale_version: Mapped[str]
    answers: Mapped[list[Any]]
    """Integers in the order of the items; null where no answer was given."""
    missing: Mapped[list[Any] | None] = mapped_column(LIST_OR_NULL)
    """Item by item, why there is no answer, such as `refused`; null where there is one. None where nobody said why."""
    total: Mapped[int | None]
    band: Mapped[str | None]
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The subscales of a complete form by their keys."""
    complete: Mapped[bool]
    prorated: Mapped[bool] = mapped_column(default=False)
    """Whether the total was reckoned from the answers there are, as the clinic has decided it may."""
    flags: Mapped[list[Any]]
    answered_by: Mapped[AnsweredBy] = mapped_column(checked(AnsweredBy, "answered_by"), default=AnsweredBy.SELF)
    source: Mapped[AnswerSource] = mapped_column(checked(AnswerSource, "source"), default=AnswerSource.CLINIC)
    language: Mapped[str] = mapped_column(default="en")
    historical: Mapped[bool] = mapped_column(default=False)
    """Imported long after it was taken, or the correction of such a form: it is looked through, and no clock runs."""
    taken_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    """Empty where the patient sent the answers."""
    replaces_id: Mapped[UUID | None]
    """The form it corrects, which stays as it was."""
    reason: Mapped[str | None]
    questionnaire_id: Mapped[UUID | None]
    external_key: Mapped[str | None]
    """What an import knows the form by, so that no file brings it twice."""


class ClinicScale(ClinicOwned, Base):
    """One version of a question of the clinic's own, answered from 0, the best, to 10. Rows are only added."""

    __tablename__ = "clinic_scales"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "key", "number"),
        Index(None, "clinic_id", "author_id"),
        CheckConstraint("number >= 1", "number"),
    )

    key: Mapped[str]
    number: Mapped[int]
    """Its version."""
    name: Mapped[str]
    question: Mapped[str]
    least_label: Mapped[str]
    most_label: Mapped[str]
    retired: Mapped[bool] = mapped_column(default=False)
    """The last version may say that it is asked no more."""
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None]


class SentBy(StrEnum):
    """How a patient gets at the questions."""

    EMAIL = "email"
    TABLET = "tablet"


class Questionnaire(ClinicOwned, Versioned, Base):
    """A scale put to a patient, once. Only digests of the link's secret and of the tablet's code are kept."""

    __tablename__ = "questionnaires"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "appointment_id"], ["appointments.clinic_id", "appointments.id"]),
        ForeignKeyConstraint(["clinic_id", "sent_by"], ["staff.clinic_id", "staff.id"]),
        UniqueConstraint("clinic_id", "token_digest"),
        Index(
            "uq_questionnaires_code", "clinic_id", "code_number",
            unique=True,
            sqlite_where=text("code_number IS NOT NULL"), postgresql_where=text("code_number IS NOT NULL"),
        ),
        Index(None, "clinic_id", "patient_id", "sent_at"),
        Index(None, "clinic_id", "appointment_id"),
        Index(None, "clinic_id", "sent_by"),
        CheckConstraint("sent_at < expires_at", "order"),
        CheckConstraint("tries >= 0", "tries"),
        CheckConstraint("answered_at IS NULL OR withdrawn_at IS NULL", "one_end"),
        CheckConstraint("(code_number IS NULL) = (code_digest IS NULL)", "code"),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": Versioned.version}

    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    scale: Mapped[str]
    scale_version: Mapped[str]
    via: Mapped[SentBy] = mapped_column(checked(SentBy, "via"))
    token_digest: Mapped[str | None]
    """Of the secret in the link; none until a code was typed in."""
    code_number: Mapped[str | None]
    """The part of the tablet's code by which it is found; gone with the code's use, end or last try."""
    code_digest: Mapped[str | None]
    """Of the part that only the patient was told."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often a wrong secret was typed for this number."""
    sent_at: Mapped[datetime]
    sent_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
