"""Forms that come from elsewhere: answered at home by a link, or brought along from another clinic; and the calls that
go out when nobody answers what a form alarms about.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from scheduler.demo.forms import READ_WITHIN, look_after
from scheduler.demo.living import Life
from scheduler.demo.names import Name
from scheduler.models import Alert, AlertKind, Message, MessageKind, SentBy
from scheduler.outcomes.alerts.alerts import own
from scheduler.outcomes.alerts.escalating import escalate
from scheduler.outcomes.alerts.overdue import raise_overdue
from scheduler.outcomes.importing.rows import Row
from scheduler.outcomes.importing.score_files import FormDraft, ScoreColumns
from scheduler.outcomes.importing.scores import plan_scores
from scheduler.outcomes.questionnaires.answering import answer, take_questionnaire
from scheduler.outcomes.questionnaires.sending import send_questionnaire
from scheduler.records import access

PUBLIC_URL = "https://demo.test"
"""Where patients would reach it; `.test` belongs to nobody."""
LINK = re.compile(r"/q/([0-9a-z]+)")
ANSWERED, TAKEN = timedelta(minutes=35), timedelta(minutes=8)
CALLS_EVERY, LOOKS_EVERY, CALLED_WITHIN = timedelta(hours=1), timedelta(days=3), timedelta(hours=8)
LOOKED_FOR = timedelta(days=20)
CALLED = "Called the patient; the form will be filled in at the next visit."
CLINIC_BEFORE = {
    "2019-11-04": (2, 2, 2, 2, 1, 1, 1, 0, 1, 1),
    "2020-02-10": (1, 2, 1, 1, 1, 1, 0, 0, 0, 1),
}
"""What a patient answered elsewhere, years ago."""
COLUMNS = ScoreColumns(patient="record", items={"phq9": [f"q{n}" for n in range(1, 11)]}, taken_at="taken")


def ask_at_home(life: Life, name: Name, answers: Sequence[int] | None, now: datetime) -> None:
    """A patient is sent a PHQ-9 by a link, and answers it before long, or not at all."""
    patient_id = life.known[name]
    sent = send_questionnaire(
        life.db, patient_id, scale="phq9", via=SentBy.EMAIL, public_url=PUBLIC_URL, actor=life.house.scheduler, now=now
    )  # fmt: skip
    if answers is not None:
        life.later(now + ANSWERED, _answer, _token(life, sent.questionnaire.id), answers)


def ask_and_take(life: Life, name: Name, answers: Sequence[int], now: datetime) -> None:
    """The same, and a clinician takes upon themselves what it alarms about; it is still to be answered."""
    ask_at_home(life, name, answers, now)
    life.later(now + ANSWERED + TAKEN, _take, life.known[name])


def bring_along(life: Life, name: Name, now: datetime) -> None:
    """What a patient answered at another clinic is entered: too old for anybody to be called."""
    desk, clinician = life.house.scheduler, life.house.clinician
    patient = access.open_record(life.db, life.known[name], action="record.opened", actor=desk, now=now)
    job = plan_scores(life.db, COLUMNS, actor=clinician, now=now)
    drafts = [
        draft
        for line, (taken, answers) in enumerate(CLINIC_BEFORE.items(), start=2)
        if isinstance(draft := job.read(_row(line, patient.mrn, taken, answers)), FormDraft)
    ]
    list(job.write(life.db, drafts))


def call_others(life: Life, now: datetime) -> None:
    """What a worker does each hour: who has not answered an alert in time is called, or somebody else."""
    escalate(life.db, life.house.clinic_id, now=now)
    life.later(now + CALLS_EVERY, call_others)


def look_for_missing(life: Life, now: datetime) -> None:
    """Every few days: infusions after which nobody took a score are told of, and the patients called, but the last."""
    clinic_id = life.house.clinic_id
    raise_overdue(life.db, clinic_id, now=now)
    missing = Alert.clinic_id == clinic_id, Alert.kind == AlertKind.SCORE_OVERDUE, Alert.acknowledged_at.is_(None)
    if life.until - now > READ_WITHIN:
        for alert_id in life.db.scalars(select(Alert.id).where(*missing).order_by(Alert.due_at, Alert.series_id)).all():
            life.later(now + CALLED_WITHIN, look_after, alert_id, CALLED)
    life.later(now + LOOKS_EVERY, look_for_missing)


def _answer(life: Life, token: str, answers: Sequence[int], now: datetime) -> None:
    answer(life.db, take_questionnaire(life.db, token, now=now), answers, now=now)


def _take(life: Life, patient_id: UUID, now: datetime) -> None:
    mine = Alert.clinic_id == life.house.clinic_id, Alert.patient_id == patient_id, Alert.acknowledged_at.is_(None)
    for alert_id in life.db.scalars(select(Alert.id).where(*mine)).all():
        own(life.db, alert_id, actor=life.house.clinician, now=now)


def _token(life: Life, questionnaire_id: UUID) -> str:
    """The link is in the letter alone, and there until the letter has left."""
    mine = (
        Message.clinic_id == life.house.clinic_id,
        Message.key == f"{MessageKind.QUESTIONNAIRE}/{questionnaire_id.hex}",
    )
    found = LINK.search(life.db.scalars(select(Message.body).where(*mine)).one())
    assert found  # noqa: S101 - it has just been written
    return found[1]


def _row(line: int, mrn: str, taken: str, answers: Sequence[int]) -> Row:
    return Row(line, {"record": mrn, "taken": taken, **{f"q{n}": str(each) for n, each in enumerate(answers, start=1)}})
