"""Every refusal as an RFC 9457 problem document, and the one table of HTTP statuses."""

import http
import logging
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from flask import Flask, Response
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from scheduler import errors
from scheduler.errors import DomainError, Fault
from scheduler.models.constraints import refusal_of
from scheduler.models.engine import is_away

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "/problems/"
RETRY_SECONDS = 2

STATUSES: dict[type[DomainError], int] = {
    errors.Malformed: 400,
    errors.KeyNeeded: 400,
    errors.NotSignedIn: 401,
    errors.WrongPassword: 401,
    errors.NotAllowed: 403,
    errors.SignatureRefused: 403,
    errors.NotFound: 404,
    errors.MrnTaken: 409,
    errors.EmailTaken: 409,
    errors.LastAdministrator: 409,
    errors.NameTaken: 409,
    errors.PlanRefused: 409,
    errors.SlotTaken: 409,
    errors.PatientBusy: 409,
    errors.CapacityInUse: 409,
    errors.AppointmentsStand: 409,
    errors.Retired: 409,
    errors.ShiftOverlaps: 409,
    errors.AlreadyAcknowledged: 409,
    errors.IllegalTransition: 409,
    errors.OutOfTime: 409,
    errors.CannotReturn: 409,
    errors.SeriesEnded: 409,
    errors.SeriesPaused: 409,
    errors.SeriesBegun: 409,
    errors.SeriesNotBegun: 409,
    errors.SeriesUnfinished: 409,
    errors.HoldEnded: 409,
    errors.HoldOfAnother: 409,
    errors.AlreadyRenewed: 409,
    errors.EntryEnded: 409,
    errors.OfferOut: 409,
    errors.OfferEnded: 409,
    errors.NobodyFits: 409,
    errors.EnoughAsked: 409,
    errors.SessionOpen: 409,
    errors.SessionSigned: 409,
    errors.SessionVoid: 409,
    errors.AlreadyCorrected: 409,
    errors.AlreadyAnswered: 409,
    errors.Blocked: 409,
    errors.OrderSigned: 409,
    errors.NotInVial: 409,
    errors.AlreadyReversed: 409,
    errors.LabelTaken: 409,
    errors.LinkEnded: 410,
    errors.StaleVersion: 412,
    errors.NotJson: 415,
    errors.Invalid: 422,
    errors.ClinicNeeded: 422,
    errors.ConfirmationNeeded: 422,
    errors.NonexistentLocalTime: 422,
    errors.AmbiguousLocalTime: 422,
    errors.KeyReused: 422,
    errors.VersionNeeded: 428,
    errors.TooManyAttempts: 429,
    errors.Unavailable: 503,
}
"""The domain knows no number; `tests/test_contracts.py` sees to it that every refusal has one here."""

CODES_BY_MESSAGE = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown",
    "Field may not be null.": "null",
}
"""marshmallow gives messages only; these are the ones a program may want to tell apart."""


def status_of(refusal: DomainError) -> int:
    """The status of a refusal: its own class's, or its nearest parent's."""
    return next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)


def problem(
    status: int, code: str, title: str, detail: str, *, faults: tuple[Fault, ...] = (),
    facts: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The document, with every fault of the request and the facts a program can act on."""
    body = {
        **(facts or {}),
        "type": TYPES + code, "title": title, "status": status, "detail": detail,
        "errors": [{"where": fault.where, "code": fault.code, "message": fault.message} for fault in faults],
    }  # fmt: skip
    return Response(orjson.dumps(body), status, headers, content_type=MEDIA_TYPE)


def from_refusal(refusal: DomainError) -> Response:
    status = status_of(refusal)
    headers = {}
    if status == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts["retry_after"])
    return problem(
        status, refusal.code, refusal.title, refusal.detail,
        faults=refusal.faults, facts=refusal.facts, headers=headers,
    )  # fmt: skip


def from_http(error: HTTPException) -> Response:
    """What Flask, werkzeug or the shape of a request refused."""
    data = getattr(error, "data", None) or {}
    if "messages" in data:
        return from_refusal(errors.Invalid(faults=tuple(_faults(data["messages"]))))
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    phrase = http.HTTPStatus(status).phrase
    return problem(status, phrase.lower().replace(" ", "-"), f"{phrase}.", f"{phrase}.", headers=headers)


def _faults(messages: Any, path: tuple[str, ...] = ()) -> Iterator[Fault]:
    """Every message of a marshmallow error tree, with the path to its field; the first step names the location."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _faults(inner, path if key == "_schema" else (*path, str(key)))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield Fault(".".join(path[1:]), CODES_BY_MESSAGE.get(message, "invalid"), str(message))


def from_database(error: DBAPIError) -> Response:
    """What the database refused: a constraint by its name, a value it cannot hold, or its being away."""
    refusal: DomainError | None = None
    if isinstance(error, IntegrityError):
        refusal = refusal_of(error)
    elif isinstance(error, DataError):
        refusal = errors.Invalid("A value lies outside what can be kept.")
    elif is_away(error):
        refusal = errors.Unavailable(retry_after=RETRY_SECONDS)
    return from_refusal(refusal) if refusal else from_fault(error)


def from_fault(error: Exception) -> Response:
    """A fault of the program. The log tells where, and not with what values: those may be a patient's."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in\n%s", type(error).__name__, frames)
    return problem(500, "internal-error", "Something went wrong here.", "This is a fault of the program, not of yours.")


def register(app: Flask) -> None:
    """Answer every exception with a problem document."""
    app.register_error_handler(DomainError, from_refusal)
    app.register_error_handler(DBAPIError, from_database)
    app.register_error_handler(NoConnection, lambda _: from_refusal(errors.Unavailable(retry_after=RETRY_SECONDS)))
    app.register_error_handler(StaleDataError, lambda _: from_refusal(errors.StaleVersion()))
    app.register_error_handler(Exception, from_fault)
