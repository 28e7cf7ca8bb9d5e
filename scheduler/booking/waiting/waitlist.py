"""The waiting list: who would take a place that becomes free, how badly it is needed, and when they could come.

Whoever writes an entry, or an offer to one, has locked its patient's record before: so no two of them meet there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, select, tuple_
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.changing.running import RunningSeries, read_running
from scheduler.booking.holding.judging import current_versions
from scheduler.booking.waiting.leaving import run_out
from scheduler.errors import EntryEnded, Fault, NotFound, OfferOut, refuse
from scheduler.models import EntryState, Offer, Outcome, SeriesStatus, Urgency, WaitlistEntry
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

LONGEST_NOTICE_MINUTES = 30 * clinic_time.DAY_MINUTES
FIRST_SERVED = (Urgency.URGENT, Urgency.SOON, Urgency.ROUTINE)


@dataclass(frozen=True)
class Needs:
    """How urgent a place is, and on which days and at which times it would be of use.

    `window` is [from, to) in minutes after local midnight, for the start of a visit; `latest` the last useful day.
    """

    urgency: Urgency
    earliest: date
    latest: date
    weekdays: frozenset[int]
    window: tuple[int, int]
    notice_minutes: int

    @property
    def opens(self) -> int:
        return self.window[0]

    @property
    def closes(self) -> int:
        return self.window[1]

    def columns(self) -> dict[str, Any]:
        """As an entry keeps them."""
        return {
            "urgency": self.urgency, "earliest": self.earliest, "latest": self.latest,
            "weekdays": sorted(self.weekdays), "opens": self.opens, "closes": self.closes,
            "notice_minutes": self.notice_minutes,
        }  # fmt: skip


@dataclass(frozen=True)
class EntryView:
    """An entry of the waiting list; `offered` while a place is out for it, until the deadline and no longer."""

    id: UUID
    patient_id: UUID
    initials: str
    protocol_id: UUID | None
    series_id: UUID | None
    needs: Needs
    state: EntryState
    created_at: datetime
    ended_at: datetime | None
    offered: bool
    version: int

    @property
    def weekdays(self) -> list[int]:
        """In order."""
        return sorted(self.needs.weekdays)


def add_entry(
    db: Session, *, patient_id: UUID, needs: Needs, protocol_id: UUID | None = None, series_id: UUID | None = None,
    actor: Actor, now: datetime,
) -> EntryView:  # fmt: skip
    """Put a patient on the waiting list, for a new series under a protocol or for the next visit of a running one.

    Raises `NotFound` for the patient, and `Invalid` with every fault.
    """
    access.lock_record(db, patient_id, actor=actor)
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    course = (protocol_id, series_id)
    refuse([*_course_faults(db, patient_id, course, actor=actor), *_faults(needs, today)])
    entry = WaitlistEntry(
        clinic_id=actor.clinic_id, patient_id=patient_id, protocol_id=protocol_id, series_id=series_id,
        state=EntryState.WAITING, created_at=now, created_by=actor.staff_id, **needs.columns(),
    )  # fmt: skip
    db.add(entry)
    db.flush()  # the audit row needs the id
    audit.note(db, "waitlist.joined", actor=actor, now=now, subject=entry.id, patient_id=patient_id)
    return _view(db, entry.id, actor=actor, now=now)


def _course_faults(
    db: Session, patient_id: UUID, course: tuple[UUID | None, UUID | None], *, actor: Actor
) -> Iterator[Fault]:
    protocol_id, series_id = course
    if (protocol_id is None) == (series_id is None):
        yield Fault("protocol_id", "one-course", "Name either a protocol or a running series.")
        return
    if protocol_id and protocol_id not in current_versions(db, {protocol_id}, actor=actor):
        yield Fault("protocol_id", "unknown", "There is no such protocol.")
    if series_id:
        yield from _series_faults(_running(db, series_id, patient_id, actor=actor))
    waiting = (WaitlistEntry.patient_id == patient_id, WaitlistEntry.state == EntryState.WAITING)
    same = (WaitlistEntry.protocol_id == protocol_id, WaitlistEntry.series_id == series_id)
    if db.scalar(select(WaitlistEntry.id).where(WaitlistEntry.clinic_id == actor.clinic_id, *waiting, *same)):
        yield Fault("patient_id", "waiting", "This patient already waits for that.")


def _running(db: Session, series_id: UUID, patient_id: UUID, *, actor: Actor) -> RunningSeries | None:
    try:
        found = read_running(db, [series_id], actor=actor)[series_id]
    except NotFound:
        return None
    return found if found.series.patient_id == patient_id else None


def _series_faults(running: RunningSeries | None) -> Iterator[Fault]:
    if running is None:
        yield Fault("series_id", "unknown", "There is no such series of this patient.")
    elif running.series.status is not SeriesStatus.ACTIVE:
        yield Fault("series_id", "ended", f"This series is {running.series.status}.")
    elif not running.to_place:
        yield Fault("series_id", "placed", "No visit of this series is still to be placed.")


def _faults(needs: Needs, today: date) -> Iterator[Fault]:
    yield from clinic_time.date_faults(earliest=needs.earliest, latest=needs.latest)
    if needs.latest < max(needs.earliest, today):
        yield Fault("latest", "order", "The last useful day is neither past nor before the earliest.")
    if not needs.weekdays:
        yield Fault("weekdays", "empty", "Name at least one weekday.")
    if needs.opens >= needs.closes:
        yield Fault("between", "order", "The window ends after it begins.")
    if not 0 <= needs.notice_minutes <= LONGEST_NOTICE_MINUTES:
        yield Fault("notice_minutes", "range", f"Notice goes from 0 to {LONGEST_NOTICE_MINUTES} minutes.")


def find_entry(db: Session, entry_id: UUID, *, actor: Actor) -> WaitlistEntry:
    """The entry, kept from others until this transaction ends. Raises `NotFound`."""
    key = (actor.clinic_id, entry_id)
    entry = db.get(WaitlistEntry, key)
    if entry is None:
        raise NotFound("There is no such entry of the waiting list.")
    access.lock_record(db, entry.patient_id, actor=actor)
    return db.get_one(WaitlistEntry, key, populate_existing=True)


def change_entry(
    db: Session, entry: WaitlistEntry, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> EntryView:
    """Change what an entry found by `find_entry` asks for; `changes` names fields of `Needs`.

    Raises `EntryEnded`, and `Invalid` with every fault.
    """
    _refuse_ended(entry)
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    needs = Needs(**{**needs_of(entry).__dict__, **changes})
    refuse(_faults(needs, today))
    for name, value in needs.columns().items():
        setattr(entry, name, value)
    db.flush()  # a stale version is refused here, and the answer shows the new one
    audit.note(
        db, "waitlist.changed", actor=actor, now=now, subject=entry.id, patient_id=entry.patient_id,
        fields=sorted(changes),
    )  # fmt: skip
    return _view(db, entry.id, actor=actor, now=now)


def withdraw_entry(db: Session, entry: WaitlistEntry, *, actor: Actor, now: datetime) -> EntryView:
    """Take a patient whose entry was found by `find_entry` off the list.

    Raises `EntryEnded`, and `OfferOut` while a place is out to them: until its deadline, swept or not.
    """
    _refuse_ended(entry)
    if _view(db, entry.id, actor=actor, now=now).offered:
        raise OfferOut
    run_out(db, actor.clinic_id, [entry.id], now=now)
    end_entry(entry, EntryState.WITHDRAWN, now=now)
    db.flush()  # a stale version is refused here, and the answer shows the new one
    audit.note(db, "waitlist.left", actor=actor, now=now, subject=entry.id, patient_id=entry.patient_id)
    return _view(db, entry.id, actor=actor, now=now)


def end_entry(entry: WaitlistEntry, state: EntryState, *, now: datetime) -> None:
    """Nobody waits any longer."""
    entry.state, entry.ended_at = state, now


def _refuse_ended(entry: WaitlistEntry) -> None:
    if entry.state is not EntryState.WAITING:
        raise EntryEnded


def read_entry(db: Session, entry_id: UUID, *, actor: Actor, now: datetime) -> EntryView:
    """One entry. Raises `NotFound`."""
    found = _view(db, entry_id, actor=actor, now=now)
    audit.note(db, "waitlist.entry_read", actor=actor, now=now, subject=entry_id, patient_id=found.patient_id)
    return found


RANK = case({urgency: rank for rank, urgency in enumerate(FIRST_SERVED)}, value=WaitlistEntry.urgency)
ORDER = (RANK, WaitlistEntry.created_at, WaitlistEntry.id)


def key_of(entry: EntryView) -> tuple[int, datetime, UUID]:
    """Where an entry stands in the list."""
    return FIRST_SERVED.index(entry.needs.urgency), entry.created_at, entry.id


def list_entries(
    db: Session, *, after: tuple[int, datetime, UUID] | None, limit: int, actor: Actor, now: datetime
) -> list[EntryView]:
    """Up to `limit` of those who wait, the most urgent first and of those who wait longest; `after` is a `key_of`."""
    which = [WaitlistEntry.state == EntryState.WAITING]
    if after is not None:
        which.append(tuple_(*ORDER) > after)
    found = _views(db, *which, limit=limit, actor=actor, now=now)
    audit.note(db, "waitlist.read", actor=actor, now=now, patients=audit.ids_of(each.patient_id for each in found))
    return found


def _view(db: Session, entry_id: UUID, *, actor: Actor, now: datetime) -> EntryView:
    found = _views(db, WaitlistEntry.id == entry_id, limit=1, actor=actor, now=now)
    if not found:
        raise NotFound("There is no such entry of the waiting list.")
    return found[0]


def _views(db: Session, *which: Any, limit: int, actor: Actor, now: datetime) -> list[EntryView]:
    """Entries in the order of the list, in one statement; the audit row is the caller's."""
    out = select(Offer.id).where(
        Offer.clinic_id == WaitlistEntry.clinic_id, Offer.entry_id == WaitlistEntry.id,
        Offer.outcome == Outcome.OPEN, Offer.deadline > now,
    )  # fmt: skip
    rows: Any = select(WaitlistEntry, out.exists()).where(WaitlistEntry.clinic_id == actor.clinic_id, *which)
    rows = access.with_initials(
        rows.order_by(*ORDER).limit(limit), WaitlistEntry.clinic_id, WaitlistEntry.patient_id
    )  # fmt: skip
    return [_shown(*row) for row in db.execute(rows)]


def _shown(entry: WaitlistEntry, offered: bool, initials: str) -> EntryView:  # noqa: FBT001 # a column of the row
    return EntryView(
        id=entry.id, patient_id=entry.patient_id, initials=initials, protocol_id=entry.protocol_id,
        series_id=entry.series_id, needs=needs_of(entry), state=entry.state, created_at=entry.created_at,
        ended_at=entry.ended_at, offered=offered, version=entry.version,
    )  # fmt: skip


def needs_of(entry: WaitlistEntry) -> Needs:
    """What an entry asks for."""
    return Needs(
        entry.urgency, entry.earliest, entry.latest, frozenset(entry.weekdays), (entry.opens, entry.closes),
        entry.notice_minutes,
    )  # fmt: skip
