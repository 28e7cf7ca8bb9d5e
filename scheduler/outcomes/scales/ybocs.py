"""Y-BOCS, the Yale-Brown obsessive compulsive scale: five items on obsessions, five on compulsions.

Goodman WK, Price LH, Rasmussen SA, et al. The Yale-Brown Obsessive Compulsive Scale. Arch Gen Psychiatry
1989;46:1006-1011. Not the Y-BOCS-II, whose total goes to 50 under other cuts.
"""

from scheduler.outcomes.scales.definition import Band, Lines, Mode, Part, Scale
from scheduler.outcomes.scales.elements import bare_items

LINES = Lines(response_percent=35, remission_most=12)
"""Of the international consensus (Mataix-Cols 2016)."""

YBOCS = Scale(
    key="ybocs",
    version="1",
    name="Y-BOCS",
    recall="The last 7 days, by interview.",
    recall_days=7,
    items=bare_items(10, most=4),
    parts=(Part("obsessions", (1, 2, 3, 4, 5)), Part("compulsions", (6, 7, 8, 9, 10))),
    bands=(
        Band("subclinical", 0, 7),
        Band("mild", 8, 15),
        Band("moderate", 16, 23),
        Band("severe", 24, 31),
        Band("extreme", 32, 40),
    ),
    mode=Mode.CLINICIAN,
    lines=LINES,
    source="Goodman WK, Price LH, Rasmussen SA, et al. Arch Gen Psychiatry 1989;46:1006-1011.",
    licence="Copyright of Wayne Goodman; permission is needed for the wording. Item numbers and values only.",
)
