"""Adverse events: what is contradictory, what a serious one must say, and how one is told on."""

from dataclasses import replace
from typing import Any

import pytest

from scheduler.errors import (
    AlreadyCorrected,
    DomainError,
    IllegalTransition,
    Invalid,
    NotFound,
    SessionSigned,
    SessionVoid,
)
from scheduler.models import (
    ActionTaken,
    AdverseEvent,
    AdverseEventCode,
    EventOutcome,
    Relatedness,
    SessionStatus,
    TreatmentSession,
)
from scheduler.sessions.charting import charted, current
from scheduler.sessions.watch.adverse_events import FOLLOWED_UP, Criterion, Untoward, report, tell_on, untoward_of
from tests.builders import ClinicCast
from tests.drugs import MINUTE, NOON, START
from tests.treatments import ARRIVAL, session_in, visit

NAUSEA = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
SERIOUS = Untoward(
    AdverseEventCode.HYPERTENSION, severity=4, serious=True, criteria=(Criterion.LIFE_THREATENING,),
    relatedness=Relatedness.PROBABLE, action=ActionTaken.DRUG_GIVEN, rescue_drug="Labetalol", rescue_dose="10 mg iv",
    outcome=EventOutcome.RESOLVING, description="215/125, with headache.", closed=True,
)  # fmt: skip
FATAL = replace(
    SERIOUS, severity=5, criteria=(Criterion.DEATH,), outcome=EventOutcome.FATAL, code=AdverseEventCode.SEIZURE
)


def infusing(clinic: ClinicCast) -> TreatmentSession:
    return session_in(clinic, SessionStatus.INFUSING, since=START, started_at=START)


def tell(clinic: ClinicCast, session: TreatmentSession, event: Untoward, minutes: float = 5) -> AdverseEvent:
    at = START + minutes * MINUTE
    return report(clinic.db, session.id, event, occurred_at=at, actor=clinic.clinician, now=NOON)


def go_on(clinic: ClinicCast, session: TreatmentSession, row: AdverseEvent, **changes: Any) -> AdverseEvent:
    return tell_on(clinic.db, session.id, row.id, changes, actor=clinic.clinician, now=NOON + MINUTE)


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in refused.value.faults}


@pytest.mark.parametrize("event", [NAUSEA, SERIOUS, FATAL, replace(NAUSEA, closed=True, outcome=EventOutcome.UNKNOWN)])
def test_an_event_is_kept_as_it_was_told(clinic, event):
    session = infusing(clinic)

    row = tell(clinic, session, event)

    clinic.db.expire(row)
    assert untoward_of(row) == event
    assert (row.occurred_at, row.recorded_at) == (START + 5 * MINUTE, NOON)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (replace(NAUSEA, severity=0), ("severity", "range")),
        (replace(NAUSEA, severity=6), ("severity", "range")),
        (replace(NAUSEA, severity=5), ("serious", "fatal")),
        (replace(NAUSEA, criteria=(Criterion.IMPORTANT,)), ("serious", "criteria")),
        (replace(SERIOUS, criteria=(Criterion.IMPORTANT,) * 2), ("criteria", "duplicate")),
        (replace(NAUSEA, outcome=EventOutcome.FATAL), ("outcome", "fatal")),
        (replace(FATAL, outcome=EventOutcome.RESOLVED), ("outcome", "fatal")),
        (replace(SERIOUS, criteria=(Criterion.DEATH,)), ("severity", "fatal")),
        (replace(FATAL, criteria=(Criterion.LIFE_THREATENING,)), ("criteria", "fatal")),
        (replace(NAUSEA, outcome=EventOutcome.RESOLVED), ("resolved_at", "required")),
        (replace(NAUSEA, resolved_at=NOON + MINUTE), ("resolved_at", "future")),
        (replace(NAUSEA, resolved_at=START), ("resolved_at", "order")),
        (replace(NAUSEA, resolved_at=NOON, outcome=EventOutcome.NOT_RESOLVED), ("outcome", "resolved")),
        (replace(NAUSEA, rescue_drug="Ondansetron"), ("rescue_dose", "required")),
        (replace(NAUSEA, rescue_dose="4 mg"), ("rescue_drug", "required")),
        (replace(NAUSEA, action=ActionTaken.DRUG_GIVEN), ("rescue_drug", "required")),
        (replace(NAUSEA, code=AdverseEventCode.OTHER), ("description", "required")),
        (replace(NAUSEA, closed=True), ("outcome", "required")),
        (replace(SERIOUS, relatedness=None), ("relatedness", "required")),
        (replace(SERIOUS, action=None), ("action", "required")),
        (replace(SERIOUS, outcome=None), ("outcome", "required")),
        (replace(SERIOUS, description=None), ("description", "required")),
        (replace(SERIOUS, criteria=()), ("criteria", "required")),
    ],
)
def test_what_contradicts_itself_or_leaves_a_gap_is_refused(clinic, event, fault):
    with pytest.raises(Invalid) as refused:
        tell(clinic, infusing(clinic), event)

    assert fault in faults_of(refused)


