"""The life of a session: one table of what may follow what, and when a step may have happened."""

from collections.abc import Mapping
from datetime import datetime

from scheduler.errors import Fault, refuse

CHECKED_IN, PRE_ASSESSMENT, CLEARED, DEFERRED = "checked_in", "pre_assessment", "cleared", "deferred"
INFUSING, PAUSED, INFUSION_ENDED, RECOVERING = "infusing", "paused", "infusion_ended", "recovering"
READY, DISCHARGED, TRANSFERRED = "ready_for_discharge", "discharged", "transferred"
CLOSED, ENTERED_IN_ERROR = "closed", "entered_in_error"

NEXT: Mapping[str, frozenset[str]] = {
    CHECKED_IN: frozenset({PRE_ASSESSMENT, DEFERRED, TRANSFERRED, ENTERED_IN_ERROR}),
    PRE_ASSESSMENT: frozenset({CLEARED, DEFERRED, TRANSFERRED, ENTERED_IN_ERROR}),
    CLEARED: frozenset({PRE_ASSESSMENT, INFUSING, DEFERRED, TRANSFERRED}),
    DEFERRED: frozenset({PRE_ASSESSMENT, CLOSED}),
    INFUSING: frozenset({PAUSED, INFUSION_ENDED}),
    PAUSED: frozenset({INFUSING, INFUSION_ENDED}),
    INFUSION_ENDED: frozenset({RECOVERING}),
    RECOVERING: frozenset({READY, TRANSFERRED}),
    READY: frozenset({RECOVERING, DISCHARGED, TRANSFERRED}),
    DISCHARGED: frozenset({CLOSED}),
    TRANSFERRED: frozenset({CLOSED}),
    CLOSED: frozenset(),
    ENTERED_IN_ERROR: frozenset(),
}
"""The states of `models.SessionStatus` by their values; recovery follows the end of an infusion by itself."""


def moment(asked: datetime | None, *, last: datetime, now: datetime, where: str = "occurred_at") -> datetime:
    """When something happened that cannot have happened before `last`: as told, else now.

    A clock that was put back does not stop anybody: until it has caught up, `last` counts as now, and no duration
    comes out negative. Raises `Invalid` for a time still to come, and for one before `last`.
    """
    latest = max(now, last)
    if asked is None:
        return latest
    if asked > latest:
        refuse([Fault(where, "future", "This time is still to come.")])
    if asked < last:
        refuse([Fault(where, "order", "Something that came after this time is on record already.")])
    return asked
