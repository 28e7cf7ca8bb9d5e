"""The controlled substance ledger: vials, what went in and out of them, and what became of it."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint, created
from api.paging import Page, moment, page, page_of
from api.schemas.ledger import (
    BookQuery,
    CountIn,
    DisposalIn,
    EntryCorrectionIn,
    LedgerEntryOut,
    ReasonIn,
    ResolutionIn,
    SessionEntryIn,
    SessionLedgerOut,
    VialHistoryOut,
    VialIn,
    VialOut,
    VialsQuery,
)
from api.signatures import witnessed
from scheduler.actors import Role
from scheduler.models import LedgerEntry, LedgerKind
from scheduler.sessions.ledger import ledger, mending, stock, vials
from scheduler.sessions.ledger.ledger import SessionLedger
from scheduler.sessions.ledger.stock import HeldVial, VialHistory

blueprint = Blueprint("ledger", __name__, description="The controlled drugs: vials, and every amount in and out.")

TOO_LITTLE = "There is less in the vial."
SETTLED = "It has been reversed already, or what it filled has left the vial."


@blueprint.post("/vials")
@blueprint.response(201, VialOut)
@blueprint.arguments(VialIn)
@blueprint.alt_response(409, description="Another vial has this label.")
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def receive(body: dict[str, Any]) -> tuple[HeldVial, dict[str, str]]:
    """Take a vial or a device into custody. It is never changed: one that was entered wrongly is reversed."""
    held = vials.receive_vial(g.db, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)
    return created(held, f"/vials/{held.vial.id}")


@blueprint.get("/vials")
@blueprint.response(200, page_of(VialOut))
@blueprint.arguments(VialsQuery, location="query")
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def list_vials(asked: dict[str, Any]) -> Page[HeldVial]:
    """The vials with what they hold and the counts of them to be explained; those that expire first at the top."""
    in_state = partial(stock.list_vials, g.db, asked["state"], actor=g.actor, now=g.now)
    return page(asked, in_state, key=lambda held: (held.vial.id,))


@blueprint.get("/vials/<uuid:vial_id>")
@blueprint.response(200, VialHistoryOut)
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def one_vial(vial_id: UUID) -> VialHistory:
    """Read a vial and every entry of it. Whose sessions these name is written down."""
    return stock.read_vial(g.db, vial_id, actor=g.actor, now=g.now)


@blueprint.post("/vials/<uuid:vial_id>/counts")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(CountIn)
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def count(body: dict[str, Any], vial_id: UUID) -> LedgerEntry:
    """Count a vial by two people; where it is off, the count stays on the list until somebody explains it."""
    return vials.count(g.db, vial_id, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)


@blueprint.post("/vials/<uuid:vial_id>/waste")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(DisposalIn)
@blueprint.alt_response(409, description=TOO_LITTLE)
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def waste(body: dict[str, Any], vial_id: UUID) -> LedgerEntry:
    """Throw away what is in a vial, or some of it: it broke, it is past its date."""
    return vials.dispose(
        g.db, vial_id, LedgerKind.WASTED, **body, witness_id=g.witness_id, actor=g.actor, now=g.now,
    )  # fmt: skip


@blueprint.post("/vials/<uuid:vial_id>/returns")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(DisposalIn)
@blueprint.alt_response(409, description=TOO_LITTLE)
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def send_back(body: dict[str, Any], vial_id: UUID) -> LedgerEntry:
    """Send a vial back, or what is in it, to where it came from."""
    return vials.dispose(
        g.db, vial_id, LedgerKind.RETURNED, **body, witness_id=g.witness_id, actor=g.actor, now=g.now,
    )  # fmt: skip


@blueprint.post("/sessions/<uuid:session_id>/ledger")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(SessionEntryIn)
@blueprint.alt_response(409, description=TOO_LITTLE + " Or the session is signed, or void.")
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def record(body: dict[str, Any], session_id: UUID) -> LedgerEntry:
    """Draw for a session, or waste or return some of what was drawn; never more than is left of it."""
    return ledger.record(g.db, session_id, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)


@blueprint.get("/sessions/<uuid:session_id>/ledger")
@blueprint.response(200, SessionLedgerOut)
@allow(Role.CLINICIAN)
def of_session(session_id: UUID) -> SessionLedger:
    """Read what was drawn for a session and what became of it. That it was read is written down."""
    return ledger.read_ledger(g.db, session_id, actor=g.actor, now=g.now)


@blueprint.get("/ledger")
@blueprint.response(200, page_of(LedgerEntryOut))
@blueprint.arguments(BookQuery, location="query")
@allow(Role.CLINICIAN, Role.ADMINISTRATOR)
def book(asked: dict[str, Any]) -> Page[LedgerEntry]:
    """The clinic's book from one date to another, in order of time."""
    fetch = partial(
        stock.list_entries, g.db, first=asked["first"], last=asked["last"], actor=g.actor, now=g.now,
    )  # fmt: skip
    return page(asked, fetch, key=lambda entry: (entry.occurred_at, entry.id), kinds=(moment, UUID))


@blueprint.post("/ledger/<uuid:ledger_entry_id>/reversal")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(ReasonIn)
@blueprint.alt_response(409, description=SETTLED)
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def reverse(body: dict[str, Any], ledger_entry_id: UUID) -> LedgerEntry:
    """Take an entry back by one with the opposite amount. What was given is corrected in the session's record."""
    return mending.reverse(g.db, ledger_entry_id, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)


@blueprint.post("/ledger/<uuid:ledger_entry_id>/correction")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(EntryCorrectionIn)
@blueprint.alt_response(409, description=SETTLED + " " + TOO_LITTLE)
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def correct(body: dict[str, Any], ledger_entry_id: UUID) -> LedgerEntry:
    """Take an entry back and put another amount in its place, in a signed session too; the new entry is answered."""
    return mending.correct(g.db, ledger_entry_id, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)


@blueprint.post("/ledger/<uuid:ledger_entry_id>/resolution")
@blueprint.response(201, LedgerEntryOut)
@blueprint.arguments(ResolutionIn)
@blueprint.alt_response(409, description="Somebody has explained it already.")
@idempotent(required=True)
@witnessed
@allow(Role.CLINICIAN)
def resolve(body: dict[str, Any], ledger_entry_id: UUID) -> LedgerEntry:
    """Explain a count that was off, which takes it from the list. `adjust` puts the vial at what was
    counted, while its balance is still the one the count was held against.
    """
    return vials.resolve(g.db, ledger_entry_id, **body, witness_id=g.witness_id, actor=g.actor, now=g.now)
