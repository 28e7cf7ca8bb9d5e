"""Steps that break days and repair them: the plan is made greedily, judged by the model, and committed whole."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from random import Random

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.administration import repairs
from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import CalendarChange, ClosureAdded, Reassigned, ShiftWithdrawn
from scheduler.administration.carrying_out import commit_repair
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.waivers import Waiver
from scheduler.models import AppointmentStatus, Closure, OverrideRule
from tests.model.booking_steps import SEEDS, BookingSteps
from tests.model.plain import Clinic
from tests.model.plain_things import DAY, MINUTE, STILL_TO_COME, Asked


class RepairSteps(BookingSteps):
    seen_earlier: str | None = None
    """A plan for a calendar that has been changed since."""

    @rule(rng=SEEDS)
    def repair(self, rng: Random) -> None:
        change = self.a_calendar_change(rng)
        planned = self.desk.do("plan a repair", partial(self.plan_repair, change=change))
        assert planned is not None
        after = self.after(change)
        fallen = self.fallen(after)
        assert isinstance(change, Reassigned) or planned.fallen == len(fallen)
        under_way = [id_ for id_ in fallen if self.plain.visits[id_].status not in STILL_TO_COME]
        assert isinstance(change, Reassigned) or (planned.plan is None) == bool(under_way)
        if planned.plan is not None:
            self.commit(planned, after)

    def plan_repair(self, db: Session, change: CalendarChange) -> repairs.Repair:
        broken = read_broken(db, change, actor=self.world.clinician, now=self.now)
        return repairs.plan_repair(broken, seconds=0, now=self.now)

    def a_calendar_change(self, rng: Random) -> CalendarChange:
        soon = [id_ for id_, (start, end) in self.plain.shifts.items() if self.now < end < self.now + 9 * DAY]
        day = self.plain.day_of(self.now) + rng.randrange(9) * DAY
        kind = rng.randrange(4)
        if soon and kind < 2:
            return ShiftWithdrawn(rng.choice(soon))
        if kind == 2:
            return Reassigned(rng.choice(list(self.plain.kinds)), day)
        start = self.plain.instant(day, rng.randrange(480, 1080, 30))
        end = start + rng.choice([60 * MINUTE, 240 * MINUTE, 3 * DAY])
        return ClosureAdded(start, end, "Flood", rng.choice([None, *self.plain.kinds]))

    def after(self, change: CalendarChange) -> Clinic:
        """The clinic as it would be if only the calendar were changed."""
        after = deepcopy(self.plain)
        match change:
            case ShiftWithdrawn():
                del after.shifts[change.shift_id], after.whose[change.shift_id]
            case ClosureAdded():
                after.closures[self.world.cast.id] = (change.resource_id, (change.starts_at, change.ends_at))
        return after

    def fallen(self, after: Clinic) -> set[object]:
        """The visits that would lack what they do not lack now."""
        return {lack[0] for lack in after.lacking(self.now) - self.plain.lacking(self.now)}

    def commit(self, planned: repairs.Repair, after: Clinic) -> None:
        """The plan keeps all rules but those it names, and nothing is overbooked; then it is carried out."""
        assert planned.plan is not None
        plan = repairs.from_text(planned.plan)
        for change in plan.changes:
            self.put_down(after, change)
        self.assert_sound(after, plan.changes, {rule_.value for rule_ in planned.overrides})
        waiver = Waiver(frozenset(planned.overrides), "A reason.") if planned.overrides else None
        actor = self.world.clinician
        self.desk.do("repair", partial(commit_repair, plan=plan, actor=actor, now=self.now, waiver=waiver))
        if not isinstance(plan.change, Reassigned):
            self.seen_earlier = planned.plan
        self.settle(after)

    def put_down(self, after: Clinic, change: SeriesChange) -> None:
        places = {place.number: place for place in change.visits}
        for number, seen in change.moved.items():
            visit, place = after.visits[seen.id], places[number]
            if visit.at != place.starts_at and visit.status is not AppointmentStatus.BOOKED:
                visit.status, visit.since = AppointmentStatus.BOOKED, self.now
            visit.at, visit.seats = place.starts_at, place.resources
        for seen in change.given_up:
            after.visits[seen.id].status, after.visits[seen.id].since = AppointmentStatus.CANCELLED, self.now

    def assert_sound(self, after: Clinic, changes: Sequence[SeriesChange], set_aside: set[str]) -> None:
        assert after.overbooked(self.now) == set()
        assert after.lacking(self.now) <= self.plain.lacking(self.now)
        for change in changes:
            course, moved = after.courses[change.series_id], {seen.id for seen in change.moved.values()}
            kept = [visit for visit in after.live_of(course.id) if visit.id not in moved]
            asked = Asked(
                course.patient, course.protocol, change.visits, course.infusions, moved, kept,
                before=[self.plain.visits[seen.id].place for seen in change.seen],
                anchor=after.anchor_of(course.follows), waived=frozenset(OverrideRule),
            )  # fmt: skip
            if not change.visits:
                continue
            stood = replace(asked, anchor=self.plain.anchor_of(course.follows))
            accepted = self.plain.accepted(stood, self.now)
            broken = after.rules(asked, self.now, accepted)
            assert {code for _, code in broken} <= set_aside, f"planned, although {broken}"
            for number, code in after.set_aside(asked, self.now, accepted):
                after.visits[change.moved[number].id].waived.add(code)

    def settle(self, after: Clinic) -> None:
        """The clinic is now as it would be; a closure has got a name of its own."""
        if self.world.cast.id in after.closures:
            with self.desk.session() as db:
                (made,) = set(db.scalars(Closure.__table__.select().with_only_columns(Closure.id))) - set(
                    self.plain.closures
                )
            after.closures[made] = after.closures.pop(self.world.cast.id)
        self.plain = after

    @rule()
    def commit_what_was_planned_earlier(self) -> None:
        if self.seen_earlier:
            plan, actor = repairs.from_text(self.seen_earlier), self.world.clinician
            act = partial(commit_repair, plan=plan, actor=actor, now=self.now)
            self.desk.do("repair once more", act, {"calendar-changed", "not-found"})
