"""Random days of staff against a recount, minute by minute, that knows neither masks nor quarter hours in bulk."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.clinic_time import from_minute
from scheduler.protocols import ResourceKind
from scheduler.utilization.days.loads import NAMES, loads_of
from scheduler.utilization.history.visits import Became, Visit
from tests.builders import MDD_INDUCTION, MONDAY, ZONE
from tests.kept_days import TWO_HOURS
from tests.scheduler.utilization.staffing.shifts import CLOSES, OPENS, clock, ground_of

MANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DAYS = (MONDAY, date(2026, 3, 8), date(2026, 11, 1))
"""One as any other, one that skips an hour, one that shows an hour twice."""
STAFF = ("N1", "N2", "P1")
UNITS = {"N1": 3, "N2": 3, "P1": 6}
LATER = st.none() | st.integers(0, 90)


@st.composite
def visits_on(draw, day):
    """One visit: as planned, or with whatever is known of it in order of time."""
    start = clock("00:00", day) + 5 * draw(st.integers(96, 140) | st.integers(-30, 280))
    became = draw(st.sampled_from([Became.KEPT, Became.KEPT, Became.KEPT, Became.MISSED, Became.CANCELLED]))
    at, known = start + draw(st.integers(-30, 60)), {}
    if became == Became.KEPT:
        known["roomed"] = at
        for name in ("started", "stopped", "left", "free"):
            later = draw(LATER)
            if later is not None and (name != "stopped" or "started" in known) and (name != "free" or "left" in known):
                at += later
                known[name] = at
    nurse, prescriber = draw(st.sampled_from(["N1", "N2", None])), draw(st.sampled_from(["P1", None]))
    return Visit(
        str(draw(st.integers(0, 10**6))), "s", "p", "v", 1, became, start, start + 145, "C1", nurse, prescriber, None,
        **known,
    )  # fmt: skip


@st.composite
def worlds(draw):
    day = draw(st.sampled_from(DAYS))
    protocol = draw(st.sampled_from([MDD_INDUCTION, TWO_HOURS]))
    visits = draw(st.lists(visits_on(day), max_size=7, unique_by=lambda visit: visit.id))
    shifts = {name: draw(st.sampled_from([(), (420, 900), (480, 1080), (0, 1440)])) for name in STAFF}
    now = draw(st.sampled_from(["09:20", "14:00", "24:00"]))
    return ground_of(*visits, day=day, protocol=protocol, shifts=shifts, now=now), shifts, protocol


def stretches(visit, protocol, now):
    """What took place, as (from, until) and what was planned for it, as (from, until), and when it is cut off."""
    prepare, infuse, recover, turn_over = vars(protocol.phases).values()
    care, whole = prepare + infuse + recover, prepare + infuse + recover + turn_over
    due = max(visit.end - turn_over, visit.roomed + care)
    gone = visit.left if visit.left is not None else min(now, due)
    started, stopped = visit.started, visit.stopped
    if visit.left is not None:
        started = gone if started is None else min(started, gone)
        stopped = min(started + infuse, gone) if stopped is None else min(stopped, gone)
        cut = free = visit.free if visit.free is not None else max(min(now, gone + turn_over), gone)
        left = gone
    else:
        started = max(visit.roomed + prepare, gone) if started is None else started
        stopped = started + infuse if stopped is None else stopped
        left, cut = max(stopped + recover, gone), gone
        free = left + turn_over
    if gone <= visit.roomed:
        return [], cut
    real, plan = [visit.roomed, started, stopped, left, free], [0, prepare, prepare + infuse, care, whole]
    return [(real[n], real[n + 1], plan[n], plan[n + 1]) for n in range(4)], cut


def units_of(visit, protocol, kind, now):
    """The units of a visit minute by minute: of the leg in which its end falls, as far through the phase as planned."""
    phases, cut = stretches(visit, protocol, now)
    found = {}
    for begins, ends, first, last in phases:
        for minute in range(begins, min(ends, cut)):
            through = Fraction(minute + 1 - begins, ends - begins) * (last - first) + first
            for leg in protocol.legs_of(kind):
                if leg.start < through <= leg.end if last > first else leg.start <= first < leg.end:
                    found[minute] = leg.units
    return found


def plan_of(visit, protocol, kind):
    return {visit.start + each: leg.units for leg in protocol.legs_of(kind) for each in range(leg.start, leg.end)}


def added(found):
    return sum((Counter(each) for each in found), Counter())


def recount(ground, shifts, protocol):
    """Every curve of every kind of staff, counted one minute after the other."""
    day, found = ground.calendar.first, Counter()
    midnight, opens, closes = (clock(f"{each // 60}:00", day) for each in (0, OPENS, CLOSES))
    minutes = range(midnight, min(ground.now, clock("00:00", day + timedelta(days=1))))
    shown = [from_minute(minute).astimezone(ZONE) for minute in minutes]
    quarters = [each.hour * 4 + each.minute // 15 for each in shown]
    for name in STAFF:
        kind = ResourceKind.NURSE if name[0] == "N" else ResourceKind.PRESCRIBER
        mine = [v for v in ground.visits if v.became != Became.CANCELLED and name in (v.nurse, v.prescriber)]
        came = [visit for visit in mine if visit.became == Became.KEPT]
        asked = added(units_of(visit, protocol, kind, ground.now) for visit in came if visit.roomed is not None)
        plan = added(plan_of(visit, protocol, kind) for visit in mine)
        starts = Counter(visit.started for visit in came)
        first, last = shifts[name] or (0, 0)
        for minute, quarter in zip(minutes, quarters, strict=True):
            there, load = first <= minute - midnight < last, asked[minute]
            counted = {
                "capacity": UNITS[name] * there, "present": there, "actual": load, "planned": plan[minute],
                "starts": starts[minute], "idle": there and not load, "above": there and load > UNITS[name],
                "absent": load > 0 and not there, "overtime": load > 0 and not opens <= minute < closes,
            }  # fmt: skip
            for what, number in counted.items():
                found[kind, what, quarter] += int(number)
    return +(found + Counter(("passed", quarter) for quarter in quarters))


@MANY
@given(worlds())
def test_every_curve_is_what_a_count_of_every_minute_says(world):
    ground, shifts, protocol = world

    (day,) = ground.days
    loads = loads_of(ground, day)

    curves = {
        (kind, name, quarter): number
        for kind in (ResourceKind.NURSE, ResourceKind.PRESCRIBER) for name in NAMES
        for quarter, number in enumerate(getattr(loads.of(kind).curves, name))
    }  # fmt: skip
    passed = {("passed", quarter): number for quarter, number in enumerate(loads.passed)}
    assert +Counter(curves | passed) == recount(ground, shifts, protocol)
