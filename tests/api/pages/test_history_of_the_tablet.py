"""Whoever has the tablet next goes back in its history and finds nothing of the patient before."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.pages.desk import Desk, press_send, tick
from tests.browser import FLAGS, TABLET, Visit, chromium
from tests.scheduler.outcomes.questionnaires import asked


@pytest.fixture
def at_the_tablet(chromium_browser: Browser, desk: Desk) -> Iterator[Page]:
    """In a Chromium that keeps pages in memory to go back to, as those of tablets do and those of tests do not."""
    switch = ["--disable-back-forward-cache"]
    launch = chromium_browser.browser_type.launch
    with launch(executable_path=chromium(), args=list(FLAGS), ignore_default_args=switch) as browser:
        yield Visit(browser, desk.house, viewport=TABLET).page


def begin(page: Page, desk: Desk) -> None:
    page.goto(desk.tablet)
    page.get_by_label("Code").fill(desk.code())
    page.get_by_role("button", name="Go on").click()
    tick(page, *[1] * 9)


def look_back(page: Page, steps: int) -> None:
    """As somebody at the tablet does; the browser itself may refuse to show a page that was an answer to a form."""
    with page.expect_event("framenavigated"):
        page.evaluate(f"setTimeout(() => history.go(-{steps}), 1)")
    page.wait_for_load_state()


@pytest.mark.parametrize("steps", [1, 2])
def test_the_next_patient_finds_nothing_in_the_history_of_the_tablet(desk, at_the_tablet, steps):
    page = at_the_tablet
    begin(page, desk)
    press_send(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_label("Code")).to_be_empty()

    look_back(page, steps)

    expect(page.get_by_label("Code")).to_have_count(0)
    assert [said for said in ("Thank you", "Little interest") if said in page.content()] == []


def test_answers_that_were_ticked_and_left_are_not_there_for_the_next_patient(desk, at_the_tablet):
    page = at_the_tablet
    begin(page, desk)
    page.goto(desk.tablet)

    look_back(page, 1)

    expect(page.get_by_text("Little interest")).to_be_visible()
    expect(page.locator("input:checked")).to_have_count(0)


def test_questions_left_on_the_tablet_are_gone_after_a_quarter_of_an_hour(desk, at_the_tablet):
    page = at_the_tablet
    begin(page, desk)
    page.goto(desk.tablet)
    desk.house.now += 15 * asked.MINUTE

    look_back(page, 1)

    expect(page.get_by_role("heading", name="can no longer be used")).to_be_visible()
    expect(page.locator("input[type=radio]")).to_have_count(0)
