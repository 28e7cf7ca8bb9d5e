"""What a request comes to, by the drug, and what stands against it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from scheduler.errors import ConfirmationNeeded, Invalid
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.drug.prescribing import (
    Case,
    DeviceDose,
    LastOrder,
    Request,
    gives_devices,
    impossible,
    judge,
    refuse_beyond,
    validity_faults,
)
from scheduler.sessions.policy import SessionPolicy
from scheduler.treatment import Basis

D = Decimal
DAY = date(2026, 3, 2)
INFUSED = Request(weight_kg=D(70), dose=D("0.5"), unit=DoseUnit.MG_PER_KG, minutes=40, vial_mg_ml=D(10), bag_ml=D(100))
SPRAYED = Request(weight_kg=D(70), dose=D(56), unit=DoseUnit.MG)
KETAMINE = Case("ketamine", SessionPolicy(), date(1980, 5, 17), None)
ESKETAMINE = replace(KETAMINE, drug="Esketamine")
LAST = LastOrder(D(70), D(70), D("0.5"), DoseUnit.MG_PER_KG, D(35), 40)


def codes(faults):
    return [(fault.where, fault.code) for fault in faults]


def judged(request, case):
    return judge(request, case, day=DAY)


def test_esketamine_alone_comes_in_devices():
    assert gives_devices(" Esketamine ")
    assert not gives_devices("ketamine")


@pytest.mark.parametrize(("dose", "devices"), [(56, 2), (84, 3)])
def test_a_usual_dose_of_esketamine_is_counted_in_devices(dose, devices):
    judgement = judged(replace(SPRAYED, dose=D(dose)), ESKETAMINE)

    assert judgement.dosage == DeviceDose(D(70), D(dose), devices)
    assert (judgement.blocked, judgement.questions, judgement.unlikely) == ((), (), ())


def test_one_device_alone_is_blocked_on_the_day_before_the_65th_birthday_and_asked_about_on_it():
    before, after = (replace(ESKETAMINE, birth_date=date(1961, 3, day)) for day in (3, 2))

    younger, older = (judged(replace(SPRAYED, dose=D(28)), case) for case in (before, after))

    assert (codes(younger.blocked), codes(younger.questions)) == ([("dose", "dose-limit")], [])
    assert (codes(older.blocked), codes(older.questions)) == ([], [("dose", "dose-unusual")])


def test_devices_have_no_bag_no_rate_no_other_unit_and_no_half():
    strange = replace(INFUSED, concentration_mg_ml=D(1), basis=Basis.IDEAL)

    faults = [*impossible(strange, ESKETAMINE)]

    wheres = ("minutes", "vial_mg_ml", "bag_ml", "concentration_mg_ml", "unit", "basis")
    assert codes(faults) == [*((where, "not-for-devices") for where in wheres), ("dose", "devices")]


def test_an_infusion_needs_its_minutes_and_its_vial():
    faults = [*impossible(replace(INFUSED, minutes=None, vial_mg_ml=None), KETAMINE)]

    assert codes(faults) == [("minutes", "required"), ("vial_mg_ml", "required")]


@pytest.mark.parametrize(("weight", "count"), [("24.999", 1), ("25", 0), ("300", 0), ("300.001", 1), ("1001", 1)])
def test_an_impossible_weight_is_told_once(weight, count):
    faults = [*impossible(replace(INFUSED, weight_kg=D(weight)), KETAMINE)]

    assert codes(faults) == [("weight_kg", "range")] * count


def test_an_unlikely_weight_is_confirmed_before_it_is_used():
    judgement = judged(replace(INFUSED, weight_kg=D(220), dose=D("0.25")), KETAMINE)

    with pytest.raises(ConfirmationNeeded) as refused:
        refuse_beyond(judgement, reason=None, confirmed=())
    refuse_beyond(judgement, reason=None, confirmed=["weight_kg"])

    assert codes(refused.value.faults) == [("weight_kg", "improbable")]


def test_what_no_pump_does_is_blocked():
    judgement = judged(replace(INFUSED, bag_ml=D(1000)), KETAMINE)

    assert codes(judgement.blocked) == [("minutes", "pump-limit")]


def test_all_that_is_blocked_and_all_that_wants_a_reason_is_told_at_once():
    judgement = judged(replace(INFUSED, dose=D("1.6"), minutes=10), replace(KETAMINE, last=LAST))

    with pytest.raises(Invalid) as refused:
        refuse_beyond(judgement, reason=None, confirmed=())

    assert codes(refused.value.faults) == [
        ("dose", "dose-limit"), ("minutes", "minutes-limit"), ("dose", "dose-unusual"), ("dose", "dose-step"),
        ("dose", "dose-total"), ("reason", "reason-needed"),
    ]  # fmt: skip


def test_a_reason_answers_every_question_and_lifts_no_limit():
    stepped = judged(replace(INFUSED, dose=D("1.2")), replace(KETAMINE, last=LAST))
    beyond = judged(replace(INFUSED, dose=D("1.6")), KETAMINE)

    refuse_beyond(stepped, reason="Little effect so far.", confirmed=())
    with pytest.raises(Invalid) as refused:
        refuse_beyond(beyond, reason="Little effect so far.", confirmed=())

    assert codes(refused.value.faults) == [("dose", "dose-limit")]


@pytest.mark.parametrize(
    ("unit", "dose"),
    [
        (DoseUnit.MG_PER_KG, "0.5"),
        (DoseUnit.MG, "35"),
        (DoseUnit.MG_PER_HOUR, "52.5"),
        (DoseUnit.MG_PER_KG_HOUR, "0.75"),
    ],
)
def test_the_last_dose_is_compared_in_the_unit_of_the_new_one(unit, dose):
    assert LAST.dose_in(unit) == D(dose)


def test_a_last_dose_without_minutes_says_nothing_of_a_dose_by_the_hour():
    assert replace(LAST, minutes=None).dose_in(DoseUnit.MG_PER_HOUR) is None


def test_a_step_cannot_be_hidden_in_another_unit():
    judgement = judged(replace(INFUSED, dose=D(70), unit=DoseUnit.MG), replace(KETAMINE, last=LAST))

    assert codes(judgement.questions) == [("dose", "dose-step")]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (DAY, DAY, []),
        (DAY, date(2027, 3, 2), []),
        (DAY, date(2027, 3, 3), ["range"]),
        (date(2026, 3, 3), DAY, ["order"]),
        (date(2026, 2, 1), date(2026, 3, 1), ["past"]),
        (date(2026, 2, 1), DAY, []),
    ],
)
def test_an_order_holds_for_days_in_their_order_that_are_not_over_and_a_year_at_most(first, last, expected):
    faults = [*validity_faults(first, last, today=DAY)]

    assert codes(faults) == [("valid_until", code) for code in expected]
