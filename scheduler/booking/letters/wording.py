"""What letters say. Neutral: whoever reads over a shoulder learns of an appointment and the clinic's name, no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class House:
    """The clinic as a letter names it, and the wall clock its times are told on."""

    name: str
    zone: ZoneInfo
    contact: str | None


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


def reminder(house: House, at: datetime) -> Text:
    """That a visit is coming."""
    subject = f"Your appointment on {_day(house, at)}"
    return Text(subject, _letter(house, f"This is a reminder of your appointment at {house.name}:", "",
                                 f"  {_moment(house, at)}", "",
                                 "Please keep to the instructions you were given for the day.",
                                 _reach(house, "If you cannot come or have a question")))  # fmt: skip


def changes(
    house: House, moved: Sequence[tuple[datetime, datetime]], cancelled: Sequence[tuple[datetime | None, datetime]]
) -> Text:
    """That visits have another time, each as (before, now), or have been cancelled; at least one of either.

    What was cancelled has first the time its patient knows, where that is not the one it had last.
    """
    lines = [f"There is a change to your appointments at {house.name}."]
    if moved:
        lines += ["", "New time:" if len(moved) == 1 else "New times:", ""]
        lines += [f"  {_moment(house, now)}, instead of {_moment(house, before)}" for before, now in moved]
    if cancelled:
        lines += ["", "Cancelled:", "", *(f"  {_fallen(house, *each)}" for each in cancelled)]
    return Text(
        _subject(len(moved), len(cancelled)), _letter(house, *lines, "", _reach(house, "If you have a question"))
    )


def _fallen(house: House, known: datetime | None, at: datetime) -> str:
    return f"{_moment(house, at)}, first planned for {_moment(house, known)}" if known else _moment(house, at)


def _subject(moved: int, cancelled: int) -> str:
    if moved and cancelled:
        return "Your appointments have changed"
    fate = "changed" if moved else "been cancelled"
    return f"Your appointment has {fate}" if moved + cancelled == 1 else f"Your appointments have {fate}"


def _letter(house: House, *lines: str) -> str:
    return "\n".join([*lines, "", house.name, ""])


def _reach(house: House, if_: str) -> str:
    return f"{if_}, please contact us: {house.contact}" if house.contact else f"{if_}, please call us."


def _moment(house: House, at: datetime) -> str:
    return f"{_day(house, at)} at {at.astimezone(house.zone):%H:%M}"


def _day(house: House, at: datetime) -> str:
    """`Monday 2 March 2026`: in words, since clinics disagree on the order of the numbers."""
    local = at.astimezone(house.zone)
    return f"{local:%A} {local.day} {local:%B %Y}"
