"""Shapes of the manager's figures."""

from marshmallow import fields

from api.schemas.base import LocalDate, Shape
from api.schemas.clinics import DatesIn
from scheduler.protocols import ResourceKind
from scheduler.utilization.minutes import By


class UtilizationSearch(DatesIn):
    by = fields.Enum(By, by_value=True, load_default=By.DAY)


class LineOut(Shape):
    """By day: the totals of a kind on a date. By resource: the totals of one over all the dates.

    Minutes count once for each unit of capacity. Booked and free make up open exactly.
    """

    date = LocalDate(required=True, allow_none=True, attribute="day")
    resource_id = fields.UUID(required=True, allow_none=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True, allow_none=True)
    capacity = fields.Integer(required=True, allow_none=True)
    open_minutes = fields.Integer(required=True, attribute="minutes.open")
    booked_minutes = fields.Integer(required=True, attribute="minutes.booked")
    free_minutes = fields.Integer(required=True, attribute="minutes.free")
    outside_minutes = fields.Integer(
        required=True,
        attribute="minutes.outside",
        metadata={"description": "Claimed while the resource was not there, after a later change; in no other figure."},
    )
    share = fields.Float(
        required=True,
        allow_none=True,
        attribute="minutes.share",
        metadata={"description": "Booked by open, to four decimals; null where nothing was open."},
    )


class UtilizationOut(Shape):
    first = LocalDate(required=True, data_key="from")
    last = LocalDate(required=True, data_key="to")
    by = fields.Enum(By, by_value=True, required=True)
    items = fields.List(fields.Nested(LineOut), required=True, attribute="lines")
    next = fields.String(required=True, allow_none=True, dump_default=None)
