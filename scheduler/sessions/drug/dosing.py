"""From a prescription to milligrams, millilitres and rates, and the limits it must keep. Pure, and never a float.

The dose is rounded half up to 0.1 mg, and what is drawn, mixed and pumped follows from that rounded dose: it is what
the nurse reads and prepares. The rate per kilogram alone follows from the dose as prescribed.

Of the places: a vial is drawn in thousandths of a millilitre and a concentration has four, as both are stored. Rates
have two: in tenths, a syringe's 5.25 mL/h would be 1 % too fast.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from scheduler.errors import Fault, refuse
from scheduler.sessions.drug.amounts import exact, fits, half_up
from scheduler.treatment import Basis, Sex


class DoseUnit(StrEnum):
    MG_PER_KG = "mg/kg"
    MG_PER_KG_HOUR = "mg/kg/h"
    MG_PER_HOUR = "mg/h"
    MG = "mg"

    @property
    def is_per_kg(self) -> bool:
        return self in {DoseUnit.MG_PER_KG, DoseUnit.MG_PER_KG_HOUR}

    @property
    def is_per_hour(self) -> bool:
        return self in {DoseUnit.MG_PER_KG_HOUR, DoseUnit.MG_PER_HOUR}


@dataclass(frozen=True)
class Prescription:
    """What the prescriber decides. Either a bag made up to `bag_ml`, or a syringe of a known concentration."""

    weight_kg: Decimal
    basis: Basis
    height_cm: Decimal | None
    sex: Sex | None
    dose: Decimal
    unit: DoseUnit
    minutes: int
    vial_mg_ml: Decimal
    bag_ml: Decimal | None
    concentration_mg_ml: Decimal | None


@dataclass(frozen=True)
class Dosage:
    """What follows from a prescription, each figure rounded half up, once."""

    bmi: Decimal | None
    ideal_kg: Decimal | None
    adjusted_kg: Decimal | None
    dosing_weight_kg: Decimal
    dose_mg: Decimal
    bag_ml: Decimal
    """The whole volume to infuse, from a bag or from a syringe."""
    concentration_mg_ml: Decimal
    stock_ml: Decimal
    """What is drawn from the vial."""
    rate_ml_h: Decimal
    rate_mg_h: Decimal
    rate_mcg_kg_min: Decimal


DOSE_PLACES, WEIGHT_PLACES, VOLUME_PLACES, CONCENTRATION_PLACES, RATE_PLACES = 1, 1, 3, 4, 2

KG_AT_FIVE_FEET: Mapping[Sex, Fraction] = MappingProxyType({Sex.FEMALE: Fraction("45.5"), Sex.MALE: Fraction(50)})
CM_PER_INCH = Fraction("2.54")
INCHES_OF_FIVE_FEET = 60
KG_PER_INCH = Fraction("2.3")
SHARE_OF_THE_REST = Fraction("0.4")

BOUNDS = MappingProxyType(
    {
        "weight_kg": (Decimal("0.001"), Decimal(1000), 3),
        "height_cm": (Decimal(50), Decimal(300), 1),
        "dose": (Decimal("0.001"), Decimal(5000), 3),
        "vial_mg_ml": (Decimal("0.001"), Decimal(1000), 3),
        "bag_ml": (Decimal("0.001"), Decimal(5000), 3),
        "concentration_mg_ml": (Decimal("0.0001"), Decimal(1000), 4),
    }
)
"""Least, most and places of each number: wide, for they only keep out what is no such amount at all."""
MOST_MINUTES = 7 * 24 * 60
NEVER_UNDILUTED_MG_ML = 100
"""FDA label of ketamine: the 100 mg/mL strength must be diluted before intravenous use."""


def bmi(weight_kg: Decimal, height_cm: Decimal) -> Fraction:
    """Kilograms per square metre."""
    return exact(weight_kg) / (exact(height_cm) / 100) ** 2


def ideal_weight(height_cm: Decimal, sex: Sex) -> Fraction:
    """Ideal body weight in kg (Devine BJ, Gentamicin therapy, Drug Intell Clin Pharm 1974;8:650-655).

    The line goes on below five feet, so a smaller patient never gets more than it says; it ends below zero.
    """
    return KG_AT_FIVE_FEET[sex] + KG_PER_INCH * (exact(height_cm) / CM_PER_INCH - INCHES_OF_FIVE_FEET)


def adjusted_weight(weight_kg: Decimal, ideal_kg: Fraction) -> Fraction:
    """Ideal weight and 0.4 of what is beyond it, in kg (Bauer LA, Applied clinical pharmacokinetics, 2001)."""
    return ideal_kg + SHARE_OF_THE_REST * (exact(weight_kg) - ideal_kg)


def calculate(prescription: Prescription) -> Dosage:
    """Every amount and rate of a prescription. Raises `Invalid` with every fault of an impossible one."""
    refuse(impossible(prescription))
    p, weights = prescription, _weights(prescription)
    return Dosage(
        bmi=None if p.height_cm is None else half_up(bmi(p.weight_kg, p.height_cm), 1),
        ideal_kg=_shown(weights[Basis.IDEAL]),
        adjusted_kg=_shown(weights[Basis.ADJUSTED]),
        dosing_weight_kg=_dosing_weight(p),
        dose_mg=_dose_mg(p),
        **_amounts(p),
    )


def _amounts(p: Prescription) -> dict[str, Decimal]:
    """What is drawn, mixed and pumped."""
    dose, volume, hours = exact(_dose_mg(p)), _volume(p), Fraction(p.minutes, 60)
    mcg_kg = _prescribed_mg(p) * 1000 / exact(_dosing_weight(p))
    return {
        "bag_ml": half_up(volume, VOLUME_PLACES),
        "concentration_mg_ml": half_up(dose / volume, CONCENTRATION_PLACES),
        "stock_ml": half_up(dose / exact(p.vial_mg_ml), VOLUME_PLACES),
        "rate_ml_h": half_up(volume / hours, RATE_PLACES),
        "rate_mg_h": half_up(dose / hours, RATE_PLACES),
        "rate_mcg_kg_min": half_up(mcg_kg / p.minutes, RATE_PLACES),
    }


def _weights(p: Prescription) -> dict[Basis, Fraction | None]:
    """The weight of each basis; None without height and sex, and where the formula has left the ground."""
    if p.height_cm is None or p.sex is None:
        return {Basis.ACTUAL: exact(p.weight_kg), Basis.IDEAL: None, Basis.ADJUSTED: None}
    ideal = ideal_weight(p.height_cm, p.sex)
    adjusted = adjusted_weight(p.weight_kg, ideal) if ideal > 0 else None
    return {Basis.ACTUAL: exact(p.weight_kg), Basis.IDEAL: ideal if ideal > 0 else None, Basis.ADJUSTED: adjusted}


def _shown(kg: Fraction | None) -> Decimal | None:
    return None if kg is None else half_up(kg, WEIGHT_PLACES)


def _dosing_weight(p: Prescription) -> Decimal:
    """The actual weight as it was taken; a formula's as it is shown, so that anybody can reckon the sheet again."""
    return p.weight_kg if p.basis == Basis.ACTUAL else _shown(_weights(p)[p.basis]) or Decimal(0)


