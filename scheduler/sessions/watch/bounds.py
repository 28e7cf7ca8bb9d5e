"""Which values a person cannot have, and which are so unlikely that the hand on the keys is asked again."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal

from scheduler.errors import Fault
from scheduler.sessions.watch.observations import CADSS6_ITEMS, CADSS6_LEAST, CADSS6_MOST, SCALES, VitalsSet

CONTEXT = frozenset({"at", "phase"})
"""Of a set what was not measured."""
MEASURED = tuple(field.name for field in fields(VitalsSet) if field.name not in CONTEXT)


@dataclass(frozen=True)
class Bound:
    """Beyond `least` and `most` a value is refused; beyond the likely ones, or `jump` from the last, it is asked about.

    All five are themselves still inside. `jump` is None where a value may change at will.
    """

    least: int
    most: int
    likely_least: int
    likely_most: int
    jump: int | None = None


@dataclass(frozen=True)
class Bounds:
    """The clinic's bounds, in the units of `VitalsSet`. The outer ones catch errors, the inner ones slips of the hand.

    All are defaults to be confirmed. The inner limits and jumps stand well outside what ketamine does to most: a rise
    of 12/8 mmHg (SD 11/8). What truly lies beyond the outer ones is told in an adverse event; but whoever neither
    breathes nor has a pulse must be charted at once: a 0 of `FLAT` stands outside and is always possible.
    """

    hr: Bound = Bound(20, 240, 40, 160, jump=50)
    sbp: Bound = Bound(50, 260, 75, 220, jump=60)
    dbp: Bound = Bound(20, 160, 35, 125, jump=40)
    spo2: Bound = Bound(0, 100, 80, 100, jump=15)
    rr: Bound = Bound(2, 60, 6, 35, jump=15)
    etco2: Bound = Bound(5, 100, 15, 70, jump=25)
    temp_c: Bound = Bound(30, 43, 34, 40, jump=2)
    o2_l_min: Bound = Bound(0, 60, 0, 15)
    weight_kg: Bound = Bound(25, 300, 35, 200)
    """Of the person weighed before a session; its change is the order's affair."""
    pulse_pressure_least: int = 15
    pulse_pressure_most: int = 110
    """How far apart SBP and DBP likely are; beyond that one of them is probably mistyped."""


VITALS = tuple(name for name in MEASURED if name in {field.name for field in fields(Bounds)})
"""What of a set has a bound; the rest are scores."""
FLAT = frozenset({"hr", "rr", "etco2"})
"""Of these 0 is a reading: nothing beats, nobody breathes, the flat line."""


def impossible(vitals: VitalsSet, bounds: Bounds) -> Iterator[Fault]:
    """Everything in the set that cannot be; such a set is refused."""
    if all(getattr(vitals, name) is None for name in MEASURED):
        yield Fault("vitals", "empty", "A set holds at least one value.")
    for name in VITALS:
        yield from impossible_value(name, getattr(vitals, name), bounds)
    yield from _pressure_faults(vitals)
    yield from _score_faults(vitals)
    yield from _cadss6_faults(vitals.cadss6)


def impossible_value(name: str, value: int | Decimal | None, bounds: Bounds) -> Iterator[Fault]:
    """The fault of one value of that name, the weight included, that lies outside its bound."""
    bound: Bound = getattr(bounds, name)
    if value is None or (name in FLAT and value == 0):
        return
    if not bound.least <= value <= bound.most:
        spared = ", or is 0" if name in FLAT else ""
        yield Fault(name, "range", f"This goes from {bound.least} to {bound.most}{spared}.")


def _pressure_faults(vitals: VitalsSet) -> Iterator[Fault]:
    if vitals.dbp is not None and vitals.sbp is None:
        yield Fault("sbp", "incomplete", "A diastolic pressure comes with its systolic one.")
    elif vitals.dbp is not None and vitals.sbp is not None and vitals.dbp >= vitals.sbp:
        yield Fault("dbp", "order", "The diastolic pressure lies below the systolic one.")


def _score_faults(vitals: VitalsSet) -> Iterator[Fault]:
    for name, scale in SCALES.items():
        score = getattr(vitals, name)
        if score is not None and not scale.least <= score <= scale.most:
            yield Fault(name, "range", f"{scale.name} goes from {scale.least} to {scale.most}.")


def _cadss6_faults(answers: tuple[int, ...] | None) -> Iterator[Fault]:
    if answers is None:
        return
    if len(answers) != len(CADSS6_ITEMS):
        yield Fault("cadss6", "count", f"CADSS-6 has {len(CADSS6_ITEMS)} answers.")
    for i, answer in enumerate(answers[: len(CADSS6_ITEMS)]):
        if not CADSS6_LEAST <= answer <= CADSS6_MOST:
            yield Fault(f"cadss6.{i}", "range", f"An answer goes from {CADSS6_LEAST} to {CADSS6_MOST}.")


def improbable(vitals: VitalsSet, bounds: Bounds, previous: VitalsSet | None) -> Iterator[Fault]:
    """What is possible and still unlikely, a fault a field at most: it is kept once somebody has confirmed it.

    `previous` is the set before it in time, whenever that was; None for the first.
    """
    doubts = {fault.where: fault for fault in _doubts(vitals, bounds, previous)}
    yield from doubts.values()


def _doubts(vitals: VitalsSet, bounds: Bounds, previous: VitalsSet | None) -> Iterator[Fault]:
    yield from _width_doubts(vitals, bounds)
    for name in VITALS:
        value, last = getattr(vitals, name), getattr(previous, name, None)
        bound: Bound = getattr(bounds, name)
        if value is not None and last is not None and bound.jump is not None and abs(value - last) > bound.jump:
            yield Fault(name, "improbable", f"This differs by more than {bound.jump} from the set before: is it right?")
        yield from improbable_value(name, value, bounds)


def improbable_value(name: str, value: int | Decimal | None, bounds: Bounds) -> Iterator[Fault]:
    """The doubt about one value of that name, the weight included, outside what is likely."""
    bound: Bound = getattr(bounds, name)
    if value is not None and not bound.likely_least <= value <= bound.likely_most:
        likely = f"from {bound.likely_least} to {bound.likely_most}"
        yield Fault(name, "improbable", f"This is seldom other than {likely}: is it right?")


def _width_doubts(vitals: VitalsSet, bounds: Bounds) -> Iterator[Fault]:
    if vitals.sbp is None or vitals.dbp is None:
        return
    if not bounds.pulse_pressure_least <= vitals.sbp - vitals.dbp <= bounds.pulse_pressure_most:
        likely = f"{bounds.pulse_pressure_least} to {bounds.pulse_pressure_most}"
        yield Fault("dbp", "improbable", f"The two pressures are seldom other than {likely} mmHg apart: is it right?")
