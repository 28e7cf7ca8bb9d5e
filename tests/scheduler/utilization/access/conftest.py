"""A clinic whose visits are two hours long, and what the report on access says of its week."""

import pytest

from scheduler.utilization.access.report import read_access
from scheduler.utilization.figures.figures import Asked
from tests.builders import MONDAY
from tests.kept_days import TWO_HOURS, Keeper
from tests.scheduler.utilization.access.access_past import FRIDAY


@pytest.fixture
def keep(clinic):
    clinic.add_protocol(TWO_HOURS)
    return Keeper(clinic, TWO_HOURS.key)


@pytest.fixture
def figures(db, clinic, at):
    """The figures of the week, by their keys."""

    def read(first=MONDAY, last=FRIDAY, *, by=None, line=None, now=None):
        report = read_access(db, Asked(first, last, by), actor=clinic.manager, now=now or at("Sun 20:00"))
        lines = {each.key: each for each in report.lines}
        return {each.measure.key: each for each in (lines[line] if line else report.whole).figures}

    return read
