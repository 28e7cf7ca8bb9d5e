"""The picture of a course: looked at as a figure, and as the bytes that are sent."""

import re
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.scales.simple import simple_scale
from scheduler.outcomes.trajectories import picture, strip
from scheduler.outcomes.trajectories.canvas import legible
from scheduler.outcomes.trajectories.courses import Course
from scheduler.outcomes.trajectories.picture import draw
from scheduler.outcomes.trajectories.trajectory import trajectory
from tests.scheduler.outcomes.trajectories.worked import (
    INDUCTION,
    LATER,
    PHQ9,
    course,
    infusion,
    read,
    reading,
    worked,
)

SCALE = SCALES["phq9"]
PLAIN = replace(PHQ9, lines=Lines(), curve=(), relapse=None)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(found, scale=SCALE, yardstick=PHQ9):
    """The upper part of the picture, with the scores, and the strip below."""
    return picture._figure(scale, yardstick, found).axes


def named(axes):
    """What stands in the key, with how many marks of it there are."""
    handles, names = axes.get_legend_handles_labels()
    return {
        name: len(handle.get_xdata())
        for handle, name in zip(handles, names, strict=True)
        if hasattr(handle, "get_xdata")
    }


def said(axes):
    return {text.get_text() for text in axes.texts}


def test_a_picture_is_svg_with_a_title_and_a_text_for_who_cannot_see_it():
    root = ElementTree.fromstring(draw(SCALE, PHQ9, worked(), "svg"))  # noqa: S314 # our own

    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
    assert root.find(f"{SVG}title").text == "PHQ-9 over the course"
    assert "day 47: 13; day 54: 14" in root.find(f"{SVG}desc").text


def test_a_picture_carries_no_style_that_a_page_would_refuse_and_no_font():
    text = draw(SCALE, PHQ9, worked(), "svg").decode()

    assert not re.search(r"style|<text|font-family|<script", text)
    assert 'stroke-dasharray="' in text


def test_a_picture_is_png_with_the_same_words():
    found = draw(SCALE, PHQ9, worked(), "png")

    assert found.startswith(b"\x89PNG")
    assert b"PHQ-9 over the course" in found
    assert b"Software" not in found


@pytest.mark.parametrize("wanted", ["svg", "png"])
def test_the_same_course_makes_the_same_bytes(wanted):
    assert draw(SCALE, PHQ9, worked(), wanted) == draw(SCALE, PHQ9, worked(), wanted)


def test_a_picture_names_no_date():
    text = draw(SCALE, PHQ9, worked(), "svg").decode()

    assert not re.search(r"\b20[0-9]{2}-[0-9]{2}", text.replace("2000/01/rdf", ""))


def test_scores_bands_and_lines_stand_in_the_picture():
    above, _ = drawn(worked())

    assert {"Baseline 20", "Response: 10 or less", "Remission: 4 or less", "severe\n20\u201327"} <= said(above)
    assert {str(total) for total in (20, 15, 13, 11, 10, 9, 8, 14)} <= said(above)
    assert named(above) == {"Score": 10}


def test_what_does_not_count_has_a_mark_of_its_own():
    mine = Course(INDUCTION, (infusion(0), infusion(5, given=False)), planned=6)
    forms = [
        reading(0, 20), reading(1, 9), reading(3, 12, prorated=True, complete=False), reading(4, None),
        reading(6, 8, version="2"),
    ]  # fmt: skip

    above, below = drawn(trajectory(forms, mine, PHQ9, now=LATER))

    assert named(above) == {
        "Score": 1, "Soon after an infusion: not counted": 1, "Estimated from some answers: not counted": 1,
        "Incomplete form: no score": 1, "Other wording: not counted": 1,
    }  # fmt: skip
    assert named(below) == {"Infusion": 1, "Planned infusion": 1}


def test_an_incomplete_form_stands_above_every_score():
    above, _ = drawn(read([(0, 20), (3, None)]))
    cross = next(line for line in above.lines if line.get_marker() == "x")

    assert cross.get_ydata()[0] > SCALE.most


