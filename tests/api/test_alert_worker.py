"""The worker calls others for alerts nobody answers, by a real mail server, and tells of scores nobody took."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from api.commands.worker import Hourly, go_round, works_of_a_worker
from scheduler.models import Alert, AlertKind, AuditRow, Message
from tests.builders import build_clinic, clinic_instant
from tests.conftest import NOW
from tests.courses import write_series
from tests.mailbox import mailbox
from tests.scheduler.outcomes.alerts.cases import log, phq9, send

NINE = clinic_instant("Mon 09:00")


@pytest.fixture
def box():
    with mailbox() as box:
        yield box


@pytest.fixture
def round_at(database, box):
    """Do a round at a moment."""
    return lambda at, **more: go_round(
        database, box.settings(), stopped=lambda _seconds: False, clock=lambda: at, **more
    )


def test_a_call_goes_out_by_mail_when_nobody_has_answered(database, box, round_at):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        alert = log(cast, cast.patient("Grace", "Hopper"), 5, NINE, item9=1).alerts[0]

    assert round_at(NINE + timedelta(minutes=29))
    before = list(box.recipients)
    assert round_at(NINE + timedelta(minutes=30))
    assert round_at(NINE + timedelta(minutes=31))

    (letter,) = box.letters
    assert (before, box.recipients) == ([], ["prescriber@midtown.test"])
    assert letter["Subject"] == "A safety alert is waiting"
    assert str(alert.id) in letter.get_content()
    assert "Grace" not in letter.as_string()
    with database.reading() as db:
        assert db.scalars(select(AuditRow.patient_id).where(AuditRow.action == "letter.sent")).all() == [None]


def test_an_urgent_answer_by_link_goes_out_in_the_next_round(database, box, round_at):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        send(cast, cast.patient(), phq9(5, item9=3), NINE)

    assert round_at(NINE)

    assert box.recipients == ["prescriber@midtown.test"]


def test_a_call_to_a_mail_server_that_is_away_waits_and_is_not_lost(database, box, round_at):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        log(cast, cast.patient(), 5, NINE, item9=1)
    box.on_data = [None]

    round_at(NINE + timedelta(minutes=30))
    round_at(NINE + timedelta(minutes=31))

    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Message.sent_at.is_not(None))) == 1


def test_a_missing_score_is_looked_for_once_an_hour(database, round_at):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        write_series(cast, cast.patient(), [NINE])
    works, due = works_of_a_worker(), NINE + timedelta(days=7, minutes=70)

    def told(at):
        assert round_at(at, works=works)
        with database.reading() as db:
            return db.scalar(select(func.count()).where(Alert.kind == AlertKind.SCORE_OVERDUE))

    assert [told(due + timedelta(minutes=minutes)) for minutes in (-1, 0, 58, 59)] == [0, 0, 0, 1]


def test_an_hour_later_is_looked_again():
    looked = []
    hourly = Hourly(lambda _db, now: looked.append(now) or [])

    for minutes in (0, 59, 60, 61):
        hourly(None, NINE + timedelta(minutes=minutes))

    assert looked == [NINE, NINE + timedelta(minutes=60)]


def test_a_clock_that_is_set_back_by_a_year_does_not_stop_the_looking():
    looked = []
    hourly = Hourly(lambda _db, now: looked.append(now) or [])
    back = NINE - timedelta(days=365)

    for at in (NINE, back, back + timedelta(minutes=59), back + timedelta(minutes=60)):
        hourly(None, at)

    assert looked == [NINE, back, back + timedelta(minutes=60)]


def test_a_look_that_failed_is_taken_again_in_the_next_round():
    looked = []
    hourly = Hourly(lambda _db, now: looked.append(now) or (1 // (len(looked) - 1) and []))

    with pytest.raises(ZeroDivisionError):
        hourly(None, NINE)
    hourly(None, NINE + timedelta(seconds=5))

    assert looked == [NINE, NINE + timedelta(seconds=5)]
