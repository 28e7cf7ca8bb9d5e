"""What is on record of a patient about to leave, read for `discharging` to judge."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.models import (
    Alert,
    AlertLevel,
    Assessment,
    ChecklistAnswer,
    Mode,
    Template,
    TreatmentSession,
    Vitals,
)
from scheduler.outcomes.scales import scale
from scheduler.records.zone import read_zone
from scheduler.sessions.charting import charted, current
from scheduler.sessions.leaving.discharging import PADSS_ITEMS, Criterion, Departure
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.judging import Context, Judged, judge
from scheduler.sessions.visit.templates import checklist_of
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.sessions.watch.observing import as_set

PHQ9 = "phq9"
SUICIDE_CHECK = "leaving_safety"
"""The item of what is asked before leaving that answers a positive item 9."""
Answers = dict[str, Answer]


def read_departure(db: Session, session: TreatmentSession, answers: Answers, *, at: datetime) -> Departure:
    """A session as its discharge is judged, if the patient left at `at`."""
    policy, observed = policy_of_session(db, session), session.mode is Mode.DEVICES
    intervals = policy.vitals.observed if observed else policy.vitals.infusion
    forms = phq9_of_visit(db, session)
    positive = any(scale(PHQ9).score(form.answers).findings for form in forms)
    return Departure(
        at=at,
        numbers=policy.discharge,
        observed=observed,
        started_at=session.started_at,
        ended_at=session.ended_at,
        sets=tuple(each for each in sets_of(db, session) if each.at <= at),
        last_set_minutes=intervals.discharge_minutes,
        sbp_least=policy.thresholds.sbp_low.warn,
        alerts=open_alerts(db, session),
        item9_positive=positive,
        suicide_check=SUICIDE_CHECK in answers and _is_yes(answers[SUICIDE_CHECK]),
        asked=tuple(_asked(db, session, answers, at)),
    )


def sets_of(db: Session, session: TreatmentSession) -> list[VitalsSet]:
    """The sets of vitals as the record says now, in the order in which they were taken."""
    return [as_set(session, row) for row in current(charted(db, session, Vitals))]


def answers_of(db: Session, session: TreatmentSession) -> Answers:
    """The newest answer to each item."""
    rows = current(charted(db, session, ChecklistAnswer))
    return {row.item: Answer(row.value, row.note, row.occurred_at) for row in rows}


def padss_scores(answers: Answers) -> dict[str, int]:
    """The parts of the PADSS that were scored 0, 1 or 2."""
    texts = {key: str(answers[key].value.get("value")) for key in PADSS_ITEMS if key in answers}
    return {key: int(text) for key, text in texts.items() if text in {"0", "1", "2"}}


def open_alerts(db: Session, session: TreatmentSession) -> frozenset[UUID]:
    """The urgent alerts of this session, and all about the answers of its patient, that are still open."""
    of_session = and_(Alert.session_id == session.id, Alert.level == AlertLevel.URGENT)
    of_answers = and_(Alert.patient_id == session.patient_id, Alert.assessment_id.is_not(None))
    is_open = Alert.clinic_id == session.clinic_id, Alert.acknowledged_at.is_(None)
    return frozenset(db.scalars(select(Alert.id).where(*is_open, or_(of_session, of_answers))))


def phq9_of_visit(db: Session, session: TreatmentSession) -> Sequence[Assessment]:
    """The PHQ-9 forms of this visit: those logged for its appointment, or for none on the same local day."""
    zone = read_zone(db, session.clinic_id)
    day = clinic_time.day_span(clinic_time.local_date(session.arrived_at, zone), zone)
    taken = Assessment.taken_at
    same_day = and_(taken >= clinic_time.from_minute(day.start), taken < clinic_time.from_minute(day.end))
    found = (
        select(Assessment)
        .where(Assessment.clinic_id == session.clinic_id, Assessment.patient_id == session.patient_id)
        .where(Assessment.scale == PHQ9)
        .where(
            or_(
                Assessment.appointment_id == session.appointment_id,
                and_(Assessment.appointment_id.is_(None), same_day),
            )
        )
    )
    return db.scalars(found).all()


def _asked(db: Session, session: TreatmentSession, answers: Answers, at: datetime) -> list[Criterion]:
    """What the criteria ask of a person, as it was answered."""
    template = db.get_one(Template, (session.clinic_id, session.discharge_id))
    judged = judge(checklist_of(template), answers, Context(moment=at, today=at.date()))
    return [Criterion(f"items.{each.item.key}", not each.is_in_the_way, _words(each)) for each in judged]


def _words(judged: Judged) -> str:
    return f"{judged.item.label}: {judged.words}" if judged.words else judged.item.label


def _is_yes(answer: Answer) -> bool:
    return answer.applies and answer.value.get("value") is True
