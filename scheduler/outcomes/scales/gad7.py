"""GAD-7, the seven-item scale for generalized anxiety.

Items and bands: Spitzer RL, Kroenke K, Williams JB, Löwe B. A brief measure for assessing generalized anxiety
disorder: the GAD-7. Arch Intern Med 2006;166:1092-1097. Wording as on the form of the PHQ screeners.
"""

from scheduler.outcomes.scales.definition import Band, Choice, Item, Lines, Scale
from scheduler.outcomes.scales.loinc import loinc

LINES = Lines(response_percent=50, remission_most=4, reliable_change=4, clinically_relevant=4)
"""Four points are the least change that matters (Toussaint 2020), and reliable to IAPT; Bischoff 2020 asks for 6."""

HOW_OFTEN = (
    Choice(0, "Not at all"),
    Choice(1, "Several days"),
    Choice(2, "More than half the days"),
    Choice(3, "Nearly every day"),
)
QUESTIONS = (
    "Feeling nervous, anxious or on edge",
    "Not being able to stop or control worrying",
    "Worrying too much about different things",
    "Trouble relaxing",
    "Being so restless that it is hard to sit still",
    "Becoming easily annoyed or irritable",
    "Feeling afraid as if something awful might happen",
)

GAD7 = Scale(
    key="gad7",
    version="1",
    name="GAD-7",
    recall="Over the last 2 weeks, how often have you been bothered by the following problems?",
    recall_days=14,
    items=tuple(Item(n, 0, 3, text, loinc(f"gad7.{n}"), HOW_OFTEN) for n, text in enumerate(QUESTIONS, start=1)),
    bands=(
        Band("minimal", 0, 4),
        Band("mild", 5, 9),
        Band("moderate", 10, 14),
        Band("severe", 15, 21),
    ),
    lines=LINES,
    source="Spitzer RL, Kroenke K, Williams JB, Löwe B. Arch Intern Med 2006;166:1092-1097.",
    licence="Developed by Spitzer, Williams, Kroenke and colleagues; no permission required to reproduce, translate, "
    "display or distribute.",
    loinc=loinc("gad7"),
    total_loinc=loinc("gad7.total"),
)
