"""What comes between a patient of the demo clinic and a smooth session, now and then. Pure."""

from dataclasses import dataclass
from random import Random

from scheduler.models import DeferralReason

PAUSED, SLOWED, STOPPED, PUT_OFF = 0.05, 0.06, 0.025, 0.04
"""Of infusions; fewer than five in a hundred patients give the treatment up because they cannot bear it."""
WHY_PAUSED = (
    "Had to go to the bathroom.",
    "IV site checked: no infiltration.",
    "Anxious; talked down.",
)
WHY_SLOWED = ("Dissociation stronger than last time; patient asked for it.", "Blood pressure rising.", "Nausea.")
WHY_STOPPED = "Patient asked to stop: too strong today."
NOTES = {
    DeferralReason.BLOOD_PRESSURE: "Twice above 160; takes the tablet late. To be seen by the family doctor.",
    DeferralReason.NOT_FASTED: "Had breakfast two hours ago.",
    DeferralReason.NO_ESCORT: "The escort cannot come, and nobody else could be found.",
}
BEYOND = {"sbp": 166, "dbp": 102}
"""A pressure with which nobody is given the drug."""


@dataclass(frozen=True)
class Mishaps:
    """Minutes are those after the start. `paused` is when, and for how long."""

    put_off: DeferralReason | None = None
    paused: tuple[int, int] | None = None
    slowed: int | None = None
    stopped: int | None = None


def draw_mishaps(dice: Random, *, may_be_put_off: bool) -> Mishaps:
    """What happens at the next session; mostly nothing."""
    put_off, paused, slowed, stopped = (dice.random() < share for share in (PUT_OFF, PAUSED, SLOWED, STOPPED))
    return Mishaps(
        put_off=dice.choice(list(NOTES)) if put_off and may_be_put_off else None,
        paused=(dice.randint(12, 22), dice.randint(3, 7)) if paused and not stopped else None,
        slowed=dice.randint(5, 10) if slowed else None,
        stopped=dice.randint(15, 30) if stopped else None,
    )
