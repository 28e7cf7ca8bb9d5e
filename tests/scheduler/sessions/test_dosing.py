"""Doses, volumes and rates to the last digit, and the limits of a prescription."""

from dataclasses import asdict, fields, replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import Invalid
from scheduler.sessions.drug.amounts import half_up
from scheduler.sessions.drug.dosing import (
    LIMITS,
    DoseLimits,
    DoseUnit,
    Prescription,
    blocked,
    calculate,
    change_percent,
    contradictory,
    impossible,
    questionable,
    reweighed,
)
from scheduler.treatment import Basis, Sex

D = Decimal
DEFAULTS = DoseLimits()
PLAIN = Prescription(
    weight_kg=D(70),
    basis=Basis.ACTUAL,
    height_cm=None,
    sex=None,
    dose=D("0.5"),
    unit=DoseUnit.MG_PER_KG,
    minutes=40,
    vial_mg_ml=D(10),
    bag_ml=D(100),
    concentration_mg_ml=None,
)
"""Vector A."""
SYRINGE = replace(PLAIN, bag_ml=None, concentration_mg_ml=D(1))
WOMAN = replace(PLAIN, weight_kg=D(120), height_cm=D(165), sex=Sex.FEMALE)
MAN = replace(PLAIN, weight_kg=D(130), height_cm=D(178), sex=Sex.MALE)
CRPS = replace(PLAIN, dose=D("0.35"), unit=DoseUnit.MG_PER_KG_HOUR, minutes=240)
INPATIENT = replace(PLAIN, dose=D(22), unit=DoseUnit.MG_PER_HOUR, minutes=96 * 60, bag_ml=D(500))


def found(faults):
    return {(fault.where, fault.code) for fault in faults}


def asked(prescription, limits=DEFAULTS, last_dose=None, last_weight_kg=None):
    return found(questionable(prescription, limits, last_dose=last_dose, last_weight_kg=last_weight_kg))


@pytest.mark.parametrize(
    ("prescription", "expected"),
    [
        pytest.param(
            PLAIN,
            "dose_mg 35.0, bag_ml 100.000, concentration_mg_ml 0.3500, rate_ml_h 150.00, rate_mg_h 52.50, "
            "rate_mcg_kg_min 12.50, stock_ml 3.500, dosing_weight_kg 70",
            id="A, vial of 10",
        ),
        pytest.param(replace(PLAIN, vial_mg_ml=D(50)), "stock_ml 0.700", id="A, vial of 50"),
        pytest.param(
            replace(PLAIN, weight_kg=D("82.5")),
            "dose_mg 41.3, rate_ml_h 150.00, concentration_mg_ml 0.4130, rate_mg_h 61.95, rate_mcg_kg_min 12.50",
            id="B",
        ),
        pytest.param(
            replace(PLAIN, weight_kg=D(58), dose=D("0.75"), minutes=60, bag_ml=D(250)),
            "dose_mg 43.5, concentration_mg_ml 0.1740, rate_ml_h 250.00, rate_mcg_kg_min 12.50",
            id="C",
        ),
        pytest.param(SYRINGE, "dose_mg 35.0, bag_ml 35.000, rate_ml_h 52.50, concentration_mg_ml 1.0000", id="D"),
        pytest.param(WOMAN, "bmi 44.1, ideal_kg 56.9, adjusted_kg 82.1, dose_mg 60.0", id="E, actual"),
        pytest.param(replace(WOMAN, basis=Basis.IDEAL), "dosing_weight_kg 56.9, dose_mg 28.5", id="E, ideal"),
        pytest.param(replace(WOMAN, basis=Basis.ADJUSTED), "dosing_weight_kg 82.1, dose_mg 41.1", id="E, adjusted"),
        pytest.param(MAN, "bmi 41.0, ideal_kg 73.2, adjusted_kg 95.9, dose_mg 65.0", id="F, actual"),
        pytest.param(replace(MAN, basis=Basis.IDEAL), "dosing_weight_kg 73.2, dose_mg 36.6", id="F, ideal"),
        pytest.param(replace(MAN, basis=Basis.ADJUSTED), "dosing_weight_kg 95.9, dose_mg 48.0", id="F, adjusted"),
        pytest.param(CRPS, "dose_mg 98.0, rate_mg_h 24.50, rate_mcg_kg_min 5.83, rate_ml_h 25.00", id="I"),
        pytest.param(INPATIENT, "dose_mg 2112.0, rate_mg_h 22.00, rate_mcg_kg_min 5.24", id="J"),
        pytest.param(
            replace(PLAIN, dose=D(56), unit=DoseUnit.MG), "dose_mg 56.0, rate_mcg_kg_min 20.00", id="plain milligrams"
        ),
        pytest.param(
            replace(SYRINGE, weight_kg=D("82.5"), concentration_mg_ml=D("1.5"), minutes=45),
            "dose_mg 41.3, bag_ml 27.533, rate_ml_h 36.71, concentration_mg_ml 1.5000, stock_ml 4.130",
            id="a syringe whose volume does not come out even",
        ),
    ],
)
def test_the_worked_vectors_come_out_to_the_last_digit(prescription, expected):
    dosage = asdict(calculate(prescription))

    wanted = dict(pair.split() for pair in expected.split(", "))
    assert {name: str(dosage[name]) for name in wanted} == wanted


