"""Answered scales: scored and written once, with the alerts they call for; corrected by newer ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import boundary
from scheduler.errors import AlreadyCorrected, Fault, NotFound, refuse
from scheduler.models import Alert, AnsweredBy, AnswerSource, Appointment, Assessment, Patient
from scheduler.models.replaced import is_replaced
from scheduler.outcomes.alerts.raising import raise_alerts
from scheduler.outcomes.forms import MISSING, Form
from scheduler.outcomes.known_scales import find_scale, find_version
from scheduler.outcomes.scales import shipped
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's clock the clock of a tablet may be."""


@dataclass(frozen=True)
class Logged:
    """An assessment just written, and the alerts that were raised with it."""

    assessment: Assessment
    alerts: list[Alert]


def log_assessment(
    db: Session, patient_id: UUID, *, scale: str, answers: Sequence[object], taken_at: datetime,
    appointment_id: UUID | None = None, answered_by: AnsweredBy | None = None,
    missing: Sequence[str | None] | None = None, language: str = "en", actor: Actor, now: datetime,
) -> Logged:  # fmt: skip
    """Score the answers and write them down; what a safety item says is raised in the same transaction.

    The same answers at the same instant may be logged twice: two forms are two facts, and the caller's
    Idempotency-Key tells a repeated request from a second form. Raises `NotFound` for an unknown patient
    and `Invalid` for answers, a time or an appointment that cannot be.
    """
    patient = access.open_record(db, patient_id, action="record.opened", actor=actor, now=now)
    form = Form(
        patient_id, find_scale(db, actor.clinic_id, scale), answers, taken_at, AnswerSource.CLINIC, answered_by,
        appointment_id, missing, language,
    )  # fmt: skip
    return write_form(db, patient, form, action="assessment.logged", actor=actor, now=now)


def correct_assessment(
    db: Session, assessment_id: UUID, *, answers: Sequence[object], reason: str, taken_at: datetime | None = None,
    missing: Sequence[str | None] | None = None, actor: Actor, now: datetime,
) -> Logged:  # fmt: skip
    """Follow a form with what was really answered; the older stays, and so does every alert it raised.

    Raises `NotFound`, `AlreadyCorrected` for one that a newer form replaces, and `Invalid`.
    """
    old = db.get(Assessment, (actor.clinic_id, assessment_id))
    if old is None:
        raise NotFound("There is no such assessment.")
    patient = access.open_record(db, old.patient_id, action="record.opened", actor=actor, now=now)
    access.lock_record(db, patient.id, actor=actor)
    if is_replaced(db, old):
        raise AlreadyCorrected
    scale = find_version(db, actor.clinic_id, old.scale, old.scale_version)
    form = Form(
        old.patient_id, scale or find_scale(db, actor.clinic_id, old.scale), answers, taken_at or old.taken_at,
        AnswerSource.CLINIC, old.answered_by, old.appointment_id, missing, old.language, replaces_id=old.id,
        reason=reason.strip(),
    )  # fmt: skip
    if _says_the_same(form, old):
        refuse([Fault("answers", "unchanged", "The form says the same already.")])
    if _stays_historical(db, old, form, now):
        form = replace(form, historical=True, source=AnswerSource.IMPORT)
    return write_form(db, patient, form, action="assessment.corrected", actor=actor, now=now)


def _says_the_same(form: Form, old: Assessment) -> bool:
    """Whether a correction changes nothing, so that it would only raise the old alerts again."""
    said = (list(form.answers), form.taken_at, form.missing, form.scale.version)
    return said == (old.answers, old.taken_at, old.missing, old.scale_version)


def _stays_historical(db: Session, old: Assessment, form: Form, now: datetime) -> bool:
    """Whether what a correction says of the past was known: no graver answer of safety, and as long ago as before."""
    if not old.historical or form.scale.version != old.scale_version:
        return False
    days = policy_in_force(db, old.clinic_id, now=now).reading.historical_days
    return form.taken_at < now - timedelta(days=days) and not _is_graver(form.scale, form.answers, old.answers)


def _is_graver(scale: Scale, answers: Sequence[object], before: Sequence[object]) -> bool:
    """Whether any safety item is answered higher; what is no answer at all is refused by whoever scores it."""
    items = (rule.item - 1 for rule in scale.safety)
    return any(_given(answers, item) > _given(before, item) for item in items)


def _given(answers: Sequence[object], item: int) -> int:
    answer = answers[item] if item < len(answers) else None
    return answer if isinstance(answer, int) else 0


def write_form(db: Session, patient: Patient, form: Form, *, action: str, actor: Actor, now: datetime) -> Logged:
    """Write one form of an opened record, and raise what it calls for. Raises `Invalid` with every fault."""
    refuse(_form_faults(db, patient, form, now))
    policy = policy_in_force(db, patient.clinic_id, now=now)
    row = form.row(prorate=policy.reading.prorate, clinic_id=patient.clinic_id, recorded_by=actor.staff_id, now=now)
    assessment = Assessment(**row)
    db.add(assessment)
    db.flush()  # the database raises its alerts with it
    audit.note(
        db, action, actor=actor, now=now, subject=assessment.id, patient_id=patient.id, scale=assessment.scale
    )  # fmt: skip
    return Logged(assessment, raise_alerts(db, assessment, policy, actor=actor, now=now))


def _form_faults(db: Session, patient: Patient, form: Form, now: datetime) -> Iterator[Fault]:
    yield from form.scale.faults(form.answers)
    yield from missing_faults(form)
    yield from time_faults(form.taken_at, patient.birth_date, read_zone(db, patient.clinic_id), now)
    yield from appointment_faults(db, patient.clinic_id, patient.id, form.appointment_id)
    if form.reason == "":
        yield Fault("reason", "blank", "Say why it is corrected.")


def missing_faults(form: Form) -> Iterator[Fault]:
    """A reason stands where there is no answer, and nowhere else."""
    if form.missing is None:
        return
    if len(form.missing) != len(form.answers):
        yield Fault("missing", "length", "One entry for each answer; null where there is one.")
    for place, (why, answer) in enumerate(zip(form.missing, form.answers, strict=False)):
        if why is not None and (answer is not None or why not in MISSING):
            yield Fault(f"missing.{place}", "invalid", f"Null beside an answer; else null or {', '.join(MISSING)}.")


def time_faults(taken_at: datetime, birth_date: date, zone: ZoneInfo, now: datetime) -> Iterator[Fault]:
    """Answers lie between the patient's birth and now."""
    if taken_at > now + CLOCK_SKEW:
        yield Fault("taken_at", "future", "Answers cannot have been given in the future.")
    if taken_at < boundary(birth_date, 0, zone):
        yield Fault("taken_at", "before-birth", "Answers cannot have been given before the patient was born.")


def appointment_faults(db: Session, clinic_id: UUID, patient_id: UUID, appointment_id: UUID | None) -> Iterator[Fault]:
    """The visit a form belongs to, where it names one, is one of this patient's."""
    mine = select(Appointment.id).where(
        Appointment.clinic_id == clinic_id,
        Appointment.id == appointment_id,
        Appointment.patient_id == patient_id,
    )
    if appointment_id is not None and db.scalar(mine) is None:
        yield Fault("appointment_id", "not-found", "This patient has no such appointment.")


def syndrome_of(assessment: Assessment) -> str | None:
    """What the scale's own algorithm reads in the form; None if incomplete, or under another version of the scale."""
    scale = shipped(assessment.scale, assessment.scale_version)
    return scale.score(assessment.answers).syndrome if scale else None
