"""Shares and means in rows: the cohort, its parts, and what others report on the same scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.cohorts.disclosure import Disclosure, of_denominator, sections
from scheduler.outcomes.cohorts.published import PUBLISHED, Measure, Published
from scheduler.outcomes.cohorts.report import HUNDRED, Rate, Section
from scheduler.outcomes.cohorts.sheet import FOOT, OURS, THEIRS, WITHHELD, quiet, sheet, words
from scheduler.outcomes.cohorts.statistics import Interval
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED, legible

ROW, HEAD, END = 0.44, 1.45, 0.85
"""Inches."""
NAMES = 2.75
"""Inches for the names of the rows."""
FULL = 100
TICKS = (0, 25, 50, 75, 100)
EDGE = 0.2
"""So near to the side of a panel its words are written away from it."""


@dataclass(frozen=True)
class Mark:
    """One number in a row, with what is written beside it."""

    value: float
    interval: Interval | None
    said: str
    theirs: bool = False


@dataclass(frozen=True)
class Row:
    name: str
    marks: dict[str, Mark | None]
    """By the column; None is withheld, and a column left out has nothing to tell."""
    theirs: bool = False


@dataclass(frozen=True)
class Column:
    key: str
    name: str
    measure: Measure | None = None


def completeness(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """How many courses have their scores."""
    columns = (
        Column("baseline_captured", "Baseline"),
        Column("endpoint_captured", "Endpoint, of all"),
        Column("both_captured", "Both", Measure.COMPLETE_DATA),
        Column("endpoint_captured_when_due", "Endpoint, of those due"),
    )
    return _shares("How complete the scores are", columns, disclosure)


def response(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """What was reached at the observed endpoint."""
    columns = (
        Column("response", "Response", Measure.RESPONSE),
        Column("remission", "Remission", Measure.REMISSION),
        Column("reliable_improvement", "Reliably better"),
        Column("any_worse", "Any worse", Measure.DETERIORATION),
        Column("ideation_improved", "Suicidal thoughts better", Measure.IDEATION),
    )
    told = {rate.figure.key for rate in disclosure.report.whole.rates}
    return _shares("What was reached after induction", [column for column in columns if column.key in told], disclosure)


def change(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """How far totals fell."""
    column = Column("mean_change", "Mean change in points, better to the right", Measure.CHANGE)
    rows = [_changed(section, disclosure) for section in sections(disclosure.report)]
    rows += _published((column,), disclosure)
    told = [mark for row in rows for mark in row.marks.values() if mark]
    reach = [edge for mark in told for edge in (mark.value, *_edges(mark))]
    limits = min(0.0, *reach, 0.0), max(5.0, *reach, 5.0) * 1.12
    return _drawn("How far the totals fell", (column,), rows, disclosure, limits=limits)


def _edges(mark: Mark) -> tuple[float, ...]:
    return (mark.interval.low, mark.interval.high) if mark.interval else ()


def _shares(title: str, columns: Sequence[Column], disclosure: Disclosure) -> tuple[Figure, str, str]:
    rows = [_reached(section, columns, disclosure) for section in sections(disclosure.report)]
    rows += _published(columns, disclosure)
    return _drawn(title, columns, rows, disclosure, limits=(0, FULL))


def _reached(section: Section, columns: Iterable[Column], disclosure: Disclosure) -> Row:
    marks = {column.key: _mark(section, column.key, disclosure) for column in columns}
    return Row(words(section.key), marks)


def _mark(section: Section, key: str, disclosure: Disclosure) -> Mark | None:
    rate = section.rate(key)
    told = disclosure.tells(section.key, key) and disclosure.tells(section.key, of_denominator(key))
    if rate is None or rate.share is None or not told:
        return None
    return Mark(
        HUNDRED * rate.share, _percent(rate), f"{HUNDRED * rate.share:.0f} %  {rate.numerator}/{rate.denominator}"
    )


def _percent(rate: Rate) -> Interval | None:
    found = rate.interval
    return found and Interval(HUNDRED * found.low, HUNDRED * found.high)


def _changed(section: Section, disclosure: Disclosure) -> Row:
    found, mark = section.change, None
    if found is not None and disclosure.tells(section.key, "both_captured"):
        effect = "" if found.effect is None else f", d {found.effect:.2f}"
        means = f"{found.baseline_mean:.1f} to {found.endpoint_mean:.1f}"
        mark = Mark(found.mean, found.interval, f"{found.mean:.1f}  ({means}{effect}, n {found.count})")
    return Row(words(section.key), {"mean_change": mark})


def _published(columns: Sequence[Column], disclosure: Disclosure) -> list[Row]:
    """Others on the same scale, each study in rows of its own; of two figures of one measure each has its row."""
    by_measure = {column.measure: column.key for column in columns if column.measure}
    scale, rows = disclosure.report.cohort.scale.key, dict[tuple[str, str], dict[str, Mark | None]]()
    for each in PUBLISHED:
        if each.scale == scale and each.measure in by_measure:
            marks = rows.setdefault((each.study, _condition(each)), {})
            marks[by_measure[each.measure]] = Mark(each.value, None, _said(each), theirs=True)
    return [Row(study + condition, marks, theirs=True) for (study, condition), marks in rows.items()]


def _condition(each: Published) -> str:
    """Under what a figure was found, where a study tells several of one measure."""
    again = [other for other in PUBLISHED if other.study == each.study and other.measure is each.measure]
    number = "" if each.n is None else f", n {each.n:,}"
    return number + (f"\n{each.note}" if len(again) > 1 else "")


def _said(each: Published) -> str:
    return f"{each.value:g}" + (" points" if each.measure is Measure.CHANGE else " %")


def _drawn(
    title: str, columns: Sequence[Column], rows: Sequence[Row], disclosure: Disclosure, *,
    limits: tuple[float, float],
) -> tuple[Figure, str, str]:  # fmt: skip
    width = NAMES + (8.0 if len(columns) == 1 else 2.55 * len(columns)) + 0.3
    height = HEAD + ROW * len(rows) + END
    foot = FOOT + (" Diamonds: as others report, on the same scale." if any(row.theirs for row in rows) else "")
    figure = sheet(width, height, title, disclosure, foot)
    all_axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    figure.subplots_adjust(
        left=NAMES / width, right=1 - 0.3 / width, top=1 - HEAD / height, bottom=END / height, wspace=0.14
    )
    for axes, column in zip(all_axes, columns, strict=True):
        _column(axes, column, rows, limits)
    _names(all_axes[0], rows)
    return figure, title, _description(title, columns, rows)


def _column(axes: Axes, column: Column, rows: Sequence[Row], limits: tuple[float, float]) -> None:
    quiet(axes)
    axes.set_title(column.name, size=10.5, color=INK, loc="left", pad=12, weight="bold")
    axes.set_xlim(*limits)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    if limits == (0, FULL):
        axes.set_xticks(TICKS)
    for place, row in enumerate(rows):
        if column.key in row.marks:
            _place(axes, row.marks[column.key], place, limits)


def _place(axes: Axes, mark: Mark | None, place: int, limits: tuple[float, float]) -> None:
    if mark is None:
        axes.text(limits[0], place, f" {WITHHELD}", size=8.5, color=MUTED, va="center", style="italic")
        return
    color = THEIRS if mark.theirs else OURS
    if mark.interval:
        axes.plot([mark.interval.low, mark.interval.high], [place, place], color=color, linewidth=2, zorder=3)
    marker, size = ("D", 6.0) if mark.theirs else ("o", 8.0)
    filled = "white" if mark.theirs else color
    axes.plot(
        [mark.value], [place], marker, markersize=size, color=color, markerfacecolor=filled, markeredgewidth=1.6,
        zorder=4, clip_on=False,
    )  # fmt: skip
    along = (mark.value - limits[0]) / (limits[1] - limits[0])
    side = "left" if along < EDGE else "right" if along > 1 - EDGE else "center"
    axes.annotate(
        mark.said, (mark.value, place), (0, 8), textcoords="offset points", size=8, color=INK, va="bottom",
        ha=side, zorder=5,
    )  # fmt: skip


def _names(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yticks(range(len(rows)), ["\n".join(map(legible, row.name.split("\n"))) for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(THEIRS if row.theirs else INK)
        label.set_fontsize(8.5 if row.theirs else 10)
        label.set_parse_math(False)


def _description(title: str, columns: Sequence[Column], rows: Sequence[Row]) -> str:
    told = (f"{row.name}: {'; '.join(_row_heard(row, columns))}" for row in rows)
    return f"{title}. " + ". ".join(told).replace("\n", " ") + "."


def _row_heard(row: Row, columns: Sequence[Column]) -> list[str]:
    return [f"{column.name} {_heard(row.marks[column.key])}" for column in columns if column.key in row.marks]


def _heard(mark: Mark | None) -> str:
    if mark is None:
        return WITHHELD
    edges = f" (from {mark.interval.low:.1f} to {mark.interval.high:.1f})" if mark.interval else ""
    return f"{mark.said}{edges}"
