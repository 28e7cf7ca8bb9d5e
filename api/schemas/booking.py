"""Shapes of proposals, series and the board."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Clock, LocalDate, Shape, Text, Weekday, Whole
from scheduler import clinic_time
from scheduler.booking.explain import MESSAGES
from scheduler.booking.opaque import LARGEST_PLAN
from scheduler.booking.plans import OPEN_END, Wishes
from scheduler.booking.propose import MOST_PROPOSALS
from scheduler.booking.waivers import Waiver
from scheduler.models import AppointmentStatus, Diagnosis, EndReason, OverrideRule, SeriesStatus, SessionStatus
from scheduler.protocols import ResourceKind

USUAL_PROPOSALS = 3
WHOLE_DAY = {"opens": 0, "closes": clinic_time.DAY_MINUTES}


class LocalTime(fields.AwareDateTime):
    """An instant written with the clinic's own offset."""


class WindowIn(Shape):
    opens = Clock(data_key="from", required=True, metadata={"description": "Visits start at this time or later,"})
    closes = Clock(data_key="to", required=True, metadata={"description": "and before this one."})


class ProposalsIn(Shape):
    patient_id = fields.UUID(required=True)
    protocol_id = fields.UUID(required=True)
    earliest = LocalDate(required=True, metadata={"description": "No visit before this day."})
    latest = LocalDate(metadata={"description": "No visit after this day; by default four weeks plus the span."})
    weekdays = fields.List(
        Weekday(), validate=validate.Length(1, 7), metadata={"description": "Only on these; by default on all."}
    )
    between = fields.Nested(WindowIn, metadata={"description": "Start of each visit; by default any time."})
    same_time = fields.Boolean(
        truthy={True}, falsy={False}, load_default=False, metadata={"description": "Every visit at one time of day."}
    )
    nurse_id = fields.UUID(metadata={"description": "Preferred: kept where it can be."})
    chair_id = fields.UUID(metadata={"description": "Preferred: kept where it can be."})
    limit = Whole(least=1, most=MOST_PROPOSALS, load_default=USUAL_PROPOSALS)

    @post_load
    def gather_wishes(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        window = asked.pop("between", WHOLE_DAY)
        asked["wishes"] = Wishes(
            earliest=asked.pop("earliest"),
            latest=asked.pop("latest", OPEN_END),
            weekdays=frozenset(asked.pop("weekdays", range(7))),
            window=(window["opens"], window["closes"]),
            same_time=asked.pop("same_time"),
            nurse_id=asked.pop("nurse_id", None),
            chair_id=asked.pop("chair_id", None),
        )
        return asked


class ClaimOut(Shape):
    resource_id = fields.UUID(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True)
    start = LocalTime(data_key="from", required=True)
    end = LocalTime(data_key="to", required=True)
    units = fields.Integer(required=True)


class OfferedAppointmentOut(Shape):
    number = fields.Integer(required=True)
    starts_at = LocalTime(required=True)
    ends_at = LocalTime(required=True)
    claims = fields.List(fields.Nested(ClaimOut), required=True)


class ReasonOut(Shape):
    code = fields.String(required=True)
    points = fields.Integer(required=True, metadata={"description": "This reason's part of the score."})
    message = fields.String(required=True)


class ProposalOut(Shape):
    text = fields.String(
        data_key="proposal", required=True, metadata={"description": "Opaque; books exactly this plan."}
    )
    score = fields.Integer(required=True, metadata={"description": "The lower, the better: the sum of the points."})
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    appointments = fields.List(fields.Nested(OfferedAppointmentOut), required=True)


class ShortageOut(Shape):
    reason = fields.String(required=True, validate=validate.OneOf(sorted(MESSAGES)))
    days = fields.Integer(required=True, metadata={"description": "On how many of the days that were left."})
    message = fields.String(required=True)


class LooseningOut(Shape):
    wish = fields.String(required=True, metadata={"description": "The wish given up, by its name in the request."})
    message = fields.String(required=True)
    first = LocalDate(required=True, allow_none=True, metadata={"description": "First day of the best series then."})
    last = LocalDate(required=True, allow_none=True, metadata={"description": "Null where it would not help."})


class ExplanationOut(Shape):
    infusion = fields.Integer(required=True, metadata={"description": "The first infusion that finds no place."})
    reason = fields.String(required=True)
    message = fields.String(required=True)
    between = fields.List(LocalDate(), required=True, metadata={"description": "First and last day it could fall on."})
    shortages = fields.List(fields.Nested(ShortageOut), required=True)
    loosening = fields.List(fields.Nested(LooseningOut), required=True)


class ProposalsOut(Shape):
    proposals = fields.List(fields.Nested(ProposalOut), required=True)
    explanation = fields.Nested(ExplanationOut, required=True, allow_none=True)


class OverrideIn(Shape):
    """Rules of policy set aside, by those who may, with a reason that is kept."""

    rules = fields.List(fields.Enum(OverrideRule, by_value=True), required=True, validate=validate.Length(1, 5))
    reason = Text(500, required=True)

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> Waiver:
        return Waiver(frozenset(said["rules"]), said["reason"])


def diagnosis_field(**options: Any) -> "fields.Enum[Diagnosis]":
    told = "For what it is given, as reports group courses; the diagnosis itself is in the record."
    return fields.Enum(Diagnosis, by_value=True, allow_none=True, metadata={"description": told}, **options)


class SeriesIn(Shape):
    proposal = fields.String(required=True, validate=validate.Length(1, LARGEST_PLAN))
    hold_id = fields.UUID(load_default=None, metadata={"description": "Your hold that keeps these places, if any."})
    override = fields.Nested(OverrideIn, load_default=None)
    diagnosis = diagnosis_field(load_default=None)


class NamedResourceOut(Shape):
    resource_id = fields.UUID(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True)


class AppointmentOut(Shape):
    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    status = fields.Enum(AppointmentStatus, by_value=True, required=True)
    fhir_status = fields.String(required=True, metadata={"description": "FHIR R4's word for it."})
    starts_at = LocalTime(required=True)
    ends_at = LocalTime(required=True)
    resources = fields.List(fields.Nested(NamedResourceOut), required=True)
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})


