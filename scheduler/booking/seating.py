"""A resource of each kind for every visit of a series that was found. Pure: offers and simulations seat alike."""

from collections import Counter
from collections.abc import Iterator

from scheduler import clinic_time
from scheduler.booking.availability import Availability
from scheduler.booking.calendar import Bookable
from scheduler.booking.plans import PlannedVisit, Wishes
from scheduler.booking.search import Found
from scheduler.protocols import ResourceKind


def visits_of(availability: Availability, wishes: Wishes, found: Found) -> Iterator[PlannedVisit]:
    """A series that was found, with a resource of each kind for every visit."""
    chosen = {kind: _choose(availability, wishes, found, kind) for kind in availability.protocol.kinds}
    for i, (day, lane) in enumerate(zip(found.days, found.lanes, strict=True)):
        minute = availability.calendar.origin(day) + lane * clinic_time.GRID_MINUTES
        resources = {kind: each[i].id for kind, each in chosen.items()}
        yield PlannedVisit(i + 1, clinic_time.from_minute(minute), resources)


def _choose(availability: Availability, wishes: Wishes, found: Found, kind: ResourceKind) -> list[Bookable]:
    """One resource a visit: the one asked for, else the one that can take most visits, else the first in order."""
    free = [availability.free_at(day, lane, kind) for day, lane in zip(found.days, found.lanes, strict=True)]
    visits = Counter(resource.handle for each in free for resource in each)
    wanted = (availability.calendar.by_id(each) for each in (wishes.nurse_id, wishes.chair_id) if each)
    asked = {resource.handle for resource in wanted if resource}
    return [max(each, key=lambda resource: (resource.handle in asked, visits[resource.handle])) for each in free]
