"""Shapes of a session: its states and times, what is asked in it, and what was answered."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.paging import PageIn
from api.schemas.alerts import AlertPatientOut
from api.schemas.base import Amount, FaultOut, Instant, Shape, Text
from scheduler.models import DeferralReason, EndKind, Mode, SessionStatus
from scheduler.sessions.lifecycle import NEXT
from scheduler.sessions.record.worklist import WorkState
from scheduler.sessions.visit.answering import Said
from scheduler.sessions.visit.checklists import MOST_ITEMS, Kind, Rule
from scheduler.sessions.visit.judging import State

WHEN = {"description": "When it happened, if not now; never in the future, nor before what came before it."}
VALUE = {
    "description": "By the item's kind: `value` alone, or the names its kind asks for;"
    ' `{"applicable": false}` where it does not apply.',
    "additionalProperties": True,
}


class NextStates(fields.List[Any]):
    """The states that may follow the one this is made from."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[Any] | None:
        return super()._serialize([SessionStatus(each) for each in sorted(NEXT[value])], attr, obj, **kwargs)


class HappenedIn(Shape):
    occurred_at = Instant(load_default=None, metadata=WHEN)


class ChecklistAnswerIn(HappenedIn):
    item = Text(60, required=True, metadata={"description": "The key of an item of either list."})
    value = fields.Dict(keys=fields.String(), required=True, metadata=VALUE)
    note = Text(2000, lines=True, load_default=None)

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> Said:
        return Said(**said)


class AnswersIn(Shape):
    answers = fields.List(
        fields.Nested(ChecklistAnswerIn), required=True, validate=validate.Length(min=1, max=2 * MOST_ITEMS)
    )


class CheckInIn(HappenedIn):
    arrived_at = Instant(
        load_default=None, metadata={"description": "When the patient came, where that is not on record yet."}
    )
    answers = fields.List(
        fields.Nested(ChecklistAnswerIn), load_default=list, validate=validate.Length(max=2 * MOST_ITEMS),
        metadata={"description": "What was asked at the desk already, such as two identifiers."},
    )  # fmt: skip


class RoomingIn(HappenedIn):
    chair_id = fields.UUID(load_default=None, metadata={"description": "Without, the planned chair."})


class ClearanceIn(HappenedIn):
    order_id = fields.UUID(load_default=None, metadata={"description": "Without, the one signed last that holds."})


class DeferralIn(HappenedIn):
    reason = fields.Enum(DeferralReason, by_value=True, required=True)
    note = Text(500, load_default=None, metadata={"description": "Needed where the reason is another one."})


class SessionErrorIn(HappenedIn):
    reason = Text(500, required=True)


class SessionOut(Shape):
    id = fields.UUID(required=True)
    appointment_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    protocol_version_id = fields.UUID(required=True)
    chair_id = fields.UUID(required=True)
    mode = fields.Enum(Mode, by_value=True, required=True)
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    status_at = Instant(required=True, metadata={"description": "Since when it is in this state."})
    legal = NextStates(
        fields.Enum(SessionStatus, by_value=True), attribute="status", required=True, dump_only=True,
        metadata={"description": "The states that may follow."},
    )  # fmt: skip
    settings_id = fields.UUID(required=True)
    clearance_id = fields.UUID(required=True, metadata={"description": "The list asked before the drug."})
    discharge_id = fields.UUID(required=True, metadata={"description": "The list asked before leaving."})
    order_id = fields.UUID(required=True, allow_none=True)
    arrived_at = Instant(required=True)
    checked_in_at = Instant(required=True)
    roomed_at = Instant(required=True, allow_none=True)
    cleared_at = Instant(required=True, allow_none=True)
    cleared_by = fields.UUID(required=True, allow_none=True)
    deferral = fields.Enum(DeferralReason, by_value=True, required=True, allow_none=True)
    started_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    end_kind = fields.Enum(EndKind, by_value=True, required=True, allow_none=True)
    ready_at = Instant(required=True, allow_none=True)
    discharged_at = Instant(required=True, allow_none=True)
    chair_free_at = Instant(required=True, allow_none=True)
    expected_end_at = Instant(required=True, allow_none=True)
    expected_free_at = Instant(required=True, allow_none=True)
    dose_given_mg = Amount(3, required=True, allow_none=True)
    volume_given_ml = Amount(3, required=True, allow_none=True)
    discharge_override = fields.String(required=True, allow_none=True)
    discharge_overridden_by = fields.UUID(required=True, allow_none=True)
    signed_at = Instant(required=True, allow_none=True)
    signed_by = fields.UUID(required=True, allow_none=True)


class SessionsQuery(PageIn):
    """Which sessions."""

    state = fields.Enum(
        WorkState, by_value=True, load_default=WorkState.UNSIGNED,
        metadata={"description": "`unsigned`: the patient has left or was deferred, and nobody has signed."},
    )  # fmt: skip


class ListedSessionOut(SessionOut):
    """A session in the list, with its patient's name; made from a `ListedSession`."""

    patient = fields.Nested(AlertPatientOut, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if attr == "patient" else obj.session, attr, default)


class ChecklistAnswerOut(Shape):
    id = fields.UUID(required=True)
    item = fields.String(required=True)
    value = fields.Dict(keys=fields.String(), required=True, metadata=VALUE)
    note = fields.String(required=True, allow_none=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(required=True, allow_none=True)


class ChecklistItemOut(Shape):
    key = fields.String(required=True)
    label = fields.String(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    rule = fields.Enum(Rule, by_value=True, required=True)
    blocking = fields.Boolean(required=True)
    if_applicable = fields.Boolean(required=True)
    parts = fields.List(fields.String(), required=True)


class ClearanceItemOut(Shape):
    item = fields.Nested(ChecklistItemOut, required=True, attribute="judged.item")
    state = fields.Enum(State, by_value=True, required=True, attribute="judged.state")
    words = fields.String(required=True, attribute="judged.words")
    is_in_the_way = fields.Boolean(required=True, attribute="judged.is_in_the_way")
    answer = fields.Nested(ChecklistAnswerOut, required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "The name of who answered."})


class ClearanceOut(Shape):
    at = Instant(required=True, metadata={"description": "The moment for which it was judged."})
    order_id = fields.UUID(required=True, allow_none=True)
    items = fields.List(fields.Nested(ClearanceItemOut), required=True)
    faults = fields.List(
        fields.Nested(FaultOut), required=True,
        metadata={"description": "What keeps the patient from being cleared; nothing where it is empty."},
    )  # fmt: skip
