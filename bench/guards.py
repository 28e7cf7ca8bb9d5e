"""What the guards cost: the inserts of bookings with the triggers in place, and without them."""

from statistics import median
from time import perf_counter
from typing import Any

from bench import replay
from bench.engines import bare
from bench.report import Report
from tests.homes import Home

GOAL = {"SQLite": 2.0, "PostgreSQL": 2.2}
GUARDED = ("claims", "appointments")
INSERTS = tuple(f"INSERT INTO {table} " for table in ("series", *GUARDED))
BATCH = 20


def measure(home: Home, report: Report, url: str, scripts: list[replay.Script]) -> None:
    """Both by turns, on two copies of one database."""
    inserts = [[step for step in script if step.statement.startswith(INSERTS)] for script in scripts]
    with home.copy_of(url) as guarded, home.copy_of(url) as unguarded:
        with_guards, without = bare(guarded), bare(unguarded)
        _drop_guards(without, server=not url.startswith("sqlite"))
        _book(with_guards, inserts[:1])
        _book(without, inserts[:1])
        taken = [
            (_book(with_guards, inserts[first : first + BATCH]), _book(without, inserts[first : first + BATCH]))
            for first in range(1, len(inserts), BATCH)
        ]
        with_guards.close()
        without.close()
    for part, words in ((0, "the inserts of a booking"), (1, "the same with its commit")):
        guard = median(ours[part] / theirs[part] for ours, theirs in taken)
        claim = f"{words.capitalize()}, guards in place / dropped"
        detail = f"{1000 * median(ours[part] for ours, _ in taken) / BATCH:.2f} ms"
        report.at_most(claim, guard, GOAL[report.engine], detail=detail)


def _drop_guards(connection: Any, *, server: bool) -> None:
    names = {"claims": "claims_capacity", "appointments": "appointments_patient_overlap"}
    for table, name in names.items():
        for trigger in (name, f"{name}_update"):
            connection.execute(f"DROP TRIGGER {trigger}" + (f" ON {table}" if server else ""))


def _book(connection: Any, bookings: list[replay.Script]) -> tuple[float, float]:
    """Seconds spent in the inserts, and with their commits."""
    inserting, begun = 0.0, perf_counter()
    for booking in bookings:
        connection.execute("BEGIN")
        inserted = perf_counter()
        replay.say(connection, booking)
        inserting += perf_counter() - inserted
        connection.execute("COMMIT")
    return inserting, perf_counter() - begun
