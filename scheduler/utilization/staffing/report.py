"""The report on staff: what visits asked of nurses and prescribers, against what was on duty."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, refuse
from scheduler.protocols import ResourceKind
from scheduler.utilization.days.loads import NAMES, Curves, Peak, Person, StaffLoads
from scheduler.utilization.days.reading import DayFigures, read_days
from scheduler.utilization.days.staff_days import STAFF
from scheduler.utilization.figures.figures import Asked, By, Line, Report
from scheduler.utilization.figures.lines import WHOLE, Belongs, dated_key, heading, refuse_range
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.staffing.measures import MEASURES, SPLITS, STAFFINGS, Sums, What, figure_of

__all__ = ["MEASURES", "read_staffing"]

IN_HOUR = 4
NOTES = (
    "Units are those that booking claims. Nobody records who looked after a patient: it counts for who was planned.",
)
OFF_DUTY_NOTE = "Some load fell on staff while they were not on duty: it counts in their utilization all the same."
Grouped = Mapping[Belongs, Mapping[ResourceKind, Sums]]


def read_staffing(db: Session, asked: Asked, *, actor: Actor, now: datetime) -> Report:
    """Every figure of nurses and prescribers over these days. Raises `Invalid` for a range or split that cannot be."""
    refuse_range(asked.first, asked.last)
    refuse_split(asked.by)
    names = read_names(db, actor.clinic_id)
    days = read_days(db, actor.clinic_id, asked.first, asked.last, now=now)
    whole = _line(None, WHOLE, _grouped(days, None).get(None, {kind: Sums() for kind in STAFF}), None)
    headed = {heading(asked.by, key, names): sums for key, sums in _grouped(days, asked.by).items()} if asked.by else {}
    lines = tuple(_line(each.key, each.label, headed[each], asked.by) for each in sorted(headed))
    return Report(asked, now, whole, lines, tuple(_notes(whole)))


def refuse_split(by: By | None) -> None:
    """Raise `Invalid` for a split by which staff are not told."""
    if by is not None and by not in SPLITS:
        refuse([Fault("by", "unknown", f"This report is split by {', '.join(SPLITS)}.")])


def _grouped(days: Iterable[DayFigures], by: By | None) -> Grouped:
    found: dict[Belongs, dict[ResourceKind, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for day in days:
        for kind in STAFF:
            for belongs, sums in _parts(day, kind, by):
                found[belongs][kind].add(sums)
    return found


def _parts(day: DayFigures, kind: ResourceKind, by: By | None) -> Iterator[tuple[Belongs, Sums]]:
    """What a day comes to in each line it belongs to."""
    loads = day.loads.of(kind)
    if by is By.RESOURCE:
        yield from ((person.handle, _of_person(person)) for person in loads.people)
    elif by is By.HOUR:
        yield from _of_hours(loads.curves)
    else:
        yield dated_key(by, day.date), _of_day(loads)


def _of_day(loads: StaffLoads) -> Sums:
    sums = _of_quarters([getattr(loads.curves, name) for name in NAMES])
    sums.peak = loads.peak
    return sums


def _of_hours(curves: Curves) -> Iterator[tuple[int, Sums]]:
    """Every hour with anybody on duty, or anything asked."""
    every = [getattr(curves, name) for name in NAMES]
    for hour in range(24):
        cut = [curve[IN_HOUR * hour : IN_HOUR * (hour + 1)] for curve in every]
        if any(map(any, cut)):
            yield hour, _of_quarters(cut)


def _of_quarters(curves: Sequence[Sequence[int]]) -> Sums:
    by_name = dict(zip(NAMES, curves, strict=True))
    capacity, actual, starts = by_name["capacity"], by_name["actual"], by_name["starts"]
    numbers = Counter({name: sum(curve) for name, curve in by_name.items()})
    numbers["quarters"] = sum(1 for there, load in zip(capacity, actual, strict=True) if there or load)
    numbers["full"] = sum(1 for there, load in zip(capacity, actual, strict=True) if load > there)
    return Sums(numbers, most_starts=max(starts))


def _of_person(person: Person) -> Sums:
    numbers = Counter({name: getattr(person, name) for name in (*NAMES, "quarters")})
    return Sums(numbers, Peak(person.peak, person.units) if person.present else Peak(), person.most_starts)


def _line(key: str | None, label: str, of: Mapping[ResourceKind, Sums], by: By | None) -> Line:
    """A line of one nurse has no figures of prescribers; a line of an hour without prescribers has nothing of them."""
    kinds = dict(of) if by is By.RESOURCE else {kind: of.get(kind, Sums()) for kind in STAFF}
    return Line(key, label, tuple(figure_of(each, kinds.get(each.kind), by) for each in STAFFINGS))


def _notes(whole: Line) -> Iterator[str]:
    yield from NOTES
    if any(whole.figure(f"{kind}_{What.OFF_DUTY}").numerator for kind in STAFF):
        yield OFF_DUTY_NOTE
