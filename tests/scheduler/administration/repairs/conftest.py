"""Patients with the nurse who falls ill, and plans carried out."""

import pytest

from scheduler.administration.carrying_out import commit_repair
from scheduler.administration.repairs import from_text
from scheduler.protocols import ResourceKind
from tests.scheduler.administration.broken_days import LATER, book


@pytest.fixture
def booked(db, clinic):
    """Two patients with nurse N1 on Mondays and Thursdays, and a second nurse who has nobody."""
    clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    return [book(clinic, db), book(clinic, db, chair="B", minute=LATER)]


@pytest.fixture
def commit(db, clinic):
    def carry_out(plan, *, actor=None, waiver=None):
        assert plan.plan is not None
        return commit_repair(db, from_text(plan.plan), actor=actor or clinic.scheduler, now=clinic.now, waiver=waiver)

    return carry_out


@pytest.fixture
def alone(db, clinic):
    """One patient on Mondays and Thursdays with the only nurse."""
    return book(clinic, db)
