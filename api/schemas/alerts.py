"""Alerts as they are asked for and shown."""

from typing import Any

from marshmallow import fields

from api.paging import PageIn
from api.schemas.base import Instant, Shape, Text
from scheduler.models import AlertKind, AlertLevel
from scheduler.outcomes.alerts.alerts import AlertState, Whose

LONGEST_NOTE = 2000


class AlertsQuery(PageIn):
    """Which alerts."""

    state = fields.Enum(
        AlertState, by_value=True, load_default=AlertState.OPEN,
        metadata={"description": "`historical`: of scores that were old when imported, to be looked through."},
    )  # fmt: skip
    kind = fields.Enum(AlertKind, by_value=True, load_default=None)
    level = fields.Enum(AlertLevel, by_value=True, load_default=None)
    owner = fields.Enum(
        Whose, by_value=True, load_default=None,
        metadata={"description": "`nobody`: of no owner, or of one who has left the clinic."},
    )  # fmt: skip


class OwnerIn(Shape):
    """Who is to look at an alert."""

    staff_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "A clinician of the clinic; else oneself."}
    )


class AcknowledgementIn(Shape):
    """What was found or done about an alert."""

    note = Text(LONGEST_NOTE, lines=True, required=True)


class AlertOut(Shape):
    """What somebody must look at. It is open while `acknowledged_at` is null."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    assessment_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The answers that show it; or"}
    )
    session_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the session in which it was measured or missed; or"}
    )
    series_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the course in which a score is missing."}
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
    due_at = Instant(
        required=True, allow_none=True, metadata={"description": "When a missing set of vitals, or a score, was due."}
    )
    raised_at = Instant(required=True)
    historical = fields.Boolean(
        required=True, metadata={"description": "The answers were old when they were imported: no clock runs."}
    )
    owner_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Who is to look first; null: every clinician."}
    )
    respond_by = Instant(
        required=True, allow_none=True,
        metadata={"description": "Until when somebody must have answered; calls that follow do not put it off."},
    )  # fmt: skip
    escalations = fields.Integer(
        required=True,
        metadata={
            "description": "How often others were called: quickly at first, then whenever the clinic opens and once a"
            " day at least, until somebody answers."
        },
    )
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
    overdue = fields.Boolean(required=True, metadata={"description": "Nobody has answered by `respond_by`."})
    replaces = fields.UUID(
        required=True, allow_none=True,
        metadata={
            "description": "The alert of this kind about the form that this one's form corrects; each is closed by"
            " itself."
        },
    )  # fmt: skip

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if attr in {"patient", "overdue", "replaces"} else obj.alert, attr, default)
