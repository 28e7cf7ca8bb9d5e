"""A question refuses to be inconsistent, and says everything that is wrong with it at once."""

import pytest

from scheduler.errors import Invalid
from scheduler.protocols import Phases
from scheduler.utilization.what_if.question import (
    DayHours,
    MoreChairs,
    MoreNurses,
    OtherHours,
    OtherPhases,
    OverlappingStarts,
    Question,
    as_document,
    from_document,
)

CHANGES = (
    MoreChairs(2),
    MoreNurses(5),
    OtherHours((DayHours(0, 7 * 60, 19 * 60), DayHours(4, None, None))),
    OtherPhases({"mdd": Phases(20, 40, 45, 10)}),
    OverlappingStarts(),
)


def asked(change, weeks=8, seeds=20):
    return {"weeks": weeks, "seeds": seeds, "change": change}


def faults(document):
    with pytest.raises(Invalid) as refused:
        from_document(document)
    return [(fault.where, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_question_is_read_back_as_it_was_written(change):
    question = Question(8, 20, change)

    assert from_document(as_document(question)) == question


def test_its_kind_is_what_is_to_be_different():
    kinds = [Question(8, 20, change).kind for change in CHANGES]

    assert kinds == ["more_chairs", "more_nurses", "hours", "phases", "overlapping_starts"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, [("change", "one")]),
        ({"more_chairs": None, "overlapping_starts": False}, [("change", "one")]),
        ({"more_chairs": 1, "more_nurses": 1}, [("change", "one")]),
        ({"more_chairs": 0}, [("change.more_chairs", "range")]),
        ({"more_nurses": 6}, [("change.more_nurses", "range")]),
        ({"hours": []}, [("change.hours", "empty")]),
        ({"phases": []}, [("change.phases", "empty")]),
    ],
)
def test_exactly_one_change_that_says_something(change, found):
    assert faults(asked(change)) == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ([(7, 0, 60)], [("change.hours.0.weekday", "range")]),
        ([(0, 0, None)], [("change.hours.0", "half")]),
        ([(0, 60, 60)], [("change.hours.0", "order")]),
        ([(0, 0, 1445)], [("change.hours.0", "order")]),
        ([(0, 1, 60)], [("change.hours.0", "grid")]),
        ([(0, 0, 60), (1, None, None), (0, None, None)], [("change.hours", "twice")]),
        (
            [(9, 0, 60), (9, 0, 60)],
            [("change.hours", "twice"), ("change.hours.0.weekday", "range"), ("change.hours.1.weekday", "range")],
        ),
    ],
)  # fmt: skip
def test_hours_that_cannot_be(days, found):
    hours = [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in days]

    assert faults(asked({"hours": hours})) == found


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        ((-5, 10, 0, 0), [("change.phases.0.prepare", "grid")]),
        ((0, 7, 8, 0), [("change.phases.0.infuse", "grid"), ("change.phases.0.recover", "grid")]),
        ((0, 0, 0, 0), [("change.phases.0", "range")]),
        ((0, 725, 0, 0), [("change.phases.0", "range")]),
    ],
)
def test_phases_that_cannot_be(minutes, found):
    phases = dict(zip(("prepare", "infuse", "recover", "turn_over"), minutes, strict=True))

    assert faults(asked({"phases": [{"protocol": "mdd", **phases}]})) == found


def test_all_faults_come_at_once():
    assert faults(asked({"more_chairs": 9}, weeks=0, seeds=1)) == [
        ("weeks", "range"), ("seeds", "range"), ("change.more_chairs", "range"),
    ]  # fmt: skip
    assert [where for where, _ in faults(asked({"more_chairs": 1}, weeks=27, seeds=101))] == ["weeks", "seeds"]
