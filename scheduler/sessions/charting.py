"""Charting: rows that are only added. A correction is a newer version of a row, and the older one stays readable."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyCorrected, NotFound
from scheduler.models import Charted, TreatmentSession
from scheduler.models.replaced import is_replaced
from scheduler.records import audit
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.steps import refuse_locked


class IsVersion(Protocol):
    """What `current` needs to know of a row."""

    @property
    def id(self) -> UUID: ...
    @property
    def replaces_id(self) -> UUID | None: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def withdrawn(self) -> bool: ...


Row = TypeVar("Row", bound=Charted)
Version = TypeVar("Version", bound=IsVersion)


def chart(
    db: Session, session: TreatmentSession, kind: type[Row], /, *, occurred_at: datetime | None = None,
    actor: Actor, now: datetime, **values: Any,
) -> Row:  # fmt: skip
    """Write a fact of a locked session down: of now, or of an earlier time since the check-in.

    Raises `SessionSigned`, `SessionVoid`, and `Invalid` for a time that cannot be.
    """
    refuse_locked(session)
    at = moment(occurred_at, last=session.checked_in_at, now=now)
    return write(db, session, kind, occurred_at=at, actor=actor, now=now, **values)


def write(
    db: Session, session: TreatmentSession, kind: type[Row], /, *, occurred_at: datetime, actor: Actor, now: datetime,
    **values: Any,
) -> Row:  # fmt: skip
    """Write a row down, its time being judged already."""
    said = {"occurred_at": occurred_at, "recorded_at": now, "recorded_by": actor.staff_id, **values}
    row = kind(**{"clinic_id": session.clinic_id, "id": uuid4(), "session_id": session.id, **said})
    db.add(row)
    db.flush()  # alerts and later versions point at it
    name = kind.__tablename__  # type: ignore[attr-defined] # every kind of row has a table
    audit.note(db, f"{name}.charted", actor=actor, now=now, subject=row.id, patient_id=session.patient_id)
    return row


def correct(
    db: Session, session: TreatmentSession, old: Row, *, reason: str, occurred_at: datetime | None = None,
    withdrawn: bool = False, actor: Actor, now: datetime, **values: Any,
) -> Row:  # fmt: skip
    """Put a newer version in the place of a row of a locked session, signed or not; what is not named stays.

    It is recorded no earlier than the row it replaces, whatever the server's clock did.
    Raises `AlreadyCorrected` if the row is not the newest, `SessionVoid`, and `Invalid` for a time that cannot be.
    """
    kind = type(old)
    if is_replaced(db, old):
        raise AlreadyCorrected
    at = moment(occurred_at or old.occurred_at, last=min(session.checked_in_at, old.occurred_at), now=now)
    kept = {name: getattr(old, name) for name in columns_of(kind)}
    return write(
        db, session, kind, occurred_at=at, actor=actor, now=now, recorded_at=max(now, old.recorded_at),
        **{**kept, **values, "replaces_id": old.id, "reason": reason, "withdrawn": withdrawn},
    )  # fmt: skip


def columns_of(kind: type[Charted]) -> tuple[str, ...]:
    """What a kind of row says, beside what every charted row says."""
    shared = {column for base in Charted.__mro__ for column in getattr(base, "__annotations__", {})}
    return tuple(column.key for column in kind.__table__.columns if column.key not in shared)  # type: ignore[attr-defined] # declared


def find(db: Session, session: TreatmentSession, kind: type[Row], row_id: UUID) -> Row:
    """One row of this session. Raises `NotFound`."""
    row = db.get(kind, (session.clinic_id, row_id))
    if row is None or row.session_id != session.id:
        raise NotFound("This session has no such entry.")
    return row


def charted(db: Session, session: TreatmentSession, kind: type[Row]) -> list[Row]:
    """Every version of every row of this kind, in the order in which things happened."""
    mine = kind.clinic_id == session.clinic_id, kind.session_id == session.id
    return list(db.scalars(select(kind).where(*mine).order_by(kind.occurred_at, kind.recorded_at, kind.id)))


def current(rows: Iterable[Version], *, as_of: datetime | None = None) -> list[Version]:
    """What the record says now, or said at an instant: the newest versions, without what was withdrawn."""
    known = [row for row in rows if as_of is None or row.recorded_at <= as_of]
    older = superseded(known)
    return [row for row in known if row.id not in older and not row.withdrawn]


def superseded(rows: Sequence[IsVersion]) -> frozenset[UUID]:
    """The rows that others of these have taken the place of."""
    return frozenset(row.replaces_id for row in rows if row.replaces_id is not None)
