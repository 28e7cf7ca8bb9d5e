"""A clinic's staff and one day's visits as values, for what is reckoned without a database."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler import clinic_time
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.intervals import Interval
from scheduler.opening import Hours
from scheduler.protocols import ResourceKind
from scheduler.utilization.history.ground import DatedPolicy, Ground
from scheduler.utilization.history.visits import Became, Visit
from tests.builders import MDD_INDUCTION, MONDAY, ZONE

OPENS, CLOSES = 8 * 60, 18 * 60
CAPACITY = {ResourceKind.NURSE: 3, ResourceKind.PRESCRIBER: 6, ResourceKind.CHAIR: 1}


def clock(text: str, day=MONDAY, zone: ZoneInfo = ZONE) -> int:
    """The UTC minute at which the clinic's clock shows this."""
    hours, minutes = text.split(":")
    return clinic_time.minute_of(clinic_time.boundary(day, 60 * int(hours) + int(minutes), zone))


def who(name: str, number: int) -> Bookable:
    kind = {"N": ResourceKind.NURSE, "P": ResourceKind.PRESCRIBER, "C": ResourceKind.CHAIR}[name[0]]
    return Bookable(UUID(int=number), kind, name, CAPACITY[kind], number, handle=name)


def planned(at: str, number: int = 1, *, nurse: str | None = "N1", became: Became = Became.STANDING, **known) -> Visit:
    """A visit of which nothing is known, unless told: times as the clock shows them."""
    start = clock(at)
    times = {name: clock(value) if isinstance(value, str) else value for name, value in known.items()}
    return Visit(
        str(number), "series", "patient", "v", 1, became, start, start + MDD_INDUCTION.visit_minutes, "C1", nurse, "P1",
        None, **times,
    )  # fmt: skip


def kept(at: str, roomed: str, number: int = 1, *, nurse: str | None = "N1", **known) -> Visit:
    """A visit whose patient sat down."""
    return planned(at, number, nurse=nurse, became=Became.KEPT, roomed=roomed, **known)


def as_planned(at: str, number: int = 1, *, nurse: str | None = "N1") -> Visit:
    start = clock(at)
    return planned(at, number, nurse=nurse, became=Became.KEPT)._replace(
        roomed=start, started=start + 30, stopped=start + 70, left=start + 130, free=start + 145
    )


def ground_of(*visits, now="23:59", day=MONDAY, zone=ZONE, protocol=MDD_INDUCTION, shifts=None, **calendar) -> Ground:
    """One day of a clinic, eight to six; everybody in `shifts` is there from and until when it says."""
    on_shift = {"N1": (OPENS, CLOSES), "P1": (OPENS, CLOSES)} if shifts is None else shifts
    people = [who(name, number) for number, name in enumerate((*on_shift, "C1"), start=1)]
    midnight = clock("00:00", day, zone)
    spans = {
        each.id: (Interval(midnight + on_shift[each.name][0], midnight + on_shift[each.name][1]),)
        for each in people if on_shift.get(each.name)
    }  # fmt: skip
    every = ClinicCalendar(
        zone=zone, version=1, first=day, last=day, hours=tuple(Hours(each, OPENS, CLOSES, day) for each in range(7)),
        resources=tuple(people), shifts=spans,
    )  # fmt: skip
    in_order = sorted(visits, key=lambda visit: (visit.start, visit.id))
    policies = (DatedPolicy(0, 1440, 600, 840, 15),)
    return Ground(replace(every, **calendar), clock(now, day, zone), in_order, (), {"v": protocol}, (), policies)
