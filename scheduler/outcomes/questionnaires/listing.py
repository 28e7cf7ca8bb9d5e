"""What became of the questionnaires of a patient, and taking one back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyAnswered, IllegalTransition, NotFound
from scheduler.models import Assessment, Questionnaire
from scheduler.outcomes.questionnaires.letter import take_back
from scheduler.records import access, audit


class QuestionnaireState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    """Its time is over, or its code died of wrong tries."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Listed:
    """A questionnaire and what became of it; of the answers nothing but where they are."""

    questionnaire: Questionnaire
    state: QuestionnaireState
    assessment_id: UUID | None

    @property
    def version(self) -> int:
        return self.questionnaire.version


def state_of(row: Questionnaire, now: datetime) -> QuestionnaireState:
    """How a questionnaire stands."""
    if row.answered_at is not None:
        return QuestionnaireState.ANSWERED
    if row.withdrawn_at is not None:
        return QuestionnaireState.WITHDRAWN
    has_a_way_in = row.token_digest is not None or row.code_number is not None
    return QuestionnaireState.OPEN if has_a_way_in and now < row.expires_at else QuestionnaireState.EXPIRED


def list_questionnaires(
    db: Session, patient_id: UUID, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[Listed]:
    """Up to `limit` questionnaires of a patient, the newest first. `after` is the last one seen.

    Raises `NotFound` for an unknown patient.
    """
    access.open_record(db, patient_id, action="questionnaires.read", actor=actor, now=now)
    order = (Questionnaire.sent_at, Questionnaire.id)
    found = _with_form(actor).where(Questionnaire.patient_id == patient_id)
    if after is not None:
        seen = select(*order).where(Questionnaire.clinic_id == actor.clinic_id, Questionnaire.id == after)
        found = found.where(tuple_(*order) < seen.scalar_subquery())
    rows = db.execute(found.order_by(*(column.desc() for column in order)).limit(limit))
    return [Listed(row, state_of(row, now), form) for row, form in rows]


def find_questionnaire(db: Session, questionnaire_id: UUID, *, actor: Actor, now: datetime) -> Listed:
    """One questionnaire; reading it opens its patient's record. Raises `NotFound`."""
    found = db.execute(_with_form(actor).where(Questionnaire.id == questionnaire_id)).first()
    if found is None:
        raise NotFound("There is no such questionnaire.")
    row, form = found
    access.open_record(db, row.patient_id, action="questionnaires.read", actor=actor, now=now)
    return Listed(row, state_of(row, now), form)


def withdraw(db: Session, listed: Listed, *, actor: Actor, now: datetime) -> None:
    """Take a questionnaire back that nobody has answered: its link and its code are worthless at once.

    Raises `AlreadyAnswered`, and `IllegalTransition` for one that was withdrawn before.
    """
    row = listed.questionnaire
    access.lock_record(db, row.patient_id, actor=actor)
    db.refresh(row, with_for_update=True)  # a patient may have answered since it was read
    if row.answered_at is not None:
        raise AlreadyAnswered
    if row.withdrawn_at is not None:
        raise IllegalTransition("This questionnaire has been withdrawn already.")
    row.withdrawn_at, row.code_number, row.code_digest = now, None, None
    take_back(db, row, now=now)
    audit.note(db, "questionnaire.withdrawn", actor=actor, now=now, subject=row.id, patient_id=row.patient_id)


def _with_form(actor: Actor) -> Select[Questionnaire, UUID]:
    mine = (Assessment.clinic_id == Questionnaire.clinic_id) & (Assessment.questionnaire_id == Questionnaire.id)
    rows = select(Questionnaire, Assessment.id).outerjoin(Assessment, mine)
    return rows.where(Questionnaire.clinic_id == actor.clinic_id)
