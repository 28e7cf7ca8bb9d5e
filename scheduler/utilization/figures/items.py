"""Figures put together from the things they count, one by one, so that each opens into exactly those. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.errors import NotFound
from scheduler.utilization.figures.figures import (
    Asked,
    By,
    Figure,
    Line,
    Measure,
    Report,
    Row,
    median,
    percentile,
    share,
    total,
)
from scheduler.utilization.figures.lines import WHOLE, Belongs, Heading, Names, dated_key, heading
from scheduler.utilization.history.minute_masks import HOUR

DATED = frozenset({By.DAY, By.MONTH, By.WEEKDAY})
SHARED = frozenset({By.PROTOCOL, By.PRESCRIBER})
"""By these, what is divided by stays that of the whole, so that the lines add up to it."""
HOURS = frozenset(map(str, range(24)))


class Item(NamedTuple):
    """One thing that a figure counts. Ids are handles, as bulk reads deliver them; times are UTC minutes."""

    key: str
    day: date
    words: str
    value: int = 1
    """What it adds to the numerator, or the number of which there is a median."""
    weight: int = 1
    """What it adds to the denominator."""
    version: str | None = None
    prescriber: str | None = None
    chair: str | None = None
    start: int | None = None
    """Where a figure is split by hour, each of its items has one."""
    end: int | None = None
    visit: str | None = None
    series: str | None = None
    patient: str | None = None
    of_all: bool = False
    """Whether it belongs to every protocol and prescriber, as the minutes do of which each has a share."""


@dataclass(frozen=True)
class Told:
    """A measure, how its figure comes of its items, and by what it can be split."""

    measure: Measure
    figure: Callable[[Measure, Sequence[Item]], Figure]
    splits: frozenset[By] = DATED


Items = Mapping[str, Sequence[Item]]
"""By the key of the measure."""


@dataclass(frozen=True)
class Edition:
    """When and for whom a report is put together: how things are called, and up to when it was reckoned."""

    asked: Asked
    names: Names
    until: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return clinic_time.local_date(self.until, self.zone)


def as_share(measure: Measure, items: Sequence[Item]) -> Figure:
    """The values by the weights."""
    return share(measure, sum(each.value for each in items), sum(each.weight for each in items))


def as_sum(measure: Measure, items: Sequence[Item]) -> Figure:
    return total(measure, sum(each.value for each in items), len(items))


def as_median(measure: Measure, items: Sequence[Item]) -> Figure:
    return median(measure, [each.value for each in items])


def as_ninetieth(measure: Measure, items: Sequence[Item]) -> Figure:
    """The least value that nine in ten do not exceed."""
    return percentile(measure, [each.value for each in items], 90)


def as_most(measure: Measure, items: Sequence[Item]) -> Figure:
    return percentile(measure, [each.value for each in items], 100)


def report_of(told: Sequence[Told], items: Items, of: Edition, *, notes: Iterable[str] = ()) -> Report:
    """Every figure of the whole and of each line; what cannot be split has no value there."""
    whole = Line(None, WHOLE, tuple(each.figure(each.measure, items[each.measure.key]) for each in told))
    divided = _divided_all(told, items, of)
    lines = tuple(
        Line(each.key, each.label, tuple(_figure(one, divided.get(one.measure.key), each.key) for one in told))
        for each in _headings(divided, of)
    )
    return Report(of.asked, of.until, whole, lines, tuple(notes))


def told_of(told: Iterable[Told], measure: str) -> Told:
    """What a report tells under this key. Raises `NotFound`."""
    found = next((each for each in told if each.measure.key == measure), None)
    if found is None:
        raise NotFound("This report has no such figure.")
    return found


def rows_of(told: Told, items: Sequence[Item], of: Edition, line: str | None) -> list[Row]:
    """What a figure counts, by key. Raises `NotFound` for a line the report cannot have."""
    counted = items if line is None else _of(line, told, items, of)
    return [_row(each, told, of.names) for each in sorted(counted, key=lambda each: each.key)]


def _of(line: str, told: Told, items: Sequence[Item], of: Edition) -> list[Item]:
    divided = _divided_all([told], {told.measure.key: items}, of)
    if line not in {each.key for each in _headings(divided, of)} | _possible(of):
        raise NotFound("This report has no such line.")
    return _of_line(divided.get(told.measure.key, {}), line)


def _possible(of: Edition) -> set[str]:
    """The keys that lines of what is counted may have, although none is."""
    if of.asked.by in DATED:
        return set()
    if of.asked.by is By.HOUR:
        return set(HOURS)
    return {each.id for named in (of.names.protocols, of.names.resources) for each in named.values()}


Divided = Mapping[Heading | None, Sequence[Item]]
"""Items by the line they belong to; under None those that belong to every line."""


def _divided_all(told: Iterable[Told], items: Items, of: Edition) -> dict[str, Divided]:
    """What can be split, by measure."""
    by = of.asked.by
    return {one.measure.key: _divided(items[one.measure.key], of) for one in told if by in one.splits}


def _divided(items: Iterable[Item], of: Edition) -> Divided:
    by = of.asked.by
    found, known = defaultdict[Heading | None, list[Item]](list), dict[Belongs, Heading]()
    for item in items:
        belongs = _belongs(item, by, of.zone)
        if item.of_all and by in SHARED:
            found[None].append(item)
            continue
        if belongs not in known:
            known[belongs] = heading(by, belongs, of.names)
        found[known[belongs]].append(item)
    return found


def _belongs(item: Item, by: By | None, zone: ZoneInfo) -> Belongs:
    if by is By.HOUR and item.start is not None:
        return clinic_time.local_minute(clinic_time.from_minute(item.start), zone) // HOUR
    if by is By.PROTOCOL:
        return item.version
    if by is By.RESOURCE:
        return item.chair
    return item.prescriber if by is By.PRESCRIBER else dated_key(by, item.day)


def _headings(divided: Mapping[str, Divided], of: Edition) -> list[Heading]:
    """Every day, month or weekday that has begun, and all else that something was counted of."""
    met, asked = {each for one in divided.values() for each in one if each is not None}, of.asked
    if asked.by in DATED:
        begun = clinic_time.days(asked.first, min(asked.last, of.today))
        met |= {heading(asked.by, key, of.names) for key in {dated_key(asked.by, day) for day in begun}}
    return sorted(met)


def _figure(told: Told, divided: Divided | None, line: str) -> Figure:
    if divided is None:
        return Figure(told.measure, None, None, None, 0)
    return told.figure(told.measure, _of_line(divided, line))


def _of_line(divided: Divided, line: str) -> list[Item]:
    return [item for each, found in divided.items() if each is None or each.key == line for item in found]


def _row(item: Item, told: Told, names: Names) -> Row:
    counted = item.value > 0 or told.figure not in (as_share, as_sum)
    start, end = (clinic_time.from_minute(each) if each is not None else None for each in (item.start, item.end))
    return Row(
        key=item.key, day=item.day, starts_at=start, ends_at=end, value=float(item.value), counted=counted,
        words=item.words, resource=names.resource(item.chair), protocol=names.protocol(item.version),
        appointment_id=_id(item.visit), series_id=_id(item.series), patient_id=_id(item.patient),
    )  # fmt: skip


def _id(handle: str | None) -> UUID | None:
    return UUID(handle) if handle else None
