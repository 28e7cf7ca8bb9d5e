"""Clearing a patient, and what stands in the way."""

from datetime import timedelta

import pytest

from scheduler.errors import Blocked, IllegalTransition, Invalid
from scheduler.models import Appointment, OrderState, Purpose, SessionStatus, TreatmentSession
from scheduler.sessions.visit.answering import Said, answer
from scheduler.sessions.visit.checking_in import check_in, room
from scheduler.sessions.visit.clearance import clear, clearance_state
from scheduler.sessions.visit.judging import State
from tests.builders import MONDAY, ClinicCast, clinic_instant
from tests.counting import counted
from tests.scheduler.sessions.answered import answer_well, baseline, phq9
from tests.scheduler.sessions.leavers import form
from tests.treatments import order, template, visit

AT = clinic_instant("Mon 09:10")


class Case:
    """A patient in a chair, with an order, a baseline and a PHQ-9, and every item answered well."""

    def __init__(self, cast: ClinicCast) -> None:
        self.cast, self.db = cast, cast.db
        self.visit: Appointment = visit(cast, patient=cast.patient(consent_until=MONDAY))
        self.order = order(cast, self.visit)
        self.session: TreatmentSession = check_in(self.db, self.visit.id, actor=cast.clinician, now=AT)
        room(self.db, self.session, actor=cast.clinician, now=AT)
        self.baseline = baseline(cast, self.session, AT)
        self.phq9 = phq9(cast, self.session, AT)

    def clear(self, at=AT, **changes):
        said = {"actor": self.cast.clinician, "now": at, **changes}
        return clear(self.db, self.session, self.visit, **said)

    def state(self, at=AT):
        return clearance_state(self.db, self.session.id, actor=self.cast.clinician, now=at)

    def refused(self, at=AT, **changes):
        with pytest.raises(Blocked) as caught:
            self.clear(at, **changes)
        return {fault.where: fault.code for fault in caught.value.faults}


@pytest.fixture
def case(clinic):
    return Case(clinic)


def test_nothing_is_ticked_by_itself_and_everything_missing_is_named(case):
    faults = case.refused()

    assert len(faults) == len(case.state().items) == 26
    assert set(faults.values()) == {"missing"}
    assert case.session.status is SessionStatus.PRE_ASSESSMENT


def test_a_patient_for_whom_all_is_answered_well_is_cleared_for_the_newest_order(case):
    answer_well(case.cast, case.session, AT)

    session = case.clear()

    assert session.status is SessionStatus.CLEARED
    assert (session.order_id, session.cleared_at, session.cleared_by) == (
        case.order.id, AT, case.cast.clinician.staff_id,
    )  # fmt: skip
    assert session.expected_end_at == AT + timedelta(minutes=70)


def test_who_is_above_the_thresholds_is_cleared_with_a_warning(case):
    baseline(case.cast, case.session, AT + timedelta(minutes=1), sbp=141, dbp=91)
    answer_well(case.cast, case.session, AT + timedelta(minutes=2))

    found = case.state(AT + timedelta(minutes=2))

    (asked,) = [each for each in found.items if each.judged.item.key == "baseline"]
    assert (asked.judged.state, asked.by, found.faults) == (State.WARN, "Clinician", ())
    assert asked.judged.words == "Weigh waiting: sbp_high 141 (140), dbp_high 91 (90)."


@pytest.mark.parametrize(
    ("found", "lacking"), [({"rr": None}, "rr"), ({"moaas": None}, "moaas"), ({"moaas": None, "rass": 0}, None)]
)
def test_a_baseline_has_all_that_is_needed(case, found, lacking):
    answer_well(case.cast, case.session, AT)
    later = AT + timedelta(minutes=1)
    baseline(case.cast, case.session, later, **found)

    (asked,) = [each for each in case.state(later).items if each.judged.item.key == "baseline"]

    assert asked.judged.words == (f"The last set lacks: {lacking}." if lacking else "")


def test_a_baseline_grows_too_old(case):
    answer_well(case.cast, case.session, AT)

    assert case.refused(AT + timedelta(minutes=31)) == {"items.baseline": "blocks"}
    assert case.clear(AT + timedelta(minutes=30)).status is SessionStatus.CLEARED


@pytest.mark.parametrize(
    "changes",
    [
        {"state": OrderState.DRAFT, "signed_at": None, "signed_by": None},
        {"valid_from": MONDAY + timedelta(days=1)},
        {"valid_from": MONDAY - timedelta(days=2), "valid_until": MONDAY - timedelta(days=1)},
    ],
)
def test_an_order_must_be_signed_and_hold_today(case, changes):
    answer_well(case.cast, case.session, AT)
    other = order(case.cast, case.visit, **changes)

    refused = case.refused(order_id=other.id)

    assert refused == {"items.order": "blocks", "items.weight": "blocks", "order_id": "missing"}


