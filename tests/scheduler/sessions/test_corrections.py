"""Corrections: newer versions, of signed sessions too, and everything that was reckoned from a row reckoned anew."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.checks.sessions import steps_are_paths
from scheduler.errors import AlreadyCorrected, ConfirmationNeeded, DomainError, Invalid, NotFound, SessionVoid
from scheduler.models import (
    AdverseEventCode,
    Alert,
    ChecklistAnswer,
    EndKind,
    InfusionEventRow,
    LedgerEntry,
    LedgerKind,
    Purpose,
    SessionStatus,
    TreatmentSession,
    Vitals,
)
from scheduler.sessions.charting import charted, current
from scheduler.sessions.drug.devices import end_early
from scheduler.sessions.drug.infusing import Recorded, delivered
from scheduler.sessions.ledger.ledger import reconcile
from scheduler.sessions.record.corrections import Correction, correct_adverse_event, correct_answer, correct_vitals
from scheduler.sessions.record.recharting import correct_event
from scheduler.sessions.visit.answering import Said, answer
from scheduler.sessions.visit.shipped_templates import KETAMINE, SHIPPED
from scheduler.sessions.watch import vitals
from scheduler.sessions.watch.adverse_events import Untoward, report
from tests.builders import ClinicCast
from tests.counting import counted
from tests.drugs import MINUTE, NOON, START, cleared, for_devices, pump, spray
from tests.scheduler.sessions.charts import running_session
from tests.treatments import session_in

LATER = NOON + 60 * MINUTE
STOP = {"end_kind": EndKind.STOPPED_EARLY, "reason": "Distress."}


def faults_of(refused: pytest.ExceptionInfo[DomainError]) -> set[tuple[str, str]]:
    return {(fault.where, fault.code) for fault in refused.value.faults}


def sign(clinic: ClinicCast, session: TreatmentSession) -> None:
    """As closing does it."""
    session.status, session.signed_at, session.signed_by = SessionStatus.CLOSED, NOON, clinic.clinician.staff_id
    clinic.db.flush()


def minutes(number: float) -> datetime:
    return START + number * MINUTE


def mend(
    clinic: ClinicCast, session: TreatmentSession, row: InfusionEventRow, *, now: datetime = LATER, **changes: Any
) -> Recorded:
    """Correct an event: `at` is in minutes after `START`."""
    at = minutes(changes.pop("at")) if "at" in changes else None
    never = changes.pop("withdrawn", False)
    confirmed = changes.pop("confirmed", ())
    numbers = {name: Decimal(value) for name, value in changes.items() if name in {"rate_ml_h", "pump_ml"} and value}
    correction = Correction("Read off the pump's log.", {**changes, **numbers}, at, never)
    return correct_event(
        clinic.db, session.id, row.id, correction, confirmed=confirmed, actor=clinic.clinician, now=now
    )  # fmt: skip


def given_mg(clinic: ClinicCast) -> Decimal:
    return sum(clinic.db.scalars(select(LedgerEntry.mg).where(LedgerEntry.kind == LedgerKind.GIVEN)), Decimal(0))


def stopped(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """Vector H: 150 mL/h, stopped after 25 minutes."""
    session = cleared(clinic)
    start = pump(clinic, session, "start", 0, rate_ml_h=150).event
    return session, [start, pump(clinic, session, "stop", 25, **STOP).event]


def slowed_to_the_end(clinic: ClinicCast, **said: Any) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """Slowed after 10 minutes, and complete after 55."""
    session = cleared(clinic)
    start = pump(clinic, session, "start", 0, rate_ml_h=150).event
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=100, reason="Nausea.").event
    stop = pump(clinic, session, "stop", 55, end_kind=EndKind.COMPLETED, **said).event
    return session, [start, change, stop]


def test_a_correction_that_leaves_the_bag_full_asks_about_its_end(clinic):
    session, (_, change, _) = slowed_to_the_end(clinic)
    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, change, rate_ml_h="10")

    mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    assert faults_of(refused) == {("end_kind", "improbable")}
    assert session.volume_given_ml == Decimal("32.5")


def test_a_correction_that_belies_the_pump_wants_its_reason_first(clinic):
    session, (_, change, stop) = slowed_to_the_end(clinic, pump_ml="100")
    with pytest.raises(Invalid) as refused:
        mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    mend(clinic, session, stop, pump_reason="Not reset.")
    mend(clinic, session, change, rate_ml_h="10", confirmed=["end_kind"])

    assert faults_of(refused) == {(f"events.{stop.id}.pump_reason", "reason-needed")}
    last = max(current(charted(clinic.db, session, InfusionEventRow)), key=lambda row: row.occurred_at)
    assert (last.computed_ml, last.pump_ml, last.pump_reason) == (Decimal("32.5"), Decimal(100), "Not reset.")


def test_a_rate_corrected_to_one_nobody_ordered_is_confirmed(clinic):
    session, (start, _) = stopped(clinic)
    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, start, rate_ml_h="200")

    mend(clinic, session, start, rate_ml_h="200", confirmed=["rate_ml_h"])

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_a_rate_withdrawn_from_before_a_pause_puts_its_end_in_doubt(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 5, rate_ml_h=100, reason="Nausea.").event
    pump(clinic, session, "pause", 10, reason="Bathroom.")
    pump(clinic, session, "resume", 12, rate_ml_h=100)

    with pytest.raises(ConfirmationNeeded) as refused:
        mend(clinic, session, change, withdrawn=True)

    assert faults_of(refused) == {("rate_ml_h", "improbable")}


def test_a_start_moved_back_is_told_of_what_it_shows(clinic):
    session = cleared(clinic)
    start = pump(clinic, session, "start", 20, rate_ml_h=150).event
    charted_set(clinic, session, -5, sbp=94, dbp=60, hr=70, spo2=98)
    charted_set(clinic, session, 10, sbp=138, dbp=70, hr=70, spo2=98)
    raised = list(clinic.db.scalars(select(Alert.kind)))

    mend(clinic, session, start, at=5)

    assert set(clinic.db.scalars(select(Alert.kind))) > set(raised)


def test_a_corrected_start_leaves_nothing_for_the_checks_to_find(clinic):
    session = running_session(clinic).session
    start = charted(clinic.db, session, InfusionEventRow)[0]

    mend(clinic, session, start, at=-2)

    assert session.status_at == minutes(-2)
    assert list(steps_are_paths(clinic.db, clinic.id)) == []


@pytest.mark.parametrize("signed", [False, True])
def test_a_corrected_stop_changes_dose_times_and_ledger(clinic, signed):
    session, (_, stop) = stopped(clinic)
    if signed:
        sign(clinic, session)

    newer = mend(clinic, session, stop, at=20).event

    assert (session.ended_at, session.dose_given_mg, session.volume_given_ml) == (minutes(20), Decimal("17.5"), 50)
    assert given_mg(clinic) == Decimal("17.5")
    assert (newer.replaces_id, newer.end_kind, newer.recorded_at) == (stop.id, EndKind.STOPPED_EARLY, LATER)
    assert reconcile(clinic.db, session).outstanding == Decimal("17.5")


def test_a_corrected_rate_is_reckoned_from_the_start(clinic):
    session, (start, _) = stopped(clinic)

    mend(clinic, session, start, rate_ml_h="120", confirmed=["rate_ml_h"])

    assert (session.volume_given_ml, session.dose_given_mg, given_mg(clinic)) == (50, Decimal("17.5"), Decimal("17.5"))


def test_the_older_version_can_be_read_as_of_its_time(clinic):
    session, (_, stop) = stopped(clinic)
    newer = mend(clinic, session, stop, at=20).event

    rows = charted(clinic.db, session, InfusionEventRow)

    assert stop in current(rows, as_of=NOON)
    assert newer in current(rows)
    assert stop not in current(rows)


def test_what_was_given_is_asked_of_the_corrected_events(clinic):
    session, (_, stop) = stopped(clinic)
    mend(clinic, session, stop, at=20)

    found = delivered(clinic.db, session.id, at=NOON, actor=clinic.clinician, now=LATER)

    assert (found.dose_mg, found.wall_minutes) == (Decimal("17.5"), 20)


def test_a_corrected_start_moves_the_session_s_start(clinic):
    session = cleared(clinic)
    start = pump(clinic, session, "start", 5, rate_ml_h=150).event

    mend(clinic, session, start, at=2)

    assert (session.started_at, session.status_at) == (minutes(2), minutes(2))
    assert session.expected_end_at == minutes(42)
    assert session.dose_given_mg is None


def test_a_mistaken_change_of_the_rate_never_happened(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=50, reason="Nausea.").event

    mend(clinic, session, change, withdrawn=True)

    assert session.expected_end_at == minutes(40)


def test_what_was_withdrawn_can_be_put_back(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    change = pump(clinic, session, "rate_change", 10, rate_ml_h=50, reason="Nausea.").event
    gone = mend(clinic, session, change, withdrawn=True).event

    mend(clinic, session, gone)

    assert session.expected_end_at == minutes(100)


def test_events_of_one_instant_keep_their_order_when_one_is_corrected(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    pause = pump(clinic, session, "pause", 10, reason="Bathroom.").event
    pump(clinic, session, "resume", 10, rate_ml_h=150)

    mend(clinic, session, pause, pump_ml="25")

    assert session.status is SessionStatus.INFUSING
    assert delivered(
        clinic.db, session.id, at=minutes(20), actor=clinic.clinician, now=LATER
    ).volume_ml == Decimal(50)  # fmt: skip


@pytest.mark.parametrize(
    ("which", "changes", "fault"),
    [
        ("start", {"at": 26}, ("kind", "order")),
        ("start", {"withdrawn": True}, ("kind", "order")),
        ("stop", {"withdrawn": True}, ("kind", "state")),
        ("start", {"rate_ml_h": None}, ("rate_ml_h", "required")),
        ("start", {"rate_ml_h": "1000"}, ("rate_ml_h", "range")),
        ("start", {"end_kind": EndKind.ABORTED}, ("end_kind", "stop")),
        ("stop", {"end_kind": None}, ("end_kind", "stop")),
        ("stop", {"rate_ml_h": "10"}, ("rate_ml_h", "not-allowed")),
        ("stop", {"pump_ml": "10"}, ("pump_reason", "reason-needed")),
        ("stop", {"pump_ml": "0.0001"}, ("pump_ml", "range")),
        ("stop", {"at": 500}, ("occurred_at", "future")),
        ("start", {"at": -500}, ("occurred_at", "order")),
        ("stop", {}, ("reason", "unchanged")),
        ("stop", {"withdrawn": True, "at": 20}, ("withdrawn", "changes")),
    ],
)
def test_a_correction_leaves_a_legal_sequence(clinic, which, changes, fault):
    session, (start, stop) = stopped(clinic)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, {"start": start, "stop": stop}[which], **changes)

    assert fault in faults_of(refused)
    assert (session.dose_given_mg, given_mg(clinic)) == (Decimal("21.875"), Decimal("21.875"))


def test_a_pause_that_still_lasts_is_not_withdrawn(clinic):
    session = cleared(clinic)
    pump(clinic, session, "start", 0, rate_ml_h=150)
    pause = pump(clinic, session, "pause", 10, reason="Bathroom.").event

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, pause, withdrawn=True)

    assert faults_of(refused) == {("kind", "state")}


def test_the_drug_is_given_between_clearance_and_readiness(clinic):
    session, (start, stop) = stopped(clinic)
    session.cleared_at, session.ready_at = minutes(-1), minutes(90)

    for row, at in ((start, -2), (stop, 91)):
        with pytest.raises(Invalid) as refused:
            mend(clinic, session, row, at=at)
        assert faults_of(refused) == {("occurred_at", "order")}


def test_what_is_expected_of_somebody_who_has_left_is_nothing_new(clinic):
    session, (_, stop) = stopped(clinic)
    session.discharged_at, session.expected_end_at = minutes(120), None

    mend(clinic, session, stop, at=20)

    assert session.expected_end_at is None


def test_a_later_step_keeps_its_time(clinic):
    session, (_, stop) = stopped(clinic)
    session.status, session.status_at = SessionStatus.READY_FOR_DISCHARGE, minutes(100)

    mend(clinic, session, stop, at=20)

    assert session.status_at == minutes(100)


def test_an_event_is_corrected_from_its_newest_version(clinic):
    session, (_, stop) = stopped(clinic)
    mend(clinic, session, stop, at=20)

    with pytest.raises(AlreadyCorrected):
        mend(clinic, session, stop, at=21)


def test_nothing_of_a_session_entered_in_error_or_of_another_clinic_is_corrected(clinic, elsewhere):
    session, (_, stop) = stopped(clinic)
    session.status = SessionStatus.ENTERED_IN_ERROR

    with pytest.raises(SessionVoid):
        mend(clinic, session, stop, at=20)
    with pytest.raises(NotFound):
        mend(elsewhere, session, stop, at=20)


def sprayed(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    session = for_devices(clinic, 84)
    return session, [spray(clinic, session, number) for number in (0, 5, 10)]


def test_a_device_that_was_not_given_is_taken_off_the_dose(clinic):
    session, rows = sprayed(clinic)

    mend(clinic, session, rows[2], withdrawn=True)

    assert (session.dose_given_mg, session.end_kind) == (Decimal(56), EndKind.STOPPED_EARLY)
    assert (session.ended_at, given_mg(clinic)) == (minutes(5), Decimal(56))


def test_a_corrected_first_device_moves_the_watch(clinic):
    session, rows = sprayed(clinic)

    mend(clinic, session, rows[0], at=-2)

    assert (session.started_at, session.expected_end_at) == (minutes(-2), minutes(118))
    assert (session.end_kind, given_mg(clinic)) == (EndKind.COMPLETED, Decimal(84))


def test_a_device_is_corrected_while_others_are_still_to_be_given(clinic):
    session = for_devices(clinic, 84)
    row = spray(clinic, session, 0)
    twice = spray(clinic, session, 6)

    mend(clinic, session, row, at=1)
    mend(clinic, session, twice, withdrawn=True)

    assert (session.started_at, session.status_at, session.ended_at) == (minutes(1), minutes(1), None)
    assert given_mg(clinic) == Decimal(28)


def ended(clinic: ClinicCast) -> tuple[TreatmentSession, list[InfusionEventRow]]:
    """One device of three, and the end."""
    session = for_devices(clinic, 84)
    first = spray(clinic, session, 0)
    recorded = end_early(
        clinic.db, session.id, end_kind=EndKind.STOPPED_EARLY, reason="Vomited.", occurred_at=minutes(6),
        actor=clinic.clinician, now=NOON,
    )  # fmt: skip
    return session, [first, recorded.event]


def test_the_end_of_devices_may_have_been_of_another_kind(clinic):
    session, (_, stop) = ended(clinic)

    mend(clinic, session, stop, end_kind=EndKind.ABORTED, at=7)

    assert (session.end_kind, session.ended_at) == (EndKind.ABORTED, minutes(7))


@pytest.mark.parametrize(
    ("which", "changes", "fault"),
    [
        (0, {"withdrawn": True}, ("kind", "state")),
        (1, {"withdrawn": True}, ("kind", "state")),
        (0, {"at": 8}, ("occurred_at", "order")),
        (0, {"rate_ml_h": "5"}, ("rate_ml_h", "not-allowed")),
        (0, {"end_kind": EndKind.ABORTED}, ("end_kind", "stop")),
        (1, {"end_kind": EndKind.COMPLETED}, ("end_kind", "devices")),
        (1, {"end_kind": None}, ("end_kind", "stop")),
    ],
)
def test_corrected_devices_leave_a_legal_sequence(clinic, which, changes, fault):
    session, rows = ended(clinic)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, rows[which], **changes)

    assert fault in faults_of(refused)


def test_no_device_beyond_those_ordered_is_put_back(clinic):
    session = for_devices(clinic, 56)
    twice = spray(clinic, session, 0)
    gone = mend(clinic, session, spray(clinic, session, 5), withdrawn=True)

    assert session.end_kind is EndKind.STOPPED_EARLY
    mend(clinic, session, gone.event)
    assert (session.end_kind, given_mg(clinic)) == (EndKind.COMPLETED, Decimal(56))
    assert twice.dose_mg == 28


def test_more_devices_than_were_ordered_were_never_given(clinic):
    session = for_devices(clinic, 84)
    spray(clinic, session, 0)
    mistaken = mend(clinic, session, spray(clinic, session, 5), withdrawn=True).event
    spray(clinic, session, 8)
    spray(clinic, session, 13)

    with pytest.raises(Invalid) as refused:
        mend(clinic, session, mistaken)

    assert faults_of(refused) == {("kind", "ordered")}


def test_of_devices_corrected_after_leaving_nothing_more_is_expected(clinic):
    session, rows = sprayed(clinic)
    session.discharged_at, session.expected_end_at = minutes(130), None

    mend(clinic, session, rows[0], at=-2)

    assert (session.started_at, session.expected_end_at) == (minutes(-2), None)


def charted_set(clinic: ClinicCast, session: TreatmentSession, at: float, **values: Any) -> Vitals:
    return vitals.chart_vitals(
        clinic.db, session.id, values, occurred_at=minutes(at), actor=clinic.clinician, now=NOON
    ).vitals  # fmt: skip


def mend_set(clinic: ClinicCast, session: TreatmentSession, row: Vitals, **changes: Any) -> vitals.ChartedVitals:
    at = minutes(changes.pop("at")) if "at" in changes else None
    correction = Correction("Mistyped.", changes, at)
    return correct_vitals(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)


def infusing(clinic: ClinicCast, **changes: Any) -> TreatmentSession:
    return session_in(clinic, SessionStatus.INFUSING, since=START, started_at=START, **changes)


def test_of_a_corrected_set_what_is_not_named_stays_and_what_is_null_goes(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70, spo2=97, cadss6=[1] * 6, note="Dozing.")

    newer = mend_set(clinic, session, row, hr=75, spo2=None).vitals

    assert (newer.hr, newer.spo2, newer.cadss6, newer.note) == (75, None, [1] * 6, "Dozing.")
    assert (newer.replaces_id, newer.reason) == (row.id, "Mistyped.")


def test_a_set_moved_before_the_start_belongs_there(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)

    assert mend_set(clinic, session, row, at=-5).vitals.phase == "before"


def test_a_signed_session_takes_corrections_of_its_sets(clinic):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)
    sign(clinic, session)

    assert mend_set(clinic, session, row, hr=75).vitals.hr == 75


@pytest.mark.parametrize(
    ("changes", "refusal", "fault"),
    [
        ({"hr": 300}, Invalid, ("hr", "range")),
        ({"hr": 35}, ConfirmationNeeded, ("hr", "improbable")),
        ({"hr": None}, Invalid, ("vitals", "empty")),
        ({"at": 500}, Invalid, ("occurred_at", "future")),
    ],
)
def test_a_corrected_set_is_judged_as_a_new_one(clinic, changes, refusal, fault):
    session = infusing(clinic)
    row = charted_set(clinic, session, 10, hr=70)

    with pytest.raises(refusal) as refused:
        mend_set(clinic, session, row, **changes)

    assert fault in faults_of(refused)


def asked(clinic: ClinicCast) -> tuple[TreatmentSession, ChecklistAnswer]:
    documents = {purpose: SHIPPED[purpose, KETAMINE] for purpose in (Purpose.CLEARANCE, Purpose.DISCHARGE)}
    session = session_in(clinic, SessionStatus.PRE_ASSESSMENT, documents=documents)
    said = [Said("allergies", {"value": True}, occurred_at=minutes(-20))]
    return session, answer(clinic.db, session, said, actor=clinic.clinician, now=NOON)[0]


def mend_answer(
    clinic: ClinicCast, session: TreatmentSession, row: ChecklistAnswer, at: float | None = None, **changes: Any
) -> ChecklistAnswer:
    correction = Correction("Asked again.", changes, None if at is None else minutes(at))
    return correct_answer(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)


def test_an_answer_is_corrected_and_the_older_stays(clinic):
    session, row = asked(clinic)

    newer = mend_answer(clinic, session, row, value={"value": False}, note="Told by the husband.")

    assert (newer.value, newer.note, newer.item) == ({"value": False}, "Told by the husband.", row.item)
    assert current(charted(clinic.db, session, ChecklistAnswer)) == [newer]


def test_a_corrected_answer_fits_its_item(clinic):
    session, row = asked(clinic)

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, value={"value": 5})

    assert {where for where, _ in faults_of(refused)} == {"value.value"}


def test_scores_done_without_stay_so_for_a_reason(clinic):
    session = session_in(clinic, SessionStatus.RECOVERING)
    said = {"item": "scores_waived", "value": {"value": True}, "note": "Too tired.", "occurred_at": START}
    row = clinic.keep(ChecklistAnswer(clinic_id=clinic.id, session_id=session.id, recorded_at=START, **said))

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, value={"anything": [1]}, note=None)

    assert faults_of(refused) == {("value.value", "waived"), ("value.note", "required")}
    assert mend_answer(clinic, session, row, note="Asleep.").note == "Asleep."


def test_no_two_answers_to_an_item_are_of_one_moment(clinic):
    session, row = asked(clinic)
    said = [Said("allergies", {"value": False}, occurred_at=minutes(-10))]
    answer(clinic.db, session, said, actor=clinic.clinician, now=NOON)

    with pytest.raises(Invalid) as refused:
        mend_answer(clinic, session, row, at=-10)

    assert faults_of(refused) == {("occurred_at", "twice")}


def test_an_adverse_event_is_corrected_though_it_is_signed(clinic):
    session = infusing(clinic)
    event = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
    row = report(clinic.db, session.id, event, occurred_at=minutes(5), actor=clinic.clinician, now=NOON)
    sign(clinic, session)
    correction = Correction("It began sooner.", {"severity": 3}, minutes(3))

    newer = correct_adverse_event(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)

    assert (newer.severity, newer.occurred_at, newer.reason) == (3, minutes(3), "It began sooner.")


def test_an_adverse_event_that_was_none_is_withdrawn(clinic):
    session = infusing(clinic)
    event = Untoward(AdverseEventCode.NAUSEA, severity=2, serious=False)
    row = report(clinic.db, session.id, event, actor=clinic.clinician, now=NOON)
    correction = Correction("Another patient's.", {}, withdrawn=True)

    newer = correct_adverse_event(clinic.db, session.id, row.id, correction, actor=clinic.clinician, now=LATER)

    assert newer.withdrawn


def test_a_correction_takes_as_many_statements_whatever_is_on_record(clinic):
    session = infusing(clinic)
    sent = []
    for number in range(0, 40, 10):
        row = charted_set(clinic, session, number, hr=70)
        with counted(clinic.db) as statements:
            mend_set(clinic, session, row, hr=71)
        sent.append(len(statements))

    assert len(set(sent)) == 1
