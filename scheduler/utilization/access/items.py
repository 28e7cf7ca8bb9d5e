"""What the figures of access count: courses, visits, freed places, chairs' days, those who wait."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking.calendar import Bookable
from scheduler.models.base import text_of
from scheduler.utilization.access.reading import Waiting
from scheduler.utilization.access.third_next_reading import Sample
from scheduler.utilization.figures.items import Item
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import HOUR, by_day
from scheduler.utilization.history.stays import Stay, stood_at
from scheduler.utilization.history.visits import Became, Visit
from scheduler.utilization.series.reading import Begun

DAY_BEFORE = 24 * HOUR
SHORT_NOTICE = 72 * HOUR


@dataclass(frozen=True)
class Scene:
    """The days asked for: what was planned on them, and what stood in the book at every instant."""

    ground: Ground
    first: date
    last: date
    stays: Sequence[Stay]

    @cached_property
    def planned(self) -> list[Visit]:
        """The visits whose time has come on these days, whatever became of them."""
        calendar = self.ground.calendar
        start, end = calendar.day_span(self.first).start, calendar.day_span(self.last).end
        return [visit for visit in self.ground.visits if start <= visit.start < min(end, self.ground.now)]

    @cached_property
    def called_off(self) -> list[tuple[Visit, int]]:
        """The visits that were called off, and when."""
        gone = ((each, each.given_up) for each in self.planned if each.became == Became.CANCELLED)
        return [(visit, at) for visit, at in gone if at is not None]

    @cached_property
    def stays_on(self) -> Mapping[date, Sequence[Stay]]:
        spans = ((stay, stay.place.start, stay.place.end) for stay in self.stays)
        return by_day(spans, self.ground.calendar)

    @cached_property
    def booked(self) -> Mapping[str, int]:
        """When each visit was booked."""
        return {stay.of.id: stay.of.booked for stay in self.stays}

    def local_day(self, minute: int) -> date:
        return _local_day(minute, self.ground.calendar.zone)

    def days_between(self, earlier: int, later: int) -> int:
        """Local dates subtracted."""
        return max(0, (self.local_day(later) - self.local_day(earlier)).days)


@lru_cache(maxsize=65_536)
def _local_day(minute: int, zone: ZoneInfo) -> date:
    """Visits begin at the same few minutes in every chair, and each is asked for by several figures."""
    return clinic_time.local_date(clinic_time.from_minute(minute), zone)


def visit_item(scene: Scene, visit: Visit, words: str, value: int) -> Item:
    day = scene.local_day(visit.start)
    return Item(
        f"{day}.{visit.start}.{text_of(visit.id)}", day, words, value, version=visit.version,
        prescriber=visit.prescriber, chair=visit.chair, start=visit.start, end=visit.end, visit=visit.id,
        series=visit.series, patient=visit.patient,
    )  # fmt: skip


def lags(begun: Sequence[Begun], zone: ZoneInfo) -> Iterator[Item]:
    """Days from when somebody asked to the first infusion."""
    for each in begun:
        asked = clinic_time.local_date(each.asked_at, zone)
        words = f"Asked for on {asked}; " + ("had been treated before." if each.known else "a new patient.")
        yield Item(
            f"{each.day}.{text_of(each.series)}", each.day, words, max(0, (each.day - asked).days),
            version=each.version, prescriber=each.first_visit.prescriber, chair=each.first_visit.chair,
            start=each.minute, visit=each.first_visit.handle, series=each.series, patient=each.patient,
        )  # fmt: skip


def fills(scene: Scene, before: int) -> Iterator[Item]:
    """Every chair's day with its minutes, and what of them was booked so many minutes before the clinic opened."""
    calendar = scene.ground.calendar
    for day in clinic_time.days(scene.first, scene.last):
        opened = calendar.open_on(day)
        if opened and opened[0].start <= scene.ground.now:
            stood = stood_at(scene.stays_on.get(day, ()), opened[0].start - before)
            for chair in scene.ground.chairs:
                yield from _fill(scene, day, chair, stood)


