"""One clinic through its weeks, day by day: requests come, courses are placed, visits are kept, missed or called off.

It begins with an empty book and a warm-up that does not count, as long as the longest course asked for (two to eight
weeks). The real book would do for the clinic as it is, but not for the clinic as it would be: places taken in other
hours, or for visits of other lengths, would not fit into it, and what was booked before would hide the change. So both
begin with nothing, and count once as many courses end as begin.

What a search finds is booked as it stands: the best series, seated as booking seats it. Nobody chooses the second
best, and a visit that is called off or missed is not made good, so the clinic is a little emptier than a real one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, median
from typing import Any

from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.plans import Wishes
from scheduler.clinic_time import GRID_MINUTES
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.utilization.what_if.book import Book, Place
from scheduler.utilization.what_if.repeating import calendar_of
from scheduler.utilization.what_if.scenario import Arrival, Chances
from scheduler.utilization.what_if.setting import Setting

DECIMALS = 6


class Fared(StrEnum):
    """What became of a simulated visit."""

    KEPT = "kept"
    MISSED = "missed"
    LATE = "late"
    """Called off so late that its place went to nobody."""
    LEFT = "left"
    """Called off in time, or its series had ended: its place was free for others."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to in the weeks that count. Means and medians are None where nobody was placed."""

    requests: int
    placed: int
    mean_lag: float | None
    median_lag: float | None
    infusions: int
    open_minutes: int
    scheduled_minutes: int
    kept_minutes: int
    nurse_capacity: int
    nurse_minutes: int


def as_document(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


@dataclass(frozen=True)
class Simulated:
    """A clinic to be simulated; its calendar keeps what it has looked up from run to run."""

    setting: Setting
    calendar: ClinicCalendar

    @property
    def counted(self) -> list[date]:
        """The days that count."""
        return [self.setting.first + timedelta(days=day) for day in range(self.setting.days)]


def simulated(setting: Setting) -> Simulated:
    return Simulated(setting, calendar_of(setting))


@dataclass
class World:
    """One run of a clinic."""

    clinic: Simulated
    chances: Chances
    book: Book = field(init=False)
    visits: list[tuple[Place, Fared]] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)
    requests: int = 0
    leaving: dict[date, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.book = Book(self.clinic.calendar, self.clinic.setting.protocols)

    def run(self, arrivals: Sequence[Arrival]) -> None:
        """Let all of them come, in order of their days."""
        for arrival in arrivals:
            self._clear(self._date(arrival))
            self._ask(arrival)

    def _date(self, arrival: Arrival) -> date:
        return self.clinic.setting.first + timedelta(days=arrival.day)

    def _clear(self, today: date) -> None:
        """Free what has been given up until today."""
        for day in sorted(day for day in self.leaving if day <= today):
            for place in self.leaving.pop(day):
                self.book.leave(place)

    def _ask(self, arrival: Arrival) -> None:
        today, request = self._date(arrival), arrival.request
        places = self.book.best(request.protocol, self._wishes(arrival))
        for place in places:
            self.book.take(place)
        self.visits += self._fared(today, arrival, places)
        if arrival.day >= 0:
            self.requests += 1
            self.lags += [(place.day - today).days for place in places[:1]]

    def _wishes(self, arrival: Arrival) -> Wishes:
        today, request = self._date(arrival), arrival.request
        start_by = today + timedelta(days=request.start_by)
        span = self.clinic.setting.protocols[request.protocol].span_days
        return Wishes(
            today + timedelta(days=request.earliest), start_by + timedelta(days=span - 1),
            frozenset(request.weekdays), (request.opens, request.closes), start_by=start_by,
        )  # fmt: skip

    def _fared(self, today: date, arrival: Arrival, places: Sequence[Place]) -> Iterator[tuple[Place, Fared]]:
        """What becomes of the visits of a course; what will be free is written down for its day."""
        tomorrow, ended = today + timedelta(days=1), None
        for place, fate in zip(places, arrival.fates, strict=False):
            if ended is not None:
                yield self._left(place, ended + timedelta(days=1))
            elif self.chances.is_called_off(fate):
                yield self._left(place, max(place.day - timedelta(days=self.chances.notice(fate)), tomorrow))
            elif self.chances.is_missed(fate):
                yield place, Fared.MISSED
            elif self.chances.is_late(fate):
                yield place, Fared.LATE
            else:
                ended = place.day if self.chances.ends_series(fate) else None
                yield place, Fared.KEPT

    def _left(self, place: Place, day: date) -> tuple[Place, Fared]:
        self.leaving[day].append(place)
        return place, Fared.LEFT

    def outcome(self) -> Outcome:
        """What the weeks that count came to."""
        days = frozenset(self.clinic.counted)
        visits = [(place, fared) for place, fared in self.visits if place.day in days]
        scheduled = [place for place, fared in visits if fared in (Fared.KEPT, Fared.MISSED)]
        kept = [place for place, fared in visits if fared is Fared.KEPT]
        return Outcome(
            requests=self.requests, placed=len(self.lags),
            mean_lag=round(fmean(self.lags), DECIMALS) if self.lags else None,
            median_lag=float(median(self.lags)) if self.lags else None,
            infusions=len(kept),
            open_minutes=self._offered(ResourceKind.CHAIR), nurse_capacity=self._offered(ResourceKind.NURSE),
            scheduled_minutes=self._claimed(scheduled, ResourceKind.CHAIR),
            kept_minutes=self._claimed(kept, ResourceKind.CHAIR),
            nurse_minutes=self._claimed(scheduled, ResourceKind.NURSE),
        )  # fmt: skip

    def _offered(self, kind: ResourceKind) -> int:
        """Minutes that could be claimed, each as often as there are units."""
        calendar = self.clinic.calendar
        return GRID_MINUTES * sum(
            calendar.available_mask(each, day).bit_count() * each.capacity
            for each in calendar.of_kind(kind)
            for day in self.clinic.counted
        )

    def _claimed(self, places: Sequence[Place], kind: ResourceKind) -> int:
        each = [unit_minutes(protocol, kind) for protocol in self.clinic.setting.protocols]
        return sum(each[place.protocol] for place in places)


def unit_minutes(protocol: ProtocolDefinition, kind: ResourceKind) -> int:
    """Minutes a visit claims of a kind, each as often as it takes units."""
    return sum((leg.end - leg.start) * leg.units for leg in protocol.legs_of(kind))


def simulate(clinic: Simulated, arrivals: Sequence[Arrival], chances: Chances) -> Outcome:
    """What these arrivals come to in this clinic. The same every time."""
    world = World(clinic, chances)
    world.run(arrivals)
    return world.outcome()
