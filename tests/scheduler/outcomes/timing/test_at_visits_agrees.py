"""The quick look at the visits of a day, held to what the courses themselves ask for, over random histories."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from scheduler.clinic_time import local_date
from scheduler.models import (
    LIVE,
    TOOK_PLACE,
    Appointment,
    AppointmentStatus,
    Assessment,
    EndKind,
    Mode,
    ProtocolVersion,
    Purpose,
    Series,
    SessionStatus,
    TreatmentSession,
)
from scheduler.models.base import Base
from scheduler.outcomes.timing.at_visits import read_at_visits
from scheduler.outcomes.timing.due import dues_of_patients
from scheduler.outcomes.timing.measures import Due, DueState
from scheduler.outcomes.timing.prompts import Today
from scheduler.protocols import BEFORE, USUAL_MEASURES, Measure, Moment, as_document, measured
from tests.builders import MDD_INDUCTION, ZONE, ClinicCast, clinic_instant
from tests.courses import VISIT
from tests.treatments import settings_row, template

NOW = clinic_instant("Mon 13:00", week=1)
"""The clocks went forward the day before."""
TODAY = Today(NOW, ZONE)
PATIENTS, SEED = 100, 1
ASKS = (
    USUAL_MEASURES,
    (*measured("gad7", Moment.BASELINE), *measured("phq9", Moment.PRE_INFUSION, Moment.POST_24H)),
    (*measured("gad7", Moment.BASELINE, Moment.PRE_INFUSION), *measured("phq9", Moment.BASELINE)),
    (Measure("gad7", Moment.PRE_INFUSION, required=False), Measure("phq9", Moment.PRE_INFUSION)),
)
PREPARES = (30, 30, 60, 0)
ITEMS = {"phq9": 9, "gad7": 7}
PAST = (*[AppointmentStatus.COMPLETED] * 4, *AppointmentStatus)
LIVING = tuple(LIVE)
STATES = (None, None, None, SessionStatus.CHECKED_IN, SessionStatus.INFUSING, SessionStatus.RECOVERING,
          SessionStatus.ENTERED_IN_ERROR)  # fmt: skip


class Histories:
    """Random courses, sessions and forms, collected as rows and written at once."""

    def __init__(self, clinic: ClinicCast, rng: Random) -> None:
        self.clinic, self.rng = clinic, rng
        self.rows: dict[type[Base], list[dict[str, Any]]] = {
            each: [] for each in (ProtocolVersion, Series, Appointment, TreatmentSession, Assessment)
        }
        self.versions = [self._version(number) for number in range(len(ASKS))]
        nothing = {"items": []}
        self.kept = {
            "settings_id": settings_row(clinic).id,
            "clearance_id": template(clinic, Purpose.CLEARANCE, nothing).id,
            "discharge_id": template(clinic, Purpose.DISCHARGE, nothing).id,
        }

    def write(self) -> None:
        for table, rows in self.rows.items():
            self.clinic.db.execute(insert(table), rows)
            self.clinic.db.execute(text(f"ANALYZE {table.__tablename__}"))  # or it is read as if it were empty

    def add(self, table: type[Base], **values: Any) -> dict[str, Any]:
        row = {"clinic_id": self.clinic.id, "id": uuid4(), **values}
        self.rows[table].append(row)
        return row

    def _version(self, number: int) -> UUID:
        phases = replace(MDD_INDUCTION.phases, prepare=PREPARES[number], recover=90 - PREPARES[number])
        legs = (replace(MDD_INDUCTION.legs[0], end=phases.total),)
        document = as_document(replace(MDD_INDUCTION, phases=phases, legs=legs, measures=ASKS[number]))
        return self.add(
            ProtocolVersion, protocol_id=self.clinic.protocol.id, number=number + 2, document=document,
            created_at=self.clinic.now, author_id=None,
        )["id"]  # fmt: skip

    def patient(self, patient_id: UUID) -> None:
        """One to three courses, whose visits lie on days of their own, today among them as a rule."""
        rng = self.rng
        days = sorted({0, *rng.sample(range(-40, 12), rng.randint(0, 7))} - ({0} if rng.random() < 0.05 else set()))
        series = [self._series(patient_id) for _ in range(rng.choice((1, 1, 2, 3)))]
        visits = [self._visit(patient_id, rng.choice(series), day, number) for number, day in enumerate(days, start=1)]
        forms: list[dict[str, Any]] = []
        for _ in range(rng.randint(0, 6)):
            forms.append(self._form(patient_id, visits, forms))

    def _series(self, patient_id: UUID) -> dict[str, Any]:
        return self.add(
            Series, patient_id=patient_id, protocol_version_id=self.rng.choice(self.versions), infusions=6,
            booked_at=self.clinic.now,
        )  # fmt: skip

    def _visit(self, patient_id: UUID, series: dict[str, Any], day: int, number: int) -> dict[str, Any]:
        rng = self.rng
        at = NOW + timedelta(days=day, minutes=rng.randrange(-300, 241, 5))
        status = rng.choice(PAST) if day < 0 else rng.choice(LIVING) if day == 0 else AppointmentStatus.BOOKED
        moved_on = rng.random() < 0.2
        mine = sum(row["series_id"] == series["id"] for row in self.rows[Appointment])
        visit = self.add(
            Appointment, series_id=series["id"], patient_id=patient_id, status=status, status_at=at, starts_at=at,
            protocol_version_id=rng.choice(self.versions) if moved_on else series["protocol_version_id"],
            number=mine + 1 if rng.random() < 0.9 else 20 - number, ends_at=at + VISIT,
            local_date=local_date(at, ZONE), chair_id=self.clinic.resource("A").id,
        )  # fmt: skip
        if status in TOOK_PLACE or (status is AppointmentStatus.ARRIVED and rng.random() < 0.5):
            self._session(visit)
        return visit

    def _session(self, visit: dict[str, Any]) -> None:
        rng = self.rng
        status = rng.choice(STATES)
        if status is None:
            return
        at = min(visit["starts_at"], NOW - timedelta(minutes=90))
        started = at + timedelta(minutes=rng.randint(0, 50)) if status not in STATES[3:4] else None
        ended = started + timedelta(minutes=rng.randint(5, 40)) if status is SessionStatus.RECOVERING else None
        self.add(
            TreatmentSession, appointment_id=visit["id"], patient_id=visit["patient_id"], status=status, status_at=at,
            protocol_version_id=visit["protocol_version_id"], mode=Mode.INFUSION, chair_id=visit["chair_id"],
            arrived_at=at, checked_in_at=at, started_at=started, ended_at=ended,
            end_kind=EndKind.COMPLETED if ended else None, **self.kept,
        )  # fmt: skip

    def _form(self, patient_id: UUID, visits: list[dict[str, Any]], forms: list[dict[str, Any]]) -> dict[str, Any]:
        rng = self.rng
        scale, complete = rng.choice(("phq9", "gad7")), rng.random() < 0.85
        names = rng.choice(visits) if visits and rng.random() < 0.4 else None
        around = (
            names["starts_at"] if names and rng.random() < 0.7 else NOW - timedelta(days=rng.choice((0, 0, 0, 1, 9)))
        )
        at = min(NOW, around + timedelta(minutes=rng.randint(-800, 800)))
        open_forms = [each for each in forms if each["id"] not in {other["replaces_id"] for other in forms}]
        replaced = rng.choice(open_forms) if open_forms and rng.random() < 0.1 else None
        return self.add(
            Assessment, patient_id=patient_id, scale=replaced["scale"] if replaced else scale, scale_version="1",
            answers=[0] * ITEMS[scale], total=0 if complete else None, band="minimal" if complete else None,
            complete=complete, flags=[], taken_at=at, recorded_at=at, appointment_id=names["id"] if names else None,
            replaces_id=replaced["id"] if replaced else None, reason="Another's." if replaced else None,
        )  # fmt: skip


def test_the_quick_look_tells_what_the_courses_ask_for(db, clinic):
    histories = Histories(clinic, Random(SEED))
    patients = [clinic.patient().id for _ in range(PATIENTS)]
    for patient_id in patients:
        histories.patient(patient_id)
    histories.write()

    found = read_at_visits(db, clinic.id, TODAY).visits

    dues = chain.from_iterable(dues_of_patients(db, clinic.id, patients, TODAY).values())
    wanted = {(str(due.visit), due.scale) for due in dues if is_undone(due) and str(due.visit) in found}
    assert found.keys() == {str(row["id"]) for row in histories.rows[Appointment] if is_of_today(row)}
    assert {(visit, scale) for visit, forms in found.items() for scale in forms.missing} == wanted


def is_undone(due: Due) -> bool:
    """Whether it is required before an infusion and not there, as the patient's own list tells it."""
    return due.moment in BEFORE and due.required and due.state is not DueState.DONE


def is_of_today(visit: dict[str, Any]) -> bool:
    at: datetime = visit["starts_at"]
    return visit["status"] in LIVE and local_date(at, ZONE) == local_date(NOW, ZONE)
