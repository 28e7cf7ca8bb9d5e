"""The people of a clinic, for its administrator, and everyone's own password."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from uuid import UUID

from flask import current_app, g, request

from api.idempotency import idempotent
from api.identity import allow, allow_staff, bearer, on_its_own
from api.openapi import Blueprint
from api.paging import Page, PageIn, page, page_of
from api.schemas.staff import PasswordIn, StaffIn, StaffOut, StaffPatch
from api.versions import require_version
from scheduler.actors import Role
from scheduler.administration import accounts
from scheduler.administration.passwords import check_password, hash_password
from scheduler.errors import Fault, Invalid, WrongPassword
from scheduler.models import Staff

blueprint = Blueprint("staff", __name__, url_prefix="/staff", description="The people of a clinic and their roles.")


def password_hashed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Hash the password of a body before the view's transaction begins, for that is slow."""

    @wraps(view)
    def hashed(body: dict[str, Any]) -> Any:
        return view({**body, "password": hash_password(body["password"])})

    return hashed


@blueprint.get("")
@blueprint.response(200, page_of(StaffOut))
@blueprint.arguments(PageIn, location="query")
@allow(Role.ADMINISTRATOR)
def every(asked: dict[str, Any]) -> Page[Staff]:
    """List the clinic's people by name, those who left included."""
    return page(asked, partial(accounts.list_staff, g.db, actor=g.actor))


@blueprint.post("")
@blueprint.response(201, StaffOut)
@blueprint.arguments(StaffIn)
@password_hashed
@idempotent
@allow(Role.ADMINISTRATOR)
def add(body: dict[str, Any]) -> Staff:
    """Give a person a place in the clinic."""
    return accounts.add_staff(
        g.db, name=body["name"], email=body["email"], password_hash=body["password"], roles=body["roles"],
        actor=g.actor, now=g.now,
    )  # fmt: skip


@blueprint.get("/<uuid:staff_id>")
@blueprint.response(200, StaffOut)
@allow(Role.ADMINISTRATOR)
def one(staff_id: UUID) -> Staff:
    """Read one member of staff."""
    return accounts.find_staff(g.db, staff_id, actor=g.actor)


@blueprint.patch("/<uuid:staff_id>")
@blueprint.response(200, StaffOut)
@blueprint.arguments(StaffPatch)
@allow(Role.ADMINISTRATOR)
def change(body: dict[str, Any], staff_id: UUID) -> Staff:
    """Change a person's name or roles; new roles end their sign-ins."""
    staff = accounts.find_staff(g.db, staff_id, actor=g.actor)
    require_version(staff)
    return accounts.change_staff(g.db, staff, actor=g.actor, now=g.now, **body)


@blueprint.delete("/<uuid:staff_id>")
@blueprint.response(200, StaffOut)
@allow(Role.ADMINISTRATOR)
def end(staff_id: UUID) -> Staff:
    """End a person's place in the clinic, and their sign-ins at once. Their name stays with what they did."""
    staff = accounts.find_staff(g.db, staff_id, actor=g.actor)
    require_version(staff)
    return accounts.leave(g.db, staff, actor=g.actor, now=g.now)


@blueprint.put("/me/password")
@blueprint.response(204)
@blueprint.arguments(PasswordIn)
@allow_staff
@on_its_own
def change_password(body: dict[str, Any]) -> None:
    """Change one's own password for this clinic, and end one's other sign-ins.

    No transaction is open while passwords are checked and hashed, for that is slow.
    """
    database = current_app.database  # type: ignore[attr-defined] # ClinicApp
    with database.reading() as db:
        me = accounts.find_staff(db, g.actor.staff_id, actor=g.actor)
    _refuse_another(me, body["current"])
    password_hash = hash_password(body["new"])
    with database.committing() as db:
        db.add(me)  # as it was read: whoever changed it meanwhile is not written over
        accounts.set_password(db, me, password_hash=password_hash, actor=g.actor, now=g.now, keeping=bearer(request))


def _refuse_another(me: Staff, current: str) -> None:
    """Raises `Invalid` unless this is the person's password; counted as a failed sign-in is."""
    try:
        with current_app.extensions["attempts"].counted(request.remote_addr or "", me.email):
            check_password(me.password_hash, current)
    except WrongPassword:
        fault = Fault("current", "wrong", "This is not your password.")
        raise Invalid(faults=(fault,)) from None
