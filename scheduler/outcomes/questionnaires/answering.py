"""A patient opens the link, reads the questions and sends the answers: nobody is signed in, and it works once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyAnswered, LinkEnded, NotFound
from scheduler.models import AnsweredBy, AnswerSource, AuditRow, Clinic, Questionnaire, SentBy
from scheduler.outcomes.assessments import Logged, write_form
from scheduler.outcomes.forms import Form
from scheduler.outcomes.known_scales import find_version
from scheduler.outcomes.questionnaires.links import read_token
from scheduler.outcomes.questionnaires.listing import QuestionnaireState, state_of
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import access, audit

SOURCES = {SentBy.EMAIL: AnswerSource.LINK, SentBy.TABLET: AnswerSource.TABLET}
OPENED = "questionnaire.opened"
GRACE = timedelta(hours=2)
"""How long after its end a link by letter takes answers if it was opened in time: whoever began and was called away
has not answered in vain. No longer, or what the clinic has decided of links would not hold; and not on the tablet,
which somebody else has in hand by then.
"""


@dataclass(frozen=True)
class Face:
    """What a patient may see of the clinic, and its words for somebody in danger."""

    clinic_id: UUID
    name: str
    contact: str | None
    crisis_text: str


@dataclass(frozen=True)
class Asking:
    """A questionnaire as its link shows it. `scale` is None where its version is asked no more."""

    questionnaire: Questionnaire
    state: QuestionnaireState
    scale: Scale | None
    face: Face


def face_of(db: Session, clinic_id: UUID, *, now: datetime) -> Face:
    """A clinic as its patients see it. Raises `NotFound`."""
    clinic = db.get(Clinic, clinic_id)
    if clinic is None:
        raise NotFound("There is no such page.")
    return Face(
        clinic.id, clinic.name, clinic.contact, policy_in_force(db, clinic_id, now=now).questionnaires.crisis_text
    )


def open_questionnaire(db: Session, token: str, *, now: datetime) -> Asking:
    """What a link leads to, and nothing is used up by looking: programs fetch links before people do.

    Raises `NotFound` for a link nobody made.
    """
    asking = _asking(db, _find(db, token), now)
    if asking.state is QuestionnaireState.OPEN:
        note(db, OPENED, asking.questionnaire, now)
    return asking


def take_questionnaire(db: Session, token: str, *, now: datetime) -> Asking:
    """The same, to be answered: whoever sends the same answers at once waits, and finds them there already.

    A link that has just ended is open to whoever began before (`GRACE`).
    """
    row = _find(db, token)
    access.lock_record(db, row.patient_id, actor=patient_of(row))
    db.refresh(row, with_for_update=True)  # the state that counts is the one under the lock
    asking = _asking(db, row, now)
    return replace(asking, state=QuestionnaireState.OPEN) if _was_begun_in_time(db, asking, now) else asking


def answer(db: Session, asking: Asking, answers: Sequence[int | None], *, now: datetime) -> Logged:
    """Store the answers to a questionnaire that was taken, once, and raise what they call for.

    Raises `AlreadyAnswered`, `LinkEnded` and `Invalid`.
    """
    row, actor = asking.questionnaire, patient_of(asking.questionnaire)
    if asking.state is QuestionnaireState.ANSWERED:
        raise AlreadyAnswered
    if asking.state is not QuestionnaireState.OPEN or asking.scale is None:
        raise LinkEnded
    patient = access.open_record(db, row.patient_id, action="record.opened", actor=actor, now=now)
    form = Form(
        patient.id, asking.scale, answers, now, SOURCES[row.via], AnsweredBy.SELF, row.appointment_id,
        questionnaire_id=row.id,
    )  # fmt: skip
    logged = write_form(db, patient, form, action="assessment.logged", actor=actor, now=now)
    row.answered_at = now
    note(db, "questionnaire.answered", row, now)
    return logged


def calls_for_help(scale: Scale, answers: Sequence[int | None]) -> bool:
    """Whether any answer is one at which the clinic's words for somebody in danger are shown."""
    return any(rule.finding(answers[rule.item - 1]) for rule in scale.safety)


def patient_of(row: Questionnaire) -> Actor:
    """The patient acts, as nobody of the staff."""
    return Actor.house(row.clinic_id)


def note(db: Session, action: str, row: Questionnaire, now: datetime) -> None:
    """Write down what the patient did with a questionnaire."""
    audit.note(db, action, actor=patient_of(row), now=now, subject=row.id, patient_id=row.patient_id)


def _find(db: Session, token: str) -> Questionnaire:
    link = read_token(token)
    row = link and db.scalar(
        select(Questionnaire).where(
            Questionnaire.clinic_id == link.clinic_id, Questionnaire.token_digest == link.digest
        )
    )
    if not row:
        raise NotFound("There is no such page.")
    return row


def _asking(db: Session, row: Questionnaire, now: datetime) -> Asking:
    scale = find_version(db, row.clinic_id, row.scale, row.scale_version)
    return Asking(row, state_of(row, now), scale, face_of(db, row.clinic_id, now=now))


def _was_begun_in_time(db: Session, asking: Asking, now: datetime) -> bool:
    row = asking.questionnaire
    if asking.state is not QuestionnaireState.EXPIRED or row.via is not SentBy.EMAIL or now >= row.expires_at + GRACE:
        return False
    looks = select(AuditRow.sequence).where(
        AuditRow.clinic_id == row.clinic_id, AuditRow.patient_id == row.patient_id, AuditRow.subject == row.id,
        AuditRow.action == OPENED,
    )  # fmt: skip
    return db.scalar(looks.limit(1)) is not None
