"""Shapes of what is due."""

from marshmallow import fields

from api.schemas.base import LocalDate, Shape
from api.schemas.booking import LocalTime
from api.schemas.holds import HoldOut
from api.schemas.offers import OfferOut


class AtRiskOut(Shape):
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "The next infusion has no place: number n"})
    of = fields.Integer(required=True, metadata={"description": "of N."})
    by = LocalDate(required=True, allow_none=True, metadata={"description": "The last day within the greatest gap."})
    days_left = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Until that day; negative once it has passed."}
    )


class DueVisitOut(Shape):
    appointment_id = fields.UUID(required=True)
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    number = fields.Integer(required=True)
    starts_at = LocalTime(required=True)


class DueOut(Shape):
    date = LocalDate(required=True, metadata={"description": "Today, as the clinic's calendar has it."})
    at_risk = fields.List(fields.Nested(AtRiskOut), required=True)
    unconfirmed = fields.List(
        fields.Nested(DueVisitOut), required=True, metadata={"description": "Visits of tomorrow nobody has confirmed."}
    )
    missed = fields.List(
        fields.Nested(DueVisitOut), required=True, metadata={"description": "Visits missed and not made good."}
    )
    holds = fields.List(fields.Nested(HoldOut), required=True)
    offers = fields.List(fields.Nested(OfferOut), required=True)
