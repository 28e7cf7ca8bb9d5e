"""The book of a simulated clinic answers as booking itself does, whatever has been taken and left."""

from datetime import timedelta
from random import Random

import pytest

from scheduler import clinic_time
from scheduler.booking.availability import KINDS, Availability, loads_of
from scheduler.booking.plans import Wishes
from scheduler.booking.search import best_series
from scheduler.booking.seating import visits_of
from scheduler.clinic_time import EPOCH, GRID_MINUTES
from scheduler.utilization.what_if.book import Book
from scheduler.utilization.what_if.repeating import calendar_of
from tests.builders import MDD_INDUCTION
from tests.kept_days import TWO_HOURS
from tests.scheduler.utilization.what_if.cases import MONDAY, clinic

PROTOCOLS = (MDD_INDUCTION, TWO_HOURS)


def as_row(calendar, place):
    """A place as booking reads an appointment: its start, its version, and its resources in order of kinds."""
    taken = dict.fromkeys(KINDS)
    for resource, _ in place.claims:
        taken[calendar.resource(resource).kind] = resource
    start = calendar.origin(place.day) + place.lane * GRID_MINUTES
    return (start, place.protocol, *taken.values())


def by_booking(calendar, rows, protocol, wishes):
    """What booking would offer over these appointments."""
    loads = {number: loads_of(each) for number, each in enumerate(PROTOCOLS)}
    seen = Availability(calendar, PROTOCOLS[protocol], sorted(rows, key=lambda row: row[0]), loads, frozenset(), EPOCH)
    return [visit for found in best_series(seen, wishes, 1) for visit in visits_of(seen, wishes, found)]


def told(calendar, places):
    """Places as booking tells of visits."""
    return [
        (clinic_time.from_minute(as_row(calendar, place)[0]), {resource for resource, _ in place.claims})
        for place in places
    ]


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_what_booking_finds(seed):
    chance, setting = Random(seed), clinic(chairs=3, nurses=(3, 2), protocols=PROTOCOLS)
    calendar = calendar_of(setting)
    book, standing = Book(calendar, PROTOCOLS), []
    for _ in range(25):
        protocol, first = chance.randrange(2), MONDAY + timedelta(days=chance.randrange(10))
        wishes = Wishes(first, first + timedelta(days=30), start_by=first + timedelta(days=9))

        places = book.best(protocol, wishes)
        offered = by_booking(calendar, [as_row(calendar, place) for place in standing], protocol, wishes)

        assert told(calendar, places) == [(visit.starts_at, set(visit.resources.values())) for visit in offered]
        for place in places:
            book.take(place)
        standing += places
        for place in chance.sample(standing, len(standing) // 10):
            book.leave(place)
            standing.remove(place)
