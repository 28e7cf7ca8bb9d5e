"""Whole sessions in rows, for whoever reads the record: a past one from check-in to signature, and others."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from scheduler.models import (
    ActionTaken,
    AdverseEvent,
    AdverseEventCode,
    Alert,
    AlertKind,
    AlertLevel,
    ChartedKind,
    ChecklistAnswer,
    EndKind,
    EventOutcome,
    InfusionEventRow,
    LedgerEntry,
    LedgerKind,
    Mode,
    NoteKind,
    Purpose,
    Relatedness,
    SessionNote,
    SessionStatus,
    SessionStep,
    StepSource,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.policy import Vitals as VitalsPolicy
from scheduler.sessions.visit.shipped_templates import ESKETAMINE, KETAMINE, SHIPPED
from scheduler.sessions.watch.schedule import Intervals
from scheduler.treatment import Phase
from tests.builders import ClinicCast, clinic_instant
from tests.treatments import order, settings_row, template, visit

NINE = clinic_instant("Mon 09:00")
ARRIVED = NINE - timedelta(minutes=5)
S = SessionStatus
LIFE = (
    (S.CHECKED_IN, -4), (S.PRE_ASSESSMENT, 2), (S.CLEARED, 25), (S.INFUSING, 30), (S.PAUSED, 65), (S.INFUSING, 70),
    (S.INFUSION_ENDED, 82), (S.RECOVERING, 82), (S.READY_FOR_DISCHARGE, 145), (S.DISCHARGED, 150), (S.CLOSED, 165),
)  # fmt: skip
"""Vector G of the domain, in minutes from nine: 150 mL/h for 15 minutes, 100 for 20, a pause of 5, 150 to the end."""


def at(minutes: float) -> datetime:
    """So many minutes after nine."""
    return NINE + timedelta(minutes=minutes)


def documents(drug: str = KETAMINE) -> dict[Purpose, dict[str, Any]]:
    return {purpose: SHIPPED[purpose, drug] for purpose in (Purpose.CLEARANCE, Purpose.DISCHARGE)}


class Chart:
    """A session whose rows are written one by one, each recorded when it happened unless told otherwise."""

    def __init__(self, cast: ClinicCast, status: SessionStatus, steps: Any, **columns: Any) -> None:
        self.cast = cast
        self.session = _begin(cast, status, **columns)
        self.numbers = 0
        before = None
        for number, (to, minutes) in enumerate(steps, 1):
            self.step(number, before, to, at(minutes))
            before = to

    def step(self, number: int, before: Any, to: SessionStatus, moment: datetime, **named: Any) -> SessionStep:
        values = {"recorded_at": moment, "recorded_by": self.cast.clinician.staff_id, **named}
        if to is S.CLEARED:
            values.setdefault("order_id", self.session.order_id)
        return self.cast.keep(
            SessionStep(
                clinic_id=self.cast.id, id=uuid4(), session_id=self.session.id, number=number, from_status=before,
                to_status=to, occurred_at=moment,
                source=StepSource.AUTOMATIC if to is S.RECOVERING else StepSource.PERSON, **values,
            )
        )  # fmt: skip

    def put(self, kind: Any, minutes: float, /, **values: Any) -> Any:
        moment = at(minutes)
        by = self.cast.clinician.staff_id
        said = {"session_id": self.session.id, "recorded_at": moment, "recorded_by": by, **values}
        return self.cast.keep(kind(clinic_id=self.cast.id, id=uuid4(), occurred_at=moment, **said))

    def vitals(self, minutes: float, *measured: int | None, **values: Any) -> Vitals:
        """A set of SBP, DBP, HR and SpO2, and whatever else is named."""
        phase = Phase.BEFORE if minutes < 30 else Phase.INFUSING if minutes <= 82 else Phase.RECOVERY
        said = {"rr": 14, "moaas": 5, "phase": phase, **values}
        return self.put(Vitals, minutes, **dict(zip(("sbp", "dbp", "hr", "spo2"), measured, strict=True)), **said)

    def event(self, minutes: float, kind: ChartedKind, rate: str | None = None, **values: Any) -> InfusionEventRow:
        self.numbers += 1
        said = {"kind": kind, "rate_ml_h": Decimal(rate) if rate else None, "number": self.numbers, **values}
        return self.put(InfusionEventRow, minutes, **said)

    def answer(self, minutes: float, item: str, note: str | None = None, **value: Any) -> ChecklistAnswer:
        return self.put(ChecklistAnswer, minutes, item=item, value=value, note=note)

    def alert(
        self, minutes: float, kind: AlertKind, level: AlertLevel, *, seen: int | None = None, **values: Any
    ) -> Alert:
        acknowledged = {
            "acknowledged_at": at(seen), "acknowledged_by": self.cast.prescriber.staff_id, "note": "Seen at the chair.",
        } if seen else {}  # fmt: skip
        return self.cast.keep(
            Alert(
                clinic_id=self.cast.id, id=uuid4(), patient_id=self.session.patient_id, session_id=self.session.id,
                kind=kind, level=level, raised_at=at(minutes), **acknowledged, **values,
            )
        )  # fmt: skip

    def posting(self, minutes: float, kind: LedgerKind, mg: str, **values: Any) -> LedgerEntry:
        return self.put(LedgerEntry, minutes, kind=kind, mg=Decimal(mg), **values)

    def sign(self, minutes: int) -> None:
        """The note is signed by the prescriber: from here on nothing new is charted."""
        self.step(len(LIFE), self.session.status, S.CLOSED, at(minutes), recorded_by=self.cast.prescriber.staff_id)
        self.session.status, self.session.status_at, self.session.signed_at = S.CLOSED, at(minutes), at(minutes)
        self.session.signed_by = self.cast.prescriber.staff_id
        self.cast.db.flush()  # whoever reads next sees it


def _begin(cast: ClinicCast, status: SessionStatus, **columns: Any) -> TreatmentSession:
    """The row alone: `tests.treatments` writes one step of its own, and steps are never taken back."""
    planned, asked = columns.pop("appointment", None) or visit(cast), columns.pop("documents")
    values = {
        "id": uuid4(), "settings_id": settings_row(cast).id, "mode": Mode.INFUSION, "chair_id": planned.chair_id,
        "clearance_id": template(cast, Purpose.CLEARANCE, asked[Purpose.CLEARANCE]).id,
        "discharge_id": template(cast, Purpose.DISCHARGE, asked[Purpose.DISCHARGE]).id, **columns,
    }  # fmt: skip
    return cast.keep(
        TreatmentSession(
            clinic_id=cast.id, appointment_id=planned.id, patient_id=planned.patient_id,
            protocol_version_id=planned.protocol_version_id, status=status, **values,
        )
    )  # fmt: skip


PULSES = ((20, 122, 76, 68, 98), (40, 130, 80, 76, 98), (50, 138, 86, 82, 97), (60, 147, 92, 88, 96),
          (72, 168, 101, 96, 95), (82, 150, 90, 84, 97), (97, 138, 84, 76, 98), (112, 130, 80, 72, 98),
          (127, 126, 78, 70, 98), (142, 124, 78, 70, 99))  # fmt: skip


def past_session(cast: ClinicCast, **said: Any) -> Chart:
    """A signed session with a rate change, a pause, two alerts, an adverse event, a witnessed waste and a note."""
    columns = {"id": said.pop("id")} if "id" in said else {}
    appointment = visit(cast, patient=cast.patient(**said))
    ordered = order(cast, appointment, signed_by=cast.prescriber.staff_id, signed_at=at(-60))
    chart = Chart(
        cast, S.DISCHARGED, LIFE[:-1], appointment=appointment, documents=documents(), order_id=ordered.id,
        arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2), cleared_at=at(25),
        cleared_by=cast.prescriber.staff_id,
        started_at=at(30), ended_at=at(82), end_kind=EndKind.COMPLETED, ready_at=at(145), discharged_at=at(150),
        chair_free_at=at(155), dose_given_mg=Decimal(35), volume_given_ml=Decimal(100), status_at=at(150),
        **columns,
    )  # fmt: skip
    _answer_all(chart)
    _infuse(chart)
    high = [chart.vitals(*each, cadss6=[1, 0, 2, 1, 0, 0] if each[0] == 72 else None) for each in PULSES][4]
    chart.alert(72, AlertKind.SBP_HIGH, AlertLevel.WARN, seen=74, vitals_id=high.id, value=168, threshold=165)
    chart.alert(72, AlertKind.DBP_HIGH, AlertLevel.URGENT, seen=74, vitals_id=high.id, value=101, threshold=100)
    happened(chart)
    _account(chart)
    chart.put(
        SessionNote, 160, kind=NoteKind.NOTE, text="Tolerated well. Mood lighter; nausea settled after ondansetron."
    )
    chart.sign(165)
    return chart


def happened(chart: Chart) -> AdverseEvent:
    return chart.put(
        AdverseEvent, 64, code=AdverseEventCode.NAUSEA, severity=2, serious=False, criteria=[], closed=True,
        resolved_at=at(80), relatedness=Relatedness.PROBABLE, action=ActionTaken.DRUG_GIVEN,
        rescue_drug="Ondansetron", rescue_dose="4 mg iv", outcome=EventOutcome.RESOLVED,
    )  # fmt: skip


def _infuse(chart: Chart) -> None:
    chart.event(30, ChartedKind.START, "150")
    chart.event(45, ChartedKind.RATE_CHANGE, "100", reason="Dizzy.")
    chart.event(65, ChartedKind.PAUSE, reason="Nausea.")
    chart.event(70, ChartedKind.RESUME, "150")
    chart.event(
        82, ChartedKind.STOP, end_kind=EndKind.COMPLETED, pump_ml=Decimal("99.4"), computed_ml=Decimal(100),
    )  # fmt: skip


def _answer_all(chart: Chart) -> None:
    """The lists as they are answered on a quiet day, but for one flag."""
    for item in SHIPPED[Purpose.CLEARANCE, KETAMINE]["items"]:
        if item["key"] not in {"substance_use", "urine_screen"}:
            chart.answer(10, item["key"], **_quiet(item))
    chart.answer(11, "substance_use", note="Two beers on Saturday.", value=True)
    for item in SHIPPED[Purpose.DISCHARGE, KETAMINE]["items"]:
        chart.answer(144, item["key"], **_quiet(item))


def _quiet(item: dict[str, Any]) -> dict[str, Any]:
    kind = item["kind"]
    if kind == "parts":
        return dict.fromkeys(item["parts"], True)
    if kind == "fasting":
        return {"last_solid_at": at(-720).isoformat(), "last_liquid_at": at(-300).isoformat()}
    if kind == "contact":
        return {"name": "Ida Byron", "phone": "555-0100"}
    if kind == "dated":
        return {"value": item["accepted"], "on": "2026-03-01"}
    return {
        "value": {"number": "70.5", "text": "None", "choice": "low"}.get(
            kind, item["rule"] not in {"flagged", "must_be_no"}
        )
    }


def _account(chart: Chart) -> None:
    cast = chart.cast
    vial = cast.keep(
        Vial(
            clinic_id=cast.id, id=uuid4(), label="V-17", drug="ketamine", strength_mg_ml=Decimal(50),
            volume_ml=Decimal(10), lot="LOT9", expires_on=NINE.date() + timedelta(days=300),
        )
    )  # fmt: skip
    received = {"vial_id": vial.id, "session_id": None, "ml": Decimal(10)}
    chart.posting(-60, LedgerKind.RECEIVED, "500", **received)
    witness = {"witness_id": cast.prescriber.staff_id}
    chart.posting(26, LedgerKind.DRAWN, "37.5", vial_id=vial.id, ml=Decimal("0.75"), **witness)
    chart.posting(83, LedgerKind.GIVEN, "35")
    chart.posting(84, LedgerKind.WASTED, "2.5", **witness, reason="Left in the syringe.")


def bare_session(cast: ClinicCast) -> Chart:
    """Somebody has just come in: nothing is charted yet."""
    return Chart(
        cast, S.CHECKED_IN, LIFE[:1], arrived_at=ARRIVED, checked_in_at=at(-4), status_at=at(-4), documents=documents()
    )


def running_session(cast: ClinicCast, **columns: Any) -> Chart:
    """Infusing since half past nine at 150 mL/h, with two sets of vitals."""
    appointment = columns.pop("appointment", None) or visit(cast)
    ordered = order(cast, appointment, signed_at=at(-60), **columns.pop("ordered", {}))
    chart = Chart(
        cast, S.INFUSING, LIFE[:4], appointment=appointment, documents=documents(), order_id=ordered.id,
        arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2), cleared_at=at(25),
        cleared_by=cast.prescriber.staff_id, started_at=at(30), status_at=at(30), expected_end_at=at(70),
        expected_free_at=at(145), **columns,
    )  # fmt: skip
    chart.event(30, ChartedKind.START, "150")
    for each in PULSES[:2]:
        chart.vitals(*each)
    return chart


def long_session(cast: ClinicCast, sets: int = 60) -> Chart:
    """A pain infusion of four hours, with so many sets of vitals."""
    appointment = visit(cast)
    ordered = order(
        cast, appointment, dose=Decimal("0.35"), dose_unit="mg/kg/h", minutes=240, bag_ml=Decimal(250),
        dose_mg=Decimal(98), rate_ml_h=Decimal("62.5"), rate_mg_h=Decimal("24.5"), signed_at=at(-60),
        concentration_mg_ml=Decimal("0.392"), stock_ml=Decimal("1.96"), rate_mcg_kg_min=Decimal("5.833"),
    )  # fmt: skip
    steps = (*LIFE[:4], (S.INFUSION_ENDED, 270), (S.RECOVERING, 270))
    chart = Chart(
        cast, S.RECOVERING, steps, appointment=appointment, documents=documents(), order_id=ordered.id,
        arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2), cleared_at=at(25), started_at=at(30),
        ended_at=at(270), end_kind=EndKind.COMPLETED, status_at=at(270),
    )  # fmt: skip
    chart.event(30, ChartedKind.START, "62.5")
    chart.event(270, ChartedKind.STOP, end_kind=EndKind.COMPLETED)
    for number, minutes in enumerate(_spread(sets, 20, 310)):
        rise = number * 7 % 23
        chart.vitals(minutes, 118 + rise, 74 + rise // 2, 66 + number % 19, 99 - number % 5, distress=number % 4)
    return chart


def _spread(number: int, first: int, last: int) -> Iterator[int]:
    for each in range(number):
        yield first + each * (last - first) // max(1, number - 1)


def watched(observed: Intervals) -> SessionPolicy:
    """A clinic's settings that watch whoever is given devices so."""
    return SessionPolicy(vitals=VitalsPolicy(observed=observed))


