"""How a patient leaves: ready and home with somebody, or in an ambulance; and when the chair is free again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.booking import attendance
from scheduler.errors import Blocked, Fault, NotAllowed
from scheduler.models import (
    AdverseEvent,
    Appointment,
    AppointmentStatus,
    ChangeReason,
    SessionStatus,
    Side,
    TreatmentSession,
)
from scheduler.records import audit
from scheduler.sessions.charting import charted, current
from scheduler.sessions.leaving import monitoring_forms
from scheduler.sessions.leaving.departures import as_answers, padss_scores, read_departure, said_on_leaving
from scheduler.sessions.leaving.discharging import Criterion, Departure, missing, padss, unmet
from scheduler.sessions.leaving.waivers import still_waived
from scheduler.sessions.lifecycle import moment
from scheduler.sessions.steps import enter, illegal, open_session, refuse_illegal, refuse_locked

ALERTS = "alerts"
GONE = (SessionStatus.DISCHARGED, SessionStatus.TRANSFERRED)
"""The patient has left; of one whom nothing was given `deferral.depart` tells."""


@dataclass(frozen=True)
class Readiness:
    """Every criterion as it stands, and the discharge score where its parts were scored."""

    criteria: Sequence[Criterion]
    padss: int | None

    @property
    def ready(self) -> bool:
        return not unmet(self.criteria)


def readiness(db: Session, session_id: UUID, *, actor: Actor, now: datetime) -> Readiness:
    """How the patient stands towards leaving now: every criterion, whether it is met, and what it asks.

    That the record was opened is written down. Raises `NotFound`.
    """
    session = open_session(db, session_id, action="session.discharge_read", actor=actor, now=now)
    at = max(now, session.status_at)
    said = said_on_leaving(db, session, at=at)
    departure = read_departure(db, session, said, at=at)
    return Readiness(missing(departure), padss(departure, padss_scores(as_answers(said))))


def ready(
    db: Session, session: TreatmentSession, *, occurred_at: datetime | None = None, override: str | None = None,
    actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Say that the patient of a locked session may leave.

    Raises `IllegalTransition`, `Invalid` for a time that cannot be, `Blocked` with every criterion that misses, unless
    a prescriber gives a reason to go without, and `NotAllowed` if anyone else does.
    """
    refuse_illegal(session, SessionStatus.READY_FOR_DISCHARGE)
    at = moment(occurred_at, last=session.status_at, now=now)
    _refuse_unmet(db, session, at, override, actor=actor, now=now)
    with db.no_autoflush:  # the step and what it says of the session are one change, and one version
        session.ready_at = at
        enter(
            db, session, SessionStatus.READY_FOR_DISCHARGE, at=at, reason=session.discharge_override, actor=actor,
            now=now,
        )  # fmt: skip
    return session