def _fill(scene: Scene, day: date, chair: Bookable, stood: Sequence[Stay]) -> Iterator[Item]:
    spans = scene.ground.calendar.available(chair, day)
    offered = sum(span.end - span.start for span in spans)
    if offered:
        words = f"{offered} minutes were offered."
        key = f"{day}.{text_of(chair.handle)}"
        yield Item(key, day, words, 0, offered, chair=chair.handle, of_all=True)
    for stay in (each for each in stood if each.place.chair == chair.handle):
        minutes = sum(stay.place.shared(span.start, span.end) for span in spans)
        if minutes:
            yield stay_item(day, stay, f"{minutes} minutes were booked.", minutes)


def stay_item(day: date, stay: Stay, words: str, value: int) -> Item:
    place, life = stay.place, stay.of
    return Item(
        f"{day}.{text_of(place.chair)}.{place.start}.{text_of(life.id)}", day, words, value, 0, version=life.version,
        prescriber=place.prescriber, chair=place.chair, start=place.start, end=place.end, visit=life.id,
        series=life.series, patient=life.patient,
    )  # fmt: skip


def notices(scene: Scene) -> Iterator[Item]:
    """How long before its start each visit was called off."""
    for visit, minutes in _called_off(scene):
        yield visit_item(scene, visit, _notice(minutes), minutes)


def short_notices(scene: Scene, hours: int) -> Iterator[Item]:
    """The visits called off, and which of them with less notice than that."""
    for visit, minutes in _called_off(scene):
        yield visit_item(scene, visit, _notice(minutes), int(minutes < hours * HOUR))


def backfills(scene: Scene) -> Iterator[Item]:
    """The places given back at short notice, and which of them somebody else took."""
    for visit, minutes in _called_off(scene):
        if minutes < SHORT_NOTICE:
            taken = _refilled(scene, visit)
            words = "Another visit had at least half of it." if taken else "It stayed empty, or most of it."
            yield visit_item(scene, visit, words, int(taken))


def _called_off(scene: Scene) -> Iterator[tuple[Visit, int]]:
    return ((visit, visit.start - at) for visit, at in scene.called_off)


def _notice(minutes: int) -> str:
    if minutes < 0:
        return "Called off after it was to begin."
    return f"Called off {timedelta(minutes=minutes) // timedelta(hours=1)} hours before."


def _refilled(scene: Scene, visit: Visit) -> bool:
    """Whether another visit that kept its place until its time has at least half of this one's in its chair."""
    there = (stay for stay in scene.stays_on.get(scene.local_day(visit.start), ()) if stay.place.chair == visit.chair)
    shares = (
        stay.place.shared(visit.start, visit.end)
        for stay in there
        if stay.of.id != visit.id and stood_at([stay], stay.place.start)
    )
    return any(2 * shared >= visit.end - visit.start for shared in shares)


def lead_times(scene: Scene) -> Iterator[Item]:
    """Days from when a visit was booked to its day."""
    for visit in scene.planned:
        if visit.was_booked and visit.id in scene.booked:
            yield visit_item(
                scene, visit, _booked_on(scene, visit), scene.days_between(scene.booked[visit.id], visit.start)
            )


def clog_times(scene: Scene) -> Iterator[Item]:
    """Days for which a visit that was called off had kept its place."""
    for visit, at in scene.called_off:
        if visit.id in scene.booked:
            days = scene.days_between(scene.booked[visit.id], at)
            yield visit_item(scene, visit, _booked_on(scene, visit), days)


def _booked_on(scene: Scene, visit: Visit) -> str:
    return f"Booked on {scene.local_day(scene.booked[visit.id])}."


def ages(waiting: Sequence[Waiting], today: date, zone: ZoneInfo) -> Iterator[Item]:
    """For how many days each of those has waited who wait today."""
    for each in waiting:
        since = _local_day(each.since, zone)
        yield Item(
            f"{since}.{text_of(each.id)}", today, f"Waiting since {since}.", (today - since).days,
            version=each.version, series=each.series, patient=each.patient,
        )  # fmt: skip


def samples(found: Sequence[Sample]) -> Iterator[Item]:
    """How many days off the third next start was."""
    for each in found:
        words = "The third next start" if each.start is not None else "None was in sight"
        yield Item(
            f"{each.asked}.{text_of(each.version)}", each.asked, f"{words}, asked for on {each.asked}.", each.days,
            version=each.version, start=each.start,
        )  # fmt: skip
