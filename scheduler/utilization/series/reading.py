"""Induction courses whose first infusion was given on the days asked for, in a constant number of statements.

Which infusions took place, and how a course ended, is decided where the scores are read: no rule stands here twice.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from scheduler.clinic_time import DAY, boundary, local_date, minute_of
from scheduler.collector import collector_at_rest
from scheduler.models import LIVE, Appointment, AppointmentStatus, Series, TreatmentSession, WaitlistEntry
from scheduler.models.base import handle_of, table_of
from scheduler.outcomes.cohorts.facts import carries_on
from scheduler.outcomes.trajectories.courses import Course, Infusion
from scheduler.outcomes.trajectories.reading import read_courses
from scheduler.records.access import with_registration
from scheduler.utilization.figures.naming import AT_ONCE

EARLY = timedelta(days=2)
"""How far the plan of a visit is looked for around the days: an infusion begins on its visit's day, or thereabouts."""

_series, _visits, _sessions = table_of(Series).c, table_of(Appointment).c, table_of(TreatmentSession).c
_entries = table_of(WaitlistEntry).c


@dataclass(frozen=True)
class Visited:
    """A visit of a course: who prescribed, and whether the patient did not come."""

    handle: str
    prescriber: str | None
    chair: str
    missed: bool


@dataclass(frozen=True)
class Begun:
    """A course that began on the days asked for, and what the desk knows of it. Ids are handles, unless they are not.

    `asked_at` is when the patient asked for it: see `_asked_at`.
    """

    course: Course
    series: str
    patient: str
    version: str
    """Of the protocol it was booked under."""
    reason: str | None
    asked_at: datetime
    known: bool
    """Whether the patient had been treated before."""
    days: tuple[date, ...]
    """The local day of every infusion given."""
    first_visit: Visited
    last_missed: bool
    """Whether the last of its visits that was to be is one to which the patient did not come."""

    @property
    def day(self) -> date:
        return self.days[0]

    @property
    def minute(self) -> int:
        """When its first infusion was given, in UTC minutes."""
        return minute_of(self.course.given[0].at)


def read_begun(db: Session, clinic_id: UUID, first: date, last: date, zone: ZoneInfo) -> list[Begun]:
    """Courses that follow no other, neither by the desk's word nor within weeks, by the time they began.

    Seven statements for ten thousand series, and one more where a version of a protocol is met for the first time. It
    opens no record.
    """
    # Read first, and not nested in what follows: without statistics PostgreSQL takes minutes over what it then plans.
    wanted = db.scalars(_candidates(clinic_id, boundary(first, 0, zone), boundary(last + DAY, 0, zone))).all()
    with collector_at_rest():
        parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
        found = [begun for part in parts for begun in _begun_of(db, part, clinic_id, zone)]
    return sorted(
        (each for each in found if first <= each.day <= last), key=lambda each: (each.course.starts, each.series)
    )


def _begun_of(db: Session, wanted: Sequence[UUID], clinic_id: UUID, zone: ZoneInfo) -> Iterator[Begun]:
    """Those of these series that began at all and follow no other."""
    desk = _read_desk(db, wanted, clinic_id, zone)
    for record in read_courses(db, clinic_id, series=wanted, scales=[]).values():
        for course in record.courses:
            if course.series_id in desk.heads and course.given and not carries_on(course, record.courses):
                yield desk.begun(course, record.courses)


def _read_desk(db: Session, wanted: Sequence[UUID], clinic_id: UUID, zone: ZoneInfo) -> "_Desk":
    heads = {UUID(row.series): row for row in db.execute(_heads(wanted, clinic_id))}
    return _Desk(heads, _visits_of(db, wanted, clinic_id), _waited(db, wanted, clinic_id), zone)


def _candidates(clinic_id: UUID, start: datetime, end: datetime) -> Select[Any]:
    """The series that had a visit or a session around those days; which began on them is seen later."""
    planned = select(_visits.series_id).where(
        _visits.clinic_id == clinic_id, _visits.status.in_(LIVE),
        _visits.starts_at >= start - EARLY, _visits.starts_at < end + EARLY,
    )  # fmt: skip
    held = (_visits.clinic_id == _sessions.clinic_id) & (_visits.id == _sessions.appointment_id)
    charted = (
        select(_visits.series_id)
        .join_from(table_of(TreatmentSession), table_of(Appointment), held)
        .where(_sessions.clinic_id == clinic_id, _sessions.started_at >= start, _sessions.started_at < end)
    )
    found = select(_series.id).where(_series.clinic_id == clinic_id, _series.follows_id.is_(None))
    return found.where(_series.id.in_(union(planned, charted)))