def test_without_height_and_sex_the_other_weights_are_not_known():
    dosage = calculate(PLAIN)

    assert (dosage.bmi, dosage.ideal_kg, dosage.adjusted_kg) == (None, None, None)


def test_the_body_mass_index_needs_no_sex():
    dosage = calculate(replace(WOMAN, sex=None))

    assert (dosage.bmi, dosage.ideal_kg) == (D("44.1"), None)


def test_below_five_feet_the_ideal_weight_goes_on_falling():
    dosage = calculate(replace(WOMAN, height_cm=D("147.3")))

    assert dosage.ideal_kg == D("40.9")


def test_where_the_formula_ends_no_ideal_weight_is_made_up():
    tiny = replace(WOMAN, height_cm=D(100))

    assert (calculate(tiny).ideal_kg, calculate(tiny).adjusted_kg) == (None, None)
    for basis in (Basis.IDEAL, Basis.ADJUSTED):
        assert found(impossible(replace(tiny, basis=basis))) == {("basis", "formula")}


@given(
    st.decimals("25", "300", places=1),
    st.decimals("0.1", "1.5", places=2),
    st.integers(20, 120),
    st.decimals("20", "500", places=0),
)
def test_the_volume_runs_in_in_its_minutes_and_holds_the_dose(weight, dose, minutes, bag):
    prescription = replace(PLAIN, weight_kg=weight, dose=dose, minutes=minutes, bag_ml=bag, vial_mg_ml=D(50))

    dosage = calculate(prescription)

    assert dosage.dose_mg == half_up(Fraction(weight) * Fraction(dose), 1)
    assert abs(dosage.rate_ml_h * minutes - bag * 60) <= D("0.005") * minutes
    assert abs(dosage.concentration_mg_ml * bag - dosage.dose_mg) <= D("0.00005") * bag
    assert abs(dosage.stock_ml * 50 - dosage.dose_mg) <= D("0.0005") * 50


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"weight_kg": D(0)}, {("weight_kg", "range")}),
        ({"weight_kg": D("-70")}, {("weight_kg", "range")}),
        ({"weight_kg": D("NaN"), "dose": D("Infinity")}, {("weight_kg", "range"), ("dose", "range")}),
        ({"weight_kg": D("1E+999999")}, {("weight_kg", "range")}),
        ({"dose": D("0.0005")}, {("dose", "range")}),
        ({"dose": D("0.001"), "weight_kg": D(25)}, {("dose", "range")}),
        ({"minutes": 0, "vial_mg_ml": D(0)}, {("minutes", "range"), ("vial_mg_ml", "range")}),
        ({"minutes": 10081}, {("minutes", "range")}),
        ({"height_cm": D(49)}, {("height_cm", "range")}),
        ({"basis": Basis.IDEAL}, {("height_cm", "required"), ("sex", "required")}),
        ({"basis": Basis.ADJUSTED, "height_cm": D(165)}, {("sex", "required")}),
        ({"bag_ml": None}, {("bag_ml", "one-of")}),
        ({"concentration_mg_ml": D(1)}, {("bag_ml", "one-of")}),
        ({"bag_ml": D("3.499")}, {("bag_ml", "stock")}),
        ({"bag_ml": D("3.5")}, set()),
        ({"bag_ml": D("0.35"), "vial_mg_ml": D(100)}, {("bag_ml", "undiluted")}),
        ({"bag_ml": D("0.351"), "vial_mg_ml": D(100)}, set()),
        ({"bag_ml": D(5000), "dose": D("0.002")}, {("dose", "range")}),
    ],
)
def test_an_impossible_prescription_is_told_each_of_its_faults(changes, faults):
    assert found(impossible(replace(PLAIN, **changes))) == faults


