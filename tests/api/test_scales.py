"""The scales over HTTP: those of the house, and the clinic's own."""

import pytest

from api.schemas.base import utc_text
from scheduler.actors import Role
from scheduler.outcomes.scales import SCALES
from tests.clients import new_key

WORDING = {"name": "Pain", "question": "How bad is your pain?", "least_label": "No pain", "most_label": "Worst pain"}
PAIN = {"key": "pain", **WORDING}


@pytest.fixture
def administrator(as_):
    return as_(Role.ADMINISTRATOR)


def places(answer):
    return sorted(error["where"] for error in answer.json["errors"])


@pytest.mark.parametrize("role", Role)
def test_everyone_on_the_staff_sees_what_can_be_asked(as_, administrator, role):
    administrator.post("/scales", PAIN)

    items = as_(role).get("/scales").json["items"]

    assert [(scale["key"], scale["own"]) for scale in items] == [*((key, False) for key in SCALES), ("pain", True)]


def test_the_phq9_is_shown_with_its_wording(administrator):
    phq9 = administrator.get("/scales").json["items"][0]

    assert (phq9["key"], len(phq9["items"]), phq9["items"][9]["scored"]) == ("phq9", 10, False)
    assert phq9["items"][0]["choices"][3] == {"value": 3, "text": "Nearly every day", "loinc": "LA6571-9"}
    assert phq9["bands"][-1] == {"key": "severe", "least": 20, "most": 27}
    assert phq9["safety"] == [{"kind": "suicidal_ideation", "item": 9, "review": 1, "urgent": 2}]
    assert (phq9["most"], phq9["total"], phq9["recall_days"], phq9["mode"], phq9["has_text"]) == (
        27, "items", 14, "self", True,
    )  # fmt: skip
    assert (phq9["lines"]["response_percent"], phq9["prorates_up_to"]) == (50, 2)


def test_scales_without_words_show_their_items_subscales_and_levels(administrator):
    shown = {scale["key"]: scale for scale in administrator.get("/scales").json["items"]}

    assert not shown["madrs"]["has_text"]
    assert shown["ybocs"]["parts"][0] == {"key": "obsessions", "items": [1, 2, 3, 4, 5], "how": "sum", "least": 1}
    assert (shown["cssrs_screener"]["levels"][-1], shown["cssrs_screener"]["total"]) == ("high", "none")
    assert (shown["cssrs_screener"]["items"][5]["label"], shown["cssrs_screener"]["lines"]) == ("Q6 lifetime", None)


def test_a_question_of_the_clinics_is_added_and_read_as_it_was_sent(clinic, administrator, now):
    added = administrator.post("/scales", PAIN)

    read = administrator.get("/scales/pain")
    assert (added.status_code, added.headers["ETag"], read.headers["ETag"]) == (201, '"1"', '"1"')
    assert read.json == added.json == {
        **PAIN, "version": 1, "retired": False, "created_at": utc_text(now),
        "author_id": str(clinic.administrator.staff_id),
    }  # fmt: skip


def test_a_form_of_the_clinics_own_question_is_logged_and_listed(as_, clinic, administrator, now):
    administrator.post("/scales", PAIN)
    client, path = as_(Role.CLINICIAN), f"/patients/{clinic.patient().id}/assessments"

    made = client.post(path, {"scale": "pain", "answers": [7], "taken_at": utc_text(now)}, Idempotency_Key=new_key())

    (form,) = client.get(f"{path}?scale=pain").json["items"]
    assert (made.status_code, made.json["total"], made.json["answered_by"]) == (201, 7, "clinician")
    assert (form["id"], form["scale_version"]) == (made.json["id"], "1")


@pytest.mark.parametrize("key", ["phq9", "pain"])
def test_a_used_key_is_a_conflict(administrator, key):
    administrator.post("/scales", PAIN)

    refused = administrator.post("/scales", {**PAIN, "key": key})

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/name-taken")


def test_a_changed_question_has_its_next_version(administrator):
    added = administrator.post("/scales", PAIN)
    words = {**WORDING, "question": "And now?"}

    changed = administrator.put("/scales/pain", words, If_Match=added.headers["ETag"])
    stale = administrator.put("/scales/pain", words, If_Match=added.headers["ETag"])
    unsaid = administrator.put("/scales/pain", words)

    assert (changed.status_code, changed.headers["ETag"], changed.json["question"]) == (200, '"2"', "And now?")
    assert (stale.status_code, unsaid.status_code) == (412, 428)


def test_a_retired_question_is_no_longer_offered(as_, clinic, administrator, now):
    added = administrator.post("/scales", PAIN)

    retired = administrator.delete("/scales/pain", If_Match=added.headers["ETag"])

    body = {"scale": "pain", "answers": [7], "taken_at": utc_text(now)}
    path = f"/patients/{clinic.patient().id}/assessments"
    refused = as_(Role.CLINICIAN).post(path, body, Idempotency_Key=new_key())
    again = administrator.put("/scales/pain", WORDING, If_Match=retired.headers["ETag"])
    assert (retired.json["retired"], retired.json["version"]) == (True, 2)
    assert "pain" not in [scale["key"] for scale in administrator.get("/scales").json["items"]]
    assert (refused.status_code, places(refused), again.json["type"]) == (422, ["scale"], "/problems/retired")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        *[({"key": key}, ["key"]) for key in ("Pain", "pain\n", "1pain", "", "a" * 61, None, 3)],
        ({"name": "x" * 101, "question": "x" * 501}, ["name", "question"]),
        ({"least_label": "x" * 101, "most_label": " "}, ["least_label", "most_label"]),
        ({"question": "One\x00"}, ["question"]),
        ({"most": 100}, ["most"]),
    ],
)
def test_a_question_that_cannot_be_is_refused_with_every_fault(administrator, change, where):
    refused = administrator.post("/scales", {**PAIN, **change})

    assert refused.status_code in {400, 422}
    assert refused.status_code == 400 or places(refused) == where


@pytest.mark.parametrize("key", ["phq9", "mood", "Mood%20ring"])
def test_what_is_not_the_clinics_own_is_not_there_to_be_changed(administrator, key):
    answers = [
        administrator.get(f"/scales/{key}"), administrator.put(f"/scales/{key}", WORDING, If_Match='"1"'),
        administrator.delete(f"/scales/{key}", If_Match='"1"'),
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} == {404}
