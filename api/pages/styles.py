"""The stylesheets of the pages: one of the house, and the clinic's colour in one of its own.

The content policy allows no style inside a page.
"""

from pathlib import Path
from uuid import UUID

from flask import Response, g, send_from_directory

from api.identity import allow_public
from api.pages import colours
from api.pages.frame import blueprint
from scheduler.models import Clinic

ASSETS = Path(__file__).parent / "assets"
HOUR_SECONDS = 3600
SHEET = """:root {{ --accent: {accent}; --on-accent: {on_accent}; --line: {by_day}; --text-accent: {text_by_day}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --line: {by_night}; --text-accent: {text_by_night}; }}
}}
"""


@blueprint.get("/assets/pages.css")
@allow_public
def sheet() -> Response:
    """How the pages look."""
    return send_from_directory(ASSETS, "pages.css", max_age=HOUR_SECONDS)


@blueprint.get("/assets/clinic/<uuid:clinic_id>.css")
@allow_public
def of_clinic(clinic_id: UUID) -> Response:
    """A clinic's colour, and what reads on it; the house's for a clinic that has chosen none."""
    clinic = g.db.get(Clinic, clinic_id)
    response = Response(in_colour((clinic and clinic.accent) or colours.DEFAULT), mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={HOUR_SECONDS}"
    return response


def in_colour(accent: str) -> str:
    """The stylesheet of a colour: whichever it is, text on it and lines of it can be told from their ground."""
    day, night = colours.BY_DAY, colours.BY_NIGHT
    return SHEET.format(
        accent=accent, on_accent=colours.text_on(accent),
        by_day=colours.seen_on(day, accent), by_night=colours.seen_on(night, accent),
        text_by_day=colours.seen_on(day, accent, least=colours.TEXT),
        text_by_night=colours.seen_on(night, accent, least=colours.TEXT),
    )  # fmt: skip
