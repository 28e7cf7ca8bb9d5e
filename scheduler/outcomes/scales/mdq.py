"""MDQ, the mood disorder questionnaire: a screen for bipolar disorder, positive or negative.

Hirschfeld RM, Williams JB, Spitzer RL, et al. Development and validation of a screening instrument for bipolar spectrum
disorder: the Mood Disorder Questionnaire. Am J Psychiatry 2000;157:1873-1875. Thirteen symptoms, then whether several
came together (item 14), then how much of a problem they were (item 15).
"""

from scheduler.outcomes.scales.definition import Answers, Asked, Item, Part, Scale, Total
from scheduler.outcomes.scales.elements import bare_items

SYMPTOMS = tuple(range(1, 14))
ENOUGH = 7
TOGETHER, PROBLEM = 14, 15
MODERATE = 2
"""Of item 15: no problem 0, minor 1, moderate 2, serious 3."""


def level(answers: Answers) -> str:
    """Positive with seven symptoms that came together and were a moderate problem or worse."""
    symptoms = sum(answers[number - 1] or 0 for number in SYMPTOMS)
    together, problem = answers[TOGETHER - 1] or 0, answers[PROBLEM - 1] or 0
    return "positive" if symptoms >= ENOUGH and together and problem >= MODERATE else "negative"


MDQ = Scale(
    key="mdq",
    version="1",
    name="MDQ",
    recall="All of life.",
    items=(*bare_items(14, most=1), Item(PROBLEM, 0, 3)),
    bands=(),
    total=Total.PARTS,
    parts=(Part("symptoms", SYMPTOMS),),
    level=level,
    levels=("negative", "positive"),
    asked=(
        Asked((TOGETHER,), when=SYMPTOMS, count=ENOUGH, tolerated=True),
        Asked((PROBLEM,), when=(TOGETHER,), tolerated=True),
    ),
    source="Hirschfeld RM, Williams JB, Spitzer RL, et al. Am J Psychiatry 2000;157:1873-1875.",
    licence="Copyright of its author; widely reproduced. Item numbers and values only.",
)
