"""What a course asks for, and how it stands."""

from datetime import timedelta

import pytest

from scheduler.protocols import Moment
from tests.scheduler.outcomes.timing.cases import FORTY_MINUTES, NOON, after, course, due, form, infusion, states

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("hours", "state"),
    [(-12.1, "ahead"), (-12, "open"), (-0.1, "open"), (0, "overdue"), (11.9, "overdue")],
)
def test_a_form_before_a_planned_infusion_can_be_given_from_midnight_until_the_end_of_its_day(hours, state):
    (found,) = due(Moment.PRE_INFUSION, course(infusion(1, given=False)), now=after(days=1, hours=hours))

    assert states([found]) == [state]


def test_a_form_before_an_infusion_is_missed_once_it_is_given():
    (found,) = due(Moment.PRE_INFUSION, course(infusion(0)), now=NOON)

    assert (states([found]), found.closes_at) == (["missed"], NOON)


def test_a_visit_that_fell_through_asks_for_nothing_the_day_after():
    fallen = course(infusion(0, given=False), infusion(3, given=False))

    found = due(Moment.PRE_INFUSION, fallen, now=after(days=1))

    assert [(each.number, each.due_at) for each in found] == [(1, after(days=3))]


def test_a_course_without_visits_asks_for_nothing():
    assert due(Moment.ENDPOINT, course(), now=NOON) == []


@pytest.mark.parametrize(("hours", "state"), [(-11.9, "done"), (0, "done"), (-13, "missed"), (0.1, "missed")])
def test_a_form_of_the_day_up_to_the_infusion_is_the_one_before_it(hours, state):
    found = due(Moment.PRE_INFUSION, course(infusion(0)), form(after(hours=hours)), now=after(days=1))

    assert states(found) == [state]


def test_a_form_of_the_visit_is_the_one_before_its_infusion_whatever_the_time():
    own, other = infusion(0, charted=False), infusion(3, given=False)
    late, early = form(after(hours=1), visit=own.visit), form(after(days=2), visit=other.visit)

    found = due(Moment.PRE_INFUSION, course(own, other), late, early, now=after(days=2, hours=1))

    assert [each.done_by for each in found] == [late.assessment_id, early.assessment_id]


def test_a_form_of_another_visit_is_not_the_one_before_this_infusion():
    own, other = infusion(0), infusion(3, given=False)

    found = due(Moment.PRE_INFUSION, course(own, other), form(after(hours=-1), visit=other.visit), now=after(hours=1))

    assert states(found) == ["missed", "done"]


def test_of_several_forms_before_an_infusion_the_last_is_the_one():
    first, last = form(after(hours=-2)), form(after(hours=-1))

    (found,) = due(Moment.PRE_INFUSION, course(infusion(0)), first, last, now=NOON)

    assert found.done_by == last.assessment_id


@pytest.mark.parametrize(
    ("complete", "total", "state"), [(False, None, "missed"), (False, 12, "done"), (True, None, "done")]
)
def test_a_form_that_says_nothing_leaves_its_place_open(complete, total, state):
    given = form(after(hours=-1), complete=complete, total=total)

    assert states(due(Moment.PRE_INFUSION, course(infusion(0)), given, now=NOON)) == [state]


@pytest.mark.parametrize(("days", "state"), [(-14.4, "done"), (-14.6, "missed"), (0, "done")])
def test_a_baseline_is_at_most_so_many_local_days_old(days, state):
    found = due(Moment.BASELINE, course(infusion(0), infusion(3)), form(after(days=days)), now=after(days=4))

    assert states(found) == [state]


@pytest.mark.parametrize(
    ("moment", "opens", "closes"),
    [(Moment.POST_24H, 18, 36), (Moment.POST_72H, 60, 96), (Moment.POST_7D, 5 * 24, 9 * 24)],
)
def test_a_window_after_an_infusion_holds_its_first_instant_and_not_its_last(moment, opens, closes):
    end = NOON + FORTY_MINUTES
    edges = [end + timedelta(hours=opens) - SECOND, end + timedelta(hours=opens),
             end + timedelta(hours=closes) - SECOND, end + timedelta(hours=closes)]  # fmt: skip

    found = [states(due(moment, course(infusion(0)), form(at), now=after(days=30))) for at in edges]

    assert found == [["missed"], ["done"], ["done"], ["missed"]]


@pytest.mark.parametrize(("hours", "state"), [(18.5, "ahead"), (19, "open"), (25, "overdue"), (37, "missed")])
def test_a_form_after_an_infusion_is_overdue_from_its_time_on(hours, state):
    assert states(due(Moment.POST_24H, course(infusion(0)), now=after(hours=hours))) == [state]


def test_of_several_forms_in_a_window_the_nearest_is_the_one_and_of_two_as_near_the_later():
    end = FORTY_MINUTES.total_seconds() / 3600
    far, before, behind = form(after(hours=end + 19)), form(after(hours=end + 23)), form(after(hours=end + 25))

    (found,) = due(Moment.POST_24H, course(infusion(0)), far, before, behind, now=after(days=3))

    assert found.done_by == behind.assessment_id


def test_what_comes_after_an_infusion_can_be_given_until_the_next():
    found = due(Moment.POST_72H, course(infusion(0), infusion(3)), now=after(days=3))
    gone = due(Moment.POST_7D, course(infusion(0), infusion(3)), now=after(days=3))

    assert (found[0].number, found[0].closes_at) == (1, after(days=3))
    assert [each.number for each in gone] == [2]


