"""Lists a page at a time: `{"items": [...], "next": cursor-or-null}`, in an order that stays.

A cursor is the key of the last item seen. It stands in addresses, so the key may hold no patient data: ids do.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import orjson
from marshmallow import fields

from api.schemas.base import Digits, Shape
from scheduler.errors import Fault, Invalid

Row = TypeVar("Row")
Fetched_co = TypeVar("Fetched_co", covariant=True)

MOST, USUAL = 200, 50
LONGEST_CURSOR = 400


class PageIn(Shape):
    """What every list takes."""

    limit = Digits(least=1, most=MOST, load_default=USUAL, metadata={"description": "How many items at most."})
    cursor = fields.String(load_default=None, metadata={"description": "`next` of the page before."})


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: Sequence[Row]
    next: str | None


class Fetch(Protocol[Fetched_co]):
    """Reads up to `limit` rows following the one whose key is `after`; from the first without."""

    def __call__(self, *, after: Any, limit: int) -> Sequence[Fetched_co]: ...


def page(
    asked: Mapping[str, Any],
    fetch: Fetch[Row],
    *,
    key: Callable[[Row], tuple[Any, ...]] = lambda row: (row.id,),  # type: ignore[attr-defined] # rows have ids
    kinds: tuple[Callable[[str], Any], ...] = (UUID,),
) -> Page[Row]:
    """One page of what `fetch` reads.

    `key` gives the sort key of a row and `kinds` reads its parts back from text; a key of one part is passed bare.
    """
    limit = asked["limit"]
    after = None if asked["cursor"] is None else decode(asked["cursor"], *kinds)
    rows = fetch(after=after[0] if after and len(kinds) == 1 else after, limit=limit + 1)
    more = len(rows) > limit
    return Page(rows[:limit], encode(*key(rows[limit - 1])) if more else None)


@cache
def page_of(item: type[Shape]) -> type[Shape]:
    """The shape of a page of these; one shape however many lists have it."""
    name = item.__name__.removesuffix("Out") + "Page"
    members = {"items": fields.List(fields.Nested(item), required=True), "next": fields.String(allow_none=True)}
    shape: type[Shape] = type(name, (Shape,), members)
    return shape


def moment(text: str) -> datetime:
    """The instant in a cursor. Raises `ValueError` for one without its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at


def encode(*parts: Any) -> str:
    """An opaque cursor for this key."""
    texts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in parts]
    return base64.urlsafe_b64encode(orjson.dumps(texts)).decode().rstrip("=")


def decode(cursor: str, *kinds: Callable[[str], Any]) -> tuple[Any, ...]:
    """The key in a cursor. Raises `Invalid` for anything `encode` did not make."""
    try:
        texts = orjson.loads(base64.b64decode(_padded(cursor), altchars=b"-_", validate=True))
        return tuple(kind(text) for kind, text in zip(kinds, texts, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error) as fault:
        raise Invalid(faults=(Fault("cursor", "invalid", "Use `next` as the page before gave it."),)) from fault


def _padded(cursor: str) -> str:
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError("longer than any cursor")
    return cursor + "=" * (-len(cursor) % 4)
