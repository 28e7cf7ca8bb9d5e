"""Who comes to the demo clinic, what they wish for, and whether they stay. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import TypeVar

from scheduler.demo.names import Name
from scheduler.demo.scores import ScoreCourse, draw_course, place_of
from scheduler.models import Diagnosis

T = TypeVar("T")

WEEK = timedelta(weeks=1)
YEAR_DAYS = 365.25
YEAR = 365
AGES = (19, 76)
LEADS = (2, 9)
"""Days from the referral to the first day the patient can come."""
MAINTENANCE, BOOSTER, TRAUMA = "maintenance_taper", "booster_single", "ptsd_induction"
PROTOCOLS = {
    "mdd_induction_2x": 56, "mdd_induction_3x": 8, "mdd_induction_4": 12, "bipolar_induction": 6, "ptsd_induction": 5,
    "spravato_trd": 7, "booster_single": 5, "pain_crps_outpatient": 1,
}  # fmt: skip
"""How many in a hundred come for what. Maintenance and further boosters follow from how a course goes."""
DIAGNOSED = 0.92
DIAGNOSES = {
    **dict.fromkeys(PROTOCOLS, Diagnosis.MAJOR_DEPRESSION), "bipolar_induction": Diagnosis.BIPOLAR_DEPRESSION,
    TRAUMA: Diagnosis.PTSD, "pain_crps_outpatient": Diagnosis.CHRONIC_PAIN,
}  # fmt: skip
"""For what most of them are treated, where somebody says so."""
WINDOWS = {(0, 1440): 30, (480, 630): 20, (625, 780): 20, (770, 1080): 30}
NO_WEDNESDAYS = frozenset({0, 1, 3, 4})
WEEKS = {frozenset(range(7)): 80, NO_WEDNESDAYS: 12, frozenset({0, 3}): 4, frozenset({1, 4}): 4}
WEDNESDAYS = frozenset({2})
"""Few visits twice a week fall on one, so the clinic keeps them for maintenance and boosters."""
ASKS_FOR_ONE_TIME, ASKS_FOR_A_NURSE = 0.3, 0.12
STOPS = 0.15
"""Of courses that are begun; the others come to every visit."""
MISSES_BEFORE_STOPPING = (35, 45, 20)
"""In a hundred of those who stop: how many visits they miss first, none, one or two."""
MISSES_A_LONE_VISIT = 0.06
HAS_EMAIL = 0.6
LATEST_STOP = 5
MAINTAINED, MAINTAINED_FROM = 0.15, 14
"""Of those who respond: they go on to maintenance so many days after, with the form that tells how they are."""
FOLLOWED, FOLLOWED_WEEKS = 0.7, (1, 4, 8, 12)
"""Of the others: they are asked again and again."""
CHECKED, CHECKED_AFTER_STOPPING = 0.7, 0.4
"""Of the rest, and of those who stop: they are asked once, at the endpoint of their course."""
CHECK_WEEKS = (2, 3)
"""After the last infusion. Whole weeks, so that they fall on a day on which the clinic works."""
RELAPSE_SCALE, RELAPSE_SHAPE = 98.3, 1.195
"""Days a response lasts without maintenance: 80 percent still respond after 28, 60 after 56 (McInnes et al. 2022)."""
BOOSTED_FROM = 3
"""Days after a relapse was told: so long at least until a second form can confirm it."""
SINGLE = 1


class Call(StrEnum):
    """What may come between a patient and one visit of a series that runs its course."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    CANCELLED_LATE = "cancelled_late"
    MISSED = "missed"


CALLS = {Call.MOVED: 2, Call.CANCELLED: 1, Call.CANCELLED_LATE: 1, Call.MISSED: 1}
"""In a hundred visits; all are made good."""