def test_the_form_of_the_next_visit_may_stand_for_the_one_after_the_last_infusion():
    coming = infusion(6, given=False)
    at_next, own = form(after(days=6, hours=-0.5), visit=coming.visit), infusion(0)

    (first, _second) = due(Moment.POST_7D, course(own, coming), at_next, now=after(days=6))

    assert first.done_by == at_next.assessment_id


@pytest.mark.parametrize(
    ("hours", "moment", "done"),
    [(5, Moment.PRE_INFUSION, True), (24, Moment.PRE_INFUSION, False), (24, Moment.POST_24H, True)],
)
def test_a_form_of_a_visit_was_given_before_its_infusion_until_that_must_be_over(hours, moment, done):
    own = infusion(0, charted=False)

    found = due(moment, course(own), form(after(hours=hours), visit=own.visit), now=after(days=3))

    assert states(found) == ["done" if done else "missed"]


@pytest.mark.parametrize(("days", "state"), [(13, "missed"), (13.6, "done"), (31, "done"), (31.5, "missed")])
def test_the_endpoint_is_the_first_form_14_to_31_local_days_after_the_last_infusion(days, state):
    given = course(infusion(-3), infusion(0))

    assert states(due(Moment.ENDPOINT, given, form(after(days=days)), now=after(days=40))) == [state]


@pytest.mark.parametrize(
    ("days", "state"), [(13, "ahead"), (14, "open"), (21, "open"), (22, "overdue"), (32, "missed")]
)
def test_an_endpoint_is_overdue_after_three_weeks(days, state):
    assert states(due(Moment.ENDPOINT, course(infusion(0)), now=after(days=days))) == [state]


def test_the_first_of_two_endpoints_is_the_one():
    first, second = form(after(days=15)), form(after(days=22))

    (found,) = due(Moment.ENDPOINT, course(infusion(0)), first, second, now=after(days=40))

    assert found.done_by == first.assessment_id


def test_the_weeks_after_a_course_are_counted_from_its_last_infusion():
    found = due(
        Moment.WEEKLY, course(infusion(-3), infusion(0)), form(after(days=7)), form(after(days=20)), now=after(days=29)
    )

    assert states(found) == ["done", "missed", "done", "overdue"]
    assert [each.nth for each in found] == [1, 2, 3, 4]


def test_the_months_after_a_course_go_on_for_a_year():
    found = due(Moment.MONTHLY, course(infusion(0)), form(after(days=31)), now=after(days=50))

    assert (len(found), states(found)[:3]) == (12, ["done", "open", "ahead"])


def test_a_course_that_goes_on_has_its_weeks_ahead():
    going = course(infusion(0), infusion(3, given=False))

    assert states(due(Moment.WEEKLY, going, now=after(days=1)))[0] == "ahead"


def test_a_later_course_ends_what_an_earlier_one_asks_for():
    later = course(infusion(8))

    found = due(Moment.WEEKLY, course(infusion(0)), form(after(days=9)), now=after(days=40), others=(later,))

    assert [(each.nth, str(each.state)) for each in found] == [(1, "missed")]
    assert found[0].closes_at == after(days=8)


def test_what_is_not_required_is_never_overdue_nor_missed():
    once = course(infusion(0))

    late = due(Moment.POST_24H, once, now=after(hours=30), required=False)
    gone = due(Moment.POST_24H, once, now=after(hours=40), required=False)

    assert (states(late), gone) == (["open"], [])


def test_a_form_wanted_keeps_its_id():
    given = course(infusion(0))

    before, later = (due(Moment.WEEKLY, given, now=after(days=days)) for days in (1, 9))

    assert [each.id for each in before] == [each.id for each in later]
    assert len({each.id for each in before}) == 4


@pytest.mark.parametrize(
    ("hours", "state"), [(5.9, "ahead"), (6, "open"), (7.9, "open"), (8, "overdue"), (11.9, "overdue"), (12, "missed")]
)
@pytest.mark.parametrize("moment", [Moment.POST_24H, Moment.POST_7D, Moment.ENDPOINT])
def test_a_window_of_the_protocols_own_is_counted_from_the_infusions_end(moment, hours, state):
    now = after(hours=hours) + FORTY_MINUTES

    assert states(due(moment, course(infusion(0)), now=now, window=(6, 8, 12))) == [state]


@pytest.mark.parametrize(("moment", "days"), [(Moment.WEEKLY, 7), (Moment.MONTHLY, 30)])
def test_a_window_of_the_first_week_or_month_is_that_of_every_later_one(moment, days):
    found = due(moment, course(infusion(0)), now=NOON, window=(10, 20, 30))

    hours = [(each.due_at - NOON - FORTY_MINUTES) / timedelta(hours=1) for each in found[:3]]
    assert hours == [20, 20 + days * 24, 20 + 2 * days * 24]
    assert {each.closes_at - each.opens_at for each in found} == {timedelta(hours=20)}


def test_a_form_is_taken_for_what_its_own_window_says():
    early = form(after(hours=10))

    (found,) = due(Moment.POST_24H, course(infusion(0)), early, now=after(days=3), window=(6, 8, 12))

    assert found.done_by == early.assessment_id


def test_a_form_that_is_due_as_it_closes_is_never_overdue():
    seen = [
        states(due(Moment.POST_24H, course(infusion(0)), now=after(hours=hours), window=(6, 12, 12)))
        for hours in (12.6, 12.7)
    ]

    assert seen == [["open"], ["missed"]]


def test_a_treatment_in_another_course_meanwhile_ends_nothing_of_one_that_goes_on():
    going, booster = course(infusion(0), infusion(6, given=False)), course(infusion(3))

    found = due(Moment.PRE_INFUSION, going, form(after(days=6, hours=-1)), now=after(days=6), others=(booster,))

    assert states(found) == ["missed", "done"]
