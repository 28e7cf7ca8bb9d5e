"""The scales the house knows: each a file of data, read by one engine."""

from scheduler.errors import Fault, Invalid
from scheduler.outcomes.scales.cadss import CADSS, CADSS6
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.gad7 import GAD7
from scheduler.outcomes.scales.madrs import MADRS
from scheduler.outcomes.scales.mdq import MDQ
from scheduler.outcomes.scales.pcl5 import PCL5
from scheduler.outcomes.scales.phq9 import PHQ9
from scheduler.outcomes.scales.qids_sr16 import QIDS_SR16
from scheduler.outcomes.scales.ybocs import YBOCS

SCALES: dict[str, Scale] = {
    scale.key: scale for scale in (PHQ9, GAD7, QIDS_SR16, MADRS, PCL5, YBOCS, CSSRS_SCREENER, CADSS, CADSS6, MDQ)
}


def scale(key: str) -> Scale:
    """The scale of this name. Raises `Invalid` for one the house does not know."""
    if key not in SCALES:
        known = ", ".join(SCALES)
        raise Invalid(faults=[Fault("scale", "unknown", f"There is no such scale here; known are: {known}.")])
    return SCALES[key]
