"""What is simulated is read from the record: the clinic of these weeks, what was asked of it, and what became of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from scheduler.clinic_time import DAY
from scheduler.models import (
    Closure,
    EntryState,
    OpeningHours,
    Resource,
    Series,
    SeriesStatus,
    Shift,
    Urgency,
    WaitlistEntry,
)
from scheduler.protocols import ResourceKind
from scheduler.utilization.what_if import setting as settings
from scheduler.utilization.what_if.demand import last_weeks, read_setting
from scheduler.utilization.what_if.setting import Open, Span, Thing
from tests.builders import MONDAY, ZONE
from tests.counting import counted
from tests.kept_days import TWO_HOURS, Keeper

NIGHT = 24 * 60
SUNDAY = MONDAY + 6 * DAY


@pytest.fixture
def keep(clinic):
    return Keeper(clinic)


@pytest.fixture
def found(db, clinic, at):
    """Read the week of Monday, 2 March, as the next one begins."""

    def read(first=MONDAY, last=SUNDAY):
        db.flush()
        return read_setting(db, clinic.id, first, last, now=at("Mon 00:00", week=1))

    return read


def entry(clinic, at, *, patient=None, **changes):
    values = {
        "protocol_id": clinic.protocol.id, "urgency": Urgency.SOON, "earliest": MONDAY, "latest": SUNDAY + 90 * DAY,
        "weekdays": list(range(7)), "opens": 0, "closes": 1440, "notice_minutes": 0, "created_at": at, **changes,
    }  # fmt: skip
    return clinic.keep(WaitlistEntry(clinic_id=clinic.id, patient_id=(patient or clinic.patient()).id, **values))


def closed(clinic, starts_at, ends_at, **of):
    return clinic.keep(Closure(clinic_id=clinic.id, starts_at=starts_at, ends_at=ends_at, reason="Flood", **of))


def test_the_last_weeks_end_yesterday_on_the_clinics_own_calendar(at):
    assert last_weeks(at("Mon 00:00", week=1), 1, ZONE) == (MONDAY, SUNDAY)
    assert last_weeks(at("Sun 23:59"), 2, ZONE) == (MONDAY - 8 * DAY, SUNDAY - DAY)


def test_the_clinic_is_read_without_names_or_ids(found):
    setting = found()

    assert setting.hours == tuple(Open(day, 480, 1080) for day in range(5))
    assert setting.resources == (
        Thing(ResourceKind.CHAIR, 1), Thing(ResourceKind.CHAIR, 1), Thing(ResourceKind.NURSE, 3),
        Thing(ResourceKind.PRESCRIBER, 6),
    )  # fmt: skip
    assert setting.shifts[:2] == (Span(2, 480, 1080), Span(2, NIGHT + 480, NIGHT + 1080))
    assert (setting.absences, setting.requests, setting.shares.visits) == ((), (), 0)


def test_what_was_booked_in_these_weeks_counts_by_the_day_it_was_booked(keep, found, at):
    for booked_at in (at("Mon 00:00"), at("Sun 23:59"), at("Sun 23:59", week=-1), at("Mon 00:00", week=1)):
        keep.series(booked_at=booked_at)

    setting = found()

    assert [(each.day, each.earliest, each.start_by) for each in setting.requests] == [(0, 1, 28), (6, 1, 28)]
    assert [each.key for each in setting.protocols] == ["mdd_induction_2x"]


def test_each_course_is_of_the_version_it_was_booked_under(clinic, keep, found, at):
    clinic.add_protocol(TWO_HOURS)
    Keeper(clinic, TWO_HOURS.key).series(booked_at=at("Mon 09:00"))
    keep.series(booked_at=at("Tue 09:00"))

    setting = found()

    assert [setting.protocols[each.protocol].key for each in setting.requests] == ["two_hours", "mdd_induction_2x"]


def test_who_waits_counts_with_what_they_wish(clinic, found, at):
    entry(clinic, at("Tue 09:00"), earliest=MONDAY + 4 * DAY, latest=MONDAY + 9 * DAY, weekdays=[0, 4], opens=600)
    entry(clinic, at("Wed 09:00"), earliest=MONDAY, latest=MONDAY, state=EntryState.WITHDRAWN, ended_at=at("Thu 09:00"))

    assert [each[2:] for each in found().requests] == [(3, 8, (0, 4), 600, 1440), (1, 1, tuple(range(7)), 0, 1440)]


def test_nobody_counts_twice(clinic, keep, found, at):
    booked, twice = clinic.patient(), clinic.patient()
    keep.series(patient=booked, booked_at=at("Tue 09:00"))
    entry(clinic, at("Mon 09:00"), patient=booked)
    entry(clinic, at("Mon 09:00"), patient=twice)
    entry(clinic, at("Wed 09:00"), patient=twice)
    entry(clinic, at("Mon 09:00"), state=EntryState.PLACED, ended_at=at("Tue 09:00"))

    assert [each.day for each in found().requests] == [1, 0]


def test_what_became_of_visits_is_counted(db, keep, found, at):
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:00"), at("Mon 11:00"))
    keep.plan("A", at("Tue 09:00"))  # it stands: nobody has said otherwise
    keep.missed(keep.plan("B", at("Mon 09:00")))
    keep.cancelled(keep.plan("B", at("Wed 09:00")), notice=timedelta(hours=3), late=True)
    keep.cancelled(keep.plan("B", at("Thu 09:00")), notice=timedelta(days=2, hours=3), late=False)
    keep.plan("A", at("Mon 09:00", week=1))
    stopped = keep.series(status=SeriesStatus.STOPPED)
    for day in ("Thu 12:00", "Fri 12:00"):
        keep.cancelled(keep.plan("A", at(day), series=stopped), notice=timedelta(days=1), late=False)

    shares = found().shares

    assert shares == (5, 1, 1, 1, 2, 1, (2,))


def test_closures_and_what_was_not_there_yet_or_no_longer_are_absences(db, clinic, found, at):
    closed(clinic, at("Wed 12:00"), at("Thu 12:00"))
    closed(clinic, at("Fri 00:00"), at("Mon 09:00", week=1), resource_id=clinic.resource("B").id)
    db.execute(update(Resource).where(Resource.id == clinic.resource("A").id).values(available_from=at("Mon 12:00")))
    db.execute(update(Resource).where(Resource.id == clinic.resource("N1").id).values(retired_at=at("Fri 12:00")))

    assert set(found().absences) == {
        Span(None, 2 * NIGHT + 720, 3 * NIGHT + 720), Span(1, 4 * NIGHT, 7 * NIGHT), Span(0, 0, 720),
        Span(2, 4 * NIGHT + 720, 7 * NIGHT),
    }  # fmt: skip


def test_what_was_never_there_is_left_out(db, clinic, found, at):
    db.execute(update(Resource).where(Resource.id == clinic.resource("A").id).values(retired_at=at("Mon 00:00")))
    db.execute(
        update(Resource).where(Resource.id == clinic.resource("N1").id).values(available_from=at("Mon 00:00", week=1))
    )

    setting = found()

    assert [thing.kind for thing in setting.resources] == ["chair", "prescriber"]
    assert {shift.resource for shift in setting.shifts} == {1}


def test_a_week_in_which_the_clocks_change_is_told_by_the_wall_clock(found):
    setting = found(MONDAY + 7 * DAY - DAY, MONDAY + 12 * DAY)  # from Sunday, 8 March, when the clocks go forward

    assert setting.shifts[0] == Span(2, NIGHT + 480, NIGHT + 1080)
    assert setting.hours[0] == Open(1, 480, 1080)


def test_hours_that_changed_meanwhile_hold_on_their_own_days(db, clinic, found):
    db.execute(update(OpeningHours).where(OpeningHours.weekday == 0).values(valid_until=MONDAY + 7 * DAY))

    setting = found(MONDAY, SUNDAY + 7 * DAY)

    assert [each.day for each in setting.hours if each.day % 7 == 0] == [0]
    assert setting.weeks == 2


def test_a_shift_over_the_edge_is_cut_there(db, clinic, found, at):
    db.add(
        Shift(
            clinic_id=clinic.id, resource_id=clinic.resource("N1").id, starts_at=at("Sun 22:00", week=-1),
            ends_at=at("Mon 04:00"),
        )
    )  # fmt: skip

    assert Span(2, 0, 240) in found().shifts


def test_a_shift_of_an_hour_that_the_clocks_show_twice_is_none(db, clinic, found):
    starts_at = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # half past one, and an hour later half past one again
    row = Shift(clinic_id=clinic.id, resource_id=clinic.resource("N1").id, starts_at=starts_at)
    row.ends_at = starts_at + timedelta(hours=1)
    db.add(row)

    setting = found(date(2026, 10, 26), date(2026, 11, 1))

    assert setting.shifts == ()


def test_another_clinics_demand_is_its_own(clinic, elsewhere, found, at):
    Keeper(elsewhere).series(booked_at=at("Mon 09:00"))
    entry(elsewhere, at("Mon 09:00"))

    assert found().requests == ()


def test_it_is_kept_as_a_document_in_which_nobody_is_found(db, clinic, keep, found, at):
    visit = keep.plan("A", at("Mon 09:00"), series=keep.series(booked_at=at("Mon 08:00")))

    document = settings.as_document(found())

    ids = {str(each) for each in (visit.id, visit.series_id, visit.patient_id, clinic.id, visit.chair_id)}
    assert not any(each in str(document) or each.replace("-", "") in str(document) for each in ids)
    assert "Byron" not in str(document)
    assert settings.from_document(document) == found()


def test_as_many_statements_for_many_visits_as_for_one(db, clinic, keep, found, at):
    keep.plan("A", at("Mon 09:00"), series=keep.series(booked_at=at("Mon 08:00")))
    found()
    with counted(db) as few:
        found()
    for day in ("Tue", "Wed", "Thu"):
        keep.missed(keep.plan("A", at(f"{day} 09:00"), series=keep.series(booked_at=at("Mon 08:00"))))
        entry(clinic, at(f"{day} 09:00"))

    with counted(db) as many:
        found()

    assert len(many) == len(few) <= 14
    assert db.query(Series).count() == 4
