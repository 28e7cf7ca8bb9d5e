"""From what a prescriber asks for to what is ordered: an infusion is reckoned, devices are counted. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from scheduler.errors import ConfirmationNeeded, Fault, refuse
from scheduler.protocols import IN_DEVICES, drug_key
from scheduler.sessions.drug import dosing
from scheduler.sessions.drug.amounts import exact, half_up
from scheduler.sessions.drug.dosing import Dosage, DoseUnit, Prescription
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.watch.bounds import impossible_value, improbable_value
from scheduler.treatment import Basis, Sex

"""The one drug that is given in devices; every other is infused."""
DEVICE_MG = Decimal(28)
USUAL_DEVICES = (2, 3)
"""FDA label of Spravato: 56 or 84 mg."""
FEWEST_DEVICES = 1
"""Labels outside the US begin with 28 mg at 65 years and above."""
OLDER_FROM = 65
LONGEST_DAYS = 366
"""Nobody's order holds for longer than a year and a day; a choice of the house."""


@dataclass(frozen=True)
class Request:
    """What the prescriber decides, and nothing that follows from it.

    `minutes`, the vial, and either a bag or a syringe's concentration belong to an infusion, and to devices none.
    """

    weight_kg: Decimal
    dose: Decimal
    unit: DoseUnit
    basis: Basis = Basis.ACTUAL
    height_cm: Decimal | None = None
    sex: Sex | None = None
    minutes: int | None = None
    vial_mg_ml: Decimal | None = None
    bag_ml: Decimal | None = None
    concentration_mg_ml: Decimal | None = None


OF_AN_INFUSION = ("minutes", "vial_mg_ml", "bag_ml", "concentration_mg_ml")
NEEDED = ("minutes", "vial_mg_ml")


@dataclass(frozen=True)
class Case:
    """Whom and by what an order is judged: the drug of the course, the clinic's settings, the order before it."""

    drug: str
    policy: SessionPolicy
    birth_date: date
    last: "LastOrder | None"

    @property
    def is_devices(self) -> bool:
        return gives_devices(self.drug)


@dataclass(frozen=True)
class LastOrder:
    """The order before this one, as far as it is compared."""

    weight_kg: Decimal
    dosing_weight_kg: Decimal
    dose: Decimal
    unit: DoseUnit
    dose_mg: Decimal
    minutes: int | None

    def dose_in(self, unit: DoseUnit) -> Decimal | None:
        """Its dose in another unit, for it may not be stepped over by ordering in another one."""
        if unit == self.unit:
            return self.dose
        if unit.is_per_hour and self.minutes is None:
            return None
        kg = exact(self.dosing_weight_kg) if unit.is_per_kg else 1
        hours = Fraction(self.minutes or 0, 60) if unit.is_per_hour else 1
        return half_up(exact(self.dose_mg) / kg / hours, 3)


@dataclass(frozen=True)
class DeviceDose:
    """What is handed out of a drug that comes in devices."""

    dosing_weight_kg: Decimal
    dose_mg: Decimal
    devices: int


@dataclass(frozen=True)
class Judgement:
    """What follows from a request, and what stands against it.

    `blocked` forbids it here, `questions` ask for a reason, and what is `unlikely` is to be confirmed.
    """

    dosage: Dosage | DeviceDose
    blocked: tuple[Fault, ...]
    questions: tuple[Fault, ...]
    unlikely: tuple[Fault, ...]


def gives_devices(drug: str) -> bool:
    """Whether this drug comes in devices that the patient uses, and not in a bag or a syringe."""
    return drug_key(drug) == IN_DEVICES


def judge(request: Request, case: Case, *, day: date) -> Judgement:
    """What a possible request comes to, and how it stands to the clinic's limits on the day it begins to hold."""
    return _judge_devices(request, case, day) if case.is_devices else _judge_infusion(request, case)


def impossible(request: Request, case: Case) -> Iterator[Fault]:
    """Everything that makes no sense of a request, whatever the clinic's limits are."""
    faults = [*_device_faults(request)] if case.is_devices else [*_infusion_faults(request)]
    yield from faults
    if not any(fault.where == "weight_kg" for fault in faults):
        yield from impossible_value("weight_kg", request.weight_kg, case.policy.bounds)


