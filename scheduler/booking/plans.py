"""What a scheduler asks for, and what can be offered: values that travel between search, caller and booking."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from json import dumps, loads
from typing import Any
from uuid import UUID
from zlib import compress, decompressobj

from scheduler import clinic_time
from scheduler.errors import Invalid
from scheduler.protocols import ResourceKind

LARGEST_PROPOSAL = 16_384
YEARS = range(2000, 2200)
OPEN_END = date.max
"""The latest day of a patient who named none."""
DIGEST_BYTES = 8


@dataclass(frozen=True)
class Wishes:
    """What the patient asks for. The preferred chair and nurse are given where they can be; all else is kept to.

    `window` is [from, to) in minutes after local midnight, for the start of a visit.
    """

    earliest: date
    latest: date = OPEN_END
    weekdays: frozenset[int] = frozenset(range(7))
    window: tuple[int, int] = (0, clinic_time.DAY_MINUTES)
    same_time: bool = False
    nurse_id: UUID | None = None
    chair_id: UUID | None = None


@dataclass(frozen=True)
class PlannedVisit:
    """One appointment of a plan: its number, its start, and the resource it takes of each kind."""

    number: int
    starts_at: datetime
    resources: dict[ResourceKind, UUID] = field(hash=False)


@dataclass(frozen=True)
class SeriesPlan:
    """A whole series, ready to be booked exactly so; the wishes come along for alternatives if it no longer can be."""

    patient_id: UUID
    protocol_id: UUID
    protocol_version_id: UUID
    visits: tuple[PlannedVisit, ...]
    wishes: Wishes


@dataclass(frozen=True)
class Reason:
    """Why a proposal ranks where it does: `points` of its score, and what they are for."""

    code: str
    points: int
    message: str


@dataclass(frozen=True)
class OfferedClaim:
    """What an offered appointment would claim; times in the clinic's offset."""

    resource_id: UUID
    kind: ResourceKind
    name: str
    start: datetime
    end: datetime
    units: int


@dataclass(frozen=True)
class OfferedAppointment:
    """An appointment as it would be booked; times in the clinic's offset."""

    number: int
    starts_at: datetime
    ends_at: datetime
    claims: tuple[OfferedClaim, ...]


@dataclass(frozen=True)
class Proposal:
    """A plan with its score, the lower the better, and what it comes to."""

    plan: SeriesPlan
    score: int
    reasons: tuple[Reason, ...]
    appointments: tuple[OfferedAppointment, ...]

    @property
    def text(self) -> str:
        """The opaque string that books exactly this plan."""
        return to_text(self.plan)


def to_text(plan: SeriesPlan) -> str:
    """The plan as an opaque string that holds exactly this plan.

    It is no secret and no permit: booking checks everything in it as if it were typed by hand.
    """
    body = compress(dumps(_document(plan), separators=(",", ":")).encode(), 9)
    return urlsafe_b64encode(sha256(body).digest()[:DIGEST_BYTES] + body).decode().rstrip("=")


def from_text(text: str) -> SeriesPlan:
    """The plan of `to_text`. Raises `Invalid` for anything else."""
    try:
        if len(text) > LARGEST_PROPOSAL:
            raise ValueError("too long")
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
        if sha256(body).digest()[:DIGEST_BYTES] != digest:
            raise ValueError("digest")
        return _plan(loads(decompressobj().decompress(body, LARGEST_PROPOSAL)))
    except Exception as error:
        raise Invalid("This is not a proposal as it was given out: ask for proposals again.") from error


def _document(plan: SeriesPlan) -> dict[str, Any]:
    wishes = plan.wishes
    return {
        "patient": plan.patient_id.hex,
        "protocol": plan.protocol_id.hex,
        "version": plan.protocol_version_id.hex,
        "visits": [
            [clinic_time.minute_of(visit.starts_at), {kind: chosen.hex for kind, chosen in visit.resources.items()}]
            for visit in plan.visits
        ],
        "wishes": {
            "earliest": wishes.earliest.isoformat(),
            "latest": wishes.latest.isoformat(),
            "weekdays": sorted(wishes.weekdays),
            "window": wishes.window,
            "same_time": wishes.same_time,
            "nurse": wishes.nurse_id and wishes.nurse_id.hex,
            "chair": wishes.chair_id and wishes.chair_id.hex,
        },
    }


def _visit(number: int, minute: int, chosen: dict[str, str]) -> PlannedVisit:
    starts_at = clinic_time.from_minute(minute)
    if starts_at.year not in YEARS:
        raise ValueError("year")
    return PlannedVisit(number, starts_at, {ResourceKind(kind): UUID(chosen[kind]) for kind in chosen})


def _plan(document: dict[str, Any]) -> SeriesPlan:
    if not document["visits"]:
        raise ValueError("no visits")
    return SeriesPlan(
        patient_id=UUID(document["patient"]),
        protocol_id=UUID(document["protocol"]),
        protocol_version_id=UUID(document["version"]),
        visits=tuple(_visit(number, *visit) for number, visit in enumerate(document["visits"], 1)),
        wishes=_wishes(document["wishes"]),
    )


def _wishes(document: dict[str, Any]) -> Wishes:
    earliest, latest = (date.fromisoformat(document[name]) for name in ("earliest", "latest"))
    opens, closes = (range(clinic_time.DAY_MINUTES + 1).index(minute) for minute in document["window"])
    if earliest.year not in YEARS or latest.year not in YEARS or not set(document["weekdays"]) <= set(range(7)):
        raise ValueError("wishes")
    nurse, chair = (document[name] and UUID(document[name]) for name in ("nurse", "chair"))
    weekdays = frozenset(document["weekdays"])
    return Wishes(earliest, latest, weekdays, (opens, closes), bool(document["same_time"]), nurse, chair)
