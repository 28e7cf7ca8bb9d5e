"""Real threads, real commits, real deaths, on both engines: what must hold when many want the same thing at once."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Role
from scheduler.administration import clinics, resources
from scheduler.administration.weekly import WeeklyHours
from scheduler.booking.book import book_series
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.proposals import to_text
from scheduler.errors import DomainError
from scheduler.models import Appointment, AuditRow, Claim, IdempotencyKey, Series, Shift
from scheduler.models.engine import Database
from tests.builders import CLOSES, LAST_SHIFT, MDD_INDUCTION, MONDAY, OPENS, ClinicCast, build_clinic
from tests.clients import Client, new_key, real_app, token_of
from tests.storm import blow, build_arena, findings, twice_weekly

STORM = 4_000
"""Bookings and cancellations on each engine; `make soak` does 25 times as many."""
ROUNDS = 10
WHOLE = (6, 24)
"""Appointments and claims of one series of `MDD_INDUCTION`."""


@pytest.fixture
def house(database: Database, now: Any) -> ClinicCast:
    with database.committing() as db:
        return build_clinic(db, now=now)


def plan_of(
    clinic: ClinicCast, patient_id: UUID, *, minute: int = OPENS, weekdays: tuple[int, int] = (0, 3), week: int = 0
) -> SeriesPlan:
    """Six visits in chair A, at one time of day."""
    chosen = {kind: clinic.resource(name).id for kind, name in zip(MDD_INDUCTION.kinds, ("A", "N1", "P1"), strict=True)}
    days = islice(twice_weekly(weekdays, week), MDD_INDUCTION.infusions)
    visits = tuple(
        PlannedVisit(number, clinic_time.instant(day, minute, clinic.zone), chosen)
        for number, day in enumerate(days, 1)
    )
    return SeriesPlan(patient_id, clinic.protocol.id, clinic.protocol.current_id, visits, Wishes(MONDAY, LAST_SHIFT))


def patients(database: Database, clinic: ClinicCast, number: int) -> list[UUID]:
    with database.committing() as db:
        clinic.db = db
        return [clinic.patient().id for _ in range(number)]


def count(database: Database, *tables: Any) -> tuple[int | None, ...]:
    with database.reading() as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) for table in tables)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What came of each, all of them begun together."""
    ready = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


@pytest.fixture
def post(database: Database, house: ClinicCast, now: Any) -> Callable[..., list[Any]]:
    """`post(proposals)` sends each to be booked, all at once, each under a key of its own unless told otherwise."""
    app = real_app(database, now)
    with database.committing() as db:
        token = token_of(db, house, house.staff[Role.SCHEDULER], now=now)

    def post(proposals: list[str], key: str | None = None) -> list[Any]:
        def request(proposal: str) -> Callable[[], Any]:
            return lambda: Client(app, token).post("/series", {"proposal": proposal}, Idempotency_Key=key or new_key())

        return at_once(*map(request, proposals))

    return post


@pytest.mark.parametrize("bookers", [2, 8, 32])
def test_of_many_bookers_of_one_proposal_one_gets_it(bookers, database, house, post, now):
    (patient,) = patients(database, house, 1)

    answers = post([to_text(plan_of(house, patient))] * bookers)

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (bookers - 1)
    assert count(database, Series, Appointment, Claim) == (1, *WHOLE)
    assert findings(database, now=now) == []


@pytest.mark.parametrize("bookers", [2, 8, 32])
def test_of_many_patients_for_one_place_one_gets_it_and_the_others_a_way_out(bookers, database, house, post, now):
    wanting = patients(database, house, bookers)

    answers = post([to_text(plan_of(house, patient)) for patient in wanting])

    refused = [answer.json for answer in answers if answer.status_code == 409]
    assert len(refused) == bookers - 1 == len([answer for answer in answers if answer.status_code != 201])
    assert all(body["alternatives"] for body in refused)
    assert all(len({fault["where"] for fault in body["errors"]}) == WHOLE[0] for body in refused)
    assert count(database, Series, Appointment, Claim) == (1, *WHOLE)
    assert findings(database, now=now) == []


def test_a_proposal_sent_sixteen_times_with_one_key_is_booked_once_and_answered_alike(database, house, post):
    (patient,) = patients(database, house, 1)

    answers = post([to_text(plan_of(house, patient))] * 16, key="one")

    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert count(database, Series, Appointment, Claim, IdempotencyKey) == (1, *WHOLE, 1)


def test_a_storm_of_overlapping_series_leaves_only_whole_ones(database, now):
    arena = build_arena(database, now=now)

    seen = blow(arena, STORM)

    assert seen["booked"] > STORM / 20
    assert seen["slot-taken"] > STORM / 20  # the guard was asked, and refused
    assert count(database, Series, Appointment) == (seen["booked"], WHOLE[0] * seen["booked"])
    assert findings(database, now=now) == []


def test_of_two_series_of_one_patient_too_near_each_other_one_stands(database, now):
    for turn in range(ROUNDS):
        with database.committing() as db:
            clinic = build_clinic(db, now=now, name=f"House {turn}")
            patient = clinic.patient().id
        plans = plan_of(clinic, patient), plan_of(clinic, patient, weekdays=(1, 4), minute=OPENS + 300)

        stood = at_once(
            *(partial(stands, database, book_series, plan, actor=clinic.scheduler, now=now) for plan in plans)
        )

        assert sorted(stood) == [False, True]


