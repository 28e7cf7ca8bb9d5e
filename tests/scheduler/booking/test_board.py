"""The day's board as it is read: who is where, what is held or offered, and what was set aside."""

from datetime import timedelta

import pytest

from scheduler.booking.board import read_board
from scheduler.clinic_time import DAY
from scheduler.models import (
    AppointmentStatus,
    AuditRow,
    ChangeReason,
    Claim,
    Hold,
    HoldState,
    Move,
    Offer,
    Outcome,
    Override,
    OverrideRule,
    Series,
    Side,
    Urgency,
    WaitlistEntry,
)
from scheduler.models.base import text_of
from tests.builders import MONDAY
from tests.counting import counted
from tests.courses import VISIT, appointments_of, write_series

QUARTER = timedelta(minutes=15)


@pytest.fixture
def read(db, clinic, now):
    """`read()` is the board of the clinic's Monday, on the Sunday before."""
    return lambda moment=None, day=MONDAY: read_board(db, day, actor=clinic.scheduler, now=moment or now)


def held(clinic, starts_at, *names, patient=None, **changes):
    """A hold of these resources for a visit."""
    said = {"owner_id": clinic.scheduler.staff_id, "expires_at": clinic.now + QUARTER, "state": HoldState.OPEN}
    person = patient or clinic.patient("Bea", "Cole")
    hold = clinic.keep(Hold(clinic_id=clinic.id, patient_id=person.id, plans=[], held_at=clinic.now, **said | changes))
    for name in names or ("A",):
        clinic.keep(
            Claim(
                clinic_id=clinic.id, hold_id=hold.id, resource_id=clinic.resource(name).id, units=1,
                starts_at=starts_at, ends_at=starts_at + VISIT,
            )
        )  # fmt: skip
    return hold


def offered(clinic, hold, starts_at, outcome=Outcome.OPEN):
    entry = clinic.keep(
        WaitlistEntry(
            clinic_id=clinic.id, patient_id=hold.patient_id, protocol_id=clinic.protocol.id, urgency=Urgency.SOON,
            earliest=MONDAY, latest=MONDAY, weekdays=[0], opens=0, closes=1440, notice_minutes=0,
            created_at=clinic.now,
        )
    )  # fmt: skip
    return clinic.keep(
        Offer(
            clinic_id=clinic.id, entry_id=entry.id, hold_id=hold.id, chair_id=clinic.resource("A").id,
            starts_at=starts_at, ends_at=starts_at + VISIT, offered_at=clinic.now,
            offered_by=clinic.clinician.staff_id, deadline=hold.expires_at, outcome=outcome,
            decided_at=None if outcome is Outcome.OPEN else clinic.now,
        )
    )  # fmt: skip


def test_a_hold_is_shown_at_its_chair_with_its_owner(clinic, read, at):
    hold = held(clinic, at("Mon 09:00"), "B", "N1")

    (shown,) = read().holds

    assert text_of(shown.id_handle) == str(hold.id)
    assert text_of(shown.resource_id_handle) == str(clinic.resource("B").id)
    assert (shown.name, shown.initials, shown.expires_at, shown.offer) == ("Scheduler", "BC", hold.expires_at, None)


def test_an_offer_is_a_hold_shown_as_such_with_who_offered_it(clinic, read, at):
    hold = held(clinic, at("Mon 09:00"), owner_id=None)
    offer = offered(clinic, hold, at("Mon 09:00"))

    (shown,) = read().holds

    assert (text_of(shown.offer), shown.name) == (str(offer.id), "Clinician")


@pytest.mark.parametrize("state", [state for state in HoldState if state is not HoldState.OPEN])
def test_a_hold_that_has_ended_is_not_shown(clinic, read, at, now, state):
    held(clinic, at("Mon 09:00"), state=state, ended_at=now)

    assert read().holds == []


def test_a_hold_is_shown_until_the_moment_it_expires(clinic, read, at):
    hold = held(clinic, at("Mon 09:00"))

    assert len(read(hold.expires_at - timedelta(microseconds=1)).holds) == 1
    assert read(hold.expires_at).holds == []