def test_scores_with_nothing_between_them_are_not_joined():
    above, _ = drawn(read([(0, 16), (9, 12), (100, 14), (110, 15)]))

    assert [len(line.get_xdata()) for line in above.lines if line.get_marker() == "None"][:2] == [2, 2]


def test_the_expected_course_is_drawn_where_one_is_known():
    with_curve, without = drawn(worked())[0], drawn(worked(), yardstick=PLAIN)[0]

    (band,) = (area for area in with_curve.collections if area.get_hatch())
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].max() == 20
    assert corners[:, 1].min() == 10
    assert not [area for area in without.collections if area.get_hatch()]


def test_without_a_baseline_there_are_no_lines():
    above, _ = drawn(read([(3, 12), (9, 8)]))

    assert not [text for text in said(above) if text.startswith(("Baseline", "Response", "Remission"))]


@pytest.mark.parametrize("found", [read([]), trajectory([], None, PHQ9, now=LATER)], ids=["course", "nothing"])
def test_a_course_without_scores_says_so(found):
    assert "No scores yet" in said(drawn(found)[0])
    assert draw(SCALE, PHQ9, found, "svg")


def test_scores_without_a_course_are_drawn_from_the_first_of_them():
    _, below = drawn(trajectory([reading(0, 20), reading(9, 14)], None, PHQ9, now=LATER))

    assert below.get_xlabel() == "Days since the first form"


def test_of_very_many_scores_only_those_that_matter_bear_their_number():
    above, _ = drawn(read([(0, 20), *((3 + 2 * place, 12 - place // 4) for place in range(30))], (0, 1)))

    assert {text for text in said(above) if text.isdigit()} == {"20", "5"}


def test_a_scale_of_levels_is_drawn_level_by_level():
    levels = [replace(reading(day, None, complete=True), band=band) for day, band in ((0, "high"), (7, "low"))]

    above, _ = drawn(trajectory(levels, course(0), PLAIN, now=LATER), SCALES["cssrs_screener"], PLAIN)

    assert named(above) == {"Level": 2}
    assert {"none", "low", "moderate", "high"} <= said(above)


def test_a_clinics_own_words_are_never_read_as_formulas_nor_break_the_picture():
    scale = simple_scale("pain", "1", "How $x_{ <&> \u75db" + " very" * 30, "?", "none", "worst")
    found = read([(0, 8), (3, 5)], yardstick=PLAIN)

    root = ElementTree.fromstring(draw(scale, PLAIN, found, "svg"))  # noqa: S314 # our own

    assert root.find(f"{SVG}title").text.startswith("How $x_{ <&> \u25a1")
    assert legible("a\u75db") == "a\u25a1"


def doses(*given, until=49):
    """Which doses are written below a picture of so many days, and whether they are set upright."""
    mine = Course(INDUCTION, tuple(infusion(day, dose=dose) for day, dose in given))
    _, below = drawn(trajectory([reading(until, 10)], mine, PHQ9, now=LATER))
    written = below.texts[1:]
    return sorted(text.get_text() for text in written), {text.get_rotation() for text in written}


def test_every_dose_on_record_is_written():
    assert doses((0, "35"), (4, "42.5"), (7, None), (10, "42.54")) == (["35", "42.5", "42.5"], {0})


def test_where_infusions_are_close_their_doses_stand_upright():
    assert doses((0, "35"), (1, "35"), (3, "50"), (4, "50")) == (["35", "35", "50", "50"], {90})


def test_where_there_is_no_room_at_all_a_changed_dose_comes_before_a_repeated_one():
    assert doses((0, "35"), (5, "35"), (8, "50"), (200, "50"), until=400) == (["35", "50", "50"], {90})


def test_a_dose_is_written_to_a_tenth():
    assert [strip.written(infusion(0, dose=Decimal(dose))) for dose in ("35.000", "42.549")] == ["35", "42.5"]
