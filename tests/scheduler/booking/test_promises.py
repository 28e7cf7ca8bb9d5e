"""What is proposed can be booked as it stands, in small random clinics on both databases."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from scheduler.booking.book import book_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.search import OTHER_CHAIR, OTHER_NURSE
from scheduler.models import Closure
from scheduler.protocols import ResourceKind
from tests.builders import MDD_INDUCTION, MONDAY, clinic_instant

SEEDS = range(6)


@pytest.fixture
def ask(db, clinic, now):
    def ask(patient, wishes):
        protocol = clinic.protocols["short"]
        return propose(db, patient.id, protocol.id, wishes, actor=clinic.scheduler, now=now).proposals

    return ask


@pytest.fixture
def book(db, clinic, now):
    return lambda plan: book_series(db, plan, actor=clinic.scheduler, now=now)


@pytest.fixture
def furnish(clinic, ask, book):
    """Makes the clinic one of many: other resources, closures, and patients booked already."""

    def furnish(rng):
        clinic.add_protocol(replace(MDD_INDUCTION, key="short", gaps=MDD_INDUCTION.gaps[:2], span_days=11))
        for kind, name, capacity in ((ResourceKind.NURSE, "N2", 2), (ResourceKind.CHAIR, "C", 1)):
            if rng.random() < 0.7:
                clinic.add_resource(kind, name, capacity=capacity)
        for resource in list(clinic.resources.values()):
            closed = clinic_instant(rng.choice(["Mon 09:00", "Wed 08:00", "Fri 13:00"]), week=rng.randrange(2))
            row = {"starts_at": closed, "ends_at": closed + timedelta(hours=rng.randrange(1, 6)), "reason": "Repair"}
            clinic.keep(Closure(clinic_id=clinic.id, resource_id=resource.id, **row))
        for _ in range(rng.randrange(2, 9)):
            for offered in ask(clinic.patient(), wishes_of(rng, clinic))[:1]:
                book(offered.plan)

    return furnish


def wishes_of(rng, clinic):
    def maybe(kind):
        return rng.choice([None, *(each.id for each in clinic.resources.values() if each.kind == kind)])

    opens, length = rng.choice([0, 9 * 60, 13 * 60]), rng.choice([60, 240, 660])
    return Wishes(
        MONDAY + timedelta(days=rng.randrange(3)), MONDAY + timedelta(days=rng.choice([12, 20])),
        weekdays=frozenset(rng.sample(range(5), rng.choice([4, 5]))), window=(opens, opens + length),
        same_time=rng.random() < 0.5, nurse_id=maybe(ResourceKind.NURSE), chair_id=maybe(ResourceKind.CHAIR),
    )  # fmt: skip


def missed(plan, kind, wanted):
    """The visits of a plan that do not have the resource asked for."""
    return sum(wanted is not None and visit.resources[kind] != wanted for visit in plan.visits)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_proposal_can_be_booked_unchanged(clinic, furnish, ask, book, seed):
    rng = Random(seed)
    furnish(rng)
    patient, wishes = clinic.patient(), wishes_of(rng, clinic)

    offers = ask(patient, replace(wishes, window=(0, 24 * 60)))

    assert offers
    for offer in offers:
        with clinic.db.begin_nested() as savepoint:
            book(offer.plan)
            savepoint.rollback()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_score_counts_the_visits_without_the_nurse_or_chair_asked_for(clinic, furnish, ask, seed):
    furnish(Random(seed))
    nurse, chair = clinic.resource("N1").id, clinic.resource("A").id

    offers = ask(clinic.patient(), Wishes(MONDAY, window=(480, 600), nurse_id=nurse, chair_id=chair))

    assert offers
    for offer in offers:
        points = {reason.code: reason.points for reason in offer.reasons}
        without_nurse = missed(offer.plan, ResourceKind.NURSE, nurse)
        without_chair = missed(offer.plan, ResourceKind.CHAIR, chair)
        assert points["preferences"] == OTHER_NURSE * without_nurse + OTHER_CHAIR * without_chair
        assert offer.score == sum(points.values())
