"""OpenAPI 3.1 from the views themselves, and blueprints that document what the house adds to each."""

import http
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import flask_smorest
from flask import Flask, Request, Response
from marshmallow import INCLUDE, RAISE, Schema, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from api import problems, strict_json
from api.idempotency import HEADER, Idempotent
from api.identity import Access
from api.schemas.base import Amount, Clock, FaultOut, Shape, Weekday
from api.versions import HasVersion, with_etag

PREFIX = "/api/v1"
IDEMPOTENCY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "Chosen by the client; a repeated request with the same key acts once and gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
IF_MATCH_PARAMETER = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag of what you read and now change.",
    "schema": {"type": "string", "examples": ['"1"']},
}


UNLIKELY = (
    "A fault each. Of type `confirmation-needed` where values are possible but unlikely:"
    " send the request again with the names in `where` listed in `confirmed` if they are meant so."
)


class ProblemOut(Schema):
    """RFC 9457; some problems say more, such as the alternatives to a refused plan."""

    type = fields.String(required=True, metadata={"examples": ["/problems/slot-taken"]})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultOut), required=True)

    class Meta:
        unknown = INCLUDE


class Parser(FlaskParser):
    """Strict JSON, and no parameter that the shape does not name."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012 # as webargs declares it

    def load_json(self, req: Request, schema: Schema) -> Any:
        if not req.get_data() and getattr(schema, "may_be_absent", False):
            return {}
        return strict_json.body_of(req)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # it ships no types
    """A blueprint under `/api/v1` whose documentation tells of roles, keys and versions without being asked."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document_house_rules)

    def arguments(self, schema: type[Shape], **options: Any) -> Any:
        """As in flask-smorest; the document says of a body that it may be absent."""
        return super().arguments(schema, **{"required": not schema.may_be_absent, **options})

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[Any], Any]:
        """As in flask-smorest; a single versioned row is answered with its ETag."""
        respond = super().response(status_code, schema, **options)

        def decorate(view: Callable[..., Any]) -> Any:
            @wraps(view)
            def tagged(*args: Any, **kwargs: Any) -> Any:
                return with_etag(view(*args, **kwargs))

            return respond(tagged)

        return decorate

    def asks_to_confirm(self, view: Callable[..., Any]) -> Any:
        """Document a 422 that may ask whether an unlikely value is meant so."""
        told = self.alt_response(422, schema=ProblemOut, content_type=problems.MEDIA_TYPE, description=UNLIKELY)
        return told(view)

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any) -> None:
        methods = set(options.get("methods", ("GET",)))
        if changes_a_version(rule, methods):
            view_func.versioned = True
        view_func.takes_body = _takes_body(view_func)
        view_func._apidoc = {
            **getattr(view_func, "_apidoc", {}),
            "house": {
                "operation": f"{self.name}.{view_func.__name__}",
                "access": getattr(view_func, "access", None),
                "idempotent": getattr(view_func, "idempotent", None),
                "versioned": getattr(view_func, "versioned", False),
                "names_a_row": "<" in rule,
            },
        }
        super().add_url_rule(rule, endpoint, view_func, **options)


def created(row: Any, path: str) -> tuple[Any, dict[str, str]]:
    """A view's answer with what it has made: the place where it can be read again, and its ETag if it has one."""
    made, headers = with_etag(row) if isinstance(row, HasVersion) else (row, {})
    return made, {**headers, "Location": PREFIX + path}


def _takes_body(view: Callable[..., Any]) -> bool:
    """Whether flask-smorest knows of a body that this view reads."""
    arguments = getattr(view, "_apidoc", {}).get("arguments", {})
    return any(parameter["in"] == "json" for parameter in arguments.get("parameters", []))


def changes_a_version(rule: str, methods: set[str]) -> bool:
    """Whether a route changes what somebody read before: every PUT and PATCH, and the removal of a row by its id.

    Not what is one's own alone: nobody reads a password, and the present one is asked for instead.
    """
    if rule.startswith("/me/"):
        return False
    return bool(methods & {"PUT", "PATCH"}) or ("DELETE" in methods and rule.endswith(">"))


def _document_house_rules(doc: dict[str, Any], info: Mapping[str, Any], **_context: Any) -> dict[str, Any]:
    house = info["house"]
    access: Access | None = house["access"]
    idempotent: Idempotent | None = house["idempotent"]
    statuses = [http.HTTPStatus.NOT_FOUND] if house["names_a_row"] else []
    doc["operationId"] = house["operation"]
    if access is None or access.public:
        doc["security"] = []
    else:
        statuses += [http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN]
        doc["x-roles"] = sorted(access.roles)
    if idempotent is not None:
        doc.setdefault("parameters", []).append({**IDEMPOTENCY_PARAMETER, "required": idempotent.required})
    if house["versioned"]:
        doc.setdefault("parameters", []).append(IF_MATCH_PARAMETER)
        statuses += [http.HTTPStatus.PRECONDITION_FAILED, http.HTTPStatus.PRECONDITION_REQUIRED]
    for status in statuses:
        doc.setdefault("responses", {})[str(status.value)] = status.name
    return doc


class Api(flask_smorest.Api):  # type: ignore[misc] # it ships no types
    """The document, and problem documents for whatever Flask itself refuses."""

    ERROR_SCHEMA = ProblemOut

    def __init__(self, app: Flask) -> None:
        super().__init__(app, spec_kwargs=SPEC)
        self.register_field(Amount, "string", None)
        self.register_field(Clock, "string", None)
        self.register_field(Weekday, "string", None)
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})

    def register(self, blueprint: Blueprint) -> None:
        """Put a blueprint under `/api/v1`."""
        self.register_blueprint(blueprint, url_prefix=PREFIX + (blueprint.url_prefix or ""))

    def handle_http_exception(self, error: HTTPException) -> Response:
        return problems.from_http(error)

    def _register_responses(self) -> None:
        for name, text in [(status.name, status.phrase) for status in http.HTTPStatus] + [("DEFAULT_ERROR", "Refused")]:
            content = {problems.MEDIA_TYPE: {"schema": ProblemOut}}
            self.spec.components.response(name, {"description": text, "content": content}, lazy=True)


SPEC = {
    "title": "Infusion clinic",
    "version": "1",
    "openapi_version": "3.1.0",
    "security": [{"bearer": []}],
    "servers": [{"url": "/"}],
    "info": {
        "description": "Books, records and reports ketamine infusion series. Sign in at `POST /api/v1/tokens` and send"
        " the token as `Authorization: Bearer ...`. Every refusal is an RFC 9457 problem document."
    },
}
