"""Shapes of what a clinic reaches: figures with their numbers, and the courses behind them."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.paging import PageIn
from api.schemas.base import LocalDate, Shape
from api.schemas.clinics import DatesIn
from scheduler.models import Diagnosis
from scheduler.outcomes.cohorts.facts import AGAIN_WITHIN, Ending
from scheduler.outcomes.cohorts.figures import Topic
from scheduler.outcomes.cohorts.followup import Care, Since
from scheduler.outcomes.cohorts.published import Measure
from scheduler.outcomes.cohorts.report import Asked, By
from scheduler.outcomes.cohorts.rows import figure_names
from scheduler.outcomes.trajectories.courses import LEFT_AFTER

NAMES = tuple(Asked.__dataclass_fields__)
KEY = validate.Length(1, 100)


class CohortIn(DatesIn):
    """Induction courses whose first infusion was given from the first day to the last."""

    scale = fields.String(load_default="phq9", validate=KEY)
    protocol = fields.String(load_default=None, validate=KEY, metadata={"description": "The key of one."})
    diagnosis = fields.Enum(Diagnosis, by_value=True, load_default=None)
    baseline_band = fields.String(
        load_default=None, validate=KEY, metadata={"description": "A band of the scale, or `no_baseline`."}
    )
    by = fields.Enum(
        By, by_value=True, load_default=None, metadata={"description": "Split by this; the parts add up to the whole."}
    )

    @post_load
    def gather(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        asked["asked"] = Asked(**{name: asked.pop(name) for name in NAMES})
        return asked


class CohortRowsIn(CohortIn, PageIn):
    figure = fields.String(required=True, validate=validate.OneOf(figure_names()))


class CohortPictureIn(CohortIn):
    format = fields.String(load_default="svg", validate=validate.OneOf(("svg", "png")))


def number(what: str, **options: Any) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": what}, **options)


class IntervalOut(Shape):
    """Of 95 percent."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)


def interval(**options: Any) -> fields.Nested:
    return fields.Nested(IntervalOut, required=True, allow_none=True, **options)


class RateOut(Shape):
    """A share with both its numbers, and Wilson's interval."""

    figure = fields.String(required=True, attribute="figure.key")
    topic = fields.Enum(Topic, by_value=True, required=True, attribute="figure.topic")
    name = fields.String(required=True, attribute="figure.name")
    population = fields.String(required=True, attribute="figure.population")
    formula = fields.String(required=True, attribute="figure.formula")
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True, metadata={"description": "Courses, each by itself."})
    patients = fields.Integer(required=True, metadata={"description": "Whose courses the denominator counts."})
    share = number("Null of nobody.")
    interval = interval()


class MeanChangeOut(Shape):
    """Of those with a baseline and an observed endpoint, in points, positive for the better."""

    count = fields.Integer(required=True)
    mean = fields.Float(required=True)
    interval = interval(metadata={"description": "Student's t."})
    baseline_mean = fields.Float(required=True)
    baseline_sd = number("Of those counted.")
    endpoint_mean = fields.Float(required=True)
    effect = number(
        "d: the mean change by the standard deviation of the baselines; null within one band of the baseline, whose "
        "spread is that of the band."
    )


class MiddleOut(Shape):
    """A median and the quartiles, of courses that responded at any score that counts."""

    count = fields.Integer(required=True)
    median = fields.Float(required=True)
    interval = interval(metadata={"description": "Of the median, by order statistics; null of fewer than six."})
    lower = fields.Float(required=True)
    upper = fields.Float(required=True)


class DropOutOut(Shape):
    after = fields.Integer(required=True, metadata={"description": "After so many infusions."})
    reason = fields.String(required=True, metadata={"description": "As the desk has it, or `not_said`."})
    courses = fields.Integer(required=True)


class LeftAfterOut(Shape):
    """Of the courses that have ended, who gave up after an infusion, of those who had it and were to have more."""

    after = fields.Integer(required=True, metadata={"description": "After so many infusions."})
    courses = fields.Integer(required=True)
    reached = fields.Integer(required=True)
    share = number("Null of nobody.")
    interval = interval(metadata={"description": "Wilson's."})