def remove_shift(db: Session, clinic: ClinicCast, day: date) -> None:
    opens = clinic_time.instant(day, OPENS, clinic.zone)
    nurse = clinic.resource("N1").id
    shift = db.scalars(select(Shift).where(Shift.resource_id == nurse, Shift.starts_at == opens)).one()
    resources.remove_shift(db, shift, actor=clinic.administrator, now=clinic.now)


def withdraw_hours(db: Session, clinic: ClinicCast, day: date) -> None:
    other_days = [WeeklyHours(weekday, OPENS, CLOSES) for weekday in range(5) if weekday != day.weekday()]
    clinics.replace_hours(db, weekly=other_days, valid_from=day, actor=clinic.administrator, now=clinic.now)


def close_chair(db: Session, clinic: ClinicCast, day: date) -> None:
    starts_at, ends_at = (clinic_time.instant(day, minute, clinic.zone) for minute in (OPENS, CLOSES))
    chair = clinic.resource("A").id
    clinics.add_closure(
        db, starts_at=starts_at, ends_at=ends_at, reason="Repair", resource_id=chair,
        actor=clinic.administrator, now=clinic.now,
    )  # fmt: skip


def retire_chair(db: Session, clinic: ClinicCast, _day: date) -> None:
    chair = resources.find_resource(db, clinic.resource("A").id, actor=clinic.administrator)
    resources.retire_resource(db, chair, actor=clinic.administrator, now=clinic.now)


@pytest.mark.parametrize("change", [remove_shift, withdraw_hours, close_chair, retire_chair])
def test_either_the_booking_stands_or_the_change_that_would_strand_it(change, database, now):
    for turn in range(ROUNDS):
        with database.committing() as db:
            clinic = build_clinic(db, now=now, name=f"House {turn}")
            plan = plan_of(clinic, clinic.patient().id)
        day = clinic_time.local_date(plan.visits[3].starts_at, clinic.zone)

        stood = at_once(
            lambda plan=plan, clinic=clinic: stands(database, book_series, plan, actor=clinic.scheduler, now=now),
            lambda day=day, clinic=clinic: stands(database, change, clinic, day),
        )

        assert sorted(stood) == [False, True]
    assert findings(database, now=now) == []


def stands(database: Database, act: Callable[..., Any], *given: Any, **named: Any) -> bool:
    """Whether this was done; a refusal means it was not."""
    try:
        with database.committing() as db:
            act(db, *given, **named)
    except DomainError:
        return False
    return True


@contextmanager
def booking_process(database: Database, clinic: ClinicCast, moment: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that books every proposal it is told, and dies at the moment named."""
    url = database.engine.url.render_as_string(hide_password=False)
    who = (str(clinic.id), str(clinic.scheduler.staff_id), clinic.now.isoformat())
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed", url, *who, moment], cwd=Path(__file__).parents[1], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("moment", "left"),
    [("series", 0), ("appointments", 0), ("claims", 0), ("audit", 0), ("commit", 1)],
)
def test_a_booker_killed_between_its_writes_leaves_a_whole_series_or_none(moment, left, database, house, now):
    (patient,) = patients(database, house, 1)
    plan = plan_of(house, patient)

    with booking_process(database, house, moment) as process:
        process.communicate(to_text(plan) + "\n", timeout=60)

    assert process.returncode == -signal.SIGKILL
    assert count(database, Series, Appointment, Claim, AuditRow) == (left, 6 * left, 24 * left, left)
    assert stands(database, book_series, plan, actor=house.scheduler, now=now) == (not left)
    assert findings(database, now=now) == []
    assert_file_is_sound(database)


def test_what_a_killed_process_had_booked_is_there_whole(database, house, now):
    plans = [
        to_text(plan_of(house, patient, minute=minute, weekdays=weekdays, week=week))
        for (minute, weekdays, week), patient in zip(every_place(), patients(database, house, 30), strict=False)
    ]

    with booking_process(database, house, moment="never") as process:
        process.stdin.write("\n".join(plans) + "\n")
        process.stdin.flush()
        told = [UUID(process.stdout.readline().strip()) for _ in range(5)]
        process.kill()

    with database.reading() as db:
        there = set(db.scalars(select(Series.id)))
    assert set(told) <= there
    assert count(database, Appointment, Claim) == tuple(len(there) * part for part in WHOLE)
    assert findings(database, now=now) == []
    assert_file_is_sound(database)


def every_place() -> Iterator[tuple[int, tuple[int, int], int]]:
    """Times of day, weekdays and weeks of series in one chair that leave one another alone."""
    for week in (0, 3, 6, 9, 12):
        for weekdays in ((0, 3), (1, 4)):
            for minute in (OPENS, OPENS + 150, OPENS + 300):
                yield minute, weekdays, week


def assert_file_is_sound(database: Database) -> None:
    """SQLite finds nothing wrong with its file; PostgreSQL has recovered no file of its own to ask about."""
    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
