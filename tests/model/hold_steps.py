"""Steps with holds: one plan or several kept for a while, renewed, let go, run out, and booked from."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from random import Random

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.holding import holds
from scheduler.models import HoldState
from tests.model.booking_steps import MAY_MOVE, PROTOCOLS, SEEDS, BookingSteps
from tests.model.plain_things import STILL_TO_COME, Asked, Choice, Judgement, Kept, Visit

LASTS = timedelta(minutes=15)
MOST = 3


class HoldSteps(BookingSteps):
    @rule(rng=SEEDS)
    def hold_places(self, rng: Random) -> None:
        """For a new series, or to move one visit: as offered, by hand, or some of each."""
        choices = self.some_choices(rng)
        if choices:
            actor = self.a_scheduler(rng)
            act = partial(holds.hold, choices=[choice.plan for choice in choices], actor=actor, now=self.now)
            view = self.desk.do("hold", act, self.judged_choices(choices))
            self.keep_hold(view, choices, actor)
            if view is not None:
                self.use(rng, self.plain.holds[view.id], actor)

    def use(self, rng: Random, hold: Kept, actor: Actor) -> None:
        """Sometimes at once: left to other steps, most holds would run out first."""
        for _ in range(rng.choice([0, 0, 1, 2])):
            self.renew_it(hold, actor)
        then = rng.random()
        if then < 0.5:
            self.book_what_is_held(rng, hold)
        elif then < 0.6:
            self.let_go(hold, actor)

    def a_scheduler(self, rng: Random) -> Actor:
        return rng.choice([self.world.cast.scheduler, self.world.cast.scheduler, self.world.other])

    def some_choices(self, rng: Random) -> list[Choice]:
        coming = [visit for visit in self.plain.visits.values() if visit.status in STILL_TO_COME]
        treated = sorted({self.plain.courses[visit.series].patient for visit in coming}, key=self.world.patients.index)
        patient = rng.choice(treated if treated and rng.random() < 0.5 else self.world.patients)
        number = rng.choice([1, 1, 2, MOST])  # of many it is rare that all are lawful
        return [choice for _ in range(number) if (choice := self.a_choice(rng, patient))]

    def a_choice(self, rng: Random, patient: object) -> Choice | None:
        protocol = rng.choice(PROTOCOLS)
        mine = [visit for visit in self.plain.of_patient(patient) if visit.status in STILL_TO_COME]
        if mine and rng.random() < 0.6:
            return self.a_move(rng, rng.choice(mine))
        if rng.random() < 0.5:
            plan = self.offered(rng, patient, protocol)
            return Choice(plan, protocol) if plan else None
        return Choice(self.proposal(patient, protocol, self.a_plan(rng, protocol)), protocol)

    def a_move(self, rng: Random, visit: Visit) -> Choice | None:
        """Mostly to a place as offered: of those by hand most break a rule."""
        course = self.plain.courses[visit.series]
        if rng.random() < 0.3:
            change = self.a_change(course, ChangeKind.MOVE, [self.elsewhere(rng, visit)], [visit])
            return Choice(change, course.protocol, (visit.place,))
        found = self.alternatives(visit)
        if found is None or not found.places:
            return None
        return Choice(rng.choice(found.places).change, course.protocol, (visit.place,))

    def judged_choices(self, choices: Sequence[Choice]) -> Judgement:
        """Every reason against every plan; where there is none, whether all of them together find room."""
        rules = frozenset(
            (f"plans.{i}.{where}", code) for i, choice in enumerate(choices) for where, code in self.against(choice)
        )
        crowded = not rules and self.plain.is_crowded(list(self.plain.envelope(choices)), now=self.now)
        return Judgement(rules, frozenset({"slot-taken"}) if crowded else frozenset())

    def against(self, choice: Choice) -> frozenset[tuple[str, str]]:
        if isinstance(choice.plan, SeriesChange):
            course = self.plain.courses[choice.plan.series_id]
            moving = [self.plain.visits[seen.id] for seen in choice.plan.moved.values()]
            return self.judged(course, self.asked(course, choice.plan.visits, moving), legal=MAY_MOVE).rules
        asked = Asked(choice.plan.patient_id, choice.protocol, choice.plan.visits, choice.protocol.infusions)
        return self.plain.judge(asked, self.now).rules

    def keep_hold(self, view: holds.HoldView | None, choices: Sequence[Choice], actor: Actor) -> None:
        if view is not None:
            claims = list(self.plain.envelope(choices))
            self.plain.holds[view.id] = Kept(
                view.id, actor.staff_id, view.patient_id, tuple(choices), claims, HoldState.OPEN, self.now + LASTS
            )

    def a_hold(self, rng: Random) -> Kept | None:
        """Mostly one that is open."""
        found = list(self.plain.holds.values())
        open_ones = [hold for hold in found if self.plain.is_open(hold, self.now)]
        found = open_ones if open_ones and rng.random() < 0.8 else found
        return rng.choice(found) if found else None

    @rule(rng=SEEDS)
    def renew(self, rng: Random) -> None:
        """Once, by whose it is."""
        hold = self.a_hold(rng)
        if hold is not None and rng.random() < 0.5:
            self.renew_it(hold, self.a_scheduler(rng))

    def renew_it(self, hold: Kept, actor: Actor) -> None:
        judgement = self.judged_hold(hold, actor, hold.patient)
        if judgement is None and hold.renewed:
            judgement = Judgement(guards=frozenset({"already-renewed"}))

        def act(db: Session) -> None:
            holds.renew(db, holds.find_hold(db, hold.id, actor=actor), actor=actor, now=self.now)

        self.desk.do("renew", act, judgement or Judgement())
        if self.desk.was_done:
            hold.until, hold.renewed = max(hold.until, self.now + LASTS), True

    @rule(rng=SEEDS)
    def release(self, rng: Random) -> None:
        """Any scheduler may; what is out as an offer is answered instead."""
        hold = self.a_hold(rng)
        if hold is not None:
            self.let_go(hold, self.a_scheduler(rng))

    def let_go(self, hold: Kept, actor: Actor) -> None:
        refused = set() if self.plain.is_open(hold, self.now) else {"hold-ended"}
        refused = refused or ({"hold-of-another"} if hold.owner is None else set())

        def act(db: Session) -> None:
            holds.release(db, holds.find_hold(db, hold.id, actor=actor), actor=actor, now=self.now)

        self.desk.do("release", act, refused)
        if self.desk.was_done:
            hold.state = HoldState.RELEASED

    @rule(rng=SEEDS)
    def book_from_a_hold(self, rng: Random) -> None:
        """One of its plans; now and then by somebody else, or too late."""
        hold = self.a_hold(rng)
        if hold is not None:
            self.book_what_is_held(rng, hold)

    def book_what_is_held(self, rng: Random, hold: Kept) -> None:
        choice = rng.choice(hold.choices)
        if isinstance(choice.plan, SeriesChange):
            self.change_from_a_hold(choice.plan, hold)
        else:
            self.book("book from a hold", choice.plan, choice.protocol, hold=hold)

    def change_from_a_hold(self, plan: SeriesChange, hold: Kept) -> None:
        """As long as what it would move stands as it was seen."""
        moving = [self.plain.visits[seen.id] for seen in plan.moved.values()]
        stands = all(visit.live and visit.status in STILL_TO_COME for visit in moving)
        same = [visit.version for visit in moving] == [seen.version for seen in plan.moved.values()]
        if stands and same:
            course = self.plain.courses[plan.series_id]
            self.change("change from a hold", course, plan.kind, plan.visits, moving, hold=hold)
