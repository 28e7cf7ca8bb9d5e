"""A code typed into the clinic's tablet becomes a link, once; wrong tries are counted where they cannot be undone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import NotFound
from scheduler.models import Questionnaire, SentBy
from scheduler.outcomes.questionnaires import codes, links
from scheduler.outcomes.questionnaires.codes import Code
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import audit

ANSWERING = timedelta(minutes=15)
"""How long the questions stay open on the tablet once the code was typed, as long as a code lives unless the clinic
decides otherwise: whoever has the tablet next must not find them in its history.
"""


@dataclass(frozen=True)
class Challenge:
    """What a code is held against: the questionnaire with its number, or nobody's."""

    clinic_id: UUID
    questionnaire_id: UUID | None
    digest: str = field(repr=False)

    def fits(self, code: Code) -> bool:
        """Whether this is its code; slow, so never call this while a transaction is open."""
        return codes.fits(self.digest, code.secret)


def find_challenge(db: Session, clinic_id: UUID, code: Code) -> Challenge:
    """What this code is to be held against; where nobody has its number, something it will not fit."""
    rows = select(Questionnaire.id, Questionnaire.code_digest).where(
        Questionnaire.clinic_id == clinic_id, Questionnaire.code_number == code.number
    )
    row = db.execute(rows).first()
    return Challenge(clinic_id, row.id, row.code_digest) if row else Challenge(clinic_id, None, codes.NOBODYS)


def redeem(db: Session, challenge: Challenge, *, fitted: bool, now: datetime) -> str | None:
    """The token of a fresh link in exchange for a code that fitted; the code is gone.

    None where it did not fit, or its questionnaire is over, used or tried too often: all look alike. That is no
    exception, since the try is counted and written down, and must be committed.
    """
    row = _locked(db, challenge)
    if row is not None and fitted and row.code_number is not None and now < row.expires_at:
        return _lead_on(db, row, now)
    if row is not None and row.code_number is not None:
        _count(row, policy_in_force(db, row.clinic_id, now=now).questionnaires.code_tries)
    known = {"subject": row.id, "patient_id": row.patient_id} if row else {}
    audit.note(db, "code.refused", actor=Actor.house(challenge.clinic_id), now=now, **known)
    return None


def leave(db: Session, token: str, *, now: datetime) -> UUID:
    """End the link of somebody who gives the tablet back; the id of the clinic whose tablet it is.

    From here on the token leads nowhere, so that sending its form again tells nothing of who sent it first. A link
    by letter, and one that was left before, stay as they are. Raises `NotFound` for what is no token.
    """
    link = links.read_token(token)
    if link is None:
        raise NotFound("There is no such page.")
    mine = select(Questionnaire).where(
        Questionnaire.clinic_id == link.clinic_id, Questionnaire.token_digest == link.digest,
        Questionnaire.via == SentBy.TABLET,
    )  # fmt: skip
    row = db.scalar(mine.with_for_update())
    if row is not None:
        row.token_digest = None
        actor = Actor.house(row.clinic_id)
        audit.note(db, "questionnaire.left", actor=actor, now=now, subject=row.id, patient_id=row.patient_id)
    return link.clinic_id


def _locked(db: Session, challenge: Challenge) -> Questionnaire | None:
    if challenge.questionnaire_id is None:
        return None
    key = (challenge.clinic_id, challenge.questionnaire_id)
    return db.get(Questionnaire, key, with_for_update=True, populate_existing=True)


def _count(row: Questionnaire, allowed: int) -> None:
    row.tries += 1
    if row.tries >= allowed:
        row.code_number, row.code_digest = None, None


def _lead_on(db: Session, row: Questionnaire, now: datetime) -> str:
    token, row.token_digest = links.new_token(row.clinic_id)
    row.code_number, row.code_digest, row.expires_at = None, None, now + ANSWERING
    actor = Actor.house(row.clinic_id)
    audit.note(db, "code.accepted", actor=actor, now=now, subject=row.id, patient_id=row.patient_id)
    return token
