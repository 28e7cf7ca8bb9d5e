"""A clinic's settings of its sessions: the defaults, the document, and every contradiction refused."""

import json
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import documents
from scheduler.errors import Invalid
from scheduler.sessions.drug.dosing import LIMITS, DoseUnit
from scheduler.sessions.policy import ORDERED, RANGES, UNCONFIRMED, WORDS, SessionPolicy, as_document, from_document
from scheduler.sessions.watch.bounds import Bounds
from scheduler.sessions.watch.schedule import OBSERVED, Intervals
from scheduler.sessions.watch.signals import Thresholds

DEFAULT = SessionPolicy()
DOCUMENT = as_document(DEFAULT)
NAMES = tuple(name for name, _ in documents.leaves(DEFAULT))
NUMBERS = tuple(name for name, value in documents.leaves(DEFAULT) if type(value) in {int, Decimal})
READ_IN_A_SOURCE = {"thresholds.moaas", "discharge.observation_minutes", "monitoring_form_days"}
"""What the defaults took from a published source as it stands; a clinic need not confirm it."""


def changed(**own):
    """The default document with some settings replaced, by their dotted names with two underscores for a dot."""
    document = deepcopy(DOCUMENT)
    for name, value in own.items():
        put(document, name.replace("__", "."), value)
    return document


def put(document, name, value):
    *groups, last = name.split(".")
    for group in groups:
        document = document[group]
    document[last] = value


def refused(document):
    with pytest.raises(Invalid) as caught:
        from_document(document)
    return {(fault.where, fault.code) for fault in caught.value.faults}


def test_the_defaults_are_those_of_the_rules_they_belong_to():
    assert (DEFAULT.bounds, DEFAULT.thresholds) == (Bounds(), Thresholds())
    assert (DEFAULT.vitals.infusion, DEFAULT.vitals.observed) == (Intervals(), OBSERVED)
    assert {unit: DEFAULT.doses.of(unit) for unit in DoseUnit} == dict(LIMITS)


def test_the_document_is_plain_json_and_reads_back():
    assert from_document(json.loads(json.dumps(DOCUMENT))) == DEFAULT
    assert (DOCUMENT["ledger_tolerance_mg"], DOCUMENT["vitals"]["observed"]["offsets"]) == ("0.1", [40, 120])


def test_an_amount_is_written_without_an_exponent():
    policy = replace(DEFAULT, ledger_tolerance_mg=Decimal("1E+1"))

    assert as_document(policy)["ledger_tolerance_mg"] == "10"
    assert from_document(as_document(policy)) == policy


def test_what_a_clinic_changed_is_kept():
    own = from_document(
        changed(witness_required=False, vitals__infusion__recovery_minutes=None, pump__most_ml_h="750.5")
    )

    assert (own.witness_required, own.vitals.infusion.recovery_minutes, own.pump.most_ml_h) == (
        False,
        None,
        Decimal("750.5"),
    )


def test_every_setting_must_be_named():
    for name in NAMES:
        document = deepcopy(DOCUMENT)
        *groups, last = name.split(".")
        inner = document
        for group in groups:
            inner = inner[group]
        del inner[last]

        assert refused(document) == {(name, "missing")}


@pytest.mark.parametrize(
    "value", ["x", {}, [1.5], 1.5, "1e3", "-1", "NaN", "\u0661", "0.0001", "1234567", 10**30, -(10**30)], ids=repr
)
def test_every_setting_has_a_type_of_its_own(value):
    for name in NAMES:
        wrong = refused(changed(**{name.replace(".", "__"): value}))

        assert {where.removesuffix(".0") for where, _ in wrong} == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("witness_required", 1),
        ("witness_required", None),
        ("discharge__sets", True),
        ("discharge__sets", None),
        ("discharge__sets", "2"),
        ("ledger_tolerance_mg", 1),
        ("ledger_tolerance_mg", " 1"),
        ("ledger_tolerance_mg", "1\n"),
        ("ledger_tolerance_mg", None),
        ("vitals__infusion__offsets", None),
        ("vitals__infusion__offsets", "40"),
        ("vitals__infusion__offsets", list(range(1, 52))),
        ("vitals", []),
        ("bounds__hr", 5),
    ],
)
def test_what_only_looks_right_is_refused(name, value):
    assert refused(changed(**{name: value})) == {(name.replace("__", "."), "type")}


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_a_document_is_a_group_of_settings(document):
    assert refused(document) == {("policy", "type")}


def test_every_fault_of_the_shape_is_told_at_once():
    document = changed(discharge__sets="two", bounds__hr__least=None, vitals__observed__offsets=[40, "x"])
    document["extra"] = document["pump"]["extra"] = 1
    del document["ledger_tolerance_mg"], document["thresholds"]["distress"]

    assert refused(document) == {
        ("discharge.sets", "type"),
        ("bounds.hr.least", "type"),
        ("vitals.observed.offsets.1", "type"),
        ("extra", "unknown"),
        ("pump.extra", "unknown"),
        ("ledger_tolerance_mg", "missing"),
        ("thresholds.distress", "missing"),
    }


