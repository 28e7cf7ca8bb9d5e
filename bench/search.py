"""The whole-series search: against the bare driver, against the clock, slot by slot, and against a solver."""

from dataclasses import replace
from functools import partial
from typing import Any

from bench import memory, slots
from bench.clinics import BenchClinic, build
from bench.engines import bare
from bench.report import Report, milliseconds
from bench.timing import by_turns, counted, ratio
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import Proposals, search_for
from scheduler.booking.search import best_series
from scheduler.models import Patient, ProtocolVersion
from scheduler.models.engine import Database
from tests.homes import Home
from tests.scheduler.booking import cases, cp_sat

GOAL = {"SQLite": 1.0, "PostgreSQL": 1.5}
K = 10
CLAIMS = """
    SELECT resource_id, starts_at, ends_at, units, appointment_id FROM claims
    WHERE clinic_id = ? AND starts_at >= ? AND starts_at < ?
"""


def measure(
    home: Home, report: Report, *, rounds: int = 60, days: int = 60, sizes: tuple[memory.Size, ...] = memory.SIZES,
    solver_cases: int = 200,
) -> None:  # fmt: skip
    """Everything that is claimed of the search."""
    with home.fresh() as url:
        database = Database(url)
        clinic = build(database, chairs=10, nurses=6, prescribers=4, days=days, fill=0.7)
        with database.reading() as db:
            version = db.get_one(ProtocolVersion, (clinic.actor.clinic_id, clinic.version_id))
            patient = db.get_one(Patient, (clinic.actor.clinic_id, clinic.patients[0]))
        ask = partial(_search, database, clinic, patient, version)
        _tell_statements(report, database, clinic, ask)
        _against_the_driver(report, ask, clinic, rounds, url)
        _slot_by_slot(report, ask, clinic, url)
        database.close()
    if report.engine == "SQLite":  # the rest is pure
        for size in sizes:
            _in_memory(report, size, rounds)
        _against_a_solver(report, solver_cases)


def _search(
    database: Database, clinic: BenchClinic, patient: Patient, version: ProtocolVersion, wishes: Wishes
) -> Proposals:
    with database.reading() as db:
        return search_for(db, patient, version, wishes, limit=K, actor=clinic.actor, now=clinic.now)


def _tell_statements(report: Report, database: Database, clinic: BenchClinic, ask: Any) -> None:
    with counted(database.engine) as first:
        ask(Wishes(clinic.first, clinic.last))
    with counted(database.engine) as again:
        ask(Wishes(clinic.first, clinic.last))
    report.tell("Statements of a search", f"{len(again)}; {len(first)} where a protocol is met for the first time")


def _against_the_driver(report: Report, ask: Any, clinic: BenchClinic, rounds: int, url: str) -> None:
    wishes = Wishes(clinic.first, clinic.last)
    connection = bare(url)
    fetch = partial(_fetch_claims, connection, clinic)
    taken = by_turns(
        rounds, any_time=partial(ask, wishes), same_time=partial(ask, replace(wishes, same_time=True)), bare=fetch
    )
    for name, words in (("any_time", "at any time"), ("same_time", "always at one time of day")):
        report.at_most(
            f"Search, {clinic.days} days, 10 chairs, 6 nurses, 70 % full, K={K}, {words}: read and search / bare read",
            ratio(taken, name, "bare"), GOAL[report.engine],
            detail=f"{milliseconds(taken[name])} against {milliseconds(taken['bare'])}, {len(fetch())} claim rows",
        )  # fmt: skip
    connection.close()


def _fetch_claims(connection: Any, clinic: BenchClinic) -> list[Any]:
    """The claim rows of the same days through the bare driver."""
    found: list[Any] = connection.execute(*clinic.said(CLAIMS, connection)).fetchall()
    return found


def _slot_by_slot(report: Report, ask: Any, clinic: BenchClinic, url: str) -> None:
    wishes = Wishes(clinic.first, clinic.last, same_time=True)
    connection = bare(url)
    trial = slots.Trial(connection, clinic)
    taken = by_turns(1, ours=partial(ask, wishes), slots=trial.best_series)
    ours = by_turns(20, ours=partial(ask, wishes))["ours"]
    taken["ours"] = ours[10:11]
    report.at_least(
        "Search, always at one time of day: slot by slot / ours", ratio(taken, "slots", "ours"), 100,
        detail=f"{milliseconds(taken['slots'])} and {trial.queries} queries",
    )  # fmt: skip
    connection.close()


def _in_memory(report: Report, size: memory.Size, rounds: int) -> None:
    availability, wishes = memory.question(size)
    taken = by_turns(
        rounds,
        any_time=lambda: best_series(memory.fresh(availability), wishes, K),
        same_time=lambda: best_series(memory.fresh(availability), replace(wishes, same_time=True), K),
    )
    for name, words in (("any_time", "at any time"), ("same_time", "always at one time of day")):
        value = 1000 * sorted(taken[name])[len(taken[name]) // 2]
        report.at_most(f"Search in memory, {size.chairs} chairs, {size.days} days, {words}", value, 5, unit=" ms")


def _against_a_solver(report: Report, number: int) -> None:
    same = 0
    for seed in range(number):
        case = cases.random_case(seed)
        best = best_series(case.availability, case.wishes, 1)
        same += (best[0].score if best else None) == cp_sat.least_cost(case)
    report.at_least(f"Same optimum as CP-SAT, of {number} random cases", same, number)
