"""What the pictures of hours have in common: a head, a foot, quiet axes, and names for what minutes were."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED, blank, legible
from scheduler.utilization.chairs.measures import CAUSES
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.pictures.sums import Pictured
from scheduler.utilization.pictures.words import counted_until, period

WIDE = 10.0
"""Inches, so that three quarters of it fill a page and stay readable."""
OURS, OTHERS = "#0b5394", "#b45f06"
"""Told apart by every kind of colour vision, and by shape and dashes besides."""
CLOSED = "No chair was available."
MARGIN = 0.35
LONGEST_NAME, LINE = 80, 125
"""Letters."""
TITLE, TEXT, SMALL = 16.0, 10.5, 9.5
"""Points."""
NAMES: dict[Kind, str] = {
    Kind.USED: "Used",
    Kind.TURNOVER: "Turnover",
    **{kind: title for kind, (title, _) in CAUSES.items()},
}


def sheet(height: float, title: str, pictured: Pictured, foot: str) -> Figure:
    """A page with its title, whose hours it is about, up to when, and what is counted."""
    figure = blank(WIDE, height)
    _write(figure, height - 0.42, title, size=TITLE, color=INK, weight="bold")
    _write(figure, height - 0.74, shortened(pictured.clinic), size=TEXT, color=INK)
    _write(figure, height - 0.98, about(pictured), size=TEXT, color=MUTED)
    _write(figure, 0.14, fill(foot, LINE), size=SMALL, color=MUTED)
    return figure


def _write(figure: Figure, inches: float, text: str, **look: Any) -> None:
    x, y = MARGIN / WIDE, inches / figure.get_figheight()
    figure.text(x, y, "\n".join(map(legible, text.splitlines())), parse_math=False, va="bottom", **look)


def shortened(name: str) -> str:
    """A name as far as there is room for it."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1].rstrip()}\u2026"


def about(pictured: Pictured) -> str:
    """Which days, and up to when."""
    until = counted_until(pictured.until, pictured.first, pictured.last, pictured.zone)
    return f"{period(pictured.first, pictured.last)} \u00b7 {until}"


def describe(title: str, pictured: Pictured, foot: str, said: Sequence[str]) -> str:
    """The whole picture in words, for who cannot see it."""
    return " ".join([f"{title}. {shortened(pictured.clinic)}, {about(pictured)}.", *said, foot])


def quiet(axes: Axes, *, grid: str | None = None) -> None:
    """Nothing but what is needed to read a number."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=MUTED, length=0, labelsize=SMALL)
    axes.set_axisbelow(True)
    if grid == "y":
        axes.grid(axis="y", color=FAINT, linewidth=0.6)


def name_axis(axes: Axes, words: str) -> None:
    """At the same place for every part of a picture."""
    axes.set_ylabel(words, color=INK, size=TEXT, va="bottom")
    inches = axes.get_position().width * WIDE
    axes.yaxis.set_label_coords(-0.52 / inches, 0.5)


def place(axes: Axes, box: tuple[float, float, float, float]) -> None:
    """Left, bottom, right and top of the axes, in inches from the nearest corner of the page."""
    figure = axes.figure
    wide, high = figure.get_figwidth(), figure.get_figheight()  # type: ignore[union-attr] # on a page, not within another
    left, bottom, right, top = box
    axes.set_position((left / wide, bottom / high, (wide - left - right) / wide, (high - bottom - top) / high))


def nothing(axes: Axes, why: str = "") -> None:
    """No more than why there is nothing to see."""
    axes.spines["bottom"].set_visible(False)
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=MUTED, size=TEXT)
    axes.set_xticks([])
    axes.set_yticks([])
