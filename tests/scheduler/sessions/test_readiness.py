"""Readiness: every criterion of who may leave, and what set one aside."""

import pytest
from sqlalchemy import select

from scheduler.actors import Actor, Role
from scheduler.errors import Blocked, IllegalTransition, NotAllowed, NotFound
from scheduler.models import AlertLevel, AuditRow, ChecklistAnswer, Purpose, SessionStatus
from scheduler.outcomes.scales import SCALES
from scheduler.sessions.leaving import discharge
from scheduler.sessions.visit.checklists import Checklist, Item, Kind, Rule, as_document
from tests.builders import clinic_instant
from tests.counting import counted
from tests.scheduler.sessions.leavers import (
    LEAVES,
    after,
    alert,
    answer,
    form,
    keep,
    missed,
    phq9,
    ready,
    recovering,
    steps,
    take,
)
from tests.treatments import session_in

FOLLOW_UP = as_document(Checklist((Item("leaving_follow_up", "The next contact is arranged"),)))
TEST = Item(
    "leaving_test", "A test of today", Kind.DATED, Rule.DATED, parts=("negative", "positive"), accepted="negative",
    days=0,
)  # fmt: skip
TESTED = as_document(Checklist((TEST,)))
STALE = ["last_set", "blood_pressure", "oxygen", "alertness"]
"""What misses once the last set is too old."""


@pytest.fixture
def patient(clinic):
    """The session of a patient who meets every criterion."""
    return recovering(clinic)


def test_who_meets_every_criterion_is_ready(clinic, patient):
    session = ready(clinic, patient)

    assert (session.status, session.ready_at) == (SessionStatus.READY_FOR_DISCHARGE, LEAVES)
    assert session.discharge_override is None
    assert session.version == 2


def test_readiness_tells_every_criterion_and_writes_down_who_looked(db, clinic, patient):
    found = discharge.readiness(db, patient.id, actor=clinic.clinician, now=LEAVES)
    db.commit()

    assert found.ready
    assert found.padss is None
    assert [each.key for each in found.criteria][-2:] == ["items.leaving_oriented", "items.leaving_safety"]
    assert db.scalar(select(AuditRow.patient_id).where(AuditRow.action == "session.discharge_read")) is not None


def test_the_discharge_score_is_told_where_its_parts_are(db, clinic, patient):
    for part in ("activity", "comfort", "bleeding"):
        answer(clinic, patient, f"leaving_padss_{part}", value="2")
    answer(clinic, patient, "leaving_padss_intake", value="1")

    assert discharge.readiness(db, patient.id, actor=clinic.clinician, now=LEAVES).padss == 9


def test_a_session_of_another_clinic_is_not_there(db, elsewhere, patient):
    with pytest.raises(NotFound):
        discharge.readiness(db, patient.id, actor=elsewhere.clinician, now=LEAVES)


def test_everything_that_misses_is_told_at_once(clinic, patient):
    alert(clinic, patient)
    phq9(clinic, patient, item9=1)
    answer(clinic, patient, "leaving_oriented", value=False, minutes=48)
    take(clinic, patient, 49, spo2=90, moaas=3, sbp=180)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient, occurred_at=after(50))

    assert missed(caught) == [
        "recovery", "vitals_sets", "blood_pressure", "oxygen", "alertness", "alerts", "suicide_check",
        "items.leaving_oriented", "items.leaving_safety",
    ]  # fmt: skip


def test_only_what_was_taken_by_then_is_judged(clinic, patient):
    with pytest.raises(Blocked) as caught:
        ready(clinic, patient, occurred_at=after(94))

    assert missed(caught) == ["recovery", "vitals_sets", *STALE]


def test_a_warning_is_in_nobodys_way_and_an_acknowledged_alert_neither(clinic, patient):
    alert(clinic, patient, AlertLevel.WARN)
    alert(
        clinic, patient, acknowledged_at=after(60), acknowledged_by=clinic.clinician.staff_id, note="Seen.",
    )  # fmt: skip
    alert(clinic, recovering(clinic))

    assert ready(clinic, patient).status is SessionStatus.READY_FOR_DISCHARGE


def test_an_alert_about_the_patients_answers_blocks_at_any_level(clinic, patient):
    form(clinic, patient, "cssrs_screener", [0, 0, None, None, None, 1, 0], seen=False)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient)

    assert missed(caught) == ["alerts"]


