"""Shapes of signing in."""

from marshmallow import fields, validate

from api.schemas.base import Instant, Shape, Text
from scheduler.administration.passwords import LONGEST


class SignInIn(Shape):
    email = Text(255, required=True)
    password = fields.String(required=True, validate=validate.Length(1, LONGEST))
    clinic_id = fields.UUID(metadata={"description": "Needed by those who work in several clinics."})


class PlaceOut(Shape):
    id = fields.UUID(required=True, attribute="clinic_id")
    name = fields.String(required=True, attribute="clinic_name")
    timezone = fields.String(required=True)


class SignInOut(Shape):
    token = fields.String(required=True, metadata={"description": "Shown this once."})
    expires_at = Instant(required=True)
    roles = fields.List(fields.String(), required=True)
    clinic = fields.Nested(PlaceOut, required=True, attribute="place")
