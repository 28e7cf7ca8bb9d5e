"""Steps with whole series, and with other places as the program offers them."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.booking import attendance
from scheduler.booking.changing import courses, rebooking, reschedule
from scheduler.booking.changing.changes import MOST_INFUSIONS, ChangeKind, SeriesChange
from scheduler.booking.changing.offering import OfferedChange
from scheduler.booking.waivers import Waiver
from scheduler.models import AppointmentStatus, ChangeReason, EndReason, OverrideRule, SeriesStatus, Side
from tests.model.booking_steps import MAY_REBOOK, PROTOCOLS, SEEDS
from tests.model.life_steps import FINE, LifeSteps
from tests.model.plain_things import STILL_TO_COME, Course, Judgement, Visit

ACTIVE, PAUSED, COMPLETED, STOPPED, CANCELLED = SeriesStatus
ENDS = {COMPLETED: {ACTIVE}, CANCELLED: {ACTIVE, PAUSED}, STOPPED: {ACTIVE, PAUSED}, PAUSED: {ACTIVE}}
"""From which states a series goes to each."""
PRESENT = (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION)


def not_running(course: Course) -> str:
    """The refusal of a step that only a running series takes."""
    return "series-paused" if course.status is PAUSED else "series-ended"


class CourseSteps(LifeSteps):
    @rule(rng=SEEDS)
    def pause_series(self, rng: Random) -> None:
        self.end(rng, PAUSED, courses.pause_series, lambda _: None)

    @rule(rng=SEEDS)
    def stop_series(self, rng: Random) -> None:
        """One of which some took place; if there is none, the next visit does."""
        begun = [each for each in self.plain.courses.values() if each.status in ENDS[STOPPED] and self.begun(each)]
        due = None if begun else self.next_due()
        if due is not None:
            self.treat(due)
        self.end(rng, STOPPED, courses.stop_series, self.not_begun)

    @rule(rng=SEEDS)
    def cancel_series(self, rng: Random) -> None:
        self.end(rng, CANCELLED, courses.cancel_series, self.begun)

    @rule(rng=SEEDS)
    def complete_series(self, rng: Random) -> None:
        over = self.all_over()
        if not over and rng.random() < 0.5:
            self.bring_to_its_end(rng)
            over = self.all_over()
        course = rng.choice(over) if over else self.a_course(rng)
        if course and (over or rng.random() < 0.3):
            refused = {not_running(course)} if course.status not in ENDS[COMPLETED] else set()
            refused = refused or (set() if self.is_over(course) else {"series-unfinished"})
            act = partial(courses.complete_series, series_id=course.id, actor=self.world.clinician, now=self.now)
            self.desk.do("complete series", act, refused)
            if self.desk.was_done:
                course.status = COMPLETED
                self.plain.leave_with(course, self.now)

    def all_over(self) -> list[Course]:
        return [each for each in self.plain.courses.values() if each.status is ACTIVE and self.is_over(each)]

    def bring_to_its_end(self, rng: Random) -> None:
        """Some series goes on with one treatment, and the rest is called off: by itself one is rarely over."""
        course = self.a_course(rng)
        due = course and self.next_due(course)
        if course is None or due is None:
            return
        self.treat(due)
        for visit in self.plain.of(course.id):
            if visit.status in STILL_TO_COME:
                call_off = partial(attendance.cancel, side=Side.PATIENT, reason=ChangeReason.ILLNESS)
                self.take_step(AppointmentStatus.CANCELLED.value, visit, AppointmentStatus.CANCELLED, call_off, FINE)

    def is_over(self, course: Course) -> bool:
        """Nothing is to come or under way, and something took place."""
        states = {visit.status for visit in self.plain.of(course.id)}
        return AppointmentStatus.COMPLETED in states and states.isdisjoint({*STILL_TO_COME, *PRESENT})

    def a_course(self, rng: Random) -> Course | None:
        found = list(self.plain.courses.values())
        return rng.choice(found) if found else None

    def begun(self, course: Course) -> str | None:
        states = {visit.status for visit in self.plain.of(course.id)}
        return "series-begun" if AppointmentStatus.COMPLETED in states else None

    def not_begun(self, course: Course) -> str | None:
        return None if self.begun(course) else "series-not-begun"

    def end(
        self, rng: Random, status: SeriesStatus, act: Callable[..., Any], against: Callable[[Course], str | None]
    ) -> None:
        """Whoever is in session is treated to the end; all others that are to come fall with their series."""
        fitting = [each for each in self.plain.courses.values() if each.status in ENDS[status] and not against(each)]
        course = rng.choice(fitting) if fitting and rng.random() < 0.8 else self.a_course(rng)
        if course is None or rng.random() < 0.3:
            return
        falling = [visit for visit in self.plain.of(course.id) if visit.status in (*STILL_TO_COME, *PRESENT)]
        why = not_running(course) if course.status not in ENDS[status] else against(course)
        if not why and any(visit.status is AppointmentStatus.IN_SESSION for visit in falling):
            why = "illegal-transition"
        dry_run = rng.random() < 0.3
        what = partial(
            act, series_id=course.id, side=Side.PATIENT, reason=EndReason.PATIENT_WISH, actor=self.world.clinician,
            now=self.now, dry_run=dry_run,
        )  # fmt: skip
        self.desk.do(f"{status} series{' (dry run)' * dry_run}", what, {why} if why else set())
        if self.desk.was_done and not dry_run:
            course.status, course.reason = status, EndReason.PATIENT_WISH
            self.plain.leave_with(course, self.now)
            for visit in falling:
                visit.status, visit.since = AppointmentStatus.CANCELLED, self.now

    @rule(rng=SEEDS)
    def move_as_offered(self, rng: Random) -> None:
        """To one of the places offered for it, by the shift of the rest, or by setting a rule aside."""
        visit = self.a_visit(rng, tuple(AppointmentStatus) if rng.random() < 0.3 else STILL_TO_COME)
        if visit is None:
            return
        found = self.alternatives(visit)
        if found is None:
            return
        if found.places:
            self.take(visit, rng.choice(found.places), "move as offered")  # an extended series may break its span
        elif found.shift:
            self.take(visit, found.shift, "shift the rest")
        elif found.override:
            self.take(visit, found.override, "move against a rule")

    def kind_for(self, visit: Visit) -> ChangeKind:
        return ChangeKind.MOVE if visit.live else ChangeKind.REBOOKING

    def take(self, visit: Visit, offered: OfferedChange, step: str) -> None:
        waiver = waiver_for(offered)

        def move(db: Session, change: SeriesChange) -> None:
            reschedule.move(
                db, visit.id, change, side=Side.PATIENT, reason=ChangeReason.WORK, actor=self.world.clinician,
                now=self.now, waiver=waiver,
            )  # fmt: skip

        self.take_offered(self.plain.courses[visit.series], offered, step, move, waiver)

    def take_offered(
        self, course: Course, offered: OfferedChange, step: str, carry_out: Callable[[Session, SeriesChange], None],
        waiver: Waiver | None,
    ) -> None:  # fmt: skip
        """What was offered can be done at once, and comes to what was said."""
        change = offered.change
        moving = [self.plain.visits[seen.id] for seen in change.moved.values()]
        asked = self.asked(course, change.visits, moving, waiver, infusions=change.infusions)
        judgement = self.judged(course, asked, legal=MAY_REBOOK)
        assert judgement == Judgement(), f"offered, although {judgement}"
        assert {(each.where, each.code) for each in offered.conflicts} == self.plain.rules(asked, self.now)
        borne = list(self.plain.set_aside(asked, self.now))
        self.desk.do(step, partial(carry_out, change=change))
        ids = self.ids_after(course, change)
        self.set_down(course, change, moving, ids)
        self.keep_overrides(ids, borne)

    @rule(rng=SEEDS)
    def rebook_as_offered(self, rng: Random) -> None:
        course = self.a_course(rng)
        if course:
            refused = {"series-ended"} if course.status not in MAY_REBOOK else set()
            refused = refused or (set() if self.plain.missing(course) else {"invalid"})
            self.carry_on(course, ChangeKind.REBOOKING, rebooking.preview_rebooking, refused)

    @rule(rng=SEEDS)
    def extend_as_offered(self, rng: Random) -> None:
        course = self.a_course(rng)
        if course and rng.random() < 0.5:
            refused = set() if course.status is ACTIVE else {not_running(course)}
            refused = refused or ({"range"} if course.infusions + 1 > MOST_INFUSIONS else set())
            preview = partial(rebooking.preview_extension, infusions=1)
            self.carry_on(course, ChangeKind.EXTENSION, preview, refused)

    def carry_on(self, course: Course, kind: ChangeKind, preview: Callable[..., Any], refused: set[str]) -> None:
        """See what is offered and take it; where it breaks a rule, with the rule set aside."""
        actor = self.world.clinician
        look = partial(preview, series_id=course.id, actor=actor, now=self.now)
        found = self.desk.do(f"preview {kind}", look, refused)
        if found is None or found.offered is None:
            return
        waiver = waiver_for(found.offered)

        def carry_out(db: Session, change: SeriesChange) -> None:
            rebooking.carry_on(db, course.id, kind, change, actor=actor, now=self.now, waiver=waiver)

        self.take_offered(course, found.offered, str(kind), carry_out, waiver)

    @rule(rng=SEEDS)
    def hand_over(self, rng: Random) -> None:
        """To another protocol, from the day of the last infusion on."""
        course, protocol = self.a_course(rng), rng.choice(PROTOCOLS)
        if course is None or rng.random() < 0.5:
            return
        row = self.world.cast.protocols[protocol.key]
        ask = partial(
            rebooking.hand_over, series_id=course.id, protocol_id=row.id, actor=self.world.clinician, now=self.now
        )
        found = self.desk.do("hand over", ask, set() if self.plain.live_of(course.id) else {"invalid"})
        if found and found.proposals:
            late = Waiver(frozenset({OverrideRule.SPACING}), "A reason.") if found.days_late else None
            self.book("book to follow", rng.choice(found.proposals).plan, protocol, late)


def waiver_for(offered: OfferedChange) -> Waiver | None:
    """What would set aside all an offer breaks."""
    rules = frozenset(OverrideRule(each.code) for each in offered.conflicts)
    return Waiver(rules, "A reason.") if rules else None
