"""Who gave up, after how many infusions, and why: shares of the courses that have ended."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.cohorts.disclosure import (
    DROPPED,
    Disclosure,
    drop_outs_by_infusion,
    drop_outs_by_reason,
    of_denominator,
)
from scheduler.outcomes.cohorts.published import PUBLISHED, Measure
from scheduler.outcomes.cohorts.report import HUNDRED
from scheduler.outcomes.cohorts.sheet import FOOT, OURS, WITHHELD, quiet, sheet, words
from scheduler.outcomes.cohorts.statistics import wilson
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED

WIDTH, HEIGHT = 12.0, 5.6


def dropout(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """By infusion on the left, by reason on the right."""
    title = "Who gave up, and when"
    whole = disclosure.report.whole
    ended = whole.rate("completed")
    number = ended.denominator if ended and disclosure.tells(None, of_denominator("completed")) else 0
    gone = sum(each.courses for each in whole.drop_outs)
    figure = sheet(WIDTH, HEIGHT, f"{title}: {_summary(gone, number, disclosure)}", disclosure, f"{FOOT} {_others()}")
    left, right = figure.subplots(1, 2, width_ratios=[6, 5])
    figure.subplots_adjust(left=0.075, right=0.97, top=0.74, bottom=0.19, wspace=0.16)
    by_infusion = [(_after(name), name, count) for name, count in drop_outs_by_infusion(disclosure, whole)]
    by_reason = [(words(name.rpartition("/")[2]), name, count) for name, count in drop_outs_by_reason(whole)]
    heard = _bars(left, "After how many infusions", by_infusion, number, disclosure)
    heard += _bars(right, "For which reason of the desk's", by_reason, number, disclosure)
    left.set_ylabel("of the courses that have ended", color=MUTED, size=9.5)
    return figure, title, f"{title}: {_summary(gone, number, disclosure)}. {'; '.join(heard)}."


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


def _bars(
    axes: Axes, title: str, told: Sequence[tuple[str, str, int]], number: int, disclosure: Disclosure
) -> list[str]:
    quiet(axes)
    axes.set_title(title, size=11, color=INK, loc="left", pad=10, weight="bold")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_xticks(range(len(told)), [label.replace(" ", "\n", 1) for label, _, _ in told])
    heard, highest = [], 5.0
    for place, (label, name, count) in enumerate(told):
        told_count = count if number and _tells(name, count, disclosure) else None
        highest = max(highest, _bar(axes, place, told_count, number))
        heard.append(f"{title.lower()} {label}: {WITHHELD if told_count is None else count}")
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
