"""Clinics that were never in a database: for the part of the search that is pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.clinics import (
    CLOSES,
    NURSE_UNITS,
    OPENS,
    PRESCRIBER_UNITS,
    ZONE,
    BenchClinic,
    next_monday,
    visits_of,
)
from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.administration.shipped_protocols import SHIPPED
from scheduler.booking.availability import KINDS, Availability, loads_of
from scheduler.booking.calendar import Bookable, ClinicCalendar, Hours
from scheduler.booking.plans import Wishes
from scheduler.intervals import Interval
from scheduler.protocols import ResourceKind

UNITS = {ResourceKind.CHAIR: 1, ResourceKind.NURSE: NURSE_UNITS, ResourceKind.PRESCRIBER: PRESCRIBER_UNITS}
VERSION = UUID(int=1)


@dataclass(frozen=True)
class Size:
    """How large a clinic is."""

    chairs: int
    nurses: int
    prescribers: int
    days: int


SIZES = (Size(10, 6, 4, 60), Size(50, 30, 20, 90))


def question(size: Size, *, fill: float = 0.7) -> tuple[Availability, Wishes]:
    """A clinic so full, and a patient who may come on any of its days."""
    rng = Random(1)
    clinic = _clinic(size, rng)
    resources = tuple(
        Bookable(id_, kind, f"{kind} {place}", UNITS[kind], place, handle=id_.hex)
        for kind, ids in clinic.resources.items()
        for place, id_ in enumerate(ids)
    )
    calendar = ClinicCalendar(
        zone=ZoneInfo(ZONE), version=1, first=clinic.first, last=clinic.last, resources=resources,
        hours=tuple(Hours(weekday, OPENS, CLOSES, clinic.first) for weekday in range(5)),
        shifts={each.id: _shifts(clinic) for each in resources if each.kind != ResourceKind.CHAIR},
    )  # fmt: skip
    booked = sorted(
        (clinic_time.minute_of(starts_at), VERSION, *(chosen[kind].hex if kind in chosen else None for kind in KINDS))
        for day in clinic.open_days
        for starts_at, chosen in visits_of(clinic, day, fill, rng)
    )
    loads: dict[Any, tuple[int, ...]] = {VERSION: loads_of(clinic.definition)}
    availability = Availability(calendar, clinic.definition, booked, loads, frozenset(), clinic.now)
    return availability, Wishes(clinic.first, clinic.last)


def fresh(availability: Availability) -> Availability:
    """The same, with nothing of it worked out yet."""
    calendar = replace(availability.calendar, _origins={}, _open_masks={}, _shown={}, packed={})
    return replace(availability, calendar=calendar, _loads_by_day={}, _rooms={}, _free={})


def _clinic(size: Size, rng: Random) -> BenchClinic:
    numbers = {
        ResourceKind.CHAIR: size.chairs, ResourceKind.NURSE: size.nurses, ResourceKind.PRESCRIBER: size.prescribers,
    }  # fmt: skip
    ids = {kind: [UUID(int=rng.getrandbits(128)) for _ in range(number)] for kind, number in numbers.items()}
    actor = Actor.house(UUID(int=1))
    return BenchClinic(actor, next_monday(), size.days, datetime.now(UTC), ids, VERSION, VERSION, SHIPPED[0], [])


def _shifts(clinic: BenchClinic) -> tuple[Interval[int], ...]:
    return tuple(
        Interval(*(clinic_time.minute_of(clinic_time.instant(day, minute, clinic.zone)) for minute in (OPENS, CLOSES)))
        for day in clinic.open_days
    )
