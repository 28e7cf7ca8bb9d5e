"""Simulations asked for, looked up and withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import EnoughAsked, IllegalTransition, Invalid, NotFound
from scheduler.models import SimulationRun, SimulationState
from scheduler.protocols import Leg, ResourceKind
from scheduler.utilization.what_if import simulations
from tests.builders import MDD_INDUCTION
from tests.counting import counted

CHAIR = {"weeks": 8, "seeds": 20, "change": {"more_chairs": 1}}
UNPREPARED = replace(MDD_INDUCTION, key="unprepared", legs=(Leg(ResourceKind.CHAIR, 0, 30, 1),))
"""Its chair is taken while the patient is prepared, and no longer."""


def ask(db, clinic, question=CHAIR, *, later=0):
    return simulations.ask(db, question, actor=clinic.manager, now=clinic.now + timedelta(minutes=later))


def phases(*keys):
    lengths = {"prepare": 0, "infuse": 40, "recover": 60, "turn_over": 15}
    return {**CHAIR, "change": {"phases": [{"protocol": key, **lengths} for key in keys]}}


def test_a_question_waits_until_somebody_simulates_it(db, clinic):
    found = simulations.find(db, ask(db, clinic).simulation.id, actor=clinic.manager)

    assert (found.simulation.state, found.done, found.result, found.failure) == (SimulationState.WAITING, 0, None, None)
    assert (found.simulation.question, found.simulation.seeds) == (CHAIR, 20)


def test_a_protocol_that_is_not_there_or_could_not_be_kept_is_refused(db, clinic):
    clinic.add_protocol(UNPREPARED)

    with pytest.raises(Invalid) as refused:
        ask(db, clinic, phases("none", MDD_INDUCTION.key, UNPREPARED.key))

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [
        ("change.phases.0.protocol", "unknown"), ("change.phases.2", "impossible"),
    ]  # fmt: skip


def test_another_clinics_protocol_is_not_there(db, clinic, elsewhere):
    elsewhere.add_protocol(replace(MDD_INDUCTION, key="theirs"))

    with pytest.raises(Invalid):
        ask(db, clinic, phases("theirs"))


def test_more_than_three_are_refused_and_other_clinics_do_not_count(db, clinic, elsewhere):
    for _ in range(3):
        ask(db, clinic)

    assert ask(db, elsewhere).done == 0
    with pytest.raises(EnoughAsked):
        ask(db, clinic)


def test_one_that_has_ended_is_not_withdrawn_again(db, clinic):
    withdrawn = simulations.withdraw(db, ask(db, clinic), actor=clinic.manager, now=clinic.now)

    with pytest.raises(IllegalTransition):
        simulations.withdraw(db, withdrawn, actor=clinic.manager, now=clinic.now)


def test_another_clinics_simulation_is_not_there(db, clinic, elsewhere):
    with pytest.raises(NotFound):
        simulations.find(db, ask(db, elsewhere).simulation.id, actor=clinic.manager)


def test_the_list_is_read_in_two_statements_however_long(db, clinic):
    rows = [ask(db, clinic, later=minute).simulation for minute in range(3)]
    for seed in (1, 2):
        run = SimulationRun(clinic_id=clinic.id, simulation_id=rows[1].id, seed=seed, outcome={}, ran_at=clinic.now)
        clinic.keep(run)

    with counted(db) as sent:
        found = simulations.list_simulations(db, after=None, limit=50, actor=clinic.manager)

    assert [(view.simulation.id, view.done) for view in found] == [(rows[2].id, 0), (rows[1].id, 2), (rows[0].id, 0)]
    assert len(sent) == 2
