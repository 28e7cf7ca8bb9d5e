"""Corrections: newer versions of what was charted, signed or not. What was reckoned from a row is reckoned again."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import AlreadyCorrected, Fault, SessionVoid, refuse
from scheduler.models import AdverseEvent, Charted, ChecklistAnswer, SessionStatus, TreatmentSession, Vitals
from scheduler.models.replaced import is_replaced
from scheduler.sessions import charting
from scheduler.sessions.charting import Row, charted, current, find
from scheduler.sessions.drug.treating import when
from scheduler.sessions.leaving.closing import SCORES
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.steps import lock_session
from scheduler.sessions.visit.answering import items_of
from scheduler.sessions.visit.answers import value_faults
from scheduler.sessions.watch.adverse_events import renew
from scheduler.sessions.watch.alarms import raise_alerts
from scheduler.sessions.watch.bounds import MEASURED
from scheduler.sessions.watch.observing import phase_at
from scheduler.sessions.watch.vitals import ChartedVitals, due_of, gone_faults, judge


@dataclass(frozen=True)
class Correction:
    """What is to stand in a row's place, and why. `changes` names columns; `withdrawn` says it never happened."""

    reason: str
    changes: Mapping[str, Any]
    occurred_at: datetime | None = None
    withdrawn: bool = False


def lock_for_correction(
    db: Session, session_id: UUID, kind: type[Row], row_id: UUID, correction: Correction, *, actor: Actor
) -> tuple[TreatmentSession, Row]:
    """A session, kept from others, and a row of it that may be corrected.

    Raises `NotFound`, `SessionVoid`, `AlreadyCorrected`, and `Invalid` where nothing would change.
    """
    session = lock_session(db, session_id, actor=actor)
    if session.status is SessionStatus.ENTERED_IN_ERROR:
        raise SessionVoid
    row = find(db, session, kind, row_id)
    if is_replaced(db, row):
        raise AlreadyCorrected
    refuse(_change_faults(row, correction))
    return session, row


def _change_faults(row: Charted, correction: Correction) -> list[Fault]:
    said = bool(correction.changes) or correction.occurred_at is not None
    if correction.withdrawn:
        return [Fault("withdrawn", "changes", "Either it never happened, or it was otherwise.")] if said else []
    if not said and not row.withdrawn:
        return [Fault("reason", "unchanged", "Say what is to be corrected.")]
    return []


def correct_vitals(
    db: Session, session_id: UUID, row_id: UUID, correction: Correction, *, confirmed: Collection[str] = (),
    actor: Actor, now: datetime,
) -> ChartedVitals:  # fmt: skip
    """Correct a set. It is judged again, and so are those after it; alerts that were raised stay.

    Raises as `lock_for_correction`, and as charting a set does.
    """
    session, row = lock_for_correction(db, session_id, Vitals, row_id, correction, actor=actor)
    policy = policy_of_session(db, session)
    at, faults = time_of(session, row, correction, now)
    others = [each for each in current(charted(db, session, Vitals)) if each.id != row.id]
    kept = {name: getattr(row, name) for name in (*MEASURED, "note")}
    values = {**kept, **correction.changes}
    refuse([*faults, *gone_faults(session, at)])
    if not correction.withdrawn:
        judge(session, values, at=at, others=others, policy=policy, confirmed=confirmed)
    newer = charting.correct(
        db, session, row, reason=correction.reason, occurred_at=at, withdrawn=correction.withdrawn, actor=actor,
        now=now, **{**values, "phase": phase_at(session, at)},
    )  # fmt: skip
    sets = others if correction.withdrawn else [*others, newer]
    alerts = raise_alerts(db, session, policy, sets, since=min(at, row.occurred_at), actor=actor, now=now)
    return ChartedVitals(newer, alerts, due_of(session, policy, sets, now))


def correct_answer(
    db: Session, session_id: UUID, row_id: UUID, correction: Correction, *, actor: Actor, now: datetime
) -> ChecklistAnswer:
    """Correct an answer to a list. Raises as `lock_for_correction`, and `Invalid` where it does not fit its item."""
    session, row = lock_for_correction(db, session_id, ChecklistAnswer, row_id, correction, actor=actor)
    at, faults = time_of(session, row, correction, now)
    value, note = correction.changes.get("value", row.value), correction.changes.get("note", row.note)
    item = items_of(db, session).get(row.item)
    wrong = value_faults(item, value, note) if item else _waiver_faults(row, value, note)
    twice = [
        Fault("occurred_at", "twice", "Another answer to this item is of the same moment.")
        for other in current(charted(db, session, ChecklistAnswer))
        if other.item == row.item and other.occurred_at == at and other.id != row.id
    ]
    refuse([*faults, *twice, *(Fault(f"value.{each.where}", each.code, each.message) for each in wrong)])
    return charting.correct(
        db, session, row, reason=correction.reason, occurred_at=at, withdrawn=correction.withdrawn, actor=actor,
        now=now, **correction.changes,
    )  # fmt: skip


def _waiver_faults(row: ChecklistAnswer, value: Any, note: str | None) -> Iterator[Fault]:
    """That scores were done without is charted beside the lists: it is so, for a reason, or it is withdrawn."""
    if row.item != SCORES:
        return
    if value != {"value": True}:
        yield Fault("value", "waived", "This is true, or withdrawn.")
    if not note:
        yield Fault("note", "required", "Say why there are no scores.")


def correct_adverse_event(
    db: Session, session_id: UUID, row_id: UUID, correction: Correction, *, actor: Actor, now: datetime
) -> AdverseEvent:
    """Correct an event, closed or not. Raises as `lock_for_correction`, and `Invalid` as reporting one does."""
    session, row = lock_for_correction(db, session_id, AdverseEvent, row_id, correction, actor=actor)
    return renew(
        db, session, row, correction.changes, reason=correction.reason, occurred_at=correction.occurred_at,
        withdrawn=correction.withdrawn, actor=actor, now=now,
    )  # fmt: skip


def time_of(
    session: TreatmentSession, row: Charted, correction: Correction, now: datetime
) -> tuple[datetime, tuple[Fault, ...]]:
    """When a row's fact happened: as it was charted, or as it is told now; and what is wrong with that."""
    return when(correction.occurred_at or row.occurred_at, last=min(session.checked_in_at, row.occurred_at), now=now)
