"""A figure: what it is, by which formula, out of which two numbers, and of whom. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from statistics import median as middle
from typing import TypeVar
from uuid import UUID

DECIMALS = 4
Number = TypeVar("Number", int, float)


class By(StrEnum):
    """What one line of a report is about."""

    DAY = "day"
    MONTH = "month"
    WEEKDAY = "weekday"
    HOUR = "hour"
    RESOURCE = "resource"
    PROTOCOL = "protocol"
    PRESCRIBER = "prescriber"


class Unit(StrEnum):
    SHARE = "share"
    """Numerator by denominator, from 0 to 1, or above where more can be used than there is."""
    MINUTES = "minutes"
    DAYS = "days"
    VISITS = "visits"
    SERIES = "series"
    PER_DAY = "per_day"
    RATIO = "ratio"


@dataclass(frozen=True)
class Measure:
    """What a figure says, the same wherever it stands."""

    key: str
    title: str
    unit: Unit
    formula: str
    """As a sentence a manager can check, such as "minutes used / minutes open"."""
    population: str
    """Of what it is: which visits, which minutes, which series."""


@dataclass(frozen=True)
class Figure:
    """One number with what it is made of.

    A share is `numerator` by `denominator`. A plain sum has no denominator. A median has neither: `population` says of
    how many it is, and `value` what it is.
    """

    measure: Measure
    value: float | None
    numerator: int | None
    denominator: int | None
    population: int
    """How many minutes, visits or series it is of."""


def share(measure: Measure, numerator: int, denominator: int) -> Figure:
    """Numerator by denominator; no value where there is nothing to divide by."""
    value = round(numerator / denominator, DECIMALS) if denominator else None
    return Figure(measure, value, numerator, denominator, denominator)


def total(measure: Measure, number: int, population: int) -> Figure:
    """A plain sum."""
    return Figure(measure, float(number), number, None, population)


def median(measure: Measure, values: Sequence[int | float]) -> Figure:
    """The middle one, or the mean of the two in the middle."""
    if not values:
        return Figure(measure, None, None, None, 0)
    return Figure(measure, round(float(middle(values)), DECIMALS), None, None, len(values))


def percentile(measure: Measure, values: Sequence[int], percent: int) -> Figure:
    """The least of them that at least so many percent do not exceed: the nearest rank, so it is one that was met."""
    if not values:
        return Figure(measure, None, None, None, 0)
    return Figure(measure, float(nth_percentile(values, percent)), None, None, len(values))


def nth_percentile(values: Sequence[Number], percent: int) -> Number:
    """The least of some values, of which there is one, that at least so many percent do not exceed."""
    return sorted(values)[-(-percent * len(values) // 100) - 1]


@dataclass(frozen=True)
class Line:
    """The figures of one day, chair, protocol, or whatever the report is split by; the whole has no key."""

    key: str | None
    """A date, `2026-03`, `mon`, an hour such as `9`, or an id."""
    label: str
    figures: tuple[Figure, ...]

    def figure(self, key: str) -> Figure:
        return next(figure for figure in self.figures if figure.measure.key == key)


@dataclass(frozen=True)
class Asked:
    """Which days, both included, and by what the report is split."""

    first: date
    last: date
    by: By | None = None


@dataclass(frozen=True)
class Report:
    """The whole first, then its lines. What counts adds up: the lines of a sum make up the whole."""

    asked: Asked
    until: datetime
    """Up to when it was reckoned: what is still to come is not lost."""
    whole: Line
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    """What whoever reads it must know, such as visits that nobody recorded."""


@dataclass(frozen=True)
class Row:
    """One thing a figure counts, so that whoever doubts the figure can count again.

    `value` is what it adds to the numerator. Names are for those who work with patients; others see a pseudonym.
    """

    key: str
    """Unique within the figure, and by it the rows are in order."""
    day: date
    starts_at: datetime | None
    ends_at: datetime | None
    value: float | None
    counted: bool
    """Whether it is in the numerator, or only in what that is divided by."""
    words: str
    """What it is, or why it counts: never a patient's data."""
    resource: str | None = None
    """The name of the chair, nurse or prescriber."""
    protocol: str | None = None
    appointment_id: UUID | None = None
    series_id: UUID | None = None
    patient_id: UUID | None = None
    patient: str | None = None
    """Initials or a name for whoever may see them, else the pseudonym."""
