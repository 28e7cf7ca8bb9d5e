"""A session's sets of vitals as the rules know them: in which phase each was taken, and which is due next."""

from collections.abc import Iterable
from datetime import datetime

from scheduler.models import UNDER_WAY, Mode, SessionStatus, TreatmentSession, Vitals
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.watch.bounds import MEASURED
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.sessions.watch.schedule import Due, Intervals, next_due
from scheduler.treatment import Phase


def phase_at(session: TreatmentSession, at: datetime) -> Phase:
    """In which phase a moment lay, by the times at which things happened and not those at which they were typed."""
    if session.started_at is None or at < session.started_at:
        return Phase.BEFORE
    ended = ended_at(session)
    return Phase.INFUSING if ended is None or at < ended else Phase.RECOVERY


def ended_at(session: TreatmentSession) -> datetime | None:
    """When recovery began; the watch after devices has none, being counted from the first of them."""
    return recovery_since(session.mode, session.ended_at)


def recovery_since(mode: Mode, drug_ended_at: datetime | None) -> datetime | None:
    """The same of a session that is known by its mode and by when its drug ended."""
    return None if mode is Mode.DEVICES else drug_ended_at


def as_set(session: TreatmentSession, row: Vitals) -> VitalsSet:
    """A row as a value, in the phase it belongs to as the session's times stand now."""
    measured = {name: getattr(row, name) for name in MEASURED}
    measured["cadss6"] = None if row.cadss6 is None else tuple(row.cadss6)
    return VitalsSet(row.occurred_at, phase_at(session, row.occurred_at), **measured)


def intervals_of(mode: Mode, policy: SessionPolicy) -> Intervals:
    """How often vitals are taken in such a session."""
    return policy.vitals.observed if mode is Mode.DEVICES else policy.vitals.infusion


def due_in(session: TreatmentSession, policy: SessionPolicy, taken: Iterable[datetime], *, now: datetime) -> Due | None:
    """The set to be taken next; none once the patient has left, or while no drug is to be given."""
    if session.status not in UNDER_WAY or session.status is SessionStatus.DEFERRED:
        return None
    return next_due(
        started_at=session.started_at, ended_at=ended_at(session), discharged_at=session.discharged_at,
        sets=list(taken), intervals=intervals_of(session.mode, policy), now=now,
    )  # fmt: skip
