"""Founding a real clinic and giving its people their passwords."""

import re
import sys
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.commands import house
from scheduler.actors import Actor, Role
from scheduler.administration import accounts
from scheduler.administration.clinics import MOST_CHAIRS, create_clinic
from scheduler.administration.passwords import hash_password
from scheduler.administration.weekly import WeeklyHours
from scheduler.clinic_time import WEEKDAYS
from scheduler.errors import DomainError
from scheduler.models import Clinic

DAY = "|".join(WEEKDAYS)
DAYS = rf"(?:{DAY})(?:-(?:{DAY}))?"
HOURS = re.compile(rf"({DAYS}(?:,{DAYS})*) +(\d\d):(\d\d) ?- ?(\d\d):(\d\d)", re.IGNORECASE)
HOURS_EXAMPLE = "mon-fri 08:00-18:00"


class WeekParam(click.ParamType[list[WeeklyHours]]):
    """`mon-fri 08:00-18:00` or `mon,wed 08:00-12:00` as spans of the week."""

    name = "hours"

    def convert(
        self, value: str | list[WeeklyHours], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[WeeklyHours]:
        if isinstance(value, list):
            return value
        read = HOURS.fullmatch(value.strip())
        if read is None:
            self.fail(f"{value!r} does not read like {HOURS_EXAMPLE!r}.", param, ctx)
        days, *clock = read.groups()
        opens, opens_minute, closes, closes_minute = (int(part) for part in clock)
        minutes = (60 * opens + opens_minute, 60 * closes + closes_minute)
        return [WeeklyHours(day, *minutes) for part in days.lower().split(",") for day in _weekdays(part)]


def _weekdays(part: str) -> range | list[int]:
    """`fri` as 4, `mon-wed` as 0 to 2, `fri-mon` around the end of the week."""
    first, _, last = part.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return range(begin, end + 1) if begin <= end else [*range(begin, len(WEEKDAYS)), *range(end + 1)]


WEEK = WeekParam()
CHAIRS = click.IntRange(1, MOST_CHAIRS)
ROLE = click.Choice([role.value for role in Role])


@click.command(
    epilog="Example:  clinic new --name 'Harbor Infusions' --zone America/New_York "
    "--hours 'mon-fri 08:00-18:00' --hours 'sat 09:00-13:00' --chairs 6"
)
@click.option("--name", prompt="Name of the clinic", help="What the clinic is called.")
@click.option("--zone", prompt="Time zone, such as America/New_York", help="IANA name of its time zone.")
@click.option("--hours", type=WEEK, multiple=True, help=f"Opening hours, such as '{HOURS_EXAMPLE}'; repeatable.")
@click.option("--chairs", type=CHAIRS, help="How many chairs it has.")
def new(name: str, zone: str, hours: tuple[list[WeeklyHours], ...], chairs: int | None) -> None:
    """Found a clinic and print its id.

    It begins with its chairs and with the protocols the house ships; nurses, prescribers and their shifts are
    entered by an administrator, whom `clinic staff add` makes.
    """
    week = [span for spans in hours or _asked_hours() for span in spans]
    chairs = chairs or click.prompt("How many chairs", type=CHAIRS)
    names = [f"Chair {number}" for number in range(1, chairs + 1)]
    with house.writing() as db:
        clinic = create_clinic(db, name=name, timezone=zone, hours=week, chairs=names, now=house.now())
    click.echo(clinic.id)


def _asked_hours() -> list[list[WeeklyHours]]:
    asked = [click.prompt(f"Opening hours, such as {HOURS_EXAMPLE}", type=WEEK)]
    while more := click.prompt("More hours (leave empty to end)", type=WEEK, default=[], show_default=False):
        asked.append(more)
    return asked


@click.group()
def staff() -> None:
    """Look after who works in a clinic."""


CLINIC = click.option(
    "--clinic", "clinic_id", type=click.UUID, help="Id of the clinic; may be left out where there is one only."
)
EMAIL = click.option("--email", prompt="E-mail address", help="With which the person signs in.")
PASSWORD_STDIN = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@staff.command(
    epilog="Example:  clinic staff add --email ada@harbor.example --name 'Ada Byron' --role scheduler --role manager"
)
@CLINIC
@EMAIL
@click.option("--name", prompt="Name", help="What the person is called.")
@click.option("--role", "roles", type=ROLE, multiple=True, help="What the person may do; repeatable.")
@PASSWORD_STDIN
def add(clinic_id: UUID | None, email: str, name: str, roles: tuple[str, ...], *, password_stdin: bool) -> None:
    """Add a person to a clinic and print their id there.

    Asks for a password twice. It opens this clinic alone, whatever opens another to the same person.
    """
    chosen = [Role(role) for role in roles or [click.prompt("Role", type=ROLE)]]
    clinic_id = clinic_id or only_clinic()
    password_hash = _asked_password(from_stdin=password_stdin)
    with house.writing() as db:
        person = accounts.add_staff(
            db, name=name, email=email, password_hash=password_hash, roles=chosen, actor=_house_itself(db, clinic_id),
            now=house.now(),
        )  # fmt: skip
    click.echo(person.id)


@staff.command(epilog="Example:  clinic staff password --email ada@harbor.example")
@CLINIC
@EMAIL
@PASSWORD_STDIN
def password(clinic_id: UUID | None, email: str, *, password_stdin: bool) -> None:
    """Give a person who has lost theirs a new password for one clinic, and end their sign-ins there.

    Asks for it twice. Everyone signed in can change their own password over the API.
    """
    clinic_id = clinic_id or only_clinic()
    password_hash = _asked_password(from_stdin=password_stdin)
    with house.writing() as db:
        actor = _house_itself(db, clinic_id)
        person = accounts.find_by_email(db, email, actor=actor)
        accounts.set_password(db, person, password_hash=password_hash, actor=actor, now=house.now())
    click.echo(f"{person.name} has a new password.")


def _house_itself(db: Session, clinic_id: UUID) -> Actor:
    """Whoever has the machine acts for the clinic, as nobody in it."""
    if db.get(Clinic, clinic_id) is None:
        raise click.ClickException("There is no such clinic.")
    return Actor.house(clinic_id)


def only_clinic() -> UUID:
    with house.reading_one_moment() as db:
        found = db.scalars(select(Clinic).order_by(Clinic.name)).all()
    if len(found) == 1:
        return found[0].id
    if not found:
        raise click.ClickException("There is no clinic yet. Run: clinic new")
    listed = "\n".join(f"  {clinic.id}  {clinic.name}" for clinic in found)
    raise click.ClickException(f"Say which clinic with --clinic:\n{listed}")


def _asked_password(*, from_stdin: bool) -> str:
    """The digest of a password that is never an argument, where other users of the machine could read it."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return hash_password(password)
    except DomainError as refusal:
        raise house.told(refusal) from None
