"""The box of the drug: ordered, mixed, given, and what became of the rest."""

from collections.abc import Iterator
from decimal import Decimal

from scheduler.models import LedgerKind, Mode
from scheduler.sessions.record.derived import Given
from scheduler.sessions.record.paper.words import BOUND, Clock, amount, human, measured
from scheduler.sessions.record.sheet import Flowsheet, Ordered

GIVEN = "Given"
Line = tuple[str, str]
"""A label, and what it says."""


def drug_lines(sheet: Flowsheet, clock: Clock) -> Iterator[Line]:
    """What a colleague must know of the drug, the most needed first."""
    if sheet.given is not None and (sheet.times.started_at or sheet.given.delivered_mg):
        yield GIVEN, _given(sheet, sheet.given, clock)
        yield from _ending(sheet, clock)
    if sheet.order is None:
        yield "Ordered", "Nothing has been ordered for this session yet."
    else:
        yield from _ordered(sheet.order)
    if sheet.session.mode is Mode.DEVICES:
        yield from _devices(sheet, clock)
    yield from _ledger(sheet)


def _given(sheet: Flowsheet, given: Given, clock: Clock) -> str:
    volume = f" ({measured(given.delivered_ml, 'mL')})" if given.delivered_ml is not None else ""
    whole = f" of {measured(given.ordered_mg, 'mg')}" if given.ordered_mg is not None else ""
    said = f"{measured(given.delivered_mg, 'mg')}{volume}{whole}"
    if sheet.times.ended_at is not None or sheet.session.mode is Mode.DEVICES:
        return said
    return f"{said} by {clock.time(sheet.at)}; now {measured(given.rate_ml_h or Decimal(0), 'mL/h')}"


def _ending(sheet: Flowsheet, clock: Clock) -> Iterator[Line]:
    times, kind = sheet.times, sheet.session.end_kind
    if times.ended_at is not None and kind is not None:
        pump = next((e.row.pump_ml for e in reversed(sheet.infusion_events) if e.row.pump_ml is not None), None)
        shown = f"; the pump showed {measured(pump, 'mL')}" if pump is not None else ""
        yield "Ended", f"{human(kind).lower()} at {clock.time(times.ended_at)}{shown}"
    elif times.ended_at is None and times.expected_end_at is not None:
        yield "Expected end", clock.time(times.expected_end_at)


def _ordered(order: Ordered) -> Iterator[Line]:
    row = order.row
    weight = f" x {measured(row.dosing_weight_kg, 'kg')} ({row.basis} weight)" if "/kg" in row.dose_unit else ""
    minutes = f" over {row.minutes}{BOUND}min" if row.minutes else ""
    whole = "" if row.dose_unit == "mg" else f" = {measured(row.dose_mg, 'mg')}"
    yield "Ordered", f"{row.drug} {measured(row.dose, row.dose_unit)}{weight}{whole}{minutes}"
    if row.bag_ml is not None and row.concentration_mg_ml is not None:
        stock = ""
        if row.stock_ml is not None and row.vial_mg_ml is not None:
            stock = f": {measured(row.stock_ml, 'mL')} of {measured(row.vial_mg_ml, 'mg/mL')}"
        container = human(row.container or "bag")
        yield container, f"{measured(row.bag_ml, 'mL')} at {measured(row.concentration_mg_ml, 'mg/mL')}{stock}"
    rates = ((row.rate_ml_h, "mL/h"), (row.rate_mg_h, "mg/h"), (row.rate_mcg_kg_min, "mcg/kg/min"))
    if row.rate_ml_h is not None:
        yield "Rate", " = ".join(measured(rate, unit) for rate, unit in rates if rate is not None)
    yield "Order signed", order.signed_by or "by nobody"


def _devices(sheet: Flowsheet, clock: Clock) -> Iterator[Line]:
    rows = [entry.row for entry in sheet.infusion_events if entry.row.dose_mg is not None]
    doses = ", ".join(f"{measured(row.dose_mg, 'mg')} {clock.time(row.occurred_at)}" for row in rows if row.dose_mg)
    yield "Devices", f"{len(rows)}: {doses}" if rows else "None given yet."


def _ledger(sheet: Flowsheet) -> Iterator[Line]:
    balance = sheet.balance
    if not sheet.ledger:
        return
    parts = (("drawn", balance.drawn), ("given", balance.given), ("wasted", balance.wasted))
    returned = f", returned {amount(balance.returned)}" if balance.returned else ""
    yield "Ledger, mg", ", ".join(f"{word} {amount(mg)}" for word, mg in parts) + returned
    if not balance.balanced:
        yield "NOT BALANCED", f"{measured(balance.outstanding, 'mg')} are not accounted for"
    wasted = (entry for entry in sheet.ledger if entry.kind is LedgerKind.WASTED and entry.witness)
    names = sorted({entry.witness for entry in wasted if entry.witness})
    if names:
        yield "Waste seen by", ", ".join(names)
