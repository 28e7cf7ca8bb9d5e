"""Patients from a file: entered once by their record numbers; a number that stands for somebody else is a fault."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.errors import Fault, NotAllowed, refuse
from scheduler.outcomes.importing.cells import RowReader, day, line_of_text, record_number
from scheduler.outcomes.importing.rows import Row, RowFault
from scheduler.outcomes.importing.runs import Count
from scheduler.outcomes.importing.seen import Seen, digest
from scheduler.records import access
from scheduler.records.access import Particulars

name = partial(line_of_text, most=100)
READ: Mapping[str, Callable[[str], Any]] = {
    "mrn": record_number,
    "given_name": name,
    "family_name": name,
    "birth_date": day,
    "phone": lambda text: line_of_text(text, most=40) if text else None,
    "email": lambda text: line_of_text(text, most=255) if text else None,
    "consent_until": lambda text: day(text) if text else None,
}
NEEDED = ("mrn", "given_name", "family_name", "birth_date")


@dataclass(frozen=True)
class PatientDraft:
    """A row that can be read."""

    line: int
    particulars: Particulars


@dataclass(frozen=True)
class PatientImport:
    """Patients of one file, entered into one clinic by one person. Raises `Invalid` for columns that do not do."""

    columns: Mapping[str, str]
    """By the particulars' names, which column holds which."""
    actor: Actor
    now: datetime

    def __post_init__(self) -> None:
        refuse(_faults(self.columns))

    @property
    def used(self) -> Sequence[str]:
        return tuple(self.columns.values())

    def read(self, row: Row) -> PatientDraft | list[RowFault]:
        """Who a row is about, or everything that is wrong with it."""
        cells = RowReader(row)
        said: dict[str, Any] = {field: cells.take(column, READ[field]) for field, column in self.columns.items()}
        if cells.faults:
            return cells.faults
        particulars = Particulars(**said)
        for fault in access.particulars_faults(particulars, self.now):
            cells.fault(self.columns[fault.where], fault.code, fault.message)
        return cells.faults or PatientDraft(row.line, particulars)

    def check(self, db: Session, drafts: Sequence[PatientDraft], seen: Seen) -> Iterator[RowFault | Count]:
        """What would become of these rows, and what is wrong with them in this clinic. Writes nothing."""
        records = self._records(db, drafts)
        for draft in drafts:
            says = digest(*(repr(value) for value in vars(draft.particulars).values()))
            before = seen.first(digest(draft.particulars.mrn), says)
            if before not in {None, says}:
                message = "Another row gives this record number to other particulars."
                yield RowFault(draft.line, self.columns["mrn"], "conflict", message)
            yield from self._told(draft, records)
            if before is not None or draft.particulars.mrn in records:
                yield Count.ALREADY
            else:
                yield Count.WRITTEN

    def write(self, db: Session, drafts: Sequence[PatientDraft]) -> Iterator[RowFault | Count]:
        """Enter those who are new. With a fault among them, what was written must not stay."""
        records = self._records(db, drafts)
        new = {draft.particulars.mrn: draft.particulars for draft in drafts if draft.particulars.mrn not in records}
        access.register_patients(db, new.values(), actor=self.actor, now=self.now)
        for draft in drafts:
            yield from self._told(draft, records)
        yield from [Count.WRITTEN] * len(new) + [Count.ALREADY] * (len(drafts) - len(new))

    def _records(self, db: Session, drafts: Sequence[PatientDraft]) -> dict[str, access.Record]:
        numbers = {draft.particulars.mrn for draft in drafts}
        return access.by_record_number(db, numbers, action="records.matched", actor=self.actor, now=self.now)

    def _told(self, draft: PatientDraft, records: Mapping[str, access.Record]) -> Iterator[RowFault]:
        """What the file says otherwise than the record; what it does not tell of, it does not deny."""
        record = records.get(draft.particulars.mrn)
        for field, column in self.columns.items() if record else ():
            if getattr(draft.particulars, field) != getattr(record.particulars, field):  # type: ignore[union-attr] # there is one
                yield RowFault(draft.line, column, "differs", "The record on file says otherwise.")


def plan_patients(columns: Mapping[str, str], *, actor: Actor, now: datetime) -> PatientImport:
    """How to enter these patients into the actor's clinic. Raises `NotAllowed` and `Invalid`."""
    if not actor.has_any(Role.SCHEDULER, Role.CLINICIAN):
        raise NotAllowed("Only a scheduler or a clinician enters patients.")
    return PatientImport(columns, actor, now)


def _faults(columns: Mapping[str, str]) -> Iterator[Fault]:
    known = [field.name for field in fields(Particulars)]
    for field in columns.keys() - set(known):
        yield Fault(field, "unknown", f"A patient has {', '.join(known)}.")
    for field in NEEDED:
        if field not in columns:
            yield Fault(field, "missing", "Name the column that holds it.")
    if len(set(columns.values())) < len(columns):
        yield Fault("map", "twice", "One column is named for two things.")
