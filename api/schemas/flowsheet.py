"""The shape of a flowsheet: a session's whole record, field by field."""

from typing import Any

from marshmallow import fields

from api.schemas.base import Amount, Instant, Shape
from api.schemas.sessions import VALUE
from scheduler.models import (
    ActionTaken,
    AdverseEventCode,
    AlertKind,
    AlertLevel,
    ChartedKind,
    Container,
    DeferralReason,
    EndKind,
    EventOutcome,
    LedgerKind,
    Mode,
    NoteKind,
    OrderState,
    Relatedness,
    SessionStatus,
    StepSource,
)
from scheduler.sessions.watch.signals import SignalLevel
from scheduler.treatment import Basis, Phase, Sex


def told(text: str) -> dict[str, str]:
    return {"description": text}


class FlowsheetQuery(Shape):
    as_of = Instant(load_default=None, metadata=told("The record as it was known then; without, as it is known now."))


class FlowsheetHeadOut(Shape):
    patient_id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    mrn = fields.String(required=True)
    birth_date = fields.Date(required=True)
    clinic = fields.String(required=True)
    timezone = fields.String(required=True)
    protocol = fields.String(required=True)
    drug = fields.String(required=True)
    route = fields.String(required=True)
    number = fields.Integer(required=True, metadata=told("Infusion n"))
    of = fields.Integer(required=True, metadata=told("of N."))
    chair = fields.String(required=True)
    nurse = fields.String(required=True, allow_none=True)
    prescriber = fields.String(required=True, allow_none=True)


class FlowsheetSessionOut(Shape):
    id = fields.UUID(required=True)
    appointment_id = fields.UUID(required=True)
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    status_at = Instant(required=True)
    mode = fields.Enum(Mode, by_value=True, required=True)
    deferral = fields.Enum(DeferralReason, by_value=True, required=True, allow_none=True)
    end_kind = fields.Enum(EndKind, by_value=True, required=True, allow_none=True)
    discharge_override = fields.String(required=True, allow_none=True)
    discharge_waived = fields.List(fields.String(), required=True, allow_none=True)
    discharge_overridden_by = fields.String(required=True, allow_none=True)
    signed_at = Instant(required=True, allow_none=True, metadata=told("Null: nobody stands for this record yet."))
    signed_by = fields.String(required=True, allow_none=True)


class FlowsheetTimesOut(Shape):
    scheduled_at = Instant(required=True)
    arrived_at = Instant(required=True)
    checked_in_at = Instant(required=True)
    roomed_at = Instant(required=True, allow_none=True)
    cleared_at = Instant(required=True, allow_none=True)
    started_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    ready_at = Instant(required=True, allow_none=True)
    discharged_at = Instant(required=True, allow_none=True)
    chair_free_at = Instant(required=True, allow_none=True)
    expected_end_at = Instant(required=True, allow_none=True)
    expected_free_at = Instant(required=True, allow_none=True)


class FlowsheetDurationsOut(Shape):
    """Whole seconds; null where the end has not come, but for the infusion, which counts so far."""

    wait = fields.Integer(required=True, allow_none=True)
    preparation = fields.Integer(required=True, allow_none=True)
    infusion = fields.Integer(required=True, allow_none=True, metadata=told("By the clock on the wall."))
    infusing = fields.Integer(required=True, allow_none=True, metadata=told("Without pauses and an empty bag."))
    recovery = fields.Integer(required=True, allow_none=True)
    chair = fields.Integer(required=True, allow_none=True)


