"""The list of alerts, and closing one, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from api.schemas.base import utc_text
from scheduler.actors import Role
from tests.builders import build_clinic
from tests.clients import Client, new_key, real_app, token_of

SEEN = {"note": "Spoke with the patient;\nsafety plan made."}


@pytest.fixture
def clinician(as_):
    return as_(Role.CLINICIAN)


@pytest.fixture
def alarm(clinician, clinic, now):
    """Logs a form with a positive item 9 and gives the alert it raised."""

    def alarm(patient=None):
        return log(clinician, (patient or clinic.patient()).id, now)

    return alarm


def log(clinician, patient_id, now):
    body = {"scale": "phq9", "answers": [0] * 8 + [1], "taken_at": utc_text(now)}
    made = clinician.post(f"/patients/{patient_id}/assessments", body, Idempotency_Key=new_key())
    return made.json["alerts"][0]


def test_an_open_alert_is_listed_with_its_patient(clinic, clinician, alarm):
    patient = clinic.patient("Grace", "Hopper")
    raised = alarm(patient)

    (listed,) = clinician.get("/alerts").json["items"]

    names = {"id": str(patient.id), "mrn": patient.mrn, "given_name": "Grace", "family_name": "Hopper"}
    assert listed == raised | {"patient": names, "overdue": False, "replaces": None}


def test_an_acknowledged_alert_is_no_longer_open(clinic, clinician, alarm, now):
    raised = alarm()

    closed = clinician.post(f"/alerts/{raised['id']}/acknowledgement", SEEN)

    by = {"acknowledged_at": utc_text(now), "acknowledged_by": str(clinic.clinician.staff_id)}
    assert (closed.status_code, closed.json) == (200, raised | by | SEEN)
    assert clinician.get("/alerts?state=open").json == {"items": [], "next": None}
    assert [alert["id"] for alert in clinician.get("/alerts?state=acknowledged").json["items"]] == [raised["id"]]


def test_alerts_come_a_page_at_a_time(clinician, alarm):
    raised = {alarm()["id"] for _ in range(3)}

    first = clinician.get("/alerts?state=all&limit=2").json
    second = clinician.get(f"/alerts?state=all&limit=2&cursor={first['next']}").json

    assert {alert["id"] for alert in first["items"] + second["items"]} == raised
    assert (len(first["items"]), second["next"]) == (2, None)


def test_an_alert_is_acknowledged_once(clinician, alarm):
    path = f"/alerts/{alarm()['id']}/acknowledgement"
    clinician.post(path, SEEN)

    again = clinician.post(path, SEEN)

    assert (again.status_code, again.json["type"]) == (409, "/problems/already-acknowledged")


@pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": " \n"}, {"note": None}, {"note": 1}, {"note": "x" * 2001}])
def test_an_alert_is_not_acknowledged_without_a_note(clinician, alarm, body):
    refused = clinician.post(f"/alerts/{alarm()['id']}/acknowledgement", body)

    assert refused.status_code == 422
    assert refused.json["errors"][0]["where"] == "note"


def test_an_alert_of_another_clinic_and_one_that_is_not_look_the_same(as_, clinician, elsewhere, now):
    foreign = log(as_(Role.CLINICIAN, elsewhere), elsewhere.patient().id, now)

    answers = [clinician.post(f"/alerts/{alert}/acknowledgement", SEEN) for alert in (foreign["id"], uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json == answers[1].json
    assert clinician.get("/alerts?state=all").json["items"] == []


def test_a_prescriber_looks_at_alerts_and_closes_them(as_, alarm):
    raised, prescriber = alarm(), as_(Role.PRESCRIBER)

    listed = prescriber.get("/alerts").json["items"]
    closed = prescriber.post(f"/alerts/{raised['id']}/acknowledgement", SEEN)

    assert ([alert["id"] for alert in listed], closed.status_code) == ([raised["id"]], 200)


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.MANAGER, Role.ADMINISTRATOR])
def test_alerts_are_for_clinicians_alone(as_, alarm, role):
    raised, other = alarm(), as_(role)

    answers = [other.get("/alerts"), other.post(f"/alerts/{raised['id']}/acknowledgement", SEEN)]
    answers.append(other.post(f"/alerts/{raised['id']}/owner", {}))

    assert [answer.status_code for answer in answers] == [403, 403, 403]


@pytest.mark.parametrize("query", ["state=closed", "limit=0", "cursor=abc", "patient=1", "kind=x", "owner=x"])
def test_a_list_of_alerts_nobody_knows_is_refused(clinician, query):
    assert clinician.get(f"/alerts?{query}").status_code == 422


def test_of_eight_who_acknowledge_at_once_one_does_and_seven_are_told(database, now):
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        patient = cast.patient()
        token = token_of(db, cast, cast.staff[Role.CLINICIAN], now=now)
    app = real_app(database, now)
    raised = log(Client(app, token), patient.id, now)

    def close(_):
        return Client(app, token).post(f"/alerts/{raised['id']}/acknowledgement", SEEN).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(close, range(8)))

    assert answers == [200] + [409] * 7


def test_an_alert_is_taken_given_on_and_found_by_its_owner(as_, clinic, clinician, alarm):
    raised, prescriber = alarm(), clinic.staff[Role.PRESCRIBER]

    taken = clinician.post(f"/alerts/{raised['id']}/owner", {})
    mine = clinician.get("/alerts?owner=me").json["items"]
    given = clinician.post(f"/alerts/{raised['id']}/owner", {"staff_id": str(prescriber.id)})

    assert (taken.status_code, taken.json) == (200, raised | {"owner_id": str(clinic.clinician.staff_id)})
    assert [alert["id"] for alert in mine] == [raised["id"]]
    assert given.json == raised | {"owner_id": str(prescriber.id)}
    assert clinician.get("/alerts?owner=me").json["items"] == []
    assert len(as_(Role.PRESCRIBER).get("/alerts?owner=me").json["items"]) == 1


def test_an_alert_is_given_to_clinicians_alone(clinic, clinician, alarm):
    raised = alarm()

    refused = clinician.post(f"/alerts/{raised['id']}/owner", {"staff_id": str(clinic.staff[Role.MANAGER].id)})

    assert (refused.status_code, refused.json["errors"][0]["where"]) == (422, "staff_id")


def test_an_alert_tells_until_when_it_is_to_be_answered(clinician, alarm, now):
    raised = alarm()

    due = utc_text(now + timedelta(minutes=30))
    assert {name: raised[name] for name in ("respond_by", "escalations", "historical", "series_id")} == {
        "respond_by": due, "escalations": 0, "historical": False, "series_id": None,
    }  # fmt: skip


@pytest.mark.parametrize(("query", "count"), [("kind=suicidal_ideation", 1), ("kind=plateau", 0), ("level=urgent", 0)])
def test_alerts_are_listed_by_kind_and_level(clinician, alarm, query, count):
    alarm()

    assert len(clinician.get(f"/alerts?{query}").json["items"]) == count
    assert clinician.get(f"/alerts?state=historical&{query}").json["items"] == []
