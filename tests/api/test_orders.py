"""Orders over HTTP: the worked vectors, drafting, signing, withdrawing."""

import pytest

from scheduler.actors import Role
from scheduler.models import SessionStatus
from tests.builders import PASSWORD
from tests.clients import new_key
from tests.treatments import order, session_in, visit

A = {
    "weight_kg": "70", "dose": "0.5", "unit": "mg/kg", "minutes": 40, "vial_mg_ml": "10", "bag_ml": "100",
}  # fmt: skip
SYRINGE = {"bag_ml": None, "concentration_mg_ml": "1"}
WOMAN = {"weight_kg": "120", "height_cm": "165", "sex": "female"}
MAN = {"weight_kg": "130", "height_cm": "178", "sex": "male"}
VECTORS = {
    "A": ({}, {
        "dose_mg": "35", "concentration_mg_ml": "0.35", "rate_ml_h": "150", "rate_mg_h": "52.5",
        "rate_mcg_kg_min": "12.5", "stock_ml": "3.5",
    }),
    "A of 50 mg/mL": ({"vial_mg_ml": "50"}, {"dose_mg": "35", "stock_ml": "0.7"}),
    "B": ({"weight_kg": "82.5"}, {"dose_mg": "41.3", "rate_ml_h": "150", "concentration_mg_ml": "0.413"}),
    "C": ({"weight_kg": "58", "dose": "0.75", "minutes": 60, "bag_ml": "250"}, {
        "dose_mg": "43.5", "concentration_mg_ml": "0.174", "rate_ml_h": "250", "rate_mcg_kg_min": "12.5",
    }),
    "D": (SYRINGE, {"bag_ml": "35", "rate_ml_h": "52.5"}),
    "E actual": (WOMAN, {"bmi": "44.1", "ideal_kg": "56.9", "adjusted_kg": "82.1", "dose_mg": "60"}),
    "E ideal": (WOMAN | {"basis": "ideal"}, {"dosing_weight_kg": "56.9", "dose_mg": "28.5"}),
    "E adjusted": (WOMAN | {"basis": "adjusted"}, {"dosing_weight_kg": "82.1", "dose_mg": "41.1"}),
    "F actual": (MAN, {"bmi": "41", "ideal_kg": "73.2", "adjusted_kg": "95.9", "dose_mg": "65"}),
    "F ideal": (MAN | {"basis": "ideal"}, {"dosing_weight_kg": "73.2", "dose_mg": "36.6"}),
    "F adjusted": (MAN | {"basis": "adjusted"}, {"dosing_weight_kg": "95.9", "dose_mg": "48"}),
    "I": ({"dose": "0.35", "unit": "mg/kg/h", "minutes": 240, "bag_ml": "500"}, {"dose_mg": "98", "rate_ml_h": "125"}),
    "J": ({"dose": "22", "unit": "mg/h", "minutes": 5760, "bag_ml": "5000", "vial_mg_ml": "50"}, {
        "dose_mg": "2112", "rate_mg_h": "22",
    }),
}  # fmt: skip
"""Of domain section 2.7: what is asked beside A, and what must come out."""
UNTIL = {"valid_until": "2026-04-30"}


def codes(answer):
    return [(fault["where"], fault["code"]) for fault in answer.json["errors"]]


@pytest.fixture
def course(clinic):
    return visit(clinic).series_id


def draft(client, course, **changes):
    return client.post(f"/series/{course}/orders", A | UNTIL | changes, Idempotency_Key=new_key())


def sign(client, written, *, password=PASSWORD, **said):
    body = {"password": password, **said}
    return client.post(f"/orders/{written.json['id']}/signature", body, If_Match=written.headers["ETag"])


@pytest.mark.parametrize("name", list(VECTORS))
def test_a_worked_vector_comes_out_to_the_last_digit(as_, course, name):
    asked, expected = VECTORS[name]

    answer = as_(Role.CLINICIAN).post("/orders/calculation", A | asked | {"series_id": str(course)})

    assert answer.status_code == 200, answer.json
    assert {figure: answer.json["dosage"][figure] for figure in expected} == expected


def test_a_calculation_says_what_would_stand_against_such_an_order(as_, course):
    asked = A | {"weight_kg": "210", "dose": "1.6", "series_id": str(course)}

    answer = as_(Role.CLINICIAN).post("/orders/calculation", asked)

    found = {name: [fault["code"] for fault in answer.json[name]] for name in ("blocked", "questions", "unlikely")}
    assert found == {
        "blocked": ["dose-limit"], "questions": ["dose-unusual", "dose-total"], "unlikely": ["improbable"],
    }  # fmt: skip


def test_a_calculation_of_what_cannot_be_is_refused_with_every_fault(as_, course):
    asked = A | {"weight_kg": "20", "minutes": None, "series_id": str(course)}

    answer = as_(Role.CLINICIAN).post("/orders/calculation", asked)

    assert answer.status_code == 422
    assert codes(answer) == [("minutes", "required"), ("weight_kg", "range")]


def test_a_draft_is_answered_as_it_is_read_again(as_, course):
    written = draft(as_(Role.CLINICIAN), course, weight_kg="82.50")

    read = as_(Role.CLINICIAN).get(f"/orders/{written.json['id']}")
    listed = as_(Role.CLINICIAN).get(f"/series/{course}/orders")

    assert written.status_code == 201
    assert (written.json["weight_kg"], written.json["dose_mg"], written.json["state"]) == ("82.5", "41.3", "draft")
    assert read.json == written.json
    assert read.headers["ETag"] == written.headers["ETag"]
    assert listed.json == {"items": [read.json], "next": None}


