"""The report as a table to take away: a line a figure, nothing of fewer than five. Pure."""

import csv
from collections.abc import Iterator
from io import StringIO

from scheduler.outcomes.cohorts.disclosure import (
    CHARTED,
    COURSES,
    DROPPED,
    EVENTS,
    PATIENTS,
    RESPONDED,
    RESTARTS,
    Disclosure,
    drop_outs_by_infusion,
    drop_outs_by_reason,
    lasting,
    of_curve,
    of_denominator,
    reached,
    sections,
    told_patients,
)
from scheduler.outcomes.cohorts.facts import AGAIN_WITHIN
from scheduler.outcomes.cohorts.figures import ENDED, EVERY
from scheduler.outcomes.cohorts.followup import CURVES, Curve
from scheduler.outcomes.cohorts.report import DURABLE_DAYS, Section
from scheduler.outcomes.cohorts.statistics import Interval, wilson

COLUMNS = (
    "part", "figure", "numerator", "denominator", "value", "low", "high", "unit", "population", "formula", "withheld",
)  # fmt: skip
DECIMALS = 4
FORMULAS = tuple("=+-@\t\r")
"""With one of these a spreadsheet takes a text for a formula."""

GONE = "Courses that ended with fewer infusions than planned."
HAD = f"Of those who had this infusion and were to have more. {ENDED}"
AGAIN = (
    f"Courses from which another of the same patient took over less than {AGAIN_WITHIN.days} days after the last "
    "infusion, linked by nobody; that other is no course of its own here."
)
CONFIRMED = "A relapse is a loss that a later score has borne out; one that was not is no relapse yet."
AT_WORST = "If every unconfirmed loss is a relapse."

Line = dict[str, object]