def test_a_hold_of_a_series_is_shown_on_each_of_its_days(clinic, read, at):
    hold = held(clinic, at("Mon 09:00"))
    for starts_at in (at("Mon 23:55"), at("Tue 00:00")):
        clinic.keep(
            Claim(
                clinic_id=clinic.id, hold_id=hold.id, resource_id=clinic.resource("B").id, units=1,
                starts_at=starts_at, ends_at=starts_at + timedelta(minutes=5),
            )
        )  # fmt: skip

    assert [len(read(day=MONDAY + offset * DAY).holds) for offset in (-1, 0, 1, 2)] == [0, 2, 1, 0]


def test_a_retired_chair_is_shown_while_it_is_held(clinic, read, at, now):
    held(clinic, at("Mon 09:00"), "B")
    clinic.resource("B").retired_at = now

    assert [chair.name for chair in read().chairs] == ["A", "B"]


def test_the_holds_of_another_clinic_are_not_shown(elsewhere, read, at):
    held(elsewhere, at("Mon 09:00"))

    assert read().holds == []


def test_rules_set_aside_are_shown_once_each(clinic, read, at, now):
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00")], AppointmentStatus.BOOKED)
    (visit,) = appointments_of(clinic, series)
    for rule in (OverrideRule.SPACING, OverrideRule.CONSENT, OverrideRule.SPACING):
        clinic.keep(Override(clinic_id=clinic.id, appointment_id=visit.id, rule=rule, reason="Travels.", at=now))

    board = read()

    assert {text_of(handle): rules for handle, rules in board.overrides.items()} == {
        str(visit.id): ["consent", "spacing"]
    }
    assert read(day=MONDAY + DAY).overrides == {}


def test_a_rule_set_aside_for_a_time_the_visit_has_left_is_shown_no_more(clinic, read, at, now):
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00")], AppointmentStatus.BOOKED)
    (visit,) = appointments_of(clinic, series)
    moved = {
        "chair_id": clinic.resource("A").id,
        "side": Side.CLINIC,
        "reason": ChangeReason.OTHER,
        "actor_id": clinic.scheduler.staff_id,
    }
    clinic.keep(Override(clinic_id=clinic.id, appointment_id=visit.id, rule=OverrideRule.REST, reason="So.", at=now))
    clinic.keep(
        Move(clinic_id=clinic.id, appointment_id=visit.id, starts_at=at("Tue 09:00"), at=now + QUARTER, **moved)
    )

    assert read().overrides == {}


def test_a_visit_is_counted_among_those_its_series_is_to_have_by_now(db, clinic, read, at):
    series = write_series(clinic, clinic.patient(), [at("Mon 09:00")], AppointmentStatus.BOOKED)
    db.get_one(Series, (clinic.id, series.id)).infusions = 8

    (shown,) = read().appointments

    assert (shown.number, shown.infusions) == (1, 8)


def test_whoever_is_shown_stands_in_the_audit_row(db, clinic, read, at):
    ada = clinic.patient()
    write_series(clinic, ada, [at("Mon 09:00")], AppointmentStatus.BOOKED)
    hold = held(clinic, at("Mon 12:00"))

    read()
    db.commit()

    row = db.query(AuditRow).order_by(AuditRow.sequence.desc()).first()
    assert row.details["patients"] == sorted([str(ada.id), str(hold.patient_id)])


def test_a_full_board_takes_the_statements_of_an_empty_one(db, clinic, read, at):
    with counted(db) as empty:
        read()
    for number in range(3):
        patient = clinic.patient()
        write_series(clinic, patient, [at(f"Mon {9 + 3 * number:02d}:00")], AppointmentStatus.BOOKED)
        held(clinic, at(f"Mon {9 + 3 * number:02d}:00"))

    with counted(db) as full:
        board = read()

    assert (len(board.appointments), len(board.holds)) == (3, 3)
    assert len(empty) == len(full) == 5
