"""Shapes of letters that have not left."""

from marshmallow import fields

from api.schemas.base import Instant, Shape
from scheduler.booking.letters.outbox import Failure, LetterState
from scheduler.models import MessageKind


class StuckLetterOut(Shape):
    """A letter its patient has not got. It names nobody; the patient's record is not opened for it."""

    id = fields.UUID(required=True)
    kind = fields.Enum(MessageKind, by_value=True, required=True)
    state = fields.Enum(
        LetterState,
        by_value=True,
        required=True,
        metadata={"description": "`late`: its time has come. `failing`: it is tried again at `due_at`. `given_up`."},
    )
    created_at = Instant(required=True)
    due_at = Instant(required=True)
    attempts = fields.Integer(required=True)
    failure = fields.Enum(Failure, by_value=True, required=True, allow_none=True)
