"""The clinic's thresholds, appended and never changed."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.administration.settings import change_settings, list_settings
from scheduler.errors import Invalid
from scheduler.outcomes.trajectories.change import Thresholds


def test_new_settings_follow_the_old_with_author_and_date(db, clinic, now):
    changed = change_settings(db, Thresholds(remission_below=6), actor=clinic.administrator, now=now)

    listed = list_settings(db, actor=clinic.administrator)
    assert listed[0] is changed
    assert (changed.remission_below, changed.effective_from, changed.author_id) == (
        6, now, clinic.administrator.staff_id,
    )  # fmt: skip
    assert [settings.remission_below for settings in listed] == [6, 5]


def test_settings_may_be_set_for_later(db, clinic, now):
    later = now + timedelta(days=30)

    changed = change_settings(db, Thresholds(), actor=clinic.administrator, now=now, effective_from=later)

    assert changed.effective_from == later


def test_of_settings_for_one_moment_the_last_to_be_set_come_first(db, clinic, now):
    later = now + timedelta(days=30)
    for minute in range(1, 20):
        set_at = now + timedelta(minutes=minute)
        change_settings(
            db, Thresholds(response_percent=minute), actor=clinic.administrator, now=set_at, effective_from=later
        )

    listed = list_settings(db, actor=clinic.administrator)[:-1]

    assert [settings.response_percent for settings in listed] == list(range(19, 0, -1))
    assert listed[0].created_at == now + timedelta(minutes=19)


def test_settings_out_of_range_are_refused_with_every_fault(db, clinic, now):
    thresholds = Thresholds(
        response_percent=0, remission_below=28, remission_baseline=-1, reliable_change=0, baseline_days=61
    )

    with pytest.raises(Invalid) as refusal:
        change_settings(db, thresholds, actor=clinic.administrator, now=now)

    assert [fault.where for fault in refusal.value.faults] == [
        "response_percent", "remission_below", "remission_baseline", "reliable_change", "baseline_days",
    ]  # fmt: skip


def test_settings_do_not_begin_in_the_past_nor_after_all_calendars(db, clinic, now):
    for begins, code in ((now - timedelta(seconds=1), "past"), (datetime(9000, 1, 1, tzinfo=UTC), "range")):
        with pytest.raises(Invalid) as refusal:
            change_settings(db, Thresholds(), actor=clinic.administrator, now=now, effective_from=begins)

        assert [(fault.where, fault.code) for fault in refusal.value.faults] == [("effective_from", code)]


def test_the_settings_of_another_clinic_are_not_listed(db, clinic, elsewhere, now):
    change_settings(db, Thresholds(), actor=elsewhere.administrator, now=now)

    assert len(list_settings(db, actor=clinic.administrator)) == 1
