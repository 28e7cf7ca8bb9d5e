"""The third next available start, also looked for minute by minute."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.booking.availability import KINDS
from scheduler.booking.plans import Wishes
from scheduler.models import Claim, Hold, HoldState, ProtocolVersion
from scheduler.protocols import ResourceKind
from scheduler.utilization.access.report import read_rows
from scheduler.utilization.access.third_next import HORIZON, third_next
from scheduler.utilization.access.third_next_reading import MOST_SAMPLES, sampled_days
from scheduler.utilization.figures.figures import Asked
from tests.builders import MDD_INDUCTION, MONDAY
from tests.kept_days import TWO_HOURS, Keeper
from tests.scheduler.booking import cases

WEEK = timedelta(days=7)
FRIDAY = MONDAY + timedelta(days=4)


def brute(case, days):
    """Where the third of three goes who each take the first start there is."""
    found = None
    for _ in range(3):
        starts = ((day, minute) for day in days for minute in sorted(cases.options(case, day)))
        day, minute = next(starts, (None, None))
        if day is None:
            return None
        found = cases._minute((day - cases.MONDAY).days, minute)
        kinds = case.availability.protocol.kinds
        taken = [cases._free(case, kind, found, day)[0].id if kind in kinds else None for kind in KINDS]
        booked = sorted([*case.availability.booked, (found, "v", *taken)], key=lambda row: row[0])
        case = replace(case, availability=replace(case.availability, booked=booked))
    return found


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_it_is_where_the_third_goes_who_looks_minute_by_minute(seed):
    case = cases.random_case(seed, horizon=4)
    case = replace(case, wishes=Wishes(MONDAY, case.availability.calendar.last))
    case = replace(case, availability=replace(case.availability, patient_days=frozenset(), _rooms={}, _free={}))

    found = third_next(case.availability, MONDAY)

    assert found == brute(case, case.availability.calendar.days)


def rows(db, clinic, now):
    """Today's."""
    return read_rows(db, Asked(MONDAY, MONDAY), "third_next_today", None, actor=clinic.manager, now=now)


def past_rows(db, clinic, now):
    """Those of the week."""
    return read_rows(db, Asked(MONDAY, FRIDAY), "third_next", None, actor=clinic.manager, now=now)


def filled(keep, at):
    """Both chairs taken all of Monday and Tuesday."""
    return [
        keep.plan(chair, at(f"{day} {hour:02}:00"), nurse=None)
        for day in ("Mon", "Tue")
        for chair in "AB"
        for hour in range(8, 18, 2)
    ]


def test_of_three_who_ask_the_third_waits_for_a_chair(db, clinic, at):
    (found,) = rows(db, clinic, at("Mon 07:00"))

    # The nurse can start the second at 08:40 only, in the other chair; both are taken until 10:25.
    assert (found.starts_at, found.value) == (at("Mon 10:25"), 0)


def test_full_days_put_it_off(db, clinic, at):
    clinic.add_protocol(TWO_HOURS)
    filled(Keeper(clinic, TWO_HOURS.key), at)

    found = rows(db, clinic, at("Mon 07:00"))

    assert [row.value for row in found] == [2, 2]


def test_where_no_start_is_in_sight_it_is_as_far_off_as_is_looked(db, clinic, at):
    (found,) = rows(db, clinic, at("Mon 07:00", week=30))

    assert (found.starts_at, found.value, "None" in found.words) == (None, HORIZON, True)


def test_what_somebody_holds_is_not_free(db, clinic, at):
    held = clinic.keep(
        Hold(
            clinic_id=clinic.id, patient_id=clinic.patient().id, plans=[], state=HoldState.OPEN,
            held_at=at("Mon 06:55"), expires_at=at("Mon 07:10"),
        )
    )  # fmt: skip
    clinic.keep(claim_of(clinic, held, at))

    within, after = (rows(db, clinic, at(f"Mon 07:{minute}"))[0].starts_at for minute in ("00", "15"))

    assert (within, after) == (at("Mon 14:25"), at("Mon 10:25"))


def claim_of(clinic, held, at):
    return Claim(
        clinic_id=clinic.id, resource_id=clinic.resource("N1").id, hold_id=held.id, starts_at=at("Mon 08:00"),
        ends_at=at("Mon 12:00"), units=3,
    )  # fmt: skip


def test_a_day_past_is_seen_as_the_book_was_when_it_began(db, clinic, at):
    clinic.add_protocol(TWO_HOURS)
    keep = Keeper(clinic, TWO_HOURS.key)
    for visit in filled(keep, at):
        keep.cancelled(visit, notice=timedelta(hours=1), late=True)

    seen = past_rows(db, clinic, at("Fri 20:00"))

    assert [(row.day, row.value) for row in seen] == [(MONDAY, 2), (MONDAY, 2)]


def test_who_booked_later_was_not_in_the_way(db, clinic, at):
    clinic.add_protocol(TWO_HOURS)
    keep = Keeper(clinic, TWO_HOURS.key)
    for visit in filled(keep, at):
        visit.status_at = at("Mon 07:00")
    db.flush()

    seen = past_rows(db, clinic, at("Fri 20:00"))

    assert {row.value for row in seen} == {0}


def test_every_monday_that_has_begun_is_looked_at():
    assert sampled_days(MONDAY, MONDAY + 3 * WEEK, MONDAY + WEEK) == [MONDAY, MONDAY + WEEK]
    assert sampled_days(FRIDAY, FRIDAY + timedelta(days=1), FRIDAY + WEEK) == [FRIDAY]
    assert sampled_days(FRIDAY, FRIDAY + WEEK, MONDAY) == []


def test_of_many_mondays_thirteen_are_looked_at_from_the_first_to_the_last():
    found = sampled_days(date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))

    assert (len(set(found)), found[0], found[-1]) == (MOST_SAMPLES, date(2026, 1, 5), date(2026, 12, 28))
    assert {day.weekday() for day in found} == {0}


@pytest.mark.parametrize("retired", [True, False])
def test_a_protocol_that_is_not_on_offer_is_not_looked_at(db, clinic, at, retired):
    clinic.add_protocol(TWO_HOURS)
    clinic.protocols[TWO_HOURS.key].retired_at = at("Tue 09:00") if retired else None
    db.flush()

    today, past = (read(db, clinic, at("Fri 20:00")) for read in (rows, past_rows))

    assert (len(today), len(past)) == (1 if retired else 2, 2)


def test_a_protocol_written_later_was_not_on_offer_yet(db, clinic, at):
    version = clinic.add_protocol(TWO_HOURS).current_id
    db.get_one(ProtocolVersion, (clinic.id, version)).created_at = at("Tue 09:00")
    db.flush()

    today, past = (read(db, clinic, at("Fri 20:00")) for read in (rows, past_rows))

    assert (len(today), [row.protocol for row in past]) == (2, [MDD_INDUCTION.name])


def test_a_clinic_without_nurses_has_none_in_sight(db, clinic, at):
    clinic.resource("N1").retired_at = at("Mon 06:00")
    db.flush()

    (found,) = rows(db, clinic, at("Mon 07:00"))

    assert (found.value, clinic.resource("N1").kind) == (HORIZON, ResourceKind.NURSE)
