"""Who gave up, after how many infusions, and why: shares of the courses that have ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.cohorts.disclosure import (
    DROPPED,
    Disclosure,
    drop_outs_by_infusion,
    drop_outs_by_reason,
    of_denominator,
    reached,
)
from scheduler.outcomes.cohorts.published import PUBLISHED, Measure
from scheduler.outcomes.cohorts.report import HUNDRED
from scheduler.outcomes.cohorts.sheet import FOOT, OURS, WITHHELD, quiet, sheet, words
from scheduler.outcomes.cohorts.statistics import wilson
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED

WIDTH, HEIGHT = 12.0, 5.6
ENDED = "of the courses that have ended"


def dropout(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """By infusion on the left, by reason on the right."""
    title = "Who gave up, and when"
    whole = disclosure.report.whole
    ended = whole.rate("completed")
    number = ended.denominator if ended and disclosure.tells(None, of_denominator("completed")) else 0
    gone = sum(each.courses for each in whole.drop_outs)
    figure = sheet(WIDTH, HEIGHT, f"{title}: {_summary(gone, number, disclosure)}", disclosure, f"{FOOT} {_others()}")
    left, right = figure.subplots(1, 2, width_ratios=[6, 5])
    figure.subplots_adjust(left=0.075, right=0.97, top=0.74, bottom=0.19, wspace=0.2)
    had = reached(disclosure, whole)
    by_infusion = [
        _Bar(_after(name), name, count, had.get(name) or number)
        for name, count in drop_outs_by_infusion(disclosure, whole)
    ]
    by_reason = [
        _Bar(words(name.rpartition("/")[2]), name, count, number) for name, count in drop_outs_by_reason(whole)
    ]
    heard = _bars(left, "After how many infusions", by_infusion, disclosure)
    heard += _bars(right, "For which reason of the desk's", by_reason, disclosure)
    left.set_ylabel("of those who had so many" if had else ENDED, color=MUTED, size=9.5)
    right.set_ylabel(ENDED, color=MUTED, size=9.5)
    return figure, title, f"{title}: {_summary(gone, number, disclosure)}. {'; '.join(heard)}."


@dataclass(frozen=True)
class _Bar:
    label: str
    name: str
    count: int
    of: int


def _others() -> str:
    found = (each for each in PUBLISHED if each.measure is Measure.DROP_OUT)
    return "Others report: " + "; ".join(f"{each.study}, n {each.n}, {each.value:g} %" for each in found) + "."


def _after(name: str) -> str:
    return name.rpartition("/")[2]


def _summary(gone: int, number: int, disclosure: Disclosure) -> str:
    if not number or not disclosure.tells(None, DROPPED):
        return WITHHELD
    share, interval = HUNDRED * gone / number, wilson(gone, number)
    edges = f" ({HUNDRED * interval.low:.0f} to {HUNDRED * interval.high:.0f})" if interval else ""
    return f"{gone} of {number}, {share:.0f} %{edges}"


def _bars(axes: Axes, title: str, told: Sequence[_Bar], disclosure: Disclosure) -> list[str]:
    quiet(axes)
    axes.set_title(title, size=11, color=INK, loc="left", pad=10, weight="bold")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_xticks(range(len(told)), [bar.label.replace(" ", "\n", 1) for bar in told])
    heard, highest = [], 5.0
    for place, bar in enumerate(told):
        count = bar.count if bar.of and _tells(bar.name, bar.count, disclosure) else None
        highest = max(highest, _bar(axes, place, count, bar.of))
        number = WITHHELD if count is None else f"{count} of {bar.of}"
        heard.append(f"{title.lower()} {bar.label}: {number}")
    axes.set_ylim(0, highest * 1.18)
    axes.set_xlim(-0.6, len(told) - 0.4)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:g} %")
    return heard


def _tells(name: str, count: int, disclosure: Disclosure) -> bool:
    return disclosure.tells(None, name) or (not count and disclosure.tells(None, DROPPED))


def _bar(axes: Axes, place: int, count: int | None, number: int) -> float:
    """How high it reaches."""
    if count is None:
        axes.text(place, 0, WITHHELD, size=9, color=MUTED, ha="center", va="bottom", style="italic", rotation=90)
        return 0
    interval, share = wilson(count, number), HUNDRED * count / number
    axes.bar([place], [share], width=0.62, color=OURS, alpha=0.85)
    top = HUNDRED * interval.high if interval and count else share
    if interval and count:
        axes.plot([place, place], [HUNDRED * interval.low, top], color=INK, linewidth=1.6)
    axes.annotate(f"{count}", (place, top), (0, 4), textcoords="offset points", ha="center", size=9.5, color=INK)
    return top
