"""Setting a rule of policy aside: who may, and for which visits. What is physically impossible cannot be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, insert
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.errors import Fault, NotAllowed
from scheduler.models import Appointment, Move, Override, OverrideRule
from scheduler.models.base import table_of

MAY_SET_ASIDE: dict[OverrideRule, frozenset[Role]] = {
    OverrideRule.SPACING: frozenset({Role.CLINICIAN}),
    OverrideRule.SPAN: frozenset({Role.CLINICIAN}),
    OverrideRule.REST: frozenset({Role.CLINICIAN}),
    OverrideRule.CONSENT: frozenset({Role.CLINICIAN}),
    OverrideRule.HOURS: frozenset({Role.CLINICIAN, Role.SCHEDULER}),
}
"""How far apart infusions are, and whether a consent still holds, is for those who treat to judge."""

_overrides, _moves, _appointments = table_of(Override), table_of(Move), table_of(Appointment)
INSERT = insert(_overrides)
IN_FORCE = ~exists().where(
    _moves.c.clinic_id == _overrides.c.clinic_id, _moves.c.appointment_id == _overrides.c.appointment_id,
    _moves.c.at > _overrides.c.at, _moves.c.starts_at != _appointments.c.starts_at,
).correlate(_overrides, _appointments)  # fmt: skip # by name: on its own it finds only what stands one query above
"""Of an override beside its appointment: that was for the time it stands at, not for one it has left since."""


@dataclass(frozen=True)
class Waiver:
    """The rules somebody sets aside for what they ask, and why."""

    rules: frozenset[OverrideRule]
    reason: str


def refuse_unallowed(waiver: Waiver | None, *, actor: Actor) -> None:
    """Raise `NotAllowed` with every rule that none of the actor's roles may set aside."""
    beyond = [rule for rule in sorted(waiver.rules if waiver else ()) if not actor.has_any(*MAY_SET_ASIDE[rule])]
    if beyond:
        raise NotAllowed(
            "Your role may not set these rules aside.",
            faults=[Fault("override.rules", rule, f"Only {_who(rule)} may set this aside.") for rule in beyond],
        )


def _who(rule: OverrideRule) -> str:
    return " or ".join(f"a {role}" for role in sorted(MAY_SET_ASIDE[rule]))


def who_may(fault: Fault) -> tuple[Role, ...]:
    """The roles that may set this aside; none where it is no rule of policy."""
    rules = {rule.value: roles for rule, roles in MAY_SET_ASIDE.items()}
    return tuple(sorted(rules.get(fault.code, ())))


def outstanding(faults: Iterable[Fault], waiver: Waiver | None) -> tuple[Fault, ...]:
    """The faults that are not set aside."""
    return tuple(fault for fault in faults if waiver is None or fault.code not in waiver.rules)


def set_aside(
    faults: Iterable[Fault], waiver: Waiver | None, ids: dict[int, UUID], *, actor: Actor, now: datetime
) -> Iterator[dict[str, Any]]:
    """A row for each rule set aside, for the appointment whose number a fault names, or the first where it names none.

    `ids` are those of the appointments, by number.
    """
    if waiver is None:
        return
    for number, rule in sorted({(_number(fault, ids), fault.code) for fault in faults if fault.code in waiver.rules}):
        yield {
            "clinic_id": actor.clinic_id, "id": uuid4(), "appointment_id": ids[number], "rule": OverrideRule(rule),
            "reason": waiver.reason, "at": now, "actor_id": actor.staff_id,
        }  # fmt: skip


def _number(fault: Fault, ids: dict[int, UUID]) -> int:
    _, _, number = fault.where.partition(".")
    return int(number) if number else min(ids)


def rules_named(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What the audit book says of them: which rules were set aside, if any."""
    named = sorted({row["rule"].value for row in rows})
    return {"overridden": named} if named else {}


def keep_overrides(db: Session, rows: list[dict[str, Any]]) -> None:
    """Write them down, on the appointments they are for."""
    if rows:
        db.execute(INSERT, rows)
