"""Shapes of patients."""

from marshmallow import fields

from api.paging import PageIn
from api.schemas.base import LocalDate, Shape, Text

ADDRESS = "Where reminders and notices go; without it there are none."
CONSENT = "The last day the consent on file is valid: nothing is booked beyond it. Null where none is on file yet."


class PatientIn(Shape):
    mrn = Text(40, required=True, metadata={"description": "Medical record number, unique within the clinic."})
    given_name = Text(100, required=True)
    family_name = Text(100, required=True)
    birth_date = LocalDate(required=True)
    phone = Text(40, allow_none=True)
    email = Text(255, allow_none=True, metadata={"description": ADDRESS})
    consent_until = LocalDate(allow_none=True, metadata={"description": CONSENT})


class PatientPatch(Shape):
    mrn = Text(40)
    given_name = Text(100)
    family_name = Text(100)
    birth_date = LocalDate()
    phone = Text(40, allow_none=True)
    email = Text(255, allow_none=True, metadata={"description": ADDRESS})
    consent_until = LocalDate(allow_none=True, metadata={"description": CONSENT})


class PatientSearch(PageIn):
    q = Text(100, required=True, metadata={"description": "Beginning of a name or of the record number."})


class PatientOut(Shape):
    id = fields.UUID(required=True)
    mrn = fields.String(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    birth_date = LocalDate(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    consent_until = LocalDate(required=True, allow_none=True, metadata={"description": CONSENT})
