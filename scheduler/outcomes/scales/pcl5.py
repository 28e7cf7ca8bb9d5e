"""PCL-5, the checklist for post-traumatic stress after DSM-5.

Weathers FW, Litz BT, Keane TM, Palmieri PA, Marx BP, Schnurr PP. The PTSD Checklist for DSM-5 (PCL-5). National Center
for PTSD, US Department of Veterans Affairs, 2013; cluster rule and cut of 31 to 33 as there. No bands of severity have
been validated: total and clusters only. It has no item on suicide; item 16 asks about taking risks.
"""

from collections.abc import Sequence

from scheduler.outcomes.scales.definition import Choice, Cut, How, Item, Lines, Part, Scale

LINES = Lines(remission_most=28, reliable_change=15, clinically_relevant=10, remission_needs_reliable=True)
"""Recovered is at most 28 after a reliable fall of 15 (Marx 2022); ten points matter. No percentage is customary."""

ENDORSED = 2
"""An item answered "moderately" or more counts as a symptom."""
CLUSTERS = {"b": range(1, 6), "c": range(6, 8), "d": range(8, 15), "e": range(15, 21)}
NEEDED = {"b": 1, "c": 1, "d": 2, "e": 2}
"""So many symptoms of each cluster make a provisional diagnosis."""

HOW_MUCH = (
    Choice(0, "Not at all"),
    Choice(1, "A little bit"),
    Choice(2, "Moderately"),
    Choice(3, "Quite a bit"),
    Choice(4, "Extremely"),
)
QUESTIONS = (
    "Repeated, disturbing, and unwanted memories of the stressful experience?",
    "Repeated, disturbing dreams of the stressful experience?",
    "Suddenly feeling or acting as if the stressful experience were actually happening again (as if you were actually "
    "back there reliving it)?",
    "Feeling very upset when something reminded you of the stressful experience?",
    "Having strong physical reactions when something reminded you of the stressful experience (for example, heart "
    "pounding, trouble breathing, sweating)?",
    "Avoiding memories, thoughts, or feelings related to the stressful experience?",
    "Avoiding external reminders of the stressful experience (for example, people, places, conversations, activities, "
    "objects, or situations)?",
    "Trouble remembering important parts of the stressful experience?",
    "Having strong negative beliefs about yourself, other people, or the world (for example, having thoughts such as: "
    "I am bad, there is something seriously wrong with me, no one can be trusted, the world is completely dangerous)?",
    "Blaming yourself or someone else for the stressful experience or what happened after it?",
    "Having strong negative feelings such as fear, horror, anger, guilt, or shame?",
    "Loss of interest in activities that you used to enjoy?",
    "Feeling distant or cut off from other people?",
    "Trouble experiencing positive feelings (for example, being unable to feel happiness or have loving feelings for "
    "people close to you)?",
    "Irritable behavior, angry outbursts, or acting aggressively?",
    "Taking too many risks or doing things that could cause you harm?",
    'Being "superalert" or watchful or on guard?',
    "Feeling jumpy or easily startled?",
    "Having difficulty concentrating?",
    "Trouble falling or staying asleep?",
)


def syndrome(answers: Sequence[int]) -> str:
    """`provisional_ptsd` or `none` by the cluster rule: information, never a diagnosis."""
    for cluster, numbers in CLUSTERS.items():
        if sum(answers[number - 1] >= ENDORSED for number in numbers) < NEEDED[cluster]:
            return "none"
    return "provisional_ptsd"


PCL5 = Scale(
    key="pcl5",
    version="1",
    name="PCL-5",
    recall="In the past month, how much were you bothered by:",
    recall_days=30,
    items=tuple(Item(n, 0, 4, text, choices=HOW_MUCH) for n, text in enumerate(QUESTIONS, start=1)),
    bands=(),
    parts=(
        *(Part(f"cluster_{cluster}", tuple(numbers)) for cluster, numbers in CLUSTERS.items()),
        *(Part(f"endorsed_{cluster}", tuple(numbers), How.COUNT, ENDORSED) for cluster, numbers in CLUSTERS.items()),
    ),
    cuts=(Cut("total_31_or_more", 31), Cut("total_33_or_more", 33)),
    syndrome=syndrome,
    lines=LINES,
    source="Weathers FW, Litz BT, Keane TM, et al. The PTSD Checklist for DSM-5. National Center for PTSD 2013.",
    licence="A work of the US government, in the public domain.",
)
