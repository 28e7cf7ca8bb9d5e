"""What the columns of a file of scores mean, and a row of it as a form. Pure.

A score is made here, from the answers. A total in the file is compared if that is asked for, and never taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from zoneinfo import ZoneInfo

from scheduler.errors import Fault, refuse
from scheduler.models import AnsweredBy
from scheduler.outcomes.forms import MISSING
from scheduler.outcomes.importing.cells import RowReader, Unfit, moment, record_number, whole
from scheduler.outcomes.importing.rows import Row, RowFault
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.scales.definition import Scale, Score

Entry = tuple[int | None, str | None]
"""An answer, or why there is none."""
NOTHING: Entry = (None, None)
UNASKED: Entry = (None, "not_asked")


@dataclass(frozen=True)
class ScoreColumns:
    """Which column holds what, as the user says it."""

    patient: str
    """Of the record number."""
    items: Mapping[str, Sequence[str]]
    """By the key of a scale, the columns of its answers in the order of its items."""
    scale: str | None = None
    """Of the scale's name, where a file holds several."""
    taken_at: str | None = None
    """Of the date or time; without one, `taken_on` holds for every row."""
    taken_on: str | None = None
    total: str | None = None
    """Of a total to be compared."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Which code means which reason for there being no answer; "" is an empty cell."""
    answered_by: AnsweredBy | None = None
    source: str = ""
    """Tells apart what two sources say alike; two files of one source may overlap."""


@dataclass(frozen=True)
class FormDraft:
    """A row that can be read: a form of somebody who is known by a record number only."""

    line: int
    spellings: tuple[str, ...]
    """Of the record number: as it was meant, and as it was written if that is something else."""
    scale: Scale
    answers: tuple[int | None, ...]
    missing: tuple[str | None, ...] | None
    taken_at: datetime
    score: Score
    cleared: bool = False
    """Whether 0 stood where nothing was asked."""


@dataclass(frozen=True)
class ScorePlan:
    """How to read a file of scores in one clinic. Raises `Invalid` with everything that does not fit together."""

    columns: ScoreColumns
    scales: Mapping[str, Scale]
    zone: ZoneInfo
    policy: OutcomePolicy
    now: datetime

    def __post_init__(self) -> None:
        refuse(_faults(self))

    @property
    def used(self) -> list[str]:
        """The headings that must be there."""
        said = self.columns
        others = (said.patient, said.scale, said.taken_at, said.total)
        return [column for column in (*others, *chain(*said.items.values())) if column is not None]

    @property
    def old(self) -> datetime:
        """What was answered before this is historical."""
        return self.now - timedelta(days=self.policy.reading.historical_days)

    @cached_property
    def same_time(self) -> datetime:
        """When the forms were taken, where one time holds for all. Raises `Unfit`."""
        return moment(self.columns.taken_on or "", self.zone)

    @cached_property
    def reasons(self) -> Mapping[int | str, str]:
        """The codes for no answer; those that are numbers however they are written."""
        return {_code(text): reason for text, reason in self.columns.missing.items()}

    def read(self, row: Row) -> FormDraft | list[RowFault]:
        """The row as a form, or everything that is wrong with it."""
        said, cells = self.columns, RowReader(row)
        spellings = cells.take(said.patient, _spellings)
        taken_at = cells.take(said.taken_at, self._moment) if said.taken_at else self.same_time
        scale = cells.take(said.scale, self._scale) if said.scale else next(iter(self.scales.values()))
        if scale is None:
            return cells.faults
        columns = said.items[scale.key]
        entries = [cells.take(column, self._entry) or NOTHING for column in columns]
        meant = _without_unasked(scale, entries)
        answers, missing = zip(*meant, strict=True)
        for fault in scale.faults(answers):
            _refuse_answer(cells, columns, scale, fault)
        if cells.faults or spellings is None or taken_at is None:
            return cells.faults
        score = scale.score(answers, prorate=self.policy.reading.prorate)
        if said.total:
            cells.take(said.total, lambda text: _compare(text, score))
        reasons = missing if any(missing) else None
        return cells.faults or FormDraft(
            row.line, spellings, scale, answers, reasons, taken_at, score, cleared=meant != entries
        )

    def _moment(self, text: str) -> datetime:
        return moment(text, self.zone)

    def _scale(self, text: str) -> Scale:
        for key, scale in self.scales.items():
            if _plain(text) in {_plain(key), _plain(scale.name)}:
                return scale
        raise Unfit("scale", "No columns were named for a scale of this name.")

    def _entry(self, text: str) -> Entry:
        """The answer, or why there is none."""
        code = _code(text)
        if code in self.reasons:
            return None, self.reasons[code]
        if isinstance(code, str):
            raise Unfit("answer", "An answer is a whole number, and any other code has to be named as missing.")
        return code, None


