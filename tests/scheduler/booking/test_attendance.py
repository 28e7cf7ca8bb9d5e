"""What is recorded of a visit, step by step: every step of the table, and what the table cannot say."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from scheduler.administration.policies import change_policy
from scheduler.booking import attendance
from scheduler.booking.appointments import NEXT, lock_appointment
from scheduler.booking.book import book_series
from scheduler.booking.fhir_words import FHIR_HELD, FHIR_PROPOSED, FHIR_STATUS, FHIR_WAITING
from scheduler.booking.plans import Wishes
from scheduler.booking.policy import Policy
from scheduler.booking.propose import propose
from scheduler.booking.reinstate import reinstate
from scheduler.errors import IllegalTransition, Invalid, NotFound, OutOfTime
from scheduler.models import LIVE, Appointment, AppointmentStatus, AuditRow, ChangeReason, Claim, Move, Side, Transition
from tests.builders import MONDAY
from tests.counting import counted

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
WISH = {"side": Side.PATIENT, "reason": ChangeReason.WISH}
VERBS = {
    AppointmentStatus.BOOKED: reinstate,
    AppointmentStatus.CONFIRMED: attendance.confirm,
    AppointmentStatus.ARRIVED: attendance.arrive,
    AppointmentStatus.IN_SESSION: attendance.begin,
    AppointmentStatus.COMPLETED: attendance.complete,
    AppointmentStatus.CANCELLED: attendance.cancel,
    AppointmentStatus.NO_SHOW: attendance.mark_no_show,
    AppointmentStatus.ENTERED_IN_ERROR: attendance.enter_in_error,
}
STEPS = [(state, target) for state in AppointmentStatus for target in AppointmentStatus]


def words(step):
    return f"{step[0]} to {step[1]}"


@pytest.fixture
def visit(db, clinic, now):
    """The first visit of a booked series, on Monday at nine."""
    patient = clinic.patient()
    wishes = Wishes(MONDAY, window=(540, 780), same_time=True)
    offers = propose(db, patient.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
    series = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)
    return lock_appointment(db, series.appointments[0].id, actor=clinic.scheduler)


@pytest.fixture
def take(db, clinic, visit):
    """`take(verb, moment, ...)` takes the visit a step further."""

    def take(verb, moment, **said):
        locked = lock_appointment(db, visit.id, actor=clinic.clinician)
        extra = WISH if verb is attendance.cancel and not said else {}
        return verb(db, locked, **said, **extra, actor=clinic.clinician, now=moment)

    take.actor = clinic.clinician
    return take


@pytest.fixture
def due(visit):
    """Twenty minutes after the visit's start, when every step that is legal may be taken."""
    return visit.starts_at + 20 * MINUTE


def put(db, visit, state):
    """Write the visit into a state, with the claims it has there."""
    db.execute(update(Appointment).where(Appointment.id == visit.id).values(status=state))
    if state not in LIVE:
        db.execute(Claim.__table__.delete().where(Claim.appointment_id == visit.id))


def claims_of(db, visit):
    return db.scalar(select(func.count()).select_from(Claim).where(Claim.appointment_id == visit.id))


def steps_of(db, visit):
    rows = select(Transition.from_status, Transition.to_status, Transition.at, Transition.actor_id)
    return db.execute(rows.where(Transition.appointment_id == visit.id).order_by(Transition.at)).all()


@pytest.mark.parametrize("step", [step for step in STEPS if step[1] in NEXT[step[0]]], ids=words)
def test_a_legal_step_is_taken_and_written_down(db, visit, take, due, step):
    state, target = step
    put(db, visit, state)

    taken = take(VERBS[target], due)

    assert (taken.status, taken.version) == (target, visit.version)
    assert steps_of(db, visit) == [(state, target, due, take.actor.staff_id)]
    assert visit.status_at == due
    assert claims_of(db, visit) == (4 if target in LIVE else 0)
    db.commit()
    assert db.scalar(select(AuditRow.action).order_by(AuditRow.sequence.desc()).limit(1)) == f"appointment.{target}"


