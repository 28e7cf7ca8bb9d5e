"""What a scheduler asks for, and what can be offered: values that travel between search, caller and booking."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from scheduler import clinic_time
from scheduler.protocols import ResourceKind

OPEN_END = date.max
"""The latest day of a patient who named none."""


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
    start_by: date | None = None
    """The last day for the first visit, where something before it sets one."""


@dataclass(frozen=True)
class PlannedVisit:
    """One appointment of a plan: its number, its start, and the resource it takes of each kind."""

    number: int
    starts_at: datetime
    resources: dict[ResourceKind, UUID] = field(hash=False)


@dataclass(frozen=True)
class SeriesPlan:
    """A whole series, ready to be booked exactly so; the wishes come along for alternatives if it no longer can be.

    `follows` is the series it takes over from: its first visit keeps a spacing to the last infusion there.
    """

    patient_id: UUID
    protocol_id: UUID
    protocol_version_id: UUID
    visits: tuple[PlannedVisit, ...]
    wishes: Wishes
    follows: UUID | None = None


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
    """A plan with its score, the lower the better, and what it comes to; `text` books exactly this plan."""

    plan: SeriesPlan
    text: str
    score: int
    reasons: tuple[Reason, ...]
    appointments: tuple[OfferedAppointment, ...]
