"""When a session will be over: from the plan, from what was ordered, and from what the clinic's criteria ask."""

from datetime import timedelta

import pytest

from scheduler.models import Mode, SessionStatus
from scheduler.protocols import Phases
from scheduler.sessions.drug.expected import pace_of_devices, pace_of_infusion
from scheduler.sessions.drug.treating import pace_of
from tests.drugs import MINUTE, START, cleared
from tests.treatments import session_in

PHASES = Phases(prepare=30, infuse=40, recover=60, turn_over=15)


def test_a_visit_is_over_when_all_its_parts_are():
    expected = pace_of_infusion(PHASES, minutes=None, recovery_minutes=60).planned(START)

    assert expected.end_at == START + timedelta(minutes=70)
    assert expected.free_at == START + timedelta(minutes=145)


@pytest.mark.parametrize(("minutes", "recovery", "infuse", "recover"), [(100, 30, 100, 60), (None, 90, 40, 90)])
def test_an_infusion_takes_as_long_as_ordered_and_recovery_as_long_as_is_asked(minutes, recovery, infuse, recover):
    pace = pace_of_infusion(PHASES, minutes=minutes, recovery_minutes=recovery)

    assert (pace.infuse, pace.recover) == (infuse, recover)


@pytest.mark.parametrize(("asked", "watch"), [(120, 120), (150, 150), (60, 100)])
def test_devices_are_watched_as_long_as_planned_and_no_less_than_is_asked(asked, watch):
    pace = pace_of_devices(PHASES, observation_minutes=asked)

    assert pace.begun(START).end_at == START + watch * MINUTE
    assert pace.begun(START).free_at == START + (watch + 15) * MINUTE


def test_a_session_without_an_order_goes_by_its_protocol(clinic):
    ordered = cleared(clinic, ordered={"minutes": 100})
    unordered = session_in(clinic, SessionStatus.CHECKED_IN, mode=Mode.DEVICES)

    assert (pace_of(clinic.db, ordered).infuse, pace_of(clinic.db, unordered).infuse) == (100, 120)
