"""Courses for the tests of what is due: infusions in days after a Monday noon in New York, forms in hours."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from scheduler.outcomes.timing.measures import Due, dues_of
from scheduler.outcomes.timing.occasions import calendar_of
from scheduler.outcomes.trajectories.courses import Course, Infusion, PatientCourses, Reading
from scheduler.protocols import Measure, MeasureWindow, Moment

ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 9, 16, tzinfo=UTC)
PATIENT = UUID(int=1)
FORTY_MINUTES = timedelta(minutes=40)


def after(*, days: float = 0, hours: float = 0) -> datetime:
    return NOON + timedelta(days=days, hours=hours)


def infusion(days: float, *, given: bool = True, charted: bool = True) -> Infusion:
    at = after(days=days)
    return Infusion(at, at + FORTY_MINUTES, given=given, visit=uuid4(), charted=charted)


def course(*infusions: Infusion) -> Course:
    return Course(uuid4(), infusions, planned=len(infusions), patient_id=PATIENT)


def form(at: datetime, *, total: int | None = 12, complete: bool = True, visit: UUID | None = None) -> Reading:
    return Reading(at, total, None, visit, complete=complete, assessment_id=uuid4())


def due(
    moment: Moment, of: Course, *forms: Reading, now: datetime, others: tuple[Course, ...] = (), required: bool = True,
    window: tuple[int, int, int] | None = None,
) -> list[Due]:  # fmt: skip
    """What the PHQ-9 is due for at one kind of moment."""
    record = PatientCourses(PATIENT, (of, *others), {"phq9": tuple(sorted(forms, key=lambda each: each.taken_at))})
    calendar = calendar_of(of, record.courses, baseline_days=14, zone=ZONE, now=now)
    return dues_of(
        record, calendar, [Measure("phq9", moment, required, MeasureWindow(*window) if window else None)], now
    )


def states(dues: list[Due]) -> list[str]:
    return [str(each.state) for each in dues]
