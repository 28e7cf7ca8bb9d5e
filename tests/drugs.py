"""Drug for the tests' sessions: drawn up before a witness, and what is done to the pump."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.errors import DomainError
from scheduler.models import (
    ChecklistAnswer,
    EndKind,
    InfusionEventRow,
    LedgerEntry,
    LedgerKind,
    Mode,
    Purpose,
    SessionStatus,
    TreatmentSession,
    Vial,
    Vitals,
)
from scheduler.sessions.drug.devices import give_device
from scheduler.sessions.drug.infusing import Delivered, PumpEvent, Recorded, delivered, record_event
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.record.corrections import Correction
from scheduler.sessions.record.recharting import correct_event
from tests.builders import ClinicCast, clinic_instant
from tests.scheduler.sessions.answered import baseline
from tests.treatments import ARRIVAL, order, session_in, visit

MINUTE = timedelta(minutes=1)
START = clinic_instant("Mon 09:30")
NOON = clinic_instant("Mon 12:00")
TOMORROW = START.date() + timedelta(days=1)
WEIGHED = {"items": [{"key": "weight", "label": "Weight today in kg", "kind": "number", "rule": "weight"}]}
LATER = NOON + 60 * MINUTE
NUMBERS = ("rate_ml_h", "pump_ml")
STOP = {"end_kind": EndKind.STOPPED_EARLY, "reason": "Distress."}


def drawn_for(cast: ClinicCast, session: TreatmentSession, **changes: Any) -> LedgerEntry:
    """35 mg drawn from a new vial for this session, the prescriber having watched."""
    label = f"V-{uuid4()}"
    vial = cast.keep(
        Vial(
            clinic_id=cast.id, id=uuid4(), label=label, drug="ketamine", strength_mg_ml=Decimal(50),
            volume_ml=Decimal(10), lot="L1", expires_on=ARRIVAL.date() + timedelta(days=400),
        )
    )  # fmt: skip
    said = {
        "clinic_id": cast.id, "vial_id": vial.id, "occurred_at": ARRIVAL, "recorded_at": ARRIVAL,
        "recorded_by": cast.clinician.staff_id, "witness_id": cast.prescriber.staff_id,
    }  # fmt: skip
    cast.keep(LedgerEntry(id=uuid4(), kind=LedgerKind.RECEIVED, ml=Decimal(10), mg=Decimal(500), **said))
    drawn = {"session_id": session.id, "ml": Decimal("0.7"), "mg": Decimal(35), **said, **changes}
    return cast.keep(LedgerEntry(id=uuid4(), kind=LedgerKind.DRAWN, **drawn))


def cleared(cast: ClinicCast, status: SessionStatus = SessionStatus.CLEARED, **changes: Any) -> TreatmentSession:
    """A session with the order of vector A, its drug drawn up before a witness."""
    drawn = changes.pop("drawn", {})
    appointment = changes.pop("appointment", None) or visit(cast, patient=cast.patient(consent_until=TOMORROW))
    chosen = {
        "order_id": order(cast, appointment, **changes.pop("ordered", {})).id,
        "documents": {Purpose.CLEARANCE: WEIGHED}, **changes,
    }  # fmt: skip
    session = session_in(cast, status, appointment=appointment, **chosen)
    drawn_for(cast, session, **drawn)
    if status is SessionStatus.CLEARED:
        assess(cast, session)
    return session


def assess(cast: ClinicCast, session: TreatmentSession, at: datetime = START - 10 * MINUTE) -> Vitals:
    """What the drug is not begun without: a weight of 70 kg on arrival, and a baseline."""
    said = {"occurred_at": ARRIVAL, "recorded_at": ARRIVAL, "recorded_by": cast.clinician.staff_id}
    cast.keep(
        ChecklistAnswer(
            clinic_id=cast.id, id=uuid4(), session_id=session.id, item="weight", value={"value": "70"}, **said
        )
    )  # fmt: skip
    return baseline(cast, session, at)


def pump(
    cast: ClinicCast, session: TreatmentSession, kind: str, minutes: float | None = None, *, now: datetime = NOON,
    confirmed: Collection[str] = (), **said: Any,
) -> Recorded:  # fmt: skip
    """Chart, at noon, what was done to the pump so many minutes after `START`."""
    numbers = {name: Decimal(said[name]) for name in NUMBERS if said.get(name) is not None}
    at = None if minutes is None else START + minutes * MINUTE
    event = PumpEvent(EventKind(kind), **{**said, **numbers})
    return record_event(
        cast.db, session.id, event, occurred_at=at, confirmed=confirmed, actor=cast.clinician, now=now
    )  # fmt: skip


def for_devices(cast: ClinicCast, dose_mg: int = 84, **changes: Any) -> TreatmentSession:
    """A cleared session of so many milligrams of esketamine."""
    spray = {
        "drug": "esketamine", "dose": Decimal(dose_mg), "dose_mg": Decimal(dose_mg), "dose_unit": "mg",
        **dict.fromkeys(
            (
                "minutes", "vial_mg_ml", "container", "bag_ml", "concentration_mg_ml", "stock_ml", "rate_ml_h",
                "rate_mg_h", "rate_mcg_kg_min",
            )
        ),
    }  # fmt: skip
    return cleared(cast, mode=Mode.DEVICES, ordered=spray, **{"drawn": {"mg": Decimal(dose_mg)}, **changes})


def spray(
    cast: ClinicCast, session: TreatmentSession, minutes: float, *, now: datetime = NOON, **said: Any
) -> InfusionEventRow:
    """Chart, at noon, a device given so many minutes after `START`."""
    at = START + minutes * MINUTE
    return give_device(cast.db, session.id, occurred_at=at, actor=cast.clinician, now=now, **said).event


def minutes(number: float) -> datetime:
    """So many minutes after `START`."""
    return START + number * MINUTE


def running(cast: ClinicCast, **changes: Any) -> TreatmentSession:
    """A cleared session whose pump was started at the ordered rate."""
    session = cleared(cast, **changes)
    pump(cast, session, "start", 0, rate_ml_h=150)
    return session


def infusing(cast: ClinicCast, **changes: Any) -> TreatmentSession:
    """A session whose drug runs since `START`, without an order and without events."""
    return session_in(cast, SessionStatus.INFUSING, since=START, **{"started_at": START, **changes})


def given(cast: ClinicCast, session: TreatmentSession, after: float, **asked: Any) -> Delivered:
    """What had been given so many minutes after `START`, asked at noon."""
    said = {"at": minutes(after), "actor": cast.clinician, "now": NOON, **asked}
    return delivered(cast.db, session.id, **said)


def given_mg(cast: ClinicCast) -> Decimal:
    """What the ledger says was given, all entries together."""
    return sum(cast.db.scalars(select(LedgerEntry.mg).where(LedgerEntry.kind == LedgerKind.GIVEN)), Decimal(0))


def mend(
    cast: ClinicCast, session: TreatmentSession, row: InfusionEventRow, *, now: datetime = LATER, **changes: Any
) -> Recorded:
    """Correct an event: `at` is in minutes after `START`."""
    at = minutes(changes.pop("at")) if "at" in changes else None
    never = changes.pop("withdrawn", False)
    confirmed = changes.pop("confirmed", ())
    numbers = {name: Decimal(value) for name, value in changes.items() if name in NUMBERS and value}
    correction = Correction("Read off the pump's log.", {**changes, **numbers}, at, never)
    return correct_event(cast.db, session.id, row.id, correction, confirmed=confirmed, actor=cast.clinician, now=now)


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    """Where and what, of every fault of a refusal."""
    return {(fault.where, fault.code) for fault in refused.value.faults}
