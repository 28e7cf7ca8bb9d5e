"""The shares a report tells: each says of a course whether it counts, or that it is not asked of it. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from scheduler.outcomes.cohorts.facts import AGAIN_WITHIN, CourseFacts, Ending
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.trajectories.change import change
from scheduler.outcomes.trajectories.courses import LEFT_AFTER
from scheduler.outcomes.trajectories.endpoint import FIRST_DAY, LAST_DAY
from scheduler.outcomes.trajectories.points import Point, Scored

Claim = Callable[[CourseFacts, Lines], bool | None]
"""None: the course is not asked, and stands in neither number."""


class Topic(StrEnum):
    COMPLETENESS = "completeness"
    OUTCOME = "outcome"
    """At the observed endpoint."""
    CARRIED = "carried"
    """The same with gaps filled by the last score before; never mixed with what was observed."""
    MISSING_IS_NO = "missing_is_no"
    """The same of all treated with a baseline: without a score in the window nothing was reached."""
    COURSE = "course"


@dataclass(frozen=True)
class Figure:
    """One share, with its population and its formula in words."""

    key: str
    topic: Topic
    name: str
    population: str
    formula: str
    claim: Claim
    needs: str | None = None
    """The line of the scale it is drawn by; a scale without that line cannot tell it."""


WINDOW = f"{FIRST_DAY} to {LAST_DAY} days after the last infusion of the induction"
EVERY = (
    "Every induction course whose first infusion was given in the period; each counts by itself. A series begun less "
    f"than {AGAIN_WITHIN.days} days after the last infusion of another goes on with that one, and is none."
)
OBSERVED = f"Those with a baseline and a score that counts {WINDOW}."
TREATED = "All treated with a baseline, once the window has passed or holds a score that counts."
FILLED = "Those with a baseline and, once the window has passed, any later score that counts."

ENDED = (
    "Courses that have ended, had all their infusions, or were left: nothing given for more than "
    f"{LEFT_AFTER.days} days, and no visit ahead."
)


def _remits(score: Scored, lines: Lines) -> bool | None:
    """Asked of those who could: a course that began below the line has nothing to remit."""
    could = change(score.change.baseline, 0, lines).remission
    return score.change.remission if could else None


def _responds(score: Scored, _lines: Lines) -> bool | None:
    """Of a baseline of 0 there are no percent."""
    return score.change.response if score.change.baseline else None


def _improves(score: Scored, _lines: Lines) -> bool | None:
    reliable = score.change.reliable_change
    return None if reliable is None else reliable and score.change.points > 0


def _worsens(score: Scored, _lines: Lines) -> bool | None:
    return score.change.deterioration


def _is_any_worse(score: Scored, _lines: Lines) -> bool | None:
    return score.change.points < 0


def _unchanged(baseline: Point, lines: Lines) -> Scored:
    """As if the endpoint were the baseline again: nothing was reached."""
    total = baseline.total or 0
    return Scored(baseline, total, change(total, total, lines))


@dataclass(frozen=True)
class _Outcome:
    """A claim about a score: as observed, and with gaps filled; one of a gain also with a gap as none."""

    key: str
    name: str
    formula: str
    claim: Callable[[Scored, Lines], bool | None]
    needs: str | None
    of: str = ""
    is_gain: bool = True

    def figures(self) -> tuple[Figure, ...]:
        of = f" {self.of}" if self.of else ""
        carried = f"{self.formula} A score missing from the window is filled by the last one before."
        return (
            Figure(
                self.key, Topic.OUTCOME, self.name, OBSERVED + of, self.formula,
                lambda course, lines: self.claim(course.observed, lines) if course.observed else None, self.needs,
            ),
            Figure(
                f"{self.key}_locf", Topic.CARRIED, f"{self.name}, last score carried forward", FILLED + of, carried,
                lambda course, lines: self.claim(course.carried, lines) if course.carried else None, self.needs,
            ),
            *([self._missing_is_no(of)] if self.is_gain else []),
        )  # fmt: skip

    def _missing_is_no(self, of: str) -> Figure:
        return Figure(
            f"{self.key}_missing_is_no", Topic.MISSING_IS_NO, f"{self.name}, no later score counted as no",
            TREATED + of, f"{self.formula} Who has no score in the window counts as not.", self._reached, self.needs,
        )  # fmt: skip

    def _reached(self, course: CourseFacts, lines: Lines) -> bool | None:
        if course.baseline is None or not course.endpoint_is_due:
            return None
        return self.claim(course.observed or _unchanged(course.baseline, lines), lines)


OUTCOMES = (
    _Outcome(
        "response", "Response", "The first such score is lower than the baseline by the clinic's percentage.",
        _responds, "response_percent",
    ),
    _Outcome(
        "remission", "Remission", "The first such score is under the clinic's line of remission.",
        _remits, "remission_most", "Only those who began at or above the line from which remission is told.",
    ),
    _Outcome(
        "reliable_improvement", "Reliable improvement", "Lower by at least the points of a reliable change.",
        _improves, "reliable_change",
    ),
    _Outcome(
        "deterioration", "Reliable deterioration", "Higher by at least the points of a reliable change.",
        _worsens, "reliable_change", is_gain=False,
    ),
    _Outcome(
        "any_worse", "Any worse", "Higher than the baseline by any number of points.", _is_any_worse, None,
        is_gain=False,
    ),
)  # fmt: skip


def _ideation_improved(course: CourseFacts, _lines: Lines) -> bool | None:
    ideation = course.ideation
    if ideation is None or not ideation.positive or ideation.endpoint is None:
        return None
    return ideation.endpoint < ideation.baseline


def _completes(course: CourseFacts, _lines: Lines) -> bool | None:
    return None if course.ending is Ending.RUNNING else course.ending is Ending.COMPLETED


COMPLETENESS = (
    Figure(
        "baseline_captured", Topic.COMPLETENESS, "Baseline captured", EVERY,
        "A score that counts, before the first infusion and not older than the clinic allows.",
        lambda course, _lines: course.baseline is not None,
    ),
    Figure(
        "endpoint_captured", Topic.COMPLETENESS, "Endpoint captured", EVERY, f"A score that counts, {WINDOW}.",
        lambda course, _lines: course.has_endpoint_score,
    ),
    Figure(
        "both_captured", Topic.COMPLETENESS, "Baseline and endpoint captured", EVERY, "Both of the above.",
        lambda course, _lines: course.observed is not None,
    ),
    Figure(
        "endpoint_captured_when_due", Topic.COMPLETENESS, "Endpoint captured, of those due",
        "Those whose window has passed, or holds a score already.", f"A score that counts, {WINDOW}.",
        lambda course, _lines: course.has_endpoint_score if course.endpoint_is_due else None,
    ),
)  # fmt: skip
IDEATION_IMPROVED = Figure(
    "ideation_improved", Topic.OUTCOME, "Suicidal thoughts improved",
    f"{OBSERVED} Only those who affirmed the scale's item on suicide at the baseline.",
    "The same item is answered lower at the endpoint.", _ideation_improved,
)  # fmt: skip
COMPLETED = Figure(
    "completed", Topic.COURSE, "Course completed", ENDED, "Every planned infusion was given.", _completes,
)  # fmt: skip
FIGURES: tuple[Figure, ...] = (
    *COMPLETENESS,
    *(each.figures()[0] for each in OUTCOMES),
    IDEATION_IMPROVED,
    *(each.figures()[1] for each in OUTCOMES),
    *(figure for each in OUTCOMES for figure in each.figures()[2:]),
    COMPLETED,
)
BY_KEY = {figure.key: figure for figure in FIGURES}


def figures_of(scale: Scale, lines: Lines) -> tuple[Figure, ...]:
    """Those that this scale, by these lines, can tell."""
    asks = any(rule.kind == SUICIDAL_IDEATION for rule in scale.safety)
    return tuple(
        figure
        for figure in FIGURES
        if (figure.needs is None or getattr(lines, figure.needs) is not None)
        and (asks or figure is not IDEATION_IMPROVED)
    )


def counted(figure: Figure, courses: Iterable[CourseFacts], lines: Lines) -> list[tuple[CourseFacts, bool]]:
    """The courses of the denominator, each with whether it is in the numerator."""
    claims = ((course, figure.claim(course, lines)) for course in courses)
    return [(course, claim) for course, claim in claims if claim is not None]
