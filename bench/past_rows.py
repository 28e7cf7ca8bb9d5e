"""The rows of one past visit, as the desk and the nurses would have written them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from scheduler.booking.policy import Policy
from scheduler.models import AppointmentStatus, ChangeReason, EndKind, Mode, SessionStatus, Side
from scheduler.protocols import ResourceKind

MINUTE = timedelta(minutes=1)
DAYS_AHEAD = range(1, 15)
"""How long before its time a visit is moved or called off, where that is not done late."""
LATE_NOTICE = Policy().late_notice_minutes

Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a visit stands."""

    day: date
    starts: datetime
    ends: datetime
    resources: dict[ResourceKind, UUID]

    @property
    def chair(self) -> UUID:
        return self.resources[ResourceKind.CHAIR]


@dataclass(frozen=True)
class House:
    """What every row of a clinic names."""

    clinic_id: UUID
    staff_id: UUID | None
    settings_id: UUID
    clearance_id: UUID
    discharge_id: UUID
    rng: Random

    def key(self) -> Row:
        return {"clinic_id": self.clinic_id, "id": UUID(int=self.rng.getrandbits(128), version=4)}


@dataclass(frozen=True)
class Stay:
    """When the patient of a visit came, sat down, was treated and left, and when the chair was ready again."""

    arrived: datetime
    roomed: datetime
    started: datetime
    stopped: datetime
    ready: datetime
    left: datetime
    free: datetime


def drawn_stay(place: Place, chair_free: datetime | None, rng: Random) -> Stay:
    """Mostly about as planned: some come late, some recover slowly, and nobody sits down in a chair that is taken."""
    arrived = place.starts + MINUTE * round(rng.gauss(-8, 8))
    roomed = max(arrived, place.starts - 5 * MINUTE, chair_free or arrived) + MINUTE * rng.randint(0, 6)
    started = roomed + MINUTE * rng.randint(22, 38)
    stopped = started + MINUTE * rng.randint(38, 46)
    ready = stopped + MINUTE * round(max(rng.gauss(58, 12), 25))
    left = ready + MINUTE * rng.randint(0, 10)
    return Stay(arrived, roomed, started, stopped, ready, left, left + MINUTE * rng.randint(6, 18))


def appointment(house: House, series: Row, number: int, place: Place, status: AppointmentStatus) -> Row:
    return {
        **house.key(), "series_id": series["id"], "patient_id": series["patient_id"],
        "protocol_version_id": series["protocol_version_id"], "number": number, "status": status,
        "status_at": place.starts, "starts_at": place.starts, "ends_at": place.ends, "local_date": place.day,
        "version": 1, **{f"{kind}_id": place.resources.get(kind) for kind in ResourceKind},
    }  # fmt: skip


def session(house: House, visit: Row, stay: Stay) -> Row:
    return {
        **house.key(), "appointment_id": visit["id"], "patient_id": visit["patient_id"],
        "protocol_version_id": visit["protocol_version_id"], "chair_id": visit["chair_id"], "mode": Mode.INFUSION,
        "status": SessionStatus.CLOSED, "status_at": stay.free, "settings_id": house.settings_id,
        "clearance_id": house.clearance_id, "discharge_id": house.discharge_id, "arrived_at": stay.arrived,
        "checked_in_at": stay.arrived, "roomed_at": stay.roomed, "cleared_at": stay.started,
        "cleared_by": house.staff_id, "started_at": stay.started, "ended_at": stay.stopped,
        "end_kind": EndKind.COMPLETED, "ready_at": stay.ready, "discharged_at": stay.left,
        "chair_free_at": stay.free, "signed_at": stay.free, "signed_by": house.staff_id, "version": 1,
    }  # fmt: skip


def steps_of_kept(house: House, visit: Row, stay: Stay) -> list[Row]:
    states = AppointmentStatus
    way = (states.BOOKED, states.ARRIVED, states.IN_SESSION, states.COMPLETED)
    times = (stay.arrived, stay.started, stay.left)
    return [_step(house, visit, *step) for step in zip(way, way[1:], times, strict=False)]


def step_of_missed(house: House, visit: Row) -> Row:
    return _step(house, visit, AppointmentStatus.BOOKED, AppointmentStatus.NO_SHOW, visit["starts_at"] + 20 * MINUTE)


def step_of_cancelled(house: House, visit: Row, *, late: bool) -> Row:
    notice = house.rng.randrange(30, LATE_NOTICE) if late else LATE_NOTICE + house.rng.choice(DAYS_AHEAD) * 1440
    at = visit["starts_at"] - notice * MINUTE
    step = _step(house, visit, AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED, at)
    return step | {"side": Side.PATIENT, "reason": ChangeReason.ILLNESS, "notice_minutes": notice, "late": late}


def _step(house: House, visit: Row, before: AppointmentStatus, after: AppointmentStatus, at: datetime) -> Row:
    return {
        **house.key(), "appointment_id": visit["id"], "from_status": before, "to_status": after, "at": at,
        "actor_id": house.staff_id, "side": None, "reason": None, "notice_minutes": None, "late": None,
    }  # fmt: skip


def move(house: House, visit: Row, left: Place) -> Row:
    """It has stood in this place before."""
    earlier = min(left.starts, visit["starts_at"])
    return {
        **house.key(), "appointment_id": visit["id"], "at": earlier - house.rng.choice(DAYS_AHEAD) * 1440 * MINUTE,
        "actor_id": house.staff_id, "side": Side.PATIENT, "reason": ChangeReason.WORK, "starts_at": left.starts,
        **{f"{kind}_id": left.resources.get(kind) for kind in ResourceKind},
    }  # fmt: skip
