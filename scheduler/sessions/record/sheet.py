"""The flowsheet of a session as a value: everything on record of it, with the names of who wrote it down."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.models import (
    AdverseEvent,
    AlertKind,
    AlertLevel,
    Charted,
    ChecklistAnswer,
    DeferralReason,
    EndKind,
    InfusionEventRow,
    LedgerKind,
    Mode,
    Order,
    SessionNote,
    SessionStatus,
    StepSource,
    Vitals,
)
from scheduler.sessions.ledger.balance import SessionBalance
from scheduler.sessions.record.derived import Durations, Given, Times
from scheduler.sessions.watch.observations import cadss6_total, mean_arterial
from scheduler.sessions.watch.schedule import Due, Point

Row = TypeVar("Row", bound=Charted)


@dataclass(frozen=True)
class Entry(Generic[Row]):
    """One charted fact in its newest version, who wrote that down, and the versions before it, the newest first."""

    row: Row
    by: str | None
    earlier: "tuple[Entry[Row], ...]" = ()

    @property
    def mean_pressure(self) -> int | None:
        """Of a set of vitals in which the pressure was taken."""
        sbp, dbp = getattr(self.row, "sbp", None), getattr(self.row, "dbp", None)
        return None if sbp is None or dbp is None else mean_arterial(sbp, dbp)

    @property
    def cadss6_total(self) -> int | None:
        answers = getattr(self.row, "cadss6", None)
        return None if answers is None else cadss6_total(answers)


@dataclass(frozen=True)
class Head:
    """Whose session it is, of what, and where."""

    patient_id: UUID
    given_name: str
    family_name: str
    mrn: str
    birth_date: date
    clinic: str
    zone: ZoneInfo
    protocol: str
    drug: str
    route: str
    number: int
    of: int
    """Of how many infusions this is the one of that number."""
    chair: str
    nurse: str | None
    prescriber: str | None

    @property
    def timezone(self) -> str:
        return self.zone.key


@dataclass(frozen=True)
class Standing:
    """The state of the session, and how it came to its end."""

    id: UUID
    appointment_id: UUID
    status: SessionStatus
    status_at: datetime
    mode: Mode
    deferral: DeferralReason | None
    end_kind: EndKind | None
    discharge_override: str | None
    discharge_waived: list[Any] | None
    """The criteria that were missing then, by their keys."""
    discharge_overridden_by: str | None
    signed_at: datetime | None
    signed_by: str | None


@dataclass(frozen=True)
class Step:
    """From one state to the next."""

    number: int
    from_status: SessionStatus | None
    to_status: SessionStatus
    occurred_at: datetime
    recorded_at: datetime
    by: str | None
    source: StepSource
    reason: str | None


@dataclass(frozen=True)
class Ordered:
    """What a prescriber ordered."""

    row: Order
    written_by: str | None
    signed_by: str | None


@dataclass(frozen=True)
class Asked:
    """One item of a checklist, and its answer where there is one."""

    item: str
    label: str
    answer: Entry[ChecklistAnswer] | None
    warned: bool
    """The answer was none that says all is well: the record shows it first."""
    words: str
    """Why, where the rules of the list say it."""


@dataclass(frozen=True)
class Raised:
    """An alert; acknowledged by nobody where it is open."""

    id: UUID
    kind: AlertKind
    level: AlertLevel
    raised_at: datetime
    vitals_id: UUID | None
    value: int | None
    threshold: int | None
    sustained: bool | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


@dataclass(frozen=True)
class Posting:
    """One entry of the ledger about this session."""

    id: UUID
    kind: LedgerKind
    ml: Decimal | None
    mg: Decimal
    occurred_at: datetime
    recorded_at: datetime
    by: str | None
    witness: str | None
    reason: str | None
    about_id: UUID | None
    vial: str | None
    lot: str | None


@dataclass(frozen=True)
class Withdrawn:
    """What was charted by mistake and taken back: to be read, and to be left out of everything else."""

    vitals: tuple[Entry[Vitals], ...]
    infusion_events: tuple[Entry[InfusionEventRow], ...]
    answers: tuple[Entry[ChecklistAnswer], ...]
    adverse_events: tuple[Entry[AdverseEvent], ...]
    notes: tuple[Entry[SessionNote], ...]


@dataclass(frozen=True)
class Flowsheet:
    """All of a session as it was known at `at`; `as_of` says whether that was asked for, or is now."""

    at: datetime
    as_of: datetime | None
    head: Head
    session: Standing
    times: Times
    durations: Durations
    steps: tuple[Step, ...]
    order: Ordered | None
    given: Given | None
    vitals: tuple[Entry[Vitals], ...]
    due: tuple[Point, ...]
    next_due: Due | None
    infusion_events: tuple[Entry[InfusionEventRow], ...]
    checklist: tuple[Asked, ...]
    discharge: tuple[Asked, ...]
    unasked: tuple[Entry[ChecklistAnswer], ...]
    """Answers to what neither list asks, such as why there are no scores of this visit."""
    adverse_events: tuple[Entry[AdverseEvent], ...]
    alerts: tuple[Raised, ...]
    ledger: tuple[Posting, ...]
    balance: SessionBalance
    notes: tuple[Entry[SessionNote], ...]
    withdrawn: Withdrawn

    @property
    def missed(self) -> tuple[Point, ...]:
        """The sets that were due and that nobody took."""
        return tuple(point for point in self.due if point.taken_at is None)
