"""Closing: what must be there first, the signature, what the lock lets through, and addenda."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from scheduler.errors import Blocked, IllegalTransition, NotFound, SessionSigned, SessionVoid
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChecklistAnswer,
    EventOutcome,
    Mode,
    MonitoringForm,
    NoteKind,
    Relatedness,
    SessionNote,
    SessionStatus,
    TreatmentSession,
    Vitals,
)
from scheduler.models.charts import ActionTaken
from scheduler.models.constraints import broken_constraint
from scheduler.models.replaced import is_replaced
from scheduler.sessions import charting
from scheduler.sessions.leaving import closing
from scheduler.sessions.steps import lock_visit
from scheduler.treatment import Phase
from tests.counting import counted
from tests.scheduler.sessions.leavers import after, alert, discharged, ledger, phq9, recovering, serious, take
from tests.treatments import session_in

NOW = after(120)
CLOSED = {
    "closed": True, "relatedness": Relatedness.POSSIBLE, "action": ActionTaken.STOPPED,
    "outcome": EventOutcome.RESOLVED, "description": "Fainted on standing up.",
}  # fmt: skip


@pytest.fixture
def sign(db, clinic):
    def put_name(session, *, note="Went well.", now=NOW, **said):
        visit = lock_visit(db, session.id, actor=clinic.clinician)
        return closing.sign(db, *visit, note=note, **said, actor=clinic.clinician, now=now)

    return put_name


@pytest.fixture
def signed(clinic, sign):
    return sign(discharged(clinic))


def missed(caught):
    return [fault.where for fault in caught.value.faults]


def test_a_complete_record_is_signed_and_locked(db, clinic, sign):
    session = sign(discharged(clinic))

    note = db.scalars(select(SessionNote)).one()
    assert (session.status, session.signed_at, session.version) == (SessionStatus.CLOSED, NOW, 2)
    assert session.signed_by == clinic.clinician.staff_id
    assert (note.kind, note.text, note.occurred_at) == (NoteKind.NOTE, "Went well.", NOW)


def test_a_signature_is_never_from_before_the_last_step(clinic, sign):
    session = sign(discharged(clinic), now=after(90))

    assert session.signed_at == after(100)


def test_nobody_signs_while_the_patient_is_here(clinic, sign):
    with pytest.raises(IllegalTransition):
        sign(recovering(clinic))


def test_everything_that_misses_is_told_at_once(clinic, sign):
    session = recovering(clinic, SessionStatus.DISCHARGED, since=after(100), discharged_at=after(100))
    ledger(clinic, session, drawn="35", given="21.875")
    serious(clinic, session)
    alert(clinic, session)

    with pytest.raises(Blocked) as caught:
        sign(session, note="  ")

    assert missed(caught) == ["ledger", "scores", "adverse_events", "alerts", "chair_free_at", "note"]
    assert session.status is SessionStatus.DISCHARGED


def test_what_misses_can_be_asked_before(db, clinic):
    session = recovering(clinic)

    found = closing.closing_state(db, session.id, actor=clinic.clinician, now=NOW)

    assert [fault.where for fault in found.missing] == ["status", "scores", "chair_free_at", "note"]


def test_of_another_clinics_session_nothing_is_told(db, clinic, elsewhere):
    with pytest.raises(NotFound):
        closing.closing_state(db, recovering(clinic).id, actor=elsewhere.clinician, now=NOW)


def test_of_a_signed_session_nothing_misses(db, clinic, signed):
    assert closing.closing_state(db, signed.id, actor=clinic.clinician, now=NOW).missing == ()


@pytest.mark.parametrize(
    ("amounts", "balanced"),
    [
        ({"drawn": "35", "given": "21.875", "wasted": "13.125"}, True),
        ({"drawn": "35", "given": "34.9"}, True),
        ({"drawn": "35", "given": "34.899"}, False),
        ({"drawn": "35", "given": "20", "returned": "15"}, True),
        ({"given": "1"}, False),
    ],
)
def test_the_drug_balances_within_a_tenth_of_a_milligram(clinic, sign, amounts, balanced):
    session = recovering(
        clinic, SessionStatus.DISCHARGED, since=after(100), discharged_at=after(100), chair_free_at=after(100)
    )
    ledger(clinic, session, **amounts)
    phq9(clinic, session)

    try:
        sign(session)
        found = []
    except Blocked as refused:
        found = [fault.where for fault in refused.faults]

    assert found == ([] if balanced else ["ledger"])


@pytest.mark.parametrize("form", [{"taken_at": after(1)}, {"complete": False, "total": None, "band": None}])
def test_the_scores_are_complete_and_from_before_the_drug(clinic, sign, form):
    session = recovering(
        clinic, SessionStatus.DISCHARGED, since=after(100), discharged_at=after(100), chair_free_at=after(100)
    )
    phq9(clinic, session, **form)

    with pytest.raises(Blocked) as caught:
        sign(session)

    assert missed(caught) == ["scores"]


def test_scores_are_waived_with_a_reason_that_stays_on_record(db, clinic, sign):
    session = recovering(
        clinic, SessionStatus.DISCHARGED, since=after(100), discharged_at=after(100), chair_free_at=after(100)
    )

    sign(session, scores_waived="The patient cannot read today.")

    kept = db.scalars(select(ChecklistAnswer).where(ChecklistAnswer.item == closing.SCORES)).one()
    assert kept.note == "The patient cannot read today."


def test_a_closed_serious_event_is_in_nobodys_way(clinic, sign):
    session = discharged(clinic)
    serious(clinic, session, **CLOSED)

    assert sign(session).status is SessionStatus.CLOSED


def test_an_infusion_nobody_ended_is_told(db, clinic):
    session = session_in(clinic, SessionStatus.INFUSING, started_at=after(0))
    phq9(clinic, session)

    missing = closing.what_is_missing(db, session, note="Went well.")

    assert [fault.where for fault in missing] == ["status", "infusion"]


def test_a_deferred_session_in_which_nothing_was_begun_needs_its_note_alone_and_the_visit_is_called_off(
    db, clinic, sign
):
    session = session_in(clinic, SessionStatus.DEFERRED, roomed_at=after(-28), mode=Mode.DEVICES)

    with pytest.raises(Blocked) as caught:
        sign(session, note="")
    sign(session)

    db.expire_all()
    appointment = db.get_one(Appointment, (clinic.id, session.appointment_id))
    assert missed(caught) == ["note"]
    assert (session.status, appointment.status) == (SessionStatus.CLOSED, AppointmentStatus.CANCELLED)
    assert db.scalar(select(MonitoringForm.id)) is None


def test_a_deferred_session_is_not_signed_over_drug_that_misses_an_alert_or_a_serious_event(clinic, sign):
    session = session_in(clinic, SessionStatus.DEFERRED, roomed_at=after(-28))
    ledger(clinic, session, drawn="35")
    serious(clinic, session)
    alert(clinic, session)

    with pytest.raises(Blocked) as caught:
        sign(session)

    assert missed(caught) == ["ledger", "adverse_events", "alerts"]
    assert session.status is SessionStatus.DEFERRED


def test_who_was_taken_away_before_the_drug_needs_no_scores(clinic, sign):
    session = session_in(clinic, SessionStatus.TRANSFERRED, mode=Mode.DEVICES)

    assert sign(session).status is SessionStatus.CLOSED


def test_devices_whose_drug_asks_for_no_form_are_signed_without(db, clinic, sign):
    sign(discharged(clinic, mode=Mode.DEVICES))

    assert db.scalar(select(MonitoringForm.id)) is None


def test_an_addendum_follows_the_signature(db, clinic, signed):
    added = closing.add_addendum(db, signed, text="Called the next day.", actor=clinic.clinician, now=after(90))

    assert (added.kind, added.text, added.occurred_at) == (NoteKind.ADDENDUM, "Called the next day.", NOW)


@pytest.mark.parametrize(
    ("status", "refusal"), [(SessionStatus.DISCHARGED, Blocked), (SessionStatus.ENTERED_IN_ERROR, SessionVoid)]
)
def test_before_the_signature_nothing_is_added(db, clinic, status, refusal):
    session = session_in(clinic, status)

    with pytest.raises(refusal):
        closing.add_addendum(db, session, text="Called.", actor=clinic.clinician, now=NOW)


def test_a_second_signature_is_refused(signed, sign):
    with pytest.raises(IllegalTransition) as caught:
        sign(signed)

    assert caught.value.facts == {"legal": [], "state": SessionStatus.CLOSED}


def test_nothing_new_is_charted_after_the_signature(db, clinic, signed):
    with pytest.raises(SessionSigned):
        charting.chart(db, signed, Vitals, phase=Phase.RECOVERY, hr=70, actor=clinic.clinician, now=NOW)


def test_the_database_itself_refuses_a_new_row_of_a_signed_session(db, clinic, signed):
    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.execute(insert(Vitals).values(row_of(clinic, signed)))

    assert broken_constraint(caught.value) == "sessions_locked"


def test_the_database_takes_a_row_that_replaces_an_older_one(db, clinic, signed):
    old = db.scalars(select(Vitals).where(Vitals.session_id == signed.id).limit(1)).one()

    db.execute(insert(Vitals).values(**row_of(clinic, signed), replaces_id=old.id))

    assert is_replaced(db, old)


@pytest.mark.parametrize(
    ("kind", "refused"), [(NoteKind.NOTE, True), (NoteKind.ADDENDUM, False)], ids=["note", "addendum"]
)
def test_the_database_takes_addenda_but_no_second_note(db, clinic, signed, kind, refused):
    said = {"clinic_id": clinic.id, "id": uuid4(), "session_id": signed.id, "kind": kind, "text": "More."}
    when = {"occurred_at": NOW, "recorded_at": NOW, "withdrawn": False}

    try:
        with db.begin_nested():
            db.execute(insert(SessionNote).values(**said, **when))
        found = None
    except IntegrityError as error:
        found = broken_constraint(error)

    assert found == ("sessions_locked" if refused else None)


def test_a_signed_session_stays_signed(db, clinic, signed):
    signed.status, signed.signed_at = SessionStatus.DISCHARGED, None

    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.flush()

    assert broken_constraint(caught.value) == "sessions_signed"


def row_of(clinic, session):
    return {
        "clinic_id": clinic.id, "id": uuid4(), "session_id": session.id, "phase": Phase.RECOVERY, "hr": 70,
        "occurred_at": after(90), "recorded_at": NOW, "recorded_by": clinic.clinician.staff_id, "withdrawn": False,
    }  # fmt: skip


def test_signing_costs_the_same_however_much_is_charted(db, clinic, sign):
    few, many = discharged(clinic), discharged(clinic)
    for minute in range(61, 95):
        take(clinic, many, minute)
        serious(clinic, many, **CLOSED, resolved_at=after(minute))
    counts = []
    for session in (few, many):
        db.flush()
        db.expire_all()
        with counted(db) as sent:
            sign(session, now=NOW + timedelta(minutes=1))
        counts.append(len(sent))

    assert counts[0] == counts[1]
    assert db.scalars(select(TreatmentSession.status).where(TreatmentSession.id == many.id)).one() == "closed"
