"""Proposals and series: the scheduler's main job."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, g

from api import problems
from api.idempotency import idempotent
from api.identity import allow, reads
from api.openapi import Blueprint
from api.schemas.booking import ProposalOut, ProposalsIn, ProposalsOut, SeriesIn, SeriesListOut, SeriesOut
from scheduler.actors import Role
from scheduler.booking import book, propose, series
from scheduler.booking.proposals import from_text
from scheduler.errors import PlanRefused
from scheduler.records import audit

blueprint = Blueprint("booking", __name__, description="Finding, booking and reading whole series.")

ALTERNATIVES = ProposalOut(many=True)


@blueprint.post("/proposals")
@blueprint.response(200, ProposalsOut)
@blueprint.arguments(ProposalsIn)
@reads
@allow(Role.SCHEDULER)
def ask(body: dict[str, Any]) -> propose.Proposals:
    """Ask for the best whole series for a patient under a protocol; nothing is booked."""
    return propose.propose(g.db, **body, actor=g.actor, now=g.now)


@blueprint.post("/series")
@blueprint.response(201, SeriesOut)
@blueprint.arguments(SeriesIn)
@blueprint.alt_response(409, description="Every conflict, and `alternatives` to book instead.")
@idempotent(required=True)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def commit(body: dict[str, Any]) -> series.BookedSeries:
    """Book a proposal exactly as it was given out: every appointment of it, or none."""
    plan, told = from_text(body.pop("proposal")), {"waiver": body.pop("override"), **body}
    return book.book_series(g.db, plan, actor=g.actor, now=g.now, **told)


@blueprint.get("/series/<uuid:series_id>")
@blueprint.response(200, SeriesOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(series_id: UUID) -> series.BookedSeries:
    """A series with its appointments."""
    return series.read_series(g.db, series_id, actor=g.actor, now=g.now)


@blueprint.get("/patients/<uuid:patient_id>/series")
@blueprint.response(200, SeriesListOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def of_patient(patient_id: UUID) -> dict[str, Any]:
    """Every series of a patient, oldest first."""
    return {"items": series.patient_series(g.db, patient_id, actor=g.actor, now=g.now), "next": None}


def refuse(refused: PlanRefused) -> Response:
    """Every conflict of the refused plan and what could be booked instead, as the calendar stands by now.

    It takes transactions of its own, after the booking's; the application calls it inside what it tries again.
    """
    with audit.reading(current_app.database) as db:  # type: ignore[attr-defined] # ClinicApp
        refusal = book.explain_refusal(db, refused, actor=g.actor, now=g.now)
    return problems.from_refusal(PlanRefused(refusal.conflicts, alternatives=ALTERNATIVES.dump(refusal.alternatives)))
