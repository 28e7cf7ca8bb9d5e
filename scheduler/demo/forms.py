"""The questionnaires that the patients of the demo clinic fill in, and who looks after what these raise."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from scheduler.demo.living import Life, Visitor
from scheduler.errors import AlreadyAcknowledged
from scheduler.models import AlertLevel
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.assessments import Logged, log_assessment

NOTES = (
    "Spoke with the patient: passive thoughts, no plan, no intent. Safety plan reviewed.",
    "Known and unchanged. Patient agrees to call if it gets worse.",
    "Seen by the prescriber before the infusion. No plan, no intent; proceeding.",
    "Called the patient's therapist; appointment this week confirmed.",
    "Safety plan renewed with the patient and a relative.",
)
UNSEEN_FOR = timedelta(days=4)
"""Alerts of the last days may still be open, even over a weekend; urgent ones never are."""
UNSEEN = 0.7
INCOMPLETE = 0.02


def fill_in(life: Life, visitor: Visitor, appointment_id: UUID | None, now: datetime) -> None:
    """The patient answers a PHQ-9, and what it alarms about is looked at soon."""
    for alert in log(life, visitor, appointment_id, now).alerts:
        may_wait = alert.level is AlertLevel.REVIEW and life.until - now < UNSEEN_FOR
        if not (may_wait and visitor.story.rng.random() < UNSEEN):
            soon = timedelta(minutes=visitor.story.rng.randint(4, 90))
            life.later(now + soon, look_after, alert.id, visitor.story.rng.choice(NOTES))


def log(life: Life, visitor: Visitor, appointment_id: UUID | None, now: datetime) -> Logged:
    """The patient answers a PHQ-9."""
    return log_assessment(
        life.db, visitor.patient_id, scale="phq9", answers=_answers(visitor), taken_at=now,
        appointment_id=appointment_id, actor=life.house.clinician, now=now,
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
