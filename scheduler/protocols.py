"""The template of a course as a value that refuses to be inconsistent."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from scheduler.clinic_time import GRID_MINUTES
from scheduler.errors import Fault, Invalid

LONGEST_CLAIM_MINUTES = 12 * 60
LONGEST_CLAIM = timedelta(minutes=LONGEST_CLAIM_MINUTES)
MOST_INFUSIONS = 30
LONGEST_GAP_DAYS = 120
LONGEST_SPAN_DAYS = 400
MOST_UNITS = 100
MOST_MEASURES = 40
LATEST_MEASURE_HOURS = 60 * 24
"""A form asked for later than that would say little of the infusion; later weeks and months repeat their first."""
SINGLE_REST_DAYS = 2
"""Where a protocol has one infusion and so no gap of its own: the least gap of every induction (domain default)."""


class ResourceKind(StrEnum):
    CHAIR = "chair"
    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    PUMP = "pump"


IN_DEVICES = "esketamine"
"""The drug that patients spray themselves from devices; every other one runs from a pump."""


def drug_key(drug: str) -> str:
    """By what a drug is looked up, however somebody has spelt it."""
    return drug.strip().casefold()


ON_SHIFT = frozenset({ResourceKind.NURSE, ResourceKind.PRESCRIBER})
"""Kinds that are there only during their shifts; the others whenever the clinic is open."""


@dataclass(frozen=True)
class Phases:
    """Minutes of each phase of a visit, in order."""

    prepare: int
    infuse: int
    recover: int
    turn_over: int

    @property
    def total(self) -> int:
        return self.prepare + self.infuse + self.recover + self.turn_over


@dataclass(frozen=True)
class Leg:
    """What a visit claims: `units` of one resource of a kind, from and to minutes after the visit's start.

    All legs of one kind fall on the same resource: the nurse who starts a patient keeps them.
    """

    kind: ResourceKind
    start: int
    end: int
    units: int


@dataclass(frozen=True)
class Gap:
    """Least and most local calendar days between two neighbouring infusions, both allowed."""

    least: int
    most: int


class Moment(StrEnum):
    """When a form is to be answered, seen from the infusions of a course."""

    BASELINE = "baseline"
    PRE_INFUSION = "pre_infusion"
    POST_24H = "post_24h"
    POST_72H = "post_72h"
    POST_7D = "post_7d"
    ENDPOINT = "endpoint"
    """14 to 31 days after the last infusion."""
    WEEKLY = "weekly"
    """In each of the four weeks after the last infusion."""
    MONTHLY = "monthly"
    """In each of the twelve months after the last infusion."""


BEFORE = frozenset({Moment.BASELINE, Moment.PRE_INFUSION})
"""Asked for until an infusion begins; every other after its end."""
EVERY_HOURS = {Moment.WEEKLY: 7 * 24, Moment.MONTHLY: 30 * 24}
"""After so many hours it is asked for again."""


@dataclass(frozen=True)
class MeasureWindow:
    """When a form is asked for, in hours from the end of an infusion: from `opens_hours` to before `closes_hours`.

    From `due_hours` on it is overdue, so one that is due as it closes never is. After the last infusion it speaks of
    the first week or month, and each later one has it so much later.
    """

    opens_hours: int
    due_hours: int
    closes_hours: int


@dataclass(frozen=True)
class Measure:
    """That a scale is to be answered at each such moment; what is not `required` is asked for and never missing.

    Without a `window` it is asked for when it usually is (domain 3.11).
    """

    scale: str
    moment: Moment
    required: bool = True
    window: MeasureWindow | None = None


def measured(scale: str, *moments: Moment) -> tuple[Measure, ...]:
    """One scale at several moments."""
    return tuple(Measure(scale, moment) for moment in moments)


USUAL_MOMENTS = (Moment.BASELINE, Moment.PRE_INFUSION, Moment.ENDPOINT, Moment.WEEKLY)
USUAL_MEASURES = measured("phq9", *USUAL_MOMENTS)
"""What a protocol asks for that says nothing of it, such as one written before protocols did."""


@dataclass(frozen=True)
class ProtocolDefinition:
    """One version of a protocol: how many infusions, how far apart, what each visit claims, and what is asked when.

    `gaps` has one entry between each two infusions. `span_days` counts both the first and the last day.
    Raises `Invalid` with every fault.
    """

    key: str
    name: str
    drug: str
    route: str
    dose: Decimal | None
    dose_unit: str | None
    phases: Phases
    legs: tuple[Leg, ...]
    gaps: tuple[Gap, ...]
    span_days: int
    source: str
    measures: tuple[Measure, ...] = USUAL_MEASURES

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise Invalid("This protocol contradicts itself.", faults=faults)

    @property
    def is_in_devices(self) -> bool:
        return drug_key(self.drug) == IN_DEVICES

    @property
    def infusions(self) -> int:
        return len(self.gaps) + 1

    @property
    def least_gap(self) -> int | None:
        """The fewest days between any two neighbouring infusions; None for a single one."""
        return min((gap.least for gap in self.gaps), default=None)

    @property
    def most_gap(self) -> int | None:
        """The most days between any two neighbouring infusions; None for a single one."""
        return max((gap.most for gap in self.gaps), default=None)

    def gap_after(self, number: int) -> Gap:
        """The gap that follows infusion `number`: beyond its own gaps the last one repeats, for an extended series."""
        if not self.gaps:
            return Gap(SINGLE_REST_DAYS, LONGEST_GAP_DAYS)
        return self.gaps[min(number, len(self.gaps)) - 1]

    @property
    def visit_minutes(self) -> int:
        return self.phases.total

    @property
    def rest_days(self) -> int:
        """Least local days to any other infusion of the patient, in whatever series."""
        return self.gaps[0].least if self.gaps else SINGLE_REST_DAYS

    @cached_property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """The kinds of resource a visit needs, in the house's fixed order."""
        return tuple(kind for kind in ResourceKind if any(leg.kind == kind for leg in self.legs))

    def legs_of(self, kind: ResourceKind) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.kind == kind)