@dataclass(frozen=True)
class Story:
    """A patient as they come in. `rng` draws all that happens to them later.

    `nurse` counts in the clinic's order; without a `protocol` nothing has been booked yet. Whose `fate` is told keeps
    to it; the others' is drawn. Who is `prompt` comes first on the first day they can.
    """

    name: Name
    birth_date: date
    phone: str
    email: str | None
    protocol: str | None
    lead: int
    window: tuple[int, int]
    weekdays: frozenset[int]
    same_time: bool
    nurse: int | None
    scores: ScoreCourse
    rng: Random
    fate: "Fate | None" = None
    prompt: bool = False


@dataclass(frozen=True)
class Fate:
    """Which visits of a series are missed, and after which the rest is called off; None where it runs its course."""

    missed: frozenset[int] = frozenset()
    stops_after: int | None = None
    uncharted: frozenset[int] = frozenset()
    """To which the patient came, and of which there is no record yet."""


@dataclass(frozen=True)
class Aftermath:
    """How many weeks after the last infusion a patient fills in a form, and when a response is over, if it ever is."""

    weeks: tuple[int, ...]
    relapse: int | None = None


def draw_story(rng: Random, name: Name, number: int, *, today: date, nurses: int) -> Story:
    """One patient. `number` gives a telephone number that is nobody's, and the patient's place among all outcomes."""
    age = timedelta(days=round(rng.uniform(*AGES) * YEAR_DAYS))
    return Story(
        name=name,
        birth_date=today - age,
        phone=f"+1 212 555 {100 + number % 100:04d}",
        email=mail_address(name) if rng.random() < HAS_EMAIL else None,
        protocol=_one_of(PROTOCOLS, rng),
        lead=rng.randint(*LEADS),
        window=_one_of(WINDOWS, rng),
        weekdays=_one_of(WEEKS, rng),
        same_time=rng.random() < ASKS_FOR_ONE_TIME,
        nurse=rng.randrange(nurses) if rng.random() < ASKS_FOR_A_NURSE else None,
        scores=draw_course(rng, place=place_of(number)),
        rng=rng,
    )


def mail_address(name: Name) -> str:
    """`.test` belongs to nobody."""
    return ".".join(name).lower() + "@patients.test"


def draw_fate(rng: Random, protocol: str, visits: int) -> Fate:
    """How a series of so many visits goes."""
    if visits == SINGLE:
        return Fate(frozenset({1}), 1) if rng.random() < MISSES_A_LONE_VISIT else Fate()
    if protocol == MAINTENANCE:  # who comes for months misses a visit now and then, and goes on
        return Fate(frozenset(visit for visit in range(1, visits) if rng.random() < MISSES_A_LONE_VISIT))
    if rng.random() >= STOPS:
        return Fate()
    given = rng.randint(1, min(LATEST_STOP, visits - 1))
    misses = rng.choices(range(len(MISSES_BEFORE_STOPPING)), MISSES_BEFORE_STOPPING)[0]
    last = min(given + misses, visits)
    return Fate(frozenset(range(given + 1, last + 1)), last)


def draw_call(rng: Random) -> Call | None:
    """What comes between a patient and one visit; mostly nothing."""
    drawn = rng.choices([None, *CALLS], [100 - sum(CALLS.values()), *CALLS.values()])
    return drawn[0]


def draw_aftermath(rng: Random, *, responds: bool) -> Aftermath:
    """What is heard of a patient who has run a course. Of whom nothing is asked no relapse is heard either."""
    check, followed, checked = rng.choice(CHECK_WEEKS), rng.random() < FOLLOWED, rng.random() < CHECKED
    lasts = timedelta(days=rng.weibullvariate(RELAPSE_SCALE, RELAPSE_SHAPE))
    if not followed:
        return Aftermath((check,) if checked else ())
    return Aftermath(tuple(sorted({check, *FOLLOWED_WEEKS})), check + max(round(lasts / WEEK), 1) if responds else None)


def draw_check(rng: Random) -> int | None:
    """How many weeks after their last infusion somebody who has stopped tells how they are; mostly never."""
    check = rng.choice(CHECK_WEEKS)
    return check if rng.random() < CHECKED_AFTER_STOPPING else None


def _one_of(weights: Mapping[T, int], rng: Random) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]
