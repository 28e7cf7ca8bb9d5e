"""A scale that contradicts itself cannot be defined."""

from dataclasses import replace

import pytest

from scheduler.outcomes.scales.definition import (
    Asked,
    Band,
    Choice,
    Cut,
    How,
    Item,
    Lines,
    Notice,
    Part,
    SafetyItem,
    Scale,
    Total,
)
from scheduler.outcomes.scales.phq9 import HOW_OFTEN

ONE = Item(1, 0, 2)
TINY = Scale(
    key="tiny", version="1", name="Tiny", recall="Now:", items=(ONE, Item(2, 0, 2, scored=False)),
    bands=(Band("low", 0, 1), Band("high", 2, 2)), source="The tests.", licence="Free.",
)  # fmt: skip
PAIR = replace(TINY, items=(ONE, Item(2, 0, 2)), bands=())
LEVEL = {"level": lambda _: "low", "levels": ("low", "high")}


def test_a_scale_of_one_item_scores():
    assert (TINY.score([2]).band, TINY.score([2]).syndrome, TINY.band(3)) == ("high", None, None)


def test_a_scale_of_fixed_length_says_so():
    fault = next(replace(TINY, items=(ONE,)).faults([]))

    assert fault.message.startswith("Tiny has 1 answers")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"items": (Item(2, 0, 2),)}, "not numbered"),
        ({"items": (Item(1, 0, 2, scored=False),)}, "no item is scored"),
        ({"items": (Item(1, 1, 2),)}, "does not go from 0"),
        ({"items": (Item(1, 0, 2, choices=HOW_OFTEN),)}, "choices of item 1"),
        ({"items": (Item(1, 0, 0, choices=(Choice(0, "No"),)),)}, "does not go from 0"),
        ({"items": (Item(1, 0, 2, loinc="69689-6"),)}, "LOINC code 69689-6"),
        ({"loinc": "44249"}, "LOINC code 44249"),
        ({"total_loinc": "x-1"}, "LOINC code x-1"),
        ({"bands": (Band("low", 0, 3),)}, "do not cover"),
        ({"bands": (Band("low", 1, 2),)}, "do not cover"),
        ({"bands": (Band("low", 0, 1),)}, "do not cover"),
        ({"bands": (Band("low", 0, 0), Band("high", 2, 2))}, "gap or overlap"),
        ({"bands": (Band("low", 0, 1), Band("high", 1, 2))}, "gap or overlap"),
        ({"bands": (Band("low", 0, 1), Band("odd", 2, 1), Band("high", 2, 2))}, "empty"),
        ({"bands": (Band("low", 0, 1), Band("low", 2, 2))}, "share a key"),
        ({"bands": (Band("low", 0, 2), Band("high", 3, 4))}, "do not cover"),
        ({"safety": (SafetyItem("x", 3, 1, 2),)}, "never tell"),
        ({"safety": (SafetyItem("x", 0, 1, 2),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 0, 2),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 2, 1),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 1, 3),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 3, None),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 1, 2), SafetyItem("x", 1, 2, None))}, "share a flag"),
        ({"notices": (Notice("x", 3, 1),)}, "never tell"),
        ({"notices": (Notice("x", 1, 3),)}, "never tell"),
        ({"safety": (SafetyItem("x", 1, 1, 2),), "notices": (Notice("x", 1, 1),)}, "share a flag"),
        ({"notices": (Notice("x", 1, 1),), "cuts": (Cut("x", 1),)}, "share a flag"),
        ({"cuts": (Cut("x", 3),)}, "beyond every total"),
        ({"cuts": (Cut("x", 0),)}, "beyond every total"),
        ({"lines": Lines(reliable_change=3)}, "beyond every total"),
        ({"lines": Lines(remission_most=2)}, "beyond every total"),
        ({"recall_days": -1}, "recalls the future"),
        ({"prorates_up_to": 1}, "no answer to go by"),
        ({"prorates_up_to": -1}, "no answer to go by"),
        ({**LEVEL}, "beside no band"),
        ({"level": LEVEL["level"], "bands": ()}, "a rule and its names"),
        ({"levels": ("low",), "bands": ()}, "a rule and its names"),
        ({**LEVEL, "levels": ("low", "low"), "bands": ()}, "share a key"),
        ({"total": Total.NONE, "bands": ()}, "neither a total nor a level"),
        ({"total": Total.NONE}, "need a total"),
        ({**LEVEL, "total": Total.NONE, "bands": (), "cuts": (Cut("x", 1),)}, "need a total"),
        ({**LEVEL, "total": Total.NONE, "bands": (), "lines": Lines(response_percent=50)}, "need a total"),
        ({"total": Total.PARTS, "bands": ()}, "a total of parts"),
        ({"total": Total.PARTS, "parts": (Part("a", (1,)), Part("b", (1,))), "bands": ()}, "counts an item twice"),
        ({"parts": (Part("a", (1,)), Part("a", (1,)))}, "two parts share a key"),
        ({"parts": (Part("a", ()),)}, "has no items"),
        ({"parts": (Part("a", (1, 1)),)}, "or one twice"),
        ({"parts": (Part("a", (2,)),)}, "unknown or not scored"),
        ({"parts": (Part("a", (3,)),)}, "unknown or not scored"),
        ({"parts": (Part("a", (1,), How.COUNT, 3),)}, "cannot be given"),
    ],
)
def test_a_scale_that_contradicts_itself_cannot_be_defined(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(TINY, **change)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"alternatives": ((1, 1),)}, "not two scored items"),
        ({"alternatives": ((1, 3),)}, "not two scored items"),
        ({"asked": (Asked((2,), when=(3,)),)}, "unknown or not scored"),
        ({"asked": (Asked((), when=(1,)),)}, "unknown or not scored"),
        ({"asked": (Asked((2,), when=()),)}, "unknown or not scored"),
        ({"asked": (Asked((1,), when=(2,)),)}, "depend on a later item"),
        ({"asked": (Asked((2,), when=(1,), least=3),)}, "never asked, or always"),
        ({"asked": (Asked((2,), when=(1,), count=2),)}, "never asked, or always"),
        ({"asked": (Asked((2,), when=(1,), count=0),)}, "never asked, or always"),
        ({"asked": (Asked((2,), when=(1,)), Asked((2,), when=(1,), least=2))}, "under two conditions"),
        ({"asked": (Asked((2,), when=(1,)),), "prorates_up_to": 1}, "only a plain sum"),
        ({"alternatives": ((1, 2),), "prorates_up_to": 1}, "only a plain sum"),
        ({"total": Total.PARTS, "parts": (Part("a", (1, 2)),), "prorates_up_to": 1}, "only a plain sum"),
    ],
)
def test_conditions_that_cannot_be_are_refused(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(PAIR, **change)


def test_every_contradiction_is_named_at_once():
    with pytest.raises(ValueError, match=r"scale tiny: .*never tell; .*check digit; .*gap or overlap"):
        replace(TINY, safety=(SafetyItem("x", 3, 1, 2),), loinc="1-1", bands=(Band("a", 0, 0), Band("b", 2, 2)))


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ({"response_percent": 0}, "1 to 100 percent"),
        ({"response_percent": 101}, "1 to 100 percent"),
        ({"reliable_change": 0}, "at least one point"),
        ({"clinically_relevant": 0}, "at least one point"),
        ({"remission_most": -1}, "below 0"),
        ({"remission_most": 4, "remission_baseline": 4}, "nothing to remit"),
        ({"remission_baseline": 0}, "nothing to remit"),
        ({"remission_most": 4, "remission_needs_reliable": True}, "none is drawn"),
    ],
)
def test_lines_that_no_score_could_reach_are_refused(lines, complaint):
    with pytest.raises(ValueError, match=complaint):
        Lines(**lines)
