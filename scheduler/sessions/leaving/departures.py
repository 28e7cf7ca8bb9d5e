"""What is on record of a patient about to leave, read for `discharging` to judge."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Role
from scheduler.models import (
    SAFETY_KINDS,
    Alert,
    AlertLevel,
    Assessment,
    ChecklistAnswer,
    Mode,
    SessionStatus,
    SessionStep,
    StaffRole,
    Template,
    TreatmentSession,
    Vitals,
)
from scheduler.records.zone import read_zone
from scheduler.sessions.charting import charted, current
from scheduler.sessions.leaving.discharging import PADSS_ITEMS, Criterion, Departure, Finding, SuicideRisk
from scheduler.sessions.leaving.visit_forms import forms_of_visit, gravest, screened, thoughts_in
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.judging import Context, Judged, judge
from scheduler.sessions.visit.templates import checklist_of
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.sessions.watch.observing import as_set

SAFETY, CSSRS, DISPOSITION = "leaving_safety", "leaving_cssrs", "leaving_disposition"
"""The items of what is asked before leaving that answer for what was said of suicidal thoughts."""
Answers = dict[str, Answer]
Said = dict[str, ChecklistAnswer]


def said_on_leaving(db: Session, session: TreatmentSession, *, at: datetime) -> Said:
    """The newest answer to each item that was given since the drug was over, and since the patient was last taken
    back to recovering; none later than `at`. What was ticked in the morning tells nothing of who leaves.
    """
    returned = select(func.max(SessionStep.occurred_at)).where(
        SessionStep.clinic_id == session.clinic_id, SessionStep.session_id == session.id,
        SessionStep.from_status == SessionStatus.READY_FOR_DISCHARGE,
        SessionStep.to_status == SessionStatus.RECOVERING,
    )  # fmt: skip
    since = max(filter(None, (session.ended_at, db.scalar(returned))), default=None)
    rows = current(charted(db, session, ChecklistAnswer))
    return {row.item: row for row in rows if since is not None and since <= row.occurred_at <= at}


def read_departure(db: Session, session: TreatmentSession, said: Said, *, at: datetime) -> Departure:
    """A session as its discharge is judged, if the patient left at `at`: nothing later counts."""
    policy, observed = policy_of_session(db, session), session.mode is Mode.DEVICES
    intervals = policy.vitals.observed if observed else policy.vitals.infusion
    return Departure(
        at=at,
        numbers=policy.discharge,
        observed=observed,
        started_at=session.started_at,
        ended_at=session.ended_at,
        sets=tuple(each for each in sets_of(db, session) if each.at <= at),
        last_set_minutes=intervals.discharge_minutes,
        sbp_least=policy.thresholds.sbp_low.warn,
        alerts=open_alerts(db, session, until=at),
        risk=_risk(db, session, said, at),
        asked=tuple(_asked(db, session, as_answers(said), at)),
    )


def sets_of(db: Session, session: TreatmentSession) -> list[VitalsSet]:
    """The sets of vitals as the record says now, in the order in which they were taken."""
    return [as_set(session, row) for row in current(charted(db, session, Vitals))]


def answers_of(db: Session, session: TreatmentSession) -> Answers:
    """The newest answer to each item."""
    return as_answers({row.item: row for row in current(charted(db, session, ChecklistAnswer))})


def as_answers(said: Said) -> Answers:
    """Rows as the values that lists are judged by."""
    return {item: Answer(row.value, row.note, row.occurred_at) for item, row in said.items()}


def padss_scores(answers: Answers) -> dict[str, int]:
    """The parts of the PADSS that were scored 0, 1 or 2."""
    texts = {key: str(answers[key].value.get("value")) for key in PADSS_ITEMS if key in answers}
    return {key: int(text) for key, text in texts.items() if text in {"0", "1", "2"}}


def open_alerts(db: Session, session: TreatmentSession, *, until: datetime | None = None) -> frozenset[UUID]:
    """The urgent alerts of this session, and all about the safety of its patient, that are still open; with `until`
    those alone that tell of nothing later. When they were acknowledged is not asked: much is typed in afterwards.
    """
    of_session = and_(Alert.session_id == session.id, Alert.level == AlertLevel.URGENT)
    of_answers = and_(
        Alert.patient_id == session.patient_id, Alert.kind.in_(SAFETY_KINDS), Alert.historical.is_(False)
    )  # fmt: skip
    found = select(Alert.id).where(
        Alert.clinic_id == session.clinic_id, Alert.acknowledged_at.is_(None), or_(of_session, of_answers)
    )
    if until is not None:
        told = func.coalesce(Vitals.occurred_at, Assessment.taken_at, Alert.due_at)
        found = (
            found.outerjoin(Vitals, and_(Vitals.clinic_id == Alert.clinic_id, Vitals.id == Alert.vitals_id))
            .outerjoin(Assessment, and_(Assessment.clinic_id == Alert.clinic_id, Assessment.id == Alert.assessment_id))
            .where(or_(told.is_(None), told <= until))
        )
    return frozenset(db.scalars(found))


def _asked(db: Session, session: TreatmentSession, answers: Answers, at: datetime) -> list[Criterion]:
    """What the criteria ask of a person, as it was answered."""
    template = db.get_one(Template, (session.clinic_id, session.discharge_id))
    today = clinic_time.local_date(at, read_zone(db, session.clinic_id))
    judged = judge(checklist_of(template), answers, Context(moment=at, today=today))
    return [Criterion(f"items.{each.item.key}", not each.is_in_the_way, _words(each)) for each in judged]


def _words(judged: Judged) -> str:
    return f"{judged.item.label}: {judged.words}" if judged.words else judged.item.label


def _risk(db: Session, session: TreatmentSession, said: Said, at: datetime) -> SuicideRisk:
    """The graver of what was answered on leaving and what the C-SSRS of this visit found counts."""
    forms = [form for form in forms_of_visit(db, session) if form.taken_at <= at]
    answers = as_answers(said)
    finding = answers[CSSRS].value.get("value") if CSSRS in answers else None
    answered = Finding(finding) if finding in set(Finding) else None
    return SuicideRisk(
        thoughts=thoughts_in(forms),
        safe=SAFETY in answers and _is_yes(answers[SAFETY]),
        cssrs=gravest([answered, screened(forms)]),
        disposed=_is_of_prescriber(db, said.get(DISPOSITION)),
    )


def _is_yes(answer: Answer) -> bool:
    return answer.applies and answer.value.get("value") is True


def _is_of_prescriber(db: Session, row: ChecklistAnswer | None) -> bool:
    """Whether a prescriber gave this answer."""
    if row is None or not row.value.get("value"):
        return False
    theirs = StaffRole.clinic_id == row.clinic_id, StaffRole.staff_id == row.recorded_by
    return db.scalar(select(StaffRole.role).where(*theirs, StaffRole.role == Role.PRESCRIBER)) is not None
