"""Series and protocols: whole, in order, and spaced as their protocol says, or set aside with a reason."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby, pairwise
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from scheduler.booking import rules
from scheduler.booking.appointments import STANDING
from scheduler.checks.findings import AnyRow, Finding, definitions, set_aside, stream
from scheduler.models import (
    LIVE,
    Appointment,
    Move,
    OverrideRule,
    Protocol,
    ProtocolVersion,
    Series,
    SeriesStatus,
)
from scheduler.protocols import ProtocolDefinition


def series_keep_their_protocol(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An active series has its infusions, each once, as far apart as allowed or as somebody had a reason to allow.

    One without a place has had one, which was missed or given up; only what an extension added may still wait for its
    first.
    """
    versions = definitions(db, clinic_id)
    rows = (
        select(
            Series.id, Series.protocol_version_id, Series.infusions,
            Appointment.number, Appointment.local_date, Appointment.status,
            set_aside(OverrideRule.SPACING).label("unspaced"), set_aside(OverrideRule.SPAN).label("unspanned"),
        )
        .outerjoin(Appointment, and_(Appointment.clinic_id == Series.clinic_id, Appointment.series_id == Series.id))
        .where(Series.clinic_id == clinic_id, Series.status == SeriesStatus.ACTIVE)
        .order_by(Series.id, Appointment.number)
    )  # fmt: skip
    for series_id, joined in groupby(stream(db, rows), key=lambda row: row.id):
        appointments = list(joined)
        definition = versions[appointments[0].protocol_version_id]
        if definition:
            yield from (Finding(series_id, words) for words in _breaches(appointments, definition))


def _breaches(rows: list[AnyRow], definition: ProtocolDefinition) -> Iterator[str]:
    live = [row for row in rows if row.status in LIVE]
    numbers, infusions = [row.number for row in live], rows[0].infusions
    if len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(1, infusions + 1)):
        yield f"Its live appointments are not of the infusions 1 to {infusions}, each once."
    never = set(range(1, min(infusions, definition.infusions) + 1)) - {row.number for row in rows}
    if never or infusions < definition.infusions:
        yield f"It has not had an appointment for each of the {definition.infusions} infusions of its protocol."
    for before, after in pairwise(live):
        if not any(row.unspaced for row in rows if before.number <= row.number <= after.number):
            yield from _gap_breach(before, after, definition)
    yield from _span_breach(rows, definition)


def _gap_breach(before: AnyRow, after: AnyRow, definition: ProtocolDefinition) -> Iterator[str]:
    """Where one between the two has no place, only the least counts."""
    gap = definition.gap_after(before.number)
    most = gap.most if after.number == before.number + 1 else rules.FOREVER
    if not gap.least <= (after.local_date - before.local_date).days <= most:
        yield f"Infusions {before.number} and {after.number} are not {gap.least} to {most} days apart."


def _span_breach(rows: list[AnyRow], definition: ProtocolDefinition) -> Iterator[str]:
    days = [row.local_date for row in rows if row.status in LIVE and row.number <= definition.infusions]
    if days and days[-1] > rules.last_day(definition, days[0]) and not any(row.unspanned for row in rows):
        yield f"It spans more than {definition.span_days} days."


