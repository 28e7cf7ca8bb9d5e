"""Every measurement still runs, at sizes that say nothing."""

import pytest

from bench import __main__ as bench
from bench import (
    board,
    booking,
    cohort,
    history,
    importing,
    memory,
    network,
    reports,
    scoring,
    search,
    sessions,
    soak,
    trajectory,
)
from bench.engines import bare
from bench.report import Report, write
from scheduler.outcomes.scales import SCALES

SMALL = {
    search: {"rounds": 1, "days": 28, "sizes": (memory.Size(2, 2, 1, 28),), "solver_cases": 2},
    booking: {"runs": 1, "each": 8, "warm": 1},
    board: {"rounds": 1, "chairs": 10},
    importing: {"rows": 40, "patients": 10},
    cohort: {"sizes": (10, 20), "rounds": 1},
    trajectory: {"rounds": 1},
    sessions: {"rounds": 1, "sets": 4, "chairs": 2, "each": 2},
    reports: {"days": 35, "rounds": 1, "weeks": 3, "each": 2, "chairs": 4},
    network: {"days": 7, "rounds": 1, "clinics": 2},
}


@pytest.fixture
def report(request) -> Report:
    return Report({"sqlite": "SQLite", "postgresql": "PostgreSQL"}[request.getfixturevalue("home_name")])


@pytest.fixture
def home_name(home) -> str:
    return type(home).__name__.removesuffix("Home").lower()


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("subject", SMALL, ids=lambda subject: subject.__name__.removeprefix("bench."))
def test_a_measurement_runs_and_finds_something(subject, home, report):
    subject.measure(home, report, **SMALL[subject])

    assert report.findings
    assert all(finding.measured for finding in report.findings)


def test_a_past_that_is_drawn_names_nothing_that_is_not_there(home, home_name):
    if home_name != "sqlite":
        pytest.skip("only SQLite can be asked to look at all foreign keys again")
    with home.fresh() as url:
        past = history.live_through(url, days=14, chairs=6, nurses=3, prescribers=1)
        connection = bare(url)

        lost = connection.execute("PRAGMA foreign_key_check").fetchall()

        triggers = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0]
        connection.close()
    assert (past.visits > 100, lost, triggers > 0) == (True, [], True)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_forms_to_score_are_complete_or_have_a_gap(scale):
    complete, gapped = scoring.drawn(scale, 20)

    assert all(scale.score(answers).complete for answers in complete)
    assert not any(scale.score(answers).complete for answers in gapped)


def test_scoring_is_told_once_for_every_scale(home):
    once, again = Report("SQLite"), Report("PostgreSQL")

    for report in (once, again):
        scoring.measure(home, report, rounds=1, forms=2)

    assert len(once.findings) == len(SCALES)
    assert again.findings == []


@pytest.mark.parametrize("names", [["--help"], ["board", "boards"]])
def test_whoever_asks_for_no_subject_is_told_what_there_is_before_anything_starts(names, capsys, monkeypatch):
    monkeypatch.setattr(bench, "ENGINES", ["none: this would fail"])

    assert bench.main(*names) == 2

    told = capsys.readouterr().err
    assert all(subject in told for subject in bench.SUBJECTS)


def test_of_few_pictures_the_slowest_is_told_and_of_many_the_95th_percentile():
    assert trajectory.times([0.010] * 19 + [0.030]) == "p50 10.0 ms, slowest of 20 30.0 ms"
    assert trajectory.times([0.010] * 90 + [0.030] * 10) == "p50 10.0 ms, p95 30.0 ms"


def test_the_results_say_what_was_missed(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.report.RESULTS", tmp_path / "results.md")
    report = Report("SQLite")
    report.at_most("Slow", 3.0, 2.0)
    report.at_least("Quick", 3.0, 2.0)

    write([report], took=60)

    table = (tmp_path / "results.md").read_text()
    assert "| Slow | at most 2 | 3.00 | **missed** |" in table
    assert "| Quick | at least 2 | 3.00 | met |" in table


def test_the_soak_finds_nothing_broken(home):
    assert soak.storm(home, "here", 40) == []


def test_the_soak_of_the_model_finds_nothing_wrong(home):
    assert soak.live(home, "here", 40, "1", runs=2) == []
