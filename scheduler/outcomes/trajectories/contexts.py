"""What each form of a course was taken for, told from its time alone (domain 3.11). Pure.

A protocol may ask for its forms at times of its own; a reading is labelled by the domain's windows all the same, so
that readings under different protocols compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scheduler.clinic_time import local_date
from scheduler.outcomes.trajectories.courses import Course, Reading


class Context(StrEnum):
    BASELINE = "baseline"
    PRE_INFUSION = "pre_infusion"
    POST_24H = "post_24h"
    POST_72H = "post_72h"
    POST_7D = "post_7d"
    WEEKLY = "weekly"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True)
class Window:
    """Hours since the end of an infusion; the first belongs to it, the last no longer."""

    context: Context
    nominal: timedelta
    opens: timedelta
    closes: timedelta


WINDOWS = tuple(
    Window(context, *(timedelta(hours=hours) for hours in (nominal, opens, closes)))
    for context, nominal, opens, closes in (
        (Context.POST_24H, 24, 18, 36),
        (Context.POST_72H, 72, 60, 96),
        (Context.POST_7D, 7 * 24, 5 * 24, 9 * 24),
    )
)
WEEKLY_DAYS = 28
"""For so many days after an infusion a form is a weekly one, later a follow-up."""


def contexts_of(
    readings: Sequence[Reading], course: Course, baseline: Reading | None, zone: ZoneInfo
) -> list[Context | None]:
    """One entry a reading; None for what came before the course and is not its baseline.

    Of several forms in one window that nearest to its time has it, of two as near the later; a form without a total
    has it only where no other is.
    """
    found = [_context_of(reading, course, baseline, zone) for reading in readings]
    holders: dict[tuple[int, Context], int] = {}
    for place, (reading, window) in enumerate(zip(readings, found, strict=True)):
        if isinstance(window, Window):
            key = (course.infusions_before(reading), window.context)
            held = holders.get(key)
            if held is None or _nearness(reading, course, window) <= _nearness(readings[held], course, window):
                holders[key] = place
    return [
        (each.context if place in holders.values() else Context.WEEKLY) if isinstance(each, Window) else each
        for place, each in enumerate(found)
    ]


def _context_of(reading: Reading, course: Course, baseline: Reading | None, zone: ZoneInfo) -> Window | Context | None:
    if reading is baseline:
        return Context.BASELINE
    if _is_before_an_infusion(reading, course, zone):
        return Context.PRE_INFUSION
    before = course.infusions_before(reading)
    if not before:
        return None
    since = reading.taken_at - course.given[before - 1].ended_at
    window = next((window for window in WINDOWS if window.opens <= since < window.closes), None)
    return window or (Context.WEEKLY if since < timedelta(days=WEEKLY_DAYS) else Context.FOLLOW_UP)


def _is_before_an_infusion(reading: Reading, course: Course, zone: ZoneInfo) -> bool:
    """Given at its visit, or on its day."""
    if course.own_of(reading) is not None:
        return True
    coming = next((infusion for infusion in course.infusions if infusion.at >= reading.taken_at), None)
    return coming is not None and local_date(coming.at, zone) == local_date(reading.taken_at, zone)


def _nearness(reading: Reading, course: Course, window: Window) -> tuple[bool, timedelta]:
    since = reading.taken_at - course.given[course.infusions_before(reading) - 1].ended_at
    return reading.total is None, abs(since - window.nominal)
