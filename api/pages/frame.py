"""What every page for patients shares: its blueprint, its headers, and a page for whatever goes wrong."""

import http
import re
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from api import problems
from scheduler import errors
from scheduler.errors import DomainError
from scheduler.outcomes.policy import Questionnaires
from scheduler.outcomes.questionnaires.answering import Face, face_of
from scheduler.outcomes.questionnaires.links import clinic_in

blueprint = Blueprint("pages", __name__, template_folder="templates")

NUMBER = re.compile(r"(?<![\w+])(?:\+?[0-9][0-9 ().-]{5,20}[0-9]|(?:911|988|999|112|111|000))(?!\w)")
"""A telephone number as people write it, or one of the short ones for emergencies."""
DIAL = Markup('<a href="tel:{}">{}</a>')
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
SAID = {
    400: "Something in what was sent could not be read.",
    404: "There is no such page. Perhaps the link was not copied whole.",
    409: "These questions have been answered already.",
    413: "What was sent is too long.",
    415: "Something in what was sent could not be read.",
    429: "Too many codes were wrong. Wait a few minutes before the next one.",
    503: "The clinic's records cannot be reached just now. Please try again in a moment.",
}
"""What a patient is told by the status; nothing of what they sent."""
TROUBLE = "Something went wrong here, and it is not your fault. Please try again in a moment."


@blueprint.app_template_filter()
def with_numbers(text: str) -> Markup:
    """The text with what looks like a telephone number to be dialled by a touch."""
    said, found = Markup(""), 0
    for number in NUMBER.finditer(text):
        said += text[found : number.start()] + DIAL.format(re.sub(r"[^+0-9]", "", number[0]), number[0])
        found = number.end()
    return said + text[found:]


def show(template: str, face: Face | None, *, status: int = 200, **known: Any) -> Response:
    """A page in the clinic's style and with its words for somebody in danger, or the house's where it is not known."""
    words = face.crisis_text if face else Questionnaires().crisis_text
    page = render_template(f"pages/{template}", face=face, crisis_text=words, **known)
    return Response(page, status, mimetype="text/html")


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    """Neither a cache nor a search engine keeps a page; a stylesheet says itself how long it may be kept."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@blueprint.errorhandler(Exception)
def _apologise(error: Exception) -> Response:
    """A refusal or a fault as a page. Whatever was written has been rolled back.

    What was sent may be the answers of somebody in danger, whatever became of them: then those words come first.
    """
    document = _problem(error)
    face = None if isinstance(error, NoConnection) else _face_asked_for()  # who waited in vain does not wait again
    answers = request.method == "POST" and "token" in (request.view_args or {})
    said = SAID.get(document.status_code, TROUBLE)
    page = show("trouble.html", face, status=document.status_code, said=said, in_danger=answers)
    page.headers.extend({name: document.headers[name] for name in ("Allow", "Retry-After") if name in document.headers})
    return page


def _face_asked_for() -> Face | None:
    """The clinic whose page was asked for, read anew; None where it cannot be known."""
    asked = request.view_args or {}
    clinic_id = asked.get("clinic_id") or clinic_in(asked.get("token", ""))
    if clinic_id is None:
        return None
    try:
        with current_app.database.reading() as db:  # type: ignore[attr-defined] # ClinicApp
            return face_of(db, clinic_id, now=current_app.clock())  # type: ignore[attr-defined] # ClinicApp
    except (DomainError, SQLAlchemyError):
        return None


def _problem(error: Exception) -> Response:
    """The problem document that a program would have got; what is nobody's fault but ours is logged on the way."""
    if isinstance(error, DomainError):
        return problems.from_refusal(error)
    if isinstance(error, HTTPException):
        return problems.from_http(error)
    if isinstance(error, NoConnection):
        return problems.from_refusal(errors.Unavailable(retry_after=problems.RETRY_SECONDS))
    return problems.from_database(error) if isinstance(error, DBAPIError) else problems.from_fault(error)


GONE, TOO_MANY, UNPROCESSABLE, SEE_OTHER = (
    http.HTTPStatus.GONE, http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.UNPROCESSABLE_ENTITY,
    http.HTTPStatus.SEE_OTHER,
)  # fmt: skip
