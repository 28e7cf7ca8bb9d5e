"""Shapes of protocols."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.base import Instant, Shape, Text, Whole
from scheduler.errors import Fault, Invalid
from scheduler.protocols import (
    LATEST_MEASURE_HOURS,
    LONGEST_CLAIM_MINUTES,
    LONGEST_GAP_DAYS,
    LONGEST_SPAN_DAYS,
    MOST_INFUSIONS,
    MOST_MEASURES,
    MOST_UNITS,
    USUAL_MEASURES,
    Gap,
    Leg,
    Measure,
    Moment,
    Phases,
    ProtocolDefinition,
    ResourceKind,
    measure_in,
)

AMOUNT = re.compile(r"(?=.*[1-9])[0-9]{1,6}(\.[0-9]{1,4})?", re.ASCII)
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
MOST_LEGS = 40


class Amount(fields.String):
    """A drug amount above zero, as text with up to four decimals: a float could not hold it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, metadata={"pattern": f"^{AMOUNT.pattern}$", "examples": ["0.5"]})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not AMOUNT.fullmatch(str(text)):
            raise ValidationError('Give an amount as text, such as "0.5".')
        return Decimal(str(text))


def _check_key(text: str) -> None:
    if not KEY.fullmatch(text):
        raise ValidationError("Give small letters, digits and underscores, a letter first; at most 60.")


class GapShape(Shape):
    """Least and most local calendar days between two neighbouring infusions."""

    least = Whole(least=1, most=LONGEST_GAP_DAYS, required=True)
    most = Whole(least=1, most=LONGEST_GAP_DAYS, required=True)


class SpacingIn(Shape):
    span_days = Whole(least=1, most=LONGEST_SPAN_DAYS, required=True)
    gaps = fields.List(
        fields.Nested(GapShape),
        required=True,
        validate=validate.Length(max=MOST_INFUSIONS - 1),
        metadata={"description": "One between each two infusions; none for a single one."},
    )


class SpacingOut(SpacingIn):
    least = fields.Integer(required=True, allow_none=True, attribute="least_gap")
    most = fields.Integer(required=True, allow_none=True, attribute="most_gap")


class PhasesShape(Shape):
    """Minutes of each phase of a visit, in order."""

    prepare = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    infuse = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    recover = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    turn_over = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)


class LegShape(Shape):
    """Units of one resource of a kind, from and to minutes after the visit's start."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    start = Whole(data_key="from", least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    end = Whole(data_key="to", least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    units = Whole(least=1, most=MOST_UNITS, required=True)


class MeasureWindowShape(Shape):
    """When a form is asked for, in hours from the end of an infusion."""

    opens_hours = Whole(least=0, most=LATEST_MEASURE_HOURS, required=True)
    due_hours = Whole(
        least=0, most=LATEST_MEASURE_HOURS, required=True, metadata={"description": "From then on it is overdue."}
    )
    closes_hours = Whole(
        least=0,
        most=LATEST_MEASURE_HOURS,
        required=True,
        metadata={"description": "From then on it can be given no more."},
    )


class MeasureShape(Shape):
    """That a scale is to be answered at each such moment of a course."""

    scale = Text(60, required=True, metadata={"description": "The key of a scale of `GET /scales`."})
    moment = fields.Enum(
        Moment,
        by_value=True,
        required=True,
        metadata={
            "description": "Hours and days count from the end of an infusion: `post_24h` is 18 to 36 h after it, "
            "`post_72h` 60 to 96 h, `post_7d` 5 to 9 days; `endpoint` is 14 to 31 days after the last one, `weekly` "
            "the four weeks and `monthly` the twelve months after the last one. A `window` of its own changes that."
        },
    )
    window = fields.Nested(
        MeasureWindowShape,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Its own times, for what comes after an infusion; `weekly` and `monthly` give those of the "
            "first week or month. It says when the form is due; what a form is read as keeps the usual times."
        },
    )
    required = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=True,
        metadata={"description": "Shown as overdue or missed where it is not there. It keeps nothing from going on."},
    )


class ProtocolIn(Shape):
    key = fields.String(
        required=True,
        validate=_check_key,
        metadata={"description": "It never changes.", "pattern": f"^{KEY.pattern}$"},
    )
    name = Text(200, required=True)
    drug = Text(100, required=True)
    route = Text(100, required=True)
    dose = Amount(load_default=None, allow_none=True)
    dose_unit = Text(30, load_default=None, allow_none=True)
    spacing = fields.Nested(SpacingIn, required=True)
    phases = fields.Nested(PhasesShape, required=True)
    legs = fields.List(fields.Nested(LegShape), required=True, validate=validate.Length(1, MOST_LEGS))
    source = Text(1000, required=True)
    measures = fields.List(
        fields.Nested(MeasureShape),
        load_default=None,
        validate=validate.Length(max=MOST_MEASURES),
        metadata={
            "description": "Which scale is due when. Left out: the PHQ-9 as a baseline, before every infusion, weekly "
            "after the last one and at the endpoint."
        },
    )


class ProtocolOut(Shape):
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    key = fields.String(required=True, attribute="definition.key")
    name = fields.String(required=True, attribute="definition.name")
    infusions = fields.Integer(required=True, attribute="definition.infusions")
    spacing = fields.Nested(SpacingOut, required=True, attribute="definition")
    phases = fields.Nested(PhasesShape, required=True, attribute="definition.phases")
    legs = fields.List(fields.Nested(LegShape), required=True, attribute="definition.legs")
    drug = fields.String(required=True, attribute="definition.drug")
    route = fields.String(required=True, attribute="definition.route")
    dose = Amount(required=True, allow_none=True, attribute="definition.dose")
    dose_unit = fields.String(required=True, allow_none=True, attribute="definition.dose_unit")
    source = fields.String(required=True, attribute="definition.source")
    measures = fields.List(fields.Nested(MeasureShape), required=True, attribute="definition.measures")
    retired_at = Instant(required=True, allow_none=True, attribute="row.retired_at")


def measures_of(body: Mapping[str, Any]) -> tuple[Measure, ...]:
    """What a body asks for, and when."""
    asked = body["measures"]
    return USUAL_MEASURES if asked is None else tuple(map(measure_in, asked))


def definition_of(body: Mapping[str, Any], also: Iterable[Fault] = ()) -> ProtocolDefinition:
    """The definition a body describes.

    Raises `Invalid` with every contradiction, by its place in the body, and with those `also` found.
    """
    plain = {name: body[name] for name in ("key", "name", "drug", "route", "dose", "dose_unit", "source")}
    try:
        return ProtocolDefinition(
            **plain,
            phases=Phases(**body["phases"]),
            legs=tuple(Leg(**leg) for leg in body["legs"]),
            gaps=tuple(Gap(**gap) for gap in body["spacing"]["gaps"]),
            span_days=body["spacing"]["span_days"],
            measures=measures_of(body),
        )
    except Invalid as refusal:
        raise Invalid(refusal.detail, faults=[*map(_in_body, refusal.faults), *also]) from refusal


def _in_body(fault: Fault) -> Fault:
    is_spacing = fault.where.startswith(("gaps", "span_days"))
    return replace(fault, where=f"spacing.{fault.where}") if is_spacing else fault
