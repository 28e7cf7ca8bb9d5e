"""What must hold over a whole database, each a named function that reports what breaks it.

The database's own guards and the code above it already see to most of this. The checks trust neither: they tell
whether a restored backup, a hand-made change or a fault of ours has left something that cannot be.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.checks import bookings, courses, histories, holds, ledger, scores, sessions, utilization
from scheduler.checks.findings import Finding
from scheduler.models import Clinic
from scheduler.records import audit

Check = Callable[[Session, UUID], Iterator[Finding]]


def audit_is_unbroken(db: Session, clinic_id: UUID) -> Iterator[Finding]:
    """Every audit row is what was written, after the row before it."""
    for sequence in audit.broken_links(db, clinic_id):
        yield Finding(sequence, "This audit row is not what was written after the one before it.")


def checks(*, now: datetime) -> dict[str, Check]:
    """Every check by its name. Hours are looked at from `now` on: what was open is not kept for ever;
    and drug must balance for every session of a day that is over by then.
    """
    return {
        "capacity": bookings.capacity,
        "claims": bookings.claims_are_the_legs,
        "holds": holds.holds_claim_their_plans,
        "offers": holds.offers_agree_with_their_holds,
        "overlaps": bookings.one_place_at_a_time,
        "days": bookings.one_visit_a_day,
        "dates": bookings.local_dates,
        "hours": partial(bookings.within_hours, now=now),
        "series": courses.series_keep_their_protocol,
        "rest": courses.infusions_keep_their_rest,
        "handovers": courses.series_follow_in_time,
        "endings": courses.ended_series_have_nothing_to_come,
        "histories": histories.histories_are_paths,
        "moves": histories.moves_were_of_standing_ones,
        "overrides": histories.overrides_have_a_reason,
        "appointments": courses.appointments_are_their_series,
        "protocols": courses.protocols_are_current,
        "totals": scores.totals_are_the_answers,
        "alerts": scores.safety_items_have_alerts,
        "questionnaires": scores.questionnaires_have_their_forms,
        "vials": ledger.vials_hold_something_or_nothing,
        "balances": partial(ledger.over_sessions_balance, now=now),
        "given": ledger.given_is_what_the_session_says,
        "witnesses": ledger.witnesses_are_others,
        "reversals": ledger.reversals_are_opposite,
        "steps": sessions.steps_are_paths,
        "signed": sessions.closed_sessions_are_complete,
        "checklists": sessions.closed_checklists_are_answered,
        "doses": sessions.doses_are_their_events,
        "visits": sessions.visits_follow_their_sessions,
        "corrections": sessions.corrections_are_chains,
        "utilization": partial(utilization.minutes_add_up, now=now),
        "audit": audit_is_unbroken,
    }


def clinics(db: Session) -> list[UUID]:
    """Every clinic of the database, oldest first."""
    return list(db.scalars(select(Clinic.id).order_by(Clinic.created_at, Clinic.id)))
