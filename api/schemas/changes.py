"""Shapes of changes of running series: asked for, shown before they are made, and made."""

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from api.schemas.base import Instant, LocalDate, Shape, Weekday, Whole
from api.schemas.booking import (
    WHOLE_DAY,
    ExplanationOut,
    LocalTime,
    OfferedAppointmentOut,
    OverrideIn,
    ProposalsOut,
    ReasonOut,
    WindowIn,
)
from scheduler.actors import Role
from scheduler.booking.changing.changes import MOST_INFUSIONS, from_text
from scheduler.booking.changing.reschedule import MOST_ALTERNATIVES, Chosen
from scheduler.booking.opaque import LARGEST_PLAN
from scheduler.booking.plans import OPEN_END, Wishes
from scheduler.models import ChangeReason, EndReason, SeriesStatus, Side
from scheduler.protocols import ResourceKind

USUAL_ALTERNATIVES = 3
RESOURCES = tuple(f"{kind}_id" for kind in ResourceKind)


def dry_run_field() -> fields.Boolean:
    told = "Answer the same and write nothing; it takes no Idempotency-Key."
    return fields.Boolean(truthy={True}, falsy={False}, load_default=False, metadata={"description": told})


class WishesIn(Shape):
    """When the patient can come; what has passed already is no wish."""

    earliest = LocalDate(metadata={"description": "No visit before this day; by default from today."})
    latest = LocalDate(metadata={"description": "No visit after this day."})
    weekdays = fields.List(
        Weekday(), validate=validate.Length(1, 7), metadata={"description": "Only on these; by default on all."}
    )
    between = fields.Nested(WindowIn, metadata={"description": "Start of each visit; by default any time."})
    nurse_id = fields.UUID(metadata={"description": "Preferred: kept where it can be."})
    chair_id = fields.UUID(metadata={"description": "Preferred: kept where it can be."})

    @post_load
    def gather_wishes(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        window = asked.pop("between", WHOLE_DAY)
        asked["wishes"] = Wishes(
            earliest=asked.pop("earliest", date.min),
            latest=asked.pop("latest", OPEN_END),
            weekdays=frozenset(asked.pop("weekdays", range(7))),
            window=(window["opens"], window["closes"]),
            nurse_id=asked.pop("nurse_id", None),
            chair_id=asked.pop("chair_id", None),
        )
        return asked


class AlternativesIn(WishesIn):
    limit = Whole(least=1, most=MOST_ALTERNATIVES, load_default=USUAL_ALTERNATIVES)


class PlanField(fields.String):
    """An opaque `plan`, as it was given out."""

    def __init__(self, **options: Any) -> None:
        told = "Opaque; carries out exactly this change."
        super().__init__(validate=validate.Length(1, LARGEST_PLAN), metadata={"description": told}, **options)


class MoveIn(Shape):
    """Either a `plan` as it was given out, or a place chosen by hand: `starts_at`, and resources if they matter."""

    plan = PlanField()
    starts_at = Instant(metadata={"description": "Chosen by hand, in place of a plan."})
    chair_id = fields.UUID(metadata={"description": "By default the one it has, else the first that is free."})
    nurse_id = fields.UUID(metadata={"description": "As the chair."})
    prescriber_id = fields.UUID(metadata={"description": "As the chair."})
    pump_id = fields.UUID(metadata={"description": "As the chair."})
    side = fields.Enum(Side, by_value=True, required=True)
    reason = fields.Enum(ChangeReason, by_value=True, required=True)
    waiver = fields.Nested(OverrideIn, load_default=None, data_key="override")
    hold_id = fields.UUID(load_default=None, metadata={"description": "Your hold that keeps this place, if any."})
    dry_run = dry_run_field()

    @validates_schema
    def say_where(self, asked: dict[str, Any], **_options: Any) -> None:
        by_hand = {"starts_at", *RESOURCES} & set(asked)
        if ("plan" in asked) == ("starts_at" in asked) or ("plan" in asked and by_hand):
            raise ValidationError("Give either a plan or a time chosen by hand.", "plan")

    @post_load
    def gather(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        plan = asked.pop("plan", None)
        chosen = {kind: asked.pop(f"{kind}_id") for kind in ResourceKind if f"{kind}_id" in asked}
        asked["to"] = from_text(plan) if plan else Chosen(asked.pop("starts_at"), chosen)
        return asked


class EndingIn(Shape):
    side = fields.Enum(Side, by_value=True, required=True)
    reason = fields.Enum(EndReason, by_value=True, required=True)
    dry_run = dry_run_field()


class CompletionIn(Shape):
    dry_run = dry_run_field()


class RebookingIn(WishesIn):
    """A dry run looks for the best places under these wishes; its `plan`, sent alone, books them."""

    plan = PlanField()
    waiver = fields.Nested(OverrideIn, load_default=None, data_key="override")
    hold_id = fields.UUID(load_default=None, metadata={"description": "Your hold that keeps these places, if any."})
    dry_run = dry_run_field()

    @validates_schema
    def plan_to_act(self, asked: dict[str, Any], **_options: Any) -> None:
        if "plan" not in asked and not asked.get("dry_run"):
            raise ValidationError("Send the plan of a dry run.", "plan")
        if "plan" not in asked and asked.get("hold_id"):
            raise ValidationError("A hold keeps the places of a plan: send that too.", "hold_id")

    @post_load
    def read_plan(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        plan = asked.pop("plan", None)
        asked["plan"] = from_text(plan) if plan else None
        return asked


class ExtensionIn(RebookingIn):
    infusions = Whole(
        least=1, most=MOST_INFUSIONS, metadata={"description": "How many more; a dry run without a plan needs it."}
    )

    @validates_schema
    def say_how_many(self, asked: dict[str, Any], **_options: Any) -> None:
        if "plan" not in asked and "infusions" not in asked:
            raise ValidationError("Say how many more infusions.", "infusions")
        if "plan" in asked and "infusions" in asked:
            raise ValidationError("The plan says how many: send it alone.", "infusions")


class HandOverIn(WishesIn):
    protocol_id = fields.UUID(required=True)
    limit = Whole(least=1, most=MOST_ALTERNATIVES, load_default=USUAL_ALTERNATIVES)


class ConflictOut(Shape):
    where = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    may_set_aside = fields.List(
        fields.Enum(Role, by_value=True), required=True, metadata={"description": "Nobody, where it is empty."}
    )


class OfferedVisitOut(Shape):
    number = fields.Integer(required=True)
    appointment_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null for one that would be booked anew."}
    )
    before = LocalTime(
        required=True, allow_none=True, metadata={"description": "Where it stood; null for one booked anew."}
    )
    appointment = fields.Nested(OfferedAppointmentOut, required=True)


class OfferedChangeOut(Shape):
    text = fields.String(
        data_key="plan", required=True, metadata={"description": "Opaque; carries out exactly this change."}
    )
    score = fields.Integer(required=True, metadata={"description": "The lower, the better: the sum of the points."})
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    message = fields.String(required=True)
    visits = fields.List(fields.Nested(OfferedVisitOut), required=True)
    conflicts = fields.List(
        fields.Nested(ConflictOut), required=True, metadata={"description": "Rules it breaks, or that were set aside."}
    )


class AlternativesOut(Shape):
    places = fields.List(
        fields.Nested(OfferedChangeOut), data_key="alternatives", required=True,
        metadata={"description": "Places that keep the spacing to both neighbours, best first."},
    )  # fmt: skip
    shift = fields.Nested(
        OfferedChangeOut, required=True, allow_none=True,
        metadata={"description": "Where there is none: the least shift of the rest of the series, made as a whole."},
    )  # fmt: skip
    override = fields.Nested(
        OfferedChangeOut, required=True, allow_none=True,
        metadata={"description": "Where that fails too: the place that breaks least, for those who may allow it."},
    )  # fmt: skip
    explanation = fields.Nested(ExplanationOut, required=True, allow_none=True)


class OutcomeOut(Shape):
    dry_run = fields.Boolean(required=True)
    offered = fields.Nested(
        OfferedChangeOut, data_key="change", required=True, allow_none=True,
        metadata={"description": "Null where no place was found."},
    )  # fmt: skip
    explanation = fields.Nested(ExplanationOut, required=True, allow_none=True)


class CalledOffOut(Shape):
    appointment_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    starts_at = LocalTime(required=True)
    notice_minutes = fields.Integer(required=True)
    late = fields.Boolean(required=True, metadata={"description": "Less notice than the clinic asks for."})


class EndingOut(Shape):
    id = fields.UUID(required=True)
    dry_run = fields.Boolean(required=True)
    status = fields.Enum(SeriesStatus, by_value=True, required=True)
    reason = fields.Enum(EndReason, by_value=True, required=True, allow_none=True)
    called_off = fields.List(fields.Nested(CalledOffOut), required=True)


class HandOverOut(ProposalsOut):
    start_from = LocalDate(required=True, metadata={"description": "First day that keeps the spacing."})
    start_by = LocalDate(required=True, metadata={"description": "Last day that keeps the spacing."})
    days_late = fields.Integer(
        required=True, metadata={"description": "By how many days it can no longer be kept; booking needs an override."}
    )
