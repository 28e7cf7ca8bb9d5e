"""The page of the clinic's tablet: a code that was told to a patient leads on to the questions."""

from uuid import UUID

from flask import Response, current_app, g, redirect, request, url_for

from api.attempts import Attempts
from api.identity import allow_public, on_its_own
from api.pages.bodies import fields_of
from api.pages.frame import SEE_OTHER, TOO_MANY, UNPROCESSABLE, blueprint, show
from scheduler.errors import Malformed, TooManyAttempts
from scheduler.outcomes.questionnaires import redeeming
from scheduler.outcomes.questionnaires.answering import Face, face_of
from scheduler.outcomes.questionnaires.codes import Code, read_code

CODES = "code-attempts"
"""Wrong codes are counted apart from wrong passwords: a clinic's tablet must not lock its staff out."""
FORGET = "forget"
"""A cookie nobody reads, gone within a second. Chromium keeps pages in memory to go back to although no cache may
store them, answers and all, and drops those a cookie belongs to as soon as one is set.
"""


@blueprint.get("/tablet/<uuid:clinic_id>")
@allow_public
def ask_code(clinic_id: UUID) -> Response:
    """Ask for a code; what the browser kept of the pages before is forgotten."""
    page = show("tablet.html", face_of(g.db, clinic_id, now=g.now))
    page.set_cookie(FORGET, "1", max_age=1, path="/q", httponly=True, samesite="Strict", secure=request.is_secure)
    return page


@blueprint.post("/tablet/<uuid:clinic_id>")
@allow_public
@on_its_own
def take_code(clinic_id: UUID) -> Response:
    """Lead on to the questions; a wrong code, an old one and one nobody has look alike.

    No transaction is open while the code is checked, for that is slow.
    """
    typed = fields_of(request)
    if set(typed) != {"code"}:
        raise Malformed
    with current_app.database.reading() as db:  # type: ignore[attr-defined] # ClinicApp
        face = face_of(db, clinic_id, now=g.now)
    code = read_code(typed["code"])
    try:
        token = _exchange(clinic_id, code) if code else None
    except TooManyAttempts as refused:
        page = show("tablet.html", face, status=TOO_MANY, too_many=True)
        page.headers["Retry-After"] = str(refused.facts["retry_after"])
        return page
    return _lead_on(token) if token else _ask_again(face)


def _exchange(clinic_id: UUID, code: Code) -> str | None:
    """The token of a fresh link; None for a code that is refused, which counts for its network address."""
    database = current_app.database  # type: ignore[attr-defined] # ClinicApp
    attempts: Attempts = current_app.extensions[CODES]
    who = request.remote_addr or "", f"{clinic_id}/{code.number}"
    attempts.refuse_excess(*who)
    with database.reading() as db:
        challenge = redeeming.find_challenge(db, clinic_id, code)
    fitted = challenge.fits(code)
    with database.committing() as db:
        token = redeeming.redeem(db, challenge, fitted=fitted, now=g.now)
    if token is None:
        attempts.failed(*who)
    return token


def _lead_on(token: str) -> Response:
    response = redirect(url_for("pages.ask", token=token), SEE_OTHER)
    return current_app.make_response(response)


def _ask_again(face: Face) -> Response:
    return show("tablet.html", face, status=UNPROCESSABLE, wrong=True)
