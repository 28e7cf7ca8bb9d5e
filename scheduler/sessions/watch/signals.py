"""What in a set of vitals somebody must be told of. Signals inform a person; they never stop a pump."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import ge, gt, le, lt

from scheduler.sessions.watch.observations import VitalsSet
from scheduler.treatment import Phase


class SignalKind(StrEnum):
    SBP_HIGH = "sbp_high"
    SBP_LOW = "sbp_low"
    DBP_HIGH = "dbp_high"
    HR_HIGH = "hr_high"
    HR_LOW = "hr_low"
    SPO2_LOW = "spo2_low"
    RR_LOW = "rr_low"
    RR_HIGH = "rr_high"
    ETCO2_HIGH = "etco2_high"
    ETCO2_LOW = "etco2_low"
    SEDATION_DEEP = "sedation_deep"
    """By MOAA/S."""
    RASS_LOW = "rass_low"
    RASS_HIGH = "rass_high"
    DISTRESS_HIGH = "distress_high"


class SignalLevel(StrEnum):
    """Somebody should look, or the prescriber must be called and a pause thought of."""

    WARN = "warn"
    URGENT = "urgent"


@dataclass(frozen=True)
class Signal:
    """One finding: the value read and the limit it passed. A rise is told by the reading that reached it.

    `sustained` is true where it took an earlier reading, minutes before, to make it urgent.
    """

    kind: SignalKind
    level: SignalLevel
    value: int
    threshold: int
    sustained: bool


FALLING = frozenset(
    {
        SignalKind.SBP_LOW, SignalKind.HR_LOW, SignalKind.SPO2_LOW, SignalKind.RR_LOW, SignalKind.ETCO2_LOW,
        SignalKind.SEDATION_DEEP, SignalKind.RASS_LOW,
    }
)  # fmt: skip
"""Of these the lower value is the worse one."""


@dataclass(frozen=True)
class Raised:
    """A signal that became an alert, by the time of its set, and the value that was told."""

    kind: SignalKind
    level: SignalLevel
    at: datetime
    value: int
    sustained: bool = False

    def covers(self, signal: Signal) -> bool:
        """Whether who was told of this learns nothing graver from that: neither a worse value nor that it lasts."""
        if signal.kind is not self.kind:
            return False
        if self.level is not SignalLevel.URGENT and signal.level is SignalLevel.URGENT:
            return False
        lasts = signal.sustained and self.level is signal.level and not self.sustained
        return not lasts and not worse(signal.kind, signal.value, self.value)


def worse(kind: SignalKind, value: int, than: int) -> bool:
    """Whether a value lies further beyond the limits of its kind than another."""
    return value < than if kind in FALLING else value > than


def value_in(kind: SignalKind, vitals: VitalsSet) -> int | None:
    """What a set holds of that by which a kind is told."""
    name = "moaas" if kind is SignalKind.SEDATION_DEEP else kind.split("_")[0]
    value: int | None = getattr(vitals, name)
    return value


@dataclass(frozen=True)
class Levels:
    """Where a value warns and where it is urgent."""

    warn: int
    urgent: int


@dataclass(frozen=True)
class PressureLevels:
    """A pressure warns from `warn`, or `rise` above the baseline; it is urgent from `sustained` twice, or `urgent`."""

    warn: int
    rise: int
    sustained: int
    urgent: int


@dataclass(frozen=True)
class PulseLevels:
    """A fast pulse warns beyond `warn` and is urgent where it stays beyond `sustained`."""

    warn: int
    sustained: int


@dataclass(frozen=True)
class Thresholds:
    """The clinic's thresholds. Which of them count themselves is said by `_limits`, once and for every clinic.

    No consensus on blood pressure in intravenous ketamine was found: the label of esketamine and the rules of single
    clinics stand in. Low values and breathing are general knowledge, agitation and distress choices of the house.
    """

    sbp_before: Levels = Levels(140, 160)
    dbp_before: Levels = Levels(90, 100)
    sbp_high: PressureLevels = PressureLevels(165, 40, 180, 200)
    dbp_high: PressureLevels = PressureLevels(100, 25, 110, 120)
    sbp_low: Levels = Levels(90, 80)
    hr_high: PulseLevels = PulseLevels(110, 120)
    hr_low: Levels = Levels(50, 45)
    spo2_low: Levels = Levels(94, 90)
    rr_low: Levels = Levels(10, 8)
    rr_high: int = 24
    """It warns only."""
    etco2_high: Levels = Levels(50, 60)
    etco2_low: Levels = Levels(30, 0)
    """It warns below the first; the second is the flat line."""
    moaas: Levels = Levels(4, 2)
    rass_low: Levels = Levels(-2, -3)
    rass_high: Levels = Levels(2, 3)
    distress: Levels = Levels(6, 8)
    sustained_minutes: int = 5
    """How far apart two readings are at least, to call what lies between them sustained."""


@dataclass(frozen=True)
class _Limit:
    """One cell of the table of thresholds: when `passed(value, threshold)`, the signal is given at this level."""

    kind: SignalKind
    name: str
    level: SignalLevel
    passed: Callable[[int, int], bool]
    threshold: int
    sustained: bool = False


Cells = Iterator[_Limit]


def signals(
    new: VitalsSet, earlier: Sequence[VitalsSet], baseline: VitalsSet | None, thresholds: Thresholds
) -> list[Signal]:
    """What the new set says, in the order of the kinds: of each at most one, of the highest level.

    Only what came before the set in time is held beside it, so a set charted late is judged as it would have been then.
    """
    found: dict[SignalKind, Signal] = {}
    for limit in _limits(new, baseline, thresholds):
        value = getattr(new, limit.name)
        if value is None or not limit.passed(value, limit.threshold):
            continue
        if limit.sustained and not _stayed(limit, new, earlier, timedelta(minutes=thresholds.sustained_minutes)):
            continue
        found.setdefault(limit.kind, Signal(limit.kind, limit.level, value, limit.threshold, limit.sustained))
    return [found[kind] for kind in SignalKind if kind in found]


def _limits(new: VitalsSet, baseline: VitalsSet | None, thresholds: Thresholds) -> Cells:
    """The cells that hold for this set, of each kind the gravest first."""
    if new.phase is Phase.BEFORE:
        yield from _pair(SignalKind.SBP_HIGH, "sbp", thresholds.sbp_before, warn=gt, urgent=ge)
        yield from _pair(SignalKind.DBP_HIGH, "dbp", thresholds.dbp_before, warn=gt, urgent=ge)
    else:
        yield from _pressure(SignalKind.SBP_HIGH, "sbp", thresholds.sbp_high, baseline)
        yield from _pressure(SignalKind.DBP_HIGH, "dbp", thresholds.dbp_high, baseline)
    fast = thresholds.hr_high
    yield _Limit(SignalKind.HR_HIGH, "hr", SignalLevel.URGENT, gt, fast.sustained, sustained=True)
    yield _Limit(SignalKind.HR_HIGH, "hr", SignalLevel.WARN, gt, fast.warn)
    yield _Limit(SignalKind.RR_HIGH, "rr", SignalLevel.WARN, gt, thresholds.rr_high)
    yield from _pair(SignalKind.SBP_LOW, "sbp", thresholds.sbp_low, warn=lt, urgent=lt)
    yield from _pair(SignalKind.HR_LOW, "hr", thresholds.hr_low, warn=lt, urgent=lt)
    yield from _pair(SignalKind.SPO2_LOW, "spo2", thresholds.spo2_low, warn=lt, urgent=lt)
    yield from _pair(SignalKind.RR_LOW, "rr", thresholds.rr_low, warn=lt, urgent=lt)
    yield from _pair(SignalKind.ETCO2_HIGH, "etco2", thresholds.etco2_high, warn=gt, urgent=gt)
    yield from _pair(SignalKind.ETCO2_LOW, "etco2", thresholds.etco2_low, warn=lt, urgent=le)
    yield from _pair(SignalKind.SEDATION_DEEP, "moaas", thresholds.moaas, warn=le, urgent=le)
    yield from _pair(SignalKind.RASS_LOW, "rass", thresholds.rass_low, warn=le, urgent=le)
    yield from _pair(SignalKind.RASS_HIGH, "rass", thresholds.rass_high, warn=ge, urgent=ge)
    yield from _pair(SignalKind.DISTRESS_HIGH, "distress", thresholds.distress, warn=ge, urgent=ge)


def _pair(
    kind: SignalKind,
    name: str,
    levels: Levels,
    *,
    warn: Callable[[int, int], bool],
    urgent: Callable[[int, int], bool],
) -> Cells:
    yield _Limit(kind, name, SignalLevel.URGENT, urgent, levels.urgent)
    yield _Limit(kind, name, SignalLevel.WARN, warn, levels.warn)


def _pressure(kind: SignalKind, name: str, levels: PressureLevels, baseline: VitalsSet | None) -> Cells:
    yield _Limit(kind, name, SignalLevel.URGENT, ge, levels.urgent)
    yield _Limit(kind, name, SignalLevel.URGENT, ge, levels.sustained, sustained=True)
    yield _Limit(kind, name, SignalLevel.WARN, ge, levels.warn)
    before = getattr(baseline, name, None)
    if before is not None:
        yield _Limit(kind, name, SignalLevel.WARN, ge, before + levels.rise)


def _stayed(limit: _Limit, new: VitalsSet, earlier: Sequence[VitalsSet], least: timedelta) -> bool:
    """Whether an earlier reading at least so long ago passed the limit too, and every one since.

    Readings before the start and after it are never taken together: they answer to different limits.
    """
    begun = new.phase is not Phase.BEFORE
    for vitals in sorted(earlier, key=lambda vitals: vitals.at, reverse=True):
        value = getattr(vitals, limit.name)
        if vitals.at >= new.at or value is None or (vitals.phase is not Phase.BEFORE) is not begun:
            continue
        if not limit.passed(value, limit.threshold):
            return False
        if new.at - vitals.at >= least:
            return True
    return False


def unsuppressed(found: Sequence[Signal], raised: Sequence[Raised], *, at: datetime, minutes: int) -> list[Signal]:
    """The signals that nobody was told of, or of something as grave, within less than so many minutes of `at`."""
    near = [alert for alert in raised if abs(at - alert.at) < timedelta(minutes=minutes)]
    return [signal for signal in found if not any(alert.covers(signal) for alert in near)]
