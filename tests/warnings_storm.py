"""Answers at random by every path there is, in processes that are killed at random; then no warning may be missing.

Each life is a child that writes forms, by a path drawn for each, and dies before a statement drawn at random. What
should alarm somebody is told here once more from the answers alone, apart from the scales and the database's trigger.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from scheduler.actors import Actor, Role
from scheduler.models import Alert, AlertLevel, AnswerSource, Assessment, Questionnaire, SentBy
from scheduler.models.engine import Database
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.assessments import correct_assessment, log_assessment
from scheduler.outcomes.forms import Form
from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.scores import plan_scores
from scheduler.outcomes.questionnaires.answering import answer, take_questionnaire
from scheduler.outcomes.questionnaires.links import new_token
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.definition import Scale
from tests.builders import ClinicCast, build_clinic
from tests.killed_repair import die_before
from tests.scheduler.outcomes.importing.files import QUESTIONS, phq9_columns, phq9_row, written

LONGEST_LIFE = 400
"""Statements; a form is about a dozen."""
PATIENTS = 300
PIECE = 4
"""Rows of a file in one transaction."""
SKIPPED = 0.15
"""How often an item is left out."""

Positive = Callable[[list[Any]], str | None]


@dataclass(frozen=True)
class Arena:
    """A clinic with patients, and who writes."""

    url: str
    clinic_id: UUID
    staff_id: UUID
    patients: tuple[UUID, ...]
    numbers: tuple[str, ...]
    """Their record numbers."""
    now: datetime

    @property
    def actor(self) -> Actor:
        return Actor(self.clinic_id, self.staff_id, frozenset({Role.CLINICIAN}))


def build_arena(database: Database, *, now: datetime) -> Arena:
    with database.committing() as db:
        clinic: ClinicCast = build_clinic(db, now=now)
        patients = [clinic.patient(f"P{number}") for number in range(PATIENTS)]
        staff_id = clinic.clinician.staff_id
    assert staff_id is not None
    url = database.engine.url.render_as_string(hide_password=False)
    ids, numbers = zip(*((patient.id, patient.mrn) for patient in patients), strict=True)
    return Arena(url, clinic.id, staff_id, ids, numbers, now)


def answers_at_random(rng: Random, scale: Scale) -> list[int | None]:
    """Any answers the scale takes, positive safety items among them more often than not."""
    while True:
        answers: list[int | None] = [
            None if rng.random() < SKIPPED else rng.randint(item.least, item.most) for item in scale.items
        ]
        if not list(scale.faults(answers)):
            return answers


def type_in(db: Session, arena: Arena, rng: Random) -> None:
    scale = rng.choice(list(SCALES.values()))
    log_assessment(
        db, rng.choice(arena.patients), scale=scale.key, answers=answers_at_random(rng, scale),
        taken_at=arena.now - timedelta(minutes=rng.randrange(100_000)), actor=arena.actor, now=arena.now,
    )  # fmt: skip


def correct(db: Session, arena: Arena, rng: Random) -> None:
    open_ones = select(Assessment).where(nothing_replaces(Assessment)).order_by(Assessment.id).limit(10)
    forms = db.scalars(open_ones).all()
    if forms:
        form = rng.choice(forms)
        answers = answers_at_random(rng, SCALES[form.scale])
        correct_assessment(db, form.id, answers=answers, reason="Misread.", actor=arena.actor, now=arena.now)


def write_by_hand(db: Session, arena: Arena, rng: Random) -> None:
    """Several rows at once, past every function of the house."""
    rows = []
    for _ in range(rng.randint(1, 5)):
        scale = rng.choice(list(SCALES.values()))
        form = Form(
            rng.choice(arena.patients), scale, answers_at_random(rng, scale), arena.now, source=AnswerSource.IMPORT,
            historical=rng.random() < 1 / 2,
        )  # fmt: skip
        rows.append(form.row(prorate=False, clinic_id=arena.clinic_id, recorded_by=None, now=arena.now))
    db.execute(insert(Assessment), rows)


def answer_by_link(db: Session, arena: Arena, rng: Random) -> None:
    """A patient follows a link, as one that came by letter."""
    scale = rng.choice([scale for scale in SCALES.values() if scale.has_text])
    token, digest = new_token(arena.clinic_id)
    db.add(
        Questionnaire(
            clinic_id=arena.clinic_id, patient_id=rng.choice(arena.patients), scale=scale.key,
            scale_version=scale.version, via=SentBy.EMAIL, token_digest=digest, sent_at=arena.now,
            expires_at=arena.now + timedelta(days=1),
        )
    )  # fmt: skip
    db.commit()
    answer(db, take_questionnaire(db, token, now=arena.now), answers_at_random(rng, scale), now=arena.now)


def import_file(database: Database, arena: Arena, rng: Random) -> None:
    """A file of some forms, old ones and new ones, a few in each transaction."""
    runs.PIECE = PIECE
    rows = []
    for _ in range(rng.randint(1, 3 * PIECE)):
        day = (arena.now - timedelta(days=rng.randint(1, 60))).date()
        answers = answers_at_random(rng, SCALES["phq9"])[: len(QUESTIONS)]
        told = ["" if each is None else str(each) for each in answers]
        rows.append(phq9_row(rng.choice(arena.numbers), day.isoformat(), *told))
    with TemporaryDirectory() as folder:
        path = written(Path(folder) / "scores.csv", *rows)
        with database.reading() as db:
            job = plan_scores(db, phq9_columns(), actor=arena.actor, now=arena.now)
        runs.write_file(runs.FileOf(path), job, database.committing)


BY_ACT: tuple[Callable[[Session, Arena, Random], None], ...] = (type_in, correct, write_by_hand, answer_by_link)


def write(database: Database, arena: Arena, rng: Random) -> None:
    """Some forms, by a path drawn at random."""
    path = rng.choice((*BY_ACT, import_file))
    if path is import_file:
        import_file(database, arena, rng)
        return
    with database.committing() as db:
        path(db, arena, rng)


def live(arena: Arena, seed: str) -> int:
    """One life, and how it ended: the negative signal, or 0 where death came too late."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(Exception):  # the child must not go on as the test; how it ended tells
        _write_until_death(arena, Random(seed))
        os._exit(0)
    os._exit(1)


