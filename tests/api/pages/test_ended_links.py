"""Links that have ended: nothing is lost by which somebody may be in danger, and nothing is left for others."""

import pytest
from sqlalchemy import func, select

from scheduler.models import Alert, Assessment, Questionnaire, SentBy
from scheduler.outcomes.questionnaires.listing import withdraw
from tests.api.pages.patients import CALM, IN_DANGER, Browser
from tests.clients import shared_app
from tests.scheduler.outcomes.questionnaires import asked

CRISIS = "call or text"


@pytest.fixture
def browser(app, clinic):
    """At the page of a PHQ-9 that was just sent."""
    return Browser(app, f"/q/{asked.link(clinic)}")


def count(db, kind):
    return db.scalar(select(func.count()).select_from(kind))


def test_a_second_use_meets_a_friendly_page_and_stores_nothing(browser, db):
    browser.send(CALM)

    pages = [browser.open(), browser.send(CALM)]

    assert [page.status_code for page in pages] == [410, 410]
    assert all("have been answered" in page.text and CRISIS in page.text for page in pages)
    assert count(db, Assessment) == 1


def test_who_sends_twice_and_may_be_in_danger_sees_the_words_first_again(browser):
    browser.send(IN_DANGER)

    page = browser.send(IN_DANGER).text

    assert 0 < page.index(CRISIS) < page.index("have been answered</h1>")


def test_an_expired_link_says_so_and_that_nothing_was_sent(browser, connection, db, now):
    late = Browser(shared_app(connection, db, now + 73 * asked.HOUR), browser.path)

    opened, sent = late.open(), late.send(CALM)

    assert (opened.status_code, sent.status_code) == (410, 410)
    assert "can no longer be used" in opened.text
    assert "have not been sent" not in opened.text
    assert "Your answers have not been sent." in sent.text
    assert CRISIS in sent.text
    assert count(db, Assessment) == 0


def test_who_may_be_in_danger_is_kept_though_the_link_is_over(browser, connection, db, now):
    late = Browser(shared_app(connection, db, now + 80 * asked.HOUR), browser.path)

    page = late.send(IN_DANGER)

    assert page.status_code == 200
    assert 0 < page.text.index(CRISIS) < page.text.index("<h1>Your answers have been kept")
    assert "The time of this link was over" in page.text
    assert "Midtown has been told" in page.text
    assert "not been" not in page.text
    assert (count(db, Assessment), count(db, Alert)) == (1, 1)


def test_who_answers_more_gravely_through_a_used_link_is_kept(browser, db):
    browser.send(CALM)

    page = browser.send(IN_DANGER)

    assert 0 < page.text.index(CRISIS) < page.text.index("<h1>Your answers have been kept")
    assert "had been answered before" in page.text
    assert (count(db, Assessment), count(db, Alert)) == (2, 1)


def test_another_form_through_an_ended_link_is_a_page_only(browser, connection, db, now):
    late = Browser(shared_app(connection, db, now + 80 * asked.HOUR), browser.path)
    late.send(CALM | {"item-9": "1"})

    page = late.send(IN_DANGER)

    assert page.status_code == 410
    assert 0 < page.text.index(CRISIS) < page.text.index("Your answers have not been sent.")
    assert (count(db, Assessment), count(db, Alert)) == (1, 1)


def test_answers_begun_in_time_are_answers_a_little_late(browser, connection, db, now):
    browser.open()
    late = Browser(shared_app(connection, db, now + 73 * asked.HOUR), browser.path)

    page = late.send(CALM)

    assert "Thank you" in page.text
    assert db.scalars(select(Questionnaire)).one().answered_at == now + 73 * asked.HOUR


def test_a_link_that_was_taken_back_looks_as_one_that_has_expired(app, db, clinic):
    sent = asked.send(clinic)
    browser = Browser(app, f"/q/{asked.token_in(asked.letter(db))}")
    withdraw(db, sent, actor=clinic.scheduler, now=clinic.now)

    page = browser.open()

    assert (page.status_code, "can no longer be used" in page.text) == (410, True)


def test_questions_that_are_asked_no_more_can_neither_be_seen_nor_answered(browser, db):
    db.scalars(select(Questionnaire)).one().scale_version = "0"

    pages = [browser.open(), browser.send(CALM)]

    assert [page.status_code for page in pages] == [410, 410]
    assert count(db, Assessment) == 0


def test_of_answers_nobody_can_read_any_more_the_worst_is_feared(browser, db):
    db.scalars(select(Questionnaire)).one().scale_version = "0"

    opened, sent = browser.open().text, browser.send(CALM).text

    assert CRISIS in opened
    assert 0 < sent.index(CRISIS) < sent.index("can no longer be used</h1>") < sent.index("have not been sent")


def test_via_the_tablet_the_thanks_lead_back_to_the_tablet(app, clinic):
    sent = asked.send(clinic, via=SentBy.TABLET)
    browser = Browser(app)
    browser.type_code(sent.tablet_page, sent.tablet_code)

    page = browser.send(CALM).text
    done = app.test_client().post(f"{browser.path}/done")

    assert "give the tablet back" in page
    assert f'action="{browser.path}/done"' in page
    assert (done.status_code, done.headers["Location"]) == (303, f"/tablet/{clinic.id}")


def test_after_done_the_next_patient_learns_nothing_by_sending_the_page_again(app, clinic, db):
    sent = asked.send(clinic, via=SentBy.TABLET)
    browser = Browser(app)
    browser.type_code(sent.tablet_page, sent.tablet_code)
    browser.send(IN_DANGER)
    again = [app.test_client().post(f"{browser.path}/done") for _ in range(2)]

    in_danger, calm = browser.send(IN_DANGER), browser.send(CALM)

    assert [page.status_code for page in (*again, browser.open(), calm)] == [303, 303, 404, 404]
    assert in_danger.data == calm.data
    assert count(db, Assessment) == 1


def test_what_is_no_link_cannot_be_done_with(app):
    assert app.test_client().post("/q/x/done").status_code == 404
