"""Alerts about answers: those the database raised with them, read back and routed, and prompts about the course.

The answers and the database's own alerts stand whatever fails here: what could not be routed is up at once.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.models import Alert, Assessment
from scheduler.models.base import table_of
from scheduler.models.engine import is_transient
from scheduler.models.upsert import add_all_unless_there
from scheduler.outcomes.alerts.escalating import call
from scheduler.outcomes.alerts.prompting import prompts
from scheduler.outcomes.alerts.routing import route
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.scales import SCALES
from scheduler.records import audit

log = logging.getLogger(__name__)

T = TypeVar("T")
COLUMNS = tuple(column.name for column in table_of(Alert).columns)


def raise_alerts(
    db: Session, assessment: Assessment, policy: OutcomePolicy, *, actor: Actor, now: datetime
) -> list[Alert]:
    """The alerts of a form that was just written, in the transaction that holds the answers."""
    return raise_all(db, [assessment], policy, actor=actor, now=now)


def raise_all(
    db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, *, actor: Actor, now: datetime
) -> list[Alert]:
    """The alerts of forms of one clinic that were just written and flushed, each with an owner and a time.

    In as many statements for many forms as for one. What tells of danger is seen to first, and apart from the prompts.
    """
    alerts = _attempt(db, "Routing alerts", lambda: _routed(db, forms, policy, now))
    if alerts is None:
        alerts = _attempt(db, "Reading alerts back", lambda: _raised_by_the_database(db, forms))
    found = _attempt(db, "Prompting", lambda: _prompted(db, forms, policy, now))
    raised = [*(alerts or ()), *(found or ())]
    replaced = {form.id: form.replaces_id for form in forms}
    for alert in raised:
        _note(db, alert, replaced, actor, now)
    return raised


def _attempt(db: Session, what: str, do: Callable[[], T]) -> T | None:
    """Do this and keep it whole; if it fails, keep nothing of it, and say so in the log: None.

    Two transactions that met are another matter: the whole request is tried again.
    """
    try:
        with db.begin_nested():
            return do()
    except Exception as fault:
        if is_transient(fault):
            raise
        log.error("%s failed (%s): the answers and the alerts they raise are kept.", what, type(fault).__name__)
        return None


def _routed(db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, now: datetime) -> list[Alert]:
    alerts = _raised_by_the_database(db, forms)
    urgent = route(db, alerts, {form.id: form.source for form in forms}, policy.routing, now=now)
    call(db, urgent, policy.routing, now=now)
    return alerts


def _raised_by_the_database(db: Session, forms: Iterable[Assessment]) -> list[Alert]:
    asked = [form for form in forms if form.scale in SCALES and SCALES[form.scale].safety]
    if not asked:
        return []
    mine = Alert.clinic_id == asked[0].clinic_id, Alert.assessment_id.in_([form.id for form in asked])
    return list(db.scalars(select(Alert).where(*mine).order_by(Alert.raised_at, Alert.id)))


def _prompted(db: Session, forms: Sequence[Assessment], policy: OutcomePolicy, now: datetime) -> list[Alert]:
    """Prompts, written; where somebody else has just told the same of the same form, theirs stands."""
    found = sorted(prompts(db, forms, policy, now=now), key=lambda alert: (str(alert.assessment_id), alert.kind))
    route(db, found, {}, policy.routing, now=now)
    return add_all_unless_there(db, Alert, [{name: getattr(alert, name) for name in COLUMNS} for alert in found])


def _note(db: Session, alert: Alert, replaced: dict[UUID, UUID | None], actor: Actor, now: datetime) -> None:
    """With the form that is corrected, where a correction raised it: that one's alerts stay."""
    corrected = replaced.get(alert.assessment_id) if alert.assessment_id else None
    details = {"replaces": str(corrected)} if corrected else {}
    audit.note(
        db, "alert.raised", actor=actor, now=now, subject=alert.id, patient_id=alert.patient_id, **details
    )  # fmt: skip
