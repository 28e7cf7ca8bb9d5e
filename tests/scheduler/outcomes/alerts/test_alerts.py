"""Alerts: listed until a person closes them, which exactly one does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from scheduler.actors import Actor, Role
from scheduler.errors import AlreadyAcknowledged, DomainError, Invalid, NotAllowed, NotFound
from scheduler.models import Alert, AlertKind, AlertLevel, AnswerSource, AuditRow
from scheduler.outcomes.alerts.alerts import AlertState, Wanted, Whose, acknowledge, list_alerts, own
from scheduler.outcomes.alerts.escalating import escalate
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from tests.builders import build_clinic
from tests.courses import write_series
from tests.scheduler.outcomes.alerts.cases import log, phq9, send

SEEN = "Spoke with the patient; safety plan made."


def raise_one(cast, *, now, patient=None):
    patient = patient or cast.patient()
    logged = log_assessment(
        cast.db, patient.id, scale="phq9", answers=[0] * 8 + [1], taken_at=now, actor=cast.clinician, now=now
    )
    cast.db.flush()  # what reads it next may look in the table
    return logged.alerts[0]


@pytest.fixture
def listed(db, clinic, now):
    def listed(state=AlertState.OPEN, *, after=None, limit=50, by=None, at=now, **wanted):
        actor = by or clinic.clinician
        return list_alerts(db, Wanted(state, **wanted), after=after, limit=limit, actor=actor, now=at)

    return listed


def test_open_alerts_are_listed_oldest_first_with_their_patient(clinic, elsewhere, listed, now):
    grace = clinic.patient("Grace")
    second = raise_one(clinic, now=now)
    first = raise_one(clinic, now=now - timedelta(minutes=1), patient=grace)
    raise_one(elsewhere, now=now)

    found = listed()

    assert [row.alert for row in found] == [first, second]
    assert found[0].patient is grace


def test_pages_of_alerts_of_one_instant_neither_skip_nor_repeat(clinic, listed, now):
    raised = {raise_one(clinic, now=now).id for _ in range(5)}

    first = listed(limit=2)
    last = first[-1].alert
    rest = listed(limit=50, after=last.id)

    ids = [row.alert.id for row in first + rest]
    assert len(ids) == 5
    assert set(ids) == raised


@pytest.mark.parametrize(
    ("state", "expected"),
    [(AlertState.OPEN, {"open"}), (AlertState.ACKNOWLEDGED, {"closed"}), (AlertState.ALL, {"open", "closed"})],
)
def test_alerts_are_listed_by_state(clinic, listed, state, expected):
    alerts = {"open": raise_one(clinic, now=clinic.now), "closed": raise_one(clinic, now=clinic.now)}
    acknowledge(clinic.db, alerts["closed"].id, note=SEEN, actor=clinic.clinician, now=clinic.now)

    found = {row.alert.id for row in listed(state)}

    assert found == {alerts[name].id for name in expected}


def test_an_alert_is_closed_by_a_person_with_a_note(db, clinic, now):
    raised = raise_one(clinic, now=now)

    alert = acknowledge(db, raised.id, note=f"  {SEEN} ", actor=clinic.clinician, now=now + timedelta(hours=1))

    assert (alert.id, alert.note, alert.acknowledged_by) == (raised.id, SEEN, clinic.clinician.staff_id)
    assert alert.acknowledged_at == now + timedelta(hours=1)


def test_closing_is_audited_without_the_note(db, clinic, now):
    alert = raise_one(clinic, now=now)

    acknowledge(db, alert.id, note=SEEN, actor=clinic.clinician, now=now)
    db.commit()

    row = db.scalars(select(AuditRow).where(AuditRow.action == "alert.acknowledged")).one()
    assert (row.subject, row.patient_id, row.details) == (alert.id, alert.patient_id, {})


def test_an_alert_is_closed_once(db, clinic, now):
    alert = raise_one(clinic, now=now)
    acknowledge(db, alert.id, note=SEEN, actor=clinic.clinician, now=now)

    with pytest.raises(AlreadyAcknowledged):
        acknowledge(db, alert.id, note="Something else.", actor=clinic.clinician, now=now)

    assert db.scalars(select(Alert.note)).one() == SEEN


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_an_alert_is_not_closed_without_a_word(db, clinic, now, blank):
    alert = raise_one(clinic, now=now)

    with pytest.raises(Invalid) as refusal:
        acknowledge(db, alert.id, note=blank, actor=clinic.clinician, now=now)

    assert refusal.value.faults[0].where == "note"


def test_only_a_person_closes_an_alert(db, clinic, now):
    alert = raise_one(clinic, now=now)

    with pytest.raises(NotAllowed):
        acknowledge(db, alert.id, note=SEEN, actor=replace(clinic.clinician, staff_id=None), now=now)


def test_an_alert_of_another_clinic_is_as_good_as_none(db, clinic, elsewhere, now):
    alert = raise_one(elsewhere, now=now)

    for unknown in (alert.id, uuid4()):
        with pytest.raises(NotFound):
            acknowledge(db, unknown, note=SEEN, actor=clinic.clinician, now=now)


def test_of_many_who_close_an_alert_at_once_exactly_one_does(database, now):
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        alert = raise_one(cast, now=now)
        people = [cast.add_staff(f"Clinician {number}", Role.CLINICIAN).id for number in range(8)]

    def close(person):
        actor = Actor(cast.id, person, frozenset({Role.CLINICIAN}))
        try:
            with database.committing() as db:
                return acknowledge(db, alert.id, note=f"Seen by {person}.", actor=actor, now=now).acknowledged_by
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(close, people))

    with database.reading() as db:
        winner = db.scalars(select(Alert.acknowledged_by)).one()
        note = db.scalars(select(Alert.note)).one()
    assert sorted(map(str, answers)) == sorted([str(winner)] + ["already-acknowledged"] * 7)
    assert note == f"Seen by {winner}."


def test_what_tells_of_danger_comes_before_all_others(clinic, listed, now):
    treated = clinic.patient()
    write_series(clinic, treated, [now - timedelta(days=3)])
    log(clinic, treated, 5, now - timedelta(days=3))
    worse = log(clinic, treated, 20, now).alerts[0]
    danger = log(clinic, clinic.patient(), 5, now + timedelta(hours=1), item9=1).alerts[0]

    found = listed(at=now + timedelta(hours=2))

    assert [row.alert.id for row in found] == [danger.id, worse.id]
    assert [row.overdue for row in found] == [True, False]
    assert [row.alert.id for row in listed(after=danger.id)] == [worse.id]


def test_calls_between_two_pages_move_nothing(db, clinic, listed, now):
    raised = [raise_one(clinic, now=now + timedelta(minutes=late)).id for late in range(3)]
    late = now + timedelta(minutes=30)

    first = [row.alert.id for row in listed(limit=1)]
    escalate(db, clinic.id, now=late)
    rest = listed(after=first[-1], at=late + timedelta(minutes=2))

    assert first + [row.alert.id for row in rest] == raised


def test_what_others_were_called_for_stays_overdue(db, clinic, listed, now):
    raise_one(clinic, now=now)

    escalate(db, clinic.id, now=now + timedelta(minutes=30))

    assert [row.overdue for row in listed(at=now + timedelta(minutes=31))] == [True]


def test_who_was_called_at_once_is_not_overdue_before_the_time(clinic, listed, now):
    send(clinic, clinic.patient(), phq9(5, item9=3), now)

    assert [(row.alert.escalations, row.overdue) for row in listed()] == [(1, False)]


def test_what_is_dated_later_than_now_is_overdue(clinic, listed, now):
    raise_one(clinic, now=now + timedelta(days=200))

    assert [row.overdue for row in listed()] == [True]


def test_an_owner_who_has_left_is_nobody(db, clinic, listed, now):
    raised, owner = raise_one(clinic, now=now), clinic.add_staff("Owner", Role.CLINICIAN)
    own(db, raised.id, owner.id, actor=clinic.clinician, now=now)
    here = listed(owner=Whose.NOBODY)
    owner.left_at = now

    assert (here, [row.alert.id for row in listed(owner=Whose.NOBODY)]) == ([], [raised.id])


def test_an_alert_about_a_correction_tells_which_one_it_follows(db, clinic, listed, now):
    first = raise_one(clinic, now=now)
    said = {"reason": "Item 1 was misread.", "actor": clinic.clinician, "now": now + timedelta(minutes=1)}
    (second,) = correct_assessment(db, first.assessment_id, answers=[1, *[0] * 7, 1], **said).alerts
    db.commit()

    assert [(row.alert.id, row.replaces) for row in listed()] == [(first.id, None), (second.id, first.id)]
    told = db.scalars(select(AuditRow.details).where(AuditRow.subject == second.id)).one()
    assert told == {"replaces": str(first.assessment_id)}


def test_what_was_never_given_a_time_is_overdue(db, clinic, listed, now):
    raise_one(clinic, now=now)
    db.execute(text("UPDATE alerts SET respond_by = NULL"))
    db.expire_all()

    assert [row.overdue for row in listed()] == [True]


def test_a_page_of_open_alerts_goes_on_where_the_last_one_ended(clinic, listed, now):
    raised = [log(clinic, clinic.patient(), 5, now + timedelta(minutes=late), item9=1) for late in (3, 1, 2, 1)]

    first = listed(limit=2)
    rest = listed(after=first[-1].alert.id)

    order = [row.alert.respond_by for row in first + rest]
    assert order == sorted(order)
    assert {row.alert.id for row in first + rest} == {each.alerts[0].id for each in raised}


def test_what_is_historical_stands_on_a_list_of_its_own_and_is_closed_like_all_others(db, clinic, listed, now):
    live = raise_one(clinic, now=now)
    old = send(clinic, clinic.patient(), phq9(5, item9=2), now, source=AnswerSource.IMPORT, historical=True).alerts[0]

    found = {state: [row.alert.id for row in listed(state)] for state in (AlertState.OPEN, AlertState.HISTORICAL)}
    acknowledge(db, old.id, note=SEEN, actor=clinic.clinician, now=now)

    assert found == {AlertState.OPEN: [live.id], AlertState.HISTORICAL: [old.id]}
    assert listed(AlertState.HISTORICAL) == []
    assert [row.alert.id for row in listed(AlertState.ACKNOWLEDGED)] == [old.id]


def test_alerts_are_listed_by_kind_level_and_owner(db, clinic, listed, now):
    review, urgent = raise_one(clinic, now=now), log(clinic, clinic.patient(), 5, now, item9=2).alerts[0]
    own(db, urgent.id, actor=clinic.clinician, now=now)

    def ids(**wanted):
        return [row.alert.id for row in listed(**wanted)]

    assert ids(level=AlertLevel.URGENT) == ids(owner=Whose.ME) == [urgent.id]
    assert ids(level=AlertLevel.REVIEW) == ids(owner=Whose.NOBODY) == [review.id]
    assert ids(owner=Whose.ME, by=clinic.prescriber) == ids(kind=AlertKind.PLATEAU) == []
    assert set(ids(kind=AlertKind.SUICIDAL_IDEATION)) == {review.id, urgent.id}


def test_an_alert_is_given_to_another_clinician_and_keeps_its_time(db, clinic, now):
    raised = raise_one(clinic, now=now)
    prescriber = clinic.staff[Role.PRESCRIBER].id
    own(db, raised.id, actor=clinic.clinician, now=now)

    given = own(db, raised.id, prescriber, actor=clinic.clinician, now=now)
    db.commit()

    assert (given.owner_id, given.respond_by) == (prescriber, now + timedelta(minutes=30))
    rows = db.scalars(select(AuditRow.details).where(AuditRow.action == "alert.owned")).all()
    assert {row["owner"] for row in rows} == {str(clinic.clinician.staff_id), str(prescriber)}


def test_only_a_clinician_of_the_clinic_owns_an_alert(db, clinic, elsewhere, now):
    raised, gone = raise_one(clinic, now=now), clinic.add_staff("Gone", Role.CLINICIAN)
    gone.left_at = now
    db.flush()

    for other in (clinic.staff[Role.SCHEDULER].id, elsewhere.staff[Role.CLINICIAN].id, gone.id, uuid4()):
        with pytest.raises(Invalid) as refusal:
            own(db, raised.id, other, actor=clinic.clinician, now=now)
        assert refusal.value.faults[0].where == "staff_id"
    with pytest.raises(NotAllowed):
        own(db, raised.id, actor=replace(clinic.clinician, staff_id=None), now=now)


def test_what_is_closed_or_not_there_is_not_owned(db, clinic, elsewhere, now):
    closed, foreign = raise_one(clinic, now=now), raise_one(elsewhere, now=now)
    acknowledge(db, closed.id, note=SEEN, actor=clinic.clinician, now=now)

    with pytest.raises(AlreadyAcknowledged):
        own(db, closed.id, actor=clinic.clinician, now=now)
    with pytest.raises(NotFound):
        own(db, foreign.id, actor=clinic.clinician, now=now)


def test_no_open_safety_alert_is_without_a_clock_unless_it_is_historical(db, clinic, now):
    patients = [clinic.patient() for _ in range(3)]
    for patient in patients:
        for source in AnswerSource:
            send(clinic, patient, phq9(5, item9=3), now, source=source)
            send(clinic, patient, [1, 1, 0, 1, 0, 0, None], now, source=source, scale="cssrs_screener")
        send(clinic, patient, phq9(5, item9=3), now, source=AnswerSource.IMPORT, historical=True)

    clockless = db.scalars(select(Alert).where(Alert.respond_by.is_(None))).all()

    assert len(clockless) == len(patients)
    assert {alert.historical for alert in clockless} == {True}
