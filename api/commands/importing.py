"""`clinic import`: past scores and patients from files, looked through first, written only where nothing is wrong."""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.progress import Progress
from sqlalchemy.orm import Session

from api.commands import house
from api.commands.clinics import CLINIC, only_clinic
from api.commands.import_maps import items_of, read_maps, split
from scheduler.actors import Actor
from scheduler.administration import accounts
from scheduler.models import AnsweredBy
from scheduler.models.engine import Database
from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.patients import plan_patients
from scheduler.outcomes.importing.rows import RowFault
from scheduler.outcomes.importing.runs import Count, Faults, FileOf
from scheduler.outcomes.importing.score_files import ScoreColumns
from scheduler.outcomes.importing.scores import plan_scores
from scheduler.records import audit

Plan = Callable[..., runs.Job[Any]]


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
BY = click.option("--by", prompt="Who imports (e-mail address)", help="E-mail address of the member of staff who acts.")
MAP = click.option(
    "--map", "said", multiple=True, metavar="NAME=COLUMN|FILE",
    help="Which column holds what, or a .toml or .json file that says it all; repeatable.",
)  # fmt: skip
DELIMITER = click.option("--delimiter", help="What parts the cells.  [default: found out]")
REPORT = click.option(
    "--report", type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every fault to this file; it holds rows and columns, and nothing of a patient.",
)  # fmt: skip
COMMIT = click.option("--commit", is_flag=True, help="Write, if nothing is wrong. Without it nothing is written.")


@click.group("import")
def importing() -> None:
    """Bring in past scores, and patients, from files of comma-separated values."""


@importing.command(
    epilog="Example:  clinic import scores past.csv --by ada@harbor.example --scale phq9 --map patient=MRN "
    "--map taken_at=DATE --items Q1,Q2,Q3,Q4,Q5,Q6,Q7,Q8,Q9 --missing 7=refused --missing =not_asked"
)
@FILE
@CLINIC
@BY
@MAP
@click.option("--scale", help="Which scale the rows are of, such as phq9.")
@click.option(
    "--items", multiple=True, metavar="COLUMN,COLUMN,...",
    help="Columns of the answers, in the order of the scale's items; SCALE=COLUMN,... for each of several scales.",
)  # fmt: skip
@click.option("--taken-at", help="When all of them were answered: a time, or a date (the beginning of that day).")
@click.option(
    "--missing", multiple=True, metavar="CODE=REASON",
    help="What a code means that is no answer: refused, unknown, not_asked or not_applicable; repeatable. "
    "Nothing before the = is an empty cell.",
)  # fmt: skip
@click.option("--check-total", metavar="COLUMN", help="Compare this column with the totals made here.")
@click.option("--answered-by", type=click.Choice([by.value for by in AnsweredBy]), help="Who chose the answers.")
@click.option(
    "--source",
    help="A name for where the scores come from. What another source, or the clinic itself, has told of a day with the "
    "same answers is there already; forms of one source at different times are different forms.",
)
@DELIMITER
@REPORT
@COMMIT
def scores(  # noqa: PLR0917 # the options, in their order
    file: Path, clinic_id: UUID | None, by: str, said: tuple[str, ...], items: tuple[str, ...],
    missing: tuple[str, ...], delimiter: str | None, report: Path | None, *, commit: bool, **texts: str | None,
) -> None:  # fmt: skip
    """Bring in past scores of patients who are on record, by their record numbers.

    Looks through the whole file and says what it would do; with --commit, and not one fault, it does it. A score is
    made from its answers; no total is taken. What is there already is passed over, whoever entered it: the same file,
    a longer one, or one that was interrupted can be given again. NAME is patient, taken_at or scale. A date without a
    time means the beginning of that day in the clinic: such a form comes before that day's infusion.
    """
    document = read_maps(said)
    document |= {name: text for name, text in texts.items() if text is not None}
    document["items"] = {**document["items"], **items_of(items, document.get("scale"))}
    document["missing"] = {**document["missing"], **dict(split(each, "--missing") for each in missing)}
    plan = partial(_score_plan, columns=_score_columns(document))
    delimiter = delimiter or document.get("delimiter")
    _run(file, plan, clinic_id or only_clinic(), by, delimiter=delimiter, report=report, commit=commit)


@importing.command(
    epilog="Example:  clinic import patients people.csv --by ada@harbor.example --map mrn=MRN "
    "--map given_name=FIRST --map family_name=LAST --map birth_date=BORN"
)
@FILE
@CLINIC
@BY
@MAP
@DELIMITER
@REPORT
@COMMIT
def patients(  # noqa: PLR0917 # the options, in their order
    file: Path, clinic_id: UUID | None, by: str, said: tuple[str, ...], delimiter: str | None, report: Path | None,
    *, commit: bool,
) -> None:  # fmt: skip
    """Enter patients who are not on record yet.

    Looks through the whole file first, as `clinic import scores` does. NAME is mrn, given_name, family_name and
    birth_date, and phone, email and consent_until if there are any. Who is on record with the same particulars is
    passed over; other particulars are a fault, and nobody's record is changed.
    """
    document = read_maps(said)
    plan = partial(_patient_plan, columns=document["map"])
    delimiter = delimiter or document.get("delimiter")
    _run(file, plan, clinic_id or only_clinic(), by, delimiter=delimiter, report=report, commit=commit)


def _score_plan(db: Session, *, columns: ScoreColumns, actor: Actor, now: datetime) -> runs.Job[Any]:
    return plan_scores(db, columns, actor=actor, now=now)


