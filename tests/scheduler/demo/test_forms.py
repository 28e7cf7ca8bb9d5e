"""Who looks after what a form alarms about, at the demo clinic."""

from datetime import timedelta
from random import Random

from sqlalchemy import select

from scheduler.demo.forms import UNSEEN_FOR, fill_in
from scheduler.demo.house import found
from scheduler.demo.living import Life, Visitor
from scheduler.demo.scores import ScoreCourse
from scheduler.demo.stories import draw_story
from scheduler.models import Alert
from scheduler.records.access import register_patient
from tests.scheduler.demo.conftest import NOW, PASSWORD, TODAY

FORMS = 12
THOUGHTS = ScoreCourse(baseline=20, improvement=0.1, speed=2.0, ideation=0.5)
"""Item 9 is affirmed, at the level of a review."""


def open_alerts(db, *, until):
    """How many alerts of some forms nobody has looked after by the end of a day."""
    life = Life(db, found(db, first=TODAY, today=TODAY, password=PASSWORD), until=until)
    story = draw_story(Random(1), ("Ada", "Byron"), 1, today=TODAY, nurses=4)
    patient = register_patient(
        db, mrn="D-1", given_name="Ada", family_name="Byron", birth_date=story.birth_date,
        actor=life.house.scheduler, now=NOW,
    )  # fmt: skip
    for _ in range(FORMS):
        fill_in(life, Visitor(story, patient.id, THOUGHTS), None, NOW)
    life.timeline.play(until=NOW + timedelta(days=1))
    return len(db.scalars(select(Alert).where(Alert.acknowledged_at.is_(None))).all())


def test_of_the_last_days_some_alerts_are_still_open(db):
    assert 0 < open_alerts(db, until=NOW + timedelta(hours=20)) < FORMS


def test_of_earlier_days_none_is(db):
    assert open_alerts(db, until=NOW + UNSEEN_FOR) == 0
