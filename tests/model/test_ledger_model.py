"""Whatever two people do with the vials, the ledger and a book in exact fractions agree after every step."""

import os

from tests.conftest import NOW
from tests.model.ledger_machine import build_ledger_world, run_ledger

STEPS = 300
SEED = os.environ.get("MODEL_SEED", "1")


def test_the_ledger_is_what_the_plain_book_says(database):
    world = build_ledger_world(database, now=NOW)

    tally = run_ledger(world, STEPS, of_seed=SEED)

    done = {step for step, outcome in tally if outcome == "done"}
    refused = {step for step, outcome in tally if outcome == "refused"}
    assert refused - done <= {"draw when signed", "put aside when signed"}
    assert done >= {"draw", "give", "put aside", "dispose", "count", "resolve", "reverse", "correct"}
