"""Monitoring forms: filled from the record, completed by hand, due in a week, and on the list until sent."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

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
    SessionStatus,
    Template,
)
from scheduler.protocols import Phases
from scheduler.sessions.leaving import forms, monitoring_forms
from scheduler.sessions.leaving.discharge import discharge, transfer
from scheduler.sessions.leaving.forms import FieldKind, Form, FormField
from scheduler.sessions.leaving.monitoring_forms import FormState
from scheduler.sessions.leaving.shipped_forms import MONITORING
from scheduler.sessions.steps import lock_visit
from scheduler.sessions.visit.templates import change_template
from tests.builders import MDD_INDUCTION
from tests.counting import counted
from tests.scheduler.sessions.leavers import (
    SERIOUS,
    after,
    answer,
    entry,
    keep,
    ledger,
    phq9,
    recovering,
    serious,
    take,
)

SPRAY = replace(
    MDD_INDUCTION, key="spravato", drug="esketamine", route="intranasal", dose=Decimal(56), dose_unit="mg",
    phases=Phases(30, 40, 60, 15),
)  # fmt: skip
NOW = after(150)
LEFT = after(125)
TYPED = {
    "sex": "female", "clinician_phone": "212 555 0100", "setting_address": "1 Main Street", "acceptable_before": "yes",
    "would_be_ready_minutes": "90", "dissociation": "no",
    **dict.fromkeys(("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois"), "no"),
}  # fmt: skip


def sprayed(clinic, **changes):
    """A session of two devices whose patient was watched for 125 minutes and has left."""
    usual = {
        "mode": Mode.DEVICES, "ended_at": after(5), "discharged_at": LEFT, "since": LEFT, "chair_free_at": LEFT,
        "dose_given_mg": Decimal(56),
    }  # fmt: skip
    session = of_the_spray(clinic, recovering(clinic, SessionStatus.DISCHARGED, **{**usual, **changes}))
    take(clinic, session, 42, sbp=138, dbp=84, moaas=4)
    take(clinic, session, 120, sbp=124, dbp=82)
    return session


def of_the_spray(clinic, session):
    """The session, its protocol being that of the spray."""
    protocol = clinic.protocols.get(SPRAY.key) or clinic.add_protocol(SPRAY)
    session.protocol_version_id = protocol.current_id
    return session


@pytest.fixture
def session(clinic):
    return sprayed(clinic)


@pytest.fixture
def fill(db, clinic):
    def filled(session, *, now=NOW):
        return monitoring_forms.fill(db, session, actor=clinic.clinician, now=now)

    return filled


@pytest.fixture
def complete(db, clinic):
    def typed(form, values=TYPED, *, now=NOW):
        return monitoring_forms.complete(db, form.id, values, actor=clinic.clinician, now=now).form

    return typed


@pytest.fixture
def send(db, clinic):
    def sent(form, *, now=NOW):
        locked = monitoring_forms.lock_newest(db, form.id, actor=clinic.clinician)
        return monitoring_forms.mark_sent(db, locked, actor=clinic.clinician, now=now).form

    return sent


@pytest.fixture
def listed(db, clinic):
    def found(state, *, now=NOW, after=None, limit=50):
        rows = monitoring_forms.list_forms(db, state, after=after, limit=limit, actor=clinic.clinician, now=now)
        return [row.form.id for row in rows]

    return found


def test_a_form_is_filled_from_the_record(db, clinic, session, fill):
    ledger(clinic, session, drawn="56", given="56")
    answer(clinic, session, "leaving_would_be_ready", value="95.5")
    answer(clinic, session, "baseline")

    form = fill(session)
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


def test_what_was_seen_of_the_patient_is_told_with_its_times(clinic, session, fill):
    for code, minutes in ((AdverseEventCode.DISSOCIATION, 12), (AdverseEventCode.SYNCOPE, 30)):
        seen = {**SERIOUS, "code": code, "serious": code is AdverseEventCode.SYNCOPE}
        keep(clinic, session, monitoring_forms.AdverseEvent, after(minutes), **seen, resolved_at=after(50))
    keep(
        clinic, session, monitoring_forms.ChecklistAnswer, after(-20), item="concomitants",
        value={"benzodiazepines": True, "maois": False},
    )  # fmt: skip

    values = fill(session).document["values"]

    assert (values["dissociation"], values["dissociation_onset"], values["dissociation_resolved"]) == (
        "yes",
        "12",
        "50",
    )
    assert (values["serious_event"], values["serious_event_codes"]) == ("yes", "syncope")
    assert (values["benzodiazepines"], values["maois"], values["psychostimulants"]) == ("yes", "no", None)


def test_what_a_person_said_of_dissociation_is_told(clinic, session, fill):
    answer(clinic, session, "leaving_dissociation_seen", value=False)

    assert fill(session).document["values"]["dissociation"] == "no"


def test_what_is_not_on_record_stays_empty(db, clinic, fill):
    nothing = {"started_at": None, "ended_at": None, "end_kind": None, "discharged_at": None, "dose_given_mg": None}
    bare = of_the_spray(clinic, recovering(clinic, mode=Mode.DEVICES, **nothing))

    values = fill(bare).document["values"]

    named = ("dose_mg", "lot", "minutes", "pressure_at_40", "pressure_on_leaving", "acceptable_on_leaving", "sedation")
    assert [values[name] for name in named] == [None] * len(named)


def test_no_pressure_near_40_minutes_is_no_pressure_at_40_minutes(clinic, fill):
    session = of_the_spray(clinic, recovering(clinic, mode=Mode.DEVICES))

    assert fill(session).document["values"]["pressure_at_40"] is None


def test_without_a_person_nobody_observed(db, clinic, session):
    nobody = replace(clinic.clinician, staff_id=None)

    form = monitoring_forms.fill(db, session, actor=nobody, now=NOW)

    assert form.document["values"]["clinician_name"] is None


def test_a_drug_without_a_form_has_none(db, clinic, fill):
    assert fill(recovering(clinic)) is None
    with pytest.raises(Blocked):
        monitoring_forms.refill(db, recovering(clinic), actor=clinic.clinician, now=NOW)


def test_what_is_typed_in_makes_the_next_number(db, session, fill, complete):
    first = fill(session)

    second = complete(first)

    assert (second.number, second.due_on, second.document["unfilled"]) == (2, first.due_on, ["lot"])
    assert second.document["values"]["sex"] == "female"
    assert first.document["values"].get("sex") is None


def test_what_was_typed_can_be_typed_again(session, fill, complete):
    second = complete(fill(session))

    third = complete(second, {"sex": "male", "maois": "yes"})

    assert (third.document["values"]["sex"], third.document["values"]["maois"]) == ("male", "yes")
    assert third.document["values"]["setting_address"] == "1 Main Street"


def test_everything_wrong_with_what_is_typed_is_told_at_once(session, fill, complete):
    with pytest.raises(Invalid) as caught:
        complete(
            fill(session), {"maois": "maybe", "given_name": "Eve", "would_be_ready_minutes": "1.5", "eyes": "blue"}
        )

    assert [(fault.where, fault.code) for fault in caught.value.faults] == [
        ("fields.maois", "choice"), ("fields.given_name", "fixed"), ("fields.would_be_ready_minutes", "type"),
        ("fields", "unknown"),
    ]  # fmt: skip


def test_only_the_newest_number_is_completed_or_sent(session, fill, complete, send):
    first = fill(session)
    complete(first)

    with pytest.raises(AlreadyCorrected):
        complete(first)
    with pytest.raises(AlreadyCorrected):
        send(first)


def test_a_form_with_empty_fields_is_not_sent(session, fill, send):
    with pytest.raises(Blocked) as caught:
        send(fill(session))

    assert "fields.sex" in [fault.where for fault in caught.value.faults]


def test_a_complete_form_is_sent_once(clinic, session, fill, complete, send):
    form = complete(fill(session), {**TYPED, "lot": "L9"})

    sent = send(form, now=after(140))

    assert (sent.sent_at, sent.sent_by) == (NOW, clinic.clinician.staff_id)
    with pytest.raises(Blocked) as caught:
        send(form)
    assert [fault.where for fault in caught.value.faults] == ["sent_at"]


def test_the_lot_of_a_draw_that_was_taken_back_is_not_told(db, clinic, session, fill):
    ledger(clinic, session, drawn="56")
    drawn = db.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.DRAWN)).one()
    entry(clinic, LedgerKind.DRAWN, "-56", vial_id=drawn.vial_id, session_id=session.id, about_id=drawn.id)

    assert fill(session).document["values"]["lot"] is None


def test_a_form_that_says_what_the_record_no_longer_says_is_not_sent(clinic, session, fill, complete, send):
    form = complete(fill(session, now=after(-20)), {**TYPED, "lot": "L9"}, now=after(-20))
    ledger(clinic, session, drawn="56")

    with pytest.raises(Blocked) as caught:
        send(form)

    assert [fault.where for fault in caught.value.faults] == ["stale"]


def test_a_form_that_was_sent_is_due_again_once_the_record_is_corrected(clinic, fill, complete, send, listed):
    session = sprayed(clinic)
    sent = send(complete(fill(session), {**TYPED, "lot": "L9"}))
    take(clinic, session, 122, sbp=118, dbp=78, recorded_at=NOW + timedelta(hours=1))

    assert listed(FormState.SENT) == []
    assert listed(FormState.DUE) == [sent.id]
    assert listed(FormState.OVERDUE, now=NOW + timedelta(days=8)) == [sent.id]


def test_a_form_is_on_the_list_from_the_moment_the_patient_leaves(db, clinic, listed):
    usual = {"mode": Mode.DEVICES, "ended_at": after(5), "dose_given_mg": Decimal(56), "since": after(120)}
    session = of_the_spray(clinic, recovering(clinic, SessionStatus.READY_FOR_DISCHARGE, **usual))
    take(clinic, session, 124)
    visit = lock_visit(db, session.id, actor=clinic.clinician)

    discharge(db, *visit, occurred_at=LEFT, chair_free_at=LEFT, actor=clinic.clinician, now=NOW)

    assert len(listed(FormState.DUE)) == 1


def test_who_is_taken_away_after_the_drug_has_a_form_too(db, clinic, listed):
    usual = {"mode": Mode.DEVICES, "ended_at": after(5), "dose_given_mg": Decimal(56)}
    session = of_the_spray(clinic, recovering(clinic, **usual))
    serious(clinic, session)
    visit = lock_visit(db, session.id, actor=clinic.clinician)

    transfer(db, *visit, destination="General hospital", occurred_at=LEFT, actor=clinic.clinician, now=NOW)

    assert len(listed(FormState.DUE)) == 1


def test_the_signature_fills_a_form_anew_and_leaves_one_alone_that_was_sent(db, clinic, fill, complete, send):
    waiting, sent = sprayed(clinic), sprayed(clinic)
    fill(waiting)
    send(complete(fill(sent), {**TYPED, "lot": "L9"}))

    for session in (waiting, sent):
        monitoring_forms.keep_current(db, session, actor=clinic.clinician, now=NOW)

    numbers = db.execute(select(MonitoringForm.session_id, func.max(MonitoringForm.number)).group_by("session_id"))
    assert {row[0]: row[1] for row in numbers} == {waiting.id: 2, sent.id: 2}


def test_a_corrected_record_makes_the_form_stale_until_it_is_filled_anew(db, clinic, session, fill, complete):
    form = complete(fill(session))
    take(clinic, session, 122, sbp=118, dbp=78, recorded_at=NOW + timedelta(hours=1))

    stale = monitoring_forms.read_form(db, form.id, actor=clinic.clinician, now=NOW)
    later = NOW + timedelta(hours=2)
    filled = monitoring_forms.refill(db, session, actor=clinic.clinician, now=later)

    assert stale.stale
    assert (filled.form.number, filled.form.document["values"]["pressure_on_leaving"]) == (3, "118/78")
    assert filled.form.document["values"]["sex"] == "female"
    assert not monitoring_forms.read_form(db, filled.form.id, actor=clinic.clinician, now=later).stale
    assert not filled.stale


def test_the_record_goes_before_what_was_typed(db, clinic, session, fill, complete):
    complete(fill(session), {"dissociation": "no"})
    keep(
        clinic, session, monitoring_forms.AdverseEvent, after(12),
        **{**SERIOUS, "code": AdverseEventCode.DISSOCIATION, "serious": False},
    )  # fmt: skip

    filled = monitoring_forms.refill(db, session, actor=clinic.clinician, now=NOW)

    assert filled.form.document["values"]["dissociation"] == "yes"
    assert filled.form.document["typed"] == {}


def test_a_form_shows_its_fields_in_order_and_what_misses(db, clinic, session, fill):
    form = fill(session)

    found = monitoring_forms.read_form(db, form.id, actor=clinic.clinician, now=NOW)

    assert [field.key for field in found.fields] == [field.key for field in MONITORING.fields]
    sex = next(field for field in found.fields if field.key == "sex")
    assert (sex.asked, sex.missing, sex.value) == (True, True, None)
    assert found.version == 1


def test_a_form_of_another_clinic_is_not_there(db, elsewhere, session, fill):
    form = fill(session)

    with pytest.raises(NotFound):
        monitoring_forms.read_form(db, form.id, actor=elsewhere.clinician, now=NOW)


def test_the_list_shows_the_newest_number_of_each_form_by_its_state(clinic, fill, complete, send, listed):
    due = complete(fill(sprayed(clinic)))
    late = fill(sprayed(clinic))
    late.due_on = date(2026, 3, 1)
    sent = send(complete(fill(sprayed(clinic)), {**TYPED, "lot": "L9"}))

    assert listed(FormState.DUE) == [late.id, due.id]
    assert listed(FormState.OVERDUE) == [late.id]
    assert listed(FormState.SENT) == [sent.id]


def test_a_form_is_overdue_from_the_day_after(session, fill, listed):
    form = fill(session)

    days = [NOW + timedelta(days=count) for count in (7, 8)]
    assert [listed(FormState.OVERDUE, now=day) for day in days] == [[], [form.id]]
    assert [listed(FormState.DUE, now=day) for day in days] == [[form.id], [form.id]]


def test_the_list_goes_on_where_a_page_ended(clinic, fill, listed):
    for _ in range(3):
        fill(sprayed(clinic))
    every = listed(FormState.DUE)

    assert listed(FormState.DUE, limit=2) == every[:2]
    assert listed(FormState.DUE, after=every[1]) == every[2:]


def test_the_list_names_its_patients_in_the_audit_log(db, clinic, session, fill, listed):
    fill(session)
    listed(FormState.DUE)
    db.commit()

    row = db.scalar(select(AuditRow).where(AuditRow.action == "monitoring_forms.listed"))

    assert row.details == {"patients": [str(session.patient_id)]}


def test_the_list_costs_the_same_however_long_it_is(db, clinic, fill, listed):
    fill(sprayed(clinic))
    with counted(db) as one:
        listed(FormState.DUE)
    for _ in range(4):
        fill(sprayed(clinic))
    db.flush()
    with counted(db) as five:
        listed(FormState.DUE)

    assert len(one) == len(five)


def test_filling_costs_the_same_however_much_is_charted(db, clinic, fill):
    few, many = sprayed(clinic), sprayed(clinic)
    for minute in range(50, 90):
        take(clinic, many, minute)
    phq9(clinic, many)
    fill(sprayed(clinic))
    counts = []
    for session in (few, many):
        db.flush()
        with counted(db) as sent:
            fill(session)
        counts.append(len(sent))

    assert counts[0] == counts[1]


def test_a_clinic_follows_with_a_form_of_its_own_and_older_ones_keep_theirs(db, clinic, session, fill):
    first = fill(session)
    own = Form((FormField("first", "First name", "patient.given_name"), FormField("note", "Note", optional=True)))
    change_template(
        db, purpose=Purpose.MONITORING_FORM, drug="esketamine", document=forms.as_document(own),
        actor=clinic.administrator, now=NOW,
    )  # fmt: skip

    later = fill(sprayed(clinic))
    again = monitoring_forms.refill(db, session, actor=clinic.clinician, now=NOW)

    assert later.document == {"values": {"first": "Ada"}, "typed": {}, "unfilled": []}
    assert again.form.template_id == first.template_id
    assert db.get_one(Template, (clinic.id, later.template_id)).number == 2
    assert len(db.scalars(select(MonitoringForm)).all()) == 3


def test_a_form_reads_back_as_it_was_written():
    assert forms.from_document(forms.as_document(MONITORING)) == MONITORING


FIELD = {"key": "name", "label": "Name"}


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (None, ["document"]),
        ({"fields": {}}, ["document"]),
        ({"fields": [], "pages": 2, "source": 3}, ["source", "document"]),
        ({"fields": []}, ["fields"]),
        ({"fields": [1, {"key": "a"}, {**FIELD, "colour": "red"}]}, ["fields.0", "fields.1", "fields.2"]),
        ({"fields": [{**FIELD, "optional": "yes"}, {**FIELD, "kind": "date"}]}, ["fields.0", "fields.1.kind"]),
        ({"fields": [FIELD, FIELD]}, ["fields.1.key"]),
        (
            {"fields": [{"key": "A", "label": " ", "path": "patient.mrn"}]},
            ["fields.0.key", "fields.0.label", "fields.0.path"],
        ),
        ({"fields": [{**FIELD, "label": "a\nb"}], "source": "s" * 2001}, ["source", "fields.0.label"]),
        ({"fields": [{**FIELD, "key": f"k{i}"} for i in range(81)]}, ["fields"]),
    ],
)
def test_a_form_that_is_not_consistent_is_refused(document, where):
    with pytest.raises(Invalid) as caught:
        forms.from_document(document)

    assert [fault.where for fault in caught.value.faults] == where


def test_every_kind_of_field_is_read():
    form = Form((FormField("a", "A", kind=FieldKind.NUMBER), FormField("b", "B", kind=FieldKind.YES_NO)))

    assert list(forms.typed_faults(form, {"a": "12", "b": "no"}, {})) == []
    assert [fault.code for fault in forms.typed_faults(form, {"a": "٣", "b": "NO"}, {})] == ["type", "choice"]