@pytest.mark.parametrize("step", [step for step in STEPS if step[1] not in NEXT[step[0]]], ids=words)
def test_an_illegal_step_is_refused_and_says_which_are_legal(db, visit, take, due, step):
    state, target = step
    put(db, visit, state)

    with pytest.raises(IllegalTransition) as refused:
        take(VERBS[target], due)

    assert refused.value.facts == {"legal": sorted(NEXT[state]), "state": state}
    assert steps_of(db, visit) == []
    assert claims_of(db, visit) == (4 if state in LIVE else 0)


def test_an_unknown_visit_and_one_of_another_clinic_are_not_there(db, clinic, elsewhere, visit):
    for actor, appointment_id in ((clinic.scheduler, clinic.id), (elsewhere.scheduler, visit.id)):
        with pytest.raises(NotFound):
            lock_appointment(db, appointment_id, actor=actor)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (1441 * MINUTE, (1441, False)),
        (1440 * MINUTE, (1440, False)),
        (1440 * MINUTE - SECOND, (1439, True)),
        (timedelta(0), (0, True)),
        (-SECOND, (-1, True)),
    ],
)
def test_a_cancellation_tells_its_notice_and_whether_that_is_late(db, visit, take, before, told):
    take(attendance.cancel, visit.starts_at - before, **WISH)

    row = db.scalars(select(Transition).where(Transition.appointment_id == visit.id)).one()
    assert (row.side, row.reason, (row.notice_minutes, row.late)) == (Side.PATIENT, ChangeReason.WISH, told)


def test_what_is_late_is_for_the_clinic_to_say(db, clinic, visit, take, now):
    change_policy(db, Policy(late_notice_minutes=60), actor=clinic.administrator, now=now)

    take(attendance.cancel, visit.starts_at - 60 * MINUTE, **WISH)

    assert db.scalar(select(Transition.late).where(Transition.appointment_id == visit.id)) is False


def test_a_visit_is_missed_from_the_minute_its_grace_has_passed(db, clinic, visit, take):
    missed = visit.starts_at + 15 * MINUTE

    with pytest.raises(OutOfTime) as refused:
        take(attendance.mark_no_show, missed - timedelta(microseconds=1))

    assert refused.value.facts == {"since": "2026-03-02T09:15:00-05:00", "until": None}
    assert take(attendance.mark_no_show, missed).status is AppointmentStatus.NO_SHOW


def test_the_grace_is_for_the_clinic_to_say(db, clinic, visit, take, now):
    change_policy(db, Policy(grace_minutes=0), actor=clinic.administrator, now=now)

    assert take(attendance.mark_no_show, visit.starts_at).status is AppointmentStatus.NO_SHOW


@pytest.mark.parametrize("beyond", ["Mon 00:00", "Mon 24:00"])
def test_patients_come_on_the_day_of_their_visit(at, take, beyond):
    edge = at(beyond)
    outside = edge - SECOND if beyond == "Mon 00:00" else edge

    with pytest.raises(OutOfTime) as refused:
        take(attendance.arrive, outside)

    window = {"since": "2026-03-02T00:00:00-05:00", "until": "2026-03-03T00:00:00-05:00"}
    assert refused.value.facts == window
    assert take(attendance.arrive, edge if outside < edge else edge - SECOND).status is AppointmentStatus.ARRIVED


def test_a_step_may_be_written_down_later_than_it_was_taken(db, visit, take, at):
    take(attendance.arrive, at("Mon 09:30"), at=at("Mon 08:55"))
    take(attendance.begin, at("Mon 09:31"), at=at("Mon 09:30"))
    take(attendance.complete, at("Tue 10:00"), at=at("Mon 11:20"))

    assert [step.at for step in steps_of(db, visit)] == [at("Mon 08:55"), at("Mon 09:30"), at("Mon 11:20")]
    assert visit.status_at == at("Mon 11:20")


