"""`clinic report`: keep the days that reports add up, and print what the network of clinics came to."""

import csv
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from api.commands import house
from api.commands.clinics import CLINIC
from scheduler import checks
from scheduler.clinic_time import EARLIEST_DAY, LATEST_DAY
from scheduler.models.engine import Database
from scheduler.outcomes.cohorts.export import FORMULAS
from scheduler.utilization.days import building
from scheduler.utilization.days.network import SUMS, ClinicMonth, read_network
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.months import READS_LIKE, first_of

HOUR = 60
COLUMNS = ("clinic_id", "clinic", "month", "days", "days_missing", "days_changed", *SUMS)
"""Of the file: minutes and visits as they are kept, by which whoever reads it can divide as they like."""
WIDE = 160
"""How many characters a line may have where there is no terminal."""


class MonthParam(click.ParamType[date]):
    """`2026-03` as the first day of that month."""

    name = "month"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        if not re.fullmatch(READS_LIKE, value):
            self.fail(f"{value!r} does not read like '2026-03'.", param, ctx)
        if not EARLIEST_DAY <= first_of(value) <= LATEST_DAY:
            self.fail(f"Months go from {EARLIEST_DAY:%Y-%m} to {LATEST_DAY:%Y-%m}.", param, ctx)
        return first_of(value)


MONTH = MonthParam()


@click.group()
def report() -> None:
    """Look at what clinics came to."""


@report.command(epilog="Example:  clinic report build")
@CLINIC
def build(clinic_id: UUID | None) -> None:
    """Keep the days that are over, so that reports need only add them up.

    The worker does the same, bit by bit. It may be interrupted and begun again.
    """
    settings = house.settings()
    house.refuse_outdated(settings)
    with house.refusals_in_words(), house.opened(settings) as database:
        clinics = [clinic_id] if clinic_id else _clinics(database)
        built, left = _build(database, clinics)
    click.echo(f"Built {built} {'day' if built == 1 else 'days'}, of {len(clinics)} clinic(s).")
    if left:
        raise click.ClickException(f"{left} days are left: somebody else was building them. Try again.")


def _clinics(database: Database) -> list[UUID]:
    with database.reading() as db:
        return checks.clinics(db)


def _build(database: Database, clinics: list[UUID]) -> tuple[int, int]:
    built, left = 0, 0
    for number, each in enumerate(clinics, start=1):
        with _bar(f"Clinic {number} of {len(clinics)}") as progress:
            done = building.build_days(database, each, now=house.now(), progress=progress)
        built, left = built + done.days, left + done.left
    return built, left


@contextmanager
def _bar(task: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a line for each batch elsewhere; told how many days are done and how many left."""
    if not sys.stderr.isatty():
        yield lambda done, left: click.echo(f"{task}: {done} days, {left} left", err=True)
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(task, total=None)
        yield lambda done, left: bar.update(shown, completed=done, total=done + left)


@report.command(epilog="Example:  clinic report network --from 2026-01 --to 2026-12 --csv network.csv")
@click.option("--from", "first", type=MONTH, required=True, help="The first month, such as 2026-01.")
@click.option("--to", "last", type=MONTH, required=True, help="The last month, included.")
@click.option(
    "--csv", "file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write minutes and visits to this file, instead of a table.",
)  # fmt: skip
def network(first: date, last: date, file: Path | None) -> None:
    """Print a line for every clinic and month, from the days that are kept: from a clinic's first visit on.

    It says of how many days nothing is kept, and how many have changed since: run `clinic report build`, and it is
    complete.
    """
    if last < first:
        raise click.BadParameter("The last month is not before the first.", param_hint="--to")
    with house.reading_one_moment() as db:
        lines = read_network(db, first, last, now=house.now())
    if file is None:
        Console(width=None if sys.stdout.isatty() else WIDE).print(_table(lines))
    else:
        try:
            _write(file, lines)
        except OSError as fault:
            raise click.ClickException(f"{file} cannot be written: {fault.strerror}.") from None
    _tell_gaps(lines)


def _table(lines: list[ClinicMonth]) -> Table:
    table = Table("Clinic", "Month", title="Shares are of the minutes available: open, and not blocked.")
    for name in ("Days", "Missing", "Changed", "Open h", "Booked", "Used", "Lost h", "Infusions", "No-shows", "Over h"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*_cells(line))
    return table


def _cells(line: ClinicMonth) -> list[str]:
    return [
        escape(line.name), f"{line.month:%Y-%m}", str(line.kept), str(line.missing or ""), str(line.changed or ""),
        _hours(line.sums["open"]), _percent(line.share(Count.SCHEDULED)), _percent(line.share(Kind.USED)),
        _hours(line.lost), str(line.sums[Count.INFUSIONS]), str(line.sums[Count.MISSED]),
        _hours(line.sums[Count.OVERTIME]),
    ]  # fmt: skip


def _hours(minutes: int) -> str:
    return f"{minutes / HOUR:,.0f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _write(path: Path, lines: list[ClinicMonth]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for line in lines:
            about = (line.clinic_id, _plain(line.name), f"{line.month:%Y-%m}", line.kept, line.missing, line.changed)
            writer.writerow([*about, *(line.sums[name] for name in SUMS)])
    click.echo(f"Wrote {len(lines)} lines to {path}.")


def _plain(name: str) -> str:
    """What a spreadsheet would take for a formula as plain text."""
    return f"'{name}" if name.startswith(FORMULAS) else name


def _tell_gaps(lines: list[ClinicMonth]) -> None:
    missing, changed = sum(line.missing for line in lines), sum(line.changed for line in lines)
    if missing or changed:
        click.echo(
            f"Not complete: {missing} days are missing, and {changed} have changed since. Run: clinic report build",
            err=True,
        )
