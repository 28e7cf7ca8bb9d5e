"""The induction courses a report is about, out of the database: a constant number of statements, one snapshot."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, distinct, func, select, union
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.clinic_time import DAY, boundary, local_date
from scheduler.collector import collector_at_rest
from scheduler.errors import Fault, refuse
from scheduler.models import (
    LIVE,
    AdverseEvent,
    Appointment,
    Protocol,
    ProtocolVersion,
    Series,
    SessionStatus,
    TreatmentSession,
)
from scheduler.models.base import table_of
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.cohorts.facts import NO_BASELINE, NOT_SAID, CourseFacts, Head, carries_on, facts_of
from scheduler.outcomes.cohorts.report import Asked, Cohort
from scheduler.outcomes.known_scales import find_scale
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.trajectories.courses import Course, PatientCourses
from scheduler.outcomes.trajectories.reading import read_courses, read_yardsticks
from scheduler.outcomes.trajectories.yardstick import Yardstick

MOST_DAYS = 3_660
"""Ten years."""
EARLY = timedelta(days=2)
"""How far the plan of a visit is looked for around the period: an infusion begins on its visit's day, or thereabouts.

Those that were charted are looked for by when they began.
"""

_series, _visits, _sessions = table_of(Series).c, table_of(Appointment).c, table_of(TreatmentSession).c
_versions, _protocols = table_of(ProtocolVersion).c, table_of(Protocol).c
_events = table_of(AdverseEvent).c


def read_cohort(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Cohort:
    """The courses asked for, as they stand. It opens no record: the audit row is the caller's.

    An induction course is a series of which an infusion was given, and that follows no other: neither by the desk's
    word, nor within weeks of the last infusion of another. Raises `Invalid` for a period, a scale, a protocol or a
    band that cannot be.
    """
    scale = find_scale(db, actor.clinic_id, asked.scale)
    refuse(_faults(db, asked, scale, actor.clinic_id))
    found = read_yardsticks(db, actor.clinic_id, now=now).of(scale)
    yardstick = replace(found, curve=())  # nobody sees the expected course here, and it costs a fraction a score
    with collector_at_rest():
        courses = tuple(_courses(db, asked, scale, yardstick, actor=actor, now=now))
    return Cohort(asked, scale, yardstick, courses)


def _courses(
    db: Session, asked: Asked, scale: Scale, yardstick: Yardstick, *, actor: Actor, now: datetime
) -> Iterator[CourseFacts]:
    heads = _heads(db, asked, yardstick, actor.clinic_id)
    wanted = _begun(asked, yardstick, actor.clinic_id)
    records = read_courses(db, actor.clinic_id, series=wanted, scales=[scale.key], with_answers=bool(scale.safety))
    for record in records.values():
        for course in record.courses:
            if course.series_id in heads and _begins_within(course, record, asked, yardstick):
                facts = facts_of(record, course, heads[course.series_id], scale, yardstick, now=now)
                if _is_of_band(facts, asked):
                    yield facts


def _faults(db: Session, asked: Asked, scale: Scale, clinic_id: UUID) -> Iterator[Fault]:
    if asked.last < asked.first:
        yield Fault("to", "order", "The last day is not before the first.")
    elif (asked.last - asked.first).days >= MOST_DAYS:
        yield Fault("to", "range", f"A period has at most {MOST_DAYS} days.")
    known = select(_protocols.id).where(_protocols.clinic_id == clinic_id, _protocols.key == asked.protocol)
    if asked.protocol is not None and db.scalar(known) is None:
        yield Fault("protocol", "unknown", "There is no such protocol.")
    bands = [band.key for band in scale.bands] + [NO_BASELINE]
    if asked.baseline_band is not None and asked.baseline_band not in bands:
        yield Fault("baseline_band", "unknown", f"Known are: {', '.join(bands)}.")


def _begun(asked: Asked, yardstick: Yardstick, clinic_id: UUID) -> Select[Any]:
    """The series asked for that had a visit or a session around the period; which began in it is seen later."""
    first, last = boundary(asked.first, 0, yardstick.zone), boundary(asked.last + DAY, 0, yardstick.zone)
    planned = select(_visits.series_id).where(
        _visits.clinic_id == clinic_id, _visits.status.in_(LIVE),
        _visits.starts_at >= first - EARLY, _visits.starts_at < last + EARLY,
    )  # fmt: skip
    charted = (
        select(_visits.series_id)
        .join_from(table_of(TreatmentSession), table_of(Appointment), _of_visit())
        .where(_sessions.clinic_id == clinic_id, _sessions.started_at >= first, _sessions.started_at < last)
    )
    found = select(_series.id).where(_series.clinic_id == clinic_id, _series.follows_id.is_(None))
    if asked.diagnosis is not None:
        found = found.where(_series.diagnosis == asked.diagnosis)
    return found.where(_series.id.in_(union(planned, charted)))


def _of_visit() -> Any:
    return (_visits.clinic_id == _sessions.clinic_id) & (_visits.id == _sessions.appointment_id)


def _heads(db: Session, asked: Asked, yardstick: Yardstick, clinic_id: UUID) -> dict[UUID, Head]:
    """What is not in the scores: protocol, diagnosis, reason of the end, and what was charted as untoward."""
    wanted = _begun(asked, yardstick, clinic_id)
    version = (_versions.clinic_id == _series.clinic_id) & (_versions.id == _series.protocol_version_id)
    protocol = (_protocols.clinic_id == _versions.clinic_id) & (_protocols.id == _versions.protocol_id)
    rows = (
        select(_series.id, _protocols.key, _series.diagnosis, _series.reason)
        .select_from(table_of(Series).join(table_of(ProtocolVersion), version).join(table_of(Protocol), protocol))
        .where(_series.clinic_id == clinic_id, _series.id.in_(wanted))
    )
    if asked.protocol is not None:
        rows = rows.where(_protocols.key == asked.protocol)
    charted = _charted(db, wanted, clinic_id)
    return {
        id_: Head(id_, key, diagnosis or NOT_SAID, reason or NOT_SAID, *charted.get(id_, ()))
        for id_, key, diagnosis, reason in db.execute(rows)
    }


def _charted(db: Session, wanted: Select[Any], clinic_id: UUID) -> dict[UUID, tuple[int, int, int]]:
    """By series: sessions in which a drug was given, those with an adverse event, and how many events."""
    of_session = (_events.clinic_id == _sessions.clinic_id) & (_events.session_id == _sessions.id)
    with_event = case((_events.id.is_not(None), _sessions.id))
    counts = func.count(distinct(_sessions.id)), func.count(distinct(with_event)), func.count(_events.id)
    joined = table_of(TreatmentSession).join(table_of(Appointment), _of_visit())
    rows = (
        select(_visits.series_id, *counts)
        .select_from(joined.outerjoin(table_of(AdverseEvent), of_session & nothing_replaces(AdverseEvent)))
        .where(
            _sessions.clinic_id == clinic_id, _sessions.started_at.is_not(None),
            _sessions.status != SessionStatus.ENTERED_IN_ERROR, _visits.status.in_(LIVE),
            _visits.series_id.in_(wanted),
        )
        .group_by(_visits.series_id)
    )  # fmt: skip
    return {series_id: (sessions, untoward, events) for series_id, sessions, untoward, events in db.execute(rows)}


def _begins_within(course: Course, record: PatientCourses, asked: Asked, yardstick: Yardstick) -> bool:
    if not course.given or course.follows_id is not None or carries_on(course, record.courses):
        return False
    return asked.first <= local_date(course.given[0].at, yardstick.zone) <= asked.last


def _is_of_band(course: CourseFacts, asked: Asked) -> bool:
    return asked.baseline_band is None or course.baseline_band == asked.baseline_band
