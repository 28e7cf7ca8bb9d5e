"""The box of the session's states: when it came to each, who said so, and how long things took."""

from collections.abc import Iterator

from scheduler.clinic_time import MINUTE
from scheduler.models import SessionStatus
from scheduler.sessions.record.paper.choosing import thinned
from scheduler.sessions.record.paper.pen import DARK, MIDDLE, Box, Pen
from scheduler.sessions.record.paper.words import STATES, Clock, length
from scheduler.sessions.record.sheet import Flowsheet, Step

ROW, SIZE = 8.6, 6.8


def draw_states(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """The steps one below the other, and the durations at the foot."""
    pen.box(box, ink=MIDDLE)
    steps = [step for step in sheet.steps if step.to_status is not SessionStatus.RECOVERING]
    foot = list(_durations(sheet))
    room = int((box.height - 18 - 8.5 * len(foot)) // ROW)
    chosen = thinned(len(steps), room)
    cut = "" if len(chosen) == len(steps) else f": {len(chosen)} of {len(steps)} shown"
    pen.text(box.x + 5, box.top - 11, f"Course{cut}", size=8, bold=True)
    y = box.top - 22
    for index in chosen:
        _draw_step(pen, box, y, steps[index], clock)
        y -= ROW
    for number, line in enumerate(foot, 1):
        pen.text(box.x + 5, box.y + 4 + 8.5 * (len(foot) - number), line, size=6.6, ink=DARK, room=box.width - 10)


def _draw_step(pen: Pen, box: Box, y: float, step: Step, clock: Clock) -> None:
    name = "Resumed" if step.from_status is SessionStatus.PAUSED and step.to_status is SessionStatus.INFUSING else ""
    after = 5.0 + (50 if clock.with_offset else 32)
    pen.text(box.x + 5, y, clock.time(step.occurred_at), size=SIZE)
    pen.text(box.x + after, y, name or STATES[step.to_status], size=SIZE, bold=True, room=64)
    late = step.recorded_at - step.occurred_at >= MINUTE
    said = [step.by or "", *([f"recorded {clock.time(step.recorded_at)}"] if late else []), step.reason or ""]
    words = "; ".join(part for part in said if part)
    pen.text(box.x + after + 68, y, words, size=SIZE, room=box.width - after - 72)


def _durations(sheet: Flowsheet) -> Iterator[str]:
    found = sheet.durations
    before = (("wait", found.wait), ("preparation", found.preparation), ("drug", found.infusion))
    after = (("of it infusing", found.infusing), ("recovery", found.recovery), ("chair", found.chair))
    for parts in (before, after):
        said = [f"{name} {length(seconds)}" for name, seconds in parts if seconds is not None]
        if said:
            yield ", ".join(said).capitalize()
