"""What a change would bring: the mean difference over seeds, and how far chance may move it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from scheduler.utilization.figures.figures import DECIMALS, Measure, Unit

CONFIDENCE = 0.95
Read = Callable[[Mapping[str, Any]], float | None]
"""A figure out of the outcome of one run."""

ASKED = "courses asked for in the weeks that count"
DAYS = "days of the weeks that count"


def _plain(name: str) -> Read:
    return lambda outcome: outcome[name]


def _share(part: str, whole: str) -> Read:
    return lambda outcome: outcome[part] / outcome[whole] if outcome[whole] else None


MEASURES: tuple[tuple[Measure, Read], ...] = (
    (Measure("requests", "Patients asking", Unit.SERIES, "courses asked for", ASKED), _plain("requests")),
    (Measure("placed", "Patients placed", Unit.SERIES, "courses booked as a whole", ASKED), _plain("placed")),
    (
        Measure(
            "refused", "Patients refused", Unit.SERIES,
            "courses asked for - courses booked: none could begin within 28 days, or in time", ASKED,
        ),
        lambda outcome: outcome["requests"] - outcome["placed"],
    ),
    (
        Measure("mean_lag", "Days to the first visit, mean", Unit.DAYS,
                "mean of (day of first visit - day asked)", "courses booked"),
        _plain("mean_lag"),
    ),
    (
        Measure("median_lag", "Days to the first visit, median", Unit.DAYS,
                "median of (day of first visit - day asked)", "courses booked"),
        _plain("median_lag"),
    ),
    (
        Measure("infusions", "Infusions given", Unit.VISITS, "visits kept", f"visits on the {DAYS}"),
        _plain("infusions"),
    ),
    (
        Measure("scheduled_share", "Chairs, scheduled", Unit.SHARE,
                "chair minutes of visits kept or missed / chair minutes available", DAYS),
        _share("scheduled_minutes", "open_minutes"),
    ),
    (
        Measure("kept_share", "Chairs, kept", Unit.SHARE,
                "chair minutes of visits kept / chair minutes available", DAYS),
        _share("kept_minutes", "open_minutes"),
    ),
    (
        Measure("nurse_share", "Nurses, load", Unit.SHARE,
                "nurse unit minutes of visits kept or missed / nurse unit minutes on shift in opening hours", DAYS),
        _share("nurse_minutes", "nurse_capacity"),
    ),
)  # fmt: skip

DIFFERENCE = (
    "mean over seeds of (as it would be - as it is); from `low` to `high` goes the 95 % interval of that mean,"
    " mean ± t(0.975, seeds - 1) x standard deviation / √seeds, of differences between runs on the same seed"
)
NOTES = (
    "Both clinics meet the same requests on the same days, drawn anew with each seed from those of these weeks.",
    "The weeks repeat themselves: hours, closures and shifts are those of the weeks looked at.",
    "Both begin with an empty book and a warm-up that does not count.",
    "Visits are missed and called off, and series end early, by the clinic's own shares of these weeks.",
    "A visit that is missed or called off is not made good, and no place is offered to the waiting list.",
)
"""What whoever reads the result must know."""


@dataclass(frozen=True)
class Effect:
    """One measure in both clinics, and the difference with its interval; None where no run has a value."""

    measure: Measure
    base: float | None
    changed: float | None
    difference: float | None
    low: float | None
    high: float | None
    seeds: int
    """Of how many pairs of runs it is."""


def effects(outcomes: Sequence[Mapping[str, Any]]) -> tuple[Effect, ...]:
    """Every measure over the outcomes of all seeds, each with both of its clinics, in the order of seeds."""
    return tuple(_effect(measure, read, outcomes) for measure, read in MEASURES)


def _effect(measure: Measure, read: Read, outcomes: Sequence[Mapping[str, Any]]) -> Effect:
    """Only of seeds in which both clinics have a value."""
    read_both = ((read(each["base"]), read(each["changed"])) for each in outcomes)
    pairs = [(base, changed) for base, changed in read_both if base is not None and changed is not None]
    if not pairs:
        return Effect(measure, None, None, None, None, None, 0)
    differences = [changed - base for base, changed in pairs]
    mean, reach = fmean(differences), _reach(differences)
    base, changed = (round(fmean(side), DECIMALS) for side in zip(*pairs, strict=True))
    low, high = (None, None) if reach is None else (round(mean - reach, DECIMALS), round(mean + reach, DECIMALS))
    return Effect(measure, base, changed, round(mean, DECIMALS), low, high, len(pairs))


def _reach(differences: Sequence[float]) -> float | None:
    """How far the interval goes to either side; of one difference nothing is known."""
    if len(differences) < 2:  # noqa: PLR2004 # a deviation needs two
        return None
    from scipy.stats import t

    return float(t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1)) * stdev(differences) / sqrt(len(differences))


def as_document(found: Sequence[Effect], *, weeks: int, warm_up_weeks: int) -> dict[str, Any]:
    """The result as it is kept and sent, in plain JSON values."""
    return {
        "weeks": weeks,
        "warm_up_weeks": warm_up_weeks,
        "difference": DIFFERENCE,
        "notes": list(NOTES),
        "effects": [{**asdict(each), "measure": {**asdict(each.measure)}} for each in found],
    }