class FlowsheetStepOut(Shape):
    number = fields.Integer(required=True)
    from_status = fields.Enum(SessionStatus, by_value=True, required=True, allow_none=True)
    to_status = fields.Enum(SessionStatus, by_value=True, required=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    by = fields.String(required=True, allow_none=True)
    source = fields.Enum(StepSource, by_value=True, required=True)
    reason = fields.String(required=True, allow_none=True)


class OfRow(Shape):
    """Made from something that has a `row`: what it does not say itself, its row does."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if hasattr(obj, attr) else obj.row, attr, default)


class FlowsheetOrderOut(OfRow):
    id = fields.UUID(required=True)
    state = fields.Enum(OrderState, by_value=True, required=True)
    drug = fields.String(required=True)
    weight_kg = Amount(3, required=True)
    height_cm = Amount(1, required=True, allow_none=True)
    sex = fields.Enum(Sex, by_value=True, required=True, allow_none=True)
    basis = fields.Enum(Basis, by_value=True, required=True)
    dosing_weight_kg = Amount(3, required=True)
    dose = Amount(3, required=True)
    dose_unit = fields.String(required=True)
    minutes = fields.Integer(required=True, allow_none=True)
    container = fields.Enum(Container, by_value=True, required=True, allow_none=True)
    vial_mg_ml = Amount(3, required=True, allow_none=True)
    bag_ml = Amount(3, required=True, allow_none=True)
    dose_mg = Amount(3, required=True)
    concentration_mg_ml = Amount(4, required=True, allow_none=True)
    stock_ml = Amount(3, required=True, allow_none=True)
    rate_ml_h = Amount(3, required=True, allow_none=True)
    rate_mg_h = Amount(3, required=True, allow_none=True)
    rate_mcg_kg_min = Amount(3, required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    written_at = Instant(required=True)
    written_by = fields.String(required=True, allow_none=True)
    signed_at = Instant(required=True, allow_none=True)
    signed_by = fields.String(required=True, allow_none=True)


class StretchOut(Shape):
    start = Instant(data_key="from", required=True)
    end = Instant(data_key="to", required=True)
    rate_ml_h = Amount(3, required=True)
    rate_mg_h = Amount(3, required=True)
    ml = Amount(3, required=True)
    mg = Amount(3, required=True)


class ReadingOut(Shape):
    at = Instant(required=True)
    ml = Amount(3, required=True, allow_none=True)
    mg = Amount(3, required=True)


class GivenOut(Shape):
    ordered_mg = Amount(3, required=True, allow_none=True)
    bag_ml = Amount(3, required=True, allow_none=True)
    delivered_ml = Amount(3, required=True, allow_none=True)
    delivered_mg = Amount(3, required=True)
    left_ml = Amount(3, required=True, allow_none=True)
    left_mg = Amount(3, required=True, allow_none=True)
    rate_ml_h = Amount(3, required=True, allow_none=True, metadata=told("At `at`; 0 where nothing runs."))
    rate_mg_h = Amount(3, required=True, allow_none=True)
    expected_end_at = Instant(required=True, allow_none=True)
    stretches = fields.List(fields.Nested(StretchOut), required=True, metadata=told("The pump, rate by rate."))
    course = fields.List(fields.Nested(ReadingOut), required=True, metadata=told("Given in all, by each change."))


class ChartedOut(OfRow):
    """A charted fact: the newest version that stands, and in `earlier` those before it, the newest first."""

    id = fields.UUID(required=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata=told("Why it was corrected, or done."))


class VitalsVersionOut(ChartedOut):
    phase = fields.Enum(Phase, by_value=True, required=True)
    hr = fields.Integer(required=True, allow_none=True)
    sbp = fields.Integer(required=True, allow_none=True)
    dbp = fields.Integer(required=True, allow_none=True)
    mean_pressure = fields.Integer(required=True, allow_none=True, metadata=told("(SBP + 2 DBP) / 3."))
    spo2 = fields.Integer(required=True, allow_none=True)
    o2_l_min = Amount(1, required=True, allow_none=True)
    rr = fields.Integer(required=True, allow_none=True)
    etco2 = fields.Integer(required=True, allow_none=True)
    temp_c = Amount(1, required=True, allow_none=True)
    moaas = fields.Integer(required=True, allow_none=True)
    rass = fields.Integer(required=True, allow_none=True)
    distress = fields.Integer(required=True, allow_none=True)
    nausea = fields.Integer(required=True, allow_none=True)
    cadss6 = fields.List(fields.Integer(), required=True, allow_none=True)
    cadss6_total = fields.Integer(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class InfusionEventVersionOut(ChartedOut):
    kind = fields.Enum(ChartedKind, by_value=True, required=True)
    rate_ml_h = Amount(3, required=True, allow_none=True)
    end_kind = fields.Enum(EndKind, by_value=True, required=True, allow_none=True)
    pump_ml = Amount(3, required=True, allow_none=True, metadata=told("What the pump showed,"))
    computed_ml = Amount(3, required=True, allow_none=True, metadata=told("what had been given as reckoned,"))
    pump_reason = fields.String(required=True, allow_none=True, metadata=told("and why the two differ."))
    dose_mg = Amount(3, required=True, allow_none=True, metadata=told("Of a device."))


class SheetAnswerOut(ChartedOut):
    item = fields.String(required=True)
    value = fields.Dict(keys=fields.String(), required=True, metadata=VALUE)
    note = fields.String(required=True, allow_none=True)


class AdverseEventVersionOut(ChartedOut):
    code = fields.Enum(AdverseEventCode, by_value=True, required=True)
    resolved_at = Instant(required=True, allow_none=True)
    severity = fields.Integer(required=True)
    serious = fields.Boolean(required=True)
    criteria = fields.List(fields.String(), required=True)
    relatedness = fields.Enum(Relatedness, by_value=True, required=True, allow_none=True)
    action = fields.Enum(ActionTaken, by_value=True, required=True, allow_none=True)
    rescue_drug = fields.String(required=True, allow_none=True)
    rescue_dose = fields.String(required=True, allow_none=True)
    outcome = fields.Enum(EventOutcome, by_value=True, required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    closed = fields.Boolean(required=True)


class NoteVersionOut(ChartedOut):
    kind = fields.Enum(NoteKind, by_value=True, required=True)
    text = fields.String(required=True)


class VitalsSetOut(VitalsVersionOut):
    earlier = fields.List(fields.Nested(VitalsVersionOut), required=True)


class InfusionEventSeenOut(InfusionEventVersionOut):
    earlier = fields.List(fields.Nested(InfusionEventVersionOut), required=True)


class AnswerSeenOut(SheetAnswerOut):
    earlier = fields.List(fields.Nested(SheetAnswerOut), required=True)


class AdverseEventSeenOut(AdverseEventVersionOut):
    earlier = fields.List(fields.Nested(AdverseEventVersionOut), required=True)


class NoteSeenOut(NoteVersionOut):
    earlier = fields.List(fields.Nested(NoteVersionOut), required=True)


class SheetDuePointOut(Shape):
    at = Instant(required=True)
    phase = fields.Enum(Phase, by_value=True, required=True)
    taken_at = Instant(required=True, allow_none=True, metadata=told("Null: it was missed."))


class SheetDueOut(Shape):
    at = Instant(required=True)
    phase = fields.Enum(Phase, by_value=True, required=True)
    overdue = fields.Enum(SignalLevel, by_value=True, required=True, allow_none=True)
    late_minutes = fields.Integer(required=True)


class AskedOut(Shape):
    item = fields.String(required=True)
    label = fields.String(required=True)
    warned = fields.Boolean(required=True, metadata=told("The answer is none that says all is well."))
    words = fields.String(required=True)
    answer = fields.Nested(AnswerSeenOut, required=True, allow_none=True)


class SessionAlertOut(Shape):
    id = fields.UUID(required=True)
    kind = fields.Enum(AlertKind, by_value=True, required=True)
    level = fields.Enum(AlertLevel, by_value=True, required=True)
    raised_at = Instant(required=True)
    vitals_id = fields.UUID(required=True, allow_none=True)
    value = fields.Integer(required=True, allow_none=True)
    threshold = fields.Integer(required=True, allow_none=True)
    sustained = fields.Boolean(required=True, allow_none=True)
    acknowledged_at = Instant(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class PostingOut(Shape):
    id = fields.UUID(required=True)
    kind = fields.Enum(LedgerKind, by_value=True, required=True)
    ml = Amount(3, required=True, allow_none=True)
    mg = Amount(3, required=True, metadata=told("The opposite, where it takes another entry back."))
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    by = fields.String(required=True, allow_none=True)
    witness = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    about_id = fields.UUID(required=True, allow_none=True)
    vial = fields.String(required=True, allow_none=True)
    lot = fields.String(required=True, allow_none=True)


class FlowsheetBalanceOut(Shape):
    """Milligrams of this session, and what was drawn and is not accounted for."""

    drawn = Amount(3, required=True)
    given = Amount(3, required=True)
    wasted = Amount(3, required=True)
    returned = Amount(3, required=True)
    outstanding = Amount(3, required=True)
    balanced = fields.Boolean(required=True)


class WithdrawnOut(Shape):
    """What was charted by mistake and taken back, with the versions before."""

    vitals = fields.List(fields.Nested(VitalsSetOut), required=True)
    infusion_events = fields.List(fields.Nested(InfusionEventSeenOut), required=True)
    answers = fields.List(fields.Nested(AnswerSeenOut), required=True)
    adverse_events = fields.List(fields.Nested(AdverseEventSeenOut), required=True)
    notes = fields.List(fields.Nested(NoteSeenOut), required=True)


class FlowsheetOut(Shape):
    at = Instant(required=True, metadata=told("The moment for which all of it holds."))
    as_of = Instant(required=True, allow_none=True)
    head = fields.Nested(FlowsheetHeadOut, required=True)
    session = fields.Nested(FlowsheetSessionOut, required=True)
    times = fields.Nested(FlowsheetTimesOut, required=True)
    durations = fields.Nested(FlowsheetDurationsOut, required=True)
    steps = fields.List(fields.Nested(FlowsheetStepOut), required=True)
    order = fields.Nested(FlowsheetOrderOut, required=True, allow_none=True)
    given = fields.Nested(GivenOut, required=True, allow_none=True)
    vitals = fields.List(fields.Nested(VitalsSetOut), required=True)
    due = fields.List(fields.Nested(SheetDuePointOut), required=True, metadata=told("Every set that was due so far."))
    next_due = fields.Nested(SheetDueOut, required=True, allow_none=True)
    infusion_events = fields.List(fields.Nested(InfusionEventSeenOut), required=True)
    checklist = fields.List(fields.Nested(AskedOut), required=True)
    discharge = fields.List(fields.Nested(AskedOut), required=True)
    unasked = fields.List(
        fields.Nested(AnswerSeenOut), required=True,
        metadata=told("Answers to what neither list asks: `scores_waived` says why there are no scores."),
    )  # fmt: skip
    adverse_events = fields.List(fields.Nested(AdverseEventSeenOut), required=True)
    alerts = fields.List(fields.Nested(SessionAlertOut), required=True)
    ledger = fields.List(fields.Nested(PostingOut), required=True)
    balance = fields.Nested(FlowsheetBalanceOut, required=True)
    notes = fields.List(fields.Nested(NoteSeenOut), required=True)
    withdrawn = fields.Nested(WithdrawnOut, required=True)
