"""Random histories of a small clinic around a change of clocks, and the ground the ledger is reckoned from."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count, product
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import Leg, Phases, ProtocolDefinition, ResourceKind
from scheduler.utilization.history.ground import DatedPolicy, Ground, OfferedVersion
from scheduler.utilization.history.visits import Became, LeftPlace, Visit
from tests.scheduler.utilization.ledger.recount import EPOCH, History, Moved, Told

CHAIR, NURSE, PRESCRIBER, PUMP = ResourceKind
DAYS = 2
ON_TIME = 12
WHERE = [
    (ZoneInfo("America/New_York"), date(2026, 3, 7)), (ZoneInfo("America/New_York"), date(2026, 11, 1)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 4)), (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4)),
    (ZoneInfo("Europe/Berlin"), date(2026, 3, 28)), (ZoneInfo("Europe/Berlin"), date(2026, 10, 25)),
    (ZoneInfo("America/Santiago"), date(2026, 9, 5)), (ZoneInfo("America/Havana"), date(2026, 11, 1)),
    (ZoneInfo("America/New_York"), date(2026, 6, 10)),
]  # fmt: skip
"""Two days each, one of them such as the clocks have it."""


def definition(key, phases, *, nurse=1, pump=False):
    """A short visit: a recount tries every start of it."""
    care = phases.total - phases.turn_over
    legs = [
        Leg(CHAIR, 0, phases.total, 1), Leg(NURSE, 0, phases.prepare, 2), Leg(NURSE, phases.prepare, care, nurse),
        Leg(PRESCRIBER, phases.prepare, phases.prepare + phases.infuse, 1),
    ]  # fmt: skip
    legs += [Leg(PUMP, phases.prepare, care, 1)] if pump else []
    return ProtocolDefinition(
        key=key, name=key, drug="ketamine", route="iv", dose=None, dose_unit=None, phases=phases, legs=tuple(legs),
        gaps=(), span_days=1, source="The tests.",
    )  # fmt: skip


PROTOCOLS = {
    "short": definition("short", Phases(10, 15, 10, 5), pump=True),
    "long": definition("long", Phases(20, 40, 45, 15), pump=True),
    "bare": definition("bare", Phases(10, 30, 20, 0), nurse=2),
}
CLOCK = st.integers(0, 288).map(lambda tick: 5 * tick)
SHORTLY = st.sampled_from([0, 0, 0, 3, 5, 15, 20, 25, 45, 70])


def begins(day, zone):
    return (datetime.combine(day, time(), zone).astimezone(UTC) - EPOCH) // timedelta(minutes=1)


@st.composite
def spans(draw, low, high, most):
    """Spans in order that do not overlap, on the grid."""
    edges = sorted(draw(st.sets(st.integers(low // 5, high // 5), max_size=2 * most)))
    return [(5 * a, 5 * b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


def rarely(usual, seldom):
    """One of three is out of the ordinary."""
    return st.sampled_from([0, 0, 1]).flatmap(lambda rare: seldom if rare else usual)


@st.composite
def histories(draw):
    """A clinic of two or three chairs over two days, and what became of its visits."""
    zone, first = draw(st.sampled_from(WHERE))
    low, high = begins(first, zone), begins(first + timedelta(days=DAYS), zone)
    resources = draw(resources_there(low, high))
    opens = draw(st.sampled_from([60, 120, 480]))  # who comes early comes on the day of the visit all the same
    hours = draw(st.sampled_from([[(opens, opens + 420)], [(opens, opens + 180), (opens + 240, opens + 400)]]))
    hours = draw(rarely(st.just(hours), spans(0, 1440, 2)))
    visits, moves = draw(told([begins(first + timedelta(days=n), zone) + opens for n in range(DAYS)], resources))
    now = draw(rarely(st.just(high + 600), st.integers(low + opens, high)))
    return History(
        zone, [first + timedelta(days=n) for n in range(DAYS)], now,
        hours=[Hours(day, *each, first - timedelta(days=9)) for day in range(7) for each in hours],
        resources=resources,
        closures=[(who, *span) for who in (None, "r1") for span in draw(rarely(st.just([]), closures(low, high)))],
        shifts=[
            (each.handle, *span) for each in resources if each.kind in (NURSE, PRESCRIBER)
            for span in draw(rarely(st.just([(low - 600, high + 600)]), spans(low - 60, high + 60, 6)))
        ],
        visits=sorted((known_by(each, now) for each in visits), key=lambda each: (each.start, each.id)),
        moves=sorted(moves, key=lambda each: (each.start, each.at)),
        protocols=PROTOCOLS, offered=draw(offers(low, high)), prime=[(0, 600, 840), *draw(windows(low, high))],
    )  # fmt: skip


@st.composite
def closures(draw, low, high):
    """An hour or two, put in after the fact."""
    starts = draw(st.lists(st.integers(low // 5, high // 5), min_size=1, max_size=2))
    return [(5 * start, 5 * start + draw(st.sampled_from([30, 60, 120]))) for start in starts]


@st.composite
def windows(draw, low, high):
    """Prime time as decided within the range, once or twice."""
    decided = draw(st.lists(st.tuples(st.integers(low - 100, high), CLOCK, CLOCK), max_size=2))
    return [(since, min(a, b), max(a, b)) for since, a, b in sorted(decided) if a != b]


@st.composite
def resources_there(draw, low, high):
    """Chairs, some of which begin or retire within the range, a nurse or two, a prescriber, a pump."""
    kinds = [CHAIR, CHAIR, *draw(st.sampled_from([[], [CHAIR]])), NURSE, PRESCRIBER, PUMP]
    kinds += draw(st.sampled_from([[], [NURSE], [PRESCRIBER]]))
    units = {CHAIR: st.just(1), PUMP: st.just(1), NURSE: st.integers(2, 6), PRESCRIBER: st.integers(1, 4)}
    moment = st.none() | st.none() | st.none() | st.integers(low, high)
    return [
        Bookable(UUID(int=n), kind, f"r{n}", draw(units[kind]), n, draw(moment), draw(moment), handle=f"r{n}")
        for n, kind in enumerate(kinds)
    ]


@st.composite
def offers(draw, low, high):
    """Which protocols could be booked from when until when."""
    moment = st.sampled_from([low - 9000, low - 9000, low - 9000, low + 60, high - 60])
    until = st.none() | st.none() | moment
    return [(each, draw(moment), draw(until)) for each in PROTOCOLS]


@st.composite
def told(draw, openings, resources):
    """Visits chair by chair, back to back or with gaps, one in the place of another that was given up."""
    visits, moves, numbers = [], [], count(10)
    chairs = [each.handle for each in resources if each.kind == CHAIR]
    for opens, chair in product(openings, chairs):
        at = opens + draw(st.sampled_from([0, 0, 0, 0, 15, 60]))
        for _ in range(draw(st.integers(0, 4))):
            visit = draw(visits_at(at, chair, resources, f"v{next(numbers)}"))
            visit, left = draw(became(visit, [each for each in chairs if each != chair]))
            visits.append(visit)
            moves += left
            stays = visit.became in ("kept", "standing") and draw(st.integers(0, 7))
            at = (visit.end if stays else visit.start) + draw(SHORTLY) // 5 * 5
    return visits, moves


@st.composite
def visits_at(draw, at, chair, resources, name):
    version = draw(st.sampled_from(sorted(PROTOCOLS)))
    people = {
        kind.value: draw(st.sampled_from([each.handle for each in resources if each.kind == kind]))
        for kind in (NURSE, PRESCRIBER)
    }
    pump = next(each.handle for each in resources if each.kind == PUMP) if version != "bare" else None
    return Told(name, version, "standing", at, at + PROTOCOLS[version].visit_minutes, chair, pump=pump, **people)


def changed(visit, **changes):
    return Told(**{**vars(visit), **changes})


@st.composite
def became(draw, visit, elsewhere):
    """What became of a visit, and the places it was moved away from before."""
    fate = draw(
        st.sampled_from(["standing", "missed", "cancelled", "desk", "deferred", "charted", "charted", "charted"])
    )
    left = []
    if draw(st.integers(0, 4)) == 0:
        chair, off = draw(st.sampled_from([visit.chair, *elsewhere])), draw(st.sampled_from([-60, -15, 0, 15, 200]))
        notice = draw(st.sampled_from([-30, 60, 3000]))
        left.append(Moved(
            visit.id, visit.version, chair, visit.prescriber, visit.start + off, visit.end + off,
            at=visit.start + off - notice, late=notice < 1440,
        ))  # fmt: skip
    if fate == "cancelled":
        return changed(visit, became="cancelled", late=draw(st.sampled_from([True, False]))), left
    if fate in ("standing", "missed"):
        return changed(visit, became=fate), left
    kept = draw(kept_by_desk(visit) if fate == "desk" else charted(visit, elsewhere, deferred=fate == "deferred"))
    return kept, left


@st.composite
def kept_by_desk(draw, visit):
    arrived = visit.start + draw(st.integers(-30, 40))
    if not draw(st.integers(0, 4)):
        return changed(visit, became="kept", arrived=arrived)
    started = arrived + draw(SHORTLY)
    roomed, left = min(started, max(visit.start, arrived)), started + draw(st.integers(5, 150))
    return changed(
        visit, became="kept", arrived=arrived, started=started, roomed=roomed, left=draw(st.sampled_from([left, None]))
    )  # fmt: skip


@st.composite
def charted(draw, visit, elsewhere, *, deferred):
    """A session: in this chair or another, early or late, ended or not, left in time, late, or the next morning."""
    seat = draw(st.sampled_from([visit.chair, visit.chair, visit.chair, *elsewhere]))
    arrived = visit.start + draw(st.integers(-30, 40))
    held = changed(visit, became="kept", seat=seat, arrived=arrived)
    if not draw(st.integers(0, 9)):
        return held
    roomed = arrived + draw(SHORTLY)
    held = changed(held, roomed=roomed, started=None if deferred else roomed + draw(st.integers(0, 25)))
    if not draw(st.integers(0, 4)):
        return held
    left = roomed + draw(st.integers(0, 30) if deferred else st.integers(25, 160) | st.just(700))
    free = draw(st.just(left) | st.none() | st.integers(left, left + 30))
    held = changed(held, left=left, free=left if deferred else free)
    return held if deferred else draw(ended(held))


@st.composite
def ended(draw, held):
    """When its drug was over, and when the patient might have gone."""
    stopped = draw(st.integers(held.started, max(held.started, held.left)))
    return changed(held, stopped=stopped, ready=draw(st.none() | st.integers(stopped, max(stopped, held.left))))


def known_by(visit, now):
    """The visit as it stands on record at a minute: nothing later is known."""
    times = ("arrived", "roomed", "started", "stopped", "ready", "left", "free")
    known = {each: None for each in times if (getattr(visit, each) or 0) > now}
    if visit.became == "kept" and "arrived" in known:
        known |= {"became": "standing", "seat": None}
    if visit.became == "missed" and visit.start + 15 > now:
        known["became"] = "standing"
    return changed(visit, **known)


def ground_of(history):
    """What the ledger is reckoned from, as `read_ground` would read it."""
    calendar = ClinicCalendar(
        zone=history.zone, version=1, first=history.days[0], last=history.days[-1], hours=tuple(history.hours),
        resources=tuple(history.resources), closures=_spans(history, history.closures),
        shifts=_spans(history, history.shifts),
    )  # fmt: skip
    return Ground(
        calendar, history.now,
        visits=[_visit(each) for each in history.visits],
        left_places=[
            LeftPlace(e.visit, e.version, e.chair, e.prescriber, e.start, e.end, e.late) for e in history.moves
        ],
        protocols=history.protocols,
        offered=[OfferedVersion(*each) for each in history.offered],
        policies=[DatedPolicy(since, 1440, *hours, ON_TIME) for since, *hours in history.prime],
    )  # fmt: skip


def _visit(told):
    return Visit(**{**vars(told), "became": Became(told.became)}, series="s", patient="p", number=1)


def _spans(history, rows):
    ids = {None: None, **{each.handle: each.id for each in history.resources}}
    found = {}
    for whose, start, end in sorted(rows, key=lambda row: row[1]):
        found[ids[whose]] = (*found.get(ids[whose], ()), Interval(start, end))
    return found
