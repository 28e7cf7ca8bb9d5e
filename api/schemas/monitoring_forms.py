"""Shapes of monitoring forms."""

from typing import Any

from marshmallow import fields, validate

from api.paging import PageIn
from api.schemas.alerts import AlertPatientOut
from api.schemas.base import Instant, LocalDate, Shape, Text
from scheduler.sessions.leaving.forms import LONGEST_VALUE, MOST_FIELDS
from scheduler.sessions.leaving.monitoring_forms import FormState


class FormsQuery(PageIn):
    """Which forms: of each session the newest number."""

    state = fields.Enum(FormState, by_value=True, load_default=FormState.DUE)


class FormFieldsIn(Shape):
    """What the record does not say, by the keys of the form's fields."""

    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 60)), values=Text(LONGEST_VALUE, lines=True), required=True,
        data_key="fields", validate=validate.Length(1, MOST_FIELDS),
        metadata={"description": "Text; `yes` or `no`, and digits, where a field asks for them."},
    )  # fmt: skip


class FormFieldOut(Shape):
    key = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.String(required=True, allow_none=True)
    asked = fields.Boolean(required=True, metadata={"description": "Nothing in the record says it: it is typed in."})
    missing = fields.Boolean(required=True)


class _FormOut(Shape):
    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    number = fields.Integer(
        required=True, metadata={"description": "One more each time it was filled anew, or something was typed in."}
    )
    due_on = LocalDate(required=True)
    filled_at = Instant(required=True)
    sent_at = Instant(required=True, allow_none=True)
    sent_by = fields.UUID(required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if hasattr(obj, attr) else obj.form, attr, default)


class MonitoringFormOut(_FormOut):
    fields_ = fields.List(fields.Nested(FormFieldOut), required=True, data_key="fields", attribute="fields")
    stale = fields.Boolean(
        required=True, metadata={"description": "Something was charted since it was filled: fill it anew."}
    )


class ListedMonitoringFormOut(_FormOut):
    patient = fields.Nested(AlertPatientOut, required=True)
    stale = fields.Boolean(required=True)
