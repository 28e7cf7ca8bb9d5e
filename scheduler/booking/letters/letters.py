"""Letters to patients, written in the transaction of what they tell of; the worker delivers them later."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.letters import wording
from scheduler.booking.letters.told import take_back, told_of
from scheduler.booking.letters.wording import House
from scheduler.booking.policy import read_policy
from scheduler.models import Appointment, AppointmentStatus, Clinic, Message, MessageKind
from scheduler.models.base import table_of
from scheduler.models.upsert import insert_all_unless_there
from scheduler.records import access
from scheduler.records.access import ADDRESS, LockedRecord


@dataclass(frozen=True)
class Visit:
    """An appointment as letters need it."""

    id: UUID
    patient_id: UUID
    starts_at: datetime
    """In UTC: reminders come so many hours before, whatever the clocks do in between."""
    edition: int | str
    """Its version as it is told of: what was written of another place it had is another letter."""
    known: datetime | None = None
    """When its patient takes it to be, if news of a move has not reached them."""


@dataclass(frozen=True)
class Moved:
    """A visit at its new time, and the time it had."""

    visit: Visit
    before: datetime


@dataclass(frozen=True)
class News:
    """What an act means for patients."""

    booked: list[Visit] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    cancelled: list[Visit] = field(default_factory=list)

    def for_those(self, patient_ids: Collection[UUID]) -> "News":
        """What is news to these patients. That a visit has kept its time is none, whoever and wherever it is with."""
        moved = [each for each in self.moved if each.visit.starts_at != each.before]
        return News(
            [visit for visit in self.booked if visit.patient_id in patient_ids],
            [each for each in moved if each.visit.patient_id in patient_ids],
            [visit for visit in self.cancelled if visit.patient_id in patient_ids],
        )

    def as_known(self, known: Mapping[UUID, datetime]) -> "News":
        """The same from the times patients know, where those are others than the visits had last."""
        moved = [replace(each, before=_other(known.get(each.visit.id), each)) for each in self.moved]
        cancelled = [replace(visit, known=known.get(visit.id)) for visit in self.cancelled]
        return replace(self, moved=moved, cancelled=cancelled)


def _other(known: datetime | None, moved: Moved) -> datetime:
    """Who knows the very time it goes back to may have got the letter all the same that was taken back."""
    return moved.before if known is None or known == moved.visit.starts_at else known


_clinics = table_of(Clinic)
HOUSE = select(_clinics.c.name, _clinics.c.timezone, _clinics.c.contact).where(_clinics.c.id == bindparam("clinic_id"))


def tell(db: Session, records: Mapping[UUID, LockedRecord], news: News, *, actor: Actor, now: datetime) -> None:
    """Write to the patients who have an address: reminders of what was booked, or moved to another time, and one
    letter each with all that was moved or cancelled.

    `records` are those of the patients. A constant number of statements, and none where nobody has an address.
    """
    reachable = {id_ for id_, record in records.items() if record.email and ADDRESS.fullmatch(record.email)}
    news = news.for_those(reachable)
    to_come = [*news.booked, *(each.visit for each in news.moved)]
    outdated = [*(each.visit for each in news.moved), *news.cancelled]
    if not (to_come or outdated):
        return
    if outdated:
        known = take_back(db, [visit.id for visit in outdated], actor=actor, now=now)
        news = news.as_known(known)
    write = _Writer(_read_house(db, actor.clinic_id), records, actor.clinic_id, now)
    rows = list(write.notices(news))
    if to_come:
        rows += write.reminders(to_come, read_policy(db, actor.clinic_id, now=now).reminder_minutes)
    insert_all_unless_there(db, Message, rows)


def visit_of(appointment: Appointment) -> Visit:
    """An appointment as it stands."""
    return Visit(appointment.id, appointment.patient_id, appointment.starts_at, appointment.version)


def tell_ended(
    db: Session, visits: Collection[Visit], status: AppointmentStatus, *, actor: Actor, now: datetime
) -> None:
    """Take back the reminders of visits that were called off, missed or entered in error before their time.

    Who had one that was cancelled is told, and who was told of one entered in error: they would come. Their patients
    are locked already. Nothing for visits that are past.
    """
    ahead = [visit for visit in visits if visit.starts_at > now]
    if not ahead:
        return
    cancelled = _to_call_off(db, ahead, status, actor=actor)
    if cancelled:
        records = access.lock_records(db, {visit.patient_id for visit in cancelled}, actor=actor)
        tell(db, records, News(cancelled=cancelled), actor=actor, now=now)
    else:
        take_back(db, [visit.id for visit in ahead], actor=actor, now=now)


def _to_call_off(db: Session, ahead: list[Visit], status: AppointmentStatus, *, actor: Actor) -> list[Visit]:
    if status is AppointmentStatus.CANCELLED:
        return ahead
    if status is not AppointmentStatus.ENTERED_IN_ERROR:
        return []
    told = told_of(db, {visit.id for visit in ahead}, {visit.patient_id for visit in ahead}, actor=actor)
    return [visit for visit in ahead if visit.id in told]


def _read_house(db: Session, clinic_id: UUID) -> House:
    name, timezone, contact = db.execute(HOUSE, {"clinic_id": clinic_id}).one()
    return House(name, ZoneInfo(timezone), contact)


@dataclass(frozen=True)
class _Writer:
    house: House
    records: Mapping[UUID, LockedRecord]
    clinic_id: UUID
    now: datetime

    def reminders(self, visits: Collection[Visit], minutes_before: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The reminders of these visits that still lie ahead."""
        for visit in visits:
            said = wording.reminder(self.house, visit.starts_at)
            for minutes in minutes_before:
                due = visit.starts_at - minutes * clinic_time.MINUTE
                if due > self.now:
                    yield self._row(
                        MessageKind.REMINDER, visit, said, mark=f"/{minutes}", appointment_id=visit.id,
                        due_at=due, useless_at=visit.starts_at,
                    )  # fmt: skip

    def notices(self, news: News) -> Iterator[dict[str, Any]]:
        """One letter a patient; what was cancelled when it was past already needs none."""
        changes: dict[UUID, tuple[list[Moved], list[Visit]]] = defaultdict(lambda: ([], []))
        for each in sorted(news.moved, key=lambda each: each.visit.starts_at):
            changes[each.visit.patient_id][0].append(each)
        for visit in sorted(news.cancelled, key=lambda visit: visit.starts_at):
            if visit.starts_at > self.now:
                changes[visit.patient_id][1].append(visit)
        for mine in changes.values():
            yield self._notice(*mine)

    def _notice(self, moved: list[Moved], cancelled: list[Visit]) -> dict[str, Any]:
        visits = [*(each.visit for each in moved), *cancelled]
        times = [(each.before, each.visit.starts_at) for each in moved]
        return self._row(
            MessageKind.MOVE if moved else MessageKind.CANCELLATION, visits[0],
            wording.changes(self.house, times, [(visit.known, visit.starts_at) for visit in cancelled]),
            appointment_id=visits[0].id if len(visits) == 1 else None,
            due_at=self.now, useless_at=max(at for visit in visits for at in (visit.starts_at, visit.known) if at),
        )  # fmt: skip

    def _row(
        self, kind: MessageKind, about: Visit, said: wording.Text, *, appointment_id: UUID | None, due_at: datetime,
        useless_at: datetime, mark: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "clinic_id": self.clinic_id, "id": uuid4(), "key": f"{kind}/{about.id.hex}/{about.edition}{mark}",
            "kind": kind, "patient_id": about.patient_id, "appointment_id": appointment_id,
            "recipient": self.records[about.patient_id].email, "subject": said.subject, "body": said.body,
            "created_at": self.now, "due_at": due_at, "useless_at": useless_at, "attempts": 0,
        }  # fmt: skip
