"""The scales the house knows: each a file of data, read by one engine."""

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


def shipped(key: str, version: str) -> Scale | None:
    """The house's scale as a form was scored with; None for a key or a version it does not have."""
    scale = SCALES.get(key)
    return scale if scale is not None and scale.version == version else None
