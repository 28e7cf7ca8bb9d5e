"""What stood in the book at an instant, told from what was written down later."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.utilization.history.stays import Life, Place, stays_of, stood_at

MORNING, NOON, EVENING = (Place(start, start + 60, "A") for start in (1000, 1200, 1400))


def life(booked=100, place=MORNING, left=(), steps=()):
    return Life("v", "s", "p", "version", booked, place, tuple(left), tuple(steps))


def places(of, instant):
    return [each.place for each in stood_at(stays_of(of), instant)]


def test_a_visit_stands_from_when_it_was_booked_on():
    assert [places(life(), at) for at in (99, 100, 101, 5000)] == [[], [], [MORNING], [MORNING]]


def test_what_happens_in_an_instant_has_not_happened_yet():
    given_up = life(steps=[(500, False)])

    assert [places(given_up, at) for at in (500, 501)] == [[MORNING], []]


def test_a_visit_moved_away_and_back_stood_in_between_where_it_was_then():
    moved = life(left=[(300, MORNING), (600, NOON)])

    assert [places(moved, at) for at in (300, 301, 600, 601)] == [[MORNING], [NOON], [NOON], [MORNING]]


def test_a_missed_visit_taken_back_stands_again():
    reinstated = life(steps=[(1020, False), (1040, True)])

    assert [places(reinstated, at) for at in (1020, 1030, 1040, 1041)] == [[MORNING], [], [], [MORNING]]


def test_a_visit_moved_and_then_given_up_leaves_its_last_place():
    gone = life(place=NOON, left=[(300, MORNING)], steps=[(700, False)])

    assert [places(gone, at) for at in (200, 650, 701)] == [[MORNING], [NOON], []]


def test_two_moves_in_one_minute_leave_no_stay_between():
    twice = life(place=EVENING, left=[(300, MORNING), (300, NOON)])

    assert [places(twice, at) for at in (300, 301)] == [[MORNING], [EVENING]]


def test_who_is_given_up_or_stands_twice_over_is_counted_once():
    said_twice = life(steps=[(500, False), (600, False), (700, True), (800, True)])

    assert [places(said_twice, at) for at in (450, 550, 650, 750, 850)] == [[MORNING], [], [], [MORNING], [MORNING]]


CHANGES = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["move", "end", "return"])), max_size=6)


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.integers(0, 70))
def test_it_is_what_replaying_the_history_comes_to(changes, instant):
    where, stands, left, steps, found = 0, True, [], [], []
    for at, change in sorted(changes, key=lambda each: each[0]):
        if at < instant:
            found.append((at, change))
        if change == "move":
            left.append((at, Place(where, where + 60, "A")))
            where += 100
        else:
            steps.append((at, change == "return"))
    for _, change in found:
        stands = stands if change == "move" else change == "return"
    then = 100 * sum(change == "move" for _, change in found)

    stood = places(life(booked=0, place=Place(where, where + 60, "A"), left=left, steps=steps), instant)

    assert stood == ([Place(then, then + 60, "A")] if stands and instant > 0 else [])
