"""Whatever a kept day was reckoned from marks its time when it changes, whoever changes it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update

from scheduler.clinic_time import EARLIEST_DAY
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    BookingPolicy,
    Clinic,
    Closure,
    Move,
    OpeningHours,
    Protocol,
    ProtocolVersion,
    ReportMark,
    Resource,
    Shift,
    Transition,
    TreatmentSession,
)
from scheduler.utilization.days.building import read_state
from scheduler.utilization.days.reading import reckon
from scheduler.utilization.history.reading import read_ground
from tests.builders import MONDAY, clinic_instant
from tests.counting import counted
from tests.kept_days import Keeper
from tests.scheduler.utilization.days.built import build, marks

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = [MONDAY + number * DAY for number in range(7)]
ALL = WEEK[:6]
"""Every day that is kept."""
SUNDAY_EVENING = "Sun 20:00"


@pytest.fixture
def keep(db, clinic, at):
    """A week that is kept: a visit on Monday, Tuesday and Thursday, one of them moved, and no mark."""
    keep = Keeper(clinic)
    keep.plan("B", at("Mon 15:00"))
    keep.sat(keep.plan("A", at("Tue 09:00")), at("Tue 09:05"), at("Tue 11:00"))
    keep.moved(keep.plan("A", at("Wed 09:00")), at("Thu 09:00"), at=at("Tue 16:00"))
    build(db, clinic.id, at(SUNDAY_EVENING))
    assert marks(db, clinic.id) == []
    return keep


def visit_of(db, clinic, at, text):
    return db.scalars(select(Appointment).where(Appointment.starts_at == at(text))).one()


def marked(db, clinic, at):
    """The kept days that some mark speaks of."""
    db.flush()
    state = read_state(db, clinic.id, now=at(SUNDAY_EVENING))
    return sorted(kept.day for kept in state.kept if state.is_touched(kept))


TUESDAYS = Shift.starts_at.between(clinic_instant("Tue 00:00"), clinic_instant("Tue 23:00"))
CHANGES = {
    "a status": (update(Appointment).where(Appointment.starts_at == clinic_instant("Mon 15:00")).values(
        status=AppointmentStatus.NO_SHOW), WEEK[:2]),
    "a time": (update(Appointment).where(Appointment.starts_at == clinic_instant("Mon 15:00")).values(
        starts_at=clinic_instant("Wed 15:00"), ends_at=clinic_instant("Wed 17:00")), WEEK[:4]),
    "a chair sat in": (update(TreatmentSession).values(chair_free_at=clinic_instant("Tue 11:20")), WEEK[1:3]),
    "a session struck": (update(TreatmentSession).values(status="entered_in_error"), WEEK[1:3]),
    "the length of a visit that was moved": (update(Appointment).where(
        Appointment.starts_at == clinic_instant("Thu 09:00")).values(ends_at=clinic_instant("Thu 10:00")), WEEK[2:5]),
    "a visit struck that was moved": (update(Appointment).where(
        Appointment.starts_at == clinic_instant("Thu 09:00")).values(status="entered_in_error"), WEEK[2:5]),
    "a place left": (update(Move).values(starts_at=clinic_instant("Fri 09:00")), WEEK[2:6]),
    "a place gone": (delete(Move), WEEK[2:4]),
    "shifts": (update(Shift).where(TUESDAYS).values(
        ends_at=clinic_instant("Tue 12:00")), WEEK[:2]),
    "shifts gone": (delete(Shift).where(TUESDAYS),
                    WEEK[:2]),
    "hours": (update(OpeningHours).where(OpeningHours.weekday == 2).values(closes=720), ALL),
    "hours that end": (update(OpeningHours).where(OpeningHours.weekday == 2).values(
        valid_until=MONDAY + 4 * DAY), WEEK[1:6]),
    "hours gone": (delete(OpeningHours).where(OpeningHours.weekday == 2), ALL),
    "units": (update(Resource).where(Resource.name == "N1").values(capacity=9), ALL),
    "since when a chair is there": (update(Resource).where(Resource.name == "A").values(
        available_from=clinic_instant("Tue 12:00")), WEEK[:2]),
    "until when a chair is there": (update(Resource).where(Resource.name == "A").values(
        retired_at=clinic_instant("Fri 13:00")), WEEK[4:6]),
    "prime time": (update(BookingPolicy).values(prime_opens=0), ALL),
    "a policy gone": (delete(BookingPolicy), ALL),
    "a version": (update(ProtocolVersion).values(created_at=clinic_instant("Mon 12:00")), ALL),
    "a protocol retired": (update(Protocol).values(retired_at=clinic_instant("Thu 12:00")), WEEK[3:6]),
    "a zone": (update(Clinic).values(timezone="Asia/Tokyo"), ALL),
}  # fmt: skip
NO_CHANGES = {
    "a status that stays": update(Appointment).values(status=Appointment.status),
    "a version of a row": update(Appointment).values(version=9),
    "a name": update(Resource).values(name=Resource.name + "x"),
    "a place on the board": update(Resource).values(position=-Resource.position),
    "a note on hours": update(Closure).values(reason="Paint"),
    "a session's dose": update(TreatmentSession).values(dose_given_mg=None, status_at=clinic_instant("Tue 12:00")),
    "an accent": update(Clinic).values(accent="#101010"),
    "a protocol's version": update(Protocol).values(version=7),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_marks_the_days_it_may_bear_on_and_no_other(db, clinic, keep, at, change):
    statement, days = CHANGES[change]

    db.execute(statement)

    assert marked(db, clinic, at) == days


@pytest.mark.parametrize("change", NO_CHANGES)
def test_what_no_figure_hangs_on_marks_nothing(db, clinic, keep, at, change):
    db.execute(NO_CHANGES[change])

    assert marked(db, clinic, at) == []


def test_a_visit_put_in_marks_its_day(db, clinic, keep, at):
    keep.plan("B", at("Wed 11:00"))

    assert marked(db, clinic, at) == [WEEK[2]]


def test_many_visits_put_in_at_once_mark_each_its_day(db, clinic, keep, at):
    one = db.execute(select(Appointment.__table__).where(Appointment.starts_at == at("Mon 15:00"))).mappings().one()
    rows = [
        {**one, "id": uuid4(), "number": 2 + number, "local_date": WEEK[2 * number + 2],
         "starts_at": one["starts_at"] + (2 * number + 2) * DAY, "ends_at": one["ends_at"] + (2 * number + 2) * DAY}
        for number in range(2)
    ]  # fmt: skip

    db.execute(insert(Appointment.__table__), rows)

    assert marked(db, clinic, at) == [WEEK[2], WEEK[4]]


def test_a_visit_taken_out_marks_its_day(db, clinic, keep, at):
    db.execute(delete(Appointment).where(Appointment.starts_at == at("Mon 15:00")))

    assert marked(db, clinic, at) == [WEEK[0]]


def test_a_session_put_in_marks_the_time_of_its_visit(db, clinic, keep, at):
    keep.sat(visit_of(db, clinic, at, "Thu 09:00"), at("Thu 09:00"), at("Thu 11:00"))

    assert marked(db, clinic, at) == WEEK[3:5]


def test_a_session_that_is_given_to_another_visit_marks_both(db, clinic, keep, at):
    other = visit_of(db, clinic, at, "Thu 09:00")

    db.execute(update(TreatmentSession).values(appointment_id=other.id))

    assert marked(db, clinic, at) == WEEK[1:5]


def test_a_step_of_a_visit_marks_its_time_even_if_the_visit_stays(db, clinic, keep, at):
    visit = visit_of(db, clinic, at, "Mon 15:00")
    step = {"from_status": "booked", "to_status": "arrived", "at": at("Mon 14:50")}

    db.execute(insert(Transition).values(clinic_id=clinic.id, id=uuid4(), appointment_id=visit.id, **step))

    assert marked(db, clinic, at) == WEEK[:2]


def test_a_closure_marks_its_time_and_the_evening_before_wherever_it_goes(db, clinic, keep, at):
    closure = clinic.keep(
        Closure(clinic_id=clinic.id, starts_at=at("Tue 14:00"), ends_at=at("Tue 15:00"), reason="Flood")
    )
    assert marked(db, clinic, at) == [WEEK[1]]

    closure.starts_at, closure.ends_at = at("Fri 14:00"), at("Fri 15:00")

    assert marked(db, clinic, at) == [WEEK[1], WEEK[4]]


def test_a_closure_taken_back_marks_its_time(db, clinic, keep, at):
    closure = clinic.keep(
        Closure(clinic_id=clinic.id, starts_at=at("Tue 14:00"), ends_at=at("Tue 15:00"), reason="Flood")
    )
    build(db, clinic.id, at(SUNDAY_EVENING))

    db.delete(closure)

    assert marked(db, clinic, at) == [WEEK[1]]


def test_hours_put_in_mark_the_time_they_hold(db, clinic, keep, at):
    hours = {"weekday": 3, "opens": 1200, "closes": 1260, "valid_from": WEEK[2], "valid_until": WEEK[3]}

    db.execute(insert(OpeningHours).values(clinic_id=clinic.id, id=uuid4(), **hours))

    assert marked(db, clinic, at) == WEEK[:4]


def test_a_new_chair_marks_from_when_it_is_there(db, clinic, keep, at):
    chair = {"kind": "chair", "name": "C", "capacity": 1, "position": 9, "version": 1}

    db.execute(insert(Resource).values(clinic_id=clinic.id, id=uuid4(), available_from=at("Thu 13:00"), **chair))

    assert marked(db, clinic, at) == WEEK[3:6]


def test_a_chair_that_was_always_there_marks_from_the_first_day_of_any_calendar(db, clinic, keep, at):
    chair = {"kind": "chair", "name": "C", "capacity": 1, "position": 9, "version": 1}

    db.execute(insert(Resource).values(clinic_id=clinic.id, id=uuid4(), **chair))

    begins, ends = marks(db, clinic.id)[0]
    assert begins <= datetime(EARLIEST_DAY.year, 1, 1, tzinfo=UTC)
    assert ends is None


def test_a_new_version_marks_from_when_it_was_written(db, clinic, keep, at):
    one = db.scalars(select(ProtocolVersion)).one()
    version = {"protocol_id": one.protocol_id, "number": 2, "document": one.document, "created_at": at("Thu 13:00")}

    db.execute(insert(ProtocolVersion).values(clinic_id=clinic.id, id=uuid4(), **version))

    assert marked(db, clinic, at) == WEEK[3:6]


def test_a_mark_is_of_the_clinic_of_what_was_changed(db, clinic, elsewhere, keep, at):
    before = marks(db, elsewhere.id)

    keep.plan("B", at("Wed 11:00"))

    assert marks(db, elsewhere.id) == before


def test_a_booking_sends_no_statement_more_for_its_marks(db, clinic, keep, at):
    with counted(db) as sent:
        keep.plan("B", at("Wed 11:00"))

    assert not [statement for statement in sent if "report_marks" in statement]


def test_marks_are_undone_with_what_they_speak_of(db, clinic, keep, at):
    savepoint = db.begin_nested()
    keep.plan("B", at("Wed 11:00"))
    savepoint.rollback()

    assert list(db.scalars(select(ReportMark).where(ReportMark.clinic_id == clinic.id))) == []


@pytest.mark.parametrize("change", [*CHANGES, *NO_CHANGES])
def test_the_days_that_are_not_marked_come_out_as_before(db, clinic, keep, at, change):
    """The slow way: every day that a change makes come out otherwise is among those it marks."""
    before = reckoned(db, clinic, at)

    db.execute(CHANGES[change][0] if change in CHANGES else NO_CHANGES[change])

    db.expire_all()
    after = reckoned(db, clinic, at)
    assert {day for day in ALL if before[day] != after[day]} <= set(marked(db, clinic, at))


def reckoned(db, clinic, at):
    ground = read_ground(db, clinic.id, WEEK[0], WEEK[-1], now=at(SUNDAY_EVENING))
    return {day.date: day for day in reckon(ground, [each.date for each in ground.days])}
