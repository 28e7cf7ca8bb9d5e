"""Each check of sessions finds the fault planted for it, and sound sessions have none."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import delete, text, update

from scheduler.checks import checks
from scheduler.models import (
    AppointmentStatus,
    ChartedKind,
    ChecklistAnswer,
    InfusionEventRow,
    Order,
    OrderState,
    SessionNote,
    SessionStatus,
    SessionStep,
    StepSource,
    Template,
    TreatmentSession,
    Vitals,
)
from tests.counting import counted
from tests.scheduler.planted import alter, unguard
from tests.scheduler.sessions import charts
from tests.scheduler.sessions.charts import corrected, device_session, past_session, running_session
from tests.treatments import session_in, visit

NAMES = ("steps", "signed", "checklists", "doses", "visits", "corrections")


@pytest.fixture
def found(db, clinic):
    """What a check of this name reports about the clinic."""
    return lambda name: [finding.subject for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.fixture
def words(db, clinic):
    return lambda name: [finding.words for finding in checks(now=clinic.now)[name](db, clinic.id)]


@pytest.fixture
def past(db, clinic):
    """A signed session whose visit is over, and no guard that would keep a fault out."""
    chart = answered(db, past_session(clinic))
    for table in ("sessions", "session_steps", "vitals", "session_notes", "infusion_events"):
        unguard(db, table)
    return chart.session


def answered(db, chart):
    """The signed chart, with the one answer that nobody gave."""
    unguard(db, "checklist_answers")
    chart.answer(20, "urine_screen", "None was ordered.", applicable=False)
    return followed(db, chart, AppointmentStatus.COMPLETED)


def followed(db, chart, status):
    """The chart, its visit having followed."""
    db.execute(
        text("UPDATE appointments SET status = :status WHERE id = :id").bindparams(
            status=status.value, id=stored(db, chart.session.appointment_id)
        )
    )
    db.expire_all()
    return chart


def stored(db, row_id):
    return row_id.hex if db.get_bind().dialect.name == "sqlite" else row_id


def rows_of(db, session, kind):
    return db.query(kind).filter_by(session_id=session.id).order_by(kind.occurred_at).all()


@pytest.mark.parametrize("name", NAMES)
def test_sound_sessions_have_no_finding(db, clinic, found, name):
    answered(db, past_session(clinic))
    followed(db, device_session(clinic), AppointmentStatus.COMPLETED)
    chart = followed(db, running_session(clinic), AppointmentStatus.IN_SESSION)
    corrected(chart, rows_of(db, chart.session, Vitals)[0], 60, hr=71)
    session_in(clinic, SessionStatus.CHECKED_IN)

    assert found(name) == []


@pytest.mark.parametrize(
    "change",
    [
        {"number": 12},
        {"from_status": SessionStatus.RECOVERING},
        {"to_status": SessionStatus.TRANSFERRED},
        {"occurred_at": charts.at(149)},
        {"occurred_at": charts.at(166)},
    ],
)
def test_a_last_step_that_leads_elsewhere_is_found(db, past, found, change):
    alter(db, rows_of(db, past, SessionStep)[-1], **change)

    assert found("steps") == [past.id]


def test_a_session_without_a_step_or_without_its_check_in_is_found(db, clinic, found):
    first = session_in(clinic, SessionStatus.RECOVERING)
    second = session_in(clinic, SessionStatus.CHECKED_IN)
    unguard(db, "session_steps")
    db.execute(delete(SessionStep).where(SessionStep.session_id == second.id))

    assert set(found("steps")) == {first.id, second.id}


def test_a_step_that_is_not_legal_is_found(db, clinic, found):
    session = session_in(clinic, SessionStatus.CHECKED_IN)
    leap = {"number": 2, "from_status": SessionStatus.CHECKED_IN, "to_status": SessionStatus.INFUSING}
    when = {"occurred_at": session.status_at, "recorded_at": session.status_at, "source": StepSource.PERSON}
    clinic.keep(SessionStep(clinic_id=clinic.id, id=uuid4(), session_id=session.id, **leap, **when))

    assert found("steps") == [session.id]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"signed_by": None}, "who signed it"),
        ({"chair_free_at": None}, "chair_free_at"),
        ({"discharged_at": None, "roomed_at": None}, "roomed_at, discharged_at"),
        ({"order_id": None}, "a signed order"),
        ({"started_at": charts.at(10)}, "vitals before"),
        ({"ended_at": charts.at(150)}, "vitals after"),
    ],
)
def test_a_signed_session_without_a_part_is_found(db, past, words, change, missing):
    alter(db, past, **change)

    assert words("signed") == [f"It is signed without: {missing}."]


def test_a_note_that_was_withdrawn_is_none(db, past, words):
    db.execute(update(SessionNote).values(withdrawn=True))

    assert words("signed") == ["It is signed without: a note."]


def test_an_order_nobody_signed_is_found(db, past, found):
    unguard(db, "orders")
    draft = {"state": OrderState.DRAFT, "signed_at": None, "signed_by": None}
    db.execute(update(Order).where(Order.id == past.order_id).values(**draft))

    assert found("signed") == [past.id]


def test_a_deferred_session_needs_its_note_and_signature_alone(db, clinic, found):
    signed = {"signed_at": charts.at(60), "signed_by": clinic.clinician.staff_id}
    session = session_in(clinic, SessionStatus.CLOSED, **signed)

    before = found("signed")
    said = {"kind": "note", "text": "No fast.", "occurred_at": charts.at(60), "recorded_at": charts.at(60)}
    unguard(db, "session_notes")
    clinic.keep(SessionNote(clinic_id=clinic.id, id=uuid4(), session_id=session.id, **said))

    assert before == [session.id]
    assert found("signed") == []
    assert found("checklists") == []


def test_a_blocking_item_without_an_answer_is_found(db, past, words):
    db.execute(delete(ChecklistAnswer).where(ChecklistAnswer.item.in_(["identity", "weight"])))

    assert words("checklists") == ["It is signed without an answer to: identity, weight."]


def test_an_answer_that_was_withdrawn_is_none(db, past, found):
    db.execute(update(ChecklistAnswer).where(ChecklistAnswer.item == "weight").values(withdrawn=True))

    assert found("checklists") == [past.id]


def test_a_checklist_that_cannot_be_read_is_found(db, past, found):
    unguard(db, "templates")
    db.execute(update(Template).where(Template.id == past.clearance_id).values(document={"items": [1]}))

    assert found("checklists") == [past.clearance_id]


def test_a_dose_that_is_not_its_events_is_found(db, past, found):
    alter(db, past, dose_given_mg=Decimal("34.999"))

    assert found("doses") == [past.id]


def test_an_event_that_changed_beneath_its_session_is_found(db, past, found):
    stop = rows_of(db, past, InfusionEventRow)[-1]
    alter(db, stop, occurred_at=stop.occurred_at - timedelta(minutes=10))

    assert found("doses") == [past.id]


def test_a_device_that_is_not_counted_is_found(db, clinic, found):
    chart = device_session(clinic)
    alter(db, chart.session, dose_given_mg=Decimal(56))

    assert found("doses") == [chart.session.id]


def test_events_without_an_order_cannot_be_read(db, past, words):
    alter(db, past, order_id=None)

    assert words("doses") == ["What was done to its pump cannot be read."]


def test_an_infusion_that_ended_and_never_began_is_found(db, past, found):
    db.execute(delete(InfusionEventRow).where(InfusionEventRow.kind != ChartedKind.STOP))

    assert found("doses") == [past.id]


@pytest.mark.parametrize(
    ("status", "changes", "right", "wrong"),
    [
        (SessionStatus.CLEARED, {}, AppointmentStatus.ARRIVED, AppointmentStatus.CANCELLED),
        (SessionStatus.INFUSING, {}, AppointmentStatus.IN_SESSION, AppointmentStatus.ARRIVED),
        (SessionStatus.TRANSFERRED, {}, AppointmentStatus.CANCELLED, AppointmentStatus.COMPLETED),
        (
            SessionStatus.TRANSFERRED,
            {"started_at": charts.at(30)},
            AppointmentStatus.COMPLETED,
            AppointmentStatus.CANCELLED,
        ),
        (SessionStatus.ENTERED_IN_ERROR, {}, AppointmentStatus.ARRIVED, None),
    ],
)
def test_a_visit_that_did_not_follow_its_session_is_found(db, clinic, found, status, changes, right, wrong):  # noqa: PLR0917 # a table of cases
    fine = session_in(clinic, status, appointment=visit(clinic, right), **changes)
    others = [session_in(clinic, status, appointment=visit(clinic, wrong), **changes)] if wrong else []

    assert found("visits") == [session.id for session in others]
    assert fine.id not in found("visits")


def test_a_visit_of_another_patient_is_found(db, past, clinic, found):
    alter(db, past, patient_id=clinic.patient("Eve").id)

    assert found("visits") == [past.id]


@pytest.mark.parametrize("change", [{"reason": None}, {"recorded_at": charts.at(-100)}, "session"])
def test_a_version_that_does_not_fit_the_one_it_replaces_is_found(db, clinic, past, found, change):
    newer = corrected(past_chart(clinic, past), rows_of(db, past, Vitals)[0], 200, hr=71)
    elsewhere = {"session_id": session_in(clinic, SessionStatus.CHECKED_IN).id}
    alter(db, newer, **(elsewhere if change == "session" else change))

    assert found("corrections") == [newer.id]


def test_two_versions_of_one_row_are_found(db, clinic, past, found):
    old = rows_of(db, past, Vitals)[0]
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("ALTER TABLE vitals DROP CONSTRAINT uq_vitals_clinic_id_replaces_id"))
    else:
        pytest.skip("SQLite keeps this one by its table's own make: no hand can take it away")
    for _ in range(2):
        corrected(past_chart(clinic, past), old, 200, hr=71)

    assert found("corrections") == [old.id]


def past_chart(clinic, session):
    """As much of a chart as `corrected` needs."""
    chart = charts.Chart.__new__(charts.Chart)
    chart.cast, chart.session = clinic, session
    return chart


def test_the_checks_cost_the_same_however_many_sessions_there_are(db, clinic, found):
    past_session(clinic)
    device_session(clinic)
    counts = []
    for _ in range(2):
        with counted(db) as sent:
            for name in NAMES:
                found(name)
        counts.append(len(sent))
        device_session(clinic)

    assert counts[0] == counts[1]
    assert db.query(TreatmentSession).count() == 4
