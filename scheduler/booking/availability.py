"""What is free: the calendar less the appointments that stand, read in bulk and kept as masks."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar, read_calendar
from scheduler.models import LIVE, Appointment, ProtocolVersion
from scheduler.models.base import epoch_minutes, handle_of
from scheduler.protocols import ProtocolDefinition, ResourceKind, from_document

Booked = Sequence[Any]
"""Start minute, handle of the protocol version, then the handle of the resource of each kind (None where none)."""

KINDS = tuple(ResourceKind)


@dataclass(frozen=True)
class Availability:
    """Where a visit of `protocol` finds room.

    `booked` is in order of start; `loads` has the lanes a visit under each protocol version claims, kind by kind.
    """

    calendar: ClinicCalendar
    protocol: ProtocolDefinition
    booked: Sequence[Booked]
    loads: Mapping[Any, tuple[int, ...]]
    patient_days: frozenset[date]
    now: datetime
    _loads_by_day: dict[date, dict[Any, int]] = field(default_factory=dict, repr=False, compare=False)

    def starts(self, day: date, wanted: int) -> tuple[int, ResourceKind | None]:
        """The wanted lanes at which a visit may start, and if there are none, the kind of resource that ran out."""
        for kind in self.protocol.kinds:
            found = 0
            for resource in self._by_kind[kind]:
                found |= self.starts_on(resource, day) & wanted
                if found == wanted:
                    break
            if not found:
                return 0, kind
            wanted = found
        return wanted, None

    def starts_on(self, resource: Bookable, day: date) -> int:
        """The lanes at which a visit may start as far as this one resource goes."""
        available = self.calendar.available_mask(resource, day)
        if not available:
            return 0
        load = self._loads(day).get(resource.handle, 0)
        return ticks.starts(available, load, resource.capacity, self._legs[resource.kind])

    def free_at(self, day: date, lane: int, kind: ResourceKind) -> list[Bookable]:
        """The resources of a kind on which a visit may start at a lane, in the clinic's order."""
        start = 1 << ticks.LANE * lane
        return [resource for resource in self._by_kind[kind] if self.starts_on(resource, day) & start]

    def crowding(self, day: date) -> int:
        """How full the chairs are on a day, in whole tenths."""
        chairs = self._by_kind[ResourceKind.CHAIR]
        offered = sum(self.calendar.available_mask(chair, day).bit_count() for chair in chairs)
        loads = self._loads(day)
        taken = sum(loads.get(chair.handle, 0).bit_count() for chair in chairs)
        return 10 * taken // offered if offered else 0

    def _loads(self, day: date) -> dict[Any, int]:
        if day not in self._loads_by_day:
            self._loads_by_day[day] = self._add_up(day)
        return self._loads_by_day[day]

    def _add_up(self, day: date) -> dict[Any, int]:
        origin, span = self.calendar.origin(day), self.calendar.day_span(day)
        first, beyond = (bisect_left(self._starts, minute) for minute in (span.start, span.end))
        loads: dict[Any, int] = defaultdict(int)
        for start, version, *resources in self.booked[first:beyond]:
            shift = (start - origin) // clinic_time.GRID_MINUTES * ticks.LANE
            for handle, load in zip(resources, self.loads[version], strict=True):
                if load:
                    loads[handle] += load << shift
        return loads

    @cached_property
    def _starts(self) -> list[int]:
        return [row[0] for row in self.booked]

    @cached_property
    def _by_kind(self) -> dict[ResourceKind, list[Bookable]]:
        return {kind: self.calendar.of_kind(kind) for kind in KINDS}

    @cached_property
    def _legs(self) -> dict[ResourceKind, Any]:
        return {kind: self.protocol.legs_of(kind) for kind in KINDS}


def loads_of(protocol: ProtocolDefinition) -> tuple[int, ...]:
    """The lanes a visit claims of its resource of each kind, from its start."""
    return tuple(ticks.load_of(protocol.legs_of(kind)) for kind in KINDS)


def read_availability(
    db: Session, clinic_id: UUID, protocol: ProtocolDefinition, *,
    patient_id: UUID, first: date, last: date, now: datetime,
) -> Availability:  # fmt: skip
    """Everything a search over `first` to `last` needs, in eight statements whatever the size of the clinic."""
    calendar = read_calendar(db, clinic_id, first, last)
    return Availability(
        calendar=calendar, protocol=protocol, now=now,
        booked=_read_booked(db, clinic_id, calendar),
        loads=_read_loads(db, clinic_id),
        patient_days=read_patient_days(db, clinic_id, patient_id, first, last, rest_days=protocol.rest_days),
    )  # fmt: skip


def _read_booked(db: Session, clinic_id: UUID, calendar: ClinicCalendar) -> Sequence[Booked]:
    start = clinic_time.from_minute(calendar.day_span(calendar.first).start)
    end = clinic_time.from_minute(calendar.day_span(calendar.last).end)
    handles = (getattr(Appointment, f"{kind}_id") for kind in KINDS)
    rows = (
        select(
            epoch_minutes(Appointment.starts_at), handle_of(Appointment.protocol_version_id),
            *(handle_of(handle) for handle in handles),
        )
        .where(
            Appointment.clinic_id == clinic_id, Appointment.starts_at >= start, Appointment.starts_at < end,
            Appointment.status.in_(LIVE),
        )
        .order_by(Appointment.starts_at)
    )  # fmt: skip
    return db.execute(rows).all()


def _read_loads(db: Session, clinic_id: UUID) -> dict[Any, tuple[int, ...]]:
    rows = select(handle_of(ProtocolVersion.id), ProtocolVersion.document).where(ProtocolVersion.clinic_id == clinic_id)
    return {handle: loads_of(from_document(document)) for handle, document in db.execute(rows)}


def read_patient_days(
    db: Session, clinic_id: UUID, patient_id: UUID, first: date, last: date, *, rest_days: int
) -> frozenset[date]:
    """The local dates of a patient's live appointments, from a rest before `first` to a rest after `last`."""
    margin = timedelta(days=rest_days)
    rows = select(Appointment.local_date).where(
        Appointment.clinic_id == clinic_id, Appointment.patient_id == patient_id, Appointment.status.in_(LIVE),
        Appointment.local_date.between(first - margin, last + margin),
    )  # fmt: skip
    return frozenset(db.scalars(rows))
