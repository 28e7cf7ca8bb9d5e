"""The machine: every kind of step, and after each that database and model agree; at the end that nothing is broken."""

from datetime import datetime
from itertools import count
from typing import ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.conftest import NOW
from tests.model.calendar_steps import CalendarSteps
from tests.model.course_steps import CourseSteps
from tests.model.hold_steps import HoldSteps
from tests.model.repair_steps import RepairSteps
from tests.model.waitlist_steps import WaitlistSteps
from tests.model.world import Desk, Tally, World, assert_same

RUNS, STEPS_OF_A_RUN = 20, 60
"""Runs of one seed, and the rules each may try."""


class Machine(CourseSteps, HoldSteps, WaitlistSteps, CalendarSteps, RepairSteps):
    """One run; `world` and `tally` are those of the class made for it."""

    world: ClassVar[World]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.plain = self.world.plain()
        self.desk = Desk(self.world, self.tally)

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        if self.desk.was_asked:
            assert_same(self.desk, self.plain, self.now)
            self.desk.was_asked = False

    def teardown(self) -> None:
        try:
            found = self.desk.findings(self.now)
            assert found == []
        finally:
            self.desk.close()


def run(world: World, steps: int, *, seed: int = 1) -> Tally:
    """At least so many steps, the same for the same seed. Raises what the first wrong one raises, made as short as
    it can be.
    """
    tally = Tally()
    for turn in count():
        if tally.steps >= steps:
            return tally
        run_seed(world, tally, f"{seed}/{turn}")
    raise AssertionError


def run_seed(world: World, tally: Tally, of_seed: str, *, runs: int = RUNS) -> None:
    """Some runs, all of this seed."""
    kind = seed(of_seed)(type("MachineHere", (Machine,), {"world": world, "tally": tally}))
    run_state_machine_as_test(kind, settings=settings(SETTINGS, max_examples=runs))


SETTINGS = settings(
    stateful_step_count=STEPS_OF_A_RUN, database=None, deadline=None, print_blob=False,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
)  # fmt: skip
