"""A figure of the chairs opened: spans of a chair with their cause and their visit, visits, and chair-days."""

from datetime import timedelta

import pytest

from scheduler.errors import Invalid, NotFound
from scheduler.utilization.chairs.report import read_chairs
from scheduler.utilization.chairs.rows import read_rows
from scheduler.utilization.figures.figures import Asked, By, Unit
from tests.builders import MDD_INDUCTION, MONDAY, clinic_instant
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper

LATER = clinic_instant("Mon 09:00", week=5)
WEEK = MONDAY + timedelta(days=6)


@pytest.fixture
def rows(db, clinic):
    def reading(measure, line=None, *, by=None, first=MONDAY, last=WEEK):
        return read_rows(db, Asked(first, last, by), measure, line, actor=clinic.manager, now=LATER)

    return reading


@pytest.fixture
def page(db, clinic):
    def reading(measure, after, limit=None):
        asked = Asked(MONDAY, WEEK, None)
        return read_rows(db, asked, measure, None, actor=clinic.manager, now=LATER, after=after, limit=limit)

    return reading


@pytest.fixture
def keep(clinic):
    return Keeper(clinic)


@pytest.fixture
def week(clinic, at, keep):
    """A week with one of everything: kept, late, missed, called off, moved, forgotten, seated elsewhere."""
    clinic.add_protocol(TWO_HOURS)
    short = Keeper(clinic, TWO_HOURS.key)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:10"), at("Mon 10:50"), free=at("Mon 11:05"))
    keep.sat(keep.plan("B", at("Mon 09:00")), at("Mon 09:00"), at("Mon 18:30"))
    keep.missed(short.plan("A", at("Tue 10:30")))
    keep.cancelled(keep.plan("B", at("Wed 11:00")), notice=timedelta(hours=2), late=True)
    keep.cancelled(keep.plan("A", at("Wed 11:00")), notice=timedelta(days=5), late=False)
    keep.moved(short.plan("A", at("Thu 09:00")), at("Fri 09:00"), at=at("Wed 18:00"))
    keep.sat(short.plan("B", at("Thu 13:00")), at("Thu 13:00"), at("Thu 15:00"), seat="A")
    return clinic


def minutes(row):
    return (row.ends_at - row.starts_at) // timedelta(minutes=1)


def test_a_lost_span_tells_its_chair_its_cause_and_its_visit(rows, keep, at):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.sat(visit, at("Mon 09:10"), at("Mon 11:10"))

    (row,) = rows("started_late")

    assert (row.resource, row.starts_at, row.ends_at, row.value) == ("A", at("Mon 09:00"), at("Mon 09:10"), 10)
    assert (row.appointment_id, row.series_id, row.patient_id) == (visit.id, visit.series_id, visit.patient_id)
    assert row.words.startswith("Started late: ")
    assert (row.protocol, row.patient, row.counted) == (MDD_INDUCTION.name, None, True)


def test_a_place_somebody_moved_away_from_tells_whose_it_was(rows, keep, at):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.moved(visit, at("Tue 09:00"), at=at("Mon 07:00"))

    (row,) = rows("cancelled_late")

    assert (row.appointment_id, row.patient_id, row.day) == (visit.id, visit.patient_id, MONDAY)


def test_a_place_left_for_a_day_beyond_the_range_tells_the_visit_alone(rows, keep, at):
    visit = keep.plan("A", at("Mon 09:00"))
    keep.moved(visit, at("Mon 09:00", week=3), at=at("Mon 07:00"))

    (row,) = rows("cancelled_late")

    assert (row.appointment_id, row.patient_id, row.series_id) == (visit.id, None, None)


def test_a_share_opens_into_what_counts_and_what_it_is_divided_by(rows, keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))
    keep.missed(keep.plan("B", at("Mon 09:00")))

    missed, kept = sorted(rows("no_show_rate"), key=lambda row: row.resource, reverse=True)

    assert [(row.counted, row.value, row.words) for row in (missed, kept)] == [
        (True, 1, "The patient did not come."),
        (False, 0, "The patient came."),
    ]


def test_infusions_are_divided_by_chair_days(rows, keep, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))

    found = rows("infusions_per_chair_day", last=MONDAY)

    assert [(row.counted, row.value, row.starts_at) for row in found] == [
        (False, 0, None),
        (False, 0, None),
        (True, 1, at("Mon 09:00")),
    ]


