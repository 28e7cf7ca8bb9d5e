"""The figures of access to care: what each is, and of whom."""

from collections.abc import Callable, Sequence

from scheduler.utilization.access.third_next import HORIZON
from scheduler.utilization.figures.figures import By, Figure, Measure, Unit
from scheduler.utilization.figures.items import DATED, Item, Told, as_median, as_most, as_ninetieth, as_share

Reckoning = Callable[[Measure, Sequence[Item]], Figure]

PEOPLE = frozenset({By.PROTOCOL, By.PRESCRIBER})
EVERY = frozenset(By)
"""By hour: that of the planned start of the visit, or of the first infusion."""
OF_CHAIRS = DATED | PEOPLE | {By.RESOURCE}
NOW = frozenset({By.PROTOCOL})
COURSES = "Induction courses whose first infusion was given on these days."
OFF = "Visits planned for these days whose time has come, and which were called off; those moved are not among them."
BOOKED = "A visit counts as booked with its series, or, where one of its number was given up before it, when that was."
WAITS = "Entries of the waiting list that are open today and whose last day has not passed."
LAG = "local days from the day the patient asked to the day of the first infusion: the earliest of registration, "
LAG += "waiting list and booking; of a patient treated before, of waiting list and booking since"
THIRD = "local days to the third next start: that of the third of three who ask at once and take the earliest, by the "
THIRD += f"rules of booking, for a first visit; {HORIZON} where there is none within as many days"
FILLED = "minutes of chairs booked, turnover included, as they stood {when} / minutes in which chairs were there to be "
FILLED += "booked"


def _told(
    key: str, title: str, unit: Unit, formula: str, population: str, *, figure: Reckoning,
    splits: frozenset[By],
) -> Told:  # fmt: skip
    return Told(Measure(key, title, unit, formula, population), figure, splits)


def _within(hours: int) -> Told:
    return _told(
        f"cancelled_within_{hours}_hours", f"Called off within {hours} hours", Unit.SHARE,
        f"visits called off less than {hours} hours before their start / visits called off", OFF,
        figure=as_share, splits=EVERY,
    )  # fmt: skip


TOLD = (
    _told(
        "lag", "From asking to the first infusion", Unit.DAYS, f"median of {LAG}", COURSES,
        figure=as_median, splits=EVERY,
    ),
    _told(
        "lag_ninetieth", "From asking to the first infusion, nine in ten", Unit.DAYS,
        f"the least number that nine in ten do not exceed of {LAG}", COURSES,
        figure=as_ninetieth, splits=EVERY,
    ),
    _told(
        "third_next_today", "Third next start, today", Unit.DAYS, f"median over protocols of {THIRD}",
        "Protocols that can be booked now; what is held for somebody is not free.", figure=as_median, splits=NOW,
    ),
    _told(
        "third_next", "Third next start, then", Unit.DAYS, f"median of {THIRD}",
        "Protocols on offer, as the book stood when each Monday of these days began (of many, evenly thirteen); hours, "
        "shifts and resources as they are known by now.", figure=as_median, splits=DATED | NOW,
    ),
    _told(
        "fill_at_start", "Filled at the start of the day", Unit.SHARE, FILLED.format(when="when the clinic opened"),
        f"Chairs on days on which the clinic has opened. {BOOKED}", figure=as_share, splits=OF_CHAIRS,
    ),
    _told(
        "fill_day_before", "Filled a day before", Unit.SHARE,
        FILLED.format(when="24 hours before the clinic opened"),
        f"Chairs on days on which the clinic has opened. {BOOKED}", figure=as_share, splits=OF_CHAIRS,
    ),
    _told(
        "cancellation_notice", "Notice of cancellations", Unit.MINUTES,
        "median of the minutes from when a visit was called off to its planned start", OFF,
        figure=as_median, splits=EVERY,
    ),
    _within(24), _within(48), _within(72),
    _told(
        "backfill", "Places filled again", Unit.SHARE,
        "places given back less than 72 hours before their start of which another visit, standing until its own time, "
        "had half or more in the same chair / places given back less than 72 hours before", OFF,
        figure=as_share, splits=EVERY,
    ),
    _told(
        "lead_time", "Booked ahead", Unit.DAYS, "median of the date of the visit less the date it was booked on",
        f"Visits planned for these days whose time has come, and which were not called off. {BOOKED}",
        figure=as_median, splits=EVERY,
    ),
    _told(
        "clog_time", "Held before it was called off", Unit.DAYS,
        "median of the date a visit was called off on less the date it was booked on", f"{OFF} {BOOKED}",
        figure=as_median, splits=EVERY,
    ),
    _told(
        "waiting", "Waiting today", Unit.DAYS, "median of today less the day of the entry", WAITS,
        figure=as_median, splits=NOW,
    ),
    _told(
        "longest_waiting", "Longest waiting today", Unit.DAYS, "today less the day of the oldest entry", WAITS,
        figure=as_most, splits=NOW,
    ),
)  # fmt: skip
