"""Past scores: each row a form of a patient who is on record, scored as every form is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.errors import NotAllowed
from scheduler.models import AnswerSource, Assessment
from scheduler.models.base import table_of
from scheduler.outcomes.alerts.raising import raise_all
from scheduler.outcomes.assessments import time_faults
from scheduler.outcomes.forms import Form
from scheduler.outcomes.importing.on_record import Known, OnRecord
from scheduler.outcomes.importing.rows import Row, RowFault
from scheduler.outcomes.importing.runs import Count
from scheduler.outcomes.importing.score_files import FormDraft, ScoreColumns, ScorePlan
from scheduler.outcomes.importing.seen import Seen
from scheduler.outcomes.known_scales import find_scale
from scheduler.outcomes.settings import policy_in_force
from scheduler.records import access, audit
from scheduler.records.zone import read_zone

WRITE = insert(table_of(Assessment))


@dataclass(frozen=True)
class ScoreImport:
    """Scores of one file, brought into one clinic by one person."""

    plan: ScorePlan
    actor: Actor

    @property
    def on_record(self) -> OnRecord:
        return OnRecord(self.actor.clinic_id, self.plan.zone, self.plan.columns.source)

    @property
    def used(self) -> Sequence[str]:
        return self.plan.used

    def read(self, row: Row) -> FormDraft | list[RowFault]:
        return self.plan.read(row)

    def check(self, db: Session, drafts: Sequence[FormDraft], seen: Seen) -> Iterator[RowFault | Count]:
        """What would become of these rows, and what is wrong with them in this clinic. Writes nothing."""
        forms, faults = self._found(db, drafts)
        yield from faults
        there = self.on_record.among(db, forms)
        for form in forms:
            yield from kinds_of(form.draft)
            key = bytes.fromhex(form.key)
            if form.key in there or seen.first(key, key) is not None:
                yield Count.ALREADY
                continue
            yield Count.WRITTEN
            yield from (self._alert(form.draft) for _ in form.draft.score.findings)

    def write(self, db: Session, drafts: Sequence[FormDraft]) -> Iterator[RowFault | Count]:
        """Write what is new, and raise what it calls for. With a fault among them, what was written must not stay."""
        forms, faults = self._found(db, drafts)
        yield from faults
        patients = {form.patient_id for form in forms}
        access.lock_records(db, patients, actor=self.actor)  # another import of these waits here, before it looks
        there = self.on_record.among(db, forms)
        new = {form.key: form for form in reversed(forms) if form.key not in there}
        yield from chain.from_iterable(kinds_of(form.draft) for form in forms)
        yield from [Count.WRITTEN] * len(new) + [Count.ALREADY] * (len(forms) - len(new))
        if new:
            yield from self._write(db, list(new.values()))

    def _write(self, db: Session, forms: Sequence[Known]) -> Iterator[Count]:
        rows = [self._row(form) for form in forms]
        db.execute(WRITE, rows)  # the database raises their alerts with them, and by the same rules as the score
        patients = audit.ids_of(form.patient_id for form in forms)
        now = self.plan.now
        audit.note(db, "assessments.imported", actor=self.actor, now=now, patients=patients, forms=len(rows))
        heard = [Assessment(**row) for row in rows if row["flags"] or not row["historical"]]
        for alert in raise_all(db, heard, self.plan.policy, actor=self.actor, now=now):
            yield Count.HISTORICAL if alert.historical else Count.LIVE

    def _found(self, db: Session, drafts: Sequence[FormDraft]) -> tuple[list[Known], list[RowFault]]:
        """The forms whose patients are on record; a fault for every other, and for times that cannot be."""
        numbers = {number for draft in drafts for number in draft.spellings}
        records = access.by_record_number(db, numbers, action="records.matched", actor=self.actor, now=self.plan.now)
        forms, faults = [], []
        for draft in drafts:
            fitting = [records[number] for number in draft.spellings if number in records]
            wrong = list(self._faults(draft, fitting))
            faults += wrong
            if not wrong:
                forms.append(self.on_record.known(fitting[0].id, draft))
        return forms, faults

    def _faults(self, draft: FormDraft, fitting: Sequence[access.Record]) -> Iterator[RowFault]:
        patient, taken_at = self.plan.columns.patient, self.plan.columns.taken_at or ""
        if not fitting:
            yield RowFault(draft.line, patient, "not-found", "No patient of this clinic has this record number.")
        elif len(fitting) > 1:
            yield RowFault(draft.line, patient, "ambiguous", "It may be the record number of either of two patients.")
        else:
            born = fitting[0].particulars.birth_date
            for fault in time_faults(draft.taken_at, born, self.plan.zone, self.plan.now):
                yield RowFault(draft.line, taken_at, fault.code, fault.message)

    def _row(self, form: Known) -> dict[str, Any]:
        draft = form.draft
        written = Form(
            form.patient_id, draft.scale, draft.answers, draft.taken_at, AnswerSource.IMPORT,
            self.plan.columns.answered_by, missing=draft.missing, historical=self._is_old(draft), external_key=form.key,
        )  # fmt: skip
        return written.row(
            prorate=self.plan.policy.reading.prorate, clinic_id=self.actor.clinic_id, recorded_by=self.actor.staff_id,
            now=self.plan.now,
        )  # fmt: skip

    def _is_old(self, draft: FormDraft) -> bool:
        return draft.taken_at < self.plan.old

    def _alert(self, draft: FormDraft) -> Count:
        return Count.HISTORICAL if self._is_old(draft) else Count.LIVE


def plan_scores(db: Session, columns: ScoreColumns, *, actor: Actor, now: datetime) -> ScoreImport:
    """How to bring these scores into the actor's clinic.

    Raises `NotAllowed` for anyone but a clinician, and `Invalid` for columns that do not fit the scales.
    """
    if not actor.has_any(Role.CLINICIAN):
        raise NotAllowed("Only a clinician enters scores.")
    scales = {key: find_scale(db, actor.clinic_id, key) for key in columns.items}
    policy = policy_in_force(db, actor.clinic_id, now=now)
    return ScoreImport(ScorePlan(columns, scales, read_zone(db, actor.clinic_id), policy, now), actor)


def kinds_of(draft: FormDraft) -> Iterator[Count]:
    """What is told of a form whether it is new or not."""
    yield _kind_of(draft)
    if draft.cleared:
        yield Count.CLEARED


def _kind_of(draft: FormDraft) -> Count:
    """Whether a form is complete, has gaps, or holds no answer, refused or otherwise. Unscored items do not count."""
    if draft.score.complete:
        return Count.COMPLETE
    asked = [number - 1 for number in draft.scale.scored if number <= len(draft.answers)]
    if any(draft.answers[place] is not None for place in asked):
        return Count.INCOMPLETE
    return Count.REFUSED if _were_refused(draft, asked) else Count.UNANSWERED


def _were_refused(draft: FormDraft, asked: Collection[int]) -> bool:
    return draft.missing is not None and any(draft.missing[place] == "refused" for place in asked)