@pytest.mark.parametrize("by", [None, *By])
def test_rows_come_to_the_figures_they_open(db, week, rows, by):
    report = read_chairs(db, Asked(MONDAY, WEEK, by), actor=week.manager, now=LATER)
    line = report.lines[0] if report.lines else report.whole

    for figure in line.figures:
        found = rows(figure.measure.key, line.key, by=by)

        assert sum(row.value for row in found) == (figure.numerator or 0), figure
        assert [row.key for row in found] == sorted({row.key for row in found})
        assert figure.denominator is None or figure.denominator == divided_by(figure, found), figure


def divided_by(figure, found):
    """What the rows come to that a share is divided by."""
    if figure.measure.unit is Unit.PER_DAY:
        return sum(not row.counted for row in found)
    return len(found) if figure.measure.key.endswith("rate") else sum(minutes(row) for row in found)


def test_a_line_by_weekday_opens_into_its_days_alone(rows, week):
    found = rows("never_booked", "tue", by=By.WEEKDAY, last=MONDAY + timedelta(days=20))

    assert {row.day for row in found} == {MONDAY + timedelta(days=1 + 7 * number) for number in range(3)}


@pytest.mark.parametrize("by", [By.PROTOCOL, By.PRESCRIBER])
def test_the_line_of_no_visit_opens_into_what_no_visit_is_behind(rows, week, by):
    found = rows("lost", "none", by=by)

    assert {row.appointment_id for row in found} == {None}
    assert {row.words.partition(":")[0] for row in found} <= {"Never booked", "Fragment too short", "No nurse units"}


def test_a_chair_day_is_no_figure_of_an_hour(rows, week):
    assert rows("chair_days", "9", by=By.HOUR) == []
    assert len(rows("chair_days")) == 10


@pytest.mark.parametrize(
    ("by", "line"),
    [(None, "mon"), (By.DAY, "2026-03-20"), (By.WEEKDAY, "monday"), (By.HOUR, "24"), (By.HOUR, "09"),
     (By.RESOURCE, "none"), (By.PROTOCOL, "two_hours"), (By.MONTH, "2026-04")],
)  # fmt: skip
def test_a_line_that_there_is_not_is_not_found(rows, by, line):
    with pytest.raises(NotFound):
        rows("lost", line, by=by)


def test_another_clinics_chair_is_no_line(rows, elsewhere):
    with pytest.raises(NotFound):
        rows("lost", str(elsewhere.resource("A").id), by=By.RESOURCE)


def test_what_no_report_measures_is_not_found_and_no_range_invalid(rows):
    with pytest.raises(NotFound):
        rows("profit")
    with pytest.raises(Invalid):
        rows("lost", last=MONDAY - timedelta(days=1))


def test_what_is_still_to_come_is_in_no_row(db, clinic, keep, at):
    keep.missed(keep.plan("A", at("Tue 09:00")))
    asked = Asked(MONDAY, WEEK, None)

    found = read_rows(db, asked, "no_show", None, actor=clinic.manager, now=at("Tue 09:30"))

    assert [(row.starts_at, row.ends_at) for row in found] == [(at("Tue 09:00"), at("Tue 09:30"))]


@pytest.mark.parametrize("measure", ["lost", "infusions_per_chair_day", "kept"])
def test_pages_are_all_the_rows_each_once(rows, page, week, measure):
    found, after = [], None
    while got := page(measure, after, 3):
        found += got
        after = got[-1].key

    assert found == rows(measure)


@pytest.mark.parametrize("after", ["9999999999-x", "0999999999-x"])
def test_behind_the_last_row_there_is_none(page, week, after):
    assert page("lost", after) == []


def test_behind_what_is_no_key_are_the_rows_it_sorts_before(page, rows, week):
    assert page("lost", "") == page("lost", "-") == rows("lost")


def test_no_number_of_days_or_visits_makes_it_ask_more(db, rows, keep, at):
    rows("lost")
    sent = []
    for visits, days in ((2, 7), (2, 28), (20, 28)):
        for number in range(visits):
            start = at("Mon 08:00", week=number % 4) + timedelta(days=number % 5)
            keep.sat(keep.plan("AB"[number % 2], start), start, start + timedelta(hours=2))
        with counted(db) as statements:
            rows("lost", last=MONDAY + timedelta(days=days - 1))
        sent.append(len(statements))

    assert len(set(sent)) == 1
