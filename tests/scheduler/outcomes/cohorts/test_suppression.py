"""Nothing of fewer than five leaves the house, and nobody reckons it back."""

from csv import DictReader
from dataclasses import replace
from io import StringIO

import pytest
from scipy.optimize import linprog

from scheduler.outcomes.cohorts.disclosure import (
    after,
    disclose,
    drop_outs_by_infusion,
    drop_outs_by_reason,
    reached,
    sections,
    told_patients,
)
from scheduler.outcomes.cohorts.export import as_csv
from scheduler.outcomes.cohorts.report import By, report_of
from scheduler.outcomes.cohorts.suppression import Cell, shown
from tests.scheduler.outcomes.cohorts.simulated import cohort_of


def cells(*sizes: int) -> list[Cell]:
    return [Cell((str(place), "x"), size) for place, size in enumerate(sizes)]


def told(*sizes: int) -> list[int]:
    """Which of these parts of a known total are told."""
    parts = cells(*sizes)
    kept = shown(parts, [parts])
    return [cell.size for cell in parts if cell.name in kept]


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ((5, 6, 7), [5, 6, 7]),
        ((4, 6, 7), [7]),  # with 6 told, 4 would be the rest
        ((4, 4, 7), [7]),
        ((1, 2, 6, 7), [7]),  # 1 and 2 together are fewer than five still
        ((4, 20), []),
        ((0, 0, 20), []),
        ((4,), []),
    ],
)
def test_a_part_that_is_withheld_takes_others_with_it(sizes, kept):
    assert told(*sizes) == kept


def test_an_outcome_is_told_where_it_and_its_opposite_are_five_or_more():
    whole = Cell((None, "n"), 20)
    outcomes = [Cell((None, str(size)), size, whole.name, 20 - size) for size in (4, 5, 15, 16)]

    assert shown([whole, *outcomes], []) == {(None, "n"), (None, "5"), (None, "15")}


def test_without_its_denominator_no_outcome_is_told():
    whole = Cell((None, "n"), 20)
    part = Cell(("a", "n"), 16), Cell(("b", "n"), 4)
    outcome = Cell(("a", "k"), 8, ("a", "n"), 8)

    assert shown([whole, *part, outcome], [part]) == {(None, "n")}


def test_of_two_outcomes_within_each_other_the_nearer_one_is_withheld():
    wide = Cell((None, "wide"), 10, (None, "n"), 10, members=0b1111111111)
    near = Cell((None, "near"), 7, (None, "n"), 13, members=0b1111111)
    far = Cell((None, "far"), 5, (None, "n"), 15, members=0b11111)

    assert shown([Cell((None, "n"), 20), wide, near, far], []) == {(None, "n"), (None, "wide"), (None, "far")}


def test_of_two_readings_whose_denominators_are_near_the_second_is_withheld():
    """10 of 20 observed and 10 of 22 carried forward would tell of two who did not respond."""
    observed = Cell((None, "response"), 10, (None, "n"), 10, members=0b1111111111, rest=0b1111111111 << 10)
    carried = Cell((None, "response_locf"), 10, (None, "m"), 12, members=0b1111111111, rest=0b111111111111 << 10)
    counts = [Cell((None, "n"), 20), Cell((None, "m"), 22)]

    assert (None, "response_locf") not in shown([*counts, observed, carried], [])
    assert (None, "response") in shown([*counts, observed, carried], [])


def test_the_table_of_an_odd_cohort_does_not_tell_observed_and_carried_too_near():
    disclosure = disclose(report_of(cohort_of(40, 3, captured=0.93)))
    whole = disclosure.report.whole
    observed, carried = whole.rate("response"), whole.rate("response_locf")

    assert 0 < carried.denominator - observed.denominator < 5
    assert disclosure.tells(None, "response")
    assert not disclosure.tells(None, "response_locf")


@pytest.mark.parametrize(("size", "seed"), [(150, 1), (150, 2), (300, 1), (400, 2)])
def test_how_many_had_an_infusion_is_told_only_where_it_tells_of_nobody(size, seed):
    disclosure = disclose(report_of(cohort_of(size, seed, stop=True)))

    had = reached(disclosure, disclosure.report.whole)

    hidden = [
        each
        for each in disclosure.report.whole.given_up
        if each.courses and not disclosure.tells(None, after(each.after))
    ]
    assert bool(had) is not bool(hidden)
    assert bool(had) is (size > 150)


def test_how_many_patients_there_are_is_told_where_few_have_several_courses():
    cohort = cohort_of(30)
    one = cohort.courses[0].patient_id
    twice = replace(cohort, courses=(*cohort.courses[:-1], replace(cohort.courses[-1], patient_id=one)))

    assert told_patients(disclose(report_of(cohort))) == 30
    assert told_patients(disclose(report_of(twice))) is None


