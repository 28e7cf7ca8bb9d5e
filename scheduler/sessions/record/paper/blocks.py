"""The column beside the table: adverse events, alerts, what was asked, and the notes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.models import AdverseEvent, AlertLevel, NoteKind
from scheduler.sessions.record.paper.choosing import fit
from scheduler.sessions.record.paper.fonts import wrapped
from scheduler.sessions.record.paper.pen import DARK, Box, Pen
from scheduler.sessions.record.paper.words import Clock, human, letter
from scheduler.sessions.record.sheet import Asked, Entry, Flowsheet, Raised

LINE, SIZE, TITLE = 8.2, 6.6, 10.5
INDENT = 6.0
MORE = "more lines in the record"


@dataclass(frozen=True)
class Block:
    """A title and what stands under it, one text an item."""

    title: str
    items: tuple[str, ...]


def blocks_of(sheet: Flowsheet, clock: Clock) -> tuple[Block, ...]:
    """The blocks in their order; the first are what matters most to whoever takes the patient over."""
    return (
        Block("Adverse events", tuple(_events(sheet, clock)) or ("None recorded.",)),
        Block("Alerts", tuple(_alert(each, clock) for each in _by_weight(sheet.alerts)) or ("None raised.",)),
        Block(f"Checklist: {_count(sheet.checklist)}", tuple(_answers(sheet.checklist))),
        Block(f"Before leaving: {_count(sheet.discharge)}", tuple(_leaving(sheet))),
        Block("Notes", tuple(_notes(sheet, clock)) or ("None written.",)),
    )


def draw_blocks(pen: Pen, box: Box, blocks: Sequence[Block]) -> None:
    """The blocks one below the other. What does not fit is cut with a mark."""
    texts = [[wrapped(item, box.width - INDENT, SIZE) for item in block.items] for block in blocks]
    room = int((box.height - TITLE * len(blocks)) // LINE)
    wanted = [sum(len(item) for item in items) for items in texts]
    y = box.top
    for block, items, lines in zip(blocks, texts, fit(wanted, room), strict=True):
        pen.text(box.x, y - 7, block.title, size=7.2, bold=True, room=box.width)
        y -= TITLE
        for line, ink in shown(items, lines):
            pen.text(box.x + INDENT, y - 5.5, line, size=SIZE, ink=ink)
            y -= LINE


def shown(items: Sequence[tuple[str, ...]], room: int) -> Iterator[tuple[str, float]]:
    """The lines of the items in so many lines, the last one saying what is missing if anything is."""
    lines = [line for item in items for line in item]
    if len(lines) <= room:
        yield from ((line, 0.0) for line in lines)
        return
    yield from ((line, 0.0) for line in lines[: max(0, room - 1)])
    if room > 0:
        yield f"… {len(lines) - room + 1} {MORE}", DARK


def _events(sheet: Flowsheet, clock: Clock) -> Iterator[str]:
    lettered = [(letter(index), entry) for index, entry in enumerate(sheet.adverse_events)]
    for mark, entry in sorted(lettered, key=lambda each: not each[1].row.serious):
        yield f"{mark}  {_event(entry, clock)}"


def _event(entry: Entry[AdverseEvent], clock: Clock) -> str:
    row = entry.row
    until = f"-{clock.time(row.resolved_at)}" if row.resolved_at else ""
    said = [f"{clock.time(row.occurred_at)}{until} {human(row.code)}, grade {row.severity}"]
    said += ["SERIOUS: " + ", ".join(human(each) for each in row.criteria)] if row.serious else []
    if row.rescue_drug:
        said.append(" ".join(part for part in (row.rescue_drug, row.rescue_dose) if part))
    elif row.action:
        said.append(human(row.action).lower())
    said += [human(row.outcome).lower()] if row.outcome else []
    said += [] if row.closed else ["still open"]
    return "; ".join([*said, *([row.description] if row.description else [])])


def _by_weight(alerts: Sequence[Raised]) -> list[Raised]:
    """Those nobody has acknowledged first, the urgent ones before the others."""
    return sorted(alerts, key=lambda each: (each.acknowledged_at is not None, each.level is not AlertLevel.URGENT))


def _alert(alert: Raised, clock: Clock) -> str:
    value = "" if alert.value is None else f" {alert.value}"
    limit = "" if alert.threshold is None else f" (limit {alert.threshold})"
    urgent = "URGENT " if alert.level is AlertLevel.URGENT else ""
    said = f"{clock.time(alert.raised_at)} {urgent}{human(alert.kind)}{value}{limit}"
    if alert.acknowledged_at is None:
        return f"{said}: OPEN"
    return f"{said}; seen {clock.time(alert.acknowledged_at)} by {alert.acknowledged_by}: {alert.note}"


def _count(asked: Sequence[Asked]) -> str:
    answered = sum(item.answer is not None for item in asked)
    return f"{answered} of {len(asked)} answered"


def _warned(asked: Sequence[Asked]) -> Iterator[str]:
    for item in asked:
        if item.warned and item.answer is not None:
            note = item.answer.row.note
            yield "! " + ". ".join(part.rstrip(".") for part in (item.label, item.words, note) if part) + "."


def _answers(asked: Sequence[Asked]) -> Iterator[str]:
    """What was warned of, and then what somebody answered in words: weight, access, medication, whom to call."""
    if all(item.answer is None for item in asked):
        yield "Nothing answered yet."
        return
    yield from list(_warned(asked)) or ["Nothing was warned of."]
    for item in asked:
        value = item.answer.row.value if item.answer else {}
        said = ", ".join(str(value[name]) for name in ("value", "name", "phone", "on") if _is_text(value.get(name)))
        if said:
            yield f"{item.label}: {said}"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _leaving(sheet: Flowsheet) -> Iterator[str]:
    session = sheet.session
    if session.discharge_override:
        waived = ", ".join(sorted({_criterion(each) for each in session.discharge_waived or ()}))
        yield f"OVERRIDDEN by {session.discharge_overridden_by}: {session.discharge_override} (missing: {waived})"
    if session.deferral:
        yield f"Deferred: {human(session.deferral).lower()}"
    yield from _answers(sheet.discharge)
    for entry in sheet.unasked:
        said = [human(entry.row.item), *([entry.row.note] if entry.row.note else [])]
        yield f"{entry.by}: {'. '.join(said)}"


def _criterion(waived: str) -> str:
    """A criterion by its key; alerts stand there by their ids."""
    return human(waived).lower() if waived.replace("_", "").isalpha() else "an open alert"


def _notes(sheet: Flowsheet, clock: Clock) -> Iterator[str]:
    for entry in sheet.notes:
        kind = "Addendum" if entry.row.kind is NoteKind.ADDENDUM else "Note"
        corrected = ", corrected" if entry.earlier else ""
        yield f"{kind} {clock.time(entry.row.occurred_at)}, {entry.by}{corrected}: {entry.row.text}"
