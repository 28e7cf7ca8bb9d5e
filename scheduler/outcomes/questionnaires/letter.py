"""The letter with the link. Neutral: no name, no drug, no diagnosis, not even what is asked."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from scheduler.models import Clinic, Message, MessageKind, Questionnaire
from scheduler.models.base import table_of

SUBJECT = "A few questions for you"
_clinics, _outbox = table_of(Clinic), table_of(Message)
HOUSE = select(_clinics.c.name, _clinics.c.timezone, _clinics.c.contact).where(_clinics.c.id == bindparam("clinic_id"))
TAKE_BACK = (
    update(_outbox)
    .where(_outbox.c.clinic_id == bindparam("of_clinic"), _outbox.c.key == bindparam("of_key"))
    .where(_outbox.c.sent_at.is_(None), _outbox.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("at"), body="")
)


def write_letter(db: Session, questionnaire: Questionnaire, recipient: str, link: str, *, now: datetime) -> None:
    """Put the letter into the outbox. It names no visit: it must not count as news of one."""
    name, timezone, contact = db.execute(HOUSE, {"clinic_id": questionnaire.clinic_id}).one()
    letter = {
        "clinic_id": questionnaire.clinic_id, "id": uuid4(), "key": _key(questionnaire.id),
        "kind": MessageKind.QUESTIONNAIRE, "patient_id": questionnaire.patient_id, "recipient": recipient,
        "subject": SUBJECT, "body": _body(name, contact, link, questionnaire.expires_at.astimezone(ZoneInfo(timezone))),
        "created_at": now, "due_at": now, "useless_at": questionnaire.expires_at,
    }  # fmt: skip
    db.add(Message(**letter))


def take_back(db: Session, questionnaire: Questionnaire, *, now: datetime) -> None:
    """The letter is not sent, if it has not been yet."""
    mine: dict[str, Any] = {"of_clinic": questionnaire.clinic_id, "of_key": _key(questionnaire.id), "at": now}
    db.execute(TAKE_BACK, mine)


def _key(questionnaire_id: UUID) -> str:
    return f"{MessageKind.QUESTIONNAIRE}/{questionnaire_id.hex}"


def _body(name: str, contact: str | None, link: str, until: datetime) -> str:
    reach = f"please contact us: {contact}" if contact else "please call us."
    lines = (
        f"{name} asks you to answer a few questions. It takes a few minutes.", "",
        f"  {link}", "",
        "The link is for you alone and works once. Please do not pass this letter on.",
        f"It can be used until {until:%A} {until.day} {until:%B %Y} at {until:%H:%M}.", "",
        f"If you have a question, {reach}", "",
        name, "",
    )  # fmt: skip
    return "\n".join(lines)
