"""What is free: the calendar less the appointments that stand, read in bulk and kept as masks."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select, text
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking import ticks
from scheduler.booking.calendar import Bookable, ClinicCalendar, read_calendar
from scheduler.booking.fleet import Fleet, blocks_of
from scheduler.models import LIVE, Appointment, ProtocolVersion
from scheduler.models.base import epoch_minutes, handle_of, one_of
from scheduler.protocols import ProtocolDefinition, ResourceKind, from_document

Booked = Sequence[Any]
"""Start minute, handle of the protocol version, then the handle of the resource of each kind (None where none)."""

KINDS = tuple(ResourceKind)


class Room(NamedTuple):
    """One day of a fleet: when its resources are there, what is claimed of them, and where a visit may start.

    All of them have a block for each resource, but for `starts_anywhere`.
    """

    available: int
    load: int
    starts: int
    starts_anywhere: int


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
    _rooms: dict[tuple[date, ResourceKind], Room] = field(default_factory=dict, repr=False, compare=False)

    def starts(self, day: date, wanted: int) -> tuple[int, ResourceKind | None]:
        """The wanted lanes at which a visit may start, and if there are none, the kind of resource that ran out."""
        for kind in self.protocol.kinds:
            wanted &= self._room(day, kind).starts_anywhere
            if not wanted:
                return 0, kind
        return wanted, None

    def starts_on(self, resource: Bookable, day: date) -> int:
        """The lanes at which a visit may start as far as this one resource goes."""
        return self._fleets[resource.kind].one_of(self._room(day, resource.kind).starts, resource.id)

    def free_at(self, day: date, lane: int, kind: ResourceKind) -> list[Bookable]:
        """The resources of a kind on which a visit may start at a lane, in the clinic's order."""
        return self._fleets[kind].holding(self._room(day, kind).starts, lane)

    def crowding(self, day: date) -> int:
        """How full the chairs are on a day, in whole tenths."""
        chairs = self._room(day, ResourceKind.CHAIR)
        offered = chairs.available.bit_count()
        return 10 * chairs.load.bit_count() // offered if offered else 0

    def _room(self, day: date, kind: ResourceKind) -> Room:
        if (day, kind) not in self._rooms:
            self._rooms[day, kind] = self._look(day, kind)
        return self._rooms[day, kind]

    def _look(self, day: date, kind: ResourceKind) -> Room:
        fleet, loads = self._fleets[kind], self._loads(day)
        available = blocks_of(self.calendar.available_mask(each, day) for each in fleet.resources)
        load = blocks_of(loads.get(each.handle, 0) for each in fleet.resources)
        starts = fleet.starts(available, load)
        return Room(available, load, starts, fleet.any_of(starts))

    def _loads(self, day: date) -> dict[Any, int]:
        if day not in self._loads_by_day:
            self._loads_by_day[day] = self._add_up(day)
        return self._loads_by_day[day]

    def _add_up(self, day: date) -> dict[Any, int]:
        origin, span = self.calendar.origin(day), self.calendar.day_span(day)
        first, beyond = (bisect_left(self._starts, minute) for minute in (span.start, span.end))
        loads: dict[Any, int] = defaultdict(int)
        for row in self.booked[first:beyond]:
            shift = (row[0] - origin) // clinic_time.GRID_MINUTES * ticks.LANE
            for column, load in self._claimed[row[1]]:
                loads[row[column]] += load << shift
        return loads

    @cached_property
    def _claimed(self) -> dict[Any, list[tuple[int, int]]]:
        """For each protocol version, the columns of `booked` whose resource it claims, with the lanes it claims."""
        return {
            version: [(column, load) for column, load in enumerate(loads, 2) if load]
            for version, loads in self.loads.items()
        }

    @cached_property
    def _starts(self) -> list[int]:
        return [row[0] for row in self.booked]

    @cached_property
    def _fleets(self) -> dict[ResourceKind, Fleet]:
        return {kind: Fleet(self.calendar.of_kind(kind), self.protocol.legs_of(kind)) for kind in KINDS}


_appointments, _versions = Appointment.__table__.c, ProtocolVersion.__table__.c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_STANDS = text(one_of("status", *LIVE))

BOOKED = (
    select(
        epoch_minutes(_appointments.starts_at), handle_of(_appointments.protocol_version_id),
        *(handle_of(_appointments[f"{kind}_id"]) for kind in KINDS),
    )
    .where(
        _appointments.clinic_id == _MINE, _appointments.starts_at >= bindparam("from"),
        _appointments.starts_at < bindparam("until"), _STANDS,
    )
    .order_by(_appointments.starts_at)
)  # fmt: skip
LOADS = select(handle_of(_versions.id), _versions.document).where(_versions.clinic_id == _MINE)
PATIENT_DAYS = select(_appointments.local_date).where(
    _appointments.clinic_id == _MINE, _appointments.patient_id == bindparam("patient_id"), _STANDS,
    _appointments.local_date.between(bindparam("from"), bindparam("until")),
)  # fmt: skip

_known_loads: dict[Any, tuple[int, ...]] = {}
"""The loads of versions read before: a version never changes."""


def loads_of(protocol: ProtocolDefinition) -> tuple[int, ...]:
    """The lanes a visit claims of its resource of each kind, from its start."""
    return tuple(ticks.load_of(protocol.legs_of(kind)) for kind in KINDS)


def read_availability(
    db: Session, clinic_id: UUID, protocol: ProtocolDefinition, *,
    patient_id: UUID, first: date, last: date, now: datetime,
) -> Availability:  # fmt: skip
    """Everything a search over `first` to `last` needs, in seven statements whatever the size of the clinic.

    One more reads the protocols where a version is met for the first time.
    """
    calendar = read_calendar(db, clinic_id, first, last)
    booked = _read_booked(db, clinic_id, calendar)
    return Availability(
        calendar=calendar, protocol=protocol, now=now, booked=booked,
        loads=_read_loads(db, clinic_id, {row[1] for row in booked}),
        patient_days=read_patient_days(db, clinic_id, patient_id, first, last, rest_days=protocol.rest_days),
    )  # fmt: skip


def _read_booked(db: Session, clinic_id: UUID, calendar: ClinicCalendar) -> Sequence[Booked]:
    start = clinic_time.from_minute(calendar.day_span(calendar.first).start)
    end = clinic_time.from_minute(calendar.day_span(calendar.last).end)
    return db.execute(BOOKED, {"clinic_id": clinic_id, "from": start, "until": end}).all()


def _read_loads(db: Session, clinic_id: UUID, versions: set[Any]) -> dict[Any, tuple[int, ...]]:
    if not versions <= _known_loads.keys():
        rows = db.execute(LOADS, {"clinic_id": clinic_id})
        _known_loads.update((handle, loads_of(from_document(document))) for handle, document in rows)
    return {version: _known_loads[version] for version in versions}


def read_patient_days(
    db: Session, clinic_id: UUID, patient_id: UUID, first: date, last: date, *, rest_days: int
) -> frozenset[date]:
    """The local dates of a patient's live appointments, from a rest before `first` to a rest after `last`."""
    margin = timedelta(days=rest_days)
    asked = {"clinic_id": clinic_id, "patient_id": patient_id, "from": first - margin, "until": last + margin}
    return frozenset(db.scalars(PATIENT_DAYS, asked))
