"""Series and protocols: whole, in order, and spaced as their protocol says."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler.checks.findings import AnyRow, Finding, definitions, stream
from scheduler.models import LIVE, Appointment, Protocol, ProtocolVersion, Series, SeriesStatus
from scheduler.protocols import ProtocolDefinition


def series_keep_their_protocol(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """An active series has its protocol's infusions, numbered from 1, as far apart as allowed."""
    versions = definitions(db, clinic_id)
    rows = (
        select(
            Series.id, Series.protocol_version_id, Appointment.number, Appointment.local_date, Appointment.status
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


def _breaches(appointments: list[AnyRow], definition: ProtocolDefinition) -> Iterator[str]:
    if [row.number for row in appointments] != list(range(1, definition.infusions + 1)):
        yield f"Its appointments are not numbered 1 to {definition.infusions}."
        return
    live = [row for row in appointments if row.status in LIVE]
    for before, after in pairwise(live):
        gap = definition.gaps[before.number - 1]
        if (
            after.number == before.number + 1
            and not gap.least <= (after.local_date - before.local_date).days <= gap.most
        ):
            yield f"Infusions {before.number} and {after.number} are not {gap.least} to {gap.most} days apart."
    if live and (live[-1].local_date - live[0].local_date).days >= definition.span_days:
        yield f"It spans more than {definition.span_days} days."


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
