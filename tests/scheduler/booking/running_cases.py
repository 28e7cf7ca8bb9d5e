"""A series booked in the standard clinic, and what tests do to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.changing.running import RunningSeries, read_running
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.clinic_time import local_date
from scheduler.models import Appointment, AppointmentStatus
from tests.builders import MONDAY, ClinicCast

GIVEN = (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED)


@dataclass
class BookedCourse:
    """Six infusions at nine, on Mondays and Thursdays from the first Monday of the tests."""

    db: Session
    clinic: ClinicCast
    id: UUID
    ids: Sequence[UUID]

    @property
    def running(self) -> RunningSeries:
        return read_running(self.db, [self.id], actor=self.clinic.scheduler)[self.id]

    def at(self, number: int) -> Appointment:
        return self.db.get_one(Appointment, (self.clinic.id, self.ids[number - 1]))

    def days(self) -> dict[int, date]:
        return {each.number: local_date(each.starts_at, self.clinic.zone) for each in self.running.mine}

    def put(self, number: int, *states: AppointmentStatus, now: datetime) -> None:
        for state in states:
            move_on(self.db, self.ids[number - 1], state, actor=self.clinic.scheduler, now=now)

    def give(self, *numbers: int) -> None:
        """These infusions are given."""
        for number in numbers:
            self.put(number, *GIVEN, now=self.at(number).starts_at)


def book_course(clinic: ClinicCast, *, now: datetime, minute: int = 9 * 60) -> BookedCourse:
    wishes = Wishes(MONDAY, weekdays=frozenset({0, 3}), window=(minute, minute + 5), same_time=True)
    patient = clinic.patient()
    offers = propose(clinic.db, patient.id, clinic.protocol.id, wishes, actor=clinic.scheduler, now=now)
    series = book_series(clinic.db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    return BookedCourse(clinic.db, clinic, series.id, [each.id for each in series.appointments])
