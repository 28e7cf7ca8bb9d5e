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
from scheduler.outcomes.trajectories.courses import Reading
from scheduler.outcomes.trajectories.milestones import relapses
from scheduler.outcomes.trajectories.points import Point, Scored, scored, treated
from scheduler.outcomes.trajectories.trajectory import Trajectory
from scheduler.outcomes.trajectories.yardstick import RelapseLine


@dataclass(frozen=True)
class Shown:
    """A course as it stood with one form: its counted scores from the baseline to that form, both included."""

    scale: Scale
    prompts: Prompts
    scores: Sequence[Scored]
    form: Point
    is_first_course: bool = True
    """It took over from none: of a course that keeps up a response no further improvement is expected."""
    baseline: Reading | None = None
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

    The points are those of the PHQ-9; of another scale, a reliable change from the baseline.
    """
    if not shown.is_phq9:
        return bool(last.change.deterioration)
    return -last.change.points >= shown.prompts.rise_from_baseline or (
        len(shown.scores) > 1 and last.total - shown.scores[-2].total >= shown.prompts.rise_from_previous
    )


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


def called_for(shown: Shown) -> list[str]:
    """The kinds of prompts this form calls for."""
    last = shown.last
    kinds = [] if last is None else [kind for kind, rule in RULES.items() if rule(shown, last)]
    return [*kinds, IDEATION_RISE] if ideation_rise(shown) else kinds


def ideation_rise(shown: Shown) -> bool:
    """A graver answer about suicidal thoughts than at the baseline, whatever else the form lacks."""
    baseline, reading = shown.baseline, shown.form.reading
    if baseline is None or reading.taken_at <= baseline.taken_at:
        return False
    items = [item.item - 1 for item in shown.scale.safety if item.kind == SUICIDAL_IDEATION]
    return any((reading.answers[item] or 0) > (baseline.answers[item] or 0) for item in items)


def shown_by(trajectory: Trajectory, form: Point, scale: Scale, prompts: Prompts, line: RelapseLine | None) -> Shown:
    """What a trajectory showed when this form was its last: later ones say nothing of it."""
    until = trajectory.points[: _place(trajectory.points, form) + 1]
    course = trajectory.course
    return Shown(
        scale, prompts, scored(until), form, relapse=line, baseline=trajectory.baseline,
        is_first_course=course is None or course.follows_id is None,
    )  # fmt: skip


def _place(points: Iterable[Point], form: Point) -> int:
    return next(place for place, point in enumerate(points) if point is form)
