"""The tables. Importing this package declares them all."""

from scheduler.models.alerts import Alert, AlertKind, AlertLevel
from scheduler.models.assessments import Assessment
from scheduler.models.audit import AuditRow
from scheduler.models.base import Base
from scheduler.models.clinics import Calendar, Clinic, ClinicSettings, Closure, OpeningHours
from scheduler.models.identity import IdempotencyKey, Token
from scheduler.models.people import Patient, Staff, StaffRole
from scheduler.models.protocols import Protocol, ProtocolVersion
from scheduler.models.resources import Resource, Shift
from scheduler.models.series import LIVE, Appointment, AppointmentStatus, Claim, Series, SeriesStatus

__all__ = [
    "LIVE", "Alert", "AlertKind", "AlertLevel", "Appointment", "AppointmentStatus", "Assessment",
    "AuditRow", "Base", "Calendar", "Claim", "Clinic", "ClinicSettings", "Closure", "IdempotencyKey", "OpeningHours",
    "Patient", "Protocol", "ProtocolVersion", "Resource", "Series", "SeriesStatus", "Shift", "Staff", "StaffRole",
    "Token",
]  # fmt: skip
