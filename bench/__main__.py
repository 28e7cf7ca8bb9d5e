"""`make bench`: every measured claim on both engines, written to `bench/results.md`."""

import sys
from time import monotonic

from bench import (
    board,
    booking,
    cht,
    cohort,
    hundred,
    importing,
    network,
    repair,
    reports,
    scoring,
    search,
    sessions,
    trajectory,
)
from bench.engines import ENGINES, home_of
from bench.report import Report, write

SUBJECTS = {
    "search": search,
    "booking": booking,
    "board": board,
    "scoring": scoring,
    "trajectory": trajectory,
    "sessions": sessions,
    "importing": importing,
    "cohort": cohort,
    "repair": repair,
    "cht": cht,
    "reports": reports,
    "network": network,
    "hundred": hundred,
}
ON_REQUEST = {"hundred"}
"""Takes too long for every time, and is not written down."""


def main(*names: str) -> int:
    """Measure these subjects, or all but those on request; only a whole run is written down.

    Whoever asks for anything else is told what there is: 2, and no database was started.
    """
    if not SUBJECTS.keys() >= set(names):
        print(f"usage: python -m bench [subject ...]; all, or any of: {', '.join(SUBJECTS)}", file=sys.stderr)
        return 2
    begun = monotonic()
    reports = [
        _measure(engine, names or tuple(name for name in SUBJECTS if name not in ON_REQUEST)) for engine in ENGINES
    ]
    if not names:
        write(reports, took=monotonic() - begun)
    return 0


def _measure(engine: str, names: tuple[str, ...]) -> Report:
    report = Report(engine)
    with home_of(engine) as home:
        for name in names:
            print(f"{engine}: {name}", flush=True)
            SUBJECTS[name].measure(home, report)
    return report


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
