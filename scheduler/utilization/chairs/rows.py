"""A figure of the chairs opened into what it counts: minutes into spans of a chair, visits into visits."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import groupby, islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.errors import NotFound
from scheduler.models.base import text_of
from scheduler.utilization.chairs.measures import BY_KEY, WORDS, Counting
from scheduler.utilization.figures.figures import Asked, Row
from scheduler.utilization.figures.lines import WITHOUT_CHAIR_DAYS, Names, refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.figures.scope import Scope, scope_of
from scheduler.utilization.history.ground import Ground
from scheduler.utilization.history.minute_masks import Day
from scheduler.utilization.history.reading import read_ground
from scheduler.utilization.history.visits import LeftPlace, Visit
from scheduler.utilization.ledger.chair_days import ChairDay, chair_days
from scheduler.utilization.ledger.kinds import Count
from scheduler.utilization.ledger.tallies import counts_of

OF_VISITS = frozenset({Count.INFUSIONS, Count.KEPT, Count.MISSED, Count.LATE_CANCELLATIONS, Count.CANCELLATIONS})
"""What is counted in visits, and not in minutes or days."""


class Said(NamedTuple):
    """Minutes of a chair, of one kind, and the visit or the place one left that made them so."""

    kind: str
    mask: int
    of: Visit | LeftPlace | None


def read_rows(
    db: Session, asked: Asked, measure_key: str, line_key: str | None, *, actor: Actor, now: datetime,
    after: str | None = None, limit: int | None = None,
) -> list[Row]:  # fmt: skip
    """Whatever a figure of a line counts, in order of time; in thirteen statements at most.

    With `after` what follows the row of that key, and with `limit` so many of them: then the days behind are not
    reckoned. Raises `Invalid` for a range that cannot be, and `NotFound` for no such measure or line.
    """
    refuse_range(asked.first, asked.last)
    if measure_key not in BY_KEY:
        raise NotFound("There is no such measure.")
    names = read_names(db, actor.clinic_id)
    scope = scope_of(asked, line_key, names)
    dates = [day for day in scope.dates if day >= _first_day(after, asked.first)]
    if not dates:
        return []
    ground = read_ground(db, actor.clinic_id, dates[0], dates[-1], now=now)
    rows = _Opened(ground, names, replace(scope, dates=dates), BY_KEY[measure_key]).rows()
    return list(islice((row for row in rows if after is None or row.key > after), limit))


def _first_day(after: str | None, first: date) -> date:
    """The first day on which a row behind this key may be; where it is no key, the first of all."""
    minute = re.match(r"0[0-9]{9}-", after or "")
    return max(first, (clinic_time.from_minute(int(minute[0][:-1])) - clinic_time.DAY).date()) if minute else first


@dataclass(frozen=True)
class _Opened:
    """One figure of one line."""

    ground: Ground
    names: Names
    scope: Scope
    counting: Counting

    def rows(self) -> Iterator[Row]:
        """In order of their keys, a day at a time: whoever wants few does not wait for all."""
        for day, ledgers in self._days():
            found = [row for each in ledgers for row in self._of_chair(each)]
            if self.counting.listed & OF_VISITS:
                found += self._of_visits(day)
            yield from sorted(found, key=lambda row: row.key)

    def _days(self) -> Iterator[tuple[Day, Iterable[ChairDay]]]:
        dates = set(self.scope.dates)
        days = [day for day in self.ground.days if day.date in dates]
        if self.counting.listed <= OF_VISITS:
            return ((day, ()) for day in days)
        return groupby(chair_days(self.ground, days), key=lambda each: each.day)

    def _of_chair(self, chair_day: ChairDay) -> Iterator[Row]:
        """Its minutes that count; then those that are only divided by, as far as they are not the same."""
        within, counting = self._within(chair_day.day), self.counting
        said = _said(chair_day)
        counted = [each for each in said if each.kind in counting.counted and self._takes(chair_day, each.of)]
        yield from self._spans(chair_day, counted, within, counted=True)
        if counting.divides:
            for each in counted:
                within &= ~each.mask
            whole = counting.is_of_the_whole(self.scope.by)
            others = (e for e in said if e.kind in counting.of and (whole or self._takes(chair_day, e.of)))
            yield from self._spans(chair_day, others, within, counted=False)
        if chair_day.open and Count.CHAIR_DAYS in counting.listed:
            yield from self._open_day(chair_day)

    def _of_visits(self, day: Day) -> Iterator[Row]:
        within = self._within(day) & day.mask(day.span.start, self.ground.now)
        for visit in self.ground.visits_on(day.date):
            if day.mask(visit.start, visit.start + 1) & within and self.scope.takes(*_place(visit.chair, visit)):
                for kind in counts_of(visit):
                    if kind in self.counting.listed:
                        yield self._visit(visit, day, kind)

    def _within(self, day: Day) -> int:
        return self.scope.minutes(day) & (self.ground.prime_on(day) if self.counting.prime else -1)

    def _takes(self, chair_day: ChairDay, of: Visit | LeftPlace | None) -> bool:
        return self.scope.takes(*_place(chair_day.chair.handle, of))

    def _spans(self, chair_day: ChairDay, said: Iterable[Said], within: int, *, counted: bool) -> Iterator[Row]:
        for kind, mask, of in said:
            for span in chair_day.day.spans(mask & within):
                yield Row(
                    key=_key(span.start, chair_day.chair.handle), day=chair_day.day.date,
                    starts_at=clinic_time.from_minute(span.start), ends_at=clinic_time.from_minute(span.end),
                    value=float(span.end - span.start) if counted else 0.0, counted=counted, words=WORDS[kind],
                    resource=chair_day.chair.name, **self._about(of),
                )  # fmt: skip

    def _open_day(self, chair_day: ChairDay) -> Iterator[Row]:
        """A chair-day; by what a chair is not open by, those of all are divided by, and none counts."""
        counted, apart = (
            not self.counting.divides,
            self.scope.by in WITHOUT_CHAIR_DAYS and self.scope.wanted is not None,
        )
        if not (apart and counted) and (apart or self._takes(chair_day, None)):
            yield Row(
                key=_key(chair_day.day.span.start, chair_day.chair.handle), day=chair_day.day.date,
                starts_at=None, ends_at=None, value=float(counted), counted=counted, words=WORDS[Count.CHAIR_DAYS],
                resource=chair_day.chair.name,
            )  # fmt: skip

    def _visit(self, visit: Visit, day: Day, kind: str) -> Row:
        counted = kind in self.counting.counted
        return Row(
            key=_key(visit.start, visit.id), day=day.date, starts_at=clinic_time.from_minute(visit.start),
            ends_at=clinic_time.from_minute(visit.end), value=float(counted), counted=counted, words=WORDS[kind],
            resource=self.names.resource(visit.chair), **self._about(visit),
        )  # fmt: skip

    def _about(self, of: Visit | LeftPlace | None) -> dict[str, Any]:
        """Which visit is behind it, and whose."""
        if of is None:
            return {}
        visit = self._visits.get(of.visit) if isinstance(of, LeftPlace) else of
        known = {"series_id": UUID(visit.series), "patient_id": UUID(visit.patient)} if visit else {}
        appointment = of.visit if isinstance(of, LeftPlace) else of.id
        return {"protocol": self.names.protocol(of.version), "appointment_id": UUID(appointment), **known}

    @cached_property
    def _visits(self) -> dict[str, Visit]:
        return {visit.id: visit for visit in self.ground.visits}


def _said(chair_day: ChairDay) -> list[Said]:
    """All that a chair's day says of minutes."""
    return [
        *(Said(*piece) for piece in chair_day.pieces),
        *(Said(Count.SCHEDULED, mask, visit) for visit, mask in chair_day.scheduled),
        *(Said(Count.OVERTIME, mask, visit) for visit, mask in chair_day.overtime),
    ]


def _place(chair: str, of: Visit | LeftPlace | None) -> tuple[str, str | None, str | None]:
    return (chair, of.version, of.prescriber) if of else (chair, None, None)


def _key(minute: int, handle: str) -> str:
    """By time, and at one time by what it is of: no two minutes of a chair are counted in one figure."""
    return f"{minute:010}-{text_of(handle)}"
