"""Monitoring forms: filled from the record of a session, completed by hand, due within days, on a list until sent.

Every version keeps its number: what is typed in, or filled anew after a correction, makes the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from scheduler.actors import Actor
from scheduler.clinic_time import local_date
from scheduler.errors import AlreadyCorrected, Blocked, Fault, NotFound, refuse
from scheduler.models import (
    AdverseEvent,
    Charted,
    ChecklistAnswer,
    InfusionEventRow,
    LedgerEntry,
    Mode,
    MonitoringForm,
    Patient,
    ProtocolVersion,
    Purpose,
    Template,
    TreatmentSession,
    Vitals,
)
from scheduler.records import access, audit
from scheduler.records.zone import read_zone
from scheduler.sessions.leaving import forms
from scheduler.sessions.leaving.form_facts import facts_of
from scheduler.sessions.leaving.forms import ASKED, Form
from scheduler.sessions.ledger.entries import policy_of_session
from scheduler.sessions.steps import lock_session
from scheduler.sessions.visit.templates import template_in_force

FILLED_FROM: tuple[type[Charted | LedgerEntry], ...] = (
    Vitals, InfusionEventRow, ChecklistAnswer, AdverseEvent, LedgerEntry,
)  # fmt: skip
"""What is recorded and a form is filled from: a newer row makes the form stale."""


class FormState(StrEnum):
    """Which forms to list; who is overdue is due all the same."""

    DUE = "due"
    OVERDUE = "overdue"
    SENT = "sent"


@dataclass(frozen=True)
class ListedForm:
    """A form with its patient; `stale` once the record it was filled from has been corrected."""

    form: MonitoringForm
    patient: Patient
    stale: bool


@dataclass(frozen=True)
class FilledField:
    """One field of a form as it stands."""

    key: str
    label: str
    value: str | None
    asked: bool
    missing: bool


@dataclass(frozen=True)
class FilledForm:
    """One number of a form with its fields in order; `stale` once the record it was filled from has been corrected."""

    form: MonitoringForm
    fields: Sequence[FilledField]
    stale: bool = False

    @property
    def version(self) -> int:
        return self.form.version


def fill(db: Session, session: TreatmentSession, *, actor: Actor, now: datetime) -> MonitoringForm | None:
    """Fill the form of a locked session from its record; None where nobody asks for one about its drug."""
    template = _template(db, session, now)
    return _fill(db, session, template, None, actor=actor, now=now) if template is not None else None


def refill(db: Session, session: TreatmentSession, *, actor: Actor, now: datetime) -> FilledForm:
    """Fill the form of a locked session anew, since its record was corrected; the next number keeps what was typed.

    Raises `Blocked` where it has none.
    """
    last = _newest(db, session)
    if last is None:
        raise Blocked(faults=[Fault("monitoring_form", "missing", "This session has no monitoring form.")])
    template = db.get_one(Template, (session.clinic_id, last.template_id))
    return shown(db, _fill(db, session, template, last, actor=actor, now=now))


def keep_current(db: Session, session: TreatmentSession, *, actor: Actor, now: datetime) -> None:
    """Fill the form of a locked session in which devices were given, where its drug asks for one: when the patient
    leaves, and anew when the note is signed, unless it was sent and still says what the record says.
    """
    if session.mode is not Mode.DEVICES or session.started_at is None:
        return
    last = _newest(db, session)
    if last is None:
        fill(db, session, actor=actor, now=now)
    elif last.sent_at is None or _is_stale(db, last):
        refill(db, session, actor=actor, now=now)


def complete(
    db: Session, form_id: UUID, typed: Mapping[str, str], *, actor: Actor, now: datetime
) -> FilledForm:  # fmt: skip
    """Type in what the record does not say; the next number of the form has it.

    Raises `NotFound`, `AlreadyCorrected` if there is a newer number, and `Invalid` with every fault.
    """
    last = lock_newest(db, form_id, actor=actor)
    session = db.get_one(TreatmentSession, (actor.clinic_id, last.session_id))
    form = forms.from_document(db.get_one(Template, (actor.clinic_id, last.template_id)).document)
    values = {each.key: last.document["values"].get(each.key) for each in form.fields if each.path != ASKED}
    record = {key: value for key, value in values.items() if key not in last.document["typed"]}
    refuse(forms.typed_faults(form, typed, record))
    known = {**_typed(last), **typed}
    row = _write(
        db, session, form, last.template_id, values=record, typed=known, last=last, read_at=last.filled_at,
        actor=actor, now=now,
    )  # fmt: skip
    return shown(db, row)


def mark_sent(db: Session, form: MonitoringForm, *, actor: Actor, now: datetime) -> FilledForm:
    """Record that a form `lock_newest` has locked was sent.

    Raises `Blocked` with every field that misses, where the record has changed since, and where it was sent already.
    """
    faults = [Fault(f"fields.{key}", "missing", "This field is empty.") for key in form.document["unfilled"]]
    if _is_stale(db, form):
        faults.append(Fault("stale", "stale", "The record has changed since: fill the form anew."))
    if form.sent_at is not None:
        faults.append(Fault("sent_at", "already", "This form has been sent."))
    if faults:
        raise Blocked(faults=faults)
    form.sent_at, form.sent_by = max(now, form.filled_at), actor.staff_id
    db.flush()  # the answer shows the new version
    audit.note(db, "monitoring_form.sent", actor=actor, now=now, subject=form.id, patient_id=form.patient_id)
    return shown(db, form)


def lock_newest(db: Session, form_id: UUID, *, actor: Actor) -> MonitoringForm:
    """A form, its session kept from others. Raises `NotFound`, and `AlreadyCorrected` if there is a newer number."""
    session = lock_session(db, _find(db, form_id, actor=actor).session_id, actor=actor)
    newest = _newest(db, session)
    if newest is None or newest.id != form_id:
        raise AlreadyCorrected("There is a newer number of this form.")
    return newest


def read_form(db: Session, form_id: UUID, *, actor: Actor, now: datetime) -> FilledForm:
    """One number of a form; that its patient's record was opened is written down. Raises `NotFound`."""
    form = _find(db, form_id, actor=actor)
    audit.note(db, "monitoring_form.opened", actor=actor, now=now, subject=form_id, patient_id=form.patient_id)
    return replace(shown(db, form), stale=_is_stale(db, form))


