"""`clinic report` as an operator uses it, over real databases of both kinds."""

import csv

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from api.cli import main
from api.commands import house, report
from scheduler.models import Clinic, ReportDay
from scheduler.models.engine import Database
from scheduler.utilization.days import building
from scheduler.utilization.days.building import Built
from tests.builders import build_clinic, clinic_instant
from tests.conftest import NOW
from tests.kept_days import Keeper

SUNDAY = clinic_instant("Sun 20:00")


@pytest.fixture
def url(home, monkeypatch):
    """A database with two clinics, one of which had a visit on Monday and one on Wednesday; it is Sunday."""
    with home.fresh() as url:
        database = Database(url)
        with database.committing() as db:
            keep = Keeper(build_clinic(db, now=NOW))
            keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 11:00"))
            keep.missed(keep.plan("B", at("Wed 09:00")))
            build_clinic(db, now=NOW, name="[red]=Uptown")
        database.close()
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setattr(house, "now", lambda: SUNDAY)
        yield url


at = clinic_instant


def run(*words):
    result = CliRunner().invoke(main, ["report", *words])
    return result.exit_code, result.output


def read(url, statement):
    database = Database(url)
    with database.reading() as db:
        found = db.scalar(statement)
    database.close()
    return found


def write(url, statement):
    database = Database(url)
    with database.committing() as db:
        db.execute(statement)
    database.close()


def lines_of(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def kept(url):
    return read(url, select(func.count()).select_from(ReportDay))


def network(*words):
    return run("network", "--from", "2026-03", "--to", "2026-03", *words)


def test_every_day_that_is_over_is_built_once(url):
    first = run("build")
    second = run("build")

    assert first[0] == second[0] == 0
    assert "Built 6 days, of 2 clinic(s)." in first[1]
    assert "Built 0 days, of 2 clinic(s)." in second[1]
    assert kept(url) == 6


def test_one_clinic_is_built_alone(url):
    other = read(url, select(Clinic.id).where(Clinic.name != "[red]=Uptown"))

    code, words = run("build", "--clinic", str(other))

    assert (code, kept(url)) == (0, 6)
    assert "of 1 clinic(s)." in words


def test_a_clinic_that_is_not_there_is_told(url):
    code, words = run("build", "--clinic", "11111111-1111-4111-8111-111111111111")

    assert code == 1
    assert "There is no such clinic." in words


def test_days_that_others_are_building_are_told(url, monkeypatch):
    monkeypatch.setattr(building, "build_days", lambda *_, **__: Built(0, 3))

    code, words = run("build")

    assert code == 1
    assert "6 days are left" in words


def test_the_table_says_what_is_missing_before_it_is_built(url):
    code, words = network()

    assert code == 0
    assert "Not complete: 6 days are missing, and 0 have changed since. Run: clinic report build" in words


def test_the_table_has_a_line_for_each_clinic_and_month(url):
    run("build")

    code, words = network()

    (line,) = [line for line in words.splitlines() if "2026-03" in line]
    assert code == 0
    assert line.replace("│", " ").split()[1:] == ["2026-03", "6", "100", "4.3%", "1.9%", "98", "1", "1", "0"]
    assert "Not complete" not in words


def test_the_file_has_minutes_and_visits(url, tmp_path):
    run("build")

    code, words = network("--csv", str(tmp_path / "network.csv"))

    (line,) = lines_of(tmp_path / "network.csv")
    assert (code, "Wrote 1 lines" in words) == (0, True)
    assert (line["month"], line["days"], line["days_missing"], line["days_changed"]) == ("2026-03", "6", "0", "0")
    assert (line["open"], line["used"], line["missed"]) == ("6000", "115", "1")


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "[red]Uptown"])
def test_the_name_of_a_clinic_is_shown_as_it_is_and_is_no_formula(url, tmp_path, name):
    write(url, update(Clinic).values(name=name))

    shown = network()[1]
    network("--csv", str(tmp_path / "network.csv"))

    (line,) = lines_of(tmp_path / "network.csv")
    assert name in shown
    assert line["clinic"] == (name if name.startswith("[") else f"'{name}")


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-3", "1999-01", "2200-01", "\u0662026-03", "2026-03-01"])
def test_what_is_no_month_is_refused(month):
    code, words = run("network", "--from", month, "--to", "2026-03")

    assert code == 2
    assert "--from" in words


def test_months_in_the_wrong_order_are_refused():
    code, words = run("network", "--from", "2026-04", "--to", "2026-03")

    assert code == 2
    assert "not before the first" in words


def test_a_month_that_was_read_already_stays():
    assert report.MONTH.convert(NOW.date(), None, None) == NOW.date()
