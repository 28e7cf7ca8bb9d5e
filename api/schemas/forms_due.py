"""Which form is due when, as it is asked for and shown."""

from typing import Any

from marshmallow import fields

from api.paging import PageIn
from api.schemas.alerts import AlertPatientOut
from api.schemas.base import Instant, LocalDate, Shape
from scheduler.outcomes.timing.measures import DueState
from scheduler.protocols import Moment


class FormsDueQuery(PageIn):
    """Of which day, and which of them."""

    date = LocalDate(required=True, metadata={"description": "A day of the clinic's calendar."})
    state = fields.Enum(
        DueState,
        by_value=True,
        load_default=None,
        metadata={"description": "Unless said `ahead`, `open` and `overdue`."},
    )


class FormDueOut(Shape):
    """One form that is wanted, and how that stands by now. It keeps nothing from going on."""

    id = fields.UUID(required=True, metadata={"description": "The same for the same form wanted, whenever read."})
    patient_id = fields.UUID(required=True)
    series_id = fields.UUID(required=True, allow_none=True)
    scale = fields.String(required=True)
    moment = fields.Enum(
        Moment, by_value=True, required=True, allow_none=True,
        metadata={"description": "Null where an answer asks for it at once (`because_of`)."},
    )  # fmt: skip
    number = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The infusion it comes before or after, from 1."}
    )
    nth = fields.Integer(required=True, metadata={"description": "The week or the month after the last infusion."})
    required = fields.Boolean(required=True)
    opens_at = Instant(required=True)
    due_at = Instant(required=True)
    closes_at = Instant(
        required=True, allow_none=True, metadata={"description": "Null where it stays due until it is answered."}
    )
    appointment_id = fields.UUID(
        required=True, allow_none=True, attribute="visit", metadata={"description": "The visit it is given at."}
    )
    done_by = fields.UUID(required=True, allow_none=True, metadata={"description": "The form that was given for it."})
    because_of = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The form with the positive answer."}
    )
    state = fields.Enum(DueState, by_value=True, required=True)


class ListedFormDueOut(FormDueOut):
    """A form due, with its patient's name; made from a `ListedDue`."""

    patient = fields.Nested(AlertPatientOut, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if attr == "patient" else obj.due, attr, default)