def refuse_beyond(judgement: Judgement, *, reason: str | None, confirmed: Collection[str]) -> None:
    """Raise `Invalid` with all that is blocked and all that wants a reason, or else `ConfirmationNeeded`."""
    unanswered = () if reason is not None else judgement.questions
    wanted = (Fault("reason", "reason-needed", "Say why, for each of what is asked here."),) if unanswered else ()
    refuse([*judgement.blocked, *unanswered, *wanted])
    doubts = [fault for fault in judgement.unlikely if fault.where not in confirmed]
    if doubts:
        raise ConfirmationNeeded(faults=doubts)


def validity_faults(valid_from: date, valid_until: date, *, today: date) -> Iterator[Fault]:
    """What is wrong with the days an order holds for, its first and its last."""
    if valid_until < valid_from:
        yield Fault("valid_until", "order", "The last day is not before the first.")
    elif valid_until < today:
        yield Fault("valid_until", "past", "These days are over.")
    elif (valid_until - valid_from).days >= LONGEST_DAYS:
        yield Fault("valid_until", "range", f"An order holds for {LONGEST_DAYS} days at most.")


def _infusion_faults(request: Request) -> Iterator[Fault]:
    missing = [name for name in NEEDED if getattr(request, name) is None]
    if not missing:
        yield from dosing.impossible(_prescription(request))
    for name in missing:
        yield Fault(name, "required", "An infusion needs this.")


def _judge_infusion(request: Request, case: Case) -> Judgement:
    prescription, limits = _prescription(request), case.policy.doses.of(request.unit)
    dosage = dosing.calculate(prescription)
    blocked = (*dosing.blocked(prescription, limits), *_pump_faults(dosage, case.policy))
    last = case.last
    questions = dosing.questionable(
        prescription, limits,
        last_dose=last.dose_in(request.unit) if last else None, last_weight_kg=last.weight_kg if last else None,
    )  # fmt: skip
    return Judgement(dosage, blocked, tuple(questions), _unlikely(request, case))


def _prescription(request: Request) -> Prescription:
    """Of a request that has what an infusion needs."""
    return Prescription(
        weight_kg=request.weight_kg, basis=request.basis, height_cm=request.height_cm, sex=request.sex,
        dose=request.dose, unit=request.unit, minutes=request.minutes or 0,
        vial_mg_ml=request.vial_mg_ml or Decimal(0), bag_ml=request.bag_ml,
        concentration_mg_ml=request.concentration_mg_ml,
    )  # fmt: skip


def _pump_faults(dosage: Dosage, policy: SessionPolicy) -> Iterator[Fault]:
    if dosage.rate_ml_h > policy.pump.most_ml_h:
        words = f"This runs at more than {policy.pump.most_ml_h} mL/h, which no pump of the clinic does."
        yield Fault("minutes", "pump-limit", words)


def _device_faults(request: Request) -> Iterator[Fault]:
    for name in OF_AN_INFUSION:
        if getattr(request, name) is not None:
            yield Fault(name, "not-for-devices", "Devices have neither a bag nor a rate: leave this out.")
    if request.unit != DoseUnit.MG:
        yield Fault("unit", "not-for-devices", "A dose in devices is in mg.")
    if request.basis != Basis.ACTUAL:
        yield Fault("basis", "not-for-devices", "A dose in devices does not go by the weight: leave this out.")
    if request.dose not in {DEVICE_MG * count for count in (FEWEST_DEVICES, *USUAL_DEVICES)}:
        yield Fault("dose", "devices", f"Devices hold {DEVICE_MG} mg: give 56 or 84, or 28 for an older patient.")


def _judge_devices(request: Request, case: Case, day: date) -> Judgement:
    devices = int(request.dose / DEVICE_MG)
    usual = devices in USUAL_DEVICES
    older = _age(case.birth_date, day) >= OLDER_FROM
    few = Fault("dose", "dose-limit", f"One device alone is for patients of {OLDER_FROM} years and above.")
    asked = Fault("dose", "dose-unusual", "One device alone is a first dose outside the US: say why.")
    return Judgement(
        DeviceDose(request.weight_kg, request.dose, devices),
        blocked=() if usual or older else (few,),
        questions=() if usual or not older else (asked,),
        unlikely=_unlikely(request, case),
    )


def _unlikely(request: Request, case: Case) -> tuple[Fault, ...]:
    return tuple(improbable_value("weight_kg", request.weight_kg, case.policy.bounds))


def _age(birth_date: date, day: date) -> int:
    """Whole years on that day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
