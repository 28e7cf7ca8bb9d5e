"""`make soak`: the storm of `tests/test_races.py`, long enough to be believed. `ARGS="50000"` makes it longer."""

import sys
from datetime import UTC, datetime
from time import monotonic

from bench.engines import ENGINES, home_of
from scheduler.models.engine import Database
from tests.homes import Home
from tests.storm import blow, build_arena, findings

OPERATIONS = 100_000
STEP = 1_000
NOW = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)


def main(operations: str = str(OPERATIONS)) -> None:
    """Book and cancel on each engine, then look at everything. Exits with 1 if anything is not as it must be."""
    broken = []
    for engine in ENGINES:
        with home_of(engine) as home:
            broken += storm(home, engine, int(operations))
    for check, words in broken:
        print(f"{check}: {words}")
    sys.exit(bool(broken))


def storm(home: Home, engine: str, operations: int) -> list[tuple[str, str]]:
    """What is broken after so many bookings and cancellations."""
    with home.fresh() as url:
        database = Database(url, pool_size=40)
        arena, begun = build_arena(database, now=NOW), monotonic()
        for done in range(0, operations, STEP):
            seen = blow(arena, min(STEP, operations - done), seed=done)
            print(
                f"{engine}: {min(done + STEP, operations)} of {operations}, {dict(seen)}, {monotonic() - begun:.0f} s",
                flush=True,
            )
        broken = findings(database, now=NOW)
        database.close()
    return broken


if __name__ == "__main__":
    main(*sys.argv[1:])
