"""Shapes of what is asked of the pictures and the paper of the reports."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Shape
from api.schemas.clinics import DatesIn
from scheduler.utilization.monthly.months import first_of

MONTH = r"^\d{4}-(0[1-9]|1[0-2])\Z"


class ReportPictureIn(DatesIn):
    format = fields.String(load_default="svg", validate=validate.OneOf(("svg", "png")))


class MonthIn(Shape):
    month = fields.String(
        required=True, validate=validate.Regexp(MONTH, error="A month reads like 2026-10."),
        metadata={"description": "Such as 2026-10.", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
    )  # fmt: skip

    @post_load
    def gather(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        asked["month"] = first_of(asked["month"])
        return asked
