"""The letters that wait to be sent: taking one for a while, and saying what became of it.

Whoever sends dies now and then. A letter is taken for a time only, so a death costs a delay and perhaps a second
delivery, never a letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Case, Row, bindparam, case, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Message, MessageKind
from scheduler.models.base import table_of
from scheduler.records import audit

LEASE = timedelta(minutes=5)
"""How long a worker has a letter; longer than the mail server is given to take it."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""Before each further try; a letter that fails after the last is given up."""
LATE = timedelta(minutes=15)
"""A letter that waits so long past its time is listed."""
SWEEP = 500
"""Letters given up in one transaction, at most."""


class Failure(StrEnum):
    """Why a letter has not left; nothing of what was in it."""

    RECIPIENT_REFUSED = "recipient-refused"
    RECIPIENT_DEFERRED = "recipient-deferred"
    SENDER_REFUSED = "sender-refused"
    LETTER_REFUSED = "letter-refused"
    CONNECTION_LOST = "connection-lost"
    TOO_LATE = "too-late"
    """It had become useless before it could be sent."""
    ABANDONED = "abandoned"
    """Taken again and again, and nobody came back to say what became of it."""


FINAL = {Failure.RECIPIENT_REFUSED}
"""Trying again would not help."""


@dataclass(frozen=True)
class Letter:
    """A letter somebody has taken to send it."""

    clinic_id: UUID
    id: UUID
    patient_id: UUID | None
    """None where it goes to staff."""
    recipient: str
    subject: str
    body: str
    attempts: int
    """This one included."""
    useless_at: datetime | None


class LetterState(StrEnum):
    LATE = "late"
    """Its time has come and it has not left."""
    FAILING = "failing"
    """A try has failed; there will be another."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class StuckLetter:
    """A letter its patient has not got, by what may be known of it without opening a record."""

    id: UUID
    kind: MessageKind
    state: LetterState
    created_at: datetime
    due_at: datetime
    attempts: int
    failure: Failure | None


_outbox = table_of(Message)
_key = tuple_(_outbox.c.clinic_id, _outbox.c.id)
_older = _outbox.alias()
UNSENT = _outbox.c.sent_at.is_(None) & _outbox.c.withdrawn_at.is_(None)
OPEN = UNSENT & _outbox.c.given_up_at.is_(None)
FREE = or_(_outbox.c.leased_until.is_(None), _outbox.c.leased_until <= bindparam("now"))
DUE = OPEN & FREE & (_outbox.c.due_at <= bindparam("now"))
USELESS = _outbox.c.useless_at.isnot(None) & (_outbox.c.useless_at <= bindparam("now"))
HOPELESS = or_(USELESS, _outbox.c.attempts > len(PAUSES))
NOTICES = (MessageKind.CANCELLATION, MessageKind.MOVE)
WAITS_FOR_AN_OLDER = exists().where(
    _older.c.clinic_id == _outbox.c.clinic_id, _older.c.patient_id == _outbox.c.patient_id,
    _older.c.created_at < _outbox.c.created_at, _older.c.kind.in_(NOTICES),
    _older.c.sent_at.is_(None), _older.c.withdrawn_at.is_(None), _older.c.given_up_at.is_(None),
)  # fmt: skip
"""Notices reach a patient in the order of what they tell of, whatever goes wrong with one; nothing else waits."""

ANYTHING = select(_outbox.c.id).where(DUE).limit(1)
TO_GIVE_UP = (
    select(_outbox.c.clinic_id, _outbox.c.id).where(DUE, HOPELESS).limit(SWEEP).with_for_update(skip_locked=True)
)
NEXT = (
    select(
        *(_outbox.c[name] for name in ("clinic_id", "id", "patient_id", "recipient", "subject", "body")),
        (_outbox.c.attempts + 1).label("attempts"), _outbox.c.useless_at,
    )
    .where(DUE, ~HOPELESS, or_(_outbox.c.kind.not_in(NOTICES), ~WAITS_FOR_AN_OLDER))
    .order_by(_outbox.c.due_at, _outbox.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=_outbox)
)  # fmt: skip
THIS = (_outbox.c.clinic_id == bindparam("of_clinic"), _outbox.c.id == bindparam("of_id"))
TAKE = update(_outbox).where(*THIS).values(leased_until=bindparam("until"), attempts=bindparam("to_attempts"))
KEPT = case((_outbox.c.kind == MessageKind.QUESTIONNAIRE, ""), else_=_outbox.c.body)
"""What stays of a letter that has left: not the link that lets whoever has it answer for the patient."""
SENT = update(_outbox).where(*THIS).values(sent_at=bindparam("at"), leased_until=None, failure=None, body=KEPT)
FAILED = (
    update(_outbox)
    .where(*THIS, UNSENT, _outbox.c.attempts == bindparam("of_attempts"))
    .values(
        leased_until=None, failure=bindparam("why"), due_at=bindparam("next_at"), given_up_at=bindparam("at_last"),
    )
    .returning(_outbox.c.id)
)  # fmt: skip


def anything_due(db: Session, *, now: datetime) -> bool:
    """Whether there is something to do for whoever sends; reading it takes no writer's turn."""
    return db.scalar(ANYTHING, {"now": now}) is not None


