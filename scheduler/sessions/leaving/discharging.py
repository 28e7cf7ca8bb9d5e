"""When a patient may leave: each criterion is a function that says whether it is met, and in words what it asks.

What a person judged, such as gait and escort, comes in as criteria that were judged already. Nothing here decides:
a prescriber may let a patient go although something is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from scheduler.outcomes.scales.elements import Level
from scheduler.sessions.policy import DischargeCriteria
from scheduler.sessions.watch.observations import VitalsSet, is_full
from scheduler.treatment import Phase

CALM = 0
"""On the RASS: alert and calm."""
PADSS_ITEMS = (
    "leaving_padss_activity",
    "leaving_padss_comfort",
    "leaving_padss_bleeding",
    "leaving_padss_intake",
)
"""The parts of the PADSS a person scores from 0 to 2, where the clinic's list asks for them; the fifth is reckoned."""
PADSS_FIT = 9
"""Of 10: from here on the score calls a patient fit for discharge."""
PADSS_FULL, PADSS_HALF = 20, 40
"""Percent from the baseline up to which vital signs score 2, and 1."""


@dataclass(frozen=True)
class Criterion:
    """One thing a patient must meet to leave."""

    key: str
    met: bool
    words: str


class Finding(StrEnum):
    """What the C-SSRS found, as the item of it is answered and as its form is scored; the gravest last."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


@dataclass(frozen=True)
class SuicideRisk:
    """What is known of it at the end of a visit."""

    thoughts: Level | None = None
    """How grave the answers about suicidal thoughts at this visit are, such as item 9 of the PHQ-9; None: there are
    none.
    """
    safe: bool = False
    """Somebody has said that there is no concern for safety."""
    cssrs: Finding | None = None
    disposed: bool = False
    """A prescriber has said how to go on."""


@dataclass(frozen=True)
class Departure:
    """What is on record of a patient about to leave at `at`. The sets are in the order of time, none later."""

    at: datetime
    numbers: DischargeCriteria
    observed: bool
    """After devices: everything counts from the first of them."""
    started_at: datetime | None
    ended_at: datetime | None
    sets: tuple[VitalsSet, ...]
    last_set_minutes: int
    """So old may the last set be."""
    sbp_least: int
    """Below, a pressure is not called good for being low."""
    alerts: frozenset[UUID]
    """Urgent ones of this session, and of the patient's answers any, that nobody has acknowledged."""
    risk: SuicideRisk
    asked: tuple[Criterion, ...] = ()
    """What a person judged."""

    @property
    def since(self) -> datetime | None:
        """From when on the patient is watched before leaving; None while that has not come."""
        return self.started_at if self.observed else self.ended_at

    @property
    def baseline(self) -> VitalsSet | None:
        """The last set before the drug in which a pressure was measured."""
        before = [each for each in self.sets if each.phase is Phase.BEFORE and _has_pressure(each)]
        return before[-1] if before else None

    def since_then(self, *names: str) -> list[VitalsSet]:
        """The sets since then in which any of these was measured; without a name all of them."""
        later = [each for each in self.sets if self.since is not None and each.at >= self.since]
        return [each for each in later if not names or any(getattr(each, name) is not None for name in names)]

    @property
    def full(self) -> list[VitalsSet]:
        """The sets since then that tell how the patient is: a nausea score alone is none."""
        return [each for each in self.since_then() if is_full(each)]

    def fresh(self, *names: str) -> list[VitalsSet]:
        """The sets since then in which any of these was measured, none older than the last set may be."""
        oldest = self.at - timedelta(minutes=self.last_set_minutes)
        return [each for each in self.since_then(*names) if each.at >= oldest]


Judge = Callable[[Departure], Criterion]


def recovery(departure: Departure) -> Criterion:
    """Long enough since the end, or since the first device."""
    numbers, since = departure.numbers, departure.since
    least = numbers.observation_minutes if departure.observed else numbers.recovery_minutes
    whence = "the first device" if departure.observed else "the end of the infusion"
    met = since is not None and departure.at - since >= timedelta(minutes=least)
    return Criterion("recovery", met, f"At least {least} minutes have passed since {whence}.")


def vitals_sets(departure: Departure) -> Criterion:
    """Enough sets since then."""
    least, whence = departure.numbers.sets, "first device" if departure.observed else "end"
    words = f"At least {least} full sets of vitals have been taken since the {whence}."
    return Criterion("vitals_sets", len(departure.full) >= least, words)


def last_set(departure: Departure) -> Criterion:
    """The patient was looked at shortly before leaving."""
    met = any(is_full(each) for each in departure.fresh())
    words = f"The last full set of vitals is at most {departure.last_set_minutes} minutes old."
    return Criterion("last_set", met, words)


def blood_pressure(departure: Departure) -> Criterion:
    """Near the baseline, or low enough, and falling.

    Falling means that the peak is past: neither number is above the highest measured before in this session, the
    baseline included. Asked of the last two readings alone, a pressure long back to normal would hardly ever fall.
    """
    numbers = departure.numbers
    words = (
        f"The blood pressure is within {numbers.pressure_percent} % of the baseline, or below"
        f" {numbers.sbp_below}/{numbers.dbp_below}; and it has been as high or higher before."
    )
    measured = [each for each in departure.sets if _has_pressure(each)]
    if not measured or measured[-1] not in departure.fresh():
        return Criterion("blood_pressure", met=False, words=words)
    *earlier, last = measured
    return Criterion(
        "blood_pressure", (_near(last, departure) or _low(last, departure)) and _falls(last, earlier), words
    )


