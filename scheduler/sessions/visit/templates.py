"""The clinic's lists and forms: which version is in force, and how a version is followed by the next."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.errors import Fault, NotFound, refuse
from scheduler.models import Protocol, Purpose, Template
from scheduler.models.upsert import insert_unless_there
from scheduler.protocols import drug_key
from scheduler.records import audit
from scheduler.sessions.leaving import forms
from scheduler.sessions.visit import checklists
from scheduler.sessions.visit.checklists import Checklist
from scheduler.sessions.visit.shipped_templates import KETAMINE, LEAVING, SHIPPED

LONGEST_DRUG = 100


def template_in_force(
    db: Session, clinic_id: UUID, purpose: Purpose, *, drug: str, protocol_id: UUID | None = None, now: datetime
) -> Template:
    """The newest version of the protocol's own, else of the drug's; a clinic that has none begins with the shipped
    one, which carries no author.

    A drug for which nothing is shipped is asked about as ketamine is. Raises `NotFound` where that has no such form.
    """
    key = drug_key(drug)
    mine = _newest(db, clinic_id, purpose, drug=key, protocol_id=protocol_id)
    return mine or _begin(db, clinic_id, purpose, drug=key, now=now)


def change_template(
    db: Session, *, purpose: Purpose, drug: str, document: Mapping[str, Any], protocol_id: UUID | None = None,
    actor: Actor, now: datetime,
) -> Template:  # fmt: skip
    """Follow the version in force with a new one; sessions that have begun keep theirs.

    Raises `Invalid` with every fault, `NotFound` for an unknown protocol, and `StaleVersion` (by constraint) if
    somebody else did so meanwhile.
    """
    if protocol_id is not None and db.get(Protocol, (actor.clinic_id, protocol_id)) is None:
        raise NotFound("There is no such protocol.")
    kept, drug = READERS[purpose](document), drug_key(drug)
    of_these = _of(actor.clinic_id, purpose).where(Template.drug == drug, _is_for(protocol_id)).subquery()
    last: int = db.scalar(select(func.max(of_these.c.number))) or 0
    template = Template(
        clinic_id=actor.clinic_id, id=uuid4(), purpose=purpose, drug=drug, protocol_id=protocol_id, number=last + 1,
        document=kept, created_at=now, author_id=actor.staff_id,
    )  # fmt: skip
    db.add(template)
    db.flush()  # another's same number is refused here, and the audit row needs the id
    audit.note(db, "template.changed", actor=actor, now=now, subject=template.id, purpose=purpose.value)
    return template


def list_templates(
    db: Session, *, purpose: Purpose | None = None, after: tuple[datetime, UUID] | None = None, limit: int, actor: Actor
) -> list[Template]:
    """Up to `limit` versions of the clinic's lists and forms, the newest first."""
    rows = select(Template).where(Template.clinic_id == actor.clinic_id)
    if purpose is not None:
        rows = rows.where(Template.purpose == purpose)
    if after is not None:
        at, last = after
        rows = rows.where(
            (Template.created_at < at) | ((Template.created_at == at) & (Template.id > last)),
        )
    return list(db.scalars(rows.order_by(Template.created_at.desc(), Template.id).limit(limit)))


def find_template(db: Session, template_id: UUID, *, actor: Actor) -> Template:
    """One version. Raises `NotFound`."""
    template = db.get(Template, (actor.clinic_id, template_id))
    if template is None:
        raise NotFound("There is no such template.")
    return template


def ship_templates(db: Session, clinic_id: UUID, *, now: datetime) -> None:
    """Give a new clinic every shipped list and form; nobody's choice, so without an author."""
    for (purpose, drug), document in SHIPPED.items():
        insert_unless_there(db, Template, **_first(clinic_id, purpose, drug, document, now))


def checklist_of(template: Template) -> Checklist:
    """The list a session keeps, as a value."""
    return checklists.from_document(template.document)


def _newest(
    db: Session, clinic_id: UUID, purpose: Purpose, *, drug: str, protocol_id: UUID | None
) -> Template | None:  # fmt: skip
    general = Template.protocol_id.is_(None)
    rows = _of(clinic_id, purpose).where(
        ((Template.protocol_id == protocol_id) & (Template.protocol_id.is_not(None)))
        | (general & (Template.drug == drug))
    )
    order = (general, Template.number.desc(), Template.created_at.desc(), Template.id)
    return db.scalar(rows.order_by(*order).limit(1))


def _begin(db: Session, clinic_id: UUID, purpose: Purpose, *, drug: str, now: datetime) -> Template:
    document = SHIPPED.get((purpose, drug)) or SHIPPED.get((purpose, KETAMINE))
    if document is None:
        raise NotFound("There is no such form for this drug.")
    insert_unless_there(db, Template, **_first(clinic_id, purpose, drug, document, now))
    found = _of(clinic_id, purpose).where(Template.drug == drug, _is_for(None), Template.number == 1)
    return db.scalars(found).one()


def _first(clinic_id: UUID, purpose: Purpose, drug: str, document: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "clinic_id": clinic_id, "id": uuid4(), "purpose": purpose, "drug": drug, "protocol_id": None, "number": 1,
        "document": document, "created_at": now, "author_id": None,
    }  # fmt: skip


def _of(clinic_id: UUID, purpose: Purpose) -> Select[Template]:
    return select(Template).where(Template.clinic_id == clinic_id, Template.purpose == purpose)


def _is_for(protocol_id: UUID | None) -> Any:
    return Template.protocol_id.is_(None) if protocol_id is None else Template.protocol_id == protocol_id


def _clearance(document: Any) -> dict[str, Any]:
    checklist = checklists.from_document(document)
    refuse(_key_faults(checklist, leaving=False))
    return checklists.as_document(checklist)


def _discharge(document: Any) -> dict[str, Any]:
    checklist = checklists.from_document(document)
    refuse(_key_faults(checklist, leaving=True))
    return checklists.as_document(checklist)


def _monitoring_form(document: Any) -> dict[str, Any]:
    return forms.as_document(forms.from_document(document))


def _key_faults(checklist: Checklist, *, leaving: bool) -> Iterator[Fault]:
    """The keys of the two lists of a session never meet: an answer to one is none to the other."""
    words = f"Only what is asked before leaving has a key that begins with {LEAVING}, and all of it has."
    for i, item in enumerate(checklist.items):
        if item.key.startswith(LEAVING) != leaving:
            yield Fault(f"items.{i}.key", "invalid", words)


READERS: Mapping[Purpose, Callable[[Any], dict[str, Any]]] = {
    Purpose.CLEARANCE: _clearance,
    Purpose.DISCHARGE: _discharge,
    Purpose.MONITORING_FORM: _monitoring_form,
}
"""By purpose, what refuses a document that is not consistent, and gives it as it is kept."""
