"""Courses and forms for the tests of alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from scheduler.actors import Role
from scheduler.models import Alert, AnswerSource, Message, MessageKind, OutcomeSettings, Patient, Staff
from scheduler.outcomes.assessments import Logged, log_assessment, write_form
from scheduler.outcomes.forms import Form
from scheduler.outcomes.policy import OutcomePolicy, as_document
from scheduler.outcomes.scales import SCALES
from scheduler.records import access
from tests.builders import ClinicCast, clinic_instant
from tests.treatments import order, visit


def phq9(total: int, item9: int | None = 0) -> list[int | None]:
    """Nine answers; `total` is that of the first eight."""
    return [*(min(3, max(0, total - 3 * item)) for item in range(8)), item9]


def log(cast: ClinicCast, patient: Patient, total: int, at: datetime, **more: Any) -> Logged:
    """A PHQ-9 typed in by the clinician at once."""
    said = {"scale": "phq9", "answers": phq9(total, more.pop("item9", 0)), **more}
    return log_assessment(cast.db, patient.id, taken_at=at, actor=cast.clinician, now=at, **said)


def send(cast: ClinicCast, patient: Patient, answers: list[int | None], at: datetime, **more: Any) -> Logged:
    """A form that came by another way than the clinic's keyboard: by link, unless told otherwise."""
    form = Form(patient.id, SCALES[more.pop("scale", "phq9")], answers, at, **{"source": AnswerSource.LINK, **more})
    opened = access.open_record(cast.db, patient.id, action="record.opened", actor=cast.clinician, now=at)
    return write_form(cast.db, opened, form, action="assessment.logged", actor=cast.clinician, now=at)


def decide(cast: ClinicCast, policy: OutcomePolicy) -> None:
    """The clinic's settings, in force from the start."""
    document = as_document(policy)
    cast.keep(OutcomeSettings(clinic_id=cast.id, effective_from=cast.now, created_at=cast.now, document=document))


def ordered(
    cast: ClinicCast, patient: Patient, by: Staff | None = None, *, text: str = "Mon 09:00", **changes: Any
) -> Staff:
    """A signed order of a patient for a visit at this time; who signed it."""
    prescriber = by or cast.staff[Role.PRESCRIBER]
    appointment = visit(cast, patient=patient, starts_at=clinic_instant(text))
    order(cast, appointment, **{"signed_by": prescriber.id, **changes})
    return prescriber


def alerts_of(cast: ClinicCast) -> list[Alert]:
    """Every alert of the clinic as the table has it."""
    mine = select(Alert).where(Alert.clinic_id == cast.id).order_by(Alert.raised_at, Alert.kind)
    return list(cast.db.scalars(mine.execution_options(populate_existing=True)))


def letters_of(cast: ClinicCast) -> list[Message]:
    """The letters to staff, in the order of their addresses."""
    mine = select(Message).where(Message.clinic_id == cast.id, Message.kind == MessageKind.ESCALATION)
    return list(cast.db.scalars(mine.order_by(Message.created_at, Message.recipient)))
