"""Signing in and out."""

from datetime import timedelta
from typing import Any

from flask import current_app, g, request

from api.identity import allow_public, allow_staff, bearer, on_its_own
from api.openapi import Blueprint
from api.schemas.tokens import SignInIn, SignInOut
from scheduler.administration import sign_in

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens", description="Signing in and out.")


@blueprint.post("")
@blueprint.response(201, SignInOut)
@blueprint.arguments(SignInIn)
@allow_public
@on_its_own
def create(body: dict[str, Any]) -> sign_in.SignIn:
    """Sign in to one clinic.

    No transaction is open while the password is checked, for that is slow.
    """
    database, hours = current_app.database, current_app.settings.token_hours  # type: ignore[attr-defined] # ClinicApp
    with current_app.extensions["attempts"].counted(request.remote_addr or "", body["email"]):
        with database.reading() as db:
            places = sign_in.places_of(db, body["email"], body.get("clinic_id"))
        place = sign_in.choose_place(places, body["password"])
    with database.committing() as db:
        return sign_in.issue_token(db, place, now=g.now, lifetime=timedelta(hours=hours))


@blueprint.delete("/current")
@blueprint.response(204)
@allow_staff
def end() -> None:
    """Sign out: the token is worthless at once."""
    sign_in.revoke(g.db, bearer(request), actor=g.actor, now=g.now)