def _write_until_death(arena: Arena, rng: Random) -> None:
    database = Database(arena.url)
    die_before(database.engine, rng.randint(1, LONGEST_LIFE))
    for _ in range(LONGEST_LIFE):
        write(database, arena, rng)


def storm(arena: Arena, database: Database, forms: int, *, seed: int = 1) -> Counter[int]:
    """Lives one after the other until so many forms are stored; how they ended."""
    ends: Counter[int] = Counter()
    while count(database) < forms:
        ends[live(arena, f"{seed}/{ends.total()}")] += 1
    return ends


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Assessment)) or 0


def _from(item: int, review: int, urgent: int) -> Positive:
    def level(answers: list[Any]) -> str | None:
        given = answers[item - 1] or 0
        return "urgent" if given >= urgent else "review" if given >= review else None

    return level


def _screened(answers: list[Any]) -> str | None:
    asked = [*answers, *[None] * (7 - len(answers))]
    if 1 in (asked[3], asked[4], asked[6]):
        return "urgent"
    return "review" if 1 in asked else None


POSITIVE: Mapping[str, Positive] = {
    "phq9": _from(9, 1, 2), "qids_sr16": _from(12, 1, 2), "madrs": _from(10, 2, 4), "cssrs_screener": _screened,
}  # fmt: skip


def lost(database: Database) -> tuple[int, list[UUID]]:
    """How many forms must alarm somebody, and which of them do not, or not so gravely as they should."""
    with database.reading() as db:
        raised = {
            (alert.assessment_id, alert.level.value)
            for alert in db.execute(select(Alert.assessment_id, Alert.level).where(Alert.level != AlertLevel.WARN))
        }
        forms = db.execute(select(Assessment.id, Assessment.scale, Assessment.answers)).all()
    wanted = {(form.id, POSITIVE[form.scale](form.answers)) for form in forms if form.scale in POSITIVE}
    wanted = {(form_id, level) for form_id, level in wanted if level is not None}
    return len(wanted), [form_id for form_id, _ in wanted - raised]
