"""What the report on flow tells: every measure by what it takes of a visit, and what it makes of many.

The same table makes the figures and opens them into rows, so the two cannot disagree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from scheduler.utilization.figures.figures import Figure, Measure, Unit, median, percentile, share, total
from scheduler.utilization.flow.times import BAND_MINUTES, BAND_PERCENT, PHASES, Kept, compared

HIGH = 90
"""The percentile that is told beside the median."""
WITHIN_PERCENT = 80
"""A plan should do for so many of a hundred visits."""
CHARTED = "Visits kept on these days, up to now, of which a session was charted"
TREATED = f"{CHARTED} at which drug was given"
BAND = f"within {BAND_MINUTES} minutes of the plan or {BAND_PERCENT} % of it, whichever is more"
CYCLE = "minutes from sitting down to leaving"


@dataclass(frozen=True)
class Timing:
    """A measure, what it takes of a visit (None where the visit is not in its population), and what a row says."""

    measure: Measure
    taken: Callable[[Kept], int | None]
    figure: Callable[[Measure, Sequence[int]], Figure]
    words: Callable[[Kept], str]

    @property
    def counts(self) -> bool:
        """Whether it takes of a visit only whether it counts."""
        return self.measure.unit in (Unit.SHARE, Unit.VISITS)


def _share(measure: Measure, values: Sequence[int]) -> Figure:
    return share(measure, sum(values), len(values))


def _sum(measure: Measure, values: Sequence[int]) -> Figure:
    return total(measure, sum(values), len(values))


def _of_time(
    key: str, title: str, what: str, population: str, taken: Callable[[Kept], int | None], *,
    highs: Sequence[int] = (HIGH,), phase: str | None = None,
) -> list[Timing]:  # fmt: skip
    """The median of a duration, and the longest that all but a few stay within; of a `phase` rows tell the plan."""

    def words(kept: Kept) -> str:
        planned = f"; {getattr(kept.phases, phase)} were planned" if phase else ""
        return f"{title}: {taken(kept)} min{planned}."

    middle = Measure(f"{key}_median", f"{title}, median", Unit.MINUTES, f"median of {what}", population)
    beyond = {
        high: Measure(
            f"{key}_p{high}", f"{title}, {high}th percentile", Unit.MINUTES,
            f"the shortest time that at least {high} % do not exceed, of {what}", population,
        )
        for high in highs
    }  # fmt: skip
    return [
        Timing(middle, taken, median, words),
        *(Timing(each, taken, partial(percentile, percent=high), words) for high, each in beyond.items()),
    ]


def _of_phase(phase: str, title: str, what: str, population: str) -> list[Timing]:
    """How long a phase takes, as `planned_lengths` tells it of each protocol."""

    def taken(kept: Kept) -> int | None:
        return kept.lasted(phase)

    return _of_time(phase, title, what, population, taken, highs=(WITHIN_PERCENT,), phase=phase)


def _of_cycle(key: str, title: str, side: int, words: str) -> Timing:
    def taken(kept: Kept) -> int | None:
        return None if kept.cycle is None else int(compared(kept.cycle, kept.planned_cycle) == side)

    measure = Measure(
        key, title, Unit.SHARE, f"visits whose {CYCLE} were {words} / visits; in band is {BAND}",
        f"{TREATED} and whose patient has left.",
    )  # fmt: skip
    return Timing(measure, taken, _share, lambda kept: f"Sat for {kept.cycle} min, {kept.planned_cycle} were planned.")


def _began_on_time(kept: Kept) -> int | None:
    return None if kept.began_on_time is None else int(kept.began_on_time)


def _words_of_beginning(kept: Kept) -> str:
    late = kept.began_after_plan or 0
    return f"Began {abs(late)} min {'before' if late < 0 else 'after'} its planned start; {kept.allowed} are allowed."


def _is_by_desk(kept: Kept) -> int:
    return int(not kept.visit.charted)


TIMINGS: tuple[Timing, ...] = (
    *_of_time(
        "wait", "Wait", "minutes from the later of arrival and planned start until the patient sat down, at least 0",
        f"{CHARTED} and whose patient has sat down.", lambda kept: kept.wait,
    ),
    Timing(
        Measure(
            "on_time_start", "Infusions begun on time", Unit.SHARE,
            "visits whose drug began before its planned start, or no later after it than the clinic allows / visits; "
            "planned is the start of the visit plus the minutes to prepare",
            f"{TREATED}.",
        ),
        _began_on_time, _share, _words_of_beginning,
    ),
    *_of_time("cycle", "Time in the chair", CYCLE, f"{TREATED} and whose patient has left.", lambda kept: kept.cycle),
    *_of_time(
        "cycle_beyond_plan", "Time in the chair beyond plan", f"{CYCLE} less those planned",
        f"{TREATED} and whose patient has left.", lambda kept: kept.cycle_beyond_plan, highs=(),
    ),
    _of_cycle("cycle_shorter", "Shorter than planned", -1, "fewer than planned and not in band"),
    _of_cycle("cycle_in_band", "As long as planned", 0, "in band"),
    _of_cycle("cycle_longer", "Longer than planned", 1, "more than planned and not in band"),
    *_of_time(
        "recovery", "Recovery", "minutes from the end of the drug until the patient left",
        f"{TREATED} and whose patient has left.", lambda kept: kept.recovery,
        highs=(WITHIN_PERCENT, HIGH), phase="recover",
    ),
    *_of_time(
        "recovery_beyond_plan", "Recovery beyond plan",
        "minutes from the end of the drug until the patient left, less those planned",
        f"{TREATED} and whose patient has left.", lambda kept: kept.recovery_beyond_plan, highs=(),
    ),
    *_of_time(
        "ready", "Recovery until ready", "minutes from the end of the drug until the patient was ready to leave",
        f"{TREATED} and whose patient was found ready.", lambda kept: kept.recovery_to_ready,
    ),
    *_of_phase(
        "prepare", "Preparing", "minutes from sitting down until the drug began",
        f"{TREATED} and whose patient was seen to sit down.",
    ),
    *_of_phase(
        "infuse", "Infusing", "minutes from the beginning of the drug to its end",
        f"{TREATED} and whose drug has ended.",
    ),
    *_of_phase(
        "turn_over", "Turning over", "minutes from when the patient left until the chair was free",
        f"{TREATED} and whose chair was given back.",
    ),
    Timing(
        Measure(
            "kept_by_desk", "Kept by the desk alone", Unit.VISITS,
            "visits kept without a charted session: they are counted here and measured nowhere",
            "Visits kept on these days, up to now.",
        ),
        _is_by_desk, _sum, lambda _: "Kept by the desk alone: no times are measured.",
    ),
)  # fmt: skip
BY_KEY = {timing.measure.key: timing for timing in TIMINGS}
BY_PHASE = {
    phase: tuple(BY_KEY[f"{key}_{which}"].measure for which in ("median", f"p{WITHIN_PERCENT}"))
    for phase, key in zip(PHASES, ("prepare", "infuse", "recovery", "turn_over"), strict=True)
}
"""The median of every phase, and what four of five visits stay within."""
