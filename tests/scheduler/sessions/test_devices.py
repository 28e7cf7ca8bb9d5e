"""Devices of esketamine: their number, the minutes between them, and the watch that counts from the first."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from scheduler.errors import Blocked, ConfirmationNeeded, IllegalTransition, Invalid
from scheduler.models import Appointment, AppointmentStatus, EndKind, LedgerEntry, LedgerKind, SessionStatus
from scheduler.sessions.drug.devices import end_early
from scheduler.sessions.drug.infusing import delivered
from scheduler.sessions.policy import DischargeCriteria, SessionPolicy
from tests.drugs import MINUTE, NOON, START, cleared, for_devices, spray
from tests.treatments import order, session_in, settings_row, visit


def given_mg(clinic) -> list[Decimal]:
    entries = select(LedgerEntry.mg).where(LedgerEntry.kind == LedgerKind.GIVEN).order_by(LedgerEntry.occurred_at)
    return list(clinic.db.scalars(entries))


def test_the_last_device_ends_the_drug_and_the_watch_counts_from_the_first(clinic):
    session = for_devices(clinic, 84)

    for minutes in (0, 5, 11):
        spray(clinic, session, minutes)

    assert (session.status, session.end_kind) == (SessionStatus.RECOVERING, EndKind.COMPLETED)
    assert (session.started_at, session.ended_at) == (START, START + 11 * MINUTE)
    assert session.expected_end_at == START + 120 * MINUTE
    assert session.expected_free_at == START + 135 * MINUTE
    assert (session.dose_given_mg, given_mg(clinic)) == (Decimal(84), [Decimal(28)] * 3)


def test_the_first_device_puts_the_visit_in_session(clinic):
    session = for_devices(clinic)

    spray(clinic, session, 0)

    appointment = clinic.db.get_one(Appointment, (clinic.id, session.appointment_id))
    assert (appointment.status, appointment.status_at) == (AppointmentStatus.IN_SESSION, START)
    assert session.status is SessionStatus.INFUSING


def test_a_clinic_may_watch_for_longer(clinic):
    longer = SessionPolicy(discharge=DischargeCriteria(observation_minutes=150))
    session = for_devices(clinic, settings_id=settings_row(clinic, longer).id)

    spray(clinic, session, 0)

    assert session.expected_end_at == START + 150 * MINUTE


def test_a_device_too_soon_after_the_last_is_asked_about(clinic):
    session = for_devices(clinic)
    spray(clinic, session, 0)
    with pytest.raises(ConfirmationNeeded) as refused:
        spray(clinic, session, 4)

    spray(clinic, session, 4, confirmed=["occurred_at"])

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("occurred_at", "improbable")]
    assert given_mg(clinic) == [Decimal(28)] * 2


def test_no_more_devices_are_given_than_were_ordered(clinic):
    session = for_devices(clinic, 56)
    spray(clinic, session, 0)
    spray(clinic, session, 5)

    with pytest.raises(IllegalTransition):
        spray(clinic, session, 10)


def test_a_dose_no_number_of_devices_makes_is_not_given(clinic):
    with pytest.raises(Blocked) as refused:
        spray(clinic, for_devices(clinic, 60), 0)

    assert refused.value.faults[0].code == "no-devices"


def test_no_device_is_given_before_somebody_has_witnessed_that_it_was_taken_out(clinic):
    appointment = visit(clinic)
    ordered = order(clinic, appointment, dose_mg=Decimal(56))
    session = session_in(
        clinic, SessionStatus.CLEARED, appointment=appointment, mode="devices", order_id=ordered.id
    )  # fmt: skip

    with pytest.raises(Blocked) as refused:
        spray(clinic, session, 0)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("witness", "missing")]


def test_no_device_is_given_that_was_not_taken_out(clinic):
    session = for_devices(clinic, 84, drawn={"mg": Decimal(56)})
    for minutes in (0, 5):
        spray(clinic, session, minutes)

    with pytest.raises(Blocked) as refused:
        spray(clinic, session, 10)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("drawn", "too-little")]
    assert given_mg(clinic) == [Decimal(28)] * 2


def test_more_devices_taken_out_than_ordered_are_asked_about(clinic):
    session = for_devices(clinic, 56, drawn={"mg": Decimal(84)})
    with pytest.raises(ConfirmationNeeded) as refused:
        spray(clinic, session, 0)

    spray(clinic, session, 0, confirmed=["drawn"])

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("drawn", "improbable")]


def test_a_device_of_the_future_is_refused(clinic):
    with pytest.raises(Invalid) as refused:
        spray(clinic, for_devices(clinic), 0, now=START - MINUTE)

    assert [fault.code for fault in refused.value.faults] == ["future"]


def end(clinic, session, minutes, end_kind=EndKind.STOPPED_EARLY, **said):
    said = {"reason": "Vomited.", "occurred_at": START + minutes * MINUTE, "now": NOON, **said}
    return end_early(clinic.db, session.id, end_kind=end_kind, actor=clinic.clinician, **said)


def test_devices_may_be_ended_early_with_what_was_given(clinic):
    session = for_devices(clinic, 84)
    spray(clinic, session, 0)

    end(clinic, session, 6)

    assert (session.status, session.end_kind) == (SessionStatus.RECOVERING, EndKind.STOPPED_EARLY)
    assert (session.dose_given_mg, session.ended_at) == (Decimal(28), START + 6 * MINUTE)
    assert session.expected_end_at == START + 120 * MINUTE


def test_devices_ended_by_hand_were_not_all_given(clinic):
    session = for_devices(clinic, 84)
    spray(clinic, session, 0)

    with pytest.raises(Invalid) as refused:
        end(clinic, session, -1, end_kind=EndKind.COMPLETED)

    assert {fault.where for fault in refused.value.faults} == {"occurred_at", "end_kind"}


@pytest.mark.parametrize("status", [SessionStatus.CLEARED, SessionStatus.RECOVERING])
def test_devices_are_ended_while_they_are_given(clinic, status):
    session = for_devices(clinic, status=status)

    with pytest.raises(IllegalTransition):
        end(clinic, session, 0)


def test_an_infusion_is_not_ended_as_devices_are(clinic):
    with pytest.raises(Invalid):
        end(clinic, cleared(clinic, SessionStatus.INFUSING), 0)


def test_what_devices_have_given_is_known_at_any_moment(clinic):
    session = for_devices(clinic, 84)
    spray(clinic, session, 0)
    spray(clinic, session, 6)

    found = [
        delivered(clinic.db, session.id, at=START + minutes * MINUTE, actor=clinic.clinician, now=NOON)
        for minutes in (-1, 3, 6)
    ]

    assert [(each.dose_mg, each.left_mg, each.wall_minutes) for each in found] == [(0, 84, 0), (28, 56, 0), (56, 28, 6)]
    assert [each.volume_ml for each in found] == [None] * 3
    assert [each.expected_end_at for each in found] == [None, START + 120 * MINUTE, START + 120 * MINUTE]