def turn_back(
    db: Session,
    session: TreatmentSession,
    *,
    reason: str,
    occurred_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> TreatmentSession:
    """Take the patient of a locked session, who was ready, back to recovering: something turned worse. An override
    does not outlast it. Raises `IllegalTransition`, and `Invalid` for a time that cannot be.
    """
    if session.status is not SessionStatus.READY_FOR_DISCHARGE:
        raise illegal(session)
    at = moment(occurred_at, last=session.status_at, now=now)
    with db.no_autoflush:  # as above
        session.ready_at = None
        session.discharge_override = session.discharge_overridden_by = session.discharge_waived = None
        enter(db, session, SessionStatus.RECOVERING, at=at, reason=reason, actor=actor, now=now)
    return session


def discharge(
    db: Session, session: TreatmentSession, appointment: Appointment, *, occurred_at: datetime | None = None,
    chair_free_at: datetime | None = None, override: str | None = None, actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Let the patient of a locked session go home, and complete the appointment at that time.

    The criteria are judged once more: an alert that was opened since blocks again. Raises as `ready` does.
    """
    refuse_illegal(session, SessionStatus.DISCHARGED)
    at = moment(occurred_at, last=session.status_at, now=now)
    free = chair_free_at and moment(chair_free_at, last=at, now=now, where="chair_free_at")
    _refuse_unmet(db, session, at, override, actor=actor, now=now)
    _complete(db, appointment, at, actor=actor, now=now)
    with db.no_autoflush:  # as above
        session.discharged_at, session.chair_free_at = at, free
        enter(db, session, SessionStatus.DISCHARGED, at=at, actor=actor, now=now)
    monitoring_forms.keep_current(db, session, actor=actor, now=now)
    return session


def transfer(
    db: Session, session: TreatmentSession, appointment: Appointment, *, destination: str,
    occurred_at: datetime | None = None, actor: Actor, now: datetime,
) -> TreatmentSession:  # fmt: skip
    """Hand the patient of a locked session over to an emergency department. The appointment is completed if the drug
    had begun, else called off by the clinic.

    Raises `IllegalTransition`, `Invalid` for a time that cannot be, and `Blocked` unless a serious adverse event of
    this session is on record.
    """
    refuse_illegal(session, SessionStatus.TRANSFERRED)
    at = moment(occurred_at, last=session.status_at, now=now)
    _refuse_uneventful(db, session)
    if session.started_at is not None:
        _complete(db, appointment, at, actor=actor, now=now)
    else:
        call_off(db, appointment, actor=actor, now=now)
    with db.no_autoflush:  # as above
        session.discharged_at = at
        enter(db, session, SessionStatus.TRANSFERRED, at=at, reason=destination, actor=actor, now=now)
    monitoring_forms.keep_current(db, session, actor=actor, now=now)
    return session


def release_chair(
    db: Session, session: TreatmentSession, *, occurred_at: datetime | None = None, actor: Actor, now: datetime
) -> TreatmentSession:
    """Say when the chair of a locked session was ready for the next patient, this one having left; the last word
    counts. Raises `Blocked` before that, `SessionSigned`, `SessionVoid`, and `Invalid` for a time that cannot be.
    """
    refuse_locked(session)
    if session.status not in GONE:
        raise Blocked(faults=[Fault("status", "order", "The patient has not left yet.")])
    session.chair_free_at = moment(occurred_at, last=session.status_at, now=now)
    db.flush()  # the answer shows the new version
    audit.note(
        db, "session.chair_released", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
    )  # fmt: skip
    return session


def call_off(db: Session, appointment: Appointment, *, actor: Actor, now: datetime) -> None:
    """Cancel the visit of a patient who came and was given nothing, if nobody has yet."""
    if appointment.status is AppointmentStatus.ARRIVED:
        attendance.cancel(db, appointment, side=Side.CLINIC, reason=ChangeReason.CLINICAL, actor=actor, now=now)


def _complete(db: Session, appointment: Appointment, at: datetime, *, actor: Actor, now: datetime) -> None:
    """Complete the visit at that time, if nobody has yet; a clock that was put back keeps nobody here."""
    if appointment.status is not AppointmentStatus.COMPLETED:
        attendance.complete(db, appointment, at=at, actor=actor, now=max(at, now))


def _refuse_uneventful(db: Session, session: TreatmentSession) -> None:
    if not any(event.serious for event in current(charted(db, session, AdverseEvent))):
        words = "Record the serious adverse event for which the patient is taken away."
        raise Blocked(faults=[Fault("adverse_events", "missing", words)])


def _refuse_unmet(
    db: Session, session: TreatmentSession, at: datetime, override: str | None, *, actor: Actor, now: datetime
) -> None:
    """Raise `Blocked` unless every criterion is met, was waived on what is still all that is known of it, or is waived
    by a prescriber now.
    """
    if override is not None and (Role.PRESCRIBER not in actor.roles or actor.staff_id is None):
        raise NotAllowed("Only a prescriber may let a patient go although something is missing.")
    waived = still_waived(db, session)
    departure = read_departure(db, session, said_on_leaving(db, session, at=at), at=at)
    departure = replace(departure, alerts=frozenset(each for each in departure.alerts if str(each) not in waived))
    misses = [each for each in unmet(missing(departure)) if each.key not in waived]
    if misses and override is None:
        raise Blocked(faults=[Fault(each.key, "missing", each.words) for each in misses])
    if misses and override is not None:
        _override(db, session, departure, misses, override, actor=actor, now=now)


def _override(
    db: Session, session: TreatmentSession, departure: Departure, misses: Sequence[Criterion], reason: str, *,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Leave the mark of an override, and what it waived: alerts one by one, so that a later one blocks again."""
    keys = [each.key for each in misses]
    waived = [*(key for key in keys if key != ALERTS), *sorted(str(alert) for alert in departure.alerts)]
    session.discharge_override = "\n".join(filter(None, [session.discharge_override, reason]))
    session.discharge_overridden_by = actor.staff_id
    session.discharge_waived = list(dict.fromkeys([*(session.discharge_waived or []), *waived]))
    audit.note(
        db, "session.discharge_overridden", actor=actor, now=now, subject=session.id, patient_id=session.patient_id,
        criteria=keys,
    )  # fmt: skip