def oxygen(departure: Departure) -> Criterion:
    """Enough on air; or as at the baseline, on no more oxygen than then."""
    least, before = departure.numbers.spo2_least, _last_before(departure, "spo2")
    words = f"SpO2 is at least {least} % on air, or what it was at the baseline."
    measured = departure.fresh("spo2")
    if not measured:
        return Criterion("oxygen", met=False, words=words)
    last = measured[-1]
    usual = min(least, before.spo2) if before is not None and before.spo2 is not None else least
    helped = (before.o2_l_min if before is not None else None) or 0
    return Criterion("oxygen", (last.spo2 or 0) >= usual and (last.o2_l_min or 0) <= helped, words)


def alertness(departure: Departure) -> Criterion:
    """Awake by MOAA/S, or alert and calm by RASS where that is used; by both where both were scored."""
    least = departure.numbers.moaas_least
    scored = departure.fresh("moaas", "rass")
    met = bool(scored) and _awake(scored[-1], least)
    return Criterion("alertness", met, f"MOAA/S is at least {least}, or RASS is {CALM}.")


def alerts(departure: Departure) -> Criterion:
    """Somebody has looked at everything that is urgent."""
    words = "No urgent alert of this session and no alert about the patient's safety is open."
    return Criterion("alerts", not departure.alerts, words)


def suicide_check(departure: Departure) -> Criterion:
    """Asked about today where item 9 was positive; where the risk is grave, a prescriber has looked at it."""
    risk = departure.risk
    words = (
        "An answer about suicidal thoughts at this visit being positive, such as item 9 of the PHQ-9, nothing speaks"
        " against safety and the finding of the C-SSRS is there; at an urgent answer, such as an item 9 of 2, or a high"
        " finding, a prescriber says how to go on."
    )
    checked = risk.thoughts is None or (risk.safe and risk.cssrs is not None)
    grave = risk.thoughts is Level.URGENT or risk.cssrs is Finding.HIGH
    return Criterion("suicide_check", checked and (risk.disposed or not grave), words)


CRITERIA: tuple[Judge, ...] = (
    recovery, vitals_sets, last_set, blood_pressure, oxygen, alertness, alerts, suicide_check,
)  # fmt: skip


def missing(departure: Departure) -> list[Criterion]:
    """Every criterion, met or still missing: first what is read from the record, then what a person judged."""
    return [*(judge(departure) for judge in CRITERIA), *departure.asked]


def unmet(criteria: Sequence[Criterion]) -> list[Criterion]:
    """What still misses."""
    return [criterion for criterion in criteria if not criterion.met]


def padss(departure: Departure, scored: Mapping[str, int]) -> int | None:
    """The post-anaesthetic discharge score, 0 to 10: four parts as a person scored them, vital signs as reckoned.

    None where a part is missing. It informs: `PADSS_FIT` is the usual bar.
    """
    vitals = _padss_vitals(departure)
    if vitals is None or not scored.keys() >= set(PADSS_ITEMS):
        return None
    return vitals + sum(scored[item] for item in PADSS_ITEMS)


def _padss_vitals(departure: Departure) -> int | None:
    """By the pressure and the pulse that is farthest from the baseline."""
    before = departure.baseline
    later = [each for each in departure.since_then() if _has_pressure(each)]
    if before is None or not later:
        return None
    names = [name for name in ("sbp", "dbp", "hr") if getattr(before, name) and getattr(later[-1], name)]
    apart = max(_percent(getattr(later[-1], name), getattr(before, name)) for name in names)
    return 2 if apart <= PADSS_FULL else 1 if apart <= PADSS_HALF else 0


def _percent(value: int, before: int) -> Fraction:
    return Fraction(abs(value - before) * 100, before)


def _has_pressure(vitals: VitalsSet) -> bool:
    return vitals.sbp is not None and vitals.dbp is not None


def _pressures(vitals: VitalsSet) -> tuple[int, int]:
    return vitals.sbp or 0, vitals.dbp or 0


def _near(last: VitalsSet, departure: Departure) -> bool:
    """Whether both numbers are within so many percent of the baseline, above or below."""
    before, percent = departure.baseline, departure.numbers.pressure_percent
    if before is None:
        return False
    pairs = zip(_pressures(last), _pressures(before), strict=True)
    return all(abs(value - usual) * 100 <= percent * usual for value, usual in pairs)


def _low(last: VitalsSet, departure: Departure) -> bool:
    """Whether both numbers are below their limits, and the pressure is no low one either."""
    sbp, dbp = _pressures(last)
    return departure.sbp_least <= sbp < departure.numbers.sbp_below and dbp < departure.numbers.dbp_below


def _falls(last: VitalsSet, earlier: Sequence[VitalsSet]) -> bool:
    peaks = zip(*(_pressures(each) for each in earlier), strict=True)
    return bool(earlier) and all(value <= max(peak) for value, peak in zip(_pressures(last), peaks, strict=True))


def _awake(vitals: VitalsSet, least: int) -> bool:
    by_moaas = vitals.moaas is None or vitals.moaas >= least
    by_rass = vitals.rass is None or vitals.rass == CALM
    return by_moaas and by_rass


def _last_before(departure: Departure, name: str) -> VitalsSet | None:
    before = [each for each in departure.sets if each.phase is Phase.BEFORE and getattr(each, name) is not None]
    return before[-1] if before else None
