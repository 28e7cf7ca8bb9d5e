"""What a monitoring form asks, and from where in the record each field is filled: a versioned list, since forms change.

Every value is text: `yes` or `no`, digits, `YYYY-MM-DD`, or words. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scheduler.errors import Fault, Invalid, refuse

ASKED = "asked"
"""In the place of a path: nothing in the record says it, somebody types it in."""
MOST_FIELDS, LONGEST_LABEL, LONGEST_SOURCE, LONGEST_VALUE = 80, 300, 2_000, 2_000
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
DIGITS = re.compile(r"[0-9]{1,6}", re.ASCII)
CONCOMITANTS = ("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "opioids")
PATHS = (
    "patient.given_name", "patient.family_name", "patient.birth_date", "clinician.name", "clinician.email",
    "clinic.name", "clinic.contact", "treatment.date", "treatment.dose_mg", "treatment.lots", "treatment.minutes",
    "treatment.would_be_ready_minutes", "pressure.before", "pressure.at_40_minutes", "pressure.on_leaving",
    "vitals.acceptable_before", "vitals.acceptable_on_leaving",
    *(f"concomitants.{name}" for name in CONCOMITANTS),
    "sedation.seen", "sedation.onset_minutes", "sedation.resolved_minutes",
    "dissociation.seen", "dissociation.onset_minutes", "dissociation.resolved_minutes",
    "serious_events.any", "serious_events.codes",
)  # fmt: skip
"""Everything of the record a field may be filled from; `form_facts` finds it."""


class FieldKind(StrEnum):
    TEXT = "text"
    YES_NO = "yes_no"
    NUMBER = "number"


@dataclass(frozen=True)
class FormField:
    """One field: filled from a path in the record, or `ASKED`. An `optional` one may stay empty."""

    key: str
    label: str
    path: str = ASKED
    kind: FieldKind = FieldKind.TEXT
    optional: bool = False


@dataclass(frozen=True)
class Form:
    """The fields of one version, in order. Raises `Invalid` with every fault."""

    fields: tuple[FormField, ...]
    source: str = ""

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise Invalid("This form is not consistent.", faults=faults)


def as_document(form: Form) -> dict[str, Any]:
    """The form as plain JSON values; `from_document` reads it back."""
    return {"source": form.source, "fields": [{**vars(each), "kind": each.kind.value} for each in form.fields]}


def from_document(document: Any) -> Form:
    """The form that `as_document` wrote, or that a clinic sent. Raises `Invalid` with every fault."""
    if not isinstance(document, Mapping) or not isinstance(document.get("fields"), list):
        raise Invalid(faults=[Fault("document", "type", "A form has `fields`, and may have a `source`.")])
    if len(document["fields"]) > MOST_FIELDS:
        raise Invalid(faults=[Fault("fields", "range", f"A form has 1 to {MOST_FIELDS} fields.")])
    refuse(_shape_faults(document))
    fields = tuple(FormField(**{**raw, "kind": FieldKind(raw.get("kind", "text"))}) for raw in document["fields"])
    return Form(fields, document.get("source", ""))


def typed_faults(form: Form, typed: Mapping[str, str], filled: Mapping[str, str | None]) -> Iterator[Fault]:
    """Everything wrong with what somebody typed in; what the record filled is put right in the record."""
    fields = {each.key: each for each in form.fields}
    for key, value in typed.items():
        where = f"fields.{key}"
        if key not in fields:
            yield Fault("fields", "unknown", "The form has no such field.")
        elif fields[key].path != ASKED and filled.get(key) is not None:
            yield Fault(where, "fixed", "This was filled from the record: correct it there, and fill the form anew.")
        else:
            yield from _value_faults(fields[key], value, where)


def unfilled(form: Form, values: Mapping[str, str | None]) -> list[str]:
    """The fields that must have a value and have none, by their keys."""
    return [each.key for each in form.fields if not each.optional and values.get(each.key) is None]


def _value_faults(field: FormField, value: str, where: str) -> Iterator[Fault]:
    if field.kind is FieldKind.YES_NO and value not in {"yes", "no"}:
        yield Fault(where, "choice", "This is yes or no.")
    if field.kind is FieldKind.NUMBER and not DIGITS.fullmatch(value):
        yield Fault(where, "type", "This is a whole number in digits.")


def _shape_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(document.get("source", ""), str):
        yield Fault("source", "type", "This is text.")
    if document.keys() - {"source", "fields"}:
        yield Fault("document", "unknown", "A form has `fields`, and may have a `source`.")
    for i, raw in enumerate(document["fields"][: MOST_FIELDS + 1]):
        if not isinstance(raw, Mapping) or raw.keys() - TYPES.keys() or not {"key", "label"} <= raw.keys():
            yield Fault(f"fields.{i}", "type", "A field has a key and a label, and may have a path, a kind, optional.")
        elif any(type(value) is not TYPES[name] for name, value in raw.items()):
            yield Fault(f"fields.{i}", "type", "All but `optional` is text, and that is true or false.")
        elif raw.get("kind", "text") not in list(FieldKind):
            yield Fault(f"fields.{i}.kind", "unknown", f"This is one of: {', '.join(FieldKind)}.")


TYPES: Mapping[str, type] = {**dict.fromkeys(("key", "label", "path", "kind"), str), "optional": bool}


def _faults(form: Form) -> Iterator[Fault]:
    if not 0 < len(form.fields) <= MOST_FIELDS:
        yield Fault("fields", "range", f"A form has 1 to {MOST_FIELDS} fields.")
    if len(form.source) > LONGEST_SOURCE:
        yield Fault("source", "range", f"At most {LONGEST_SOURCE} characters are allowed.")
    keys = [field.key for field in form.fields]
    for i, field in enumerate(form.fields[:MOST_FIELDS]):
        if field.key in keys[:i]:
            yield Fault(f"fields.{i}.key", "twice", "Every field has a key of its own.")
        if not KEY.fullmatch(field.key):
            yield Fault(f"fields.{i}.key", "invalid", "A key is 1 to 60 small letters, digits and underscores.")
        if not field.label.strip() or len(field.label) > LONGEST_LABEL or not field.label.isprintable():
            yield Fault(f"fields.{i}.label", "invalid", f"A label has 1 to {LONGEST_LABEL} printable characters.")
        if field.path not in {ASKED, *PATHS}:
            yield Fault(f"fields.{i}.path", "unknown", f"Nothing of the record is called so; or it is `{ASKED}`.")