def infusions_keep_their_rest(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Live appointments of a patient in different series are as far apart as one of their protocols allows."""
    rests = {id_: found.rest_days for id_, found in definitions(db, clinic_id).items() if found}
    longest = timedelta(days=max(rests.values(), default=0))
    rows = (
        select(
            Appointment.id, Appointment.patient_id, Appointment.series_id, Appointment.protocol_version_id,
            Appointment.local_date, set_aside(OverrideRule.REST).label("unrested"),
        )
        .where(Appointment.clinic_id == clinic_id, Appointment.status.in_(LIVE))
        .order_by(Appointment.patient_id, Appointment.local_date, Appointment.id)
    )  # fmt: skip
    for _, mine in groupby(stream(db, rows), key=lambda row: row.patient_id):
        for one, other in _near(mine, longest):
            least = min(rests.get(each.protocol_version_id, 0) for each in (one, other))
            if (other.local_date - one.local_date).days < least and not (one.unrested or other.unrested):
                yield Finding(other.id, "Another appointment of its patient is too near.")


def _near(rows: Iterable[AnyRow], longest: timedelta) -> Iterator[tuple[AnyRow, AnyRow]]:
    """Each appointment with those of other series less than the longest rest before it."""
    recent: deque[AnyRow] = deque()
    for row in rows:
        while recent and row.local_date - recent[0].local_date >= longest:
            recent.popleft()
        yield from ((earlier, row) for earlier in recent if earlier.series_id != row.series_id)
        recent.append(row)


def series_follow_in_time(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An active series that took over from another begins as soon after its last infusion as its protocol says.

    Where that one was moved, given up or followed by more, the distance may be another, and is nobody's fault.
    """
    versions, last, followed = definitions(db, clinic_id), aliased(Appointment), aliased(Series)
    moved = exists().where(Move.clinic_id == last.clinic_id, Move.appointment_id == last.id)
    groups = Series.id, Series.protocol_version_id, followed.protocol_version_id, followed.infusions
    rows = (
        select(
            *groups, Appointment.local_date, func.max(last.local_date).label("last"),
            func.max(case((or_(last.status.not_in(LIVE), moved), 1), else_=0)).label("changed"),
        )
        .join(followed, and_(followed.clinic_id == Series.clinic_id, followed.id == Series.follows_id))
        .join(Appointment, and_(Appointment.clinic_id == Series.clinic_id, Appointment.series_id == Series.id))
        .join(last, and_(last.clinic_id == followed.clinic_id, last.series_id == followed.id))
        .where(Series.clinic_id == clinic_id, Series.status == SeriesStatus.ACTIVE)
        .where(Appointment.number == 1, Appointment.status.in_(LIVE), ~set_aside(OverrideRule.SPACING))
        .group_by(*groups, Appointment.local_date)
    )  # fmt: skip
    for id_, version, version_before, infusions, day, last_day, changed in stream(db, rows):
        definition, before = versions[version], versions[version_before]
        if definition and before and not changed and infusions == before.infusions:
            gap = rules.handover_gap(definition)
            if not gap.least <= (day - last_day).days <= gap.most:
                yield Finding(id_, f"It does not begin {gap.least} to {gap.most} days after the series before it.")


def ended_series_have_nothing_to_come(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """A series that is paused or has ended has no appointment still to come."""
    rows = (
        select(Appointment.id)
        .join(Series, and_(Series.clinic_id == Appointment.clinic_id, Series.id == Appointment.series_id))
        .where(
            Appointment.clinic_id == clinic_id, Series.status != SeriesStatus.ACTIVE, Appointment.status.in_(STANDING)
        )
    )
    for row in stream(db, rows):
        yield Finding(row.id, "Its series is paused or has ended, yet it is still to come.")


def appointments_are_their_series(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An appointment is of the patient and under the protocol version of its series."""
    strays = (
        select(Appointment.id)
        .join(Series, and_(Series.clinic_id == Appointment.clinic_id, Series.id == Appointment.series_id))
        .where(
            Appointment.clinic_id == clinic_id,
            or_(
                Appointment.patient_id != Series.patient_id,
                Appointment.protocol_version_id != Series.protocol_version_id,
            ),
        )
    )
    for row in stream(db, strays):
        yield Finding(row.id, "Its patient or protocol version is not that of its series.")


def protocols_are_current(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Every protocol is booked by its newest version, and every version can be read."""
    newest = (
        select(ProtocolVersion.protocol_id, func.max(ProtocolVersion.number).label("number"))
        .where(ProtocolVersion.clinic_id == clinic_id)
        .group_by(ProtocolVersion.protocol_id)
        .subquery()
    )
    rows = (
        select(Protocol.id, Protocol.current_id, ProtocolVersion.id.label("newest_id"))
        .outerjoin(newest, newest.c.protocol_id == Protocol.id)
        .outerjoin(
            ProtocolVersion,
            and_(
                ProtocolVersion.clinic_id == Protocol.clinic_id,
                ProtocolVersion.protocol_id == Protocol.id,
                ProtocolVersion.number == newest.c.number,
            ),
        )
        .where(Protocol.clinic_id == clinic_id)
    )
    for row in stream(db, rows):
        if row.current_id != row.newest_id:
            yield Finding(row.id, "It is not booked by its newest version.")
    for version, definition in definitions(db, clinic_id).items():
        if definition is None:
            yield Finding(version, "This protocol version cannot be read.")
