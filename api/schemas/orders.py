"""Orders as they are asked for and shown: what was decided comes in, every figure is the server's own."""

from typing import Any

from marshmallow import fields, validate

from api.schemas.base import Amount, FaultOut, Instant, LocalDate, Shape, Text, Whole
from scheduler.administration.passwords import LONGEST
from scheduler.models import Container, OrderState
from scheduler.sessions.drug.dosing import MOST_MINUTES, DoseUnit
from scheduler.sessions.drug.prescribing import Request
from scheduler.treatment import Basis, Sex

ASKED = ("weight_kg", "dose", "unit", "basis", "height_cm", "sex", "minutes", "vial_mg_ml", "bag_ml",
         "concentration_mg_ml")  # fmt: skip
CONFIRMABLE = ("weight_kg",)


def _optional(kind: Any, description: str, **options: Any) -> Any:
    return kind(load_default=None, allow_none=True, metadata={"description": description}, **options)


class RequestIn(Shape):
    """What is prescribed. An infusion needs minutes, a vial and either bag or concentration; devices none of these."""

    weight_kg = Amount(3, least="0.001", most="1000", required=True)
    dose = Amount(3, least="0.001", most="5000", required=True, metadata={"description": "In `unit`."})
    unit = fields.Enum(DoseUnit, by_value=True, required=True)
    basis = fields.Enum(
        Basis, by_value=True, load_default=Basis.ACTUAL,
        metadata={"description": "The weight the dose goes by; `ideal` and `adjusted` need height and sex."},
    )  # fmt: skip
    height_cm = Amount(1, least="50", most="300", load_default=None, allow_none=True)
    sex = fields.Enum(Sex, by_value=True, load_default=None, allow_none=True)
    minutes = Whole(least=1, most=MOST_MINUTES, load_default=None, allow_none=True)
    vial_mg_ml = Amount(3, least="0.001", most="1000", load_default=None, allow_none=True)
    bag_ml = _optional(Amount, "The volume the bag is made up to.", places=3, least="0.001", most="5000")
    concentration_mg_ml = _optional(Amount, "Of a syringe, instead of a bag.", places=4, least="0.0001", most="1000")


class CalculationIn(RequestIn):
    """What to reckon, and for whose course."""

    series_id = fields.UUID(required=True)


class OrderIn(RequestIn):
    """An order to be drafted; it holds on both days and those between."""

    valid_from = _optional(LocalDate, "Today, unless told otherwise.")
    valid_until = LocalDate(required=True)
    reason = _optional(Text, "Why it goes beyond what the clinic is used to.", most=500)
    confirmed = fields.List(
        fields.String(validate=validate.OneOf(CONFIRMABLE)), load_default=list, validate=validate.Length(max=1),
        metadata={"description": "Fields that are unlikely and meant so."},
    )  # fmt: skip


class OrderSignatureIn(Shape):
    """The prescriber's own password, asked for once more."""

    password = fields.String(required=True, validate=validate.Length(1, LONGEST), load_only=True)
    reason = _optional(Text, "Instead of the draft's, or where the draft had none.", most=500)


class DosageOut(Shape):
    """What follows from a prescription; devices have a number, a dose and nothing else."""

    bmi = Amount(1, allow_none=True, dump_default=None)
    ideal_kg = Amount(1, allow_none=True, dump_default=None)
    adjusted_kg = Amount(1, allow_none=True, dump_default=None)
    dosing_weight_kg = Amount(3, required=True)
    dose_mg = Amount(1, required=True)
    bag_ml = Amount(3, allow_none=True, dump_default=None, metadata={"description": "All of the volume to infuse."})
    concentration_mg_ml = Amount(4, allow_none=True, dump_default=None)
    stock_ml = Amount(3, allow_none=True, dump_default=None, metadata={"description": "To be drawn from the vial."})
    rate_ml_h = Amount(2, allow_none=True, dump_default=None)
    rate_mg_h = Amount(2, allow_none=True, dump_default=None)
    rate_mcg_kg_min = Amount(2, allow_none=True, dump_default=None)
    devices = fields.Integer(allow_none=True, dump_default=None)


class CalculationOut(Shape):
    """A calculation, and how it stands to the clinic's limits."""

    dosage = fields.Nested(DosageOut, required=True)
    blocked = fields.List(
        fields.Nested(FaultOut), required=True, metadata={"description": "For these an order would be refused."}
    )
    questions = fields.List(
        fields.Nested(FaultOut), required=True, metadata={"description": "For these an order needs a reason."}
    )
    unlikely = fields.List(
        fields.Nested(FaultOut),
        required=True,
        metadata={"description": "These an order must name in `confirmed`."},
    )


class OrderOut(Shape):
    """An order: what was decided, what follows from it, and who stands for it."""

    id = fields.UUID(required=True)
    series_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    state = fields.Enum(OrderState, by_value=True, required=True)
    drug = fields.String(required=True)
    valid_from = LocalDate(required=True)
    valid_until = LocalDate(required=True)
    weight_kg = Amount(3, required=True)
    height_cm = Amount(1, required=True, allow_none=True)
    sex = fields.String(required=True, allow_none=True)
    basis = fields.String(required=True)
    dosing_weight_kg = Amount(3, required=True)
    dose = Amount(3, required=True)
    unit = fields.String(attribute="dose_unit", required=True)
    minutes = fields.Integer(required=True, allow_none=True)
    vial_mg_ml = Amount(3, required=True, allow_none=True)
    container = fields.Enum(
        Container, by_value=True, required=True, allow_none=True, metadata={"description": "Null for devices."}
    )
    bag_ml = Amount(3, required=True, allow_none=True, metadata={"description": "All of the volume to infuse."})
    dose_mg = Amount(1, required=True)
    concentration_mg_ml = Amount(4, required=True, allow_none=True)
    stock_ml = Amount(3, required=True, allow_none=True)
    rate_ml_h = Amount(2, required=True, allow_none=True)
    rate_mg_h = Amount(2, required=True, allow_none=True)
    rate_mcg_kg_min = Amount(2, required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    settings_id = fields.UUID(required=True, metadata={"description": "The clinic's settings it was judged by."})
    written_at = Instant(required=True)
    written_by = fields.UUID(required=True, allow_none=True)
    signed_at = Instant(required=True, allow_none=True)
    signed_by = fields.UUID(required=True, allow_none=True)
    withdrawn_at = Instant(required=True, allow_none=True)
    withdrawn_by = fields.UUID(required=True, allow_none=True)


def split(body: dict[str, Any]) -> dict[str, Any]:
    """The body with what is prescribed as one value, `request`."""
    rest = {name: value for name, value in body.items() if name not in ASKED}
    return rest | {"request": Request(**{name: body[name] for name in ASKED})}
