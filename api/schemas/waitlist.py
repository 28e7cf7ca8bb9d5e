"""Shapes of the waiting list."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Instant, LocalDate, Shape, Weekday, Whole
from api.schemas.booking import WHOLE_DAY, WindowIn
from scheduler.booking.waiting.waitlist import LONGEST_NOTICE_MINUTES, Needs
from scheduler.models import EntryState, Urgency

WINDOW = {"description": "When a visit may start; by default at any time."}
NOTICE = {"description": "The shortest notice, in minutes, at which the patient can come."}
LATEST = {"description": "The last day on which a place is of use."}


def _weekdays(**options: Any) -> fields.List[int]:
    told = {"description": "Only on these; by default on all."}
    return fields.List(Weekday(), validate=validate.Length(1, 7), metadata=told, **options)


class EntryIn(Shape):
    patient_id = fields.UUID(required=True)
    protocol_id = fields.UUID(load_default=None, metadata={"description": "For a new series under this protocol,"})
    series_id = fields.UUID(load_default=None, metadata={"description": "or for the next visit of this series."})
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    earliest = LocalDate(required=True)
    latest = LocalDate(required=True, metadata=LATEST)
    weekdays = _weekdays(load_default=lambda: list(range(7)))
    between = fields.Nested(WindowIn, load_default=lambda: dict(WHOLE_DAY), metadata=WINDOW)
    notice_minutes = Whole(least=0, most=LONGEST_NOTICE_MINUTES, load_default=0, metadata=NOTICE)

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        course = {name: said.pop(name) for name in ("patient_id", "protocol_id", "series_id")}
        return course | {"needs": Needs(**_as_needs(said))}


class EntryPatch(Shape):
    urgency = fields.Enum(Urgency, by_value=True)
    earliest = LocalDate()
    latest = LocalDate(metadata=LATEST)
    weekdays = _weekdays()
    between = fields.Nested(WindowIn, metadata=WINDOW)
    notice_minutes = Whole(least=0, most=LONGEST_NOTICE_MINUTES, metadata=NOTICE)

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return _as_needs(said)


def _as_needs(said: dict[str, Any]) -> dict[str, Any]:
    """What was said of an entry's needs, by the names the domain gives it."""
    if "weekdays" in said:
        said["weekdays"] = frozenset(said["weekdays"])
    if "between" in said:
        window = said.pop("between")
        said["window"] = (window["opens"], window["closes"])
    return said


class EntryOut(Shape):
    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    protocol_id = fields.UUID(required=True, allow_none=True)
    series_id = fields.UUID(required=True, allow_none=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True, attribute="needs.urgency")
    earliest = LocalDate(required=True, attribute="needs.earliest")
    latest = LocalDate(required=True, attribute="needs.latest")
    weekdays = fields.List(Weekday(), required=True)
    between = fields.Nested(WindowIn, required=True, attribute="needs")
    notice_minutes = fields.Integer(required=True, attribute="needs.notice_minutes")
    state = fields.Enum(EntryState, by_value=True, required=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    offered = fields.Boolean(required=True, metadata={"description": "Whether a place is out to the patient."})
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})
