"""What a patient sees and does in a real browser: by thumb, by keyboard, by day and by night."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from scheduler.models import Assessment, Clinic, Questionnaire, SentBy
from scheduler.models.engine import Database
from tests.browser import FLAGS, NARROW, TABLET, House, Visit, chromium, picture
from tests.builders import ClinicCast, build_clinic
from tests.homes import SqliteHome
from tests.scheduler.outcomes.questionnaires import asked

pytestmark = pytest.mark.xdist_group("browser")

ACCENT, PALE = "#1f6f78", "#ffe14d"
SEND = "Send my answers"
REFUSALS = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says of a page that was refused, as it was meant to be."""


class Desk:
    """A clinic in a database of its own that sends questionnaires, and shows their pages."""

    def __init__(self, database: Database, house: House, clinic: ClinicCast) -> None:
        self.database, self.house, self.clinic = database, house, clinic

    def link(self) -> str:
        """The address of a PHQ-9 that was just sent."""
        with self.database.committing() as db:
            self.clinic.db = db
            return f"/q/{asked.link(self.clinic, now=self.house.now)}"

    def code(self) -> str:
        with self.database.committing() as db:
            self.clinic.db = db
            sent = asked.send(self.clinic, via=SentBy.TABLET, now=self.house.now)
        assert sent.tablet_code
        return sent.tablet_code

    @property
    def tablet(self) -> str:
        return f"/tablet/{self.clinic.id}"

    def choose(self, accent: str) -> None:
        with self.database.committing() as db:
            db.get_one(Clinic, self.clinic.id).accent = accent

    def forms(self) -> list[list[Any]]:
        with self.database.reading() as db:
            return list(db.scalars(select(Assessment.answers).order_by(Assessment.recorded_at)))


@pytest.fixture(scope="module")
def opened(sqlite: SqliteHome) -> Iterator[Desk]:
    now = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    with sqlite.fresh() as url:
        database = Database(url, pool_size=8)
        with database.committing() as db:
            clinic = build_clinic(db, now=now, name="Harbor Infusions")
            row = db.get_one(Clinic, clinic.id)
            row.contact = "+1 212 555 0100"
        with House(database, now) as house:
            yield Desk(database, house, clinic)
        database.close()


@pytest.fixture
def desk(opened: Desk, now: datetime) -> Desk:
    opened.house.now = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    opened.choose(ACCENT)
    return opened


@pytest.fixture
def visit(chromium_browser: Browser, desk: Desk) -> Iterator[Callable[..., Visit]]:
    """`visit()` is a person with a browser; at the end nothing may have gone wrong in it or left the house."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        visits.append(Visit(chromium_browser, desk.house, **options))
        return visits[-1]

    yield visit
    for each in visits:
        each.context.close()
        assert [said for said in each.complaints if not said.startswith(REFUSALS)] == []
        assert each.is_at_home()


def tick(page: Page, *values: int) -> None:
    """Choose these answers with a finger, in the order of the questions."""
    for number, value in enumerate(values, 1):
        page.locator(f"label:has(#item-{number}-{value})").click()


def press_send(page: Page) -> None:
    page.get_by_role("button", name=SEND).last.click()


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
