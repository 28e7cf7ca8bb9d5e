"""The demo clinic: made anew, never beside a real one; and the sign-ins to try it with."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click
from rich.progress import Progress
from sqlalchemy import Select, func, select

from api.commands import house
from config import Settings, data_folder
from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.administration import accounts
from scheduler.administration.passwords import fits, hash_password
from scheduler.demo import PEOPLE, WEEKS, ZONE, address_of, build, opened_today
from scheduler.models import Clinic, Staff, schema

SIGN_INS = {who: address_of(who) for who in PEOPLE}
ALWAYS_THERE = [address_of(who) for who in ("scheduler", "clinician", "manager", "administrator")]
"""A clinic with all of these is the demo clinic, also one of an older release: under `.test` no real person has an
address.
"""
IN_PROGRESS = "In the demo clinic it is today, at this hour: the live board shows who sits where."
NOT_OPEN = "The demo clinic in New York has not opened today: its visits of today stand as booked, and nobody is there."
PASSWORD_FILE = "demo-password"  # noqa: S105 # a file's name
TENTHS = 10
MOST_WEEKS = 16
"""With more, the shifts from the first day to the last would be too many for one entry."""


@click.command(epilog="Example:  DEMO_PASSWORD='long enough to keep' clinic demo")
@click.option("--if-empty", is_flag=True, help="Only where the database holds no clinic yet.")
@click.option(
    "--weeks", type=click.IntRange(0, MOST_WEEKS), default=WEEKS, show_default=True,
    help="How many weeks it looks back on, after three in which its chairs filled. Fewer are made sooner.",
)  # fmt: skip
def demo(*, if_empty: bool, weeks: int) -> None:
    """Make the demo clinic anew, dated around today, and print how to sign in to it.

    Everything entered into the demo clinic is lost. A database with any other clinic in it is not touched.
    """
    settings = house.settings()
    house.refuse_outdated(settings)
    with house.opened(settings) as database, database.reading() as db:
        clinics = set(db.scalars(select(Clinic.id)))
        demos = set(db.scalars(demo_clinics()))
    if clinics - demos:
        if not if_empty:
            raise click.ClickException("This database holds a clinic that is not the demo clinic: it stays as it is.")
        return
    if clinics and if_empty:
        agree_on_password(settings)
    else:
        rebuild(settings, empty=not clinics, weeks=weeks)
    show_sign_ins(settings)


def demo_clinics() -> Select[UUID]:
    """The ids of clinics in which all the demo people work."""
    people = select(Staff.clinic_id).where(Staff.email.in_(ALWAYS_THERE))
    return people.group_by(Staff.clinic_id).having(func.count() == len(ALWAYS_THERE))


def rebuild(settings: Settings, *, empty: bool, weeks: int) -> None:
    """Start from an empty schema: audit rows cannot be deleted, so a used one is taken down and made again."""
    with house.opened(settings) as database:
        if not empty:
            schema.downgrade(database.engine)
            schema.upgrade(database.engine)
    with house.writing(settings) as db, progress("Making the demo clinic") as report:
        now = house.now()
        today, until = clinic_time.local_date(now, ZONE), opened_today(now)
        build(db, today=today, until=until, password=password(settings), progress=report, weeks=weeks)
    click.echo(IN_PROGRESS if until else NOT_OPEN)


def agree_on_password(settings: Settings) -> None:
    """Give the demo people the password that will be printed, if DEMO_PASSWORD has changed since they were made."""
    secret = password(settings)
    with house.writing(settings) as db:
        for person in db.scalars(select(Staff).where(Staff.email.in_(SIGN_INS.values()))):
            if not fits(person.password_hash, secret):
                actor = Actor.house(person.clinic_id)
                accounts.set_password(db, person, password_hash=hash_password(secret), actor=actor, now=house.now())


def show_sign_ins(settings: Settings) -> None:
    """The address of each of its people, and the password they share."""
    click.echo("Sign in to the demo clinic as")
    for who, email in SIGN_INS.items():
        click.echo(f"  {who:<14} {email}")
    click.echo(f"with the password\n  {password(settings)}")


def password(settings: Settings) -> str:
    """DEMO_PASSWORD; else the one kept beside the database, made at random the first time."""
    if settings.demo_password is not None:
        return settings.demo_password
    path = data_folder(settings) / PASSWORD_FILE
    if not path.exists():
        keep(path, secrets.token_urlsafe(12))
    return path.read_text().strip()


def keep(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(f"{text}\n")


@contextmanager
def progress(task: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a line for each tenth elsewhere; called with how much is done of how much."""
    if sys.stderr.isatty():
        with Progress(transient=True) as bar:
            shown = bar.add_task(task)
            yield lambda done, total: bar.update(shown, completed=done, total=total)
        return
    told: set[int] = set()

    def tell(done: int, total: int) -> None:
        tenth = TENTHS * done // max(total, 1)
        if tenth not in told:
            told.add(tenth)
            click.echo(f"{task}: {100 // TENTHS * tenth} %")

    yield tell
