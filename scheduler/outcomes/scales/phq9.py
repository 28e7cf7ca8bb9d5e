"""PHQ-9, the Patient Health Questionnaire for depression.

Items, bands and the diagnostic algorithm: Kroenke K, Spitzer RL, Williams JB. The PHQ-9: validity of a brief
depression severity measure. J Gen Intern Med 2001;16:606-613, and the instruction manual of the PHQ measures.
"""

from collections.abc import Sequence

from scheduler.outcomes.scales.definition import Band, Choice, Item, Notice, SafetyItem, Scale

SUICIDAL_IDEATION = "suicidal_ideation"
PRESENT = 2
"""An item answered "more than half the days" counts as a symptom; item 9 counts as soon as it is not 0."""
MAJOR, OTHER = 5, 2
"""So many symptoms, a core one among them, make a syndrome."""

HOW_OFTEN = (
    Choice(0, "Not at all", "LA6568-5"),
    Choice(1, "Several days", "LA6569-3"),
    Choice(2, "More than half the days", "LA6570-1"),
    Choice(3, "Nearly every day", "LA6571-9"),
)
HOW_DIFFICULT = (
    Choice(0, "Not difficult at all", "LA6572-7"),
    Choice(1, "Somewhat difficult", "LA6573-5"),
    Choice(2, "Very difficult"),
    Choice(3, "Extremely difficult"),
)
"""The last two have no LOINC code here: published forms disagree which of LA6574-3 and LA6575-0 is which."""
QUESTIONS = (
    ("44250-9", "Little interest or pleasure in doing things"),
    ("44255-8", "Feeling down, depressed, or hopeless"),
    ("44259-0", "Trouble falling or staying asleep, or sleeping too much"),
    ("44254-1", "Feeling tired or having little energy"),
    ("44251-7", "Poor appetite or overeating"),
    (
        "44258-2",
        "Feeling bad about yourself \u2014 or that you are a failure or have let yourself or your family down",
    ),
    ("44252-5", "Trouble concentrating on things, such as reading the newspaper or watching television"),
    (
        "44253-3",
        "Moving or speaking so slowly that other people could have noticed? Or the opposite \u2014 being so fidgety or "
        "restless that you have been moving around a lot more than usual",
    ),
    ("44260-8", "Thoughts that you would be better off dead or of hurting yourself in some way"),
)
DIFFICULTY = Item(
    number=10,
    least=0,
    most=3,
    text="If you checked off any problems, how difficult have these problems made it for you to do your work, take "
    "care of things at home, or get along with other people?",
    loinc="69722-7",
    choices=HOW_DIFFICULT,
    scored=False,
)


def syndrome(answers: Sequence[int]) -> str:
    """`major`, `other` or `none` by the PHQ-9's own algorithm: information, never a diagnosis."""
    present = [answer >= PRESENT for answer in answers[:8]] + [answers[8] >= 1]
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
        *(Item(number, 0, 3, text, loinc, HOW_OFTEN) for number, (loinc, text) in enumerate(QUESTIONS, start=1)),
        DIFFICULTY,
    ),
    bands=(
        Band("minimal", 0, 4),
        Band("mild", 5, 9),
        Band("moderate", 10, 14),
        Band("moderately_severe", 15, 19),
        Band("severe", 20, 27),
    ),
    safety=(SafetyItem(SUICIDAL_IDEATION, item=9, review=1, urgent=2),),
    notices=(Notice("functional_impairment", item=10, least=2),),
    syndrome=syndrome,
    source="Kroenke K, Spitzer RL, Williams JB. J Gen Intern Med 2001;16:606-613.",
    licence="Developed by Spitzer, Williams, Kroenke and colleagues; no permission required to reproduce, translate, "
    "display or distribute.",
    loinc="44249-1",
    total_loinc="44261-6",
)
