"""Proposed series as opaque strings."""

from datetime import date
from typing import Any
from uuid import UUID

from scheduler import clinic_time
from scheduler.booking.opaque import YEARS, pack, read_visit, unpack, visit_document
from scheduler.booking.plans import SeriesPlan, Wishes


def to_text(plan: SeriesPlan) -> str:
    """The opaque string that holds exactly this plan."""
    return pack(as_document(plan))


def from_text(text: str) -> SeriesPlan:
    """The plan of `to_text`. Raises `Invalid` for anything else."""
    return unpack(text, from_document)


def as_document(plan: SeriesPlan) -> dict[str, Any]:
    """The plan as plain JSON values; `from_document` reads it back."""
    return {
        "patient": plan.patient_id.hex,
        "protocol": plan.protocol_id.hex,
        "version": plan.protocol_version_id.hex,
        "visits": [visit_document(visit) for visit in plan.visits],
        "wishes": wishes_document(plan.wishes),
        "follows": plan.follows and plan.follows.hex,
    }


def from_document(document: dict[str, Any]) -> SeriesPlan:
    """The plan of `as_document`. Raises `ValueError` or its like for anything else."""
    visits = tuple(read_visit(visit) for visit in document["visits"])
    if not visits:
        raise ValueError("no visits")
    return SeriesPlan(
        patient_id=UUID(document["patient"]),
        protocol_id=UUID(document["protocol"]),
        protocol_version_id=UUID(document["version"]),
        visits=visits,
        wishes=read_wishes(document["wishes"]),
        follows=_id(document["follows"]),
    )


def wishes_document(wishes: Wishes) -> dict[str, Any]:
    """Wishes as plain JSON values; `read_wishes` reads them back."""
    return {
        "earliest": wishes.earliest.isoformat(),
        "latest": wishes.latest.isoformat(),
        "weekdays": sorted(wishes.weekdays),
        "window": wishes.window,
        "same_time": wishes.same_time,
        "nurse": wishes.nurse_id and wishes.nurse_id.hex,
        "chair": wishes.chair_id and wishes.chair_id.hex,
        "start_by": wishes.start_by and wishes.start_by.isoformat(),
    }


def read_wishes(document: dict[str, Any]) -> Wishes:
    """The wishes of `wishes_document`. Raises `ValueError` or its like for anything else."""
    earliest, latest = (_day(document[name]) for name in ("earliest", "latest"))
    opens, closes = (range(clinic_time.DAY_MINUTES + 1).index(minute) for minute in document["window"])
    if not set(document["weekdays"]) <= set(range(7)):
        raise ValueError("weekdays")
    nurse, chair = (_id(document[name]) for name in ("nurse", "chair"))
    start_by = None if document["start_by"] is None else _day(document["start_by"])
    weekdays = frozenset(document["weekdays"])
    return Wishes(earliest, latest, weekdays, (opens, closes), bool(document["same_time"]), nurse, chair, start_by)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError("year")
    return day
