"""A clinic, its settings, hours and closures."""

from datetime import date, datetime
from secrets import token_hex
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import Base, ClinicOwned, Decided, Versioned

KEY_BYTES = 32


class Clinic(Versioned, Base):
    """The owner of everything below it."""

    __tablename__ = "clinics"
    __mapper_args__ = {"version_id_col": Versioned.version}

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    """IANA name; plans are made on this wall clock."""
    contact: Mapped[str | None]
    """How patients reach the clinic, as letters to them say it: a telephone number, say."""
    accent: Mapped[str | None]
    """The colour of its pages for patients, as `#rrggbb`."""
    report_key: Mapped[str] = mapped_column(default=lambda: token_hex(KEY_BYTES), deferred=True)
    """Makes the pseudonyms of reports: random, and never sent out."""
    created_at: Mapped[datetime]


class Calendar(Versioned, Base):
    """One row a clinic. Its version rises with every change of hours, closures, shifts or resources.

    A booking reads it under a share lock, a change takes it exclusively: so no booking slips
    into hours that are being withdrawn.
    """

    __tablename__ = "calendars"

    clinic_id: Mapped[UUID] = mapped_column(ForeignKey("clinics.id"), primary_key=True)


class ClinicSettings(ClinicOwned, Base):
    """Clinical thresholds in force from `effective_from`: never changed, only followed by a newer row."""

    __tablename__ = "clinic_settings"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "effective_from"),
        Index(None, "clinic_id", "author_id"),
        CheckConstraint("response_percent BETWEEN 1 AND 100", "response_percent"),
        CheckConstraint("remission_below BETWEEN 1 AND 27", "remission_below"),
        CheckConstraint("remission_baseline BETWEEN 0 AND 27", "remission_baseline"),
        CheckConstraint("reliable_change BETWEEN 1 AND 27", "reliable_change"),
        CheckConstraint("baseline_days BETWEEN 0 AND 60", "baseline_days"),
    )

    effective_from: Mapped[datetime]
    created_at: Mapped[datetime]
    """When they were set: of two in force from the same moment the later word holds."""
    author_id: Mapped[UUID | None]
    """Empty for the defaults the clinic began with."""
    response_percent: Mapped[int]
    """A fall from baseline of at least this many percent is a response."""
    remission_below: Mapped[int]
    """A PHQ-9 total under this is remission."""
    remission_baseline: Mapped[int]
    """Remission is reported only from a baseline of at least this."""
    reliable_change: Mapped[int]
    """Points of PHQ-9 that are more than noise."""
    baseline_days: Mapped[int]
    """How old, in local days, a score may be at the first infusion to count as baseline."""


class OutcomeSettings(Decided, Base):
    """What a clinic has decided of scores, alerts and questionnaires, in force from `effective_from`."""

    __tablename__ = "outcome_settings"
    document: Mapped[dict[str, Any]]
    """As `scheduler.outcomes.policy.as_document` writes it."""


class BookingPolicy(ClinicOwned, Base):
    """The rules of the desk in force from `effective_from`: never changed, only followed by a newer row."""

    __tablename__ = "booking_policies"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"]),
        Index(None, "clinic_id", "effective_from"),
        Index(None, "clinic_id", "author_id"),
        CheckConstraint("late_notice_minutes >= 0", "late_notice"),
        CheckConstraint("grace_minutes >= 0", "grace"),
        CheckConstraint("hold_minutes >= 1", "hold"),
        CheckConstraint("offer_minutes >= 1", "offer"),
        CheckConstraint("0 <= prime_opens AND prime_opens < prime_closes AND prime_closes <= 1440", "prime"),
        CheckConstraint("on_time_minutes >= 0", "on_time"),
    )

    effective_from: Mapped[datetime]
    created_at: Mapped[datetime]
    author_id: Mapped[UUID | None]
    late_notice_minutes: Mapped[int]
    """A cancellation with less notice than this is late."""
    grace_minutes: Mapped[int]
    """How long after its start a visit may be recorded as missed."""
    hold_minutes: Mapped[int]
    """How long a hold lasts; it may be renewed once."""
    offer_minutes: Mapped[int]
    """How long a patient on the waiting list has to answer."""
    reminder_minutes: Mapped[list[Any]]
    """How long before a visit its reminders go out."""
    prime_opens: Mapped[int]
    """Prime time of the reports, from here"""
    prime_closes: Mapped[int]
    """until here, in minutes after local midnight."""
    on_time_minutes: Mapped[int]
    """How long after its planned start an infusion still began on time."""


class OpeningHours(ClinicOwned, Base):
    """Open from `opens` to `closes`, minutes of the local day, on a weekday (Monday 0), from a date until another."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        UniqueConstraint("clinic_id", "weekday", "opens", "valid_from"),
        CheckConstraint("weekday BETWEEN 0 AND 6", "weekday"),
        CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", "order"),
        CheckConstraint("opens % 5 = 0 AND closes % 5 = 0", "grid"),
        CheckConstraint("valid_until IS NULL OR valid_from < valid_until", "validity"),
    )

    weekday: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    """The first date these hours no longer hold."""


class Closure(ClinicOwned, Versioned, Base):
    """A span in which the clinic, or one resource of it, cannot be booked."""

    __tablename__ = "closures"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "resource_id"], ["resources.clinic_id", "resources.id"]),
        Index(None, "clinic_id", "starts_at"),
        Index(None, "clinic_id", "resource_id"),
        CheckConstraint("starts_at < ends_at", "order"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    resource_id: Mapped[UUID | None]
    """Empty: the whole clinic."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
