"""A trajectory as a picture that a clinician would show a patient.

Nothing is told by colour alone: lines differ in dashes and bear their names, marks differ in shape. It names nobody.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from textwrap import fill, shorten
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.trajectories import words
from scheduler.outcomes.trajectories.canvas import DRAWING, FAINT, INK, MUTED, as_png, as_svg, blank, legible
from scheduler.outcomes.trajectories.points import Point, Uncounted
from scheduler.outcomes.trajectories.strip import draw_strip
from scheduler.outcomes.trajectories.trajectory import Trajectory
from scheduler.outcomes.trajectories.yardstick import Yardstick

WIDTH, HEIGHT = 11.0, 6.4
DAY = timedelta(days=1)
GAP = 45 * DAY
"""Scores further apart are not joined: nobody knows what was between."""
MOST_LABELLED = 20
"""Of more scores than this only those that matter bear their number."""
LOWEST, HIGHEST = (0.975, 0.982, 0.99), (0.86, 0.885, 0.92)
"""The ground behind the lowest band, and behind the highest."""
ABOVE = 1.06
"""How far the picture goes above the highest total."""
LINE, TITLE = 125, 70
"""So many letters of the summary, and of the title, fit on a line."""
SCORE = "Score"
COLUMNS = 4
RESPONSE, REMISSION, EXPECTED = "#00664f", "#0b4f8a", "#b35c00"
HALO = [withStroke(linewidth=3, foreground="white")]


def draw(scale: Scale, yardstick: Yardstick, read: Trajectory, kind: str) -> bytes:
    """The picture in the format wanted: of the same trajectory always the same bytes."""
    title, description = legible(words.title(scale)), words.description(scale, read)
    with DRAWING:
        figure = _figure(scale, yardstick, read)
        return (as_svg if kind == "svg" else as_png)(figure, title, description)


def _figure(scale: Scale, yardstick: Yardstick, read: Trajectory) -> Figure:
    figure = blank(WIDTH, HEIGHT)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[12, 1.5])
    figure.subplots_adjust(left=0.075, right=0.855, top=0.85, bottom=0.165, hspace=0.04)
    figure.text(
        0.075,
        0.95,
        shorten(legible(words.title(scale)), TITLE, placeholder=" ..."),
        size=16,
        weight="bold",
        color=INK,
        parse_math=False,
    )
    figure.text(
        0.075, 0.93, fill(words.summary(read), LINE), va="top", size=10.5, color=MUTED, linespacing=1.5,
        parse_math=False,
    )  # fmt: skip
    begun = _origin(read)
    _frame(above, scale, read, begun)
    _bands(above, scale)
    _expected(above, yardstick, read, begun)
    _lines(above, yardstick, read)
    _scores(above, scale, read, begun)
    draw_strip(below, read.course.infusions if read.course else (), begun)
    below.set_xlabel(
        "Days since the first infusion" if read.course and read.course.begins else "Days since the first form",
        color=MUTED, size=10,
    )  # fmt: skip
    _key(figure, above, below)
    return figure


def _origin(read: Trajectory) -> datetime | None:
    """The instant of day 0."""
    if read.course and read.course.begins:
        return read.course.begins
    return read.points[0].taken_at if read.points else None


def days(at: datetime, begun: datetime | None) -> float:
    return (at - (begun or at)) / DAY


def _frame(axes: Axes, scale: Scale, read: Trajectory, begun: datetime | None) -> None:
    most = _most(scale)
    told = [days(point.taken_at, begun) for point in read.points]
    told += [days(infusion.at, begun) for infusion in (read.course.infusions if read.course else ())]
    first, last = min([0.0, *told]), max([7.0, *told])
    span = last - first
    axes.set_xlim(first - 0.03 * span, last + 0.22 * span)
    axes.set_ylim(-most * (ABOVE - 1) if scale.levels else 0, most * ABOVE)
    axes.set_ylabel(f"{'Level' if scale.levels else 'Score'} (lower is better)", color=MUTED, size=10)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 7, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.tick_params(axis="y", colors=MUTED, labelsize=9, length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(FAINT)


def _bands(axes: Axes, scale: Scale) -> None:
    """Soft grounds, the darker the worse, with their names beside the picture."""
    if scale.levels:
        _levels(axes, scale)
    for place, band in enumerate(scale.bands):
        share = place / max(len(scale.bands) - 1, 1)
        ground = tuple(low + (high - low) * share for low, high in zip(LOWEST, HIGHEST, strict=True))
        low = band.least - 0.5 if place else 0
        high = band.most + 0.5 if place < len(scale.bands) - 1 else _most(scale) * ABOVE
        axes.axhspan(low, high, color=ground, zorder=0, linewidth=0)
        axes.text(
            1.012, (low + min(high, _most(scale))) / 2, f"{_plain(band.key)}\n{band.least}\u2013{band.most}",
            transform=axes.get_yaxis_transform(), va="center", size=8.5, color=MUTED, linespacing=1.25,
        )  # fmt: skip


def _levels(axes: Axes, scale: Scale) -> None:
    """Of a scale without totals, its levels by name."""
    axes.set_yticks([])
    for place, level in enumerate(scale.levels):
        axes.axhline(place, color=FAINT, linewidth=0.8, zorder=1)
        axes.text(1.012, place, _plain(level), transform=axes.get_yaxis_transform(), va="center", size=9, color=MUTED)


def _expected(axes: Axes, yardstick: Yardstick, read: Trajectory, begun: datetime | None) -> None:
    """From score to score where the expected course lies, up to what still is on track."""
    corners = list(_corners(yardstick, read, begun))
    if not corners:
        return
    at, low, high = zip(*corners, strict=True)
    axes.fill_between(
        at, low, high, facecolor="#f6d9b4", alpha=0.5, edgecolor=EXPECTED, hatch="///", linewidth=0, zorder=1,
        label=f"Expected course, up to {yardstick.tolerance} points above",
    )  # fmt: skip


def _corners(yardstick: Yardstick, read: Trajectory, begun: datetime | None) -> Iterable[tuple[float, float, float]]:
    """At each infusion what is expected of the form before it; after the last it is expected to stay."""
    baseline = read.baseline.total if read.baseline else None
    if baseline is None or not yardstick.curve or read.course is None or not read.course.given:
        return
    starts, curve = read.course.starts, yardstick.curve
    gap = min((later - sooner for sooner, later in pairwise(starts)), default=3 * DAY)
    ends = [*starts[1:], starts[-1] + gap]
    last = max([ends[-1], *(point.taken_at for point in read.points)])
    shares = [1.0, *(float(curve[min(k, len(curve) - 1)]) for k in range(len(ends)))]
    for at, share in zip([starts[0], *ends, last], [*shares, shares[-1]], strict=True):
        room = yardstick.tolerance if at > starts[0] else 0
        yield days(at, begun), baseline * share, baseline * share + room


def _lines(axes: Axes, yardstick: Yardstick, read: Trajectory) -> None:
    """Baseline, response and remission, each with its name at its end."""
    lines = yardstick.lines
    if read.baseline is None or read.baseline.total is None:
        return
    baseline = read.baseline.total
    _line(axes, baseline, f"Baseline {baseline}", INK, (0, (6, 3)))
    if lines.response_percent is not None and baseline:
        most = baseline * (100 - lines.response_percent) // 100
        _line(axes, most, f"Response: {most} or less", RESPONSE, (0, (5, 2, 1, 2)))
    if lines.remission_most is not None and baseline >= (lines.remission_baseline or 0):
        most = lines.remission_most
        _line(axes, most, f"Remission: {most} or less", REMISSION, (0, (1, 1.6)))


def _line(axes: Axes, at: int, name: str, colour: str, dashes: tuple[int, tuple[float, ...]]) -> None:
    axes.axhline(at, color=colour, linestyle=dashes, linewidth=1.4, zorder=2)
    axes.text(
        0.992, at, name, transform=axes.get_yaxis_transform(), ha="right", va="bottom", size=8.5, color=colour,
        path_effects=HALO, zorder=6,
    )  # fmt: skip


def _scores(axes: Axes, scale: Scale, read: Trajectory, begun: datetime | None) -> None:
    counted = [point for point in read.points if point.counted]
    for run in _runs(counted):
        axes.plot(
            *_places(scale, run, begun), color=INK, linewidth=2.2, zorder=4, solid_capstyle="round", clip_on=False
        )
    marks: dict[str, Any] = {"linestyle": "none", "zorder": 5, "markeredgecolor": INK, "clip_on": False}
    if counted:
        axes.plot(*_places(scale, counted, begun), marker="o", markersize=8, color=INK, label=SCORE, **marks)
    for why, marker, name in (
        (Uncounted.SHORT_RECALL, "o", "Soon after an infusion: not counted"),
        (Uncounted.PRORATED, "s", "Estimated from some answers: not counted"),
        (Uncounted.OTHER_VERSION, "D", "Other wording: not counted"),
        (Uncounted.NO_TOTAL, "D", "Level"),
        (Uncounted.INCOMPLETE, "x", "Incomplete form: no score"),
    ):
        found = [point for point in read.points if point.uncounted is why]
        if found:
            marks |= {"marker": marker, "markersize": 7.5, "markerfacecolor": "white", "markeredgewidth": 1.7}
            axes.plot(*_places(scale, found, begun), label=name, **marks)
    _numbers(axes, scale, read, begun)
    if not read.points:
        axes.text(0.5, 0.5, "No scores yet", transform=axes.transAxes, ha="center", size=14, color=MUTED)


def _runs(points: list[Point]) -> list[list[Point]]:
    """The scores that are joined by a line."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point.taken_at - runs[-1][-1].taken_at <= GAP:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _places(scale: Scale, points: list[Point], begun: datetime | None) -> tuple[list[float], list[float]]:
    return [days(point.taken_at, begun) for point in points], [_height(scale, point) for point in points]


