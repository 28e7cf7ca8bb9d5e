"""When a clinic is open, read in as many statements for a long time as for a day."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.intervals import Interval
from scheduler.models import Closure, OpeningHours
from scheduler.models.base import epoch_minutes, table_of
from scheduler.opening import Hours, Opening

_hours, _closures = table_of(OpeningHours).c, table_of(Closure).c
_MINE: BindParameter[UUID] = bindparam("clinic_id")
_FROM: BindParameter[Any] = bindparam("from")
_UNTIL: BindParameter[Any] = bindparam("until")

HOURS = (
    select(_hours.weekday, _hours.opens, _hours.closes, _hours.valid_from, _hours.valid_until)
    .where(
        _hours.clinic_id == _MINE, _hours.valid_from <= _UNTIL,
        or_(_hours.valid_until.is_(None), _hours.valid_until > _FROM),
    )
    .order_by(_hours.weekday, _hours.opens)
)  # fmt: skip
CLOSED = select(epoch_minutes(_closures.starts_at), epoch_minutes(_closures.ends_at)).where(
    _closures.clinic_id == _MINE, _closures.resource_id.is_(None),
    _closures.starts_at < _UNTIL, _closures.ends_at > _FROM,
)  # fmt: skip


def read_opening(db: Session, clinic_id: UUID, zone: ZoneInfo, first: date, last: date) -> Opening:
    """The hours and closures of the whole clinic over `first` to `last`, in two statements."""
    begin, end = clinic_time.boundary(first, 0, zone), clinic_time.boundary(last + clinic_time.DAY, 0, zone)
    hours = db.execute(HOURS, {"clinic_id": clinic_id, "from": first, "until": last})
    closed = db.execute(CLOSED, {"clinic_id": clinic_id, "from": begin, "until": end})
    return Opening(zone, first, last, tuple(Hours(*row) for row in hours), tuple(Interval(*row) for row in closed))
