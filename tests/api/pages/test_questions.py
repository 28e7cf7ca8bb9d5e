"""The page with the questions: shown as often as it is asked for, answered once, silent about whom it is for."""

import logging
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from scheduler.models import (
    Alert,
    Assessment,
    AuditRow,
    Clinic,
    ClinicScale,
    OutcomeSettings,
    Questionnaire,
)
from scheduler.outcomes.policy import OutcomePolicy, Questionnaires, as_document
from tests.api.pages.patients import CALM, IN_DANGER, Browser, ticked
from tests.scheduler.outcomes.questionnaires import asked

CRISIS, OWN = "call or text", "Somebody at the Harbor line listens all night."
FORM = "application/x-www-form-urlencoded"


class Away(Exception):
    """What both drivers say of a database that is not there."""

    sqlite_errorcode, sqlstate = 14, "08006"


@pytest.fixture
def browser(app, clinic):
    """At the page of a PHQ-9 that was just sent."""
    return Browser(app, f"/q/{asked.link(clinic)}")


def words(clinic, text=OWN):
    """Let the clinic choose its own for somebody in danger."""
    policy = OutcomePolicy(questionnaires=Questionnaires(crisis_text=text))
    row = {"effective_from": clinic.now, "created_at": clinic.now, "document": as_document(policy)}
    clinic.keep(OutcomeSettings(clinic_id=clinic.id, **row))


def count(db, kind):
    return db.scalar(select(func.count()).select_from(kind))


def test_the_page_asks_every_question_with_its_choices(browser):
    page = browser.open()

    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert page.text.count("<fieldset") == page.text.count("<legend>") == 10
    assert page.text.count('type="radio"') == 40
    assert "Little interest or pleasure in doing things" in page.text
    assert "Over the last 2 weeks" in page.text
    assert 'lang="en"' in page.text


def test_the_page_names_neither_the_patient_nor_the_scale_nor_a_drug(browser, db, clinic):
    patient_id = db.scalars(select(Questionnaire.patient_id)).one()

    said = browser.open().text.lower().replace(str(clinic.id), "")

    assert [word for word in ("ada", "byron", "phq", "ketamine", str(patient_id), "t-0000") if word in said] == []


def test_the_page_needs_no_script_and_keeps_no_cookie(browser):
    page = browser.open()

    assert "<script" not in page.text
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert "Set-Cookie" not in page.headers


def test_nobody_keeps_the_page_or_tells_others_where_it_was(browser):
    for page in (browser.open(), browser.send(CALM), browser.open(), browser.open("/q/x")):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_log_shows_the_rule_and_not_the_link(browser, caplog):
    with caplog.at_level(logging.DEBUG):
        browser.open()
        browser.send(IN_DANGER)

    assert "/q/<token> 200" in caplog.text
    assert browser.path.removeprefix("/q/")[32:] not in caplog.text


def test_the_answers_are_stored_and_the_patient_thanked_without_a_score(browser, db):
    page = browser.send(CALM)

    assert page.status_code == 200
    assert "Thank you" in page.text
    assert not re.search(r"\d|mild|score", re.sub(r"<[^>]*>", "", page.text))
    assert db.scalars(select(Assessment)).one().total == 8
    assert CRISIS not in page.text


def test_the_words_for_somebody_in_danger_come_first_after_sending(browser, db):
    page = browser.send(IN_DANGER)

    assert 0 < page.text.index(CRISIS) < page.text.index("<h1>Thank you")
    assert '<a href="tel:988">988</a>' in page.text
    assert count(db, Alert) == 1


def test_the_words_stand_ready_beside_the_safety_item_alone(browser):
    page = browser.open().text

    assert page.count(CRISIS) == 1
    assert page.index("better off dead") < page.index(CRISIS) < page.index("how difficult have")
    assert page.count('class="grave"') == 3


def test_the_words_for_somebody_in_danger_cannot_break_the_page(browser, db, clinic):
    words(clinic, '<script>"&call 112 & +1 (212) 555-0100')

    page = browser.open().text

    assert "&lt;script&gt;" in page
    assert '<a href="tel:+12125550100">+1 (212) 555-0100</a>' in page
    assert '<a href="tel:112">112</a>' in page


def test_open_questions_are_asked_about_once_and_nothing_ticked_is_lost(browser, db):
    partly = {name: CALM[name] for name in ("item-1", "item-4", "item-9")}

    page = browser.send(partly)

    assert page.status_code == 422
    assert "You left 6 questions open" in page.text
    assert '<p class="help">If you might hurt yourself' in page.text
    assert ticked(page.text) == partly
    assert page.text.count('href="#item-') == 6
    assert count(db, Assessment) == 0


def test_a_form_is_sent_with_gaps_where_the_patient_says_so(browser, db):
    page = browser.send({"item-1": "2", "anyway": "yes"})

    form = db.scalars(select(Assessment)).one()
    assert "Thank you" in page.text
    assert (form.answers, form.total, form.complete) == ([2] + [None] * 9, None, False)


def test_the_optional_question_may_stay_open_without_a_word(browser, db):
    assert browser.send(CALM).status_code == 200

    assert db.scalars(select(Assessment)).one().complete


def test_who_may_be_in_danger_is_not_asked_about_gaps_first(browser, db):
    page = browser.send({"item-9": "1"})

    assert page.status_code == 200
    assert 0 < page.text.index(CRISIS) < page.text.index("<h1>Thank you")
    assert (count(db, Assessment), count(db, Alert)) == (1, 1)


def test_an_empty_form_is_asked_about_and_then_taken(browser, db):
    assert browser.send({}).status_code == 422

    assert browser.send({"anyway": "yes"}).status_code == 200
    assert db.scalars(select(Assessment)).one().answers == [None] * 10


