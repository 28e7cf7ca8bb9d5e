"""What cannot be, and what is asked about: each bound at and just beyond it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scheduler.sessions.watch.bounds import VITALS, Bounds, impossible, impossible_value, improbable, improbable_value
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.treatment import Phase

BOUNDS = Bounds()
WIDE = replace(BOUNDS, pulse_pressure_least=0, pulse_pressure_most=300)
"""For the tests of a pressure alone."""


def vitals(**values):
    return VitalsSet(datetime(2026, 3, 2, 14, tzinfo=UTC), Phase.INFUSING, **values)


def found(faults):
    return [(fault.where, fault.code) for fault in faults]


def with_partner(name, value):
    """A value in a set in which it could stand: a diastolic pressure comes with a systolic one."""
    return vitals(**{name: value}, **({"sbp": 260} if name == "dbp" else {}))


def test_an_ordinary_set_raises_no_question():
    usual = vitals(
        hr=72, sbp=124, dbp=78, spo2=98, rr=14, etco2=38, moaas=5, rass=0, distress=2, nausea=0,
        o2_l_min=Decimal(2), temp_c=Decimal("36.6"), cadss6=(0, 1, 0, 2, 0, 4),
    )  # fmt: skip

    assert [*impossible(usual, BOUNDS), *improbable(usual, BOUNDS, vitals(hr=60, sbp=110, dbp=70))] == []


@pytest.mark.parametrize(
    ("name", "least", "most", "step"),
    [
        ("hr", 20, 240, 1),
        ("sbp", 50, 260, 1),
        ("dbp", 20, 160, 1),
        ("spo2", 0, 100, 1),
        ("rr", 2, 60, 1),
        ("etco2", 5, 100, 1),
        ("temp_c", 30, 43, Decimal("0.1")),
        ("o2_l_min", 0, 60, Decimal("0.1")),
        ("moaas", 0, 5, 1),
        ("rass", -5, 4, 1),
        ("distress", 0, 10, 1),
        ("nausea", 0, 3, 1),
    ],
)
def test_a_value_beyond_its_bound_cannot_be(name, least, most, step):
    for value in (least, most):
        assert found(impossible(with_partner(name, value), BOUNDS)) == []
    for value in (least - step, most + step):
        assert found(impossible(with_partner(name, value), BOUNDS)) == [(name, "range")]


@pytest.mark.parametrize("name", ["hr", "rr", "etco2", "spo2"])
def test_nothing_at_all_can_be_and_is_asked_about(name):
    flat = vitals(**{name: 0})

    assert found(impossible(flat, BOUNDS)) == []
    assert found(improbable(flat, BOUNDS, None)) == [(name, "improbable")]


def test_a_clinics_own_bounds_are_the_ones_that_count():
    strict = replace(BOUNDS, hr=replace(BOUNDS.hr, most=200))

    assert found(impossible(vitals(hr=201), strict)) == [("hr", "range")]


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({}, [("vitals", "empty")]),
        ({"dbp": 80}, [("sbp", "incomplete")]),
        ({"sbp": 80}, []),
        ({"sbp": 80, "dbp": 80}, [("dbp", "order")]),
        ({"sbp": 80, "dbp": 81}, [("dbp", "order")]),
        ({"sbp": 80, "dbp": 79}, []),
        ({"cadss6": (0,) * 5}, [("cadss6", "count")]),
        ({"cadss6": (0,) * 7}, [("cadss6", "count")]),
        ({"cadss6": (*(0,) * 6, 9)}, [("cadss6", "count")]),
        ({"cadss6": ()}, [("cadss6", "count")]),
        ({"cadss6": (0, 4, 5, 0, -1, 0)}, [("cadss6.2", "range"), ("cadss6.4", "range")]),
        ({"o2_l_min": Decimal(2)}, []),
    ],
)
def test_what_contradicts_itself_cannot_be(values, faults):
    assert found(impossible(vitals(**values), BOUNDS)) == faults


def test_every_fault_of_a_set_is_told():
    worst = vitals(hr=1, sbp=20, dbp=300, spo2=101, moaas=6, rass=5, distress=-1, nausea=4, cadss6=(9,) * 6)

    names = {fault.where for fault in impossible(worst, BOUNDS)}

    assert names == {
        "hr", "sbp", "dbp", "spo2", "moaas", "rass", "distress", "nausea", *(f"cadss6.{i}" for i in range(6)),
    }  # fmt: skip


@pytest.mark.parametrize("name", VITALS)
def test_outside_what_is_likely_a_value_is_asked_about(name):
    bound = getattr(WIDE, name)
    for value in (bound.likely_least, bound.likely_most):
        assert found(improbable(vitals(**{name: value}), WIDE, None)) == []
    for value in (bound.likely_least - 1, bound.likely_most + 1):
        assert found(improbable(vitals(**{name: value}), WIDE, None)) == [(name, "improbable")]


@pytest.mark.parametrize("name", [name for name in VITALS if getattr(BOUNDS, name).jump is not None])
def test_a_jump_from_the_set_before_is_asked_about(name):
    bound = getattr(WIDE, name)
    high = bound.likely_most
    for first, second in ((high, high - bound.jump), (high - bound.jump, high)):
        assert found(improbable(vitals(**{name: second}), WIDE, vitals(**{name: first}))) == []
    wild = replace(WIDE, **{name: replace(bound, likely_least=0, likely_most=1000)})
    for first, second in ((high, high - bound.jump - 1), (high - bound.jump - 1, high)):
        assert found(improbable(vitals(**{name: second}), wild, vitals(**{name: first}))) == [(name, "improbable")]


def test_oxygen_may_change_at_will():
    assert found(improbable(vitals(o2_l_min=Decimal(15)), BOUNDS, vitals(o2_l_min=Decimal(0)))) == []


def test_a_value_that_was_not_taken_before_has_not_jumped():
    assert found(improbable(vitals(hr=150), BOUNDS, vitals(spo2=98))) == []


@pytest.mark.parametrize(("dbp", "asked"), [(105, False), (106, True), (119, True), (60, False)])
def test_pressures_close_together_are_asked_about(dbp, asked):
    assert found(improbable(vitals(sbp=120, dbp=dbp), BOUNDS, None)) == [("dbp", "improbable")] * asked


@pytest.mark.parametrize(("dbp", "asked"), [(90, False), (89, True)])
def test_pressures_far_apart_are_asked_about(dbp, asked):
    assert found(improbable(vitals(sbp=200, dbp=dbp), BOUNDS, None)) == [("dbp", "improbable")] * asked


def test_a_field_is_asked_about_once():
    doubtful = vitals(hr=200, sbp=250, dbp=30)

    asked = found(improbable(doubtful, BOUNDS, vitals(hr=70, sbp=120, dbp=80)))

    assert sorted(asked) == [("dbp", "improbable"), ("hr", "improbable"), ("sbp", "improbable")]


@pytest.mark.parametrize(
    ("weight", "refused", "asked"),
    [("24.9", 1, 1), ("25", 0, 1), ("35", 0, 0), ("200", 0, 0), ("200.1", 0, 1), ("300", 0, 1), ("300.1", 1, 1)],
)
def test_a_weight_has_bounds_of_its_own(weight, refused, asked):
    kilograms = Decimal(weight)

    assert len(list(impossible_value("weight_kg", kilograms, BOUNDS))) == refused
    assert len(list(improbable_value("weight_kg", kilograms, BOUNDS))) == asked
