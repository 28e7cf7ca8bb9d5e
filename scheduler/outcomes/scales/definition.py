"""What a scale is: a value that refuses to be inconsistent, and the one way in which answers become a score."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from scheduler.errors import Fault, refuse

Answers = tuple[int | None, ...]
"""One entry an item, in the order of the items; None where no answer was given."""


class Level(StrEnum):
    """How soon somebody must look: during the visit, or at once."""

    REVIEW = "review"
    URGENT = "urgent"


@dataclass(frozen=True)
class Choice:
    """One answer a person can tick."""

    value: int
    text: str
    loinc: str | None = None


@dataclass(frozen=True)
class Item:
    """One question. `text` and `choices` are empty where the licence does not let them be shipped.

    An unscored item is kept and never added; leaving it out does not make a form incomplete.
    """

    number: int
    least: int
    most: int
    text: str | None = None
    loinc: str | None = None
    choices: tuple[Choice, ...] = ()
    scored: bool = True


@dataclass(frozen=True)
class Band:
    """Totals from `least` to `most`, both included."""

    key: str
    least: int
    most: int


@dataclass(frozen=True)
class Notice:
    """A flag for an answer of at least `least` to one item. It informs; nobody has to close it."""

    flag: str
    item: int
    least: int


@dataclass(frozen=True)
class Finding:
    """What a safety item said: a flag that somebody must look at, and how soon."""

    kind: str
    level: Level


@dataclass(frozen=True)
class SafetyItem:
    """An item whose answer raises an alert: from `review` on for review, from `urgent` on urgently."""

    kind: str
    item: int
    review: int
    urgent: int

    def finding(self, answer: int | None) -> Finding | None:
        if answer is None or answer < self.review:
            return None
        return Finding(self.kind, Level.URGENT if answer >= self.urgent else Level.REVIEW)


@dataclass(frozen=True)
class Score:
    """What the answers say. An incomplete form has no total, no band and no syndrome; findings it may have."""

    total: int | None
    band: str | None
    complete: bool
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]
    syndrome: str | None
    """The scale's own reading of a complete form, as information; None where it has none."""


@dataclass(frozen=True)
class Scale:
    """One version of a questionnaire whose total is the sum of its scored items, more being worse.

    Raises `ValueError` where it contradicts itself, so at import.
    """

    key: str
    version: str
    name: str
    recall: str
    """The wording that stands above the items; scores under another wording do not compare."""
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    source: str
    licence: str
    safety: tuple[SafetyItem, ...] = ()
    notices: tuple[Notice, ...] = ()
    syndrome: Callable[[Sequence[int]], str] | None = None
    """Reads the scored answers of a complete form."""
    loinc: str | None = None
    total_loinc: str | None = None

    def __post_init__(self) -> None:
        faults = list(_contradictions(self))
        if faults:
            raise ValueError(f"scale {self.key}: {'; '.join(faults)}")

    @property
    def most(self) -> int:
        """The highest total."""
        return sum(item.most for item in self.items if item.scored)

    @property
    def fewest_answers(self) -> int:
        """How many entries a form has at least: unscored items at its end may be left off."""
        return max(item.number for item in self.items if item.scored)

    def score(self, answers: Sequence[object]) -> Score:
        """Total, band and flags of these answers. Raises `Invalid` naming every faulty one."""
        given = self._checked(answers)
        scored = [given[item.number - 1] for item in self.items if item.scored]
        known = [answer for answer in scored if answer is not None]
        complete = len(known) == len(scored)
        total = sum(known) if complete else None
        findings = self._findings(given)
        return Score(
            total=total,
            band=None if total is None else self.band(total).key,
            complete=complete,
            flags=tuple(finding.kind for finding in findings) + self._noticed(given),
            findings=findings,
            syndrome=self.syndrome(known) if complete and self.syndrome else None,
        )

    def faults(self, answers: Sequence[object]) -> Iterator[Fault]:
        """What keeps these answers from being scored, item by item."""
        fewest, most = self.fewest_answers, len(self.items)
        if not fewest <= len(answers) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            yield Fault("answers", "length", f"{self.name} has {wanted} answers; null stands for one not given.")
        for item, answer in zip(self.items, answers, strict=False):
            if not _fits(item, answer):
                message = f"Item {item.number} is a whole number from {item.least} to {item.most}, or null."
                yield Fault(f"answers.{item.number - 1}", "range", message)

    def band(self, total: int) -> Band:
        """The band a total lies in."""
        return next(band for band in self.bands if band.least <= total <= band.most)

    def _checked(self, answers: Sequence[object]) -> Answers:
        refuse(self.faults(answers))
        missing = len(self.items) - len(answers)
        return tuple(_whole(answer) for answer in answers) + (None,) * missing

    def _findings(self, given: Answers) -> tuple[Finding, ...]:
        found = (rule.finding(given[rule.item - 1]) for rule in self.safety)
        return tuple(finding for finding in found if finding)

    def _noticed(self, given: Answers) -> tuple[str, ...]:
        return tuple(notice.flag for notice in self.notices if (given[notice.item - 1] or 0) >= notice.least)


def _fits(item: Item, answer: object) -> bool:
    return answer is None or (type(answer) is int and item.least <= answer <= item.most)


def _whole(answer: Any) -> int | None:
    """An answer that `_fits` has let through, under its own type."""
    return None if answer is None else int(answer)


def _contradictions(scale: Scale) -> Iterator[str]:
    yield from _item_contradictions(scale.items)
    yield from _band_contradictions(scale)
    numbers = {item.number: item for item in scale.items}
    for rule in scale.safety:
        item = numbers.get(rule.item)
        if item is None or not item.least < rule.review <= rule.urgent <= item.most:
            yield f"safety item {rule.item} can never tell"
    for notice in scale.notices:
        item = numbers.get(notice.item)
        if item is None or not item.least < notice.least <= item.most:
            yield f"notice {notice.flag} can never tell"
    flags = [rule.kind for rule in scale.safety] + [notice.flag for notice in scale.notices]
    if len(set(flags)) != len(flags):
        yield "two rules share a flag"


def _item_contradictions(items: Iterable[Item]) -> Iterator[str]:
    items = list(items)
    if [item.number for item in items] != list(range(1, len(items) + 1)):
        yield "items are not numbered 1..n"
    if not any(item.scored for item in items):
        yield "no item is scored"
    for item in items:
        if item.least != 0 or item.most < 1:
            yield f"item {item.number} does not go from 0 to at least 1"
        if item.choices and [choice.value for choice in item.choices] != list(range(item.least, item.most + 1)):
            yield f"the choices of item {item.number} are not its range"


def _band_contradictions(scale: Scale) -> Iterator[str]:
    bands = scale.bands
    if not bands or bands[0].least != 0 or bands[-1].most != scale.most:
        yield f"the bands do not cover 0 to {scale.most}"
    if any(band.least > band.most for band in bands):
        yield "a band is empty"
    if any(upper.least != lower.most + 1 for lower, upper in pairwise(bands)):
        yield "the bands leave a gap or overlap"
    if len({band.key for band in bands}) != len(bands):
        yield "two bands share a key"
