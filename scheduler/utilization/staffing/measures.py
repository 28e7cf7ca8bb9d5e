"""What the report on staff tells, of nurses and of prescribers each, and how each figure comes of what was counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scheduler.protocols import ResourceKind
from scheduler.utilization.days.loads import NO_PEAK, Peak
from scheduler.utilization.days.staff_days import STAFF
from scheduler.utilization.figures.figures import By, Figure, Measure, Unit, share, total


class What(StrEnum):
    """What is measured of a kind of staff."""

    UTILIZATION = "utilization"
    PLANNED = "planned_utilization"
    PEAK = "peak_ratio"
    FULL = "quarters_above"
    IDLE = "idle"
    OVERLOADED = "overloaded"
    OFF_DUTY = "off_duty"
    OVERTIME = "overtime"
    STARTS = "starts"
    MOST_STARTS = "most_starts"


@dataclass
class Sums:
    """What counts in a line of a kind of staff; `numbers` by the names of `days.loads.Curves`, and quarter hours."""

    numbers: Counter[str] = field(default_factory=Counter)
    peak: Peak = NO_PEAK
    most_starts: int = 0

    def add(self, other: "Sums") -> None:
        self.numbers.update(other.numbers)
        self.peak = max(self.peak, other.peak, key=lambda peak: peak.height)
        self.most_starts = max(self.most_starts, other.most_starts)


@dataclass(frozen=True)
class Staffing:
    """One measure of one kind of staff."""

    kind: ResourceKind
    what: What
    measure: Measure


def figure_of(staffing: Staffing, sums: Sums | None, by: By | None) -> Figure:
    """The figure of a line; no value where it makes no sense: the other kind's for a nurse, a minute's peak by hour."""
    measure, what = staffing.measure, staffing.what
    if sums is None or by in UNTOLD.get(what, ()):
        return Figure(measure, None, None, None, 0)
    numbers = sums.numbers
    if what is What.PEAK:
        return share(measure, *sums.peak)
    if what is What.MOST_STARTS:
        return Figure(measure, float(sums.most_starts), None, None, numbers["starts"])
    if what in SHARES:
        numerator, denominator = SHARES[what]
        return share(measure, numbers[numerator], numbers[denominator])
    busy = numbers["present"] - numbers["idle"] + numbers["absent"]
    return total(measure, numbers[MINUTES[what]], numbers["present"] if what is What.IDLE else busy)


SHARES: Mapping[What, tuple[str, str]] = {
    What.UTILIZATION: ("actual", "capacity"),
    What.PLANNED: ("planned", "capacity"),
    What.FULL: ("full", "quarters"),
    What.STARTS: ("starts", "quarters"),
}
MINUTES: Mapping[What, str] = {
    What.IDLE: "idle", What.OVERLOADED: "above", What.OFF_DUTY: "absent", What.OVERTIME: "overtime",
}  # fmt: skip
UNTOLD: Mapping[What, tuple[By, ...]] = {What.PEAK: (By.HOUR,), What.FULL: (By.RESOURCE,)}
"""By what a figure is not told: a peak is of a whole day, and a quarter hour of everybody."""
SPLITS = (By.DAY, By.MONTH, By.WEEKDAY, By.HOUR, By.RESOURCE)


ON_DUTY = "Minutes of every {kind} on shift, in service and not closed, within opening hours and outside, up to now."
BUSY = "Minutes in which a visit asked any units of a {kind}."
QUARTER_HOURS = "Quarter hours in which a {kind} was on duty, or was asked for."
TOLD = {
    What.UTILIZATION: (
        "utilization, actual", Unit.SHARE,
        "unit-minutes asked by visits as they really took place / unit-minutes on duty",
        f"{ON_DUTY} A visit that was kept asks what its protocol says, phase by phase for as long as it took.",
    ),
    What.PLANNED: (
        "utilization, planned", Unit.SHARE,
        "unit-minutes asked by visits as they were booked / unit-minutes on duty",
        f"{ON_DUTY} Visits that were kept, missed, or of which nothing was written down.",
    ),
    What.PEAK: (
        "peak ratio", Unit.RATIO, "the most units asked at once / the units on duty in that minute",
        "The minute of these days in which that was highest.",
    ),
    What.FULL: (
        "quarter hours above capacity", Unit.SHARE,
        "quarter hours in which more unit-minutes were asked than there were / quarter hours staffed or asked for",
        QUARTER_HOURS,
    ),
    What.IDLE: (
        "idle minutes", Unit.MINUTES, "minutes on duty in which nothing was asked, of each added up", ON_DUTY,
    ),
    What.OVERLOADED: (
        "overloaded minutes", Unit.MINUTES,
        "minutes on duty in which one was asked for more units than they have, of each added up", BUSY,
    ),
    What.OFF_DUTY: (
        "load while off duty", Unit.MINUTES,
        "minutes in which something was asked of one who was not on duty, of each added up", BUSY,
    ),
    What.OVERTIME: (
        "overtime", Unit.MINUTES,
        "minutes in which something was asked outside opening hours, of each added up", BUSY,
    ),
    What.STARTS: (
        "starts per quarter hour", Unit.RATIO, "infusions begun / quarter hours staffed or asked for", QUARTER_HOURS,
    ),
    What.MOST_STARTS: (
        "most starts in a quarter hour", Unit.VISITS, "the most infusions begun in one quarter hour of one day",
        "Infusions begun of visits that had a {kind}.",
    ),
}  # fmt: skip
"""Title, unit, formula and population of each."""


def _measure(kind: ResourceKind, what: What) -> Measure:
    title, unit, formula, population = TOLD[what]
    return Measure(f"{kind}_{what}", f"{kind.title()} {title}", unit, formula, population.format(kind=kind))


STAFFINGS = tuple(Staffing(kind, what, _measure(kind, what)) for kind in STAFF for what in What)
BY_KEY = {each.measure.key: each for each in STAFFINGS}
MEASURES = tuple(each.measure for each in STAFFINGS)
