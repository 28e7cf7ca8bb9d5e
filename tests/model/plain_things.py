"""What the plain model remembers: visits, series, holds, entries and offers; and what is asked of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.plans import PlannedVisit, SeriesPlan
from scheduler.models import LIVE, AppointmentStatus, EndReason, EntryState, HoldState, Outcome, SeriesStatus, Urgency
from scheduler.protocols import ProtocolDefinition, ResourceKind

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STILL_TO_COME = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)

Plan = SeriesPlan | SeriesChange
Span = tuple[datetime, datetime]
Fault = tuple[str, str, str]
"""Where, what, and how much of it."""
Claim = tuple[UUID, datetime, datetime, int]
"""Of which resource, from, to, how many units."""


@dataclass
class Visit:
    id: UUID
    series: UUID
    number: int
    at: datetime
    seats: dict[ResourceKind, UUID]
    status: AppointmentStatus
    since: datetime
    waived: set[str] = field(default_factory=set)
    """The rules somebody set aside for it."""
    version: int = 1
    """As last read: the model does not count versions."""

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def place(self) -> PlannedVisit:
        return PlannedVisit(self.number, self.at, self.seats)


@dataclass
class Course:
    id: UUID
    patient: UUID
    protocol: ProtocolDefinition
    status: SeriesStatus
    infusions: int
    follows: UUID | None = None
    reason: EndReason | None = None
    version: int = 1


@dataclass(frozen=True)
class Choice:
    """A plan somebody may choose: where its visits go, and which stand elsewhere until then."""

    plan: Plan
    protocol: ProtocolDefinition
    moving: tuple[PlannedVisit, ...] = ()


@dataclass
class Kept:
    """A hold; what it claims was reckoned when it was taken."""

    id: UUID
    owner: UUID | None
    patient: UUID
    choices: tuple[Choice, ...]
    claims: list[Claim]
    state: HoldState
    until: datetime
    renewed: bool = False
    version: int = 1


@dataclass
class Entry:
    id: UUID
    patient: UUID
    protocol: str | None
    series: UUID | None
    urgency: Urgency
    state: EntryState
    version: int = 1


@dataclass
class Offered:
    id: UUID
    entry: UUID
    hold: UUID
    outcome: Outcome
    deadline: datetime
    place: tuple[UUID, datetime]
    """The chair that became free, and from when on."""
    version: int = 1


@dataclass(frozen=True)
class Judgement:
    """Why something may not be: by the rules, all of them at once; and where they are silent by the guards."""

    rules: frozenset[tuple[str, str]] = frozenset()
    guards: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A change to be judged: `places` are taken, `lifted` leave where they are, `kept` stay of the same series."""

    patient: UUID
    protocol: ProtocolDefinition
    places: Sequence[PlannedVisit]
    infusions: int
    lifted: Collection[UUID] = ()
    kept: Sequence[Visit] = ()
    before: Sequence[PlannedVisit] = ()
    """Where those stand that are lifted."""
    anchor: date | None = None
    waived: frozenset[str] = frozenset()
    from_hold: UUID | None = None
