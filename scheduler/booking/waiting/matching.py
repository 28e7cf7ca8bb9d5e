"""Who of those who wait comes first for a place that has become free, and whether it is of use to them: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking import rules, ticks
from scheduler.booking.availability import Availability
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.search import Search
from scheduler.protocols import ProtocolDefinition, ResourceKind

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Place:
    """A chair that has become free for a while."""

    chair_id: UUID
    starts_at: datetime
    ends_at: datetime

    def day(self, zone: ZoneInfo) -> date:
        return clinic_time.local_date(self.starts_at, zone)

    @property
    def minutes(self) -> int:
        return (self.ends_at - self.starts_at) // clinic_time.MINUTE


@dataclass(frozen=True)
class Running:
    """A running series of one who waits: which number is to be placed next, and the visits that stay.

    `version` is that of the series; `anchor` the last infusion of the one it took over from.
    """

    series_id: UUID
    infusions: int
    number: int
    kept: tuple[PlannedVisit, ...]
    version: int
    anchor: rules.Anchor | None = None


@dataclass(frozen=True)
class Waiting:
    """One who waits. `rank` is 0 for the most urgent; `elsewhere` are the patient's live days in other series.

    Without `running` it is for a new series under the protocol.
    """

    entry_id: UUID
    patient_id: UUID
    rank: int
    since: datetime
    wishes: Wishes
    notice_minutes: int
    protocol_id: UUID
    version_id: UUID
    protocol: ProtocolDefinition
    elsewhere: frozenset[date]
    consent_until: date | None = None
    running: Running | None = None


def breach_day(protocol: ProtocolDefinition, days: Mapping[int, date], number: int) -> date | None:
    """The last day on which infusion `number` keeps the greatest gap to the one before it; None without one."""
    before = days.get(number - 1)
    return before + timedelta(days=protocol.gap_after(number - 1).most) if before else None


def in_order(waiting: Iterable[Waiting], place: Place, zone: ZoneInfo) -> list[Waiting]:
    """The most urgent first; then whose spacing would be breached first; then by waiting time, and by fit.

    Waiting time counts in days: of those who began to wait on one day the one who uses most of the place comes first.
    """

    def key(each: Waiting) -> tuple[int, date, date, int, datetime, UUID]:
        unused = place.minutes - each.protocol.visit_minutes
        began = clinic_time.local_date(each.since, zone)
        return each.rank, _breach(each, zone) or date.max, began, unused, each.since, each.entry_id

    return sorted(waiting, key=key)


def _breach(each: Waiting, zone: ZoneInfo) -> date | None:
    if each.running is None:
        return None
    if each.running.number == 1 and each.running.anchor:
        return each.running.anchor.day + timedelta(days=each.running.anchor.gap.most)
    days = {visit.number: clinic_time.local_date(visit.starts_at, zone) for visit in each.running.kept}
    return breach_day(each.protocol, days, each.running.number)


def room_of(availability: Availability, place: Place) -> Availability:
    """The clinic as it is, but that on the day of the place no chair is to be had save in it."""
    calendar = availability.calendar
    day = calendar.day_span(place.day(calendar.zone))
    starts, ends = clinic_time.minute_of(place.starts_at), clinic_time.minute_of(place.ends_at)
    taken = []
    for chair in calendar.of_kind(ResourceKind.CHAIR):
        spans = [(day.start, starts), (ends, day.end)] if chair.id == place.chair_id else [(day.start, day.end)]
        taken += [(chair.handle, start, end, chair.capacity) for start, end in spans]
    return replace(availability, held=[*availability.held, *taken], _loads_by_day={}, _rooms={}, _free={})


def seen_by(room: Availability, waiting: Waiting, *, now: datetime) -> Availability:
    """A room as this patient may use it: with the notice they need, their own days, and their consent."""
    soonest = now + waiting.notice_minutes * clinic_time.MINUTE
    return replace(
        room, patient_days=waiting.elsewhere, consent_until=waiting.consent_until, now=max(now, soonest - INSTANT)
    )


def next_visit(room: Availability, place: Place, waiting: Waiting, running: Running) -> SeriesChange | str:
    """The next visit of a running series in this place, as early as it can be; or the reason why it cannot."""
    calendar = room.calendar
    day = place.day(calendar.zone)
    look = Search(room, replace(waiting.wishes, earliest=day, latest=day)).look(0)
    if look.shortage:
        return look.shortage
    visit = _visit(room, day, ticks.lowest(look.starts), running.number)
    change = SeriesChange(
        ChangeKind.REBOOKING, running.series_id, waiting.patient_id, (visit,), running.infusions,
        series_version=running.version,
    )  # fmt: skip
    broken = rules.breaches(change, _situation(room, waiting, running, calendar), shape=rules.CHANGE_SHAPE)
    return broken[0].code if broken else change


def _visit(room: Availability, day: date, lane: int, number: int) -> PlannedVisit:
    minute = room.calendar.origin(day) + lane * clinic_time.GRID_MINUTES
    chosen = {kind: room.free_at(day, lane, kind)[0].id for kind in room.protocol.kinds}
    return PlannedVisit(number, clinic_time.from_minute(minute), chosen)


def _situation(room: Availability, waiting: Waiting, running: Running, calendar: ClinicCalendar) -> rules.Situation:
    return rules.Situation(
        protocol=waiting.protocol, calendar=calendar, patient_days=waiting.elsewhere, now=room.now,
        infusions=running.infusions, kept=running.kept, anchor=running.anchor, consent_until=waiting.consent_until,
    )  # fmt: skip


def wishes_for(waiting: Waiting, place: Place, zone: ZoneInfo) -> Wishes:
    """What to ask for where a whole new series begins in this place."""
    day = place.day(zone)
    return replace(
        waiting.wishes, earliest=day, latest=rules.last_day(waiting.protocol, day), start_by=day,
        chair_id=place.chair_id,
    )  # fmt: skip
