"""What a scale is: a value that refuses to be inconsistent, and the one way in which answers become a score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scheduler.errors import Fault, refuse
from scheduler.outcomes.scales.contradictions import contradictions
from scheduler.outcomes.scales.elements import (
    Answers,
    Asked,
    Band,
    Choice,
    Cut,
    Finding,
    How,
    Item,
    Level,
    Mode,
    Notice,
    Part,
    SafetyItem,
    Score,
    Total,
)
from scheduler.outcomes.scales.lines import Lines
from scheduler.outcomes.scales.shape import Definition

__all__ = [
    "Answers", "Asked", "Band", "Choice", "Cut", "Finding", "How", "Item", "Level", "Lines", "Mode", "Notice", "Part",
    "SafetyItem", "Scale", "Score", "Total",
]  # fmt: skip


@dataclass(frozen=True)
class Scale(Definition):
    """One version of a questionnaire, and how its answers become a score.

    Raises `ValueError` where it contradicts itself, so at import.
    """

    def __post_init__(self) -> None:
        faults = list(contradictions(self))
        if faults:
            raise ValueError(f"scale {self.key}: {'; '.join(faults)}")

    def score(self, answers: Sequence[object], *, prorate: bool = False) -> Score:
        """Total, band and flags of these answers. Raises `Invalid` naming every faulty one.

        With `prorate`, a scale that allows it estimates the total of a form with few gaps.
        """
        given = self._checked(answers)
        gaps = self._gaps(given)
        parts = {part.key: part.value(given) for part in self.parts if not gaps or gaps.isdisjoint(part.items)}
        total, prorated = self._total(given, parts), False
        if gaps:
            total = self._estimate(given, gaps) if prorate else None
            prorated = total is not None
        findings = self._findings(given)
        return Score(
            total=total,
            band=self._band_key(given, total, complete=not gaps),
            complete=not gaps,
            flags=(*(finding.kind for finding in findings), *self._noticed(given), *self._cut(total)),
            findings=findings,
            syndrome=self.syndrome(self._counted(given)) if self.syndrome and not gaps else None,
            parts=parts,
            prorated=prorated,
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
        if self.asked:
            yield from self._unasked(answers)

    def missing(self, answers: Sequence[object]) -> tuple[int, ...]:
        """The numbers of the items that still need an answer. Raises `Invalid` naming every faulty one."""
        return tuple(sorted(self._gaps(self._checked(answers))))

    def band(self, total: int) -> Band | None:
        """The band a total lies in; None where the scale draws none."""
        return next((band for band in self.bands if band.least <= total <= band.most), None)

    @cached_property
    def _band_keys(self) -> tuple[str, ...]:
        return tuple(band.key for band in self.bands for _ in range(band.least, band.most + 1))

    def _checked(self, answers: Sequence[object]) -> Answers:
        refuse(self.faults(answers))
        return self._padded(answers)

    def _padded(self, answers: Sequence[Any]) -> Answers:
        """Fitting answers, one an item."""
        return (*answers, *(None,) * (len(self.items) - len(answers)))

    def _unasked(self, answers: Sequence[object]) -> Iterator[Fault]:
        """Answers to items that the form, by its other answers, did not ask. Unfit ones have been named already."""
        fitting = [a if _fits(item, a) else None for item, a in zip(self.items, answers, strict=False)]
        given = self._padded(fitting)
        for asked in self.asked:
            if asked.tolerated or asked.may_be_met(given):
                continue
            after = " or ".join(str(number) for number in asked.when)
            for number in asked.items:
                if given[number - 1] is not None:
                    message = (
                        f"Item {number} is asked only if item {after} was at least {asked.least}; else it is null."
                    )
                    yield Fault(f"answers.{number - 1}", "not-asked", message)

    def _gaps(self, given: Answers) -> set[int]:
        """Scored items without an answer that should have one."""
        gaps = {number for number in self.scored if given[number - 1] is None}
        if not gaps:
            return gaps
        for asked in self.asked:
            if not asked.is_met(given):
                gaps.difference_update(asked.items)
        for pair in self.alternatives:
            if not gaps.issuperset(pair):
                gaps.difference_update(pair)
        return gaps

    def _counted(self, given: Answers) -> tuple[int, ...]:
        return tuple(given[number - 1] or 0 for number in self.scored)

    def _total(self, given: Answers, parts: Mapping[str, int]) -> int | None:
        if self.total is Total.NONE:
            return None
        return sum(parts.values()) if self.total is Total.PARTS else sum(self._counted(given))

    def _estimate(self, given: Answers, gaps: set[int]) -> int | None:
        """The sum as if the missing answers were like the others, halves rounded up.

        None with more gaps than the scale allows, or without an answer to a safety item.
        """
        if len(gaps) > self.prorates_up_to or any(given[rule.item - 1] is None for rule in self.safety):
            return None
        answered = len(self.scored) - len(gaps)
        return (2 * sum(self._counted(given)) * len(self.scored) + answered) // (2 * answered)

    def _band_key(self, given: Answers, total: int | None, *, complete: bool) -> str | None:
        if self.level is not None:
            return self.level(given) if complete else None
        return self._band_keys[total] if self.bands and total is not None else None

    def _findings(self, given: Answers) -> tuple[Finding, ...]:
        gravest: dict[str, Finding] = {}
        for rule in self.safety:
            found = rule.finding(given[rule.item - 1])
            if found and (found.level is Level.URGENT or rule.kind not in gravest):
                gravest[rule.kind] = found
        return tuple(gravest.values())

    def _noticed(self, given: Answers) -> Iterator[str]:
        return (notice.flag for notice in self.notices if (given[notice.item - 1] or 0) >= notice.least)

    def _cut(self, total: int | None) -> Iterator[str]:
        return (cut.flag for cut in self.cuts if total is not None and total >= cut.least)


def _fits(item: Item, answer: object) -> bool:
    return answer is None or (type(answer) is int and item.least <= answer <= item.most)
