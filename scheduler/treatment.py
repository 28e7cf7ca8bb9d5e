"""Words of a treatment that rules and tables share."""

from enum import StrEnum


class Phase(StrEnum):
    """When a set of vitals was taken: before the start, from the start to the end with every pause, or after the end.

    An observed esketamine session infuses from the first device until the patient leaves: its two hours of
    observation count from that device, and it has no recovery of its own.
    """

    BEFORE = "before"
    INFUSING = "infusing"
    RECOVERY = "recovery"


class Basis(StrEnum):
    """The weight that is multiplied by the dose: the prescriber's choice, recorded with each order."""

    ACTUAL = "actual"
    IDEAL = "ideal"
    ADJUSTED = "adjusted"


class Sex(StrEnum):
    """For the formula of the ideal weight alone."""

    FEMALE = "female"
    MALE = "male"
