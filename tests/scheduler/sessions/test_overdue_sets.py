"""Sets nobody took: told of once a level, of whoever is here and had the drug."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.models import Alert, AlertKind, AlertLevel, EndKind, SessionStatus
from scheduler.sessions.watch.alarms import clinics_with_sessions, raise_overdue
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import MINUTE, NOON, START, for_devices, infusing, spray
from tests.scheduler.sessions.watched import WELL, correct, take
from tests.treatments import session_in, visit


@pytest.fixture
def overdue(clinic: ClinicCast) -> Callable[[float], list[tuple[str, int, int]]]:
    """What the worker's round so many minutes after `START` tells of."""

    def go_round(minutes: float) -> list[tuple[str, int, int]]:
        known = set(clinic.db.scalars(select(Alert.id)))
        count = raise_overdue(clinic.db, clinic.id, now=START + minutes * MINUTE)
        fresh = [alert for alert in clinic.db.scalars(select(Alert)) if alert.id not in known]
        assert count == len(fresh)
        return sorted((alert.level.value, alert.value, alert.threshold) for alert in fresh)

    return go_round


def test_a_set_nobody_took_is_told_of_once_a_level(clinic, overdue):
    session = infusing(clinic)

    rounds = [overdue(minutes) for minutes in (5, 13, 13.5, 14, 20, 20.5, 30)]

    assert rounds == [[], [], [("warn", 3, 3)], [], [], [("urgent", 10, 10)], []]
    alert = clinic.db.scalars(select(Alert).where(Alert.level == AlertLevel.WARN)).one()
    assert (alert.kind, alert.session_id, alert.vitals_id) == (AlertKind.VITALS_OVERDUE, session.id, None)
    assert (alert.due_at, alert.patient_id) == (START + 10 * MINUTE, session.patient_id)


def test_each_missing_set_is_told_of_for_itself(clinic, overdue):
    session = infusing(clinic)
    overdue(15)
    take(clinic, session, 15, **WELL)

    assert overdue(27) == []
    assert overdue(29) == [("warn", 4, 3)]


def test_a_worker_that_was_away_tells_the_gravest_only(clinic, overdue):
    infusing(clinic)

    assert overdue(60) == [("urgent", 50, 10)]


def test_a_set_that_was_withdrawn_was_not_taken(clinic, overdue):
    session = infusing(clinic)
    mistaken = take(clinic, session, 10, **WELL)
    correct(clinic, session, mistaken, withdrawn=True)

    assert overdue(15) == [("warn", 5, 3)]


def test_a_set_with_half_of_what_matters_leaves_the_due_one_missing(clinic, overdue):
    session = infusing(clinic)
    take(clinic, session, 10, sbp=120, dbp=75, spo2=98, moaas=5)

    assert overdue(15) == [("warn", 5, 3)]


@pytest.mark.parametrize("status", [SessionStatus.PAUSED, SessionStatus.RECOVERING, SessionStatus.READY_FOR_DISCHARGE])
def test_whoever_had_the_drug_and_is_here_is_watched(clinic, overdue, status):
    ended = {"ended_at": START + MINUTE, "end_kind": EndKind.STOPPED_EARLY} if status != SessionStatus.PAUSED else {}
    session_in(clinic, status, since=START, started_at=START, **ended)

    assert len(overdue(20)) == 1


@pytest.mark.parametrize(
    ("status", "times"),
    [(SessionStatus.PRE_ASSESSMENT, {}), (SessionStatus.DISCHARGED, {"started_at": START, "discharged_at": START})],
)
def test_whoever_had_none_yet_or_has_left_is_not(clinic, overdue, status, times):
    session_in(clinic, status, **times)

    assert overdue(60) == []
    assert clinics_with_sessions(clinic.db) == []


def test_after_devices_the_sets_at_forty_minutes_and_at_the_end_are_missed(clinic, overdue):
    session = for_devices(clinic, 28)
    spray(clinic, session, 0)

    assert overdue(43) == []
    assert overdue(44) == [("warn", 4, 3)]


def test_the_clinics_in_which_somebody_is_watched_are_found(clinic, elsewhere):
    infusing(clinic)
    session_in(elsewhere, SessionStatus.CHECKED_IN)

    assert clinics_with_sessions(clinic.db) == [clinic.id]
    assert raise_overdue(clinic.db, elsewhere.id, now=NOON) == 0


def test_twenty_sessions_take_as_many_statements_as_one(clinic):
    sent = []
    for day in range(3):
        infusing(clinic, appointment=visit(clinic, starts_at=START + timedelta(days=day)))
        with counted(clinic.db) as statements:
            raise_overdue(clinic.db, clinic.id, now=START + (15 + 10 * day) * MINUTE)
        sent.append(len(statements))

    assert len(set(sent)) == 1
    assert sent[0] == 5
