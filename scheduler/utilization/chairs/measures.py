"""What the chairs' report tells: every measure by what it counts, of what, and in which words.

The same table makes the figures and opens them into rows, so the two cannot disagree.
"""

from dataclasses import dataclass

from scheduler.utilization.figures.figures import By, Measure, Unit
from scheduler.utilization.figures.lines import WITHOUT_CHAIR_DAYS
from scheduler.utilization.ledger.kinds import LOST, Count, Kind

OPEN: tuple[str, ...] = tuple(Kind)
AVAILABLE: tuple[str, ...] = tuple(kind for kind in Kind if kind is not Kind.BLOCKED)
EXPECTED: tuple[str, ...] = (Count.KEPT, Count.MISSED)
ENDED: tuple[str, ...] = (*EXPECTED, Count.LATE_CANCELLATIONS, Count.CANCELLATIONS)
OPEN_WORDS = "Minutes of opening hours while the chair was in service, up to now."
VISIT_WORDS = "Visits that were to begin on these days, up to now, at the hour and in the chair they were planned for."

CAUSES = {
    Kind.BLOCKED: ("Blocked", "the clinic or the chair was closed within opening hours"),
    Kind.STARTED_LATE: ("Started late", "a visit was planned and its patient had not sat down yet"),
    Kind.FINISHED_EARLY: ("Finished early", "a visit was planned, its patient had left and the chair was ready again"),
    Kind.SEATED_ELSEWHERE: ("Seated elsewhere", "a visit was planned here and its patient sat in another chair"),
    Kind.UNRECORDED: ("Not recorded", "a visit was planned, and nobody wrote down what became of it"),
    Kind.NO_SHOW: ("No-show", "a visit was planned whose patient did not come"),
    Kind.CANCELLED_LATE: ("Cancelled late", "a visit had been called off or moved away with too little notice"),
    Kind.CANCELLED_IN_TIME: ("Cancelled in time", "a visit had been called off or moved away in time"),
    Kind.TOO_SHORT: ("Fragment too short", "nothing was booked, and the shortest visit had no room"),
    Kind.NO_PRESCRIBER: ("No prescriber", "nothing was booked, and no prescriber had units for a visit"),
    Kind.NO_NURSE: ("No nurse units", "nothing was booked, and no nurse had units for a visit"),
    Kind.NO_PUMP: ("No pump", "nothing was booked, and no pump was free for a visit"),
    Kind.NEVER_BOOKED: ("Never booked", "a visit could have been booked here, and none was"),
}
"""Every cause of a lost minute, and when a minute is of it and of none before it."""

WORDS: dict[str, str] = {
    **{kind: f"{title}: {words}." for kind, (title, words) in CAUSES.items()},
    Kind.USED: "A patient sat in the chair.",
    Kind.TURNOVER: "The chair was made ready for the next patient.",
    Count.SCHEDULED: "A visit was booked for this time.",
    Count.OVERTIME: "A patient sat in the chair outside opening hours.",
    Count.INFUSIONS: "Drug was given.",
    Count.KEPT: "The patient came.",
    Count.MISSED: "The patient did not come.",
    Count.LATE_CANCELLATIONS: "Called off with less notice than the clinic asks for.",
    Count.CANCELLATIONS: "Called off in time.",
    Count.CHAIR_DAYS: "The chair was open on this day.",
}
"""What a row says of itself."""
OF_THE_WHOLE = (By.PROTOCOL, By.PRESCRIBER)
"""By these, minutes are shares of those of all chairs, so that the lines add up to the whole's share."""


@dataclass(frozen=True)
class Counting:
    """A measure, the kinds that make up its numerator, and those it is divided by, or is a part of."""

    measure: Measure
    counted: tuple[str, ...]
    of: tuple[str, ...]
    prime: bool = False

    @property
    def divides(self) -> bool:
        return self.measure.unit in {Unit.SHARE, Unit.PER_DAY}

    @property
    def listed(self) -> frozenset[str]:
        """The kinds of whatever it opens into: a plain sum into what it counts, a share also into the rest."""
        return frozenset({*self.counted, *(self.of if self.divides else ())})

    def is_of_the_whole(self, by: By | None) -> bool:
        """Whether what it is divided by is not a line's own: an empty minute is of no protocol, a day of no hour."""
        if self.of == (Count.CHAIR_DAYS,):
            return by in WITHOUT_CHAIR_DAYS
        return self.divides and self.of[0] in OPEN and by in OF_THE_WHOLE


