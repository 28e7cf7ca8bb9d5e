"""What a manager reads of the chairs over HTTP: figures with their formulas, the rows behind them, and tables."""

from csv import DictReader
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import select, update

from api.schemas.reports import ReportOut
from scheduler.actors import Role
from scheduler.models import AuditRow, OpeningHours, StaffRole
from scheduler.utilization.figures.figures import By, Unit
from scheduler.utilization.ledger.kinds import LOST
from scheduler.utilization.reports import KINDS
from tests.builders import MONDAY, clinic_instant
from tests.clients import Client, lent_app, token_of
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper, keep_worked_example

LATER = clinic_instant("Mon 09:00", week=5)
DAY = f"from={MONDAY}&to={MONDAY}"
FOUR_WEEKS = f"from={MONDAY}&to={MONDAY + timedelta(days=27)}"


@pytest.fixture
def app(connection, db):
    """The application, weeks later: reports look back."""
    return lent_app(connection, db, LATER)


@pytest.fixture
def later_as(app, db, clinic):
    """`later_as(role)` is whoever has this role, signed in when reports are read."""

    def signed_in(role, where=clinic):
        return Client(app, token_of(db, where, where.staff[role], now=LATER))

    return signed_in


@pytest.fixture
def manager(later_as):
    return later_as(Role.MANAGER)


@pytest.fixture
def example(db, clinic, at):
    """The worked example: two chairs from nine to one, two visits each, the last of them missed."""
    db.execute(update(OpeningHours).values(opens=9 * 60, closes=13 * 60))
    return keep_worked_example(clinic)


@pytest.fixture
def weeks(clinic, at):
    """Four weeks with a visit kept, one missed, one called off and one forgotten in each."""
    clinic.add_protocol(TWO_HOURS)
    for week in range(4):
        keep = Keeper(clinic, [TWO_HOURS.key, "mdd_induction_2x"][week % 2])
        keep.sat(keep.plan("A", at("Mon 09:00", week=week)), at("Mon 09:05", week=week), at("Mon 11:00", week=week))
        keep.missed(keep.plan("B", at("Tue 09:00", week=week)))
        keep.cancelled(keep.plan("B", at("Thu 12:00", week=week)), notice=timedelta(hours=3), late=True)
        keep.cancelled(keep.plan("A", at("Fri 12:00", week=week)), notice=timedelta(days=4), late=False)
        keep.plan("A", at("Wed 16:00", week=week))
    return clinic


def every_row(client, path):
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{path}" + (f"&cursor={cursor}" if cursor else "")).json
        found += page["items"]
        cursor = page["next"]
    return found


def test_the_worked_example_comes_out_with_its_numbers(manager, example):
    figures = manager.get(f"/reports/chairs?{DAY}").json["whole"]["figures"]

    scheduled = {"value": 0.9375, "numerator": 450, "denominator": 480, "population": 480}
    assert figures["scheduled_utilization"] == scheduled
    assert figures["actual_utilization"]["value"] == 0.6875
    assert figures["overtime"]["value"] == 20
    assert (figures["no_show_rate"]["value"], figures["no_show_rate"]["denominator"]) == (0.25, 4)
    assert figures["infusions_per_chair_day"]["value"] == 1.5


def test_open_minutes_are_used_turnover_and_lost(manager, weeks):
    report = manager.get(f"/reports/chairs?{FOUR_WEEKS}&by=day").json

    for line in (report["whole"], *report["lines"]):
        minutes = {key: figure["numerator"] for key, figure in line["figures"].items()}
        assert minutes["open"] == minutes["used"] + minutes["turnover"] + minutes["lost"]
        assert minutes["lost"] == sum(minutes[cause] for cause in LOST)
        assert minutes["available"] == minutes["open"] - minutes["blocked"]


def test_the_largest_cause_of_lost_minutes_is_told_in_words(manager, example):
    first, *_ = manager.get(f"/reports/chairs?{DAY}").json["notes"]

    assert first.startswith("The largest cause of lost minutes is `no_show`: 90 of 150 minutes.")


def test_visits_that_nobody_recorded_are_told_of(manager, weeks):
    notes = manager.get(f"/reports/chairs?{FOUR_WEEKS}").json["notes"]

    assert any("nobody wrote down what became of them" in note for note in notes)


