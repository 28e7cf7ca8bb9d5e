"""PHQ-9 courses like those of real clinics, drawn from a calibrated model. Pure; a simulation, not evidence.

Calibrated so that after six infusions response, remission and worsening come near those of McInnes et al. 2022
(537 patients of 178 practices: 53.6, 28.9 and 8.4 percent). No study tells the mean after every infusion; the way
from the first to the sixth is the model's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import exp
from random import Random

MOST = 27
ITEMS = 8
"""Besides item 9, which is drawn first: it is the one that raises alerts."""
MOST_OF_AN_ITEM = 3
ITEM_WEIGHTS = (10, 11, 12, 13, 9, 10, 10, 5)
"""How readily items 1 to 8 are affirmed; restlessness least."""
NOISE = 1.5
LAST = 6
"""After so many infusions a course has reached its final improvement."""
IDEATION_AT_BASELINE = 0.8
IDEATION_OFTEN, IDEATION_DAILY = 0.5, 0.72
"""How far under the patient's own line item 9 becomes a 2, and a 3."""
GOLDEN = (5**0.5 - 1) / 2
FALLEN, ILL_AGAIN = 0.35, 12
"""How much of the improvement is left at a relapse, and the total that is reached at least."""
ANXIOUS, SLEEPLESS = 0.35, 0.2
"""Of patients: they are asked about anxiety too, and about their sleep."""


@dataclass(frozen=True)
class Outcome:
    """One way a course can go: how common it is, and the final improvement as a fraction of the baseline."""

    weight: float
    mean: float
    spread: float


@dataclass(frozen=True)
class Population:
    """Whom a clinic treats: the baselines they come with, and how they fare."""

    baseline: float
    spread: float
    outcomes: tuple[Outcome, ...]
    least: int = 10


COMMUNITY = Population(
    baseline=17.5,
    spread=4.7,
    outcomes=(
        Outcome(0.29, 0.88, 0.08),
        Outcome(0.245, 0.62, 0.06),
        Outcome(0.255, 0.36, 0.07),
        Outcome(0.13, 0.10, 0.06),
        Outcome(0.08, -0.16, 0.08),
    ),
)
SPEEDS = ((0.6, 0.4), (2.0, 0.4), (5.0, 0.2))
"""Infusions until most of the improvement is there, and how common that is."""


@dataclass(frozen=True)
class ScoreCourse:
    """One patient's course. `ideation` is the patient's own line: item 9 is affirmed while the risk is above it."""

    baseline: int
    improvement: float
    speed: float
    ideation: float

    @property
    def responds(self) -> bool:
        return self.improvement >= 1 / 2

    @property
    def fallen(self) -> "ScoreCourse":
        """The same patient after a relapse."""
        return replace(self, improvement=min(self.improvement * FALLEN, 1 - ILL_AGAIN / self.baseline))

    def expected(self, infusions: int) -> float:
        """The total to expect after so many infusions."""
        return self.baseline * (1 - self.improvement * self._reached(infusions))

    def total(self, infusions: int, rng: Random) -> int:
        """A total as it is measured; before the first infusion the baseline itself."""
        if not infusions:
            return self.baseline
        return min(max(round(self.expected(infusions) + rng.gauss(0, NOISE)), 0), MOST)

    def answers(self, total: int, rng: Random) -> list[int]:
        """Nine answers that add up to the total."""
        ninth = self._ninth(total)
        return [*split(total - ninth, rng), ninth]

    def _reached(self, infusions: int) -> float:
        return (1 - exp(-min(infusions, LAST) / self.speed)) / (1 - exp(-LAST / self.speed))

    def _ninth(self, total: int) -> int:
        """Item 9: affirmed by 80 percent at baseline, by fewer in proportion as the total falls."""
        above = IDEATION_AT_BASELINE * total / self.baseline - self.ideation
        wanted = (above > 0) + (above > IDEATION_OFTEN) + (above > IDEATION_DAILY)
        return max(min(wanted, total), total - ITEMS * MOST_OF_AN_ITEM)


@dataclass(frozen=True)
class Companion:
    """A scale beside the PHQ-9: with how many points patients come, and how much of their improvement it shows."""

    items: int
    most: int
    mean: float
    spread: float
    least: int
    shows: float

    def draw(self, rng: Random) -> int:
        """The total before the first infusion."""
        return min(max(round(rng.gauss(self.mean, self.spread)), self.least), self.items * self.most)

    def answers(self, baseline: int, course: ScoreCourse, infusions: int, rng: Random) -> list[int]:
        """What is answered after so many infusions."""
        left = 1 - self.shows * (1 - course.expected(infusions) / course.baseline)
        drawn = round(baseline * left + rng.gauss(0, NOISE))
        return self.split(min(max(drawn, 0), self.items * self.most), rng)

    def split(self, total: int, rng: Random) -> list[int]:
        return split(total, rng, weights=(1,) * self.items, most=self.most)


COMPANIONS: Mapping[str, Companion] = {
    "gad7": Companion(items=7, most=3, mean=12.5, spread=4.0, least=5, shows=0.8),
    "pcl5": Companion(items=20, most=4, mean=47.0, spread=10.0, least=33, shows=0.75),
    "sleep": Companion(items=1, most=10, mean=6.5, spread=1.8, least=3, shows=0.6),
}
"""The last is the clinic's own question."""


def draw_companions(rng: Random, *, trauma: bool) -> dict[str, int]:
    """What one patient is asked beside the PHQ-9, with the totals they come with."""
    asked = {"gad7": rng.random() < ANXIOUS, "pcl5": trauma, "sleep": rng.random() < SLEEPLESS}
    return {key: COMPANIONS[key].draw(rng) for key, wanted in asked.items() if wanted}


def draw_course(rng: Random, population: Population = COMMUNITY, *, place: float | None = None) -> ScoreCourse:
    """One patient of the population: anyone, or the one at a `place` from 0 to 1 in the order of the outcomes."""
    outcome = _outcome_at(rng.random() if place is None else place, population.outcomes)
    improvement = min(max(rng.gauss(outcome.mean, outcome.spread), -1 / 2), 1)
    speeds, weights = zip(*SPEEDS, strict=True)
    return ScoreCourse(_baseline(rng, population), improvement, rng.choices(speeds, weights)[0], rng.random())


def place_of(number: int) -> float:
    """Places so spread that of any few dozen patients who follow one another each outcome has its share."""
    return number * GOLDEN % 1


def _outcome_at(place: float, outcomes: Sequence[Outcome]) -> Outcome:
    reached = accumulate(outcome.weight for outcome in outcomes)
    return next((each for each, upto in zip(outcomes, reached, strict=True) if place < upto), outcomes[-1])


def _baseline(rng: Random, population: Population) -> int:
    """Normal, rounded; who is not ill enough for treatment, or off the scale, is drawn again."""
    while True:
        drawn = round(rng.gauss(population.baseline, population.spread))
        if population.least <= drawn <= MOST:
            return drawn


def split(total: int, rng: Random, *, weights: Sequence[int] = ITEM_WEIGHTS, most: int = MOST_OF_AN_ITEM) -> list[int]:
    """The total as answers from 0 to the most of an item, point by point, the common symptoms more often."""
    answers = [0] * len(weights)
    for _ in range(total):
        room = [item for item in range(len(weights)) if answers[item] < most]
        answers[rng.choices(room, [weights[item] for item in room])[0]] += 1
    return answers
