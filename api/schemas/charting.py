"""Shapes of what is charted while a drug is given: pump, devices, vitals, adverse events, and their corrections."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.alerts import AlertOut
from api.schemas.base import Amount, Instant, Shape, Text, Whole
from api.schemas.sessions import VALUE, WHEN, SessionOut
from scheduler.models import ActionTaken, AdverseEventCode, ChartedKind, EndKind, EventOutcome, Relatedness
from scheduler.sessions.drug.infusing import PumpEvent
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.record.corrections import Correction
from scheduler.sessions.watch.adverse_events import Criterion, Untoward
from scheduler.sessions.watch.observations import cadss6_total, mean_arterial
from scheduler.sessions.watch.signals import SignalLevel
from scheduler.treatment import Phase

LONGEST_REASON, LONGEST_NOTE, LONGEST_DRUG = 500, 2000, 200
MOST_CONFIRMED, MOST_ANSWERS = 30, 30
CONFIRMED = {"description": "Names of fields that are meant so, however unlikely: those a refusal has asked about."}
CORRECTED = frozenset({"reason", "withdrawn", "occurred_at", "confirmed"})
"""Of the body of a correction, what is not the row's own."""


class ChartedIn(Shape):
    """Something that happened."""

    occurred_at = Instant(load_default=None, allow_none=True, metadata=WHEN)


def _confirmed() -> fields.List[str]:
    names = Text(60)
    return fields.List(names, load_default=list, validate=validate.Length(max=MOST_CONFIRMED), metadata=CONFIRMED)


class InfusionEventIn(ChartedIn):
    """What was done to the pump."""

    kind = fields.Enum(EventKind, by_value=True, required=True)
    rate_ml_h = Amount(
        3, most="100000", load_default=None, allow_none=True,
        metadata={"description": "What a start, a change of the rate and a resumption set."},
    )  # fmt: skip
    reason = Text(
        LONGEST_REASON, lines=True, load_default=None, allow_none=True,
        metadata={"description": "Needed for a change, a pause, a stop before the bag is empty, a rate not ordered."},
    )  # fmt: skip
    end_kind = fields.Enum(
        EndKind, by_value=True, load_default=None, allow_none=True, metadata={"description": "Of a stop."}
    )
    pump_ml = Amount(
        3, most="100000", load_default=None, allow_none=True,
        metadata={"description": "The volume the pump showed; kept beside what was reckoned."},
    )  # fmt: skip
    pump_reason = Text(
        LONGEST_REASON, lines=True, load_default=None, allow_none=True,
        metadata={"description": "Why the two differ, where they do by more than the clinic allows."},
    )  # fmt: skip
    confirmed = _confirmed()

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        apart = {name: said.pop(name) for name in ("occurred_at", "confirmed")}
        return {**apart, "said": PumpEvent(**said)}


class DeviceIn(ChartedIn):
    """A device that was given."""

    reason = Text(LONGEST_REASON, lines=True, load_default=None, allow_none=True)
    confirmed = _confirmed()


class DevicesEndIn(ChartedIn):
    """Why no more devices are given than were."""

    end_kind = fields.Enum(EndKind, by_value=True, required=True)
    reason = Text(LONGEST_REASON, lines=True, required=True)


def _measured() -> dict[str, Any]:
    """What can be measured; the clinic's bounds say which values are taken."""
    whole = ("hr", "sbp", "dbp", "spo2", "rr", "etco2", "moaas", "rass", "distress", "nausea")
    return {
        **{name: Whole(allow_none=True) for name in whole},
        "o2_l_min": Amount(1, most="1000", allow_none=True),
        "temp_c": Amount(1, most="1000", allow_none=True),
        "cadss6": fields.List(Whole(), allow_none=True, validate=validate.Length(max=MOST_ANSWERS)),
        "note": Text(LONGEST_NOTE, lines=True, allow_none=True),
    }


MeasuredIn = Shape.from_dict(_measured(), name="MeasuredIn")


class VitalsIn(ChartedIn, MeasuredIn):  # type: ignore[misc, valid-type] # marshmallow makes the class from its fields
    """A set of vitals and observations: pressures in mmHg, SpO2 in percent, oxygen in L/min, degrees Celsius."""

    confirmed = _confirmed()

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        apart = {name: said.pop(name) for name in ("occurred_at", "confirmed")}
        return {**apart, "values": said}


