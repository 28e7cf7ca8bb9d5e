"""What an open minute of a chair was: used, turnover, or lost to one cause. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """Every open minute of a chair is of exactly one of these; where several would do, the first of this list is."""

    USED = "used"
    """A patient sat in it."""
    TURNOVER = "turnover"
    """It was made ready for the next one."""
    BLOCKED = "blocked"
    """The clinic or the chair was closed within opening hours."""
    STARTED_LATE = "started_late"
    """Its patient had not sat down yet."""
    FINISHED_EARLY = "finished_early"
    """Its patient had left and the chair was ready before the visit was to be over."""
    SEATED_ELSEWHERE = "seated_elsewhere"
    """Its patient sat in another chair."""
    UNRECORDED = "unrecorded"
    """A visit stood here, and nobody wrote down what became of it."""
    NO_SHOW = "no_show"
    CANCELLED_LATE = "cancelled_late"
    """Called off, or moved away, with less notice than the clinic asks for."""
    CANCELLED_IN_TIME = "cancelled_in_time"
    TOO_SHORT = "too_short"
    """Nothing was booked, and between what was there the shortest visit had no room."""
    NO_PRESCRIBER = "no_prescriber"
    """Nothing was booked, and no prescriber had units for a visit over this minute."""
    NO_NURSE = "no_nurse"
    NO_PUMP = "no_pump"
    NEVER_BOOKED = "never_booked"
    """A visit could have been booked here, and none was."""


LOST = tuple(kind for kind in Kind if kind not in {Kind.USED, Kind.TURNOVER})


class Count(StrEnum):
    """What else is counted of a chair's day: minutes beside the ledger, and visits."""

    SCHEDULED = "scheduled"
    """Available minutes that a visit was booked for, turnover aside: one that was kept, missed, or nobody recorded.

    What a closure took afterwards is not among them, as it is not available: no more than that can be scheduled.
    """
    OVERTIME = "overtime"
    """Minutes in which a patient sat in it outside opening hours."""
    INFUSIONS = "infusions"
    """Visits at which drug was given."""
    KEPT = "kept"
    """Visits to which the patient came."""
    MISSED = "missed"
    """Visits to which the patient did not come."""
    LATE_CANCELLATIONS = "late_cancellations"
    CANCELLATIONS = "cancellations"
    """Those in time."""
    CHAIR_DAYS = "chair_days"
    """Days on which the chair was open at all."""
