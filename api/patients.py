"""Registering, finding and changing patients."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import g

from api.idempotency import idempotent
from api.identity import allow
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.patients import PatientIn, PatientOut, PatientPatch, PatientSearch
from api.versions import require_version
from scheduler.actors import Role
from scheduler.booking.letters import addresses
from scheduler.models import Patient
from scheduler.records import access

blueprint = Blueprint("patients", __name__, url_prefix="/patients", description="Who is treated here.")


@blueprint.post("")
@blueprint.response(201, PatientOut)
@blueprint.arguments(PatientIn)
@idempotent
@allow(Role.SCHEDULER, Role.CLINICIAN)
def register(body: dict[str, Any]) -> Patient:
    """Register a patient."""
    return access.register_patient(g.db, **body, actor=g.actor, now=g.now)


@blueprint.get("")
@blueprint.response(200, page_of(PatientOut))
@blueprint.arguments(PatientSearch, location="query")
@allow(Role.SCHEDULER, Role.CLINICIAN)
def find(asked: dict[str, Any]) -> Page[Patient]:
    """Find patients whose family name, given name or record number begins with `q`, by name."""
    return page(asked, partial(access.find_patients, g.db, asked["q"], actor=g.actor, now=g.now))


@blueprint.get("/<uuid:patient_id>")
@blueprint.response(200, PatientOut)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def one(patient_id: UUID) -> Patient:
    """Open a patient's record."""
    return access.open_record(g.db, patient_id, action="patient.read", actor=g.actor, now=g.now)


@blueprint.patch("/<uuid:patient_id>")
@blueprint.response(200, PatientOut)
@blueprint.arguments(PatientPatch)
@allow(Role.SCHEDULER, Role.CLINICIAN)
def change(body: dict[str, Any], patient_id: UUID) -> Patient:
    """Change what is given of a patient's particulars; what is not stays."""
    patient = access.open_record(g.db, patient_id, action="patient.opened_to_change", actor=g.actor, now=g.now)
    require_version(patient)
    return addresses.change_patient(g.db, patient, body, actor=g.actor, now=g.now)
