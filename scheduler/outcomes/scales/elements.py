"""The pieces a scale is made of: items, bands, parts, and what an answer may set off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Answers = tuple[int | None, ...]
"""One entry an item, in the order of the items; None where no answer was given."""
SUICIDAL_IDEATION = "suicidal_ideation"
"""The kind of the items that ask for suicidal thoughts by how grave they are."""


class Level(StrEnum):
    """How soon somebody must look: during the visit, or at once."""

    REVIEW = "review"
    URGENT = "urgent"


class Mode(StrEnum):
    """Who fills the form in: the patient alone, a clinician who asks or observes, or either."""

    SELF = "self"
    CLINICIAN = "clinician"
    EITHER = "either"


class Total(StrEnum):
    """How the total is made: of the scored items, of the parts, or not at all."""

    ITEMS = "items"
    PARTS = "parts"
    NONE = "none"


class How(StrEnum):
    """How a part is made of its items."""

    SUM = "sum"
    MAX = "max"
    COUNT = "count"
    """How many of its items were answered with at least the part's `least`."""


@dataclass(frozen=True)
class Choice:
    """One answer a person can tick."""

    value: int
    text: str
    loinc: str | None = None


@dataclass(frozen=True)
class Item:
    """One question. `text` and `choices` are empty where the licence does not let them be shipped.

    An unscored item is kept and never counted; leaving it out does not make a form incomplete.
    """

    number: int
    least: int
    most: int
    text: str | None = None
    loinc: str | None = None
    choices: tuple[Choice, ...] = ()
    scored: bool = True
    label: str | None = None
    """A short name of our own for an item whose words may not be shown."""

    @property
    def has_text(self) -> bool:
        return bool(self.text and self.choices and all(choice.text for choice in self.choices))


def bare_items(count: int, most: int) -> tuple[Item, ...]:
    """Items 1 to `count` from 0 to `most`, without words: what a copyrighted scale may be shown as."""
    return tuple(Item(number, 0, most) for number in range(1, count + 1))


@dataclass(frozen=True)
class Band:
    """Totals from `least` to `most`, both included."""

    key: str
    least: int
    most: int


@dataclass(frozen=True)
class Part:
    """A subscale: one number made of some of the items."""

    key: str
    items: tuple[int, ...]
    how: How = How.SUM
    least: int = 1
    """From which answer on `How.COUNT` counts an item."""

    def value(self, given: Answers) -> int:
        """What the answers make of it; an item without one adds nothing."""
        answers = (given[number - 1] or 0 for number in self.items)
        if self.how is How.SUM:
            return sum(answers)
        return max(answers) if self.how is How.MAX else self._count(answers)

    def most(self, items: tuple[Item, ...]) -> int:
        """The highest value it can take."""
        return self.value(tuple(item.most for item in items))

    def _count(self, answers: Iterable[int]) -> int:
        return sum(answer >= self.least for answer in answers)


@dataclass(frozen=True)
class Asked:
    """Some items are asked only if `count` of the items `when` were answered with at least `least`.

    Otherwise they need no answer, and one that is given contradicts the form, unless it is `tolerated`.
    """

    items: tuple[int, ...]
    when: tuple[int, ...]
    least: int = 1
    count: int = 1
    tolerated: bool = False

    def is_met(self, given: Answers) -> bool:
        """Whether the answers ask for these items."""
        return sum((given[number - 1] or 0) >= self.least for number in self.when) >= self.count

    def may_be_met(self, given: Answers) -> bool:
        """Whether they could still ask for them, were the missing answers known."""
        known = (given[number - 1] for number in self.when)
        return sum(answer is None or answer >= self.least for answer in known) >= self.count


@dataclass(frozen=True)
class Notice:
    """A flag for an answer of at least `least` to one item. It informs; nobody has to close it."""

    flag: str
    item: int
    least: int


@dataclass(frozen=True)
class Cut:
    """A flag for a total of at least `least`. It informs; nobody has to close it."""

    flag: str
    least: int


@dataclass(frozen=True)
class Finding:
    """What a safety item said: a flag that somebody must look at, and how soon."""

    kind: str
    level: Level


@dataclass(frozen=True)
class SafetyItem:
    """An item whose answer raises an alert: from `review` on for review, from `urgent` on urgently.

    Several items may speak of one kind; the gravest is heard. An item without `urgent` is never urgent.
    """

    kind: str
    item: int
    review: int
    urgent: int | None

    def finding(self, answer: int | None) -> Finding | None:
        if answer is None or answer < self.review:
            return None
        urgent = self.urgent is not None and answer >= self.urgent
        return Finding(self.kind, Level.URGENT if urgent else Level.REVIEW)


@dataclass(frozen=True)
class Score:
    """What the answers say. An incomplete form has no total, no band and no syndrome; findings it may have."""

    total: int | None
    band: str | None
    """The band of the total, or the level that the scale's own rule gives."""
    complete: bool
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]
    """One of each kind, the gravest, whatever else is missing."""
    syndrome: str | None
    """The scale's own reading of a complete form, as information; None where it has none."""
    parts: Mapping[str, int] = field(default_factory=dict, hash=False)
    """The subscales whose own items are all answered."""
    prorated: bool = False
    """The total was estimated of the items that were answered; the form stays incomplete."""
