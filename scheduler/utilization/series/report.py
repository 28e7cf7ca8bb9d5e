"""Series: how many began, were completed within their time, kept their spacing, and who gave up when and why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.collector import collector_at_rest
from scheduler.models import EndReason
from scheduler.models.base import text_of
from scheduler.outcomes.cohorts.facts import NOT_SAID, Ending, ending_of
from scheduler.protocols import Gap, ProtocolDefinition
from scheduler.records.versions import read_definitions
from scheduler.records.zone import read_zone
from scheduler.utilization.figures.figures import Asked, By, Measure, Report, Row, Unit
from scheduler.utilization.figures.items import (
    Edition,
    Item,
    Told,
    as_share,
    as_sum,
    report_of,
    rows_of,
    told_of,
)
from scheduler.utilization.figures.lines import refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.series.reading import Begun, read_begun

SPLITS = frozenset(By)
"""The hour, the chair and the prescriber are those of the first infusion."""
COURSES = "Induction courses whose first infusion was given on these days: they follow no other, neither by the desk's"
COURSES += " word nor within four weeks of another's last infusion."
BEGUN = "courses begun; a visit held without a session is an infusion at its planned time, also where the desk did not "
BEGUN += "take down that drug had begun: the report on chairs counts none there"
MOST_NUMBERED = 10
"""Who gave up after more infusions than that is told together."""
LEFT_OUT = "Whoever has been given nothing for 45 days and has no visit ahead has given up, too."


@dataclass(frozen=True)
class Counted:
    """A course as the report counts it."""

    begun: Begun
    protocol: ProtocolDefinition
    now: datetime
    today: date

    @property
    def planned(self) -> int:
        """The infusions of its protocol: what it was extended by is no part of its time."""
        return min(self.begun.course.planned, self.protocol.infusions)

    @property
    def window_is_over(self) -> bool:
        return (self.today - self.begun.day).days >= self.protocol.span_days

    @property
    def days_taken(self) -> int | None:
        """From the first to the last planned infusion, both days included; None as long as some are missing."""
        days = self.begun.days
        return (days[self.planned - 1] - days[0]).days + 1 if len(days) >= self.planned else None

    @property
    def ending(self) -> Ending:
        return ending_of(self.begun.course, self.now)

    @property
    def given(self) -> int:
        return len(self.begun.days)

    @property
    def reason(self) -> str:
        """What the desk said; of a series nobody closed, that its last visit was missed, if it was."""
        if self.begun.reason is not None:
            return self.begun.reason
        return EndReason.MISSED_VISITS if self.begun.last_missed else NOT_SAID

    @property
    def gaps(self) -> Iterator["Spacing"]:
        for number, (before, after) in enumerate(pairwise(self.begun.days), 1):
            yield Spacing(number, after, (after - before).days, self.protocol.gap_after(number))


class Spacing(NamedTuple):
    """From one infusion that was given to the next, in local days."""

    number: int
    until: date
    days: int
    gap: Gap

    @property
    def is_kept(self) -> bool:
        return self.gap.least <= self.days <= self.gap.most


Counts = Callable[[Counted], Iterator[Item]]
REASONS = (*EndReason, NOT_SAID)


def _started(course: Counted) -> Iterator[Item]:
    yield _item(course, "The first infusion was given.")


def _completed(course: Counted) -> Iterator[Item]:
    if not course.window_is_over:
        return
    allowed, taken = course.protocol.span_days, course.days_taken
    if taken is None:
        yield _item(course, f"{course.given} of {course.planned} infusions were given.", 0)
    else:
        yield _item(course, f"All infusions were given in {taken} days of {allowed}.", int(taken <= allowed))


def _on_schedule(course: Counted) -> Iterator[Item]:
    gaps = list(course.gaps)
    broken = sum(not each.is_kept for each in gaps)
    if gaps:
        yield _item(course, f"{broken} of {len(gaps)} gaps broke the spacing.", int(not broken))


def _breaches(course: Counted) -> Iterator[Item]:
    for each in course.gaps:
        words = f"{each.days} days after infusion {each.number}, where {each.gap.least} to {each.gap.most} are asked."
        found = _item(course, words, int(not each.is_kept))
        yield found._replace(key=f"{found.key}.{each.number:02}")


def _dropped(course: Counted) -> Iterator[Item]:
    if course.ending is Ending.COMPLETED:
        yield _item(course, "Every planned infusion was given.", 0)
    elif course.ending is Ending.DROPPED_OUT:
        yield _item(course, _how_it_ended(course))


def _dropped_after(number: int) -> Counts:
    def counts(course: Counted) -> Iterator[Item]:
        if course.ending is not Ending.RUNNING and course.given >= number:
            yield _item(course, _how_it_ended(course), int(_gave_up_after(course, number)))

    return counts


def _gave_up_after(course: Counted, number: int) -> bool:
    after = course.given >= number if number == MOST_NUMBERED else course.given == number
    return course.ending is Ending.DROPPED_OUT and after


def _dropped_for(reason: str) -> Counts:
    def counts(course: Counted) -> Iterator[Item]:
        if course.ending is Ending.DROPPED_OUT:
            yield _item(course, _how_it_ended(course), int(course.reason == reason))

    return counts


def _how_it_ended(course: Counted) -> str:
    if course.ending is Ending.COMPLETED:
        return "Every planned infusion was given."
    return (
        f"Given up after infusion {course.given} of {course.begun.course.planned}: {course.reason.replace('_', ' ')}."
    )


def _item(course: Counted, words: str, value: int = 1) -> Item:
    begun = course.begun
    return Item(
        f"{begun.day}.{text_of(begun.series)}", begun.day, words, value, version=begun.version,
        prescriber=begun.first_visit.prescriber, visit=begun.first_visit.handle, series=begun.series,
        patient=begun.patient, chair=begun.first_visit.chair, start=begun.minute,
    )  # fmt: skip


def _share(key: str, title: str, formula: str, population: str) -> Told:
    return Told(Measure(key, title, Unit.SHARE, formula, population), as_share, SPLITS)


def _after(number: int) -> Told:
    more = " or more" if number == MOST_NUMBERED else ""
    return _share(
        f"dropped_after_{number}", f"Gave up after infusion {number}{more}",
        f"courses given up after exactly {number}{more} / courses that ended and had {number} or more",
        f"{COURSES} Those that have ended and had that many infusions.",
    )  # fmt: skip


def _for(reason: str) -> Told:
    words = reason.replace("_", " ")
    return _share(
        f"dropped_for_{reason}", f"Gave up: {words}",
        f"courses given up for this reason ({words}) / courses given up. The reason is the desk's; where it gave none "
        "and the last visit was missed, it is missed visits.",
        f"{COURSES} Those that were given up.",
    )  # fmt: skip


REPORT: tuple[tuple[Told, Counts], ...] = (
    (Told(Measure("started", "Started", Unit.SERIES, BEGUN, COURSES), as_sum, SPLITS), _started),
    (
        _share(
            "completed_in_window", "Completed within their window",
            "courses given all infusions of their protocol within its span of days, first and last day included / "
            "courses begun so many days ago or more",
            f"{COURSES} Those whose window is over.",
        ),
        _completed,
    ),
    (
        _share(
            "on_schedule", "On schedule", "courses without a breach of spacing / courses given two infusions or more",
            f"{COURSES} Those given two infusions or more. Spacing is counted in local days between infusions given.",
        ),
        _on_schedule,
    ),
    (
        _share(
            "gap_breaches", "Gaps that broke the spacing",
            "gaps shorter or longer than the protocol allows / gaps between two infusions given",
            f"{COURSES} Every gap between two infusions of them.",
        ),
        _breaches,
    ),
    (
        _share(
            "dropped_out", "Gave up", "courses given up / courses that have ended",
            f"{COURSES} Those that have ended. {LEFT_OUT}",
        ),
        _dropped,
    ),
    *((_after(number), _dropped_after(number)) for number in range(1, MOST_NUMBERED + 1)),
    *((_for(reason), _dropped_for(reason)) for reason in REASONS),
)  # fmt: skip
TOLD = tuple(told for told, _ in REPORT)
MEASURES = tuple(told.measure for told in TOLD)


def read_series(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """What became of the courses that began on these days, in a constant number of statements.

    Raises `Invalid` for a range that cannot be. It opens no record.
    """
    with collector_at_rest():
        return report_of(TOLD, *_read(db, asked, actor=actor, now=now))


def read_rows(db: Session, asked: Asked, measure: str, line: str | None, *, actor: Actor, now: datetime) -> list[Row]:
    """The courses, or gaps, behind a figure. Raises `NotFound` for an unknown one; the audit row is the caller's."""
    told, (items, edition) = told_of(TOLD, measure), _read(db, asked, actor=actor, now=now)
    return rows_of(told, items[measure], edition, line)


def _read(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> tuple[dict[str, list[Item]], Edition]:
    refuse_range(asked.first, asked.last)
    zone = read_zone(db, actor.clinic_id)
    edition = Edition(asked, read_names(db, actor.clinic_id), now, zone)
    return _items(_counted(db, asked, zone, actor=actor, now=now)), edition


def _counted(db: Session, asked: Asked, zone: ZoneInfo, *, actor: Actor, now: datetime) -> list[Counted]:
    begun = read_begun(db, actor.clinic_id, asked.first, asked.last, zone)
    protocols = read_definitions(db, actor.clinic_id, {each.version for each in begun})
    today = clinic_time.local_date(now, zone)
    return [Counted(each, protocols[each.version], now, today) for each in begun]


def _items(courses: Sequence[Counted]) -> dict[str, list[Item]]:
    return {told.measure.key: [item for each in courses for item in counts(each)] for told, counts in REPORT}