@pytest.mark.parametrize("by", By)
def test_the_lines_of_every_split_add_up_to_the_whole(manager, weeks, by):
    report = manager.get(f"/reports/chairs?{FOUR_WEEKS}&by={by}").json

    units = {measure["key"]: measure["unit"] for measure in report["measures"]}
    for key, whole in report["whole"]["figures"].items():
        parts = [line["figures"][key]["numerator"] for line in report["lines"]]
        if None not in parts:
            assert sum(parts) == whole["numerator"], key
        else:
            assert (key, units[key]) == ("chair_days", Unit.DAYS)


@pytest.mark.parametrize("by", [By.PROTOCOL, By.PRESCRIBER])
def test_shares_of_minutes_by_protocol_and_prescriber_add_up_too(manager, weeks, by):
    report = manager.get(f"/reports/chairs?{FOUR_WEEKS}&by={by}").json

    whole, lines = report["whole"]["figures"], report["lines"]
    parts = [line["figures"]["actual_utilization"] for line in lines]
    assert {part["denominator"] for part in parts} == {whole["actual_utilization"]["denominator"]}
    assert sum(part["value"] for part in parts) == pytest.approx(whole["actual_utilization"]["value"], abs=1e-3)
    assert lines[-1]["key"] == "none"


@pytest.mark.parametrize("key", ["actual_utilization", "lost", "no_show_rate", "overtime"])
def test_a_figure_opens_into_rows_that_count_it_again(manager, example, key):
    whole = manager.get(f"/reports/chairs?{DAY}").json["whole"]["figures"]

    rows = every_row(manager, f"/reports/chairs/rows?{DAY}&measure={key}&limit=2")

    assert sum(row["value"] for row in rows) == whole[key]["numerator"]
    assert [row["key"] for row in rows] == sorted({row["key"] for row in rows})


def test_a_line_opens_by_its_key(manager, example):
    asked = f"{DAY}&by=resource"
    (chair, _) = manager.get(f"/reports/chairs?{asked}").json["lines"]

    rows = every_row(manager, f"/reports/chairs/rows?{asked}&measure=lost&limit=2&line={chair['key']}")

    assert {row["resource"] for row in rows} == {chair["label"]}
    assert sum(row["value"] for row in rows) == chair["figures"]["lost"]["value"]


def test_a_manager_sees_pseudonyms_and_no_ids_of_patients(manager, example):
    rows = every_row(manager, f"/reports/chairs/rows?{DAY}&measure=kept&limit=2")

    assert {row["patient_id"] for row in rows} == {None}
    assert len({row["patient"] for row in rows}) == 3
    assert all(len(row["patient"]) == 16 for row in rows)


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.CLINICIAN])
def test_a_manager_who_works_with_patients_sees_initials(db, clinic, manager, example, role):
    db.add(StaffRole(clinic_id=clinic.id, staff_id=clinic.staff[Role.MANAGER].id, role=role))

    rows = every_row(manager, f"/reports/chairs/rows?{DAY}&measure=kept&limit=2")

    assert {row["patient"] for row in rows} == {"AB"}
    assert len({row["patient_id"] for row in rows}) == 3


def test_the_book_tells_of_reports_and_of_whose_rows_were_opened(db, manager, example):
    manager.get(f"/reports/chairs?{DAY}&by=hour")
    manager.get(f"/reports/chairs/rows?{DAY}&measure=missed")

    read, opened = db.scalars(
        select(AuditRow).where(AuditRow.action.startswith("report.")).order_by(AuditRow.sequence)
    ).all()
    assert (read.action, opened.action) == ("report.read", "report.opened")
    assert read.details == {"report": "chairs", "first": "2026-03-02", "last": "2026-03-02", "by": "hour"}
    assert (opened.details["measure"], len(opened.details["patients"])) == ("missed", 1)


def test_a_clinic_sees_nothing_of_another(later_as, elsewhere, example):
    figures = later_as(Role.MANAGER, elsewhere).get(f"/reports/chairs?{DAY}").json["whole"]["figures"]

    assert (figures["used"]["value"], figures["kept"]["value"]) == (0, 0)


@pytest.mark.parametrize("name", KINDS)
def test_every_report_tells_its_measures_and_gives_its_answer_and_its_table(manager, weeks, name):
    told = {measure["key"] for measure in manager.get(f"/reports/{name}/measures").json["items"]}

    report = manager.get(f"/reports/{name}?{FOUR_WEEKS}&by=month").json
    lines = list(DictReader(StringIO(manager.get(f"/reports/{name}.csv?{FOUR_WEEKS}&by=month").text)))

    assert set(report["whole"]["figures"]) == told == {measure["key"] for measure in report["measures"]}
    assert len(lines) == len(told) * (1 + len(report["lines"]))