def as_csv(disclosure: Disclosure) -> str:
    """One line a figure; `withheld` is yes where a number would be, or would let be reckoned, fewer than five."""
    written = StringIO()
    table = csv.DictWriter(written, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for section in sections(disclosure.report):
        for line in _lines(section, disclosure):
            table.writerow({"part": section.key or "all", "withheld": "no", **line})
    return written.getvalue()


def _lines(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    yield from map(_safe, _told(section, disclosure))


def _safe(line: Line) -> Line:
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value
        for name, value in line.items()
    }


def _told(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    yield _count(section, disclosure, COURSES, len(section.courses), EVERY)
    if section.key is None:
        patients = told_patients(disclosure)
        about: Line = {"figure": PATIENTS, "numerator": patients, "unit": "patients", "population": EVERY}
        yield _withheld(PATIENTS) if patients is None else about
    yield _count(section, disclosure, RESTARTS, section.restarts, AGAIN)
    yield from _rates(section, disclosure)
    yield from _change(section, disclosure)
    yield from _times(section, disclosure)
    yield from _drop_outs(section, disclosure)
    yield from _adverse_events(section, disclosure)
    if disclosure.report.cohort.yardstick.relapse is not None:
        for curve in CURVES:
            for at_worst in (False, True):
                yield from _durability(section, curve, disclosure, at_worst=at_worst)


def _count(section: Section, disclosure: Disclosure, name: str, size: int, words: str) -> Line:
    told = disclosure.tells(section.key, name)
    return {"figure": name, "numerator": size, "unit": "courses", "population": words} if told else _withheld(name)


def _withheld(name: str, **told: object) -> Line:
    return {"figure": name, "withheld": "yes", **told}


def _limits(interval: Interval | None) -> Line:
    return {"low": round(interval.low, DECIMALS), "high": round(interval.high, DECIMALS)} if interval else {}


def _rates(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    for rate in section.rates:
        key = rate.figure.key
        words = {"unit": "share", "population": rate.figure.population, "formula": rate.figure.formula}
        measured = disclosure.tells(section.key, of_denominator(key))
        if not disclosure.tells(section.key, key) or not measured:
            yield _withheld(key, **words, **({"denominator": rate.denominator} if measured else {}))
            continue
        share = round(rate.share or 0, DECIMALS)
        numbers = {"numerator": rate.numerator, "denominator": rate.denominator, "value": share}
        yield {"figure": key, **numbers, **_limits(rate.interval), **words}


def _change(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    change = section.change
    if change is None or not disclosure.tells(section.key, "both_captured"):
        yield _withheld("mean_change")
        return
    words = {"denominator": change.count, "population": "Those with a baseline and an observed endpoint."}
    yield {
        "figure": "mean_change", "value": round(change.mean, DECIMALS), **_limits(change.interval), "unit": "points",
        "formula": "Baseline less endpoint, positive for the better; interval by Student's t.", **words,
    }  # fmt: skip
    if change.effect is not None:
        formula = "Mean change by the standard deviation of the baselines (d)."
        yield {
            "figure": "effect_size", "value": round(change.effect, DECIMALS), "unit": "d", "formula": formula, **words
        }  # fmt: skip


def _times(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    words = "Courses with a response at any score that counts."
    for name, found, unit in (
        ("days_to_response", section.days_to_response, "days"),
        ("infusions_to_response", section.infusions_to_response, "infusions"),
    ):
        if found is None or not disclosure.tells(section.key, RESPONDED):
            yield from map(_withheld, (name, f"{name}/lower_quartile", f"{name}/upper_quartile"))
        else:
            told = {"denominator": found.count, "unit": unit, "population": words}
            formula = "Median; interval by order statistics."
            yield {"figure": name, "value": found.median, **_limits(found.interval), "formula": formula, **told}
            for quartile, value in (("lower", found.lower), ("upper", found.upper)):
                yield {"figure": f"{name}/{quartile}_quartile", "value": value, "formula": "Quartile.", **told}


def _drop_outs(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    """By infusion, and by reason; by both at once there would be single people.

    All that could be are listed: a line of its own would tell that there was somebody.
    """
    yield _count(section, disclosure, DROPPED, sum(each.courses for each in section.drop_outs), GONE)
    had = reached(disclosure, section)
    for name, courses in (*drop_outs_by_infusion(disclosure, section), *drop_outs_by_reason(section)):
        is_nobody = not courses and disclosure.tells(section.key, DROPPED)
        nobody = {"figure": name, "numerator": 0, "unit": "courses", "population": GONE}
        line = nobody if is_nobody else _count(section, disclosure, name, courses, GONE)
        yield line | (_of_reached(courses, had[name]) if had.get(name) else {})


def _of_reached(courses: int, had: int) -> Line:
    numbers = {"denominator": had, "value": round(courses / had, DECIMALS), **_limits(wilson(courses, had))}
    return {**numbers, "unit": "share", "population": HAD}


def _adverse_events(section: Section, disclosure: Disclosure) -> Iterator[Line]:
    found = section.adverse_events
    told, measured = (disclosure.tells(section.key, name) for name in (EVENTS, CHARTED))
    words = {"population": "Infusions whose session was charted."}
    if not (told and measured):
        yield _withheld(EVENTS, **words, **({"denominator": found.charted} if measured else {}))
        return
    yield {
        "figure": EVENTS, "numerator": found.events, "denominator": found.charted,
        "value": round(found.per_hundred or 0, DECIMALS), **_limits(found.per_hundred_interval),
        "unit": "per 100 infusions", "formula": "Adverse events; interval by Poisson, exact.", **words,
    }  # fmt: skip
    share = found.with_event / found.charted
    yield {
        "figure": "infusions_with_event", "numerator": found.with_event, "denominator": found.charted,
        "value": round(share, DECIMALS), **_limits(found.interval), "unit": "share",
        "formula": "Infusions with any adverse event.", **words,
    }  # fmt: skip


def _durability(section: Section, curve: Curve, disclosure: Disclosure, *, at_worst: bool) -> Iterator[Line]:
    name, told = of_curve(curve, at_worst=at_worst), lasting(disclosure, section, curve, at_worst=at_worst)
    formula = f"Kaplan-Meier, log-log interval. {AT_WORST if at_worst else CONFIRMED}"
    words = {"population": "Courses that responded, from that score on.", "formula": formula}
    if told is None:
        yield _withheld(name, **words)
        return
    left, last = told
    yield {"figure": name, "numerator": left.events, "denominator": left.count, "unit": "relapses", **words}
    for day in DURABLE_DAYS:
        step = left.at(day) if day <= last else None
        numbers = {"value": round(step.left, DECIMALS), **_limits(step.interval)} if step else {"withheld": "yes"}
        yield {"figure": f"{name}/day/{day}", "unit": "share left", **words, **numbers}
    if left.median is not None and left.median <= last:
        low, high = (edge if edge is not None and edge <= last else None for edge in left.median_interval)
        yield {"figure": f"{name}/median", "value": left.median, "low": low, "high": high, "unit": "days", **words}
