"""The day's board of about 500 appointments, against the bare rows of the same query and orjson."""

from functools import partial
from typing import Any

import orjson

from api.board import document
from bench.clinics import BenchClinic, build
from bench.engines import bare
from bench.report import Report, milliseconds
from bench.timing import by_turns, counted, ratio
from scheduler.booking.board import read_board
from scheduler.models.engine import Database
from tests.homes import Home

GOAL = 2.0
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
    """From the database to the bytes of the answer."""
    with home.fresh() as url:
        database = Database(url)
        clinic = build(database, chairs=chairs, nurses=chairs, prescribers=chairs // 2, days=1, fill=0.71)
        connection = bare(url)
        ours, theirs = partial(_board, database, clinic), partial(_rows, connection, clinic)
        with counted(database.engine) as sent:
            ours()
        number = len(orjson.loads(theirs()))
        taken = by_turns(rounds, ours=ours, bare=theirs)
        report.at_most(
            f"The board of {number} appointments / raw rows and orjson", ratio(taken, "ours", "bare"), GOAL,
            detail=f"{milliseconds(taken['ours'])} against {milliseconds(taken['bare'])}",
        )  # fmt: skip
        report.tell("Statements of a board", f"{len(sent)}; then its audit row")
        connection.close()
        database.close()


def _board(database: Database, clinic: BenchClinic) -> bytes:
    with database.reading() as db:
        return orjson.dumps(document(read_board(db, clinic.first, actor=clinic.actor, now=clinic.now)))


def _rows(connection: Any, clinic: BenchClinic) -> bytes:
    rows = connection.execute(*clinic.said(ROWS, connection)).fetchall()
    return orjson.dumps([dict(zip(NAMES, row, strict=True)) for row in rows])