@pytest.mark.parametrize("figure", ["dose_mg", "rate_ml_h", "stock_ml", "dosing_weight_kg"])
def test_a_figure_of_the_clients_own_is_refused(as_, course, figure):
    answer = draft(as_(Role.CLINICIAN), course, **{figure: "35"})

    assert (answer.status_code, codes(answer)) == (422, [(figure, "unknown")])


@pytest.mark.parametrize("weight", [70, 70.5, "70.0005", "-70", "0", "NaN", "7e1", "1001", "", None, "\u0667\u0660"])
def test_a_weight_that_is_no_amount_is_refused(as_, course, weight):
    answer = draft(as_(Role.CLINICIAN), course, weight_kg=weight)

    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json["errors"]] == ["weight_kg"]


def test_an_unusual_dose_needs_a_reason(as_, course):
    refused = draft(as_(Role.CLINICIAN), course, dose="1.2")
    written = draft(as_(Role.CLINICIAN), course, dose="1.2", reason="As in the last clinic.")

    assert (refused.status_code, codes(refused)) == (422, [("dose", "dose-unusual"), ("reason", "reason-needed")])
    assert (written.status_code, written.json["reason"]) == (201, "As in the last clinic.")


def test_an_unlikely_weight_is_confirmed(as_, course):
    heavy = {"weight_kg": "201", "dose": "0.4"}
    refused = draft(as_(Role.CLINICIAN), course, **heavy)
    written = draft(as_(Role.CLINICIAN), course, **heavy, confirmed=["weight_kg"])

    assert (refused.status_code, refused.json["type"]) == (422, "/problems/confirmation-needed")
    assert written.status_code == 201


def test_a_repeated_draft_is_written_once(as_, course):
    nurse, key = as_(Role.CLINICIAN), new_key()

    first, second = (nurse.post(f"/series/{course}/orders", A | UNTIL, Idempotency_Key=key) for _ in range(2))

    assert first.json == second.json
    assert len(nurse.get(f"/series/{course}/orders").json["items"]) == 1


def test_a_prescriber_signs_with_their_password(as_, clinic, course):
    written = draft(as_(Role.CLINICIAN), course)

    signed = sign(as_(Role.PRESCRIBER), written)

    assert signed.status_code == 200
    assert (signed.json["state"], signed.json["signed_by"]) == ("signed", str(clinic.prescriber.staff_id))
    assert signed.headers["ETag"] != written.headers["ETag"]


def test_a_nurse_cannot_sign(as_, course):
    written = draft(as_(Role.CLINICIAN), course)

    answer = sign(as_(Role.CLINICIAN), written)

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/not-allowed")


def test_a_wrong_password_signs_nothing(as_, course):
    written = draft(as_(Role.CLINICIAN), course)

    answer = sign(as_(Role.PRESCRIBER), written, password="not mine at all")  # noqa: S106 # it is the wrong one

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/signature-refused")
    assert as_(Role.CLINICIAN).get(f"/orders/{written.json['id']}").json["state"] == "draft"


def test_a_signature_goes_to_what_was_read_and_only_once(as_, course):
    written = draft(as_(Role.CLINICIAN), course)
    doctor, path = as_(Role.PRESCRIBER), f"/orders/{written.json['id']}/signature"

    blind = doctor.post(path, {"password": PASSWORD})
    signed = sign(doctor, written)
    stale, again = sign(doctor, written), sign(doctor, signed)

    assert [answer.status_code for answer in (blind, signed, stale, again)] == [428, 200, 412, 409]
    assert again.json["type"] == "/problems/order-signed"


def test_a_nurse_withdraws_their_own_draft_and_no_signed_order(as_, course):
    nurse = as_(Role.CLINICIAN)
    own, other = draft(nurse, course), draft(nurse, course)
    signed = sign(as_(Role.PRESCRIBER), other)

    gone, kept = (
        nurse.post(f"/orders/{each.json['id']}/withdrawal", If_Match=each.headers["ETag"]) for each in (own, signed)
    )

    assert (gone.status_code, gone.json["state"]) == (200, "withdrawn")
    assert kept.status_code == 403


def test_an_order_in_use_is_not_withdrawn(as_, clinic):
    booked = visit(clinic)
    signed = order(clinic, booked)
    session_in(clinic, SessionStatus.INFUSING, appointment=booked, order_id=signed.id)

    answer = as_(Role.PRESCRIBER).post(f"/orders/{signed.id}/withdrawal", If_Match='"1"')

    assert (answer.status_code, codes(answer)) == (409, [("order", "in-use")])


def test_the_desk_sees_no_order(as_, clinic):
    signed = order(clinic, visit(clinic))

    answers = [as_(role).get(f"/orders/{signed.id}").status_code for role in (Role.SCHEDULER, Role.MANAGER)]

    assert answers == [403, 403]


def test_a_draft_is_answered_with_where_it_stands(as_, course):
    nurse = as_(Role.CLINICIAN)

    written = draft(nurse, course)

    path = f"/orders/{written.json['id']}"
    assert (written.headers["Location"], written.headers["ETag"]) == (f"/api/v1{path}", nurse.get(path).headers["ETag"])
