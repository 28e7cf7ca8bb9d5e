"""A manager's reports over a clinic-year: a month against its bare rows, a year against its months.

What a report is held against is what it reads: its own statements as it says them while no day is kept, said again
through the bare driver, and nothing done with the answers.
"""

from contextlib import closing
from functools import partial
from statistics import median
from time import perf_counter

from bench import beside
from bench.booking import places, plans_of
from bench.engines import bare
from bench.history import CHAIRS, live_through
from bench.manager import MONTH, Clinic, opened, say_rows
from bench.replay import Script
from bench.report import Report, milliseconds
from bench.timing import by_turns, counted, ratio
from scheduler.utilization.days.building import build_days
from scheduler.utilization.reports import KINDS
from tests.homes import Home

GOAL, GROWTH = 2, 1.3
WEEKS_AHEAD = 12


def measure(
    home: Home, report: Report, *, days: int = 365, rounds: int = 9, weeks: int = WEEKS_AHEAD, each: int = 30,
    chairs: int = CHAIRS,
) -> None:  # fmt: skip
    """One clinic, first with no day kept, then with its days built; and bookings beside its reports."""
    with home.fresh() as url:
        found = list(places(chairs, weeks))
        past = live_through(url, days=days, chairs=chairs, nurses=chairs // 2, ahead=7 * weeks, patients=len(found))
        clinic = opened(url, past)
        scripts = {name: clinic.script(name) for name in KINDS}
        _tell(report, clinic, scripts, "no day kept", rounds)
        _tell_build(report, clinic)
        _tell(report, clinic, scripts, "days kept", rounds)
        beside.measure(report, url, past, plans_of(past.clinic, found), each=each)
        clinic.database.close()


def _tell_build(report: Report, clinic: Clinic) -> None:
    begun = perf_counter()
    built = build_days(clinic.database, clinic.past.clinic.actor.clinic_id, now=clinic.now)
    taken = perf_counter() - begun
    report.tell(
        f"Building the days of {clinic.past.visits:,} visits",
        f"{taken:.1f} s, {1000 * taken / built.days:.0f} ms a day of {built.days}",
    )


def _tell(report: Report, clinic: Clinic, scripts: dict[str, Script], words: str, rounds: int) -> None:
    with closing(bare(clinic.url)) as connection:
        for name, script in scripts.items():
            ours, rows = partial(clinic.read, name, clinic.month), partial(say_rows, connection, script)
            taken = by_turns(rounds, ours=ours, bare=rows)
            report.at_most(
                f"The {name} report of a month, {words} / the bare rows it is of", ratio(taken, "ours", "bare"), GOAL,
                detail=f"{milliseconds(taken['ours'])} against {milliseconds(taken['bare'])}",
            )  # fmt: skip
            _tell_growth(report, clinic, f"The {name} report of a year, {words}", name, median(taken["ours"]))


def _tell_growth(report: Report, clinic: Clinic, claim: str, name: str, month: float) -> None:
    with counted(clinic.database.engine) as of_month:
        clinic.read(name, clinic.month)
    with counted(clinic.database.engine) as of_year:
        clinic.read(name, clinic.year)
    year = median(by_turns(3, ours=partial(clinic.read, name, clinic.year))["ours"])
    months = ((clinic.year.last - clinic.year.first).days + 1) / MONTH
    report.at_most(
        f"{claim}: growth from a month", year / month / months, GROWTH,
        unit=" of proportion", detail=f"{1000 * year:.0f} ms, {len(of_year)} statements as against {len(of_month)}",
    )  # fmt: skip
