"""Holds: exclusive like a booking, for a named scheduler, for a time, and then gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scheduler.administration.policies import change_policy
from scheduler.booking.appointments import Why
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import ChangeKind, Seen, SeriesChange
from scheduler.booking.changing.running import planned, read_running
from scheduler.booking.holding import choices, holds
from scheduler.booking.holding.refused import explain_refused_hold
from scheduler.booking.policy import Policy
from scheduler.clinic_time import DAY
from scheduler.errors import AlreadyRenewed, HoldEnded, HoldOfAnother, Invalid, NotFound, PlanRefused
from scheduler.models import ChangeReason, Claim, Hold, HoldState, Side
from tests.builders import MONDAY
from tests.counting import counted
from tests.scheduler.booking.desk import Desk, moved

QUARTER = timedelta(minutes=15)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def desk(db, clinic, now):
    return Desk(db, clinic, now)


def claims_of(db, held):
    return db.scalar(select(func.count()).where(Claim.hold_id == held.id))


def test_what_is_held_is_taken_for_everybody_else(db, clinic, desk):
    plan, rival = desk.plans(clinic.patient())[0], desk.plans(clinic.patient("Bea"))[0]

    held = desk.hold(plan)

    assert (held.state, held.owner, held.expires_at) == (HoldState.OPEN, "Scheduler", held.held_at + QUARTER)
    assert claims_of(db, held) == 24
    with pytest.raises(PlanRefused):
        desk.book(rival)
    assert desk.plans(clinic.patient("Cleo"))[0].visits[0] != plan.visits[0]


def test_a_set_keeps_every_alternative_bookable(db, clinic, desk):
    plans = desk.plans(clinic.patient())

    held = desk.hold(*plans)

    assert [choices.from_text(each.text) for each in held.plans] == plans
    assert desk.book(plans[-1], hold_id=held.id)
    assert (claims_of(db, held), holds.find_hold(db, held.id, actor=clinic.scheduler).state) == (0, HoldState.BOOKED)


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_alternatives_in_one_chair_on_one_day_do_not_stand_in_each_others_way(clinic, desk, chosen):
    plan = desk.plans(clinic.patient())[0]
    later = [moved(plan, timedelta(minutes=minutes)) for minutes in (0, 30, 60)]

    held = desk.hold(*later)

    assert desk.book(later[chosen], hold_id=held.id)


def test_the_rest_of_a_booked_set_is_free_again(clinic, desk):
    plans = desk.plans(clinic.patient())
    held = desk.hold(*plans)

    desk.book(plans[0], hold_id=held.id)

    assert desk.book(
        replace(plans[1], patient_id=clinic.patient("Bea").id, visits=desk.plans(clinic.patient("Cy"))[0].visits)
    )


def test_every_fault_of_every_plan_is_named(clinic, desk):
    plan = desk.plans(clinic.patient())[0]
    crowded = replace(plan, visits=tuple(replace(each, starts_at=plan.visits[0].starts_at) for each in plan.visits))
    stale = replace(plan, protocol_version_id=clinic.id)

    with pytest.raises(PlanRefused) as refused:
        desk.hold(plan, crowded, stale)

    assert {(fault.where, fault.code) for fault in refused.value.faults} == {
        *((f"plans.1.appointments.{number}", "spacing") for number in range(2, 7)),
        ("plans.2.proposal", "protocol-changed"),
    }


def test_a_hold_is_for_one_patient_and_for_something(clinic, desk):
    ada, bea = desk.plans(clinic.patient())[0], desk.plans(clinic.patient("Bea"))[0]
    nothing = SeriesChange(ChangeKind.REPAIR, clinic.id, ada.patient_id, (), 6)

    with pytest.raises(Invalid) as refused:
        desk.hold(ada, bea, nothing)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [
        ("plans", "patients"), ("plans.2", "nothing"),
    ]  # fmt: skip
    with pytest.raises(Invalid):
        desk.hold()


def test_a_plan_that_follows_a_series_with_no_infusion_is_refused(clinic, desk):
    plan = replace(desk.plans(clinic.patient())[0], follows=clinic.id)

    with pytest.raises(PlanRefused) as refused:
        desk.hold(plan)

    assert [fault.where for fault in refused.value.faults] == ["plans.0.follows"]


def test_a_plan_that_follows_a_series_keeps_the_spacing_to_it(clinic, desk):
    patient = clinic.patient()
    before = desk.book(desk.plans(patient)[0])
    plan = replace(desk.plans(patient, earliest=MONDAY + 40 * DAY)[0], follows=before.id)

    with pytest.raises(PlanRefused) as refused:
        desk.hold(plan)

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("plans.0.appointments.1", "spacing")]


def test_an_overdue_hold_blocks_nothing_from_its_last_instant_on(clinic, desk, now):
    held, rival = desk.hold(desk.plans(clinic.patient())[0]), desk.plans(clinic.patient("Bea"), now=now + QUARTER)[0]
    assert held.expires_at == now + QUARTER

    with pytest.raises(PlanRefused):
        desk.book(rival, now=now + QUARTER - INSTANT)

    assert desk.book(rival, now=now + QUARTER)


def test_a_search_sees_what_an_unswept_hold_kept_from_the_instant_it_expires(clinic, desk, now):
    patient = clinic.patient("Bea")
    free = desk.plans(patient)[0]
    desk.hold(desk.plans(clinic.patient())[0])

    assert desk.plans(patient, now=now + QUARTER - INSTANT)[0].visits != free.visits
    assert desk.plans(patient, now=now + QUARTER)[0].visits == free.visits


def test_another_hold_may_take_the_place_of_an_overdue_one(db, clinic, desk, now):
    old = desk.hold(desk.plans(clinic.patient())[0])

    desk.hold(desk.plans(clinic.patient("Bea"), now=now + QUARTER)[0], now=now + QUARTER)

    assert db.get(Hold, (clinic.id, old.id), populate_existing=True).state is HoldState.EXPIRED
    swept = [note for note in db.info["audit"] if note.action == "holds.expired"]
    assert [(note.actor_id, note.details) for note in swept] == [(None, {"holds": 1})]


def test_a_hold_is_booked_by_its_owner_only(clinic, desk):
    plan = desk.plans(clinic.patient())[0]
    held = desk.hold(plan)

    with pytest.raises(HoldOfAnother):
        desk.book(plan, hold_id=held.id, actor=desk.other)


def test_a_hold_is_booked_for_its_patient_only(clinic, desk):
    held = desk.hold(desk.plans(clinic.patient())[0])

    with pytest.raises(NotFound):
        desk.book(desk.plans(clinic.patient("Bea"))[0], hold_id=held.id)


def test_a_hold_is_booked_once_and_in_time(clinic, desk, now):
    plan, second = desk.plans(clinic.patient())[:2]
    held = desk.hold(plan)

    with pytest.raises(HoldEnded):
        desk.book(plan, hold_id=held.id, now=now + QUARTER)
    desk.book(plan, hold_id=held.id, now=now + QUARTER - INSTANT)
    with pytest.raises(HoldEnded):
        desk.book(moved(second, 42 * DAY), hold_id=held.id)


def test_a_hold_is_renewed_once_from_now_by_the_same_time(db, clinic, desk, now):
    held = desk.hold(desk.plans(clinic.patient())[0])
    found = holds.find_hold(db, held.id, actor=clinic.scheduler)

    renewed = holds.renew(db, found, actor=clinic.scheduler, now=now + 10 * timedelta(minutes=1))

    assert (renewed.expires_at, renewed.renewed) == (now + timedelta(minutes=25), True)
    assert renewed.version == held.version + 1
    with pytest.raises(AlreadyRenewed):
        holds.renew(db, found, actor=clinic.scheduler, now=now + QUARTER)


def test_an_overdue_hold_is_neither_renewed_nor_released(db, clinic, desk, now):
    found = holds.find_hold(db, desk.hold(desk.plans(clinic.patient())[0]).id, actor=clinic.scheduler)

    with pytest.raises(HoldOfAnother):
        holds.renew(db, found, actor=desk.other, now=now)
    for act in (holds.renew, holds.release):
        with pytest.raises(HoldEnded):
            act(db, found, actor=clinic.scheduler, now=now + QUARTER)


def test_any_scheduler_may_release_a_hold_and_it_is_told_whose_it_was(db, clinic, desk, now):
    plan = desk.plans(clinic.patient())[0]
    held = desk.hold(plan)

    released = holds.release(db, holds.find_hold(db, held.id, actor=desk.other), actor=desk.other, now=now)

    assert (released.state, released.ended_at) == (HoldState.RELEASED, now)
    assert [note.details for note in db.info["audit"] if note.action == "hold.released"] == [{"own": False}]
    assert desk.book(plan)


def test_what_is_out_as_an_offer_is_not_released_as_a_hold(db, clinic, desk, now):
    found = holds.find_hold(db, desk.hold(desk.plans(clinic.patient())[0]).id, actor=clinic.scheduler)
    found.owner_id = None

    with pytest.raises(HoldOfAnother):
        holds.release(db, found, actor=clinic.scheduler, now=now)


def test_open_holds_are_listed_until_the_instant_they_expire(db, clinic, desk, now):
    first = desk.hold(desk.plans(clinic.patient())[0])
    second = desk.hold(desk.plans(clinic.patient("Bea"))[0], now=now + INSTANT)

    def listed(now, after=None):
        found = holds.list_holds(db, after=after, limit=5, actor=clinic.scheduler, now=now)
        return [each.id for each in found]

    assert listed(now + INSTANT) == [first.id, second.id]
    assert listed(now + INSTANT, (first.expires_at, first.id)) == [second.id]
    assert listed(now + QUARTER) == [second.id]
    assert holds.read_hold(db, first.id, actor=clinic.scheduler, now=now + QUARTER).state is HoldState.EXPIRED


def test_the_clinic_sets_how_long_a_hold_lasts(db, clinic, desk, now):
    change_policy(db, Policy(hold_minutes=45), actor=clinic.administrator, now=now)

    assert desk.hold(desk.plans(clinic.patient())[0]).expires_at == now + timedelta(minutes=45)


def test_another_clinics_holds_are_not_there(db, clinic, elsewhere, desk, now):
    held = desk.hold(desk.plans(clinic.patient())[0])

    with pytest.raises(NotFound):
        holds.read_hold(db, held.id, actor=elsewhere.scheduler, now=now)
    with pytest.raises(NotFound):
        holds.find_hold(db, held.id, actor=elsewhere.scheduler)


def test_a_move_is_held_beside_the_place_it_leaves(db, clinic, desk, now):
    series = desk.book(desk.plans(clinic.patient())[0])
    running = read_running(db, [series.id], actor=clinic.scheduler)[series.id]
    last = running.mine[-1]
    visit = replace(planned(last), starts_at=last.starts_at + timedelta(minutes=30))
    change = SeriesChange(ChangeKind.MOVE, series.id, series.patient_id, (visit,), 6, {6: Seen(last.id, last.version)})

    held = desk.hold(change)
    apply_changes(
        db, [change], why=Why(Side.PATIENT, ChangeReason.WORK), actor=clinic.scheduler, now=now, hold_id=held.id
    )

    assert held.plans[0].series_id == series.id
    assert read_running(db, [series.id], actor=clinic.scheduler)[series.id].mine[-1].starts_at == visit.starts_at


def test_a_set_of_ten_takes_the_statements_of_one(db, clinic, desk):
    one, many = clinic.patient(), clinic.patient("Bea")
    desk.hold(desk.plans(clinic.patient("Cy"))[0])
    plan, plans = desk.plans(one)[0], desk.plans(many, earliest=MONDAY + 28 * DAY)

    with counted(db) as few:
        desk.hold(plan)
    with counted(db) as all_of_them:
        desk.hold(*plans, *plans, *plans, plans[0])

    assert len(few) == len(all_of_them)


def test_a_refused_hold_is_told_every_conflict_of_every_plan_and_what_is_free(db, clinic, desk, now):
    plans = desk.plans(clinic.patient("Bea"))
    desk.hold(desk.plans(clinic.patient())[0])
    broken = replace(plans[2], visits=plans[2].visits[:5])

    with pytest.raises(PlanRefused) as refused:
        desk.hold(plans[0], plans[1], broken)
    with pytest.raises(PlanRefused) as taken:
        desk.hold(plans[0])

    told = explain_refused_hold(db, refused.value, actor=clinic.scheduler, now=now)
    places = {fault.where.partition(".appointments")[0] for fault in told.conflicts}
    assert places == {"plans.0", "plans.1", "plans.2"}
    assert {"plans.0.appointments.1", "plans.0.appointments.6"} <= {fault.where for fault in told.conflicts}
    assert desk.hold(told.series[0].plan)
    free_again = explain_refused_hold(db, taken.value, actor=clinic.scheduler, now=now + QUARTER)
    assert [fault.code for fault in free_again.conflicts] == ["slot-taken"]


def test_a_refused_hold_of_a_move_is_told_its_conflicts_and_where_else_it_could_go(db, clinic, desk, now):
    series = desk.book(desk.plans(clinic.patient())[0])
    last = read_running(db, [series.id], actor=clinic.scheduler)[series.id].mine[-1]
    visit = replace(planned(last), starts_at=last.starts_at + timedelta(minutes=30))
    change = SeriesChange(ChangeKind.MOVE, series.id, series.patient_id, (visit,), 6, {6: Seen(last.id, last.version)})
    desk.hold(*desk.plans(clinic.patient("Bea"), window=(700, 705)))

    with pytest.raises(PlanRefused) as refused:
        desk.hold(change)

    told = explain_refused_hold(db, refused.value, actor=clinic.scheduler, now=now)
    assert ({fault.where for fault in told.conflicts}, told.series) == ({"plans.0.appointments.6"}, ())
    assert desk.hold(told.changes[0].change)
