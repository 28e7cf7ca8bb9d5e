"""A thousand forms at random, by every path, from processes killed at random: no positive item without its alert.

`make soak` does the same with a hundred thousand.
"""

import signal

from scheduler.checks import checks
from scheduler.models.engine import Database
from tests.warnings_storm import build_arena, lost, storm

FORMS = 500
"""On each engine."""
LEAST_DEATHS = 10


def test_no_positive_item_is_without_its_alert_whoever_dies_when(database: Database, now):
    arena = build_arena(database, now=now)

    ends = storm(arena, database, FORMS)

    positive, missing = lost(database)
    assert set(ends) <= {-signal.SIGKILL, 0}
    assert ends[-signal.SIGKILL] >= LEAST_DEATHS
    assert positive > FORMS / 10
    assert missing == []
    with database.reading() as db:
        of_scores = {name: list(check(db, arena.clinic_id)) for name, check in checks(now=now).items()}
    assert {name for name, found in of_scores.items() if found} == set()
