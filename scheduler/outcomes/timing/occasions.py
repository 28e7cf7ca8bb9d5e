"""The times at which a course asks for a form, and from when until when each can be given (domain 3.11). Pure.

A protocol may give a form after an infusion a window of its own; what it gives none has the domain's.
A form given after a later infusion speaks of that one: what comes after an infusion can be asked only until the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.clinic_time import DAY, boundary, local_date
from scheduler.outcomes.trajectories.contexts import WINDOWS
from scheduler.outcomes.trajectories.courses import Course, Infusion, Reading
from scheduler.outcomes.trajectories.endpoint import FIRST_DAY, LAST_DAY
from scheduler.protocols import BEFORE, EVERY_HOURS, MeasureWindow, Moment

HOUR = timedelta(hours=1)
AFTER_EACH = {
    Moment(each.context): MeasureWindow(each.opens // HOUR, each.nominal // HOUR, each.closes // HOUR)
    for each in WINDOWS
}
ENDPOINT_DUE_DAY = 21
"""From the end of this day on an endpoint that nobody asked for is overdue: ten days are left to get it."""
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
WEEKS, MONTHS = 4, 12
TIMES = {Moment.ENDPOINT: 1, Moment.WEEKLY: WEEKS, Moment.MONTHLY: MONTHS}
"""How often it is asked for after the last infusion."""
AFTER_LAST = {
    moment: MeasureWindow(hours // 2, hours, hours * 3 // 2) for moment, hours in EVERY_HOURS.items()
}  # fmt: skip


@dataclass(frozen=True)
class Occasion:
    """One time at which a form is wanted: from `opens_at` to before `closes_at`, best at `due_at`.

    `number` is the infusion it comes before or after, from 1; `nth` counts the weeks or months after the last one.
    """

    moment: Moment
    number: int
    nth: int
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    visit: UUID | None
    """The visit at which a form before an infusion is given."""


@dataclass(frozen=True)
class Calendar:
    """A course as it stands: what was given, and what is still to come. What fell through asks for nothing."""

    course: Course
    infusions: tuple[Infusion, ...]
    since: datetime | None
    """When the patient was last treated in an earlier course."""
    until: datetime | None
    """When the patient was first treated in a later course, with which this one is over."""
    baseline_days: int
    zone: ZoneInfo

    def midnight(self, at: datetime, *, days: int = 0) -> datetime:
        """The beginning of the local day that is so many days after that of an instant."""
        return _midnight(local_date(at, self.zone) + days * DAY, self.zone)

    def own(self, readings: Iterable[Reading]) -> list[Reading]:
        """The readings of this course, whose visits to come belong to it too: what was given meanwhile ends nothing.

        A form that came before one of its visits' infusions is always among them.
        """
        since, until = self.since or EVER, self.until or NEVER
        return [each for each in readings if since < each.taken_at <= until or self.course.holds(each)]


@lru_cache(maxsize=2048)
def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Of so few days that many patients share them."""
    return boundary(day, 0, zone)


def calendar_of(
    course: Course, courses: Sequence[Course], *, baseline_days: int, zone: ZoneInfo, now: datetime
) -> Calendar:
    """The course among all of a patient's. A planned visit counts until its day is over."""
    today = local_date(now, zone)
    kept = [each for each in course.infusions if each.given or local_date(each.at, zone) >= today]
    others = [given.at for other in courses if other.series_id != course.series_id for given in other.given]
    since = max((at for at in others if kept and at < kept[0].at), default=None)
    until = min((at for at in others if kept and at > kept[-1].at), default=None)
    return Calendar(course, tuple(kept), since, until, baseline_days, zone)


def occasions_of(moment: Moment, calendar: Calendar, window: MeasureWindow | None = None) -> Iterator[Occasion]:
    """Every time of this kind that the course has, in order; none for a course without a visit."""
    if not calendar.infusions:
        return iter(())
    if moment in BEFORE:
        return _before(moment, calendar)
    if moment in AFTER_EACH:
        return _after_each(moment, calendar, window or AFTER_EACH[moment])
    return _after_the_last(moment, calendar, window or AFTER_LAST.get(moment))


def last_close(moment: Moment, window: MeasureWindow | None) -> timedelta:
    """How long after an infusion a form can still be given, at most; nothing for what comes before it."""
    if moment in BEFORE:
        return timedelta(0)
    asked = window or AFTER_EACH.get(moment) or AFTER_LAST.get(moment)
    if asked is None:
        return (LAST_DAY + 1) * DAY
    return (asked.closes_hours + (TIMES.get(moment, 1) - 1) * EVERY_HOURS.get(moment, 0)) * HOUR


def _before(moment: Moment, calendar: Calendar) -> Iterator[Occasion]:
    """Until the infusion is given; while it is only planned, until the end of its day."""
    first = moment is Moment.BASELINE
    for number, infusion in enumerate(calendar.infusions[:1] if first else calendar.infusions, start=1):
        opens = calendar.midnight(infusion.at, days=-calendar.baseline_days if first else 0)
        closes = infusion.at if infusion.given else calendar.midnight(infusion.at, days=1)
        yield Occasion(moment, number, 1, opens, infusion.at, closes, infusion.visit)


def _after_each(moment: Moment, calendar: Calendar, window: MeasureWindow) -> Iterator[Occasion]:
    ends = [*(infusion.at for infusion in calendar.infusions[1:]), calendar.until]
    for number, (infusion, until) in enumerate(zip(calendar.infusions, ends, strict=True), start=1):
        opens, due, closes = _span(infusion.ended_at, window)
        found = _cut(Occasion(moment, number, 1, opens, due, closes, visit=None), until)
        if found:
            yield found


def _after_the_last(moment: Moment, calendar: Calendar, window: MeasureWindow | None) -> Iterator[Occasion]:
    last, number = calendar.infusions[-1], len(calendar.infusions)
    for nth in range(1, TIMES[moment] + 1):
        shift = (nth - 1) * EVERY_HOURS.get(moment, 0) * HOUR
        opens, due, closes = _span(last.ended_at + shift, window) if window else _endpoint(last, calendar)
        found = _cut(Occasion(moment, number, nth, opens, due, closes, visit=None), calendar.until)
        if found:
            yield found


def _span(since: datetime, window: MeasureWindow) -> tuple[datetime, datetime, datetime]:
    return since + window.opens_hours * HOUR, since + window.due_hours * HOUR, since + window.closes_hours * HOUR


def _endpoint(last: Infusion, calendar: Calendar) -> tuple[datetime, datetime, datetime]:
    """Usually it is a matter of local days."""
    opens, due, closes = (
        calendar.midnight(last.at, days=day) for day in (FIRST_DAY, ENDPOINT_DUE_DAY + 1, LAST_DAY + 1)
    )  # fmt: skip
    return opens, due, closes


def _cut(occasion: Occasion, until: datetime | None) -> Occasion | None:
    """What is left of it by the next infusion."""
    if until is None or occasion.closes_at <= until:
        return occasion
    return replace(occasion, closes_at=until) if occasion.opens_at < until else None
