"""The strip below the scores: every infusion with its dose."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from matplotlib.axes import Axes

from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED
from scheduler.outcomes.trajectories.courses import Infusion

DAY = timedelta(days=1)
ROOM, LETTER, UPRIGHT = 0.006, 0.0105, 0.0135
"""Which shares of the width a dose takes up: once and for each letter of it, or set upright."""


def draw_strip(axes: Axes, infusions: Sequence[Infusion], begun: datetime | None) -> None:
    """Filled marks for what was given, hollow ones for what is planned."""
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(axis="x", colors=MUTED, labelsize=9, length=3, color=FAINT)
    if not infusions or begun is None:
        return
    axes.text(
        1.012, 0.45, "infusion\ndose in mg", transform=axes.transAxes, va="center", size=8.5, color=MUTED,
        linespacing=1.25,
    )  # fmt: skip
    for given, fill, name in ((True, INK, "Infusion"), (False, "white", "Planned infusion")):
        at = [(infusion.at - begun) / DAY for infusion in infusions if infusion.given is given]
        axes.plot(
            at, [0.2] * len(at), linestyle="none", marker="^", markersize=7, color=fill,
            markeredgecolor="white" if given else INK, markeredgewidth=0.6 if given else 1.2, clip_on=False,
            label=name if at else None,
        )  # fmt: skip
    known = [infusion for infusion in infusions if infusion.given and infusion.dose_mg is not None]
    upright = len(_with_room(known, _room(known, axes))) < len(known)
    for infusion in _with_room(known, UPRIGHT * _width(axes) if upright else _room(known, axes)):
        axes.text(
            (infusion.at - begun) / DAY, 0.42, written(infusion), ha="center", va="bottom", size=8, color=INK,
            rotation=90 if upright else 0, parse_math=False,
        )  # fmt: skip


def _with_room(known: Sequence[Infusion], room: timedelta) -> list[Infusion]:
    """Those whose dose can be written: the first and every change of it before any other."""
    changed = [later for sooner, later in pairwise(known) if later.dose_mg != sooner.dose_mg]
    kept: list[Infusion] = []
    for infusion in [*known[:1], *changed, *known]:
        if all(abs(infusion.at - other.at) >= room for other in kept):
            kept.append(infusion)
    return kept


def _room(known: Sequence[Infusion], axes: Axes) -> timedelta:
    """How much time a dose takes up that is written across."""
    return (ROOM + LETTER * max((len(written(infusion)) for infusion in known), default=0)) * _width(axes)


def _width(axes: Axes) -> timedelta:
    low, high = axes.get_xlim()
    return (high - low) * DAY


def written(infusion: Infusion) -> str:
    """The dose to a tenth of a milligram."""
    return f"{infusion.dose_mg:.1f}".removesuffix(".0")
