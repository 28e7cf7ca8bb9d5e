"""Corrections of devices: what was never given, and how it ended."""

from decimal import Decimal

import pytest

from scheduler.errors import Invalid
from scheduler.models import EndKind, InfusionEventRow, TreatmentSession
from scheduler.sessions.drug.devices import end_early
from tests.builders import ClinicCast
from tests.drugs import NOON, faults_of, for_devices, given_mg, mend, minutes, spray


def sprayed(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    session = for_devices(clinic, 84)
    return session, [spray(clinic, session, number) for number in (0, 5, 10)]


def test_a_device_that_was_not_given_is_taken_off_the_dose(clinic):
    session, rows = sprayed(clinic)

    mend(clinic, session, rows[2], withdrawn=True)

    assert (session.dose_given_mg, session.end_kind) == (Decimal(56), EndKind.STOPPED_EARLY)
    assert (session.ended_at, given_mg(clinic)) == (minutes(5), Decimal(56))


def test_a_corrected_first_device_moves_the_watch(clinic):
    session, rows = sprayed(clinic)

    mend(clinic, session, rows[0], at=-2)

    assert (session.started_at, session.expected_end_at) == (minutes(-2), minutes(118))
    assert (session.end_kind, given_mg(clinic)) == (EndKind.COMPLETED, Decimal(84))


def test_a_device_is_corrected_while_others_are_still_to_be_given(clinic):
    session = for_devices(clinic, 84)
    row = spray(clinic, session, 0)
    twice = spray(clinic, session, 6)

    mend(clinic, session, row, at=1)
    mend(clinic, session, twice, withdrawn=True)

    assert (session.started_at, session.status_at, session.ended_at) == (minutes(1), minutes(1), None)
    assert given_mg(clinic) == Decimal(28)


def ended(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """One device of three, and the end."""
    session = for_devices(clinic, 84)
    first = spray(clinic, session, 0)
    recorded = end_early(
        clinic.db, session.id, end_kind=EndKind.STOPPED_EARLY, reason="Vomited.", occurred_at=minutes(6),
        actor=clinic.clinician, now=NOON,
    )  # fmt: skip
    return session, [first, recorded.event]


def test_the_end_of_devices_may_have_been_of_another_kind(clinic):
    session, (_, stop) = ended(clinic)

    mend(clinic, session, stop, end_kind=EndKind.ABORTED, at=7)

    assert (session.end_kind, session.ended_at) == (EndKind.ABORTED, minutes(7))


@pytest.mark.parametrize(
    ("which", "changes", "fault"),
    [
        (0, {"withdrawn": True}, ("kind", "state")),
        (1, {"withdrawn": True}, ("kind", "state")),
        (0, {"at": 8}, ("occurred_at", "order")),
        (0, {"rate_ml_h": "5"}, ("rate_ml_h", "not-allowed")),
        (0, {"end_kind": EndKind.ABORTED}, ("end_kind", "stop")),
        (1, {"end_kind": EndKind.COMPLETED}, ("end_kind", "devices")),
        (1, {"end_kind": None}, ("end_kind", "stop")),
    ],
)
def test_corrected_devices_leave_a_legal_sequence(clinic, which, changes, fault):
    session, rows = ended(clinic)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, rows[which], **changes)

    assert fault in faults_of(refused)


def test_no_device_beyond_those_ordered_is_put_back(clinic):
    session = for_devices(clinic, 56)
    twice = spray(clinic, session, 0)
    gone = mend(clinic, session, spray(clinic, session, 5), withdrawn=True)

    assert session.end_kind is EndKind.STOPPED_EARLY
    mend(clinic, session, gone.event)
    assert (session.end_kind, given_mg(clinic)) == (EndKind.COMPLETED, Decimal(56))
    assert twice.dose_mg == 28


def test_more_devices_than_were_ordered_were_never_given(clinic):
    session = for_devices(clinic, 84)
    spray(clinic, session, 0)
    mistaken = mend(clinic, session, spray(clinic, session, 5), withdrawn=True).event
    spray(clinic, session, 8)
    spray(clinic, session, 13)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, mistaken)

    assert faults_of(refused) == {("kind", "ordered")}


def test_of_devices_corrected_after_leaving_nothing_more_is_expected(clinic):
    session, rows = sprayed(clinic)
    session.discharged_at, session.expected_end_at = minutes(130), None

    mend(clinic, session, rows[0], at=-2)

    assert (session.started_at, session.expected_end_at) == (minutes(-2), None)
