"""What the day asks of the nurses: units planned and really asked, against those on duty, and the starts."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler import clinic_time
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED
from scheduler.utilization.history.minute_masks import QUARTER
from scheduler.utilization.pictures.sheet import (
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
from scheduler.utilization.pictures.sums import Pictured
from scheduler.utilization.pictures.words import HOUR
from scheduler.utilization.staffing.curve import Curve, curve_of

TITLE = "What the day asked of the nurses"
FOOT = (
    "Mean over the days a nurse was on duty or asked for, by quarter hour. Units: what protocols ask of a nurse for a "
    "visit, as booking counts them; actual follows what really took place, phase by phase. The highest minute may lie "
    "above any quarter hour's mean. Starts: infusions begun in a quarter hour."
)
HIGH = 5.6
NOBODY = "No nurse was on duty."
IN_HOUR = HOUR // QUARTER


def load_curve(pictured: Pictured) -> tuple[Figure, str, str]:
    """One mean day from the first quarter hour with anything in it to the last."""
    load = curve_of(pictured.days)
    figure = sheet(HIGH, TITLE, pictured, FOOT)
    above, below = figure.subplots(2, 1)
    place(above, (MARGIN + 0.65, 2.25, MARGIN, 1.35))
    place(below, (MARGIN + 0.65, 1.05, MARGIN, 3.6))
    for axes in (above, below):
        quiet(axes, grid="y")
    if load.quarters:
        _units(above, load)
        _starts(below, load)
    else:
        nothing(above, NOBODY)
        nothing(below)
    return figure, TITLE, describe(TITLE, pictured, FOOT, _said(load))


def _units(axes: Axes, load: Curve) -> None:
    shown = [load.points[quarter] for quarter in load.quarters]
    edges = [load.quarters.start, *(quarter + 1 for quarter in load.quarters)]
    capacity, planned = [each.capacity for each in shown], [each.planned for each in shown]
    actual, highest = [each.actual for each in shown], [each.highest for each in shown]
    axes.stairs(capacity, edges, fill=True, color=FAINT, alpha=0.55, label="On duty")
    axes.stairs(capacity, edges, color=MUTED, linewidth=1)
    looks: tuple[tuple[Sequence[float], str, dict[str, Any]], ...] = (
        (highest, "Actual, highest day", {"color": OTHERS, "linewidth": 1.1, "linestyle": (0, (1, 1.5))}),
        (actual, "Actual", {"color": OURS, "linewidth": 2.6}),
        (planned, "Planned", {"color": INK, "linewidth": 1.2, "linestyle": (0, (4, 3))}),
    )
    for curve, label, look in looks:
        axes.stairs(curve, edges, baseline=None, label=label, **look)
    _mark_peak(axes, load)
    axes.set_ylim(0, 1.18 * max(*capacity, *highest, *planned, 1.0))
    name_axis(axes, "Nurse units")
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False, fontsize=TEXT, labelcolor=INK,
        borderaxespad=0.2,
    )  # fmt: skip
    _clock(axes, load, labelled=False)


def _mark_peak(axes: Axes, load: Curve) -> None:
    """The quarter hour with most asked in the mean, and the highest minute of all in words."""
    at = max(load.quarters, key=lambda quarter: load.points[quarter].actual)
    most = load.points[at]
    words = f"{most.actual:.1f} of {most.capacity:.1f} at {most.time}"
    axes.plot([at + 0.5], [most.actual], "v", color=OURS, markersize=7)
    axes.annotate(
        words, (at + 0.5, most.actual), (0, 8), textcoords="offset points", ha=_towards_middle(at, load.quarters),
        size=SMALL, color=INK, weight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
    )  # fmt: skip
    axes.text(
        1, 1.03, _highest_minute(load), transform=axes.transAxes, ha="right", va="bottom", size=SMALL, color=MUTED
    )


def _towards_middle(at: int, quarters: range) -> str:
    """So that words beside the first or the last quarter hours stay within the picture."""
    if at - quarters.start < IN_HOUR:
        return "left"
    return "right" if quarters.stop - at <= IN_HOUR else "center"


def _starts(axes: Axes, load: Curve) -> None:
    starts = [load.points[quarter].starts for quarter in load.quarters]
    axes.bar([quarter + 0.5 for quarter in load.quarters], starts, width=0.75, color=OURS)
    name_axis(axes, "Starts")
    axes.set_ylim(0, 1.15 * max(*starts, 0.1))
    axes.locator_params(axis="y", nbins=3)
    _clock(axes, load, labelled=True)


def _clock(axes: Axes, load: Curve, *, labelled: bool) -> None:
    hours = [quarter for quarter in range(load.quarters.start, load.quarters.stop + 1) if quarter % IN_HOUR == 0]
    shown = hours[:: -(-len(hours) // 13)] if hours else []
    axes.set_xlim(load.quarters.start, load.quarters.stop)
    axes.set_xticks(shown, [_time(quarter) for quarter in shown] if labelled else [])
    axes.tick_params(axis="x", labelsize=SMALL, labelcolor=INK, pad=6)


def _time(quarter: int) -> str:
    return clinic_time.clock(quarter * QUARTER)


def _highest_minute(load: Curve) -> str:
    if not load.peak.capacity:
        return ""
    return f"Highest minute: {load.peak.load} of {load.peak.capacity} units"


def _said(load: Curve) -> list[str]:
    if not load.quarters:
        return [NOBODY]
    said = (
        f"{at.time} {at.actual:.1f} actual, {at.planned:.1f} planned, {at.capacity:.1f} on duty"
        for quarter, at in enumerate(load.points)
        if quarter in load.quarters and quarter % IN_HOUR == 0
    )
    days = f"{load.days} day{'' if load.days == 1 else 's'}"
    return [
        f"Mean of {days}: {'; '.join(said)}.",
        f"{_highest_minute(load) or 'Nothing was asked of a nurse on duty'}.",
    ]