@pytest.mark.parametrize(
    ("vial", "concentration", "faults"),
    [
        (10, 10, set()),
        (10, 11, {("concentration_mg_ml", "stock")}),
        (100, 100, {("concentration_mg_ml", "undiluted")}),
        (100, 50, set()),
    ],
)
def test_a_syringe_is_no_stronger_than_its_vial_and_the_strongest_is_diluted(vial, concentration, faults):
    syringe = replace(SYRINGE, vial_mg_ml=D(vial), concentration_mg_ml=D(concentration))

    assert found(impossible(syringe)) == faults


def test_a_syringe_of_less_than_can_be_measured_is_refused():
    assert found(impossible(replace(SYRINGE, weight_kg=D(25), dose=D("0.001")))) == {("dose", "range")}


def test_what_is_impossible_is_not_reckoned():
    with pytest.raises(Invalid) as refusal:
        calculate(replace(PLAIN, weight_kg=D(0), minutes=0))

    assert found(refusal.value.faults) == {("weight_kg", "range"), ("minutes", "range")}


@pytest.mark.parametrize(
    ("dose", "minutes", "faults"),
    [
        ("0.1", 20, set()),
        ("1.5", 120, set()),
        ("0.099", 20, {("dose", "dose-limit")}),
        ("1.501", 120, {("dose", "dose-limit")}),
        ("0.5", 19, {("minutes", "minutes-limit")}),
        ("0.5", 121, {("minutes", "minutes-limit")}),
        ("2", 10, {("dose", "dose-limit"), ("minutes", "minutes-limit")}),
    ],
)
def test_no_reason_carries_a_prescription_beyond_the_hard_limits(dose, minutes, faults):
    assert found(blocked(replace(PLAIN, dose=D(dose), minutes=minutes), DEFAULTS)) == faults


@pytest.mark.parametrize(
    ("changes", "last_dose", "last_weight", "faults"),
    [
        ({}, None, None, set()),
        ({"dose": D("0.25")}, None, None, set()),
        ({"dose": D("1.0")}, None, None, set()),
        ({"dose": D("0.249")}, None, None, {("dose", "dose-unusual")}),
        ({"dose": D("1.001")}, "1.0", None, {("dose", "dose-unusual")}),
        ({"dose": D("0.75")}, "0.5", None, set()),
        ({"dose": D("0.751")}, "0.5", None, {("dose", "dose-step")}),
        ({"dose": D("0.3")}, "1.0", None, set()),
        ({"weight_kg": D(200)}, None, None, set()),
        ({"weight_kg": D("200.2")}, None, None, {("dose", "dose-total")}),
        ({"weight_kg": D("73.5")}, None, "70", set()),
        ({"weight_kg": D("73.6")}, None, "70", {("weight_kg", "weight-changed")}),
        ({"weight_kg": D("66.5")}, None, "70", set()),
        ({"weight_kg": D("66.4")}, None, "70", {("weight_kg", "weight-changed")}),
        (
            {"dose": D("1.2"), "weight_kg": D(90)},
            "0.9",
            "80",
            {("dose", "dose-unusual"), ("dose", "dose-step"), ("dose", "dose-total"), ("weight_kg", "weight-changed")},
        ),
    ],
)
def test_what_is_unusual_asks_for_a_reason(changes, last_dose, last_weight, faults):
    last_dose, last_weight = (None if text is None else D(text) for text in (last_dose, last_weight))

    assert asked(replace(PLAIN, **changes), last_dose=last_dose, last_weight_kg=last_weight) == faults


