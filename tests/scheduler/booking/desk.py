"""The desk of the standard clinic: asks for series, holds and books them, and keeps whatever is refused apart."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.booking import holds
from scheduler.booking.book import book_series
from scheduler.booking.choices import Choice
from scheduler.booking.held import HoldView
from scheduler.booking.plans import SeriesPlan, Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import BookedSeries
from scheduler.models import Patient
from tests.builders import MONDAY, ClinicCast

WISHES = Wishes(MONDAY, window=(540, 780), same_time=True)


@dataclass
class Desk:
    """A scheduler at work, at `now` unless told otherwise."""

    db: Session
    clinic: ClinicCast
    now: datetime

    @property
    def actor(self) -> Actor:
        return self.clinic.scheduler

    @cached_property
    def other(self) -> Actor:
        """Another scheduler of the house."""
        return replace(self.actor, staff_id=self.clinic.add_staff("second", Role.SCHEDULER).id)

    def plans(self, patient: Patient, *, now: datetime | None = None, **wishes: Any) -> list[SeriesPlan]:
        """The plans of the best series there are for a patient."""
        asked, at = replace(WISHES, **wishes), now or self.now
        found = propose(self.db, patient.id, self.clinic.protocol.id, asked, actor=self.actor, now=at)
        return [each.plan for each in found.proposals]

    def hold(self, *plans: Choice, actor: Actor | None = None, now: datetime | None = None) -> HoldView:
        with self.db.begin_nested():
            return holds.hold(self.db, plans, actor=actor or self.actor, now=now or self.now)

    def book(
        self, plan: SeriesPlan, *, actor: Actor | None = None, now: datetime | None = None, **options: Any
    ) -> BookedSeries:
        with self.db.begin_nested():
            return book_series(self.db, plan, actor=actor or self.actor, now=now or self.now, **options)


def moved(plan: SeriesPlan, by: timedelta) -> SeriesPlan:
    """The plan with every visit later by this much."""
    return replace(plan, visits=tuple(replace(each, starts_at=each.starts_at + by) for each in plan.visits))