@pytest.mark.parametrize(
    ("form", "blocked"),
    [
        ({}, True),
        ({"appointment_id": None}, True),
        ({"appointment_id": None, "taken_at": after(-24 * 60)}, False),
    ],
    ids=["of the visit", "of the day", "of yesterday"],
)
def test_a_positive_item_9_of_this_visit_needs_the_suicide_check(clinic, form, blocked):
    patient = recovering(clinic, documents={})
    answer(clinic, patient, "leaving_safety", value=False)
    phq9(clinic, patient, item9=2, **form)

    try:
        ready(clinic, patient)
        found = []
    except Blocked as refused:
        found = [fault.where for fault in refused.faults]

    assert found == (["suicide_check"] if blocked else [])


def test_who_is_at_grave_risk_goes_with_the_word_of_a_prescriber_alone(clinic, patient):
    phq9(clinic, patient, item9=2)
    answer(clinic, patient, "leaving_cssrs", value="moderate")
    answer(clinic, patient, "leaving_disposition", value="Home, with a call tomorrow.")

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient)
    said = {"value": "Home, with a call tomorrow.", "by": clinic.prescriber, "minutes": 95}
    answer(clinic, patient, "leaving_disposition", **said)

    assert missed(caught) == ["suicide_check"]
    assert ready(clinic, patient).status is SessionStatus.READY_FOR_DISCHARGE


def test_a_positive_item_9_waits_for_the_c_ssrs(clinic, patient):
    phq9(clinic, patient, item9=1)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient)
    answer(clinic, patient, "leaving_cssrs", value="low")

    assert missed(caught) == ["suicide_check"]
    assert ready(clinic, patient).status is SessionStatus.READY_FOR_DISCHARGE


SCREENED_HIGH = [1, 1, 0, 1, 0, 0, None]


@pytest.fixture
def unmet(db, clinic, patient):
    """The criteria the patient does not meet."""

    def unmet():
        criteria = discharge.readiness(db, patient.id, actor=clinic.clinician, now=LEAVES).criteria
        return [each.key for each in criteria if not each.met]

    return unmet


@pytest.mark.parametrize(
    ("screening", "blocked"),
    [
        ([1, 0, None, None, None, 0, None], []),
        (SCREENED_HIGH, ["suicide_check"]),
        ([1, None, None, 1, None, None, None], ["suicide_check"]),
        ([1, None, None, None, None, None, None], ["suicide_check"]),
    ],
    ids=["low", "high", "high so far", "low so far"],
)
def test_the_c_ssrs_of_the_visit_answers_a_positive_item_9(clinic, patient, unmet, screening, blocked):
    phq9(clinic, patient, item9=1)
    form(clinic, patient, "cssrs_screener", screening)

    assert unmet() == blocked


@pytest.mark.parametrize("answered", ["none", "low", "moderate"])
def test_of_the_checklist_and_the_form_the_graver_counts(clinic, patient, answered):
    form(clinic, patient, "cssrs_screener", SCREENED_HIGH)
    answer(clinic, patient, "leaving_cssrs", value=answered)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient)
    answer(clinic, patient, "leaving_disposition", value="To the hospital.", by=clinic.prescriber, minutes=95)

    assert missed(caught) == ["suicide_check"]
    assert ready(clinic, patient).status is SessionStatus.READY_FOR_DISCHARGE


@pytest.mark.parametrize(
    ("scale", "answers", "grave"),
    [
        ("qids_sr16", [0] * 11 + [1] + [0] * 4, False),
        ("qids_sr16", [0] * 11 + [2] + [0] * 4, True),
        ("madrs", [0] * 9 + [2], False),
        ("madrs", [0] * 9 + [4], True),
    ],
)
def test_suicidal_thoughts_count_on_every_scale_that_asks(clinic, patient, unmet, scale, answers, grave):  # noqa: PLR0917 # a case a row
    form(clinic, patient, scale, answers)
    before = unmet()
    form(clinic, patient, "cssrs_screener", [0, 0, None, None, None, 0, None])

    assert before == ["suicide_check"]
    assert unmet() == (["suicide_check"] if grave else [])


def test_nobody_leaves_while_the_alert_of_a_screening_is_open(clinic, patient):
    form(clinic, patient, "cssrs_screener", [1, 0, None, None, None, 0, None], seen=False)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient)

    assert missed(caught) == ["alerts"]


def test_more_forms_take_no_more_statements(db, clinic, patient):
    def statements():
        with counted(db) as sent:
            discharge.readiness(db, patient.id, actor=clinic.clinician, now=LEAVES)
        return len(sent)

    one = statements()
    for scale in ("phq9", "madrs", "qids_sr16"):
        form(clinic, patient, scale, [0] * len(SCALES[scale].items))

    assert statements() == one


