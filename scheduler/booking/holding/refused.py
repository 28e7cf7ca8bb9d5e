"""Why a set of plans could not be held: every conflict of every plan, as the calendar stands by now."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.book import Refusal, explain_refusal
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.holding.choices import Choices
from scheduler.booking.holding.holds import within_plan
from scheduler.booking.holding.judging import Judged, judge
from scheduler.booking.plans import Proposal, SeriesPlan
from scheduler.errors import Fault, PlanRefused
from scheduler.records import access


def explain_refused_hold(db: Session, refused: PlanRefused, *, actor: Actor, now: datetime) -> Refusal:
    """Every conflict of every plan, with fresh alternatives under the wishes of the first new series among them.

    What the hold itself was told stands alone where all places have become free again meanwhile.
    Raises `NotFound` for the patient.
    """
    choices: Choices = refused.plan
    patient_id = choices.plans[0].patient_id
    patient = access.open_record(db, patient_id, action="hold.refused", actor=actor, now=now)
    judged = judge(db, choices.plans, patient, actor=actor, now=now, locked=False)
    conflicts = tuple(
        fault
        for i, each in enumerate(judged)
        for fault in within_plan(i, [*each.faults, *_taken(db, each, actor=actor, now=now)])
    )
    return Refusal(conflicts or refused.faults, _alternatives(db, choices, actor=actor, now=now))


def _taken(db: Session, judged: Judged, *, actor: Actor, now: datetime) -> Iterator[Fault]:
    """The places a plan no longer finds free; of one the rules refuse the visits may be no visits at all."""
    if judged.faults or judged.protocol is None:
        return
    choice = judged.choice
    leaving = [seen.id for seen in choice.seen] if isinstance(choice, SeriesChange) else []
    yield from capacity_conflicts(
        db, actor.clinic_id, choice.visits, judged.protocol, judged.calendar, now=now, without=leaving
    )


def _alternatives(db: Session, choices: Choices, *, actor: Actor, now: datetime) -> tuple[Proposal, ...]:
    plan = next((each for each in choices.plans if isinstance(each, SeriesPlan)), None)
    if plan is None:
        return ()
    return explain_refusal(db, PlanRefused(plan=plan), actor=actor, now=now).alternatives
