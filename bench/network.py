"""Reports where many clinics share a database: a month of one of them, and the table of all of them.

`make bench` has ten clinics of one year; `python -m bench hundred` a hundred of three years, 4.5 million visits. A
clinic on SQLite is alone: there it is its own past of three years that must not cost its month anything.
"""

from contextlib import closing
from dataclasses import replace
from functools import partial
from time import perf_counter
from uuid import UUID

from sqlalchemy import select

from bench.engines import bare
from bench.history import Past, live_through
from bench.loading import copy_days, multiply
from bench.manager import Clinic, opened
from bench.report import Report, milliseconds
from bench.timing import by_turns, ratio
from scheduler.models import Clinic as ClinicRow
from scheduler.utilization.days.building import build_days
from scheduler.utilization.days.network import read_network
from scheduler.utilization.reports import KINDS
from tests.homes import Home

CLINICS, YEAR = 10, 365
YEARS_ALONE = 3
INDEPENDENCE = 1.3
BIG = ("appointments", "sessions", "transitions", "moves")


def measure(home: Home, report: Report, *, clinics: int = CLINICS, days: int = YEAR, rounds: int = 9) -> None:
    """The same month of the same clinic, alone in its database and among others."""
    with home.fresh() as lonely, home.fresh() as shared:
        alone = opened(lonely, live_through(lonely, days=min(days, YEAR)))
        among, words = _among(report, shared, clinics, days)
        _tell_plans(report, among, words)
        for state in ("no day kept", "days kept"):
            for name in KINDS:
                taken = by_turns(
                    rounds, among=partial(among.read, name, among.month), alone=partial(alone.read, name, alone.month)
                )
                report.at_most(
                    f"The {name} report of a month, {state}, {words} / alone", ratio(taken, "among", "alone"),
                    INDEPENDENCE, detail=f"{milliseconds(taken['among'])} against {milliseconds(taken['alone'])}",
                )  # fmt: skip
            for each in (alone, among):
                build_days(each.database, each.past.clinic.actor.clinic_id, now=each.now)
        _tell_table(report, among, words)
        for each in (alone, among):
            each.database.close()


def _among(report: Report, url: str, clinics: int, days: int) -> tuple[Clinic, str]:
    """One clinic of many, or on SQLite one with a longer past; and how to call it."""
    server = report.engine == "PostgreSQL"
    begun = perf_counter()
    past = live_through(url, days=days if server or days > YEAR else YEARS_ALONE * days)
    if not server:
        return opened(url, past), f"with {past.visits:,} visits behind it"
    ids = multiply(url, past.clinic.actor.clinic_id, clinics - 1)
    visits = past.visits * clinics
    report.tell(f"Drawing and loading {clinics} clinics of {visits:,} visits", f"{perf_counter() - begun:.0f} s")
    return opened(url, _as_clinic(past, ids[len(ids) // 2])), f"among {clinics} clinics of {visits:,} visits"


def _as_clinic(past: Past, clinic_id: UUID) -> Past:
    clinic = past.clinic
    return replace(past, clinic=replace(clinic, actor=replace(clinic.actor, clinic_id=clinic_id)))


def _tell_plans(report: Report, clinic: Clinic, words: str) -> None:
    """No table that grows with the others is read from end to end."""
    whole = set[str]()
    with closing(bare(clinic.url)) as connection:
        ask = "EXPLAIN" if hasattr(connection, "pgconn") else "EXPLAIN QUERY PLAN"
        for name in KINDS:
            for step in clinic.script(name):
                plan = connection.execute(f"{ask} {step.statement}", step.parameters).fetchall()
                told = "\n".join(str(row[-1]) for row in plan)
                whole |= {
                    f"{name}: {table}" for table in BIG if f"Seq Scan on {table}" in told or f"SCAN {table}" in told
                }
    claim = f"Tables of visits read from end to end by the five reports of a month, {words}"
    report.at_most(claim, len(whole), 0, detail=", ".join(sorted(whole)))


def _tell_table(report: Report, clinic: Clinic, words: str) -> None:
    """Every clinic has its days: the copies those of the one that was built."""
    mine = clinic.past.clinic.actor.clinic_id
    with clinic.database.reading() as db:
        others = list(db.scalars(select(ClinicRow.id).where(ClinicRow.id != mine)))
    copy_days(clinic.url, mine, others)

    def table() -> int:
        with clinic.database.reading(one_snapshot=True) as db:
            return len(read_network(db, clinic.past.first, clinic.past.last, now=clinic.now))

    taken = by_turns(3, table=table)["table"]
    report.tell(f"The table of every clinic by month, {words}", f"{milliseconds(taken)}, {table()} lines")
