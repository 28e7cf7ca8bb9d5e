"""Random histories of patients, straight into the tables: small, and with everything that makes counting hard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert

from scheduler.clinic_time import boundary, local_date
from scheduler.models import (
    AdverseEvent,
    AdverseEventCode,
    Appointment,
    AppointmentStatus,
    Assessment,
    Diagnosis,
    EndKind,
    EndReason,
    Mode,
    Purpose,
    Series,
    SeriesStatus,
    SessionStatus,
    TreatmentSession,
)
from scheduler.models.base import table_of
from scheduler.outcomes.scales import SCALES
from tests.builders import ClinicCast
from tests.treatments import settings_row, template

FIRST = date(2025, 2, 3)
VISIT = timedelta(minutes=145)
BY_CHANCE = 0.15


@dataclass
class History:
    """Rows by table, to be written at once."""

    clinic: ClinicCast
    series: list[dict[str, Any]] = field(default_factory=list)
    visits: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        kept = {
            name: template(self.clinic, purpose, {"items": []}).id
            for name, purpose in (("clearance_id", Purpose.CLEARANCE), ("discharge_id", Purpose.DISCHARGE))
        }
        self.kept = {"settings_id": settings_row(self.clinic).id, **kept}

    def add_series(self, patient: UUID, **said: Any) -> dict[str, Any]:
        row = {
            "clinic_id": self.clinic.id, "id": uuid4(), "patient_id": patient,
            "protocol_version_id": self.clinic.protocol.current_id, "status": SeriesStatus.ACTIVE, "infusions": 6,
            "follows_id": None, "reason": None, "diagnosis": None, "booked_at": self.clinic.now, "version": 1, **said,
        }  # fmt: skip
        self.series.append(row)
        return row

    def add_visit(self, series: dict[str, Any], number: int, at: datetime, **said: Any) -> dict[str, Any]:
        row = {
            "clinic_id": self.clinic.id, "id": uuid4(), "series_id": series["id"], "patient_id": series["patient_id"],
            "protocol_version_id": series["protocol_version_id"], "number": number, "status_at": at,
            "status": AppointmentStatus.COMPLETED, "starts_at": at, "ends_at": at + VISIT, "version": 1,
            "local_date": local_date(at, self.clinic.zone), "chair_id": self.clinic.resource("A").id, **said,
        }  # fmt: skip
        self.visits.append(row)
        return row

    def add_session(self, visit: dict[str, Any], started_at: datetime | None, **said: Any) -> dict[str, Any]:
        ended = started_at + timedelta(minutes=40) if started_at else None
        row = {
            "clinic_id": self.clinic.id, "id": uuid4(), "appointment_id": visit["id"],
            "patient_id": visit["patient_id"], "protocol_version_id": visit["protocol_version_id"],
            "chair_id": visit["chair_id"], "mode": Mode.INFUSION, "status": SessionStatus.DISCHARGED,
            "status_at": visit["starts_at"], "arrived_at": visit["starts_at"], "checked_in_at": visit["starts_at"],
            "started_at": started_at, "ended_at": ended, "end_kind": EndKind.COMPLETED if ended else None,
            "version": 1, **self.kept, **said,
        }  # fmt: skip
        self.sessions.append(row)
        return row

    def add_event(self, session: dict[str, Any], **said: Any) -> dict[str, Any]:
        at = session["started_at"] or session["checked_in_at"]
        row = {
            "clinic_id": self.clinic.id, "id": uuid4(), "session_id": session["id"], "occurred_at": at,
            "recorded_at": at, "recorded_by": None, "replaces_id": None, "reason": None,
            "code": AdverseEventCode.NAUSEA, "severity": 1, "serious": False, "criteria": [], "closed": False, **said,
        }  # fmt: skip
        self.events.append(row)
        return row

    def add_form(self, patient: UUID, at: datetime, answers: Sequence[int | None], **said: Any) -> dict[str, Any]:
        score = SCALES["phq9"].score(answers)
        row = {
            "clinic_id": self.clinic.id, "id": uuid4(), "patient_id": patient, "scale": "phq9", "scale_version": "1",
            "answers": list(answers), "total": score.total, "band": score.band, "complete": score.complete,
            "flags": list(score.flags), "taken_at": at, "recorded_at": at, "replaces_id": None, "reason": None,
            "appointment_id": None, "parts": {}, "prorated": False, "historical": False, "language": "en",
            "answered_by": "self", "source": "clinic", **said,
        }  # fmt: skip
        self.forms.append(row)
        return row

    def write(self) -> None:
        for table, rows in (
            (Series, self.series), (Appointment, self.visits), (TreatmentSession, self.sessions),
            (AdverseEvent, self.events), (Assessment, self.forms),
        ):  # fmt: skip
            if rows:
                self.clinic.db.execute(insert(table_of(table)), rows)


def at_local(clinic: ClinicCast, day: date, minute: int = 600) -> datetime:
    return boundary(day, minute, clinic.zone).astimezone(UTC)


def answers_of(total: int, rng: Random) -> list[int | None]:
    """Nine answers of this total."""
    answers: list[int | None] = [0] * 9
    for _ in range(total):
        item = rng.choice([n for n in range(9) if (answers[n] or 0) < 3])
        answers[item] = (answers[item] or 0) + 1
    return answers


def random_history(clinic: ClinicCast, rng: Random, patients: int) -> History:
    """So many patients, each with a course, and some with a second one, odd forms and odd visits."""
    history = History(clinic)
    for _ in range(patients):
        _live(history, clinic.patient().id, rng)
    history.write()
    return history


def _live(history: History, patient: UUID, rng: Random) -> None:
    clinic, begins = history.clinic, FIRST + timedelta(days=rng.randrange(120))
    given = rng.choice([6, 6, 6, 6, 5, 3, 1, 0])
    status = SeriesStatus.COMPLETED if given == 6 else rng.choice([SeriesStatus.STOPPED, SeriesStatus.ACTIVE])
    course = history.add_series(
        patient, status=status, diagnosis=rng.choice([None, *Diagnosis]),
        reason=rng.choice(list(EndReason)) if status is SeriesStatus.STOPPED else None,
    )  # fmt: skip
    days = _visits(history, course, begins, given, rng)
    _forms(history, patient, begins, days, rng)
    if rng.random() < 0.4:
        later = begins + timedelta(days=rng.randrange(30, 90))
        follows = course["id"] if rng.random() < 0.7 else None
        again = history.add_series(patient, status=SeriesStatus.ACTIVE, infusions=2, follows_id=follows)
        _visits(history, again, later, rng.choice([0, 1, 2]), rng)
    if rng.random() < BY_CHANCE:
        history.add_visit(
            course, 6, at_local(clinic, begins + timedelta(days=100)), status=AppointmentStatus.CANCELLED
        )  # fmt: skip


def _visits(history: History, course: dict[str, Any], begins: date, given: int, rng: Random) -> list[datetime]:
    """Visits that were held, every third or fourth day; of some a session was kept."""
    day, starts = begins, []
    for number in range(1, given + 1):
        at = at_local(history.clinic, day, 480 + 5 * rng.randrange(80))
        visit = history.add_visit(course, number, at)
        begun = at + timedelta(minutes=30)
        if rng.random() < 0.5:
            deferred = rng.random() < 0.1
            begun = at + timedelta(minutes=rng.randrange(0, 90))
            session = history.add_session(visit, None if deferred else begun)
            _events(history, session, rng)
        starts.append(begun)
        day += timedelta(days=rng.randrange(3, 5))
    return starts


def _events(history: History, session: dict[str, Any], rng: Random) -> None:
    for _ in range(rng.choice([0, 0, 1, 2])):
        event = history.add_event(session)
        if rng.random() < BY_CHANCE:
            history.add_event(session, replaces_id=event["id"], reason="Slip", severity=2)


def _forms(history: History, patient: UUID, begins: date, starts: list[datetime], rng: Random) -> None:
    total, clinic = rng.randrange(4, 28), history.clinic
    times = [at_local(clinic, begins - timedelta(days=rng.choice([0, 0, 1, 9, 20])), rng.randrange(300, 480))]
    times += [start - timedelta(minutes=rng.randrange(31, 90)) for start in starts[1:]]
    times += [start + timedelta(hours=rng.choice([3, 30, 40])) for start in starts if rng.random() < BY_CHANCE]
    last = local_date(starts[-1], clinic.zone) if starts else begins
    times += [at_local(clinic, last + timedelta(days=day), 700) for day in sorted(rng.sample(range(5, 130), 7))]
    way = rng.choice([-4, -3, -2, -1, 0, 1])
    for at in sorted(times):
        answers = answers_of(total, rng)
        if rng.random() < 0.08:
            answers[rng.randrange(9)] = None
        form = history.add_form(patient, at, answers)
        if rng.random() < 0.08:
            history.add_form(patient, at, answers_of(rng.randrange(28), rng), replaces_id=form["id"], reason="Slip")
        way = way if rng.random() < 0.8 else rng.choice([-3, 3, 6])
        total = min(max(total + way + rng.randrange(-2, 3), 0), 27)
