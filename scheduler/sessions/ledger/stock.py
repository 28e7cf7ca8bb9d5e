"""What the clinic has of its controlled drugs, vial by vial, and its book of what went where."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.errors import refuse
from scheduler.models import LedgerEntry, LedgerKind, TreatmentSession, Vial
from scheduler.records import audit
from scheduler.records.zone import read_zone
from scheduler.sessions.ledger import balance
from scheduler.sessions.ledger.balance import IN, OUT, VialBalance
from scheduler.sessions.ledger.entries import find_vial

IN_ORDER = (LedgerEntry.occurred_at, LedgerEntry.recorded_at, LedgerEntry.id)


class VialState(StrEnum):
    """Which vials to list."""

    OPEN = "open"
    """It holds something, or a count of it is not explained."""
    ALL = "all"


@dataclass(frozen=True)
class HeldVial:
    """A vial, what it holds, whether it is past its date, and the counts of it that were off and are not explained."""

    vial: Vial
    balance: VialBalance
    expired: bool
    discrepancies: Sequence[LedgerEntry] = ()


@dataclass(frozen=True)
class VialHistory(HeldVial):
    """The same with every entry of the vial, in order."""

    entries: Sequence[LedgerEntry] = ()


def list_vials(
    db: Session, state: VialState, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[HeldVial]:
    """Up to `limit` vials, those that expire first at the top. `after` is the last one seen."""
    order = (Vial.expires_on, Vial.id)
    wanted = select(Vial).where(Vial.clinic_id == actor.clinic_id)
    if state is VialState.OPEN:
        wanted = wanted.where(or_(_holds_mg() > Decimal(0), _off().where(LedgerEntry.vial_id == Vial.id).exists()))
    if after is not None:
        seen = select(*order).where(Vial.clinic_id == actor.clinic_id, Vial.id == after)
        wanted = wanted.where(tuple_(*order) > seen.scalar_subquery())
    return _held(db, db.scalars(wanted.order_by(*order).limit(limit)).all(), actor=actor, now=now)


def read_vial(db: Session, vial_id: UUID, *, actor: Actor, now: datetime) -> VialHistory:
    """A vial and every entry of it; whose sessions these name is written down. Raises `NotFound`."""
    (held,) = _held(db, [find_vial(db, vial_id, actor=actor)], actor=actor, now=now)
    rows = db.execute(_entries(actor).where(LedgerEntry.vial_id == vial_id).order_by(*IN_ORDER)).all()
    entries = _seen(db, rows, "vial.opened", actor=actor, now=now, subject=vial_id)
    return VialHistory(held.vial, held.balance, held.expired, held.discrepancies, entries)


def list_entries(
    db: Session, *, first: date, last: date, after: tuple[datetime, UUID] | None, limit: int, actor: Actor,
    now: datetime,
) -> Sequence[LedgerEntry]:  # fmt: skip
    """Up to `limit` entries of the clinic's book from one date to another, both included, in order of time.

    Whose sessions they name is written down. Raises `Invalid` for a range that cannot be.
    """
    refuse(clinic_time.range_faults(first, last))
    zone = read_zone(db, actor.clinic_id)
    since, until = clinic_time.boundary(first, 0, zone), clinic_time.boundary(last, clinic_time.DAY_MINUTES, zone)
    order = (LedgerEntry.occurred_at, LedgerEntry.id)
    wanted = _entries(actor).where(LedgerEntry.occurred_at >= since, LedgerEntry.occurred_at < until)
    if after is not None:
        wanted = wanted.where(tuple_(*order) > after)
    return _seen(db, db.execute(wanted.order_by(*order).limit(limit)).all(), "ledger.listed", actor=actor, now=now)


def balances(db: Session, vial_ids: Collection[UUID], *, actor: Actor) -> Mapping[UUID, VialBalance]:
    """What each of these vials holds by its entries; one statement."""
    sums = (
        select(
            LedgerEntry.vial_id, LedgerEntry.kind, func.sum(LedgerEntry.mg).label("mg"),
            func.sum(LedgerEntry.ml).label("ml"),
        )
        .where(LedgerEntry.clinic_id == actor.clinic_id, LedgerEntry.vial_id.in_(vial_ids))
        .group_by(LedgerEntry.vial_id, LedgerEntry.kind)
    )  # fmt: skip
    found = _by_vial(db.execute(sums))
    return {vial_id: balance.of_vial(found[vial_id]) for vial_id in vial_ids}


def _held(db: Session, vials: Sequence[Vial], *, actor: Actor, now: datetime) -> list[HeldVial]:
    """The vials with what is asked of all of them at once."""
    ids = [vial.id for vial in vials]
    sums, today = balances(db, ids, actor=actor), clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    off = _off().with_only_columns(LedgerEntry).where(LedgerEntry.clinic_id == actor.clinic_id)
    counts = _by_vial(db.scalars(off.where(LedgerEntry.vial_id.in_(ids)).order_by(*IN_ORDER)))
    return [HeldVial(vial, sums[vial.id], vial.expires_on < today, counts[vial.id]) for vial in vials]


def _by_vial(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row.vial_id].append(row)
    return found


def _holds_mg() -> ScalarSelect[Decimal]:
    """What the vial of the row holds."""
    signed = case((LedgerEntry.kind.in_(IN), LedgerEntry.mg), (LedgerEntry.kind.in_(OUT), -LedgerEntry.mg))
    mine = LedgerEntry.clinic_id == Vial.clinic_id, LedgerEntry.vial_id == Vial.id
    return select(func.sum(signed)).where(*mine).correlate(Vial).scalar_subquery()


def _off() -> Select[Any]:
    """Counts that were off and that nobody has explained."""
    about = aliased(LedgerEntry)
    explained = select(about.id).where(about.clinic_id == LedgerEntry.clinic_id, about.about_id == LedgerEntry.id)
    counted = LedgerEntry.kind == LedgerKind.COUNTED, LedgerEntry.mg != LedgerEntry.expected_mg
    return select(LedgerEntry.id).where(*counted, ~explained.exists())


def _entries(actor: Actor) -> Select[LedgerEntry, UUID]:
    """Entries of the clinic, each with the patient of the session it is of."""
    theirs = (TreatmentSession.clinic_id == LedgerEntry.clinic_id) & (TreatmentSession.id == LedgerEntry.session_id)
    joined = select(LedgerEntry, TreatmentSession.patient_id).outerjoin(TreatmentSession, theirs)
    return joined.where(LedgerEntry.clinic_id == actor.clinic_id)


def _seen(
    db: Session, rows: Sequence[Row[LedgerEntry, UUID]], action: str, *, actor: Actor, now: datetime,
    subject: UUID | None = None,
) -> Sequence[LedgerEntry]:  # fmt: skip
    """The entries of these rows, under one audit row that names every patient to whose session one belongs."""
    named = audit.ids_of(row.patient_id for row in rows if row.patient_id)
    audit.note(db, action, actor=actor, now=now, subject=subject, patients=named)
    return [row.LedgerEntry for row in rows]