def _height(scale: Scale, point: Point) -> float:
    """Its total, or the rank of its level; a form without either stands above everything."""
    if point.total is not None:
        return point.total
    return scale.levels.index(point.band) if point.band in scale.levels else _most(scale) * ABOVE


def _numbers(axes: Axes, scale: Scale, read: Trajectory, begun: datetime | None) -> None:
    shown = [point for point in read.points if point.total is not None]
    if len(shown) > MOST_LABELLED:
        marked = {id(read.nadir), id(read.latest)}
        shown = [point for point in shown if id(point) in marked or point.reading is read.baseline]
    for point in shown:
        axes.annotate(
            str(point.total), (days(point.taken_at, begun), _height(scale, point)), xytext=(0, 8),
            textcoords="offset points", ha="center", size=9, weight="bold" if point.counted else "normal",
            color=INK, path_effects=HALO, zorder=7,
        )  # fmt: skip


def _key(figure: Figure, above: Axes, below: Axes) -> None:
    """What each mark means, the scores first, row by row."""
    named = [pair for axes in (above, below) for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
    named.sort(key=lambda pair: pair[1] != SCORE)
    ordered = [named[place] for column in range(COLUMNS) for place in range(column, len(named), COLUMNS)]
    handles, names = [handle for handle, _ in ordered], [name for _, name in ordered]
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=(0.066, 0.09), ncols=COLUMNS, frameon=False, fontsize=8.5,
        labelcolor=MUTED, handletextpad=0.5, columnspacing=1.8,
    )  # fmt: skip


def _most(scale: Scale) -> int:
    return len(scale.levels) - 1 if scale.levels else scale.most


def _plain(key: str) -> str:
    return key.replace("_", " ")
