"""The desk of the standard clinic: asks for series, holds and books them, and keeps whatever is refused apart."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.holding import holds
from scheduler.booking.holding.choices import Choice
from scheduler.booking.holding.held import HoldView
from scheduler.booking.plans import SeriesPlan, Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import BookedSeries
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.offered import OfferView
from scheduler.booking.waiting.waitlist import EntryView, Needs
from scheduler.clinic_time import DAY
from scheduler.errors import NobodyFits
from scheduler.models import AppointmentStatus, EntryState, Patient, Urgency
from tests.builders import MONDAY, ClinicCast

WISHES = Wishes(MONDAY, window=(540, 780), same_time=True)
ANY = Needs(Urgency.ROUTINE, MONDAY, MONDAY + 28 * DAY, frozenset(range(7)), (0, 1440), 0)
VISIT = timedelta(minutes=145)


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


class WaitingDesk(Desk):
    """The desk with its waiting list."""

    def join(self, given_name: str = "Ada", *, since: timedelta = timedelta(0), **changes: Any) -> EntryView:
        """A new patient who waits for a new series; how long already, and what else, if told."""
        return self.join_as(self.clinic.patient(given_name), since=since, **changes)

    def join_as(
        self, patient: Patient, *, since: timedelta = timedelta(0), series_id: UUID | None = None, **changes: Any
    ) -> EntryView:
        course = {"series_id": series_id} if series_id else {"protocol_id": self.clinic.protocol.id}
        return waitlist.add_entry(
            self.db, patient_id=patient.id, needs=replace(ANY, **changes), **course, actor=self.actor,
            now=self.now - since,
        )  # fmt: skip

    def running(self, *, missing: int = 6, minute: int = 540, **changes: Any) -> tuple[EntryView, BookedSeries]:
        """A patient in a series of which one visit was called off, and who waits to have it elsewhere."""
        patient = self.clinic.patient("Rae")
        series = self.book(self.plans(patient, window=(minute, 1080))[0])
        lost = series.appointments[missing - 1]
        move_on(self.db, lost.id, AppointmentStatus.CANCELLED, actor=self.actor, now=self.now)
        return self.join_as(patient, series_id=series.id, **changes), series

    def place(self, starts_at: datetime, *, chair: str = "A", length: timedelta = VISIT) -> Place:
        return Place(self.clinic.resource(chair).id, starts_at, starts_at + length)

    def offer(self, place: Place, now: datetime | None = None) -> OfferView:
        return offers.make_offer(self.db, place, actor=self.actor, now=now or self.now)

    def refusal(self, place: Place) -> dict[str, str]:
        """Why nobody fits, by reason."""
        with pytest.raises(NobodyFits) as refused:
            self.offer(place)
        return {fault.code: fault.message for fault in refused.value.faults}

    def state(self, entry_id: UUID) -> EntryState:
        return waitlist.read_entry(self.db, entry_id, actor=self.actor, now=self.now).state


def moved(plan: SeriesPlan, by: timedelta) -> SeriesPlan:
    """The plan with every visit later by this much."""
    return replace(plan, visits=tuple(replace(each, starts_at=each.starts_at + by) for each in plan.visits))
