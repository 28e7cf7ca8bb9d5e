"""The form of a scale: everything one file of data may say about a questionnaire."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from scheduler.outcomes.scales.elements import Answers, Asked, Band, Cut, Item, Mode, Notice, Part, SafetyItem, Total
from scheduler.outcomes.scales.lines import Lines


@dataclass(frozen=True)
class Definition:
    """One version of a questionnaire as data, more being worse."""

    key: str
    version: str
    name: str
    recall: str
    """The wording that stands above the items, or what it asks about where it may not be shown.

    Scores under another wording do not compare.
    """
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    """Empty where nobody has validated any."""
    source: str
    licence: str
    mode: Mode = Mode.SELF
    recall_days: int | None = None
    """How far back the items look: 0 is now; None is all of life, or not said."""
    total: Total = Total.ITEMS
    parts: tuple[Part, ...] = ()
    level: Callable[[Answers], str] | None = None
    """Reads the band in the answers of a complete form, where no total tells it."""
    levels: tuple[str, ...] = ()
    """What `level` may say, from the best to the worst."""
    alternatives: tuple[tuple[int, int], ...] = ()
    """Pairs of which one answer is enough; the other then counts 0. Both may be given."""
    asked: tuple[Asked, ...] = ()
    safety: tuple[SafetyItem, ...] = ()
    notices: tuple[Notice, ...] = ()
    cuts: tuple[Cut, ...] = ()
    lines: Lines | None = None
    prorates_up_to: int = 0
    """With so many answers missing a total may still be estimated, if the clinic wishes it."""
    syndrome: Callable[[Sequence[int]], str] | None = None
    """Reads the scored answers of a complete form."""
    loinc: str | None = None
    total_loinc: str | None = None
    """Of the total, or of the level where there is no total."""

    @cached_property
    def scored(self) -> tuple[int, ...]:
        """The numbers of the items that count and must be answered."""
        return tuple(item.number for item in self.items if item.scored)

    @cached_property
    def most(self) -> int:
        """The highest total; 0 where there is none."""
        if self.total is Total.NONE:
            return 0
        if self.total is Total.PARTS:
            return sum(part.most(self.items) for part in self.parts)
        return sum(item.most for item in self.items if item.scored)

    @cached_property
    def fewest_answers(self) -> int:
        """How many entries a form has at least: unscored items at its end may be left off."""
        return self.scored[-1]

    @cached_property
    def has_text(self) -> bool:
        """Every item and every choice has words: only such a scale can be put before a patient."""
        return all(item.has_text for item in self.items)
