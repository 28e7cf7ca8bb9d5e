"""The tables. Importing this package declares them all."""

from scheduler.models.alerts import Alert, AlertKind, AlertLevel
from scheduler.models.assessments import Assessment
from scheduler.models.audit import AuditRow
from scheduler.models.base import Base
from scheduler.models.changes import ChangeReason, Move, Override, OverrideRule, Side, Transition
from scheduler.models.clinics import BookingPolicy, Calendar, Clinic, ClinicSettings, Closure, OpeningHours
from scheduler.models.holds import EntryState, Hold, HoldState, Offer, Outcome, Urgency, WaitlistEntry
from scheduler.models.identity import IdempotencyKey, Token
from scheduler.models.outbox import Message, MessageKind
from scheduler.models.people import Patient, Staff, StaffRole
from scheduler.models.protocols import Protocol, ProtocolVersion
from scheduler.models.resources import Resource, Shift
from scheduler.models.series import LIVE, Appointment, AppointmentStatus, Claim, EndReason, Series, SeriesStatus

__all__ = [
    "LIVE", "Alert", "AlertKind", "AlertLevel", "Appointment", "AppointmentStatus", "Assessment",
    "AuditRow", "Base", "BookingPolicy", "Calendar", "ChangeReason", "Claim", "Clinic", "ClinicSettings", "Closure",
    "EndReason", "EntryState", "Hold", "HoldState", "IdempotencyKey", "Message", "MessageKind", "Move", "Offer",
    "OpeningHours", "Outcome", "Override", "OverrideRule", "Patient", "Protocol", "ProtocolVersion", "Resource",
    "Series", "SeriesStatus", "Shift", "Side", "Staff", "StaffRole", "Token", "Transition", "Urgency", "WaitlistEntry",
]  # fmt: skip
