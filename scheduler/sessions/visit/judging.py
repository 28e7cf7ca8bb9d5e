"""Whether what was answered lets a patient be cleared, or leave: each item fine, a warning, in the way, or missing.

Nothing answers itself: what the system can look up is held against a person's answer, never put in its place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from scheduler.errors import Fault
from scheduler.sessions.drug.dosing import DoseLimits, reweighed
from scheduler.sessions.visit.answers import Answer, instant
from scheduler.sessions.visit.checklists import Checklist, Item, Kind, Rule

MINUTE = timedelta(minutes=1)


class State(StrEnum):
    MISSING = "missing"
    FINE = "fine"
    WARN = "warn"
    BLOCKS = "blocks"


@dataclass(frozen=True)
class Baseline:
    """The last set of vitals before the drug: when, what of the needed it lacks, and what is beyond the clinic's
    thresholds, each with its value and its limit.
    """

    at: datetime
    lacking: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What the answers are held against, at the moment in which somebody wants to clear the patient."""

    moment: datetime
    today: date
    consent_until: date | None = None
    ordered: bool = False
    """There is a signed order that holds today."""
    ordered_kg: Decimal | None = None
    limits: DoseLimits | None = None
    """Those of the order's unit; without them no weight is judged."""
    baseline: Baseline | None = None
    baseline_minutes: int = 30
    """So old may it be."""
    assessed: bool = False
    """The PHQ-9 of this visit is on record."""
    item9: int | None = None
    """Its answer about suicidal thoughts."""
    thoughts: bool = False
    """Whether any form of this visit has a positive answer about them."""
    cssrs: str | None = None
    """What the C-SSRS forms of this visit found."""


@dataclass(frozen=True)
class Judged:
    """An item, how it stands, and the words for it."""

    item: Item
    state: State
    words: str = ""

    @property
    def is_in_the_way(self) -> bool:
        return self.state is State.BLOCKS or (self.state is State.MISSING and self.item.blocking)


def judge(checklist: Checklist, answers: Mapping[str, Answer], context: Context) -> list[Judged]:
    """Every item in its order, judged by its rule; `answers` are the newest by key."""
    return [_judged(item, answers.get(item.key), context) for item in checklist.items]


def in_the_way(judged: Iterable[Judged]) -> Iterator[Fault]:
    """A fault for each item that keeps the patient from going on, in the words of the list."""
    for each in judged:
        if each.is_in_the_way:
            words = each.words or "Not answered yet."
            yield Fault(f"items.{each.item.key}", each.state.value, f"{each.item.label}: {words}")


Found = tuple[State, str]
FINE: Found = (State.FINE, "")


def _judged(item: Item, answer: Answer | None, context: Context) -> Judged:
    if answer is None:
        return Judged(item, State.MISSING, "Not answered yet.")
    if not answer.applies:
        return Judged(item, State.FINE, "Does not apply.")
    state, words = RULES[item.rule](item, answer, context)
    if state is State.BLOCKS and not item.blocking:
        state = State.WARN
    return Judged(item, state, words)


def _recorded(_item: Item, _answer: Answer, _context: Context) -> Found:
    return FINE


def _confirmed(item: Item, answer: Answer, _context: Context) -> Found:
    if item.kind is Kind.PARTS:
        least = item.least or len(item.parts)
        ticked = sum(bool(answer.value[part]) for part in item.parts)
        return FINE if ticked >= least else (State.BLOCKS, f"{ticked} of {least} are confirmed.")
    return FINE if answer.value["value"] else (State.BLOCKS, "The answer is no.")


def _flagged(_item: Item, answer: Answer, _context: Context) -> Found:
    if not answer.value["value"]:
        return FINE
    return (State.WARN, "The answer is yes.") if answer.note else (State.BLOCKS, "Note what was made of the yes.")


def _must_be_no(_item: Item, answer: Answer, _context: Context) -> Found:
    return (State.BLOCKS, "The answer is yes.") if answer.value["value"] else FINE


def _fasting(item: Item, answer: Answer, context: Context) -> Found:
    late = list(_too_late(item, answer, context))
    return (State.BLOCKS, " ".join(late)) if late else FINE


