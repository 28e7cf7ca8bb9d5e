"""The third next available start of every protocol: today, and what it was on days past.

A day past is seen as the book was when it began; hours, shifts and resources as they are known by now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.availability import Availability, Booked, Held, loads_of
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.reading import read_booked, read_calendar, read_held
from scheduler.protocols import ProtocolDefinition
from scheduler.records.versions import read_definitions
from scheduler.utilization.access.third_next import HORIZON, third_next
from scheduler.utilization.history.ground import OfferedVersion
from scheduler.utilization.history.stays import Stay, stood_at

MOST_SAMPLES = 13
MONDAY = 0


class Sample(NamedTuple):
    """What somebody who asked for a protocol, by its version, was in for; no start where none was in sight."""

    asked: date
    version: str
    start: int | None
    """UTC minutes."""
    days: int
    """From the day they asked; as many as are looked at where none was in sight."""


@dataclass(frozen=True)
class Book:
    """The clinic as whoever asked saw it."""

    calendar: ClinicCalendar
    asked_at: datetime
    booked: Sequence[Booked]
    definitions: Mapping[str, ProtocolDefinition]
    held: Sequence[Held] = ()

    def samples(self, offers: Sequence[OfferedVersion]) -> Iterator[Sample]:
        """The third next start of every protocol on offer."""
        asked, minute = clinic_time.local_date(self.asked_at, self.calendar.zone), clinic_time.minute_of(self.asked_at)
        loads = {version: loads_of(each) for version, each in self.definitions.items()}
        for offer in offers:
            if offer.holds(minute):
                there = Availability(
                    self.calendar, self.definitions[offer.version], self.booked, loads, frozenset(), self.asked_at,
                    held=self.held,
                )  # fmt: skip
                yield self._sample(asked, offer.version, third_next(there, asked))

    def _sample(self, asked: date, version: str, start: int | None) -> Sample:
        if start is None:
            return Sample(asked, version, None, HORIZON)
        day = clinic_time.local_date(clinic_time.from_minute(start), self.calendar.zone)
        return Sample(asked, version, start, (day - asked).days)


def sampled_days(first: date, last: date, today: date) -> list[date]:
    """The Mondays among these days that have begun, of many evenly thirteen; the first day where there is none."""
    begun = list(clinic_time.days(first, min(last, today)))
    mondays = [day for day in begun if day.weekday() == MONDAY] or begun[:1]
    if len(mondays) <= MOST_SAMPLES:
        return mondays
    return [mondays[number * (len(mondays) - 1) // (MOST_SAMPLES - 1)] for number in range(MOST_SAMPLES)]


def read_history(
    db: Session, clinic_id: UUID, days: Sequence[date], stays: Sequence[Stay], offers: Sequence[OfferedVersion]
) -> list[Sample]:
    """What it was at the start of each of these days. `stays` are those of their horizon; five statements more."""
    if not days:
        return []
    calendar = read_calendar(db, clinic_id, days[0], _horizon(days[-1]))
    definitions = read_definitions(
        db, clinic_id, {stay.of.version for stay in stays} | {each.version for each in offers}
    )
    books = (Book(calendar, at, _booked(stays, at), definitions) for at in (_begin(calendar, day) for day in days))
    return [sample for book in books for sample in book.samples(offers)]


def read_today(
    db: Session, clinic_id: UUID, today: date, offers: Sequence[OfferedVersion], *, now: datetime
) -> list[Sample]:
    """What it is now, with what is held for somebody; seven statements."""
    last = _horizon(today)
    calendar = read_calendar(db, clinic_id, today, last)
    booked = read_booked(db, clinic_id, calendar, today, last)
    held = read_held(db, clinic_id, calendar, today, last, now=now)
    definitions = read_definitions(db, clinic_id, {row[1] for row in booked} | {each.version for each in offers})
    return list(Book(calendar, now, booked, definitions, held).samples(offers))


def _horizon(day: date) -> date:
    return day + HORIZON * clinic_time.DAY


def _begin(calendar: ClinicCalendar, day: date) -> datetime:
    return clinic_time.from_minute(calendar.day_span(day).start)


def _booked(stays: Sequence[Stay], at: datetime) -> list[Booked]:
    """What stood at an instant and was still to come, in order of start."""
    instant = clinic_time.minute_of(at)
    rows = (
        (each.place.start, each.of.version, *each.place[2:])
        for each in stood_at(stays, instant)
        if each.place.end > instant
    )
    return sorted(rows, key=itemgetter(0))
