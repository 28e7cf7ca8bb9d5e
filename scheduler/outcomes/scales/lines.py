"""The lines a change is read by: how much is a response, how little is left in remission, what exceeds chance."""

from dataclasses import dataclass

WHOLE = 100
"""Percent of a baseline: nobody falls further."""


@dataclass(frozen=True)
class Lines:
    """The published lines of one scale, lower being better. A clinic may draw its own; None draws none.

    Raises `ValueError` where no score could ever reach a line.
    """

    response_percent: int | None = None
    """A fall of at least so many percent of the baseline is a response."""
    remission_most: int | None = None
    """A total of at most this is remission, whatever the fall."""
    remission_baseline: int | None = None
    """Remission is told only of courses that began at this total or above; None: of all."""
    reliable_change: int | None = None
    """A change of at least so many points is more than the scale's own noise, for better or worse."""
    clinically_relevant: int | None = None
    """A change of at least so many points is one a patient notices."""
    remission_needs_reliable: bool = False
    """Remission is told only with a reliable fall (PCL-5: recovered)."""

    def __post_init__(self) -> None:
        if self.response_percent is not None and not 1 <= self.response_percent <= WHOLE:
            raise ValueError("a response is a fall of 1 to 100 percent")
        if any(points is not None and points < 1 for points in (self.reliable_change, self.clinically_relevant)):
            raise ValueError("a change is at least one point")
        if self.remission_most is not None and self.remission_most < 0:
            raise ValueError("no total is below 0")
        if self.remission_baseline is not None and self.remission_baseline <= (self.remission_most or 0):
            raise ValueError("a baseline in remission leaves nothing to remit")
        if self.remission_needs_reliable and self.reliable_change is None:
            raise ValueError("remission asks for a reliable fall, and none is drawn")
