"""Steps with the waiting list: who waits, who is offered a place that became free, and what they say."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from itertools import product
from random import Random
from uuid import UUID

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.holding.choices import Choice as Chosen
from scheduler.booking.holding.choices import from_text
from scheduler.booking.plans import PlannedVisit
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.offered import OfferView
from scheduler.booking.waiting.waitlist import Needs
from scheduler.models import EntryState, HoldState, Outcome, SeriesStatus, Urgency
from scheduler.protocols import ProtocolDefinition, ResourceKind
from tests.model.booking_steps import PROTOCOLS, SEEDS, BookingSteps
from tests.model.plain_things import DAY, MINUTE, Asked, Choice, Entry, Judgement, Kept, Offered

ANSWER_WITHIN = 30 * MINUTE
EVER = frozenset(range(7)), (0, 1440)
RANKS = (Urgency.URGENT, Urgency.SOON, Urgency.ROUTINE)


class WaitlistSteps(BookingSteps):
    @rule(rng=SEEDS)
    def wait_for_a_place(self, rng: Random) -> None:
        """For a new series, or for the next visit of a running one that has no place."""
        self.begin_to_wait(rng)

    def begin_to_wait(self, rng: Random) -> None:
        patient, today = rng.choice(self.world.patients), self.plain.day_of(self.now)
        mine = [course for course in self.plain.courses.values() if course.patient == patient]
        lacking = [course for course in mine if self.plain.missing(course)]
        course = rng.choice(lacking or mine) if mine and rng.random() < 0.6 else None
        protocol = None if course else rng.choice(PROTOCOLS)
        urgency = rng.choice(RANKS)
        needs = Needs(urgency, today, today + 30 * DAY, *EVER, 0)
        act = partial(
            waitlist.add_entry, patient_id=patient, needs=needs, actor=self.world.cast.scheduler, now=self.now,
            protocol_id=protocol and self.world.cast.protocols[protocol.key].id, series_id=course and course.id,
        )  # fmt: skip
        wanted = (patient, protocol and protocol.key, course and course.id)
        view = self.desk.do("wait", act, self.against_waiting(*wanted))
        if view is not None:
            self.plain.entries[view.id] = Entry(view.id, *wanted, urgency, EntryState.WAITING)

    def against_waiting(self, patient: UUID, protocol: str | None, series: UUID | None) -> Judgement:
        faults = set()
        if series and self.plain.courses[series].status is not SeriesStatus.ACTIVE:
            faults.add(("series_id", "ended"))
        elif series and not self.plain.missing(self.plain.courses[series]):
            faults.add(("series_id", "placed"))
        waiting = {
            (entry.patient, entry.protocol, entry.series)
            for entry in self.plain.entries.values()
            if entry.state is EntryState.WAITING
        }
        if (patient, protocol, series) in waiting:
            faults.add(("patient_id", "waiting"))
        return Judgement(frozenset(faults))

    @rule(rng=SEEDS)
    def wait_no_longer(self, rng: Random) -> None:
        if not self.plain.entries or rng.random() < 0.5:
            return
        entry = rng.choice(list(self.plain.entries.values()))
        refused = {"entry-ended"} if entry.state is not EntryState.WAITING else set()
        refused = refused or ({"offer-out"} if self.is_asked(entry) else set())
        actor = self.world.cast.scheduler

        def act(db: Session) -> None:
            waitlist.withdraw_entry(db, waitlist.find_entry(db, entry.id, actor=actor), actor=actor, now=self.now)

        self.desk.do("wait no longer", act, refused)
        if self.desk.was_done:
            self.plain.leave(entry, self.now)

    def is_asked(self, entry: Entry) -> bool:
        """Whether a place is out to them for this, unswept offers past their deadline aside."""
        return any(each.deadline > self.now for each in self.open_to([entry]))

    def entries_of(self, patient: UUID) -> list[Entry]:
        return [entry for entry in self.plain.entries.values() if entry.patient == patient]

    def open_to(self, entries: Collection[Entry]) -> list[Offered]:
        ids = {entry.id for entry in entries}
        return [each for each in self.plain.offers.values() if each.entry in ids and each.outcome is Outcome.OPEN]

    @rule(rng=SEEDS)
    def offer_a_place(self, rng: Random) -> None:
        """One that a visit has left, or one nobody has taken; before that, perhaps, somebody begins to wait."""
        if rng.random() < 0.5:
            self.begin_to_wait(rng)
        left = [visit for visit in self.plain.visits.values() if not visit.live and visit.at > self.now]
        if left and rng.random() < 0.8:
            visit = rng.choice(left)
            length = self.plain.protocol_of(visit).visit_minutes
            place = Place(visit.seats[ResourceKind.CHAIR], visit.at, visit.at + length * MINUTE)
        else:
            free = self.a_place(rng, 1, rng.randrange(6))
            place = Place(free.resources[ResourceKind.CHAIR], free.starts_at, free.starts_at + 90 * MINUTE)
        scheduler = self.world.cast.scheduler
        could = [entry for entry in self.plain.entries.values() if self.could_take(entry, place)]
        act = partial(offers.make_offer, place=place, actor=scheduler, now=self.now)
        if could:
            self.keep_offer(self.desk.do("offer", act), could, place)
        else:
            self.offer_perhaps(act, place)
        self.answer_at_once(rng)

    def answer_at_once(self, rng: Random) -> None:
        """Sometimes: left to other steps, most offers would run out first."""
        offer, then = self.an_offer(rng), rng.random()
        if offer is not None and offer.outcome is Outcome.OPEN and then < 0.35:
            self.accept_it(rng, offer)
        elif offer is not None and offer.outcome is Outcome.OPEN and then < 0.7:
            self.decline_it(offer)

    def offer_perhaps(self, act: partial[OfferView], place: Place) -> None:
        """The model tries few plans: the program may know one more."""
        made: list[OfferView] = []

        def try_it(db: Session) -> None:
            try:
                made.append(act(db))
            except offers.NobodyFits:
                db.rollback()

        self.desk.do("offer, perhaps", try_it)
        if made:
            self.keep_offer(made[0], [], place)

    def could_take(self, entry: Entry, place: Place) -> bool:
        """Whether some simple plan takes this one there: at its start, and the rest at the same time of day."""
        mine = self.entries_of(entry.patient)
        known = any(each.entry in {one.id for one in mine} and each.place == (place.chair_id, place.starts_at)
                    for each in self.plain.offers.values())  # fmt: skip
        asked = any(self.is_asked(each) for each in mine)
        if entry.state is not EntryState.WAITING or asked or known or place.starts_at <= self.now:
            return False
        return any(self.is_possible(asked, place) for asked in self.simple_plans(entry, place))

    def is_possible(self, asked: Asked, place: Place) -> bool:
        ends = place.starts_at + asked.protocol.visit_minutes * MINUTE
        return ends <= place.ends_at and self.plain.judge(asked, self.now) == Judgement()

    def simple_plans(self, entry: Entry, place: Place) -> Iterator[Asked]:
        for seats in self.seats_with(place.chair_id):
            if entry.series:
                course = self.plain.courses[entry.series]
                numbers = self.plain.missing(course)
                if numbers and course.status is SeriesStatus.ACTIVE:
                    yield self.asked(course, [PlannedVisit(numbers[0], place.starts_at, seats)], [])
            else:
                (protocol,) = (each for each in PROTOCOLS if each.key == entry.protocol)
                for starts in self.same_time(protocol, place.starts_at):
                    places = [PlannedVisit(number, at, seats) for number, at in enumerate(starts, 1)]
                    yield Asked(entry.patient, protocol, places, protocol.infusions)

    def seats_with(self, chair: UUID) -> Iterator[dict[ResourceKind, UUID]]:
        (prescriber,) = self.world.seats[ResourceKind.PRESCRIBER]
        for nurse in self.world.seats[ResourceKind.NURSE]:
            yield {ResourceKind.CHAIR: chair, ResourceKind.NURSE: nurse, ResourceKind.PRESCRIBER: prescriber}

    def same_time(self, protocol: ProtocolDefinition, first: datetime) -> Iterator[list[datetime]]:
        local = first.astimezone(self.plain.zone)
        minute = local.hour * 60 + local.minute
        for gaps in product(*(range(gap.least, gap.most + 1) for gap in protocol.gaps)):
            days = [local.date() + sum(gaps[:turn]) * DAY for turn in range(protocol.infusions)]
            yield [self.plain.instant(day, minute) for day in days]

    def keep_offer(self, view: OfferView | None, could: list[Entry], place: Place) -> None:
        """The model has the offer, if it is a lawful one: within the place, to the most urgent of those it knows."""
        assert view is not None
        entry, plan = self.plain.entries[view.entry_id], from_text(view.plan.text)
        choice = self.lawful(entry, plan)
        first = plan.visits[0]
        assert first.resources[ResourceKind.CHAIR] == place.chair_id
        ends = first.starts_at + choice.protocol.visit_minutes * MINUTE
        assert place.starts_at <= first.starts_at
        assert ends <= place.ends_at
        assert entry.state is EntryState.WAITING
        mine = self.entries_of(entry.patient)
        assert not any(self.is_asked(each) for each in mine)
        for each in self.open_to(mine):
            each.outcome = Outcome.EXPIRED
        assert all(RANKS.index(entry.urgency) <= RANKS.index(each.urgency) for each in could), "not the most urgent"
        deadline = min(self.now + ANSWER_WITHIN, first.starts_at)
        claims = list(self.plain.envelope([choice]))
        self.plain.holds[view.hold_id] = Kept(
            view.hold_id, None, entry.patient, (choice,), claims, HoldState.OPEN, deadline
        )
        self.plain.offers[view.id] = Offered(
            view.id, entry.id, view.hold_id, Outcome.OPEN, deadline, (place.chair_id, place.starts_at)
        )

    def lawful(self, entry: Entry, plan: Chosen) -> Choice:
        """The plan as one that may be held, for whom it is."""
        assert plan.patient_id == entry.patient
        judgement, choice = self.judged_plan(plan)
        assert judgement == Judgement(), f"offered, although {judgement}"
        return choice

    def judged_plan(self, plan: Chosen, from_hold: UUID | None = None) -> tuple[Judgement, Choice]:
        if isinstance(plan, SeriesChange):
            course = self.plain.courses[plan.series_id]
            hold = self.plain.holds[from_hold] if from_hold else None
            asked = self.asked(course, plan.visits, [], infusions=plan.infusions, hold=hold)
            changed = plan.infusions < course.infusions or plan.series_version != course.version
            stale = changed or {visit.number for visit in plan.visits} & {
                visit.number for visit in self.plain.live_of(course.id)
            }
            judgement = self.judged(course, asked, legal={SeriesStatus.ACTIVE, SeriesStatus.PAUSED})
            return Judgement(frozenset({("anything", "numbers")})) if stale else judgement, Choice(
                plan, course.protocol
            )
        (protocol,) = (each for each in PROTOCOLS if self.world.cast.protocols[each.key].id == plan.protocol_id)
        asked = Asked(plan.patient_id, protocol, plan.visits, protocol.infusions, from_hold=from_hold)
        return self.plain.judge(asked, self.now), Choice(plan, protocol)

    def an_offer(self, rng: Random) -> Offered | None:
        found = list(self.plain.offers.values())
        open_ones = [each for each in found if each.outcome is Outcome.OPEN]
        found = open_ones if open_ones and rng.random() < 0.9 else found
        return rng.choice(found) if found else None

    @rule(rng=SEEDS)
    def accept_an_offer(self, rng: Random) -> None:
        """Any scheduler may, for the patient; what is offered is booked under the rules of the day."""
        offer = self.an_offer(rng)
        if offer is not None:
            self.accept_it(rng, offer)

    def accept_it(self, rng: Random, offer: Offered) -> None:
        hold, entry = self.plain.holds[offer.hold], self.plain.entries[offer.entry]
        actor = rng.choice([self.world.cast.scheduler, self.world.other])
        (choice,) = hold.choices
        judgement, _ = self.judged_plan(choice.plan, hold.id)
        if offer.outcome is not Outcome.OPEN or offer.deadline <= self.now:
            judgement = Judgement(guards=frozenset({"offer-ended"}))
        act = partial(offers.accept, offer_id=offer.id, actor=actor, now=self.now)
        booked = self.desk.do("accept", act, loosely(judgement))
        if booked is not None:
            offer.outcome, entry.state = Outcome.ACCEPTED, EntryState.PLACED
            hold.state, hold.owner = HoldState.BOOKED, actor.staff_id
            self.keep_accepted(choice, {each.number: each.id for each in booked.appointments}, booked.id)

    def keep_accepted(self, choice: Choice, ids: dict[int, UUID], series: UUID) -> None:
        if isinstance(choice.plan, SeriesChange):
            course = self.plain.courses[choice.plan.series_id]
            self.set_down(course, choice.plan, [], self.ids_after(course, choice.plan))
        else:
            in_order = [ids[visit.number] for visit in choice.plan.visits]
            self.keep_series(series, choice.plan, choice.protocol, in_order)

    @rule(rng=SEEDS)
    def decline_an_offer(self, rng: Random) -> None:
        offer = self.an_offer(rng)
        if offer is not None:
            self.decline_it(offer)

    def decline_it(self, offer: Offered) -> None:
        actor = self.world.cast.scheduler
        act = partial(offers.decline, offer_id=offer.id, actor=actor, now=self.now)
        passed = self.desk.do("decline", act, set() if offer.outcome is Outcome.OPEN else {"offer-ended"})
        if passed is not None:
            self.pass_on(offer, passed.next)

    @rule()
    def pass_on_what_nobody_answered(self) -> None:
        """As the worker does, one at a time."""
        over = [each for each in self.plain.offers.values() if each.outcome is Outcome.OPEN
                and each.deadline <= self.now]  # fmt: skip
        if not over:
            return
        known = set(self.plain.offers)
        act = partial(offers.pass_on_expired, clinic_id=self.world.cast.id, now=self.now)
        assert self.desk.do("pass on", act)
        ended, made = self.offers_since(known)
        (offer,) = (each for each in over if each.id in ended)
        self.pass_on(offer, made)

    def offers_since(self, known: set[UUID]) -> tuple[set[UUID], OfferView | None]:
        """Which of the known ones have ended, and the one that is new."""
        actor: Actor = self.world.cast.scheduler
        with self.desk.session() as db:
            found = offers.list_offers(db, after=None, limit=1000, actor=actor, now=self.now)
        made = next((each for each in found if each.id not in known), None)
        return known - {each.id for each in found}, made

    def pass_on(self, offer: Offered, following: OfferView | None) -> None:
        overdue, hold = offer.deadline <= self.now, self.plain.holds[offer.hold]
        offer.outcome = Outcome.EXPIRED if overdue else Outcome.DECLINED
        if hold.state is HoldState.OPEN:
            hold.state = HoldState.EXPIRED if overdue else HoldState.RELEASED
        if following is not None:
            chair, starts = offer.place
            self.keep_offer(following, [], Place(chair, starts, following.ends_at))


def loosely(judgement: Judgement) -> Judgement:
    """A refusal on the way of an offer speaks of a plan: that it comes, not in which words, is what counts."""
    if judgement.rules:
        return Judgement(guards=frozenset({"plan-refused", "not-found", "series-ended"}))
    return judgement
