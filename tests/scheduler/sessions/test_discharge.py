"""Leaving: readiness is judged, set aside by a prescriber, lost again; then home, or to an emergency department."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.actors import Actor, Role
from scheduler.errors import Blocked, IllegalTransition, Invalid, NotAllowed, NotFound, SessionSigned, SessionVoid
from scheduler.models import (
    AlertLevel,
    Appointment,
    AppointmentStatus,
    AuditRow,
    ChecklistAnswer,
    Purpose,
    SessionStatus,
    SessionStep,
)
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.scales import SCALES
from scheduler.sessions.leaving import discharge
from scheduler.sessions.steps import lock_visit
from scheduler.sessions.visit.checklists import Checklist, Item, Kind, Rule, as_document
from tests.builders import clinic_instant
from tests.counting import counted
from tests.scheduler.sessions.leavers import after, alert, answer, form, keep, phq9, recovering, serious, take
from tests.treatments import session_in

NOW = after(100)
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


@pytest.fixture
def ready(db, clinic):
    def make_ready(session, *, now=NOW, actor=None, **said):
        return discharge.ready(db, session, **said, actor=actor or clinic.clinician, now=now)

    return make_ready


@pytest.fixture
def leave(db, clinic):
    def go_home(session, *, now=NOW, actor=None, **said):
        visit = lock_visit(db, session.id, actor=clinic.clinician)
        return discharge.discharge(db, *visit, **said, actor=actor or clinic.clinician, now=now)

    return go_home


@pytest.fixture
def transfer(db, clinic):
    def hand_over(session, *, now=NOW, **said):
        visit = lock_visit(db, session.id, actor=clinic.clinician)
        return discharge.transfer(
            db, *visit, **{"destination": "General hospital", **said}, actor=clinic.clinician, now=now
        )

    return hand_over


def appointment_of(db, session):
    db.expire_all()
    return db.get_one(Appointment, (session.clinic_id, session.appointment_id))


def missed(caught):
    return [fault.where for fault in caught.value.faults]


def steps(db, session):
    return db.scalars(
        select(SessionStep).where(SessionStep.session_id == session.id).order_by(SessionStep.number)
    ).all()  # fmt: skip


def test_who_meets_every_criterion_is_ready(db, patient, ready):
    session = ready(patient)

    assert (session.status, session.ready_at) == (SessionStatus.READY_FOR_DISCHARGE, NOW)
    assert session.discharge_override is None
    assert session.version == 2


def test_readiness_tells_every_criterion_and_writes_down_who_looked(db, clinic, patient):
    found = discharge.readiness(db, patient.id, actor=clinic.clinician, now=NOW)
    db.commit()

    assert found.ready
    assert found.padss is None
    assert [each.key for each in found.criteria][-2:] == ["items.leaving_oriented", "items.leaving_safety"]
    assert db.scalar(select(AuditRow.patient_id).where(AuditRow.action == "session.discharge_read")) is not None


def test_the_discharge_score_is_told_where_its_parts_are(db, clinic, patient):
    for part in ("activity", "comfort", "bleeding"):
        answer(clinic, patient, f"leaving_padss_{part}", value="2")
    answer(clinic, patient, "leaving_padss_intake", value="1")

    assert discharge.readiness(db, patient.id, actor=clinic.clinician, now=NOW).padss == 9


def test_a_session_of_another_clinic_is_not_there(db, elsewhere, patient):
    with pytest.raises(NotFound):
        discharge.readiness(db, patient.id, actor=elsewhere.clinician, now=NOW)


def test_everything_that_misses_is_told_at_once(db, clinic, patient, ready):
    alert(clinic, patient)
    phq9(clinic, patient, item9=1)
    answer(clinic, patient, "leaving_oriented", value=False, minutes=48)
    take(clinic, patient, 49, spo2=90, moaas=3, sbp=180)

    with pytest.raises(Blocked) as caught:
        ready(patient, occurred_at=after(50))

    assert missed(caught) == [
        "recovery", "vitals_sets", "blood_pressure", "oxygen", "alertness", "alerts", "suicide_check",
        "items.leaving_oriented", "items.leaving_safety",
    ]  # fmt: skip


def test_only_what_was_taken_by_then_is_judged(patient, ready):
    with pytest.raises(Blocked) as caught:
        ready(patient, occurred_at=after(94))

    assert missed(caught) == ["recovery", "vitals_sets", *STALE]


def test_a_warning_is_in_nobodys_way_and_an_acknowledged_alert_neither(clinic, patient, ready):
    alert(clinic, patient, AlertLevel.WARN)
    alert(
        clinic, patient, acknowledged_at=after(60), acknowledged_by=clinic.clinician.staff_id, note="Seen.",
    )  # fmt: skip
    alert(clinic, recovering(clinic))

    assert ready(patient).status is SessionStatus.READY_FOR_DISCHARGE


def test_an_alert_about_the_patients_answers_blocks_at_any_level(clinic, patient, ready):
    form(clinic, patient, "cssrs_screener", [0, 0, None, None, None, 1, 0], seen=False)

    with pytest.raises(Blocked) as caught:
        ready(patient)

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
def test_a_positive_item_9_of_this_visit_needs_the_suicide_check(clinic, ready, form, blocked):
    patient = recovering(clinic, documents={})
    answer(clinic, patient, "leaving_safety", value=False)
    phq9(clinic, patient, item9=2, **form)

    try:
        ready(patient)
        found = []
    except Blocked as refused:
        found = [fault.where for fault in refused.faults]

    assert found == (["suicide_check"] if blocked else [])


def test_who_is_at_grave_risk_goes_with_the_word_of_a_prescriber_alone(clinic, patient, ready):
    phq9(clinic, patient, item9=2)
    answer(clinic, patient, "leaving_cssrs", value="moderate")
    answer(clinic, patient, "leaving_disposition", value="Home, with a call tomorrow.")

    with pytest.raises(Blocked) as caught:
        ready(patient)
    said = {"value": "Home, with a call tomorrow.", "by": clinic.prescriber, "minutes": 95}
    answer(clinic, patient, "leaving_disposition", **said)

    assert missed(caught) == ["suicide_check"]
    assert ready(patient).status is SessionStatus.READY_FOR_DISCHARGE


def test_a_positive_item_9_waits_for_the_c_ssrs(clinic, patient, ready):
    phq9(clinic, patient, item9=1)

    with pytest.raises(Blocked) as caught:
        ready(patient)
    answer(clinic, patient, "leaving_cssrs", value="low")

    assert missed(caught) == ["suicide_check"]
    assert ready(patient).status is SessionStatus.READY_FOR_DISCHARGE


SCREENED_HIGH = [1, 1, 0, 1, 0, 0, None]


@pytest.fixture
def unmet(db, clinic, patient):
    """The criteria the patient does not meet."""

    def unmet():
        criteria = discharge.readiness(db, patient.id, actor=clinic.clinician, now=NOW).criteria
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
def test_of_the_checklist_and_the_form_the_graver_counts(clinic, patient, ready, answered):
    form(clinic, patient, "cssrs_screener", SCREENED_HIGH)
    answer(clinic, patient, "leaving_cssrs", value=answered)

    with pytest.raises(Blocked) as caught:
        ready(patient)
    answer(clinic, patient, "leaving_disposition", value="To the hospital.", by=clinic.prescriber, minutes=95)

    assert missed(caught) == ["suicide_check"]
    assert ready(patient).status is SessionStatus.READY_FOR_DISCHARGE


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


def test_nobody_leaves_while_the_alert_of_a_screening_is_open(clinic, patient, ready):
    form(clinic, patient, "cssrs_screener", [1, 0, None, None, None, 0, None], seen=False)

    with pytest.raises(Blocked) as caught:
        ready(patient)

    assert missed(caught) == ["alerts"]


def test_more_forms_take_no_more_statements(db, clinic, patient):
    def statements():
        with counted(db) as sent:
            discharge.readiness(db, patient.id, actor=clinic.clinician, now=NOW)
        return len(sent)

    one = statements()
    for scale in ("phq9", "madrs", "qids_sr16"):
        form(clinic, patient, scale, [0] * len(SCALES[scale].items))

    assert statements() == one


@pytest.mark.parametrize("minutes", [-30, 39, 101])
def test_what_was_ticked_before_the_drug_was_over_or_after_leaving_tells_nothing(clinic, ready, minutes):
    patient = recovering(clinic, documents={Purpose.DISCHARGE: FOLLOW_UP})
    answer(clinic, patient, "leaving_follow_up", minutes=minutes)

    with pytest.raises(Blocked) as caught:
        ready(patient, occurred_at=NOW, now=after(102))

    assert missed(caught) == ["items.leaving_follow_up"]


def test_what_is_asked_before_leaving_is_asked_again_of_who_turned_worse(db, clinic, patient, ready):
    ready(patient)
    discharge.turn_back(db, patient, reason="Dizzy.", actor=clinic.clinician, now=after(105))

    with pytest.raises(Blocked) as caught:
        ready(patient, now=after(106))
    answer(clinic, patient, "leaving_oriented", minutes=106)
    answer(clinic, patient, "leaving_safety", minutes=106)

    assert missed(caught) == ["items.leaving_oriented", "items.leaving_safety"]
    assert ready(patient, now=after(107)).status is SessionStatus.READY_FOR_DISCHARGE


def test_an_alert_about_a_later_set_keeps_nobody_who_had_left(clinic, patient, ready):
    later = take(clinic, patient, 101)
    alert(clinic, patient, vitals_id=later.id, raised_at=after(110))

    with pytest.raises(Blocked):
        ready(patient, occurred_at=after(101), now=after(110))

    assert ready(patient, occurred_at=after(100), now=after(110)).ready_at == after(100)


def test_a_form_taken_later_keeps_nobody_who_had_left(clinic, patient, ready):
    phq9(clinic, patient, item9=2, taken_at=after(101))

    assert ready(patient, occurred_at=after(100), now=after(110)).ready_at == after(100)


def test_a_date_is_held_against_the_day_of_the_clinic(clinic, ready):
    evening = clinic_instant("Mon 20:30")  # by UTC the next day has come
    patient = recovering(clinic, documents={Purpose.DISCHARGE: TESTED})
    said = {"value": "negative", "on": NOW.date().isoformat()}
    keep(clinic, patient, ChecklistAnswer, evening, item="leaving_test", value=said)

    with pytest.raises(Blocked) as caught:
        ready(patient, now=evening)

    assert "items.leaving_test" not in missed(caught)


def test_a_prescriber_may_go_on_with_a_reason_and_leaves_a_mark(db, clinic, patient, ready):
    alert(clinic, patient)

    session = ready(patient, override="Known low saturation.", actor=clinic.prescriber)
    db.commit()

    assert session.discharge_override == "Known low saturation."
    assert session.discharge_overridden_by == clinic.prescriber.staff_id
    assert steps(db, session)[-1].reason == "Known low saturation."
    row = db.scalar(select(AuditRow).where(AuditRow.action == "session.discharge_overridden"))
    assert row.details == {"criteria": ["alerts"]}


def test_an_override_that_nothing_needs_leaves_no_mark(clinic, patient, ready):
    session = ready(patient, override="To be sure.", actor=clinic.prescriber)

    assert (session.discharge_override, session.discharge_waived) == (None, None)


def test_nobody_else_sets_a_criterion_aside(clinic, patient, ready):
    nobody = Actor(clinic.id, None, frozenset({Role.PRESCRIBER, Role.CLINICIAN}))

    with pytest.raises(NotAllowed):
        ready(patient, override="It is late.")
    with pytest.raises(NotAllowed):
        ready(patient, override="It is late.", actor=nobody)


def test_who_turned_worse_recovers_again_and_the_override_is_gone(db, clinic, patient, ready):
    alert(clinic, patient)
    ready(patient, override="Known.", actor=clinic.prescriber)

    session = discharge.turn_back(db, patient, reason="Dizzy.", actor=clinic.clinician, now=after(105))

    assert (session.status, session.ready_at, session.discharge_override) == (SessionStatus.RECOVERING, None, None)
    assert (session.discharge_overridden_by, session.discharge_waived) == (None, None)
    assert (steps(db, session)[-1].reason, steps(db, session)[-1].occurred_at) == ("Dizzy.", after(105))
    with pytest.raises(Blocked):
        ready(session, now=after(106))


def test_only_who_was_ready_turns_back(db, clinic):
    session = session_in(clinic, SessionStatus.INFUSION_ENDED)

    with pytest.raises(IllegalTransition):
        discharge.turn_back(db, session, reason="Dizzy.", actor=clinic.clinician, now=NOW)


def test_going_home_completes_the_appointment_at_that_time(db, patient, ready, leave):
    ready(patient)

    session = leave(patient, occurred_at=after(105), chair_free_at=after(108), now=after(120))

    appointment = appointment_of(db, session)
    assert (session.status, session.discharged_at) == (SessionStatus.DISCHARGED, after(105))
    assert session.chair_free_at == after(108)
    assert (appointment.status, appointment.status_at) == (AppointmentStatus.COMPLETED, after(105))


def test_an_alert_opened_since_blocks_again_and_an_older_waived_one_does_not(db, clinic, patient, ready, leave):
    alert(clinic, patient)
    ready(patient, override="Known.", actor=clinic.prescriber)
    newer = alert(clinic, patient, raised_at=after(100))

    with pytest.raises(Blocked) as caught:
        leave(patient)

    assert missed(caught) == ["alerts"]
    acknowledge(db, newer.id, note="Seen.", actor=clinic.clinician, now=after(101))
    assert leave(patient).status is SessionStatus.DISCHARGED


def test_what_was_waived_stays_waived_and_what_comes_up_is_told(db, clinic, patient, ready, leave):
    ready(patient, occurred_at=after(96), override="The ride is here.", actor=clinic.prescriber)

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(111))
    session = leave(patient, override="Looked at once more.", actor=clinic.prescriber, now=after(111))

    assert missed(caught) == STALE
    assert session.discharge_override == "The ride is here.\nLooked at once more."
    assert session.discharge_waived == ["recovery", *STALE]


def test_a_waiver_lapses_with_the_next_reading_of_what_it_set_aside(db, clinic, patient, ready, leave):
    take(clinic, patient, 96, sbp=148, dbp=91)
    ready(patient, override="Always so after walking.", actor=clinic.prescriber)
    take(clinic, patient, 105, sbp=178, dbp=108)

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(108))

    assert missed(caught) == ["blood_pressure"]
    again = leave(patient, override="Seen by me.", actor=clinic.prescriber, now=after(108))
    assert again.discharge_waived == ["blood_pressure"]


def test_a_waiver_lapses_with_a_correction_of_what_it_set_aside(clinic, patient, ready, leave):
    wrong = take(clinic, patient, 96, sbp=148, dbp=91)
    ready(patient, override="Always so after walking.", actor=clinic.prescriber)
    said = {"replaces_id": wrong.id, "reason": "Mistyped.", "recorded_at": after(104)}
    take(clinic, patient, 96, sbp=178, dbp=108, **said)

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(105))

    assert missed(caught) == ["blood_pressure"]


@pytest.mark.parametrize(
    "blocked", [["items.leaving_oriented"], ["suicide_check", "items.leaving_safety"]], ids=["gait", "safety"]
)
def test_a_waiver_lapses_with_the_next_answer(clinic, patient, ready, leave, blocked):
    phq9(clinic, patient, item9=1)
    for each in ("leaving_oriented", "leaving_safety"):
        answer(clinic, patient, each, value=False, minutes=95)
    ready(patient, override="As ever.", actor=clinic.prescriber)
    answer(clinic, patient, blocked[-1].removeprefix("items."), value=False, minutes=102)

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(104))

    assert missed(caught) == blocked


def test_a_waiver_of_the_suicide_check_lapses_with_the_next_form(clinic, patient, ready, leave):
    phq9(clinic, patient, item9=1)
    ready(patient, override="Known for years.", actor=clinic.prescriber)
    phq9(clinic, patient, item9=3, taken_at=after(101), recorded_at=after(102))

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(103))

    assert missed(caught) == ["suicide_check"]


def test_a_full_set_ends_the_waiver_of_the_last_one(clinic, patient, ready, leave):
    ready(patient, now=after(111), override="Seen at the door.", actor=clinic.prescriber)
    take(clinic, patient, 112)

    with pytest.raises(Blocked) as caught:
        leave(patient, now=after(128))

    assert missed(caught) == STALE


def test_a_score_of_nausea_ends_no_waiver(clinic, patient, ready, leave):
    take(clinic, patient, 96, sbp=178, dbp=108)
    ready(patient, override="Always so.", actor=clinic.prescriber)
    unmeasured = dict.fromkeys(("sbp", "dbp", "hr", "spo2", "moaas"))
    take(clinic, patient, 102, nausea=0, **unmeasured)

    assert leave(patient, now=after(103)).status is SessionStatus.DISCHARGED


def test_nobody_leaves_who_is_not_ready(db, patient, leave):
    with pytest.raises(IllegalTransition) as caught:
        leave(patient)

    assert caught.value.facts["legal"] == ["ready_for_discharge", "transferred"]


@pytest.mark.parametrize(
    "said",
    [
        {"occurred_at": after(99)},
        {"occurred_at": after(121)},
        {"chair_free_at": after(121)},
        {"occurred_at": after(110), "chair_free_at": after(109)},
    ],
)
def test_times_that_cannot_be_are_refused(db, patient, ready, leave, said):
    ready(patient)

    with pytest.raises(Invalid):
        leave(patient, now=after(120), **said)

    assert patient.status is SessionStatus.READY_FOR_DISCHARGE


def test_a_clock_put_back_keeps_nobody_here(db, patient, ready, leave):
    ready(patient)

    session = leave(patient, now=after(70))

    assert session.discharged_at == NOW
    assert appointment_of(db, session).status_at == NOW


def test_an_appointment_completed_at_the_desk_stays_so(db, patient, ready, leave):
    ready(patient)
    appointment_of(db, patient).status = AppointmentStatus.COMPLETED

    assert leave(patient).status is SessionStatus.DISCHARGED


def test_a_transfer_needs_a_serious_adverse_event(db, clinic, patient, transfer):
    serious(clinic, patient, serious=False)

    with pytest.raises(Blocked) as caught:
        transfer(patient)

    assert missed(caught) == ["adverse_events"]
    assert patient.status is SessionStatus.RECOVERING


def test_a_transfer_after_the_drug_completes_the_appointment(db, clinic, patient, transfer):
    serious(clinic, patient)

    session = transfer(patient, occurred_at=after(70))

    assert (session.status, session.discharged_at) == (SessionStatus.TRANSFERRED, after(70))
    assert steps(db, session)[-1].reason == "General hospital"
    assert appointment_of(db, session).status is AppointmentStatus.COMPLETED


def test_a_transfer_before_the_drug_calls_the_visit_off(db, clinic, transfer):
    patient = session_in(clinic, SessionStatus.CHECKED_IN)
    serious(clinic, patient)

    session = transfer(patient)

    assert appointment_of(db, session).status is AppointmentStatus.CANCELLED


def test_a_visit_that_was_called_off_already_stays_so(db, clinic, transfer):
    patient = session_in(clinic, SessionStatus.CHECKED_IN)
    serious(clinic, patient)
    appointment_of(db, patient).status = AppointmentStatus.CANCELLED

    assert transfer(patient).status is SessionStatus.TRANSFERRED


def test_nobody_is_taken_away_while_the_pump_runs(db, clinic, transfer):
    patient = session_in(clinic, SessionStatus.INFUSING)
    serious(clinic, patient)

    with pytest.raises(IllegalTransition):
        transfer(patient)


def test_the_chair_is_free_once_the_patient_has_left(db, clinic, patient, ready, leave):
    ready(patient)
    session = leave(patient)

    discharge.release_chair(db, session, actor=clinic.clinician, now=after(115))

    assert session.chair_free_at == after(115)
    with pytest.raises(Invalid):
        discharge.release_chair(db, session, occurred_at=after(99), actor=clinic.clinician, now=after(115))


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(SessionStatus.RECOVERING, Blocked), (SessionStatus.ENTERED_IN_ERROR, SessionVoid)],
)
def test_a_chair_is_not_free_before(db, clinic, status, refusal):
    session = session_in(clinic, status)

    with pytest.raises(refusal):
        discharge.release_chair(db, session, actor=clinic.clinician, now=NOW)


def test_the_chair_of_a_signed_session_stays_as_it_is(db, clinic):
    signed = {"signed_at": after(120), "signed_by": clinic.clinician.staff_id}
    session = session_in(clinic, SessionStatus.CLOSED, **signed)

    with pytest.raises(SessionSigned):
        discharge.release_chair(db, session, actor=clinic.clinician, now=after(200))


def test_discharge_costs_the_same_however_much_is_charted(db, clinic, leave, ready):
    few, many = recovering(clinic), recovering(clinic)
    for minute in range(61, 95):
        take(clinic, many, minute)
        alert(clinic, many, AlertLevel.WARN, raised_at=after(minute) + timedelta(seconds=1))
    counts = []
    for session in (few, many):
        db.flush()
        with counted(db) as sent:
            ready(session)
            leave(session)
        counts.append(len(sent))

    assert counts[0] == counts[1]
