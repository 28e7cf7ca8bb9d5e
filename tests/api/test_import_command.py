"""`clinic import` as somebody at a terminal uses it, over real databases of both kinds."""

import csv
import json
import os

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from api.cli import main
from api.commands import importing
from scheduler.models import Alert, Assessment, Patient
from scheduler.models.engine import Database
from scheduler.outcomes.importing.patients import PatientImport
from tests.builders import build_clinic
from tests.conftest import NOW
from tests.scheduler.outcomes.importing.files import HEADER, QUESTIONS, phq9_row, written

PEOPLE = "id,first,last,born"
WHO = ("--map", "mrn=id", "--map", "given_name=first", "--map", "family_name=last", "--map", "birth_date=born")
BY = ("--by", "clinician@midtown.test")
CODES = ("--missing", "7=refused", "--missing", "=not_asked")
SCORES = (
    *BY,
    "--scale",
    "phq9",
    "--map",
    "patient=mrn",
    "--map",
    "taken_at=day",
    "--items",
    ",".join(QUESTIONS),
    *CODES,
)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    """`house(home)` is the URL of a database with a clinic and one patient, A-1; built once for each kind."""
    built = {}

    def house(home):
        if home not in built:
            fresh = home.fresh()
            url = fresh.__enter__()
            request.addfinalizer(lambda: fresh.__exit__(None, None, None))
            database = Database(url)
            with database.committing() as db:
                build_clinic(db, now=NOW).patient(mrn="A-1")
            database.close()
            built[home] = url
        return built[home]

    return house


@pytest.fixture
def url(home, house):
    with home.copy_of(house(home)) as copy:
        yield copy


