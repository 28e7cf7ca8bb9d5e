"""What the pictures of a cohort have in common: a head, a foot, and quiet axes."""

from datetime import date

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.cohorts.disclosure import COURSES, Disclosure
from scheduler.outcomes.cohorts.report import Asked
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED, blank, legible

OURS, THEIRS, SECOND = "#0b5394", "#b45f06", "#5b7f00"
"""Told apart by every kind of colour vision, and by shape and dashes besides."""
WHOLE = "All courses"
WITHHELD = "withheld"
ACRONYMS = ("ptsd", "ocd")
FOOT = "Lines: 95 % intervals. Withheld: what is, or would let be reckoned, fewer than five."


def sheet(width: float, height: float, title: str, disclosure: Disclosure, foot: str = FOOT) -> Figure:
    """A page with its title, whose courses it is about, and what its marks mean."""
    figure = blank(width, height)
    figure.text(0.4 / width, 1 - 0.42 / height, legible(title), size=16, weight="bold", color=INK, parse_math=False)
    about = legible(subject(disclosure))
    figure.text(0.4 / width, 1 - 0.75 / height, about, size=10.5, color=MUTED, parse_math=False)
    figure.text(0.4 / width, 0.2 / height, legible(foot), size=9, color=MUTED, parse_math=False)
    return figure


def subject(disclosure: Disclosure) -> str:
    """Whose courses, in one line."""
    report = disclosure.report
    asked, scale = report.cohort.asked, report.cohort.scale
    number = str(len(report.whole.courses)) if disclosure.tells(None, COURSES) else "fewer than five"
    period = f"first infusion {_day(asked.first)} to {_day(asked.last)}"
    return f"{scale.name} \u00b7 {number} induction courses, {period}{_only(asked)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _only(asked: Asked) -> str:
    only = [str(each) for each in (asked.protocol, asked.diagnosis, asked.baseline_band) if each]
    return "".join(f" \u00b7 {words(each)}" for each in only)


def words(key: str | None) -> str:
    """A key as a reader would say it."""
    if key is None:
        return WHOLE
    text = key.replace("_", " ")
    return text.upper() if key in ACRONYMS else text[:1].upper() + text[1:]


def quiet(axes: Axes) -> None:
    """Nothing but what is needed to read a number."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=MUTED, length=0, labelsize=9)
    axes.set_axisbelow(True)
