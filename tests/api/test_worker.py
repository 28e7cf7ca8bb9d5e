"""The worker on real databases, with a real mail server: each letter leaves once, whatever dies or is away."""

import logging
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from api.commands import worker
from api.commands.worker import go_round, work
from config import Settings
from scheduler.booking.letters import outbox
from scheduler.booking.letters.outbox import LEASE
from scheduler.booking.waiting import offers, waitlist
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.waitlist import Needs
from scheduler.clinic_time import DAY
from scheduler.errors import SlotTaken
from scheduler.models import Alert, AuditRow, Hold, HoldState, Message, Offer, Outcome, SessionStatus, Urgency
from scheduler.models.engine import Database
from tests.builders import MONDAY, build_clinic, clinic_instant
from tests.conftest import NOW
from tests.letters import put
from tests.mailbox import mailbox
from tests.scheduler.outcomes.alerts.cases import log
from tests.treatments import session_in

WITHIN = 30


def never(_seconds: float) -> bool:
    return False


@pytest.fixture
def box():
    with mailbox() as box:
        yield box


@pytest.fixture
def clinic_id(database):
    with database.committing() as db:
        return build_clinic(db, now=NOW).id


@pytest.fixture
def letters(database, clinic_id):
    """`letters(3)` puts three, to three patients: `1@example.org` and so on."""

    def letters(count, **changes):
        with database.committing() as db:
            house = build_clinic(db, now=NOW, name="Uptown")
            for number in range(1, count + 1):
                put(db, house.id, house.patient().id, NOW, recipient=f"{number}@example.org", **changes)

    return letters


@pytest.fixture
def round_of(database, box):
    """Do a round at a moment."""
    return lambda at=NOW, **changes: go_round(database, box.settings(**changes), stopped=never, clock=lambda: at)


def states(database):
    columns = (Message.recipient, Message.sent_at, Message.failure, Message.given_up_at, Message.attempts)
    with database.reading() as db:
        return [tuple(row) for row in db.execute(select(*columns).order_by(Message.recipient))]


def sent(recipient, attempts=1):
    return (recipient, NOW, None, None, attempts)


def test_what_is_due_is_sent_and_that_is_written_down(database, box, letters, round_of):
    letters(3)

    assert round_of()

    assert sorted(box.recipients) == ["1@example.org", "2@example.org", "3@example.org"]
    assert states(database) == [sent(f"{number}@example.org") for number in (1, 2, 3)]
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(AuditRow.action == "letter.sent")) == 3


def test_a_set_of_vitals_nobody_took_is_told_of(database, round_of):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW, name="Uptown")
        session_in(cast, SessionStatus.INFUSING, since=NOW, started_at=NOW)

    assert round_of(NOW + timedelta(minutes=15))
    assert round_of(NOW + timedelta(minutes=16))

    with database.reading() as db:
        told = db.execute(select(Alert.kind, Alert.level, Alert.due_at)).all()
        assert [tuple(row) for row in told] == [("vitals_overdue", "warn", NOW + timedelta(minutes=10))]
        assert db.scalars(select(AuditRow.actor_id).where(AuditRow.action == "alert.raised")).all() == [None]


def test_a_second_round_sends_nothing_twice(box, letters, round_of):
    letters(2)
    round_of()

    round_of(NOW + timedelta(days=1))

    assert len(box.letters) == 2


def test_a_refused_recipient_keeps_nobody_elses_letter(database, box, letters, round_of):
    letters(3)
    box.on_recipient["2@example.org"] = "550 No such person"

    round_of()

    assert states(database) == [
        sent("1@example.org"), ("2@example.org", None, "recipient-refused", NOW, 1), sent("3@example.org"),
    ]  # fmt: skip


def test_a_letter_after_which_the_connection_dropped_is_sent_again_under_its_id(database, box, letters, round_of):
    letters(1)
    box.on_data = [None]
    round_of()

    round_of(NOW + timedelta(minutes=1))

    first, second = box.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert states(database) == [("1@example.org", NOW + timedelta(minutes=1), None, None, 2)]


def test_while_the_mail_server_is_away_letters_wait_and_lose_no_try(database, box, letters, round_of):
    letters(2)
    with socket.create_server(("127.0.0.1", 0)) as held:
        nobody = held.getsockname()[1]

    reached = round_of(smtp_port=nobody)
    later = round_of()

    assert (reached, later) == (False, True)
    assert states(database) == [sent("1@example.org"), sent("2@example.org")]


