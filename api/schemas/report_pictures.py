"""Shapes of what is asked of the pictures and the paper of the reports."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Shape
from api.schemas.clinics import DatesIn
from scheduler.utilization.months import READS_LIKE, first_of


class ReportPictureIn(DatesIn):
    format = fields.String(load_default="svg", validate=validate.OneOf(("svg", "png")))


class MonthIn(Shape):
    month = fields.String(
        required=True, validate=validate.Regexp(rf"\A{READS_LIKE}\Z", error="A month reads like 2026-10."),
        metadata={"description": "Such as 2026-10.", "pattern": f"^{READS_LIKE}$"},
    )  # fmt: skip

    @post_load
    def gather(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        asked["month"] = first_of(asked["month"])
        return asked
