"""The search as one would first write it: every start of every day, each resource asked with a query of its own."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from bench.clinics import CLOSES, OPENS, BenchClinic, microseconds
from scheduler import clinic_time
from scheduler.protocols import Leg, ResourceKind

OVERLAP = """
    SELECT starts_at, ends_at, units FROM claims
    WHERE clinic_id = ? AND resource_id = ? AND starts_at > ? AND starts_at < ? AND ends_at > ?
"""
LONGEST = timedelta(hours=12)
CAPACITY = {ResourceKind.CHAIR: 1, ResourceKind.NURSE: 3, ResourceKind.PRESCRIBER: 6}


class Trial:
    """Finds whole series at one time of day by trying; counts its queries."""

    def __init__(self, connection: Any, clinic: BenchClinic) -> None:
        self._connection = connection
        self._clinic = clinic
        self._server = hasattr(connection, "pgconn")
        self.queries = 0

    def best_series(self) -> list[tuple[date, ...]]:
        """For each time of day and first day, the earliest days that keep the spacing."""
        self.queries = 0
        fits = cache(self._fits)
        minutes = range(OPENS, CLOSES - self._clinic.definition.visit_minutes + 1, clinic_time.GRID_MINUTES)
        found = [
            days
            for minute in minutes
            for first in self._clinic.open_days
            if (days := tuple(self._walk(first, minute, fits))) and len(days) == self._clinic.definition.infusions
        ]
        return sorted(found)[:10]

    def _walk(self, first: date, minute: int, fits: Any) -> Iterator[date]:
        if not fits(first, minute):
            return
        day = first
        yield day
        for gap in self._clinic.definition.gaps:
            near = (day + timedelta(days=apart) for apart in range(gap.least, gap.most + 1))
            found = next((each for each in near if each in self._clinic.open_days and fits(each, minute)), None)
            if found is None:
                return
            day = found
            yield day

    def _fits(self, day: date, minute: int) -> bool:
        start = clinic_time.instant(day, minute, self._clinic.zone)
        kinds = self._clinic.definition.kinds
        return all(any(self._is_free(kind, each, start) for each in self._clinic.resources[kind]) for kind in kinds)

    def _is_free(self, kind: ResourceKind, resource_id: UUID, start: datetime) -> bool:
        self.queries += 1
        end = start + self._clinic.definition.visit_minutes * clinic_time.MINUTE
        taken = self._overlapping(resource_id, start, end)
        legs = self._clinic.definition.legs_of(kind)
        return all(_peak(taken, leg, start, self._server) + leg.units <= CAPACITY[kind] for leg in legs)

    def _overlapping(self, resource_id: UUID, start: datetime, end: datetime) -> list[Any]:
        clinic_id = self._clinic.actor.clinic_id
        bounds = (start - LONGEST, end, start)
        if self._server:
            asked = (clinic_id, resource_id, *bounds)
            rows = self._connection.execute(OVERLAP.replace("?", "%s"), asked)
        else:
            rows = self._connection.execute(OVERLAP, (clinic_id.hex, resource_id.hex, *map(microseconds, bounds)))
        found: list[Any] = rows.fetchall()
        return found


def _peak(taken: list[Any], leg: Leg, start: datetime, server: bool) -> int:  # noqa: FBT001 - a private step
    begin, end = start + leg.start * clinic_time.MINUTE, start + leg.end * clinic_time.MINUTE
    first, beyond = (begin, end) if server else (microseconds(begin), microseconds(end))
    moments = {first, *(each[0] for each in taken if first < each[0] < beyond)}
    return max(sum(units for starts, ends, units in taken if starts <= moment < ends) for moment in moments)
