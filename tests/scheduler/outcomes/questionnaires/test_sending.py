"""A scale is put to a patient by a letter or a code, and neither says what it is about."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from api.app import create_app
from config import Settings
from scheduler.booking.letters import outbox
from scheduler.errors import Invalid, NotFound, Unavailable
from scheduler.models import AuditRow, Base, Clinic, ClinicScale, Message, Patient, Questionnaire, SentBy
from scheduler.outcomes.questionnaires import codes, sending
from scheduler.outcomes.questionnaires.listing import QuestionnaireState
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Mode
from tests.counting import counted
from tests.scheduler.administration.booked import booked_visit
from tests.scheduler.outcomes.questionnaires.asked import ADDRESS, HOUR, MINUTE, acts, letter, send, token_in


def count(db, of):
    return db.scalar(select(func.count()).select_from(of))


def faults(refused):
    return [(fault.where, fault.code) for fault in refused.value.faults]


def own_question(clinic, **said):
    row = {
        "key": "sleep", "number": 1, "name": "Sleep", "question": "How did you sleep?", "least_label": "Well",
        "most_label": "Not at all", "created_at": clinic.now, **said,
    }  # fmt: skip
    clinic.keep(ClinicScale(clinic_id=clinic.id, **row))


def test_a_letter_with_a_link_goes_to_the_patient(db, clinic, now):
    sent = send(clinic)

    written = letter(db)
    assert (written.recipient, written.patient_id) == (ADDRESS, sent.questionnaire.patient_id)
    assert (written.due_at, written.useless_at) == (now, now + 72 * HOUR)
    assert (sent.state, sent.questionnaire.expires_at) == (QuestionnaireState.OPEN, now + 72 * HOUR)
    assert (sent.tablet_code, sent.tablet_page) == (None, None)


def test_the_letter_says_nothing_of_the_patient_the_scale_or_the_treatment(db, clinic):
    patient = clinic.patient("Ada", "Byron", email="somebody@example.org")

    send(clinic, patient.id)

    said = f"{letter(db).subject} {letter(db).body}".lower().replace(token_in(letter(db)), "")
    hidden = ("ada", "byron", patient.mrn.lower(), "phq", "depress", "ketamine", "scale", "infusion", str(patient.id))
    assert [word for word in hidden if word in said] == []
    assert "wednesday 4 march 2026 at 12:00" in said


@pytest.mark.parametrize(("contact", "said"), [(None, "please call us."), ("+1 212 555 0100", "us: +1 212 555 0100")])
def test_the_letter_says_how_to_reach_the_clinic(db, clinic, contact, said):
    db.get_one(Clinic, clinic.id).contact = contact

    send(clinic)

    assert said in letter(db).body


def test_of_the_secret_in_the_link_only_a_digest_is_kept(db, clinic):
    sent = send(clinic)

    token = token_in(letter(db))
    assert sent.questionnaire.token_digest
    assert sent.questionnaire.token_digest not in token
    assert token[32:] not in repr([row._mapping for row in db.execute(select(Questionnaire.__table__))])


def test_once_the_letter_has_left_the_link_is_nowhere(db, clinic, now):
    send(clinic)
    token = token_in(letter(db))

    outbox.mark_sent(db, outbox.take_next(db, now=now), now=now)

    db.expire_all()
    assert (letter(db).sent_at, letter(db).body) == (now, "")
    kept = [row for table in Base.metadata.sorted_tables for row in db.execute(select(table))]
    assert token[32:] not in repr(kept)


def test_a_code_is_told_once_and_only_a_digest_is_kept(db, clinic, now):
    sent = send(clinic, clinic.patient().id, SentBy.TABLET)

    number, _, secret = sent.tablet_code.partition("-")
    row = sent.questionnaire
    assert (row.code_number, row.token_digest) == (number, None)
    assert codes.fits(row.code_digest, secret)
    assert row.expires_at == now + 15 * MINUTE
    assert sent.tablet_page == f"/tablet/{clinic.id}"
    assert secret not in repr(sent)
    assert count(db, Message) == 0


def test_sending_is_written_down_and_says_nothing_of_the_code(db, clinic):
    sent = send(clinic, via=SentBy.TABLET)

    assert acts(db) == ["questionnaire.sent"]
    row = db.scalars(select(AuditRow)).one()
    assert (row.subject, row.patient_id) == (sent.questionnaire.id, sent.questionnaire.patient_id)
    assert row.details == {"scale": "phq9", "via": "tablet"}


def test_the_question_of_a_clinic_can_be_sent(db, clinic):
    own_question(clinic)

    sent = send(clinic, scale="sleep")

    assert (sent.questionnaire.scale, sent.questionnaire.scale_version) == ("sleep", "1")


@pytest.mark.parametrize(
    ("scale", "code"), [("qids_sr16", "no-text"), ("madrs", "no-text"), ("nobody", "unknown"), ("sleep", "unknown")]
)
def test_a_scale_no_patient_may_see_is_refused(db, clinic, scale, code):
    own_question(clinic, retired=True)

    with pytest.raises(Invalid) as refused:
        send(clinic, scale=scale)

    assert faults(refused) == [("scale", code)]
    assert count(db, Questionnaire) == 0


def test_a_scale_of_clinicians_is_refused_even_with_its_words(db, clinic, monkeypatch):
    monkeypatch.setitem(SCALES, "gad7", replace(SCALES["gad7"], mode=Mode.CLINICIAN))

    with pytest.raises(Invalid) as refused:
        send(clinic, scale="gad7")

    assert faults(refused) == [("scale", "not-for-patients")]


def test_every_fault_is_told_at_once(clinic):
    with pytest.raises(Invalid) as refused:
        send(clinic, clinic.patient().id, scale="nobody", appointment_id=uuid4(), public_url=None)

    assert faults(refused) == [
        ("scale", "unknown"), ("via", "no-address"), ("via", "no-public-url"), ("appointment_id", "not-found"),
    ]  # fmt: skip


@pytest.mark.parametrize("email", [None, "no address"])
def test_without_an_address_there_is_no_letter_and_the_tablet_will_do(clinic, email):
    patient = clinic.patient(email=email)

    with pytest.raises(Invalid) as refused:
        send(clinic, patient.id)

    assert faults(refused) == [("via", "no-address")]
    assert send(clinic, patient.id, SentBy.TABLET, public_url=None).tablet_code


def test_a_visit_of_the_patient_is_kept_and_the_letter_counts_as_no_news_of_it(db, clinic, at):
    visit = booked_visit(clinic, at("Mon 09:00"))
    db.get_one(Patient, (clinic.id, visit.patient_id)).email = ADDRESS

    sent = send(clinic, visit.patient_id, appointment_id=visit.id)

    assert sent.questionnaire.appointment_id == visit.id
    assert letter(db).appointment_id is None


def test_another_clinics_patient_is_unknown(clinic, elsewhere):
    with pytest.raises(NotFound):
        send(clinic, elsewhere.patient(email=ADDRESS).id)


def test_numbers_of_codes_that_are_over_are_given_again(db, clinic, now, monkeypatch):
    monkeypatch.setattr(codes, "new_number", lambda: "4821")
    first = send(clinic, via=SentBy.TABLET)

    with pytest.raises(Unavailable):
        send(clinic, via=SentBy.TABLET)

    later = send(clinic, via=SentBy.TABLET, now=now + 15 * MINUTE)
    assert later.questionnaire.code_number == "4821"
    assert db.get_one(Questionnaire, (clinic.id, first.questionnaire.id), populate_existing=True).code_number is None


def test_another_number_is_tried_where_one_is_out(clinic, monkeypatch):
    numbers = iter(["4821", "4821", "4821", "0007"])
    monkeypatch.setattr(codes, "new_number", lambda: next(numbers))

    sent = [send(clinic, via=SentBy.TABLET) for _ in range(2)]

    assert [each.questionnaire.code_number for each in sent] == ["4821", "0007"]


def test_another_clinics_numbers_are_none_of_ours(clinic, elsewhere, monkeypatch):
    monkeypatch.setattr(codes, "new_number", lambda: "4821")

    sent = [send(clinic, via=SentBy.TABLET), send(elsewhere, via=SentBy.TABLET)]

    assert {each.questionnaire.code_number for each in sent} == {"4821"}


@pytest.mark.parametrize("via", SentBy)
def test_sending_takes_as_many_statements_however_many_were_sent(db, clinic, via):
    patient = clinic.patient(email=ADDRESS)
    with counted(db) as first:
        send(clinic, patient.id, via)
    for _ in range(3):
        send(clinic, patient.id, via, now=clinic.now + timedelta(seconds=1))

    with counted(db) as last:
        send(clinic, patient.id, via)

    assert len(first) == len(last) <= 10


def test_the_paths_are_those_of_the_pages():
    rules = {rule.rule for rule in create_app(Settings(), database=object()).url_map.iter_rules()}

    assert {f"{sending.LINK_PATH}<token>", f"{sending.TABLET_PATH}<uuid:clinic_id>"} <= rules
