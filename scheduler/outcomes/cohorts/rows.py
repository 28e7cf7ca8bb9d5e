"""What stands behind a figure: its courses one by one, under pseudonyms, in days since the first infusion."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from scheduler.errors import Fault, Invalid
from scheduler.outcomes.cohorts.facts import CourseFacts, Ending
from scheduler.outcomes.cohorts.figures import BY_KEY, Figure
from scheduler.outcomes.cohorts.followup import CURVES, Curve
from scheduler.outcomes.cohorts.report import Cohort
from scheduler.outcomes.trajectories.points import Point, Scored

LETTERS = 16
"""Of a pseudonym: among millions of courses no two are alike."""


@dataclass(frozen=True)
class Row:
    """One course behind a figure. It bears no name, no number and no date."""

    pseudonym: str
    counted: bool
    """Whether it is in the numerator, or else in the denominator alone."""
    course: CourseFacts
    days: int | None = None
    """Of durability: how long it was watched."""

    @property
    def baseline(self) -> Point | None:
        return self.course.baseline

    @property
    def endpoint(self) -> Scored | None:
        return self.course.observed

    @property
    def carried(self) -> Scored | None:
        return self.course.carried


Claim = Callable[[CourseFacts], bool | None]


def figure_names() -> tuple[str, ...]:
    """Every figure that can be opened."""
    return (*BY_KEY, *OTHERS, *CURVE_NAMES)


def rows_of(cohort: Cohort, figure: str, key: str) -> list[Row]:
    """The courses behind a figure, ordered by their pseudonyms, which say nothing. Raises `Invalid` for no figure."""
    if figure in CURVE_NAMES:
        return _sorted(key, _watched(cohort, CURVE_NAMES[figure]))
    claim = _claim(figure, cohort)
    told = ((course, claim(course), None) for course in cohort.courses)
    return _sorted(key, ((course, said, days) for course, said, days in told if said is not None))


def pseudonym(key: str, series_id: UUID) -> str:
    """The same for the same course in every report of a clinic; it tells nothing to who has not the clinic's key."""
    return hmac.digest(key.encode(), series_id.bytes, "sha256").hex()[:LETTERS]


def page_of(rows: Iterable[Row], after: str | None, limit: int) -> list[Row]:
    """Up to so many rows behind a pseudonym; what has joined or left the cohort meanwhile moves no other."""
    behind = [row for row in rows if after is None or row.pseudonym > after]
    return behind[:limit]


def _claim(name: str, cohort: Cohort) -> Claim:
    figure: Figure | None = BY_KEY.get(name)
    if figure is not None:
        return lambda course: figure.claim(course, cohort.yardstick.lines)
    if name in OTHERS:
        return OTHERS[name]
    raise Invalid(faults=[Fault("figure", "unknown", f"Known are: {', '.join(figure_names())}.")])


def _changed(course: CourseFacts) -> bool | None:
    return course.observed.change.points > 0 if course.observed else None


def _responded(course: CourseFacts) -> bool | None:
    return True if course.first_response else None


def _charted(course: CourseFacts) -> bool | None:
    return course.head.adverse_events > 0 if course.head.charted else None


OTHERS: dict[str, Claim] = {
    "courses": lambda _course: True,
    "mean_change": _changed,
    "days_to_response": _responded,
    "infusions_to_response": _responded,
    "drop_outs": lambda course: None if course.ending is Ending.RUNNING else course.ending is Ending.DROPPED_OUT,
    "adverse_events": _charted,
}
"""Figures that are no shares; counted are those who improved, responded, dropped out, had an event."""
CURVE_NAMES: dict[str, Curve] = {f"durability_{curve.since}_{curve.care}": curve for curve in CURVES}
"""Counted are those who relapsed."""


def _watched(cohort: Cohort, curve: Curve) -> Iterator[tuple[CourseFacts, bool, int | None]]:
    for course in cohort.courses:
        span = course.spans.get(curve)
        if span is not None:
            yield course, span.relapsed, span.days


def _sorted(key: str, told: Iterable[tuple[CourseFacts, bool, int | None]]) -> list[Row]:
    rows = [Row(pseudonym(key, course.head.series_id), said, course, days) for course, said, days in told]
    return sorted(rows, key=lambda row: row.pseudonym)
