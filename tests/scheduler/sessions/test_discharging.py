"""The criteria of discharge, one by one: a patient who meets them all, and each way of missing one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from scheduler.outcomes.scales.elements import Level
from scheduler.sessions.leaving.discharging import (
    PADSS_ITEMS,
    Criterion,
    Departure,
    Finding,
    SuicideRisk,
    missing,
    padss,
    unmet,
)
from scheduler.sessions.policy import DischargeCriteria
from scheduler.sessions.watch.observations import VitalsSet
from scheduler.treatment import Phase

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
END, LEAVE = START + timedelta(minutes=40), START + timedelta(minutes=100)
SCORED = dict.fromkeys(PADSS_ITEMS, 2)


def taken(minutes, phase=Phase.RECOVERY, **measured):
    """A set so many minutes after the start: 120/80, pulse 70, 98 % on air, awake, unless told otherwise."""
    usual = {"sbp": 120, "dbp": 80, "hr": 70, "spo2": 98, "moaas": 5, **measured}
    return VitalsSet(START + timedelta(minutes=minutes), phase, **usual)


def leaving(last=None, **changes):
    """A patient about to leave an hour after an infusion of 40 minutes, with everything as it should be."""
    sets = (
        taken(-10, Phase.BEFORE), taken(20, Phase.INFUSING, sbp=150, dbp=92), taken(60), taken(95, **(last or {})),
    )  # fmt: skip
    usual = {
        "at": LEAVE, "numbers": DischargeCriteria(), "observed": False, "started_at": START, "ended_at": END,
        "sets": sets, "last_set_minutes": 15, "sbp_least": 90, "alerts": frozenset(), "risk": SuicideRisk(),
    }  # fmt: skip
    return Departure(**{**usual, **changes})


def with_baseline(departure, **measured):
    return replace(departure, sets=(taken(-10, Phase.BEFORE, **measured), *departure.sets[1:]))


def misses(departure):
    return [criterion.key for criterion in unmet(missing(departure))]


def test_whoever_meets_every_criterion_misses_none():
    assert misses(leaving()) == []
    assert [each.key for each in missing(leaving())] == [
        "recovery", "vitals_sets", "last_set", "blood_pressure", "oxygen", "alertness", "alerts", "suicide_check",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "key"), [(59, ["recovery"]), (60, []), (75, []), (71, [])], ids=["early", "just", "late", "later"]
)
def test_recovery_is_an_hour_from_the_end(minutes, key):
    departure = leaving()
    latest = replace(departure.sets[-1], at=END + timedelta(minutes=minutes - 1))

    assert misses(replace(departure, at=END + timedelta(minutes=minutes), sets=(*departure.sets[:-1], latest))) == key


@pytest.mark.parametrize(("minutes", "key"), [(119, ["recovery"]), (120, [])])
def test_devices_are_watched_for_two_hours_from_the_first_whenever_the_last_was_given(minutes, key):
    sets = (taken(-10, Phase.BEFORE), taken(40, Phase.INFUSING, sbp=140), taken(minutes - 1, Phase.INFUSING))
    ended = START + timedelta(minutes=10)

    departure = leaving(observed=True, ended_at=ended, at=START + timedelta(minutes=minutes), sets=sets)

    assert misses(departure) == key


def test_before_the_end_nothing_of_the_recovery_is_met():
    keys = misses(leaving(ended_at=None))

    assert keys == ["recovery", "vitals_sets", "last_set", "blood_pressure", "oxygen", "alertness"]


def test_sets_count_from_the_end_on():
    departure = leaving()
    at_the_end = replace(departure.sets[-2], at=END)
    before_it = replace(departure.sets[-2], at=END - timedelta(minutes=1))

    assert misses(replace(departure, sets=(*departure.sets[:2], at_the_end, departure.sets[-1]))) == []
    assert misses(replace(departure, sets=(*departure.sets[:2], before_it, departure.sets[-1]))) == ["vitals_sets"]


STALE = ["last_set", "blood_pressure", "oxygen", "alertness"]


@pytest.mark.parametrize(("minutes", "key"), [(15, []), (16, STALE)])
def test_the_last_set_is_a_fresh_one(minutes, key):
    departure = leaving()
    last = replace(departure.sets[-1], at=LEAVE - timedelta(minutes=minutes))

    assert misses(replace(departure, sets=(*departure.sets[:-1], last))) == key


@pytest.mark.parametrize(
    ("baseline", "last", "met"),
    [
        ((120, 80), (144, 92), True),
        ((120, 80), (145, 92), False),
        ((120, 80), (96, 64), True),
        ((120, 80), (95, 64), True),
        ((120, 80), (144, 97), False),
        ((165, 95), (198, 92), False),
        ((165, 95), (139, 89), True),
        ((165, 95), (140, 70), False),
        ((165, 95), (140, 80), True),
        ((180, 95), (140, 70), False),
        ((180, 100), (139, 90), False),
        ((180, 100), (139, 89), True),
        ((180, 120), (139, 90), False),
        ((120, 80), (90, 50), True),
        ((120, 80), (89, 50), False),
        ((100, 60), (89, 50), True),
    ],
)
def test_the_pressure_is_near_the_baseline_or_low_enough_and_not_too_low(baseline, last, met):
    departure = with_baseline(leaving(last={"sbp": last[0], "dbp": last[1]}), sbp=baseline[0], dbp=baseline[1])
    high = replace(departure.sets[1], sbp=190, dbp=120)

    departure = replace(departure, sets=(departure.sets[0], high, *departure.sets[2:]))

    assert (misses(departure) == []) is met


@pytest.mark.parametrize(
    ("last", "met"),
    [((150, 92), False), ((130, 88), True), ((140, 91), True), ((141, 90), False), ((130, 93), False)],
)
def test_the_pressure_falls_when_neither_number_is_the_highest_so_far(last, met):
    departure = leaving(last={"sbp": last[0], "dbp": last[1]})
    peak = replace(departure.sets[1], sbp=140, dbp=92)

    departure = replace(departure, sets=(departure.sets[0], peak, *departure.sets[2:]))

    assert (misses(departure) == []) is met


def test_one_pressure_alone_does_not_fall():
    departure = leaving()
    unmeasured = tuple(replace(each, sbp=None) for each in departure.sets[:-1])
    keys = misses(replace(departure, sets=(*unmeasured, departure.sets[-1])))

    assert keys == ["vitals_sets", "blood_pressure"]


def test_without_a_baseline_a_low_pressure_will_do():
    departure = leaving()

    assert misses(replace(departure, sets=departure.sets[1:])) == []


def test_a_pressure_from_before_the_end_tells_nothing_of_now():
    departure = leaving()
    unmeasured = tuple(replace(each, dbp=None) for each in departure.sets[2:])
    keys = misses(replace(departure, sets=(*departure.sets[:2], *unmeasured)))

    assert keys == ["vitals_sets", "last_set", "blood_pressure"]


@pytest.mark.parametrize(
    ("baseline", "last", "met"),
    [
        ({"spo2": 98}, {"spo2": 94}, True),
        ({"spo2": 98}, {"spo2": 93}, False),
        ({"spo2": 92}, {"spo2": 92}, True),
        ({"spo2": 92}, {"spo2": 91}, False),
        ({"spo2": None}, {"spo2": 93}, False),
        ({"spo2": 98}, {"spo2": 99, "o2_l_min": Decimal(2)}, False),
        ({"spo2": 98}, {"spo2": 99, "o2_l_min": Decimal(0)}, True),
        ({"spo2": 92, "o2_l_min": Decimal(2)}, {"spo2": 92, "o2_l_min": Decimal(2)}, True),
        ({"spo2": 92, "o2_l_min": Decimal(2)}, {"spo2": 95, "o2_l_min": Decimal(3)}, False),
    ],
)
def test_oxygen_is_enough_on_air_or_as_at_the_baseline(baseline, last, met):
    assert (misses(with_baseline(leaving(last=last), **baseline)) == []) is met


def test_an_oxygen_nobody_measured_since_is_missing():
    departure = leaving(last={"spo2": None})
    unmeasured = replace(departure.sets[2], spo2=None)

    assert misses(replace(departure, sets=(*departure.sets[:2], unmeasured, departure.sets[3]))) == [
        "vitals_sets", "last_set", "oxygen",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "met"),
    [
        ({"moaas": 5}, True),
        ({"moaas": 4}, False),
        ({"moaas": None, "rass": 0}, True),
        ({"moaas": None, "rass": -1}, False),
        ({"moaas": None, "rass": 1}, False),
        ({"moaas": 5, "rass": -1}, False),
    ],
)
def test_a_patient_leaves_awake_by_the_scale_that_was_used_last(last, met):
    assert (misses(leaving(last=last)) == []) is met


@pytest.mark.parametrize("unmeasured", ["hr", "sbp", "dbp", "spo2", "moaas"])
def test_a_set_that_lacks_a_sign_counts_for_none(unmeasured):
    keys = misses(leaving(last={unmeasured: None}))

    assert keys[:2] == ["vitals_sets", "last_set"]


def test_a_nausea_score_freshens_no_older_reading():
    departure = leaving(at=END + timedelta(minutes=80))
    nausea = dict.fromkeys(("sbp", "dbp", "hr", "spo2", "moaas"))
    score = taken(118, nausea=0, **nausea)

    assert misses(replace(departure, sets=(*departure.sets, score))) == STALE


def test_what_was_measured_alone_afterwards_is_what_is_judged():
    low = taken(98, sbp=None, dbp=None, hr=None, moaas=None, spo2=90)
    departure = leaving()

    assert misses(replace(departure, sets=(*departure.sets, low))) == ["oxygen"]


def test_an_open_alert_is_in_the_way():
    assert misses(leaving(alerts=frozenset({uuid4()}))) == ["alerts"]


@pytest.mark.parametrize(
    ("risk", "met"),
    [
        ({}, True),
        ({"thoughts": Level.REVIEW}, False),
        ({"thoughts": Level.REVIEW, "safe": True}, False),
        ({"thoughts": Level.REVIEW, "cssrs": Finding.LOW}, False),
        ({"thoughts": Level.REVIEW, "safe": True, "cssrs": Finding.MODERATE}, True),
        ({"thoughts": Level.REVIEW, "safe": True, "cssrs": Finding.HIGH}, False),
        ({"thoughts": Level.REVIEW, "safe": True, "cssrs": Finding.HIGH, "disposed": True}, True),
        ({"thoughts": Level.URGENT, "safe": True, "cssrs": Finding.NONE}, False),
        ({"thoughts": Level.URGENT, "safe": True, "cssrs": Finding.NONE, "disposed": True}, True),
        ({"thoughts": Level.URGENT, "disposed": True}, False),
        ({"cssrs": Finding.HIGH}, False),
    ],
)
def test_a_positive_item_9_needs_the_c_ssrs_and_a_grave_risk_a_prescriber(risk, met):
    assert (misses(leaving(risk=SuicideRisk(**risk))) == []) is met


def test_what_a_person_judged_stands_beside_what_was_read():
    escort = Criterion("items.leaving_escort", met=False, words="The adult who takes the patient home")

    assert misses(leaving(asked=(escort,))) == ["items.leaving_escort"]


@pytest.mark.parametrize(
    ("last", "total"),
    [
        ({}, 10),
        ({"sbp": 144}, 10),
        ({"sbp": 145}, 9),
        ({"hr": 98}, 9),
        ({"hr": 99}, 8),
        ({"dbp": 40}, 8),
        ({"hr": None}, 10),
    ],
)
def test_the_padss_adds_what_was_scored_to_how_far_the_vitals_are_from_the_baseline(last, total):
    assert padss(leaving(last=last), SCORED) == total


def test_the_padss_needs_all_its_parts():
    departure = leaving()

    assert padss(departure, dict(list(SCORED.items())[1:])) is None
    assert padss(replace(departure, sets=departure.sets[1:]), SCORED) is None
    assert padss(replace(departure, sets=departure.sets[:1]), SCORED) is None
