"""Which forms are due, out of the database: of one patient, of many, of a day. A constant number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.clinic_time import DAY, boundary
from scheduler.errors import Fault, Invalid
from scheduler.models import LIVE, Appointment, Patient, ProtocolVersion, Series
from scheduler.outcomes.timing.measures import UNDONE, Due, DueState, dues_of
from scheduler.outcomes.timing.occasions import calendar_of, last_close
from scheduler.outcomes.timing.prompts import Today, read_prompts
from scheduler.outcomes.trajectories.courses import PatientCourses
from scheduler.outcomes.trajectories.reading import Ids, read_courses, thresholds_at
from scheduler.protocols import ProtocolDefinition
from scheduler.records import access
from scheduler.records.versions import definitions_of
from scheduler.records.zone import read_zone

LONGEST_BEFORE = timedelta(days=61)
"""A baseline is asked for at most so long before its visit."""
WAITED_FOR = UNDONE | {DueState.AHEAD}
OWN_LENGTH = 2 * DAY
"""From the start of a visit to the end of its infusion, at most."""


@dataclass(frozen=True)
class ListedDue:
    """A form that is due, and of whom."""

    due: Due
    patient: Patient

    @property
    def id(self) -> UUID:
        return self.due.id


def list_due(
    db: Session, day: date, *, state: DueState | None = None, after: UUID | None, limit: int, actor: Actor,
    now: datetime,
) -> list[ListedDue]:  # fmt: skip
    """Up to `limit` forms that can be given on a local day, those due first at the head.

    Of those in one `state` by now; else of those that are open, overdue or, on a day to come, ahead.

    Raises `Invalid` if what the page before ended with is due that day no more.
    """
    today = Today(now, read_zone(db, actor.clinic_id))
    shown = Today(boundary(day, 0, today.zone), today.zone)
    found = read_dues(db, actor.clinic_id, today, series=_series_around(db, actor.clinic_id, shown))
    prompts = read_prompts(db, actor.clinic_id, today)
    all_due = shown_to(actor, chain(prompts, *found.values()))
    on_day = sorted((due for due in all_due if _touches(due, shown)), key=_pressing)
    states = WAITED_FOR if state is None else {state}
    page = [due for due in _following(on_day, after) if due.state in states][:limit]
    people = {due.patient_id for due in page}
    patients = access.names_of(db, people, action="forms_due.listed", actor=actor, now=now)
    return [ListedDue(due, patients[due.patient_id]) for due in page]


def read_patient_dues(
    db: Session, patient_id: UUID, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[Due]:
    """Up to `limit` forms that the patient's courses ask for, in order of time, with how each stands.

    Raises `NotFound`, and `Invalid` as `list_due`.
    """
    access.open_record(db, patient_id, action="forms_due.read", actor=actor, now=now)
    today = Today(now, read_zone(db, actor.clinic_id))
    found = dues_of_patients(db, actor.clinic_id, {patient_id}, today)[patient_id]
    return _following(sorted(shown_to(actor, found), key=_pressing), after)[:limit]


def shown_to(actor: Actor, dues: Iterable[Due]) -> Iterator[Due]:
    """What an answer has asked for tells the answer: clinicians alone see it."""
    return (due for due in dues if due.because_of is None or actor.has_any(Role.CLINICIAN))


def dues_of_patients(db: Session, clinic_id: UUID, patients: Collection[UUID], today: Today) -> dict[UUID, list[Due]]:
    """What each of these patients is asked for, at once or by a course; four statements. It opens no record."""
    found: dict[UUID, list[Due]] = {patient: [] for patient in patients}
    for due in read_prompts(db, clinic_id, today, patients=patients):
        found[due.patient_id].append(due)
    for patient, dues in read_dues(db, clinic_id, today, patients=patients).items():
        found[patient].extend(dues)
    return found


def read_dues(
    db: Session, clinic_id: UUID, today: Today, *, patients: Ids | None = None, series: Ids | None = None
) -> dict[UUID, list[Due]]:
    """What the courses of these patients ask for, by patient; three statements. It opens no record."""
    records = read_courses(db, clinic_id, patients=patients, series=series)
    versions = {course.protocol_version_id for record in records.values() for course in record.courses}
    definitions = definitions_of(db, clinic_id, {version for version in versions if version})
    baseline_days = thresholds_at(db, clinic_id, today.now).baseline_days
    return {patient: list(_of_record(record, definitions, baseline_days, today)) for patient, record in records.items()}


def _of_record(
    record: PatientCourses, definitions: Mapping[UUID, ProtocolDefinition], baseline_days: int, today: Today
) -> Iterator[Due]:
    for course in record.courses:
        calendar = calendar_of(course, record.courses, baseline_days=baseline_days, zone=today.zone, now=today.now)
        measures = definitions[course.protocol_version_id].measures if course.protocol_version_id else ()
        yield from dues_of(record, calendar, measures, today.now)


def _pressing(due: Due) -> tuple[datetime, datetime, str, UUID]:
    return due.due_at, due.opens_at, due.scale, due.id


def _touches(due: Due, day: Today) -> bool:
    return due.opens_at < day.ends and (due.closes_at is None or due.closes_at > day.begins)


def _following(dues: list[Due], after: UUID | None) -> list[Due]:
    if after is None:
        return dues
    places = (place for place, due in enumerate(dues) if due.id == after)
    place = next(places, None)
    if place is None:
        raise Invalid(faults=[Fault("cursor", "gone", "What the page before ended with has changed: begin again.")])
    return dues[place + 1 :]


def _series_around(db: Session, clinic_id: UUID, day: Today) -> Select[UUID]:
    """The series that may ask for a form on a day, told by their visits; so a long history is not read every time."""
    versions = db.scalars(select(ProtocolVersion.id).where(ProtocolVersion.clinic_id == clinic_id)).all()
    definitions = definitions_of(db, clinic_id, versions)
    reaches = defaultdict[timedelta, list[UUID]](list)
    for version, definition in definitions.items():
        reaches[_reach(definition)].append(version)
    recent = (
        Series.protocol_version_id.in_(asking) & (Appointment.starts_at >= day.begins - reach)
        for reach, asking in reaches.items()
    )
    return (
        select(Series.id)
        .join(Appointment, (Appointment.clinic_id == Series.clinic_id) & (Appointment.series_id == Series.id))
        .where(
            Appointment.clinic_id == clinic_id, Appointment.status.in_(LIVE), or_(false(), *recent),
            Appointment.starts_at >= day.begins - max(reaches, default=OWN_LENGTH),
            Appointment.starts_at < day.ends + LONGEST_BEFORE,
        )
    )  # fmt: skip


def _reach(protocol: ProtocolDefinition) -> timedelta:
    """How long after the start of its last visit the last form is asked for."""
    closes = (last_close(measure.moment, measure.window) for measure in protocol.measures)
    return max(closes, default=timedelta(0)) + OWN_LENGTH
