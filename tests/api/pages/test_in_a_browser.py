"""What a patient sees and does in a real browser: by thumb, by keyboard, by day and by night."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from scheduler.models import Questionnaire
from tests.api.pages.desk import ACCENT, PALE, SEND, Desk, press_send, tick
from tests.browser import NARROW, TABLET, picture
from tests.scheduler.outcomes.questionnaires import asked


def test_a_patient_answers_on_a_phone_by_keyboard_alone(desk, visit):
    before = len(desk.forms())
    page = visit().page
    page.goto(desk.link())
    for value in (0, 1, 2, 3, 0, 0, 0, 0, 0, 1):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(value):
            page.keyboard.press("ArrowDown")

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=SEND).last).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert desk.forms()[before:] == [[0, 1, 2, 3, 0, 0, 0, 0, 0, 1]]


def test_the_clinics_words_are_seen_at_once_and_again_after_sending(desk, visit):
    page = visit().page
    page.goto(desk.link())
    words = page.get_by_text("call or text 988")
    tick(page, *[1] * 8)
    expect(words).to_be_hidden()

    page.locator("label:has(#item-9-1)").click()

    expect(words).to_be_in_viewport(ratio=1)
    picture(page, "phone-in-danger")
    press_send(page)
    expect(words).to_be_in_viewport(ratio=1)
    heading = page.get_by_role("heading", name="Thank you").bounding_box()
    box = words.bounding_box()
    assert heading
    assert box
    assert box["y"] < heading["y"]


def test_the_words_go_when_the_answer_is_taken_back(desk, visit):
    page = visit().page
    page.goto(desk.link())
    words = page.get_by_text("call or text 988")

    page.locator("label:has(#item-9-3)").click()
    expect(words).to_be_visible()
    page.locator("label:has(#item-9-0)").click()

    expect(words).to_be_hidden()


def test_the_words_never_hide_the_answer_the_keyboard_is_at(desk, visit):
    page = visit().page
    page.goto(desk.link())
    page.locator("#item-10-3").focus()
    page.locator("#item-9-0").focus()

    for number in (0, 1, 2, 3):
        page.keyboard.press("Space" if number == 0 else "ArrowDown")
        answer, words = page.locator(f"label:has(#item-9-{number})"), page.locator(".crisis")
        expect(answer).to_be_in_viewport(ratio=1)
        assert number == 0 or apart(answer.bounding_box(), words.bounding_box())


def apart(one: Any, other: Any) -> bool:
    """Whether neither of two boxes, the one above the other, hides any of the other."""
    return bool(one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"])


def test_open_questions_are_asked_about_and_nothing_ticked_is_lost(desk, visit):
    before = len(desk.forms())
    page = visit().page
    page.goto(desk.link())
    tick(page, 2, 2)

    press_send(page)

    expect(page.get_by_role("alert").first).to_contain_text("You left 7 questions open")
    expect(page.locator("#item-1-2")).to_be_checked()
    page.get_by_role("link", name="9. Thoughts").click()
    expect(page.locator("#item-9-0")).to_be_in_viewport()
    assert len(desk.forms()) == before
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert desk.forms()[before:] == [[2, 2] + [None] * 8]


def test_enter_never_sends_a_form_with_gaps(desk, visit):
    before = len(desk.forms())
    page = visit().page
    page.goto(desk.link())
    press_send(page)

    page.locator("#item-1-0").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert").first).to_contain_text("questions open")
    assert len(desk.forms()) == before


def test_a_link_works_once(desk, visit):
    before = len(desk.forms())
    page, link = visit().page, desk.link()
    page.goto(link)
    tick(page, *[0] * 9)
    press_send(page)

    page.go_back()
    expect(page.get_by_role("heading", name="have been answered")).to_be_visible()
    page.goto(link)

    expect(page.get_by_role("heading", name="have been answered")).to_be_visible()
    assert len(desk.forms()) == before + 1


def test_an_expired_link_says_where_to_turn(desk, visit):
    page, link = visit().page, desk.link()
    desk.house.now += 73 * asked.HOUR

    page.goto(link)

    expect(page.get_by_role("heading", name="can no longer be used")).to_be_visible()
    expect(page.get_by_role("link", name="+1 212 555 0100")).to_have_attribute("href", "tel:+12125550100")


def test_a_code_is_typed_in_at_the_tablet_after_some_wrong_tries(desk, visit):
    before, code = len(desk.forms()), desk.code()
    page = visit(viewport=TABLET).page
    page.goto(desk.tablet)
    for wrong in ("nonsense", asked.wrong(code)):
        page.get_by_label("Code").fill(wrong)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("not valid")

    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()

    tick(page, *[1] * 8, 0)
    press_send(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_label("Code")).to_be_empty()
    assert len(desk.forms()) == before + 1


def test_a_code_dies_of_its_last_wrong_try(desk, visit):
    code = desk.code()
    page = visit(viewport=TABLET).page
    page.goto(desk.tablet)

    for typed in [asked.wrong(code)] * 5 + [code]:
        page.get_by_label("Code").fill(typed)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("not valid")

    with desk.database.reading() as db:
        assert max(db.scalars(select(Questionnaire.tries))) == 5


def questions(page: Page, desk: Desk) -> None:
    page.goto(desk.link())


def in_danger(page: Page, desk: Desk) -> None:
    page.goto(desk.link())
    tick(page, *[1] * 9)


def gaps(page: Page, desk: Desk) -> None:
    page.goto(desk.link())
    tick(page, 1, 1)
    press_send(page)


def thanks(page: Page, desk: Desk) -> None:
    in_danger(page, desk)
    press_send(page)


def answered(page: Page, desk: Desk) -> None:
    thanks(page, desk)
    page.goto(page.url)


def tablet(page: Page, desk: Desk) -> None:
    page.goto(desk.tablet)
    page.get_by_label("Code").fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


def nowhere(page: Page, desk: Desk) -> None:
    page.goto("/q/nowhere")


PAGES = (questions, in_danger, gaps, thanks, answered, tablet, nowhere)


@pytest.mark.parametrize(("scheme", "accent"), [("light", ACCENT), ("dark", PALE)])
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.__name__)
def test_everybody_can_read_and_use_every_page(desk, visit, shown, scheme, accent):
    desk.choose(accent)
    page = visit(color_scheme=scheme).page
    shown(page, desk)

    found = Axe().run(page, options={"resultTypes": ["violations"]})

    picture(page, f"phone-{scheme}-{shown.__name__}")
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("viewport", [NARROW, TABLET], ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.__name__)
def test_no_page_is_wider_than_the_screen_and_every_target_is_large(desk, visit, shown, viewport):
    page = visit(viewport=viewport).page

    shown(page, desk)

    picture(page, f"{viewport['width']}-{shown.__name__}")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    targets = page.locator(".choice, button:not(.first), .button, input[type=text]")
    assert all(box and box["height"] >= 44 for box in (target.bounding_box() for target in targets.all()))


def test_without_a_script_engine_all_of_it_works(desk, visit):
    before = len(desk.forms())
    page = visit(java_script_enabled=False).page
    page.goto(desk.link())
    tick(page, *[1] * 8, 2)

    expect(page.get_by_text("call or text 988")).to_be_visible()
    press_send(page)

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(desk.forms()) == before + 1


def test_whoever_asks_for_more_contrast_of_their_system_sees_what_is_ticked(desk, visit):
    page = visit(forced_colors="active").page
    page.goto(desk.link())

    tick(page, 1)

    expect(page.locator(".choice:has(:checked)")).to_have_css("outline-style", "solid")
