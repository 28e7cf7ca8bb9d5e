"""What a clinic has decided about its sessions: one value that refuses to contradict itself.

The system records and warns by these numbers; it never decides treatment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from scheduler import documents
from scheduler.errors import Fault, Invalid
from scheduler.sessions.drug.dosing import LIMITS, DoseLimits, DoseUnit, contradictory
from scheduler.sessions.watch.bounds import Bound, Bounds
from scheduler.sessions.watch.schedule import OBSERVED, Intervals
from scheduler.sessions.watch.signals import Thresholds


@dataclass(frozen=True)
class Doses:
    """The limits of a dose, by the unit it is ordered in."""

    mg_per_kg: DoseLimits = LIMITS[DoseUnit.MG_PER_KG]
    mg_per_kg_hour: DoseLimits = LIMITS[DoseUnit.MG_PER_KG_HOUR]
    mg_per_hour: DoseLimits = LIMITS[DoseUnit.MG_PER_HOUR]
    mg: DoseLimits = LIMITS[DoseUnit.MG]

    def of(self, unit: DoseUnit) -> DoseLimits:
        limits: DoseLimits = getattr(self, unit.name.lower())
        return limits


@dataclass(frozen=True)
class Pump:
    """What the clinic's pumps can do, and how far one may be from what was reckoned before a reason is asked for.

    Beyond either of the two it is.
    """

    most_ml_h: Decimal = Decimal(999)
    discrepancy_percent: int = 5
    discrepancy_ml: Decimal = Decimal(2)


@dataclass(frozen=True)
class Vitals:
    """When vitals are taken: beside an infusion, and in a session that is observed after its devices."""

    infusion: Intervals = field(default_factory=Intervals)
    observed: Intervals = OBSERVED


@dataclass(frozen=True)
class DischargeCriteria:
    """The numbers a patient must meet to leave: a pressure within so many percent of the baseline, or below both."""

    recovery_minutes: int = 60
    """After the end of an infusion."""
    observation_minutes: int = 120
    """From the first device of esketamine; a clinic may lengthen it."""
    sets: int = 2
    """So many sets of vitals after the end."""
    pressure_percent: int = 20
    sbp_below: int = 140
    dbp_below: int = 90
    spo2_least: int = 94
    """Or the baseline, where that was lower."""
    moaas_least: int = 5


@dataclass(frozen=True)
class SessionPolicy:
    """The settings of a clinic's sessions; the defaults hold until it decides.

    Raises `Invalid` with every fault.
    """

    doses: Doses = Doses()
    pump: Pump = Pump()
    vitals: Vitals = Vitals()
    bounds: Bounds = field(default_factory=Bounds)
    thresholds: Thresholds = field(default_factory=Thresholds)
    repeat_suppression_minutes: int = 5
    """So long the same signal is not given again."""
    discharge: DischargeCriteria = DischargeCriteria()
    ledger_tolerance_mg: Decimal = Decimal("0.1")
    """Drawn may differ by so much from given, wasted and returned."""
    witness_required: bool = True
    monitoring_form_days: int = 7

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise Invalid("These settings contradict one another.", faults=faults)


def as_document(policy: SessionPolicy) -> dict[str, Any]:
    """The policy as plain JSON values, Decimals as text; `from_document` reads it back."""
    document: dict[str, Any] = documents.plain(policy)
    return document


def from_document(document: Any) -> SessionPolicy:
    """The policy that `as_document` wrote. Raises `Invalid` with every fault of its shape, or else of its sense."""
    return documents.read(SessionPolicy, document)


ESKETAMINE_MINUTES = 120
"""The least observation its safety programme demands; the form about it is due within a week."""
WIDEST = (0, 10_000)
RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "pump.most_ml_h": (1, 2000),
        "pump.discrepancy_percent": (0, 100),
        "vitals.infusion.baseline_minutes": (1, 240),
        "vitals.infusion.infusing_minutes": (1, 60),
        "vitals.infusion.recovery_minutes": (1, 60),
        "vitals.infusion.discharge_minutes": (1, 120),
        "vitals.observed.baseline_minutes": (1, 240),
        "vitals.observed.infusing_minutes": (1, 60),
        "vitals.observed.recovery_minutes": (1, 60),
        "vitals.observed.discharge_minutes": (1, 120),
        "vitals.infusion": (0, 120),
        "vitals.observed": (0, 120),
        "bounds.spo2": (0, 100),
        "thresholds.moaas": (0, 5),
        "thresholds.rass_low": (-5, 4),
        "thresholds.rass_high": (-5, 4),
        "thresholds.distress": (0, 10),
        "thresholds.spo2_low": (0, 100),
        "thresholds.sbp_high.rise": (1, 100),
        "thresholds.dbp_high.rise": (1, 100),
        "thresholds.sustained_minutes": (1, 60),
        "repeat_suppression_minutes": (0, 60),
        "discharge.recovery_minutes": (1, 1440),
        "discharge.observation_minutes": (ESKETAMINE_MINUTES, 1440),
        "discharge.sets": (0, 10),
        "discharge.pressure_percent": (0, 100),
        "discharge.spo2_least": (0, 100),
        "discharge.moaas_least": (0, 5),
        "ledger_tolerance_mg": (0, 10),
        "monitoring_form_days": (1, 7),
    }
)
"""Least and most of a setting, or of every number in a group that names none of its own; else `WIDEST`."""

LATEST_OFFSET = 720
HIGHS = ("sbp_before", "dbp_before", "etco2_high", "rass_high", "distress")
LOWS = ("sbp_low", "hr_low", "spo2_low", "rr_low", "etco2_low", "moaas", "rass_low")
BOUNDED = tuple(each.name for each in fields(Bounds) if isinstance(each.default, Bound))
ORDERED: tuple[tuple[str, ...], ...] = (
    *((f"thresholds.{name}.warn", f"thresholds.{name}.urgent") for name in HIGHS),
    *((f"thresholds.{name}.urgent", f"thresholds.{name}.warn") for name in LOWS),
    *(
        (f"thresholds.{name}.warn", f"thresholds.{name}.sustained", f"thresholds.{name}.urgent")
        for name in ("sbp_high", "dbp_high")
    ),
    ("thresholds.sbp_low.warn", "thresholds.sbp_before.warn"),
    ("thresholds.sbp_low.warn", "thresholds.sbp_high.warn"),
    ("thresholds.hr_low.warn", "thresholds.hr_high.warn", "thresholds.hr_high.sustained"),
    ("thresholds.rr_low.warn", "thresholds.rr_high"),
    ("thresholds.etco2_low.warn", "thresholds.etco2_high.warn"),
    ("thresholds.rass_low.warn", "thresholds.rass_high.warn"),
    *(
        (f"bounds.{name}.least", f"bounds.{name}.likely_least", f"bounds.{name}.likely_most", f"bounds.{name}.most")
        for name in BOUNDED
    ),
    ("bounds.pulse_pressure_least", "bounds.pulse_pressure_most"),
    *((f"vitals.{name}.grace_minutes", f"vitals.{name}.urgent_minutes") for name in ("infusion", "observed")),
)
"""Settings none of which may be below the one before it."""


def _faults(policy: SessionPolicy) -> Iterator[Fault]:
    yield from documents.range_faults(policy, RANGES, WIDEST)
    for chain in ORDERED:
        yield from _order_faults(policy, chain)
    for unit in DoseUnit:
        name = f"doses.{unit.name.lower()}"
        for fault in contradictory(policy.doses.of(unit)):
            yield Fault(f"{name}.{fault.where}", fault.code, fault.message)
    yield from _offset_faults("vitals.infusion.offsets", policy.vitals.infusion.offsets)
    yield from _offset_faults("vitals.observed.offsets", policy.vitals.observed.offsets)


def _order_faults(policy: SessionPolicy, chain: tuple[str, ...]) -> Iterator[Fault]:
    for lower, upper in pairwise(chain):
        if attrgetter(lower)(policy) > attrgetter(upper)(policy):
            yield Fault(upper, "order", f"This may not be below {lower}.")


def _offset_faults(name: str, offsets: tuple[int, ...]) -> Iterator[Fault]:
    if not all(0 < minutes <= LATEST_OFFSET for minutes in offsets):
        yield Fault(name, "range", f"Minutes from the start go from 1 to {LATEST_OFFSET}.")
    if any(before >= after for before, after in pairwise(offsets)):
        yield Fault(name, "order", "The times stand in their order, each once.")


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "doses.mg_per_kg": "Limits of a psychiatric dose per kilogram: chosen around published doses.",
        "doses.mg_per_kg_hour": "Limits of a pain dose per kilogram and hour: published for single regimens only.",
        "doses.mg_per_hour": "Limits of a pain dose per hour: published for single regimens only.",
        "doses.mg": "Limits of a dose in milligrams: reckoned from those per kilogram.",
        "pump": "The clinic's own pumps, and how far their reading may be from what was reckoned.",
        "vitals.infusion": "How often vitals are taken and when they are overdue: clinics differ, 5 to 15 minutes.",
        "vitals.observed": "The times at 40 minutes and before leaving are the label's; how early or late is not.",
        "bounds": "What is refused as impossible and asked about as improbable.",
        "thresholds.sbp_before": "No standard for ketamine was found: the label of esketamine stands in.",
        "thresholds.dbp_before": "No standard for ketamine was found: the label of esketamine stands in.",
        "thresholds.sbp_high": "No consensus was found: the rules of single clinics and trials stand in.",
        "thresholds.dbp_high": "No consensus was found: the rules of single clinics and trials stand in.",
        "thresholds.sbp_low": "General knowledge, without a source.",
        "thresholds.hr_high": "General knowledge, and for a lasting fast pulse one clinic's rule.",
        "thresholds.hr_low": "General knowledge, without a source.",
        "thresholds.spo2_low": "General knowledge, without a source.",
        "thresholds.rr_low": "General knowledge, without a source.",
        "thresholds.rr_high": "General knowledge, without a source.",
        "thresholds.etco2_high": "General knowledge, without a source.",
        "thresholds.etco2_low": "General knowledge, without a source.",
        "thresholds.rass_low": "Chosen by the house.",
        "thresholds.rass_high": "Chosen by the house.",
        "thresholds.distress": "Chosen by the house.",
        "thresholds.sustained_minutes": "One academic clinic's rule.",
        "repeat_suppression_minutes": "Chosen by the house.",
        "discharge.recovery_minutes": "Clinics wait 30 to 60 minutes; the longer was chosen.",
        "discharge.sets": "Chosen by the house.",
        "discharge.pressure_percent": "Chosen by the house.",
        "discharge.sbp_below": "Chosen by the house.",
        "discharge.dbp_below": "Chosen by the house.",
        "discharge.spo2_least": "Chosen by the house; one policy asks for more than 92 % or the baseline.",
        "discharge.moaas_least": "Chosen by the house.",
        "ledger_tolerance_mg": "Chosen by the house.",
        "witness_required": "Common policy, and chosen by the house: the law of the place may differ.",
    }
)
"""Why a default is not yet the clinic's own, by the setting or the group it names."""
UNCONFIRMED: tuple[str, ...] = tuple(WORDS)
"""What a clinic must confirm before use."""
