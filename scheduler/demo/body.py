"""What ketamine does to the patients of the demo clinic, drawn from published frequencies. Pure; a simulation.

Rises of the blood pressure: +12 (SD 11) over +8 (SD 8) mmHg at 40 minutes, between two published series that disagree
five-fold. Of patients 56 percent are drowsy at some time, 45 dizzy, 36 dissociate and 13 are nauseous (Rodrigues et al.
2020); dissociation fades with repeats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from scheduler.models import AdverseEventCode
from scheduler.treatment import Sex

PRONE: Mapping[AdverseEventCode, float] = {
    AdverseEventCode.DROWSINESS: 0.564,
    AdverseEventCode.DIZZINESS: 0.452,
    AdverseEventCode.DISSOCIATION: 0.356,
    AdverseEventCode.NAUSEA: 0.133,
    AdverseEventCode.HEADACHE: 0.08,
    AdverseEventCode.ANXIETY: 0.06,
}
"""Of patients: at some time in their course."""
FADES: Mapping[AdverseEventCode, float] = {AdverseEventCode.DISSOCIATION: 0.8}
SELDOMER = 0.9
"""By so much less often with each infusion that went before."""
RISE, BETWEEN, WITHIN = (12.0, 8.0), (9.0, 6.5), (6.3, 4.7)
"""Of both pressures at the peak; how much patients differ from one another, and each from day to day."""
PEAK_MINUTES, WEARS_OFF_MINUTES = 40, 40
FEMALE = 0.6
WEIGHTS = {Sex.FEMALE: (72, 15, 46, 118), Sex.MALE: (86, 16, 55, 135)}
"""Mean, standard deviation, least and most, in kg."""
DOSES = {Decimal("0.5"): 84, Decimal("0.4"): 8, Decimal("0.6"): 8}
HYPERTENSIVE = 0.08
WIDEST = 90
"""Two pressures farther apart were typed wrongly."""
DROWSY_TO_THE_VOICE = 0.2
"""Of readings of a drowsy patient near the peak."""


@dataclass(frozen=True)
class Body:
    """A patient as they are without the drug, and what it tends to do to them."""

    sex: Sex
    weight_kg: Decimal
    dose: Decimal
    """In mg/kg, where the protocol leaves it open or says the usual 0.5."""
    sbp: int
    dbp: int
    hr: int
    spo2: int
    rise: tuple[float, float]
    prone: frozenset[AdverseEventCode]


@dataclass(frozen=True)
class Untoward:
    """Something the patient felt: from which minute after the start to which, and how grave."""

    code: AdverseEventCode
    onset: int
    resolved: int
    severity: int


@dataclass(frozen=True)
class Effect:
    """What the drug does this time: how far the pressures rise, and what the patient feels."""

    rise: tuple[float, float]
    felt: tuple[Untoward, ...]

    def feels(self, code: AdverseEventCode, minute: int) -> bool:
        return any(each.code is code and each.onset <= minute < each.resolved for each in self.felt)

    def felt_at_all(self, code: AdverseEventCode) -> bool:
        return any(each.code is code for each in self.felt)


def draw_body(dice: Random) -> Body:
    """One patient."""
    sex = Sex.FEMALE if dice.random() < FEMALE else Sex.MALE
    mean, spread, least, most = WEIGHTS[sex]
    high = dice.random() < HYPERTENSIVE
    return Body(
        sex=sex,
        weight_kg=Decimal(min(max(round(dice.gauss(mean, spread) * 2), 2 * least), 2 * most)) / 2,
        dose=dice.choices(list(DOSES), list(DOSES.values()))[0],
        sbp=round(min(max(dice.gauss(136 if high else 121, 8), 102), 146)),
        dbp=round(min(max(dice.gauss(87 if high else 76, 5), 62), 92)),
        hr=round(min(max(dice.gauss(74, 8), 62), 92)),
        spo2=dice.choice((97, 97, 98, 98, 99)),
        rise=(dice.gauss(RISE[0], BETWEEN[0]), dice.gauss(RISE[1], BETWEEN[1])),
        prone=frozenset(code for code, share in PRONE.items() if dice.random() < share),
    )


def draw_effect(dice: Random, body: Body, given: int) -> Effect:
    """What the next infusion does, so many having gone before."""
    rise = body.rise[0] + dice.gauss(0, WITHIN[0]), body.rise[1] + dice.gauss(0, WITHIN[1])
    felt = [code for code in PRONE if code in body.prone and dice.random() < FADES.get(code, SELDOMER) ** given]
    return Effect(rise, tuple(_felt(dice, code) for code in felt))


def _felt(dice: Random, code: AdverseEventCode) -> Untoward:
    onset = dice.randint(6, 28)
    severity = dice.choices((1, 2), (80, 20))[0]
    return Untoward(code, onset, min(onset + dice.randint(12, 45), 70), severity)


def reading(dice: Random, body: Body, effect: Effect, minute: int, ended: int | None) -> dict[str, Any]:
    """A set of vitals so many minutes after the start, the drug having ended after so many; before it, below 0."""
    share = _share(minute, ended)
    sbp, dbp = (
        _pressure(dice, usual, rise, share, minute)
        for usual, rise in zip((body.sbp, body.dbp), effect.rise, strict=True)
    )
    drowsy = effect.feels(AdverseEventCode.DROWSINESS, minute) and dice.random() < DROWSY_TO_THE_VOICE
    return {
        "hr": round(body.hr + 9 * share + dice.gauss(0, 3)), "sbp": sbp, "dbp": min(max(dbp, sbp - WIDEST), sbp - 25),
        "spo2": min(100, body.spo2 - dice.choice((0, 0, 0, 1, 2))), "rr": dice.randint(12, 17),
        "moaas": 4 if drowsy else 5,
        "distress": dice.randint(3, 5) if effect.feels(AdverseEventCode.ANXIETY, minute) else dice.choice((0, 0, 0, 1)),
        "nausea": int(effect.feels(AdverseEventCode.NAUSEA, minute)),
    }  # fmt: skip


def _pressure(dice: Random, usual: int, rise: float, share: float, minute: int) -> int:
    """A little above the usual before a session, and a little below it when all is over."""
    if share:
        return round(usual + rise * share + dice.gauss(0, 2.5))
    return usual + (dice.randint(0, 5) if minute < 0 else -dice.randint(0, 5))


def cadss6(dice: Random, effect: Effect, minute: int) -> list[int]:
    """The six answers of the short CADSS."""
    most = 3 if effect.feels(AdverseEventCode.DISSOCIATION, minute) else int(minute > 0 and bool(effect.felt))
    return [dice.randint(0, most) for _ in range(6)]


def _share(minute: int, ended: int | None) -> float:
    """How much of the peak is there."""
    until = minute if ended is None else min(minute, ended)
    reached = min(max(until, 0) / PEAK_MINUTES, 1)
    return reached * max(1 - (minute - until) / WEARS_OFF_MINUTES, 0)