def _faults(protocol: ProtocolDefinition) -> Iterator[Fault]:
    phases = asdict(protocol.phases)
    for name, minutes in phases.items():
        if minutes < 0 or minutes % GRID_MINUTES:
            yield Fault(f"phases.{name}", "grid", f"Minutes are whole multiples of {GRID_MINUTES}, from 0.")
    if not 0 < protocol.phases.total <= LONGEST_CLAIM_MINUTES:
        yield Fault("phases", "range", "A visit lasts from 5 minutes to 12 hours.")
    if not protocol.legs_of(ResourceKind.CHAIR):
        yield Fault("legs", "chair", "A visit needs a chair.")
    yield from _leg_faults(protocol)
    if len(protocol.gaps) >= MOST_INFUSIONS:
        yield Fault("gaps", "range", f"A series has at most {MOST_INFUSIONS} infusions.")
    yield from _gap_faults(protocol)
    yield from _measure_faults(protocol.measures)


def _leg_faults(protocol: ProtocolDefinition) -> Iterator[Fault]:
    for i, leg in enumerate(protocol.legs):
        if leg.start % GRID_MINUTES or leg.end % GRID_MINUTES or not 0 <= leg.start < leg.end <= protocol.phases.total:
            yield Fault(f"legs.{i}", "range", "A leg lies within the visit, on the five-minute grid.")
        if not 1 <= leg.units <= MOST_UNITS:
            yield Fault(f"legs.{i}.units", "range", f"Units go from 1 to {MOST_UNITS}.")
        if leg.kind == ResourceKind.CHAIR and leg.units != 1:
            yield Fault(f"legs.{i}.units", "chair", "A visit takes one whole chair.")
    for kind in ResourceKind:
        legs = sorted(protocol.legs_of(kind), key=lambda leg: leg.start)
        if any(before.end > after.start for before, after in pairwise(legs)):
            yield Fault("legs", "overlap", f"Legs of one {kind} may not overlap: add up their units instead.")


