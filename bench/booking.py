"""Booking six-appointment series over HTTP, against the same statements through the bare driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from random import Random
from statistics import median

from bench import guards, replay, served
from bench.clinics import OPENS, BenchClinic, build, token_of
from bench.report import Report
from scheduler import clinic_time
from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.proposals import to_text
from scheduler.models.engine import Database
from scheduler.protocols import ResourceKind
from tests.clients import Client, new_key, real_app
from tests.homes import Home

SHARE = {"SQLite": 0.15, "PostgreSQL": 0.30}
CHAIRS, NURSES, PRESCRIBERS = 26, 13, 6
WEEKS, BOOKED_WEEKS = 39, 6
"""Weeks to book in, and behind them those that are booked already: no database starts from nothing every day."""
CYCLE, OFFSET = 150, 40
"""Minutes from visit to visit in one chair, and by which the second chair of a nurse begins later."""
BLOCK = 3
"""Weeks of a series of six, twice a week."""
FEW, MANY = 8, 32


@dataclass(frozen=True)
class Ground:
    """A clinic with a token for its scheduler, and proposals that leave one another alone."""

    url: str
    clinic: BenchClinic
    token: str
    proposals: list[str]


def measure(home: Home, report: Report, *, runs: int = 3, each: int = 200, warm: int = 8) -> None:
    with _ground(home) as ground:
        proposals = iter(ground.proposals)
        scripts = _scripts(home, ground, list(islice(proposals, runs * (each + FEW * warm))))
        _tell_statements(report, scripts[0])
        bare = _bare(home, ground, scripts, runs, warm)
        few, many = _over_http(ground, proposals, runs, each, warm)
        share = median(served / said for served, said in zip(few, bare, strict=True))
        report.at_least(
            f"Bookings a second over HTTP, {FEW} clients / the same statements through the bare driver",
            share, SHARE[report.engine], detail=f"{median(few):.0f}/s against {median(bare):.0f}/s",
        )  # fmt: skip
        report.at_least(
            f"Bookings a second, {MANY} clients on one clinic / {FEW} clients",
            median(more / less for more, less in zip(many, few, strict=True)), 0.8,
            detail=f"{median(many):.0f}/s against {median(few):.0f}/s",
        )  # fmt: skip
        guards.measure(home, report, ground.url, scripts)


@contextmanager
def _ground(home: Home) -> Iterator[Ground]:
    with home.fresh() as url:
        database = Database(url)
        plans = len(list(places()))
        clinic = build(
            database, chairs=CHAIRS, nurses=NURSES, prescribers=PRESCRIBERS, days=7 * (WEEKS + BOOKED_WEEKS),
            fill=0.7, filled_days=7 * BOOKED_WEEKS, patients=plans,
        )  # fmt: skip
        token = token_of(database)
        database.close()
        yield Ground(url, clinic, token, _proposals(clinic))


def places(chairs: int = CHAIRS, weeks: int = WEEKS) -> Iterator[tuple[int, int, tuple[int, int], int]]:
    """Chair, minute of the day, weekdays and first week of series that leave one another alone.

    Two chairs share a nurse: one begins when the other has been started, so three units are enough.
    """
    for week in range(0, weeks - BLOCK + 1, BLOCK):
        for weekdays in ((0, 3), (1, 4)):
            for chair in range(chairs):
                for turn in range(4 - chair % 2):
                    yield chair, OPENS + CYCLE * turn + OFFSET * (chair % 2), weekdays, week


def _proposals(clinic: BenchClinic) -> list[str]:
    return [to_text(plan) for plan in plans_of(clinic, list(places()))]


def plans_of(clinic: BenchClinic, found: list[tuple[int, int, tuple[int, int], int]]) -> list[SeriesPlan]:
    """A series in each of these places, for a patient of its own, in no order."""
    Random(1).shuffle(found)
    wishes = Wishes(clinic.first, clinic.last)
    return [
        SeriesPlan(patient, clinic.protocol_id, clinic.version_id, tuple(_visits(clinic, *place)), wishes)
        for patient, place in zip(clinic.patients, found, strict=True)
    ]


def _visits(
    clinic: BenchClinic, chair: int, minute: int, weekdays: tuple[int, int], week: int
) -> Iterator[PlannedVisit]:
    prescribers = clinic.resources[ResourceKind.PRESCRIBER]
    chosen = {
        ResourceKind.CHAIR: clinic.resources[ResourceKind.CHAIR][chair],
        ResourceKind.NURSE: clinic.resources[ResourceKind.NURSE][chair // 2],
        ResourceKind.PRESCRIBER: prescribers[chair % len(prescribers)],
    }
    for number, weekday in enumerate(islice(cycle(weekdays), clinic.definition.infusions)):
        day = clinic.first + timedelta(days=7 * (week + number // 2) + weekday)
        yield PlannedVisit(number + 1, clinic_time.instant(day, minute, clinic.zone), chosen)


def _scripts(home: Home, ground: Ground, proposals: list[str]) -> list[replay.Script]:
    """What the application says to the database for each of these bookings, on a copy that is thrown away."""
    scripts = []
    with home.copy_of(ground.url) as url:
        database = Database(url)
        client = Client(real_app(database), ground.token)
        for proposal in proposals:
            with replay.recorded(database.engine) as script:
                answer = client.post("/series", {"proposal": proposal}, Idempotency_Key=new_key())
            assert answer.status_code == 201, answer.json
            scripts.append(script)
        database.close()
    return scripts


def _tell_statements(report: Report, script: replay.Script) -> None:
    said = [step for step in script if step.statement.startswith(("SELECT", "INSERT", "UPDATE"))]
    report.tell("Statements of a booking over HTTP", f"{len(said)}, in two transactions")


def _bare(home: Home, ground: Ground, scripts: list[replay.Script], runs: int, warm: int) -> list[float]:
    with home.copy_of(ground.url) as url:
        return [replay.throughput(url, scripts[run::runs], FEW, warm=warm) for run in range(runs)]


def _over_http(
    ground: Ground, proposals: Iterator[str], runs: int, each: int, warm: int
) -> tuple[list[float], list[float]]:
    few, many = [], []
    with served.serving(ground.url) as port:
        served.throughput(port, ground.token, list(islice(proposals, 2 * warm * FEW)), 2 * FEW)  # warm
        for _ in range(runs):
            for clients, rates in ((FEW, few), (MANY, many)):
                batch = list(islice(proposals, each))
                rates.append(served.throughput(port, ground.token, batch, clients))
    return few, many
