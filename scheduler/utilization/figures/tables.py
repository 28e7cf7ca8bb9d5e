"""A report, or the rows behind a figure, as a table to take away, line by line. Pure."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO

from scheduler.outcomes.cohorts.export import FORMULAS
from scheduler.utilization.figures.figures import Report, Row

FIGURES = (
    "line", "label", "measure", "title", "value", "numerator", "denominator", "population", "unit", "formula", "of",
)  # fmt: skip
ROWS = (
    "key", "day", "starts_at", "ends_at", "value", "counted", "words", "resource", "protocol", "patient",
    "appointment_id", "series_id",
)  # fmt: skip
AT_ONCE = 500
"""Lines in one piece: each by itself would cost more to send than to make."""


def report_table(report: Report) -> Iterator[str]:
    """A line a figure, those of the whole first; its `line` is empty. `of` says in words what it is of."""
    return _written(FIGURES, _figures(report))


def rows_table(rows: Iterable[Row]) -> Iterator[str]:
    """A line a row, times in UTC."""
    return _written(ROWS, ([_cell(getattr(row, name)) for name in ROWS] for row in rows))


def _figures(report: Report) -> Iterator[list[object]]:
    for line in (report.whole, *report.lines):
        for figure in line.figures:
            measure = figure.measure
            yield [
                line.key, line.label, measure.key, measure.title, figure.value, figure.numerator, figure.denominator,
                figure.population, str(measure.unit), measure.formula, measure.population,
            ]  # fmt: skip


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _written(columns: Iterable[str], lines: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines as text, many at once; what a spreadsheet would take for a formula is made plain text."""
    held, number = StringIO(), 0
    table = csv.writer(held, lineterminator="\r\n")
    table.writerow(columns)
    for number, line in enumerate(lines, start=1):
        table.writerow([_safe(value) for value in line])
        if number % AT_ONCE == 0:
            yield _emptied(held)
    yield _emptied(held)


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def _emptied(held: StringIO) -> str:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text
