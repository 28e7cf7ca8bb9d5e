"""Who comes and who stays; when holidays are; and the order of things."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from scheduler.demo.holidays import holidays, holidays_between
from scheduler.demo.life import answer, arrive, attend, begin, finish, forget, miss, telephone
from scheduler.demo.living import Course, Life, Visit
from scheduler.demo.names import draw_names
from scheduler.demo.stories import MAINTENANCE, Call, Fate, draw_aftermath, draw_check, draw_fate, draw_story
from scheduler.demo.timeline import Timeline

DRAWS = 20_000
TODAY = date(2026, 10, 14)


def fates(protocol, visits):
    rng = Random(7)
    return [draw_fate(rng, protocol, visits) for _ in range(DRAWS)]


def test_85_in_a_hundred_come_to_all_six_visits():
    whole = fates("mdd_induction_2x", 6).count(Fate())

    assert whole / DRAWS == pytest.approx(0.85, abs=0.01)


def test_who_stops_has_had_one_to_five_visits_and_missed_up_to_two():
    stopped = [fate for fate in fates("mdd_induction_2x", 6) if fate != Fate()]

    given = Counter(fate.stops_after - len(fate.missed) for fate in stopped)
    assert given.keys() == {1, 2, 3, 4, 5}
    assert {len(fate.missed) for fate in stopped} == {0, 1, 2}
    assert all(
        fate.missed == set(range(fate.stops_after - len(fate.missed) + 1, fate.stops_after + 1)) for fate in stopped
    )


def test_a_series_never_stops_beyond_its_last_visit():
    assert max(fate.stops_after or 0 for fate in fates("mdd_induction_4", 4)) == 4


def test_a_lone_visit_is_kept_or_missed():
    assert set(fates("booster_single", 1)) == {Fate(), Fate(frozenset({1}), 1)}


def test_maintenance_goes_on_after_a_missed_visit_and_ends_with_one_that_is_kept():
    drawn = fates(MAINTENANCE, 11)

    assert any(fate.missed for fate in drawn)
    assert all(fate.stops_after is None and 11 not in fate.missed for fate in drawn)


def test_nine_in_ten_who_run_a_course_are_asked_at_its_endpoint_and_most_of_them_again():
    rng = Random(7)
    drawn = [draw_aftermath(rng, responds=False) for _ in range(DRAWS)]

    assert sum(bool({2, 3} & set(each.weeks)) for each in drawn) / DRAWS == pytest.approx(0.91, abs=0.01)
    assert sum(12 in each.weeks for each in drawn) / DRAWS == pytest.approx(0.7, abs=0.01)
    assert {each.relapse for each in drawn} == {None}


def test_responses_last_as_long_as_published_counted_from_the_endpoint():
    rng = Random(7)
    drawn = [draw_aftermath(rng, responds=True) for _ in range(DRAWS)]

    lasting = [each.relapse - each.weeks[1] for each in drawn if each.relapse]
    assert sum(weeks > 4 for weeks in lasting) / len(lasting) == pytest.approx(0.8, abs=0.04)
    assert sum(weeks > 8 for weeks in lasting) / len(lasting) == pytest.approx(0.6, abs=0.04)


def test_of_those_who_stop_few_are_heard_of_again():
    rng = Random(7)

    assert sum(draw_check(rng) is not None for _ in range(DRAWS)) / DRAWS == pytest.approx(0.4, abs=0.01)


def test_a_story_is_told_again_by_the_same_numbers():
    one, other = (draw_story(Random("1"), ("Ada", "Byron"), 1, today=TODAY, nurses=4) for _ in range(2))

    assert (one.birth_date, one.protocol, one.scores) == (other.birth_date, other.protocol, other.scores)
    assert 19 <= (TODAY - one.birth_date).days / 365.25 <= 76


def test_telephone_numbers_are_nobodys():
    phones = {draw_story(Random(n), ("Ada", "Byron"), n, today=TODAY, nurses=4).phone for n in range(300)}

    assert all("+1 212 555 0100" <= phone <= "+1 212 555 0199" for phone in phones)


def test_no_two_patients_bear_the_same_name():
    assert len(set(draw_names(Random(1), 500))) == 500


def test_holidays_are_kept_on_a_working_day():
    assert list(holidays(2026).items()) == [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 1, 19), "Martin Luther King Jr. Day"),
        (date(2026, 5, 25), "Memorial Day"),
        (date(2026, 6, 19), "Juneteenth"),
        (date(2026, 7, 3), "Independence Day"),
        (date(2026, 9, 7), "Labor Day"),
        (date(2026, 11, 26), "Thanksgiving Day"),
        (date(2026, 12, 25), "Christmas Day"),
    ]


def test_a_new_year_on_saturday_is_kept_in_the_old_year():
    assert list(holidays_between(date(2027, 12, 25), date(2027, 12, 31))) == [(date(2027, 12, 31), "New Year's Day")]


def test_things_happen_in_order_of_time_and_then_of_planning_up_to_the_end():
    noon, happened = datetime(2026, 10, 14, 12, tzinfo=UTC), []
    timeline = Timeline()
    for minutes, name in ((2, "late"), (1, "first"), (1, "second"), (3, "never")):
        timeline.at(noon + timedelta(minutes=minutes), lambda _, name=name: happened.append(name))

    timeline.play(until=noon + timedelta(minutes=3))

    assert happened == ["first", "second", "late"]


def test_what_happens_may_make_more_happen():
    noon, happened = datetime(2026, 10, 14, 12, tzinfo=UTC), []
    timeline = Timeline()
    timeline.at(noon, lambda now: timeline.at(now + timedelta(minutes=1), happened.append))

    timeline.play(until=noon + timedelta(hours=1))

    assert happened == [noon + timedelta(minutes=1)]


def test_what_was_expected_of_a_visit_that_was_moved_or_called_off_does_not_happen():
    noon = datetime(2026, 10, 14, 12, tzinfo=UTC)
    visit = Visit(UUID(int=1), 1, noon, noon + timedelta(hours=2))
    moved = Course(None, MAINTENANCE, UUID(int=2), {1: replace(visit, starts_at=noon + timedelta(days=1))})

    for act in (arrive, answer, begin, finish, miss, forget):
        act(None, moved, visit, noon)
    telephone(None, moved, visit, Call.MOVED, noon)
    life = Life(None, None, until=noon)
    attend(life, moved, visit, noon, noon)
    life.timeline.play(until=noon + timedelta(days=1))

    assert moved.visits[1] != visit
