"""Years a clinic has behind it, drawn in bulk: visits kept, missed, called off and moved, and who was on duty."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from bench.clinics import CLOSES, OPENS, BenchClinic, build, visits_of
from bench.loading import load
from bench.past_rows import (
    House,
    Place,
    Row,
    appointment,
    drawn_stay,
    move,
    session,
    step_of_cancelled,
    step_of_missed,
    steps_of_kept,
)
from scheduler import clinic_time
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Closure,
    EndReason,
    EntryState,
    Move,
    Patient,
    Protocol,
    ProtocolVersion,
    Purpose,
    Series,
    SeriesStatus,
    SessionSettings,
    Shift,
    Template,
    Transition,
    TreatmentSession,
    Urgency,
    WaitlistEntry,
)
from scheduler.models.base import Base, table_of
from scheduler.models.engine import Database
from scheduler.protocols import ON_SHIFT, ProtocolDefinition, ResourceKind

CHAIRS, NURSES, PRESCRIBERS = 18, 9, 3
FILL = 0.83
"""Of the hours of chairs; with what is called off it comes to 15,000 visits a year."""
PATTERNS = 20
"""Days that are drawn; every day of the past is like one of them, with other patients and another fate."""
FATES = {"kept": 0.80, "by_desk": 0.02, "missed": 0.06, "late": 0.03, "in_time": 0.08, "forgotten": 0.01}
MOVED, PASSED_ON, GAVE_UP, WAITED = 0.06, 0.5, 0.03, 0.3
KEYS = ("mdd_induction_2x", "mdd_induction_3x", "ptsd_induction", "bipolar_induction")
"""Protocols whose visits are alike, so that any of them fits into any place."""
HOLIDAY_EVERY = 31
AHEAD = 28
FOUNDED_BEFORE = timedelta(days=30)
TABLES = (Shift, Closure, Patient, Series, WaitlistEntry, Appointment, TreatmentSession, Transition, Move)
STATUS = {
    "kept": AppointmentStatus.COMPLETED, "by_desk": AppointmentStatus.COMPLETED, "missed": AppointmentStatus.NO_SHOW,
    "late": AppointmentStatus.CANCELLED, "in_time": AppointmentStatus.CANCELLED, "forgotten": AppointmentStatus.BOOKED,
}  # fmt: skip
Offered = tuple[UUID, UUID, ProtocolDefinition]
"""A protocol, the version of it that is offered, and its definition."""
Pattern = list[tuple[int, dict[ResourceKind, UUID]]]
"""A day: the minute at which each visit begins, and what it takes."""


@dataclass(frozen=True)
class Past:
    """A clinic with everything it has lived through from `first` to `last`, which was yesterday."""

    clinic: BenchClinic
    first: date
    last: date
    visits: int


@dataclass(order=True)
class Course:
    """A series under way: its next visit is due on a day."""

    due: date
    turn: int
    series: Row = field(compare=False)
    number: int = field(default=1, compare=False)


def live_through(
    url: str, *, days: int, chairs: int = CHAIRS, nurses: int = NURSES, prescribers: int = PRESCRIBERS,
    fill: float = FILL, ahead: int = AHEAD, patients: int = 1,
) -> Past:  # fmt: skip
    """A clinic that has been open for so many days and is open for `ahead` more, with patients who wait."""
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    founded = datetime(first.year, first.month, first.day, tzinfo=UTC) - FOUNDED_BEFORE
    database = Database(url)
    clinic = build(
        database, chairs=chairs, nurses=nurses, prescribers=prescribers, days=ahead, patients=patients, founded=founded
    )
    with database.reading() as db:
        drawing = _Drawing(clinic, _house(db, clinic), _versions(db, clinic), _patterns(clinic, fill))
    database.close()
    for day in clinic_time.days(first, last):
        drawing.live(day)
    load(url, drawing.rows)
    return Past(clinic, first, last, len(drawing.rows[table_of(Appointment)]))


def _house(db: Session, clinic: BenchClinic) -> House:
    mine = clinic.actor.clinic_id
    clearance, discharge = (
        db.scalars(select(Template.id).where(Template.clinic_id == mine, Template.purpose == purpose).limit(1)).one()
        for purpose in (Purpose.CLEARANCE, Purpose.DISCHARGE)
    )
    settings = db.scalars(select(SessionSettings.id).where(SessionSettings.clinic_id == mine)).one()
    return House(mine, clinic.actor.staff_id, settings, clearance, discharge, Random(1))


def _versions(db: Session, clinic: BenchClinic) -> list[Offered]:
    rows = db.execute(
        select(Protocol.id, ProtocolVersion.id, ProtocolVersion)
        .join(
            ProtocolVersion,
            (ProtocolVersion.clinic_id == Protocol.clinic_id) & (ProtocolVersion.id == Protocol.current_id),
        )
        .where(Protocol.clinic_id == clinic.actor.clinic_id, Protocol.key.in_(KEYS))
        .order_by(Protocol.key)
    )
    return [(protocol, version, row.definition) for protocol, version, row in rows]


def _patterns(clinic: BenchClinic, fill: float) -> list[Pattern]:
    day = clinic.first
    opening = clinic_time.instant(day, OPENS, clinic.zone)
    return [
        [
            (OPENS + (starts - opening) // clinic_time.MINUTE, chosen)
            for starts, chosen in visits_of(clinic, day, fill, Random(seed))
        ]
        for seed in range(PATTERNS)
    ]


class _Drawing:
    """Rows by table, growing day by day."""

    def __init__(self, clinic: BenchClinic, house: House, versions: list[Offered], patterns: list[Pattern]) -> None:
        self.rows: dict[Table, list[Row]] = {table_of(each): [] for each in TABLES}
        self._clinic, self._house, self._versions, self._patterns = clinic, house, versions, patterns
        self._rng, self._turns, self._due = house.rng, count(), list[Course]()
        self._length = timedelta(minutes=clinic.definition.visit_minutes)
        self._free: dict[UUID, datetime] = {}

    def live(self, day: date) -> None:
        """One day of the clinic."""
        if day.weekday() >= 5:
            return
        self._roster(day)
        if day.toordinal() % HOLIDAY_EVERY == 0:
            self._add(
                Closure,
                {**self._span(day), **self._house.key(), "resource_id": None, "reason": "Holiday", "version": 1},
            )
            return
        self._free = {}
        for minute, chosen in sorted(self._rng.choice(self._patterns), key=lambda each: each[0]):
            starts = clinic_time.instant(day, minute, self._clinic.zone)
            self._use(Place(day, starts, starts + self._length, chosen))

    def _roster(self, day: date) -> None:
        for kind in ON_SHIFT:
            for person in self._clinic.resources[kind]:
                self._add(Shift, {**self._house.key(), "resource_id": person, **self._span(day), "version": 1})

    def _span(self, day: date) -> Row:
        return {"starts_at": self._morning(day), "ends_at": clinic_time.instant(day, CLOSES, self._clinic.zone)}

    def _use(self, place: Place) -> None:
        """A visit in this place; where it was called off, somebody else may have been given it."""
        (fate,) = self._rng.choices(list(FATES), weights=list(FATES.values()))
        course = self._next(place.day)
        visit = self._add(Appointment, appointment(self._house, course.series, course.number, place, STATUS[fate]))
        if self._rng.random() < MOVED:
            self._add(Move, move(self._house, visit, self._elsewhere(place)))
        self._tell(fate, visit, place)
        self._follow(course, place.day, fate)
        if fate in {"late", "in_time"} and self._rng.random() < PASSED_ON:
            self._use(place)

    def _tell(self, fate: str, visit: Row, place: Place) -> None:
        """What was written down of a visit."""
        house = self._house
        if fate in {"kept", "by_desk"}:
            stay = drawn_stay(place, self._free.get(place.chair), self._rng)
            self._free[place.chair] = stay.free
            self.rows[table_of(Transition)] += steps_of_kept(house, visit, stay)
            if fate == "kept":
                self._add(TreatmentSession, session(house, visit, stay))
        elif fate == "missed":
            self._add(Transition, step_of_missed(house, visit))
        elif fate != "forgotten":
            self._add(Transition, step_of_cancelled(house, visit, late=fate == "late"))

    def _next(self, day: date) -> Course:
        """Whose turn it is: the course that has waited longest, or a new one."""
        if self._due and self._due[0].due <= day:
            return heappop(self._due)
        return self._begin(day)

    def _begin(self, day: date) -> Course:
        protocol, version, definition = self._rng.choice(self._versions)
        patient = self._add(Patient, self._patient(day))
        booked = self._morning(day) - timedelta(days=self._rng.randint(2, 21))
        series = {
            **self._house.key(), "patient_id": patient["id"], "protocol_version_id": version,
            "status": SeriesStatus.ACTIVE, "infusions": definition.infusions, "booked_at": booked,
            "booked_by": self._house.staff_id, "reason": None, "version": 1,
        }  # fmt: skip
        if self._rng.random() < WAITED:
            self._add(WaitlistEntry, self._entry(patient, protocol, booked))
        return Course(day, next(self._turns), self._add(Series, series))

    def _follow(self, course: Course, day: date, fate: str) -> None:
        """The course goes on, has come to its end, or is given up."""
        course.number += fate in {"kept", "by_desk", "forgotten"}
        if course.number > course.series["infusions"]:
            course.series["status"] = SeriesStatus.COMPLETED
        elif self._rng.random() < GAVE_UP:
            course.series["status"] = SeriesStatus.STOPPED if course.number > 1 else SeriesStatus.CANCELLED
            course.series["reason"] = self._rng.choice(list(EndReason))
        else:
            course.due = day + timedelta(days=self._rng.choice((3, 3, 4)))
            heappush(self._due, course)

    def _elsewhere(self, place: Place) -> Place:
        """Where it stood before: a day or two away, in any chair."""
        days = timedelta(days=self._rng.choice((-2, -1, 1, 2)))
        chair = self._rng.choice(self._clinic.resources[ResourceKind.CHAIR])
        resources = {**place.resources, ResourceKind.CHAIR: chair}
        return replace(place, starts=place.starts + days, ends=place.ends + days, resources=resources)

    def _patient(self, day: date) -> Row:
        key = self._house.key()
        return {
            **key, "mrn": key["id"].hex, "given_name": "Given", "given_key": "given", "family_name": "Name",
            "family_key": "name", "birth_date": date(1980, 1, 1), "version": 1,
            "created_at": self._morning(day) - timedelta(days=self._rng.randint(22, 40)),
        }  # fmt: skip

    def _entry(self, patient: Row, protocol: UUID, placed: datetime) -> Row:
        return {
            **self._house.key(), "patient_id": patient["id"], "protocol_id": protocol, "urgency": Urgency.ROUTINE,
            "earliest": placed.date(), "latest": placed.date() + timedelta(days=60), "weekdays": [0, 1, 2, 3, 4],
            "opens": OPENS, "closes": CLOSES, "notice_minutes": 1440, "state": EntryState.PLACED,
            "created_at": placed - timedelta(days=self._rng.randint(1, 20)), "created_by": self._house.staff_id,
            "ended_at": placed, "version": 1,
        }  # fmt: skip

    def _morning(self, day: date) -> datetime:
        return clinic_time.instant(day, OPENS, self._clinic.zone)

    def _add(self, model: type[Base], row: Row) -> Row:
        self.rows[table_of(model)].append(row)
        return row
