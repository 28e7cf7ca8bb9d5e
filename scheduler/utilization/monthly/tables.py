"""The tables of the paper: a month beside the one before, and the lines of a report."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from reportlab.platypus import Table

from scheduler.utilization.figures.figures import Line, Measure, Report
from scheduler.utilization.monthly.numbers import change, made_of, value
from scheduler.utilization.monthly.reading import Compared
from scheduler.utilization.monthly.style import (
    CELL,
    DARK_SMALL,
    INNER,
    PALE,
    RIGHT,
    RULES,
    SMALL,
    SMALL_RIGHT,
    STRONG,
    STRONG_RIGHT,
    TIGHT,
    words,
)

NAMED, VALUE, BEFORE, CHANGED = 190.0, 80.0, 80.0, 74.0
FIRST, NUMBER, APART = 121.0, 140.0, 9.0
"""Points."""
ALL = "All"
POPULATION = attrgetter("population")


def compared_table(compared: Compared, keys: Iterable[str]) -> Any:
    """These measures: this month, the month before, how much more, and what they are made of."""
    now, was = compared.report.whole, compared.earlier.whole
    rows = [[
        words("", STRONG), words("This month", STRONG_RIGHT), words("Month before", STRONG_RIGHT),
        words("Change", STRONG_RIGHT), words("Made of", STRONG_RIGHT),
    ]]  # fmt: skip
    for key in keys:
        figure, earlier = now.figure(key), was.figure(key)
        rows.append([
            words(figure.measure.title, CELL), words(value(figure), STRONG_RIGHT), words(value(earlier), RIGHT),
            words(change(figure, earlier), RIGHT), words(made_of(figure), SMALL_RIGHT),
        ])  # fmt: skip
    widths = [NAMED, VALUE, BEFORE, CHANGED, INNER - NAMED - VALUE - BEFORE - CHANGED]
    return Table(rows, colWidths=widths, repeatRows=1, style=RULES)


def lines_table(report: Report, named: str, keys: Sequence[str]) -> Any:
    """These measures of every line that has any of them, and of all in the last row."""
    titles = {figure.measure.key: figure.measure.title for figure in report.whole.figures}
    rows = [[words(named, STRONG), *(words(titles[key], STRONG_RIGHT) for key in keys)]]
    rows += [_row(line, keys, line.label, CELL, RIGHT) for line in report.lines if has_any(line, keys)]
    rows.append(_row(report.whole, keys, ALL, STRONG, STRONG_RIGHT))
    widths = [FIRST, *([(INNER - FIRST) / len(keys)] * len(keys))]
    return Table(rows, colWidths=widths, repeatRows=1, style=RULES)


def has_any(line: Line, keys: Iterable[str]) -> bool:
    """Whether a line has a figure of any of these measures."""
    return any(line.figure(key).value is not None for key in keys)


def _row(line: Line, keys: Sequence[str], label: str, name: Any, number: Any) -> list[Any]:
    return [words(label, name), *(words(value(line.figure(key)), number) for key in keys)]


def formulas_table(reports: Iterable[tuple[str, Sequence[Measure]]]) -> Any:
    """Of each report each number's formula, in groups under what they are of."""
    rows: list[list[Any]] = []
    look: list[Any] = [*TIGHT]
    for name, measures in reports:
        look += [("TOPPADDING", (0, len(rows)), (1, len(rows)), APART), ("SPAN", (0, len(rows)), (1, len(rows)))]
        rows.append([words(name, STRONG), ""])
        for population, group in groupby(sorted(measures, key=POPULATION), POPULATION):
            look += [("SPAN", (0, len(rows)), (1, len(rows))), ("BACKGROUND", (0, len(rows)), (1, len(rows)), PALE)]
            rows.append([words(f"Of: {population}", DARK_SMALL), ""])
            rows += [[words(each.title, SMALL), words(each.formula, SMALL)] for each in group]
    return Table(rows, colWidths=[NUMBER, INNER - NUMBER], style=look)