def _prescribed_mg(p: Prescription) -> Fraction:
    kg = exact(_dosing_weight(p)) if p.unit.is_per_kg else 1
    hours = Fraction(p.minutes, 60) if p.unit.is_per_hour else 1
    return exact(p.dose) * kg * hours


def _dose_mg(p: Prescription) -> Decimal:
    return half_up(_prescribed_mg(p), DOSE_PLACES)


def _volume(p: Prescription) -> Fraction:
    """Of a bag what it is made up to; of a syringe what holds the dose."""
    if p.bag_ml is not None:
        return exact(p.bag_ml)
    return exact(_dose_mg(p)) / exact(p.concentration_mg_ml or Decimal(1))


def impossible(prescription: Prescription) -> Iterator[Fault]:
    """Everything that makes no sense of it, whatever a clinic's limits are."""
    plain = [*_strange_numbers(prescription), *_left_out(prescription)]
    yield from plain or _mixture(prescription)


def _strange_numbers(p: Prescription) -> Iterator[Fault]:
    for name, (least, most, places) in BOUNDS.items():
        value = getattr(p, name)
        if value is not None and not fits(value, least, most, places):
            yield Fault(name, "range", f"Give a number from {least} to {most}, with at most {places} decimal places.")
    if not 0 < p.minutes <= MOST_MINUTES:
        yield Fault("minutes", "range", f"Minutes go from 1 to {MOST_MINUTES}.")


