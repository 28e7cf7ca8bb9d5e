"""CADSS, the clinician-administered dissociative states scale: the 23 items a patient answers, and six of them.

Bremner JD, Krystal JH, Putnam FW, et al. J Trauma Stress 1998;11:125-136. The full instrument also has items an
observer rates. CADSS-6: Rodrigues NB, et al. 2021. No bands of severity have been validated.
"""

from scheduler.outcomes.scales.definition import Cut, Mode, Part, Scale
from scheduler.outcomes.scales.elements import bare_items

SIX = (1, 2, 6, 7, 15, 22)
"""The items of the full scale that make CADSS-6, in order."""
LICENCE = "Copyright of J. Douglas Bremner, licensed by Mapi Research Trust. Item numbers and values only."
SOURCE = "Bremner JD, Krystal JH, Putnam FW, et al. J Trauma Stress 1998;11:125-136."

CADSS = Scale(
    key="cadss",
    version="1",
    name="CADSS",
    recall="Now.",
    recall_days=0,
    items=bare_items(23, most=4),
    parts=(
        Part("depersonalisation", (3, 4, 5, 6, 7, 20, 23)),
        Part("derealisation", (1, 2, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 21)),
        Part("amnesia", (14, 15, 22)),
        Part("six", SIX),
    ),
    bands=(),
    cuts=(Cut("total_5_or_more", 5),),  # the esketamine trials' "dissociative", if it is also above the value before
    mode=Mode.CLINICIAN,
    source=SOURCE,
    licence=LICENCE,
)

CADSS6 = Scale(
    key="cadss6",
    version="1",
    name="CADSS-6",
    recall="Now.",
    recall_days=0,
    items=bare_items(len(SIX), most=4),
    bands=(),
    mode=Mode.CLINICIAN,
    source=f"{SOURCE} Items {', '.join(map(str, SIX))}: Rodrigues NB, et al. 2021.",
    licence=LICENCE,
)
