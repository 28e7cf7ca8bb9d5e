"""The tablet's page: a good code leads on; every other looks alike, is counted, and is soon dead."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.models import AuditRow, Questionnaire, SentBy
from tests.api.pages.patients import Browser
from tests.clients import SETTINGS, shared_app
from tests.scheduler.outcomes.questionnaires import asked
from tests.scheduler.outcomes.questionnaires.asked import wrong

CRISIS = "call or text"


@pytest.fixture
def sent(clinic):
    return asked.send(clinic, via=SentBy.TABLET)


@pytest.fixture
def browser(app, clinic):
    return Browser(app, f"/tablet/{clinic.id}")


def test_the_page_asks_for_a_code_in_the_clinics_style(browser):
    page = browser.open()

    assert page.status_code == 200
    assert "<p>Midtown</p>" in page.text
    assert '<label for="code">' in page.text
    assert 'inputmode="numeric"' in page.text


def test_the_page_makes_the_browser_forget_the_pages_before_by_a_cookie_that_says_nothing(browser):
    cookies = [browser.open().headers["Set-Cookie"] for _ in range(2)]

    assert len(set(cookies)) == 1
    assert all(said in cookies[0] for said in ("forget=1;", "Max-Age=1;", "HttpOnly", "Path=/q", "SameSite=Strict"))


def test_a_good_code_leads_on_to_the_questions(browser, sent):
    answer = browser.type_code(sent.tablet_page, sent.tablet_code)

    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.open().status_code == 200
    assert sent.tablet_code.partition("-")[2] not in answer.headers["Location"]


def test_a_code_is_read_without_its_hyphen(browser, sent):
    assert browser.type_code(sent.tablet_page, sent.tablet_code.replace("-", " ")).status_code == 303


def test_unknown_wrong_used_expired_and_dead_codes_look_alike(browser, clinic, connection, db, now):
    used, late, dead = (asked.send(clinic, via=SentBy.TABLET) for _ in range(3))
    browser.type_code(used.tablet_page, used.tablet_code)
    dead.questionnaire.code_number = dead.questionnaire.code_digest = None
    db.flush()
    later = Browser(shared_app(connection, db, now + 16 * asked.MINUTE))

    answers = [
        browser.type_code(used.tablet_page, used.tablet_code),
        browser.type_code(used.tablet_page, wrong(late.tablet_code)),
        browser.type_code(used.tablet_page, dead.tablet_code),
        browser.type_code(used.tablet_page, "nothing"),
        later.type_code(used.tablet_page, late.tablet_code),
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.data for answer in answers}) == 1
    assert "This code is not valid." in answers[0].text
    assert CRISIS in answers[0].text


def test_a_wrong_try_stays_counted_although_the_page_refuses(browser, db, sent):
    browser.type_code(sent.tablet_page, wrong(sent.tablet_code))

    assert db.scalars(select(Questionnaire.tries)).one() == 1
    assert "code.refused" in db.scalars(select(AuditRow.action)).all()


def test_a_number_that_is_tried_too_often_is_refused_for_a_while(browser, sent):
    for _ in range(SETTINGS.sign_in_failures):
        browser.type_code(sent.tablet_page, wrong(sent.tablet_code))

    refused = browser.type_code(sent.tablet_page, sent.tablet_code)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "Too many codes were wrong" in refused.text
    assert CRISIS in refused.text


def test_an_address_of_the_network_that_tries_too_many_codes_is_refused(browser, app, clinic, monkeypatch):
    monkeypatch.setattr(
        "api.pages.tablet.redeeming.Challenge.fits", lambda *_: False
    )  # what it takes is measured elsewhere
    page = f"/tablet/{clinic.id}"
    for number in range(10 * SETTINGS.sign_in_failures):
        browser.type_code(page, f"{number:04}-000000")

    assert browser.type_code(page, "9999-000000").status_code == 429


def test_wrong_codes_lock_no_staff_out(browser, client, clinic, sent):
    for _ in range(SETTINGS.sign_in_failures):
        browser.type_code(sent.tablet_page, wrong(sent.tablet_code))

    signed_in = client.post("/tokens", {"email": "scheduler@midtown.test", "password": "correct horse battery"})

    assert signed_in.status_code == 201


@pytest.mark.parametrize("clinic_id", [uuid4(), "x"])
def test_a_clinic_nobody_knows_has_no_tablet(app, clinic_id):
    browser = Browser(app, f"/tablet/{clinic_id}")

    sent = browser.send({"code": "1"})

    assert [browser.open().status_code, sent.status_code] == [404, 404]
    assert clinic_id == "x" or CRISIS in sent.text


@pytest.mark.parametrize("body", [b"", b"code=1&more=2", b"other=1", b"code=1&code=2", b"code=%ff"])
def test_what_the_page_does_not_send_is_refused(browser, body):
    page = browser.send(body)

    assert (page.status_code, CRISIS in page.text, "<p>Midtown</p>" in page.text) == (400, True, True)


def test_a_page_too_long_shows_the_words_as_well(browser):
    page = browser.send(b"x" * 300_000)

    assert (page.status_code, CRISIS in page.text) == (413, True)


def test_a_fault_of_ours_shows_the_words_as_well(browser, monkeypatch, sent):
    def broken(*_args, **_said):
        raise RuntimeError

    monkeypatch.setattr("api.pages.tablet.redeeming.redeem", broken)

    page = browser.type_code(sent.tablet_page, sent.tablet_code)

    assert (page.status_code, CRISIS in page.text) == (500, True)


@pytest.mark.parametrize("code", ["", " ", "1" * 41, "\u0661" * 10, "<script>", "%"])
def test_anything_typed_is_answered_with_a_page_that_does_not_repeat_it(browser, code):
    page = browser.send({"code": code})

    assert page.status_code == 422
    assert not code.strip() or f'value="{code}"' not in page.text
    assert "<script" not in page.text
