"""Trajectories as they are shown."""

from fractions import Fraction
from typing import Any

from marshmallow import fields, validate

from api.schemas.assessments import ScaleKey
from api.schemas.base import Amount, Instant, Shape
from scheduler.outcomes.trajectories.change import Category, to_one_place
from scheduler.outcomes.trajectories.contexts import Context
from scheduler.outcomes.trajectories.figures import Direction
from scheduler.outcomes.trajectories.points import Uncounted

IMPROVEMENT = "Positive is better: a fall from 20 to 9 is {example}. Null without a baseline{more}."
NO_LINE = "Null without a baseline, and where the scale has no such line."


def _said(description: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": description}, **options}


class Percent(fields.Float):
    """An exact fraction, shown to one decimal; halves are rounded away from zero."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:  # noqa: ARG002 # as declared by the parent
        return float(to_one_place(value)) if isinstance(value, Fraction) else None


class Ratio(fields.Float):
    """An exact fraction, shown to three decimals."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:  # noqa: ARG002 # as declared by the parent
        return float(round(value, 3)) if isinstance(value, Fraction) else None


class TrajectoryQuery(Shape):
    scale = ScaleKey(required=True)
    series_id = fields.UUID(
        load_default=None,
        metadata={"description": "Default: the series that began last, else the next to begin."},
    )


class PictureQuery(TrajectoryQuery):
    format = fields.String(load_default="svg", validate=validate.OneOf(["svg", "png"]))


class ScoreOut(Shape):
    """One form in its place."""

    assessment_id = fields.UUID(required=True, allow_none=True)
    taken_at = Instant(required=True)
    total = fields.Integer(required=True, allow_none=True)
    band = fields.String(required=True, allow_none=True)
    infusion = fields.Integer(**_said("How many infusions came before it; 0 is before the first."))
    day = fields.Integer(
        **_said("The clinic's days since the first infusion, negative before it. Null without one.", allow_none=True)
    )
    change = fields.Integer(
        attribute="change.points", allow_none=True, dump_default=None,
        metadata={"description": IMPROVEMENT.format(example="11", more="")},
    )  # fmt: skip


def _percent() -> Percent:
    description = IMPROVEMENT.format(example="55.0", more=", or from one of 0") + " Rounded for display only."
    return Percent(
        attribute="change.percent", allow_none=True, dump_default=None, metadata={"description": description}
    )


def _claim(name: str, description: str) -> fields.Boolean:
    return fields.Boolean(
        attribute=f"change.{name}", allow_none=True, dump_default=None,
        metadata={"description": f"{description} {NO_LINE}"},
    )  # fmt: skip


def _category(attribute: str) -> fields.Enum[Category]:
    return fields.Enum(
        Category, by_value=True, attribute=attribute, allow_none=True, dump_default=None,
        metadata={
            "description": "The first that fits: remission, response, deteriorated, partial (improved by 25 percent or "
            f"more, and no response), none. {NO_LINE}"
        },
    )  # fmt: skip


class PointOut(ScoreOut):
    """A score in its place among the infusions."""

    percent_change = _percent()
    category = _category("change.category")
    context = fields.Enum(
        Context, by_value=True,
        **_said("What it was taken for, told from its time. Null before the course.", allow_none=True),
    )  # fmt: skip
    counted = fields.Boolean(**_said("Whether figures are made of it. What does not count is shown all the same."))
    uncounted = fields.Enum(Uncounted, by_value=True, **_said("Why it does not count.", allow_none=True))
    short_recall = fields.Boolean(
        **_said("Taken so soon after an infusion that the scale asks mostly about days before it.")
    )
    prorated = fields.Boolean(**_said("The total was reckoned from the answers there are."))
    expected = Percent(
        attribute="expected.total", allow_none=True, dump_default=None,
        metadata={"description": "What is expected after so many infusions. PHQ-9 only; null without a baseline."},
    )  # fmt: skip
    expected_most = Percent(
        attribute="expected.highest", allow_none=True, dump_default=None,
        metadata={"description": "The highest total that still is on track."},
    )  # fmt: skip
    on_track = fields.Boolean(**_said("Null where nothing is expected, or it does not count.", allow_none=True))


class LatestOut(ScoreOut):
    """The last score that counts, and what the clinic's lines call it."""

    percent = _percent()
    response = _claim("response", "Improved by at least the clinic's percentage, half unless set otherwise.")
    remission = _claim("remission", "Under the clinic's line, from a baseline high enough to speak of remission.")
    reliable_change = _claim("reliable_change", "More points than noise, for better or worse.")
    clinically_relevant = _claim("clinically_relevant", "More points than go unnoticed, for better or worse.")
    deterioration = _claim("deterioration", "A rise of more points than noise.")


class ReachedOut(Shape):
    """When something was reached for the first time."""

    taken_at = Instant(attribute="point.taken_at", required=True)
    day = fields.Integer(attribute="point.day", **_said("Days since the first infusion."))
    infusion = fields.Integer(attribute="point.infusion", **_said("After so many infusions."))
    total = fields.Integer(attribute="point.total", required=True)
    assessment_id = fields.UUID(attribute="point.assessment_id", required=True, allow_none=True)


class ConfirmedOut(ReachedOut):
    """The first of two scores in a row."""

    confirmed_at = Instant(
        attribute="confirmed_by.taken_at", allow_none=True, dump_default=None,
        metadata={"description": "When the second was taken. Null while there is none."},
    )  # fmt: skip
    confirmed_day = fields.Integer(attribute="confirmed_by.day", allow_none=True, dump_default=None)


class EndpointScoreOut(Shape):
    """A score as the endpoint of the induction."""

    taken_at = Instant(attribute="point.taken_at", required=True)
    day = fields.Integer(attribute="point.day", required=True)
    total = fields.Integer(required=True)
    change = fields.Integer(attribute="change.points", required=True)
    percent = _percent()
    category = _category("change.category")


class CarriedOut(Shape):
    score = fields.Nested(EndpointScoreOut, required=True)
    locf = fields.Boolean(**_said("Whether it is an older score carried forward into the window."))


class EndpointOut(Shape):
    """The first score 14 to 31 days after the last infusion; observed and carried forward are never mixed."""

    opens_on = fields.Date(required=True)
    closes_on = fields.Date(**_said("The last day of the window."))
    closed = fields.Boolean(**_said("Whether the window is past."))
    observed = fields.Nested(EndpointScoreOut, **_said("Null where no score fell into the window.", allow_none=True))
    carried = fields.Nested(
        CarriedOut,
        **_said(
            "The observed score, else the last of this course before, once the window is past. No alert looks at it.",
            allow_none=True,
        ),
    )


class TrendOut(Shape):
    totals = fields.List(fields.Integer(), **_said("The last three scores that count, the oldest first."))
    points_per_week = Ratio(required=True)
    direction = fields.Enum(Direction, by_value=True, **_said("`falling` is for the better."))


class InfusionOut(Shape):
    at = Instant(**_said("When it began; while it is only planned, when it is to begin."))
    ended_at = Instant(required=True)
    given = fields.Boolean(**_said("Whether it took place."))
    dose_mg = Amount(3, **_said("What went in. Null where nobody has written it down.", allow_none=True))


class DosingOut(Shape):
    done = fields.Integer(**_said("Infusions that took place."))
    planned = fields.Integer(required=True)
    total_mg = Amount(3, **_said("What was given in all, as far as doses are on record."))
    unknown_doses = fields.Integer(**_said("Infusions that took place and whose dose is not on record."))


def _when(description: str, shape: type[Shape] = ReachedOut) -> fields.Nested:
    return fields.Nested(shape, **_said(description, allow_none=True))


class TrajectoryOut(Shape):
    """A patient's scores over one series.

    Of the forms that nothing replaces all are shown, and those that are complete count. What was taken within the
    clinic's hours after an infusion by a scale that looks back does not, unless the clinic wishes it.
    """

    series_id = fields.UUID(required=True, allow_none=True)
    baseline = fields.Integer(
        attribute="baseline.total", allow_none=True, dump_default=None,
        metadata={"description": "The last total that counts before the first infusion, if it is recent enough."},
    )  # fmt: skip
    baseline_taken_at = Instant(attribute="baseline.taken_at", allow_none=True, dump_default=None)
    points = fields.List(fields.Nested(PointOut), required=True)
    latest = fields.Nested(LatestOut, required=True, allow_none=True)
    category = _category("category")
    nadir = fields.Nested(ScoreOut, **_said("The lowest score after the first infusion.", allow_none=True))
    first_response = _when("The first score that is a response.")
    first_remission = _when("The first score that is remission.")
    confirmed_response = _when("The first response that the next score, of another day, bore out.", ConfirmedOut)
    confirmed_remission = _when("The first remission that the next score, of another day, bore out.", ConfirmedOut)
    relapse = _when("The first relapse after a response that a score three days later or more bore out.", ConfirmedOut)
    possible_relapse = _when("A relapse of now that no later score has borne out or denied.", ConfirmedOut)
    slope = Ratio(
        **_said("Points per week from the baseline to the last infusion; negative is better.", allow_none=True)
    )
    trend = fields.Nested(TrendOut, **_said("Null with fewer than three scores.", allow_none=True))
    mean = Ratio(**_said("The mean score over time since the baseline.", allow_none=True))
    last_score_days = fields.Integer(**_said("Days since the last form with a total.", allow_none=True))
    endpoint = fields.Nested(EndpointOut, **_said("Null while the course goes on.", allow_none=True))
    infusions = fields.List(
        fields.Nested(InfusionOut), attribute="course.infusions", dump_default=list,
        metadata={"description": "In order of time: what took place, and what stands in the calendar."},
    )  # fmt: skip
    dosing = fields.Nested(DosingOut, **_said("Null without a series.", allow_none=True))
