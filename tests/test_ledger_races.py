"""Two people at one vial at once, on both engines: what is in it leaves it once."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from scheduler.checks import checks
from scheduler.errors import DomainError
from scheduler.models import LedgerEntry, LedgerKind, SessionStatus
from scheduler.models.constraints import refusal_of
from scheduler.sessions.ledger import ledger, mending, stock
from tests.builders import build_clinic
from tests.scheduler.sessions.vial_cases import by_two, vial, wasted
from tests.test_races import at_once
from tests.treatments import ARRIVAL, session_in

ROUNDS = 5


@pytest.fixture
def house(database, now):
    with database.committing() as db:
        cast = build_clinic(db, now=now)
    cast.now = ARRIVAL + timedelta(minutes=10)
    return cast


@pytest.fixture
def rows(database, house):
    """What a function of the clinic makes, committed."""

    def make(maker):
        with database.committing() as house.db:
            return maker(house)

    return make


@pytest.fixture
def outcome(database):
    """What came of an act in a transaction of its own: a word."""

    def of(act):
        try:
            with database.committing() as db:
                act(db)
        except IntegrityError as error:
            return refusal_of(error).code
        except DomainError as refusal:
            return refusal.code
        return "done"

    return of


def test_two_who_draw_the_last_of_a_vial_do_not_both_get_it(database, house, rows, outcome):
    for number in range(ROUNDS):
        first, second = (rows(lambda cast: session_in(cast, SessionStatus.INFUSING).id) for _ in range(2))
        source = rows(partial(vial, label=f"V-{number}")).id

        def draw(db, session_id, vial_id):
            return ledger.draw(db, session_id, vial_id, Decimal(6), **by_two(house))

        acts = [partial(outcome, partial(draw, session_id=id_, vial_id=source)) for id_ in (first, second)]
        assert sorted(at_once(*acts)) == ["done", "not-in-vial"]

        with database.reading() as db:
            assert stock.balances(db, [source], actor=house.clinician)[source].mg == 200


def test_two_who_waste_what_is_left_of_a_session_do_not_both(house, rows, outcome):
    def begin(cast):
        session = session_in(cast, SessionStatus.INFUSING)
        ledger.draw(cast.db, session.id, vial(cast).id, Decimal(1), **by_two(cast))
        return session

    session = rows(begin)

    def waste(db):
        return ledger.put_aside(db, session.id, LedgerKind.WASTED, Decimal(50), **by_two(house))

    assert sorted(at_once(*[partial(outcome, waste)] * 2)) == ["done", "invalid"]


def test_two_who_reverse_one_entry_do_not_both(database, house, rows, outcome):
    def begin(cast):
        session = session_in(cast, SessionStatus.INFUSING)
        ledger.draw(cast.db, session.id, vial(cast).id, Decimal(1), **by_two(cast))
        return wasted(cast, session, "50").id

    entry_id = rows(begin)

    def reverse(db):
        return mending.reverse(db, entry_id, reason="Wrong", **by_two(house))

    assert sorted(at_once(*[partial(outcome, reverse)] * 4)) == ["already-reversed"] * 3 + ["done"]
    with database.reading() as db:
        assert len(list(db.scalars(select(LedgerEntry.id).where(LedgerEntry.about_id == entry_id)))) == 1
        assert list(checks(now=house.now)["reversals"](db, house.id)) == []
