"""The checks of holds and offers find the fault planted for them, and let pass what was lawful."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned
from scheduler.booking.holding.holds import hold
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.propose import propose
from scheduler.checks import checks
from scheduler.clinic_time import MINUTE
from scheduler.models import Claim, EntryState, Hold, HoldState, Offer, Outcome, ProtocolVersion, Urgency, WaitlistEntry
from tests.builders import MONDAY
from tests.scheduler.planted import DAYS, alter, book, visits


@pytest.fixture
def found(db, clinic):
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.fixture
def held(db, clinic):
    """A hold of three proposals for one patient."""
    patient = clinic.patient()
    offers = propose(db, patient.id, clinic.protocol.id, Wishes(MONDAY), actor=clinic.scheduler, now=clinic.now)
    plans = [each.plan for each in offers.proposals]
    view = hold(db, plans, actor=clinic.scheduler, now=clinic.now)
    return db.get_one(Hold, (clinic.id, view.id))


def claims_of(held):
    return delete(Claim).where(Claim.hold_id == held.id)


def test_a_hold_that_claims_what_its_plans_need_is_sound(held, found):
    assert found("holds") == []


def test_a_hold_that_lacks_a_claim_is_found(db, held, clinic, found):
    db.execute(claims_of(held).where(Claim.resource_id == clinic.resource("N1").id))

    assert found("holds") == [held.id]


def test_a_hold_that_claims_more_than_it_needs_is_found(clinic, held, found, at):
    clinic.keep(
        Claim(
            clinic_id=clinic.id, hold_id=held.id, resource_id=clinic.resource("B").id, units=1,
            starts_at=at("Mon 16:00", week=9), ends_at=at("Mon 17:00", week=9),
        )
    )  # fmt: skip

    assert found("holds") == [held.id]


def test_a_hold_that_ended_and_still_claims_is_found(db, clinic, held, found):
    alter(db, held, state=HoldState.RELEASED, ended_at=clinic.now)
    assert found("holds") == [held.id]

    db.execute(claims_of(held))

    assert found("holds") == []


@pytest.mark.parametrize("plans", [[{}], [{"kind": "move"}], []])
def test_a_hold_of_what_cannot_be_read_is_found(plans, db, held, found):
    alter(db, held, plans=plans)

    assert found("holds") == [held.id]


def test_a_hold_under_a_protocol_that_cannot_be_read_is_found(db, clinic, held, found):
    alter(db, db.get_one(ProtocolVersion, (clinic.id, clinic.protocol.current_id)), document={})

    assert found("holds") == [held.id]


@pytest.fixture
def held_move(db, clinic, at):
    """A hold for the last visit of a series half an hour later: less than a visit, for it gives back its own place."""
    series = book(clinic, [at(day, week=week) for week in range(3) for day in DAYS])
    last = visits(db, series)[5]
    stands = planned(last)
    place = PlannedVisit(6, stands.starts_at + 30 * MINUTE, stands.resources)
    seen = {6: Seen(last.id, last.version)}
    change = SeriesChange(ChangeKind.MOVE, series.id, series.patient_id, (place,), 6, seen)
    view = hold(db, [change], actor=clinic.scheduler, now=clinic.now)
    return db.get_one(Hold, (clinic.id, view.id)), last


def test_a_hold_for_a_move_claims_what_the_move_needs_beyond_its_own_place(db, held_move, found):
    held, last = held_move
    assert found("holds") == []

    db.execute(claims_of(held).where(Claim.resource_id == last.chair_id))

    assert found("holds") == [held.id]


def test_of_a_hold_for_a_move_that_went_elsewhere_only_too_much_is_found(db, clinic, held_move, found):
    held, last = held_move
    alter(db, last, version=last.version + 1)
    db.execute(claims_of(held).where(Claim.resource_id == last.chair_id))
    assert found("holds") == []

    day = held.held_at + timedelta(days=40)
    clinic.keep(
        Claim(
            clinic_id=clinic.id, hold_id=held.id, resource_id=last.chair_id, units=1, starts_at=day,
            ends_at=day + MINUTE,
        )
    )  # fmt: skip

    assert found("holds") == [held.id]


@pytest.fixture
def offered(db, clinic, held):
    """The hold as an offer to one who waits."""
    entry = clinic.keep(
        WaitlistEntry(
            clinic_id=clinic.id, patient_id=held.patient_id, protocol_id=clinic.protocol.id, urgency=Urgency.SOON,
            earliest=MONDAY, latest=MONDAY + timedelta(days=9), weekdays=[0], opens=0, closes=1440, notice_minutes=0,
            state=EntryState.WAITING, created_at=clinic.now,
        )
    )  # fmt: skip
    return clinic.keep(
        Offer(
            clinic_id=clinic.id, entry_id=entry.id, hold_id=held.id, chair_id=clinic.resource("A").id,
            starts_at=clinic.now, ends_at=clinic.now + MINUTE, offered_at=clinic.now, deadline=held.expires_at,
            outcome=Outcome.OPEN,
        )
    )  # fmt: skip


def test_an_open_offer_with_its_hold_is_sound(offered, found):
    assert found("offers") == []


@pytest.mark.parametrize("state", [HoldState.BOOKED, HoldState.RELEASED])
def test_an_open_offer_of_what_is_no_longer_held_is_found(state, db, held, offered, found):
    alter(db, held, state=state, ended_at=held.held_at)

    assert found("offers") == [offered.id]


def test_an_accepted_offer_that_was_not_booked_is_found(db, clinic, offered, found):
    alter(db, offered, outcome=Outcome.ACCEPTED, decided_at=clinic.now)

    assert found("offers") == [offered.id]


def test_a_declined_offer_that_still_keeps_the_place_is_found(db, clinic, offered, found):
    alter(db, offered, outcome=Outcome.DECLINED, decided_at=clinic.now)

    assert found("offers") == [offered.id]
