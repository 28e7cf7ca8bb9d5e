"""What the columns of a file of scores mean, without a database."""

from datetime import UTC, datetime

import pytest

from scheduler.errors import Invalid
from scheduler.outcomes.importing.rows import Row
from scheduler.outcomes.importing.score_files import FormDraft, ScorePlan
from scheduler.outcomes.policy import OutcomePolicy, Reading
from scheduler.outcomes.scales import SCALES
from tests.builders import ZONE
from tests.conftest import NOW
from tests.scheduler.outcomes.importing.files import QUESTIONS, phq9_columns

MIDNIGHT = datetime(2018, 1, 1, 5, 0, tzinfo=UTC)
CSSRS = [f"c{number}" for number in range(1, 8)]


def plan(policy=None, **changes):
    columns = phq9_columns(**changes)
    scales = {key: SCALES[key] for key in columns.items}
    return ScorePlan(columns, scales, ZONE, policy or OutcomePolicy(), NOW)


def row(*answers, **cells):
    given = dict(zip(QUESTIONS, [*map(str, answers), *["0"] * 9], strict=False))
    return Row(2, {"mrn": "T-1", "day": "2018-01-01", **given, **cells})


def codes(found):
    return [(fault.line, fault.column, fault.code) for fault in found]


def test_a_row_is_a_form_scored_from_its_answers():
    form = plan().read(row(3, "1.0", "5.397605346934028e-79"))

    assert isinstance(form, FormDraft)
    assert form.answers == (3, 1, 0, 0, 0, 0, 0, 0, 0)
    assert (form.score.total, form.missing, form.taken_at, form.spellings) == (4, None, MIDNIGHT, ("T-1",))


def test_codes_for_no_answer_are_kept_with_their_reasons():
    form = plan().read(row(3, "7.0", 9, ""))

    assert form.answers == (3, None, None, None, 0, 0, 0, 0, 0)
    assert form.missing == (None, "refused", "unknown", "not_asked", None, None, None, None, None)
    assert not form.score.complete


def test_a_code_may_be_a_word():
    assert plan(missing={"NA": "not_asked"}).read(row("NA")).missing[0] == "not_asked"


def test_one_time_may_hold_for_all():
    assert plan(taken_at=None, taken_on="2018-01-01").read(row()).taken_at == MIDNIGHT


def test_everything_that_is_wrong_with_a_row_is_told():
    found = plan().read(row(8, "x", "1.5", mrn="", day="soon"))

    assert codes(found) == [
        (2, "mrn", "blank"), (2, "day", "time"), (2, "q2", "answer"), (2, "q3", "answer"), (2, "q1", "range"),
    ]  # fmt: skip


def test_no_fault_repeats_what_stands_in_the_file():
    found = plan().read(row(888, "secret", mrn="M" * 50, day="Byron"))

    assert len(found) == 4
    assert not any(word in fault.message for fault in found for word in ("888", "secret", "MMM", "Byron"))


def test_an_empty_cell_nobody_named_is_a_fault():
    assert codes(plan(missing={"7": "refused"}).read(row(""))) == [(2, "q1", "answer")]


def test_an_answer_nobody_asked_for_is_a_fault():
    screener = plan(items={"cssrs_screener": CSSRS}, taken_on=None)

    found = screener.read(
        Row(2, {"mrn": "T-1", "day": "2018-01-01", **dict(zip(CSSRS, ["0", "0", "1", "", "", "0", ""], strict=True))})
    )

    assert codes(found) == [(2, "c3", "not-asked")]


@pytest.mark.parametrize(
    ("said", "answers", "cleared"),
    [
        ("0000000", (0, 0, None, None, None, 0, None), True),
        ("0000010", (0, 0, None, None, None, 1, 0), True),
        ("0100010", (0, 1, 0, 0, 0, 1, 0), False),
        ("0-00000", (0, None, 0, 0, 0, 0, None), True),
        ("00---0-", (0, 0, None, None, None, 0, None), False),
    ],
)
def test_nought_where_nothing_was_asked_is_no_answer(said, answers, cleared):
    screener = plan(items={"cssrs_screener": CSSRS}, missing={"-": "not_asked"})

    form = screener.read(Row(2, {"mrn": "T-1", "day": "2018-01-01", **dict(zip(CSSRS, said, strict=True))}))

    assert (form.answers, form.cleared) == (answers, cleared)
    assert form.missing == (
        tuple("not_asked" if answer is None else None for answer in answers) if None in answers else None
    )


def test_an_answer_that_a_scale_tolerates_though_it_was_not_asked_stays():
    questions = [f"m{number}" for number in range(1, len(SCALES["mdq"].items) + 1)]
    form = plan(items={"mdq": questions}).read(
        Row(2, {"mrn": "T-1", "day": "2018-01-01", **dict.fromkeys(questions, "0")})
    )

    assert (set(form.answers), form.missing, form.cleared) == ({0}, None, False)


@pytest.mark.parametrize(("total", "fault"), [("4", []), ("4.0", []), ("", []), ("5", ["total"]), ("x", ["total"])])
def test_a_total_is_compared_and_never_taken(total, fault):
    found = plan(total="sum").read(row(3, 1, sum=total))

    assert [each.code for each in found] == fault if fault else found.score.total == 4


def test_a_total_of_a_form_with_gaps_is_a_fault():
    assert codes(plan(total="sum").read(row("", 1, sum="1"))) == [(2, "sum", "total")]


def test_a_total_reckoned_as_the_clinic_has_decided_is_compared():
    reckoning = plan(OutcomePolicy(reading=Reading(prorate=True)), total="sum")

    assert reckoning.read(row("", *[1] * 8, sum="9")).score.total == 9


@pytest.mark.parametrize("name", ["phq9", "PHQ-9", "Phq 9"])
def test_a_column_may_say_which_scale_a_row_is_of(name):
    several = plan(scale="what", items={"gad7": QUESTIONS[:7], "phq9": QUESTIONS})

    assert several.read(row(what=name)).scale.key == "phq9"


def test_a_scale_nobody_named_columns_for_is_a_fault():
    assert codes(plan(scale="what").read(row(what="madrs", mrn=""))) == [(2, "mrn", "blank"), (2, "what", "scale")]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"items": {}}, ("items", "missing")),
        ({"items": {"phq9": QUESTIONS, "gad7": QUESTIONS[:7]}}, ("scale", "missing")),
        ({"items": {"phq9": QUESTIONS[:8]}}, ("items", "length")),
        ({"items": {"gad7": QUESTIONS}}, ("items", "length")),
        ({"items": {"phq9": [*QUESTIONS[:8], "q1"]}}, ("items", "twice")),
        ({"items": {"phq9": [*QUESTIONS[:8], "mrn"]}}, ("items", "twice")),
        ({"missing": {"7": "whatever"}}, ("missing", "unknown")),
        ({"missing": {"3.0": "refused"}}, ("missing", "answer")),
        ({"taken_at": None}, ("taken_at", "missing")),
        ({"taken_on": "2018-01-01"}, ("taken_at", "missing")),
        ({"taken_at": None, "taken_on": "2018-02-30"}, ("taken_at", "date")),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(changes, fault):
    with pytest.raises(Invalid) as refused:
        plan(**changes)

    assert [(each.where, each.code) for each in refused.value.faults] == [fault]


def test_every_heading_that_is_needed_is_asked_for():
    assert plan(total="sum", scale="what").used == ["mrn", "what", "day", "sum", *QUESTIONS]
