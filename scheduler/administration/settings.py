"""The clinic's thresholds: appended with author and date, never changed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.administration.dated import append, beginning_faults, history
from scheduler.errors import Fault, refuse
from scheduler.models import ClinicSettings
from scheduler.outcomes.trajectories.change import Thresholds

RANGES = {
    "response_percent": (1, 100),
    "remission_below": (1, 27),
    "remission_baseline": (0, 27),
    "reliable_change": (1, 27),
    "baseline_days": (0, 60),
}
"""As the CHECK constraints of `clinic_settings` have them."""


def begin_settings(db: Session, clinic_id: UUID, *, now: datetime) -> None:
    """The defaults a clinic begins with; nobody's choice, so without an author."""
    db.add(
        ClinicSettings(
            clinic_id=clinic_id, effective_from=now, created_at=now, author_id=None, **asdict(Thresholds())
        )
    )  # fmt: skip


def change_settings(
    db: Session, thresholds: Thresholds, *, actor: Actor, now: datetime, effective_from: datetime | None = None
) -> ClinicSettings:
    """Follow the settings in force with new ones, from now or from a later moment; the older stay on record.

    Raises `Invalid` with every fault: what was judged by older thresholds keeps its meaning, so none begin in the past.
    """
    begins = effective_from or now
    refuse([*_range_faults(thresholds), *beginning_faults(begins, now, "New settings begin")])
    settings = ClinicSettings(
        clinic_id=actor.clinic_id, effective_from=begins, created_at=now, author_id=actor.staff_id,
        **asdict(thresholds),
    )  # fmt: skip
    return append(db, settings, "settings.changed", actor=actor, now=now)


def list_settings(db: Session, *, actor: Actor) -> list[ClinicSettings]:
    """Every settings the clinic has had or will have, the latest first; of those of one moment the last to be set."""
    return history(db, ClinicSettings, actor.clinic_id)


def _range_faults(thresholds: Thresholds) -> Iterator[Fault]:
    for name, value in asdict(thresholds).items():
        least, most = RANGES[name]
        if not least <= value <= most:
            yield Fault(name, "range", f"This goes from {least} to {most}.")
