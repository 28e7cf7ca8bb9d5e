"""Answers to the lists of a session: several at once, each with who and when, and none of them ever overwritten."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, refuse
from scheduler.models import ChecklistAnswer, Template, TreatmentSession
from scheduler.records import audit
from scheduler.sessions.charting import charted, current
from scheduler.sessions.drug.treating import when
from scheduler.sessions.steps import refuse_locked
from scheduler.sessions.visit.answers import value_faults
from scheduler.sessions.visit.checklists import Item
from scheduler.sessions.visit.shipped_templates import SAFETY_ON_LEAVING
from scheduler.sessions.visit.templates import checklist_of

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Said:
    """One answer as it was given: to which item, what, with which note, and since when it is so if not now."""

    item: str
    value: Mapping[str, Any]
    note: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class _Placed:
    """An answer that nothing is wrong with, and its moment."""

    said: Said
    at: datetime


def answer(
    db: Session, session: TreatmentSession, said: Sequence[Said], *, actor: Actor, now: datetime
) -> list[ChecklistAnswer]:
    """Write answers to a locked session's lists down, all of them or none; the newest of an item counts.

    Raises `SessionSigned`, `SessionVoid`, and `Invalid` with every fault of every answer.
    """
    refuse_locked(session)
    rows = [_row(session, each, actor=actor, now=now) for each in _placed(db, session, said, now=now)]
    db.add_all(rows)
    db.flush()  # in one statement, however many there are
    audit.note(
        db, "checklist_answers.charted", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
        items=[row.item for row in rows],
    )  # fmt: skip
    return rows


def _placed(db: Session, session: TreatmentSession, said: Sequence[Said], *, now: datetime) -> list[_Placed]:
    items, before = items_of(db, session), newest_answers(db, session)
    placed: list[_Placed] = []
    faults: list[Fault] = []
    for i, each in enumerate(said):
        last = before[each.item].occurred_at if each.item in before else None
        at, of_time = when(each.occurred_at, last=last or session.checked_in_at, now=now)
        placed.append(_Placed(each, at if at != last else at + MICROSECOND))
        twice = each.item in {other.item for other in said[:i]}
        faults += _under(f"answers.{i}", [*_faults(items.get(each.item), each, twice=twice), *of_time])
    refuse(faults)
    return placed


def _faults(item: Item | None, said: Said, *, twice: bool) -> Iterator[Fault]:
    if twice:
        yield Fault("item", "twice", "One answer to an item is enough.")
    if item is None:
        yield Fault("item", "unknown", "Neither list of this session asks this.")
    else:
        yield from _under("value", value_faults(item, said.value, said.note))


def _under(where: str, faults: Any) -> Iterator[Fault]:
    for fault in faults:
        yield Fault(f"{where}.{fault.where}", fault.code, fault.message)


def _row(session: TreatmentSession, placed: _Placed, *, actor: Actor, now: datetime) -> ChecklistAnswer:
    said = placed.said
    return ChecklistAnswer(
        clinic_id=session.clinic_id, id=uuid4(), session_id=session.id, item=said.item, value=dict(said.value),
        note=said.note, occurred_at=placed.at, recorded_at=now, recorded_by=actor.staff_id,
    )  # fmt: skip


def items_of(db: Session, session: TreatmentSession) -> dict[str, Item]:
    """What the two lists of a session ask, by key, and what a positive item 9 does beside them."""
    ids = (session.clearance_id, session.discharge_id)
    rows = db.scalars(select(Template).where(Template.clinic_id == session.clinic_id, Template.id.in_(ids)))
    beside = {item.key: item for item in SAFETY_ON_LEAVING}
    return beside | {item.key: item for row in rows for item in checklist_of(row).items}


def newest_answers(
    db: Session, session: TreatmentSession, *, until: datetime | None = None
) -> dict[str, ChecklistAnswer]:  # fmt: skip
    """The answer to each item that counts, or counted at an instant: no two of an item are of the same moment."""
    rows = current(charted(db, session, ChecklistAnswer))
    return {row.item: row for row in rows if until is None or row.occurred_at <= until}
