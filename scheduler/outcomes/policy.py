"""What a clinic has decided about scores: one value that refuses to contradict itself. Pure.

The system records and warns by these numbers; it never decides treatment. The lines of the PHQ-9, and how old a
baseline may be, stand in the clinic's thresholds (`models.ClinicSettings`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from scheduler import documents
from scheduler.errors import Fault, Invalid
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.lines import Lines


def _shipped(key: str) -> Lines:
    return SCALES[key].lines or Lines()


@dataclass(frozen=True)
class ScaleLines:
    """By what the change on each scale is read; those of the PHQ-9 are the clinic's thresholds."""

    gad7: Lines = field(default_factory=lambda: _shipped("gad7"))
    qids_sr16: Lines = field(default_factory=lambda: _shipped("qids_sr16"))
    madrs: Lines = field(default_factory=lambda: _shipped("madrs"))
    pcl5: Lines = field(default_factory=lambda: _shipped("pcl5"))
    ybocs: Lines = field(default_factory=lambda: _shipped("ybocs"))

    def of(self, key: str) -> Lines | None:
        """The lines of a scale, if it has any here."""
        found: Lines | None = getattr(self, key, None)
        return found


@dataclass(frozen=True)
class Reading:
    """Which forms count, and how."""

    short_recall_hours: int = 36
    """A form that looks back over days, taken sooner after an infusion, is shown and not counted."""
    count_short_recall: bool = False
    prorate: bool = False
    """Whether a total may be reckoned where one or two answers are missing, as the scale allows."""
    historical_days: int = 14
    """What an import brings that is older is looked through without a clock. At least one day: of today is live."""


@dataclass(frozen=True)
class Prompts:
    """When a course is told of that does not go as hoped (domain section 4.2, the defaults of its table)."""

    rise_from_baseline: int = 6
    rise_from_previous: int = 5
    curve_permille: tuple[int, ...] = (730, 630, 570, 540, 520, 500)
    """What is left of the baseline, on the way expected, before the infusion after the first, the second and so on."""
    on_track_points: int = 4
    """A total within so many points above the curve is on track."""
    off_track_after: int = 2
    """Not on track twice running is told after so many infusions."""
    futility_infusion: int = 4
    futility_percent: int = 20
    """Less improvement than this after so many infusions is told."""
    plateau_infusions: int = 3
    plateau_points: int = 2
    """Less movement than this over so many infusions is told, without a response."""
    relapse_percent: int = 50
    relapse_total: int = 10
    """After a response: less improvement than this and a total of at least that is a possible relapse."""
    relapse_confirm_days: int = 3
    """It is confirmed by the next form at least so many days later."""
    overdue_days: int = 7
    """No score within so many days of an infusion is told."""


@dataclass(frozen=True)
class Routing:
    """How soon somebody must have answered an alert, and who is called when nobody has."""

    clinic_minutes: int = 30
    """For answers given in the house."""
    remote_minutes: int = 60
    """For answers that came by link, counted while the clinic is open."""
    prompt_hours: int = 72
    """For what is no danger: a course that does not go as hoped, a score that is missing."""
    escalation_minutes: int = 60
    """Between one call and the next, of the first ones."""
    most_escalations: int = 3
    """How many of these there are at most, each to more people than the one before: the owner, all prescribers, all
    clinicians, the administrators. After the last, where answers tell of danger, prescribers and clinicians are called
    whenever the clinic opens, and once a day at least, until somebody answers."""
    call_at_once_when_urgent: bool = True
    """Whether an urgent answer that came by link is told by e-mail without waiting."""


@dataclass(frozen=True)
class Questionnaires:
    """How long a patient has, and what is said to somebody in danger."""

    link_hours: int = 72
    code_minutes: int = 15
    code_tries: int = 5
    crisis_text: str = (
        "If you might hurt yourself, do not wait: call or text 988 (Suicide & Crisis Lifeline, United States), or call"
        " 911. The clinic is not a crisis service and may read your answers later."
    )


