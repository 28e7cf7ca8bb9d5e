"""A plan somebody may choose: a whole new series, or a change of a running one. One reader for both."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scheduler.booking import proposals
from scheduler.booking.changing import changes
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.opaque import unpack
from scheduler.booking.plans import SeriesPlan

Choice = SeriesPlan | SeriesChange


@dataclass(frozen=True)
class Choices:
    """The plans one patient decides between."""

    plans: tuple[Choice, ...]


MOST_CHOICES = 10
"""How many a patient decides between at once."""


def to_text(choice: Choice) -> str:
    """The opaque string as a search or a preview gave it out."""
    return changes.to_text(choice) if isinstance(choice, SeriesChange) else proposals.to_text(choice)


def from_text(text: str) -> Choice:
    """The plan in an opaque string of either kind. Raises `Invalid` for anything else."""
    return unpack(text, from_document)


def as_document(choice: Choice) -> dict[str, Any]:
    """The plan as plain JSON values; `from_document` reads it back."""
    return changes.as_document(choice) if isinstance(choice, SeriesChange) else proposals.as_document(choice)


def from_document(document: dict[str, Any]) -> Choice:
    """The plan of `as_document`. Only a change says as what it was asked for. Raises `ValueError` or its like."""
    return changes.from_document(document) if "kind" in document else proposals.from_document(document)


def series_of(choice: Choice) -> UUID | None:
    """The running series a plan changes; None for a new one."""
    return choice.series_id if isinstance(choice, SeriesChange) else None
