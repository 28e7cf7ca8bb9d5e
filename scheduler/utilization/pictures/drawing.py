"""Draws the pictures of where the hours went. Of the same figures always the same bytes."""

from collections.abc import Callable

from matplotlib.figure import Figure

from scheduler.outcomes.trajectories.canvas import DRAWING, as_png, as_svg
from scheduler.utilization.pictures.heat_map import heat_map
from scheduler.utilization.pictures.load_curve import load_curve
from scheduler.utilization.pictures.sums import Pictured
from scheduler.utilization.pictures.trend import trend
from scheduler.utilization.pictures.waterfall import waterfall

Drawer = Callable[[Pictured], tuple[Figure, str, str]]
"""The figure, its title, and what it says in words."""

PICTURES: dict[str, Drawer] = {
    "heat_map": heat_map,
    "waterfall": waterfall,
    "load_curve": load_curve,
    "trend": trend,
}


def draw(name: str, kind: str, pictured: Pictured) -> bytes:
    """One of the pictures, as `svg` or `png`."""
    with DRAWING:
        figure, title, description = PICTURES[name](pictured)
        return (as_svg if kind == "svg" else as_png)(figure, title, description)
