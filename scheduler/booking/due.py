"""What is due at the desk: courses about to break, visits nobody confirmed or made good, and what is out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import STANDING
from scheduler.booking.holding.held import HoldView, read_views
from scheduler.booking.rules import still_to_place
from scheduler.booking.waiting.matching import breach_day
from scheduler.booking.waiting.offered import OfferView, read_offers
from scheduler.models import LIVE, Appointment, AppointmentStatus, Hold, HoldState, Offer, Outcome, Series, SeriesStatus
from scheduler.protocols import ProtocolDefinition
from scheduler.records import access, audit
from scheduler.records.versions import definitions_of
from scheduler.records.zone import read_zone

MOST_DUE = 200
"""Each list stops there: whoever has as many open has more than a list can help with."""


@dataclass(frozen=True)
class AtRisk:
    """A running series whose next infusion has no place. `by` is the last day that keeps the greatest gap.

    `days_left` counts from today and is negative once that day has passed; both are None where no infusion is before.
    """

    series_id: UUID
    patient_id: UUID
    initials: str
    number: int
    of: int
    by: date | None
    days_left: int | None


@dataclass(frozen=True)
class DueVisit:
    """A visit somebody should telephone about; `starts_at` in the clinic's offset."""

    appointment_id: UUID
    series_id: UUID
    patient_id: UUID
    initials: str
    number: int
    starts_at: datetime


@dataclass(frozen=True)
class Due:
    """Everything that waits for somebody at the desk, the most pressing first in each list.

    `at_risk`: series to be gone on with. `unconfirmed`: visits of tomorrow nobody has confirmed. `missed`: visits
    missed and not made good. `holds`: those of schedulers. `offers`: places out to patients who wait, and
    those past their deadline that nobody has passed on.
    """

    date: date
    at_risk: Sequence[AtRisk]
    unconfirmed: Sequence[DueVisit]
    missed: Sequence[DueVisit]
    holds: Sequence[HoldView]
    offers: Sequence[OfferView]


def read_due(db: Session, *, actor: Actor, now: datetime) -> Due:
    """What is due, in a constant number of statements; the audit row names every patient shown."""
    zone = read_zone(db, actor.clinic_id)
    today = clinic_time.local_date(now, zone)
    kept = (Hold.state == HoldState.OPEN, Hold.expires_at > now, Hold.owner_id.is_not(None))
    due = Due(
        date=today, at_risk=_at_risk(db, today, actor=actor),
        unconfirmed=_unconfirmed(db, today + clinic_time.DAY, zone, actor=actor), missed=_missed(db, zone, actor=actor),
        holds=read_views(db, *kept, limit=MOST_DUE, actor=actor, now=now),
        offers=read_offers(db, Offer.outcome == Outcome.OPEN, limit=MOST_DUE, actor=actor, now=now),
    )  # fmt: skip
    lists = (due.at_risk, due.unconfirmed, due.missed, due.holds, due.offers)
    audit.note(
        db, "due.read", actor=actor, now=now, patients=audit.ids_of(each.patient_id for some in lists for each in some)
    )
    return due


def _at_risk(db: Session, today: date, *, actor: Actor) -> list[AtRisk]:
    rows = access.with_initials(_unfinished(actor), Series.clinic_id, Series.patient_id)
    found = db.execute(rows).all()
    placed = _placed(db, actor=actor)
    protocols = definitions_of(db, actor.clinic_id, {row.protocol_version_id for row in found})
    risks = [risk for row in found for risk in _risk(row, placed[row.id], protocols[row.protocol_version_id], today)]
    risks.sort(key=lambda each: (each.by is None, each.by or today, each.series_id))
    return risks[:MOST_DUE]


def _unfinished(actor: Actor) -> Select[Any]:
    """The running series of which a visit has no place."""
    placed = select(func.count()).where(
        Appointment.clinic_id == Series.clinic_id, Appointment.series_id == Series.id, Appointment.status.in_(LIVE)
    )
    rows: Any = select(Series.id, Series.patient_id, Series.protocol_version_id, Series.infusions).where(
        Series.clinic_id == actor.clinic_id, Series.status == SeriesStatus.ACTIVE,
        Series.infusions > placed.correlate(Series).scalar_subquery(),
    )  # fmt: skip
    unfinished: Select[Any] = rows
    return unfinished


def _placed(db: Session, *, actor: Actor) -> dict[UUID, list[Any]]:
    """The live appointments of unfinished series."""
    unfinished = _unfinished(actor).with_only_columns(Series.id)
    rows = select(Appointment.series_id, Appointment.number, Appointment.local_date, Appointment.status).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.status.in_(LIVE), Appointment.series_id.in_(unfinished)
    )
    placed: dict[UUID, list[Any]] = defaultdict(list)
    for each in db.execute(rows):
        placed[each.series_id].append(each)
    return placed


def _risk(row: Any, placed: Sequence[Any], protocol: ProtocolDefinition, today: date) -> Iterator[AtRisk]:
    """None for a series whose missing infusions have all been overtaken by a later one."""
    days = {each.number: each.local_date for each in placed}
    given = [each.number for each in placed if each.status not in STANDING]
    for number in still_to_place(row.infusions, days, given)[:1]:
        by = breach_day(protocol, days, number)
        left = (by - today).days if by else None
        yield AtRisk(row.id, row.patient_id, row.initials, number, row.infusions, by, left)


VISIT = (Appointment.id, Appointment.series_id, Appointment.patient_id, Appointment.number, Appointment.starts_at)


def _unconfirmed(db: Session, day: date, zone: ZoneInfo, *, actor: Actor) -> list[DueVisit]:
    rows: Any = select(*VISIT).where(
        Appointment.clinic_id == actor.clinic_id, Appointment.local_date == day,
        Appointment.status == AppointmentStatus.BOOKED, *_starting_around(day, zone),
    )  # fmt: skip
    return _visits(db, rows, zone)


def _starting_around(day: date, zone: ZoneInfo) -> Iterable[Any]:
    """The same day as instants: by these the table is indexed."""
    span = clinic_time.day_span(day, zone)
    yield Appointment.starts_at >= clinic_time.from_minute(span.start)
    yield Appointment.starts_at < clinic_time.from_minute(span.end)


def _missed(db: Session, zone: ZoneInfo, *, actor: Actor) -> list[DueVisit]:
    again = aliased(Appointment)
    made_good = select(again.id).where(
        again.clinic_id == Appointment.clinic_id, again.series_id == Appointment.series_id,
        again.number == Appointment.number, again.status.in_(LIVE),
    )  # fmt: skip
    goes_on = and_(
        Series.clinic_id == Appointment.clinic_id, Series.id == Appointment.series_id,
        Series.status.in_((SeriesStatus.ACTIVE, SeriesStatus.PAUSED)),
    )  # fmt: skip
    rows: Any = (
        select(*VISIT)
        .join(Series, goes_on)
        .where(Appointment.clinic_id == actor.clinic_id, Appointment.status == AppointmentStatus.NO_SHOW)
        .where(~made_good.exists())
    )
    return list({(each.series_id, each.number): each for each in _visits(db, rows, zone)}.values())


def _visits(db: Session, rows: Select[Any], zone: ZoneInfo) -> list[DueVisit]:
    ordered = rows.order_by(Appointment.starts_at, Appointment.id).limit(MOST_DUE)
    named = access.with_initials(ordered, Appointment.clinic_id, Appointment.patient_id)
    return [
        DueVisit(row.id, row.series_id, row.patient_id, row.initials, row.number, row.starts_at.astimezone(zone))
        for row in db.execute(named)
    ]