class CorrectionIn(Shape):
    """What was wrong, and why it is known to be. What is not named stays."""

    reason = Text(LONGEST_REASON, lines=True, required=True)
    occurred_at = Instant(allow_none=True, load_default=None, metadata=WHEN)
    withdrawn = fields.Boolean(
        truthy={True}, falsy={False}, load_default=False, metadata={"description": "Nothing of the kind happened."}
    )

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        changes = {name: value for name, value in said.items() if name not in CORRECTED}
        correction = Correction(said["reason"], changes, said["occurred_at"], said["withdrawn"])
        confirmed = {"confirmed": said["confirmed"]} if "confirmed" in said else {}
        return {"correction": correction, **confirmed}


class VitalsCorrectionIn(CorrectionIn, MeasuredIn):  # type: ignore[misc, valid-type] # as above
    confirmed = _confirmed()


class InfusionEventCorrectionIn(CorrectionIn):
    rate_ml_h = Amount(3, most="100000", allow_none=True)
    end_kind = fields.Enum(EndKind, by_value=True, allow_none=True)
    pump_ml = Amount(3, most="100000", allow_none=True)
    pump_reason = Text(LONGEST_REASON, lines=True, allow_none=True)
    confirmed = _confirmed()


class AnswerCorrectionIn(CorrectionIn):
    value = fields.Dict(keys=fields.String(), metadata=VALUE)
    note = Text(LONGEST_NOTE, lines=True, allow_none=True)


def _untoward(**options: Any) -> dict[str, Any]:
    """What is said of an adverse event; `options` for what a report must say."""
    return {
        "code": fields.Enum(AdverseEventCode, by_value=True, **options),
        "severity": Whole(least=1, most=5, metadata={"description": "From 1, mild, to 5, fatal."}, **options),
        "serious": fields.Boolean(truthy={True}, falsy={False}, **options),
        "criteria": fields.List(
            fields.Enum(Criterion, by_value=True), validate=validate.Length(max=len(Criterion)),
            metadata={"description": "What makes it serious."},
        ),
        "resolved_at": Instant(allow_none=True),
        "relatedness": fields.Enum(Relatedness, by_value=True, allow_none=True),
        "action": fields.Enum(ActionTaken, by_value=True, allow_none=True),
        "rescue_drug": Text(LONGEST_DRUG, allow_none=True),
        "rescue_dose": Text(LONGEST_DRUG, allow_none=True),
        "outcome": fields.Enum(EventOutcome, by_value=True, allow_none=True),
        "description": Text(LONGEST_NOTE, lines=True, allow_none=True),
        "closed": fields.Boolean(truthy={True}, falsy={False}),
    }  # fmt: skip


class AdverseEventIn(ChartedIn, Shape.from_dict(_untoward(required=True))):  # type: ignore[misc] # as above
    """An adverse event since its onset."""

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        occurred_at = said.pop("occurred_at")
        return {"occurred_at": occurred_at, "event": Untoward(**_criteria_kept(said))}


class AdverseEventVersionIn(Shape.from_dict(_untoward())):  # type: ignore[misc] # as above
    """How an adverse event went on. What is not named stays."""

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {"changes": _criteria_kept(said)}


class AdverseEventCorrectionIn(CorrectionIn, Shape.from_dict(_untoward())):  # type: ignore[misc] # as above
    @post_load
    def gather(self, said: dict[str, Any], **options: Any) -> dict[str, Any]:
        gathered: dict[str, Any] = super().gather(_criteria_kept(said), **options)
        return gathered


def _criteria_kept(said: dict[str, Any]) -> dict[str, Any]:
    return {**said, "criteria": tuple(said["criteria"])} if "criteria" in said else said


