"""Scheduled and actual utilization over the range, with others' medians and the no-show rate below."""

from datetime import date

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.trajectories.canvas import INK, MUTED
from scheduler.utilization.pictures.sheet import (
    CLOSED,
    MARGIN,
    OTHERS,
    OURS,
    SMALL,
    TEXT,
    describe,
    name_axis,
    nothing,
    place,
    quiet,
    sheet,
)
from scheduler.utilization.pictures.sums import Pictured, Step, Sums, by_stretch, step_of, whole
from scheduler.utilization.pictures.words import dated, percent

TITLE = "Utilization over time"
SOURCE = "oncology infusion survey 2019, Advisory Board"
FOOT = (
    "Scheduled: minutes visits were booked for, actual: minutes a patient sat in a chair, each in percent of available "
    "minutes (open and not blocked). No-show rate: missed visits in percent of kept and missed ones. Others: medians "
    f"of other centres ({SOURCE}); they treat other patients, so a hint and no goal."
)
THEIR_SCHEDULED, THEIR_ACTUAL, THEIR_NO_SHOWS = 80, 70, 5
"""Percent."""
HIGH = 5.6
MOST_LABELS, MOST_TICKS = 12, 5
NAMES = {Step.DAY: "Each point a day", Step.WEEK: "Each point a week, by its Monday", Step.MONTH: "Each point a month"}
Points = list[tuple[date, Sums]]


def trend(pictured: Pictured) -> tuple[Figure, str, str]:
    """A point for each day, week or month in which the clinic was open."""
    step = step_of(pictured.first, pictured.last)
    points = by_stretch(pictured.days, step)
    figure = sheet(HIGH, TITLE, pictured, FOOT)
    above, below = figure.subplots(2, 1)
    place(above, (MARGIN + 0.65, 2.5, 1.8, 1.45))
    place(below, (MARGIN + 0.65, 1.22, 1.8, 3.4))
    for axes in (above, below):
        quiet(axes, grid="y")
    if points:
        _utilization(above, points)
        _no_shows(below, points)
        _label(below, points, step)
        above.set_xticks([])
    else:
        nothing(above, CLOSED)
        nothing(below)
    said = [f"{NAMES[step]}.", *(_said(begin, sums, step) for begin, sums in points), _whole(pictured)]
    return figure, TITLE, describe(TITLE, pictured, FOOT, said)


def _utilization(axes: Axes, points: Points) -> None:
    places = range(len(points))
    scheduled, actual = ([_hundred(share) for share in shares] for shares in zip(
        *((sums.scheduled, sums.actual) for _, sums in points), strict=True
    ))  # fmt: skip
    axes.axhspan(THEIR_ACTUAL, THEIR_SCHEDULED, color=OTHERS, alpha=0.10, linewidth=0)
    axes.plot(places, scheduled, "s--", color=MUTED, markersize=5, markerfacecolor="white", label="Scheduled")
    axes.plot(places, actual, "o-", color=OURS, markersize=5.5, linewidth=2, label="Actual")
    _frame(axes, len(points), max(100.0, *scheduled, *actual))
    for share, words in ((THEIR_SCHEDULED, "scheduled"), (THEIR_ACTUAL, "actual")):
        _theirs(axes, share, words)
    name_axis(axes, "Utilization")
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, frameon=False, fontsize=TEXT, labelcolor=INK,
        borderaxespad=0.2,
    )  # fmt: skip


def _no_shows(axes: Axes, points: Points) -> None:
    shares = [_hundred(sums.no_shows) for _, sums in points]
    axes.bar(range(len(points)), shares, width=0.6, color=OURS)
    known = [share for share in shares if share == share]  # noqa: PLR0124 # not a number where nobody was due
    _frame(axes, len(points), max([10.0, *known]))
    _theirs(axes, THEIR_NO_SHOWS, "no-shows")
    name_axis(axes, "No-shows")


def _frame(axes: Axes, points: int, most: float) -> None:
    axes.set_xlim(-0.6, points - 0.4)
    axes.set_ylim(0, most * 1.06)
    step = next(step for step in (5, 10, 20, 25, 50, 100, 1000) if most <= MOST_TICKS * step)
    ticks = range(0, int(most) + 1, step)
    axes.set_yticks(ticks, [f"{tick} %" for tick in ticks])


def _theirs(axes: Axes, share: int, words: str) -> None:
    axes.axhline(share, color=OTHERS, linewidth=1.1, linestyle=(0, (2, 2)))
    axes.text(
        1.012, share, f"others, {words} {share} %", transform=axes.get_yaxis_transform(), va="center", size=SMALL,
        color=OTHERS,
    )  # fmt: skip


def _label(axes: Axes, points: Points, step: Step) -> None:
    every = -(-len(points) // MOST_LABELS)
    shown = list(range(0, len(points), every))
    axes.set_xticks(shown, [_short(points[number][0], step) for number in shown])
    axes.tick_params(axis="x", labelsize=SMALL, labelcolor=INK)
    axes.set_xlabel(NAMES[step], color=MUTED, size=SMALL)


def _short(begin: date, step: Step) -> str:
    return f"{begin:%b %Y}" if step is Step.MONTH else f"{begin.day} {begin:%b}"


def _hundred(share: float | None) -> float:
    return float("nan") if share is None else 100 * share


def _said(begin: date, sums: Sums, step: Step) -> str:
    when = f"{begin:%B %Y}" if step is Step.MONTH else dated(begin)
    return f"{when}: {_shares(sums)}."


def _whole(pictured: Pictured) -> str:
    return f"In all: {_shares(whole(pictured.days))}."


def _shares(sums: Sums) -> str:
    return f"scheduled {percent(sums.scheduled)}, actual {percent(sums.actual)}, no-show rate {percent(sums.no_shows)}"
