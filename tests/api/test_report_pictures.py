"""Pictures and paper of the reports over HTTP, and a month written by the command line."""

from io import BytesIO

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select

from api.cli import main
from scheduler.actors import Role
from scheduler.models import AuditRow
from tests.counting import counted
from tests.kept_days import Keeper

WEEK = "from=2026-03-02&to=2026-03-08"
NAMES = ["heat_map", "waterfall", "load_curve", "trend"]
HARBOR = ("new", "--name", "Harbor", "--zone", "America/New_York", "--hours", "mon-fri 08:00-18:00", "--chairs", "2")


@pytest.fixture
def manager(as_, clinic, at):
    keep = Keeper(clinic)
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 10:55"))
    return as_(Role.MANAGER)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_an_svg_with_words_for_who_cannot_see_it(manager, name):
    answer = manager.get(f"/reports/pictures/{name}?{WEEK}")

    assert (answer.status_code, answer.content_type) == (200, "image/svg+xml")
    assert "Midtown, 2 March 2026 to 8 March 2026" in answer.text
    assert "<title" in answer.text
    assert "Byron" not in answer.text


def test_a_picture_may_be_a_png(manager):
    answer = manager.get(f"/reports/pictures/waterfall?{WEEK}&format=png")

    assert (answer.content_type, answer.data[:4]) == ("image/png", b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"pictures/unheard_of?{WEEK}", 404), (f"pictures/trend?{WEEK}&format=gif", 422), ("pictures/trend", 422),
        ("pictures/trend?from=2026-03-08&to=2026-03-02", 422), ("pictures/trend?from=2020-01-01&to=2026-03-02", 422),
        ("monthly.pdf", 422), ("monthly.pdf?month=2026-3", 422), ("monthly.pdf?month=2026-13", 422),
        ("monthly.pdf?month=0000-01", 422), ("monthly.pdf?month=2026-03%0A", 422), ("monthly.pdf?month=2012-01", 422),
        ("monthly.pdf?month=2999-12", 422), ("monthly.pdf?month=2026-03&by=day", 422),
        ("monthly.pdf?month=%D9%A2%D9%A0%D9%A2%D9%A6-03", 422),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(manager, path, status):
    assert manager.get(f"/reports/{path}").status_code == status


@pytest.mark.parametrize("path", [*(f"pictures/{name}?{WEEK}" for name in NAMES), "monthly.pdf?month=2026-03"])
@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.CLINICIAN, Role.ADMINISTRATOR])
def test_only_a_manager_sees_them(as_, path, role):
    assert as_(role).get(f"/reports/{path}").status_code == 403


def test_a_month_is_a_pdf_with_its_name(manager):
    answer = manager.get("/reports/monthly.pdf?month=2026-03")

    text = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="report-2026-03.pdf"'
    assert "Where the hours went: March 2026" in text


def test_the_book_says_what_was_looked_at(manager, db):
    manager.get(f"/reports/pictures/trend?{WEEK}")

    read = db.scalars(select(AuditRow).where(AuditRow.action == "report.read")).one()
    assert read.details == {"report": "trend", "first": "2026-03-02", "last": "2026-03-08"}


def test_a_picture_of_many_days_takes_as_many_statements_as_one_of_a_few(manager, db):
    manager.get("/reports/pictures/waterfall?from=2026-01-01&to=2026-01-02")
    with counted(db) as few:
        manager.get("/reports/pictures/waterfall?from=2026-01-01&to=2026-01-02")

    with counted(db) as many:
        manager.get("/reports/pictures/waterfall?from=2025-12-01&to=2026-02-28")

    assert len(many) == len(few)


@pytest.fixture
def run(home, tmp_path, monkeypatch):
    """`run("check")` is `clinic check` on a migrated database of one's own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with home.fresh() as url:
        yield lambda *arguments: CliRunner().invoke(main, arguments, env={"DATABASE_URL": url})


def test_the_command_line_writes_the_month_of_a_clinic_by_name_or_id(run, tmp_path):
    id_of_harbor = run(*HARBOR).output.strip()
    run(*HARBOR[:2], "Inland", *HARBOR[3:])

    by_name = run("report", "monthly", "--clinic", "Harbor", "--month", "2026-03", "--out", "name.pdf")
    by_id = run("report", "monthly", "--clinic", id_of_harbor, "--month", "2026-03", "--out", "id.pdf")

    assert (by_name.exit_code, by_id.exit_code) == (0, 0), by_name.output + by_id.output
    written = (tmp_path / "name.pdf").read_bytes()
    assert written == (tmp_path / "id.pdf").read_bytes()
    assert "Harbor" in PdfReader(BytesIO(written)).pages[0].extract_text()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # what is refused is refused before the engine is asked
def test_the_command_line_says_in_words_what_it_cannot_write(run, tmp_path):
    none_yet = run("report", "monthly", "--month", "2026-03", "--out", "x.pdf")
    run(*HARBOR)
    run(*HARBOR)

    refused = [
        run("report", "monthly", "--month", "2026-03", "--out", "x.pdf"),
        run("report", "monthly", "--clinic", "Nobody's", "--month", "2026-03", "--out", "x.pdf"),
        run("report", "monthly", "--month", "March", "--out", "x.pdf"),
        run("report", "monthly", "--month", "2012-01", "--out", "x.pdf"),
    ]

    assert [each.exit_code for each in (none_yet, *refused)] == [1, 1, 1, 2, 1]
    assert "clinic new" in none_yet.output
    assert all("Say which clinic with --clinic" in each.output for each in refused[:2])
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # the file is the same on both
def test_a_file_that_cannot_be_written_is_told_without_a_trace(run):
    run(*HARBOR)

    told = run("report", "monthly", "--month", "2026-03", "--out", "nowhere/x.pdf")

    assert told.exit_code == 1
    assert told.output == "Error: nowhere/x.pdf cannot be written: No such file or directory.\n"
