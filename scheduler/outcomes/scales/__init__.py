"""The scales the house knows: each a file of data, read by one engine."""

from scheduler.errors import Fault, Invalid
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.phq9 import PHQ9

SCALES: dict[str, Scale] = {scale.key: scale for scale in (PHQ9,)}


def scale(key: str) -> Scale:
    """The scale of this name. Raises `Invalid` for one the house does not know."""
    if key not in SCALES:
        known = ", ".join(SCALES)
        raise Invalid(faults=[Fault("scale", "unknown", f"There is no such scale here; known are: {known}.")])
    return SCALES[key]
