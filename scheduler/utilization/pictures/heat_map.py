"""Actual utilization by hour and weekday, a number in every cell."""

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scheduler import clinic_time
from scheduler.outcomes.trajectories.canvas import FAINT, INK
from scheduler.utilization.figures.lines import WEEKDAY_NAMES
from scheduler.utilization.pictures.sheet import CLOSED, MARGIN, TEXT, describe, nothing, place, quiet, sheet
from scheduler.utilization.pictures.sums import Pictured, Sums, added, by_hour
from scheduler.utilization.pictures.words import HOUR, percent

TITLE = "When the chairs were used"
FOOT = (
    "In each cell: minutes in which a patient sat in a chair, in percent of the minutes chairs were available (open "
    "and not blocked). Darker is fuller. Hatched: no chair was available."
)
ROW, HEAD, END = 0.36, 1.65, 0.85
"""Inches."""
SHADES = LinearSegmentedColormap.from_list("used", [(0, "#f7fafd"), (0.5, "#aecbe8"), (0.8, "#2f6fae"), (1, "#062f57")])
"""One hue from light to dark, so that grey print and every kind of colour vision keep the order."""
DARK = 0.22
"""Where a shade has less light than this, white is easier to read on it than ink."""
LIGHT = (0.2126, 0.7152, 0.0722)
"""How much each colour adds to what an eye sees."""
GAMMA = 2.2
GAP = 0.3
"""Between the cells and the totals, in cells."""
Places = Mapping[tuple[int, int], Sums]


def heat_map(pictured: Pictured) -> tuple[Figure, str, str]:
    """A column a weekday and a row an hour, and the totals of both beside."""
    places = by_hour(pictured.days)
    hours = range(min(hour for _, hour in places), max(hour for _, hour in places) + 1) if places else range(4)
    figure = sheet(HEAD + END + ROW * (len(hours) + 1 + GAP), TITLE, pictured, FOOT)
    axes = figure.subplots()
    place(axes, (MARGIN + 0.6, END, MARGIN, HEAD))
    quiet(axes)
    axes.spines["bottom"].set_visible(False)
    if places:
        _cells(axes, places, hours)
    else:
        nothing(axes, CLOSED)
    said = [_said(name, weekday, places) for weekday, name in enumerate(WEEKDAY_NAMES)] if places else [CLOSED]
    return figure, TITLE, describe(TITLE, pictured, FOOT, said)


def _cells(axes: Axes, places: Places, hours: range) -> None:
    for row, hour in enumerate(hours):
        for weekday in range(7):
            _cell(axes, weekday, row, places.get((weekday, hour), Sums()))
        _cell(axes, 7 + GAP, row, added(sums for (_, at), sums in places.items() if at == hour), bold=True)
    under = len(hours) + GAP
    for weekday in range(7):
        _cell(axes, weekday, under, added(sums for (day, _), sums in places.items() if day == weekday), bold=True)
    _cell(axes, 7 + GAP, under, added(places.values()), bold=True)
    _label(axes, hours, under)


def _label(axes: Axes, hours: range, under: float) -> None:
    axes.set_xlim(0, 8 + GAP)
    axes.set_ylim(under + 1, 0)
    axes.set_xticks([*(day + 0.5 for day in range(7)), 7.5 + GAP], [*(name[:3] for name in WEEKDAY_NAMES), "All days"])
    axes.set_yticks(
        [*(row + 0.5 for row in range(len(hours))), under + 0.5],
        [*(clinic_time.clock(HOUR * hour) for hour in hours), "All hours"],
    )
    axes.xaxis.tick_top()
    axes.tick_params(labelsize=TEXT, labelcolor=INK)


def _cell(axes: Axes, x: float, y: float, sums: Sums, *, bold: bool = False) -> None:
    share = sums.actual
    shade = (1.0, 1.0, 1.0, 1.0) if share is None else SHADES(min(share, 1.0))
    hatch = "///" if share is None else None
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=shade, edgecolor=FAINT, hatch=hatch, linewidth=0.8))
    if share is not None:
        ink, weight = "white" if _light(shade) < DARK else INK, "bold" if bold else "normal"
        axes.text(x + 0.5, y + 0.5, f"{100 * share:.0f}", ha="center", va="center", size=TEXT, color=ink, weight=weight)


def _light(shade: tuple[float, ...]) -> float:
    """From 0 to 1, as an eye sees it."""
    return sum(weight * math.pow(part, GAMMA) for weight, part in zip(LIGHT, shade[:3], strict=True))


def _said(name: str, weekday: int, places: Places) -> str:
    open_at = sorted(hour for day, hour in places if day == weekday)
    if not open_at:
        return f"{name}: closed."
    hours = (f"{clinic_time.clock(HOUR * hour)} {percent(places[weekday, hour].actual)}" for hour in open_at)
    whole = added(places[weekday, hour] for hour in open_at)
    return f"{name}: {', '.join(hours)}; all hours {percent(whole.actual)}."
