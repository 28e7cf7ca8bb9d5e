"""What a picture of a trajectory says in words: its title, and a text for who cannot see it. Pure.

Nothing here says whose scores these are, or when they were taken: days are counted from the first infusion.
"""

from collections.abc import Iterator
from decimal import Decimal

from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.trajectories.change import to_one_place
from scheduler.outcomes.trajectories.points import Uncounted
from scheduler.outcomes.trajectories.trajectory import Trajectory


def title(scale: Scale) -> str:
    return f"{scale.name} over the course"


def summary(read: Trajectory) -> str:
    """Where the course stands, in one line for whoever looks at it."""
    return " ".join(_sentences(read)) or _last_level(read)


def description(scale: Scale, read: Trajectory) -> str:
    """The picture in words, score by score."""
    given = read.dosing.done if read.dosing else 0
    scores = "; ".join(_scores(read)) or "none"
    head = f"{scale.name} from 0 to {scale.most}, lower is better. {_count(given)} given."
    return f"{head} {summary(read)} Scores: {scores}."


def plain(value: Decimal) -> str:
    """35.0 as `35`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sentences(read: Trajectory) -> Iterator[str]:
    latest = read.latest
    if read.baseline is not None:
        yield f"Baseline {read.baseline.total}{_now(read)}."
    elif latest is not None:
        yield f"Last score {latest.total}; no baseline."
    yield from _reached(read)


def _last_level(read: Trajectory) -> str:
    """Of a scale that has levels and no totals."""
    levels = [point.band for point in read.points if point.uncounted is Uncounted.NO_TOTAL and point.band]
    return f"Last level: {levels[-1].replace('_', ' ')}." if levels else "No score counts yet."


def _now(read: Trajectory) -> str:
    latest = read.latest
    if latest is None or not latest.infusion or latest.change is None:
        return ""
    percent = latest.change.percent
    if percent is None:
        return f", now {latest.total}"
    word = "better" if percent >= 0 else "worse"
    return f", now {latest.total} ({plain(to_one_place(abs(percent)))} % {word})"


def _reached(read: Trajectory) -> Iterator[str]:
    for name, milestone in (("response", read.first_response), ("remission", read.first_remission)):
        if milestone:
            yield f"First {name} on day {milestone.point.day}, after {_count(milestone.point.infusion)}."
    if read.relapse:
        yield f"Relapse from day {read.relapse.point.day}."
    if read.possible_relapse:
        yield f"Possible relapse on day {read.possible_relapse.point.day}, not yet confirmed."


def _count(infusions: int) -> str:
    return f"{infusions} infusion{'' if infusions == 1 else 's'}"


def _scores(read: Trajectory) -> Iterator[str]:
    for point in read.points:
        when = "" if point.day is None else f"day {point.day}: "
        told = point.total if point.total is not None else point.band
        why = "" if point.uncounted is None else f" ({point.uncounted.value.replace('_', ' ')}, not counted)"
        yield f"{when}{'no score' if told is None else told}{why}"
