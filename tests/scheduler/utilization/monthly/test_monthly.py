"""A month on paper: what stands on it, whatever the month was like."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import update

from scheduler.errors import Invalid
from scheduler.models import Clinic, Closure, OpeningHours
from scheduler.records import audit
from scheduler.utilization.figures.figures import Figure, Measure, Unit
from scheduler.utilization.monthly.numbers import change, made_of, value
from scheduler.utilization.monthly.pages import CHAIR_COLUMNS, CHOSEN, KEY_FIGURES, LINES, NAMES, PROTOCOL_COLUMNS
from scheduler.utilization.monthly.paper import draw, write
from scheduler.utilization.monthly.reading import CHAIRS, SPLIT, Month, read_month
from scheduler.utilization.months import after, before, first_of, last_of
from scheduler.utilization.pictures.drawing import PICTURES
from scheduler.utilization.reports import KINDS
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper, keep_worked_example

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def example(db, clinic, at):
    """The worked example, as the only day the clinic was open."""
    open_on = {"opens": 9 * 60, "closes": 13 * 60, "valid_until": date(2026, 3, 6), "valid_from": date(2026, 3, 2)}
    db.execute(update(OpeningHours).where(OpeningHours.weekday == 0).values(**open_on))
    db.execute(update(OpeningHours).where(OpeningHours.weekday > 0).values(valid_until=date(2026, 1, 2)))
    keep_worked_example(clinic)
    return clinic


@pytest.fixture
def read(db, clinic, at):
    """A month as it is read, afterwards unless told otherwise."""

    def read(first=MARCH, now=None):
        return read_month(db, first, actor=clinic.manager, now=now or at("Mon 09:00", week=12))

    return read


def text_of(month: Month) -> str:
    """All pages in one line; without the pictures, whose letters are outlines and take their time."""
    pages = (page.extract_text() for page in PdfReader(BytesIO(write(month, {}))).pages)
    return " ".join(" ".join(pages).replace("\u00a0", " ").split())


def test_the_worked_example_stands_on_the_paper(example, read):
    said = text_of(read())

    assert "Where the hours went: March 2026" in said
    assert "Scheduled utilization 93.8 %" in said
    assert "Actual utilization 68.8 % \u2013 330 / 480" in said
    assert "No-show rate 25.0 % \u2013 1 / 4" in said
    assert "Overtime 20 min" in said


def test_the_sum_of_all_minutes_is_printed_and_comes_out(example, read):
    said = text_of(read())

    assert "Open = used + turnover + lost: 480 = 330 + 0 + 150 minutes." in said
    assert "Most was lost to: no-show (a visit was planned whose patient did not come), 1 h 30 min, 60.0 %" in said


def test_every_number_on_it_has_its_formula(example, read):
    month = read()

    said = text_of(month)

    flat = said.replace(" ", "")
    told = [each for each in KINDS[CHAIRS].measures if each.key in (*KEY_FIGURES, *CHAIR_COLUMNS, *PROTOCOL_COLUMNS)]
    told += [each for name, keys in CHOSEN.items() for each in KINDS[name].measures
             if each.key in keys and month.compared[name].has(each.key)]  # fmt: skip
    assert len(told) > 30
    assert [each.key for each in told if each.formula.replace(" ", "") not in flat] == []


def test_the_month_before_stands_beside_with_the_change(example, read):
    said = text_of(read(APRIL))

    assert "Where the hours went: April 2026" in said
    assert "Used 0 min 5 h 30 min \u22125 h 30 min" in said


def test_of_the_same_figures_the_paper_is_the_same_to_the_byte(example, read):
    month = read()

    paper = draw(month)

    assert paper == draw(month)
    assert sum(len(page.images) for page in PdfReader(BytesIO(paper)).pages) == len(PICTURES)


def test_of_a_month_that_was_closed_there_is_still_a_paper(db, clinic, read, at):
    clinic.keep(
        Closure(clinic_id=clinic.id, starts_at=at("Mon 00:00", week=-2), ends_at=at("Mon 00:00", week=6), reason="Move")
    )

    said = text_of(read())

    assert "Most was lost to: blocked" in said
    assert "100.0 % of what was lost" in said


def test_of_a_month_without_opening_hours_there_is_still_a_paper(db, clinic, read):
    db.execute(update(OpeningHours).values(valid_from=date(2027, 1, 1)))

    said = text_of(read())

    assert "Open = used + turnover + lost: 0 = 0 + 0 + 0 minutes." in said
    assert "Actual utilization \u2013" in said


def test_a_month_in_progress_says_so_and_up_to_when(example, read, at):
    said = text_of(read(now=at("Mon 12:00")))

    assert "counted up to 2 March 2026, 12:00" in said
    assert "The month is not over" in said


def test_a_month_that_is_over_does_not_say_that_it_goes_on(example, read):
    assert "The month is not over" not in text_of(read())


def test_a_month_to_come_is_a_paper_of_nothing(example, read):
    said = text_of(read(date(2030, 2, 1)))

    assert "1 February 2030 to 28 February 2030 \u00b7 not begun" in said


def test_a_long_name_with_signs_of_markup_is_cut_and_stands_as_it_is(db, clinic, read):
    db.execute(update(Clinic).values(name="Infusions <b>& more</i> of a very long name " * 5))

    said = text_of(read())

    assert "Infusions <b>& more</i> of a very long name Infusions <b>& more</i> of a very" in said


def test_nobody_is_named_on_it(db, clinic, example, read):
    said = text_of(read())

    assert not any(name in said for name in ("Byron", "Ada"))


def test_the_book_says_which_month_was_read(db, clinic, read):
    read()

    (noted,) = audit.pending_notes(db)
    assert (noted.action, noted.details) == (
        "report.read",
        {"report": "monthly", "first": "2026-03-01", "last": "2026-03-31"},
    )


@pytest.mark.parametrize("first", [date(2012, 1, 1), date(2200, 1, 1)])
def test_a_month_beyond_the_calendar_is_refused(read, first):
    with pytest.raises(Invalid) as refused:
        read(first)

    assert [fault.where for fault in refused.value.faults] == ["month"]


def test_a_month_is_read_with_as_many_statements_however_much_happened(db, clinic, example, read, at):
    with counted(db) as few:
        read()
    keep = Keeper(clinic, TWO_HOURS.key)
    for hour in (9, 11):
        keep.sat(keep.plan("A", at(f"Mon {hour:02}:00", week=1)), at(f"Mon {hour:02}:05", week=1), None)

    with counted(db) as many:
        read()

    assert 0 < len(many) <= len(few)


def test_what_the_paper_chooses_is_told_by_the_reports():
    keys = {name: {measure.key for measure in kind.measures} for name, kind in KINDS.items()}

    assert set(CHOSEN) | {CHAIRS} == set(KINDS) == set(NAMES)
    assert all(set(chosen) <= keys[name] for name, chosen in CHOSEN.items())
    assert all(set(columns) <= keys[name] for name, (_, columns) in LINES.items())
    assert {*KEY_FIGURES, *CHAIR_COLUMNS, *PROTOCOL_COLUMNS} <= keys[CHAIRS]
    assert set(LINES) | {CHAIRS} == set(SPLIT)


def test_months_follow_each_other():
    assert first_of("2026-10") == date(2026, 10, 1)
    assert (before(date(2026, 1, 1)), after(date(2025, 12, 1))) == (date(2025, 12, 1), date(2026, 1, 1))
    assert (last_of(date(2024, 2, 1)), last_of(date(2026, 12, 1))) == (date(2024, 2, 29), date(2026, 12, 31))
    assert last_of(date(2026, 3, 1)) - date(2026, 3, 1) == timedelta(days=30)


def figure(unit: Unit, number: float | None, numerator: int | None = None, denominator: int | None = None) -> Figure:
    return Figure(Measure("x", "X", unit, "a / b", "all"), number, numerator, denominator, 7)


@pytest.mark.parametrize(
    ("unit", "now", "was", "said", "changed"),
    [
        (Unit.SHARE, 0.6875, 0.7, "68.8 %", "\u22121.3 pt"),
        (Unit.MINUTES, 7340.0, 7000.0, "122 h 20 min", "+5 h 40 min"),
        (Unit.MINUTES, 12.5, 12.5, "13 min", "="),
        (Unit.DAYS, 1.0, 2.5, "1 day", "\u22121.50 days"),
        (Unit.VISITS, 1204.0, 1200.0, "1,204", "+4"),
        (Unit.PER_DAY, 2.55, None, "2.55", ""),
        (Unit.RATIO, None, 1.0, "\u2013", ""),
    ],
)
def test_a_number_is_said_as_people_say_it(unit, now, was, said, changed):
    told = value(figure(unit, now)), change(figure(unit, now), figure(unit, was))

    assert tuple(each.replace("\u00a0", " ") for each in told) == (said, changed)


def test_a_share_says_both_its_numbers_and_a_median_of_how_many_it_is():
    assert made_of(figure(Unit.SHARE, 0.5, 1234, 2468)) == "1,234 / 2,468"
    assert made_of(figure(Unit.DAYS, 3.0)) == "of 7"
    assert made_of(figure(Unit.VISITS, 3.0, 3)) == ""
