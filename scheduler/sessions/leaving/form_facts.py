"""What the record of a session says, by the paths a monitoring form is filled from: all as text, None where nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.models import (
    AdverseEvent,
    AdverseEventCode,
    Clinic,
    LedgerEntry,
    LedgerKind,
    Patient,
    Staff,
    TreatmentSession,
    Vial,
)
from scheduler.records import access
from scheduler.records.zone import read_zone
from scheduler.sessions.charting import charted, current
from scheduler.sessions.leaving.departures import Answers, answers_of, read_departure, said_on_leaving
from scheduler.sessions.leaving.discharging import Departure, blood_pressure, oxygen
from scheduler.sessions.leaving.forms import CONCOMITANTS
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.watch.observations import VitalsSet

Facts = dict[str, str | None]
AWAKE, CALM = 5, 0
"""On the MOAA/S and the RASS: below, a patient was sedated."""
AT_MINUTES, NEAR = timedelta(minutes=40), timedelta(minutes=10)


def facts_of(db: Session, session: TreatmentSession, *, actor: Actor, now: datetime) -> Facts:
    """Everything a form may ask of a session that is over, in a constant number of statements; that the patient's
    record was opened for it is written down.
    """
    patient = access.open_record(db, session.patient_id, action="monitoring_form.filled", actor=actor, now=now)
    answers = answers_of(db, session)
    left = session.discharged_at or session.status_at
    departure = read_departure(db, session, said_on_leaving(db, session, at=left), at=left)
    events = current(charted(db, session, AdverseEvent))
    return {
        **_of_patient(patient),
        **_of_house(db, session, actor),
        **_of_treatment(db, session, answers),
        **dict(_pressures(departure)),
        **_acceptable(departure, answers),
        **{f"concomitants.{name}": _part(answers.get("concomitants"), name) for name in CONCOMITANTS},
        **_course("sedation", AdverseEventCode.DROWSINESS, events, session, answers, seen=_sedated(departure)),
        **_course("dissociation", AdverseEventCode.DISSOCIATION, events, session, answers, seen=False),
        **_serious(events),
    }


def _of_patient(patient: Patient) -> Facts:
    return {
        "patient.given_name": patient.given_name,
        "patient.family_name": patient.family_name,
        "patient.birth_date": patient.birth_date.isoformat(),
    }


def _of_house(db: Session, session: TreatmentSession, actor: Actor) -> Facts:
    """The clinic, and who signs or has signed."""
    signer = session.signed_by or actor.staff_id
    clinician = signer and db.get_one(Staff, (session.clinic_id, signer))
    clinic = db.get_one(Clinic, session.clinic_id)
    return {
        "clinician.name": clinician.name if clinician else None,
        "clinician.email": clinician.email if clinician else None,
        "clinic.name": clinic.name,
        "clinic.contact": clinic.contact,
    }


def _of_treatment(db: Session, session: TreatmentSession, answers: Answers) -> Facts:
    started, left = session.started_at, session.discharged_at
    day = clinic_time.local_date(started or session.checked_in_at, read_zone(db, session.clinic_id))
    return {
        "treatment.date": day.isoformat(),
        "treatment.dose_mg": _number(session.dose_given_mg),
        "treatment.lots": ", ".join(_lots(db, session)) or None,
        "treatment.minutes": _minutes(started, left),
        "treatment.would_be_ready_minutes": _whole(answers.get("leaving_would_be_ready")),
    }


def _lots(db: Session, session: TreatmentSession) -> Sequence[str]:
    """The lots of what was drawn for the session and not put back."""
    back = aliased(LedgerEntry)
    reversed_ = select(back.id).where(back.clinic_id == LedgerEntry.clinic_id, back.about_id == LedgerEntry.id)
    rows = (
        select(Vial.lot)
        .join(LedgerEntry, (LedgerEntry.clinic_id == Vial.clinic_id) & (LedgerEntry.vial_id == Vial.id))
        .where(LedgerEntry.clinic_id == session.clinic_id, LedgerEntry.session_id == session.id)
        .where(LedgerEntry.kind == LedgerKind.DRAWN, LedgerEntry.about_id.is_(None), ~reversed_.exists())
    )
    return db.scalars(rows.distinct().order_by(Vial.lot)).all()


def _pressures(departure: Departure) -> Iterator[tuple[str, str | None]]:
    """Before, near 40 minutes, and the last one."""
    later = [each for each in departure.since_then("sbp") if each.dbp is not None]
    yield "pressure.before", _pressure(departure.baseline)
    yield "pressure.at_40_minutes", _pressure(_near_40(later, departure.started_at))
    yield "pressure.on_leaving", _pressure(later[-1] if later else None)


def _near_40(sets: Sequence[VitalsSet], started_at: datetime | None) -> VitalsSet | None:
    if started_at is None:
        return None
    due = started_at + AT_MINUTES
    near = [each for each in sets if abs(each.at - due) <= NEAR]
    return min(near, key=lambda each: abs(each.at - due), default=None)


def _pressure(vitals: VitalsSet | None) -> str | None:
    return f"{vitals.sbp}/{vitals.dbp}" if vitals else None


def _acceptable(departure: Departure, answers: Answers) -> Facts:
    fine = blood_pressure(departure).met and oxygen(departure).met
    return {
        "vitals.acceptable_before": _part(answers.get("baseline"), "value"),
        "vitals.acceptable_on_leaving": _yes_no(fine) if departure.since_then() else None,
    }


def _sedated(departure: Departure) -> bool:
    return any(
        (each.moaas is not None and each.moaas < AWAKE) or (each.rass is not None and each.rass < CALM)
        for each in departure.since_then("moaas", "rass")
    )


def _course(
    name: str, code: AdverseEventCode, events: Iterable[AdverseEvent], session: TreatmentSession, answers: Answers, *,
    seen: bool,
) -> Facts:  # fmt: skip
    """Whether it was seen by anybody or anything, and of the first such event when it began and was over."""
    first = next((event for event in events if event.code is code), None)
    told = _part(answers.get(f"leaving_{name}_seen"), "value")
    return {
        f"{name}.seen": "yes" if seen or first else told,
        f"{name}.onset_minutes": _minutes(session.started_at, first.occurred_at) if first else None,
        f"{name}.resolved_minutes": _minutes(session.started_at, first.resolved_at) if first else None,
    }


def _serious(events: Iterable[AdverseEvent]) -> Facts:
    codes = [event.code.value for event in events if event.serious]
    return {"serious_events.any": _yes_no(bool(codes)), "serious_events.codes": ", ".join(codes) or None}


def _part(answer: Answer | None, name: str) -> str | None:
    """A yes or a no within an answer."""
    value: Mapping[str, object] = answer.value if answer else {}
    found = value.get(name)
    return _yes_no(found) if isinstance(found, bool) else None


def _whole(answer: Answer | None) -> str | None:
    """A number that was answered, without a fraction."""
    value = answer.value.get("value") if answer else None
    return value.partition(".")[0] if isinstance(value, str) else None


def _yes_no(said: bool) -> str:  # noqa: FBT001 # it is the value, and no switch
    return "yes" if said else "no"


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _minutes(start: datetime | None, end: datetime | None) -> str | None:
    """Whole minutes from the first device on."""
    if start is None or end is None:
        return None
    return str(max(0, (end - start) // clinic_time.MINUTE))
