"""Series as they stand, with everything a change of them is checked against."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import rules
from scheduler.booking.appointments import STANDING
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing.changes import Seen, SeriesChange
from scheduler.booking.plans import PlannedVisit
from scheduler.errors import NotFound
from scheduler.models import LIVE, Appointment, Series
from scheduler.protocols import ProtocolDefinition, ResourceKind
from scheduler.records.versions import definitions_of

Placed = tuple[UUID, date]
"""The series of a visit, and the day it goes to."""


@dataclass(frozen=True)
class RunningSeries:
    """A series, its protocol, and all live appointments of its patient, in whatever series."""

    series: Series
    protocol: ProtocolDefinition
    live: tuple[Appointment, ...]

    @property
    def mine(self) -> list[Appointment]:
        """The live appointments of this series, in order."""
        own = (each for each in self.live if each.series_id == self.series.id)
        return sorted(own, key=lambda each: each.number)

    @property
    def missing(self) -> list[int]:
        """The numbers of infusions that are to be and have no place."""
        placed = {each.number for each in self.mine}
        return [number for number in range(1, self.series.infusions + 1) if number not in placed]

    @property
    def to_place(self) -> list[int]:
        """The missing ones still to be placed: what a later infusion has overtaken can no longer be made good."""
        given = [each.number for each in self.mine if each.status not in STANDING]
        return rules.still_to_place(self.series.infusions, [each.number for each in self.mine], given)

    def standing(self, seen: Seen) -> Appointment | None:
        """An appointment of this series, if it still is what was seen and may be moved or given up."""
        return next(
            (
                each
                for each in self.mine
                if (each.id, each.version) == (seen.id, seen.version) and each.status in STANDING
            ),
            None,
        )

    @property
    def anchor(self) -> rules.Anchor | None:
        """The last infusion of the series it took over from, to which its first keeps a spacing wherever it goes."""
        return self._anchor(self.live, ())

    def _anchor(self, staying: Iterable[Appointment], others: Iterable[Placed]) -> rules.Anchor | None:
        days = [each.local_date for each in staying if each.series_id == self.series.follows_id]
        days += [day for series_id, day in others if series_id == self.series.follows_id]
        return rules.anchor_of(self.protocol, days)

    def situation(
        self, change: SeriesChange, calendar: ClinicCalendar, consent_until: date | None, *, now: datetime,
        beside: Iterable[SeriesChange] = (),
    ) -> rules.Situation:  # fmt: skip
        """What the change is checked against: what nobody touches stays, and the rest is where `beside` puts it.

        `beside` are all changes that are made together, of which those of the patient's other series count.
        """
        others = [each for each in beside if each.patient_id == change.patient_id and each.series_id != self.series.id]
        touched = {seen.id for each in (change, *others) for seen in each.seen}
        staying = [each for each in self.live if each.id not in touched]
        placed = [
            (each.series_id, clinic_time.local_date(visit.starts_at, calendar.zone))
            for each in others
            for visit in each.visits
        ]
        elsewhere = [each.local_date for each in staying if each.series_id != self.series.id]
        return rules.Situation(
            protocol=self.protocol, calendar=calendar, now=now, infusions=change.infusions,
            consent_until=consent_until, anchor=self._anchor(staying, placed),
            kept=tuple(planned(each) for each in staying if each.series_id == self.series.id),
            patient_days=frozenset((*elsewhere, *(day for _, day in placed))),
        )  # fmt: skip


def planned(appointment: Appointment) -> PlannedVisit:
    """An appointment as a visit of a plan."""
    chosen = {kind: getattr(appointment, f"{kind}_id") for kind in ResourceKind}
    taken = {kind: resource_id for kind, resource_id in chosen.items() if resource_id is not None}
    return PlannedVisit(appointment.number, appointment.starts_at, taken)


def read_running(
    db: Session, series_ids: Iterable[UUID], *, actor: Actor, locked: bool = False
) -> dict[UUID, RunningSeries]:
    """Series with the live appointments of their patients, in two statements. Raises `NotFound` if one is missing.

    `locked` keeps them from others until this transaction ends; their patients must be locked before.
    """
    ids = sorted(set(series_ids))
    rows = select(Series).where(Series.clinic_id == actor.clinic_id, Series.id.in_(ids)).order_by(Series.id)
    found = list(db.scalars(_locking(rows, locked=locked)))
    if len(found) < len(ids):
        raise NotFound("There is no such series.")
    live = _live(db, {series.patient_id for series in found}, actor=actor, locked=locked)
    definitions = definitions_of(db, actor.clinic_id, {series.protocol_version_id for series in found})
    return {
        series.id: RunningSeries(series, definitions[series.protocol_version_id], tuple(live[series.patient_id]))
        for series in found
    }


def _live(db: Session, patient_ids: Collection[UUID], *, actor: Actor, locked: bool) -> dict[UUID, list[Appointment]]:
    rows = (
        select(Appointment)
        .where(Appointment.clinic_id == actor.clinic_id, Appointment.patient_id.in_(patient_ids))
        .where(Appointment.status.in_(LIVE))
        .order_by(Appointment.id)
    )
    live = defaultdict(list)
    for each in db.scalars(_locking(rows, locked=locked)):
        live[each.patient_id].append(each)
    return live


def _locking(rows: Any, *, locked: bool) -> Any:
    return rows.with_for_update().execution_options(populate_existing=True) if locked else rows


def dates_around(visits: Iterable[PlannedVisit]) -> tuple[date, date]:
    """The first and last date a calendar must have for these visits: local dates may differ from UTC's by one."""
    days = [visit.starts_at.date() for visit in visits]
    return min(days) - clinic_time.DAY, max(days) + clinic_time.DAY
