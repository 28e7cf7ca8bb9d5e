"""Each rule of a series, kept and broken."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduler.booking import rules
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.reading import read_calendar
from scheduler.protocols import ResourceKind
from tests.builders import MDD_INDUCTION


@pytest.fixture
def plan(db, clinic, now):
    offered = propose(
        db, clinic.patient().id, clinic.protocol.id, Wishes(date(2026, 3, 2)), actor=clinic.scheduler, now=now
    )
    return offered.proposals[0].plan


@pytest.fixture
def situation(db, clinic, now, plan):
    return rules.Situation(
        protocol=MDD_INDUCTION,
        calendar=read_calendar(db, clinic.id, date(2026, 3, 1), date(2026, 5, 1)),
        patient_days=frozenset(),
        now=now,
        infusions=MDD_INDUCTION.infusions,
    )


def moved(plan, number, by):
    """The plan with one visit moved."""
    visits = [
        replace(visit, starts_at=visit.starts_at + by) if visit.number == number else visit for visit in plan.visits
    ]
    return replace(plan, visits=tuple(visits))


def codes(plan, situation):
    return {(fault.where, fault.code) for fault in rules.breaches(plan, situation)}


def test_what_was_proposed_breaks_no_rule(plan, situation):
    assert rules.breaches(plan, situation) == ()


def test_a_series_has_every_infusion(plan, situation):
    assert codes(replace(plan, visits=plan.visits[:5]), situation) == {("appointments", "incomplete")}


def test_a_visit_starts_on_the_grid(plan, situation):
    assert codes(moved(plan, 2, timedelta(minutes=3)), situation) == {("appointments.2", "grid")}


def test_a_visit_names_a_resource_of_each_kind(plan, situation, clinic):
    first = plan.visits[0]
    swapped = {**first.resources, ResourceKind.NURSE: clinic.resource("A").id}
    without = {kind: each for kind, each in first.resources.items() if kind != ResourceKind.NURSE}
    for resources in (swapped, without, {**first.resources, ResourceKind.CHAIR: clinic.id}):
        broken = replace(plan, visits=(replace(first, resources=resources), *plan.visits[1:]))

        assert codes(broken, situation) == {("appointments.1", "resources")}


def test_nothing_is_booked_into_the_past(plan, situation):
    late = replace(situation, now=plan.visits[0].starts_at)

    assert codes(plan, late) == {("appointments.1", "past")}


def test_neighbours_keep_their_spacing(plan, situation):
    assert ("appointments.3", "spacing") in codes(moved(plan, 2, timedelta(days=2)), situation)


def test_a_series_keeps_its_span(plan, situation):
    first = plan.visits[0].starts_at
    visits = [replace(visit, starts_at=first + timedelta(days=5 * i)) for i, visit in enumerate(plan.visits)]

    assert ("appointments", "span") in codes(replace(plan, visits=tuple(visits)), situation)


def test_the_patients_other_appointments_keep_their_distance(plan, situation):
    near = replace(situation, patient_days=frozenset({date(2026, 3, 3)}))

    assert codes(plan, near) == {("appointments.1", "rest"), ("appointments.2", "rest")}


def test_the_clinic_must_be_open_and_everyone_there(plan, situation):
    evening = moved(plan, 1, timedelta(hours=8))

    assert codes(evening, situation) == {
        ("appointments.1", "hours"),
        ("appointments.1", "nurse-away"),
        ("appointments.1", "prescriber-away"),
    }
