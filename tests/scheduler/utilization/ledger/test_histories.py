"""Random histories: every open minute is of one kind, and of the very kind that a count by hand gives it."""

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings

from scheduler.utilization.days.reading import read_days
from scheduler.utilization.ledger.chair_days import chair_days
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.ledger.tallies import tally_of
from tests.scheduler.utilization.ledger.histories import ground_of, histories
from tests.scheduler.utilization.ledger.history_rows import Reader, Writer, at
from tests.scheduler.utilization.ledger.recount import minute_kinds, minutes_of, recount

MANY = settings(
    max_examples=25,
    deadline=None,  # a recount of two days takes as long as it takes
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a history takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)


def kinds_of(found):
    """The kind of every minute of a chair's day; a minute that two pieces claim is met twice."""
    return [
        (minute, piece.kind)
        for piece in found.pieces for span in found.day.spans(piece.mask) for minute in range(span.start, span.end)
    ]  # fmt: skip


@MANY
@given(histories())
def test_used_turnover_and_lost_make_up_open_and_every_minute_is_what_a_recount_says(history):
    ground = ground_of(history)

    for found in chair_days(ground, ground.days):
        lost = sum(found.minutes(kind) for kind in Kind if kind not in (Kind.USED, Kind.TURNOVER))
        assert found.open.bit_count() == found.minutes(Kind.USED) + found.minutes(Kind.TURNOVER) + lost
        assert sorted(kinds_of(found)) == sorted(minute_kinds(history, found.chair, found.day.date).items())


def closed_afterwards(history):
    """The same clinic, closed in hindsight for the first half hour of every visit."""
    closures = sorted({(None, visit.start, visit.start + 30) for visit in history.visits})
    return replace(history, closures=[*history.closures, *closures])


@MANY
@given(histories().map(closed_afterwards))
def test_no_more_is_scheduled_on_a_chair_than_was_available(history):
    ground = ground_of(history)

    for found in chair_days(ground, ground.days):
        scheduled = sum(mask.bit_count() for _, mask in found.scheduled)
        blocked = sum(piece.mask for piece in found.pieces if piece.kind is Kind.BLOCKED)
        assert scheduled <= found.open.bit_count() - found.minutes(Kind.BLOCKED)
        assert not any(mask & blocked for _, mask in found.scheduled)


@MANY
@given(histories())
def test_the_cells_of_a_day_are_those_of_a_recount(history):
    ground = ground_of(history)

    for day in ground.days:
        assert Counter(tally_of(ground, day, chair_days(ground, [day]))) == recount(history, day.date)


FEW = settings(MANY, max_examples=6, suppress_health_check=list(HealthCheck))  # each is taken back within the test


@FEW
@given(history=histories())
def test_days_read_from_rows_come_out_as_a_recount_of_the_rows(db, history):
    with db.begin_nested() as taken_back:
        clinic_id = Writer(db, history).write()
        first, last = history.days[0], history.days[-1]
        told = Reader(db, clinic_id, history.days, history.now).read()

        found = read_days(db, clinic_id, first, last, now=at(history.now))

        assert {each.date: Counter(each.tally) for each in found} == {
            day: recount(told, day) for day in history.days if min(minutes_of(day, history.zone)) < history.now
        }
        for day in found:
            assert [each.tally for each in read_days(db, clinic_id, day.date, day.date, now=at(history.now))] == [
                day.tally
            ]
        taken_back.rollback()
