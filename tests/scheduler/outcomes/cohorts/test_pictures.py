"""What the pictures say, to who sees them and to who does not; and what may be opened behind a figure."""

import re
from datetime import timedelta

import pytest

from scheduler.errors import Invalid
from scheduler.outcomes.cohorts.disclosure import disclose
from scheduler.outcomes.cohorts.facts import Head, facts_of
from scheduler.outcomes.cohorts.followup import CURVES, Care
from scheduler.outcomes.cohorts.pictures import PICTURES, draw
from scheduler.outcomes.cohorts.report import By, report_of
from scheduler.outcomes.cohorts.rows import pseudonym, rows_of
from scheduler.outcomes.trajectories.courses import Course, Infusion, PatientCourses, Reading
from tests.scheduler.outcomes.cohorts.simulated import BEGINS, NOW, PHQ9, YARDSTICK, cohort_of


@pytest.fixture(scope="module")
def many():
    return disclose(report_of(cohort_of(150, by=By.DIAGNOSIS, captured=0.8, stop=True)))


@pytest.fixture(scope="module")
def few():
    return disclose(report_of(cohort_of(4)))


def heard(disclosure, name) -> str:
    """The picture in words."""
    return re.search(r"<desc[^>]*>(.+?)</desc>", draw(name, "svg", disclosure).decode(), re.DOTALL)[1]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_tells_its_numbers_in_words_too(many, name):
    assert re.search(r"\d", heard(many, name))
    assert draw(name, "svg", many) == draw(name, "svg", many)


@pytest.mark.parametrize("name", PICTURES)
def test_of_fewer_than_five_a_picture_tells_nothing(few, name):
    assert "withheld" in heard(few, name)
    assert not re.search(r"\b\d+/\d+\b|\d+ courses", heard(few, name))


def test_the_figures_of_others_on_the_same_scale_stand_in_the_picture(many):
    assert "McInnes 2022, n 537: Response 53.6 %; Remission 28.9 %" in heard(many, "response")
    assert "Murrough" not in heard(many, "response")


def test_what_was_given_before_the_watching_began_ends_no_unaided_span():
    """Nobody can have been watched unaided from a score that came after further infusions."""
    first, later = (_course(BEGINS + timedelta(days=days)) for days in (0, 10))
    readings = tuple(_reading(total, days) for total, days in ((20, -1), (8, 20), (8, 40)))
    record = PatientCourses(first.patient_id, (first, later), {"phq9": readings})

    spans = facts_of(record, first, Head(first.series_id, "x"), PHQ9, YARDSTICK, now=NOW).spans

    assert spans == {}  # the score of day 20 belongs to the later course


def test_a_score_between_two_courses_is_watched_to_the_second():
    first, later = (_course(BEGINS + timedelta(days=days)) for days in (0, 30))
    readings = tuple(_reading(total, days) for total, days in ((20, -1), (8, 20), (8, 40)))
    record = PatientCourses(first.patient_id, (first, later), {"phq9": readings})

    spans = facts_of(record, first, Head(first.series_id, "x"), PHQ9, YARDSTICK, now=NOW).spans

    days = {curve: span.days for curve, span in spans.items()}
    assert days == {curve: 10 if curve.care is Care.UNAIDED else 20 for curve in CURVES}


@pytest.mark.parametrize(("courses", "told"), [(300, "withheld"), (1000, r"\d+ relapses, \d+ percent left")])
def test_the_picture_of_durability_tells_what_is_left_if_every_unconfirmed_loss_is_one(courses, told):
    """Unless those losses are fewer than five."""
    drawn = disclose(report_of(cohort_of(courses, 1, captured=0.8)))

    said = heard(drawn, "durability")

    assert "if every unconfirmed loss is one" in said
    assert re.search(f"Unaided, at worst: {told}", said)


def test_a_pseudonym_stays_and_tells_one_clinic_from_another():
    series = cohort_of(2).courses[0].head.series_id

    assert pseudonym("key", series) == pseudonym("key", series)
    assert pseudonym("key", series) != pseudonym("other", series)


def test_a_figure_nobody_knows_cannot_be_opened():
    with pytest.raises(Invalid):
        rows_of(cohort_of(1), "none", "key")


def _course(at):
    infusion = Infusion(at, at + timedelta(minutes=40))
    return Course(cohort_of(1, seed=at.day).courses[0].head.series_id, (infusion,), planned=1, ended=True)


def _reading(total, days):
    answers = (3,) * (total // 3) + (total % 3,) + (0,) * (8 - total // 3)
    return Reading(BEGINS + timedelta(days=days), total, PHQ9.band(total).key, version="1", answers=answers)
