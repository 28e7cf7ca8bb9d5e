"""Which numbers may leave the house: none that is, or lets be reckoned, a group of fewer than five. Pure.

A number of people who fared in some way is told only where both they and the others of its denominator are five or
more. How many were measured is told from five on. What is withheld could still be reckoned back where the parts of a
known total are told but one; so a second part is withheld with it, and more until those withheld together are five
or more. It is not said which was withheld for what. Curves of durability are drawn while five or more are watched; of
whom their single steps were is not told. Two exports of almost the same courses can still be compared:
that is for the manager to think of, and the papers say so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST = 5

Name = tuple[str | None, str]
"""A part of the report, None for the whole, and what is counted in it."""


@dataclass(frozen=True)
class Cell:
    """One number. `of` names the denominator of an outcome; a mere count of who was measured has none."""

    name: Name
    size: int
    of: Name | None = None
    others: int = 0
    """Of an outcome: who is in the denominator and not in the cell."""
    members: int = 0
    """The courses as bits, to see which cell lies within which; 0 where something else is counted."""
    rest: int = 0
    """The same of the others."""

    @property
    def is_small(self) -> bool:
        return self.size < LEAST or (self.of is not None and self.others < LEAST)


Family = Sequence[Cell]
"""Cells that add up to a number the reader knows or may come to know."""


def shown(cells: Sequence[Cell], families: Iterable[Family]) -> frozenset[Name]:
    """The names of the cells that may be told; `cells` come with the most wanted first."""
    hidden = {cell.name for cell in cells if cell.is_small}
    _hide_near(cells, hidden)
    kin = [family for family in families if family]
    while True:
        before = len(hidden)
        hidden.update(cell.name for cell in cells if cell.of in hidden)
        for family in kin:
            _hide_reckonable(family, hidden)
        if len(hidden) == before:
            return frozenset(cell.name for cell in cells if cell.name not in hidden)


def _hide_near(cells: Sequence[Cell], hidden: set[Name]) -> None:
    """Of two outcomes, one within the other and fewer than five apart, the less wanted is withheld.

    So it is where the others of one are: 10 of 20 and 10 of 22 tell of two. Where denominators differ by fewer than
    five and the outcome is the same, one or the other is so near.
    """
    told: list[Cell] = []
    for cell in cells:
        if cell.of is None or not cell.members or cell.name in hidden:
            continue
        if any(_are_near(one, two) for other in told for one in _sides(cell) for two in _sides(other)):
            hidden.add(cell.name)
        else:
            told.append(cell)


def _sides(cell: Cell) -> tuple[int, ...]:
    return tuple(filter(None, (cell.members, cell.rest)))


def _are_near(one: int, other: int) -> bool:
    shared = one & other
    return shared in (one, other) and 0 < (one ^ other).bit_count() < LEAST


def _hide_reckonable(family: Family, hidden: set[Name]) -> None:
    told = sorted((cell for cell in family if cell.name not in hidden), key=lambda cell: (cell.size, cell.name[1]))
    withheld = [cell for cell in family if cell.name in hidden]
    while withheld and told and _can_be_reckoned(withheld):
        withheld.append(told.pop(0))
        hidden.add(withheld[-1].name)


def _can_be_reckoned(withheld: Sequence[Cell]) -> bool:
    together = sum(cell.size for cell in withheld)
    others = [cell.others for cell in withheld if cell.of is not None]
    return len(withheld) == 1 or together < LEAST or (bool(others) and sum(others) < LEAST)
