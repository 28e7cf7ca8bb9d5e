"""C-SSRS screener, recent: a level of suicide risk, and never a sum.

Posner K, Brown GK, Stanley B, et al. The Columbia-Suicide Severity Rating Scale. Am J Psychiatry 2011;168:1266-1277;
levels as in the screener's triage. The version "since last contact" is another scale and needs its own key.
"""

from scheduler.outcomes.scales.definition import Answers, Asked, Item, Mode, SafetyItem, Scale, Total
from scheduler.outcomes.scales.loinc import loinc

SUICIDE_RISK = "suicide_risk"
Q1, Q2, Q3, Q4, Q5, EVER, RECENT = range(1, 8)
"""`EVER` is question 6 over all of life, `RECENT` the same over the past 3 months."""
LABELS = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6 lifetime", "Q6 past 3 months")


def level(answers: Answers) -> str:
    """The highest rule that is met."""
    yes = {number for number, answer in enumerate(answers, start=1) if answer}
    if yes & {Q4, Q5, RECENT}:
        return "high"
    if yes & {Q3, EVER}:
        return "moderate"
    return "low" if yes else "none"


CSSRS_SCREENER = Scale(
    key="cssrs_screener",
    version="1",
    name="C-SSRS screener (recent)",
    recall="The past month; question 6 over all of life, and the past 3 months.",
    recall_days=30,
    items=tuple(Item(n, 0, 1, loinc=loinc(f"cssrs_screener.{n}"), label=of) for n, of in enumerate(LABELS, start=1)),
    bands=(),
    mode=Mode.EITHER,
    total=Total.NONE,
    level=level,
    levels=("none", "low", "moderate", "high"),
    asked=(Asked((Q3, Q4, Q5), when=(Q2,)), Asked((RECENT,), when=(EVER,))),
    safety=(
        *(SafetyItem(SUICIDE_RISK, item=number, review=1, urgent=None) for number in (Q1, Q2, Q3, EVER)),
        *(SafetyItem(SUICIDE_RISK, item=number, review=1, urgent=1) for number in (Q4, Q5, RECENT)),
    ),
    source="Posner K, Brown GK, Stanley B, et al. Am J Psychiatry 2011;168:1266-1277.",
    licence="Research Foundation for Mental Hygiene; free, permission or registration is asked for the wording. Item "
    "numbers and values only.",
    total_loinc=loinc("cssrs_screener.level"),
)
