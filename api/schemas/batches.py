"""Shapes of batches: who waits, where all of them could be placed, and what was booked."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Shape
from api.schemas.booking import OfferedAppointmentOut, ProposalsIn, SeriesOut
from api.schemas.repairs import DryRunIn, SolvedOut
from scheduler.booking.batches import MOST_WANTED


class WantedIn(ProposalsIn):
    """As in asking for one series; one time of day for all its visits is not looked for."""

    class Meta(ProposalsIn.Meta):
        exclude = ("limit", "same_time")

    @post_load
    def gather_wishes(self, asked: dict[str, Any], **options: Any) -> dict[str, Any]:
        wanted: dict[str, Any] = super().gather_wishes({**asked, "same_time": False}, **options)
        return wanted


class BatchIn(DryRunIn):
    asked = "items"

    items = fields.List(fields.Nested(WantedIn), validate=validate.Length(1, MOST_WANTED))


class PlacedSeriesOut(Shape):
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    protocol_id = fields.UUID(required=True)
    appointments = fields.List(
        fields.Nested(OfferedAppointmentOut), required=True, metadata={"description": "Empty: no whole series fits."}
    )


class BatchOut(SolvedOut):
    plan = fields.String(
        required=True, allow_none=True, metadata={"description": "Opaque; books exactly this. Null where nobody is."}
    )
    placed = fields.Integer(required=True)
    series = fields.List(fields.Nested(PlacedSeriesOut), required=True)


class BookedBatchOut(Shape):
    series = fields.List(fields.Nested(SeriesOut), required=True)


class BatchesOut(Shape):
    """Of a dry run the proposal, of a commit what was booked."""

    proposal = fields.Nested(BatchOut, required=True, allow_none=True)
    committed = fields.Nested(BookedBatchOut, required=True, allow_none=True)
