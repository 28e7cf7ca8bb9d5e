"""What is due at the desk."""

from datetime import timedelta

import pytest

from scheduler.booking import due
from scheduler.booking.appointments import move_on
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.waitlist import Needs
from scheduler.clinic_time import DAY
from scheduler.models import Appointment, AppointmentStatus, Outcome, Series, SeriesStatus, Urgency
from tests.builders import MONDAY
from tests.counting import counted
from tests.scheduler.booking.desk import Desk


@pytest.fixture
def desk(db, clinic, now):
    return Desk(db, clinic, now)


@pytest.fixture
def read(db, clinic, now):
    def read(now=now):
        return due.read_due(db, actor=clinic.scheduler, now=now)

    return read


def course(desk, given_name="Ada", **wishes):
    return desk.book(desk.plans(desk.clinic.patient(given_name), **wishes)[0])


def end(desk, series, number, status=AppointmentStatus.CANCELLED):
    found = series.appointments[number - 1].id
    move_on(desk.db, found, status, actor=desk.actor, now=desk.now)
    return found


def test_nothing_is_due_where_everything_has_its_place(desk, read):
    course(desk, earliest=MONDAY + 2 * DAY)

    found = read()

    assert (found.at_risk, found.unconfirmed, found.missed, found.holds, found.offers) == ([], [], [], [], [])
    assert found.date == MONDAY - DAY


def test_a_series_is_at_risk_from_the_day_its_greatest_gap_ends(desk, read, now):
    series = course(desk)
    end(desk, series, 3)
    last = series.appointments[1].starts_at.date()

    (risk,) = read().at_risk
    (later,) = read(now + 30 * DAY).at_risk

    assert (risk.series_id, risk.number, risk.of, risk.initials) == (series.id, 3, 6, "AB")
    assert (risk.by, risk.days_left) == (last + 5 * DAY, (last - MONDAY).days + 6)
    assert later.days_left == risk.days_left - 30


def test_the_most_pressing_series_comes_first_and_one_without_an_infusion_last(desk, read):
    lost, early, late = course(desk), course(desk, "Bea"), course(desk, "Cy")
    for number in range(1, 7):
        end(desk, lost, number)
    end(desk, late, 5)
    end(desk, early, 2)

    assert [each.series_id for each in read().at_risk] == [early.id, late.id, lost.id]
    assert read().at_risk[-1].days_left is None


def test_a_paused_series_is_not_at_risk(db, desk, read):
    series = course(desk)
    end(desk, series, 3)
    db.get_one(Series, (desk.clinic.id, series.id)).status = SeriesStatus.PAUSED

    assert read().at_risk == []


def test_tomorrows_visits_are_to_be_confirmed_until_they_are(db, desk, read):
    series = course(desk)
    first = series.appointments[0]

    (unconfirmed,) = read().unconfirmed
    move_on(db, first.id, AppointmentStatus.CONFIRMED, actor=desk.actor, now=desk.now)

    assert (unconfirmed.appointment_id, unconfirmed.starts_at) == (first.id, first.starts_at)
    assert read().unconfirmed == []


def test_a_missed_visit_is_due_until_it_is_made_good(db, desk, read):
    series = course(desk)
    missed = end(desk, series, 1, AppointmentStatus.NO_SHOW)

    (due_visit,) = read().missed
    gone = db.get_one(Appointment, (desk.clinic.id, missed))
    values = {column.key: getattr(gone, column.key) for column in Appointment.__table__.columns}
    desk.clinic.keep(Appointment(**{**values, "id": series.id, "status": AppointmentStatus.BOOKED}))

    assert (due_visit.appointment_id, due_visit.number) == (missed, 1)
    assert read().missed == []


def test_what_a_later_infusion_has_overtaken_is_not_at_risk(desk, read):
    series = course(desk)
    end(desk, series, 1)
    for state in (AppointmentStatus.ARRIVED, AppointmentStatus.IN_SESSION, AppointmentStatus.COMPLETED):
        end(desk, series, 2, state)

    assert read().at_risk == []
    end(desk, series, 4)
    assert [each.number for each in read().at_risk] == [4]


def test_holds_are_due_until_the_instant_they_end_and_offers_until_they_are_passed_on(desk, read, at, now):
    needs = Needs(Urgency.SOON, MONDAY, MONDAY + 9 * DAY, frozenset(range(7)), (0, 1440), 0)
    waiting = desk.clinic.patient("Wim")
    waitlist.add_entry(
        desk.db, patient_id=waiting.id, needs=needs, protocol_id=desk.clinic.protocol.id, actor=desk.actor, now=now
    )
    place = Place(desk.clinic.resource("B").id, at("Tue 14:00"), at("Tue 17:00"))
    offer = offers.make_offer(desk.db, place, actor=desk.actor, now=now)
    held = desk.hold(desk.plans(desk.clinic.patient())[0])

    assert [each.id for each in read().holds] == [held.id]
    assert [each.id for each in read(held.expires_at).holds] == []
    assert [each.id for each in read(offer.deadline - timedelta(microseconds=1)).offers] == [offer.id]
    (overdue,) = read(offer.deadline).offers
    assert (overdue.id, overdue.outcome) == (offer.id, Outcome.EXPIRED)


def test_everybody_shown_is_named_in_the_audit_row(db, desk, read):
    patient = course(desk).patient_id

    read()

    assert [note.details for note in db.info["audit"] if note.action == "due.read"] == [{"patients": [str(patient)]}]


def test_many_take_the_statements_of_few(desk, read):
    end(desk, course(desk), 3)
    read()

    with counted(desk.db) as few:
        read()
    for given_name in ("Bea", "Cy", "Dee", "Eve"):
        series = course(desk, given_name)
        end(desk, series, 3)
        end(desk, series, 1, AppointmentStatus.NO_SHOW)
    desk.hold(desk.plans(desk.clinic.patient())[0])
    with counted(desk.db) as many:
        read()

    assert len(few) == len(many)
