"""A row of every kind in a clinic, and the bodies a schema alone cannot describe: what the access matrix points at."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from scheduler.actors import Role
from scheduler.booking.holding import choices
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.models import (
    AdverseEvent,
    AdverseEventCode,
    Alert,
    Appointment,
    Assessment,
    Charted,
    ChartedKind,
    ChecklistAnswer,
    ClinicScale,
    Closure,
    Hold,
    InfusionEventRow,
    LedgerEntry,
    LedgerKind,
    MonitoringForm,
    Offer,
    OrderState,
    Purpose,
    Questionnaire,
    SentBy,
    Series,
    SessionStatus,
    Shift,
    Simulation,
    TreatmentSession,
    Urgency,
    Vial,
    Vitals,
    WaitlistEntry,
)
from scheduler.protocols import ResourceKind
from scheduler.treatment import Phase
from tests import treatments
from tests.builders import MONDAY, PASSWORD, ClinicCast, clinic_instant


def series(cast: ClinicCast) -> UUID:
    template, patient = cast.protocol.current_id, cast.patient().id
    row = Series(clinic_id=cast.id, patient_id=patient, protocol_version_id=template, booked_at=cast.now, infusions=6)
    return cast.keep(row).id


def appointment(cast: ClinicCast) -> UUID:
    course = cast.db.get_one(Series, (cast.id, series(cast)))
    starts, ends = clinic_instant("Mon 12:00"), clinic_instant("Mon 13:00")
    row = Appointment(
        clinic_id=cast.id, series_id=course.id, patient_id=course.patient_id, number=1,
        status_at=starts, starts_at=starts, ends_at=ends,
        protocol_version_id=course.protocol_version_id, local_date=starts.date(), chair_id=cast.resource("A").id,
    )  # fmt: skip
    return cast.keep(row).id


def assessment(cast: ClinicCast) -> UUID:
    form = Assessment(
        clinic_id=cast.id, patient_id=cast.patient().id, scale="phq9", scale_version="1", answers=[0] * 8 + [1],
        total=1, band="minimal", complete=True, flags=["suicidal_ideation"], taken_at=cast.now, recorded_at=cast.now,
    )  # fmt: skip
    return cast.keep(form).id


def alert(cast: ClinicCast) -> UUID:
    """The one that the database raises with a form."""
    raised = select(Alert.id).where(Alert.clinic_id == cast.id, Alert.assessment_id == assessment(cast))
    return cast.db.scalars(raised).one()


def scale_key(cast: ClinicCast) -> str:
    row = ClinicScale(
        clinic_id=cast.id, key=f"own_{uuid4().hex}", number=1, name="Pain", question="How bad?",
        least_label="None", most_label="Worst", created_at=cast.now,
    )  # fmt: skip
    return cast.keep(row).key


def closure(cast: ClinicCast) -> UUID:
    starts, ends = clinic_instant("Mon 12:00"), clinic_instant("Mon 13:00")
    return cast.keep(Closure(clinic_id=cast.id, starts_at=starts, ends_at=ends, reason="Lunch")).id


def shift(cast: ClinicCast) -> UUID:
    starts, ends = clinic_instant("Sat 12:00"), clinic_instant("Sat 13:00")
    nurse = cast.resource("N1").id
    return cast.keep(Shift(clinic_id=cast.id, resource_id=nurse, starts_at=starts, ends_at=ends)).id


def hold(cast: ClinicCast) -> UUID:
    row = Hold(
        clinic_id=cast.id, patient_id=cast.patient().id, owner_id=cast.scheduler.staff_id, plans=[],
        held_at=cast.now, expires_at=cast.now + timedelta(minutes=15),
    )  # fmt: skip
    return cast.keep(row).id


def entry(cast: ClinicCast) -> UUID:
    row = WaitlistEntry(
        clinic_id=cast.id, patient_id=cast.patient().id, protocol_id=cast.protocol.id, urgency=Urgency.SOON,
        earliest=cast.now.date(), latest=cast.now.date(), weekdays=list(range(7)), opens=0, closes=1440,
        notice_minutes=0, created_at=cast.now,
    )  # fmt: skip
    return cast.keep(row).id


def offered_hold(cast: ClinicCast, patient_id: UUID) -> UUID:
    plan = SeriesPlan(
        patient_id, cast.protocol.id, cast.protocol.current_id,
        (PlannedVisit(1, clinic_instant("Mon 12:00"), {ResourceKind.CHAIR: cast.resource("A").id}),),
        Wishes(MONDAY, MONDAY),
    )  # fmt: skip
    row = Hold(
        clinic_id=cast.id, patient_id=patient_id, owner_id=None, plans=[choices.as_document(plan)],
        held_at=cast.now, expires_at=cast.now + timedelta(minutes=15),
    )  # fmt: skip
    return cast.keep(row).id


def offer(cast: ClinicCast) -> UUID:
    starts, ends = clinic_instant("Mon 12:00"), clinic_instant("Mon 13:00")
    waiting = cast.db.get_one(WaitlistEntry, (cast.id, entry(cast)))
    row = Offer(
        clinic_id=cast.id, entry_id=waiting.id, hold_id=offered_hold(cast, waiting.patient_id),
        chair_id=cast.resource("A").id,
        starts_at=starts, ends_at=ends, offered_at=cast.now, deadline=cast.now + timedelta(minutes=15),
    )  # fmt: skip
    return cast.keep(row).id


def vial(cast: ClinicCast) -> Vial:
    row = Vial(
        clinic_id=cast.id, label=f"Vial {uuid4()}", drug="ketamine", strength_mg_ml=Decimal(50), volume_ml=Decimal(10),
        lot="L1", expires_on=MONDAY + timedelta(days=300),
    )  # fmt: skip
    return cast.keep(row)


def ledger_entry(cast: ClinicCast) -> UUID:
    row = LedgerEntry(
        clinic_id=cast.id, vial_id=vial(cast).id, kind=LedgerKind.RECEIVED, ml=Decimal(10), mg=Decimal(500),
        occurred_at=cast.now, recorded_at=cast.now,
    )  # fmt: skip
    return cast.keep(row).id


def session(cast: ClinicCast) -> TreatmentSession:
    """One session a clinic: what is charted is charted in it."""
    found = cast.db.scalars(select(TreatmentSession).where(TreatmentSession.clinic_id == cast.id).limit(1)).first()
    return found or treatments.session_in(cast, SessionStatus.CHECKED_IN)


def charted(cast: ClinicCast, kind: type[Charted], /, **columns: Any) -> UUID:
    said = {"occurred_at": clinic_instant("Mon 09:00"), "recorded_at": cast.now, **columns}
    return cast.keep(kind(clinic_id=cast.id, id=uuid4(), session_id=session(cast).id, **said)).id


def monitoring_form(cast: ClinicCast) -> UUID:
    asked, of = {"fields": [{"key": "sex", "label": "Sex"}]}, session(cast)
    row = MonitoringForm(
        clinic_id=cast.id, id=uuid4(), session_id=of.id, patient_id=of.patient_id, number=1, due_on=MONDAY,
        template_id=treatments.template(cast, Purpose.MONITORING_FORM, asked).id, filled_at=cast.now,
        document={"values": {}, "typed": {}, "unfilled": ["sex"]},
    )  # fmt: skip
    return cast.keep(row).id


def order(cast: ClinicCast) -> UUID:
    """A draft, which is what can be signed."""
    return treatments.order(
        cast, treatments.visit(cast), state=OrderState.DRAFT, signed_at=None, signed_by=None,
    ).id  # fmt: skip


def questionnaire(cast: ClinicCast) -> UUID:
    row = Questionnaire(
        clinic_id=cast.id, patient_id=cast.patient().id, scale="phq9", scale_version="1", via=SentBy.EMAIL,
        token_digest=uuid4().hex, sent_at=cast.now, expires_at=cast.now + timedelta(days=3),
    )  # fmt: skip
    return cast.keep(row).id


def simulation(cast: ClinicCast) -> UUID:
    asked = {"weeks": 1, "seeds": 2, "change": {"more_nurses": 1}}
    return cast.keep(Simulation(clinic_id=cast.id, question=asked, seeds=2, asked_at=cast.now)).id


ROWS = {
    "patient_id": lambda cast: cast.patient().id,
    "staff_id": lambda cast: cast.staff[Role.CLINICIAN].id,
    "resource_id": lambda cast: cast.resource("N1").id,
    "nurse_id": lambda cast: cast.resource("N1").id,
    "chair_id": lambda cast: cast.resource("A").id,
    "prescriber_id": lambda cast: cast.resource("P1").id,
    "pump_id": lambda cast: cast.add_resource(ResourceKind.PUMP, f"Pump {uuid4()}").id,
    "protocol_id": lambda cast: cast.protocol.id,
    "series_id": series,
    "appointment_id": appointment,
    "alert_id": alert,
    "closure_id": closure,
    "shift_id": shift,
    "hold_id": hold,
    "entry_id": entry,
    "offer_id": offer,
    "order_id": order,
    "template_id": lambda cast: treatments.template(cast, Purpose.CLEARANCE, {"items": []}).id,
    "session_id": lambda cast: session(cast).id,
    "vitals_id": lambda cast: charted(cast, Vitals, phase=Phase.BEFORE, hr=70),
    "infusion_event_id": lambda cast: charted(cast, InfusionEventRow, kind=ChartedKind.PAUSE, number=1),
    "answer_id": lambda cast: charted(cast, ChecklistAnswer, item="identity", value={"value": True}),
    "adverse_event_id": lambda cast: charted(
        cast, AdverseEvent, code=AdverseEventCode.NAUSEA, severity=1, serious=False, criteria=[], closed=False
    ),
    "vial_id": lambda cast: vial(cast).id,
    "ledger_entry_id": ledger_entry,
    "form_id": monitoring_form,
    "questionnaire_id": questionnaire,
    "assessment_id": assessment,
    "scale_key": scale_key,
    "simulation_id": simulation,
    "witness_id": lambda cast: cast.staff[Role.PRESCRIBER].id,
}
"""How to make a row of each kind in a clinic."""

BODIES: dict[str, dict[str, Any]] = {
    "changes.move": {"side": "patient", "reason": "wish", "starts_at": "2026-03-03T14:00:00Z", "dry_run": True},
    "series.rebook": {"dry_run": True},
    "series.extend": {"dry_run": True, "infusions": 1},
    "what_ifs.ask": {"change": {"more_nurses": 1}},
    "repairs.repair": {"plan": "none"},
    "batches.place": {"plan": "none"},
    "orders.calculate": {"weight_kg": "70", "dose": "0.5", "unit": "mg/kg"},
    "orders.write": {"weight_kg": "70", "dose": "0.5", "unit": "mg/kg", "valid_until": "2026-03-31"},
    "orders.sign": {"password": PASSWORD},
    "assessments.log_assessment": {"scale": "phq9", "answers": [0] * 9, "taken_at": "2026-03-01T12:00:00Z"},
    "assessments.correct_assessment": {"answers": [1] * 9, "reason": "Misread."},
    "questionnaires.send": {"scale": "phq9", "via": "tablet"},
    "leaving.sign": {"password": PASSWORD, "note": "Went well."},
    "monitoring_forms.complete": {"fields": {"sex": "female"}},
    "ledger.receive": {
        "label": "V-1",
        "drug": "ketamine",
        "strength_mg_ml": "50",
        "volume_ml": "10",
        "lot": "L1",
        "expires_on": "2026-12-31",
    },
    "ledger.count": {"ml": "1"},
    "ledger.waste": {"ml": "1", "reason": "Broke"},
    "ledger.send_back": {"ml": "1", "reason": "Recalled"},
    "ledger.record": {"kind": "wasted", "mg": "1"},
}
"""By endpoint, bodies that must say more than their schema does."""
