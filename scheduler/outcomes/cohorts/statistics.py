"""Shares, means and times with how sure they are. Pure; scipy is imported by the first who asks."""

import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan, sqrt
from statistics import mean, median, quantiles, stdev

from scheduler.outcomes.cohorts.followup import Span

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """95 percent of such intervals hold the truth."""

    low: float
    high: float


@lru_cache(maxsize=4096)
def wilson(numerator: int, denominator: int) -> Interval | None:
    """Wilson's interval of a share; None of nobody."""
    if not denominator:
        return None
    from scipy.stats import binomtest

    found = binomtest(numerator, denominator).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(float(found.low), float(found.high))


def poisson(events: int, exposure: int) -> Interval | None:
    """The exact interval of a rate of events, each counted by itself; None without exposure."""
    if not exposure:
        return None
    from scipy.stats import chi2

    tail = (1 - CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * events) / 2 if events else 0
    return Interval(float(low) / exposure, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2 / exposure)


@dataclass(frozen=True)
class Change:
    """The mean change of those with both scores, positive for the better, and how large it is by their baselines."""

    count: int
    mean: float
    interval: Interval | None
    """By Student's t; None with fewer than two."""
    baseline_mean: float
    baseline_sd: float | None
    endpoint_mean: float
    effect: float | None
    """d: the mean change by the standard deviation of the baselines; None where these are all of one band."""


def mean_change(pairs: Sequence[tuple[int, int]], *, of_one_band: bool = False) -> Change | None:
    """Of pairs of baseline and endpoint; None of nobody.

    Within one band of the baseline their spread is that of the band, and no effect is told by it.
    """
    if not pairs:
        return None
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    points = [baseline - endpoint for baseline, endpoint in pairs]
    spread = stdev(before) if len(pairs) > 1 else None
    effect = mean(points) / spread if spread and not of_one_band else None
    return Change(len(pairs), mean(points), _of_mean(points), mean(before), spread, mean(after), effect)


def _of_mean(points: Sequence[int]) -> Interval | None:
    if len(points) < 2:  # noqa: PLR2004 # one has no spread
        return None
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, len(points) - 1)) * stdev(points) / sqrt(len(points))
    return Interval(mean(points) - half, mean(points) + half)


@dataclass(frozen=True)
class Middle:
    """A median and the middle half."""

    count: int
    median: float
    interval: Interval | None
    """Of the median, by order statistics; None of fewer than six."""
    lower: float
    upper: float


def middle(values: Sequence[int]) -> Middle | None:
    """None of nobody."""
    if not values:
        return None
    if len(values) == 1:
        return Middle(1, values[0], None, values[0], values[0])
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return Middle(len(values), median(values), _of_median(values), lower, upper)


def _of_median(values: Sequence[int]) -> Interval | None:
    """From one value to another, as many from either end: so that the true median lies outside at most 5 in 100 times.

    How many of the values lie below it is binomial, whatever they are distributed as.
    """
    from scipy.stats import binom

    place, ordered = int(binom.ppf((1 - CONFIDENCE) / 2, len(values), 1 / 2)), sorted(values)
    return Interval(ordered[place - 1], ordered[-place]) if place else None


@dataclass(frozen=True)
class Step:
    """From this day on so much of the curve is left."""

    day: int
    at_risk: int
    """Watched until this day or longer."""
    relapsed: int
    left: float
    interval: Interval | None


@dataclass(frozen=True)
class Survival:
    """Kaplan and Meier's curve of what is left of the responses."""

    count: int
    events: int
    steps: tuple[Step, ...]

    @property
    def last_day(self) -> int:
        return self.steps[-1].day if self.steps else 0

    def at(self, day: int) -> Step | None:
        """What is left at a day; None after the last day anybody was watched, unless nothing was left before."""
        if not self.steps or (day > self.last_day and self.steps[-1].left > 0):
            return None
        before = [step for step in self.steps if step.day <= day]
        known = before[-1] if before else Step(0, self.count, 0, 1.0, Interval(1.0, 1.0))
        return Step(day, self._at_risk(day), 0, known.left, known.interval)

    def _at_risk(self, day: int) -> int:
        later = bisect_left(self.steps, day, key=lambda step: step.day)
        return self.steps[later].at_risk if later < len(self.steps) else 0

    @property
    def median(self) -> int | None:
        """The first day on which no more than half is left; None where that was not seen."""
        return next((step.day for step in self.steps if step.left <= 1 / 2), None)

    @property
    def median_interval(self) -> tuple[int | None, int | None]:
        """The first days on which the limits of the curve have fallen to a half; None where they were not seen to."""
        known = [(step.day, step.interval) for step in self.steps if step.interval]
        return (
            next((day for day, interval in known if interval.low <= 1 / 2), None),
            next((day for day, interval in known if interval.high <= 1 / 2), None),
        )


def survival(spans: Sequence[Span]) -> Survival | None:
    """The curve of these spans, with log-log intervals; None of nobody."""
    if not spans:
        return None
    from scipy.stats import CensoredData, ecdf

    relapsed = Counter(span.days for span in spans if span.relapsed)
    data = CensoredData(
        uncensored=sorted(relapsed.elements()), right=[span.days for span in spans if not span.relapsed]
    )
    curve = ecdf(data).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where nothing or everything is left there is no interval
        limits = curve.confidence_interval(CONFIDENCE, method="log-log")
    days = sorted(span.days for span in spans)
    steps = tuple(
        Step(
            int(day), len(days) - bisect_left(days, day), relapsed[int(day)], float(left), _known(low, high)
        )
        for day, left, low, high in zip(
            curve.quantiles, curve.probabilities, limits.low.probabilities, limits.high.probabilities, strict=True
        )
    )  # fmt: skip
    return Survival(len(spans), relapsed.total(), steps)


def _known(low: float, high: float) -> Interval | None:
    return None if isnan(low) or isnan(high) else Interval(float(low), float(high))
