"""The model of PHQ-9 courses, at scale, against the table it was calibrated to."""

from random import Random
from statistics import fmean, pstdev

import pytest

from scheduler.demo.scores import (
    COMMUNITY,
    COMPANIONS,
    MOST,
    ScoreCourse,
    draw_companions,
    draw_course,
    place_of,
    split,
)

DRAWS = 20_000
TABLE = {
    0: (17.8, 3.9, None),
    1: (13.0, 5.2, 18.6),
    2: (11.2, 5.7, 34.5),
    3: (10.2, 5.9, 44.7),
    4: (9.6, 6.1, 50.1),
    5: (9.2, 6.3, 52.8),
    6: (8.9, 6.4, 54.4),
}
"""After each infusion: mean, standard deviation, percent who have responded."""
REMITTED_AT_THE_END, WORSE_AT_THE_END = 29.6, 8.4


@pytest.fixture(scope="module")
def courses():
    """Every course with its total after 0 to 6 infusions."""
    rng = Random(7)
    drawn = [draw_course(rng) for _ in range(DRAWS)]
    return [(course, [course.total(infusions, rng) for infusions in TABLE]) for course in drawn]


def percent(found):
    return 100 * fmean(found)


@pytest.mark.parametrize("infusions", TABLE)
def test_totals_fall_as_the_table_says(courses, infusions):
    mean, spread, _ = TABLE[infusions]

    totals = [each[infusions] for _, each in courses]

    assert fmean(totals) == pytest.approx(mean, abs=0.2)
    assert pstdev(totals) == pytest.approx(spread, abs=0.2)


@pytest.mark.parametrize("infusions", [number for number in TABLE if number])
def test_as_many_respond_as_the_table_says(courses, infusions):
    responded = percent(2 * each[infusions] <= course.baseline for course, each in courses)

    assert responded == pytest.approx(TABLE[infusions][2], abs=1.5)


def test_as_many_remit_and_worsen_as_in_the_published_cohort(courses):
    remitted, worse = percent(each[6] < 5 for _, each in courses), percent(each[6] > each[0] for _, each in courses)

    assert remitted == pytest.approx(REMITTED_AT_THE_END, abs=1.5)
    assert worse == pytest.approx(WORSE_AT_THE_END, abs=1)


def test_item_nine_is_affirmed_by_most_at_baseline_and_by_fewer_as_totals_fall(courses):
    rng = Random(8)
    affirmed = [percent(course.answers(each[at], rng)[8] > 0 for course, each in courses) for at in (0, 3, 6)]

    assert affirmed[0] == pytest.approx(80, abs=1.5)
    assert affirmed[1] == pytest.approx(80 * 10.2 / 17.8, abs=1.5)
    assert affirmed[2] == pytest.approx(80 * 8.9 / 17.8, abs=1.5)


def test_answers_are_nine_items_that_add_up_to_the_total(courses):
    rng = Random(9)
    for course, totals in courses[:2_000]:
        for total in totals:
            answers = course.answers(total, rng)
            assert (len(answers), sum(answers)) == (9, total)
            assert {0, 1, 2, 3}.issuperset(answers)


def test_the_whole_scale_can_be_answered():
    rng, patient = Random(1), ScoreCourse(baseline=20, improvement=0.5, speed=2.0, ideation=1.0)

    assert patient.answers(MOST, rng) == [3] * 9
    assert patient.answers(0, rng) == [0] * 9


def test_item_nine_weighs_more_the_further_a_patient_is_under_their_own_line():
    lines = {ideation: ScoreCourse(20, 0.5, 2.0, ideation).answers(20, Random(1))[8] for ideation in (0.9, 0.5, 0.2, 0)}

    assert list(lines.values()) == [0, 1, 2, 3]


def test_a_total_is_split_into_answers_within_their_range():
    assert split(24, Random(1)) == [3] * 8


def test_who_improves_by_half_or_more_responds():
    assert ScoreCourse(20, 0.5, 2.0, 0.5).responds
    assert not ScoreCourse(20, 0.49, 2.0, 0.5).responds


def test_of_patients_who_follow_one_another_each_outcome_has_its_share():
    runs = [[place_of(number) for number in range(first, first + 50)] for first in range(0, 500, 7)]

    responding = sum(outcome.weight for outcome in COMMUNITY.outcomes[:2])
    assert all(abs(sum(place < responding for place in run) - 50 * responding) < 3 for run in runs)


def test_a_place_says_how_a_course_goes_from_best_to_worst():
    best, worst = (draw_course(Random(5), place=place) for place in (0.0, 1 - 1e-9))

    assert best.improvement == pytest.approx(0.88, abs=0.2)
    assert worst.improvement < 0


@pytest.mark.parametrize(("baseline", "improvement"), [(20, 0.9), (27, 0.5), (10, 0.6)])
def test_who_relapses_is_ill_again_and_no_responder_any_more(baseline, improvement):
    fallen = ScoreCourse(baseline, improvement, 2.0, 0.5).fallen

    assert fallen.expected(6) >= 12
    assert not fallen.responds


def test_a_scale_beside_the_phq9_falls_with_it_within_its_range():
    patient, rng = ScoreCourse(20, 0.9, 0.6, 0.5), Random(3)

    for scale in COMPANIONS.values():
        baseline = scale.draw(rng)
        answers = scale.answers(baseline, patient, 6, rng)
        assert sum(answers) < baseline / 2
        assert len(answers) == scale.items
        assert set(answers) <= set(range(scale.most + 1))


def test_a_third_are_asked_about_anxiety_and_after_trauma_all_about_that():
    rng = Random(4)
    drawn = [draw_companions(rng, trauma=True) for _ in range(1000)]

    assert sum("gad7" in each for each in drawn) == pytest.approx(350, abs=50)
    assert all("pcl5" in each for each in drawn)
    assert "pcl5" not in draw_companions(rng, trauma=False)
