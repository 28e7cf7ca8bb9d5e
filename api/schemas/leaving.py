"""Shapes of how a patient leaves, and of how the record is closed."""

from marshmallow import fields, validate

from api.schemas.base import FaultOut, Instant, Shape, Text
from api.schemas.sessions import HappenedIn
from scheduler.administration.passwords import LONGEST
from scheduler.models import NoteKind
from scheduler.sessions.leaving.discharging import PADSS_FIT

LONGEST_REASON, LONGEST_NOTE = 2_000, 20_000
OVERRIDE = {"description": "A prescriber's reason to go on although something misses; it leaves its mark."}


class ReadinessIn(HappenedIn):
    override = Text(LONGEST_REASON, lines=True, load_default=None, metadata=OVERRIDE)


class RecoveryIn(HappenedIn):
    reason = Text(LONGEST_REASON, lines=True, required=True, metadata={"description": "What turned worse."})


class DischargeIn(ReadinessIn):
    chair_free_at = Instant(
        load_default=None, metadata={"description": "When the chair was ready again, if that is over already."}
    )


class TransferIn(HappenedIn):
    destination = Text(200, required=True, metadata={"description": "Where the patient is taken."})


class SignatureIn(Shape):
    password = fields.String(
        required=True, validate=validate.Length(1, LONGEST), load_only=True,
        metadata={"description": "The caller's own, asked for once more."},
    )  # fmt: skip
    note = Text(LONGEST_NOTE, lines=True, required=True, metadata={"description": "The closing note."})
    scores_waived = Text(
        LONGEST_REASON, lines=True, load_default=None,
        metadata={"description": "Why there is no PHQ-9 of this visit from before the drug."},
    )  # fmt: skip


class AddendumIn(Shape):
    text = Text(LONGEST_NOTE, lines=True, required=True)


class CriterionOut(Shape):
    key = fields.String(required=True)
    met = fields.Boolean(required=True)
    words = fields.String(required=True, metadata={"description": "What it asks."})


class ReadinessOut(Shape):
    ready = fields.Boolean(required=True, metadata={"description": "Whether every criterion is met now."})
    criteria = fields.List(fields.Nested(CriterionOut), required=True)
    padss = fields.Integer(
        required=True, allow_none=True,
        metadata={"description": f"Of 10, from {PADSS_FIT} on called fit; null unless its parts were scored."},
    )  # fmt: skip


class ClosingOut(Shape):
    missing = fields.List(
        fields.Nested(FaultOut), required=True,
        metadata={"description": "What keeps the session from being signed; the note is given with the signature."},
    )  # fmt: skip


class AddendumOut(Shape):
    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    kind = fields.Enum(NoteKind, by_value=True, required=True)
    text = fields.String(required=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(required=True, allow_none=True)