@pytest.mark.parametrize("token", ["x", "0" * 84, "%00", "a" * 5000, "\u00e9", "0" * 32 + "a" * 52])
def test_a_link_nobody_made_is_a_page_that_tells_nothing(app, clinic, token):
    browser = Browser(app, f"/q/{token}")

    for page in (browser.open(), browser.send(CALM)):
        assert (page.status_code, page.mimetype) == (404, "text/html")
        assert "Midtown" not in page.text
        assert CRISIS in page.text


def test_a_link_that_was_not_copied_whole_shows_the_words_of_its_clinic(browser, db, clinic):
    words(clinic)
    browser.path = browser.path[:-5]

    for page in (browser.open(), browser.send(IN_DANGER)):
        assert (page.status_code, OWN in page.text, CRISIS in page.text) == (404, True, False)


@pytest.mark.parametrize(
    "sent",
    [
        (b"item-1=4", FORM, 400),
        (b"item-1=x", FORM, 400),
        (b"item-1=", FORM, 400),
        (b"item-1=-1", FORM, 400),
        (b"item-11=1", FORM, 400),
        (b"item-0=1", FORM, 400),
        (b"item-01=1", FORM, 400),
        (b"item-1=1&item-1=2", FORM, 400),
        (b"name=Ada", FORM, 400),
        (b"item-1", FORM, 400),
        (b"&&&", FORM, 400),
        (b"item-1=%ff", FORM, 400),
        (b"item-1=%00", FORM, 400),
        (b"item-1=%D9%A1", FORM, 400),
        ("item-1=\u00e9".encode(), FORM, 400),
        (b"\xff\xfe\x00", FORM, 400),
        (b"&".join([b"x=1"] * 300), FORM, 400),
        (b"item-1=" + b"1" * 5000, FORM, 400),
        (b"item-1=1&" + b"x" * 20_000, FORM, 413),
        (b"x" * 300_000, FORM, 413),
        (b'{"item-1": 1}', "application/json", 415),
        (b"item-1=1", "multipart/form-data; boundary=x", 415),
        (b"item-1=1", "text/plain", 415),
    ],
)
def test_what_no_page_of_ours_sends_is_refused_with_a_page(browser, db, clinic, sent):
    words(clinic)
    body, content_type, status = sent

    page = browser.send(body, content_type)

    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert 0 < page.text.index(OWN) < page.text.index("has not been stored")
    assert count(db, Assessment) == 0
    assert browser.send(CALM).status_code == 200


def test_looking_is_written_down_without_anything_of_the_network(browser, db):
    browser.open()
    browser.send(CALM)

    rows = list(db.scalars(select(AuditRow).where(AuditRow.action.like("questionnaire.%"))))
    assert [row.action for row in rows] == ["questionnaire.opened", "questionnaire.answered"]
    assert [(row.actor_id, row.details) for row in rows] == [(None, {}), (None, {})]


def test_the_page_is_in_the_clinics_style(browser, clinic, db):
    db.get_one(Clinic, clinic.id).contact = "+1 212 555 0100"

    page = browser.open().text

    assert "<p>Midtown</p>" in page
    assert '<a href="tel:+12125550100">+1 212 555 0100</a>' in page
    assert f'href="/assets/clinic/{clinic.id}.css"' in page


def test_the_question_of_a_clinic_has_its_ends_named(app, clinic, db, now):
    row = {
        "key": "sleep", "number": 1, "name": "Sleep", "question": "How <b>did</b> you sleep?", "least_label": "Well",
        "most_label": "Not at all", "created_at": now,
    }  # fmt: skip
    clinic.keep(ClinicScale(clinic_id=clinic.id, **row))
    browser = Browser(app, f"/q/{asked.link(clinic, scale='sleep')}")

    page = browser.open().text

    assert "How &lt;b&gt;did" in page
    assert page.count('type="radio"') == 11
    assert "Choose one answer." in page
    assert browser.send({"item-1": "10"}).status_code == 200


def test_a_fault_of_ours_is_a_page_too_and_leaves_nothing(browser, db, monkeypatch):
    def broken(*_args, **_said):
        raise RuntimeError("Ada Byron")

    monkeypatch.setattr("scheduler.outcomes.questionnaires.answering.write_form", broken)

    page = browser.send(CALM)

    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "not your fault" in page.text
    assert 0 < page.text.index(CRISIS) < page.text.index("has not been stored")
    assert "Ada" not in page.text
    assert db.scalars(select(Questionnaire)).one().answered_at is None


def test_a_form_that_is_there_already_is_a_page_too(browser, db, clinic):
    browser.send(CALM)
    db.scalars(select(Questionnaire)).one().answered_at = None

    page = browser.send(CALM)

    assert (page.status_code, page.mimetype) == (409, "text/html")
    assert 0 < page.text.index(CRISIS) < page.text.index("has not been stored")
    assert count(db, Assessment) == 1


def test_a_method_no_page_uses_is_refused(app):
    assert app.test_client().delete("/q/x").status_code == 405


@pytest.mark.parametrize("away", [OperationalError("", {}, Away()), NoConnection()], ids=["away", "waited"])
def test_without_a_database_the_words_are_those_of_the_house(app, clinic, monkeypatch, away):
    def gone(**_said):
        raise away

    browser = Browser(app, f"/q/{asked.link(clinic)}")
    for session in ("reading", "writing"):
        monkeypatch.setattr(app.database, session, gone)

    page = browser.send(IN_DANGER)

    assert page.status_code == 503
    assert 0 < page.text.index(CRISIS) < page.text.index("has not been stored")
