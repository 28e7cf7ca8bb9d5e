"""The tables. Importing this package declares them all."""

from scheduler.models.alerts import Alert, AlertKind, AlertLevel
from scheduler.models.assessments import Assessment
from scheduler.models.audit import AuditRow
from scheduler.models.base import Base
from scheduler.models.changes import ChangeReason, Move, Override, OverrideRule, Side, Transition
from scheduler.models.charts import (
    ActionTaken,
    AdverseEvent,
    AdverseEventCode,
    Charted,
    ChartedKind,
    ChecklistAnswer,
    EventOutcome,
    InfusionEventRow,
    NoteKind,
    Relatedness,
    SessionNote,
    Vitals,
    VitalsPhase,
)
from scheduler.models.clinics import BookingPolicy, Calendar, Clinic, ClinicSettings, Closure, OpeningHours
from scheduler.models.holds import EntryState, Hold, HoldState, Offer, Outcome, Urgency, WaitlistEntry
from scheduler.models.identity import IdempotencyKey, Token
from scheduler.models.ledger import LedgerEntry, LedgerKind, Vial
from scheduler.models.orders import Container, Order, OrderSex, OrderState, WeightBasis
from scheduler.models.outbox import Message, MessageKind
from scheduler.models.people import Patient, Staff, StaffRole
from scheduler.models.protocols import Protocol, ProtocolVersion
from scheduler.models.resources import Resource, Shift
from scheduler.models.series import LIVE, Appointment, AppointmentStatus, Claim, EndReason, Series, SeriesStatus
from scheduler.models.sessions import (
    UNDER_WAY,
    DeferralReason,
    EndKind,
    Mode,
    SessionStatus,
    SessionStep,
    StepSource,
    TreatmentSession,
)
from scheduler.models.templates import MonitoringForm, Purpose, SessionSettings, Template

__all__ = [
    "LIVE", "UNDER_WAY", "ActionTaken", "AdverseEvent", "AdverseEventCode", "Alert", "AlertKind", "AlertLevel",
    "Appointment", "AppointmentStatus", "Assessment", "AuditRow", "Base", "BookingPolicy", "Calendar", "ChangeReason",
    "Charted", "ChartedKind", "ChecklistAnswer", "Claim", "Clinic", "ClinicSettings", "Closure", "Container",
    "DeferralReason", "EndKind", "EndReason", "EntryState", "EventOutcome", "Hold", "HoldState", "IdempotencyKey",
    "InfusionEventRow", "LedgerEntry", "LedgerKind", "Message", "MessageKind", "Mode", "MonitoringForm", "Move",
    "NoteKind", "Offer", "OpeningHours", "Order", "OrderSex", "OrderState", "Outcome", "Override", "OverrideRule",
    "Patient", "Protocol", "ProtocolVersion", "Purpose", "Relatedness", "Resource", "Series", "SeriesStatus",
    "SessionNote", "SessionSettings", "SessionStatus", "SessionStep", "Shift", "Side", "Staff", "StaffRole",
    "StepSource", "Template", "Token", "Transition", "TreatmentSession", "Urgency", "Vial", "Vitals", "VitalsPhase",
    "WaitlistEntry", "WeightBasis",
]  # fmt: skip
