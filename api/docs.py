"""The OpenAPI document, and a page to read it on without any outside network."""

from pathlib import Path

import flask_swagger_ui
import orjson
from flask import Blueprint, Response, current_app, send_from_directory

from api.identity import allow_public
from api.openapi import PREFIX

PAGE = Path(__file__).parent / "docs_assets"
SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
DAY_SECONDS = 86_400

blueprint = Blueprint("docs", __name__, url_prefix=PREFIX)


@blueprint.get("/openapi.json")
@allow_public
def openapi() -> Response:
    """The document."""
    (api,) = current_app.extensions["flask-smorest"]["apis"].values()
    return Response(orjson.dumps(api["ext_obj"].spec.to_dict()), content_type="application/json")


@blueprint.get("/docs")
@allow_public
def page() -> Response:
    """The page."""
    return send_from_directory(PAGE, "index.html")


@blueprint.get("/docs/start.js")
@allow_public
def start() -> Response:
    """What starts the page; its own file, since the content policy allows no script inside a page."""
    return send_from_directory(PAGE, "start.js")


@blueprint.get("/docs/assets/<name>")
@allow_public
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    return send_from_directory(SWAGGER_UI, name, max_age=DAY_SECONDS)
