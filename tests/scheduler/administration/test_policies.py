"""The rules of the desk, appended and never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from scheduler.administration.policies import change_policy, list_policies
from scheduler.booking.policy import Policy, read_policy
from scheduler.errors import Invalid
from scheduler.models import BookingPolicy
from tests.counting import counted

STRICT = Policy(
    late_notice_minutes=2880, grace_minutes=10, hold_minutes=5, offer_minutes=60, reminder_minutes=(60, 1440)
)


def test_a_new_policy_follows_the_old_with_author_and_date(db, clinic, now):
    changed = change_policy(db, STRICT, actor=clinic.administrator, now=now)

    listed = list_policies(db, actor=clinic.administrator)
    assert listed[0] is changed
    assert (changed.effective_from, changed.author_id) == (now, clinic.administrator.staff_id)
    assert [policy.grace_minutes for policy in listed] == [10, 15]


def test_reminders_are_kept_the_earliest_to_go_out_first(db, clinic, now):
    change_policy(db, STRICT, actor=clinic.administrator, now=now)

    assert read_policy(db, clinic.id, now=now).reminder_minutes == (1440, 60)


def test_a_clinic_begins_with_the_defaults(db, clinic, now):
    assert read_policy(db, clinic.id, now=now) == Policy()


def test_a_clinic_that_never_set_a_policy_has_the_defaults(db, clinic, now):
    db.execute(delete(BookingPolicy))

    assert read_policy(db, clinic.id, now=now) == Policy()


def test_a_policy_holds_from_its_first_moment_on(db, clinic, now):
    later = now + timedelta(days=30)
    change_policy(db, STRICT, actor=clinic.administrator, now=now, effective_from=later)

    assert read_policy(db, clinic.id, now=later - timedelta(microseconds=1)).grace_minutes == 15
    assert read_policy(db, clinic.id, now=later).grace_minutes == 10


def test_of_two_policies_for_one_moment_the_later_word_holds(db, clinic, now):
    later = now + timedelta(days=30)
    for minute in range(1, 20):
        set_at, policy = now + timedelta(minutes=minute), Policy(grace_minutes=minute)
        change_policy(db, policy, actor=clinic.administrator, now=set_at, effective_from=later)

    assert read_policy(db, clinic.id, now=later).grace_minutes == 19
    listed = list_policies(db, actor=clinic.administrator)[:-1]
    assert [policy.grace_minutes for policy in listed] == list(range(19, 0, -1))


def test_the_policy_is_read_in_one_statement(db, clinic, now):
    with counted(db) as sent:
        read_policy(db, clinic.id, now=now)

    assert len(sent) == 1


def test_a_policy_out_of_range_is_refused_with_every_fault(db, clinic, now):
    policy = Policy(
        late_notice_minutes=-1, grace_minutes=241, hold_minutes=0, offer_minutes=1441,
        reminder_minutes=(4, 60, 60, 90, 100, 43201),
    )  # fmt: skip

    with pytest.raises(Invalid) as refusal:
        change_policy(db, policy, actor=clinic.administrator, now=now)

    assert [(fault.where, fault.code) for fault in refusal.value.faults] == [
        ("late_notice_minutes", "range"), ("grace_minutes", "range"), ("hold_minutes", "range"),
        ("offer_minutes", "range"), ("reminder_minutes", "range"), ("reminder_minutes", "twice"),
        ("reminder_minutes", "range"),
    ]  # fmt: skip


def test_the_widest_policy_there_may_be_is_accepted(db, clinic, now):
    for policy in (Policy(0, 0, 1, 1, ()), Policy(20160, 240, 1440, 1440, (43200, 5, 6, 7, 8))):
        changed = change_policy(db, policy, actor=clinic.administrator, now=now)

        assert changed.hold_minutes == policy.hold_minutes


def test_a_policy_does_not_begin_in_the_past_nor_after_all_calendars(db, clinic, now):
    for begins, code in ((now - timedelta(seconds=1), "past"), (datetime(9000, 1, 1, tzinfo=UTC), "range")):
        with pytest.raises(Invalid) as refusal:
            change_policy(db, Policy(), actor=clinic.administrator, now=now, effective_from=begins)

        assert [(fault.where, fault.code) for fault in refusal.value.faults] == [("effective_from", code)]


def test_the_policy_of_another_clinic_is_its_own(db, clinic, elsewhere, now):
    change_policy(db, STRICT, actor=elsewhere.administrator, now=now)

    assert len(list_policies(db, actor=clinic.administrator)) == 1
    assert read_policy(db, clinic.id, now=now) == Policy()
