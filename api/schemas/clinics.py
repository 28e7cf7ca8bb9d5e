"""Shapes of a clinic, its settings, hours and closures."""

from marshmallow import fields, validate

from api.schemas.base import Clock, Instant, LocalDate, Shape, Text, Weekday, Whole
from scheduler.administration.settings import RANGES
from scheduler.administration.weekly import MOST_SPANS


def _within(name: str) -> Whole:
    least, most = RANGES[name]
    return Whole(least=least, most=most, required=True)


class ClinicPatch(Shape):
    name = Text(200)
    timezone = Text(64, metadata={"description": "IANA name; it can change until something is booked."})


class ClinicOut(Shape):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    timezone = fields.String(required=True)


class SettingsIn(Shape):
    response_percent = _within("response_percent")
    remission_below = _within("remission_below")
    remission_baseline = _within("remission_baseline")
    reliable_change = _within("reliable_change")
    baseline_days = _within("baseline_days")
    effective_from = Instant(load_default=None, metadata={"description": "Now, unless told otherwise."})


class SettingsOut(SettingsIn):
    id = fields.UUID(required=True)
    author_id = fields.UUID(required=True, allow_none=True)
    effective_from = Instant(required=True)
    created_at = Instant(
        required=True, metadata={"description": "Of two in force from the same moment the later one holds."}
    )


class SpanOfWeek(Shape):
    weekday = Weekday(required=True)
    opens = Clock(required=True)
    closes = Clock(required=True)


class HoursIn(Shape):
    valid_from = LocalDate(required=True)
    hours = fields.List(fields.Nested(SpanOfWeek), required=True, validate=validate.Length(max=MOST_SPANS))


class HoursOut(SpanOfWeek):
    valid_from = LocalDate(required=True)
    valid_until = LocalDate(
        required=True, allow_none=True, metadata={"description": "The first date these hours no longer hold."}
    )


class DatesIn(Shape):
    """The first and the last day, both included."""

    first = LocalDate(data_key="from", required=True)
    last = LocalDate(data_key="to", required=True)


class ClosureIn(Shape):
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = Text(500, required=True)
    resource_id = fields.UUID(load_default=None, metadata={"description": "Without, the whole clinic is closed."})


class ClosurePatch(Shape):
    starts_at = Instant()
    ends_at = Instant()
    reason = Text(500)


class ClosureOut(Shape):
    id = fields.UUID(required=True)
    resource_id = fields.UUID(required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = fields.String(required=True)
