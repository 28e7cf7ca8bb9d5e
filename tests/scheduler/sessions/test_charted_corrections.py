"""Corrections of sets, answers and adverse events, of signed sessions too: judged as if they were new."""

from typing import Any

import pytest

from scheduler.errors import ConfirmationNeeded, Invalid
from scheduler.models import AdverseEventCode, ChecklistAnswer, Purpose, SessionStatus, TreatmentSession, Vitals
from scheduler.sessions.charting import charted, current
from scheduler.sessions.record.corrections import Correction, correct_adverse_event, correct_answer, correct_vitals
from scheduler.sessions.visit.answering import Said, answer
from scheduler.sessions.visit.shipped_templates import KETAMINE, SHIPPED
from scheduler.sessions.watch import vitals
from scheduler.sessions.watch.adverse_events import Untoward, report
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import LATER, NOON, START, faults_of, infusing, minutes
from tests.scheduler.sessions.watched import charted_set
from tests.treatments import session_in


def sign(clinic: ClinicCast, session: TreatmentSession) -> None:
    """As closing does it."""
    session.status, session.signed_at, session.signed_by = SessionStatus.CLOSED, NOON, clinic.clinician.staff_id
    clinic.db.flush()


def mend_set(clinic: ClinicCast, session: TreatmentSession, row: Vitals, **changes: Any) -> vitals.ChartedVitals:
    at = minutes(changes.pop("at")) if "at" in changes else None
    correction = Correction("Mistyped.", changes, at)
    return correct_vitals(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)


def test_of_a_corrected_set_what_is_not_named_stays_and_what_is_null_goes(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70, spo2=97, cadss6=[1] * 6, note="Dozing.")

    newer = mend_set(clinic, session, row, hr=75, spo2=None).vitals

    assert (newer.hr, newer.spo2, newer.cadss6, newer.note) == (75, None, [1] * 6, "Dozing.")
    assert (newer.replaces_id, newer.reason) == (row.id, "Mistyped.")


def test_a_set_moved_before_the_start_belongs_there(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)

    assert mend_set(clinic, session, row, at=-5).vitals.phase == "before"


def test_a_signed_session_takes_corrections_of_its_sets(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)
    sign(clinic, session)

    assert mend_set(clinic, session, row, hr=75).vitals.hr == 75


@pytest.mark.parametrize(
    ("changes", "refusal", "fault"),
    [
        ({"hr": 300}, Invalid, ("hr", "range")),
        ({"hr": 35}, ConfirmationNeeded, ("hr", "improbable")),
        ({"hr": None}, Invalid, ("vitals", "empty")),
        ({"at": 500}, Invalid, ("occurred_at", "future")),
    ],
)
def test_a_corrected_set_is_judged_as_a_new_one(clinic, changes, refusal, fault):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)

    with pytest.raises(refusal) as refused:
        mend_set(clinic, session, row, **changes)

    assert fault in faults_of(refused)


def asked(clinic: ClinicCast) -> tuple[TreatmentSession, ChecklistAnswer]:
    documents = {purpose: SHIPPED[purpose, KETAMINE] for purpose in (Purpose.CLEARANCE, Purpose.DISCHARGE)}
    session = session_in(clinic, SessionStatus.PRE_ASSESSMENT, documents=documents)
    said = [Said("allergies", {"value": True}, occurred_at=minutes(-20))]
    return session, answer(clinic.db, session, said, actor=clinic.clinician, now=NOON)[0]


def mend_answer(
    clinic: ClinicCast, session: TreatmentSession, row: ChecklistAnswer, at: float | None = None, **changes: Any
) -> ChecklistAnswer:
    correction = Correction("Asked again.", changes, None if at is None else minutes(at))
    return correct_answer(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)


def test_an_answer_is_corrected_and_the_older_stays(clinic):
    session, row = asked(clinic)

    newer = mend_answer(clinic, session, row, value={"value": False}, note="Told by the husband.")

    assert (newer.value, newer.note, newer.item) == ({"value": False}, "Told by the husband.", row.item)
    assert current(charted(clinic.db, session, ChecklistAnswer)) == [newer]


def test_a_corrected_answer_fits_its_item(clinic):
    session, row = asked(clinic)

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, value={"value": 5})

    assert {where for where, _ in faults_of(refused)} == {"value.value"}


def test_scores_done_without_stay_so_for_a_reason(clinic):
    session = session_in(clinic, SessionStatus.RECOVERING)
    said = {"item": "scores_waived", "value": {"value": True}, "note": "Too tired.", "occurred_at": START}
    row = clinic.keep(ChecklistAnswer(clinic_id=clinic.id, session_id=session.id, recorded_at=START, **said))

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, value={"anything": [1]}, note=None)

    assert faults_of(refused) == {("value.value", "waived"), ("value.note", "required")}
    assert mend_answer(clinic, session, row, note="Asleep.").note == "Asleep."


def test_no_two_answers_to_an_item_are_of_one_moment(clinic):
    session, row = asked(clinic)
    said = [Said("allergies", {"value": False}, occurred_at=minutes(-10))]
    answer(clinic.db, session, said, actor=clinic.clinician, now=NOON)

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, at=-10)

    assert faults_of(refused) == {("occurred_at", "twice")}


def test_an_adverse_event_is_corrected_though_it_is_signed(clinic):
    session = infusing(clinic)
    event = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
    row = report(clinic.db, session.id, event, occurred_at=minutes(5), actor=clinic.clinician, now=NOON)
    sign(clinic, session)
    correction = Correction("It began sooner.", {"severity": 3}, minutes(3))

    newer = correct_adverse_event(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)

    assert (newer.severity, newer.occurred_at, newer.reason) == (3, minutes(3), "It began sooner.")


def test_an_adverse_event_that_was_none_is_withdrawn(clinic):
    session = infusing(clinic)
    event = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
    row = report(clinic.db, session.id, event, actor=clinic.clinician, now=NOON)
    correction = Correction("Another patient's.", {}, withdrawn=True)

    newer = correct_adverse_event(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)

    assert newer.withdrawn


def test_a_correction_takes_as_many_statements_whatever_is_on_record(clinic):
    session = infusing(clinic)
    sent = []
    for number in range(0, 40, 10):
        row = charted_set(clinic, session, number, hr=70)
        with counted(clinic.db) as statements:
            mend_set(clinic, session, row, hr=71)
        sent.append(len(statements))

    assert len(set(sent)) == 1