def _left_out(p: Prescription) -> Iterator[Fault]:
    if p.basis != Basis.ACTUAL:
        for name in ("height_cm", "sex"):
            if getattr(p, name) is None:
                yield Fault(name, "required", f"The {p.basis} weight is reckoned from height and sex: give both.")
    if (p.bag_ml is None) == (p.concentration_mg_ml is None):
        yield Fault("bag_ml", "one-of", "Give either the bag's volume or the syringe's concentration, one of them.")


def _mixture(p: Prescription) -> Iterator[Fault]:
    """What shows only once it is reckoned."""
    if not _dosing_weight(p):
        yield Fault("basis", "formula", "The ideal weight's formula has no answer for this height: choose another.")
    elif not _dose_mg(p):
        yield Fault("dose", "range", "This comes to less than 0.1 mg.")
    else:
        yield from _dilution(p)
        if min(_amounts(p).values()) == 0:
            yield Fault("dose", "range", "So little cannot be measured: a volume, strength or rate rounds to nothing.")


def _dilution(p: Prescription) -> Iterator[Fault]:
    where = "bag_ml" if p.bag_ml is not None else "concentration_mg_ml"
    strength, vial = exact(_dose_mg(p)) / _volume(p), exact(p.vial_mg_ml)
    if strength > vial:
        yield Fault(where, "stock", "The dose needs more of the vial than the whole volume: take a stronger vial.")
    elif vial >= NEVER_UNDILUTED_MG_ML and strength == vial:
        yield Fault(where, "undiluted", f"Stock of {NEVER_UNDILUTED_MG_ML} mg/mL must be diluted before it is infused.")


@dataclass(frozen=True)
class DoseLimits:
    """A clinic's limits for the doses of one unit. As they stand: for mg/kg, in a psychiatric course.

    These defaults are a product decision about published doses, confirmed by nobody: the clinic confirms or changes
    them before use.
    """

    hard_least: Decimal = Decimal("0.1")
    hard_most: Decimal = Decimal("1.5")
    soft_least: Decimal = Decimal("0.25")
    soft_most: Decimal = Decimal("1.0")
    step: Decimal = Decimal("0.25")
    """The greatest rise over the last dose that needs no reason."""
    most_mg: Decimal = Decimal(100)
    least_minutes: int = 20
    most_minutes: int = 120
    weight_change_percent: int = 5
    """Beyond it a reason is asked for, when ordering, or a warning given, when the patient is weighed for an order."""
    weight_block_percent: int = 10
    """Beyond it an order no longer holds for the patient who is weighed for it."""
    ask_basis_at_bmi: Decimal | None = None
    """From this body mass index on the actual weight needs a reason; None where a clinic does not ask."""


def _limits(
    hard: tuple[str, str], soft: tuple[str, str], step: str, most_mg: int = 100, minutes: tuple[int, int] = (20, 120)
) -> DoseLimits:
    least, most, soft_least, soft_most = map(Decimal, (*hard, *soft))
    return DoseLimits(least, most, soft_least, soft_most, Decimal(step), Decimal(most_mg), *minutes)


LIMITS: Mapping[DoseUnit, DoseLimits] = MappingProxyType(
    {
        DoseUnit.MG_PER_KG: DoseLimits(),
        DoseUnit.MG_PER_KG_HOUR: _limits(("0.05", "1.0"), ("0.1", "0.5"), "0.15", 200, (15, 480)),
        DoseUnit.MG_PER_HOUR: _limits(("1", "70"), ("5", "35"), "10", 200, (15, 480)),
        DoseUnit.MG: _limits(("5", "150"), ("15", "100"), "25"),
    }
)
"""What a clinic begins with. All but mg/kg are unconfirmed by any source.

Doses per hour are those of pain courses: around 0.35 mg/kg/h over 4 h and 22 mg/h (ASRA/AAPM/ASA 2018), with up to
200 mg over 4 h as seen in practice. Plain milligrams are those of mg/kg for a patient of 50 to 100 kg.
"""

