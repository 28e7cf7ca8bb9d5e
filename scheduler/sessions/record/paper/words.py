"""What the sheet says, as text: amounts without needless zeros, times of the clinic's wall clock, codes in words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.models import SessionStatus
from scheduler.sessions.record.sheet import Flowsheet

BOUND = "\u00a0"
"""A space at which no line is broken."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STATES = {
    SessionStatus.CHECKED_IN: "Checked in", SessionStatus.PRE_ASSESSMENT: "In the chair",
    SessionStatus.CLEARED: "Cleared", SessionStatus.DEFERRED: "Deferred", SessionStatus.INFUSING: "Drug started",
    SessionStatus.PAUSED: "Paused", SessionStatus.INFUSION_ENDED: "Drug ended",
    SessionStatus.RECOVERING: "Recovering", SessionStatus.READY_FOR_DISCHARGE: "Ready to leave",
    SessionStatus.DISCHARGED: "Left for home", SessionStatus.TRANSFERRED: "Taken to hospital",
    SessionStatus.CLOSED: "Note signed", SessionStatus.ENTERED_IN_ERROR: "Entered in error",
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """The wall clock of the clinic. Where it is changed during the session, every time says its offset."""

    zone: ZoneInfo
    with_offset: bool = False

    def time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return local.strftime("%H:%M%z" if self.with_offset else "%H:%M")

    def date(self, at: datetime) -> str:
        """Such as `Mon 2026-03-02`."""
        day = clinic_time.local_date(at, self.zone)
        return f"{clinic_time.weekday(day).title()} {day.isoformat()}"

    def moment(self, at: datetime) -> str:
        return f"{self.date(at)} {self.time(at)}"


def clock_of(sheet: Flowsheet) -> Clock:
    """The clock, aware of a change of it between the check-in and the end of what is shown."""
    zone, last = sheet.head.zone, sheet.times.chair_free_at or sheet.times.discharged_at or sheet.at
    offsets = {at.astimezone(zone).utcoffset() for at in (sheet.times.checked_in_at, last)}
    days = {clinic_time.local_date(at, zone) for at in (sheet.times.checked_in_at, last)}
    return Clock(zone, with_offset=len(offsets) > 1 and max(days) - min(days) <= clinic_time.DAY)


def amount(value: Decimal) -> str:
    """`35`, `0.5`: a nought too many has been read as a ten times larger dose before."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: Decimal, unit: str) -> str:
    """An amount and its unit, which stay on one line."""
    return f"{amount(value)}{BOUND}{unit}"


def human(code: str) -> str:
    """`sbp_high` as `SBP high`."""
    first, *rest = code.split("_")
    known = {"sbp", "dbp", "hr", "spo2", "rr", "rass", "iv"}
    named = {"spo2": "SpO2", "etco2": "EtCO2"}.get(first, first.upper() if first in known else first.capitalize())
    return " ".join([named, *rest])


def length(seconds: int) -> str:
    """`52 min`, and `46 min 40 s` where seconds matter."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def letter(index: int) -> str:
    """A, B .. Z, then numbers from 27."""
    return LETTERS[index] if index < len(LETTERS) else str(index + 1)
