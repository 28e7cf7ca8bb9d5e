"""What was drawn for a session against what was ordered: enough of it, not far more, and of the vial ordered."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.errors import Blocked, Fault
from scheduler.models import LedgerEntry, LedgerKind, TreatmentSession, Vial
from scheduler.sessions.drug.treating import Treatment
from scheduler.sessions.ledger.ledger import standing_entries

MOST_TIMES = Decimal("1.1")
"""A tenth more than the dose is drawn without a word, for what stays in syringe and line; a choice of the house."""
LEFT_AGAIN = frozenset({LedgerKind.WASTED, LedgerKind.RETURNED})


def doubts_about_draw(
    db: Session, session: TreatmentSession, treatment: Treatment, needed_mg: Decimal, *, at: datetime
) -> list[Fault]:
    """What is to be confirmed of the drug drawn by a moment: far more than the dose, or a vial of another strength.

    `needed_mg` is all that the patient will have been given with what is drawn. Raises `Blocked` where that is more
    than was drawn, or nobody has witnessed a draw where the clinic asks for it.
    """
    entries = [entry for entry in standing_entries(db, session) if entry.occurred_at <= at]
    drawn = [entry for entry in entries if entry.kind is LedgerKind.DRAWN]
    if treatment.policy.witness_required:
        drawn = [entry for entry in drawn if entry.witness_id is not None]
        if not drawn:
            words = "Record the drug that was drawn up, with a witness, before it is given."
            raise Blocked(faults=[Fault("witness", "missing", words)])
    net = _sum(drawn) - _sum([entry for entry in entries if entry.kind in LEFT_AGAIN])
    if net < needed_mg - treatment.policy.ledger_tolerance_mg:
        words = f"{needed_mg:f} mg are needed, and {net:f} mg were drawn by then and not put aside."
        raise Blocked(faults=[Fault("drawn", "too-little", words)])
    return [*_excess(treatment, net), *_strengths(db, treatment, drawn)]


def _sum(entries: Sequence[LedgerEntry]) -> Decimal:
    return sum((entry.mg for entry in entries), Decimal(0))


def _excess(treatment: Treatment, net: Decimal) -> Iterator[Fault]:
    dose = treatment.order.dose_mg
    if net > dose * MOST_TIMES + treatment.policy.ledger_tolerance_mg:
        words = f"{net:f} mg were drawn for a dose of {dose:f} mg: is it right?"
        yield Fault("drawn", "improbable", words)


def _strengths(db: Session, treatment: Treatment, drawn: Sequence[LedgerEntry]) -> Iterator[Fault]:
    ordered = treatment.order.vial_mg_ml
    if ordered is None:
        return
    vials = {entry.vial_id for entry in drawn}
    asked = select(Vial.strength_mg_ml).where(Vial.clinic_id == treatment.order.clinic_id, Vial.id.in_(vials))
    if any(strength != ordered for strength in db.scalars(asked)):
        words = f"A vial of {ordered:f} mg/mL was ordered, and one of another strength was drawn from: is it right?"
        yield Fault("vial_strength", "improbable", words)
