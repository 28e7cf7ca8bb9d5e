"""What is to become of a running series: visits put elsewhere, booked anew or given up, and the rest as it stands."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from scheduler.booking.opaque import pack, read_visit, unpack, visit_document, whole
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.proposals import read_wishes, wishes_document

MOST_INFUSIONS = 60
"""A series has no more, however often it is extended."""


class ChangeKind(StrEnum):
    """What the change was asked for as; it can be carried out as nothing else."""

    MOVE = "move"
    REBOOKING = "rebooking"
    EXTENSION = "extension"
    REPAIR = "repair"


@dataclass(frozen=True)
class Seen:
    """An appointment as it stood when the change was planned."""

    id: UUID
    version: int


@dataclass(frozen=True)
class SeriesChange:
    """`visits` say where each goes. `moved` are the appointments that go there, by number: one without is booked anew.

    `given_up` are appointments of a repair that find no place; `infusions` is how many the series has from then on.
    `series_version` is that of the series when the change was planned, None where whoever plans it holds the series
    locked. The wishes come along for alternatives if it no longer can be carried out.
    """

    kind: ChangeKind
    series_id: UUID
    patient_id: UUID
    visits: tuple[PlannedVisit, ...]
    infusions: int
    moved: dict[int, Seen] = field(default_factory=dict, hash=False)
    given_up: tuple[Seen, ...] = ()
    wishes: Wishes | None = None
    series_version: int | None = None

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every appointment that was there before and is touched."""
        return (*self.moved.values(), *self.given_up)


def to_text(change: SeriesChange) -> str:
    """The opaque string that holds exactly this change."""
    return pack(as_document(change))


def from_text(text: str) -> SeriesChange:
    """The change of `to_text`. Raises `Invalid` for anything else."""
    return unpack(text, from_document)


def as_document(change: SeriesChange) -> dict[str, Any]:
    """The change as plain JSON values; `from_document` reads it back."""
    return {
        "kind": change.kind.value,
        "series": change.series_id.hex,
        "version": change.series_version,
        "patient": change.patient_id.hex,
        "visits": [visit_document(visit) for visit in change.visits],
        "infusions": change.infusions,
        "moved": [[number, seen.id.hex, seen.version] for number, seen in change.moved.items()],
        "given_up": [[seen.id.hex, seen.version] for seen in change.given_up],
        "wishes": change.wishes and wishes_document(change.wishes),
    }


def from_document(document: dict[str, Any]) -> SeriesChange:
    """The change of `as_document`. Raises `ValueError` or its like for anything else."""
    visits = tuple(read_visit(visit) for visit in document["visits"])
    moved = {number: _seen(id_, version) for number, id_, version in document["moved"]}
    given_up, wishes = tuple(_seen(*each) for each in document["given_up"]), document["wishes"]
    version = document["version"]
    touched = [seen.id for seen in (*moved.values(), *given_up)]
    if not set(moved) <= {visit.number for visit in visits} or len(set(touched)) < len(touched):
        raise ValueError("moved")
    return SeriesChange(
        kind=ChangeKind(document["kind"]),
        series_id=UUID(document["series"]),
        patient_id=UUID(document["patient"]),
        visits=visits,
        infusions=whole(document["infusions"], 1, MOST_INFUSIONS),
        moved=moved,
        given_up=given_up,
        wishes=None if wishes is None else read_wishes(wishes),
        series_version=None if version is None else whole(version, 1, 2**31),
    )


def _seen(id_: str, version: int) -> Seen:
    return Seen(UUID(id_), whole(version, 1, 2**31))
