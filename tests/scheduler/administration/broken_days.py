"""A booked clinic in which something breaks, for the tests of repairs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.administration.broken import read_broken
from scheduler.administration.calendar_changes import CalendarChange
from scheduler.administration.repairs import Repair, plan_repair
from scheduler.booking.book import book_series
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.waivers import Waiver
from scheduler.models import LIVE, Appointment, Shift
from scheduler.protocols import ResourceKind
from tests.builders import LAST_SHIFT, MDD_INDUCTION, MONDAY, OPENS, ClinicCast

TUESDAY = MONDAY + clinic_time.DAY
LATER = OPENS + 150
"""The second time of day at which a chair takes a visit."""


def book(
    clinic: ClinicCast, db: Session, *, chair: str = "A", nurse: str = "N1", minute: int = OPENS,
    weekdays: Sequence[int] = (0, 3), patient_id: UUID | None = None, waiver: Waiver | None = None,
) -> UUID:  # fmt: skip
    """A patient with six visits, twice a week from the clinic's week on, at one time with one nurse; their id."""
    clinic.db = db
    patient_id = patient_id or clinic.patient().id
    names = {ResourceKind.CHAIR: chair, ResourceKind.NURSE: nurse, ResourceKind.PRESCRIBER: "P1"}
    chosen = {kind: clinic.resource(name).id for kind, name in names.items()}
    days = [MONDAY + timedelta(days=7 * week + weekday) for week in range(3) for weekday in weekdays]
    visits = tuple(
        PlannedVisit(number, clinic_time.instant(day, minute, clinic.zone), chosen)
        for number, day in enumerate(days[: MDD_INDUCTION.infusions], 1)
    )
    plan = SeriesPlan(patient_id, clinic.protocol.id, clinic.protocol.current_id, visits, Wishes(MONDAY, LAST_SHIFT))
    book_series(db, plan, actor=clinic.clinician, now=clinic.now, waiver=waiver)
    return patient_id


def shift_of(clinic: ClinicCast, db: Session, name: str, starts_at: Any) -> Shift:
    mine = Shift.resource_id == clinic.resource(name).id
    return db.scalars(select(Shift).where(mine, Shift.starts_at == starts_at)).one()


def repair(clinic: ClinicCast, db: Session, change: CalendarChange, *, seconds: float = 0) -> Repair:
    """The dry run."""
    broken = read_broken(db, change, actor=clinic.scheduler, now=clinic.now)
    return plan_repair(broken, seconds=seconds, now=clinic.now)


def places(db: Session) -> dict[UUID, tuple[Any, ...]]:
    """Where every live appointment stands and with whom."""
    columns = Appointment.starts_at, Appointment.chair_id, Appointment.nurse_id, Appointment.prescriber_id
    rows = db.execute(select(Appointment.id, *columns).where(Appointment.status.in_(LIVE)))
    return {row[0]: tuple(row[1:]) for row in rows}


def promised(plan: Repair) -> dict[UUID, tuple[Any, ...] | None]:
    """Where a dry run puts each visit that does not stay as it is."""
    return {visit.appointment_id: _place(visit.after) for visit in plan.visits}


def _place(place: Any) -> tuple[Any, ...] | None:
    if place is None:
        return None
    by_kind = {each.kind: each.resource_id for each in place.resources}
    return (place.starts_at, *(by_kind.get(kind) for kind in list(ResourceKind)[:3]))