@pytest.mark.parametrize("minutes", [-30, 39, 101])
def test_what_was_ticked_before_the_drug_was_over_or_after_leaving_tells_nothing(clinic, minutes):
    patient = recovering(clinic, documents={Purpose.DISCHARGE: FOLLOW_UP})
    answer(clinic, patient, "leaving_follow_up", minutes=minutes)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient, occurred_at=LEAVES, now=after(102))

    assert missed(caught) == ["items.leaving_follow_up"]


def test_what_is_asked_before_leaving_is_asked_again_of_who_turned_worse(db, clinic, patient):
    ready(clinic, patient)
    discharge.turn_back(db, patient, reason="Dizzy.", actor=clinic.clinician, now=after(105))

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient, now=after(106))
    answer(clinic, patient, "leaving_oriented", minutes=106)
    answer(clinic, patient, "leaving_safety", minutes=106)

    assert missed(caught) == ["items.leaving_oriented", "items.leaving_safety"]
    assert ready(clinic, patient, now=after(107)).status is SessionStatus.READY_FOR_DISCHARGE


def test_an_alert_about_a_later_set_keeps_nobody_who_had_left(clinic, patient):
    later = take(clinic, patient, 101)
    alert(clinic, patient, vitals_id=later.id, raised_at=after(110))

    with pytest.raises(Blocked):
        ready(clinic, patient, occurred_at=after(101), now=after(110))

    assert ready(clinic, patient, occurred_at=after(100), now=after(110)).ready_at == after(100)


def test_a_form_taken_later_keeps_nobody_who_had_left(clinic, patient):
    phq9(clinic, patient, item9=2, taken_at=after(101))

    assert ready(clinic, patient, occurred_at=after(100), now=after(110)).ready_at == after(100)


def test_a_date_is_held_against_the_day_of_the_clinic(clinic):
    evening = clinic_instant("Mon 20:30")  # by UTC the next day has come
    patient = recovering(clinic, documents={Purpose.DISCHARGE: TESTED})
    said = {"value": "negative", "on": LEAVES.date().isoformat()}
    keep(clinic, patient, ChecklistAnswer, evening, item="leaving_test", value=said)

    with pytest.raises(Blocked) as caught:
        ready(clinic, patient, now=evening)

    assert "items.leaving_test" not in missed(caught)


def test_a_prescriber_may_go_on_with_a_reason_and_leaves_a_mark(db, clinic, patient):
    alert(clinic, patient)

    session = ready(clinic, patient, override="Known low saturation.", actor=clinic.prescriber)
    db.commit()

    assert session.discharge_override == "Known low saturation."
    assert session.discharge_overridden_by == clinic.prescriber.staff_id
    assert steps(clinic, session)[-1].reason == "Known low saturation."
    row = db.scalar(select(AuditRow).where(AuditRow.action == "session.discharge_overridden"))
    assert row.details == {"criteria": ["alerts"]}


def test_an_override_that_nothing_needs_leaves_no_mark(clinic, patient):
    session = ready(clinic, patient, override="To be sure.", actor=clinic.prescriber)

    assert (session.discharge_override, session.discharge_waived) == (None, None)


def test_nobody_else_sets_a_criterion_aside(clinic, patient):
    nobody = Actor(clinic.id, None, frozenset({Role.PRESCRIBER, Role.CLINICIAN}))

    with pytest.raises(NotAllowed):
        ready(clinic, patient, override="It is late.")
    with pytest.raises(NotAllowed):
        ready(clinic, patient, override="It is late.", actor=nobody)


def test_who_turned_worse_recovers_again_and_the_override_is_gone(db, clinic, patient):
    alert(clinic, patient)
    ready(clinic, patient, override="Known.", actor=clinic.prescriber)

    session = discharge.turn_back(db, patient, reason="Dizzy.", actor=clinic.clinician, now=after(105))

    assert (session.status, session.ready_at, session.discharge_override) == (SessionStatus.RECOVERING, None, None)
    assert (session.discharge_overridden_by, session.discharge_waived) == (None, None)
    assert (steps(clinic, session)[-1].reason, steps(clinic, session)[-1].occurred_at) == ("Dizzy.", after(105))
    with pytest.raises(Blocked):
        ready(clinic, session, now=after(106))


def test_only_who_was_ready_turns_back(db, clinic):
    session = session_in(clinic, SessionStatus.INFUSION_ENDED)

    with pytest.raises(IllegalTransition):
        discharge.turn_back(db, session, reason="Dizzy.", actor=clinic.clinician, now=LEAVES)
