"""Others are called when nobody answers: step by step, by letters that tell of no patient."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from scheduler.actors import Role
from scheduler.models import Alert, AlertKind, AlertLevel, AuditRow, StaffRole
from scheduler.outcomes.alerts.alerts import acknowledge
from scheduler.outcomes.alerts.escalating import clinics_with_unanswered, escalate, unreached
from scheduler.outcomes.policy import OutcomePolicy, Routing
from tests.builders import clinic_instant
from tests.counting import counted
from tests.scheduler.outcomes.alerts.cases import alerts_of, decide, letters_of, log, ordered, phq9, send
from tests.treatments import visit

NINE = clinic_instant("Mon 09:00")
HALF_PAST = NINE + timedelta(minutes=30)
HOUR = timedelta(hours=1)


def told(cast, at):
    """The addresses written to at a moment."""
    return [letter.recipient for letter in letters_of(cast) if letter.created_at == at]


@pytest.fixture
def raised(clinic):
    """An alert raised at nine, which is to be answered by half past."""
    return log(clinic, clinic.patient("Grace", "Hopper"), 5, NINE, item9=1).alerts[0]


@pytest.mark.usefixtures("raised")
def test_nobody_is_called_before_the_time_is_up(db, clinic):
    just_before = HALF_PAST - timedelta(seconds=1)

    assert clinics_with_unanswered(db, now=just_before) == []
    assert escalate(db, clinic.id, now=just_before) == 0
    assert letters_of(clinic) == []


def test_all_prescribers_are_called_where_nobody_owns_it(db, clinic, elsewhere, raised):
    second = clinic.add_staff("Second", Role.PRESCRIBER, Role.CLINICIAN)
    clinic.add_staff("Gone", Role.PRESCRIBER, Role.CLINICIAN).left_at = NINE

    assert clinics_with_unanswered(db, now=HALF_PAST) == [clinic.id]
    assert (escalate(db, elsewhere.id, now=HALF_PAST), escalate(db, clinic.id, now=HALF_PAST)) == (0, 1)

    assert told(clinic, HALF_PAST) == sorted([clinic.staff[Role.PRESCRIBER].email, second.email])
    (alert,) = alerts_of(clinic)
    assert (alert.escalations, alert.escalated_at, alert.call_at) == (1, HALF_PAST, HALF_PAST + HOUR)
    assert alert.respond_by == HALF_PAST


def test_each_call_reaches_people_nobody_has_written_to_and_then_all_who_may_look(db, clinic):
    decide(clinic, replace(OutcomePolicy(), routing=Routing(most_escalations=5)))
    patient, owner = clinic.patient(), clinic.add_staff("Owner", Role.PRESCRIBER, Role.CLINICIAN)
    ordered(clinic, patient, owner)
    log(clinic, patient, 5, NINE, item9=1)

    for step in range(6):
        escalate(db, clinic.id, now=HALF_PAST + step * HOUR)

    prescriber, clinician, administrator = (
        clinic.staff[role].email for role in (Role.PRESCRIBER, Role.CLINICIAN, Role.ADMINISTRATOR)
    )
    everybody = sorted([owner.email, prescriber, clinician])
    assert [told(clinic, HALF_PAST + step * HOUR) for step in range(6)] == [
        [owner.email], sorted([owner.email, prescriber]), everybody, [administrator], everybody, [],
    ]  # fmt: skip


def test_the_only_prescriber_as_owner_does_not_keep_the_calls_from_others(db, clinic):
    patient = clinic.patient()
    ordered(clinic, patient)
    log(clinic, patient, 5, NINE, item9=3)

    for step in range(3):
        escalate(db, clinic.id, now=HALF_PAST + step * HOUR)

    assert {letter.recipient for letter in letters_of(clinic)} == {
        clinic.staff[role].email for role in (Role.PRESCRIBER, Role.CLINICIAN, Role.ADMINISTRATOR)
    }


@pytest.mark.usefixtures("raised")
def test_who_may_look_is_called_at_each_opening_until_somebody_answers(db, clinic):
    every = [HALF_PAST + step * HOUR / 2 for step in range(2 * 24 * 8)]

    for at in every:
        escalate(db, clinic.id, now=at)

    calls = sorted({letter.created_at for letter in letters_of(clinic)})
    quick = [HALF_PAST, HALF_PAST + HOUR, HALF_PAST + 2 * HOUR]
    days = [clinic_instant(f"{day} 08:00") for day in ("Tue", "Wed", "Thu", "Fri")]
    weekend = [clinic_instant("Sat 08:00"), clinic_instant("Sun 09:00"), clinic_instant("Mon 08:00", week=1)]
    assert calls[:10] == [*quick, *days, *weekend]  # on Sunday the clocks go on by an hour
    assert told(clinic, calls[-1]) == sorted(clinic.staff[role].email for role in (Role.PRESCRIBER, Role.CLINICIAN))


def test_what_is_no_danger_is_called_for_so_many_times_and_then_stays_on_the_list(db, clinic):
    series = visit(clinic, patient=clinic.patient())
    alert = clinic.keep(
        Alert(
            clinic_id=clinic.id, patient_id=series.patient_id, series_id=series.series_id, kind=AlertKind.SCORE_OVERDUE,
            level=AlertLevel.REVIEW, raised_at=NINE, due_at=NINE, respond_by=HALF_PAST, call_at=HALF_PAST,
        )
    )  # fmt: skip

    for step in range(2 * 24 * 3):
        escalate(db, clinic.id, now=HALF_PAST + step * HOUR / 2)

    assert (alert.escalations, alert.call_at, alert.acknowledged_at) == (3, None, None)


@pytest.mark.usefixtures("raised")
def test_where_nobody_can_be_reached_no_call_is_counted_and_the_next_to_come_is_called(db, clinic):
    for person in clinic.staff.values():
        person.left_at = NINE

    nobody = [escalate(db, clinic.id, now=HALF_PAST + step * HOUR) for step in range(5)]
    left = unreached(db, clinic.id, now=HALF_PAST + 5 * HOUR)
    new = clinic.add_staff("New", Role.CLINICIAN)
    escalate(db, clinic.id, now=HALF_PAST + 6 * HOUR)

    assert (nobody, left) == ([0] * 5, 1)
    assert told(clinic, HALF_PAST + 6 * HOUR) == [new.email]
    assert ([alert.escalations for alert in alerts_of(clinic)], unreached(db, clinic.id, now=HALF_PAST)) == ([1], 0)


def test_what_was_dated_by_a_clock_that_ran_ahead_is_due_and_called_for_once(db, clinic):
    log(clinic, clinic.patient(), 5, NINE + timedelta(days=200), item9=1)

    called = [escalate(db, clinic.id, now=NINE + timedelta(minutes=minutes)) for minutes in (0, 1, 59, 60)]

    assert called == [1, 0, 0, 1]


def test_an_administrator_is_told_to_find_somebody_who_may_look(db, clinic, raised):
    people = [clinic.staff[role] for role in (Role.PRESCRIBER, Role.CLINICIAN)]
    for person in people:
        person.left_at = NINE

    escalate(db, clinic.id, now=HALF_PAST)

    (letter,) = letters_of(clinic)
    assert letter.recipient == clinic.staff[Role.ADMINISTRATOR].email
    assert "please find a clinician or a prescriber of the clinic now" in letter.body
    assert str(raised.id) in letter.body


def test_an_owner_who_has_left_is_not_waited_for(db, clinic):
    patient = clinic.patient()
    owner = ordered(clinic, patient, clinic.add_staff("Owner", Role.PRESCRIBER, Role.CLINICIAN))
    log(clinic, patient, 5, NINE, item9=1)
    owner.left_at = NINE

    escalate(db, clinic.id, now=HALF_PAST)

    assert told(clinic, HALF_PAST) == [clinic.staff[Role.PRESCRIBER].email]


@pytest.mark.parametrize(
    ("lost", "called"),
    [([Role.PRESCRIBER], Role.CLINICIAN), ([Role.PRESCRIBER, Role.CLINICIAN], Role.ADMINISTRATOR)],
)
@pytest.mark.usefixtures("raised")
def test_without_prescribers_clinicians_are_called_and_without_these_administrators(db, clinic, lost, called):
    db.query(StaffRole).filter(StaffRole.clinic_id == clinic.id, StaffRole.role.in_(lost)).delete()

    escalate(db, clinic.id, now=HALF_PAST)

    assert clinic.staff[called].email in told(clinic, HALF_PAST)
    assert clinic.staff[Role.SCHEDULER].email not in told(clinic, HALF_PAST)


@pytest.mark.usefixtures("raised")
def test_an_address_that_is_none_gets_no_letter(db, clinic):
    clinic.add_staff("Odd", Role.PRESCRIBER, email="not an address")

    escalate(db, clinic.id, now=HALF_PAST)

    assert told(clinic, HALF_PAST) == [clinic.staff[Role.PRESCRIBER].email]


def test_a_letter_tells_of_a_clinic_and_an_alert_and_of_nobody(db, clinic, raised):
    escalate(db, clinic.id, now=HALF_PAST)

    (letter,) = letters_of(clinic)
    assert (letter.patient_id, letter.appointment_id, letter.due_at) == (None, None, HALF_PAST)
    assert letter.key == f"escalation/{raised.id.hex}/1/{clinic.staff[Role.PRESCRIBER].id.hex}"
    assert letter.subject == "A safety alert is waiting"
    assert "A safety alert at Midtown has been waiting for an answer since 09:00 on Monday 2 March 2026." in letter.body
    assert str(raised.id) in letter.body
    for secret in ("Grace", "Hopper", "suicid", "PHQ", "ketamine", str(raised.patient_id)):
        assert secret.casefold() not in (letter.subject + letter.body).casefold()


def test_each_step_is_written_down_with_its_number(db, clinic, raised):
    escalate(db, clinic.id, now=HALF_PAST)
    db.commit()

    row = db.scalars(select(AuditRow).where(AuditRow.action == "alert.escalated")).one()
    assert (row.subject, row.actor_id, row.details) == (raised.id, None, {"step": 1, "letters": 1})


def test_who_has_answered_is_not_called_and_letters_that_wait_are_taken_back(db, clinic, raised):
    escalate(db, clinic.id, now=HALF_PAST)

    acknowledge(db, raised.id, note="Spoke with them.", actor=clinic.clinician, now=HALF_PAST)

    db.expire_all()
    assert [letter.withdrawn_at for letter in letters_of(clinic)] == [HALF_PAST]
    assert escalate(db, clinic.id, now=HALF_PAST + HOUR) == 0


def test_a_letter_about_another_alert_is_not_taken_back(db, clinic, raised):
    log(clinic, clinic.patient(), 5, NINE, item9=1)
    escalate(db, clinic.id, now=HALF_PAST)

    acknowledge(db, raised.id, note="Spoke with them.", actor=clinic.clinician, now=HALF_PAST)

    db.expire_all()
    assert sorted(letter.withdrawn_at is None for letter in letters_of(clinic)) == [False, True]


def test_what_tells_of_danger_and_was_never_given_a_time_is_late_at_once(db, clinic, raised):
    db.execute(text("UPDATE alerts SET respond_by = NULL, call_at = NULL"))

    assert escalate(db, clinic.id, now=NINE) == 1


def test_what_is_historical_calls_nobody(db, clinic):
    send(clinic, clinic.patient(), phq9(5, item9=3), NINE, source="import", historical=True)

    assert clinics_with_unanswered(db, now=NINE + 99 * HOUR) == []
    assert escalate(db, clinic.id, now=NINE + 99 * HOUR) == 0


def test_an_urgent_answer_by_link_calls_in_the_transaction_that_keeps_it(db, clinic):
    patient = clinic.patient()
    owner = ordered(clinic, patient)
    night = clinic_instant("Sat 23:00")

    (alert,) = send(clinic, patient, phq9(5, item9=2), night).alerts

    assert told(clinic, night) == [owner.email]
    assert (alert.escalations, alert.escalated_at, alert.call_at) == (1, night, night + HOUR)
    assert alert.respond_by == clinic_instant("Mon 00:00", week=1)  # a day later, by clocks that went on by an hour


def test_a_clinic_says_itself_how_often_and_how_soon(db, clinic):
    routing = Routing(clinic_minutes=1, escalation_minutes=5, most_escalations=1)
    decide(clinic, replace(OutcomePolicy(), routing=routing))
    log(clinic, clinic.patient(), 5, NINE, item9=1)

    steps = [escalate(db, clinic.id, now=NINE + timedelta(minutes=minutes)) for minutes in (0, 1, 6, 600)]

    (alert,) = alerts_of(clinic)
    assert (steps, alert.call_at) == ([0, 1, 0, 0], clinic_instant("Tue 08:00"))


def test_more_alerts_take_no_more_statements(db, clinic, elsewhere):
    def statements(cast, count):
        for _ in range(count):
            log(cast, cast.patient(), 5, NINE, item9=1)
        with counted(db) as sent:
            assert escalate(db, cast.id, now=HALF_PAST) == count
        return len(sent)

    assert statements(clinic, 6) == statements(elsewhere, 1)