@pytest.fixture
def run(url, tmp_path, monkeypatch):
    """`run("scores", "file.csv")` is `clinic import scores file.csv` in a folder of one's own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(main, ["import", *map(str, arguments)], env={"DATABASE_URL": url})

    return run


@pytest.fixture
def stored(url):
    """How many rows of a table there are, once the command is done."""

    def stored(model):
        database = Database(url)
        with database.reading() as db:
            count = db.scalar(select(func.count()).select_from(model))
        database.close()
        return count

    return stored


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "scores.csv", phq9_row("A-1", "2018-01-01", 7), phq9_row("A-1", "2018-01-02", *[1] * 9))


def test_without_commit_nothing_is_written_and_everything_is_told(run, stored, path):
    done = run("scores", path, *SCORES)

    assert done.exit_code == 0, done.output
    assert "scores.csv: 2 rows can be read." in done.output
    assert "New: 2. There already: 0." in done.output
    assert "To be raised: 0 alerts that somebody must answer, 1 of old scores" in done.output
    assert "Nothing was written; --commit writes it." in done.output
    assert stored(Assessment) == 0


def test_with_commit_it_is_written_once(run, stored, path):
    first, second = (run("scores", path, *SCORES, "--commit") for _ in range(2))

    assert "Written: 2. There already: 0." in first.output
    assert "Raised: 0 alerts that somebody must answer, 1 of old scores" in first.output
    assert "Written: 0. There already: 2." in second.output
    assert (stored(Assessment), stored(Alert)) == (2, 1)


def test_one_faulty_row_keeps_everything_out_and_is_told_with_its_row_and_column(run, stored, path, tmp_path):
    written(path, *[phq9_row("A-1", "2018-01-01")] * 3, *[phq9_row("Secret-9", "someday", "x")] * 25)

    done = run("scores", path, *SCORES, "--commit", "--report", "faults.csv")

    with (tmp_path / "faults.csv").open(newline="") as file:
        report = list(csv.reader(file))
    assert done.exit_code == 1
    assert "row 5, column day: time: Give a date as YYYY-MM-DD" in done.output
    assert "50 faults (all of them are in faults.csv). Nothing was written." in done.output
    assert [report[0], len(report), report[1][:3]] == [["row", "column", "code", "message"], 51, ["5", "day", "time"]]
    assert "Secret" not in done.output + str(report)
    assert stored(Assessment) == 0


def test_a_map_that_is_kept_says_it_all_and_an_option_is_heard_first(run, path, tmp_path):
    (tmp_path / "map.toml").write_text(
        'scale = "phq9"\n'
        f"items = {QUESTIONS}\n"
        'source = "registry"\n'
        '[map]\npatient = "who"\ntaken_at = "day"\n'
        '[missing]\n7 = "refused"\n"" = "not_asked"\n'
    )

    done = run("scores", path, *BY, "--map", "map.toml", "--map", "patient=mrn")

    assert done.exit_code == 0, done.output
    assert "New: 2." in done.output


def test_a_map_may_be_json_and_name_several_scales(run, path, tmp_path):
    kept = {
        "map": {"patient": "mrn", "taken_at": "day", "scale": "what"}, "answered_by": "self",
        "items": {"phq9": QUESTIONS, "gad7": QUESTIONS[:7]},
    }  # fmt: skip
    (tmp_path / "map.json").write_text(json.dumps(kept))
    rows = [f"{phq9_row('A-1', '2018-01-01')},{name}" for name in ("PHQ-9", "GAD-7")]
    written(path, *rows, header=f"{HEADER},what")

    done = run("scores", path, *BY, "--map", "map.json", "--commit")

    assert "Written: 2." in done.output, done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--map", "total=sum"), "A total is made here, from the answers: --check-total"),
        (("--map", "mood=q1"), "--map names the columns of patient"),
        (("--map", "patient"), "is neither NAME=COLUMN nor a file"),
        (("--map", "nowhere.toml"), "cannot be read"),
        (("--map", "odd.json"), "holds no table"),
        (("--map", "other.toml"), "says what nobody asked for, or in another way: colour, items, map"),
        (("--map", "bare.toml"), "A list of items needs its scale"),
        (("--map", "who.toml"), "answered_by is one of self, clinician, proxy"),
        (("--missing", "7"), "does not read like NAME=VALUE"),
        (("--missing", "3=refused"), "3 is an answer of PHQ-9"),
        (("--delimiter", "::"), "--delimiter is one character"),
        (("--report", "scores.csv"), "--report would overwrite the file itself"),
        (("--by", "nobody@midtown.test"), "Nobody with this e-mail address works in this clinic"),
        (("--by", "manager@midtown.test"), "Only a clinician enters scores"),
        (("--scale", "mood"), "There is no such scale"),
        (("--taken-at", "2018-01-01"), "Name the column of the time, or one time for all rows"),
    ],
)
@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # nothing of it reaches the database
def test_what_cannot_be_meant_is_refused_in_words(run, path, tmp_path, options, words):
    (tmp_path / "odd.json").write_text("[]")
    (tmp_path / "other.toml").write_text('colour = "red"\nitems = "q1"\nmap = 3\n')
    (tmp_path / "bare.toml").write_text('items = ["q1"]\n')
    (tmp_path / "who.toml").write_text('answered_by = "nobody"\n')

    refused = run("scores", path, *SCORES, *options)

    assert refused.exit_code in {1, 2}
    assert words in " ".join(refused.output.split())


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # nothing of it reaches the database
def test_items_need_a_scale_and_a_file_is_no_pipe(run, path, tmp_path):
    os.mkfifo(tmp_path / "pipe")

    nameless = run("scores", path, *BY, "--map", "patient=mrn", "--items", "q1")
    pipe = run("scores", tmp_path / "pipe", *SCORES)

    assert "Say of which scale" in nameless.output
    assert "it cannot be a pipe" in pipe.output


def test_patients_are_entered_first_and_then_their_scores(run, stored, path, tmp_path):
    people = written(tmp_path / "people.csv", "B-1,Ann,Smith,1970-01-01", header=PEOPLE)
    written(path, phq9_row("B-1", "2018-01-01"))

    entered = run("patients", people, *WHO, "--by", "scheduler@midtown.test", "--commit")
    scored = run("scores", path, *SCORES, "--commit")

    assert "Written: 1. There already: 0." in entered.output, entered.output
    assert "Written: 1." in scored.output, scored.output
    assert stored(Patient) == 2


def test_a_number_taken_by_somebody_meanwhile_is_told_in_words(run, tmp_path, monkeypatch):
    people = written(tmp_path / "people.csv", "A-1,Ada,Byron,1980-05-17", header=PEOPLE)
    monkeypatch.setattr(PatientImport, "_records", lambda *_: {})  # as if it had come after the look

    refused = run("patients", people, *WHO, *BY, "--commit")

    assert refused.exit_code == 1
    assert "Another patient of this clinic has this medical record number" in refused.output


def test_on_a_terminal_a_bar_says_how_far_it_is(path, monkeypatch, capfd):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    with importing._bar("Looking through", path) as progress:
        progress(10)

    assert progress is not None
