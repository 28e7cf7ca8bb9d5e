"""Plans as opaque strings: what is given out comes back as it was, or is refused.

A string is no secret and no permit: whoever acts on a plan checks everything in it as if it were typed by hand.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from json import dumps, loads
from typing import Any, TypeVar
from uuid import UUID
from zlib import compress, decompressobj

from scheduler import clinic_time
from scheduler.booking.plans import PlannedVisit
from scheduler.errors import Invalid
from scheduler.protocols import ResourceKind

Plan = TypeVar("Plan")

LARGEST_PLAN = 65_536
LARGEST_DOCUMENT = 524_288
DIGEST_BYTES = 8
MOST_NUMBER = 1_000
"""A number of an infusion is not higher, in whatever series."""
YEARS = range(2000, 2200)


def pack(document: dict[str, Any]) -> str:
    """A document of plain JSON values as an opaque string."""
    body = compress(dumps(document, separators=(",", ":")).encode(), 9)
    return urlsafe_b64encode(sha256(body).digest()[:DIGEST_BYTES] + body).decode().rstrip("=")


def pack_large(document: dict[str, Any], *, too_long: str) -> str:
    """`pack` for a plan of many: raises `Invalid`, in these words, where it could not be read back for its length."""
    text = pack(document)
    if len(text) > LARGEST_PLAN:
        raise Invalid(too_long)
    return text


def unpack(text: str, read: Callable[[dict[str, Any]], Plan]) -> Plan:
    """What `read` makes of the document of `pack`. Raises `Invalid` for anything else."""
    try:
        if len(text) > LARGEST_PLAN:
            raise ValueError("too long")
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
        if sha256(body).digest()[:DIGEST_BYTES] != digest:
            raise ValueError("digest")
        return read(loads(decompressobj().decompress(body, LARGEST_DOCUMENT)))
    except Exception as error:
        raise Invalid("This is not a plan as it was given out: ask for a fresh one.") from error


def visit_document(visit: PlannedVisit) -> list[Any]:
    """A visit as plain JSON values."""
    resources = {kind: chosen.hex for kind, chosen in visit.resources.items()}
    return [visit.number, clinic_time.minute_of(visit.starts_at), resources]


def read_visit(document: list[Any]) -> PlannedVisit:
    """The visit of `visit_document`. Raises `ValueError` or its like for anything else."""
    number, minute, chosen = document
    resources = {ResourceKind(kind): UUID(chosen[kind]) for kind in chosen}
    return PlannedVisit(whole(number, 1, MOST_NUMBER), moment(minute), resources)


def whole(value: Any, least: int, most: int) -> int:
    """A true integer within these bounds. Raises `ValueError` for anything else."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError("number")
    return value


def moment(minute: int) -> datetime:
    """The instant of a UTC minute. Raises `ValueError` outside the years of any plan."""
    at = clinic_time.from_minute(minute)
    if at.year not in YEARS:
        raise ValueError("year")
    return at
