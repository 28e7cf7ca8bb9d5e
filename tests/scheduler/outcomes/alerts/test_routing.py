"""Who is to look at an alert first, and until when it is to be answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.actors import Role
from scheduler.models import AnswerSource, Closure, OpeningHours, OrderState
from scheduler.outcomes.policy import OutcomePolicy, Routing
from tests.builders import clinic_instant
from tests.counting import counted
from tests.scheduler.outcomes.alerts.cases import decide, log, ordered, phq9, send

MONDAY = clinic_instant("Mon 09:00")
POSITIVE = phq9(5, item9=1)


def routed(logged):
    (alert,) = logged.alerts
    return alert


def test_the_prescriber_of_the_newest_order_looks_first(clinic):
    patient, other = clinic.patient(), clinic.add_staff("Other", Role.PRESCRIBER, Role.CLINICIAN)
    ordered(clinic, patient, other, signed_at=clinic.now - timedelta(days=1))
    newest = ordered(clinic, patient, text="Tue 09:00")
    ordered(clinic, clinic.patient(), other)

    assert routed(log(clinic, patient, 5, MONDAY, item9=1)).owner_id == newest.id


@pytest.mark.parametrize("state", [OrderState.DRAFT, OrderState.WITHDRAWN])
def test_an_order_that_does_not_hold_makes_nobody_an_owner(clinic, state):
    patient = clinic.patient()
    unsigned = {"signed_at": None, "signed_by": None} if state is OrderState.DRAFT else {}
    order_changes = {"state": state, **unsigned}
    ordered(clinic, patient, **order_changes)

    assert routed(log(clinic, patient, 5, MONDAY, item9=1)).owner_id is None


def test_who_has_left_or_prescribes_no_more_looks_at_nothing(clinic):
    gone, changed = clinic.patient(), clinic.patient()
    ordered(clinic, gone, clinic.add_staff("Gone", Role.PRESCRIBER, Role.CLINICIAN)).left_at = clinic.now
    ordered(clinic, changed, clinic.staff[Role.CLINICIAN])

    owners = [routed(log(clinic, patient, 5, MONDAY, item9=1)).owner_id for patient in (gone, changed)]

    assert owners == [None, None]


@pytest.mark.parametrize("source", [AnswerSource.CLINIC, AnswerSource.TABLET])
def test_answers_given_in_the_house_are_answered_in_plain_minutes(clinic, source):
    late = clinic_instant("Mon 17:50")

    assert routed(send(clinic, clinic.patient(), POSITIVE, late, source=source)).respond_by == late + timedelta(
        minutes=30
    )


@pytest.mark.parametrize("source", [AnswerSource.LINK, AnswerSource.IMPORT])
@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ("Mon 09:00", clinic_instant("Mon 10:00")),
        ("Mon 17:30", clinic_instant("Tue 08:30")),
        ("Fri 17:30", clinic_instant("Sat 17:30")),
        ("Sat 01:00", clinic_instant("Sun 01:00")),
        ("Sun 20:00", clinic_instant("Mon 09:00", week=1)),
    ],
)
def test_answers_from_elsewhere_wait_by_opening_hours(clinic, source, sent, due):
    assert routed(send(clinic, clinic.patient(), POSITIVE, clinic_instant(sent), source=source)).respond_by == due


def test_closures_of_the_clinic_and_changes_of_its_clock_are_waited_out(clinic):
    closed = {"starts_at": clinic_instant("Mon 08:00", week=1), "ends_at": clinic_instant("Mon 10:00", week=1)}
    clinic.keep(Closure(clinic_id=clinic.id, reason="Holiday.", **closed))

    due = routed(send(clinic, clinic.patient(), POSITIVE, clinic_instant("Sun 12:15"))).respond_by

    assert due == clinic_instant("Mon 11:00", week=1)


def test_the_clocks_of_a_changing_day_are_heeded(clinic):
    sent = clinic_instant("Sat 20:00")  # the clocks go on by an hour on Sunday

    due = routed(send(clinic, clinic.patient(), POSITIVE, sent)).respond_by

    assert due == sent + timedelta(hours=24) == clinic_instant("Sun 21:00")


def test_nobody_waits_longer_than_a_day_and_who_would_is_called_for_at_once(clinic):
    long = {"starts_at": clinic_instant("Mon 12:00"), "ends_at": clinic_instant("Mon 12:00", week=2)}
    clinic.keep(Closure(clinic_id=clinic.id, reason="Holiday.", **long))

    before, within = (
        routed(send(clinic, clinic.patient(), POSITIVE, clinic_instant(text))) for text in ("Mon 10:00", "Mon 13:00")
    )

    assert (before.respond_by, before.escalations) == (clinic_instant("Mon 11:00"), 0)
    assert (within.respond_by, within.escalations) == (clinic_instant("Tue 13:00"), 1)


def test_a_clinic_may_decide_that_nobody_is_called_at_once(clinic):
    decide(clinic, replace(OutcomePolicy(), routing=Routing(call_at_once_when_urgent=False)))

    waiting = routed(send(clinic, clinic.patient(), POSITIVE, clinic_instant("Sat 01:00")))

    assert (waiting.respond_by, waiting.escalations) == (clinic_instant("Sun 01:00"), 0)


def test_who_does_not_open_within_a_fortnight_is_not_waited_for(clinic):
    clinic.db.query(OpeningHours).filter_by(clinic_id=clinic.id).delete()

    assert routed(send(clinic, clinic.patient(), POSITIVE, MONDAY)).respond_by == MONDAY + timedelta(minutes=60)


def test_a_clinic_says_itself_how_soon(clinic):
    decide(clinic, replace(OutcomePolicy(), routing=Routing(clinic_minutes=5, remote_minutes=10)))

    here, afar = log(clinic, clinic.patient(), 5, MONDAY, item9=1), send(clinic, clinic.patient(), POSITIVE, MONDAY)

    assert [routed(each).respond_by - MONDAY for each in (here, afar)] == [timedelta(minutes=5), timedelta(minutes=10)]


def test_the_reading_of_hours_is_bounded(clinic):
    with counted(clinic.db) as here:
        log(clinic, clinic.patient(), 5, MONDAY, item9=1)
    with counted(clinic.db) as afar:
        send(clinic, clinic.patient(), POSITIVE, MONDAY)

    assert len(afar) == len(here) + 3
