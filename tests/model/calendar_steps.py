"""Steps that change the calendar: shifts end and come back, chairs and the clinic close and open."""

from functools import partial
from random import Random

from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from scheduler.administration import clinics, resources
from tests.model.booking_steps import SEEDS, BookingSteps
from tests.model.plain_things import DAY, MINUTE, Judgement


class CalendarSteps(BookingSteps):
    @rule(rng=SEEDS)
    def remove_a_shift(self, rng: Random) -> None:
        """Refused while it is needed."""
        soon = [id_ for id_, (start, end) in self.plain.shifts.items() if self.now < end < self.now + 9 * DAY]
        if not soon or rng.random() < 0.5:
            return
        shift, actor = rng.choice(soon), self.world.cast.administrator

        def act(db: Session) -> None:
            resources.remove_shift(db, resources.find_shift(db, shift, actor=actor), actor=actor, now=self.now)

        before, kept = self.plain.lacking(self.now), (self.plain.shifts.pop(shift), self.plain.whose.pop(shift))
        self.desk.do("remove a shift", act, self.stranded(before))
        if not self.desk.was_done:
            self.plain.shifts[shift], self.plain.whose[shift] = kept

    @rule(rng=SEEDS)
    def close(self, rng: Random) -> None:
        """The clinic or one chair or nurse, for some hours."""
        if rng.random() < 0.5:
            return
        start = self.plain.instant(self.plain.day_of(self.now) + rng.randrange(8) * DAY, rng.randrange(480, 1080, 30))
        end = start + rng.choice([30, 60, 240]) * MINUTE
        owner = rng.choice([None, *self.plain.kinds])
        before = self.plain.lacking(self.now)
        act = partial(
            clinics.add_closure, starts_at=start, ends_at=end, reason="Repair", resource_id=owner,
            actor=self.world.cast.administrator, now=self.now,
        )  # fmt: skip
        self.plain.closures[self.world.cast.id] = (owner, (start, end))  # under a name of its own once it stands
        judgement = self.stranded(before)
        closure = self.desk.do("close", act, judgement)
        del self.plain.closures[self.world.cast.id]
        if closure is not None:
            self.plain.closures[closure.id] = (owner, (start, end))

    @rule(rng=SEEDS)
    def open_again(self, rng: Random) -> None:
        if not self.plain.closures:
            return
        closure, actor = rng.choice(list(self.plain.closures)), self.world.cast.administrator

        def act(db: Session) -> None:
            clinics.remove_closure(db, clinics.find_closure(db, closure, actor=actor), actor=actor, now=self.now)

        self.desk.do("open again", act)
        del self.plain.closures[closure]

    def stranded(self, before: set[tuple[object, ...]]) -> Judgement:
        """Refused if a visit would lack what it did not lack before."""
        return Judgement(guards=frozenset({"appointments-stand"} if self.plain.lacking(self.now) - before else ()))
