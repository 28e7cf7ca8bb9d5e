"""Alerts as they are asked for and shown."""

from typing import Any

from marshmallow import fields

from api.paging import PageIn
from api.schemas.base import Instant, Shape, Text
from scheduler.models import AlertKind, AlertLevel
from scheduler.outcomes.alerts.alerts import AlertState

LONGEST_NOTE = 2000


class AlertsQuery(PageIn):
    """Which alerts."""

    state = fields.Enum(AlertState, by_value=True, load_default=AlertState.OPEN)


class AcknowledgementIn(Shape):
    """What was found or done about an alert."""

    note = Text(LONGEST_NOTE, lines=True, required=True)


class AlertOut(Shape):
    """A safety finding. It is open while `acknowledged_at` is null."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    assessment_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The answers that show it; or"}
    )
    session_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the session in which it was measured or missed."}
    )
    vitals_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The set that shows it; null where a set is missing."}
    )
    kind = fields.Enum(AlertKind, by_value=True, required=True)
    level = fields.Enum(
        AlertLevel,
        by_value=True,
        required=True,
        metadata={
            "description": "`review`: during this visit. `warn`: somebody should look. `urgent`: before the patient"
            " leaves; in a session, call the prescriber."
        },
    )
    value = fields.Integer(
        required=True, allow_none=True, metadata={"description": "What was measured, or how many minutes late."}
    )
    threshold = fields.Integer(required=True, allow_none=True)
    sustained = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "It took an earlier reading to make it urgent."}
    )
    due_at = Instant(required=True, allow_none=True, metadata={"description": "When a missing set was due."})
    raised_at = Instant(required=True)
    acknowledged_at = Instant(required=True, allow_none=True)
    acknowledged_by = fields.UUID(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class AlertPatientOut(Shape):
    """Whom an alert is about."""

    id = fields.UUID(required=True)
    mrn = fields.String(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)


class ListedAlertOut(AlertOut):
    """An alert in the list, with its patient's name; made from a `ListedAlert`."""

    patient = fields.Nested(AlertPatientOut, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if attr == "patient" else obj.alert, attr, default)
