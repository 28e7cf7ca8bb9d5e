"""A figure of flow opened into the visits it is of, each with what it adds."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.errors import NotFound
from scheduler.models.base import text_of
from scheduler.utilization.figures.figures import Asked, Row, Unit
from scheduler.utilization.figures.lines import Names
from scheduler.utilization.figures.scope import scope_of
from scheduler.utilization.flow.measures import BY_KEY, Timing
from scheduler.utilization.flow.report import belongs_to, read_kept
from scheduler.utilization.flow.times import Kept


def read_rows(
    db: Session, asked: Asked, measure_key: str, line_key: str | None, *, actor: Actor, now: datetime
) -> list[Row]:
    """The visits that a figure of a line is of, in order of their planned start.

    Raises `Invalid` for a range that cannot be, and `NotFound` for no such measure or line.
    """
    if measure_key not in BY_KEY:
        raise NotFound("There is no such measure.")
    flow = read_kept(db, asked, actor=actor, now=now)
    wanted = scope_of(asked, line_key, flow.names).wanted
    mine = (kept for kept in flow.kept if wanted is None or belongs_to(kept, asked.by) in wanted)
    return sorted(_rows(mine, BY_KEY[measure_key], flow.names), key=lambda row: row.key)


def _rows(visits: Iterator[Kept], timing: Timing, names: Names) -> Iterator[Row]:
    """A plain count opens into what it counts, any other figure into all that it is of."""
    for kept in visits:
        value = timing.taken(kept)
        if value or (value is not None and timing.measure.unit is not Unit.VISITS):
            yield _row(kept, value, timing, names)


def _row(kept: Kept, value: int, timing: Timing, names: Names) -> Row:
    visit = kept.visit
    return Row(
        key=f"{visit.start:010}-{text_of(visit.id)}", day=kept.day.date,
        starts_at=clinic_time.from_minute(visit.start), ends_at=clinic_time.from_minute(visit.end),
        value=float(value), counted=bool(value) or not timing.counts, words=timing.words(kept),
        resource=names.resource(visit.where), protocol=names.protocol(visit.version),
        appointment_id=UUID(visit.id), series_id=UUID(visit.series), patient_id=UUID(visit.patient),
    )  # fmt: skip
