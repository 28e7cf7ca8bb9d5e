"""Lists as values that refuse to be inconsistent."""

from dataclasses import replace

import pytest

from scheduler.errors import Invalid
from scheduler.sessions.visit.checklists import (
    MOST_ITEMS,
    Checklist,
    Item,
    Kind,
    Rule,
    as_document,
    from_document,
)
from scheduler.sessions.visit.shipped_templates import (
    ESKETAMINE_CLEARANCE,
    ESKETAMINE_DISCHARGE,
    KETAMINE_CLEARANCE,
    KETAMINE_DISCHARGE,
    LEAVING,
)

PLAIN = Item("plain", "A plain question")
FASTING = Item("fasting", "Fasting", Kind.FASTING, Rule.FASTING, solid_minutes=360, liquid_minutes=120)
SHIPPED = (KETAMINE_CLEARANCE, KETAMINE_DISCHARGE, ESKETAMINE_CLEARANCE, ESKETAMINE_DISCHARGE)


def faults_of(raised) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in raised.value.faults}


@pytest.mark.parametrize("checklist", SHIPPED)
def test_what_is_shipped_comes_back_from_its_document_as_it_was(checklist):
    assert from_document(as_document(checklist)) == checklist
    assert checklist.source


def test_a_list_knows_its_items_by_key():
    checklist = Checklist((PLAIN,))

    assert checklist.item("plain") == PLAIN
    assert checklist.item("other") is None


def test_the_keys_of_the_two_lists_of_a_session_never_meet():
    for clearance, discharge in (SHIPPED[:2], SHIPPED[2:]):
        assert all(item.key.startswith(LEAVING) for item in discharge.items)
        assert not any(item.key.startswith(LEAVING) for item in clearance.items)


@pytest.mark.parametrize(
    ("item", "where", "code"),
    [
        (replace(PLAIN, key="Not a key"), "key", "invalid"),
        (replace(PLAIN, key=""), "key", "invalid"),
        (replace(PLAIN, label=" "), "label", "invalid"),
        (replace(PLAIN, label="a\x00b"), "label", "invalid"),
        (replace(PLAIN, label="a" * 301), "label", "invalid"),
        (replace(PLAIN, kind=Kind.TEXT), "kind", "rule"),
        (replace(PLAIN, kind=Kind.CONTACT, rule=Rule.FASTING), "kind", "rule"),
        (replace(PLAIN, parts=("one",)), "parts", "kind"),
        (replace(PLAIN, kind=Kind.PARTS), "parts", "kind"),
        (replace(PLAIN, kind=Kind.PARTS, parts=("one", "one")), "parts", "range"),
        (replace(PLAIN, kind=Kind.PARTS, parts=tuple(f"p{i}" for i in range(21))), "parts", "range"),
        (replace(PLAIN, kind=Kind.PARTS, parts=("No",)), "parts", "invalid"),
        (replace(PLAIN, kind=Kind.PARTS, parts=("one",), least=2), "least", "range"),
        (replace(PLAIN, kind=Kind.PARTS, parts=("one",), least=0), "least", "range"),
        (replace(PLAIN, least=1), "least", "range"),
        (replace(PLAIN, accepted="yes"), "accepted", "rule"),
        (Item("d", "Dated", Kind.DATED, Rule.DATED, parts=("a",), days=7), "accepted", "rule"),
        (Item("d", "Dated", Kind.DATED, Rule.DATED, parts=("a",), accepted="b", days=7), "accepted", "rule"),
        (Item("d", "Dated", Kind.DATED, Rule.DATED, parts=("a",), accepted="a"), "days", "rule"),
        (Item("d", "Dated", Kind.DATED, Rule.DATED, parts=("a",), accepted="a", days=401), "days", "range"),
        (replace(PLAIN, days=7), "days", "rule"),
        (replace(FASTING, solid_minutes=None), "solid_minutes", "rule"),
        (replace(FASTING, liquid_minutes=-1), "liquid_minutes", "range"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(item, where, code):
    with pytest.raises(Invalid) as raised:
        Checklist((PLAIN, replace(item, key=item.key if item.key != "plain" else "second")))

    assert (f"items.1.{where}", code) in faults_of(raised)


def test_a_list_refuses_too_many_items_the_same_key_twice_and_an_endless_source():
    items = tuple(replace(PLAIN, key=f"item_{i // 2}") for i in range(MOST_ITEMS + 1))

    with pytest.raises(Invalid) as raised:
        Checklist(items, source="a" * 2001)

    assert {("items", "range"), ("source", "range"), ("items.1.key", "twice")} <= faults_of(raised)


@pytest.mark.parametrize("document", [None, [], {}, {"items": {}}, {"items": None}])
def test_what_is_no_list_is_refused(document):
    with pytest.raises(Invalid) as raised:
        from_document(document)

    assert faults_of(raised) == {("document", "type")}


def test_a_document_is_refused_with_every_fault_of_its_shape():
    items = [
        {"key": 1, "label": "L", "kind": "riddle", "rule": 7, "blocking": "yes", "least": True, "parts": "a"},
        {"parts": [1], "colour": "red"},
        "item",
        {"key": "a", "label": "L", "kind": ["yes_no"]},
    ]

    with pytest.raises(Invalid) as raised:
        from_document({"items": items, "source": 3, "version": 1})

    assert faults_of(raised) == {
        ("document.version", "unknown"), ("source", "type"), ("items.0.key", "type"), ("items.0.kind", "unknown"),
        ("items.0.rule", "unknown"), ("items.0.blocking", "type"), ("items.0.least", "type"), ("items.0.parts", "type"),
        ("items.1.key", "required"), ("items.1.label", "required"), ("items.1.parts", "type"),
        ("items.1.colour", "unknown"), ("items.2", "type"), ("items.3.kind", "unknown"),
    }  # fmt: skip


def test_an_item_says_no_more_than_it_must():
    items = [{"key": "identity", "label": "Identity"}]

    assert from_document({"items": items}) == Checklist((Item("identity", "Identity"),))