@dataclass(frozen=True)
class OutcomePolicy:
    """The settings of a clinic's scores; the defaults hold until it decides. Raises `Invalid` with every fault."""

    lines: ScaleLines = field(default_factory=ScaleLines)
    reading: Reading = Reading()
    prompts: Prompts = Prompts()
    routing: Routing = Routing()
    questionnaires: Questionnaires = Questionnaires()

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise Invalid("These settings contradict one another.", faults=faults)


def as_document(policy: OutcomePolicy) -> dict[str, Any]:
    """The policy as plain JSON values; `from_document` reads it back."""
    document: dict[str, Any] = documents.plain(policy)
    return document


def from_document(document: Any) -> OutcomePolicy:
    """The policy that `as_document` wrote. Raises `Invalid` with every fault of its shape, or else of its sense."""
    return documents.read(OutcomePolicy, document)


SOONEST_FUTILITY = 3
"""Of those without early improvement many improve later: whatever was set, nobody is told before this infusion."""
RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "reading.short_recall_hours": (0, 168),
        "reading.historical_days": (1, 365),
        "prompts.rise_from_baseline": (1, 60),
        "prompts.rise_from_previous": (1, 60),
        "prompts.on_track_points": (0, 27),
        "prompts.off_track_after": (1, 30),
        "prompts.futility_infusion": (SOONEST_FUTILITY, 30),
        "prompts.futility_percent": (1, 100),
        "prompts.plateau_infusions": (2, 30),
        "prompts.plateau_points": (1, 27),
        "prompts.relapse_percent": (1, 100),
        "prompts.relapse_total": (1, 27),
        "prompts.relapse_confirm_days": (0, 60),
        "prompts.overdue_days": (1, 60),
        "routing.clinic_minutes": (1, 1440),
        "routing.remote_minutes": (1, 1440),
        "routing.prompt_hours": (1, 720),
        "routing.escalation_minutes": (5, 1440),
        "routing.most_escalations": (1, 10),
        "questionnaires.link_hours": (1, 720),
        "questionnaires.code_minutes": (1, 240),
        "questionnaires.code_tries": (1, 10),
    }
)
"""Least and most of a setting."""


def _faults(policy: OutcomePolicy) -> Iterator[Fault]:
    yield from documents.range_faults(policy, RANGES)
    yield from _curve_faults(policy.prompts.curve_permille)
    for each in fields(policy.lines):
        yield from _line_faults(each.name, getattr(policy.lines, each.name))


POINTS = ("remission_most", "remission_baseline", "reliable_change", "clinically_relevant")


def _line_faults(key: str, lines: Lines) -> Iterator[Fault]:
    """A line that no total of the scale can reach."""
    scale = SCALES[key]
    highest = sum(scale.items[number - 1].most for number in scale.scored)
    for name in POINTS:
        if (getattr(lines, name) or 0) > highest:
            yield Fault(f"lines.{key}.{name}", "range", f"No total of this scale is beyond {highest}.")


WHOLE = 1000


def _curve_faults(curve: tuple[int, ...]) -> Iterator[Fault]:
    where = "prompts.curve_permille"
    if not curve or not all(0 < left <= WHOLE for left in curve):
        yield Fault(where, "range", "What is left after each infusion goes from 1 to 1000 of a thousand.")
    if any(later > sooner for sooner, later in pairwise(curve)):
        yield Fault(where, "order", "What is left never rises from one infusion to the next.")


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "lines": "Published lines differ by study and by drug programme; the house chose among them.",
        "reading.short_recall_hours": "Chosen by the house: the scale asks about two weeks.",
        "reading.prorate": "No rule for missing items was verified; off.",
        "reading.historical_days": "Chosen by the house.",
        "prompts.curve_permille": "A simulation fitted to published endpoints: no study tells the mean per infusion.",
        "prompts.on_track_points": "Chosen by the house.",
        "prompts.off_track_after": "Chosen by the house.",
        "prompts.futility_infusion": "One analysis of one trial.",
        "prompts.plateau_points": "Chosen by the house.",
        "prompts.relapse_total": "Chosen by the house; trials used other scales.",
        "prompts.overdue_days": "Chosen by the house.",
        "routing": "Chosen by the house: how soon a clinic can answer is the clinic's own to say.",
        "questionnaires.crisis_text": "The numbers are those of the United States.",
    }
)
"""Why a default is not yet the clinic's own, by the setting or the group it names."""
