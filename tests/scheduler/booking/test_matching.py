"""Who comes first for a freed place: the house's order against a plain one, and its parts."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.waiting.matching import Place, Running, Waiting, breach_day, in_order
from scheduler.clinic_time import DAY
from tests.builders import MDD_INDUCTION, MONDAY, ZONE, clinic_instant

PLACE = Place(UUID(int=1), clinic_instant("Tue 09:00"), clinic_instant("Tue 13:00"))
SHORT = replace(MDD_INDUCTION, phases=replace(MDD_INDUCTION.phases, turn_over=10, recover=65))
LONG = replace(MDD_INDUCTION, phases=replace(MDD_INDUCTION.phases, turn_over=60))
EVER = date.max


def visit(number, day):
    return PlannedVisit(number, clinic_instant("Mon 09:00") + (day - MONDAY) * 1, {})


@st.composite
def waiting(draw):
    last = draw(st.none() | st.integers(0, 6))
    kept = () if last is None else (visit(1, MONDAY + timedelta(days=last)),)
    running = draw(st.sampled_from([None, Running(UUID(int=9), 6, 2, kept, 1)]))
    return Waiting(
        entry_id=UUID(int=draw(st.integers(1, 10**9))), patient_id=UUID(int=3), rank=draw(st.integers(0, 2)),
        since=clinic_instant("Mon 12:00") - timedelta(hours=draw(st.integers(0, 72))), wishes=Wishes(MONDAY),
        notice_minutes=0, protocol_id=UUID(int=4), version_id=UUID(int=5),
        protocol=draw(st.sampled_from([SHORT, LONG])), elsewhere=frozenset(), running=running,
    )  # fmt: skip


def goes_before(one, other):
    """Whether one has the better claim, reason by reason, told apart at the first in which they differ."""
    for mine, theirs in zip(claim(one), claim(other), strict=True):
        if mine != theirs:
            return mine < theirs
    return True


def claim(each):
    last = each.running.kept[0] if each.running and each.running.kept else None
    breach = last.starts_at.astimezone(ZONE).date() + 5 * DAY if last else EVER
    whole_place = 240 - each.protocol.visit_minutes
    return each.rank, breach, each.since.astimezone(ZONE).date(), whole_place, each.since


@given(st.lists(waiting(), max_size=8, unique_by=lambda each: each.entry_id))
def test_everybody_stands_behind_all_who_have_a_better_claim(people):
    found = in_order(people, PLACE, ZONE)

    assert sorted(each.entry_id for each in found) == sorted(each.entry_id for each in people)
    assert all(goes_before(one, other) for i, one in enumerate(found) for other in found[i + 1 :])


@given(st.lists(waiting(), max_size=8, unique_by=lambda each: each.entry_id), st.randoms())
def test_the_order_does_not_depend_on_how_they_were_read(people, random):
    shuffled = random.sample(people, len(people))

    assert in_order(shuffled, PLACE, ZONE) == in_order(people, PLACE, ZONE)


def test_the_spacing_would_be_breached_after_the_greatest_gap_from_the_infusion_before():
    days = {1: MONDAY, 2: MONDAY + 4 * DAY, 4: MONDAY + 12 * DAY}

    assert breach_day(MDD_INDUCTION, days, 3) == MONDAY + 9 * DAY
    assert breach_day(MDD_INDUCTION, days, 1) is None
    assert breach_day(MDD_INDUCTION, days, 6) is None
