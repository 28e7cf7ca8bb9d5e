"""The command line, over real databases of both kinds."""

import fcntl
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from api.cli import main
from config import Settings, data_folder
from scheduler.actors import Role
from scheduler.administration.passwords import check_password
from scheduler.administration.sign_in import issue_token, places_of
from scheduler.models import AuditRow, Clinic, OpeningHours, Protocol, Resource, Staff, Token
from scheduler.models.engine import Database
from tests.homes import Home

Run = Callable[..., Result]
PASSWORD, OTHER_PASSWORD = "correct horse battery", "another one entirely"
HARBOR = ("new", "--name", "Harbor", "--zone", "America/New_York", "--hours", "mon-fri 08:00-18:00", "--chairs", "2")
ADA = ("staff", "add", "--email", "Ada@harbor.test", "--name", "Ada", "--role", "scheduler", "--role", "manager")


@pytest.fixture
def url(home: Home) -> Iterator[str]:
    with home.fresh() as url:
        yield url


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("check")` is `clinic check` on a migrated database of one's own, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, typed: str = "", **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, input=typed, env={"DATABASE_URL": url, **environment})

    return run


@pytest.fixture
def stored(url: str) -> Iterator[Callable[..., list[object]]]:
    """Every row of a table, once the command is done."""
    database = Database(url)

    def stored(statement: object) -> list[object]:
        with database.reading() as db:
            return list(db.scalars(statement))

    yield stored
    database.close()


COMMANDS = [
    (), *((name,) for name in main.commands), ("db", "upgrade"), ("staff", "add"), ("staff", "password"),
    ("import", "scores"), ("import", "patients"), ("report", "monthly"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    shown = CliRunner().invoke(main, [*command, "--help"])

    assert shown.exit_code == 0
    assert "Usage:" in shown.output


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # the other engine has no queue of writers
def test_a_command_that_gets_no_turn_says_so_in_words(run, url, monkeypatch):
    monkeypatch.setattr("scheduler.models.engine.BUSY_MILLISECONDS", 50)
    with Path(url.removeprefix("sqlite:///") + ".writer").open("w") as held_elsewhere:
        fcntl.flock(held_elsewhere, fcntl.LOCK_EX)
        refused = run(*HARBOR)

    assert refused.exit_code == 1
    assert "Others are writing to the database" in refused.output


def test_an_empty_database_is_brought_to_the_newest_schema(home, run):
    with home.fresh(empty=True) as url:
        before = run("check", DATABASE_URL=url)
        upgraded = run("db", "upgrade", DATABASE_URL=url)
        after = run("check", DATABASE_URL=url)

    assert (before.exit_code, upgraded.exit_code, after.exit_code) == (1, 0, 0)
    assert "clinic db upgrade" in before.output


def test_an_upgraded_database_may_be_upgraded_again(run):
    assert run("db", "upgrade").exit_code == 0


@pytest.mark.parametrize("bad", ["mysql://localhost/clinic", "sqlite://", "sqlite:////proc/nowhere/clinic.db"])
def test_a_database_that_cannot_be_used_is_told_without_a_trace(bad, run):
    told = run("check", DATABASE_URL=bad)

    assert told.exit_code == 1
    assert told.output.startswith("Error: ")
    assert isinstance(told.exception, SystemExit)


def test_a_new_clinic_has_its_hours_chairs_and_protocols(run, stored):
    founded = run(*HARBOR, "--hours", "sat,SUN 09:00-12:30")

    assert founded.exit_code == 0, founded.output
    assert [str(clinic.id) for clinic in stored(select(Clinic))] == [founded.output.strip()]
    assert sorted((row.weekday, row.opens, row.closes) for row in stored(select(OpeningHours)))[4:] == [
        (4, 480, 1080),
        (5, 540, 750),
        (6, 540, 750),
    ]
    assert sorted(stored(select(Resource.name))) == ["Chair 1", "Chair 2"]
    assert len(stored(select(Protocol))) > 1


def test_what_is_not_given_is_asked_for(run, stored):
    founded = run("new", typed="Harbor\nAmerica/New_York\nmon-fri\nfri-mon 08:00-18:00\n\n3\n")

    assert founded.exit_code == 0, founded.output
    assert sorted(row.weekday for row in stored(select(OpeningHours))) == [0, 4, 5, 6]
    assert len(stored(select(Resource))) == 3


def test_more_hours_may_follow(run, stored):
    run("new", "--name", "Harbor", "--zone", "UTC", "--chairs", "1", typed="mon 08:00-12:00\nmon 13:00-18:00\n\n")

    assert sorted(stored(select(OpeningHours.opens))) == [480, 780]


def test_a_clinic_that_cannot_be_is_refused_with_every_reason(run, stored):
    refused = run("new", "--name", " ", "--zone", "Atlantis", "--hours", "mon 18:00-08:00", "--chairs", "1")

    assert refused.exit_code == 1
    assert all(word in refused.output for word in ("name:", "timezone:", "hours.0:"))
    assert stored(select(Clinic)) == []


def test_a_password_is_asked_for_twice_and_never_an_argument(run, stored):
    run(*HARBOR)
    added = run(*ADA, typed=f"{PASSWORD}\n{PASSWORD}\n")

    (staff,) = stored(select(Staff))
    assert added.output.split()[-1] == str(staff.id)
    assert PASSWORD not in added.output
    assert staff.email == "ada@harbor.test"
    check_password(staff.password_hash, PASSWORD)


def test_two_passwords_that_differ_are_asked_for_again(run, stored):
    run(*HARBOR)
    added = run(*ADA, typed=f"{PASSWORD}\n{OTHER_PASSWORD}\n")

    assert added.exit_code == 1
    assert stored(select(Staff)) == []


def test_a_script_hands_the_password_over_on_standard_input(run, stored):
    run(*HARBOR)
    added = run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")

    (staff,) = stored(select(Staff))
    assert added.exit_code == 0, added.output
    check_password(staff.password_hash, PASSWORD)


def test_a_short_password_is_refused(run, stored):
    run(*HARBOR)
    refused = run(*ADA, "--password-stdin", typed="short\n")

    assert refused.exit_code == 1
    assert "password:" in refused.output
    assert stored(select(Staff)) == []


def test_one_place_a_person_in_a_clinic(run):
    run(*HARBOR)
    run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")
    refused = run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")

    assert refused.exit_code == 1
    assert "already works in this clinic" in refused.output


def test_among_several_clinics_one_must_be_named(run):
    first, second = (run(*HARBOR).output.strip() for _ in range(2))
    unsaid = run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")
    said = run(*ADA, "--clinic", second, "--password-stdin", typed=f"{PASSWORD}\n")

    assert unsaid.exit_code == 1
    assert first in unsaid.output
    assert said.exit_code == 0


def test_staff_need_a_clinic(run):
    nowhere = run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")
    unknown = run(*ADA, "--clinic", "00000000-0000-0000-0000-000000000000", "--password-stdin", typed=f"{PASSWORD}\n")

    assert (nowhere.exit_code, unknown.exit_code) == (1, 1)
    assert "clinic new" in nowhere.output
    assert "no such clinic" in unknown.output


RESET = ("staff", "password", "--email", "ADA@harbor.test", "--password-stdin")


def test_a_lost_password_is_replaced_and_ends_every_sign_in(run, url, stored):
    clinic_id = run(*HARBOR).output.strip()
    run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")
    sign_in_everywhere(url)
    reset = run(*RESET, "--clinic", clinic_id, typed=f"{OTHER_PASSWORD}\n")

    (staff,) = stored(select(Staff))
    (revoked,) = stored(select(Token.revoked_at))
    *_, last = stored(select(AuditRow).order_by(AuditRow.sequence))
    assert reset.exit_code == 0, reset.output
    assert revoked is not None
    assert (last.action, last.actor_id, last.subject, last.details) == ("staff.password_set", None, staff.id, {})
    check_password(staff.password_hash, OTHER_PASSWORD)


def sign_in_everywhere(url: str) -> None:
    """One sign-in of Ada's for each of her places."""
    database, now = Database(url), datetime.now(UTC)
    with database.committing() as db:
        for place in places_of(db, "ada@harbor.test"):
            issue_token(db, place, now=now, lifetime=timedelta(hours=1))
    database.close()


def test_a_stranger_gets_no_password(run, url):
    run(*HARBOR)
    never = run(*RESET, typed=f"{PASSWORD}\n")
    run(*ADA, "--password-stdin", typed=f"{PASSWORD}\n")
    dismiss_everyone(url)
    left = run(*RESET, typed=f"{PASSWORD}\n")

    assert (never.exit_code, left.exit_code) == (1, 1)
    assert never.output == left.output == "Error: Nobody with this e-mail address works in this clinic.\n"


def dismiss_everyone(url: str) -> None:
    database = Database(url)
    with database.committing() as db:
        db.execute(update(Staff).values(left_at=datetime.now(UTC)))
    database.close()


@pytest.fixture
def demo_people(run: Run) -> str:
    """A clinic that passes for the demo clinic, since all the demo people work in it; its id."""
    clinic_id = run(*HARBOR).output.strip()
    for role in Role:
        person = ("--email", f"{role}@demo.test", "--name", role.title(), "--role", role.value)
        run("staff", "add", "--clinic", clinic_id, *person, "--password-stdin", typed=f"{PASSWORD}\n")
    return clinic_id


def test_the_demo_clinic_is_made_anew_sound_and_says_how_to_sign_in(run, stored, demo_people):
    made = run("demo", "--weeks", "0", DEMO_PASSWORD=PASSWORD)

    assert made.exit_code == 0, made.output
    assert all(f"{role}@demo.test" in made.output for role in Role)
    assert made.output.strip().endswith(PASSWORD)
    assert [str(clinic) for clinic in stored(select(Clinic.id))] != [demo_people]
    assert run("check").output == "Nothing found that must not be.\n"


def test_a_demo_clinic_that_is_there_is_kept_if_only_an_empty_database_was_meant(run, stored, demo_people):
    again = run("demo", "--if-empty", DEMO_PASSWORD=PASSWORD)

    assert [str(clinic) for clinic in stored(select(Clinic.id))] == [demo_people]
    assert "scheduler@demo.test" in again.output


def test_a_real_clinic_is_never_touched(run, stored):
    run(*HARBOR)
    run(*ADA, "--email", "scheduler@demo.test", "--password-stdin", typed=f"{PASSWORD}\n")
    before = stored(select(Clinic.id))
    refused, passed = run("demo"), run("demo", "--if-empty")

    assert (refused.exit_code, passed.exit_code, passed.output) == (1, 0, "")
    assert stored(select(Clinic.id)) == before


@pytest.mark.usefixtures("demo_people")
def test_a_real_clinic_beside_the_demo_clinic_is_not_touched_either(run, stored):
    run(*HARBOR)
    refused = run("demo")

    assert refused.exit_code == 1
    assert len(stored(select(Clinic.id))) == 2


@pytest.mark.usefixtures("demo_people")
def test_a_password_made_at_random_is_kept_for_its_owner_alone(run, url, tmp_path):
    first, second = run("demo", "--if-empty"), run("demo", "--if-empty")

    kept = data_folder(Settings(database_url=url)) / "demo-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.output.strip().endswith(kept.read_text().strip())
    assert second.output.strip().endswith(kept.read_text().strip())
    kept.unlink()


@pytest.mark.usefixtures("demo_people")
def test_the_password_shown_is_the_one_that_opens(run, stored):
    shown = run("demo", "--if-empty", DEMO_PASSWORD=OTHER_PASSWORD)

    assert shown.exit_code == 0, shown.output
    for person in stored(select(Staff)):
        check_password(person.password_hash, OTHER_PASSWORD)


def test_a_sound_database_passes_the_check(run):
    run(*HARBOR)

    assert run("check").exit_code == 0


def test_the_check_names_what_is_wrong_and_fails(run, url):
    clinic_id = run(*HARBOR).output.strip()
    database = Database(url)
    with database.committing() as db:
        protocol = db.scalars(select(Protocol).limit(1)).one()
        db.execute(delete(Protocol.__table__.metadata.tables["protocol_versions"]))
    checked = run("check")

    assert checked.exit_code == 1
    assert f"{clinic_id} protocols {protocol.id}: " in checked.output
    database.close()


def test_a_bad_setting_is_named(run):
    told = run("check", PORT="ninety")

    assert told.exit_code == 1
    assert "PORT" in told.output
