"""What is written to patients when visits move, and which of it is news to them."""

from scheduler.booking.changing.running import planned
from scheduler.protocols import ResourceKind
from tests.builders import ZONE
from tests.conftest import NOW
from tests.counting import counted
from tests.scheduler.booking.letters.correspondence import CANCELLATION, HOUR, MOVE, REMINDER, reminded, send, written


def test_a_moved_visit_is_told_of_and_its_reminders_move_along(db, ada, course, move, now):
    running = course(ada)
    before = running().mine

    move(running(), (6, HOUR))

    (notice,) = written(db, MOVE)
    assert notice.appointment_id == before[5].id
    assert [message.due_at for message in written(db, REMINDER)] == reminded(running().mine, now)
    assert len(written(db, withdrawn=True)) == 3


def test_a_visit_may_move_there_and_back_and_each_time_it_is_told_of(db, ada, course, move):
    running = course(ada)
    move(running(), (6, HOUR))
    send(db, NOW)

    move(running(), (6, -HOUR), at=NOW + HOUR)

    assert len(written(db, MOVE)) == 2
    assert [message.due_at for message in written(db, REMINDER)] == reminded(running().mine, NOW)


def test_a_visit_that_moves_again_is_told_of_once_from_the_time_the_patient_knows(db, ada, course, move):
    running = course(ada)
    known = running().mine[5].starts_at
    move(running(), (6, HOUR))

    move(running(), (6, HOUR), at=NOW + HOUR)

    (notice,) = written(db, MOVE)
    assert f"{known + 2 * HOUR:%Y} at {(known + 2 * HOUR).astimezone(ZONE):%H:%M}, instead of" in notice.body
    assert f"at {known.astimezone(ZONE):%H:%M}\n" in notice.body


def test_a_visit_that_goes_back_to_the_time_its_patient_knows_is_told_of_all_the_same(db, ada, course, move):
    running = course(ada)
    known = running().mine[5].starts_at
    move(running(), (6, HOUR))

    move(running(), (6, -HOUR), at=NOW + HOUR)

    (notice,) = written(db, MOVE)
    assert f"at {known.astimezone(ZONE):%H:%M}, instead of" in notice.body


def test_a_cancelled_visit_waits_for_no_news_of_its_move_and_names_the_time_its_patient_knows(
    db, ada, course, move, cancel
):
    running = course(ada)
    known = running().mine[5].starts_at.astimezone(ZONE)
    move(running(), (6, HOUR))

    cancel(running().mine[5:], at=NOW + HOUR)

    (notice,) = written(db, MOVE, CANCELLATION)
    assert f"at {known + HOUR:%H:%M}, first planned for {known:%A}" in notice.body
    assert f"{known:%Y} at {known:%H:%M}\n" in notice.body


def test_who_was_told_of_one_move_and_not_of_the_next_knows_the_time_between(db, ada, course, move, cancel):
    running = course(ada)
    known = running().mine[5].starts_at.astimezone(ZONE) + HOUR
    move(running(), (6, HOUR))
    send(db, NOW)
    move(running(), (6, HOUR), at=NOW + HOUR)

    cancel(running().mine[5:], at=NOW + 2 * HOUR)

    (notice,) = written(db, CANCELLATION)
    assert f"at {known + HOUR:%H:%M}, first planned for" in notice.body
    assert f"{known:%Y} at {known:%H:%M}\n" in notice.body


def test_news_of_several_moves_is_not_taken_back_for_one_of_them(db, ada, course, move, cancel):
    running = course(ada)
    move(running(), (5, HOUR), (6, HOUR))

    cancel(running().mine[5:], at=NOW + HOUR)

    assert [message.kind for message in written(db, MOVE, CANCELLATION)] == [MOVE, CANCELLATION]


def test_another_nurse_is_no_news(db, ada, clinic, course, move):
    running = course(ada)
    nurse = clinic.add_resource(ResourceKind.NURSE, "N2", capacity=3)
    resources = {**planned(running().mine[5]).resources, ResourceKind.NURSE: nurse.id}

    move(running(), (6, 0 * HOUR), resources=resources)

    assert running().mine[5].nurse_id == nurse.id
    assert written(db, MOVE, CANCELLATION) == written(db, withdrawn=True) == []


def test_what_one_act_moves_and_gives_up_is_one_letter(db, ada, course, move):
    running = course(ada)

    move(running(), (4, HOUR), (5, HOUR), given_up=[6])

    (notice,) = written(db, MOVE, CANCELLATION)
    assert (notice.subject, notice.appointment_id) == ("Your appointments have changed", None)
    assert notice.body.count("instead of") == 2
    assert "Cancelled:" in notice.body


def test_moving_takes_the_same_statements_for_one_visit_as_for_six(db, ada, course, move):
    running = course(ada)
    move(running(), (6, HOUR))  # the calendar is read once and kept

    with counted(db) as one:
        move(running(), (6, -HOUR))
    with counted(db) as six:
        move(running(), *((number, HOUR / 2) for number in range(1, 7)))

    assert len(one) == len(six)
