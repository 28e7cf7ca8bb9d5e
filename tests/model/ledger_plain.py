"""The ledger in plain Python: exact fractions, no database, and every reason against an act in one place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Fault = tuple[str, str]
FILLS, EMPTIES = ("received", "resolved"), ("drawn", "wasted", "returned")
OF_SESSION = ("drawn", "given", "wasted", "returned")


@dataclass
class Line:
    """One entry; `settled` once it was reversed or explained."""

    kind: str
    mg: Fraction
    ml: Fraction | None = None
    vial: Any = None
    session: Any = None
    expected: Fraction | None = None
    about: Any = None
    settled: bool = False


@dataclass
class Book:
    """Every line by its key, with the strengths of the vials and the sessions that are signed."""

    strengths: dict[Any, Fraction]
    lines: dict[Any, Line] = field(default_factory=dict)
    signed: set[Any] = field(default_factory=set)

    def holds(self, vial: Any) -> Fraction:
        mine = [line for line in self.lines.values() if line.vial == vial]
        return sum((line.mg * ((line.kind in FILLS) - (line.kind in EMPTIES)) for line in mine), Fraction(0))

    def sums(self, session: Any) -> dict[str, Fraction]:
        mine = [line for line in self.lines.values() if line.session == session]
        return {kind: sum((line.mg for line in mine if line.kind == kind), Fraction(0)) for kind in OF_SESSION}

    def left(self, session: Any) -> Fraction:
        found = self.sums(session)
        return found["drawn"] - found["given"] - found["wasted"] - found["returned"]

    def off(self) -> list[Any]:
        """The counts that differ and are not explained."""
        counts = {key: line for key, line in self.lines.items() if line.kind == "counted"}
        return [key for key, line in counts.items() if line.mg != line.expected and not line.settled]

    def against_volume(self, vial: Any, ml: Fraction, *, zero: bool = False) -> Iterator[Fault]:
        if ml < 0 or (ml == 0 and not zero):
            yield "ml", "range"
        elif (ml * self.strengths[vial] * 1000).denominator != 1:
            yield "ml", "inexact"

    def against_weight(self, session: Any, mg: Fraction, already: Fraction = Fraction(0)) -> Iterator[Fault]:
        if mg <= 0:
            yield "mg", "range"
        elif mg - already > self.left(session):
            yield "mg", "outstanding"

    def against_reversal(self, key: Any, kinds: tuple[str, ...]) -> Iterator[Fault]:
        if self.lines[key].kind not in kinds or self.lines[key].about is not None:
            yield "ledger_entry_id", "kind"
        if self.lines[key].kind == "drawn" and self.lines[key].session in self.signed and "received" in kinds:
            yield "ledger_entry_id", "signed"

    def reverse(self, key: Any, new: Any) -> None:
        line = self.lines[key]
        line.settled = True
        opposite = None if line.ml is None else -line.ml
        self.lines[new] = Line(line.kind, -line.mg, opposite, line.vial, line.session, about=key)