def test_everything_a_serious_event_misses_is_told_at_once(clinic):
    bare = Untoward(AdverseEventCode.SYNCOPE, severity=3, serious=True, closed=True)

    with pytest.raises(Invalid) as refused:
        tell(clinic, infusing(clinic), bare)

    assert {where for where, _ in faults_of(refused)} == {
        "relatedness", "action", "outcome", "description", "criteria",
    }  # fmt: skip


def test_a_serious_event_may_be_open_with_gaps(clinic):
    row = tell(clinic, infusing(clinic), Untoward(AdverseEventCode.SYNCOPE, severity=3, serious=True))

    assert (row.serious, row.closed) == (True, False)


@pytest.mark.parametrize(("minutes", "code"), [(151, "future"), (-36, "order")])
def test_an_onset_lies_between_the_check_in_and_now(clinic, minutes, code):
    with pytest.raises(Invalid) as refused:
        tell(clinic, infusing(clinic), NAUSEA, minutes)

    assert ("occurred_at", code) in faults_of(refused)


def test_an_event_is_of_now_unless_told_otherwise(clinic):
    row = report(clinic.db, infusing(clinic).id, NAUSEA, actor=clinic.clinician, now=ARRIVAL)

    assert row.occurred_at == ARRIVAL


def test_how_it_went_on_is_a_newer_version_and_the_older_stays(clinic):
    session = infusing(clinic)
    first = tell(clinic, session, NAUSEA)

    second = go_on(clinic, session, first, action=ActionTaken.RATE_REDUCED)
    over = {"resolved_at": NOON, "outcome": EventOutcome.RESOLVED, "closed": True}
    third = go_on(clinic, session, second, **over)

    rows = charted(clinic.db, session, AdverseEvent)
    assert (len(rows), current(rows)) == (3, [third])
    assert current(rows, as_of=NOON) == [first]
    assert untoward_of(third) == replace(NAUSEA, action=ActionTaken.RATE_REDUCED, **over)
    assert (third.occurred_at, third.replaces_id, third.reason) == (START + 5 * MINUTE, second.id, FOLLOWED_UP)


def test_a_newer_version_is_judged_as_a_whole(clinic):
    session = infusing(clinic)
    row = tell(clinic, session, replace(SERIOUS, closed=False, relatedness=None))

    with pytest.raises(Invalid) as refused:
        go_on(clinic, session, row, closed=True)

    assert faults_of(refused) == {("relatedness", "required")}


def test_an_event_is_told_on_from_its_newest_version(clinic):
    session = infusing(clinic)
    row = tell(clinic, session, NAUSEA)
    go_on(clinic, session, row, severity=3)

    with pytest.raises(AlreadyCorrected):
        go_on(clinic, session, row, severity=1)


def test_to_tell_on_is_to_say_something(clinic):
    session = infusing(clinic)
    row = tell(clinic, session, NAUSEA)

    with pytest.raises(Invalid):
        go_on(clinic, session, row)


def test_a_closed_event_is_not_told_on(clinic):
    session = infusing(clinic)
    row = tell(clinic, session, SERIOUS)

    with pytest.raises(IllegalTransition):
        go_on(clinic, session, row, severity=3)


@pytest.mark.parametrize(("status", "refusal"), [("closed", SessionSigned), ("entered_in_error", SessionVoid)])
def test_a_session_that_is_over_takes_no_events(clinic, status, refusal):
    signed = {"signed_at": START, "signed_by": clinic.clinician.staff_id} if status == "closed" else {}
    session = session_in(clinic, SessionStatus(status), **signed)

    with pytest.raises(refusal):
        tell(clinic, session, NAUSEA)


def test_an_event_of_another_session_is_not_there(clinic):
    row = tell(clinic, infusing(clinic), NAUSEA)
    other = session_in(
        clinic, SessionStatus.CHECKED_IN, appointment=visit(clinic, starts_at=START + 1440 * MINUTE)
    )  # fmt: skip

    with pytest.raises(NotFound):
        go_on(clinic, other, row, severity=3)
