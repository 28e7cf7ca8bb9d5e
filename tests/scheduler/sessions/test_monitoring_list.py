"""The list of monitoring forms: due in a week, overdue, and on it until they are sent."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from scheduler.models import AuditRow, Mode, SessionStatus
from scheduler.sessions.leaving.discharge import discharge, transfer
from scheduler.sessions.leaving.monitoring_forms import FormState
from scheduler.sessions.steps import lock_visit
from tests.counting import counted
from tests.scheduler.sessions.leavers import after, recovering, serious, take
from tests.scheduler.sessions.watched_sprays import (
    LEFT,
    NOW,
    TYPED,
    complete,
    fill,
    listed,
    of_the_spray,
    send,
    sprayed,
)


@pytest.fixture
def session(clinic):
    return sprayed(clinic)


def test_a_form_that_was_sent_is_due_again_once_the_record_is_corrected(clinic):
    session = sprayed(clinic)
    sent = send(clinic, complete(clinic, fill(clinic, session), {**TYPED, "lot": "L9"}))
    take(clinic, session, 122, sbp=118, dbp=78, recorded_at=NOW + timedelta(hours=1))

    assert listed(clinic, FormState.SENT) == []
    assert listed(clinic, FormState.DUE) == [sent.id]
    assert listed(clinic, FormState.OVERDUE, now=NOW + timedelta(days=8)) == [sent.id]


def test_a_form_is_on_the_list_from_the_moment_the_patient_leaves(db, clinic):
    usual = {"mode": Mode.DEVICES, "ended_at": after(5), "dose_given_mg": Decimal(56), "since": after(120)}
    session = of_the_spray(clinic, recovering(clinic, SessionStatus.READY_FOR_DISCHARGE, **usual))
    take(clinic, session, 124)
    visit = lock_visit(db, session.id, actor=clinic.clinician)

    discharge(db, *visit, occurred_at=LEFT, chair_free_at=LEFT, actor=clinic.clinician, now=NOW)

    assert len(listed(clinic, FormState.DUE)) == 1


def test_who_is_taken_away_after_the_drug_has_a_form_too(db, clinic):
    usual = {"mode": Mode.DEVICES, "ended_at": after(5), "dose_given_mg": Decimal(56)}
    session = of_the_spray(clinic, recovering(clinic, **usual))
    serious(clinic, session)
    visit = lock_visit(db, session.id, actor=clinic.clinician)

    transfer(db, *visit, destination="General hospital", occurred_at=LEFT, actor=clinic.clinician, now=NOW)

    assert len(listed(clinic, FormState.DUE)) == 1


def test_the_list_shows_the_newest_number_of_each_form_by_its_state(clinic):
    due = complete(clinic, fill(clinic, sprayed(clinic)))
    late = fill(clinic, sprayed(clinic))
    late.due_on = date(2026, 3, 1)
    sent = send(clinic, complete(clinic, fill(clinic, sprayed(clinic)), {**TYPED, "lot": "L9"}))

    assert listed(clinic, FormState.DUE) == [late.id, due.id]
    assert listed(clinic, FormState.OVERDUE) == [late.id]
    assert listed(clinic, FormState.SENT) == [sent.id]


def test_a_form_is_overdue_from_the_day_after(clinic, session):
    form = fill(clinic, session)

    days = [NOW + timedelta(days=count) for count in (7, 8)]
    assert [listed(clinic, FormState.OVERDUE, now=day) for day in days] == [[], [form.id]]
    assert [listed(clinic, FormState.DUE, now=day) for day in days] == [[form.id], [form.id]]


def test_the_list_goes_on_where_a_page_ended(clinic):
    for _ in range(3):
        fill(clinic, sprayed(clinic))
    every = listed(clinic, FormState.DUE)

    assert listed(clinic, FormState.DUE, limit=2) == every[:2]
    assert listed(clinic, FormState.DUE, after=every[1]) == every[2:]


def test_the_list_names_its_patients_in_the_audit_log(db, clinic, session):
    fill(clinic, session)
    listed(clinic, FormState.DUE)
    db.commit()

    row = db.scalar(select(AuditRow).where(AuditRow.action == "monitoring_forms.listed"))

    assert row.details == {"patients": [str(session.patient_id)]}


def test_the_list_costs_the_same_however_long_it_is(db, clinic):
    fill(clinic, sprayed(clinic))
    with counted(db) as one:
        listed(clinic, FormState.DUE)
    for _ in range(4):
        fill(clinic, sprayed(clinic))
    db.flush()
    with counted(db) as five:
        listed(clinic, FormState.DUE)

    assert len(one) == len(five)
