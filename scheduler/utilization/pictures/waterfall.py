"""From the open minutes to those that were used, one cause after the other taken away, the largest first."""

from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED
from scheduler.utilization.ledger.kinds import LOST, Kind
from scheduler.utilization.pictures.sheet import MARGIN, NAMES, OTHERS, OURS, TEXT, describe, place, quiet, sheet
from scheduler.utilization.pictures.sums import Pictured, Sums, whole
from scheduler.utilization.pictures.words import length, part

TITLE = "Where the open chair minutes went"
FOOT = "Every minute a chair was open is used, turnover, or lost to one cause. Percent are of all open minutes."
ROW, HEAD, END = 0.36, 1.35, 0.7
"""Inches."""
LABELS, NUMBERS = 2.45, 2.35
"""Inches on the left for what it is and on the right for how much."""
OPENED = "Open"
THICK = 0.68


class Bar(NamedTuple):
    """Minutes of one kind, drawn from where those before it have left off."""

    name: str
    begin: int
    minutes: int
    color: str
    hatch: str | None = None


def waterfall(pictured: Pictured) -> tuple[Figure, str, str]:
    """A row a cause that cost anything."""
    sums = whole(pictured.days)
    bars = list(_bars(sums))
    figure = sheet(HEAD + END + ROW * len(bars), TITLE, pictured, _foot(sums))
    axes = figure.subplots()
    place(axes, (MARGIN + LABELS, END, NUMBERS, HEAD))
    quiet(axes)
    axes.spines["bottom"].set_visible(False)
    for row, bar in enumerate(bars):
        _row(axes, row, bar, sums.open, last=row == len(bars) - 1)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(0, max(sums.open, 1))
    axes.set_xticks([])
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.tick_params(labelsize=TEXT, labelcolor=INK)
    said = [f"{bar.name}: {length(bar.minutes)}, {part(bar.minutes, sums.open)}." for bar in bars]
    return figure, TITLE, describe(TITLE, pictured, _foot(sums), said)


def _bars(sums: Sums) -> Iterator[Bar]:
    left = sums.open
    yield Bar(OPENED, 0, left, MUTED)
    for kind, minutes in sums.causes():
        left -= minutes
        yield Bar(NAMES[kind], left, minutes, OTHERS, "////")
    left -= sums.of[Kind.TURNOVER]
    yield Bar(NAMES[Kind.TURNOVER], left, sums.of[Kind.TURNOVER], FAINT)
    yield Bar(NAMES[Kind.USED], 0, left, OURS)


def _row(axes: Axes, row: int, bar: Bar, opened: int, *, last: bool) -> None:
    axes.barh(
        row, bar.minutes, left=bar.begin, height=THICK, color="white" if bar.hatch else bar.color,
        edgecolor=bar.color, hatch=bar.hatch, linewidth=0.9,
    )  # fmt: skip
    if not last and opened:
        next_to = bar.begin or bar.minutes
        axes.plot([next_to, next_to], [row + THICK / 2, row + 1 - THICK / 2], color=MUTED, linewidth=0.6, clip_on=False)
    beside = axes.get_yaxis_transform()
    axes.text(1.24, row, length(bar.minutes), transform=beside, ha="right", va="center", size=TEXT, color=INK)
    axes.text(1.39, row, part(bar.minutes, opened), transform=beside, ha="right", va="center", size=TEXT, color=INK)


def _foot(sums: Sums) -> str:
    """Which causes cost nothing is said, so that nobody wonders where they are."""
    none = [NAMES[kind].lower() for kind in LOST if not sums.of[kind]]
    return f"{FOOT} Nothing lost to: {', '.join(none)}." if none and sums.open else FOOT
