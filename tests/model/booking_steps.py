"""Steps: time passes; series are booked and visits moved, as offered or by hand, rules kept, broken or set aside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import Random
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from scheduler.actors import Actor
from scheduler.booking.appointments import Why
from scheduler.booking.book import book_series
from scheduler.booking.changing import reschedule
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.reschedule import Alternatives
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.propose import propose
from scheduler.booking.waivers import Waiver
from scheduler.models import AppointmentStatus, ChangeReason, HoldState, OverrideRule, SeriesStatus, Side
from scheduler.protocols import ProtocolDefinition
from tests.builders import CLOSES, OPENS
from tests.model.plain import Clinic
from tests.model.plain_things import DAY, MINUTE, STILL_TO_COME, Asked, Course, Judgement, Kept, Visit
from tests.model.world import INDUCTION, UPKEEP, Desk, World

SEEDS = st.binary(min_size=9, max_size=9).map(Random)
"""A step draws what it needs from one seed: drawn piece by piece a step would take five times as long.

Bytes and not a number: hypothesis now and then draws a number that it read in the source of whatever modules are
imported, and one seed would be another run in another checkout, or beside other tests.
"""
PROTOCOLS = (INDUCTION, UPKEEP)
FIRST_DAYS, STRIDE_MINUTES, AT_FIRST = 12, 20, 3
WISH = Why(Side.PATIENT, ChangeReason.WISH)
HORIZON = 20 * DAY
MAY_MOVE = {SeriesStatus.ACTIVE}
MAY_REBOOK = {SeriesStatus.ACTIVE, SeriesStatus.PAUSED}


class BookingSteps(RuleBasedStateMachine):
    """What every other kind of step builds on."""

    world: World
    desk: Desk
    plain: Clinic
    now: datetime

    # What happens is drawn from a random generator that hypothesis seeds.

    def a_place(self, rng: Random, number: int, day_from_now: int) -> PlannedVisit:
        """Somewhere on that day, in hours or now and then beyond them."""
        day = self.plain.day_of(self.now) + day_from_now * DAY
        latest = CLOSES if rng.random() < 0.1 else OPENS + 180
        at = self.plain.instant(day, rng.randrange(OPENS, latest, STRIDE_MINUTES))
        return PlannedVisit(number, at, {kind: rng.choice(ids) for kind, ids in self.world.seats.items()})

    def a_plan(self, rng: Random, protocol: ProtocolDefinition) -> tuple[PlannedVisit, ...]:
        """A series that mostly keeps its spacing."""
        day, places = self.a_workday(rng, rng.randrange(FIRST_DAYS)), []
        for number in range(1, protocol.infusions + 1):
            places.append(self.a_place(rng, number, day))
            gap = protocol.gap_after(number)
            stretch = rng.random() < 0.05
            day += rng.randint(gap.least - stretch, gap.most + stretch)
            day = self.a_workday(rng, day)
        return tuple(places)

    def a_workday(self, rng: Random, day: int) -> int:
        """The first from there on, so that most plans can be booked."""
        weekday = (self.plain.day_of(self.now) + day * DAY).weekday()
        return day + (7 - weekday if weekday > 4 and rng.random() < 0.95 else 0)

    def a_waiver(self, rng: Random) -> Waiver | None:
        if rng.random() < 0.8:
            return None
        some = rng.sample(sorted(OverrideRule), rng.randint(1, len(OverrideRule)))
        return Waiver(frozenset(some), "A reason.")

    def actor_for(self, waiver: Waiver | None) -> Actor:
        return self.world.clinician if waiver else self.world.cast.scheduler

    def proposal(self, patient: UUID, protocol: ProtocolDefinition, places: tuple[PlannedVisit, ...]) -> SeriesPlan:
        row = self.world.cast.protocols[protocol.key]
        today = self.plain.day_of(self.now)
        return SeriesPlan(patient, row.id, row.current_id, places, Wishes(today, today + HORIZON))

    # Steps

    @initialize(rng=SEEDS)
    def begin_with_some_series(self, rng: Random) -> None:
        for patient in self.world.patients[:AT_FIRST]:
            plan = self.offered(rng, patient, INDUCTION)
            if plan:
                self.book("book as offered", plan, INDUCTION)

    @rule(minutes=st.sampled_from([1, 5, 14, 20, 45, 180]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.desk.tally.seen["time passes", "done"] += 1

    @rule(rng=SEEDS)
    def the_day_of_a_visit_comes(self, rng: Random) -> None:
        """Some minutes before or after the next visit that is still to come."""
        coming = [visit.at for visit in self.plain.visits.values() if visit.status in STILL_TO_COME]
        if coming:
            self.now = max(self.now, min(coming) + rng.randint(-30, 60) * MINUTE)
            self.desk.tally.seen["the day of a visit comes", "done"] += 1

    @rule(rng=SEEDS)
    def book_as_offered(self, rng: Random) -> None:
        patient, protocol = rng.choice(self.world.patients), rng.choice(PROTOCOLS)
        plan = self.offered(rng, patient, protocol)
        if plan:
            self.book("book as offered", plan, protocol)

    def offered(self, rng: Random, patient: UUID, protocol: ProtocolDefinition) -> SeriesPlan | None:
        """One of what a search offers now, if anything."""
        scheduler, earliest = self.world.cast.scheduler, self.plain.day_of(self.now) + rng.randrange(5) * DAY
        row, wishes = self.world.cast.protocols[protocol.key], Wishes(earliest, earliest + HORIZON)
        search = partial(propose, actor=scheduler, now=self.now)
        found = self.desk.do("search", lambda db: search(db, patient, row.id, wishes))
        return rng.choice(found.proposals).plan if found and found.proposals else None

    @rule(rng=SEEDS)
    def book_by_hand(self, rng: Random) -> None:
        patient, protocol = rng.choice(self.world.patients), rng.choice(PROTOCOLS)
        places = self.a_plan(rng, protocol)
        self.book("book by hand", self.proposal(patient, protocol, places), protocol, self.a_waiver(rng))

    def book(
        self, step: str, plan: SeriesPlan, protocol: ProtocolDefinition, waiver: Waiver | None = None,
        hold: Kept | None = None,
    ) -> None:  # fmt: skip
        asked = Asked(
            plan.patient_id, protocol, plan.visits, protocol.infusions, waived=_waived(waiver),
            from_hold=hold and hold.id, anchor=self.plain.anchor_of(plan.follows),
        )  # fmt: skip
        actor = self.actor_for(waiver)
        act = partial(book_series, plan=plan, actor=actor, now=self.now, waiver=waiver, hold_id=hold and hold.id)
        judgement = self.plain.judge(asked, self.now)
        if hold and not judgement.rules:
            judgement = self.judged_hold(hold, actor, plan.patient_id) or judgement
        borne = list(self.plain.set_aside(asked, self.now))
        booked = self.desk.do(step, act, judgement)
        if booked is not None:
            self.keep_series(booked.id, plan, protocol, [each.id for each in booked.appointments])
            self.keep_overrides({each.number: each.id for each in booked.appointments}, borne)
            self.end_hold(hold)

    def judged_hold(self, hold: Kept, actor: Actor, patient: UUID) -> Judgement | None:
        """Why this hold cannot be taken up by this actor for this patient."""
        if hold.patient != patient:
            return Judgement(guards=frozenset({"not-found"}))
        if not self.plain.is_open(hold, self.now):
            return Judgement(guards=frozenset({"hold-ended"}))
        return None if hold.owner == actor.staff_id else Judgement(guards=frozenset({"hold-of-another"}))

    def end_hold(self, hold: Kept | None) -> None:
        if hold:
            hold.state = HoldState.BOOKED

    def keep_overrides(self, ids: dict[int, UUID], borne: list[tuple[int, str]]) -> None:
        for number, rule_ in borne:
            self.plain.visits[ids[number]].waived.add(rule_)

    def keep_series(self, id_: UUID, plan: SeriesPlan, protocol: ProtocolDefinition, ids: list[UUID]) -> None:
        """The model has what was booked."""
        self.plain.courses[id_] = Course(
            id_, plan.patient_id, protocol, SeriesStatus.ACTIVE, protocol.infusions, plan.follows
        )
        for visit_id, place in zip(ids, plan.visits, strict=True):
            self.plain.visits[visit_id] = Visit(
                visit_id, id_, place.number, place.starts_at, place.resources, AppointmentStatus.BOOKED, self.now
            )

    @rule(rng=SEEDS)
    def move_by_hand(self, rng: Random) -> None:
        """One visit, several of a series, or all; a little, far, or into one another's places."""
        visit = self.a_visit(rng, STILL_TO_COME)
        if visit is None:
            return
        course = self.plain.courses[visit.series]
        mine = [each for each in self.plain.live_of(course.id) if each.status in STILL_TO_COME]
        moving = rng.sample(mine, rng.randint(1, len(mine))) if rng.random() < 0.3 else [visit]
        places = [self.elsewhere(rng, each) for each in moving]
        self.change("move by hand", course, ChangeKind.MOVE, places, moving, waiver=self.a_waiver(rng))

    def elsewhere(self, rng: Random, visit: Visit) -> PlannedVisit:
        days, minutes = rng.choice([0, 0, 1, -1, 2, -2]), STRIDE_MINUTES * rng.randint(-3, 3)
        local = visit.at.astimezone(self.plain.zone)
        day = local.date() + days * DAY
        minute = min(max(local.hour * 60 + local.minute + minutes, OPENS - 20), CLOSES - 20)
        seats = {kind: rng.choice(ids) for kind, ids in self.world.seats.items()}
        return PlannedVisit(visit.number, self.plain.instant(day, minute), visit.seats if rng.random() < 0.5 else seats)

    def a_visit(self, rng: Random, states: tuple[AppointmentStatus, ...]) -> Visit | None:
        found = [visit for visit in self.plain.visits.values() if visit.status in states]
        return rng.choice(found) if found else None

    def alternatives(self, visit: Visit) -> Alternatives | None:
        """Where else it could be, as the program says."""
        act = partial(reschedule.alternatives, appointment_id=visit.id, actor=self.world.clinician, now=self.now)
        return self.desk.do("alternatives", act, self.against_moving(visit))

    def against_moving(self, visit: Visit) -> set[str]:
        course = self.plain.courses[visit.series]
        if course.status not in (MAY_MOVE if visit.live else MAY_REBOOK):
            return {"series-ended"}
        placed = any(each.number == visit.number for each in self.plain.live_of(course.id))
        return set() if visit.status in STILL_TO_COME or not placed else {"illegal-transition"}

    def change(  # every step that changes a series ends here
        self, step: str, course: Course, kind: ChangeKind, places: Sequence[PlannedVisit],
        moving: Sequence[Visit], *, waiver: Waiver | None = None, infusions: int | None = None,
        hold: Kept | None = None, legal: Collection[SeriesStatus] = MAY_MOVE,
    ) -> None:  # fmt: skip
        """Put visits of a running series to these places; those without a visit of their number are booked anew."""
        change = self.a_change(course, kind, places, moving, infusions)
        actor = self.actor_for(waiver)
        act = partial(
            apply_changes, changes=[change], why=WISH, actor=actor, now=self.now, waiver=waiver,
            hold_id=hold and hold.id,
        )  # fmt: skip
        asked = self.asked(course, places, moving, waiver, infusions=infusions, hold=hold)
        judgement = (hold and self.judged_hold(hold, actor, course.patient)) or self.judged(course, asked, legal=legal)
        borne = list(self.plain.set_aside(asked, self.now))
        self.desk.do(step, act, judgement)
        if self.desk.was_done:
            ids = self.ids_after(course, change)
            self.set_down(course, change, moving, ids)
            self.keep_overrides(ids, borne)
            self.end_hold(hold)

    def a_change(
        self, course: Course, kind: ChangeKind, places: Sequence[PlannedVisit], moving: Sequence[Visit],
        infusions: int | None = None,
    ) -> SeriesChange:  # fmt: skip
        return SeriesChange(
            kind, course.id, course.patient, tuple(places), infusions or course.infusions,
            {visit.number: Seen(visit.id, visit.version) for visit in moving},
        )  # fmt: skip

    def asked(
        self, course: Course, places: Sequence[PlannedVisit], moving: Sequence[Visit], waiver: Waiver | None = None, *,
        infusions: int | None = None, hold: Kept | None = None,
    ) -> Asked:  # fmt: skip
        """A change of a running series, as the model judges it."""
        lifted = {visit.id for visit in moving}
        kept = [visit for visit in self.plain.live_of(course.id) if visit.id not in lifted]
        return Asked(
            course.patient, course.protocol, places, infusions or course.infusions, lifted, kept,
            before=[visit.place for visit in moving], anchor=self.plain.anchor_of(course.follows),
            waived=_waived(waiver), from_hold=hold and hold.id,
        )  # fmt: skip

    def judged(self, course: Course, asked: Asked, *, legal: Collection[SeriesStatus]) -> Judgement:
        """What the model says of a change of a series."""
        if course.status not in legal:
            return Judgement(frozenset({("series", "changed")}))
        return self.plain.judge(asked, self.now)

    def ids_after(self, course: Course, change: SeriesChange) -> dict[int, UUID]:
        """The appointments at the numbers a change placed: of those booked anew only the database knows the ids."""
        moved = {number: seen.id for number, seen in change.moved.items()}
        fresh = {visit.number for visit in change.visits} - moved.keys()
        return moved | self.desk.live_ids(course.id, fresh) if fresh else moved

    def set_down(
        self, course: Course, change: SeriesChange, moving: Sequence[Visit], ids: Mapping[int, UUID]
    ) -> None:  # fmt: skip
        """The model has what was changed."""
        self.move_visits(moving, change.visits)
        for place in change.visits:
            if place.number not in change.moved:
                self.plain.visits[ids[place.number]] = Visit(
                    ids[place.number], course.id, place.number, place.starts_at, place.resources,
                    AppointmentStatus.BOOKED, self.now,
                )  # fmt: skip
        if change.kind in (ChangeKind.REBOOKING, ChangeKind.EXTENSION):
            course.status, course.infusions, course.reason = SeriesStatus.ACTIVE, change.infusions, None

    def move_visits(self, moving: Sequence[Visit], places: Sequence[PlannedVisit]) -> None:
        """Who confirmed a time has not confirmed another."""
        by_number = {place.number: place for place in places}
        for visit in moving:
            place = by_number[visit.number]
            if place.starts_at != visit.at and visit.status is not AppointmentStatus.BOOKED:
                visit.status, visit.since = AppointmentStatus.BOOKED, self.now
            visit.at, visit.seats = place.starts_at, place.resources

    @rule(rng=SEEDS)
    def move_what_was_seen_earlier(self, rng: Random) -> None:
        """An appointment that was changed since it was read is not moved."""
        visit = self.a_visit(rng, tuple(AppointmentStatus))
        if visit is None:
            return
        course, place = self.plain.courses[visit.series], self.elsewhere(rng, visit)
        change = SeriesChange(
            ChangeKind.MOVE, course.id, course.patient, (replace(place),), course.infusions,
            {visit.number: Seen(visit.id, visit.version + 1)},
        )  # fmt: skip
        act = partial(apply_changes, changes=[change], why=WISH, actor=self.world.cast.scheduler, now=self.now)
        self.desk.do("move what was seen earlier", act, {"changed"})


def _waived(waiver: Waiver | None) -> frozenset[str]:
    return frozenset(rule.value for rule in waiver.rules) if waiver else frozenset()