def give_up_hopeless(db: Session, *, now: datetime) -> int:
    """Give up what is useless by now, or was taken again and again without a word; how many."""
    found = db.execute(TO_GIVE_UP, {"now": now}).all()
    if not found:
        return 0
    why = func.coalesce(_outbox.c.failure, _too_late(now))
    db.execute(update(_outbox).where(_key.in_([tuple(row) for row in found])).values(given_up_at=now, failure=why))
    for clinic_id in sorted({row.clinic_id for row in found}):
        count = sum(row.clinic_id == clinic_id for row in found)
        audit.note(db, "letters.given_up", actor=_house(clinic_id), now=now, letters=count)
    return len(found)


def take_next(db: Session, *, now: datetime) -> Letter | None:
    """The letter that is due the longest, kept from other workers for a while; None when there is none.

    Neither what was withdrawn nor what is useless by now, and no notice before an older one of the same patient.
    """
    row = db.execute(NEXT, {"now": now}).mappings().first()
    if row is None:
        return None
    letter = Letter(**row)
    db.execute(TAKE, {**_this(letter), "until": now + LEASE, "to_attempts": letter.attempts})
    return letter


def mark_sent(db: Session, letter: Letter, *, now: datetime) -> None:
    """The mail server has taken it."""
    db.execute(SENT, {**_this(letter), "at": now})
    audit.note(
        db, "letter.sent", actor=_house(letter.clinic_id), now=now, subject=letter.id, patient_id=letter.patient_id
    )


def mark_failed(db: Session, letter: Letter, failure: Failure, *, now: datetime) -> bool:
    """It has not left: when to try again, or that it is given up. True if it is.

    Nothing is changed or written down if another worker has taken it since, or it was withdrawn.
    """
    next_at = now + PAUSES[min(letter.attempts, len(PAUSES)) - 1]
    useless = letter.useless_at is not None and next_at >= letter.useless_at
    hopeless = failure in FINAL or letter.attempts > len(PAUSES) or useless
    told = {"why": failure, "next_at": next_at, "at_last": now if hopeless else None, "of_attempts": letter.attempts}
    found = db.execute(FAILED, {**_this(letter), **told}).first()
    if found is None:
        return False
    audit.note(
        db, "letter.given_up" if hopeless else "letter.failed", actor=_house(letter.clinic_id), now=now,
        subject=letter.id, patient_id=letter.patient_id, failure=failure.value,
    )  # fmt: skip
    return hopeless


def list_stuck(
    db: Session, *, after: tuple[datetime, UUID] | None, limit: int, actor: Actor, now: datetime
) -> Sequence[StuckLetter]:
    """Up to `limit` letters of the clinic that are late, failing or given up, the newest first.

    `after` is when the last one seen was written, and its id.
    """
    columns = (_outbox.c[name] for name in ("id", "kind", "created_at", "due_at", "attempts", "failure", "given_up_at"))
    stuck = or_(_outbox.c.given_up_at.isnot(None), _outbox.c.failure.isnot(None), _outbox.c.due_at <= now - LATE)
    rows = select(*columns).where(_outbox.c.clinic_id == actor.clinic_id, UNSENT, stuck)
    order = (_outbox.c.created_at, _outbox.c.id)
    if after is not None:
        at, id_ = after
        rows = rows.where((order[0] < at) | ((order[0] == at) & (order[1] < id_)))
    return [_stuck(row) for row in db.execute(rows.order_by(*(column.desc() for column in order)).limit(limit))]


def _stuck(row: Row[Any]) -> StuckLetter:
    state = LetterState.FAILING if row.failure else LetterState.LATE
    return StuckLetter(
        row.id, row.kind, LetterState.GIVEN_UP if row.given_up_at else state, row.created_at, row.due_at,
        row.attempts, row.failure and Failure(row.failure),
    )  # fmt: skip


def _too_late(now: datetime) -> Case[str]:
    return case((_outbox.c.useless_at <= now, Failure.TOO_LATE.value), else_=Failure.ABANDONED.value)


def _this(letter: Letter) -> dict[str, UUID]:
    return {"of_clinic": letter.clinic_id, "of_id": letter.id}


def _house(clinic_id: UUID) -> Actor:
    """The worker acts for the clinic, as nobody in it."""
    return Actor.house(clinic_id)
