"""What people answer, read without believing a word of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scheduler.sessions.visit.answers import Answer, instant, value_faults
from scheduler.sessions.visit.checklists import Item, Kind, Rule

YES_NO = Item("item", "Item", if_applicable=True)
NUMBER = Item("item", "Item", Kind.NUMBER, Rule.RECORDED)
TEXT = Item("item", "Item", Kind.TEXT, Rule.RECORDED)
CHOICE = Item("item", "Item", Kind.CHOICE, Rule.RECORDED, parts=("low", "raised"))
PARTS = Item("item", "Item", Kind.PARTS, parts=("name", "birth_date"))
TIME = Item("item", "Item", Kind.TIME, Rule.RECORDED)
FASTING = Item("item", "Item", Kind.FASTING, Rule.FASTING, solid_minutes=1, liquid_minutes=1)
CONTACT = Item("item", "Item", Kind.CONTACT, Rule.RECORDED)
DATED = Item("item", "Item", Kind.DATED, Rule.DATED, parts=("negative", "positive"), accepted="negative", days=7)
AT = "2026-03-02T09:00:00-05:00"


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (YES_NO, {"value": True}),
        (YES_NO, {"value": False}),
        (NUMBER, {"value": "82.5"}),
        (NUMBER, {"value": "70"}),
        (TEXT, {"value": "None.\nNone at all."}),
        (CHOICE, {"value": "raised"}),
        (PARTS, {"name": True, "birth_date": False}),
        (TIME, {"value": AT}),
        (FASTING, {"last_solid_at": AT, "last_liquid_at": "2026-03-02T14:00:00Z"}),
        (CONTACT, {"name": "Bea", "phone": "555 0100"}),
        (DATED, {"value": "positive", "on": "2026-03-01"}),
    ],
)
def test_an_answer_of_the_right_kind_has_no_fault(item, value):
    assert list(value_faults(item, value, None)) == []


@pytest.mark.parametrize(
    ("item", "value", "faults"),
    [
        (YES_NO, {}, [("value", "required")]),
        (YES_NO, {"value": "yes"}, [("value", "type")]),
        (YES_NO, {"value": 1}, [("value", "type")]),
        (YES_NO, {"value": True, "by": "me"}, [("by", "unknown")]),
        (NUMBER, {"value": 82.5}, [("value", "type")]),
        (NUMBER, {"value": "82.5001"}, [("value", "type")]),
        (NUMBER, {"value": "-1"}, [("value", "type")]),
        (NUMBER, {"value": "."}, [("value", "type")]),
        (NUMBER, {"value": "100001"}, [("value", "type")]),
        (NUMBER, {"value": "NaN"}, [("value", "type")]),
        (NUMBER, {"value": "\u0661"}, [("value", "type")]),
        (NUMBER, {"value": "0" * 40}, [("value", "type")]),
        (TEXT, {"value": " "}, [("value", "type")]),
        (TEXT, {"value": "a\x00b"}, [("value", "type")]),
        (TEXT, {"value": "\ud800"}, [("value", "type")]),
        (TEXT, {"value": "a" * 2001}, [("value", "type")]),
        (TEXT, {"value": None}, [("value", "type")]),
        (CHOICE, {"value": "high"}, [("value", "choice")]),
        (CHOICE, {"value": []}, [("value", "choice")]),
        (PARTS, {"name": True, "birth_date": None}, [("birth_date", "type")]),
        (PARTS, {"name": True}, [("birth_date", "required")]),
        (TIME, {"value": "2026-03-02T09:00:00"}, [("value", "type")]),
        (TIME, {"value": "2026-03-02"}, [("value", "type")]),
        (TIME, {"value": "soon"}, [("value", "type")]),
        (TIME, {"value": 5}, [("value", "type")]),
        (TIME, {"value": "0001-01-01T00:00:00+14:00"}, [("value", "type")]),
        (FASTING, {"last_solid_at": AT}, [("last_liquid_at", "required")]),
        (CONTACT, {"name": "", "phone": "5" * 41}, [("name", "type"), ("phone", "type")]),
        (DATED, {"value": "?", "on": "2026-02-30"}, [("value", "choice"), ("on", "type")]),
        (DATED, {"value": "negative", "on": "2026-W10-1"}, [("on", "type")]),
        (DATED, {"value": "negative", "on": 5}, [("on", "type")]),
        (DATED, {"value": "negative", "on": "1066-10-14"}, [("on", "range")]),
    ],
)
def test_an_answer_of_another_shape_is_told_what_is_wrong(item, value, faults):
    assert [(fault.where, fault.code) for fault in value_faults(item, value, None)] == faults


def test_what_does_not_apply_says_why():
    value = {"applicable": False}

    assert [*value_faults(YES_NO, value, "Not of age.")] == []
    assert [fault.code for fault in value_faults(YES_NO, value, None)] == ["reason-needed"]


def test_what_is_always_asked_cannot_be_put_aside_nor_answered_twice_over():
    always = replace(YES_NO, if_applicable=False)

    assert [fault.code for fault in value_faults(always, {"applicable": False}, "No.")] == ["invalid"]
    assert [fault.code for fault in value_faults(YES_NO, {"applicable": False, "value": True}, "No.")] == ["invalid"]


def test_an_answer_knows_whether_it_applies_and_its_instants_are_utc():
    at = datetime(2026, 3, 2, 14, tzinfo=UTC)

    assert Answer({"value": True}, None, at).applies
    assert not Answer({"applicable": False}, "Why", at).applies
    assert instant(AT) == at


@pytest.mark.parametrize(("value", "codes"), [("0", ["range"]), ("301", ["range"]), ("70", [])])
def test_a_weight_is_one_that_a_person_can_have(value, codes):
    item = Item("weight", "Weight", Kind.NUMBER, Rule.WEIGHT)

    assert [fault.code for fault in value_faults(item, {"value": value}, None)] == codes
