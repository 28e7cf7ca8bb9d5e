"""What happens where the demo clinic has no place to offer."""

from datetime import timedelta
from random import Random

from sqlalchemy import func, select

from scheduler.demo.house import found
from scheduler.demo.life import book
from scheduler.demo.living import Life, Visitor
from scheduler.demo.stories import draw_story
from scheduler.models import Series
from scheduler.records.access import register_patient
from tests.scheduler.demo.conftest import NOW, PASSWORD, TODAY


def test_a_patient_for_whom_there_is_no_place_waits(db):
    life = Life(db, found(db, first=TODAY, today=TODAY, password=PASSWORD), until=NOW)
    story = draw_story(Random(1), ("Ada", "Byron"), 1, today=TODAY, nurses=4)
    patient = register_patient(
        db, mrn="D-1", given_name="Ada", family_name="Byron", birth_date=story.birth_date,
        actor=life.house.scheduler, now=NOW,
    )  # fmt: skip

    book(life, Visitor(story, patient.id, story.scores), "mdd_induction_2x", TODAY + timedelta(weeks=40), NOW)

    assert db.scalar(select(func.count()).select_from(Series)) == 0
