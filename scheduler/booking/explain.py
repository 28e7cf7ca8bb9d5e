"""Why nothing fits: at which infusion the search ran out, for which reason, and what giving up one wish would bring."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from scheduler import clinic_time
from scheduler.booking import rules
from scheduler.booking.availability import Availability
from scheduler.booking.plans import Wishes
from scheduler.booking.search import Search, best_series

LATER_DAYS = 28
"""How much later than asked for "later" goes."""

LAST = ("wishes", "closed")
"""Reasons that are the main one only where there is no other."""

MESSAGES = {
    "closed": "The clinic is closed.",
    "wishes": "The patient's wishes leave no time for a whole visit.",
    "spacing": "The spacing to other infusions leaves no day.",
    "consent": "The consent on file has run out by then.",
    "no_chair": "No chair is free for the whole visit.",
    "no_nurse": "No nurse has the units a visit needs.",
    "no_prescriber": "No prescriber is there for the visit.",
    "no_pump": "No pump is free.",
}


@dataclass(frozen=True)
class Shortage:
    """On how many of the days that were left a reason held."""

    reason: str
    days: int
    message: str


@dataclass(frozen=True)
class Loosening:
    """What giving up one wish would bring: first and last day of the best series then, or nothing."""

    wish: str
    message: str
    first: date | None
    last: date | None


@dataclass(frozen=True)
class Explanation:
    """`infusion` is the first that found no day after its predecessors; `shortages` stand most frequent first.

    `reason` is the most frequent shortage on days on which the patient could come and the clinic is open, if any.
    """

    infusion: int
    reason: str
    message: str
    between: tuple[date, date]
    shortages: tuple[Shortage, ...]
    loosening: tuple[Loosening, ...]


def explain(availability: Availability, wishes: Wishes) -> Explanation:
    """Why no series fits these wishes. `availability` reaches `LATER_DAYS` beyond the latest day asked for."""
    search = Search(availability, wishes)
    number, days = _where_it_ran_out(search)
    counted = Counter(_shortage(search, day) for day in days)
    shortages = tuple(Shortage(code, times, MESSAGES[code]) for code, times in counted.most_common())
    main = _main(shortages)
    return Explanation(
        infusion=number, reason=main.reason,
        message=f"Infusion {number} finds no place. {main.message}",
        between=(search.date_of(min(days)), search.date_of(max(days))),
        shortages=shortages,
        loosening=tuple(_loosened(availability, wishes)),
    )  # fmt: skip


def explain_visit(availability: Availability, number: int, wishes: Wishes) -> Explanation:
    """Why one visit finds no place from the earliest to the latest day; there may be no day between them at all."""
    search = Search(availability, wishes)
    days = list(range(max(search.days, 0)))
    counted = Counter(_shortage(search, day) for day in days) or Counter({"spacing": 1})
    shortages = tuple(Shortage(code, times, MESSAGES[code]) for code, times in counted.most_common())
    return Explanation(
        infusion=number, reason=_main(shortages).reason,
        message=f"Infusion {number} finds no place. {_main(shortages).message}",
        between=(wishes.earliest, max(wishes.earliest, wishes.latest)), shortages=shortages if days else (),
        loosening=(),
    )  # fmt: skip


def _main(shortages: tuple[Shortage, ...]) -> Shortage:
    return min(shortages, key=lambda each: LAST.index(each.reason) if each.reason in LAST else -1)


def _where_it_ran_out(search: Search) -> tuple[int, list[int]]:
    """The first infusion no day is left for, and the days it could have fallen on by spacing alone."""
    candidates = list(range(max(search.first_days, 1)))
    reached = {day: search.look(day).starts for day in candidates if search.look(day).starts}
    for number in range(2, search.availability.protocol.infusions + 1):
        if not reached:
            return number - 1, candidates
        gaps = rules.days_after(search.availability.protocol, number - 1)
        candidates = sorted({day + gap for day in reached for gap in gaps})
        reached = dict(_next(search, reached, candidates, gaps))
    return search.availability.protocol.infusions, candidates


def _next(search: Search, reached: dict[int, int], candidates: list[int], gaps: range) -> Iterator[tuple[int, int]]:
    for day in candidates:
        starts = search.look(day).starts if day < search.days else 0
        if search.wishes.same_time:
            before = 0
            for gap in gaps:
                before |= reached.get(day - gap, 0)
            starts &= before
        if starts:
            yield day, starts


def _shortage(search: Search, day: int) -> str:
    """Why a day is out: its own reason; one that has starts is out by the wish for one time, or by the span."""
    if day >= search.days:
        return "wishes"
    return search.look(day).shortage or ("wishes" if search.wishes.same_time else "spacing")


def _loosened(availability: Availability, wishes: Wishes) -> Iterator[Loosening]:
    for wish, message, looser in _looser(wishes):
        best = best_series(availability, looser, 1)
        first, last = (best[0].days[0], best[0].days[-1]) if best else (None, None)
        yield Loosening(wish, message, first, last)


def _looser(wishes: Wishes) -> Iterator[tuple[str, str, Wishes]]:
    """Each wish given up in turn."""
    whole = Wishes(wishes.earliest, wishes.latest)
    if wishes.weekdays != whole.weekdays:
        yield "weekdays", "If any weekday will do", replace(wishes, weekdays=whole.weekdays)
    if wishes.window != (0, clinic_time.DAY_MINUTES):
        yield "between", "If any time of day will do", replace(wishes, window=whole.window)
    if wishes.same_time:
        yield "same_time", "If the time of day may differ", replace(wishes, same_time=False)
    later = wishes.latest + timedelta(days=LATER_DAYS)
    yield "latest", f"If it may last {LATER_DAYS} days longer", replace(wishes, latest=later)
