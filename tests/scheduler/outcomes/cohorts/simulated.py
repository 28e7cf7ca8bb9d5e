"""Courses of the demo clinic's calibrated population, as values: no database."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from scheduler.demo.scores import ScoreCourse, draw_course
from scheduler.outcomes.cohorts.facts import CourseFacts, Head, facts_of
from scheduler.outcomes.cohorts.report import Asked, By, Cohort
from scheduler.outcomes.policy import OutcomePolicy
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.trajectories.change import Thresholds
from scheduler.outcomes.trajectories.courses import Course, Infusion, PatientCourses, Reading
from scheduler.outcomes.trajectories.yardstick import Yardsticks
from tests.builders import ZONE

PHQ9 = SCALES["phq9"]
YARDSTICK = Yardsticks(ZONE, Thresholds(), OutcomePolicy()).of(PHQ9)
BEGINS, NOW = datetime(2025, 2, 3, 15, tzinfo=UTC), datetime(2026, 3, 1, 17, tzinfo=UTC)
ASKED = Asked(date(2025, 2, 1), date(2025, 3, 1))
INFUSIONS, EVERY, ENDPOINT = 6, 3, 21
SHAPE, SCALE = 1.195, 98.3
"""Of the Weibull durations of domain section 4.6."""
COMPLETE = 0.85


def cohort_of(
    courses: int, seed: int = 7, *, by: By | None = None, captured: float = 1.0, stop: bool = False
) -> Cohort:
    """So many courses; of `captured` of them there is a score in the window; with `stop` some give up early."""
    rng = Random(seed)
    asked = Asked(ASKED.first, ASKED.last, by=by)
    return Cohort(asked, PHQ9, YARDSTICK, tuple(_facts(rng, captured, stop=stop) for _ in range(courses)))


def _facts(rng: Random, captured: float, *, stop: bool) -> CourseFacts:
    drawn, patient, series = draw_course(rng), UUID(int=rng.getrandbits(128)), UUID(int=rng.getrandbits(128))
    given = INFUSIONS if not stop or rng.random() < COMPLETE else rng.randrange(1, INFUSIONS)
    starts = [BEGINS + timedelta(days=EVERY * k) for k in range(given)]
    infusions = tuple(Infusion(at, at + timedelta(minutes=40)) for at in starts)
    course = Course(series, infusions, planned=INFUSIONS, ended=True, patient_id=patient)
    readings = [_reading(at - timedelta(hours=1), drawn, k, rng) for k, at in enumerate(starts)]
    if rng.random() < captured:
        readings += _later(drawn, starts[-1], given, rng)
    head = Head(
        series, rng.choice(["mdd_induction_2x", "mdd_induction_3x"]),
        rng.choice(["major_depression", "major_depression", "ptsd", "bipolar_depression"]),
        "not_said" if given == INFUSIONS else rng.choice(["patient_wish", "clinical_decision", "missed_visits"]),
        charted=given, charted_with_event=min(given, rng.choice([0, 1, 2])), adverse_events=2,
    )  # fmt: skip
    return facts_of(
        PatientCourses(patient, (course,), {"phq9": tuple(readings)}), course, head, PHQ9, YARDSTICK, now=NOW
    )


def _reading(at: datetime, drawn: ScoreCourse, infusions: int, rng: Random, total: int | None = None) -> Reading:
    answers = drawn.answers(drawn.total(infusions, rng) if total is None else total, rng)
    score = PHQ9.score(answers)
    return Reading(at, score.total, score.band, version="1", answers=tuple(answers))


def _later(drawn: ScoreCourse, last: datetime, given: int, rng: Random) -> list[Reading]:
    """The endpoint, then once a week until nobody asks any more; relapsed after a time drawn for it."""
    endpoint = _reading(last + timedelta(days=ENDPOINT), drawn, given, rng)
    relapse, until = rng.weibullvariate(SCALE, SHAPE), rng.randrange(20, 180)
    weekly = range(7, until, 7)
    return [endpoint] + [
        _reading(
            last + timedelta(days=ENDPOINT + day), drawn, given, rng,
            total=max(drawn.baseline, 10) if day >= relapse else endpoint.total,
        )
        for day in weekly
    ]  # fmt: skip