def list_forms(
    db: Session, state: FormState, *, after: UUID | None, limit: int, actor: Actor, now: datetime
) -> list[ListedForm]:
    """Up to `limit` forms, of each session the newest number, by when they are due. `after` is the last one seen."""
    today = local_date(now, read_zone(db, actor.clinic_id))
    order = (MonitoringForm.due_on, MonitoringForm.id)
    mine = MonitoringForm.clinic_id == actor.clinic_id
    wanted = select(MonitoringForm, _stale().label("stale")).where(mine, ~_followed(), _in_state(state, today))
    if after is not None:
        seen = select(*order).where(mine, MonitoringForm.id == after)
        wanted = wanted.where(tuple_(*order) > seen.scalar_subquery())
    rows = db.execute(wanted.order_by(*order).limit(limit)).all()
    shown = {form.patient_id for form, _ in rows}
    patients = access.names_of(db, shown, action="monitoring_forms.listed", actor=actor, now=now)
    return [ListedForm(form, patients[form.patient_id], stale) for form, stale in rows]


def shown(db: Session, form: MonitoringForm) -> FilledForm:
    """A form with its fields in their order, by the version of the template it was filled under."""
    template = db.get_one(Template, (form.clinic_id, form.template_id))
    values, unfilled = form.document["values"], form.document["unfilled"]
    fields = [
        FilledField(each.key, each.label, values.get(each.key), each.path == ASKED, each.key in unfilled)
        for each in forms.from_document(template.document).fields
    ]
    return FilledForm(form, fields)


def _template(db: Session, session: TreatmentSession, now: datetime) -> Template | None:
    version = db.get_one(ProtocolVersion, (session.clinic_id, session.protocol_version_id))
    try:
        return template_in_force(
            db, session.clinic_id, Purpose.MONITORING_FORM, drug=version.definition.drug,
            protocol_id=version.protocol_id, now=now,
        )  # fmt: skip
    except NotFound:
        return None