def test_a_named_order_is_taken_before_a_newer_one(case):
    answer_well(case.cast, case.session, AT)
    order(case.cast, case.visit, signed_at=AT)

    assert case.clear(order_id=case.order.id).order_id == case.order.id


def test_the_order_of_another_series_or_of_nobody_is_refused(case):
    answer_well(case.cast, case.session, AT)
    foreign = order(case.cast, visit(case.cast, chair_id=case.cast.resource("B").id))

    assert "order_id" in case.refused(order_id=foreign.id)
    with pytest.raises(Invalid):
        case.clear(order_id=case.session.id)


def test_a_list_that_asks_nothing_lets_nobody_in_without_what_everybody_needs(clinic):
    appointment = visit(clinic)
    template(clinic, Purpose.CLEARANCE, {"items": []}, protocol_id=clinic.protocol.id)
    session = check_in(clinic.db, appointment.id, actor=clinic.clinician, now=AT)
    room(clinic.db, session, actor=clinic.clinician, now=AT)

    with pytest.raises(Blocked) as caught:
        clear(clinic.db, session, appointment, actor=clinic.clinician, now=AT)

    assert {fault.where for fault in caught.value.faults} == {"order_id", "vitals", "consent", "weight"}


def test_nobody_is_cleared_before_what_was_answered(case):
    answer_well(case.cast, case.session, AT + timedelta(minutes=5))

    with pytest.raises(Invalid):
        case.clear(AT + timedelta(minutes=6), occurred_at=AT + timedelta(minutes=4))


def test_a_positive_item_9_wants_a_note(case):
    phq9(case.cast, case.session, AT, item9=2)
    answer_well(case.cast, case.session, AT)

    assert case.refused() == {"items.phq9": "blocks"}


def test_an_item_9_that_was_noted_warns(case):
    phq9(case.cast, case.session, AT, item9=None)
    phq9(case.cast, case.session, AT, item9=1)
    answer_well(case.cast, case.session, AT)
    said = Said("phq9", {"value": True}, "C-SSRS negative.")
    answer(case.db, case.session, [said], actor=case.cast.clinician, now=AT)

    assert case.clear(AT + timedelta(minutes=1)).status is SessionStatus.CLEARED


@pytest.mark.parametrize(
    ("screening", "refused"), [([1, 1, 0, 0, 0, 0, None], set()), ([1] + [None] * 6, {"items.phq9"})]
)
def test_a_c_ssrs_of_this_visit_does_for_the_note_of_one_once_it_is_complete(case, screening, refused):
    phq9(case.cast, case.session, AT, item9=1)
    form(case.cast, case.session, "cssrs_screener", screening, taken_at=AT)
    answer_well(case.cast, case.session, AT)

    found = {fault.where for fault in case.state().faults}

    assert found == refused


@pytest.mark.parametrize(("scale", "answers"), [("qids_sr16", [0] * 11 + [1] + [0] * 4), ("madrs", [0] * 9 + [2])])
def test_a_positive_answer_about_suicidal_thoughts_counts_on_any_scale(case, scale, answers):
    form(case.cast, case.session, scale, answers, taken_at=AT)
    answer_well(case.cast, case.session, AT)

    assert case.refused() == {"items.phq9": "blocks"}


def test_a_form_that_was_corrected_no_longer_counts(case):
    wrong = phq9(case.cast, case.session, AT, item9=1)
    form(case.cast, case.session, "phq9", [1] * 8 + [0], taken_at=AT, replaces_id=wrong.id, reason="Misread.")
    answer_well(case.cast, case.session, AT)

    assert case.clear(AT + timedelta(minutes=1)).status is SessionStatus.CLEARED


def test_who_is_not_in_a_chair_is_not_cleared(clinic):
    appointment = visit(clinic)
    session = check_in(clinic.db, appointment.id, actor=clinic.clinician, now=AT)

    with pytest.raises(IllegalTransition) as caught:
        clear(clinic.db, session, appointment, actor=clinic.clinician, now=AT)

    assert caught.value.facts["state"] is SessionStatus.CHECKED_IN


def test_the_state_takes_a_constant_number_of_statements(case):
    with counted(case.db) as before:
        case.state()
    answer_well(case.cast, case.session, AT)

    with counted(case.db) as after:
        case.state()

    assert len(after) == len(before)
