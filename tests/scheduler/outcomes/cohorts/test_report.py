"""Every figure of a cohort against a second, plain count from the base rows of random small histories."""

from datetime import date, timedelta
from random import Random
from statistics import mean, median, stdev

import pytest

from scheduler.errors import Invalid
from scheduler.outcomes.cohorts.followup import CURVES
from scheduler.outcomes.cohorts.population import read_cohort
from scheduler.outcomes.cohorts.reading import read_report
from scheduler.outcomes.cohorts.report import Asked, By
from tests.counting import counted
from tests.scheduler.outcomes.cohorts.histories import FIRST, History, at_local, random_history
from tests.scheduler.outcomes.cohorts.recount import Recount

LAST = FIRST + timedelta(days=90)
"""Some begin later, and are left out."""
ASKED = Asked(FIRST, LAST)


@pytest.fixture(params=[1, 2, 3])
def history(clinic, request) -> History:
    return random_history(clinic, Random(request.param), 60)


@pytest.fixture
def recount(history, now) -> Recount:
    return Recount(history, FIRST, LAST, now)


@pytest.fixture
def report(db, clinic, history, now):
    return read_report(db, ASKED, actor=clinic.manager, now=now)


def test_every_figure_is_what_a_second_count_finds(report, recount):
    whole = report.whole

    rates = {rate.figure.key: (rate.numerator, rate.denominator) for rate in whole.rates}

    assert len(whole.courses) == len(recount.courses)
    assert rates == recount.rates()
    assert {(each.after, each.reason): each.courses for each in whole.drop_outs} == recount.drop_outs()
    events = whole.adverse_events
    assert (events.charted, events.with_event, events.events) == recount.adverse_events()
    assert [(each.after, each.courses, each.reached) for each in whole.given_up] == recount.given_up()
    assert (whole.restarts, whole.left) == (recount.restarts(), sum(course.left for course in recount.courses))
    assert whole.patients == len({course.series["patient_id"] for course in recount.courses})
    assert whole.endpoint_not_due == len(recount.courses) - rates["endpoint_captured_when_due"][1]


def test_means_and_medians_are_those_of_the_second_count(report, recount):
    totals = [(before["total"], after["total"]) for _, before, after in recount.observed()]
    responses = recount.first_responses()

    change, whole = report.whole.change, report.whole

    assert change.mean == pytest.approx(mean(before - after for before, after in totals))
    assert change.effect == pytest.approx(change.mean / stdev(before for before, _ in totals))
    assert whole.days_to_response.median == median(day for day, _ in responses)
    assert whole.infusions_to_response.median == median(infusions for _, infusions in responses)


def test_every_span_of_durability_is_that_of_the_second_count(report, recount):
    for curve in CURVES:
        found = [course.spans[curve] for course in report.whole.courses if curve in course.spans]

        spans = sorted(((span.days, span.relapsed, span.lost_on) for span in found), key=str)
        assert spans == recount.spans(curve.since, curve.care), curve


@pytest.mark.parametrize("by", By)
def test_the_parts_add_up_to_the_whole(db, clinic, now, by):
    random_history(clinic, Random(4), 40)

    report = read_report(db, Asked(FIRST, LAST, by=by), actor=clinic.manager, now=now)

    assert sum(len(part.courses) for part in report.parts) == len(report.whole.courses)
    for rate in report.whole.rates:
        parts = [part.rate(rate.figure.key) for part in report.parts]
        assert sum(part.numerator for part in parts) == rate.numerator
        assert sum(part.denominator for part in parts) == rate.denominator


def test_a_filter_leaves_what_the_part_of_that_name_holds(db, clinic, now):
    random_history(clinic, Random(5), 40)
    for by, name in ((By.DIAGNOSIS, "ptsd"), (By.BASELINE_BAND, "severe"), (By.PROTOCOL, clinic.protocol.key)):
        split = read_report(db, Asked(FIRST, LAST, by=by), actor=clinic.manager, now=now)
        part = next(part for part in split.parts if part.key == name)

        alone = read_cohort(db, Asked(FIRST, LAST, **{by.value: name}), actor=clinic.manager, now=now)

        assert {course.head.series_id for course in alone.courses} == {c.head.series_id for c in part.courses}


def test_a_course_begins_on_the_clinics_own_day(db, clinic, now):
    history = History(clinic)
    late = at_local(clinic, date(2025, 5, 5), 1410)  # 03:30 the next day in UTC; the infusion begins at midnight
    history.add_visit(history.add_series(clinic.patient().id), 1, late)
    history.write()

    found = [
        len(read_cohort(db, Asked(day, day), actor=clinic.manager, now=now).courses)
        for day in (date(2025, 5, 5), date(2025, 5, 6))
    ]

    assert found == [0, 1]


def test_a_session_charted_far_from_its_plan_is_found_by_when_it_began(db, clinic, now):
    history = History(clinic)
    visit = history.add_visit(history.add_series(clinic.patient().id), 1, at_local(clinic, date(2025, 5, 5)))
    history.add_session(visit, at_local(clinic, date(2025, 6, 5)))
    history.write()
    day = date(2025, 6, 5)

    assert len(read_cohort(db, Asked(day, day), actor=clinic.manager, now=now).courses) == 1


def test_of_another_clinic_nothing_is_counted(db, clinic, elsewhere, now):
    random_history(elsewhere, Random(6), 5)

    assert read_cohort(db, ASKED, actor=clinic.manager, now=now).courses == ()


def test_the_number_of_statements_does_not_grow(db, clinic, now):
    random_history(clinic, Random(7), 3)
    sent = []
    for _ in range(2):
        read_cohort(db, ASKED, actor=clinic.manager, now=now)  # what is kept between calls is there
        with counted(db) as statements:
            read_cohort(db, ASKED, actor=clinic.manager, now=now)
        sent.append(len(statements))
        random_history(clinic, Random(8), 30)

    assert sent[0] == sent[1] <= 8


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (Asked(LAST, FIRST), "to"),
        (Asked(FIRST, FIRST + timedelta(days=4000)), "to"),
        (Asked(FIRST, LAST, protocol="none"), "protocol"),
        (Asked(FIRST, LAST, baseline_band="huge"), "baseline_band"),
        (Asked(FIRST, LAST, scale="none"), "scale"),
    ],
)
def test_what_cannot_be_asked_is_refused(db, clinic, now, asked, where):
    with pytest.raises(Invalid) as refused:
        read_cohort(db, asked, actor=clinic.manager, now=now)

    assert [fault.where for fault in refused.value.faults] == [where]


@pytest.mark.parametrize("scale", ["gad7", "madrs", "pcl5", "cssrs_screener"])
def test_a_scale_tells_what_its_lines_allow(db, clinic, now, scale):
    random_history(clinic, Random(9), 5)

    whole = read_report(db, Asked(FIRST, LAST, scale=scale), actor=clinic.manager, now=now).whole

    told = {rate.figure.key for rate in whole.rates}
    assert ("response" in told) == (scale in ("gad7", "madrs"))
    assert "baseline_captured" in told
    assert whole.durability == ()
