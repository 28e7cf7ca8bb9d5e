"""Putting a scale to a patient: by a link in a letter, or by a code for the clinic's tablet."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, Invalid, Unavailable, refuse
from scheduler.models import Questionnaire, SentBy
from scheduler.models.base import table_of
from scheduler.models.upsert import insert_unless_there
from scheduler.outcomes.assessments import appointment_faults
from scheduler.outcomes.known_scales import find_scale
from scheduler.outcomes.policy import Questionnaires
from scheduler.outcomes.questionnaires import codes, links
from scheduler.outcomes.questionnaires.letter import write_letter
from scheduler.outcomes.questionnaires.listing import Listed, QuestionnaireState
from scheduler.outcomes.scales.definition import Mode
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import access, audit
from scheduler.records.access import ADDRESS, LockedRecord

LINK_PATH, TABLET_PATH = "/q/", "/tablet/"
"""Where a link leads, and where codes are typed in, below the server's address."""
TRIES_FOR_A_NUMBER = 20
RETRY_SECONDS = 60

_questionnaires = table_of(Questionnaire)
FREE_NUMBERS = (
    update(_questionnaires)
    .where(_questionnaires.c.clinic_id == bindparam("of_clinic"), _questionnaires.c.code_number.isnot(None))
    .where(_questionnaires.c.expires_at <= bindparam("now"))
    .values(code_number=None, code_digest=None)
)


@dataclass(frozen=True)
class Sent(Listed):
    """What was sent. The code of a tablet is shown once and kept nowhere."""

    tablet_code: str | None = field(default=None, repr=False)

    @property
    def tablet_page(self) -> str | None:
        """Where the code is typed in, below the server's address."""
        return f"{TABLET_PATH}{self.questionnaire.clinic_id}" if self.tablet_code else None


def send_questionnaire(
    db: Session, patient_id: UUID, *, scale: str, via: SentBy, appointment_id: UUID | None = None,
    public_url: str | None, actor: Actor, now: datetime,
) -> Sent:  # fmt: skip
    """Put a scale to a patient, once: a letter with a link is written, or a code is told.

    `public_url` is where patients reach the server. Raises `NotFound` for an unknown patient, and `Invalid` with
    every fault: a scale that cannot be shown to patients, an address that is missing, a visit of somebody else.
    """
    record = access.lock_record(db, patient_id, actor=actor)
    faults = [
        *_scale_faults(db, actor.clinic_id, scale),
        *(_mail_faults(record, public_url) if via is SentBy.EMAIL else ()),
    ]
    refuse([*faults, *appointment_faults(db, actor.clinic_id, patient_id, appointment_id)])
    asked = find_scale(db, actor.clinic_id, scale)
    row = {
        "clinic_id": actor.clinic_id, "id": uuid4(), "patient_id": patient_id, "appointment_id": appointment_id,
        "scale": asked.key, "scale_version": asked.version, "via": via, "tries": 0, "version": 1,
        "sent_at": now, "sent_by": actor.staff_id,
    }  # fmt: skip
    limits = policy_in_force(db, actor.clinic_id, now=now).questionnaires
    sent = _write_link(db, row, record, public_url, limits) if via is SentBy.EMAIL else _write_code(db, row, limits)
    audit.note(
        db, "questionnaire.sent", actor=actor, now=now, subject=sent.questionnaire.id, patient_id=patient_id,
        scale=asked.key, via=via.value,
    )  # fmt: skip
    return sent


def _write_link(
    db: Session, row: dict[str, Any], record: LockedRecord, public_url: str | None, limits: Questionnaires
) -> Sent:
    (token, digest), now = links.new_token(row["clinic_id"]), row["sent_at"]
    questionnaire = Questionnaire(**row, token_digest=digest, expires_at=now + timedelta(hours=limits.link_hours))
    db.add(questionnaire)
    write_letter(db, questionnaire, record.email or "", f"{public_url}{LINK_PATH}{token}", now=now)
    db.flush()  # the answer shows the row as it is stored
    return _sent(questionnaire)


def _write_code(db: Session, row: dict[str, Any], limits: Questionnaires) -> Sent:
    now, secret = row["sent_at"], codes.new_secret()
    db.execute(FREE_NUMBERS, {"of_clinic": row["clinic_id"], "now": now})
    row |= {"code_digest": codes.digest_of(secret), "expires_at": now + timedelta(minutes=limits.code_minutes)}
    for _ in range(TRIES_FOR_A_NUMBER):
        number = codes.new_number()
        if insert_unless_there(db, Questionnaire, **row, code_number=number):
            questionnaire = db.get_one(Questionnaire, (row["clinic_id"], row["id"]))
            return _sent(questionnaire, str(codes.Code(number, secret)))
    raise Unavailable("Too many codes are out: wait until some have been used.", retry_after=RETRY_SECONDS)


def _sent(questionnaire: Questionnaire, code: str | None = None) -> Sent:
    return Sent(questionnaire, QuestionnaireState.OPEN, None, code)


def _scale_faults(db: Session, clinic_id: UUID, key: str) -> Iterator[Fault]:
    try:
        asked = find_scale(db, clinic_id, key)
    except Invalid as unknown:
        yield from unknown.faults
        return
    if not asked.has_text:
        yield Fault("scale", "no-text", "The words of this scale may not be shown: it cannot be sent.")
    elif asked.mode is Mode.CLINICIAN:
        yield Fault("scale", "not-for-patients", "This scale is filled in by a clinician: it cannot be sent.")


def _mail_faults(record: LockedRecord, public_url: str | None) -> list[Fault]:
    faults = []
    if not (record.email and ADDRESS.fullmatch(record.email)):
        faults.append(Fault("via", "no-address", "There is no e-mail address on record: enter one, or use the tablet."))
    if public_url is None:
        message = "This server does not know where patients reach it (PUBLIC_URL): use the tablet."
        faults.append(Fault("via", "no-public-url", message))
    return faults
