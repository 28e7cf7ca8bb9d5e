"""A figure of staff opened into what it counts: units into visits, minutes into spans, quarter hours one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.calendar import Bookable
from scheduler.errors import NotFound
from scheduler.models.base import text_of
from scheduler.utilization.days.loads import NO_PEAK, curves_of, peak_of, quarters_of
from scheduler.utilization.days.staff_days import STAFF, Asking, StaffDay, staff_days
from scheduler.utilization.figures.figures import Asked, By, Row
from scheduler.utilization.figures.lines import Names, refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.figures.scope import Scope, scope_of
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import QUARTER, Day
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.staffing.measures import BY_KEY, UNTOLD, Staffing, What
from scheduler.utilization.staffing.report import refuse_split

WORDS = {
    What.UTILIZATION: "A visit as it really took place; its value is in unit-minutes.",
    What.PLANNED: "A visit as it was booked; its value is in unit-minutes.",
    What.PEAK: "A visit under way in the minute with most asked; its value is in units.",
    What.FULL: "More was asked in this quarter hour than there was.",
    What.IDLE: "On duty, and nothing was asked.",
    What.OVERLOADED: "On duty, and asked for more units than they have.",
    What.OFF_DUTY: "Something was asked, and they were not on duty.",
    What.OVERTIME: "Something was asked outside opening hours.",
    What.STARTS: "An infusion began.",
    What.MOST_STARTS: "An infusion began in the quarter hour with most of them.",
}
QUARTER_WORDS = "A quarter hour in which somebody was on duty, or was asked for."


def read_rows(
    db: Session, asked: Asked, measure_key: str, line_key: str | None, *, actor: Actor, now: datetime
) -> list[Row]:
    """Whatever a figure of a line counts, by key, in thirteen statements at most.

    Raises `Invalid` for a range or split that cannot be, and `NotFound` for no such figure.
    """
    refuse_range(asked.first, asked.last)
    refuse_split(asked.by)
    if measure_key not in BY_KEY:
        raise NotFound("There is no such measure.")
    names = read_names(db, actor.clinic_id)
    scope = scope_of(asked, line_key, names)
    _refuse_others(scope, names)
    ground = read_ground(db, actor.clinic_id, scope.dates[0], scope.dates[-1], now=now)
    return sorted(_Opened(ground, names, scope, BY_KEY[measure_key]).rows(), key=lambda row: row.key)


def _refuse_others(scope: Scope, names: Names) -> None:
    """Chairs and pumps have no line here."""
    wanted = scope.wanted if scope.by is By.RESOURCE else None
    if wanted and not any(names.resources[str(handle)].kind in STAFF for handle in wanted):
        raise NotFound("There is no such line.")


@dataclass(frozen=True)
class _Opened:
    """One figure of one line."""

    ground: Ground
    names: Names
    scope: Scope
    staffing: Staffing

    def rows(self) -> Iterator[Row]:
        what, days = self.staffing.what, self._days()
        if self.scope.wanted is not None and self.scope.by in UNTOLD.get(what, ()):
            return
        if what is What.PEAK:
            yield from self._peak(days)
        elif what is What.MOST_STARTS:
            yield from self._most_starts(days)
        else:
            for day, staff in days:
                yield from self._of_day(day, staff)

    def _days(self) -> list[tuple[Day, list[StaffDay]]]:
        """The days of the line, each with those of the kind of staff who are of it."""
        dates = set(self.scope.dates)
        days = (day for day in self.ground.days if day.date in dates)
        return [(day, [each for each in staff_days(self.ground, day) if self._takes(each.resource)]) for day in days]

    def _takes(self, resource: Bookable) -> bool:
        return resource.kind == self.staffing.kind and self.scope.takes(resource.handle, None, None)

    def _of_day(self, day: Day, staff: Sequence[StaffDay]) -> Iterator[Row]:
        what, within = self.staffing.what, self.scope.minutes(day)
        if what in {What.FULL, What.STARTS}:
            yield from self._quarters(day, staff)
        for each in staff:
            if what in {What.UTILIZATION, What.PLANNED}:
                yield from self._visits(each, each.actual if what is What.UTILIZATION else each.planned, within)
                yield from (self._on_duty(each, *span) for span in _spans(day, each.on_duty & within))
            elif what is What.STARTS:
                yield from self._visits(each, each.starts, within)
            elif what is not What.FULL:
                yield from (self._span(each, *span) for span in _spans(day, _minutes(each, what) & within))

    def _visits(self, staff: StaffDay, asked: Iterable[Asking], within: int) -> Iterator[Row]:
        """Each visit with the unit-minutes it asked."""
        found = defaultdict[str, list[Asking]](list)
        for each in asked:
            if each.mask & within:
                found[each.visit.id].append(each._replace(mask=each.mask & within))
        for legs in found.values():
            spans = [span for leg in legs for span in _spans(staff.day, leg.mask)]
            units = sum(leg.units * leg.mask.bit_count() for leg in legs)
            yield self._visit(staff, legs[0], min(spans)[0], max(span[1] for span in spans), units)

    def _visit(self, staff: StaffDay, asking: Asking, start: int, end: int, value: int) -> Row:
        visit = asking.visit
        return self._row(
            staff.day, start, end, f"visit-{text_of(visit.id)}-{text_of(staff.resource.handle)}",
            value=float(value), words=WORDS[self.staffing.what], resource=staff.resource.name,
            protocol=self.names.protocol(visit.version), appointment_id=UUID(visit.id), series_id=UUID(visit.series),
            patient_id=UUID(visit.patient),
        )  # fmt: skip

    def _on_duty(self, staff: StaffDay, start: int, end: int) -> Row:
        return self._row(
            staff.day, start, end, f"duty-{text_of(staff.resource.handle)}",
            value=0.0, counted=False, words=f"On duty with {staff.resource.capacity} units.",
            resource=staff.resource.name,
        )  # fmt: skip

    def _span(self, staff: StaffDay, start: int, end: int) -> Row:
        return self._row(
            staff.day, start, end, f"span-{text_of(staff.resource.handle)}",
            value=float(end - start), words=WORDS[self.staffing.what], resource=staff.resource.name,
        )  # fmt: skip

    def _quarters(self, day: Day, staff: Sequence[StaffDay]) -> Iterator[Row]:
        """Every quarter hour with anybody on duty or asked for; where that is asked, those above capacity count."""
        curves, within = curves_of(staff, quarters_of(day)), self.scope.minutes(day)
        for quarter, mask in _quarter_masks(day).items():
            there, load = curves.capacity[quarter], curves.actual[quarter]
            if (there or load) and mask & within:
                spans = _spans(day, mask)
                counted = self.staffing.what is What.FULL and load > there
                yield self._row(
                    day, spans[0][0], spans[-1][1], "quarter", value=float(counted), counted=counted,
                    words=WORDS[What.FULL] if counted else QUARTER_WORDS,
                )  # fmt: skip

    def _row(
        self, day: Day, start: int, end: int, key: str, *, value: float, words: str, counted: bool = True, **about: Any
    ) -> Row:
        return Row(
            key=f"{start:010}-{key}", day=day.date, starts_at=clinic_time.from_minute(start),
            ends_at=clinic_time.from_minute(end), value=value, counted=counted, words=words, **about,
        )  # fmt: skip

    def _peak(self, days: Iterable[tuple[Day, list[StaffDay]]]) -> Iterator[Row]:
        """The visits of the first minute of the highest peak, each with the units it asked then."""
        found = ((*peak_of(staff), staff) for _, staff in days)
        _, mask, staff = max(found, key=lambda each: each[0].height, default=(NO_PEAK, 0, []))
        for each in staff:
            for asking in each.actual:
                if asking.mask & mask & -mask:
                    (span,) = _spans(each.day, mask & -mask)
                    yield self._visit(each, asking, *span, asking.units)

    def _most_starts(self, days: Iterable[tuple[Day, list[StaffDay]]]) -> Iterator[Row]:
        """The starts of the first quarter hour with most of them."""
        found = (
            [(each, asking) for each in staff for asking in each.starts if asking.mask & mask]
            for day, staff in days
            for mask in (mask & self.scope.minutes(day) for mask in _quarter_masks(day).values())
        )
        for each, asking in max(found, key=len, default=[]):
            (span,) = _spans(each.day, asking.mask)
            yield self._visit(each, asking, *span, 1)


def _spans(day: Day, mask: int) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in day.spans(mask)]


def _quarter_masks(day: Day) -> dict[int, int]:
    """The minutes of every quarter hour the wall clock shows."""
    found = defaultdict[int, int](int)
    for start, quarter in zip(range(day.span.start, day.span.end, QUARTER), quarters_of(day), strict=True):
        found[quarter] |= day.mask(start, start + QUARTER)
    return found


def _minutes(staff: StaffDay, what: What) -> int:
    return {
        What.IDLE: staff.idle, What.OVERLOADED: staff.above, What.OFF_DUTY: staff.absent, What.OVERTIME: staff.overtime,
    }[what]  # fmt: skip
