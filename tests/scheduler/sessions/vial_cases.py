"""A drug cupboard for the tests: vials on the shelf, and what is done with them by two people."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from scheduler.actors import Role
from scheduler.models import LedgerEntry, LedgerKind, TreatmentSession, Vial
from scheduler.sessions.ledger import ledger, stock, vials
from tests.builders import ClinicCast

VIAL = {
    "label": "V-1", "drug": "ketamine", "strength_mg_ml": Decimal(50), "volume_ml": Decimal(10), "lot": "L7",
    "expires_on": date(2026, 12, 31),
}  # fmt: skip


def by_two(cast: ClinicCast) -> dict[str, Any]:
    """The clinician acts now, and the prescriber watches."""
    return {"witness_id": cast.staff[Role.PRESCRIBER].id, "actor": cast.clinician, "now": cast.now}


def vial(cast: ClinicCast, **changes: Any) -> Vial:
    """500 mg of ketamine in 10 mL, unless told otherwise."""
    return vials.receive_vial(cast.db, **{**VIAL, **by_two(cast), **changes}).vial


def drawn(cast: ClinicCast, session: TreatmentSession, ml: str, of: Vial | None = None, **changes: Any) -> LedgerEntry:
    source = of or vial(cast)
    return ledger.draw(cast.db, session.id, source.id, Decimal(ml), **{**by_two(cast), **changes})


def wasted(cast: ClinicCast, session: TreatmentSession, mg: str, **changes: Any) -> LedgerEntry:
    said = {**by_two(cast), **changes}
    return ledger.put_aside(cast.db, session.id, said.pop("kind", LedgerKind.WASTED), Decimal(mg), **said)


def given(cast: ClinicCast, session: TreatmentSession, mg: str) -> LedgerEntry:
    return ledger.record_given(
        cast.db, session, Decimal(mg), occurred_at=cast.now, actor=cast.clinician, now=cast.now,
    )  # fmt: skip


def holds(cast: ClinicCast, vial_id: UUID) -> tuple[Decimal, Decimal]:
    """mg and ml."""
    found = stock.balances(cast.db, [vial_id], actor=cast.clinician)[vial_id]
    return found.mg, found.ml
