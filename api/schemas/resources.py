"""Shapes of resources and shifts."""

from marshmallow import fields, validate

from api.paging import PageIn
from api.schemas.base import Clock, Instant, LocalDate, Shape, Text, Weekday, Whole
from api.schemas.clinics import DatesIn
from scheduler.administration.resources import LAST_POSITION
from scheduler.protocols import MOST_UNITS, ResourceKind


class ResourceIn(Shape):
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = Text(100, required=True)
    capacity = Whole(least=1, most=MOST_UNITS, required=True)
    position = Whole(least=0, most=LAST_POSITION, metadata={"description": "Without, the end of its kind."})
    staff_id = fields.UUID(metadata={"description": "Who this nurse or prescriber is, where they also sign in."})


class ResourcePatch(Shape):
    name = Text(100)
    capacity = Whole(least=1, most=MOST_UNITS)
    position = Whole(least=0, most=LAST_POSITION)
    staff_id = fields.UUID(allow_none=True, metadata={"description": "Null: no longer anybody who signs in."})


class ResourceOut(Shape):
    id = fields.UUID(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True)
    capacity = fields.Integer(required=True)
    position = fields.Integer(required=True)
    staff_id = fields.UUID(required=True, allow_none=True)
    retired_at = Instant(required=True, allow_none=True)


class SpanOut(Shape):
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class RosteredOut(Shape):
    """A resource with its shifts of the coming 14 days."""

    id = fields.UUID(required=True, attribute="row.id")
    kind = fields.Enum(ResourceKind, by_value=True, required=True, attribute="row.kind")
    name = fields.String(required=True, attribute="row.name")
    capacity = fields.Integer(required=True, attribute="row.capacity")
    position = fields.Integer(required=True, attribute="row.position")
    staff_id = fields.UUID(required=True, allow_none=True, attribute="row.staff_id")
    retired_at = Instant(required=True, allow_none=True, attribute="row.retired_at")
    shifts = fields.List(fields.Nested(SpanOut), required=True)


class ShiftSearch(DatesIn, PageIn):
    """A range of dates, a page at a time."""


class ShiftsIn(Shape):
    """One shift a day, on these weekdays of a range of at most 366 days, by the clinic's wall clock."""

    resource_id = fields.UUID(required=True)
    starts_on = LocalDate(required=True)
    ends_on = LocalDate(required=True)
    weekdays = fields.List(Weekday(), required=True, validate=validate.Length(1, 7))
    begins = Clock(data_key="from", required=True)
    ends = Clock(data_key="to", required=True)


class ShiftPatch(Shape):
    starts_at = Instant()
    ends_at = Instant()


class ShiftOut(SpanOut):
    id = fields.UUID(required=True)
    resource_id = fields.UUID(required=True)
