"""What waits at the desk when somebody first looks: a repaired day, holds, the waiting list, an offer, calls made."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice, product
from uuid import UUID

from sqlalchemy import select

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.administration.broken import Broken, read_broken
from scheduler.administration.calendar_changes import ShiftWithdrawn
from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.repairs import from_text, plan_repair
from scheduler.administration.resources import list_shifts
from scheduler.booking import attendance
from scheduler.booking.appointments import lock_appointment
from scheduler.booking.changing.offering import OfferedChange
from scheduler.booking.changing.reschedule import Alternatives, alternatives, move
from scheduler.booking.changing.scene import ANY_TIME as ANY_PLACE
from scheduler.booking.holding.holds import hold
from scheduler.booking.planning.problem import Visit
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.waiting.offers import freed_place, make_offer
from scheduler.booking.waiting.waitlist import Needs, add_entry
from scheduler.booking.waivers import Waiver
from scheduler.demo.house import ZONE, is_open
from scheduler.demo.living import Life
from scheduler.demo.names import Name
from scheduler.demo.stories import BOOSTER, MAINTENANCE
from scheduler.models import Appointment, AppointmentStatus, ChangeReason, OverrideRule, Resource, Series, Side, Urgency
from scheduler.protocols import ResourceKind

URGENT, SOON, ROUTINE = ("Quincy", "Hale"), ("Xenia", "Falk"), ("Ottilie", "Grau")
"""They wait for a new series; the first two can come at any time."""
OFFERED, DECIDING, CHOOSING = ("Bruno", "Eklund"), ("Ada", "Lindgren"), ("Noor", "Haddad")
"""A place is out to the first; one series is held for the second, and three for the third to choose from."""
UNPLACED = (URGENT, SOON, ROUTINE, OFFERED, DECIDING, CHOOSING)

SICK_DAYS = (1, 2, 3, 4, 0)
"""The days of next week on one of which a nurse is away; Monday only where there is no other."""
AFTERNOONS, ANY_TIME = (13 * 60, 18 * 60), (0, clinic_time.DAY_MINUTES)
CHOICES = 3
CALLED, REACHED = 5, 3
"""Of so many who are called before their visit, so many say that they will come."""
MIDNIGHT, SOONEST, WEEK, FORTNIGHT, MONTH, SEASON = (timedelta(days=days) for days in (0, 4, 7, 14, 28, 60))
LATER = (timedelta(days=3), timedelta(days=7))
"""By so much somebody asks to come later than the spacing allows."""
NO_OTHER_DAY = "Away until then; agreed with the prescriber."
SHORT_STAFFED = "Nobody else that day; agreed with the prescriber."


Later = tuple[timedelta, timedelta]


@dataclass(frozen=True)
class Desk:
    """The desk of the demo clinic in the last minute of its last day. `known` are its patients by name."""

    life: Life
    now: datetime

    @property
    def known(self) -> dict[Name, UUID]:
        return self.life.known

    @cached_property
    def today(self) -> date:
        return clinic_time.local_date(self.life.until, ZONE)

    @property
    def scheduler(self) -> Actor:
        return self.life.house.scheduler

    @property
    def clinician(self) -> Actor:
        return self.life.house.clinician

    def repair(self) -> None:
        """A nurse falls ill, and everybody she has that day is found another, before anybody notices."""
        change = ShiftWithdrawn(self._shift_of(*self._busiest()))
        broken = _in_order(read_broken(self.life.db, change, actor=self.scheduler, now=self.now))
        repair = plan_repair(broken, seconds=0, now=self.now)
        assert repair.plan  # noqa: S101 - nobody is under way on a day to come
        waiver = Waiver(frozenset(repair.overrides), SHORT_STAFFED) if repair.overrides else None
        actor = replace(self.clinician, roles=frozenset({Role.CLINICIAN, Role.SCHEDULER})) if waiver else self.scheduler
        commit_repair(self.life.db, from_text(repair.plan), actor=actor, now=self.now, waiver=waiver)

    def _busiest(self) -> tuple[UUID, date]:
        """The nurse and the day of next week with the most visits; of several the first."""
        monday = self.today + timedelta(days=7 - self.today.weekday())
        days = [day for day in (monday + timedelta(days=each) for each in SICK_DAYS) if is_open(day)]
        days = days[:-1] or days
        visits = Counter((each.nurse_id, each.local_date) for each in self._standing(MIDNIGHT, FORTNIGHT))
        return max(product(self.life.house.nurses, days), key=lambda each: visits[each])

    def _shift_of(self, nurse_id: UUID, day: date) -> UUID:
        shifts = list_shifts(self.life.db, first=day, last=day, actor=self.scheduler)
        return next(shift.id for shift in shifts if shift.resource_id == nurse_id)

    def move_one(self) -> None:
        """A patient asks for another day, and there is one that keeps the spacing."""
        found = ((visit, self._places(visit, self.scheduler).places) for visit in self._standing(SOONEST, MONTH))
        for visit, places in islice((each for each in found if each[1]), 1):
            self._move(visit, places[0], self.scheduler)

    def set_a_rule_aside(self) -> None:
        """A patient cannot come to the last visit until later than the spacing allows, and a clinician agrees."""
        standing = self._standing(SOONEST, MONTH, last_only=True)
        found = ((visit, self._places(visit, self.clinician, LATER).override) for visit in standing)
        for visit, place in islice(((visit, place) for visit, place in found if place), 1):
            rules = frozenset(OverrideRule(each.code) for each in place.conflicts)
            self._move(visit, place, self.clinician, Waiver(rules, NO_OTHER_DAY))

    def _places(self, visit: Appointment, actor: Actor, later: Later | None = None) -> Alternatives:
        wishes = Wishes(visit.local_date + later[0], visit.local_date + later[1]) if later else ANY_PLACE
        return alternatives(self.life.db, visit.id, wishes=wishes, limit=1, actor=actor, now=self.now)

    def _move(self, visit: Appointment, to: OfferedChange, actor: Actor, waiver: Waiver | None = None) -> None:
        move(
            self.life.db, visit.id, to.change, side=Side.PATIENT, reason=ChangeReason.WORK, waiver=waiver, actor=actor,
            now=self.now,
        )  # fmt: skip

    def keep_places(self, name: Name, choices: int) -> None:
        """Hold as many series as the patient wants to choose from, for as long as a hold lasts."""
        offered, wishes = self.life.house.protocols["mdd_induction_2x"], Wishes(self.today + MONTH)
        found = propose(
            self.life.db, self.known[name], offered.id, wishes, limit=choices, actor=self.scheduler, now=self.now
        )  # fmt: skip
        hold(self.life.db, [each.plan for each in found.proposals], actor=self.scheduler, now=self.now)

    def offer_a_place(self) -> None:
        """A patient calls a visit off in good time and waits for another; the place is out to somebody who waits."""
        self.enter(OFFERED, Urgency.SOON, BOOSTER)
        visit = next(self._standing(SOONEST, MONTH))
        called_off = self._locked(visit.id)
        attendance.cancel(
            self.life.db, called_off, side=Side.PATIENT, reason=ChangeReason.ILLNESS, actor=self.scheduler, now=self.now
        )  # fmt: skip
        place = freed_place(self.life.db, visit.id, actor=self.scheduler)
        make_offer(self.life.db, place, actor=self.scheduler, now=self.now)
        add_entry(
            self.life.db, patient_id=visit.patient_id, series_id=visit.series_id,
            needs=self._needs(Urgency.URGENT, AFTERNOONS), actor=self.scheduler, now=self.now,
        )  # fmt: skip

    def enter(self, name: Name, urgency: Urgency, protocol: str, window: tuple[int, int] = ANY_TIME) -> None:
        """Put a patient who waits for a new series on the list."""
        add_entry(
            self.life.db, patient_id=self.known[name], protocol_id=self.life.house.protocols[protocol].id,
            needs=self._needs(urgency, window), actor=self.scheduler, now=self.now,
        )  # fmt: skip

    def _needs(self, urgency: Urgency, window: tuple[int, int]) -> Needs:
        return Needs(urgency, self.today, self.today + SEASON, frozenset(range(7)), window, notice_minutes=0)

    def confirm(self) -> None:
        """Those who come on the next days are called the day before; some are not reached."""
        days = [day for day in clinic_time.days(self.today, self.today + WEEK) if is_open(day)][:2]
        for count, visit in enumerate(self._standing(MIDNIGHT, days[-1] - self.today)):
            if count % CALLED < REACHED:
                attendance.confirm(self.life.db, self._locked(visit.id), actor=self.scheduler, now=self.now)

    def _standing(self, after: timedelta, until: timedelta, *, last_only: bool = False) -> Iterator[Appointment]:
        """What is booked from so many days on until so many, by start and chair; nobody's of those with a name."""
        rows = (
            select(Appointment)
            .join(Series, (Series.clinic_id == Appointment.clinic_id) & (Series.id == Appointment.series_id))
            .join(Resource, (Resource.clinic_id == Appointment.clinic_id) & (Resource.id == Appointment.chair_id))
            .where(Appointment.clinic_id == self.life.house.clinic_id, Appointment.status == AppointmentStatus.BOOKED)
            .where(Appointment.local_date.between(self.today + after, self.today + until))
            .where(Appointment.patient_id.not_in([self.known[name] for name in self.life.cast]))
            .order_by(Appointment.starts_at, Resource.position)
        )
        if last_only:
            rows = rows.where(Appointment.number == Series.infusions, Appointment.number > 1)
        yield from self.life.db.scalars(rows).all()

    def _locked(self, appointment_id: UUID) -> Appointment:
        return lock_appointment(self.life.db, appointment_id, actor=self.scheduler)


def close_the_day(life: Life, now: datetime) -> None:
    """The last acts before somebody looks."""
    desk = Desk(life, now)
    desk.repair()
    desk.move_one()
    desk.set_a_rule_aside()
    desk.keep_places(DECIDING, 1)
    desk.keep_places(CHOOSING, CHOICES)
    desk.offer_a_place()
    desk.enter(URGENT, Urgency.URGENT, BOOSTER)
    desk.enter(SOON, Urgency.SOON, BOOSTER)
    desk.enter(ROUTINE, Urgency.ROUTINE, MAINTENANCE, AFTERNOONS)
    desk.confirm()


def _in_order(broken: Broken) -> Broken:
    """With visits of one moment by their chairs, which are the same every time, and not by their ids."""
    calendar = broken.calendar

    def key(visit: Visit) -> tuple[datetime, str]:
        assert visit.stands  # noqa: S101 - all of them do
        chair = calendar.by_id(visit.stands.resources[ResourceKind.CHAIR])
        return visit.stands.starts_at, chair.name if chair else ""

    visits = tuple(sorted(broken.problem.visits, key=key))
    return replace(broken, problem=replace(broken.problem, visits=visits))
