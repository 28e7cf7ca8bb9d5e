"""A real Chromium, and the application on the loopback for it to look at."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import ClinicApp, create_app
from config import Settings
from scheduler.models.engine import Database

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = (("apt-get", "update"), ("apt-get", "install", "-y", "--no-install-recommends", "chromium"))
INSTALLED_WITHIN = 600
PATIENCE_MILLISECONDS = 15_000
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
PHONE, TABLET, NARROW = {"width": 390, "height": 844}, {"width": 1024, "height": 768}, {"width": 320, "height": 640}


@cache
def chromium() -> str:
    """Where a Chromium is; Debian's is installed where there is none and this may be done. Fails, saying what to do."""
    if _found() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in INSTALL:
            subprocess.run(command, check=False, capture_output=True, timeout=INSTALLED_WITHIN)
    found = _found()
    if found is None:
        pytest.fail(
            "These tests look at pages in a real Chromium and found none. Install one (on Debian, as root:"
            " apt-get install chromium) so that `chromium` is on the PATH.",
            pytrace=False,
        )
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser that speaks to nobody of its own accord."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


class Visit:
    """One person's look at the pages; what went wrong in their browser, and whom it asked for something."""

    def __init__(self, browser: Browser, house: "House", **options: Any) -> None:
        self.house = house
        self.context = browser.new_context(**{"viewport": PHONE, "base_url": house.url, **options})
        self.context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def is_at_home(self) -> bool:
        """Whether nobody but the house was asked for anything."""
        return all(url.startswith((self.house.url, "data:")) for url in self.asked)


class House:
    """The application on a port of the loopback, with real commits. Its clock shows `now` until told otherwise."""

    def __init__(self, database: Database, now: datetime, **settings: Any) -> None:
        self.now = now
        self.app: ClinicApp = create_app(
            Settings(database_url="sqlite:///unused.db", **settings), clock=lambda: self.now, database=database
        )
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "House":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """The application logs by itself."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as the parent calls it
        """Nothing."""


def picture(page: Page, name: str) -> None:
    """Keep a picture of a page, for people to look at, where PICTURES names a folder."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
