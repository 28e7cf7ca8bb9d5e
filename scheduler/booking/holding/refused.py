"""Why a set of plans could not be held: every conflict of every plan, as the calendar stands by now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.book import explain_refusal
from scheduler.booking.changing.aftermath import explain_change
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.changing.offering import OfferedChange
from scheduler.booking.conflicts import capacity_conflicts
from scheduler.booking.holding.choices import Choices
from scheduler.booking.holding.holds import within_plan
from scheduler.booking.holding.judging import Judged, judge
from scheduler.booking.plans import Proposal, SeriesPlan
from scheduler.errors import Fault, PlanRefused
from scheduler.records import access


@dataclass(frozen=True)
class HoldRefusal:
    """Every conflict of the plans, and what could be held instead: whole series, or changes of a running one."""

    conflicts: tuple[Fault, ...]
    series: tuple[Proposal, ...]
    changes: tuple[OfferedChange, ...]


def explain_refused_hold(db: Session, refused: PlanRefused, *, actor: Actor, now: datetime) -> HoldRefusal:
    """Every conflict of every plan, with fresh alternatives under the wishes of the first of each kind among them.

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
    plans = [each for each in choices.plans if isinstance(each, SeriesPlan)][:1]
    changes = [each for each in choices.plans if isinstance(each, SeriesChange)][:1]
    return HoldRefusal(
        conflicts or refused.faults,
        tuple(other for plan in plans
              for other in explain_refusal(db, PlanRefused(plan=plan), actor=actor, now=now).alternatives),
        tuple(other for each in changes for other in explain_change(db, each, actor=actor, now=now).alternatives),
    )  # fmt: skip


def _taken(db: Session, judged: Judged, *, actor: Actor, now: datetime) -> Iterator[Fault]:
    """The places a plan no longer finds free; of one the rules refuse the visits may be no visits at all."""
    if judged.faults or judged.protocol is None:
        return
    choice = judged.choice
    leaving = [seen.id for seen in choice.seen] if isinstance(choice, SeriesChange) else []
    yield from capacity_conflicts(
        db, actor.clinic_id, choice.visits, judged.protocol, judged.calendar, now=now, without=leaving
    )
