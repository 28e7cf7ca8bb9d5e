"""Shapes of the controlled substance ledger. Amounts are text, to the thousandth of a millilitre or milligram."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.paging import PageIn
from api.schemas.base import Amount, Instant, LocalDate, Shape, Text
from api.schemas.clinics import DatesIn
from scheduler.administration.passwords import LONGEST
from scheduler.models import LedgerKind
from scheduler.sessions.ledger.stock import VialState

LONGEST_REASON = 500
SOMETHING, MOST_ML, MOST_STRENGTH, MOST_MG = "0.001", "10000", "1000", "1000000"
OF_SESSION = (LedgerKind.DRAWN, LedgerKind.WASTED, LedgerKind.RETURNED)


class WitnessedIn(Shape):
    """Something somebody else has watched. They prove themselves here, and their password goes no further."""

    witness_id = fields.UUID(
        load_default=None, allow_none=True,
        metadata={"description": "A clinician other than the caller; needed unless the clinic has decided otherwise."},
    )  # fmt: skip
    witness_password = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST))

    @post_load
    def forget(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Who was proven to have watched, the view knows from the check of the password alone."""
        return {name: value for name, value in data.items() if name not in {"witness_id", "witness_password"}}


class VialIn(WitnessedIn):
    """A vial or a device as it was delivered."""

    label = Text(100, required=True, metadata={"description": "What is written on it in this clinic."})
    drug = Text(100, required=True, metadata={"description": "As the protocols name it, such as `ketamine`."})
    strength_mg_ml = Amount(3, least=SOMETHING, most=MOST_STRENGTH, required=True)
    volume_ml = Amount(3, least=SOMETHING, most=MOST_ML, required=True)
    ndc = Text(50, load_default=None, allow_none=True)
    lot = Text(100, required=True)
    expires_on = LocalDate(required=True, metadata={"description": "The last day on which it is used."})
    occurred_at = Instant(load_default=None, allow_none=True)


class CountIn(WitnessedIn):
    """What two people found in a vial."""

    ml = Amount(3, most=MOST_ML, required=True)
    reason = Text(LONGEST_REASON, lines=True, load_default=None, allow_none=True)


class DisposalIn(WitnessedIn):
    """What was thrown away, or sent back, outside of any session."""

    ml = Amount(3, least=SOMETHING, most=MOST_ML, required=True)
    reason = Text(LONGEST_REASON, lines=True, required=True)
    occurred_at = Instant(load_default=None, allow_none=True)


class SessionEntryIn(WitnessedIn):
    """`drawn` names `vial_id` and `ml`; `wasted` and `returned`, of what was drawn, name `mg`."""

    kind = fields.Enum(
        LedgerKind, by_value=True, required=True, validate=validate.OneOf(OF_SESSION),
        metadata={"enum": [kind.value for kind in OF_SESSION]},
    )  # fmt: skip
    vial_id = fields.UUID(load_default=None, allow_none=True)
    ml = Amount(3, least=SOMETHING, most=MOST_ML, load_default=None, allow_none=True)
    mg = Amount(3, least=SOMETHING, most=MOST_MG, load_default=None, allow_none=True)
    occurred_at = Instant(load_default=None, allow_none=True, metadata={"description": "Now, unless told."})
    reason = Text(
        LONGEST_REASON, lines=True, load_default=None, allow_none=True,
        metadata={"description": "Needed of what is told only after the session was signed."},
    )  # fmt: skip


class ReasonIn(WitnessedIn):
    """Why an entry is taken back, or what explains a count."""

    reason = Text(LONGEST_REASON, lines=True, required=True)


class ResolutionIn(ReasonIn):
    """What explains a count that was off."""

    adjust = fields.Boolean(
        truthy={True}, falsy={False}, load_default=False,
        metadata={"description": "From now on the vial holds what was counted."},
    )  # fmt: skip


class EntryCorrectionIn(ReasonIn):
    """The right amount: `ml` of an entry that names a vial, `mg` of one that does not."""

    ml = Amount(3, least=SOMETHING, most=MOST_ML, load_default=None, allow_none=True)
    mg = Amount(3, least=SOMETHING, most=MOST_MG, load_default=None, allow_none=True)


class VialsQuery(PageIn):
    """Which vials."""

    state = fields.Enum(
        VialState, by_value=True, load_default=VialState.OPEN,
        metadata={"description": "`open`: it holds something, or a count of it is not explained."},
    )  # fmt: skip


class BookQuery(DatesIn, PageIn):
    """A range of dates by the clinic's calendar, a page at a time."""


class LedgerEntryOut(Shape):
    """One amount. A reversal carries the opposite of the entry it is about."""

    id = fields.UUID(required=True)
    kind = fields.Enum(LedgerKind, by_value=True, required=True)
    vial_id = fields.UUID(required=True, allow_none=True)
    session_id = fields.UUID(required=True, allow_none=True)
    ml = Amount(3, required=True, allow_none=True)
    mg = Amount(3, required=True)
    expected_mg = Amount(3, required=True, allow_none=True, metadata={"description": "Of a count."})
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    recorded_by = fields.UUID(required=True, allow_none=True)
    witness_id = fields.UUID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    about_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The entry it takes back, or the count it explains."}
    )
    replaces_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The reversed entry in whose place it stands."}
    )


class VialOut(Shape):
    """A vial and what it holds. `discrepancies` are counts that were off and that nobody has explained."""

    id = fields.UUID(required=True, attribute="vial.id")
    label = fields.String(required=True, attribute="vial.label")
    drug = fields.String(required=True, attribute="vial.drug")
    strength_mg_ml = Amount(3, required=True, attribute="vial.strength_mg_ml")
    volume_ml = Amount(3, required=True, attribute="vial.volume_ml")
    ndc = fields.String(required=True, allow_none=True, attribute="vial.ndc")
    lot = fields.String(required=True, attribute="vial.lot")
    expires_on = fields.Date(required=True, attribute="vial.expires_on")
    expired = fields.Boolean(required=True)
    holds_ml = Amount(3, required=True, attribute="balance.ml")
    holds_mg = Amount(3, required=True, attribute="balance.mg")
    discrepancies = fields.List(fields.Nested(LedgerEntryOut), required=True)


class VialHistoryOut(VialOut):
    """A vial with every entry of it, in order of time."""

    entries = fields.List(fields.Nested(LedgerEntryOut), required=True)


class SessionBalanceOut(Shape):
    """In mg. A session closes when `outstanding` is nothing, within the tolerance."""

    drawn = Amount(3, required=True)
    given = Amount(3, required=True)
    wasted = Amount(3, required=True)
    returned = Amount(3, required=True)
    outstanding = Amount(3, required=True)
    tolerance = Amount(3, required=True)
    balanced = fields.Boolean(required=True)


class SessionLedgerOut(Shape):
    """What was drawn for a session and what became of it."""

    entries = fields.List(fields.Nested(LedgerEntryOut), required=True)
    balance = fields.Nested(SessionBalanceOut, required=True)
