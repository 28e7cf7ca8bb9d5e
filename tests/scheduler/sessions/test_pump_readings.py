"""How an infusion ends, and what the pump's own reading and the clock say of it."""

from datetime import date
from decimal import Decimal

import pytest

from scheduler import clinic_time
from scheduler.errors import Invalid
from scheduler.models import EndKind
from scheduler.sessions.policy import Pump, SessionPolicy
from tests.drugs import MINUTE, NOON, START, STOP, cleared, faults_of, given, pump, running
from tests.scheduler.sessions.answered import baseline
from tests.treatments import settings_row, visit


def test_an_infusion_is_complete_when_its_bag_is_nearly_empty(clinic):
    session = running(clinic)

    pump(clinic, session, "stop", 39.5, end_kind=EndKind.COMPLETED)

    assert (session.end_kind, session.volume_given_ml) == ("completed", Decimal("98.75"))


def test_a_stop_may_be_called_complete_for_a_reason(clinic):
    session = running(clinic)

    pump(clinic, session, "stop", 20, end_kind=EndKind.COMPLETED, reason="The pump ran faster than it was set.")

    assert (session.end_kind, session.dose_given_mg) == ("completed", Decimal("17.5"))


def test_a_pump_that_shows_another_volume_needs_a_reason_and_both_are_kept(clinic):
    session = running(clinic)
    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="44")

    recorded = pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="44", pump_reason="Occluded line.")

    assert faults_of(refused) == {("pump_reason", "reason-needed")}
    event = recorded.event
    assert (event.pump_ml, event.computed_ml, event.pump_reason) == (Decimal(44), Decimal(50), "Occluded line.")


@pytest.mark.parametrize("shown", ["48", "52", "50"])
def test_a_pump_that_shows_nearly_the_same_needs_none(clinic, shown):
    session = running(clinic)

    recorded = pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml=shown)

    assert (recorded.event.pump_ml, recorded.event.computed_ml) == (Decimal(shown), Decimal(50))


def test_how_far_a_pump_may_be_off_is_the_clinics_own(clinic):
    strict = settings_row(clinic, SessionPolicy(pump=Pump(discrepancy_percent=1, discrepancy_ml=Decimal("0.1"))))
    session = running(clinic, settings_id=strict.id)

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 20, reason="Alarm.", pump_ml="50.2")

    assert faults_of(refused) == {("pump_reason", "reason-needed")}


def test_an_empty_bag_can_only_be_stopped(clinic):
    session = running(clinic)

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 41, reason="Bathroom.")

    assert faults_of(refused) == {("kind", "empty")}


def test_nothing_is_charted_before_what_was_charted_last(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 15, rate_ml_h=100, reason="Nausea.")

    with pytest.raises(Invalid) as refused:
        pump(clinic, session, "pause", 10, reason="Bathroom.")

    assert ("occurred_at", "order") in faults_of(refused)


def test_what_is_told_later_counts_from_when_it_happened(clinic):
    session = cleared(clinic)

    event = pump(clinic, session, "start", 0, rate_ml_h=150).event

    assert (event.occurred_at, event.recorded_at, session.started_at) == (START, NOON, START)
    assert given(clinic, session, 10).dose_mg == Decimal("8.75")


def test_a_clock_that_was_put_back_makes_no_duration_negative(clinic):
    session = running(clinic)
    pump(clinic, session, "rate_change", 20, rate_ml_h=100, reason="Nausea.")
    earlier = START - 60 * MINUTE

    pump(clinic, session, "pause", None, reason="Bathroom.", now=earlier)
    pump(clinic, session, "resume", None, rate_ml_h=150, now=earlier - MINUTE)
    pump(clinic, session, "stop", None, **STOP, now=earlier - 2 * MINUTE)

    assert session.ended_at == START + 20 * MINUTE
    assert session.volume_given_ml == Decimal(50)
    assert given(clinic, session, 0, at=None, now=earlier).wall_minutes == 20


@pytest.mark.parametrize(("day", "evening"), [(date(2026, 3, 7), 23), (date(2026, 10, 31), 23)])
def test_a_night_in_which_the_clocks_change_has_the_minutes_it_has(clinic, day, evening):
    begun = clinic_time.instant(day, evening * 60 + 30, clinic.zone)
    patient = clinic.patient(consent_until=day)
    appointment = visit(clinic, starts_at=begun, patient=patient)
    session = cleared(clinic, appointment=appointment, ordered={"bag_ml": Decimal(1000), "rate_ml_h": Decimal(100)})
    baseline(clinic, session, begun - 10 * MINUTE)
    offset = (begun - START) / MINUTE
    later = begun + 600 * MINUTE
    pump(clinic, session, "start", offset, rate_ml_h=100, now=later)

    pump(clinic, session, "stop", offset + 240, **STOP, now=later)

    assert session.volume_given_ml == Decimal(400)
    assert given(clinic, session, 0, at=later, now=later).wall_minutes == 240


def test_nothing_has_been_given_before_the_start(clinic):
    session = cleared(clinic)

    found = given(clinic, session, 0)

    assert (found.volume_ml, found.dose_mg, found.rate_ml_h, found.left_mg) == (0, 0, 0, 35)
    assert found.expected_end_at is None


def test_what_will_have_been_given_is_not_asked_of_the_future(clinic):
    session = running(clinic)

    with pytest.raises(Invalid) as refused:
        given(clinic, session, 0, at=NOON + MINUTE)

    assert faults_of(refused) == {("at", "future")}
