"""`make soak`: the storms of `tests/test_races.py` and `tests/test_lost_warnings.py` and the model of `tests/model`,
long enough to be believed.

`make test` gives each engine a storm of 4,000 operations, 500 forms and the model 5,000 steps, to be over in minutes;
here it is 100,000 operations and 50,000 forms an engine, and 1,000,000 steps for both, which take hours.
`ARGS="50000"` for so many operations of the storm, `ARGS="50000 200000"` for so many steps of the model too,
`ARGS="0 1000000 7"` for the model alone, beginning with another seed, and `ARGS="0 0 1 100000"` for so many forms on
both engines together and nothing else. Ctrl-C ends it with what is known by then.
"""

import sys
from collections import Counter
from datetime import UTC, datetime
from time import monotonic

from bench.engines import ENGINES, home_of
from scheduler.models.engine import Database
from tests import warnings_storm
from tests.homes import Home
from tests.model.machine import RUNS, run_seed
from tests.model.world import Tally, build_world
from tests.storm import blow, build_arena, findings

OPERATIONS = 100_000
STEPS = 1_000_000
"""Of the model, on both engines together."""
FORMS = 100_000
"""Written by processes that are killed, on both engines together."""
STEP = 1_000
NOW = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)


def main(operations: str = str(OPERATIONS), steps: str = str(STEPS), seed: str = "1", forms: str = str(FORMS)) -> None:
    """Soak each engine, then look at everything. Exits with 1 if anything is not as it must be."""
    broken = []
    try:
        for engine in ENGINES:
            with home_of(engine) as home:
                broken += storm(home, engine, int(operations))
                broken += warn(home, engine, int(forms) // len(ENGINES), int(seed))
                broken += live(home, engine, int(steps) // len(ENGINES), seed)
    except KeyboardInterrupt:
        print("interrupted: nothing was wrong up to here" if not broken else "interrupted")
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


def warn(home: Home, engine: str, forms: int, seed: int) -> list[tuple[str, str]]:
    """Which forms must alarm somebody and do not, after so many were written by processes that were killed."""
    with home.fresh() as url:
        database = Database(url)
        arena, ends, begun = warnings_storm.build_arena(database, now=NOW), Counter[int](), monotonic()
        for target in range(STEP, forms + STEP, STEP):
            ends += warnings_storm.storm(arena, database, min(target, forms), seed=seed + target)
            print(
                f"{engine}: {min(target, forms)} of {forms} forms, {ends.total()} lives, {monotonic() - begun:.0f} s",
                flush=True,
            )
        positive, missing = warnings_storm.lost(database)
        print(f"{engine}: {positive} forms must alarm somebody, {len(missing)} do not", flush=True)
        database.close()
    return [(engine, f"form {form_id} has no alert as grave as its answers") for form_id in missing]


def live(home: Home, engine: str, steps: int, seed: str, *, runs: int = RUNS) -> list[tuple[str, str]]:
    """What went wrong in so many steps of the model, and with which seed: the same one shows it again."""
    with home.fresh() as url:
        database = Database(url)
        world, tally, turn, begun = build_world(database, now=NOW), Tally(), 0, monotonic()
        while tally.steps < steps:
            try:
                run_seed(world, tally, f"{seed}/{turn}", runs=runs)
            except Exception as error:  # noqa: BLE001 # whatever it is, it is what was looked for
                return [(engine, f"seed {seed}/{turn}: {error!r}\n" + "\n".join(getattr(error, "__notes__", [])))]
            turn += 1
            print(
                f"{engine}: {tally.steps} of {steps} steps, {outcomes(tally)}, {monotonic() - begun:.0f} s", flush=True
            )
        database.close()
    return []


def outcomes(tally: Tally) -> dict[str, int]:
    """How many steps were done, and how many refused."""
    found: Counter[str] = Counter()
    for (_, outcome), times in tally.seen.items():
        found[outcome] += times
    return dict(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
