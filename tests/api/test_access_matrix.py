"""Every route, every role, and one's own, another clinic's and a missing row: made from the URL map.

A new kind of id in a path, a query or a body needs a line in `ROWS` of `matrix_rows.py`; a body the schema alone cannot
describe, one in its `BODIES`.
"""

import re
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from werkzeug.routing import AnyConverter, Rule

from api.app import create_app
from config import Settings
from scheduler.actors import Role
from tests.api.matrix_rows import BODIES, ROWS
from tests.builders import ClinicCast
from tests.clients import Client, new_key

APP = create_app(Settings(), database=object())  # type: ignore[arg-type] # only its routes are read
DOCUMENT = next(iter(APP.extensions["flask-smorest"]["apis"].values()))["ext_obj"].spec.to_dict()
ROUTES = [
    (method, rule)
    for rule in APP.url_map.iter_rules()
    for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    if not APP.view_functions[rule.endpoint].access.public  # type: ignore[attr-defined] # every view has it
]


def name_of(route: Any) -> str:
    return route.rule if isinstance(route, Rule) else str(route)


def roles_of(rule: Rule) -> frozenset[Role]:
    return APP.view_functions[rule.endpoint].access.roles  # type: ignore[attr-defined] # every view has it


def operation(method: str, rule: Rule) -> dict[str, Any]:
    path = "".join(f"{{{part.split(':')[-1]}}}" if odd else part for odd, part in _pieces(rule.rule))
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def _pieces(rule: str) -> list[tuple[int, str]]:
    return [(i % 2, part) for i, part in enumerate(rule.replace(">", "<").split("<"))]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema
    if "$ref" in schema:
        found = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def example(schema: dict[str, Any]) -> Any:
    """The smallest value this schema allows."""
    schema = resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return {name: example(schema["properties"][name]) for name in schema.get("required", ())}
    if kind == "array":
        return [example(schema["items"])] * schema.get("minItems", 0)
    return {"integer": schema.get("minimum", 0), "string": _text(schema), "boolean": False}[kind]


def _text(schema: dict[str, Any]) -> str:
    formats = {"date": str(date(2026, 3, 2)), "date-time": "2026-03-01T12:00:00Z", "uuid": str(uuid4())}
    fallback = "09:00" if "24:00" in schema.get("pattern", "") else "a" * schema.get("minLength", 1)
    return formats.get(schema.get("format", ""), fallback)


def body_schema(method: str, rule: Rule) -> dict[str, Any] | None:
    content = operation(method, rule).get("requestBody", {}).get("content", {}).get("application/json")
    return resolved(content["schema"]) if content else None


def names_in_body(method: str, rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = (body_schema(method, rule) or {}).get("properties", {})
    return found


def names_in_query(method: str, rule: Rule) -> dict[str, Any]:
    parameters = operation(method, rule).get("parameters", ())
    return {item["name"]: item for item in parameters if item["in"] == "query"}


def rows_in_path(rule: Rule) -> set[str]:
    """What stands for a row in a path, unlike one of a few words."""
    return {name for name, reader in rule._converters.items() if not isinstance(reader, AnyConverter)}


def in_path(part: str, ids: dict[str, UUID]) -> str:
    """A row by its name, as in `uuid:patient_id`, or the first of a few words, as in `any(a, b):name`."""
    words = re.fullmatch(r"any\((\w+).*", part)
    return words[1] if words else str(ids[part.rsplit(":", maxsplit=1)[-1]])


def ids_in(method: str, rule: Rule) -> set[str]:
    """The names of the rows a request points at in its path, its query and its body."""
    return rows_in_path(rule) | set(ROWS) & (set(names_in_query(method, rule)) | set(names_in_body(method, rule)))


def ids_required(method: str, rule: Rule) -> set[str]:
    return rows_in_path(rule) | set(ROWS) & set((body_schema(method, rule) or {}).get("required", ()))


def ask(client: Client, method: str, rule: Rule, ids: dict[str, UUID]) -> Any:
    """Call a route with what its documentation requires, and these rows in its path, its query and its body."""
    known = names_in_query(method, rule)
    asked = {name: example(item["schema"]) for name, item in known.items() if item.get("required")}
    query = urlencode(asked | {name: ids[name] for name in set(known) & set(ids)})
    schema, body = body_schema(method, rule), None
    if schema:
        pointed = {name: str(ids[name]) for name in set(names_in_body(method, rule)) & set(ids)}
        body = (BODIES.get(rule.endpoint) or example(schema)) | pointed
    path = "".join(in_path(part, ids) if odd else part for odd, part in _pieces(rule.rule))
    path = path.removeprefix("/api/v1") + ("?" + query if query else "")
    return client.call(method, path, body, If_Match='"1"', Idempotency_Key=new_key())


def own(clinic: ClinicCast, method: str, rule: Rule) -> dict[str, UUID]:
    """Rows of one's own clinic for everything a request must name."""
    return {name: ROWS[name](clinic) for name in ids_required(method, rule)}


POINTERS = [(method, rule, pointer) for method, rule in ROUTES for pointer in sorted(ids_in(method, rule))]


def test_every_id_a_request_can_name_is_tried():
    named = {
        name: resolved(part.get("schema", part))
        for route in ROUTES
        for parts in (names_in_query(*route), names_in_body(*route))
        for name, part in parts.items()
    }

    assert {name for name, schema in named.items() if schema.get("format") == "uuid"} <= set(ROWS)
    assert {pointer for _, _, pointer in POINTERS} <= set(ROWS)


@pytest.mark.parametrize(("method", "rule"), ROUTES, ids=name_of)
def test_nobody_without_a_role_for_it_gets_in(client, as_, clinic, method, rule):
    ids = own(clinic, method, rule)

    stranger = ask(client, method, rule, ids)
    without = [role for role in Role if not roles_of(rule) & {held.role for held in clinic.staff[role].roles}]
    others = [ask(as_(role), method, rule, ids) for role in without]

    assert stranger.status_code == 401
    assert {answer.status_code for answer in others} <= {403}
    assert len({answer.data for answer in others}) <= 1


@pytest.mark.parametrize(("method", "rule"), ROUTES, ids=name_of)
def test_whoever_has_a_role_for_it_gets_in(as_, clinic, method, rule):
    ids = own(clinic, method, rule)

    answers = [ask(as_(role), method, rule, ids) for role in sorted(roles_of(rule))]

    assert not {answer.status_code for answer in answers} & {401, 403, 404, 405}
    assert all(answer.status_code < 500 for answer in answers)


@pytest.mark.parametrize("pointed", POINTERS, ids=lambda pointed: f"{pointed[0]} {pointed[1].rule} {pointed[2]}")
def test_another_clinics_row_answers_as_one_that_is_not_there(as_, clinic, elsewhere, pointed):
    method, rule, pointer = pointed
    ids = own(clinic, method, rule)
    foreign, missing = ids | {pointer: ROWS[pointer](elsewhere)}, ids | {pointer: uuid4()}

    for role in sorted(roles_of(rule)):
        hidden, absent = (ask(as_(role), method, rule, chosen) for chosen in (foreign, missing))
        assert hidden.status_code in ({404} if pointer in rule.arguments else {404, 422}), hidden.data
        assert (hidden.status_code, hidden.data) == (absent.status_code, absent.data)
        assert sorted(hidden.headers) == sorted(absent.headers)