class AdverseEventsOut(Shape):
    """Of infusions whose session was charted: elsewhere nobody could write an event down."""

    infusions = fields.Integer(required=True, metadata={"description": "All that were given."})
    charted = fields.Integer(required=True)
    with_event = fields.Integer(required=True)
    events = fields.Integer(required=True)
    per_hundred = number("Events by charted infusions.")
    per_hundred_interval = interval(metadata={"description": "Poisson, exact."})
    interval = interval(metadata={"description": "Wilson's, of the share of charted infusions with any event."})


class SurvivalStepOut(Shape):
    day = fields.Integer(required=True)
    at_risk = fields.Integer(required=True, metadata={"description": "Watched to this day or longer."})
    relapsed = fields.Integer(required=True)
    left = fields.Float(required=True, metadata={"description": "The share that has not relapsed by then."})
    interval = interval()


class AtWorstOut(Shape):
    """The same curve if every loss that no later score has borne out or denied is a relapse."""

    events = fields.Integer(required=True)
    median = fields.Integer(required=True, allow_none=True)
    median_interval = fields.List(fields.Integer(allow_none=True), required=True)
    steps = fields.List(fields.Nested(SurvivalStepOut), required=True)


class DurabilityOut(Shape):
    """Kaplan and Meier's curve of responses that last, censored at the last score; intervals by log-log.

    Unaided: judged by the scores before the first further infusion after the induction, and censored there too.
    """

    since = fields.Enum(Since, by_value=True, required=True, attribute="curve.since")
    care = fields.Enum(Care, by_value=True, required=True, attribute="curve.care")
    count = fields.Integer(required=True, attribute="survival.count")
    patients = fields.Integer(required=True)
    unconfirmed = fields.Integer(
        required=True,
        metadata={
            "description": "Losses that no later score has borne out or denied: nobody was seen again, or was treated "
            "first. No relapses here, and relapses in `at_worst`."
        },
    )
    at_worst = fields.Nested(AtWorstOut, required=True)
    day_28_at_worst = fields.Nested(SurvivalStepOut, required=True, allow_none=True)
    day_56_at_worst = fields.Nested(SurvivalStepOut, required=True, allow_none=True)
    events = fields.Integer(required=True, attribute="survival.events")
    day_28 = fields.Nested(SurvivalStepOut, required=True, allow_none=True)
    day_56 = fields.Nested(SurvivalStepOut, required=True, allow_none=True)
    median = fields.Integer(
        required=True, allow_none=True, attribute="survival.median",
        metadata={"description": "Days until no more than half is left; null where that was not seen."},
    )  # fmt: skip
    median_interval = fields.List(fields.Integer(allow_none=True), required=True, attribute="survival.median_interval")
    steps = fields.List(fields.Nested(SurvivalStepOut), required=True, attribute="survival.steps")


class SectionOut(Shape):
    key = fields.String(required=True, allow_none=True, metadata={"description": "Null for the whole cohort."})
    courses = fields.Function(lambda section: len(section.courses), required=True, metadata={"type": "integer"})
    rates = fields.List(
        fields.Nested(RateOut), required=True, metadata={"description": "Completeness first; what the scale can tell."}
    )
    patients = fields.Integer(required=True, metadata={"description": "Whose courses these are."})
    restarts = fields.Integer(
        required=True,
        metadata={
            "description": "Courses from which another of the same patient took over less than "
            f"{AGAIN_WITHIN.days} days after the last infusion, linked by nobody. That other goes on with this one: "
            "it is no course of its own here."
        },
    )
    running = fields.Integer(required=True, metadata={"description": "Courses that go on, or rest."})
    left = fields.Integer(
        required=True,
        metadata={
            "description": "Of those who dropped out, who left without a word: nobody closed the series, nothing was "
            f"given for more than {LEFT_AFTER.days} days, and no visit is ahead."
        },
    )
    endpoint_not_due = fields.Integer(
        required=True, metadata={"description": "Courses whose endpoint can still be captured."}
    )
    change = fields.Nested(MeanChangeOut, required=True, allow_none=True, data_key="mean_change")
    days_to_response = fields.Nested(MiddleOut, required=True, allow_none=True)
    infusions_to_response = fields.Nested(MiddleOut, required=True, allow_none=True)
    drop_outs = fields.List(fields.Nested(DropOutOut), required=True)
    given_up = fields.List(fields.Nested(LeftAfterOut), required=True)
    adverse_events = fields.Nested(AdverseEventsOut, required=True)
    durability = fields.List(fields.Nested(DurabilityOut), required=True)