def _heads(wanted: Sequence[UUID], clinic_id: UUID) -> Select[Any]:
    rows = select(
        handle_of(_series.id).label("series"), handle_of(_series.patient_id).label("patient"),
        handle_of(_series.protocol_version_id).label("version"), _series.reason, _series.booked_at,
    ).where(_series.clinic_id == clinic_id, _series.id.in_(wanted))  # fmt: skip
    return with_registration(rows, _series.clinic_id, _series.patient_id)


def _visits_of(db: Session, wanted: Sequence[UUID], clinic_id: UUID) -> Mapping[str, Sequence[Visited]]:
    """The visits of each series that were kept, missed or stand, in order of time."""
    rows = (
        select(
            handle_of(_visits.series_id), handle_of(_visits.id), handle_of(_visits.prescriber_id),
            handle_of(_visits.chair_id), _visits.status,
        )
        .where(_visits.clinic_id == clinic_id, _visits.series_id.in_(wanted))
        .where(_visits.status.in_([*LIVE, AppointmentStatus.NO_SHOW]))
        .order_by(_visits.starts_at, _visits.id)
    )  # fmt: skip
    found: dict[str, list[Visited]] = defaultdict(list)
    for series, visit, prescriber, chair, status in db.execute(rows):
        found[series].append(Visited(visit, prescriber, chair, status == AppointmentStatus.NO_SHOW))
    return found


def _waited(db: Session, wanted: Sequence[UUID], clinic_id: UUID) -> Mapping[str, Sequence[datetime]]:
    """When each patient was put on the waiting list for a new series."""
    treated = select(_series.patient_id).where(_series.clinic_id == clinic_id, _series.id.in_(wanted))
    rows = select(handle_of(_entries.patient_id), _entries.created_at).where(
        _entries.clinic_id == clinic_id, _entries.series_id.is_(None), _entries.patient_id.in_(treated)
    )
    found: dict[str, list[datetime]] = defaultdict(list)
    for patient, at in db.execute(rows):
        found[patient].append(at)
    return found


@dataclass(frozen=True)
class _Desk:
    """What the desk knows beside the courses themselves, by handle."""

    heads: Mapping[UUID, Any]
    visits: Mapping[str, Sequence[Visited]]
    waited: Mapping[str, Sequence[datetime]]
    zone: ZoneInfo

    def begun(self, course: Course, courses: Sequence[Course]) -> Begun:
        head, begins = self.heads[course.series_id], course.given[0]
        treated = [infusion for other in courses for infusion in other.given if infusion.at < begins.at]
        return Begun(
            course, head.series, head.patient, head.version, head.reason,
            asked_at=_asked_at(head, treated, self.waited.get(head.patient, ())), known=bool(treated),
            days=tuple(local_date(infusion.at, self.zone) for infusion in course.given),
            first_visit=next(each for each in self.visits[head.series] if UUID(each.handle) == begins.visit),
            last_missed=self.visits[head.series][-1].missed,
        )  # fmt: skip


def _asked_at(head: Any, treated: Sequence[Infusion], waited: Sequence[datetime]) -> datetime:
    """The first the clinic heard of it: the patient's registration, a place on the waiting list, or the booking.

    Of a patient who was treated before, what came before the last infusion was about that course.
    """
    heard = list(_heard(head, waited))
    if not treated:
        registered: datetime = head.registered_at
        return min(registered, *heard)
    since = max(infusion.at for infusion in treated)
    after = [at for at in heard if at >= since]
    return min(after or heard[:1])


def _heard(head: Any, waited: Sequence[datetime]) -> Iterator[datetime]:
    """The booking, and what was on the waiting list before it."""
    yield head.booked_at
    yield from (at for at in waited if at <= head.booked_at)
