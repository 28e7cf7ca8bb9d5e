"""How long what a prescriber has set aside stays set aside: until there is something newer to judge by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Charted, ChecklistAnswer, SessionStatus, SessionStep, TreatmentSession, Vitals
from scheduler.sessions.charting import charted
from scheduler.sessions.leaving.departures import CSSRS, DISPOSITION, SAFETY
from scheduler.sessions.leaving.visit_forms import forms_of_visit
from scheduler.sessions.watch.observations import is_full

Row = TypeVar("Row", bound=Charted)
SUICIDE_CHECK, LAST_SET = "suicide_check", "last_set"
ITEMS = "items."
MEASURED: Mapping[str, tuple[str, ...]] = {
    "blood_pressure": ("sbp", "dbp"),
    "oxygen": ("spo2", "o2_l_min"),
    "alertness": ("moaas", "rass"),
}
"""The signs each criterion is read from."""


def still_waived(db: Session, session: TreatmentSession) -> frozenset[str]:
    """What was waived when the patient of a locked session was called ready, without every criterion of which
    something was charted that is newer: taken later, or written down later. Alerts are waived one by one; how much
    time has passed, and how many sets there are, only grows.
    """
    if not session.discharge_waived:
        return frozenset()
    mine = SessionStep.clinic_id == session.clinic_id, SessionStep.session_id == session.id
    readied = SessionStep.to_status == SessionStatus.READY_FOR_DISCHARGE
    step = db.scalars(select(SessionStep).where(*mine, readied).order_by(SessionStep.number.desc()).limit(1)).one()
    return frozenset(session.discharge_waived) - set(_newer(db, session, step))


def _newer(db: Session, session: TreatmentSession, step: SessionStep) -> Iterator[str]:
    """The criteria of which there is something newer than that step; what was withdrawn since is newer too."""
    for vitals in _since(step, charted(db, session, Vitals)):
        if is_full(vitals):
            yield LAST_SET
        yield from (key for key, names in MEASURED.items() if any(getattr(vitals, name) is not None for name in names))
    for answer in _since(step, charted(db, session, ChecklistAnswer)):
        yield f"{ITEMS}{answer.item}"
        if answer.item in {SAFETY, CSSRS, DISPOSITION}:
            yield SUICIDE_CHECK
    if any(form.recorded_at > step.recorded_at for form in forms_of_visit(db, session)):
        yield SUICIDE_CHECK


def _since(step: SessionStep, rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row.occurred_at > step.occurred_at or row.recorded_at > step.recorded_at)