def _patient_plan(_db: Session, *, columns: Mapping[str, str], actor: Actor, now: datetime) -> runs.Job[Any]:
    return plan_patients(columns, actor=actor, now=now)


def _score_columns(document: Mapping[str, Any]) -> ScoreColumns:
    columns = dict(document["map"])
    if "total" in columns:
        raise click.BadParameter("A total is made here, from the answers: --check-total COLUMN compares one.")
    if "patient" not in columns or columns.keys() - {"patient", "taken_at", "scale"}:
        raise click.BadParameter("--map names the columns of patient, and of taken_at and scale if there are any.")
    answered_by = document.get("answered_by")
    if answered_by not in {None, *AnsweredBy}:
        raise click.BadParameter(f"answered_by is one of {', '.join(AnsweredBy)}.")
    return ScoreColumns(
        patient=columns["patient"], items=document["items"], scale=columns.get("scale"),
        taken_at=columns.get("taken_at"), taken_on=document.get("taken_at"), total=document.get("check_total"),
        missing=document["missing"], answered_by=answered_by and AnsweredBy(answered_by),
        source=document.get("source", ""),
    )  # fmt: skip


def _run(
    path: Path, plan: Plan, clinic_id: UUID, by: str, *, delimiter: str | None, report: Path | None, commit: bool
) -> None:
    """Look through the file, and write it if that was asked for and nothing is wrong."""
    settings = house.settings()
    house.refuse_outdated(settings)
    _refuse_unusable(path, delimiter, report)
    with house.opened(settings) as database, house.refusals_in_words(), _listener(report) as listener:
        with database.reading() as db:
            job = plan(db, actor=_acting(db, clinic_id, by), now=house.now())
        faults = Faults(listener)
        with _bar("Looking through", path) as progress:
            file = FileOf(path, delimiter, progress)
            counts = runs.check_file(file, job, partial(audit.reading, database), faults)
        _tell(path, counts, faults, report)
        if commit:
            _write(database, FileOf(path, delimiter), job)
        else:
            click.echo("Nothing was written; --commit writes it.")


def _refuse_unusable(path: Path, delimiter: str | None, report: Path | None) -> None:
    if not path.is_file():
        raise click.BadParameter("The file is read twice: it cannot be a pipe.")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise click.BadParameter("--delimiter is one character, and neither a quotation mark nor the end of a line.")
    if report is not None and report.exists() and report.samefile(path):
        raise click.BadParameter("--report would overwrite the file itself.")
    if report is not None and not report.parent.is_dir():
        raise click.BadParameter(f"There is no folder {report.parent} for --report.")


def _write(database: Database, file: FileOf, job: runs.Job[Any]) -> None:
    with _bar("Writing", file.path) as progress:
        counts = runs.write_file(FileOf(file.path, file.delimiter, progress), job, database.committing)
    click.echo(f"Written: {counts[Count.WRITTEN]}. There already: {counts[Count.ALREADY]}.")
    _tell_alerts("Raised", counts)


def _acting(db: Session, clinic_id: UUID, email: str) -> Actor:
    person = accounts.find_by_email(db, email, actor=Actor.house(clinic_id))
    return Actor(clinic_id, person.id, frozenset(held.role for held in person.roles))


def _tell(path: Path, counts: Counter[Count], faults: Faults, report: Path | None) -> None:
    """What was found; ends here if anything is wrong."""
    click.echo(f"{path.name}: {counts[Count.READ]} rows can be read.")
    for count, words in KINDS.items():
        if counts[count]:
            click.echo(f"  {counts[count]:>7} {words}")
    if faults.count:
        for fault in faults.first:
            click.echo(f"row {fault.line}{fault.column and f', column {fault.column}'}: {fault.code}: {fault.message}")
        where = f"all of them are in {report}" if report else "--report FILE.csv writes all of them"
        raise click.ClickException(f"{faults.count} faults ({where}). Nothing was written.")
    click.echo(f"New: {counts[Count.WRITTEN]}. There already: {counts[Count.ALREADY]}.")
    _tell_alerts("To be raised", counts)


KINDS = {
    Count.COMPLETE: "complete",
    Count.INCOMPLETE: "with some answers missing",
    Count.REFUSED: "without any answer, and answers were refused",
    Count.UNANSWERED: "without any answer",
    Count.CLEARED: "with 0 for questions that were not asked, read as not asked",
}


def _tell_alerts(verb: str, counts: Counter[Count]) -> None:
    live, old = counts[Count.LIVE], counts[Count.HISTORICAL]
    if live or old:
        click.echo(f"{verb}: {live} alerts that somebody must answer, {old} of old scores, to be looked through.")


@contextmanager
def _listener(report: Path | None) -> Iterator[Callable[[RowFault], object] | None]:
    """Writes each fault as it is found."""
    with nullcontext() if report is None else closing(report.open("w", encoding="utf-8", newline="")) as file:
        if file is None:
            yield None
            return
        writer = csv.writer(file)
        writer.writerow(["row", "column", "code", "message"])
        yield lambda fault: writer.writerow([fault.line, fault.column, fault.code, fault.message])


@contextmanager
def _bar(task: str, path: Path) -> Iterator[Callable[[int], None] | None]:
    """A bar on a terminal, quiet elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Progress(console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(task, total=path.stat().st_size)
        yield lambda done: bar.update(shown, completed=done)
