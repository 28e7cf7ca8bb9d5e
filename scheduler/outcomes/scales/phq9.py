"""PHQ-9, the Patient Health Questionnaire for depression.

Items, bands and the diagnostic algorithm: Kroenke K, Spitzer RL, Williams JB. The PHQ-9: validity of a brief
depression severity measure. J Gen Intern Med 2001;16:606-613, and the instruction manual of the PHQ measures.
"""

from collections.abc import Sequence

from scheduler.outcomes.scales.definition import Band, Choice, Item, Lines, Notice, SafetyItem, Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.scales.loinc import loinc

ITEM_9 = 8
"""Where among the answers the one about thoughts of death stands."""
PRESENT = 2
"""An item answered "more than half the days" counts as a symptom; item 9 counts as soon as it is not 0."""
MAJOR, OTHER = 5, 2
"""So many symptoms, a core one among them, make a syndrome."""

RESPONSE_PERCENT, REMISSION_BELOW, REMISSION_BASELINE, RELIABLE_CHANGE = 50, 5, 10, 6
"""What a clinic begins with. Response and remission as in McInnes et al. 2022."""
LINES = Lines(
    RESPONSE_PERCENT, REMISSION_BELOW - 1, REMISSION_BASELINE, RELIABLE_CHANGE, clinically_relevant=5
)  # fmt: skip
"""Six points are the meaningful change of the esketamine trials and the reliable change of the English talking-therapy
services (IAPT); a standard error of 1.9 points makes 5.3, in whole points 6. Five are the step from band to band."""

HOW_OFTEN = (
    Choice(0, "Not at all", loinc("phq9.how_often.0")),
    Choice(1, "Several days", loinc("phq9.how_often.1")),
    Choice(2, "More than half the days", loinc("phq9.how_often.2")),
    Choice(3, "Nearly every day", loinc("phq9.how_often.3")),
)
HOW_DIFFICULT = (
    Choice(0, "Not difficult at all", loinc("phq9.how_difficult.0")),
    Choice(1, "Somewhat difficult", loinc("phq9.how_difficult.1")),
    Choice(2, "Very difficult", loinc("phq9.how_difficult.2")),
    Choice(3, "Extremely difficult", loinc("phq9.how_difficult.3")),
)
QUESTIONS = (
    "Little interest or pleasure in doing things",
    "Feeling down, depressed, or hopeless",
    "Trouble falling or staying asleep, or sleeping too much",
    "Feeling tired or having little energy",
    "Poor appetite or overeating",
    "Feeling bad about yourself \u2014 or that you are a failure or have let yourself or your family down",
    "Trouble concentrating on things, such as reading the newspaper or watching television",
    "Moving or speaking so slowly that other people could have noticed? Or the opposite \u2014 being so fidgety or "
    "restless that you have been moving around a lot more than usual",
    "Thoughts that you would be better off dead or of hurting yourself in some way",
)
DIFFICULTY = Item(
    number=10,
    least=0,
    most=3,
    text="If you checked off any problems, how difficult have these problems made it for you to do your work, take "
    "care of things at home, or get along with other people?",
    loinc=loinc("phq9.10"),
    choices=HOW_DIFFICULT,
    scored=False,
)


def syndrome(answers: Sequence[int]) -> str:
    """`major`, `other` or `none` by the PHQ-9's own algorithm: information, never a diagnosis."""
    present = [answer >= PRESENT for answer in answers[:ITEM_9]] + [answers[ITEM_9] >= 1]
    symptoms, core = sum(present), any(present[:2])
    if not core or symptoms < OTHER:
        return "none"
    return "major" if symptoms >= MAJOR else "other"


PHQ9 = Scale(
    key="phq9",
    version="1",
    name="PHQ-9",
    recall="Over the last 2 weeks, how often have you been bothered by any of the following problems?",
    items=(
        *(Item(n, 0, 3, text, loinc(f"phq9.{n}"), HOW_OFTEN) for n, text in enumerate(QUESTIONS, start=1)),
        DIFFICULTY,
    ),
    bands=(
        Band("minimal", 0, 4),
        Band("mild", 5, 9),
        Band("moderate", 10, 14),
        Band("moderately_severe", 15, 19),
        Band("severe", 20, 27),
    ),
    safety=(SafetyItem(SUICIDAL_IDEATION, item=ITEM_9 + 1, review=1, urgent=2),),
    notices=(Notice("functional_impairment", item=10, least=2),),
    syndrome=syndrome,
    recall_days=14,
    prorates_up_to=2,
    lines=LINES,
    source="Kroenke K, Spitzer RL, Williams JB. J Gen Intern Med 2001;16:606-613.",
    licence="Developed by Spitzer, Williams, Kroenke and colleagues; no permission required to reproduce, translate, "
    "display or distribute.",
    loinc=loinc("phq9"),
    total_loinc=loinc("phq9.total"),
)
