"""The days of a range, put together by whatever a report is split by: what each line counts and what it is called.

Nothing is lost by a split: what counts at no protocol and no prescriber is a line of its own, `none`. Pure.
"""

from calendar import month_name
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from scheduler import clinic_time
from scheduler.errors import Fault, refuse
from scheduler.protocols import ResourceKind
from scheduler.utilization.figures.figures import By
from scheduler.utilization.ledger.kinds import Count
from scheduler.utilization.ledger.tallies import Cell

MOST_DAYS = 1_100
"""Three years."""
NONE = "none"
"""The key of the line of what belongs to nothing a report is split by."""
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BY_CELL = {By.HOUR: 1, By.RESOURCE: 3, By.PROTOCOL: 4, By.PRESCRIBER: 5}
"""Where a cell says what it belongs to; by anything else the whole day belongs to one line."""

Belongs = str | int | None
"""What a number belongs to, as days and cells have it."""
WHOLE = "All of it"
WITHOUT_CHAIR_DAYS = (By.HOUR, By.PROTOCOL, By.PRESCRIBER)


class DatedTally(Protocol):
    """A day with what was counted on it, wherever it comes from."""

    @property
    def date(self) -> date: ...

    @property
    def tally(self) -> Mapping[Cell, int]: ...


class Heading(NamedTuple):
    """What a line is called; headings sort as their lines stand."""

    place: str
    key: str
    label: str


NO_VISIT = Heading("\U0010ffff", NONE, "No visit behind it")


class ResourceName(NamedTuple):
    id: str
    """As the world writes it."""
    kind: ResourceKind
    name: str


class ProtocolName(NamedTuple):
    id: str
    """Of the protocol, whichever of its versions was booked."""
    key: str
    name: str
    """As its latest version has it."""


@dataclass(frozen=True)
class Names:
    """What is behind the handles of cells, in the order in which people list it."""

    resources: Mapping[str, ResourceName]
    """By handle; in the clinic's order."""
    protocols: Mapping[str, ProtocolName]
    """By the handle of a version."""

    def resource(self, handle: str | None) -> str | None:
        return self.resources[handle].name if handle else None

    def protocol(self, version: str | None) -> str | None:
        return self.protocols[version].name if version else None


@dataclass
class Group:
    """What counts in one line, by `Kind` and `Count`; `prime` is the part of it in prime time."""

    key: str | None
    label: str
    every: Counter[str] = field(default_factory=Counter)
    prime: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, number: int, *, prime: bool) -> None:
        self.every[kind] += number
        if prime:
            self.prime[kind] += number


class Split(NamedTuple):
    """The whole, and what it is split into."""

    whole: Group
    groups: Sequence[Group]


def refuse_range(first: date, last: date) -> None:
    """Raise `Invalid` for a range that ends before it begins, leaves the calendar, or is longer than three years."""
    faults = list(clinic_time.date_faults(**{"from": first, "to": last}))
    if last < first:
        faults.append(Fault("to", "order", "The last day is not before the first."))
    elif (last - first).days >= MOST_DAYS:
        faults.append(Fault("to", "range", f"At most {MOST_DAYS} days at once."))
    refuse(faults)


def split(days: Iterable[DatedTally], by: By | None, names: Names) -> Split:
    """What counts in all, and in each line in their natural order; every day, month and weekday met has a line.

    A chair is open for a day, not for an hour or a protocol: by these, chair-days are in the whole alone.
    """
    sums = _sums(days, by)
    headings = {belongs: heading(by, belongs, names) for belongs in _met(sums, by)}
    groups = {each.key: Group(each.key, each.label) for each in sorted(headings.values())}
    whole = Group(None, WHOLE)
    for belongs, counts in sums.items():
        for prime, kind, number in counts.told():
            whole.add(kind, number, prime=prime)
            if belongs in headings and _divides(by, kind):
                groups[headings[belongs].key].add(kind, number, prime=prime)
    return Split(whole, list(groups.values()))


def dated_key(by: By | None, day: date) -> str | None:
    """The key of the line that a whole day belongs to; None where days are not what lines are of."""
    if by is By.MONTH:
        return f"{day:%Y-%m}"
    if by is By.WEEKDAY:
        return clinic_time.weekday(day)
    return day.isoformat() if by is By.DAY else None


def heading(by: By | None, belongs: Belongs, names: Names) -> Heading:
    """What the line is called to which something belongs: a dated key, an hour, or a handle."""
    if by is By.PROTOCOL:
        found = names.protocols.get(str(belongs))
        return Heading(found.name, found.id, found.name) if found else NO_VISIT
    if by in BY_CELL and by is not By.HOUR:
        return _resource(belongs, names)
    return _dated(by, belongs)


def _resource(belongs: Belongs, names: Names) -> Heading:
    if belongs is None:
        return NO_VISIT
    place = list(names.resources).index(str(belongs))
    return Heading(f"{place:05}", names.resources[str(belongs)].id, names.resources[str(belongs)].name)


def _dated(by: By | None, belongs: Belongs) -> Heading:
    key = str(belongs)
    if by is By.HOUR:
        return Heading(f"{belongs:02}", key, clinic_time.clock(60 * int(key)))
    if by is By.WEEKDAY:
        place = clinic_time.WEEKDAYS.index(key)
        return Heading(f"{place}", key, WEEKDAY_NAMES[place])
    if by is By.MONTH:
        return Heading(key, key, f"{month_name[int(key[5:])]} {key[:4]}")
    return Heading(key, key, key)


@dataclass
class _Counts:
    """Numbers by kind, those of prime time and of other times apart: cells come by the hundred thousand."""

    prime: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    other: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def told(self) -> Iterator[tuple[bool, str, int]]:
        yield from ((True, kind, number) for kind, number in self.prime.items())
        yield from ((False, kind, number) for kind, number in self.other.items())


def _sums(days: Iterable[DatedTally], by: By | None) -> dict[Belongs, _Counts]:
    """The numbers by what they belong to; every dated key that there is has some, be they none."""
    sums: defaultdict[Belongs, _Counts] = defaultdict(_Counts)
    place = BY_CELL.get(by) if by else None
    for day in days:
        if place is None:
            _add_day(sums[dated_key(by, day.date)], day.tally)
        else:
            _add_cells(sums, place, day.tally)
    return sums


def _add_day(counts: _Counts, tally: Mapping[Cell, int]) -> None:
    prime, other = counts.prime, counts.other
    for cell, number in tally.items():
        if cell[2]:
            prime[cell[0]] += number
        else:
            other[cell[0]] += number


def _add_cells(sums: defaultdict[Belongs, _Counts], place: int, tally: Mapping[Cell, int]) -> None:
    for cell, number in tally.items():
        counts = sums[cell[place]]
        if cell[2]:
            counts.prime[cell[0]] += number
        else:
            counts.other[cell[0]] += number


def _met(sums: Mapping[Belongs, _Counts], by: By | None) -> list[Belongs]:
    """What there is a line of."""
    if by not in WITHOUT_CHAIR_DAYS:
        return list(sums) if by else []
    return [
        belongs for belongs, counts in sums.items() if any(_divides(by, kind) for _, kind, _ in counts.told())
    ]  # fmt: skip


def _divides(by: By | None, kind: str) -> bool:
    return kind != Count.CHAIR_DAYS or by not in WITHOUT_CHAIR_DAYS
