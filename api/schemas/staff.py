"""Shapes of members of staff."""

from typing import Any

from marshmallow import fields, validate

from api.schemas.base import Instant, Shape, Text
from scheduler.actors import Role
from scheduler.administration.accounts import LONGEST_NAME
from scheduler.administration.passwords import LONGEST, SHORTEST


def _roles(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Enum(Role, by_value=True), validate=validate.Length(1, len(Role)), **options)


class StaffIn(Shape):
    name = Text(LONGEST_NAME, required=True)
    email = Text(255, required=True)
    password = fields.String(
        required=True,
        validate=validate.Length(SHORTEST, LONGEST),
        metadata={"description": "Opens this clinic alone; in another, the same person has another."},
    )
    roles = _roles(required=True)


class StaffPatch(Shape):
    name = Text(LONGEST_NAME)
    roles = _roles()


class PasswordIn(Shape):
    current = fields.String(required=True, validate=validate.Length(1, LONGEST))
    new = fields.String(required=True, validate=validate.Length(SHORTEST, LONGEST))


class StaffOut(Shape):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    roles = fields.List(fields.Pluck("RoleOut", "role"), required=True)
    left_at = Instant(required=True, allow_none=True)


class RoleOut(Shape):
    role = fields.Enum(Role, by_value=True, required=True)