@pytest.mark.parametrize("name", KINDS)
def test_a_figure_of_every_report_opens_page_by_page(manager, weeks, name):
    for measure in KINDS[name].measures[:4]:
        path = f"/reports/{name}/rows?{FOUR_WEEKS}&measure={measure.key}"
        rows = every_row(manager, f"{path}&limit=200")

        assert [row["key"] for row in rows] == sorted({row["key"] for row in rows}), measure.key
        assert every_row(manager, f"{path}&limit=25") == rows


def test_the_table_has_every_figure_with_its_formula(manager, example):
    report = manager.get(f"/reports/chairs?{DAY}&by=hour").json

    lines = list(DictReader(StringIO(manager.get(f"/reports/chairs.csv?{DAY}&by=hour").text)))

    told = {(line["line"], line["measure"]): line["numerator"] for line in lines}
    for line in (report["whole"], *report["lines"]):
        for key, figure in line["figures"].items():
            assert told[line["key"] or "", key] == ("" if figure["numerator"] is None else str(figure["numerator"]))
    assert all(line["formula"].endswith(".") and line["unit"] for line in lines)


def test_the_table_of_rows_has_them_all(manager, weeks):
    rows = every_row(manager, f"/reports/chairs/rows?{FOUR_WEEKS}&measure=lost_of_open")

    answer = manager.get(f"/reports/chairs/rows.csv?{FOUR_WEEKS}&measure=lost_of_open")

    lines = list(DictReader(StringIO(answer.text)))
    assert [line["key"] for line in lines] == [row["key"] for row in rows]
    assert [line["starts_at"] for line in lines] == [row["starts_at"] for row in rows]
    assert {line["counted"] for line in lines} == {"yes", "no"}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chairs-lost_of_open.csv"'


def test_no_name_of_a_chair_is_a_formula_in_a_table(manager, example, clinic):
    clinic.resource("A").name = "=2+5"
    clinic.db.flush()  # reports read rows

    report = manager.get(f"/reports/chairs.csv?{DAY}&by=resource").text
    rows = manager.get(f"/reports/chairs/rows.csv?{DAY}&measure=lost").text

    assert ",=2" not in report + rows
    assert "'=2+5" in report
    assert "'=2+5" in rows


def test_what_is_sent_is_what_the_document_says(manager, weeks):
    report = manager.get(f"/reports/chairs?{FOUR_WEEKS}&by=weekday").json

    assert ReportOut().dump(ReportOut().load(report)) == report


@pytest.mark.parametrize(
    "query",
    ["", "?from=2026-03-02", f"?{DAY}&by=mood", "?from=2026-03-02&to=2026-03-01", "?from=2022-03-02&to=2026-03-01",
     "?from=1900-01-01&to=1900-01-01", f"?{DAY}&more=1"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_every_report(manager, query):
    assert {manager.get(f"/reports/{name}{query}").status_code for name in KINDS} == {422}


@pytest.mark.parametrize("query", ["", "&measure=none", "&measure=lost&cursor=x", "&measure=lost&limit=0"])
def test_rows_of_no_figure_are_refused(manager, query):
    assert manager.get(f"/reports/chairs/rows?{DAY}{query}").status_code == 422


def test_a_line_or_a_report_that_there_is_not_is_not_found(manager):
    assert manager.get(f"/reports/chairs/rows?{DAY}&measure=lost&line=mon").status_code == 404
    assert manager.get(f"/reports/chairs/rows?{DAY}&measure=lost&by=hour&line=24").status_code == 404
    assert manager.get(f"/reports/profit?{DAY}").status_code == 404


@pytest.mark.parametrize("day", ["2012-01-01", "2199-12-31"])
@pytest.mark.parametrize("name", KINDS)
def test_the_ends_of_the_calendar_are_days_like_others(manager, name, day):
    assert manager.get(f"/reports/{name}?from={day}&to={day}").status_code == 200


@pytest.mark.parametrize("name", KINDS)
def test_no_number_of_days_makes_a_report_ask_more(db, manager, weeks, name):
    sent = []
    for days in (6, 6, 27):
        with counted(db) as statements:
            manager.get(f"/reports/{name}?from={MONDAY}&to={MONDAY + timedelta(days=days)}&by=resource")
        sent.append(len(statements))

    assert sent[1] == sent[2]
