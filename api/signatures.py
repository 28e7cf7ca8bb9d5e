"""Passwords asked for once more, of who signs and who witnesses: checked before a transaction begins, being slow."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy.orm import Session

from api import strict_json
from scheduler.actors import Role
from scheduler.administration.passwords import NOBODYS, check_password, fits
from scheduler.administration.sign_in import Credential, credential_of
from scheduler.errors import DomainError, SignatureRefused, WrongPassword

View = TypeVar("View", bound=Callable[..., Any])
SIGNER, WITNESS = "password", "witness_password"
"""The members of a body that hold the two passwords; no answer, log or digest of a request keeps them."""


def signed(view: View) -> View:
    """The body's `password` must be the caller's own."""
    view.signed = True  # type: ignore[attr-defined] # functools.wraps hands it on to what is wrapped around the view
    return view


def witnessed(view: View) -> View:
    """The body may name a clinician, `witness_id`, with their `witness_password`; `g.witness_id` is then theirs."""
    view.witnessed = True  # type: ignore[attr-defined] # as above
    return view


def are_asked(view: Callable[..., Any]) -> bool:
    """Whether this view asks for passwords."""
    return getattr(view, "signed", False) or getattr(view, "witnessed", False)


def read(db: Session, view: Callable[..., Any]) -> list[tuple[Credential | None, str]]:
    """Whose passwords the body holds; what is missing or of another shape the view's own schema refuses."""
    return list(_claimed(db, view))


def check(claimed: list[tuple[Credential | None, str]]) -> None:
    """Raise `SignatureRefused` unless each password is that person's; failures count as failed sign-ins do."""
    for credential, password in claimed:
        attempts = current_app.extensions["attempts"]
        try:
            with attempts.counted(request.remote_addr or "", credential.email if credential else ""):
                _check(credential, password)
        except WrongPassword as wrong:
            raise SignatureRefused from wrong


def _claimed(db: Session, view: Callable[..., Any]) -> Iterator[tuple[Credential | None, str]]:
    g.witness_id = None
    body = _body()
    if getattr(view, "signed", False) and isinstance(body.get(SIGNER), str):
        role = Role.CLINICIAN if Role.CLINICIAN in g.actor.roles else min(g.actor.roles)
        yield credential_of(db, g.actor.clinic_id, g.actor.staff_id, role), body[SIGNER]
    witness = _id(body.get("witness_id"))
    if getattr(view, "witnessed", False) and witness and isinstance(body.get(WITNESS), str):
        g.witness_id = witness
        yield credential_of(db, g.actor.clinic_id, witness, Role.CLINICIAN), body[WITNESS]


def _check(credential: Credential | None, password: str) -> None:
    """As long for nobody as for somebody."""
    if credential is None:
        fits(NOBODYS, password)
        raise WrongPassword
    check_password(credential.password_hash, password)


def _body() -> dict[str, Any]:
    try:
        body = strict_json.body_of(request)
    except DomainError:
        return {}
    return body if isinstance(body, dict) else {}


def _id(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
