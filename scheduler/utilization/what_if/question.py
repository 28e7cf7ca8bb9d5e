"""What a manager asks: one change of the clinic, over how many weeks of demand, with how many seeds. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scheduler.clinic_time import DAY_MINUTES, GRID_MINUTES, WEEKDAYS
from scheduler.errors import Fault, refuse
from scheduler.protocols import LONGEST_CLAIM_MINUTES, Phases

MOST_WEEKS = 26
LEAST_SEEDS, MOST_SEEDS = 2, 100
"""Of one run nothing could be said about chance."""
USUAL_WEEKS, USUAL_SEEDS = 8, 20
MOST_MORE = 5


@dataclass(frozen=True)
class MoreChairs:
    """So many chairs more, there whenever the clinic is open."""

    count: int


@dataclass(frozen=True)
class MoreNurses:
    """So many nurses more, each on shift as long as the clinic is open, with the capacity its nurses usually have."""

    count: int


@dataclass(frozen=True)
class DayHours:
    """Another opening of a weekday, in minutes after local midnight; closed all day where both are None."""

    weekday: int
    opens: int | None
    closes: int | None


@dataclass(frozen=True)
class OtherHours:
    """Other hours on these weekdays; the others keep theirs. Who was there from opening or to closing still is."""

    days: tuple[DayHours, ...]


@dataclass(frozen=True)
class OtherPhases:
    """Other lengths of the phases of a visit, by the key of its protocol; its claims are stretched with them."""

    protocols: Mapping[str, Phases]


@dataclass(frozen=True)
class OverlappingStarts:
    """A start takes one unit of its nurse instead of more, so that two may overlap."""


Change = MoreChairs | MoreNurses | OtherHours | OtherPhases | OverlappingStarts
NAMES = ("more_chairs", "more_nurses", "hours", "phases", "overlapping_starts")


@dataclass(frozen=True)
class Question:
    """One change, seen against the demand of the last `weeks` whole weeks in `seeds` pairs of runs."""

    weeks: int
    seeds: int
    change: Change

    @property
    def kind(self) -> str:
        """What is to be different, as one of `NAMES`."""
        return next(iter(_change_document(self.change)))


def as_document(question: Question) -> dict[str, Any]:
    """The question as plain JSON values; `from_document` reads it back."""
    return {"weeks": question.weeks, "seeds": question.seeds, "change": _change_document(question.change)}


def _change_document(change: Change) -> dict[str, Any]:
    if isinstance(change, MoreChairs):
        return {"more_chairs": change.count}
    if isinstance(change, MoreNurses):
        return {"more_nurses": change.count}
    if isinstance(change, OtherHours):
        return {"hours": [asdict(day) for day in change.days]}
    if isinstance(change, OtherPhases):
        return {"phases": [{"protocol": key, **asdict(phases)} for key, phases in change.protocols.items()]}
    return {"overlapping_starts": True}


def from_document(document: Mapping[str, Any]) -> Question:
    """The question that `as_document` wrote, or that somebody sent in its shape. Raises `Invalid` with every fault."""
    refuse(tuple(_faults(document)))
    ((name, said),) = _given(document["change"]).items()
    return Question(document["weeks"], document["seeds"], _change_of(name, said))


def _given(change: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for; a member that says nothing counts as not given."""
    return {name: said for name, said in change.items() if said is not None and said is not False}


def _change_of(name: str, said: Any) -> Change:
    if name == "more_chairs":
        return MoreChairs(said)
    if name == "more_nurses":
        return MoreNurses(said)
    if name == "hours":
        return OtherHours(tuple(DayHours(**day) for day in said))
    if name == "phases":
        return OtherPhases({each["protocol"]: _phases(each) for each in said})
    return OverlappingStarts()


def _phases(said: Mapping[str, Any]) -> Phases:
    return Phases(**{name: minutes for name, minutes in said.items() if name != "protocol"})


def _faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _range_fault("weeks", document["weeks"], 1, MOST_WEEKS)
    yield from _range_fault("seeds", document["seeds"], LEAST_SEEDS, MOST_SEEDS)
    given = _given(document["change"])
    if len(given) != 1:
        yield Fault("change", "one", f"Ask for exactly one of {', '.join(NAMES)}.")
    for name in ("more_chairs", "more_nurses"):
        if name in given:
            yield from _range_fault(f"change.{name}", given[name], 1, MOST_MORE)
    yield from _hours_faults(given.get("hours"))
    yield from _phases_faults(given.get("phases"))


def _range_fault(where: str, number: int, least: int, most: int) -> Iterator[Fault]:
    if not least <= number <= most:
        yield Fault(where, "range", f"This goes from {least} to {most}.")


def _hours_faults(days: Sequence[Mapping[str, Any]] | None) -> Iterator[Fault]:
    yield from _list_faults("change.hours", days, "weekday", "weekday")
    for i, day in enumerate(days or ()):
        where, opens, closes = f"change.hours.{i}", day["opens"], day["closes"]
        if not 0 <= day["weekday"] < len(WEEKDAYS):
            yield Fault(f"{where}.weekday", "range", "There are seven weekdays.")
        if (opens is None) != (closes is None):
            yield Fault(where, "half", "Give both times, or neither for a day that is closed.")
        elif opens is not None and closes is not None:
            yield from _opening_faults(where, opens, closes)


def _opening_faults(where: str, opens: int, closes: int) -> Iterator[Fault]:
    if opens % GRID_MINUTES or closes % GRID_MINUTES:
        yield Fault(where, "grid", f"Times are whole multiples of {GRID_MINUTES} minutes.")
    if not 0 <= opens < closes <= DAY_MINUTES:
        yield Fault(where, "order", "A day opens before it closes.")


def _phases_faults(protocols: Sequence[Mapping[str, Any]] | None) -> Iterator[Fault]:
    yield from _list_faults("change.phases", protocols, "protocol", "protocol")
    for i, each in enumerate(protocols or ()):
        phases = _phases(each)
        for name, minutes in asdict(phases).items():
            if minutes < 0 or minutes % GRID_MINUTES:
                yield Fault(
                    f"change.phases.{i}.{name}", "grid", f"Minutes are whole multiples of {GRID_MINUTES}, from 0."
                )
        if not 0 < phases.total <= LONGEST_CLAIM_MINUTES:
            yield Fault(f"change.phases.{i}", "range", "A visit lasts from 5 minutes to 12 hours.")


def _list_faults(where: str, said: Sequence[Mapping[str, Any]] | None, key: str, noun: str) -> Iterator[Fault]:
    """An empty list asks for nothing, and nothing can have two answers."""
    if said is not None and not said:
        yield Fault(where, "empty", f"Name at least one {noun}.")
    for value, times in Counter(each[key] for each in said or ()).items():
        if times > 1:
            told = WEEKDAYS[value] if key == "weekday" and 0 <= value < len(WEEKDAYS) else value
            yield Fault(where, "twice", f"This {noun} is named more than once: {told}.")
