"""No visit lies beyond the consent on file, unless somebody who treats says so."""

from datetime import date

import pytest
from sqlalchemy import select

from scheduler.booking.book import book_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import read_series
from scheduler.booking.waivers import Waiver
from scheduler.errors import NotAllowed, PlanRefused
from scheduler.models import Override, OverrideRule, Series
from tests.builders import MONDAY

CONSENT = Waiver(frozenset({OverrideRule.CONSENT}), "Renewed on paper, to be filed today.")


@pytest.fixture
def ask(db, clinic, now):
    return lambda patient: propose(
        db, patient.id, clinic.protocol.id, Wishes(MONDAY), limit=3, actor=clinic.scheduler, now=now
    )


@pytest.fixture
def plan(ask, clinic):
    """Proposed while no date was on file; its visits go from Monday 2 March to the middle of the month."""
    patient = clinic.patient()
    plan = ask(patient).proposals[0].plan
    patient.consent_until = date(2026, 3, 6)
    clinic.keep(patient)
    return plan


def beyond(plan, day):
    return {f"appointments.{visit.number}" for visit in plan.visits if visit.starts_at.date() > day}


def test_a_proposal_ends_with_the_consent_on_file(ask, clinic):
    patient = clinic.patient(consent_until=date(2026, 3, 20))

    proposals = ask(patient).proposals

    assert proposals
    assert max(visit.starts_at.date() for each in proposals for visit in each.plan.visits) <= date(2026, 3, 20)


def test_where_the_consent_ends_too_soon_nothing_is_proposed_and_it_is_said_why(ask, clinic):
    found = ask(clinic.patient(consent_until=date(2026, 3, 6)))

    assert found.proposals == ()
    assert "consent" in str(found)


def test_a_booking_beyond_the_consent_is_refused_naming_every_visit(db, plan, clinic, now):
    with pytest.raises(PlanRefused) as refused:
        book_series(db, plan, actor=clinic.scheduler, now=now)

    assert {fault.code for fault in refused.value.faults} == {"consent"}
    assert {fault.where for fault in refused.value.faults} == beyond(plan, date(2026, 3, 6))
    assert db.scalars(select(Series)).all() == []


def test_the_desk_may_not_set_the_consent_aside(db, plan, clinic, now):
    with pytest.raises(NotAllowed):
        book_series(db, plan, actor=clinic.scheduler, now=now, waiver=CONSENT)


def test_who_treats_may_set_it_aside_and_every_visit_is_marked(db, plan, clinic, now):
    booked = book_series(db, plan, actor=clinic.clinician, now=now, waiver=CONSENT)

    series = read_series(db, booked.id, actor=clinic.clinician, now=now)
    marked = set(db.scalars(select(Override.appointment_id).where(Override.rule == OverrideRule.CONSENT)))
    late = {each.id for each in series.appointments if each.starts_at.date() > date(2026, 3, 6)}
    assert marked == late
    assert late
