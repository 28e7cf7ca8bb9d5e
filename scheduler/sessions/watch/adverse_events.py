"""Adverse events: reported once, told on in newer versions, and closed when nothing is missing of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, IllegalTransition, refuse
from scheduler.models import (
    ActionTaken,
    AdverseEvent,
    AdverseEventCode,
    EventOutcome,
    Relatedness,
    TreatmentSession,
)
from scheduler.sessions.charting import columns_of, correct, find, write
from scheduler.sessions.drug.treating import when
from scheduler.sessions.steps import lock_session, refuse_locked

MILDEST, FATAL = 1, 5
"""Grades of severity."""
FOLLOWED_UP = "Followed up."


class Criterion(StrEnum):
    """What makes an event serious."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL = "congenital"
    IMPORTANT = "important"


@dataclass(frozen=True)
class Untoward:
    """What is known of an event. It may be closed once nothing is missing; a serious one asks for more."""

    code: AdverseEventCode
    severity: int
    serious: bool
    criteria: tuple[Criterion, ...] = ()
    resolved_at: datetime | None = None
    relatedness: Relatedness | None = None
    action: ActionTaken | None = None
    rescue_drug: str | None = None
    rescue_dose: str | None = None
    outcome: EventOutcome | None = None
    description: str | None = None
    closed: bool = False


def report(
    db: Session, session_id: UUID, event: Untoward, *, occurred_at: datetime | None = None, actor: Actor, now: datetime
) -> AdverseEvent:
    """Chart an event since its onset, which is now unless told otherwise.

    Raises `NotFound`, `SessionSigned`, `SessionVoid`, and `Invalid` with everything that is missing or contradictory.
    """
    session = lock_session(db, session_id, actor=actor)
    refuse_locked(session)
    at, faults = when(occurred_at, last=session.checked_in_at, now=now)
    refuse([*faults, *event_faults(event, onset=at, now=now)])
    return write(db, session, AdverseEvent, occurred_at=at, actor=actor, now=now, **as_columns(event))


def tell_on(
    db: Session, session_id: UUID, row_id: UUID, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> AdverseEvent:
    """Chart how an event went on, as a newer version of it; what `changes` does not name stays.

    Raises `NotFound`, `AlreadyCorrected`, `IllegalTransition` once it is closed or withdrawn, `SessionSigned`,
    `SessionVoid` and `Invalid`.
    """
    session = lock_session(db, session_id, actor=actor)
    refuse_locked(session)
    row = find(db, session, AdverseEvent, row_id)
    if not changes:
        refuse([Fault("severity", "unchanged", "Say how it went on.")])
    if row.closed or row.withdrawn:
        raise IllegalTransition("It is closed: correct it instead.", legal=[], state="closed")
    return renew(db, session, row, changes, reason=FOLLOWED_UP, actor=actor, now=now)


def renew(
    db: Session, session: TreatmentSession, row: AdverseEvent, changes: Mapping[str, Any], *, reason: str,
    occurred_at: datetime | None = None, withdrawn: bool = False, actor: Actor, now: datetime,
) -> AdverseEvent:  # fmt: skip
    """A newer version of an event of a locked session, judged as a whole."""
    event = replace(untoward_of(row), **changes)
    at, faults = when(occurred_at or row.occurred_at, last=min(session.checked_in_at, row.occurred_at), now=now)
    refuse([*faults, *event_faults(event, onset=at, now=now)])
    return correct(
        db, session, row, reason=reason, occurred_at=at, withdrawn=withdrawn, actor=actor, now=now, **as_columns(event),
    )  # fmt: skip


def untoward_of(row: AdverseEvent) -> Untoward:
    """What a row says."""
    said = {name: getattr(row, name) for name in columns_of(AdverseEvent)}
    return Untoward(**{**said, "criteria": tuple(Criterion(each) for each in row.criteria)})


def as_columns(event: Untoward) -> dict[str, Any]:
    """The event as a row keeps it."""
    return {**vars(event), "criteria": [each.value for each in event.criteria]}


def event_faults(event: Untoward, *, onset: datetime, now: datetime) -> Iterator[Fault]:
    """Everything that is contradictory in what is said of an event, or missing for it to be closed."""
    yield from _grade_faults(event)
    yield from _end_faults(event, onset, now)
    yield from _rescue_faults(event)
    if event.code is AdverseEventCode.OTHER and event.description is None:
        yield Fault("description", "required", "Say what happened.")
    if event.closed:
        yield from _closing_faults(event)


def _grade_faults(event: Untoward) -> Iterator[Fault]:
    if not MILDEST <= event.severity <= FATAL:
        yield Fault("severity", "range", f"Severity goes from {MILDEST} to {FATAL}: fatal.")
    if event.criteria and not event.serious:
        yield Fault("serious", "criteria", "What meets a criterion is serious.")
    if len(set(event.criteria)) < len(event.criteria):
        yield Fault("criteria", "duplicate", "Name each criterion once.")
    fatal = event.severity == FATAL
    if fatal and not event.serious:
        yield Fault("serious", "fatal", "What is fatal is serious.")
    if event.outcome is not None and (event.outcome is EventOutcome.FATAL) is not fatal:
        yield Fault("outcome", "fatal", f"A fatal outcome and severity {FATAL} go together.")
    if Criterion.DEATH in event.criteria and not fatal:
        yield Fault("severity", "fatal", f"Where somebody died the severity is {FATAL}.")


def _end_faults(event: Untoward, onset: datetime, now: datetime) -> Iterator[Fault]:
    if event.resolved_at is None:
        if event.outcome is EventOutcome.RESOLVED:
            yield Fault("resolved_at", "required", "Say when it was over.")
        return
    if event.resolved_at > max(onset, now):
        yield Fault("resolved_at", "future", "This time is still to come.")
    if event.resolved_at < onset:
        yield Fault("resolved_at", "order", "It cannot be over before it began.")
    if event.outcome in {EventOutcome.RESOLVING, EventOutcome.NOT_RESOLVED, EventOutcome.FATAL}:
        yield Fault("outcome", "resolved", "It has an end, so it has been resolved.")


def _rescue_faults(event: Untoward) -> Iterator[Fault]:
    if event.rescue_drug is not None and event.rescue_dose is None:
        yield Fault("rescue_dose", "required", "Say how much of the drug was given.")
    if event.rescue_drug is None and event.rescue_dose is not None:
        yield Fault("rescue_drug", "required", "Say which drug was given.")
    if event.action is ActionTaken.DRUG_GIVEN and event.rescue_drug is None:
        yield Fault("rescue_drug", "required", "Say which drug was given.")


def _closing_faults(event: Untoward) -> Iterator[Fault]:
    """An event that is over says how it ended; a serious one leaves nothing open."""
    needed = ["outcome"]
    if event.serious:
        needed += ["relatedness", "action", "description", "criteria"]
    for name in needed:
        if not getattr(event, name):
            yield Fault(name, "required", "It cannot be closed without this.")
    if event.serious and event.severity == FATAL and Criterion.DEATH not in event.criteria:
        yield Fault("criteria", "fatal", "Where somebody died, death is one of the criteria.")
