"""The application: one request, one transaction, and every refusal a problem document."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from api import (
    aftermath,
    alerts,
    appointments,
    assessments,
    batches,
    board,
    booking,
    changes,
    charting,
    clinics,
    cohorts,
    docs,
    due,
    flowsheet,
    forms_due,
    health,
    holds,
    idempotency,
    leaving,
    ledger,
    live,
    monitoring_forms,
    offers,
    orders,
    outbox,
    outcome_settings,
    pages,
    patients,
    problems,
    protocols,
    questionnaires,
    repairs,
    report_pictures,
    reports,
    resources,
    scales,
    series,
    session_settings,
    sessions,
    signatures,
    staff,
    strict_json,
    templates,
    tokens,
    trajectories,
    utilization,
    versions,
    waitlist,
    what_ifs,
)
from api.attempts import Attempts
from api.identity import Work, access_to, identify, refuse_undeclared, work_of
from api.openapi import Api, Blueprint
from config import Settings
from scheduler.errors import PlanRefused
from scheduler.models.engine import Database
from scheduler.models.retrying import tried
from scheduler.records import audit

access_log = logging.getLogger("api.access")

READING = (Work.READS, Work.READS_ONE_SNAPSHOT)

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.blueprint,
    tokens.blueprint,
    staff.blueprint,
    patients.blueprint,
    booking.blueprint,
    series.blueprint,
    changes.blueprint,
    appointments.blueprint,
    board.blueprint,
    scales.blueprint,
    assessments.blueprint,
    trajectories.blueprint,
    alerts.blueprint,
    clinics.blueprint,
    resources.blueprint,
    repairs.blueprint,
    batches.blueprint,
    protocols.blueprint,
    utilization.blueprint,
    what_ifs.blueprint,
    reports.blueprint,
    report_pictures.blueprint,
    cohorts.blueprint,
    holds.blueprint,
    waitlist.blueprint,
    offers.blueprint,
    due.blueprint,
    forms_due.blueprint,
    outbox.blueprint,
    sessions.blueprint,
    templates.blueprint,
    session_settings.blueprint,
    outcome_settings.blueprint,
    orders.blueprint,
    ledger.blueprint,
    leaving.blueprint,
    monitoring_forms.blueprint,
    charting.blueprint,
    flowsheet.blueprint,
    live.blueprint,
    questionnaires.blueprint,
)
"""Everything under `/api/v1`."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now, database: Database | None = None
) -> "ClinicApp":
    """The application, ready to serve; call it after forking.

    Raises `LookupError` if a view does not say who may call it.
    """
    app = ClinicApp(settings, clock, database or Database(settings.database_url, pool_size=settings.threads))
    strict_json.install(app)
    problems.register(app)
    api = Api(app)
    for blueprint in BLUEPRINTS:
        api.register(blueprint)
    app.register_blueprint(health.probes)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(pages.blueprint)
    app.extensions["attempts"] = Attempts(settings.sign_in_failures)
    app.extensions[pages.tablet.CODES] = Attempts(settings.sign_in_failures)
    app.before_request(begin)
    app.after_request(finish)
    refuse_undeclared(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign] # Flask's own way
    return app


class ClinicApp(Flask):
    """Flask with the transaction inside its error handling: what fails at commit is still a problem document."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime], database: Database) -> None:
        super().__init__("api", static_folder=None)
        self.settings = settings
        self.clock = clock
        self.database = database

    def dispatch_request(self) -> Any:
        """Answer the request, and try again as a whole where its transaction met another one."""
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        if request.method == "OPTIONS":
            return self.make_default_options_response()
        request.get_data()  # all of it is here before a transaction begins, however slow the client
        return tried(self._answer)  # the last failure is answered with 503

    def _answer(self) -> Response:
        g.now, g.reserved_key = self.clock(), None
        rule = request.url_rule
        view = self.view_functions[rule.endpoint if rule else ""]
        work = work_of(view, request)
        if work in READING:
            return self._read(view, one_snapshot=work is Work.READS_ONE_SNAPSHOT)
        if work is Work.ON_ITS_OWN or self.database.has_one_writer or signatures.are_asked(view):
            with self.database.reading() as db:  # whom nobody knows does not wait for a turn to write
                self._admit(db, view)
                claimed = signatures.read(db, view)
            signatures.check(claimed)
        try:
            return self._call(view) if work is Work.ON_ITS_OWN else self._write(view)
        except PlanRefused as refused:
            return aftermath.refuse(refused)  # reads anew, and may meet other transactions as the booking may

    def _admit(self, db: Session, view: Callable[..., Any]) -> None:
        g.actor = identify(db, request, access_to(view), now=g.now)
        if getattr(view, "versioned", False):
            versions.require_header()

    def _read(self, view: Callable[..., Any], *, one_snapshot: bool) -> Response:
        with audit.reading(self.database, one_snapshot=one_snapshot) as g.db:
            g.actor = identify(g.db, request, access_to(view), now=g.now)
            return self._call(view)

    def _write(self, view: Callable[..., Any]) -> Response:
        with self.database.writing() as g.db:
            self._admit(g.db, view)  # perhaps again: the sign-in may have ended while the request waited for its turn
            response = self._call(view)
            idempotency.keep_answer(g.db, response)
            g.db.commit()
        return response

    def _call(self, view: Callable[..., Any]) -> Response:
        if not getattr(view, "takes_body", True):
            strict_json.refuse_body(request)
        return self.make_response(view(**(request.view_args or {})))


def begin() -> None:
    g.begun = time.perf_counter()


def finish(response: Response) -> Response:
    """Security headers, and one line of the access log: no address, no query, nothing of a patient."""
    response.headers.extend(HEADERS)
    if request.path.startswith("/api/") and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    milliseconds = round(1000 * (time.perf_counter() - g.begun))
    rule = request.url_rule.rule if request.url_rule else "-"
    access_log.info("%s %s %d %d ms", request.method, rule, response.status_code, milliseconds)
    return response