def test_without_a_mail_server_nothing_is_sent(database, letters):
    letters(1)

    assert go_round(database, Settings(), stopped=never, clock=lambda: NOW)

    assert states(database) == [("1@example.org", None, None, None, 0)]


def test_a_withdrawn_letter_and_one_that_is_useless_never_leave(database, box, letters, round_of):
    letters(1, withdrawn_at=NOW)
    letters(1, useless_at=NOW)

    round_of()

    assert box.letters == []
    assert ("1@example.org", None, "too-late", NOW, 0) in states(database)


def test_what_a_killed_worker_had_taken_is_sent_when_its_time_is_over(database, box, letters, round_of):
    letters(1)
    with database.committing() as db:
        assert outbox.take_next(db, now=NOW)

    round_of(NOW + LEASE / 2)
    before = len(box.letters)
    round_of(NOW + LEASE)

    assert (before, len(box.letters)) == (0, 1)
    assert states(database) == [("1@example.org", NOW + LEASE, None, None, 2)]


def test_several_workers_at_once_send_each_letter_once(database, box, letters):
    letters(40)
    begin = threading.Barrier(4)

    def one_of_them():
        begin.wait()
        go_round(database, box.settings(), stopped=never, clock=lambda: NOW)

    workers = [threading.Thread(target=one_of_them) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(WITHIN)

    assert sorted(box.recipients) == sorted(f"{number}@example.org" for number in range(1, 41))


def test_no_transaction_is_open_while_the_mail_server_is_spoken_to(database, box, letters, round_of, monkeypatch):
    letters(2)
    open_ones = []
    send = worker.Post.send

    def watched(self, letter, *, now):
        open_ones.append(database.engine.pool.checkedout())
        send(self, letter, now=now)

    monkeypatch.setattr(worker.Post, "send", watched)
    round_of()

    assert open_ones == [0, 0]


def test_a_round_ends_between_two_letters_when_told_to_stop(database, box, letters):
    letters(3)

    go_round(database, box.settings(), stopped=lambda _: len(box.letters) >= 2, clock=lambda: NOW)

    assert len(box.letters) == 2
    assert [state[4] for state in states(database)].count(0) == 1


def test_holds_past_their_time_are_ended_and_that_is_written_down(database, clinic_id, round_of):
    with database.committing() as db:
        house = build_clinic(db, now=NOW, name="Uptown")
        hold = Hold(
            clinic_id=house.id, patient_id=house.patient().id, owner_id=house.scheduler.staff_id, plans=[],
            held_at=NOW - timedelta(hours=1), expires_at=NOW,
        )  # fmt: skip
        house.keep(hold)

    round_of()

    with database.reading() as db:
        assert db.scalar(select(Hold.state)) is HoldState.EXPIRED
        assert db.scalar(select(AuditRow.details).where(AuditRow.action == "holds.expired")) == {"holds": 1}


def test_an_offer_nobody_has_answered_goes_to_the_next(database, round_of):
    with database.committing() as db:
        house = build_clinic(db, now=NOW)
        for given_name in ("Ada", "Bea"):
            needs = Needs(Urgency.SOON, MONDAY, MONDAY + 28 * DAY, frozenset(range(7)), (0, 1440), 0)
            who, what = house.patient(given_name).id, house.protocol.id
            waitlist.add_entry(db, patient_id=who, protocol_id=what, needs=needs, actor=house.scheduler, now=NOW)
        place = Place(house.resource("A").id, clinic_instant("Tue 09:00"), clinic_instant("Tue 12:00"))
        offers.make_offer(db, place, actor=house.scheduler, now=NOW)

    round_of(NOW + timedelta(hours=1))

    with database.reading() as db:
        outcomes = db.execute(select(Offer.outcome, Offer.entry_id).order_by(Offer.offered_at)).all()
    assert [outcome for outcome, _ in outcomes] == [Outcome.EXPIRED, Outcome.OPEN]
    assert len({entry_id for _, entry_id in outcomes}) == 2


def locked(*_given, **_named):
    raise OperationalError("SELECT", {}, type("Locked", (Exception,), {"sqlstate": "55P03"})())


def broken(*_given, **_named):
    raise SlotTaken("Ada Byron")


def test_what_goes_wrong_in_one_clinic_keeps_back_nobodys_letters_and_is_logged_without_a_name(
    box, letters, round_of, monkeypatch, caplog
):
    letters(1)
    monkeypatch.setattr(worker.offers, "clinics_with_overdue", lambda *_, **__: [uuid4(), uuid4()])
    monkeypatch.setattr(worker.offers, "pass_on_expired", broken)

    assert not round_of()

    assert box.recipients == ["1@example.org"]
    assert (caplog.text.count("SlotTaken"), "Byron" in caplog.text) == (2, False)


def test_what_goes_wrong_in_looking_for_one_work_keeps_no_other_waiting(database, round_of, monkeypatch, caplog):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        patient = cast.patient()
        log(cast, patient, 5, NOW, item9=3)
        session_in(cast, SessionStatus.INFUSING, since=NOW, started_at=NOW)
    late = NOW + timedelta(hours=1)
    monkeypatch.setattr(worker.offers, "clinics_with_overdue", broken)
    monkeypatch.setattr(worker.alarms, "clinics_with_sessions", broken)
    monkeypatch.setattr(worker.claims, "clinics_with_overdue", locked)

    assert not round_of(late)

    with database.reading() as db:
        assert db.scalars(select(Alert.escalations).where(Alert.session_id.is_(None))).all() == [1]
    assert (caplog.text.count("SlotTaken"), caplog.text.count("cannot be reached")) == (2, 1)


def test_vitals_are_looked_for_first(database, round_of, monkeypatch):
    asked = []
    for room, name in ((worker.alarms, "clinics_with_sessions"), (worker.escalating, "clinics_with_unanswered")):
        monkeypatch.setattr(room, name, lambda *_, name=name, **__: asked.append(name) or [])

    round_of()

    assert asked == ["clinics_with_sessions", "clinics_with_unanswered"]


def test_alerts_for_which_nobody_can_be_written_to_are_told_of_once_a_round(database, round_of, caplog):
    with database.committing() as db:
        cast = build_clinic(db, now=NOW)
        log(cast, cast.patient("Grace"), 5, NOW, item9=3)
        log(cast, cast.patient("Grace"), 5, NOW, item9=1)
        for person in cast.staff.values():
            person.left_at = NOW
    caplog.set_level(logging.ERROR)

    assert round_of(NOW + timedelta(hours=1))

    (told,) = [record.message for record in caplog.records if "nobody on its staff" in record.message]
    assert told == f"Clinic {cast.id} has 2 alerts due and nobody on its staff who can be written to."


def test_letters_are_sent_though_the_sweep_could_not_begin(box, letters, round_of, monkeypatch, caplog):
    letters(1)
    monkeypatch.setattr(worker.offers, "clinics_with_overdue", broken)

    assert not round_of()

    assert box.recipients == ["1@example.org"]
    assert (caplog.text.count("SlotTaken"), "Byron" in caplog.text) == (1, False)


@pytest.mark.usefixtures("clinic_id")
def test_a_database_that_is_away_is_waited_for(tmp_path, box, caplog):
    away = Database(f"sqlite:///{tmp_path}/away.db")
    (tmp_path / "away.db").unlink()
    (tmp_path / "away.db").mkdir()

    reached = go_round(away, box.settings(), stopped=never, clock=lambda: NOW)

    assert not reached
    assert "cannot be reached" in caplog.text
    away.close()


def test_a_fault_of_our_own_is_not_taken_for_one_that_passes(database, letters, box):
    letters(1)
    with database.committing() as db:
        db.connection().exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")

    with pytest.raises(Exception, match="outbox"):
        go_round(database, box.settings(), stopped=never, clock=lambda: NOW)


def test_what_is_logged_names_nobody(box, letters, round_of, caplog):
    letters(2, subject="Secret", body="Secret")
    box.on_recipient["2@example.org"] = "550 2@example.org is Secret"

    with caplog.at_level(logging.DEBUG):
        round_of()

    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert "1 given up, 1 sent" in ours
    assert "example.org" not in ours
    assert "Secret" not in ours


def test_rounds_go_on_until_somebody_says_stop(database, letters, box):
    letters(1)
    rests = []

    def stopped(seconds):
        rests.append(seconds)
        return rests.count(7) == 2

    work(database, replace(box.settings(), worker_seconds=7), stopped=stopped, clock=lambda: NOW)

    assert rests.count(7) == 2
    assert len(box.letters) == 1
