"""Who is to look at an alert first, and until when somebody must have answered it (domain 3.12).

What is historical has neither: it stands on a list to be looked through.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from scheduler import clinic_time
from scheduler.actors import Role
from scheduler.models import SAFETY_KINDS, Alert, AlertLevel, AnswerSource, Order, OrderState, Staff, StaffRole
from scheduler.outcomes.policy import Routing
from scheduler.records.opening import read_opening
from scheduler.records.zone import read_zone

IN_THE_HOUSE = frozenset({AnswerSource.CLINIC, AnswerSource.TABLET})
"""The patient who gave these answers is still here; of all others nobody knows where they are."""
LOOKED_AHEAD = timedelta(days=14)
"""A clinic that does not open within so many days is not waited for."""
WAITED_MOST = timedelta(hours=24)
"""Over a weekend and holidays nobody would look for days: whoever has told of danger is not left longer than a day."""


@dataclass(frozen=True)
class Wait:
    """Until when answers from elsewhere wait, and whether that is only because they wait no longer."""

    until: datetime
    cut_short: bool = False


def route(
    db: Session, alerts: Sequence[Alert], sources: Mapping[UUID, AnswerSource], routing: Routing, *, now: datetime
) -> list[Alert]:
    """Give alerts of one clinic an owner and a time; those for which somebody is to be called at once.

    `sources` tell of forms by which way they came. A constant number of statements, and none where nothing is to be
    routed.
    """
    live = [alert for alert in alerts if not alert.historical]
    if not live:
        return []
    clinic_id = live[0].clinic_id
    owners = read_owners(db, clinic_id, {alert.patient_id for alert in live}, now=now)
    afar = {alert.id for alert in live if _is_from_afar(alert, sources)}
    wait = after_open_minutes(db, clinic_id, routing.remote_minutes, now=now) if afar else Wait(now)
    for alert in live:
        alert.owner_id = owners.get(alert.patient_id)
        flag_modified(alert, "owner_id")  # all rows change the same columns, so that one statement serves them all
        alert.respond_by = alert.call_at = wait.until if alert.id in afar else _due(alert, routing, now)
    if not routing.call_at_once_when_urgent:
        return []
    return [alert for alert in live if _came_by_link(alert, sources) and _cannot_wait(alert, wait)]


def _came_by_link(alert: Alert, sources: Mapping[UUID, AnswerSource]) -> bool:
    return alert.assessment_id is not None and sources.get(alert.assessment_id) is AnswerSource.LINK


def _cannot_wait(alert: Alert, wait: Wait) -> bool:
    """It is urgent, or tells of danger while the clinic does not open in time."""
    return alert.level is AlertLevel.URGENT or (alert.kind in SAFETY_KINDS and wait.cut_short)


def _is_from_afar(alert: Alert, sources: Mapping[UUID, AnswerSource]) -> bool:
    source = sources.get(alert.assessment_id) if alert.assessment_id else None
    return alert.kind in SAFETY_KINDS and source not in IN_THE_HOUSE


def _due(alert: Alert, routing: Routing, now: datetime) -> datetime:
    if alert.kind in SAFETY_KINDS:
        return now + timedelta(minutes=routing.clinic_minutes)
    return prompt_due(routing, now)


def prompt_due(routing: Routing, now: datetime) -> datetime:
    """Until when what is no danger is to be answered."""
    return now + timedelta(hours=routing.prompt_hours)


def after_open_minutes(db: Session, clinic_id: UUID, minutes: int, *, now: datetime) -> Wait:
    """When the clinic has been open for so many minutes from now, and no later than `WAITED_MOST` from now.

    So many plain minutes if it does not open within `LOOKED_AHEAD`.
    """
    zone = read_zone(db, clinic_id)
    today, last = (clinic_time.local_date(at, zone) for at in (now, now + LOOKED_AHEAD))
    found = read_opening(db, clinic_id, zone, today, last).after(now, minutes)
    if found is None:
        return Wait(now + timedelta(minutes=minutes), cut_short=True)
    latest = now + WAITED_MOST
    return Wait(min(found, latest), cut_short=found > latest)


def read_owners(db: Session, clinic_id: UUID, patient_ids: Collection[UUID], *, now: datetime) -> dict[UUID, UUID]:
    """The prescriber who signed a patient's newest signed order, where they still are one here."""
    on_staff = and_(
        Staff.clinic_id == Order.clinic_id, Staff.id == Order.signed_by,
        or_(Staff.left_at.is_(None), Staff.left_at > now),
    )  # fmt: skip
    prescribes = and_(
        StaffRole.clinic_id == Staff.clinic_id, StaffRole.staff_id == Staff.id, StaffRole.role == Role.PRESCRIBER
    )
    signed = (
        select(Order.patient_id, StaffRole.staff_id)
        .outerjoin(Staff, on_staff)
        .outerjoin(StaffRole, prescribes)
        .where(Order.clinic_id == clinic_id, Order.patient_id.in_(patient_ids), Order.state == OrderState.SIGNED)
        .order_by(Order.signed_at, Order.id)
    )
    newest = {row.patient_id: row.staff_id for row in db.execute(signed)}
    return {patient_id: staff_id for patient_id, staff_id in newest.items() if staff_id is not None}