def _too_late(item: Item, answer: Answer, context: Context) -> Iterator[str]:
    for words, minutes in (("solid", item.solid_minutes or 0), ("liquid", item.liquid_minutes or 0)):
        free = instant(answer.value[f"last_{words}_at"]) + minutes * MINUTE
        if free > context.moment:
            wait = -((context.moment - free) // MINUTE)
            yield f"Nothing {words} for {minutes} minutes: {wait} more are needed."


def _weight(_item: Item, answer: Answer, context: Context) -> Found:
    if context.ordered_kg is None or context.limits is None:
        return State.BLOCKS, "There is no signed order to hold it against."
    weight = Decimal(answer.value["value"])
    for fault in reweighed(context.ordered_kg, weight, context.limits):
        return (State.BLOCKS if fault.code == "weight-limit" else State.WARN), fault.message
    return FINE


def _dated(item: Item, answer: Answer, context: Context) -> Found:
    age = (context.today - date.fromisoformat(answer.value["on"])).days
    if answer.value["value"] != item.accepted:
        return State.BLOCKS, f"It is not {item.accepted}."
    if age < 0:
        return State.BLOCKS, "Its date is still to come."
    return FINE if age <= (item.days or 0) else (State.BLOCKS, f"It is older than {item.days} days.")


def consent_words(context: Context) -> str | None:
    """What is wrong with the consent on file; None where nothing is."""
    if context.consent_until is None:
        return "No consent is on file."
    return "The consent on file has lapsed." if context.consent_until < context.today else None


def _consent(item: Item, answer: Answer, context: Context) -> Found:
    words = consent_words(context)
    return _confirmed(item, answer, context) if words is None else (State.BLOCKS, words)


def _order(item: Item, answer: Answer, context: Context) -> Found:
    if not context.ordered:
        return State.BLOCKS, "There is no signed order that holds today."
    return _confirmed(item, answer, context)


def vitals_words(context: Context) -> str | None:
    """What is wrong with the baseline; None where nothing is."""
    baseline = context.baseline
    if baseline is None:
        return "No set of vitals has been taken yet."
    if context.moment - baseline.at > context.baseline_minutes * MINUTE:
        return f"The last set is older than {context.baseline_minutes} minutes."
    return f"The last set lacks: {', '.join(baseline.lacking)}." if baseline.lacking else None


def _vitals(item: Item, answer: Answer, context: Context) -> Found:
    words = vitals_words(context)
    if words is not None:
        return State.BLOCKS, words
    state, words = _confirmed(item, answer, context)
    beyond = context.baseline.beyond if context.baseline else ()
    if state is State.FINE and beyond:
        return State.WARN, f"Weigh waiting: {', '.join(beyond)}."
    return state, words


def _assessment(item: Item, answer: Answer, context: Context) -> Found:
    if not context.assessed:
        return State.BLOCKS, "The PHQ-9 of this visit is not on record."
    state, words = _confirmed(item, answer, context)
    if state is State.FINE and context.item9 is None:
        return State.BLOCKS, "Item 9 of the PHQ-9 was not answered."
    return _risky(answer, context) if state is State.FINE and (context.item9 or context.thoughts) else (state, words)


def _risky(answer: Answer, context: Context) -> Found:
    """A positive answer about suicidal thoughts lets a patient pass once the C-SSRS was asked, or its finding noted."""
    risky = "Item 9 of the PHQ-9 is positive." if context.item9 else "An answer about suicidal thoughts is positive."
    if context.cssrs is not None:
        return State.WARN, f"{risky} The C-SSRS of this visit found: {context.cssrs}."
    return (State.WARN, risky) if answer.note else (State.BLOCKS, f"{risky} Note the finding of the C-SSRS.")


RULES: Mapping[Rule, Callable[[Item, Answer, Context], Found]] = {
    Rule.RECORDED: _recorded,
    Rule.CONFIRMED: _confirmed,
    Rule.FLAGGED: _flagged,
    Rule.MUST_BE_NO: _must_be_no,
    Rule.FASTING: _fasting,
    Rule.WEIGHT: _weight,
    Rule.DATED: _dated,
    Rule.CONSENT: _consent,
    Rule.ORDER: _order,
    Rule.VITALS: _vitals,
    Rule.ASSESSMENT: _assessment,
}