def _gap_faults(protocol: ProtocolDefinition) -> Iterator[Fault]:
    for i, gap in enumerate(protocol.gaps):
        if not 1 <= gap.least <= gap.most <= LONGEST_GAP_DAYS:
            yield Fault(f"gaps.{i}", "range", f"Least and most days go from 1 to {LONGEST_GAP_DAYS}, least first.")
    shortest = 1 + sum(gap.least for gap in protocol.gaps)
    if not shortest <= protocol.span_days <= LONGEST_SPAN_DAYS:
        yield Fault(
            "span_days",
            "range",
            f"The span holds at least the shortest series, {shortest} days, and at most {LONGEST_SPAN_DAYS}.",
        )


def _measure_faults(measures: tuple[Measure, ...]) -> Iterator[Fault]:
    if len(measures) > MOST_MEASURES:
        yield Fault("measures", "range", f"A protocol asks for at most {MOST_MEASURES}.")
    seen = set[tuple[str, Moment]]()
    for i, measure in enumerate(measures):
        if (measure.scale, measure.moment) in seen:
            yield Fault(f"measures.{i}", "twice", "This scale is asked for at this moment already.")
        seen.add((measure.scale, measure.moment))
        if measure.window is not None:
            yield from _window_faults(f"measures.{i}.window", measure.moment, measure.window)


def _window_faults(where: str, moment: Moment, window: MeasureWindow) -> Iterator[Fault]:
    if moment in BEFORE:
        yield Fault(where, "before", "A form before an infusion has the times of its visit: give it no window.")
    hours = asdict(window)
    for name, each in hours.items():
        if not 0 <= each <= LATEST_MEASURE_HOURS:
            yield Fault(f"{where}.{name}", "range", f"Hours go from 0 to {LATEST_MEASURE_HOURS}.")
    if not window.opens_hours <= window.due_hours <= window.closes_hours or window.opens_hours == window.closes_hours:
        yield Fault(where, "order", "A window opens before it closes, and the form is due between the two.")
    most = EVERY_HOURS.get(moment)
    if most is not None and window.closes_hours - window.opens_hours > most:
        yield Fault(where, "overlap", f"It comes again after {most} hours: its window may not be longer.")


def as_document(protocol: ProtocolDefinition) -> dict[str, Any]:
    """The definition as plain JSON values; `from_document` reads it back."""
    document = asdict(protocol)
    document["dose"] = None if protocol.dose is None else str(protocol.dose)
    return document


def from_document(document: Mapping[str, Any]) -> ProtocolDefinition:
    """The definition that `as_document` wrote."""
    return ProtocolDefinition(
        **{name: document[name] for name in ("key", "name", "drug", "route", "dose_unit", "span_days", "source")},
        dose=None if document["dose"] is None else Decimal(document["dose"]),
        phases=Phases(**document["phases"]),
        legs=tuple(Leg(**{**leg, "kind": ResourceKind(leg["kind"])}) for leg in document["legs"]),
        gaps=tuple(Gap(**gap) for gap in document["gaps"]),
        measures=_measures_in(document),
    )


def _measures_in(document: Mapping[str, Any]) -> tuple[Measure, ...]:
    if "measures" not in document:
        return USUAL_MEASURES
    return tuple(measure_in(each) for each in document["measures"])


def measure_in(document: Mapping[str, Any]) -> Measure:
    """One thing asked for, out of plain values; those of older protocols say nothing of windows."""
    window = document.get("window")
    return Measure(
        document["scale"], Moment(document["moment"]), document["required"], MeasureWindow(**window) if window else None
    )
