"""Holds and offers under real threads and real commits, on both engines: one of two gets it, and nothing is double."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from scheduler.actors import Role
from scheduler.booking.book import book_series
from scheduler.booking.holding import holds
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.waitlist import Needs
from scheduler.clinic_time import DAY
from scheduler.models import Appointment, Claim, EntryState, Hold, HoldState, Offer, Outcome, Urgency, WaitlistEntry
from scheduler.models.engine import Database
from tests.builders import MONDAY, ClinicCast, build_clinic, clinic_instant
from tests.storm import findings
from tests.test_races import ROUNDS, at_once, patients, plan_of, stands

HALF_HOUR = timedelta(minutes=30)
NEEDS = Needs(Urgency.SOON, MONDAY, MONDAY + 28 * DAY, frozenset(range(7)), (0, 1440), 0)


@pytest.fixture
def house(database: Database, now: Any) -> Callable[[int], ClinicCast]:
    """A new clinic for every round."""

    def house(turn: int) -> ClinicCast:
        with database.committing() as db:
            return build_clinic(db, now=now, name=f"House {turn}")

    return house


def second(database: Database, clinic: ClinicCast) -> Any:
    """Another scheduler of the house."""
    with database.committing() as db:
        clinic.db = db
        return replace(clinic.scheduler, staff_id=clinic.add_staff("second", Role.SCHEDULER).id)


def count(database: Database, table: Any, *which: Any) -> int | None:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table).where(*which))


def done(database: Database, act: Callable[..., Any], *given: Any, **named: Any) -> Callable[[], bool]:
    return partial(stands, database, act, *given, **named)


def test_of_two_schedulers_who_hold_one_place_one_gets_it(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        other, plans = second(database, clinic), [[plan_of(clinic, each)] for each in patients(database, clinic, 2)]

        got = at_once(
            done(database, holds.hold, plans[0], actor=clinic.scheduler, now=now),
            done(database, holds.hold, plans[1], actor=other, now=now),
        )

        assert sorted(got) == [False, True]
        assert count(database, Claim, Claim.clinic_id == clinic.id) == 24
    assert findings(database, now=now) == []


def held(database: Database, clinic: ClinicCast, patient: UUID, now: Any) -> Any:
    with database.committing() as db:
        return holds.hold(db, [plan_of(clinic, patient)], actor=clinic.scheduler, now=now)


def test_a_hold_is_booked_in_its_last_instant_or_another_takes_the_place(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        ada, bea = patients(database, clinic, 2)
        kept = held(database, clinic, ada, now)
        early, late = kept.expires_at - timedelta(microseconds=1), kept.expires_at

        booked = at_once(
            done(database, book_series, plan_of(clinic, ada), actor=clinic.scheduler, now=early, hold_id=kept.id),
            done(database, book_series, plan_of(clinic, bea), actor=clinic.scheduler, now=late),
        )

        assert sorted(booked) == [False, True]
        assert count(database, Appointment, Appointment.clinic_id == clinic.id) == 6
        state = HoldState.BOOKED if booked[0] else HoldState.EXPIRED
        assert count(database, Hold, Hold.clinic_id == clinic.id, Hold.state == state) == 1
    assert findings(database, now=now) == []


def test_a_hold_that_is_booked_twice_at_once_is_booked_once(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        (ada,) = patients(database, clinic, 1)
        kept = held(database, clinic, ada, now)
        plans = plan_of(clinic, ada), plan_of(clinic, ada, week=6)

        booked = at_once(
            *(
                done(database, book_series, each, actor=clinic.scheduler, now=now, hold_id=kept.id)
                for each in plans
            )
        )  # fmt: skip

        assert sorted(booked) == [False, True]
    assert findings(database, now=now) == []


def place_of(clinic: ClinicCast, chair: str = "A") -> Place:
    start = clinic_instant("Tue 09:00")
    return Place(clinic.resource(chair).id, start, start + timedelta(minutes=145))


def waiting(database: Database, clinic: ClinicCast, number: int, now: Any) -> list[UUID]:
    found = patients(database, clinic, number)
    with database.committing() as db:
        for i, each in enumerate(found):
            course = {"patient_id": each, "protocol_id": clinic.protocol.id, "needs": NEEDS}
            waitlist.add_entry(db, **course, actor=clinic.scheduler, now=now - (number - i) * DAY)
    return found


def offered(database: Database, clinic: ClinicCast, now: Any) -> Any:
    with database.committing() as db:
        return offers.make_offer(db, place_of(clinic), actor=clinic.scheduler, now=now)


def test_of_two_offers_of_one_place_one_is_made(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 4, now)

        at_once(*[done(database, offers.make_offer, place_of(clinic), actor=clinic.scheduler, now=now)] * 2)

        assert count(database, Offer, Offer.clinic_id == clinic.id) == 1
        assert count(database, Claim, Claim.clinic_id == clinic.id) == 24
    assert findings(database, now=now) == []


def test_two_places_offered_at_once_go_to_two_patients(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 4, now)
        far = replace(place_of(clinic, "B"), starts_at=clinic_instant("Wed 14:00"), ends_at=clinic_instant("Wed 17:00"))
        places = place_of(clinic), far

        at_once(*(done(database, offers.make_offer, each, actor=clinic.scheduler, now=now) for each in places))

        with database.reading() as db:
            entries = list(db.scalars(select(Offer.entry_id).where(Offer.clinic_id == clinic.id)))
        assert len(entries) == len(set(entries)) >= 1
    assert findings(database, now=now) == []


def test_an_offer_is_accepted_in_its_last_instant_or_passed_on(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 2, now)
        offer = offered(database, clinic, now)
        early = offer.deadline - timedelta(microseconds=1)

        at_once(
            done(database, offers.accept, offer.id, actor=clinic.scheduler, now=early),
            done(database, offers.pass_on_expired, clinic.id, now=offer.deadline),
        )

        mine = (Offer.clinic_id == clinic.id, Offer.outcome == Outcome.ACCEPTED)
        accepted = count(database, Offer, *mine)
        assert count(database, Appointment, Appointment.clinic_id == clinic.id) == 6 * accepted
        assert count(database, Offer, Offer.clinic_id == clinic.id, Offer.outcome == Outcome.OPEN) == 1 - accepted
    assert findings(database, now=now) == []


def test_a_yes_and_a_no_at_once_are_one_of_them(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 2, now)
        offer = offered(database, clinic, now)

        answered = at_once(
            done(database, offers.accept, offer.id, actor=clinic.scheduler, now=now),
            done(database, offers.decline, offer.id, actor=clinic.scheduler, now=now),
        )

        assert sorted(answered) == [False, True]
        placed = (WaitlistEntry.clinic_id == clinic.id, WaitlistEntry.state == EntryState.PLACED)
        assert count(database, WaitlistEntry, *placed) == int(answered[0])
    assert findings(database, now=now) == []


def test_two_workers_pass_a_place_on_once(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 4, now)
        offer = offered(database, clinic, now)

        at_once(*[done(database, offers.pass_on_expired, clinic.id, now=offer.deadline)] * 2)

        assert count(database, Offer, Offer.clinic_id == clinic.id) == 2
        assert count(database, Offer, Offer.clinic_id == clinic.id, Offer.outcome == Outcome.OPEN) == 1
    assert findings(database, now=now) == []


def test_whoever_leaves_the_list_is_offered_nothing(database, house, now):
    for turn in range(ROUNDS):
        clinic = house(turn)
        waiting(database, clinic, 1, now)
        with database.reading() as db:
            entry_id = db.scalars(select(WaitlistEntry.id).where(WaitlistEntry.clinic_id == clinic.id)).one()

        def leave(db, clinic=clinic, entry_id=entry_id):
            entry = waitlist.find_entry(db, entry_id, actor=clinic.scheduler)
            waitlist.withdraw_entry(db, entry, actor=clinic.scheduler, now=now)

        left, made = at_once(
            done(database, leave), done(database, offers.make_offer, place_of(clinic), actor=clinic.scheduler, now=now)
        )

        assert sorted((left, made)) == [False, True]
    assert findings(database, now=now) == []
