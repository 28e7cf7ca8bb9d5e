"""Every answer a test gets is held against the OpenAPI document, whatever the test itself looks at."""

from functools import cache
from typing import Any

from flask import Flask
from jsonschema_rs import Draft202012Validator  # comes with schemathesis
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse


def check_documented(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fails unless the document foresees this answer to this route."""
    rule = _rule(app, method, path)
    documented = _operations(app).get((rule.rule, method.lower())) if rule else None
    if documented is None or method == "HEAD":
        return
    foreseen = _resolved(app, documented["responses"].get(str(answer.status_code), documented["responses"]["default"]))
    content = foreseen.get("content", {})
    assert answer.status_code >= 400 or str(answer.status_code) in documented["responses"], answer.status
    if content and not answer.is_json:
        assert answer.mimetype in content, answer.mimetype
    elif content:
        _validator(app, content[answer.mimetype]["schema"]["$ref"]).validate(answer.json)


def _rule(app: Flask, method: str, path: str) -> Rule | None:
    try:
        rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method, return_rule=True)
    except HTTPException:
        return None
    return rule


@cache
def _document(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return document


@cache
def _operations(app: Flask) -> dict[tuple[str, str], dict[str, Any]]:
    paths = _document(app)["paths"]
    rules = {_templated(rule.rule): rule.rule for rule in app.url_map.iter_rules()}
    return {(rules[path], method): found for path, methods in paths.items() for method, found in methods.items()}


def _templated(rule: str) -> str:
    """`/patients/<uuid:patient_id>` as the document writes it."""
    parts = rule.replace(">", "<").split("<")
    return "".join(f"{{{part.split(':')[-1]}}}" if i % 2 else part for i, part in enumerate(parts))


def _resolved(app: Flask, response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in response:
        return response
    found: dict[str, Any] = _document(app)["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


@cache
def _validator(app: Flask, reference: str) -> Draft202012Validator:
    schema = {"$ref": reference, "components": _document(app)["components"]}
    return Draft202012Validator(schema, validate_formats=True)
