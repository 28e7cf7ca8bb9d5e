"""The day's board of about 500 appointments as the API answers it, against the bare rows of its query and orjson."""

from datetime import date, datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import insert, select

from api.board import document
from bench.clinics import BenchClinic, build, token_of
from bench.engines import bare
from bench.report import Report, milliseconds
from bench.timing import by_turns, counted, ratio
from scheduler.clinic_time import boundary
from scheduler.models import Appointment, Assessment
from scheduler.models.base import table_of
from scheduler.models.engine import Database
from scheduler.outcomes.scales import SCALES
from scheduler.sessions.record.day_board import read_day_board
from tests.clients import Client, real_app
from tests.homes import Home

GOAL = 2.0
OPENING = 8 * 60
"""The desk looks before the first patient is due."""
FORMS = ([1] * 8 + [0], None, [2] * 8 + [0], None, [1] * 8 + [1], None)
"""Of six patients of the day, what three have answered on its morning; one gives a warning that asks for a screen."""
NAMES = (
    "id", "series_id", "patient_id", "chair_id", "version", "number", "of", "status", "status_at", "starts_at",
    "ends_at", "nurse", "prescriber", "phase", "expected_free_at", "initials",
)  # fmt: skip
ROWS = """
    SELECT a.id, a.series_id, a.patient_id, a.chair_id, a.version, a.number, s.infusions, a.status, a.status_at,
        a.starts_at, a.ends_at,
        nurse.name, prescriber.name, t.status, t.expected_free_at,
        substr(p.given_name, 1, 1) || substr(p.family_name, 1, 1)
    FROM appointments AS a
    JOIN series AS s ON s.clinic_id = a.clinic_id AND s.id = a.series_id
    LEFT JOIN resources AS nurse ON nurse.clinic_id = a.clinic_id AND nurse.id = a.nurse_id
    LEFT JOIN resources AS prescriber ON prescriber.clinic_id = a.clinic_id AND prescriber.id = a.prescriber_id
    LEFT JOIN sessions AS t ON t.clinic_id = a.clinic_id AND t.appointment_id = a.id AND t.status <> 'entered_in_error'
    JOIN patients AS p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id
    WHERE a.clinic_id = ? AND a.starts_at >= ? AND a.starts_at < ? ORDER BY a.starts_at, a.id
"""


def measure(home: Home, report: Report, *, rounds: int = 60, chairs: int = 170) -> None:
    """From the database to the bytes of the answer: of today, where forms may be due, and of a day to come."""
    with home.fresh() as url:
        database = Database(url)
        clinic = build(database, chairs=chairs, nurses=chairs, prescribers=chairs // 2, days=1, fill=0.71)
        opening = boundary(clinic.first, OPENING, clinic.zone)
        _answer(database, clinic, opening - timedelta(minutes=30))
        connection = bare(url)
        bare_rows = partial(_rows, connection, clinic)
        for words, now in (("with the forms due today", opening), ("of a day to come", opening - timedelta(days=1))):
            ours = partial(board_of, database, clinic, now)
            assert ours() == served(database, clinic.first, now)
            assert (b'"forms_due":true' in ours()) is (now == opening)
            _tell(database, report, words, ours, bare_rows, rounds)
        connection.close()
        database.close()


def board_of(database: Database, clinic: BenchClinic, now: datetime) -> bytes:
    """The body of the answer, as the view makes it."""
    with database.reading() as db:
        found = read_day_board(db, clinic.first, actor=clinic.actor, now=now)
        return orjson.dumps(document(found.board, found.forms))


def served(database: Database, day: date, now: datetime) -> bytes:
    """The same over HTTP."""
    answer = Client(real_app(database, now), token_of(database, now)).get(f"/board?date={day}")
    assert answer.status_code == 200
    return bytes(answer.data)


def _tell(database: Database, report: Report, words: str, ours: partial, theirs: partial, rounds: int) -> None:  # noqa: PLR0917 # one line of the report
    with counted(database.engine) as sent:
        ours()
    taken = by_turns(rounds, ours=ours, bare=theirs)
    report.at_most(
        f"The board of {len(orjson.loads(theirs()))} appointments {words} / raw rows without forms, and orjson",
        ratio(taken, "ours", "bare"), GOAL,
        detail=f"{milliseconds(taken['ours'])} against {milliseconds(taken['bare'])}",
    )  # fmt: skip
    report.tell(f"Statements of a board {words}", f"{len(sent)}; then its audit row")


def _rows(connection: Any, clinic: BenchClinic) -> bytes:
    rows = connection.execute(*clinic.said(ROWS, connection)).fetchall()
    return orjson.dumps([dict(zip(NAMES, row, strict=True)) for row in rows])


def _answer(database: Database, clinic: BenchClinic, at: datetime) -> None:
    """What patients of the day answered at this moment; the database raises the warnings itself."""
    visits = table_of(Appointment).c
    with database.committing() as db:
        asked = select(visits.patient_id).where(visits.clinic_id == clinic.actor.clinic_id).distinct()
        patients = db.scalars(asked.order_by(visits.patient_id))
        given = [(who, answers) for who, answers in zip(patients, cycle(FORMS), strict=False) if answers]
        db.execute(insert(table_of(Assessment)), [_form(clinic, who, answers, at) for who, answers in given])


def _form(clinic: BenchClinic, patient: Any, answers: list[int], at: datetime) -> dict[str, Any]:
    score = SCALES["phq9"].score(answers)
    return {
        "clinic_id": clinic.actor.clinic_id, "id": uuid4(), "patient_id": patient, "scale": "phq9",
        "scale_version": "1", "answers": answers, "total": score.total, "band": score.band, "complete": True,
        "flags": list(score.flags), "taken_at": at, "recorded_at": at,
    }  # fmt: skip
