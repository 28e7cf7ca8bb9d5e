"""What a picture says in words."""

import pytest

from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.trajectories import words
from scheduler.outcomes.trajectories.trajectory import trajectory
from tests.scheduler.outcomes.trajectories.worked import LATER, PHQ9, course, read, reading, worked

SCALE = SCALES["phq9"]


def test_the_worked_course_in_a_line():
    assert words.summary(worked()) == (
        "Baseline 20, now 14 (30 % better). First response on day 10, after 4 infusions. Relapse from day 47."
    )


@pytest.mark.parametrize(
    ("scored", "told"),
    [
        ([], "No score counts yet."),
        ([(0, 20)], "Baseline 20."),
        ([(0, 18), (3, 12)], "Baseline 18, now 12 (33.3 % better)."),
        ([(0, 20), (3, 22)], "Baseline 20, now 22 (10 % worse)."),
        ([(0, 0), (3, 3)], "Baseline 0, now 3."),
        ([(3, 12)], "Last score 12; no baseline."),
        (
            [(0, 20), (3, 4)],
            "Baseline 20, now 4 (80 % better). First response on day 3, after 1 infusion. First remission on day 3,"
            " after 1 infusion.",
        ),
        (
            [(0, 20), (3, 9), (9, 14)],
            "Baseline 20, now 14 (30 % better). First response on day 3, after 1 infusion. Possible relapse on day 9,"
            " not yet confirmed.",
        ),
    ],
)
def test_a_course_in_a_line(scored, told):
    assert words.summary(read(scored)) == told


def test_a_scale_of_levels_tells_the_last_one():
    levels = [reading(0, None, complete=True), reading(3, None)]
    levels[0] = type(levels[0])(levels[0].taken_at, None, "very_high")

    assert words.summary(trajectory(levels, course(0), PHQ9, now=LATER)) == "Last level: very high."


def test_a_picture_is_described_score_by_score_with_what_does_not_count():
    told = words.description(SCALE, read([(0, 20), (1, 9), (4, None)]))

    assert told == (
        "PHQ-9 from 0 to 27, lower is better. 3 infusions given. Baseline 20. Scores: day 0: 20; day 1: 9"
        " (short recall, not counted); day 4: no score (incomplete, not counted)."
    )


def test_of_nothing_the_words_say_so():
    told = words.description(SCALE, trajectory([reading(0, 7)], None, PHQ9, now=LATER))

    assert told.endswith("0 infusions given. Last score 7; no baseline. Scores: 7.")
