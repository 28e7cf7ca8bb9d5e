"""What happens at the demo clinic, act by act, through the functions that the real one uses."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking.appointments import move_on
from scheduler.booking.book import book_series
from scheduler.booking.courses import cancel_series, complete_series, stop_series
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import BookedAppointment, BookedSeries
from scheduler.demo import stories
from scheduler.demo.house import ZONE, House
from scheduler.demo.scores import ScoreCourse
from scheduler.demo.stories import Fate, Story
from scheduler.demo.timeline import Timeline
from scheduler.models import AlertLevel, AppointmentStatus, EndReason, Side
from scheduler.outcomes.alerts import acknowledge
from scheduler.outcomes.assessments import log_assessment
from scheduler.records import access

SOON = timedelta(days=12)
"""Nobody waits longer than this for the sake of their wishes."""
NOTES = (
    "Spoke with the patient: passive thoughts, no plan, no intent. Safety plan reviewed.",
    "Known and unchanged. Patient agrees to call if it gets worse.",
    "Seen by the prescriber before the infusion. No plan, no intent; proceeding.",
    "Called the patient's therapist; appointment this week confirmed.",
    "Safety plan renewed with the patient and a relative.",
)
UNSEEN_FOR = timedelta(days=4)
"""Alerts of the last days may still be open, even over a weekend; urgent ones never are."""
UNSEEN = 0.5
INCOMPLETE = 0.02
FALLEN = 0.35
"""How much of the improvement is left at a relapse."""
LONGEST_ADVANCE = timedelta(hours=26)
"""Who calls off the rest of a series does so a day before the next visit."""


@dataclass
class Visitor:
    """A patient, and how far they have come. `scores` is what they answer from now on."""

    story: Story
    patient_id: UUID
    scores: ScoreCourse
    given: int = 0


@dataclass
class Life:
    """The clinic at work; what comes after `until` has not happened yet."""

    db: Session
    house: House
    until: datetime
    timeline: Timeline = field(default_factory=Timeline)

    def later(self, moment: datetime, act: Callable[..., None], *subjects: object) -> None:
        """Let `act(life, *subjects, now)` happen at a moment."""
        self.timeline.at(moment.astimezone(UTC), partial(act, self, *subjects))


def refer(life: Life, story: Story, mrn: str, now: datetime) -> None:
    """A patient is registered, and booked for what they were referred for."""
    given_name, family_name = story.name
    patient = access.register_patient(
        life.db, mrn=mrn, given_name=given_name, family_name=family_name, birth_date=story.birth_date,
        phone=story.phone, actor=life.house.scheduler, now=now,
    )  # fmt: skip
    if story.protocol:
        book(life, Visitor(story, patient.id, story.scores), story.protocol, _day(now, story.lead), now)


def book(life: Life, visitor: Visitor, protocol: str, earliest: date, now: datetime) -> None:
    """Book the best series that keeps to the wishes, else the best there is; with none the patient waits."""
    offered = life.house.protocols[protocol]
    soon = earliest + timedelta(days=offered.definition.span_days) + SOON
    for wishes in (_wishes(visitor.story, protocol, earliest, soon, life.house), Wishes(earliest)):
        offers = propose(
            life.db, visitor.patient_id, offered.id, wishes, limit=1, actor=life.house.scheduler, now=now
        )  # fmt: skip
        for offer in offers.proposals:
            series = book_series(life.db, offer.plan, actor=life.house.scheduler, now=now)
            expect(life, visitor, protocol, series)
            return


def expect(life: Life, visitor: Visitor, protocol: str, series: BookedSeries) -> None:
    """Put the visits of a booked series on the timeline, as the patient will keep them."""
    visits = series.appointments
    fate = Fate() if visitor.story.stays else stories.draw_fate(visitor.story.rng, protocol, len(visits))
    last = fate.stops_after or len(visits)
    for visit in visits[:last]:
        if visit.number in fate.missed:
            life.later(visit.starts_at + _minutes(visitor, 16, 30), miss, visit)
        else:
            _expect_visit(life, visitor, visit)
    if fate.stops_after:
        why = EndReason.MISSED_VISITS if last in fate.missed else _why(visitor)
        came = any(visit.number not in fate.missed for visit in visits[:last])
        life.later(_moment_of_stop(visits, last), stop if came else cancel, series.id, why)
    else:
        life.later(visits[-1].ends_at, complete, visitor, protocol, series.id)


def _expect_visit(life: Life, visitor: Visitor, visit: BookedAppointment) -> None:
    infused = visit.starts_at + _minutes(visitor, 28, 36)
    life.later(visit.starts_at + _minutes(visitor, -14, 4), arrive, visit)
    life.later(visit.starts_at + _minutes(visitor, 6, 22), fill_in, visitor, visit.id)
    life.later(infused, begin, visitor, visit)
    life.later(visit.ends_at - _minutes(visitor, 5, 20), finish, visit)


def _moment_of_stop(visits: tuple[BookedAppointment, ...], last: int) -> datetime:
    after = visits[last - 1].ends_at
    return max(after, visits[last].starts_at - LONGEST_ADVANCE) if last < len(visits) else after


def _why(visitor: Visitor) -> EndReason:
    return visitor.story.rng.choice((EndReason.PATIENT_WISH, EndReason.PATIENT_WISH, EndReason.CLINICAL_DECISION))


def arrive(life: Life, visit: BookedAppointment, now: datetime) -> None:
    """The patient comes to the desk."""
    move_on(life.db, visit.id, AppointmentStatus.ARRIVED, actor=life.house.scheduler, now=now)


def miss(life: Life, visit: BookedAppointment, now: datetime) -> None:
    """The patient does not come."""
    move_on(life.db, visit.id, AppointmentStatus.NO_SHOW, actor=life.house.scheduler, now=now)


def begin(life: Life, visitor: Visitor, visit: BookedAppointment, now: datetime) -> None:
    """The infusion starts."""
    visitor.given += 1
    move_on(life.db, visit.id, AppointmentStatus.IN_SESSION, actor=life.house.clinician, now=now)


def finish(life: Life, visit: BookedAppointment, now: datetime) -> None:
    """The patient goes home."""
    move_on(life.db, visit.id, AppointmentStatus.COMPLETED, actor=life.house.clinician, now=now)


def fill_in(life: Life, visitor: Visitor, appointment_id: UUID | None, now: datetime) -> None:
    """The patient answers a PHQ-9, and what it alarms about is looked at soon."""
    logged = log_assessment(
        life.db, visitor.patient_id, scale="phq9", answers=_answers(visitor), taken_at=now,
        appointment_id=appointment_id, actor=life.house.clinician, now=now,
    )  # fmt: skip
    for alert in logged.alerts:
        may_wait = alert.level is AlertLevel.REVIEW and life.until - now < UNSEEN_FOR
        if not (may_wait and visitor.story.rng.random() < UNSEEN):
            life.later(now + _minutes(visitor, 4, 90), look_after, alert.id, visitor.story.rng.choice(NOTES))


def look_after(life: Life, alert_id: UUID, note: str, now: datetime) -> None:
    """A clinician closes an alert."""
    acknowledge(life.db, alert_id, note=note, actor=life.house.clinician, now=now)


def stop(life: Life, series_id: UUID, why: EndReason, now: datetime) -> None:
    """The rest of a series is called off."""
    stop_series(life.db, series_id, side=Side.PATIENT, reason=why, actor=life.house.scheduler, now=now)


def cancel(life: Life, series_id: UUID, why: EndReason, now: datetime) -> None:
    """A series of which nothing was given is called off."""
    cancel_series(life.db, series_id, side=Side.PATIENT, reason=why, actor=life.house.scheduler, now=now)


def complete(life: Life, visitor: Visitor, protocol: str, series_id: UUID, now: datetime) -> None:
    """A series has run its course; who responds may go on to maintenance, and the others are asked how they are."""
    complete_series(life.db, series_id, actor=life.house.clinician, now=now)
    rng, responds = visitor.story.rng, visitor.scores.responds
    if protocol == stories.BOOSTER:
        visitor.scores = visitor.story.scores
    elif responds and rng.random() < stories.MAINTAINED:
        book(life, visitor, stories.MAINTENANCE, _day(now, days=6), now)
        return
    if rng.random() < stories.CHECKED:
        life.later(now + timedelta(weeks=rng.choice(stories.CHECK_WEEKS)), fill_in, visitor, None)
    if responds:
        lasts = timedelta(days=rng.weibullvariate(stories.RELAPSE_SCALE, stories.RELAPSE_SHAPE))
        weeks = max(lasts // timedelta(weeks=1), stories.SOONEST_RELAPSE_WEEKS)
        life.later(now + timedelta(weeks=weeks), relapse, visitor)


def relapse(life: Life, visitor: Visitor, now: datetime) -> None:
    """A patient feels worse again, says so on a form, and is booked for a booster."""
    fallen = visitor.story.scores.improvement * FALLEN
    visitor.scores = replace(visitor.story.scores, improvement=fallen)
    fill_in(life, visitor, None, now)
    book(life, visitor, stories.BOOSTER, _day(now, days=2), now)


def _wishes(story: Story, protocol: str, earliest: date, latest: date, house: House) -> Wishes:
    if protocol in {stories.MAINTENANCE, stories.BOOSTER}:
        return Wishes(earliest, latest, weekdays=stories.WEDNESDAYS)
    return Wishes(
        earliest, latest, weekdays=story.weekdays, window=story.window, same_time=story.same_time,
        nurse_id=None if story.nurse is None else house.nurses[story.nurse],
    )  # fmt: skip


def _answers(visitor: Visitor) -> list[int | None]:
    """Nine items and the difficulty; now and then somebody leaves an item out, but not on the first form."""
    rng = visitor.story.rng
    total = visitor.scores.total(visitor.given, rng)
    answers: list[int | None] = [*visitor.scores.answers(total, rng), round(total / 9)]
    if visitor.given and rng.random() < INCOMPLETE:
        answers[rng.randrange(8)] = None
    return answers


def _minutes(visitor: Visitor, least: int, most: int) -> timedelta:
    return timedelta(minutes=visitor.story.rng.randint(least, most))


def _day(now: datetime, days: int) -> date:
    return clinic_time.local_date(now, ZONE) + timedelta(days=days)
