"""The ledger of a chair's day by example: what makes a minute used, turnover, or lost, and to which cause."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from scheduler.models import (
    AppointmentStatus,
    Closure,
    DeferralReason,
    OpeningHours,
    Protocol,
    Resource,
    Shift,
)
from scheduler.protocols import Leg, ResourceKind
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.ledger.chair_days import chair_days
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.ledger.tallies import sums_of, tally_of
from tests.builders import MONDAY, clinic_instant
from tests.kept_days import TWO_HOURS, Keeper

HOUR = timedelta(hours=1)


@pytest.fixture
def keep(db, clinic):
    """Chair A alone, open on Monday from nine to one; visits of two hours, of which nothing is turned over."""
    db.execute(update(OpeningHours).values(opens=9 * 60, closes=13 * 60))
    retire(db, clinic, "B", clinic_instant("Mon 08:00"))
    clinic.add_protocol(TWO_HOURS)
    return Keeper(clinic, TWO_HOURS.key)


def retire(db, clinic, name, at):
    db.execute(update(Resource).where(Resource.id == clinic.resource(name).id).values(retired_at=at))


def tally(keep, now="Mon 20:00"):
    cast = keep.cast
    ground = read_ground(cast.db, cast.id, MONDAY, MONDAY, now=clinic_instant(now))
    (day,) = ground.days
    return tally_of(ground, day, chair_days(ground, [day]))


def minutes(keep, now="Mon 20:00"):
    """Every kind of minute that there was, by how many of it there were."""
    return {kind: number for kind, number in sums_of(tally(keep, now)).items() if number and kind in set(Kind)}


def test_where_a_patient_sat_is_used(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))

    assert minutes(keep) == {Kind.USED: 120, Kind.NEVER_BOOKED: 120}


def test_what_the_chair_was_made_ready_in_is_turnover(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 10:50"), free=at("Mon 11:00"))

    assert minutes(keep) == {Kind.USED: 110, Kind.TURNOVER: 10, Kind.NEVER_BOOKED: 120}


def test_two_patients_in_one_chair_use_it_once(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:30"))
    keep.sat(keep.plan("A", at("Mon 11:00")), at("Mon 11:00"), at("Mon 13:00"))

    assert minutes(keep) == {Kind.USED: 240}


def test_a_closure_blocks(keep, at):
    keep.cast.keep(Closure(clinic_id=keep.cast.id, starts_at=at("Mon 11:00"), ends_at=at("Mon 13:00"), reason="Flood"))

    assert minutes(keep) == {Kind.BLOCKED: 120, Kind.NEVER_BOOKED: 120}


def test_who_sat_there_all_the_same_used_a_closed_chair(keep, at):
    keep.cast.keep(Closure(clinic_id=keep.cast.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 13:00"), reason="Flood"))
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))

    assert minutes(keep) == {Kind.USED: 120, Kind.BLOCKED: 120}


def test_what_was_closed_afterwards_is_not_scheduled_and_what_was_used_all_the_same_is(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 10:00"))
    keep.missed(keep.plan("A", at("Mon 11:00")))
    keep.cast.keep(Closure(clinic_id=keep.cast.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 12:00"), reason="Flood"))

    sums = sums_of(tally(keep))

    assert sums[Kind.BLOCKED] == 120
    assert sums[Count.SCHEDULED] == sums["open"] - sums[Kind.BLOCKED] == 120


def test_until_a_late_patient_sits_down_the_start_is_late(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:25"), at("Mon 11:00"))

    assert minutes(keep) == {Kind.USED: 95, Kind.STARTED_LATE: 25, Kind.NEVER_BOOKED: 120}


def test_what_is_left_of_a_plan_finished_early(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 10:15"))

    assert minutes(keep) == {Kind.USED: 75, Kind.FINISHED_EARLY: 45, Kind.NEVER_BOOKED: 120}


def test_the_chair_of_who_sat_in_another_is_lost_and_the_other_used(db, keep, at):
    retire(db, keep.cast, "B", None)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"), seat="B")

    found = minutes(keep)

    assert (found[Kind.SEATED_ELSEWHERE], found[Kind.USED]) == (120, 120)


def test_a_visit_nobody_recorded_is_told_as_that(keep, at):
    keep.plan("A", at("Mon 09:00"))

    assert minutes(keep) == {Kind.UNRECORDED: 120, Kind.NEVER_BOOKED: 120}


def test_a_patient_who_may_still_come_is_late(keep, at):
    keep.plan("A", at("Mon 09:00"))

    assert minutes(keep, "Mon 10:00") == {Kind.STARTED_LATE: 60}


def test_a_missed_visit_is_a_no_show(keep, at):
    keep.missed(keep.plan("A", at("Mon 09:00")))

    assert minutes(keep) == {Kind.NO_SHOW: 120, Kind.NEVER_BOOKED: 120}


@pytest.mark.parametrize(("late", "kind"), [(True, Kind.CANCELLED_LATE), (False, Kind.CANCELLED_IN_TIME)])
def test_a_visit_that_was_called_off_is_late_or_in_time(keep, at, late, kind):
    keep.cancelled(keep.plan("A", at("Mon 09:00")), notice=30 * HOUR, late=late)

    assert minutes(keep) == {kind: 120, Kind.NEVER_BOOKED: 120}


@pytest.mark.parametrize(("moved", "kind"), [("Sun 09:01", Kind.CANCELLED_LATE), ("Sun 08:59", Kind.CANCELLED_IN_TIME)])
def test_a_visit_that_was_moved_away_is_late_or_in_time_by_the_clinics_notice(keep, at, moved, kind):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.moved(visit, at("Tue 09:00"), at=at(moved, week=-1))

    assert minutes(keep) == {kind: 120, Kind.NEVER_BOOKED: 120}


def test_of_a_visit_moved_by_half_of_itself_the_other_half_is_lost(keep, at):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.moved(visit, at("Mon 10:00"), at=at("Mon 07:00"))
    keep.sat(visit, at("Mon 10:00"), at("Mon 12:00"))

    assert minutes(keep) == {Kind.USED: 120, Kind.CANCELLED_LATE: 60, Kind.TOO_SHORT: 60}


def test_a_place_given_up_and_taken_by_another_is_the_others(keep, at):
    keep.cancelled(keep.plan("A", at("Mon 09:00")), notice=HOUR, late=True)
    keep.missed(keep.plan("A", at("Mon 09:30")))
    keep.sat(keep.plan("A", at("Mon 10:00")), at("Mon 10:00"), at("Mon 12:00"))

    assert minutes(keep) == {Kind.USED: 120, Kind.NO_SHOW: 30, Kind.CANCELLED_LATE: 30, Kind.TOO_SHORT: 60}


def test_of_two_plans_of_a_minute_the_one_whose_patient_is_late_counts(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 09:30"))
    keep.sat(keep.plan("A", at("Mon 10:00")), at("Mon 10:20"), at("Mon 12:00"))

    assert minutes(keep) == {Kind.USED: 130, Kind.FINISHED_EARLY: 30, Kind.STARTED_LATE: 20, Kind.TOO_SHORT: 60}


def test_who_was_seen_and_given_nothing_used_the_chair_while_they_sat(keep, at):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.sat(visit, at("Mon 09:00"), None, started_at=None, free=at("Mon 09:30"), deferral=DeferralReason.NOT_FASTED)
    keep.cancelled(visit, notice=-HOUR / 2, late=True)

    counts = tally(keep)

    assert minutes(keep) == {Kind.USED: 30, Kind.FINISHED_EARLY: 90, Kind.NEVER_BOOKED: 120}
    assert {cell.kind for cell in counts} >= {Count.KEPT, Count.SCHEDULED}
    assert not {cell.kind for cell in counts} & {Count.INFUSIONS, Count.LATE_CANCELLATIONS}


def test_a_session_nobody_ended_fills_the_chair_for_as_long_as_it_was_planned(keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:30"), None)

    assert minutes(keep) == {Kind.STARTED_LATE: 30, Kind.USED: 120, Kind.NEVER_BOOKED: 90}


def test_who_stays_beyond_closing_is_overtime_and_on_no_account_open(keep, at):
    keep.sat(keep.plan("A", at("Mon 11:00")), at("Mon 11:00"), at("Tue 00:30"))

    sums = sums_of(tally(keep))

    assert (sums["open"], sums[Kind.USED], sums[Count.OVERTIME]) == (240, 120, 11 * 60)


def test_a_visit_entered_in_error_never_was(keep, at):
    keep.plan("A", at("Mon 09:00"), status=AppointmentStatus.ENTERED_IN_ERROR)

    assert minutes(keep) == {Kind.NEVER_BOOKED: 240}


def test_what_is_shorter_than_the_shortest_visit_could_not_be_offered(db, keep, at):
    db.execute(update(OpeningHours).values(closes=10 * 60 + 30))

    assert minutes(keep) == {Kind.TOO_SHORT: 90}


@pytest.mark.parametrize(("name", "kind"), [("P1", Kind.NO_PRESCRIBER), ("N1", Kind.NO_NURSE)])
def test_without_somebody_on_shift_nothing_could_be_offered(db, keep, name, kind):
    db.execute(delete(Shift).where(Shift.resource_id == keep.cast.resource(name).id))

    assert minutes(keep) == {kind: 240}


def test_without_a_prescriber_nor_a_nurse_it_is_the_prescriber_who_was_wanting(db, keep):
    db.execute(delete(Shift))

    assert minutes(keep) == {Kind.NO_PRESCRIBER: 240}


def test_without_a_free_pump_nothing_could_be_offered(db, keep, at):
    pumped = replace(TWO_HOURS, key="pumped", legs=(*TWO_HOURS.legs, Leg(ResourceKind.PUMP, 20, 60, 1)))
    db.execute(update(Protocol).values(retired_at=at("Mon 00:00", week=-1)))
    keep.cast.add_protocol(pumped)

    assert minutes(keep) == {Kind.NO_PUMP: 240}


def test_where_no_protocol_could_be_booked_the_time_was_never_booked(db, keep, at):
    db.execute(update(Protocol).values(retired_at=at("Mon 00:00", week=-1)))

    assert minutes(keep) == {Kind.NEVER_BOOKED: 240}


def test_a_chair_that_retires_within_the_day_is_open_until_then(db, keep, at):
    retire(db, keep.cast, "A", at("Mon 11:00"))

    assert minutes(keep) == {Kind.NEVER_BOOKED: 120}


def test_a_chair_is_counted_on_the_days_it_is_open_at_all(keep):
    counts = [number for cell, number in tally(keep).items() if cell.kind == Count.CHAIR_DAYS]

    assert counts == [1]