def device_session(cast: ClinicCast, **columns: Any) -> Chart:
    """Three devices five minutes apart, 2 hours of observation, gone home."""
    appointment = visit(cast)
    ordered = order(
        cast, appointment, drug=ESKETAMINE, dose=Decimal(84), dose_unit="mg", minutes=None, bag_ml=None, container=None,
        vial_mg_ml=None, dose_mg=Decimal(84), rate_ml_h=None, rate_mg_h=None, concentration_mg_ml=None, stock_ml=None,
        rate_mcg_kg_min=None, signed_at=at(-60),
    )  # fmt: skip
    steps = (*LIFE[:4], (S.INFUSION_ENDED, 40), (S.RECOVERING, 40), (S.READY_FOR_DISCHARGE, 152), (S.DISCHARGED, 155))
    chart = Chart(
        cast, S.DISCHARGED, steps, appointment=appointment, documents=documents(ESKETAMINE), order_id=ordered.id,
        mode=Mode.DEVICES, arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2), cleared_at=at(25),
        started_at=at(30), ended_at=at(40), end_kind=EndKind.COMPLETED, ready_at=at(152), discharged_at=at(155),
        chair_free_at=at(155), status_at=at(155), dose_given_mg=Decimal(84), **columns,
    )  # fmt: skip
    for minutes in (30, 35, 40):
        chart.event(minutes, ChartedKind.DEVICE, dose_mg=Decimal(28))
    for each in ((20, 118, 74, 66, 98), (71, 150, 92, 84, 97), (110, 132, 84, 74, 98), (150, 122, 76, 68, 99)):
        chart.vitals(*each)
    return chart


def corrected(chart: Chart, old: Any, minutes: float, **values: Any) -> Any:
    """A newer version of a row, recorded so many minutes after nine."""
    kept = {column.key: getattr(old, column.key) for column in type(old).__table__.columns}
    said = {**kept, "id": uuid4(), "replaces_id": old.id, "recorded_at": at(minutes), "reason": "Mistyped.", **values}
    return chart.cast.keep(type(old)(**said))


def ids(entries: Any) -> list[UUID]:
    return [entry.row.id for entry in entries]
