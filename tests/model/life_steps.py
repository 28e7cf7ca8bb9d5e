"""Steps in the life of an appointment: what the desk and the nurses record, in time and out of it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.booking import attendance
from scheduler.booking.appointments import lock_appointment
from scheduler.booking.reinstate import reinstate
from scheduler.models import Appointment, AppointmentStatus, ChangeReason, SeriesStatus, Side
from tests.model.booking_steps import SEEDS, BookingSteps
from tests.model.plain_things import MINUTE, STILL_TO_COME, Asked, Course, Judgement, Visit

BOOKED, CONFIRMED, ARRIVED, IN_SESSION, COMPLETED, CANCELLED, NO_SHOW, ENTERED_IN_ERROR = AppointmentStatus
LEGAL = {
    CONFIRMED: {BOOKED},
    ARRIVED: {BOOKED, CONFIRMED},
    IN_SESSION: {ARRIVED},
    COMPLETED: {IN_SESSION},
    CANCELLED: {BOOKED, CONFIRMED, ARRIVED},
    NO_SHOW: {BOOKED, CONFIRMED},
    ENTERED_IN_ERROR: {BOOKED, CONFIRMED, ARRIVED},
    BOOKED: {CONFIRMED, ARRIVED, NO_SHOW},
}
"""From which states each is entered."""
TREATED = {ARRIVED: attendance.arrive, IN_SESSION: attendance.begin, COMPLETED: attendance.complete}
GRACE = timedelta(minutes=15)
ILLEGAL, OUT_OF_TIME = Judgement(guards=frozenset({"illegal-transition"})), Judgement(guards=frozenset({"out-of-time"}))
FINE = Judgement()


class LifeSteps(BookingSteps):
    @rule()
    def the_next_visit_takes_place(self) -> None:
        """Whoever is due comes on time, is treated and goes home."""
        visit = self.next_due()
        if visit is not None:
            self.treat(visit)

    def treat(self, visit: Visit) -> None:
        self.now = max(self.now, visit.at)
        for status, act in TREATED.items():
            judgement = FINE if self.is_its_day(visit) or status is not ARRIVED else OUT_OF_TIME
            if visit.status in LEGAL[status]:
                self.take_step(status.value, visit, status, act, judgement)

    @rule()
    def the_next_visit_is_missed(self) -> None:
        """Whoever is due does not come, and is not waited for any longer."""
        visit = self.next_due()
        if visit is not None:
            self.now = max(self.now, visit.at + GRACE)
            self.take_step(NO_SHOW.value, visit, NO_SHOW, attendance.mark_no_show, FINE)

    def next_due(self, of: Course | None = None) -> Visit | None:
        """The next that may still come, of all or of one series."""
        of_all = self.plain.visits.values() if of is None else self.plain.of(of.id)
        coming = [visit for visit in of_all if visit.status in STILL_TO_COME]
        coming = [visit for visit in coming if visit.at >= self.now - GRACE]
        return min(coming, key=lambda each: each.at, default=None)

    @rule(rng=SEEDS)
    def confirm(self, rng: Random) -> None:
        self.enter(rng, CONFIRMED, attendance.confirm)

    @rule(rng=SEEDS)
    def arrive(self, rng: Random) -> None:
        self.enter(rng, ARRIVED, attendance.arrive, in_time=self.is_its_day)

    @rule(rng=SEEDS)
    def begin(self, rng: Random) -> None:
        self.enter(rng, IN_SESSION, attendance.begin)

    @rule(rng=SEEDS)
    def complete(self, rng: Random) -> None:
        self.enter(rng, COMPLETED, attendance.complete)

    @rule(rng=SEEDS)
    def cancel(self, rng: Random) -> None:
        self.enter(rng, CANCELLED, partial(attendance.cancel, side=Side.PATIENT, reason=ChangeReason.ILLNESS))

    @rule(rng=SEEDS)
    def mark_no_show(self, rng: Random) -> None:
        self.enter(rng, NO_SHOW, attendance.mark_no_show, in_time=self.is_missed)

    @rule(rng=SEEDS)
    def enter_in_error(self, rng: Random) -> None:
        if rng.random() < 0.5:  # half as often: little else can be done with one
            self.enter(rng, ENTERED_IN_ERROR, attendance.enter_in_error)

    @rule(rng=SEEDS)
    def reinstate(self, rng: Random) -> None:
        visit = self.a_visit_for(rng, BOOKED)
        if visit:
            judgement = self.judged_return(visit) if visit.status in LEGAL[BOOKED] else ILLEGAL
            self.take_step("reinstate", visit, BOOKED, reinstate, judgement)

    def enter(
        self, rng: Random, status: AppointmentStatus, act: Callable[..., Any],
        in_time: Callable[[Visit], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        visit = self.a_visit_for(rng, status)
        if visit:
            timely = [each for each in self.plain.visits.values() if each.status in LEGAL[status] and in_time(each)]
            visit = rng.choice(timely) if timely and rng.random() < 0.7 else visit
            judgement = FINE if in_time(visit) else OUT_OF_TIME
            judgement = judgement if visit.status in LEGAL[status] else ILLEGAL
            self.take_step(status.value, visit, status, act, judgement)

    def a_visit_for(self, rng: Random, status: AppointmentStatus) -> Visit | None:
        """Mostly one that may enter this state, and that next; sometimes any."""
        states = tuple(AppointmentStatus) if rng.random() < 0.1 else tuple(LEGAL[status])
        found = sorted(
            (visit for visit in self.plain.visits.values() if visit.status in states), key=lambda visit: visit.at
        )
        return rng.choice(found[: rng.choice([1, 3, len(found)])]) if found else None

    def is_its_day(self, visit: Visit) -> bool:
        return self.plain.day_of(visit.at) == self.plain.day_of(self.now)

    def is_missed(self, visit: Visit) -> bool:
        return self.now >= visit.at + GRACE

    def take_step(
        self, step: str, visit: Visit, status: AppointmentStatus, act: Callable[..., Any], judgement: Judgement
    ) -> None:
        actor = self.world.clinician

        def take(db: Session) -> None:
            appointment: Appointment = lock_appointment(db, visit.id, actor=actor)
            act(db, appointment, actor=actor, now=self.now)

        self.desk.do(step, take, judgement)
        if self.desk.was_done:
            visit.status, visit.since = status, self.now

    def judged_return(self, visit: Visit) -> Judgement:
        """A missed visit goes back only where it could be booked, but that its time may have come."""
        course = self.plain.courses[visit.series]
        if visit.status is not NO_SHOW or course.status is not SeriesStatus.ACTIVE:
            return FINE if course.status is SeriesStatus.ACTIVE else Judgement(guards=frozenset({"series-ended"}))
        live = self.plain.live_of(visit.series)
        if any(each.number == visit.number for each in live):
            return Judgement(guards=frozenset({"booked-anew"}))
        asked = Asked(
            course.patient, course.protocol, [visit.place], course.infusions, kept=live,
            anchor=self.plain.anchor_of(course.follows), waived=frozenset(visit.waived),
        )  # fmt: skip
        rules = self.plain.judge(asked, min(self.now, visit.at - MINUTE)).rules
        guards = set(self.plain.guards(asked, self.now))  # a hold that was open at its time may have expired since
        return Judgement(guards=frozenset({"cannot-return", *guards})) if rules or guards else FINE
