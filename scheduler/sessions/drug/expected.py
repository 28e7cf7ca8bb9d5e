"""When a session will be over, as it looks now: reckoned from the plan, then from what has happened. Pure."""

from dataclasses import dataclass
from datetime import datetime

from scheduler.clinic_time import MINUTE
from scheduler.protocols import Phases


@dataclass(frozen=True)
class Expected:
    """When the drug will have been given or the watch be over, and when the chair will be free again."""

    end_at: datetime
    free_at: datetime


@dataclass(frozen=True)
class Pace:
    """How many minutes each part of a session takes: as planned, and no less than the clinic's criteria ask.

    After devices the patient is watched, counted from the first of them, and needs no recovery of its own.
    """

    prepare: int
    infuse: int
    recover: int
    turn_over: int

    def planned(self, since: datetime) -> Expected:
        """Of a session whose preparation began then."""
        return self.ending(since + (self.prepare + self.infuse) * MINUTE)

    def begun(self, started_at: datetime) -> Expected:
        """Of one whose drug was begun then and goes on as planned."""
        return self.ending(started_at + self.infuse * MINUTE)

    def ending(self, end_at: datetime) -> Expected:
        """Of one that has ended then, or will."""
        return Expected(end_at, end_at + (self.recover + self.turn_over) * MINUTE)


def pace_of_infusion(phases: Phases, *, minutes: int | None, recovery_minutes: int) -> Pace:
    """The pace of a visit with an infusion: of so many minutes where they are ordered, else as the protocol plans."""
    recover = max(phases.recover, recovery_minutes)
    return Pace(phases.prepare, minutes or phases.infuse, recover, phases.turn_over)


def pace_of_devices(phases: Phases, *, observation_minutes: int) -> Pace:
    """The pace of a visit with devices: their watch lasts from the first one to the end."""
    watch = max(phases.infuse + phases.recover, observation_minutes)
    return Pace(phases.prepare, watch, 0, phases.turn_over)
