"""How long responses lasted, as curves that end where fewer than five are watched."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduler.outcomes.cohorts.disclosure import Disclosure, lasting
from scheduler.outcomes.cohorts.followup import CURVES, Care, Since
from scheduler.outcomes.cohorts.published import Measure, published_for
from scheduler.outcomes.cohorts.report import HUNDRED
from scheduler.outcomes.cohorts.sheet import OURS, SECOND, THEIRS, WITHHELD, quiet, sheet
from scheduler.outcomes.cohorts.statistics import Step, Survival
from scheduler.outcomes.trajectories.canvas import FAINT, INK, MUTED

WIDTH, HEIGHT = 13.0, 6.6
DAYS = 14
"""Between two numbers of those at risk."""
NAMES = {Since.ENDPOINT: "From the endpoint, where it is a response", Since.FIRST_RESPONSE: "From the first response"}
LOOKS = {
    Care.UNAIDED: (OURS, "-", "Unaided: to the first further infusion"),
    Care.ANY: (SECOND, "--", "Whatever was given"),
}
AT_WORST = "if every unconfirmed loss is one"
FOOT = (
    "Kaplan-Meier; bands: 95 % log-log intervals; censored at the last score. Drawn while five or more are watched. "
    f"At worst: {AT_WORST}."
)
MARKS = ((Measure.DURABLE_28, 28), (Measure.DURABLE_56, 56))


def durability(disclosure: Disclosure) -> tuple[Figure, str, str]:
    """Two panels by where the days begin; unaided from the endpoint only, since before it the course infuses."""
    title = "How long responses lasted"
    figure = sheet(WIDTH, HEIGHT, title, disclosure, FOOT)
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.075, right=0.97, top=0.77, bottom=0.245, wspace=0.18)
    said = [_panel(axes, since, disclosure) for axes, since in zip(panels, Since, strict=True)]
    return figure, title, f"{title}. At worst: {AT_WORST}. {' '.join(said)}"


def _panel(axes: Axes, since: Since, disclosure: Disclosure) -> str:
    quiet(axes)
    axes.set_title(NAMES[since], size=11, color=INK, loc="left", pad=10, weight="bold")
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_xlabel("Days", color=MUTED, size=9.5)
    whole, curves = disclosure.report.whole, [curve for curve in CURVES if curve.since is since]
    found = {curve.care: lasting(disclosure, whole, curve) for curve in curves}
    worst = {curve.care: lasting(disclosure, whole, curve, at_worst=True) for curve in curves}
    last = max((day for _, day in filter(None, [*found.values(), *worst.values()])), default=0)
    shown = max(last, 60)
    axes.set_xlim(0, shown * 1.02)
    axes.set_xticks(range(0, shown + 1, DAYS))
    heard = [_curve(axes, care, *told) for care, told in found.items() if told]
    heard += [_at_worst(axes, care, worst[care]) for care, told in found.items() if told]
    _at_risk(axes, found, shown)
    if since is Since.ENDPOINT:
        _others(axes, disclosure, shown)
    if heard:
        axes.legend(loc="lower left", frameon=False, fontsize=9, labelcolor=INK)
    else:
        axes.text(0.5, 0.5, "Withheld: too few", transform=axes.transAxes, ha="center", color=MUTED, size=11)
    return f"{NAMES[since]}: {' '.join(heard) or 'withheld.'}"


def _at_worst(axes: Axes, care: Care, told: tuple[Survival, int] | None) -> str:
    """A thin dotted line without a band: what is left if every unconfirmed loss is a relapse."""
    name = f"{LOOKS[care][2].partition(':')[0]}, at worst"
    if told is None:
        axes.plot([], [], " ", label=f"{name}: {WITHHELD}")
        return f"{name}: {WITHHELD}."
    left, last = told
    _line(axes, _steps(left, last), name, color=LOOKS[care][0], linestyle=":", linewidth=1.3)
    return f"{name}: {left.events} relapses, {_told(left, last)}."


def _steps(left: Survival, last: int) -> list[Step]:
    return [Step(0, left.count, 0, 1.0, None), *(step for step in left.steps if step.day <= last)]


def _line(axes: Axes, steps: list[Step], label: str, **look: Any) -> None:
    days, shares = [step.day for step in steps], [HUNDRED * step.left for step in steps]
    axes.step(days, shares, where="post", label=label, **look)


def _curve(axes: Axes, care: Care, left: Survival, last: int) -> str:
    color, dashes, name = LOOKS[care]
    steps = _steps(left, last)
    _line(axes, steps, f"{name}, n {left.count}", color=color, linestyle=dashes, linewidth=2.2)
    banded = [step for step in steps if step.interval]
    reach = [step.day for step in banded] + [last][: len(banded)]
    axes.fill_between(reach, *_band(banded), step="post", color=color, alpha=0.13, linewidth=0)
    return f"{name}, {left.count} courses, {left.events} relapses, {_told(left, last)}."


def _band(banded: list[Step]) -> tuple[list[float], list[float]]:
    limits = [step.interval for step in banded if step.interval]
    low, high = [HUNDRED * each.low for each in limits], [HUNDRED * each.high for each in limits]
    return low + low[-1:], high + high[-1:]


def _told(left: Survival, last: int) -> str:
    days = [(day, left.at(day)) for _, day in MARKS if day <= last]
    return (
        ", ".join(f"{HUNDRED * step.left:.0f} percent left at day {day}" for day, step in days if step) or "too short"
    )


def _at_risk(axes: Axes, found: dict[Care, tuple[Survival, int] | None], shown: int) -> None:
    """Under the axis, how many are still watched; not where they are fewer than five."""
    below = axes.get_xaxis_transform()
    axes.text(0, -0.185, "Watched", transform=below, size=8.5, color=MUTED, ha="left")
    for line, (care, told) in enumerate(found.items()):
        if told is None:
            continue
        left, last = told
        for day in range(0, min(last, shown) + 1, DAYS):
            step = left.at(day)
            number = str(step.at_risk) if step else ""
            axes.text(day, -0.245 - 0.055 * line, number, transform=below, size=8.5, color=LOOKS[care][0], ha="center")


def _others(axes: Axes, disclosure: Disclosure, shown: int) -> None:
    scale = disclosure.report.cohort.scale.key
    marks = [(day, each) for measure, day in MARKS for each in published_for(scale, measure) if day <= shown]
    for place, (day, each) in enumerate(marks):
        axes.plot(
            [day], [each.value], "D", markersize=7, color=THEIRS, markerfacecolor="white", markeredgewidth=1.7,
            zorder=5, label=f"{each.study}, n {each.n}" if not place else None,
        )  # fmt: skip
        axes.annotate(
            f"{each.value:g} %", (day, each.value), (-32, -13), textcoords="offset points", size=8.5, color=THEIRS
        )  # fmt: skip
