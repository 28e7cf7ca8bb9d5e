"""What is answered to the lists of a session at the demo clinic: each item by somebody, at the moment it is asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from scheduler.demo.body import Body, Effect
from scheduler.models import AdverseEventCode
from scheduler.sessions.visit.answering import Said
from scheduler.sessions.visit.checklists import Item, Kind, Rule
from scheduler.sessions.visit.shipped_templates import LEAVING
from scheduler.treatment import Sex

ASKED_ABOUT = frozenset({Rule.FLAGGED, Rule.MUST_BE_NO})
"""Where a no is what one hopes for."""
NOT_SO = frozenset({"photograph", "concomitants"})
"""Of parts, or all the parts of an item: what is not there."""
FERTILE_UNTIL = 56
NO_TEST = "No pregnancy possible."
NO_SCREEN = "None was ordered."
RISKY = "C-SSRS: no plan and no intent; seen by the prescriber."
FASTED = {"last_solid_at": timedelta(hours=9), "last_liquid_at": timedelta(hours=3)}
ESCORT = {"name": "Sam Demo", "phone": "+1 212 555 0142"}
TEXTS = {
    "medication": "None since the last visit.",
    "sedatives": "None in the last week.",
    "iv_access": "Left forearm, 22 G",
    "leaving_disposition": "Home with the escort; the prescriber calls tomorrow.",
    "leaving_ride": "Driven home by the escort",
}


@dataclass(frozen=True)
class Interview:
    """Whom the list is about: as they are, and as this visit has shown them."""

    body: Body
    effect: Effect
    age: int
    today: date
    item9_positive: bool


def before(items: Iterable[Item], about: Interview, now: datetime) -> Iterator[Said]:
    """The answers to what is asked before the drug."""
    for item in items:
        if not item.key.startswith(LEAVING):
            yield _said(item, about, now)


def on_leaving(items: Iterable[Item], about: Interview, now: datetime) -> Iterator[Said]:
    """The answers to what is asked before the patient leaves; of the risk of suicide after a positive item 9 alone."""
    for item in items:
        if item.key.startswith(LEAVING) and (item.blocking or about.item9_positive):
            yield _said(item, about, now)


def _said(item: Item, about: Interview, now: datetime) -> Said:
    if item.key == "urine_screen" or (item.key == "pregnancy_test" and not _may_be_pregnant(about)):
        return Said(item.key, {"applicable": False}, NO_SCREEN if item.key == "urine_screen" else NO_TEST)
    note = RISKY if item.rule is Rule.ASSESSMENT and about.item9_positive else None
    return Said(item.key, _value(item, about, now), note)


def _may_be_pregnant(about: Interview) -> bool:
    return about.body.sex is Sex.FEMALE and about.age < FERTILE_UNTIL


def _value(item: Item, about: Interview, now: datetime) -> Mapping[str, Any]:
    if item.kind is Kind.PARTS:
        return {part: NOT_SO.isdisjoint((part, item.key)) for part in item.parts}
    if item.kind is Kind.FASTING:
        return {name: (now - ago).isoformat() for name, ago in FASTED.items()}
    if item.kind is Kind.CONTACT:
        return ESCORT
    if item.kind is Kind.DATED:
        return {"value": item.accepted, "on": about.today.isoformat()}
    return {"value": _one(item, about)}


def _one(item: Item, about: Interview) -> object:
    """The answer to an item that holds one value."""
    if item.kind is Kind.TEXT:
        return TEXTS[item.key]
    if item.kind is Kind.CHOICE:
        return item.parts[0]
    if item.kind is Kind.NUMBER:
        return "75" if item.key.startswith(LEAVING) else str(about.body.weight_kg)
    seen = {
        "leaving_sedation_seen": AdverseEventCode.DROWSINESS,
        "leaving_dissociation_seen": AdverseEventCode.DISSOCIATION,
    }
    return about.effect.felt_at_all(seen[item.key]) if item.key in seen else item.rule not in ASKED_ABOUT
