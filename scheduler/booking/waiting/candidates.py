"""Finding who on the waiting list can take a freed place: read in bulk, in as many statements for five as for 500."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import STANDING
from scheduler.booking.availability import Availability, loads_of
from scheduler.booking.holding.choices import Choice
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.reading import HELD, kept_calendar, read_booked
from scheduler.booking.rules import anchor_of, still_to_place
from scheduler.booking.search import Search, best_series
from scheduler.booking.seating import visits_of
from scheduler.booking.waiting.matching import (
    Place,
    Running,
    Waiting,
    in_order,
    next_visit,
    room_of,
    seen_by,
    wishes_for,
)
from scheduler.booking.waiting.waitlist import FIRST_SERVED
from scheduler.models import (
    LIVE,
    Appointment,
    EntryState,
    Hold,
    Offer,
    Outcome,
    Protocol,
    Series,
    SeriesStatus,
    WaitlistEntry,
)
from scheduler.models.base import table_of
from scheduler.protocols import LONGEST_GAP_DAYS, ProtocolDefinition
from scheduler.records import access
from scheduler.records.versions import definitions_of, read_definitions

FEW = 3
"""So many are found and locked at once: if somebody else is just placing the first, the next one is at hand."""


@dataclass(frozen=True)
class Candidate:
    """One who can take the place, and the plan by which they would."""

    waiting: Waiting
    choice: Choice


@dataclass(frozen=True)
class Match:
    """The first few who can take a place, best first; and for how many of those before them which reason spoke."""

    candidates: tuple[Candidate, ...]
    reasons: Counter[str]


def find_candidates(
    db: Session, place: Place, *, actor: Actor, now: datetime, without: Collection[UUID] = (),
    passed_over: Collection[UUID] = (),
) -> Match:  # fmt: skip
    """Who can take this place, as far as can be seen before anything is locked; not the entries in `passed_over`.

    What the holds in `without` keep does not count. No patient is asked twice about one place, whatever they wait for,
    nor while another place is out to them.
    """
    near = (place.starts_at.date() - clinic_time.DAY, place.starts_at.date() + clinic_time.DAY)
    calendar = kept_calendar(db, actor.clinic_id, *near)
    day = place.day(calendar.zone)
    waiting = [each for each in read_waiting(db, place, day, actor=actor, now=now) if each.entry_id not in passed_over]
    rooms = _rooms(db, place, day, waiting, actor=actor, now=now, without=without) if waiting else {}
    found, reasons = list[Candidate](), Counter[str]()
    for each in in_order(waiting, place, calendar.zone):
        plan = plan_for(each, rooms[each.version_id], place, now=now)
        if isinstance(plan, str):
            reasons[plan] += 1
        else:
            found.append(Candidate(each, plan))
        if len(found) == FEW:
            break
    return Match(tuple(found), reasons)


def plan_for(waiting: Waiting, room: Availability, place: Place, *, now: datetime) -> Choice | str:
    """The plan by which one who waits would take the place; or the reason why they cannot."""
    if waiting.protocol.visit_minutes > place.minutes:
        return "too_long"
    mine = seen_by(room, waiting, now=now)
    if waiting.running is not None:
        return next_visit(mine, place, waiting, waiting.running)
    wishes = wishes_for(waiting, place, room.calendar.zone)
    shortage = Search(mine, wishes).look(0).shortage
    if shortage:
        return shortage
    found = best_series(mine, wishes, 1)
    if not found:
        return "series"
    visits = tuple(visits_of(mine, wishes, found[0]))
    return SeriesPlan(waiting.patient_id, waiting.protocol_id, waiting.version_id, visits, wishes)


_entries, _series, _protocols = table_of(WaitlistEntry), table_of(Series), table_of(Protocol)
_asked = _entries.alias("asked")
_offers, _appointments, _holds = table_of(Offer), table_of(Appointment), table_of(Hold)
_CLINIC: BindParameter[UUID] = bindparam("clinic_id")
_WAITS = (_entries.c.clinic_id == _CLINIC, _entries.c.state == EntryState.WAITING)
_ASKED = (
    select(_offers.c.id)
    .join(_asked, (_asked.c.clinic_id == _offers.c.clinic_id) & (_asked.c.id == _offers.c.entry_id))
    .where(_asked.c.clinic_id == _entries.c.clinic_id, _asked.c.patient_id == _entries.c.patient_id)
    .where(
        or_(
            (_offers.c.outcome == Outcome.OPEN) & (_offers.c.deadline > bindparam("now")),
            (_offers.c.chair_id == bindparam("chair_id")) & (_offers.c.starts_at == bindparam("starts_at")),
        )
    )
)
ENTRIES = access.with_consent(
    select(
        _entries, _series.c.infusions, _series.c.status, _series.c.version.label("series_version"),
        _series.c.follows_id, _series.c.protocol_version_id, _protocols.c.current_id, _protocols.c.retired_at,
    )
    .outerjoin_from(
        _entries, _series, (_series.c.clinic_id == _entries.c.clinic_id) & (_series.c.id == _entries.c.series_id)
    )
    .outerjoin(
        _protocols, (_protocols.c.clinic_id == _entries.c.clinic_id) & (_protocols.c.id == _entries.c.protocol_id)
    )
    .where(*_WAITS, _entries.c.earliest <= bindparam("day"), _entries.c.latest >= bindparam("day"), ~_ASKED.exists()),
    _entries.c.clinic_id, _entries.c.patient_id,
)  # fmt: skip
_AWAITED = (
    select(_entries.c.series_id, _series.c.follows_id)
    .join(_series, (_series.c.clinic_id == _entries.c.clinic_id) & (_series.c.id == _entries.c.series_id))
    .where(*_WAITS)
)
LIVE_ONES = (
    select(
        _appointments.c.patient_id, _appointments.c.series_id, _appointments.c.number, _appointments.c.starts_at,
        _appointments.c.local_date, _appointments.c.status,
    )
    .where(_appointments.c.clinic_id == _CLINIC, _appointments.c.status.in_(LIVE))
    .where(_appointments.c.patient_id.in_(select(_entries.c.patient_id).where(*_WAITS)))
    .where(
        or_(
            _appointments.c.series_id.in_(_AWAITED.with_only_columns(_entries.c.series_id)),
            _appointments.c.series_id.in_(_AWAITED.with_only_columns(_series.c.follows_id)),
            _appointments.c.local_date >= bindparam("since"),
        )
    )
)  # fmt: skip
HELD_BY_OTHERS = HELD.where(_holds.c.id.not_in(bindparam("without", expanding=True)))


def read_waiting(db: Session, place: Place, day: date, *, actor: Actor, now: datetime) -> list[Waiting]:
    """Those to whom the day of this place could be of use, in two statements, and one for protocols met first."""
    asked = {"clinic_id": actor.clinic_id, "chair_id": place.chair_id, "starts_at": place.starts_at}
    rows = [row for row in db.execute(ENTRIES, {**asked, "day": day, "now": now}) if _is_open(row)]
    if not rows:
        return []
    versions = definitions_of(db, actor.clinic_id, {_version(row) for row in rows})
    standing: dict[UUID, list[Any]] = defaultdict(list)
    since = day - timedelta(days=LONGEST_GAP_DAYS)
    for each in db.execute(LIVE_ONES, {"clinic_id": actor.clinic_id, "since": since}):
        standing[each.patient_id].append(each)
    return list(_waiting(rows, versions, standing))


def _is_open(row: Any) -> bool:
    """Whether the course an entry is for can still be begun, or gone on with."""
    if row.series_id is not None:
        return bool(row.status == SeriesStatus.ACTIVE)
    return row.retired_at is None


def _version(row: Any) -> UUID:
    version: UUID = row.current_id if row.series_id is None else row.protocol_version_id
    return version


def _waiting(
    rows: Iterable[Any], versions: Mapping[UUID, ProtocolDefinition], standing: Mapping[UUID, list[Any]]
) -> Iterator[Waiting]:
    for row in rows:
        protocol, visits = versions[_version(row)], standing.get(row.patient_id, [])
        running = _running(row, visits, protocol)
        if row.series_id is not None and running is None:
            continue  # every visit has a place, or was overtaken
        yield Waiting(
            entry_id=row.id, patient_id=row.patient_id, rank=FIRST_SERVED.index(row.urgency), since=row.created_at,
            wishes=Wishes(row.earliest, row.latest, frozenset(row.weekdays), (row.opens, row.closes)),
            notice_minutes=row.notice_minutes, protocol_id=row.protocol_id, version_id=_version(row),
            protocol=protocol, consent_until=row.consent_until, running=running,
            elsewhere=frozenset(each.local_date for each in visits if each.series_id != row.series_id),
        )  # fmt: skip


def _running(row: Any, visits: Collection[Any], protocol: ProtocolDefinition) -> Running | None:
    """The running series of an entry, if it is for one and a visit of it is still to be placed."""
    if row.series_id is None:
        return None
    mine = [each for each in visits if each.series_id == row.series_id]
    given = [each.number for each in mine if each.status not in STANDING]
    to_place = still_to_place(row.infusions, [each.number for each in mine], given)
    if not to_place:
        return None
    kept = tuple(PlannedVisit(each.number, each.starts_at, {}) for each in mine)
    before = [each.local_date for each in visits if each.series_id == row.follows_id]
    anchor = anchor_of(protocol, before)
    return Running(row.series_id, row.infusions, to_place[0], kept, row.series_version, anchor)


def _rooms(
    db: Session, place: Place, day: date, waiting: Collection[Waiting], *, actor: Actor, now: datetime,
    without: Collection[UUID],
) -> dict[UUID, Availability]:  # fmt: skip
    """What is free from the day of the place on, for each version of a protocol, in four statements at most."""
    protocols = {each.version_id: each.protocol for each in waiting}
    last = day + timedelta(days=max(protocol.span_days for protocol in protocols.values()))
    calendar = kept_calendar(db, actor.clinic_id, day - clinic_time.DAY, last)
    booked = read_booked(db, actor.clinic_id, calendar, day, last)
    definitions = read_definitions(db, actor.clinic_id, {row[1] for row in booked})
    begins, ends = calendar.day_span(day).start, calendar.day_span(last).end
    span = {"from": clinic_time.from_minute(begins), "until": clinic_time.from_minute(ends)}
    asked = {"clinic_id": actor.clinic_id, "now": now, "without": sorted(without), **span}
    held = db.execute(HELD_BY_OTHERS, asked).all()
    loads = {handle: loads_of(definition) for handle, definition in definitions.items()}
    clinic = Availability(
        calendar=calendar, protocol=next(iter(protocols.values())), booked=booked, loads=loads,
        patient_days=frozenset(), now=now, held=held,
    )  # fmt: skip
    return {version_id: room_of(replace(clinic, protocol=each), place) for version_id, each in protocols.items()}
