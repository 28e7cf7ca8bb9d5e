"""QIDS-SR16, the quick inventory of depressive symptoms: sixteen items, nine domains.

Rush AJ, Trivedi MH, Ibrahim HM, et al. The 16-item Quick Inventory of Depressive Symptomatology (QIDS). Biol
Psychiatry 2003;54:573-583; bands as its owners interpret it.
"""

from scheduler.outcomes.scales.definition import Band, How, Lines, Part, SafetyItem, Scale, Total
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION, bare_items

LINES = Lines(response_percent=50, remission_most=5)
"""No reliable change is drawn: none was found in a source. A clinic may draw its own."""

QIDS_SR16 = Scale(
    key="qids_sr16",
    version="1",
    name="QIDS-SR16",
    recall="The last 7 days; for changes of weight the last 2 weeks.",
    recall_days=7,
    items=bare_items(16, most=3),
    total=Total.PARTS,
    parts=(
        Part("sleep", (1, 2, 3, 4), How.MAX),
        Part("sad", (5,)),
        Part("appetite_weight", (6, 7, 8, 9), How.MAX),
        Part("concentration", (10,)),
        Part("self_view", (11,)),
        Part("suicide", (12,)),
        Part("interest", (13,)),
        Part("energy", (14,)),
        Part("psychomotor", (15, 16), How.MAX),
    ),
    alternatives=((6, 7), (8, 9)),
    bands=(
        Band("none", 0, 5),
        Band("mild", 6, 10),
        Band("moderate", 11, 15),
        Band("severe", 16, 20),
        Band("very_severe", 21, 27),
    ),
    safety=(SafetyItem(SUICIDAL_IDEATION, item=12, review=1, urgent=2),),
    lines=LINES,
    source="Rush AJ, Trivedi MH, Ibrahim HM, et al. Biol Psychiatry 2003;54:573-583.",
    licence="Its owners' terms are to be confirmed before the wording is used; item numbers and values only.",
)
