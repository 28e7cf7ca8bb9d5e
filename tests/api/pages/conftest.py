"""One browser for all that looks at pages; its tests share a worker."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import running_browser


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    """A real Chromium."""
    with running_browser() as browser:
        yield browser
