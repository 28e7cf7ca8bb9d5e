"""A patient for whom everything that is asked before the drug has been answered well."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from scheduler.models import Assessment, TreatmentSession, Vitals
from scheduler.sessions.visit.answering import Said, answer
from scheduler.treatment import Phase
from tests.builders import ClinicCast


def fine_answers(at: datetime) -> dict[str, dict[str, Any]]:
    """An answer to every item of the shipped list of ketamine that lets a patient of 70 kg be cleared."""
    yes = {"value": True}
    no = {"value": False}
    return {
        "identity": {"name": True, "birth_date": True, "record_number": False, "photograph": False},
        "consent": yes, "selection": yes, "contraindication": no, "order": yes, "weight": {"value": "70"},
        "fasting": {
            "last_solid_at": (at - timedelta(hours=12)).isoformat(),
            "last_liquid_at": (at - timedelta(hours=3)).isoformat(),
        },
        "escort": {"name": "Bea", "phone": "555 0100"}, "ride": yes, "pregnancy_test": {"applicable": False},
        "baseline": yes, "medication": {"value": "None"}, "sedatives": {"value": "None"}, "substance_use": no,
        "urine_screen": {"applicable": False}, "phq9": yes, "urinary_symptoms": no, "cognitive_symptoms": no,
        "mood_elevation": no, "allergies": yes, "iv_access": {"value": "Left forearm, 22 G"}, "pump": yes,
        "equipment": dict.fromkeys(
            ("monitoring", "oxygen", "airway_equipment", "emergency_drugs", "transfer_plan"), True
        ),
        "staff": dict.fromkeys(
            ("prescriber", "acls_certified_clinician", "behavioural_emergencies", "rapid_follow_up_named"), True
        ),
        "stop_criteria": yes, "fall_risk": {"value": "low"},
    }  # fmt: skip


def answer_well(cast: ClinicCast, session: TreatmentSession, at: datetime, **changes: dict[str, Any]) -> None:
    """Answer every item; `changes` by key."""
    values = {**fine_answers(at), **changes}
    said = [Said(key, value, "Not of age." if "applicable" in value else None) for key, value in values.items()]
    answer(cast.db, session, said, actor=cast.clinician, now=at)


def baseline(cast: ClinicCast, session: TreatmentSession, at: datetime, **changes: Any) -> Vitals:
    """A calm set of vitals before the drug."""
    found = {"hr": 72, "sbp": 124, "dbp": 78, "spo2": 98, "rr": 14, "moaas": 5, **changes}
    return cast.keep(
        Vitals(
            clinic_id=cast.id, id=uuid4(), session_id=session.id, occurred_at=at, recorded_at=at,
            recorded_by=cast.clinician.staff_id, phase=Phase.BEFORE, temp_c=Decimal("36.6"), **found,
        )
    )  # fmt: skip


def phq9(cast: ClinicCast, session: TreatmentSession, at: datetime, *, item9: int | None = 0) -> Assessment:
    """The form of this visit."""
    return cast.keep(
        Assessment(
            clinic_id=cast.id, patient_id=session.patient_id, appointment_id=session.appointment_id, scale="phq9",
            scale_version="1", answers=[1] * 8 + [item9], total=None if item9 is None else 8 + item9,
            band=None if item9 is None else "mild", complete=item9 is not None, flags=[], taken_at=at, recorded_at=at,
        )
    )  # fmt: skip
