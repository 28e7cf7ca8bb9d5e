"""Whatever happens at a desk, database and plain model agree after every step, on both engines."""

import os

from tests.conftest import NOW
from tests.model.machine import run
from tests.model.world import build_world

STEPS = 5_000
"""Steps that asked something of the database, on each of the two engines; `make soak` takes as many as it is told."""
SEED = int(os.environ.get("MODEL_SEED", "1"))


def test_the_database_is_what_the_plain_model_says(database):
    tally = run(build_world(database, now=NOW), STEPS, seed=SEED)

    assert tally.steps >= STEPS
    assert tally.one_sided() == []
