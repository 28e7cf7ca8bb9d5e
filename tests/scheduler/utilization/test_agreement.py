"""The same figures wherever they are told: the chairs' report, the pictures, and the table of the network."""

import re
from datetime import date

import pytest

from scheduler.models import Closure
from scheduler.utilization.chairs.report import read_chairs
from scheduler.utilization.days.network import read_network
from scheduler.utilization.figures.figures import DECIMALS, Asked
from scheduler.utilization.ledger.kinds import LOST, Count, Kind
from scheduler.utilization.pictures.reading import pictured_of
from scheduler.utilization.pictures.sums import whole
from tests.kept_days import TWO_HOURS, Keeper
from tests.scheduler.utilization.access.access_past import past
from tests.scheduler.utilization.days.built import build

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
NAMED = re.compile(r"The largest cause of lost minutes is `(\w+)`: (\d+) of (\d+) minutes\.")


@pytest.fixture(params=[11, 12])
def week(request, clinic, at):
    """A week of a clinic as chance will have it, an hour of it closed; the moment it is looked at."""
    clinic.add_protocol(TWO_HOURS)
    past(Keeper(clinic, TWO_HOURS.key), at, request.param)
    chair = clinic.resource("A").id
    clinic.keep(
        Closure(
            clinic_id=clinic.id, resource_id=chair, starts_at=at("Tue 09:00"), ends_at=at("Tue 10:00"), reason="Flood"
        )
    )  # fmt: skip
    return at("Sun 20:00")


def chairs(db, clinic, now):
    return read_chairs(db, Asked(FIRST, LAST), actor=clinic.manager, now=now)


def shown(number):
    return None if number is None else round(number, DECIMALS)


def test_report_pictures_and_network_tell_the_same_of_a_week(db, clinic, week):
    build(db, clinic.id, week)

    told = chairs(db, clinic, week).whole.figure
    drawn = whole(pictured_of(db, clinic.id, FIRST, LAST, now=week).days)
    (line,) = read_network(db, FIRST, LAST, now=week)

    for name in (*Kind, *Count):
        assert told(name).numerator == drawn.of[name] == line.sums[name], name
    assert told("open").numerator == drawn.open == line.sums["open"]
    assert told("available").numerator == drawn.available == line.available < drawn.open
    assert told("lost").numerator == drawn.lost == line.lost
    assert told("scheduled_utilization").value == shown(drawn.scheduled) == shown(line.share(Count.SCHEDULED)) > 0
    assert told("actual_utilization").value == shown(drawn.actual) == shown(line.share(Kind.USED)) > 0
    assert told("no_show_rate").value == shown(drawn.no_shows)


def test_the_first_note_names_the_largest_of_what_was_lost(db, clinic, week):
    report = chairs(db, clinic, week)

    cause, minutes, of = NAMED.match(report.notes[0]).groups()
    lost = {str(kind): report.whole.figure(kind).numerator for kind in LOST}
    assert lost[cause] == max(lost.values()) == int(minutes)
    assert sum(lost.values()) == report.whole.figure("lost").numerator == int(of)


def test_the_waterfall_begins_with_the_cause_the_first_note_names(db, clinic, week):
    drawn = whole(pictured_of(db, clinic.id, FIRST, LAST, now=week).days)

    (largest, minutes), *_ = drawn.causes()

    assert chairs(db, clinic, week).notes[0].startswith(f"The largest cause of lost minutes is `{largest}`: {minutes} ")