@pytest.mark.parametrize(
    ("height", "basis", "at", "asks"),
    [
        (D("152.8"), Basis.ACTUAL, D(30), False),
        (D("152.7"), Basis.ACTUAL, D(30), True),
        (D("152.7"), Basis.ADJUSTED, D(30), False),
        (D("152.7"), Basis.ACTUAL, None, False),
        (None, Basis.ACTUAL, D(30), False),
    ],
)
def test_a_clinic_may_ask_for_the_basis_from_a_body_mass_index_on(height, basis, at, asks):
    patient = replace(PLAIN, height_cm=height, sex=Sex.FEMALE, basis=basis)

    assert asked(patient, replace(DEFAULTS, ask_basis_at_bmi=at)) == ({("basis", "basis-choice")} if asks else set())


def test_a_formula_that_raises_the_dose_above_the_actual_weight_asks_for_a_reason():
    slight = replace(MAN, weight_kg=D(60))

    assert asked(slight) == set()
    assert asked(replace(slight, basis=Basis.IDEAL)) == {("basis", "basis-above-actual")}


@pytest.mark.parametrize(
    ("today", "faults"),
    [
        ("73.5", set()),
        ("73.501", {("weight_kg", "weight-changed")}),
        ("77", {("weight_kg", "weight-changed")}),
        ("77.001", {("weight_kg", "weight-limit")}),
        ("63", {("weight_kg", "weight-changed")}),
        ("62.999", {("weight_kg", "weight-limit")}),
    ],
)
def test_the_weight_of_the_day_warns_and_then_ends_an_order(today, faults):
    assert found(reweighed(D(70), D(today), DEFAULTS)) == faults


def test_a_change_of_weight_is_told_in_percent_of_the_weight_before():
    assert change_percent(D(80), D(60)) == 25


@pytest.mark.parametrize("usual", [PLAIN, CRPS, replace(PLAIN, dose=D(22), unit=DoseUnit.MG_PER_HOUR, minutes=240)])
def test_the_usual_dose_of_each_course_keeps_its_limits(usual):
    limits = LIMITS[usual.unit]

    assert [*blocked(usual, limits), *questionable(usual, limits, last_dose=None, last_weight_kg=None)] == []


def test_the_limits_a_clinic_begins_with_go_together_in_every_unit():
    assert set(LIMITS) == set(DoseUnit)
    assert [fault for limits in LIMITS.values() for fault in contradictory(limits)] == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"hard_least": D(0)}, {("hard_least", "range")}),
        ({"step": D(-1), "most_mg": D(0)}, {("step", "range"), ("most_mg", "range")}),
        ({"soft_least": D("0.05")}, {("soft_least", "order")}),
        ({"soft_most": D(2)}, {("hard_most", "order")}),
        ({"soft_most": D("0.2")}, {("soft_most", "order")}),
        ({"least_minutes": 121}, {("most_minutes", "order")}),
        ({"weight_block_percent": 4}, {("weight_block_percent", "order")}),
    ],
)
def test_limits_that_contradict_themselves_are_told(changes, faults):
    assert found(contradictory(replace(DEFAULTS, **changes))) == faults


def test_no_word_to_the_prescriber_repeats_the_patients_numbers():
    patient = replace(PLAIN, weight_kg=D("187.3"), dose=D("1.613"), height_cm=D("171.9"), minutes=177)

    told = [
        *blocked(patient, DEFAULTS),
        *questionable(patient, DEFAULTS, last_dose=D("0.9"), last_weight_kg=D("160.1")),
    ]

    private = [str(getattr(patient, each.name)) for each in fields(patient) if each.name in {"weight_kg", "height_cm"}]
    assert len(told) == 6
    assert not any(number in fault.message for fault in told for number in (*private, "1.613", "177", "160.1"))
