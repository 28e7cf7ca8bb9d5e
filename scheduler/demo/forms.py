"""The questionnaires that the patients of the demo clinic fill in, and who looks after what these raise."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from scheduler.demo.living import Life, Visitor
from scheduler.demo.scores import COMPANIONS
from scheduler.errors import AlreadyAcknowledged
from scheduler.models import SAFETY_KINDS, Alert, AlertLevel
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.assessments import Logged, log_assessment

NOTES = (
    "Spoke with the patient: passive thoughts, no plan, no intent. Safety plan reviewed.",
    "Known and unchanged. Patient agrees to call if it gets worse.",
    "Seen by the prescriber before the infusion. No plan, no intent; proceeding.",
    "Called the patient's therapist; appointment this week confirmed.",
    "Safety plan renewed with the patient and a relative.",
)
READ_NOTES = (
    "Course read with the patient; going on as planned.",
    "Discussed in the team; dose stays, psychotherapy more often.",
    "Patient knows; we look again after the next infusion.",
    "Called the patient: a hard week. Next visit as booked.",
)
"""Of a course that does not go as hoped."""
UNSEEN_FOR = timedelta(days=4)
"""Alerts of the last days may still be open, even over a weekend; urgent ones never are."""
READ_WITHIN = timedelta(hours=60)
"""What is no danger is read before anybody is called about it."""
UNSEEN = 0.7
INCOMPLETE = 0.02


def fill_in(life: Life, visitor: Visitor, appointment_id: UUID | None, now: datetime) -> None:
    """The patient answers a PHQ-9, and what it alarms about is looked at soon."""
    for alert in log(life, visitor, appointment_id, now).alerts:
        see_to(life, visitor, alert, now)


def see_to(life: Life, visitor: Visitor, alert: Alert, now: datetime) -> None:
    """Somebody closes an alert before long, unless it is of the last days and may wait."""
    rng = visitor.story.rng
    notes, waits = (NOTES, UNSEEN_FOR) if alert.kind in SAFETY_KINDS else (READ_NOTES, READ_WITHIN)
    may_wait = alert.level is AlertLevel.REVIEW and life.until - now < waits
    if not (may_wait and rng.random() < UNSEEN):
        life.later(now + timedelta(minutes=rng.randint(4, 90)), look_after, alert.id, rng.choice(notes))


def tell(life: Life, visitor: Visitor, now: datetime) -> None:
    """A patient who has had the last infusion says how they are, on every scale they were asked before the first."""
    fill_in(life, visitor, None, now)
    for key, baseline in visitor.beside.items():
        answers = COMPANIONS[key].answers(baseline, visitor.scores, visitor.given, visitor.pen)
        for alert in log_scale(life, visitor, key, answers, None, now).alerts:
            see_to(life, visitor, alert, now)


def log(life: Life, visitor: Visitor, appointment_id: UUID | None, now: datetime) -> Logged:
    """The patient answers a PHQ-9, and before the first infusion whatever else the course is followed by."""
    if not visitor.given:
        for key, baseline in visitor.beside.items():
            log_scale(life, visitor, key, COMPANIONS[key].split(baseline, visitor.pen), appointment_id, now)
    return log_scale(life, visitor, "phq9", _answers(visitor), appointment_id, now)


def log_scale(  # noqa: PLR0917 # a form, and of whom
    life: Life, visitor: Visitor, scale: str, answers: Sequence[int | None], appointment_id: UUID | None, now: datetime
) -> Logged:
    """The patient answers a form."""
    return log_assessment(
        life.db, visitor.patient_id, scale=scale, answers=answers, taken_at=now, appointment_id=appointment_id,
        actor=life.house.clinician, now=now,
    )  # fmt: skip


def look_after(life: Life, alert_id: UUID, note: str, now: datetime) -> None:
    """A clinician closes an alert, unless another was quicker."""
    with suppress(AlreadyAcknowledged):
        acknowledge(life.db, alert_id, note=note, actor=life.house.clinician, now=now)


def _answers(visitor: Visitor) -> list[int | None]:
    """Nine items and the difficulty; now and then somebody leaves an item out, but not on the first form."""
    rng = visitor.story.rng
    total = visitor.scores.total(visitor.given, rng)
    answers: list[int | None] = [*visitor.scores.answers(total, rng), round(total / 9)]
    if visitor.given and rng.random() < INCOMPLETE:
        answers[rng.randrange(8)] = None
    return answers
