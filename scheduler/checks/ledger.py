"""The controlled substance ledger: nothing is missing, nothing was taken back twice over, nobody watched themselves."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from scheduler.checks.findings import AnyRow, Finding, stream
from scheduler.clinic_time import day_span, from_minute, local_date
from scheduler.errors import Invalid
from scheduler.models import LedgerEntry, LedgerKind, SessionSettings, SessionStatus, TreatmentSession
from scheduler.records.zone import read_zone
from scheduler.sessions.ledger.balance import IN, OF_SESSION, OUT, ZERO, SessionBalance
from scheduler.sessions.policy import from_document


def vials_hold_something_or_nothing(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """No more has left a vial than came into it, neither in mg nor in ml."""
    held = [
        func.sum(case((LedgerEntry.kind.in_(IN), amount), (LedgerEntry.kind.in_(OUT), -amount))).label(name)
        for name, amount in (("mg", LedgerEntry.mg), ("ml", LedgerEntry.ml))
    ]
    mine = LedgerEntry.clinic_id == clinic_id, LedgerEntry.vial_id.is_not(None)
    below = or_(*(amount < Decimal(0) for amount in held))
    sums = select(LedgerEntry.vial_id, *held).where(*mine).group_by(LedgerEntry.vial_id).having(below)
    for row in stream(db, sums):
        yield Finding(row.vial_id, "More has left this vial than came into it.")


def over_sessions_balance(db: Session, clinic_id: UUID, *, now: datetime) -> Iterator[Finding]:
    """What was drawn for a session that is signed, void, or open beyond its day was given, wasted or returned, within
    the tolerance it is judged by.
    """
    zone = read_zone(db, clinic_id)
    today = from_minute(day_span(local_date(now, zone), zone).start)
    is_over = TreatmentSession.status.in_((SessionStatus.CLOSED, SessionStatus.ENTERED_IN_ERROR))
    rows = _sums(clinic_id).where(or_(is_over, TreatmentSession.checked_in_at < today))
    tolerances = _tolerances(db, clinic_id)
    for row in stream(db, rows):
        tolerance = tolerances.get(row.settings_id)
        if tolerance is None:
            yield Finding(row.id, "The settings it is judged by cannot be read.")
        elif not _balance(row, tolerance).balanced:
            yield Finding(row.id, "What was drawn for it is not what was given, wasted and returned.")


def given_is_what_the_session_says(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """The ledger says of a session whose infusion is over what its record says was given."""
    for row in stream(db, _sums(clinic_id).where(TreatmentSession.ended_at.is_not(None))):
        if (row.given or ZERO) != (row.dose_given_mg or ZERO):
            yield Finding(row.id, "The ledger says something else of what was given than the session.")


def witnesses_are_others(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Nobody was their own witness."""
    alone = LedgerEntry.clinic_id == clinic_id, LedgerEntry.witness_id == LedgerEntry.recorded_by
    for row in stream(db, select(LedgerEntry.id).where(*alone)):
        yield Finding(row.id, "Its witness is who wrote it down.")


def reversals_are_opposite(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An entry about another takes back exactly that, of the same vial and session, or explains a count; and what
    stands in the place of an entry is of the same kind, and that one was reversed.
    """
    entry, other, back = (aliased(LedgerEntry) for _ in range(3))
    link = func.coalesce(entry.about_id, entry.replaces_id)
    rows = (
        select(entry.id, entry.about_id, *_columns(entry, "my"), *_columns(other, "its"), back.id.label("back"))
        .outerjoin(other, and_(other.clinic_id == entry.clinic_id, other.id == link))
        .outerjoin(back, and_(back.clinic_id == entry.clinic_id, back.about_id == entry.replaces_id))
        .where(entry.clinic_id == clinic_id, link.is_not(None))
    )
    for row in stream(db, rows):
        fits = _takes_back(row) if row.about_id else _stands_in(row)
        if not fits:
            yield Finding(row.id, "It does not fit the entry it is about.")


def _columns(entry: Any, whose: str) -> list[Any]:
    return [getattr(entry, name).label(f"{whose}_{name}") for name in ("kind", "vial_id", "session_id", "mg", "ml")]


def _takes_back(row: AnyRow) -> bool:
    if row.my_kind is LedgerKind.RESOLVED:
        return row.its_kind is LedgerKind.COUNTED and row.my_vial_id == row.its_vial_id
    opposite = (row.my_mg, row.my_ml) == (-row.its_mg, None if row.its_ml is None else -row.its_ml)
    return _are_alike(row) and opposite and row.my_kind is not LedgerKind.COUNTED


def _stands_in(row: AnyRow) -> bool:
    return _are_alike(row) and row.back is not None


def _are_alike(row: AnyRow) -> bool:
    mine = row.my_kind, row.my_vial_id, row.my_session_id
    return mine == (row.its_kind, row.its_vial_id, row.its_session_id)


def _sums(clinic_id: UUID) -> Select[Any]:
    """Every session of the clinic with the sum of its entries by kind; a session without any has nothing of each."""
    sums = [func.sum(case((LedgerEntry.kind == kind, LedgerEntry.mg))).label(kind) for kind in OF_SESSION]
    theirs = and_(LedgerEntry.clinic_id == TreatmentSession.clinic_id, LedgerEntry.session_id == TreatmentSession.id)
    shown: list[Any] = [TreatmentSession.id, TreatmentSession.settings_id, TreatmentSession.dose_given_mg]
    of_clinic = TreatmentSession.clinic_id == clinic_id
    return select(*shown, *sums).outerjoin(LedgerEntry, theirs).where(of_clinic).group_by(*shown)


def _balance(row: AnyRow, tolerance: Decimal) -> SessionBalance:
    return SessionBalance(**{kind: getattr(row, kind) or ZERO for kind in OF_SESSION}, tolerance=tolerance)


def _tolerances(db: Session, clinic_id: UUID) -> dict[UUID, Decimal | None]:
    rows = select(SessionSettings.id, SessionSettings.document).where(SessionSettings.clinic_id == clinic_id)
    return {settings_id: _tolerance(document) for settings_id, document in stream(db, rows)}


def _tolerance(document: dict[str, Any]) -> Decimal | None:
    try:
        return from_document(document).ledger_tolerance_mg
    except (Invalid, ArithmeticError, LookupError, TypeError, ValueError):
        return None