ORDERED = (
    ("hard_least", "soft_least"),
    ("soft_least", "soft_most"),
    ("soft_most", "hard_most"),
    ("least_minutes", "most_minutes"),
    ("weight_change_percent", "weight_block_percent"),
)


def contradictory(limits: DoseLimits) -> Iterator[Fault]:
    """What does not go together in limits a clinic would set."""
    for name in ("hard_least", "step", "most_mg", "least_minutes", "weight_change_percent"):
        if getattr(limits, name) <= 0:
            yield Fault(name, "range", "This is a number above 0.")
    for lower, upper in ORDERED:
        if getattr(limits, lower) > getattr(limits, upper):
            yield Fault(upper, "order", f"This may not be below {lower}.")


def blocked(prescription: Prescription, limits: DoseLimits) -> Iterator[Fault]:
    """The hard limits a prescription breaks: no reason carries it beyond them."""
    p = prescription
    if not limits.hard_least <= p.dose <= limits.hard_most:
        words = f"The clinic allows from {limits.hard_least} to {limits.hard_most} {p.unit}."
        yield Fault("dose", "dose-limit", words)
    if not limits.least_minutes <= p.minutes <= limits.most_minutes:
        words = f"The clinic allows from {limits.least_minutes} to {limits.most_minutes} minutes."
        yield Fault("minutes", "minutes-limit", words)


def questionable(
    prescription: Prescription, limits: DoseLimits, *, last_dose: Decimal | None, last_weight_kg: Decimal | None
) -> Iterator[Fault]:
    """What the prescriber must give a reason for. `last_dose` is in the unit of this one; None where there is none."""
    p = prescription
    if not limits.soft_least <= p.dose <= limits.soft_most:
        words = f"Doses here are from {limits.soft_least} to {limits.soft_most} {p.unit}: say why this one is not."
        yield Fault("dose", "dose-unusual", words)
    if last_dose is not None and p.dose - last_dose > limits.step:
        yield Fault("dose", "dose-step", f"This is more than {limits.step} {p.unit} above the last dose: say why.")
    if _dose_mg(p) > limits.most_mg:
        yield Fault("dose", "dose-total", f"This comes to more than {limits.most_mg} mg in all: say why.")
    if last_weight_kg and change_percent(last_weight_kg, p.weight_kg) > limits.weight_change_percent:
        words = f"The weight is more than {limits.weight_change_percent} % from the last one: say why, or weigh again."
        yield Fault("weight_kg", "weight-changed", words)
    yield from _basis_to_choose(p, limits)


def _basis_to_choose(p: Prescription, limits: DoseLimits) -> Iterator[Fault]:
    """A clinic may ask from a body mass index on: response did not depend on it, so nothing is chosen by itself."""
    if _dosing_weight(p) > p.weight_kg:
        yield Fault("basis", "basis-above-actual", "This weight is above the actual one: say why the dose goes by it.")
    if limits.ask_basis_at_bmi is None or p.height_cm is None or p.basis != Basis.ACTUAL:
        return
    if bmi(p.weight_kg, p.height_cm) >= limits.ask_basis_at_bmi:
        words = f"From a body mass index of {limits.ask_basis_at_bmi} on, say why the dose goes by the actual weight."
        yield Fault("basis", "basis-choice", words)


def change_percent(before: Decimal, after: Decimal) -> Fraction:
    """How far `after` is from `before`, up or down, in exact percent of `before`."""
    return abs(exact(after) - exact(before)) * 100 / exact(before)


def reweighed(ordered_kg: Decimal, today_kg: Decimal, limits: DoseLimits) -> Iterator[Fault]:
    """What today's weight does to an order: past the wider limit it no longer holds, past the narrower it is a warning.

    Codes `weight-limit` and `weight-changed`, never both.
    """
    change = change_percent(ordered_kg, today_kg)
    if change > limits.weight_block_percent:
        words = f"The weight is more than {limits.weight_block_percent} % from the order's: order anew."
        yield Fault("weight_kg", "weight-limit", words)
    elif change > limits.weight_change_percent:
        words = f"The weight is more than {limits.weight_change_percent} % from the order's: ask the prescriber."
        yield Fault("weight_kg", "weight-changed", words)
