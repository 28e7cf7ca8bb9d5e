"""What the entries of the ledger come to: of a vial what it holds, of a session what is not accounted for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

ZERO = Decimal("0.000")
IN, OUT = frozenset({"received", "resolved"}), frozenset({"drawn", "wasted", "returned"})
"""Kinds of entries that fill a vial, and that empty it; a count does neither, and its explanation either way."""
OF_SESSION = ("drawn", "given", "wasted", "returned")
"""Kinds of entries of a session, as its balance names them."""


class IsEntry(Protocol):
    """What a balance needs to know of an entry, or of the sum of several of one kind."""

    @property
    def kind(self) -> str: ...
    @property
    def ml(self) -> Decimal | None: ...
    @property
    def mg(self) -> Decimal: ...


@dataclass(frozen=True)
class VialBalance:
    """What a vial holds."""

    mg: Decimal = ZERO
    ml: Decimal = ZERO


@dataclass(frozen=True)
class SessionBalance:
    """What was drawn for a session and what became of it, in mg."""

    drawn: Decimal
    given: Decimal
    wasted: Decimal
    returned: Decimal
    tolerance: Decimal = ZERO
    """By so much the two sides may differ."""

    @property
    def outstanding(self) -> Decimal:
        """What was drawn and not yet given, wasted or returned; below nothing where more is told than was drawn."""
        return self.drawn - self.given - self.wasted - self.returned

    @property
    def balanced(self) -> bool:
        return abs(self.outstanding) <= self.tolerance


def of_vial(entries: Iterable[IsEntry]) -> VialBalance:
    """What is in a vial after these entries of it; a reversal carries the opposite of what it takes back."""
    mg = ml = ZERO
    for entry in entries:
        sign = (entry.kind in IN) - (entry.kind in OUT)
        mg, ml = mg + sign * entry.mg, ml + sign * (entry.ml or ZERO)
    return VialBalance(mg, ml)


def of_session(entries: Iterable[IsEntry], tolerance: Decimal = ZERO) -> SessionBalance:
    """What became of the drug of a session, by these entries of it."""
    mine = list(entries)
    sums = {kind: sum((entry.mg for entry in mine if entry.kind == kind), ZERO) for kind in OF_SESSION}
    return SessionBalance(**sums, tolerance=tolerance)
