"""Questionnaires as the tests send, open and answer them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import AuditRow, Message, MessageKind, SentBy
from scheduler.outcomes.assessments import Logged
from scheduler.outcomes.questionnaires import answering, redeeming
from scheduler.outcomes.questionnaires.codes import read_code
from scheduler.outcomes.questionnaires.sending import Sent, send_questionnaire
from tests.builders import ClinicCast

ADDRESS = "ada@example.org"
SERVER = "https://clinic.example"
CALM, IN_DANGER = [1] * 8 + [0], [1] * 8 + [2]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def send(clinic: ClinicCast, patient_id: UUID | None = None, via: SentBy = SentBy.EMAIL, **said: Any) -> Sent:
    """A PHQ-9 put to a patient with an address, unless told otherwise."""
    whom = patient_id or clinic.patient(email=ADDRESS).id
    asked = {"scale": "phq9", "public_url": SERVER, "actor": clinic.scheduler, "now": clinic.now, **said}
    return send_questionnaire(clinic.db, whom, via=via, **asked)


def letter(db: Session, sent: Sent | None = None) -> Message:
    """The letter with the link of a questionnaire; without one the newest."""
    mine = select(Message).where(Message.kind == MessageKind.QUESTIONNAIRE)
    if sent is not None:
        mine = mine.where(Message.key == f"questionnaire/{sent.questionnaire.id.hex}")
    found = db.scalars(mine.order_by(Message.created_at.desc())).first()
    assert found
    return found


def token_in(message: Message) -> str:
    found = re.search(rf"{SERVER}/q/(\S+)", message.body)
    assert found
    return found[1]


def link(clinic: ClinicCast, **said: Any) -> str:
    """The token of a PHQ-9 sent by letter just now."""
    return token_in(letter(clinic.db, send(clinic, **said)))


def answer(db: Session, token: str, answers: Sequence[int | None], *, now: datetime) -> Logged:
    """What the page does with answers."""
    return answering.answer(db, answering.take_questionnaire(db, token, now=now), answers, now=now)


def typed(db: Session, clinic_id: UUID, code: str, *, now: datetime) -> str | None:
    """What the tablet does with a code."""
    read = read_code(code)
    assert read
    challenge = redeeming.find_challenge(db, clinic_id, read)
    return redeeming.redeem(db, challenge, fitted=challenge.fits(read), now=now)


def wrong(code: str) -> str:
    """The same number with another secret."""
    number, _, secret = code.partition("-")
    return f"{number}-{(int(secret) + 1) % 10**6:06}"


def acts(db: Session) -> list[str]:
    """What the audit book says was done, in order."""
    db.commit()
    return list(db.scalars(select(AuditRow.action).order_by(AuditRow.sequence)))
