"""The report as pictures: every share with its interval and its numbers, others' figures as marks of another shape.

They may leave the house, and so show nothing of fewer than five. Of the same report always the same bytes.
"""

from collections.abc import Callable

from matplotlib.figure import Figure

from scheduler.outcomes.cohorts import curves, forest, leaving
from scheduler.outcomes.cohorts.disclosure import Disclosure
from scheduler.outcomes.trajectories.canvas import DRAWING, as_png, as_svg

Drawer = Callable[[Disclosure], tuple[Figure, str, str]]
"""The figure, its title, and what it says in words."""

PICTURES: dict[str, Drawer] = {
    "completeness": forest.completeness,
    "response": forest.response,
    "change": forest.change,
    "durability": curves.durability,
    "dropout": leaving.dropout,
}


def draw(name: str, kind: str, disclosure: Disclosure) -> bytes:
    """One of the pictures, as `svg` or `png`."""
    with DRAWING:
        figure, title, description = PICTURES[name](disclosure)
        return (as_svg if kind == "svg" else as_png)(figure, title, description)
