"""What the tour asks of a browser: somebody types a code into the clinic's tablet, answers, and sends the answers."""

import sys

from playwright.sync_api import expect

from tests.browser import TABLET, picture, running_browser


def answer(address: str, code: str, *answers: str) -> None:
    """Do it in a real Chromium; fails if the clinic's words for somebody in danger are not shown at once."""
    with running_browser() as browser:
        page = browser.new_page(viewport=TABLET)
        page.goto(address)
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Go on").click()
        for number, value in enumerate(answers, start=1):
            page.locator(f"label:has(#item-{number}-{value})").click()
        expect(page.get_by_text("call or text 988")).to_be_visible()
        picture(page, "tour-questions")
        page.get_by_role("button", name="Send my answers").last.click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        picture(page, "tour-thanks")


if __name__ == "__main__":
    answer(*sys.argv[1:])
