"""A running series with the room around it, stated as a problem: some visits need a place, the rest stays or shifts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import STANDING
from scheduler.booking.availability import Availability
from scheduler.booking.changing.running import RunningSeries, planned, read_running
from scheduler.booking.explain import Explanation, explain_visit
from scheduler.booking.planning.problem import Course, Problem, Visit
from scheduler.booking.plans import OPEN_END, PlannedVisit, Wishes
from scheduler.booking.propose import LONGEST_HORIZON_DAYS, refuse_contradictions
from scheduler.booking.reading import read_availability
from scheduler.booking.rules import FOREVER
from scheduler.models import Appointment
from scheduler.protocols import LONGEST_GAP_DAYS, Gap, ProtocolDefinition, ResourceKind
from scheduler.records import access
from scheduler.records.zone import read_zone

ANY_TIME = Wishes(date.min)
"""No wish at all: from today on."""
SLACK_DAYS = 14
"""How much further than the gaps alone reach a series may be shifted, so that full days can be passed over."""


class Keeping(NamedTuple):
    """Which rules of policy a search keeps to."""

    spacing: bool = True
    span: bool = True
    consent: bool = True


STRICT = Keeping()
EASED = (
    STRICT._replace(span=False),
    STRICT._replace(span=False, consent=False),
    STRICT._replace(span=False, spacing=False),
    Keeping(spacing=False, span=False, consent=False),
)
"""What is given up, step by step, where nothing keeps to all: what an override would have to set aside."""


class Room(NamedTuple):
    """What is booked and free from `first` to `last`, and on no other day."""

    availability: Availability
    first: date
    last: date


@dataclass(frozen=True)
class Scene:
    """A series as it stands; `read` reads the room from one date to another.

    `sought` are the visits a place is sought for that have an appointment, or had one before it was missed or called
    off, by number: wishes are for these and for new ones, others move for their sake.
    """

    running: RunningSeries
    consent_until: date | None
    today: date
    now: datetime
    read: Callable[..., Availability]
    sought: Mapping[int, Appointment] = field(default_factory=dict)

    def seeking(self, *appointments: Appointment) -> "Scene":
        """The scene with these visits to be given another place."""
        return replace(self, sought={each.number: each for each in appointments})

    @property
    def protocol(self) -> ProtocolDefinition:
        return self.running.protocol

    @property
    def elsewhere(self) -> frozenset[date]:
        """The days of the patient's appointments in other series."""
        others = (each for each in self.running.live if each.series_id != self.running.series.id)
        return frozenset(each.local_date for each in others)

    def room(self, first: date, last: date) -> Room:
        """What is booked and free on these days, the series itself included; at least on the first."""
        last = max(first, last)
        return Room(self.read(first=first, last=last), first, last)

    def settled(self, wishes: Wishes, last: date, keeping: Keeping = STRICT) -> Wishes:
        """The wishes as far as today, a consent on file and the last day looked at leave them."""
        latest = min(wishes.latest, last, (keeping.consent and self.consent_until) or OPEN_END)
        return replace(wishes, earliest=max(wishes.earliest, self.today), latest=latest)

    def refuse_contradictions(self, wishes: Wishes, room: Room) -> None:
        """Raises `Invalid` with everything in the wishes that cannot be; without a latest day none is too late."""
        earliest = max(wishes.earliest, self.today)
        latest = earliest if wishes.latest == OPEN_END else wishes.latest
        refuse_contradictions(replace(wishes, earliest=earliest, latest=latest), room.availability, self.now)

    def mover(self, appointment: Appointment, wishes: Wishes | None = None) -> Visit:
        """An appointment that is to have another place, or one to make it good."""
        live = any(each.id == appointment.id for each in self.running.mine)
        return Visit(
            appointment.id, self.running.series.id, appointment.number, self.protocol, planned(appointment),
            fallen=True, leave=live, gone=not live, wishes=wishes,
        )  # fmt: skip

    def put(self, number: int, wishes: Wishes | None) -> Visit:
        """The infusion that a change gives a place: one that is sought, one that moves for its sake, or a new one."""
        if number in self.sought:
            return self.mover(self.sought[number], wishes)
        standing = [each for each in self.running.mine if each.number == number]
        return replace(self.mover(standing[0]), leave=False) if standing else self.added(number)

    def added(self, number: int) -> Visit:
        """An infusion that never had a place."""
        return Visit(uuid4(), self.running.series.id, number, self.protocol)

    def tail(self, after: int, room: Room) -> list[Visit]:
        """The visits to come after this number that stand in this room, and may stay there."""
        return [
            Visit(each.id, each.series_id, each.number, self.protocol, planned(each))
            for each in self.running.mine
            if each.number > after
            and each.status in STANDING
            and each.starts_at > self.now
            and room.first <= each.local_date <= room.last
        ]

    def problem(
        self, room: Room, visits: Sequence[Visit], wishes: Wishes | None = None, *, keeping: Keeping = STRICT
    ) -> Problem:
        """These visits need places, and all others of the series stay. `wishes` bind those with none of their own."""
        series, numbers = self.running.series, {visit.number for visit in visits}
        spanned = keeping.span and series.infusions <= self.protocol.infusions
        course = Course(
            patient=series.patient_id,
            kept={each.number: each.local_date for each in self.running.mine if each.number not in numbers},
            elsewhere=self.elsewhere, anchor=self.running.anchor,
            span_days=self.protocol.span_days if spanned else None, wishes=wishes, strict=keeping.spacing,
        )  # fmt: skip
        moving = [each for each in self.running.mine if each.number in numbers]
        return Problem(without(room.availability, moving), room.first, room.last, {series.id: course}, tuple(visits))

    def why_none(self, room: Room, number: int, wishes: Wishes) -> Explanation:
        """Why a visit finds no place between the earliest and the latest day, spacing to neighbours aside."""
        own = [each for each in self.running.mine if each.number == number]
        return explain_visit(replace(without(room.availability, own), patient_days=self.elsewhere), number, wishes)

    def days_for(self, visit: Visit, wishes: Wishes) -> tuple[date, date]:
        """The first and last day the spacing to both neighbours leaves to one visit within the wishes.

        The first visit's neighbour is the end of the series before. The last day comes before the first where there
        is none.
        """
        first, last, anchor = max(wishes.earliest, self.today), wishes.latest, self.running.anchor
        if anchor and visit.number == 1:
            first = max(first, anchor.day + timedelta(days=anchor.gap.least))
            last = min(last, _later(anchor.day, anchor.gap.most))
        for each in [each for each in self.running.mine if each.number < visit.number][-1:]:
            gap = self._gap(each.number, visit.number)
            first = max(first, each.local_date + timedelta(days=gap.least))
            last = min(last, _later(each.local_date, gap.most))
        for each in [each for each in self.running.mine if each.number > visit.number][:1]:
            gap = self._gap(visit.number, each.number)
            first = max(first, _later(each.local_date, -gap.most))
            last = min(last, each.local_date - timedelta(days=gap.least))
        return first, min(last, _later(first, LONGEST_GAP_DAYS), self.consent_until or last)

    def _gap(self, number: int, following: int) -> Gap:
        gap = self.protocol.gap_after(number)
        return gap if following == number + 1 else Gap(gap.least, FOREVER)

    def horizon(self, first_number: int, infusions: int, wishes: Wishes) -> date:
        """How far ahead to look where all from this number on may have to shift."""
        begin = max(wishes.earliest, self.today)
        reach = sum(self.protocol.gap_after(number).most for number in range(first_number - 1, infusions))
        last = max([begin, *(each.local_date for each in self.running.mine)])
        return min(
            max(last, begin + timedelta(days=reach)) + timedelta(days=SLACK_DAYS),
            begin + timedelta(days=LONGEST_HORIZON_DAYS),
        )


