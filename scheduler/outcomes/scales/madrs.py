"""MADRS, the Montgomery-Asberg depression rating scale, rated by a clinician.

Montgomery SA, Asberg M. A new depression scale designed to be sensitive to change. Br J Psychiatry 1979;134:382-389;
bands: Snaith RP, Harrop FM, Newby DA, Teale C. Br J Psychiatry 1986;148:599-601.
"""

from scheduler.outcomes.scales.definition import Band, Lines, Mode, SafetyItem, Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION, bare_items

LINES = Lines(response_percent=50, remission_most=10, clinically_relevant=10)
"""Remission as in most ketamine papers; the esketamine programme counts up to 12. Ten points are the meaningful change
found in treatment-resistant depression; no reliable change was found in a source."""

MADRS = Scale(
    key="madrs",
    version="1",
    name="MADRS",
    recall="Usually the last 7 days, by interview.",
    recall_days=7,
    items=bare_items(10, most=6),
    bands=(
        Band("none", 0, 6),
        Band("mild", 7, 19),
        Band("moderate", 20, 34),
        Band("severe", 35, 60),
    ),
    mode=Mode.CLINICIAN,
    safety=(SafetyItem(SUICIDAL_IDEATION, item=10, review=2, urgent=4),),
    lines=LINES,
    source="Montgomery SA, Asberg M. Br J Psychiatry 1979;134:382-389; bands of Snaith RP et al. 1986;148:599-601.",
    licence="Copyright of its authors; permission is needed for the wording. Item numbers and values only.",
)