def _fill(
    db: Session, session: TreatmentSession, template: Template, last: MonitoringForm | None, *, actor: Actor,
    now: datetime,
) -> MonitoringForm:  # fmt: skip
    facts = facts_of(db, session, actor=actor, now=now)
    form = forms.from_document(template.document)
    values = {each.key: facts[each.path] for each in form.fields if each.path != ASKED}
    return _write(
        db, session, form, template.id, values=values, typed=_typed(last), last=last, read_at=now, actor=actor, now=now,
    )  # fmt: skip


def _write(
    db: Session, session: TreatmentSession, form: Form, template_id: UUID, *, values: Mapping[str, str | None],
    typed: Mapping[str, str], last: MonitoringForm | None, read_at: datetime, actor: Actor, now: datetime,
) -> MonitoringForm:  # fmt: skip
    """Write the next number down; what the record said at `read_at` goes before what was typed."""
    kept = {key: value for key, value in typed.items() if values.get(key) is None}
    known = {**values, **kept}
    row = MonitoringForm(
        clinic_id=session.clinic_id, id=uuid4(), session_id=session.id, patient_id=session.patient_id,
        template_id=template_id, number=last.number + 1 if last else 1, filled_at=read_at,
        due_on=last.due_on if last else _due_on(db, session),
        document={"values": known, "typed": kept, "unfilled": forms.unfilled(form, known)},
    )  # fmt: skip
    db.add(row)
    db.flush()  # the audit row needs the id, and the answer the version
    audit.note(
        db, "monitoring_form.written", actor=actor, now=now, subject=row.id, patient_id=row.patient_id,
        number=row.number,
    )  # fmt: skip
    return row


def _due_on(db: Session, session: TreatmentSession) -> date:
    days = policy_of_session(db, session).monitoring_form_days
    treated = local_date(session.started_at or session.checked_in_at, read_zone(db, session.clinic_id))
    return treated + timedelta(days=days)


def _typed(form: MonitoringForm | None) -> dict[str, str]:
    return dict(form.document["typed"]) if form else {}


def _find(db: Session, form_id: UUID, *, actor: Actor) -> MonitoringForm:
    form = db.get(MonitoringForm, (actor.clinic_id, form_id))
    if form is None:
        raise NotFound("There is no such monitoring form.")
    return form


def _newest(db: Session, session: TreatmentSession) -> MonitoringForm | None:
    mine = MonitoringForm.clinic_id == session.clinic_id, MonitoringForm.session_id == session.id
    rows = select(MonitoringForm).where(*mine).order_by(MonitoringForm.number.desc()).limit(1)
    return db.scalar(rows, execution_options={"populate_existing": True})


def _followed() -> ColumnElement[bool]:
    """Whether there is a newer number of the form."""
    newer = aliased(MonitoringForm)
    same = newer.clinic_id == MonitoringForm.clinic_id, newer.session_id == MonitoringForm.session_id
    return select(newer.id).where(*same, newer.number > MonitoringForm.number).exists()


def _is_stale(db: Session, form: MonitoringForm) -> bool:
    mine = MonitoringForm.clinic_id == form.clinic_id, MonitoringForm.id == form.id
    return bool(db.scalar(select(_stale().label("stale")).where(*mine)))


def _stale() -> ColumnElement[bool]:
    """Whether something was charted or booked of the session since the form was filled."""
    return or_(*(_recorded_since(kind) for kind in FILLED_FROM))


def _recorded_since(kind: type[Charted | LedgerEntry]) -> ColumnElement[bool]:
    row: Any = aliased(kind)
    same = row.clinic_id == MonitoringForm.clinic_id, row.session_id == MonitoringForm.session_id
    return select(row.id).where(*same, row.recorded_at > MonitoringForm.filled_at).exists()


def _in_state(state: FormState, today: date) -> ColumnElement[bool]:
    """A form that was sent is due again once the record says something else."""
    waits = or_(MonitoringForm.sent_at.is_(None), _stale())
    if state is FormState.SENT:
        return ~waits
    return waits & (MonitoringForm.due_on < today) if state is FormState.OVERDUE else waits
