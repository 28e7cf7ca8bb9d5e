"""A patient's browser, as far as a test client is one: it follows links and submits forms."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask

CALM = {f"item-{number}": "1" for number in range(1, 9)} | {"item-9": "0"}
IN_DANGER = CALM | {"item-9": "2"}


class Browser:
    """Keeps the address of the last page."""

    def __init__(self, app: Flask, path: str = "") -> None:
        self._client = app.test_client()
        self.path = path

    def open(self, path: str | None = None) -> Any:
        self.path = path or self.path
        return self._client.get(self.path)

    def send(self, fields: Mapping[str, str] | bytes, content_type: str = "application/x-www-form-urlencoded") -> Any:
        return self._client.post(self.path, data=fields, content_type=content_type)

    def type_code(self, page: str, code: str) -> Any:
        """At the tablet; the address is then that of the questions, if the code was good."""
        answer = self._client.post(page, data={"code": code})
        self.path = answer.headers.get("Location", self.path)
        return answer


def ticked(page: str) -> dict[str, str]:
    """The answers a page shows as chosen."""
    boxes = re.findall(r"<input type=\"radio\"[^>]*>", page)
    found = [re.search(r'name="(item-\d+)" value="(\d+)"', box) for box in boxes if " checked" in box]
    return {match[1]: match[2] for match in found if match}