def test_within_a_band_no_effect_leaves_the_house():
    lines = list(DictReader(StringIO(as_csv(disclose(report_of(cohort_of(200, by=By.BASELINE_BAND)))))))

    assert {line["part"] for line in lines if line["figure"] == "effect_size"} == {"all"}


@pytest.mark.parametrize(("size", "seed"), [(12, 1), (40, 2), (40, 3), (90, 4), (200, 5)])
def test_nobody_reckons_a_withheld_number_back(size, seed):
    """By all sums the table implies, every number of people that was withheld could have been another one."""
    disclosure = disclose(report_of(cohort_of(size, seed, by=By.DIAGNOSIS, captured=0.7, stop=True)))

    hidden = [name for name, people in _truth(disclosure).items() if people and not _told(name, people, disclosure)]

    assert hidden
    for name in hidden[::2]:  # each takes a while
        least, most = _range(name, disclosure)
        assert most - least >= 1, name


@pytest.mark.parametrize("seed", range(4))
def test_no_number_of_people_in_the_table_is_below_five(seed):
    disclosure = disclose(report_of(cohort_of(40, seed, by=By.DIAGNOSIS, captured=0.7, stop=True)))

    lines = list(DictReader(StringIO(as_csv(disclosure))))

    kept = [line for line in lines if line["numerator"] and not line["figure"].startswith("dropped_out/")]
    assert kept
    assert all(int(line["numerator"]) >= 5 for line in kept)
    assert all(int(line["denominator"]) >= 5 for line in lines if line["denominator"])
    assert all(not line["value"] for line in lines if line["withheld"] == "yes")


def test_the_lines_of_a_table_are_the_same_whoever_is_in_it():
    """A line that stood there for somebody would tell of them."""
    figures = [
        [line["figure"] for line in DictReader(StringIO(as_csv(disclose(report_of(cohort_of(30, seed, stop=True))))))]
        for seed in (1, 2)
    ]

    drop_outs = [[figure for figure in one if figure.startswith("dropped_out")] for one in figures]
    assert drop_outs[0] == drop_outs[1]


def _truth(disclosure):
    """The numbers that the table tells or withholds, by name."""
    found = {}
    for section in sections(disclosure.report):
        found[section.key, "courses"] = len(section.courses)
        found[section.key, "dropped_out"] = sum(each.courses for each in section.drop_outs)
        for rate in section.rates:
            found[section.key, rate.figure.key] = rate.numerator
            found[section.key, f"{rate.figure.key}/n"] = rate.denominator
        for name, courses in (*drop_outs_by_infusion(disclosure, section), *drop_outs_by_reason(section)):
            found[section.key, name] = courses
    return found


def _told(name, size, disclosure):
    return name in disclosure.told or (
        not size and name[1].startswith("dropped_out/") and disclosure.tells(name[0], "dropped_out")
    )


def _range(wanted, disclosure):
    """Between what a reader can enclose a number with linear programming, knowing how the numbers add up."""
    truth = _truth(disclosure)
    place = {name: number for number, name in enumerate(truth)}
    equal = [_row(place, {total: 1, **dict.fromkeys(parts, -1)}) for total, parts in _sums(truth)]
    wholes = [(name, (name[0], f"{name[1]}/n")) for name in truth]
    at_most = [_row(place, {name: 1, whole: -1}) for name, whole in wholes if whole in place]
    bounds = [(size, size) if _told(name, size, disclosure) else (0, None) for name, size in truth.items()]
    ends = []
    for sign in (1, -1):
        goal = _row(place, {wanted: sign})
        found = linprog(goal, at_most, [0] * len(at_most), equal, [0] * len(equal), bounds)
        assert found.status in (0, 3), found.message
        ends.append(sign * found.fun if found.status == 0 else float("inf"))
    return ends


def _sums(truth):
    """Every number that is a sum, with its parts."""
    for part in {part for part, _ in truth}:
        yield (part, "completed/n"), [(part, "completed"), (part, "dropped_out")]
        for kind in ("after", "reason"):
            yield (
                (part, "dropped_out"),
                [name for name in truth if name[0] == part and f"dropped_out/{kind}/" in name[1]],
            )
    for whole in [name for name in truth if name[0] is None]:
        yield whole, [name for name in truth if name[0] is not None and name[1] == whole[1]]


def _row(place, factors):
    row = [0] * len(place)
    for name, factor in factors.items():
        row[place[name]] += factor
    return row