def read_scene(db: Session, series_id: UUID, *, action: str, actor: Actor, now: datetime) -> Scene:
    """The series as it stands; the room around it is read once it is known how far. Raises `NotFound`."""
    running = read_running(db, {series_id}, actor=actor)[series_id]
    patient = access.open_record(db, running.series.patient_id, action=action, actor=actor, now=now)
    read = partial(
        read_availability, db, actor.clinic_id, running.protocol, patient_id=patient.id, now=now,
        consent_until=patient.consent_until,
    )  # fmt: skip
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    return Scene(running, patient.consent_until, today, now, read)


def without(availability: Availability, appointments: Iterable[Appointment]) -> Availability:
    """What is free as it would be if these appointments had given back their places."""
    gone = Counter(_place_of(planned(each), availability) for each in appointments)
    kept = []
    for row in availability.booked:
        if gone[row[0], row[2]] > 0:
            gone[row[0], row[2]] -= 1
        else:
            kept.append(row)
    return availability.with_booked(kept)


def _place_of(visit: PlannedVisit, availability: Availability) -> tuple[int, object]:
    """Its start and the handle of its chair: no two appointments that stand have both in common."""
    chair = availability.calendar.resource(visit.resources[ResourceKind.CHAIR])
    return clinic_time.minute_of(visit.starts_at), chair.handle


def _later(day: date, days: int) -> date:
    return day + timedelta(days=max(min(days, LONGEST_HORIZON_DAYS), -LONGEST_HORIZON_DAYS))
