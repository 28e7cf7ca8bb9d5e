"""A repeated request acts once: the first answer is kept in the transaction of its effect, and given again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, overload

import orjson
from flask import Response, current_app, g, request
from sqlalchemy import bindparam, delete, update
from sqlalchemy.orm import Session

from api import signatures, strict_json
from scheduler.errors import Fault, KeyNeeded, KeyReused, Malformed
from scheduler.models import IdempotencyKey
from scheduler.models.base import table_of
from scheduler.models.upsert import insert_unless_there
from scheduler.records import audit

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[!-~]{1,200}")
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
SECRETS = frozenset({signatures.SIGNER, signatures.WITNESS})
"""Members of a body of which nothing is kept: a fast digest of a password could be searched for it."""
SHOWN_ONCE = "tablet_code"
"""A member of an answer that is not kept: it is worth as much as the digest that the database has of it."""

_keys = table_of(IdempotencyKey)
_answer = ("status", "headers", "body", "subject", "patient_id")
ANSWER = (
    update(_keys)
    .where(_keys.c.clinic_id == bindparam("of_clinic"), _keys.c.staff_id == bindparam("of_staff"))
    .where(_keys.c.key == bindparam("of_key"))
    .values({name: bindparam(name) for name in _answer})
)
FORGET = delete(_keys).where(_keys.c.clinic_id == bindparam("of_clinic"), _keys.c.created_at < bindparam("eldest"))


@dataclass(frozen=True)
class Idempotent:
    """Whether a view needs the key or only honours it, and whether it can be asked for a dry run."""

    required: bool
    dry_run: bool


@overload
def idempotent(view: View) -> View: ...
@overload
def idempotent(*, required: bool = False, dry_run: bool = False) -> Callable[[View], View]: ...
def idempotent(view: View | None = None, *, required: bool = False, dry_run: bool = False) -> Any:
    """Honour the Idempotency-Key header of this view; with `required`, refuse to act without one.

    With `dry_run` the view reads that word in its body and then does not act: such a request needs no key, and its
    answer is not kept. Whatever else a body says, a view that does not read it acts, and acts once.
    """

    def decorate(view: View) -> Any:
        @wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            if dry_run and strict_json.is_dry_run(request):
                return view(*args, **kwargs)
            return _first_answer(required=required) or view(*args, **kwargs)

        once.idempotent = Idempotent(required, dry_run)  # type: ignore[attr-defined] # for the documentation
        return once

    return decorate if view is None else decorate(view)


def keep_answer(db: Session, response: Response) -> None:
    """Store the answer to this request with its key, if it has reserved one; called before the commit."""
    key: tuple[Any, ...] | None = g.reserved_key
    if key is None:
        return
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    act = audit.pending_act(db)
    answer = {
        **dict(zip(("of_clinic", "of_staff", "of_key"), key, strict=True)),
        "status": response.status_code, "headers": orjson.dumps(headers).decode(), "body": _keepable(response),
        "subject": act and act.subject, "patient_id": act and act.patient_id,
    }  # fmt: skip
    db.execute(ANSWER, answer)


def _keepable(response: Response) -> bytes:
    """The body of an answer without what is shown once."""
    body: bytes = response.get_data()
    if f'"{SHOWN_ONCE}"'.encode() not in body:
        return body
    said = orjson.loads(body)
    return orjson.dumps({**said, SHOWN_ONCE: None}) if SHOWN_ONCE in said else body


def _first_answer(*, required: bool) -> Response | None:
    """The answer this key was given before; None if this request is the first with it, or has none."""
    key = _key(required=required)
    if key is None:
        return None
    whole = (g.actor.clinic_id, g.actor.staff_id, key)
    digest = request_digest()
    _forget_old()
    names = ("clinic_id", "staff_id", "key")
    reserved = insert_unless_there(
        g.db, IdempotencyKey, **dict(zip(names, whole, strict=True)), request_digest=digest, created_at=g.now
    )
    if reserved:
        g.reserved_key = whole
        return None
    return _replay(g.db.get_one(IdempotencyKey, whole), digest)


def _forget_old() -> None:
    """Remove the clinic's answers that have been kept long enough; every use of a key does, so there are never many."""
    eldest = g.now - timedelta(days=current_app.settings.idempotency_days)  # type: ignore[attr-defined] # ClinicApp
    g.db.execute(FORGET, {"of_clinic": g.actor.clinic_id, "eldest": eldest})


def _key(*, required: bool) -> str | None:
    key = request.headers.get(HEADER)
    if key is None and required:
        raise KeyNeeded
    if key is not None and not KEY.fullmatch(key):
        raise Malformed(faults=(Fault(HEADER, "invalid", "A key has 1 to 200 visible ASCII characters."),))
    return key


def _replay(row: IdempotencyKey, digest: str) -> Response:
    if row.request_digest != digest:
        raise KeyReused
    audit.note(g.db, "answer.replayed", actor=g.actor, now=g.now, subject=row.subject, patient_id=row.patient_id)
    return Response(row.body, row.status, {**orjson.loads(row.headers or "{}"), REPLAYED: "true"})


def request_digest() -> str:
    """What makes two requests the same: method, path, query and body, secrets and the order of members aside."""
    body = strict_json.body_of(request) if request.get_data() else None
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in SECRETS}
    said = [request.method, request.path, request.query_string.decode("latin-1"), body]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