def _utilization() -> list[Counting]:
    scheduled = "Minutes that a visit was booked for, its turnover aside: one that was kept, missed, or not recorded"
    used = "Minutes in which a patient sat in the chair"
    return [
        Counting(
            Measure(
                f"{prefix}{key}_utilization{suffix}", f"{title} utilization{words}", Unit.SHARE,
                f"{formula} / {divisor}{inside}.", OPEN_WORDS,
            ),
            (kind,), of, prime=bool(prefix),
        )
        for prefix, suffix, words, divisor, inside, of in (
            ("", "", "", "available minutes (open - blocked)", "", AVAILABLE),
            ("", "_of_open", " of open minutes", "open minutes", "", OPEN),
            ("prime_", "", " in prime time", "available minutes (open - blocked)", ", both in prime time", AVAILABLE),
        )
        for key, title, formula, kind in (
            ("scheduled", "Scheduled", scheduled, Count.SCHEDULED), ("actual", "Actual", used, Kind.USED),
        )
    ]  # fmt: skip


def _minutes(key: str, title: str, formula: str, *counted: str) -> Counting:
    return Counting(Measure(str(key), title, Unit.MINUTES, formula, OPEN_WORDS), counted, OPEN)


def _causes() -> list[Counting]:
    found = []
    for kind, (title, words) in CAUSES.items():
        found.append(_minutes(kind, title, f"Open minutes, neither used nor turnover, in which {words}.", kind))
        formula = f"{title}: minutes / open minutes."
        measure = Measure(f"{kind}_of_open", f"{title}, of open minutes", Unit.SHARE, formula, OPEN_WORDS)
        found.append(Counting(measure, (kind,), OPEN))
    return found


def _visits(key: str, title: str, formula: str, *counted: str) -> Counting:
    return Counting(Measure(key, title, Unit.VISITS, formula, VISIT_WORDS), counted, ENDED)


def _rate(key: str, title: str, formula: str, counted: str, of: tuple[str, ...]) -> Counting:
    return Counting(Measure(key, title, Unit.SHARE, formula, VISIT_WORDS), (counted,), of)


GIVEN = "Visits at which drug was given, by their session, or, without one, by the desk's word that it had begun"
COUNTINGS: tuple[Counting, ...] = (
    *_utilization(),
    Counting(
        Measure(
            "infusions_per_chair_day", "Infusions per chair-day", Unit.PER_DAY,
            f"{GIVEN} / days on which a chair was open, each chair by itself.", VISIT_WORDS,
        ),
        (Count.INFUSIONS,), (Count.CHAIR_DAYS,),
    ),
    _minutes("open", "Open", "Used + turnover + lost.", *OPEN),
    _minutes("available", "Available", "Open - blocked.", *AVAILABLE),
    _minutes("scheduled", "Scheduled", "Available minutes visits were booked for, turnover aside.", Count.SCHEDULED),
    _minutes("used", "Used", "Open minutes in which a patient sat in the chair.", Kind.USED),
    _minutes("turnover", "Turnover", "Open minutes from when a patient left until the chair was ready.", Kind.TURNOVER),
    _minutes("lost", "Lost", "Open - used - turnover: the sum of all causes.", *LOST),
    Counting(
        Measure("lost_of_open", "Lost, of open minutes", Unit.SHARE, "Lost minutes / open minutes.", OPEN_WORDS),
        LOST, OPEN,
    ),
    *_causes(),
    Counting(
        Measure(
            "overtime", "Overtime", Unit.MINUTES,
            "Minutes in which a patient sat in the chair outside opening hours.",
            "All minutes of these days, up to now.",
        ),
        (Count.OVERTIME,), (Count.OVERTIME,),
    ),
    _visits("infusions", "Infusions", f"{GIVEN}.", Count.INFUSIONS),
    Counting(
        Measure(
            "chair_days", "Chair-days", Unit.DAYS, "Days on which a chair was open, each chair by itself.", OPEN_WORDS
        ),
        (Count.CHAIR_DAYS,), (Count.CHAIR_DAYS,),
    ),
    _visits("kept", "Kept visits", "Visits to which the patient came.", Count.KEPT),
    _visits("missed", "Missed visits", "Visits to which the patient did not come.", Count.MISSED),
    _rate("no_show_rate", "No-show rate", "Missed visits / (kept + missed visits).", Count.MISSED, EXPECTED),
    _visits(
        "late_cancellations", "Late cancellations",
        "Visits called off with less notice than the clinic asks for.", Count.LATE_CANCELLATIONS,
    ),
    _rate(
        "late_cancellation_rate", "Late cancellation rate",
        "Late cancellations / (kept visits + missed visits + late cancellations).",
        Count.LATE_CANCELLATIONS, (*EXPECTED, Count.LATE_CANCELLATIONS),
    ),
    _visits(
        "cancellations", "Cancellations in time",
        "Visits called off with the notice the clinic asks for.", Count.CANCELLATIONS,
    ),
)  # fmt: skip
BY_KEY = {counting.measure.key: counting for counting in COUNTINGS}
