"""`clinic report monthly`: a month on paper."""

from datetime import date
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.commands import house
from api.commands.report import MONTH
from scheduler.actors import Actor
from scheduler.models import Clinic
from scheduler.records import audit
from scheduler.utilization.monthly.reading import Month, read_month


@click.command(epilog="Example:  clinic report monthly --clinic 'Harbor Infusions' --month 2026-10 --out october.pdf")
@click.option("--clinic", "named", help="Its name or its id; may be left out where there is one only.")
@click.option("--month", type=MONTH, required=True, help="Such as 2026-10.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write; it is replaced."
)
def monthly(named: str | None, month: date, out: Path) -> None:
    """Write a month's report as a PDF, A4, printable in grey.

    A month that is not over is told up to now. No patient is named in it.
    """
    from scheduler.utilization.monthly.paper import draw  # what draws is large

    paper = draw(_read(named, month))
    try:
        out.write_bytes(paper)
    except OSError as fault:
        raise click.ClickException(f"{out} cannot be written: {fault.strerror}.") from None
    click.echo(f"Wrote {out}.")


def _read(named: str | None, month: date) -> Month:
    """The month as it stands at one moment; the book keeps that the house itself has read it."""
    chosen = house.settings()
    house.refuse_outdated(chosen)
    with house.refusals_in_words(), house.opened(chosen) as database, audit.reading(database, one_snapshot=True) as db:
        return read_month(db, month, actor=Actor.house(_clinic(db, named)), now=house.now())


def _clinic(db: Session, named: str | None) -> UUID:
    """The one clinic of this name or id, or the only one there is."""
    every = db.scalars(select(Clinic).order_by(Clinic.name, Clinic.id)).all()
    found = [each for each in every if named is None or named in (each.name, str(each.id))]
    if len(found) == 1:
        return found[0].id
    if not every:
        raise click.ClickException("There is no clinic yet. Run: clinic new")
    listed = "\n".join(f"  {clinic.id}  {clinic.name}" for clinic in found or every)
    raise click.ClickException(f"Say which clinic with --clinic:\n{listed}")