@pytest.mark.parametrize(
    ("own", "faults"),
    [
        ({"thresholds__sbp_before__warn": 161}, {("thresholds.sbp_before.urgent", "order")}),
        ({"thresholds__spo2_low__urgent": 95}, {("thresholds.spo2_low.warn", "order")}),
        ({"thresholds__rass_low__urgent": -1}, {("thresholds.rass_low.warn", "order")}),
        ({"thresholds__moaas__urgent": 5}, {("thresholds.moaas.warn", "order")}),
        ({"thresholds__sbp_high__warn": 181}, {("thresholds.sbp_high.sustained", "order")}),
        ({"thresholds__dbp_high__sustained": 121}, {("thresholds.dbp_high.urgent", "order")}),
        ({"thresholds__hr_high__warn": 121}, {("thresholds.hr_high.sustained", "order")}),
        ({"thresholds__rr_high": 9}, {("thresholds.rr_high", "order")}),
        ({"thresholds__moaas__warn": 6}, {("thresholds.moaas.warn", "range")}),
        ({"thresholds__rass_high__urgent": 5}, {("thresholds.rass_high.urgent", "range")}),
        ({"thresholds__sbp_high__rise": 0}, {("thresholds.sbp_high.rise", "range")}),
        ({"thresholds__sustained_minutes": 0}, {("thresholds.sustained_minutes", "range")}),
        ({"bounds__hr__likely_most": 241}, {("bounds.hr.most", "order")}),
        ({"bounds__sbp__least": 76}, {("bounds.sbp.likely_least", "order")}),
        ({"bounds__spo2__most": 101}, {("bounds.spo2.most", "range")}),
        ({"bounds__pulse_pressure_least": 111}, {("bounds.pulse_pressure_most", "order")}),
        ({"doses__mg_per_kg__soft_most": "1.6"}, {("doses.mg_per_kg.hard_most", "order")}),
        ({"doses__mg__hard_least": "0"}, {("doses.mg.hard_least", "range")}),
        ({"doses__mg__weight_change_percent": 11}, {("doses.mg.weight_block_percent", "order")}),
        ({"vitals__infusion__grace_minutes": 11}, {("vitals.infusion.urgent_minutes", "order")}),
        ({"vitals__infusion__infusing_minutes": 0}, {("vitals.infusion.infusing_minutes", "range")}),
        ({"vitals__observed__offsets": [40, 40]}, {("vitals.observed.offsets", "order")}),
        ({"vitals__observed__offsets": [0, 40]}, {("vitals.observed.offsets", "range")}),
        ({"vitals__infusion__offsets": [721]}, {("vitals.infusion.offsets", "range")}),
        ({"discharge__observation_minutes": 119}, {("discharge.observation_minutes", "range")}),
        ({"discharge__moaas_least": 6}, {("discharge.moaas_least", "range")}),
        ({"monitoring_form_days": 8}, {("monitoring_form_days", "range")}),
        ({"pump__most_ml_h": "0"}, {("pump.most_ml_h", "range")}),
        (
            {"thresholds__sbp_low__warn": 170},
            {("thresholds.sbp_before.warn", "order"), ("thresholds.sbp_high.warn", "order")},
        ),
        (
            {"monitoring_form_days": 0, "discharge__sets": 11, "thresholds__distress__warn": 9},
            {("monitoring_form_days", "range"), ("discharge.sets", "range"), ("thresholds.distress.urgent", "order")},
        ),
    ],
)
def test_settings_that_contradict_one_another_are_refused(own, faults):
    assert refused(changed(**own)) == faults


@pytest.mark.parametrize("chain", ORDERED, ids=lambda chain: chain[0])
def test_settings_that_stand_in_an_order_may_be_equal(chain):
    values = dict(documents.leaves(DEFAULT))

    equal = changed(**{chain[0].replace(".", "__"): values[chain[1]]})

    assert (chain[1], "order") not in (refused(equal) if breaks(equal) else set())


def breaks(document):
    try:
        from_document(document)
    except Invalid:
        return True
    return False


def test_a_policy_made_in_code_is_judged_as_well():
    with pytest.raises(Invalid):
        SessionPolicy(monitoring_form_days=30)


def test_every_range_and_order_is_that_of_a_setting():
    known = {*NAMES, *(name.rpartition(".")[0] for name in NAMES)}

    assert known >= {*RANGES, *(name for chain in ORDERED for name in chain)}


number = st.integers(-20, 400) | st.integers()
amount = st.decimals(0, 500, places=3).map(str) | st.text(max_size=5)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NUMBERS), number | amount, min_size=1, max_size=3))
def test_a_document_is_refused_or_read_to_the_last_digit(own):
    document = changed(**{name.replace(".", "__"): value for name, value in own.items()})

    if not breaks(document):
        assert as_document(from_document(document)) == document


def test_what_must_be_confirmed_is_named_with_words():
    assert tuple(WORDS) == UNCONFIRMED
    assert all(words.endswith(".") for words in WORDS.values())


def test_every_default_was_read_in_a_source_or_must_be_confirmed():
    for name in NAMES:
        parts = name.split(".")
        groups = {".".join(parts[: i + 1]) for i in range(len(parts))}

        assert len(groups & {*UNCONFIRMED, *READ_IN_A_SOURCE}) == 1, name


def test_only_settings_are_to_be_confirmed():
    assert all(any(name == each or name.startswith(f"{each}.") for name in NAMES) for each in UNCONFIRMED)
