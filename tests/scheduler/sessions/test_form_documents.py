"""Forms as documents: read back as written, refused where they contradict themselves."""

import pytest

from scheduler.errors import Invalid
from scheduler.sessions.leaving import forms
from scheduler.sessions.leaving.forms import FieldKind, Form, FormField
from scheduler.sessions.leaving.shipped_forms import MONITORING


def test_a_form_reads_back_as_it_was_written():
    assert forms.from_document(forms.as_document(MONITORING)) == MONITORING


FIELD = {"key": "name", "label": "Name"}


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (None, ["document"]),
        ({"fields": {}}, ["document"]),
        ({"fields": [], "pages": 2, "source": 3}, ["source", "document"]),
        ({"fields": []}, ["fields"]),
        ({"fields": [1, {"key": "a"}, {**FIELD, "colour": "red"}]}, ["fields.0", "fields.1", "fields.2"]),
        ({"fields": [{**FIELD, "optional": "yes"}, {**FIELD, "kind": "date"}]}, ["fields.0", "fields.1.kind"]),
        ({"fields": [FIELD, FIELD]}, ["fields.1.key"]),
        (
            {"fields": [{"key": "A", "label": " ", "path": "patient.mrn"}]},
            ["fields.0.key", "fields.0.label", "fields.0.path"],
        ),
        ({"fields": [{**FIELD, "label": "a\nb"}], "source": "s" * 2001}, ["source", "fields.0.label"]),
        ({"fields": [{**FIELD, "key": f"k{i}"} for i in range(81)]}, ["fields"]),
    ],
)
def test_a_form_that_is_not_consistent_is_refused(document, where):
    with pytest.raises(Invalid) as caught:
        forms.from_document(document)

    assert [fault.where for fault in caught.value.faults] == where


def test_every_kind_of_field_is_read():
    form = Form((FormField("a", "A", kind=FieldKind.NUMBER), FormField("b", "B", kind=FieldKind.YES_NO)))

    assert list(forms.typed_faults(form, {"a": "12", "b": "no"}, {})) == []
    assert [fault.code for fault in forms.typed_faults(form, {"a": "٣", "b": "NO"}, {})] == ["type", "choice"]
