"""When a course is told of that does not go as hoped: each prompt is one function over the counted scores. Pure.

Domain 4.2. Nothing that was carried forward is looked at, nothing incomplete, and nothing that recalls days before the
infusion; of the safety item alone every answer counts. A prompt informs: what follows from it is for a clinician.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from scheduler.outcomes.policy import SOONEST_FUTILITY, Prompts
from scheduler.outcomes.scales.definition import Scale
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.scales.phq9 import PHQ9
from scheduler.outcomes.trajectories.change import Change
from scheduler.outcomes.trajectories.courses import Reading
from scheduler.outcomes.trajectories.milestones import relapses
from scheduler.outcomes.trajectories.points import Point, Scored, scored, treated
from scheduler.outcomes.trajectories.trajectory import Trajectory
from scheduler.outcomes.trajectories.yardstick import RelapseLine, Yardstick


@dataclass(frozen=True)
class Shown:
    """A course as it stood with one form: its counted scores from the baseline to that form, both included."""

    scale: Scale
    prompts: Prompts
    scores: Sequence[Scored]
    form: Point
    is_first_course: bool = True
    """It took over from none: of a course that keeps up a response no further improvement is expected."""
    asked_before: Reading | None = None
    """The answers to which those about suicidal thoughts are held."""
    relapse: RelapseLine | None = None

    @property
    def is_phq9(self) -> bool:
        return self.scale.key == PHQ9.key

    @property
    def last(self) -> Scored | None:
        """The form itself, if it counts and an infusion came before it."""
        last = self.scores[-1] if self.scores else None
        return last if last and last.point is self.form and self.form.infusion else None


Rule = Callable[[Shown, Scored], bool]


def deterioration(shown: Shown, last: Scored) -> bool:
    """Worse than at the baseline, or much worse than the last time.

    The points are those of the PHQ-9; of another scale, a reliable change from the baseline, and of one of which none
    is known, such as the MADRS, a change that matters.
    """
    if not shown.is_phq9:
        return _is_worse(last.change)
    return -last.change.points >= shown.prompts.rise_from_baseline or (
        len(shown.scores) > 1 and last.total - shown.scores[-2].total >= shown.prompts.rise_from_previous
    )


def _is_worse(change: Change) -> bool:
    if change.deterioration is not None:
        return change.deterioration
    return change.points < 0 and bool(change.clinically_relevant)


def off_track(shown: Shown, _last: Scored) -> bool:
    """Twice running above the expected course, both after so many infusions."""
    latest = [score.point for score in shown.scores[-2:] if score.point.infusion >= shown.prompts.off_track_after]
    return shown.is_first_course and len(latest) > 1 and all(point.on_track is False for point in latest)


def futility(shown: Shown, last: Scored) -> bool:
    """Hardly better at the first score after so many infusions."""
    line = max(shown.prompts.futility_infusion, SOONEST_FUTILITY)
    reached = [score for score in shown.scores if score.point.infusion >= line]
    percent, draws_a_line = last.change.percent, last.change.response is not None
    is_the_first = reached[:1] == [last] and shown.is_first_course
    return is_the_first and draws_a_line and percent is not None and percent < shown.prompts.futility_percent


def plateau(shown: Shown, last: Scored) -> bool:
    """Hardly any movement over so many infusions, without a response. Its points are those of the PHQ-9."""
    since = last.point.infusion - shown.prompts.plateau_infusions
    earlier = [score for score in shown.scores if score.point.infusion <= since]
    if not shown.is_phq9 or not shown.is_first_course or not earlier or last.change.response:
        return False
    later = [score.total for score in shown.scores if score.point.infusion > since]
    totals = [earlier[-1].total, *later]
    return max(totals) - min(totals) < shown.prompts.plateau_points


def possible_relapse(shown: Shown, last: Scored) -> bool:
    """The score with which a response was lost, or the one that bore it out."""
    found = relapses(treated(shown.scores), shown.relapse)
    return any(last.point in (relapse.point, relapse.confirmed_by) for relapse in found)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "deterioration": deterioration, "off_track": off_track, "futility": futility, "plateau": plateau,
        "possible_relapse": possible_relapse,
    }
)  # fmt: skip
"""By the kind of the alert."""
IDEATION_RISE = "ideation_rise"
KINDS = (*RULES, IDEATION_RISE)


def called_for(shown: Shown, over_all: Shown | None = None) -> list[str]:
    """The kinds of prompts this form calls for.

    `over_all` is the course with those it follows: a response of the first can be lost in the last.
    """
    last = shown.last
    kinds = {kind for kind, rule in RULES.items() if last is not None and rule(shown, last)}
    if over_all is not None and over_all.last is not None and possible_relapse(over_all, over_all.last):
        kinds.add(possible_relapse.__name__)
    if ideation_rise(shown):
        kinds.add(IDEATION_RISE)
    return [kind for kind in KINDS if kind in kinds]


def ideation_rise(shown: Shown) -> bool:
    """A graver answer about suicidal thoughts than before the course, whatever else either form lacks."""
    before, reading = shown.asked_before, shown.form.reading
    if before is None or reading.taken_at <= before.taken_at or reading.version != before.version:
        return False
    return any((reading.answers[item] or 0) > (before.answers[item] or 0) for item in _ideation(shown.scale))


def _ideation(scale: Scale) -> list[int]:
    return [item.item - 1 for item in scale.safety if item.kind == SUICIDAL_IDEATION]


def _asked_before(trajectory: Trajectory, scale: Scale, baseline_days: int) -> Reading | None:
    """The baseline; if there is none, the last form before the first infusion that answers about suicidal thoughts."""
    if trajectory.baseline is not None:
        return trajectory.baseline
    answered = (
        point.reading
        for point in reversed(trajectory.points)
        if not point.infusion and point.day is not None and point.day >= -baseline_days
        and any(point.reading.answers[item] is not None for item in _ideation(scale))
    )  # fmt: skip
    return next(answered, None)


def shown_by(trajectory: Trajectory, form: Point, scale: Scale, prompts: Prompts, yardstick: Yardstick) -> Shown:
    """What a trajectory showed when this form was its last: later ones say nothing of it."""
    until = trajectory.points[: _place(trajectory.points, form) + 1]
    course = trajectory.course
    return Shown(
        scale, prompts, scored(until), form, relapse=yardstick.relapse,
        asked_before=_asked_before(trajectory, scale, yardstick.baseline_days),
        is_first_course=course is None or course.follows_id is None,
    )  # fmt: skip


def _place(points: Iterable[Point], form: Point) -> int:
    return next(place for place, point in enumerate(points) if point is form)
