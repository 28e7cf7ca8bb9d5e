"""What is due of a course, and how it stands: ahead, open, done, overdue or missed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID, uuid5

from scheduler.outcomes.timing.occasions import AFTER_EACH, Calendar, Occasion, occasions_of
from scheduler.outcomes.trajectories.courses import PatientCourses, Reading
from scheduler.protocols import BEFORE, Measure, Moment

NEAREST = frozenset({*AFTER_EACH, Moment.WEEKLY, Moment.MONTHLY})
"""Of several forms in such a window that nearest to its time is it; of two as near the later."""


class DueState(StrEnum):
    AHEAD = "ahead"
    """It cannot be given yet."""
    OPEN = "open"
    DONE = "done"
    OVERDUE = "overdue"
    """Its time has come and gone, and it can still be given."""
    MISSED = "missed"
    """It can be given no more."""


UNDONE = frozenset({DueState.OPEN, DueState.OVERDUE})


@dataclass(frozen=True)
class Due:
    """One form that a course asks for, or, without a `moment`, that an answer has asked for at once.

    `number` is the infusion it comes before or after, `nth` the week or month after the last one. Without `closes_at`
    it stays due until it is there.
    """

    patient_id: UUID
    series_id: UUID | None
    scale: str
    moment: Moment | None
    number: int | None
    nth: int
    required: bool
    opens_at: datetime
    due_at: datetime
    closes_at: datetime | None
    visit: UUID | None
    done_by: UUID | None
    because_of: UUID | None
    """The form whose answers ask for it."""
    state: DueState

    @cached_property
    def id(self) -> UUID:
        """The same for the same form wanted, whoever asks and whenever."""
        return uuid5(self.because_of or self.series_id or self.patient_id, f"{self.scale}/{self.place}")

    @property
    def place(self) -> str:
        return f"{self.moment}/{self.number}/{self.nth}"


def dues_of(record: PatientCourses, calendar: Calendar, measures: Iterable[Measure], now: datetime) -> list[Due]:
    """What one course asks for, in order of time. What was never required is left out once it can be given no more."""
    found = (due for measure in measures for due in _of_measure(record, calendar, measure, now))
    return sorted(found, key=lambda due: (due.due_at, due.scale, due.place))


def _of_measure(record: PatientCourses, calendar: Calendar, measure: Measure, now: datetime) -> Iterator[Due]:
    course = calendar.course
    usable = [each for each in record.of(measure.scale) if each.complete or each.total is not None]
    readings = calendar.own(usable)
    for occasion in occasions_of(measure.moment, calendar, measure.window):
        done_by = _answer_to(occasion, calendar, readings)
        state = _state(occasion, measure, now, is_done=done_by is not None)
        if state is not None:
            yield Due(
                record.patient_id, course.series_id, measure.scale, occasion.moment, occasion.number, occasion.nth,
                measure.required, occasion.opens_at, occasion.due_at, occasion.closes_at, occasion.visit,
                done_by.assessment_id if done_by else None, because_of=None, state=state,
            )  # fmt: skip


def _state(occasion: Occasion, measure: Measure, now: datetime, *, is_done: bool) -> DueState | None:
    if is_done:
        return DueState.DONE
    if now < occasion.opens_at:
        return DueState.AHEAD
    if now >= occasion.closes_at:
        return DueState.MISSED if measure.required else None
    return DueState.OVERDUE if now >= occasion.due_at and measure.required else DueState.OPEN


def _answer_to(occasion: Occasion, calendar: Calendar, readings: Sequence[Reading]) -> Reading | None:
    """The form that was given for it, if one was."""
    fit = [reading for reading in readings if _fits(reading, occasion, calendar)]
    if not fit:
        return None
    if occasion.moment in NEAREST:
        return min(reversed(fit), key=lambda reading: abs(reading.taken_at - occasion.due_at))
    return fit[-1] if occasion.moment in BEFORE else fit[0]


def _fits(reading: Reading, occasion: Occasion, calendar: Calendar) -> bool:
    """Whether it was given in the time; before an infusion also whether at its visit, whatever the time."""
    infusion, own = calendar.infusions[occasion.number - 1], calendar.course.own_of(reading)
    is_before = occasion.moment in BEFORE
    if own is not None and is_before:
        return own is infusion
    if own is not None and own.at <= infusion.at:
        return False
    at = reading.taken_at
    return occasion.opens_at <= at < occasion.closes_at or (is_before and at == infusion.at)
