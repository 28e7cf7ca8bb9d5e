"""What a problem refuses, and what an answer to it costs, item by item."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest

from scheduler import clinic_time
from scheduler.booking.availability import Availability, loads_of
from scheduler.booking.planning.problem import (
    BREACH_DAY,
    DAY_MOVED,
    MINUTE_MOVED,
    NO_PLACE,
    OTHER_CHAIR,
    OTHER_NURSE,
    PATIENT_MOVED,
    Course,
    Problem,
    Visit,
    price,
)
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.rules import Anchor
from scheduler.protocols import Gap
from tests.scheduler.booking import repair_cases
from tests.scheduler.booking.repair_cases import CHAIR, MONDAY, NOW, NURSE, OPENS, PRESCRIBER

ANN, BEN = UUID(int=1), UUID(int=2)
PROTOCOL = replace(repair_cases.protocol_of(Random(1)), gaps=(Gap(1, 2), Gap(1, 2)), span_days=5)
CALENDAR = repair_cases.calendar_of(Random(1), 10)
FREE = Availability(CALENDAR, PROTOCOL, [], {"v": loads_of(PROTOCOL)}, frozenset(), NOW)
CHAIRS, NURSES = CALENDAR.of_kind(CHAIR), CALENDAR.of_kind(NURSE)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def place(number: int, on: int, at: int = OPENS, *, chair: int = 0, nurse: int = 0) -> PlannedVisit:
    resources = {CHAIR: CHAIRS[chair].id, NURSE: NURSES[nurse].id, PRESCRIBER: CALENDAR.of_kind(PRESCRIBER)[0].id}
    return PlannedVisit(number, clinic_time.from_minute(repair_cases.minute(day(on), at)), resources)


def series(name: int, *stands: PlannedVisit | None, fallen: bool = True, first: int = 1) -> tuple[Visit, ...]:
    return tuple(
        Visit(UUID(int=100 * name + number), UUID(int=name), number, PROTOCOL, stood, stood is not None and fallen)
        for number, stood in enumerate(stands, first)
    )


def problem(*visits: Visit, course: Course | None = None) -> Problem:
    courses = {visit.series: course or Course(UUID(int=visit.series.int)) for visit in visits}
    return Problem(FREE, CALENDAR.first, CALENDAR.last, courses, visits)


def cost(asked: Problem, *places: PlannedVisit | None):
    return price(asked, {visit.key: found for visit, found in zip(asked.visits, places, strict=True)})


def test_an_answer_that_changes_nothing_costs_nothing():
    stands = place(1, 1), place(2, 2)

    assert cost(problem(*series(1, *stands)), *stands).total == 0


def test_days_minutes_nurse_chair_and_the_patient_are_priced_when_a_visit_moves():
    moved = cost(problem(*series(1, place(1, 1))), place(1, 3, OPENS + 15, chair=1, nurse=1))

    assert (moved.days_moved, moved.minutes_moved, moved.other_nurse, moved.other_chair) == (2, 15, 1, 1)
    assert moved.total == PATIENT_MOVED + 2 * DAY_MOVED + 15 * MINUTE_MOVED + OTHER_NURSE + OTHER_CHAIR


def test_a_patient_whose_nurse_alone_changes_is_not_moved():
    assert cost(problem(*series(1, place(1, 1))), place(1, 1, nurse=1)).total == OTHER_NURSE


def test_a_patient_is_moved_once_however_many_visits_move():
    asked = problem(*series(1, place(1, 1), place(2, 2)))

    assert cost(asked, place(1, 2), place(2, 3)).moved == {UUID(int=1)}


def test_every_breach_is_listed_with_its_days_and_its_price():
    asked = problem(*series(1, place(1, 1), place(2, 2), place(3, 3)))

    breaches = cost(asked, place(1, 1), place(2, 2), place(3, 7)).breaches

    assert [(breach.key, breach.days, breach.points) for breach in breaches] == [
        (asked.visits[2].key, 3, 3 * BREACH_DAY)
    ]


def test_too_near_is_a_breach_of_less_than_no_days():
    wide = replace(PROTOCOL, gaps=(Gap(3, 4), Gap(3, 4)), span_days=9)
    visits = [replace(visit, protocol=wide) for visit in series(1, None, None, None)]

    (breach,) = cost(problem(*visits), place(1, 1), place(2, 2), place(3, 5)).breaches

    assert (breach.apart, breach.days) == (1, -2)


def test_a_visit_too_far_from_one_that_stays_is_a_breach_too():
    asked = problem(*series(1, place(1, 2)), course=Course(ANN, kept={2: day(3)}))

    (breach,) = cost(asked, place(1, 0)).breaches

    assert (breach.key, breach.days) == (asked.visits[0].key, 1)


def test_what_somebody_has_accepted_is_no_breach():
    stands = place(1, 1), place(2, 6)

    assert cost(problem(*series(1, *stands)), *stands).breaches == ()


def test_a_visit_without_a_place_costs_more_than_any_breach_and_hides_none():
    asked = problem(*series(1, place(1, 1), place(2, 2), place(3, 3)))

    left = cost(asked, place(1, 1), None, place(3, 3))

    assert left.left_out == (asked.visits[1].key,)
    assert left.total == NO_PLACE


def test_a_new_series_without_places_is_counted_once():
    asked = problem(*series(1, None, None, None), *series(2, None, None, None))

    assert cost(asked, None, None, None, None, None, None).left_out == (asked.visits[0].key, asked.visits[3].key)


def test_new_visits_cost_the_days_they_come_late_and_share_with_others():
    asked = problem(*series(1, None, None, None), course=Course(ANN, wishes=Wishes(day(1), nurse_id=NURSES[1].id)))

    late = cost(asked, place(1, 1), place(2, 2), place(3, 4))

    assert (late.days_late, late.other_nurse, late.other_chair, late.moved) == (4, 3, 0, frozenset())


def test_each_two_visits_on_a_day_count_if_one_of_them_is_new():
    row = (clinic_time.minute_of(place(1, 1).starts_at), "v", CHAIRS[0].id, NURSES[0].id, None, None)
    asked = problem(*series(1, None), *series(2, None), *series(3, None))
    asked = replace(asked, availability=replace(FREE, booked=[row]))

    assert cost(asked, place(1, 1), place(1, 1), place(1, 2)).shared_days == 1 + 2


def test_a_series_may_span_what_it_spans_as_it_stands():
    asked = problem(*series(1, place(1, 1), place(2, 8)), course=Course(ANN, span_days=5))

    assert asked.span_of(asked.visits[0].series) == 8


def test_a_new_series_spans_what_its_course_says():
    asked = problem(*series(1, None, None), course=Course(ANN, span_days=5))

    assert asked.span_of(asked.visits[0].series) == 5


LED = Course(ANN, anchor=Anchor(day(0), Gap(1, 2)), span_days=2)


def test_the_first_visit_keeps_its_distance_to_the_end_of_the_series_it_took_over_from():
    asked = problem(*series(1, None, None), course=LED)

    (breach,) = cost(asked, place(1, 4), place(2, 5)).breaches

    assert (breach.key, breach.apart, breach.gap) == (asked.visits[0].key, 4, LED.anchor.gap)


def test_what_a_series_took_over_from_counts_for_no_span_and_for_no_later_visit():
    led = problem(*series(1, place(1, 1), place(2, 2)), course=LED)
    later = problem(*series(1, place(2, 5), first=2), course=LED)

    assert led.span_of(led.visits[0].series) == 2
    assert cost(later, place(2, 6)).breaches == ()


def test_a_first_visit_that_stands_before_the_end_of_the_series_before_goes_by_nothing():
    asked = problem(*series(1, place(1, 1)), course=replace(LED, anchor=Anchor(day(3), Gap(1, 2))))

    assert not asked.is_led(asked.visits[0].series)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"visits": series(1, None) * 2}, "twice"),
        ({"courses": {}}, "no course"),
        ({"courses": {UUID(int=1): Course(BEN, kept={1: MONDAY})}}, "stays and moves"),
        ({"last": MONDAY + timedelta(days=90)}, "within the calendar"),
        ({"visits": series(1, place(1, 8), fallen=False), "last": MONDAY + timedelta(days=2)}, "outside"),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        replace(problem(*series(1, None)), **change)
