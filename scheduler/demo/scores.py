"""PHQ-9 courses like those of real clinics, drawn from a calibrated model. Pure; a simulation, not evidence.

Calibrated so that after six infusions response, remission and worsening come near those of McInnes et al. 2022
(537 patients of 178 practices: 53.6, 28.9 and 8.4 percent). No study tells the mean after every infusion; the way
from the first to the sixth is the model's own.
"""

from dataclasses import dataclass
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


def draw_course(rng: Random, population: Population = COMMUNITY) -> ScoreCourse:
    """One patient of the population."""
    outcomes = population.outcomes
    outcome = rng.choices(outcomes, [each.weight for each in outcomes])[0]
    improvement = min(max(rng.gauss(outcome.mean, outcome.spread), -1 / 2), 1)
    speeds, weights = zip(*SPEEDS, strict=True)
    return ScoreCourse(_baseline(rng, population), improvement, rng.choices(speeds, weights)[0], rng.random())


def _baseline(rng: Random, population: Population) -> int:
    """Normal, rounded; who is not ill enough for treatment, or off the scale, is drawn again."""
    while True:
        drawn = round(rng.gauss(population.baseline, population.spread))
        if population.least <= drawn <= MOST:
            return drawn


def split(total: int, rng: Random) -> list[int]:
    """The total as eight answers from 0 to 3, point by point, the common symptoms more often."""
    answers = [0] * ITEMS
    for _ in range(total):
        room = [item for item in range(ITEMS) if answers[item] < MOST_OF_AN_ITEM]
        answers[rng.choices(room, [ITEM_WEIGHTS[item] for item in room])[0]] += 1
    return answers
