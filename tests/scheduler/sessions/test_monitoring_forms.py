"""Monitoring forms: filled from the record, completed by hand, sent once, filled anew."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from scheduler.errors import AlreadyCorrected, Blocked, Invalid, NotFound
from scheduler.models import (
    AdverseEventCode,
    AuditRow,
    LedgerEntry,
    LedgerKind,
    Mode,
    MonitoringForm,
    Purpose,
    Template,
)
from scheduler.sessions.leaving import forms, monitoring_forms
from scheduler.sessions.leaving.forms import Form, FormField
from scheduler.sessions.leaving.shipped_forms import MONITORING
from scheduler.sessions.visit.templates import change_template
from tests.counting import counted
from tests.scheduler.sessions.leavers import SERIOUS, after, answer, entry, keep, ledger, phq9, recovering, take
from tests.scheduler.sessions.watched_sprays import NOW, TYPED, complete, fill, of_the_spray, send, sprayed


@pytest.fixture
def session(clinic):
    return sprayed(clinic)


def test_a_form_is_filled_from_the_record(db, clinic, session):
    ledger(clinic, session, drawn="56", given="56")
    answer(clinic, session, "leaving_would_be_ready", value="95.5")
    answer(clinic, session, "baseline")

    form = fill(clinic, session)
    db.commit()

    assert form.document["values"] == {
        "given_name": "Ada", "family_name": "Byron", "birth_date": "1980-05-17", "benzodiazepines": None,
        "sedative_hypnotics": None, "psychostimulants": None, "maois": None, "clinician_name": "Clinician",
        "clinician_email": form.document["values"]["clinician_email"], "setting_name": "Midtown",
        "treatment_date": "2026-03-02", "dose_mg": "56", "lot": "L1", "minutes": "125", "would_be_ready_minutes": "95",
        "acceptable_before": "yes", "acceptable_on_leaving": "yes", "pressure_before": "120/80",
        "pressure_at_40": "138/84", "pressure_on_leaving": "124/82", "sedation": "yes", "sedation_onset": None,
        "sedation_resolved": None, "dissociation": None, "dissociation_onset": None, "dissociation_resolved": None,
        "serious_event": "no", "serious_event_codes": None,
    }  # fmt: skip
    assert form.document["unfilled"] == [
        "sex", "benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "clinician_phone",
        "setting_address", "dissociation",
    ]  # fmt: skip
    assert (form.number, form.due_on, form.sent_at) == (1, date(2026, 3, 9), None)
    opened = select(AuditRow.patient_id).where(AuditRow.action == "monitoring_form.filled")
    assert db.scalars(opened).all() == [session.patient_id]


def test_what_was_seen_of_the_patient_is_told_with_its_times(clinic, session):
    for code, minutes in ((AdverseEventCode.DISSOCIATION, 12), (AdverseEventCode.SYNCOPE, 30)):
        seen = {**SERIOUS, "code": code, "serious": code is AdverseEventCode.SYNCOPE}
        keep(clinic, session, monitoring_forms.AdverseEvent, after(minutes), **seen, resolved_at=after(50))
    keep(
        clinic, session, monitoring_forms.ChecklistAnswer, after(-20), item="concomitants",
        value={"benzodiazepines": True, "maois": False},
    )  # fmt: skip

    values = fill(clinic, session).document["values"]

    assert (values["dissociation"], values["dissociation_onset"], values["dissociation_resolved"]) == (
        "yes",
        "12",
        "50",
    )
    assert (values["serious_event"], values["serious_event_codes"]) == ("yes", "syncope")
    assert (values["benzodiazepines"], values["maois"], values["psychostimulants"]) == ("yes", "no", None)


def test_what_a_person_said_of_dissociation_is_told(clinic, session):
    answer(clinic, session, "leaving_dissociation_seen", value=False)

    assert fill(clinic, session).document["values"]["dissociation"] == "no"


def test_what_is_not_on_record_stays_empty(clinic):
    nothing = {"started_at": None, "ended_at": None, "end_kind": None, "discharged_at": None, "dose_given_mg": None}
    bare = of_the_spray(clinic, recovering(clinic, mode=Mode.DEVICES, **nothing))

    values = fill(clinic, bare).document["values"]

    named = ("dose_mg", "lot", "minutes", "pressure_at_40", "pressure_on_leaving", "acceptable_on_leaving", "sedation")
    assert [values[name] for name in named] == [None] * len(named)


def test_no_pressure_near_40_minutes_is_no_pressure_at_40_minutes(clinic):
    session = of_the_spray(clinic, recovering(clinic, mode=Mode.DEVICES))

    assert fill(clinic, session).document["values"]["pressure_at_40"] is None


def test_without_a_person_nobody_observed(db, clinic, session):
    nobody = replace(clinic.clinician, staff_id=None)

    form = monitoring_forms.fill(db, session, actor=nobody, now=NOW)

    assert form.document["values"]["clinician_name"] is None


def test_a_drug_without_a_form_has_none(db, clinic):
    assert fill(clinic, recovering(clinic)) is None
    with pytest.raises(Blocked):
        monitoring_forms.refill(db, recovering(clinic), actor=clinic.clinician, now=NOW)


def test_what_is_typed_in_makes_the_next_number(clinic, session):
    first = fill(clinic, session)

    second = complete(clinic, first)

    assert (second.number, second.due_on, second.document["unfilled"]) == (2, first.due_on, ["lot"])
    assert second.document["values"]["sex"] == "female"
    assert first.document["values"].get("sex") is None


def test_what_was_typed_can_be_typed_again(clinic, session):
    second = complete(clinic, fill(clinic, session))

    third = complete(clinic, second, {"sex": "male", "maois": "yes"})

    assert (third.document["values"]["sex"], third.document["values"]["maois"]) == ("male", "yes")
    assert third.document["values"]["setting_address"] == "1 Main Street"


def test_everything_wrong_with_what_is_typed_is_told_at_once(clinic, session):
    with pytest.raises(Invalid) as caught:
        complete(
            clinic,
            fill(clinic, session),
            {"maois": "maybe", "given_name": "Eve", "would_be_ready_minutes": "1.5", "eyes": "blue"},
        )

    assert [(fault.where, fault.code) for fault in caught.value.faults] == [
        ("fields.maois", "choice"), ("fields.given_name", "fixed"), ("fields.would_be_ready_minutes", "type"),
        ("fields", "unknown"),
    ]  # fmt: skip


def test_only_the_newest_number_is_completed_or_sent(clinic, session):
    first = fill(clinic, session)
    complete(clinic, first)

    with pytest.raises(AlreadyCorrected):
        complete(clinic, first)
    with pytest.raises(AlreadyCorrected):
        send(clinic, first)


def test_a_form_with_empty_fields_is_not_sent(clinic, session):
    with pytest.raises(Blocked) as caught:
        send(clinic, fill(clinic, session))

    assert "fields.sex" in [fault.where for fault in caught.value.faults]


def test_a_complete_form_is_sent_once(clinic, session):
    form = complete(clinic, fill(clinic, session), {**TYPED, "lot": "L9"})

    sent = send(clinic, form, now=after(140))

    assert (sent.sent_at, sent.sent_by) == (NOW, clinic.clinician.staff_id)
    with pytest.raises(Blocked) as caught:
        send(clinic, form)
    assert [fault.where for fault in caught.value.faults] == ["sent_at"]


def test_the_lot_of_a_draw_that_was_taken_back_is_not_told(db, clinic, session):
    ledger(clinic, session, drawn="56")
    drawn = db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.DRAWN)).one()
    entry(clinic, LedgerKind.DRAWN, "-56", vial_id=drawn.vial_id, session_id=session.id, about_id=drawn.id)

    assert fill(clinic, session).document["values"]["lot"] is None


def test_a_form_that_says_what_the_record_no_longer_says_is_not_sent(clinic, session):
    form = complete(clinic, fill(clinic, session, now=after(-20)), {**TYPED, "lot": "L9"}, now=after(-20))
    ledger(clinic, session, drawn="56")

    with pytest.raises(Blocked) as caught:
        send(clinic, form)

    assert [fault.where for fault in caught.value.faults] == ["stale"]


def test_the_signature_fills_a_form_anew_and_leaves_one_alone_that_was_sent(db, clinic):
    waiting, sent = sprayed(clinic), sprayed(clinic)
    fill(clinic, waiting)
    send(clinic, complete(clinic, fill(clinic, sent), {**TYPED, "lot": "L9"}))

    for session in (waiting, sent):
        monitoring_forms.keep_current(db, session, actor=clinic.clinician, now=NOW)

    numbers = db.execute(select(MonitoringForm.session_id, func.max(MonitoringForm.number)).group_by("session_id"))
    assert {row[0]: row[1] for row in numbers} == {waiting.id: 2, sent.id: 2}


def test_a_corrected_record_makes_the_form_stale_until_it_is_filled_anew(db, clinic, session):
    form = complete(clinic, fill(clinic, session))
    take(clinic, session, 122, sbp=118, dbp=78, recorded_at=NOW + timedelta(hours=1))

    stale = monitoring_forms.read_form(db, form.id, actor=clinic.clinician, now=NOW)
    later = NOW + timedelta(hours=2)
    filled = monitoring_forms.refill(db, session, actor=clinic.clinician, now=later)

    assert stale.stale
    assert (filled.form.number, filled.form.document["values"]["pressure_on_leaving"]) == (3, "118/78")
    assert filled.form.document["values"]["sex"] == "female"
    assert not monitoring_forms.read_form(db, filled.form.id, actor=clinic.clinician, now=later).stale
    assert not filled.stale


def test_the_record_goes_before_what_was_typed(db, clinic, session):
    complete(clinic, fill(clinic, session), {"dissociation": "no"})
    keep(
        clinic, session, monitoring_forms.AdverseEvent, after(12),
        **{**SERIOUS, "code": AdverseEventCode.DISSOCIATION, "serious": False},
    )  # fmt: skip

    filled = monitoring_forms.refill(db, session, actor=clinic.clinician, now=NOW)

    assert filled.form.document["values"]["dissociation"] == "yes"
    assert filled.form.document["typed"] == {}


def test_a_form_shows_its_fields_in_order_and_what_misses(db, clinic, session):
    form = fill(clinic, session)

    found = monitoring_forms.read_form(db, form.id, actor=clinic.clinician, now=NOW)

    assert [field.key for field in found.fields] == [field.key for field in MONITORING.fields]
    sex = next(field for field in found.fields if field.key == "sex")
    assert (sex.asked, sex.missing, sex.value) == (True, True, None)
    assert found.version == 1


def test_a_form_of_another_clinic_is_not_there(db, clinic, elsewhere, session):
    form = fill(clinic, session)

    with pytest.raises(NotFound):
        monitoring_forms.read_form(db, form.id, actor=elsewhere.clinician, now=NOW)


def test_filling_costs_the_same_however_much_is_charted(db, clinic):
    few, many = sprayed(clinic), sprayed(clinic)
    for minute in range(50, 90):
        take(clinic, many, minute)
    phq9(clinic, many)
    fill(clinic, sprayed(clinic))
    counts = []
    for session in (few, many):
        db.flush()
        with counted(db) as sent:
            fill(clinic, session)
        counts.append(len(sent))

    assert counts[0] == counts[1]


def test_a_clinic_follows_with_a_form_of_its_own_and_older_ones_keep_theirs(db, clinic, session):
    first = fill(clinic, session)
    own = Form((FormField("first", "First name", "patient.given_name"), FormField("note", "Note", optional=True)))
    change_template(
        db, purpose=Purpose.MONITORING_FORM, drug="esketamine", document=forms.as_document(own),
        actor=clinic.administrator, now=NOW,
    )  # fmt: skip

    later = fill(clinic, sprayed(clinic))
    again = monitoring_forms.refill(db, session, actor=clinic.clinician, now=NOW)

    assert later.document == {"values": {"first": "Ada"}, "typed": {}, "unfilled": []}
    assert again.form.template_id == first.template_id
    assert db.get_one(Template, (clinic.id, later.template_id)).number == 2
    assert len(db.scalars(select(MonitoringForm)).all()) == 3
