"""Every rule of a list, as a table."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from scheduler.sessions.drug.dosing import DoseLimits
from scheduler.sessions.visit.answers import Answer
from scheduler.sessions.visit.checklists import Checklist, Item, Kind, Rule
from scheduler.sessions.visit.judging import Baseline, Context, State, in_the_way, judge
from tests.builders import clinic_instant

AT = clinic_instant("Mon 09:00")
TODAY = date(2026, 3, 2)
MINUTE = timedelta(minutes=1)
CONTEXT = Context(
    moment=AT, today=TODAY, consent_until=TODAY, ordered=True, ordered_kg=Decimal(70), limits=DoseLimits(),
    baseline=Baseline(AT - 30 * MINUTE), assessed=True, item9=0,
)  # fmt: skip
YES, NO = {"value": True}, {"value": False}
RECORDED = Item("item", "Item", Kind.TEXT, Rule.RECORDED)
CONFIRMED = Item("item", "Item")
TWO_OF = Item("item", "Item", Kind.PARTS, parts=("a", "b", "c"), least=2)
ALL_OF = Item("item", "Item", Kind.PARTS, parts=("a", "b"))
FLAGGED = Item("item", "Item", rule=Rule.FLAGGED)
NEVER = Item("item", "Item", rule=Rule.MUST_BE_NO)
FASTING = Item("item", "Item", Kind.FASTING, Rule.FASTING, solid_minutes=360, liquid_minutes=120)
NASAL = replace(FASTING, solid_minutes=120, liquid_minutes=30)
WEIGHT = Item("item", "Item", Kind.NUMBER, Rule.WEIGHT)
TEST = Item("item", "Item", Kind.DATED, Rule.DATED, parts=("negative", "positive"), accepted="negative", days=7)
CONSENT = Item("item", "Item", rule=Rule.CONSENT)
ORDER = Item("item", "Item", rule=Rule.ORDER)
VITALS = Item("item", "Item", rule=Rule.VITALS)
SCORES = Item("item", "Item", rule=Rule.ASSESSMENT)
FINE, WARN, BLOCKS = State.FINE, State.WARN, State.BLOCKS


def fasted(solid: timedelta, liquid: timedelta):
    return {"last_solid_at": (AT - solid).isoformat(), "last_liquid_at": (AT - liquid).isoformat()}


def judged(item, value, context=CONTEXT, note=None):
    (found,) = judge(Checklist((item,)), {"item": Answer(value, note, AT)}, context)
    return found


@pytest.mark.parametrize(
    ("item", "value", "state"),
    [
        (RECORDED, {"value": "None"}, FINE),
        (CONFIRMED, YES, FINE),
        (CONFIRMED, NO, BLOCKS),
        (TWO_OF, {"a": True, "b": False, "c": True}, FINE),
        (TWO_OF, {"a": True, "b": False, "c": False}, BLOCKS),
        (ALL_OF, {"a": True, "b": True}, FINE),
        (ALL_OF, {"a": True, "b": False}, BLOCKS),
        (FLAGGED, NO, FINE),
        (FLAGGED, YES, BLOCKS),
        (NEVER, NO, FINE),
        (NEVER, YES, BLOCKS),
        (FASTING, fasted(360 * MINUTE, 120 * MINUTE), FINE),
        (FASTING, fasted(359 * MINUTE, 120 * MINUTE), BLOCKS),
        (FASTING, fasted(360 * MINUTE, 119 * MINUTE), BLOCKS),
        (NASAL, fasted(120 * MINUTE, 30 * MINUTE), FINE),
        (NASAL, fasted(120 * MINUTE, 29 * MINUTE), BLOCKS),
        (NASAL, fasted(119 * MINUTE, 30 * MINUTE), BLOCKS),
        (WEIGHT, {"value": "73.5"}, FINE),
        (WEIGHT, {"value": "66.5"}, FINE),
        (WEIGHT, {"value": "73.501"}, WARN),
        (WEIGHT, {"value": "77"}, WARN),
        (WEIGHT, {"value": "77.001"}, BLOCKS),
        (WEIGHT, {"value": "62.9"}, BLOCKS),
        (TEST, {"value": "negative", "on": "2026-02-23"}, FINE),
        (TEST, {"value": "negative", "on": "2026-02-22"}, BLOCKS),
        (TEST, {"value": "negative", "on": "2026-03-03"}, BLOCKS),
        (TEST, {"value": "positive", "on": "2026-03-02"}, BLOCKS),
        (CONSENT, YES, FINE),
        (CONSENT, NO, BLOCKS),
        (ORDER, YES, FINE),
        (ORDER, NO, BLOCKS),
        (VITALS, YES, FINE),
        (VITALS, NO, BLOCKS),
        (SCORES, YES, FINE),
        (SCORES, NO, BLOCKS),
    ],
)
def test_an_answer_is_judged_by_the_rule_of_its_item(item, value, state):
    found = judged(item, value)

    assert found.state is state
    assert bool(found.words) == (state is not FINE)


@pytest.mark.parametrize(
    ("item", "changes", "state"),
    [
        (CONSENT, {"consent_until": None}, BLOCKS),
        (CONSENT, {"consent_until": TODAY - timedelta(days=1)}, BLOCKS),
        (ORDER, {"ordered": False}, BLOCKS),
        (VITALS, {"baseline": None}, BLOCKS),
        (VITALS, {"baseline": Baseline(AT - 30 * MINUTE - timedelta(seconds=1))}, BLOCKS),
        (VITALS, {"baseline": Baseline(AT, lacking=("rr",))}, BLOCKS),
        (VITALS, {"baseline": Baseline(AT, beyond=("sbp above 140",))}, WARN),
        (SCORES, {"assessed": False}, BLOCKS),
        (SCORES, {"item9": None}, BLOCKS),
        (SCORES, {"item9": 1}, BLOCKS),
    ],
)
def test_a_yes_is_held_against_what_is_on_record(item, changes, state):
    assert judged(item, YES, replace(CONTEXT, **changes)).state is state


@pytest.mark.parametrize("changes", [{"ordered_kg": None}, {"limits": None}])
def test_a_weight_that_nothing_can_be_held_against_blocks(changes):
    assert judged(WEIGHT, {"value": "70"}, replace(CONTEXT, **changes)).state is BLOCKS


@pytest.mark.parametrize(("item", "context"), [(FLAGGED, CONTEXT), (SCORES, replace(CONTEXT, item9=3))])
def test_a_finding_with_a_note_of_what_was_made_of_it_warns(item, context):
    assert judged(item, YES, context, note="Seen by the prescriber.").state is WARN


def test_fasting_says_how_long_is_still_to_wait():
    found = judged(FASTING, fasted(300 * MINUTE, 90 * MINUTE + timedelta(seconds=1)))

    assert found.words == (
        "Nothing solid for 360 minutes: 60 more are needed. Nothing liquid for 120 minutes: 30 more are needed."
    )


def test_a_soft_item_only_ever_warns_and_may_be_left_out():
    soft = replace(CONFIRMED, blocking=False)

    (unasked,) = judge(Checklist((soft,)), {}, CONTEXT)

    assert judged(soft, NO).state is WARN
    assert (unasked.state, unasked.is_in_the_way) == (State.MISSING, False)


def test_an_item_that_does_not_apply_is_fine():
    assert judged(replace(TEST, if_applicable=True), {"applicable": False}, note="Not of age.").state is FINE


def test_only_what_is_missing_or_blocks_is_in_the_way_in_the_words_of_the_list():
    items = tuple(replace(CONFIRMED, key=key, label=key.title()) for key in ("yes", "no", "unasked"))
    answers = {"yes": Answer(YES, None, AT), "no": Answer(NO, None, AT)}

    faults = list(in_the_way(judge(Checklist(items), answers, CONTEXT)))

    assert [(fault.where, fault.code, fault.message) for fault in faults] == [
        ("items.no", "blocks", "No: The answer is no."),
        ("items.unasked", "missing", "Unasked: Not answered yet."),
    ]
