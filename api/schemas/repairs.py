"""Shapes of repairs: a change of the calendar, the plan for what it breaks, and what was done."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from api.schemas.base import Instant, LocalDate, Shape, Text, Whole
from api.schemas.booking import LocalTime, NamedResourceOut, OverrideIn
from api.schemas.clinics import SpanOfWeek
from scheduler.administration.calendar_changes import KINDS, MOST_REASON, CalendarChange
from scheduler.administration.weekly import MOST_SPANS, WeeklyHours
from scheduler.booking.opaque import LARGEST_PLAN
from scheduler.booking.planning.solving import MOST_SECONDS, USUAL_SECONDS, Quality
from scheduler.models import AppointmentStatus, OverrideRule

MISSING, BEYOND = "Missing data for required field.", "This kind of change has no such thing."
PARTS: dict[str, tuple[set[str], set[str]]] = {
    "shift_withdrawn": ({"shift_id"}, set()),
    "shift_changed": ({"shift_id"}, {"starts_at", "ends_at"}),
    "resource_retired": ({"resource_id"}, set()),
    "closure_added": ({"starts_at", "ends_at", "reason"}, {"resource_id"}),
    "hours_replaced": ({"valid_from", "hours"}, set()),
    "reassign": ({"resource_id", "date"}, set()),
}
"""What each kind of change needs, and what it may have besides."""
NAMES = {"hours": "weekly", "date": "day"}
"""What has another name inside."""


class ChangeIn(Shape):
    """A change of the calendar. `reassign` leaves it as it is, and gives one day of a resource to others."""

    kind = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    shift_id = fields.UUID(metadata={"description": "The shift that is withdrawn or changed."})
    resource_id = fields.UUID(metadata={"description": "Who or what is retired, closed, or hands its day over."})
    starts_at = Instant(metadata={"description": "Of the closure, or of the shift from now on."})
    ends_at = Instant()
    reason = Text(MOST_REASON, metadata={"description": "Of the closure."})
    valid_from = LocalDate(metadata={"description": "The first day of the new hours."})
    hours = fields.List(fields.Nested(SpanOfWeek), validate=validate.Length(max=MOST_SPANS))
    date = LocalDate(metadata={"description": "The day that goes to others."})

    @validates_schema
    def match_kind(self, said: dict[str, Any], **_options: Any) -> None:
        needed, allowed = PARTS.get(said.get("kind", ""), (set(), set(self.fields)))
        missing, beyond = needed - set(said), set(said) - needed - allowed - {"kind"}
        if missing or beyond:
            raise ValidationError(dict.fromkeys(sorted(missing), MISSING) | dict.fromkeys(sorted(beyond), BEYOND))

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> CalendarChange:
        if "hours" in said:
            said["hours"] = tuple(WeeklyHours(**span) for span in said["hours"])
        kind = KINDS[said.pop("kind")]
        return kind(**{NAMES.get(name, name): value for name, value in said.items()})


class DryRunIn(Shape):
    """A dry run needs what is asked for; a commit the plan a dry run gave, and nothing else."""

    asked: str
    """The field that says what is asked for."""

    dry_run = fields.Boolean(truthy={True}, falsy={False}, load_default=False)
    seconds = Whole(
        least=0, most=MOST_SECONDS, load_default=USUAL_SECONDS,
        metadata={"description": "How long a dry run may look for a better plan; 0 gives the greedy one at once."},
    )  # fmt: skip
    plan = fields.String(validate=validate.Length(1, LARGEST_PLAN), metadata={"description": "Of a dry run."})

    @validates_schema
    def match_purpose(self, said: dict[str, Any], **_options: Any) -> None:
        needed, beyond = (self.asked, "plan") if said.get("dry_run") else ("plan", self.asked)
        if needed not in said:
            raise ValidationError({needed: MISSING})
        if beyond in said:
            raise ValidationError({beyond: "Send what you ask for with dry_run, and the plan without."})


class RepairIn(DryRunIn):
    asked = "change"

    change = fields.Nested(ChangeIn)
    breaches = fields.Boolean(
        truthy={True}, falsy={False}, load_default=True,
        metadata={"description": "False: a dry run leaves visits without a place rather than break a rule for them."},
    )  # fmt: skip
    override = fields.Nested(OverrideIn, load_default=None, metadata={"description": "For the commit."})


class VisitPlaceOut(Shape):
    starts_at = LocalTime(required=True)
    ends_at = LocalTime(required=True)
    resources = fields.List(fields.Nested(NamedResourceOut), required=True)


class RepairedVisitOut(Shape):
    appointment_id = fields.UUID(required=True)
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    number = fields.Integer(required=True)
    fallen = fields.Boolean(required=True, metadata={"description": "False: it moves to make room."})
    before = fields.Nested(VisitPlaceOut, required=True)
    after = fields.Nested(
        VisitPlaceOut,
        required=True,
        allow_none=True,
        metadata={"description": "Null: no place; it would be cancelled."},
    )
    changed = fields.List(fields.String(), required=True, metadata={"description": "`time`, or a kind of resource."})


class InTheWayOut(Shape):
    appointment_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    status = fields.Enum(AppointmentStatus, by_value=True, required=True)
    starts_at = LocalTime(required=True)


class PlannedBreachOut(Shape):
    appointment_id = fields.UUID(required=True)
    series_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    rule = fields.String(required=True)
    message = fields.String(required=True)
    points = fields.Integer(required=True, metadata={"description": "This breach's part of the price."})


class PriceItemOut(Shape):
    code = fields.String(required=True)
    amount = fields.Integer(required=True)
    points = fields.Integer(required=True)


class SolvedOut(Shape):
    """What a plan costs, the lower the better, and how good it is."""

    price = fields.List(fields.Nested(PriceItemOut), required=True, metadata={"description": "Sums to `objective`."})
    objective = fields.Integer(required=True)
    bound = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Proven: no plan costs less. Null: nothing proven."}
    )
    gap = fields.Float(required=True, allow_none=True, metadata={"description": "(objective - bound) / objective"})
    quality = fields.Enum(
        Quality, by_value=True, required=True,
        metadata={"description": "`busy`: greedy, since another plan was being solved; ask again."},
    )  # fmt: skip
    seconds = fields.Float(required=True)


class RepairOut(SolvedOut):
    plan = fields.String(
        required=True, allow_none=True,
        metadata={"description": "Opaque; commits exactly this. Null while somebody stands in the way."},
    )  # fmt: skip
    fallen = fields.Integer(required=True, metadata={"description": "How many appointments lose their place."})
    patients_moved = fields.Integer(required=True, metadata={"description": "Who would come at another time."})
    visits = fields.List(fields.Nested(RepairedVisitOut), required=True)
    in_the_way = fields.List(
        fields.Nested(InTheWayOut), required=True,
        metadata={"description": "Under way, and not to be moved: somebody must see to them first."},
    )  # fmt: skip
    breaches = fields.List(fields.Nested(PlannedBreachOut), required=True)
    overrides = fields.List(
        fields.Enum(OverrideRule, by_value=True), required=True,
        metadata={"description": "The rules that must be set aside to commit it."},
    )  # fmt: skip


class RepairedOut(Shape):
    appointments_moved = fields.Integer(required=True)
    appointments_cancelled = fields.Integer(required=True)
    calendar_version = fields.Integer(required=True)


class RepairsOut(Shape):
    """Of a dry run the proposal, of a commit what was done."""

    proposal = fields.Nested(RepairOut, required=True, allow_none=True)
    committed = fields.Nested(RepairedOut, required=True, allow_none=True)