class VersionOut(Shape):
    """A charted row, and which it took the place of."""

    id = fields.UUID(required=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(required=True, allow_none=True)
    replaces_id = fields.UUID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    withdrawn = fields.Boolean(required=True)


class InfusionEventOut(VersionOut):
    kind = fields.Enum(ChartedKind, by_value=True, required=True)
    rate_ml_h = Amount(3, required=True, allow_none=True)
    end_kind = fields.Enum(EndKind, by_value=True, required=True, allow_none=True)
    pump_ml = Amount(3, required=True, allow_none=True)
    computed_ml = Amount(3, required=True, allow_none=True)
    pump_reason = fields.String(required=True, allow_none=True)
    dose_mg = Amount(3, required=True, allow_none=True, metadata={"description": "Of a device."})


class RecordedOut(Shape):
    """An event, and the session as it is after it."""

    event = fields.Nested(InfusionEventOut, required=True)
    session = fields.Nested(SessionOut, required=True)


class MeanPressure(fields.Integer):
    """Reckoned from the two pressures each time; null where one of them is missing."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        mean = None if value is None or obj.dbp is None else mean_arterial(value, obj.dbp)
        return super()._serialize(mean, attr, obj, **kwargs)


class CadssTotal(fields.Integer):
    """Reckoned from the answers each time; null where there are none."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(None if value is None else cadss6_total(value), attr, obj, **kwargs)


class VitalsOut(VersionOut):
    phase = fields.Enum(Phase, by_value=True, required=True)
    hr = fields.Integer(required=True, allow_none=True)
    sbp = fields.Integer(required=True, allow_none=True)
    dbp = fields.Integer(required=True, allow_none=True)
    map = MeanPressure(attribute="sbp", required=True, allow_none=True, dump_only=True)
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
    cadss6_total = CadssTotal(attribute="cadss6", required=True, allow_none=True, dump_only=True)
    note = fields.String(required=True, allow_none=True)


class NextVitalsOut(Shape):
    """The set to be taken next."""

    at = Instant(required=True)
    phase = fields.Enum(Phase, by_value=True, required=True)
    overdue = fields.Enum(SignalLevel, by_value=True, required=True, allow_none=True)
    late_minutes = fields.Integer(required=True)


class ChartedVitalsOut(Shape):
    """A set, the alerts it raised, and what is due next."""

    vitals = fields.Nested(VitalsOut, required=True)
    alerts = fields.List(fields.Nested(AlertOut), required=True)
    due = fields.Nested(NextVitalsOut, required=True, allow_none=True)


class SessionVitalsOut(Shape):
    """The sets that stand, in the order in which they were taken, and what is due next."""

    sets = fields.List(fields.Nested(VitalsOut), required=True)
    due = fields.Nested(NextVitalsOut, required=True, allow_none=True)


class DeliveredQuery(Shape):
    at = Instant(load_default=None, metadata={"description": "A moment that has been; now unless told otherwise."})


class DeliveredOut(Shape):
    """What had been given by a moment. Volumes are those of a bag; devices have a dose alone."""

    at = Instant(required=True)
    volume_ml = Amount(3, required=True, allow_none=True)
    dose_mg = Amount(3, required=True)
    rate_ml_h = Amount(3, required=True, allow_none=True)
    left_ml = Amount(3, required=True, allow_none=True)
    left_mg = Amount(3, required=True)
    infusing_minutes = Amount(2, required=True, metadata={"description": "Without pauses."})
    wall_minutes = Amount(2, required=True)
    expected_end_at = Instant(required=True, allow_none=True)


class AdverseEventOut(VersionOut):
    code = fields.Enum(AdverseEventCode, by_value=True, required=True)
    severity = fields.Integer(required=True)
    serious = fields.Boolean(required=True)
    criteria = fields.List(fields.String(validate=validate.OneOf([each.value for each in Criterion])), required=True)
    resolved_at = Instant(required=True, allow_none=True)
    relatedness = fields.Enum(Relatedness, by_value=True, required=True, allow_none=True)
    action = fields.Enum(ActionTaken, by_value=True, required=True, allow_none=True)
    rescue_drug = fields.String(required=True, allow_none=True)
    rescue_dose = fields.String(required=True, allow_none=True)
    outcome = fields.Enum(EventOutcome, by_value=True, required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    closed = fields.Boolean(required=True)


class AnswerVersionOut(VersionOut):
    item = fields.String(required=True)
    value = fields.Dict(keys=fields.String(), required=True, metadata=VALUE)
    note = fields.String(required=True, allow_none=True)