class SeriesOut(Shape):
    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    protocol_id = fields.UUID(required=True)
    protocol_version = fields.Integer(required=True)
    protocol_name = fields.String(required=True)
    status = fields.Enum(SeriesStatus, by_value=True, required=True)
    reason = fields.Enum(EndReason, by_value=True, required=True, allow_none=True)
    infusions = fields.Integer(required=True, metadata={"description": "How many it is to have."})
    follows_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The series before it."})
    diagnosis = diagnosis_field(required=True)
    booked_at = LocalTime(required=True)
    appointments = fields.List(fields.Nested(AppointmentOut), required=True)


class DiagnosisIn(Shape):
    diagnosis = diagnosis_field(required=True)


class SeriesListOut(Shape):
    items = fields.List(fields.Nested(SeriesOut), required=True)
    next = fields.String(required=True, allow_none=True)


class BoardIn(Shape):
    date = LocalDate(required=True)


class BoardAppointmentOut(Shape):
    id = fields.UUID(required=True)
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Infusion n"})
    of = fields.Integer(required=True, metadata={"description": "of N."})
    status = fields.Enum(AppointmentStatus, by_value=True, required=True)
    starts_at = LocalTime(required=True)
    ends_at = LocalTime(required=True)
    nurse = fields.String(required=True, allow_none=True)
    prescriber = fields.String(required=True, allow_none=True)
    late_minutes = fields.Integer(
        required=True, allow_none=True,
        metadata={"description": "How long past its start the patient is expected, or came; null where in time."},
    )  # fmt: skip
    overrides = fields.List(
        fields.Enum(OverrideRule, by_value=True), required=True, metadata={"description": "Rules set aside for it."}
    )
    phase = fields.Enum(
        SessionStatus, by_value=True, required=True, allow_none=True,
        metadata={"description": "How far its session is; null before the check-in."},
    )  # fmt: skip
    expected_end = LocalTime(
        required=True, allow_none=True, metadata={"description": "When the chair will be free again, as it looks now."}
    )
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})
    forms_due = fields.Boolean(
        required=True,
        metadata={"description": "Of today: a form should be put before this patient, as `GET /assessments/due` says."},
    )


class BoardHoldOut(Shape):
    hold_id = fields.UUID(required=True)
    offer_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Where it is an offer to a waiting patient."}
    )
    patient_id = fields.UUID(required=True)
    initials = fields.String(required=True)
    starts_at = LocalTime(required=True)
    ends_at = LocalTime(required=True)
    owner = fields.String(required=True, allow_none=True, metadata={"description": "Who holds it, or offered it."})
    expires_at = LocalTime(required=True)


class BoardChairOut(Shape):
    resource_id = fields.UUID(required=True)
    name = fields.String(required=True)
    appointments = fields.List(fields.Nested(BoardAppointmentOut), required=True)
    holds = fields.List(fields.Nested(BoardHoldOut), required=True)


class BoardOut(Shape):
    date = LocalDate(required=True)
    timezone = fields.String(required=True)
    chairs = fields.List(fields.Nested(BoardChairOut), required=True)
