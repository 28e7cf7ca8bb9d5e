"""Days put together into lines: nothing is lost, nothing counts twice, and lines stand in the order people expect."""

from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from scheduler.errors import Invalid
from scheduler.protocols import ResourceKind
from scheduler.utilization.figures.figures import By
from scheduler.utilization.figures.lines import Names, ProtocolName, ResourceName, refuse_range, split
from scheduler.utilization.figures.reading import read_names
from scheduler.utilization.ledger.kinds import Count, Kind
from scheduler.utilization.ledger.tallies import Cell
from tests.builders import MDD_INDUCTION, MONDAY
from tests.counting import counted
from tests.kept_days import TWO_HOURS

NAMES = Names(
    {
        "c2": ResourceName("id-c2", ResourceKind.CHAIR, "Window"),
        "c1": ResourceName("id-c1", ResourceKind.CHAIR, "Aisle"),
        "p1": ResourceName("id-p1", ResourceKind.PRESCRIBER, "Dr One"),
    },
    {
        "v1": ProtocolName("id-mdd", "mdd", "Depression"),
        "v2": ProtocolName("id-mdd", "mdd", "Depression"),
        "v3": ProtocolName("id-crps", "crps", "CRPS"),
    },
)


def day_of(day, *numbers):
    """`numbers` are (kind, hour, prime, chair, version, prescriber, number)."""
    return SimpleNamespace(date=day, tally=Counter({Cell(*cell): number for *cell, number in numbers}))


@pytest.fixture
def days():
    return [
        day_of(
            MONDAY,
            (Kind.USED, 9, False, "c1", "v1", "p1", 50),
            (Kind.USED, 10, True, "c2", "v2", "p1", 30),
            (Kind.NEVER_BOOKED, 10, True, "c2", None, None, 20),
            (Count.CHAIR_DAYS, 0, False, "c1", None, None, 1),
            (Count.CHAIR_DAYS, 0, False, "c2", None, None, 1),
        ),
        day_of(MONDAY + timedelta(days=30), (Kind.USED, 9, False, "c1", "v3", None, 7)),
        day_of(MONDAY + timedelta(days=31)),
    ]


def keys(days, by):
    return [(group.key, group.label) for group in split(days, by, NAMES).groups]


@pytest.mark.parametrize("by", [None, *By])
def test_the_whole_is_the_same_however_it_is_split(days, by):
    whole = split(days, by, NAMES).whole

    assert whole.every == {Kind.USED: 87, Kind.NEVER_BOOKED: 20, Count.CHAIR_DAYS: 2}
    assert whole.prime == {Kind.USED: 30, Kind.NEVER_BOOKED: 20}


@pytest.mark.parametrize("by", By)
def test_lines_add_up_to_the_whole(days, by):
    found = split(days, by, NAMES)

    for kind in (Kind.USED, Kind.NEVER_BOOKED):
        assert sum(group.every[kind] for group in found.groups) == found.whole.every[kind]
        assert sum(group.prime[kind] for group in found.groups) == found.whole.prime[kind]


def test_lines_stand_in_their_natural_order(days):
    assert keys(days, By.DAY) == [(day, day) for day in ("2026-03-02", "2026-04-01", "2026-04-02")]
    assert keys(days, By.MONTH) == [("2026-03", "March 2026"), ("2026-04", "April 2026")]
    assert keys(days, By.WEEKDAY) == [("mon", "Monday"), ("wed", "Wednesday"), ("thu", "Thursday")]
    assert keys(days, By.HOUR) == [("9", "09:00"), ("10", "10:00")]
    assert keys(days, By.RESOURCE) == [("id-c2", "Window"), ("id-c1", "Aisle")]


def test_what_belongs_to_no_visit_is_a_line_of_its_own_at_the_end(days):
    nobody = ("none", "No visit behind it")

    assert keys(days, By.PROTOCOL) == [("id-crps", "CRPS"), ("id-mdd", "Depression"), nobody]
    assert keys(days, By.PRESCRIBER) == [("id-p1", "Dr One"), nobody]


def test_the_versions_of_a_protocol_are_one_line(days):
    groups = {group.key: group for group in split(days, By.PROTOCOL, NAMES).groups}

    assert groups["id-mdd"].every[Kind.USED] == 80
    assert groups["id-crps"].every[Kind.USED] == 7


@pytest.mark.parametrize(("by", "told"), [(By.RESOURCE, 2), (By.DAY, 2), (By.HOUR, 0), (By.PROTOCOL, 0)])
def test_a_chair_is_open_for_a_day_and_not_for_an_hour_or_a_protocol(days, by, told):
    groups = split(days, by, NAMES).groups

    assert sum(group.every[Count.CHAIR_DAYS] for group in groups) == told


def test_no_days_are_a_whole_of_nothing():
    assert split([], None, NAMES).whole.every == {}
    assert split([], By.WEEKDAY, NAMES).groups == []


def test_names_are_those_of_ones_own_clinic_and_of_the_latest_version(db, clinic, elsewhere):
    clinic.add_protocol(TWO_HOURS)
    elsewhere.add_resource(ResourceKind.CHAIR, "Theirs")

    with counted(db) as statements:
        names = read_names(db, clinic.id)

    assert len(statements) == 2
    assert [each.name for each in names.resources.values()] == ["A", "B", "N1", "P1"]
    assert {each.name for each in names.protocols.values()} == {MDD_INDUCTION.name, TWO_HOURS.name}
    assert {each.id for each in names.protocols.values()} == {str(each.id) for each in clinic.protocols.values()}


def test_a_handle_finds_its_name_and_nothing_finds_none():
    assert (NAMES.resource("c1"), NAMES.protocol("v2")) == ("Aisle", "Depression")
    assert (NAMES.resource(None), NAMES.protocol(None)) == (None, None)


@pytest.mark.parametrize(
    ("first", "last", "where"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), ["to"]),
        (date(2023, 1, 1), date(2026, 3, 2), ["to"]),
        (date(1900, 1, 1), date(1900, 1, 2), ["from", "to"]),
    ],
)
def test_a_range_that_cannot_be_is_refused(first, last, where):
    with pytest.raises(Invalid) as caught:
        refuse_range(first, last)

    assert [fault.where for fault in caught.value.faults] == where


def test_three_years_may_be_asked_for():
    refuse_range(date(2023, 3, 2), date(2026, 3, 1))