class PublishedOut(Shape):
    """What others have reported; on other scales it does not compare."""

    study = fields.String(required=True, attribute="published.study")
    citation = fields.String(required=True, attribute="published.citation")
    n = fields.Integer(required=True, allow_none=True, attribute="published.n")
    design = fields.String(required=True, attribute="published.design")
    scale = fields.String(
        required=True, attribute="published.scale", metadata={"description": "Empty where none, or several, are named."}
    )
    same_scale = fields.Boolean(required=True)
    measure = fields.Enum(Measure, by_value=True, required=True, attribute="published.measure")
    value = fields.Float(
        required=True, attribute="published.value",
        metadata={"description": "In percent, unless the measure says otherwise."},
    )  # fmt: skip
    note = fields.String(required=True, attribute="published.note")


class CohortOut(Shape):
    """The view inside the house: nothing is withheld from it, and so it is no export. Tables and pictures are."""

    first = LocalDate(data_key="from", required=True, attribute="cohort.asked.first")
    last = LocalDate(data_key="to", required=True, attribute="cohort.asked.last")
    scale = fields.String(required=True, attribute="cohort.scale.key")
    protocol = fields.String(required=True, allow_none=True, attribute="cohort.asked.protocol")
    diagnosis = fields.String(required=True, allow_none=True, attribute="cohort.asked.diagnosis")
    baseline_band = fields.String(required=True, allow_none=True, attribute="cohort.asked.baseline_band")
    by = fields.Enum(By, by_value=True, required=True, allow_none=True, attribute="cohort.asked.by")
    whole = fields.Nested(SectionOut, required=True)
    parts = fields.List(fields.Nested(SectionOut), required=True)
    published = fields.List(fields.Nested(PublishedOut), required=True)


class CohortScoreOut(Shape):
    day = fields.Integer(required=True, attribute="point.day")
    total = fields.Integer(required=True)
    infusions = fields.Integer(required=True, attribute="point.infusion", metadata={"description": "Given before it."})
    points = fields.Integer(
        required=True, attribute="change.points", metadata={"description": "Positive for the better."}
    )


class CohortBaselineOut(Shape):
    day = fields.Integer(required=True)
    total = fields.Integer(required=True)
    band = fields.String(required=True, allow_none=True)


class CohortResponseOut(Shape):
    day = fields.Integer(required=True)
    infusions = fields.Integer(required=True, attribute="infusion")


class CohortRowOut(Shape):
    """One course under a pseudonym; every day counts from its first infusion."""

    pseudonym = fields.String(required=True)
    counted = fields.Boolean(
        required=True, metadata={"description": "In the numerator; else in the denominator alone."}
    )
    protocol = fields.String(required=True, attribute="course.head.protocol")
    diagnosis = fields.String(required=True, attribute="course.head.diagnosis")
    infusions = fields.Integer(required=True, attribute="course.given")
    planned = fields.Integer(required=True, attribute="course.planned")
    ending = fields.Enum(Ending, by_value=True, required=True, attribute="course.ending")
    begun_again = fields.Boolean(
        required=True,
        attribute="course.begun_again",
        metadata={"description": "Another course took over within weeks."},
    )
    left = fields.Boolean(
        required=True, attribute="course.left", metadata={"description": "Dropped out without a word."}
    )
    reason = fields.String(required=True, attribute="course.head.reason")
    baseline = fields.Nested(CohortBaselineOut, required=True, allow_none=True)
    endpoint = fields.Nested(CohortScoreOut, required=True, allow_none=True)
    carried = fields.Nested(
        CohortScoreOut, required=True, allow_none=True,
        metadata={"description": "The endpoint, or the last score before its window's end."},
    )  # fmt: skip
    first_response = fields.Nested(CohortResponseOut, required=True, allow_none=True, attribute="course.first_response")
    adverse_events = fields.Integer(required=True, attribute="course.head.adverse_events")
    days = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of durability: how long it was watched."}
    )