def _without_unasked(scale: Scale, entries: Sequence[Entry]) -> list[Entry]:
    """The same with no answer for 0 under items that the form, by its other answers, did not ask: exports fill cells.

    Any other answer there is left, and contradicts the form.
    """
    meant = list(entries)
    for asked in scale.asked:
        given = (*(answer for answer, _ in meant), *(None,) * (len(scale.items) - len(meant)))
        if asked.tolerated or asked.may_be_met(given):
            continue
        for number in asked.items:
            if (0, None) in meant[number - 1 : number]:
                meant[number - 1] = UNASKED
    return meant


def _code(text: str) -> int | str:
    number = whole(text)
    return text if number is None else number


def _plain(name: str) -> str:
    """PHQ-9, phq9 and Phq 9 are one name."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _spellings(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((record_number(text), text)))


def _compare(text: str, score: Score) -> None:
    if not text:
        return
    if score.total is None:
        raise Unfit("total", "There is a total, and answers are missing.")
    if whole(text) != score.total:
        raise Unfit("total", "The answers do not come to this total.")


def _refuse_answer(cells: RowReader, columns: Sequence[str], scale: Scale, fault: Fault) -> None:
    place = int(fault.where.removeprefix("answers."))
    item, message = scale.items[place], fault.message
    if fault.code == "range":
        message = f"An answer goes from {item.least} to {item.most}, and any other code has to be named as missing."
    cells.fault(columns[place], fault.code, message)


def _faults(plan: ScorePlan) -> Iterator[Fault]:
    said = plan.columns
    if not plan.scales:
        yield Fault("items", "missing", "Name the scale and the columns of its answers.")
    if len(plan.scales) > 1 and not said.scale:
        yield Fault("scale", "missing", "Several scales need a column that says which one a row is of.")
    yield from _item_faults(plan)
    yield from _missing_faults(plan)
    yield from _time_faults(plan)


def _item_faults(plan: ScorePlan) -> Iterator[Fault]:
    said = plan.columns
    for key, scale in plan.scales.items():
        names, fewest, most = said.items[key], scale.fewest_answers, len(scale.items)
        if not fewest <= len(names) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            yield Fault("items", "length", f"{scale.name} has {wanted} items, in their order; {len(names)} are named.")
        if len({*names, said.patient, said.taken_at, said.scale, said.total}) < len(names) + _others(said):
            yield Fault("items", "twice", f"For {scale.name} one column is named for two things.")


def _others(said: ScoreColumns) -> int:
    """How many different headings there are beside those of the items; None is one."""
    return len({said.patient, said.taken_at, said.scale, said.total})


def _missing_faults(plan: ScorePlan) -> Iterator[Fault]:
    for text, reason in plan.columns.missing.items():
        if reason not in MISSING:
            yield Fault("missing", "unknown", f"Why an answer is missing is one of {', '.join(MISSING)}.")
        code = _code(text)
        for scale in plan.scales.values():
            if isinstance(code, int) and any(item.least <= code <= item.most for item in scale.items):
                yield Fault("missing", "answer", f"{code} is an answer of {scale.name} and cannot mean there is none.")


def _time_faults(plan: ScorePlan) -> Iterator[Fault]:
    said = plan.columns
    if (said.taken_at is None) == (said.taken_on is None):
        yield Fault("taken_at", "missing", "Name the column of the time, or one time for all rows.")
    elif said.taken_on is not None:
        try:
            moment(said.taken_on, plan.zone)
        except Unfit as unfit:
            yield Fault("taken_at", unfit.code, unfit.message)