def test_an_arrival_of_yesterday_may_still_be_written_down(take, at):
    assert take(attendance.arrive, at("Tue 10:00"), at=at("Mon 08:55")).status is AppointmentStatus.ARRIVED


@pytest.mark.parametrize(("said", "code"), [("Mon 09:31", "future"), ("Mon 08:54", "order")])
def test_nothing_is_written_down_before_it_happens_nor_out_of_order(take, at, said, code):
    take(attendance.arrive, at("Mon 08:55"))

    with pytest.raises(Invalid) as refused:
        take(attendance.begin, at("Mon 09:30"), at=at(said))

    assert [(fault.where, fault.code) for fault in refused.value.faults] == [("at", code)]


def test_a_patient_cannot_have_come_before_their_visit_was_moved(db, clinic, visit, take, at):
    clinic.keep(
        Move(
            clinic_id=clinic.id, appointment_id=visit.id, at=at("Mon 08:30"), side=Side.CLINIC,
            reason=ChangeReason.OTHER, starts_at=at("Tue 09:00"), chair_id=visit.chair_id,
        )
    )  # fmt: skip

    with pytest.raises(Invalid):
        take(attendance.arrive, at("Mon 09:00"), at=at("Mon 08:29"))

    assert take(attendance.arrive, at("Mon 09:00"), at=at("Mon 08:30")).status is AppointmentStatus.ARRIVED


@pytest.mark.parametrize(
    ("moment", "freed"),
    [
        ("Sun 12:00", "09:00"),
        ("Mon 09:16", "09:20"),
        ("Mon 09:20", "09:20"),
        ("Mon 11:20", "11:20"),
        ("Mon 11:21", None),
        ("Tue 09:00", None),
    ],
)
def test_what_is_left_of_a_place_given_up_is_named(visit, take, at, moment, freed):
    week = -1 if moment.startswith("Sun") else 0

    given_up = take(attendance.cancel, at(moment, week=week), **WISH)

    assert (given_up.freed and given_up.freed.starts_at.strftime("%H:%M")) == freed
    if given_up.freed:
        assert (given_up.freed.chair.name, given_up.freed.ends_at) == ("A", visit.ends_at)


@pytest.mark.parametrize("verb", [attendance.cancel, attendance.mark_no_show, attendance.enter_in_error])
def test_every_way_to_give_a_visit_up_names_its_place(take, due, verb):
    assert take(verb, due).freed.chair.name == "A"


def test_a_place_given_up_is_free_for_another(db, clinic, visit, take, now):
    other = clinic.patient("Bea", "Cole")
    wishes = Wishes(MONDAY, window=(540, 541), chair_id=visit.chair_id)
    take(attendance.cancel, now, **WISH)

    offers = propose(db, other.id, clinic.protocol.id, wishes, limit=1, actor=clinic.scheduler, now=now)
    booked = book_series(db, offers.proposals[0].plan, actor=clinic.scheduler, now=now)

    assert booked.appointments[0].starts_at == visit.starts_at


@pytest.mark.parametrize(
    "limit", [(attendance.confirm, 9), (attendance.arrive, 10), (attendance.cancel, 14), (reinstate, 9)]
)
def test_a_step_takes_a_few_statements(db, visit, take, limit):
    verb, most = limit
    put(db, visit, AppointmentStatus.ARRIVED if verb is reinstate else AppointmentStatus.BOOKED)

    with counted(db) as sent:
        take(verb, visit.starts_at + 20 * MINUTE)

    assert len(sent) <= most, sent


def test_every_state_has_one_word_of_fhir_and_every_word_is_used():
    words = {*FHIR_STATUS.values(), FHIR_PROPOSED, FHIR_HELD, FHIR_WAITING}

    assert set(FHIR_STATUS) == set(AppointmentStatus)
    assert words == {
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error",
        "checked-in", "waitlist",
    }  # fmt: skip
