"""The items of a checklist with their answers, and how each of them stood: for whoever reads the record afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.clinic_time import local_date
from scheduler.models import ChecklistAnswer, Order
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.record.sheet import Asked, Entry
from scheduler.sessions.visit import judging
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.checklists import Checklist, Item, Rule
from scheduler.sessions.visit.judging import Context, Judged, State

HELD_AGAINST_THE_RECORD = frozenset({Rule.CONSENT, Rule.ORDER, Rule.VITALS, Rule.ASSESSMENT})
"""What these were held against stood elsewhere in the record when they were judged; a note tells what was found."""
FAILED = frozenset({State.WARN, State.BLOCKS})


@dataclass(frozen=True)
class Ground:
    """By what the answers are judged: the moment for which they were given, the order of that day, the settings."""

    moment: datetime
    zone: ZoneInfo
    order: Order | None
    policy: SessionPolicy

    @property
    def context(self) -> Context:
        order = self.order
        return Context(
            moment=self.moment, today=local_date(self.moment, self.zone), ordered=order is not None,
            ordered_kg=order.weight_kg if order else None,
            limits=self.policy.doses.of(DoseUnit(order.dose_unit)) if order else None,
        )  # fmt: skip


def asked(checklist: Checklist, answers: Mapping[str, Entry[ChecklistAnswer]], ground: Ground) -> tuple[Asked, ...]:
    """Every item in its order; `answers` are the newest by key."""
    said = {key: Answer(entry.row.value, entry.row.note, entry.row.occurred_at) for key, entry in answers.items()}
    looked_up = HELD_AGAINST_THE_RECORD | ({Rule.WEIGHT} if ground.order is None else set())
    items = tuple(_as_recorded(item) if item.rule in looked_up else item for item in checklist.items)
    judged = judging.judge(Checklist(items), said, ground.context)
    return tuple(_asked(item, each, answers.get(item.key)) for item, each in zip(checklist.items, judged, strict=True))


def _as_recorded(item: Item) -> Item:
    """The item as if any answer would do."""
    return Item(item.key, item.label, item.kind, Rule.RECORDED, item.blocking, item.if_applicable, item.parts)


def _asked(item: Item, judged: Judged, entry: Entry[ChecklistAnswer] | None) -> Asked:
    failed = judged.state in FAILED
    if entry is not None and item.rule in HELD_AGAINST_THE_RECORD:
        failed = entry.row.note is not None or entry.row.value.get("value") is False
    return Asked(item.key, item.label, entry, warned=failed, words=judged.words if failed else "")
