"""What happens at the demo clinic, act by act, through the functions that the real one uses."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.booking import attendance
from scheduler.booking.appointments import lock_appointment
from scheduler.booking.book import book_series
from scheduler.booking.changing.courses import cancel_series, complete_series, stop_series
from scheduler.booking.changing.offering import OfferedVisit
from scheduler.booking.changing.reschedule import alternatives, move
from scheduler.booking.letters import outbox
from scheduler.booking.plans import Wishes
from scheduler.booking.propose import propose
from scheduler.booking.series import BookedSeries
from scheduler.demo import stories
from scheduler.demo.house import WEEKDAYS, ZONE, House
from scheduler.demo.names import Name
from scheduler.demo.scores import ScoreCourse
from scheduler.demo.stories import Call, Fate, Story
from scheduler.demo.timeline import Timeline
from scheduler.models import AlertLevel, Appointment, ChangeReason, EndReason, Side
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
UNSEEN = 0.7
INCOMPLETE = 0.02
ASKED_FOR_ADDRESSES = timedelta(days=21)
"""For so long the clinic has asked new patients for an e-mail address, and kept when a consent ends."""
POST_EVERY = timedelta(hours=1)
FALLEN = 0.35
"""How much of the improvement is left at a relapse."""
LONGEST_ADVANCE = timedelta(hours=26)
"""Who calls off the rest of a series does so a day before the next visit."""
ADVANCE = {Call.MOVED: timedelta(days=3), Call.CANCELLED: timedelta(days=2), Call.CANCELLED_LATE: timedelta(minutes=70)}
"""How long before a visit a patient telephones about it."""
WHY = {Call.MOVED: ChangeReason.WORK, Call.CANCELLED: ChangeReason.ILLNESS, Call.CANCELLED_LATE: ChangeReason.TRANSPORT}
NEXT_MORNING = timedelta(hours=18)
"""Until who has not come, or called off too late to say when else, is reached by telephone."""


@dataclass
class Visitor:
    """A patient, and how far they have come. `scores` is what they answer from now on."""

    story: Story
    patient_id: UUID
    scores: ScoreCourse
    given: int = 0


@dataclass(frozen=True)
class Visit:
    """An appointment where it stands; moved it is another visit."""

    id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Course:
    """A series under way: the visits its patient means to come to, by number; no other takes place."""

    visitor: Visitor
    protocol: str
    series_id: UUID
    visits: dict[int, Visit]

    def stands(self, visit: Visit) -> bool:
        return self.visits.get(visit.number) == visit


@dataclass
class Life:
    """The clinic at work; what comes after `until` has not happened yet."""

    db: Session
    house: House
    until: datetime
    cast: Collection[Name] = ()
    """Those whom others know by name, and to whom nothing happens by chance."""
    timeline: Timeline = field(default_factory=Timeline)
    known: dict[Name, UUID] = field(default_factory=dict)
    """Every patient, by name."""

    def later(self, moment: datetime, act: Callable[..., None], *subjects: object) -> None:
        """Let `act(life, *subjects, now)` happen at a moment."""
        self.timeline.at(moment.astimezone(UTC), partial(act, self, *subjects))


def refer(life: Life, story: Story, mrn: str, now: datetime) -> None:
    """A patient is registered, and booked for what they were referred for."""
    given_name, family_name = story.name
    asked = now >= life.until - ASKED_FOR_ADDRESSES
    patient = access.register_patient(
        life.db, mrn=mrn, given_name=given_name, family_name=family_name, birth_date=story.birth_date,
        phone=story.phone, email=story.email if asked else None,
        consent_until=_day(now, days=stories.YEAR) if asked else None, actor=life.house.scheduler, now=now,
    )  # fmt: skip
    life.known[story.name] = patient.id
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
    visits = tuple(Visit(each.id, each.number, each.starts_at, each.ends_at) for each in series.appointments)
    course = Course(visitor, protocol, series.id, {visit.number: visit for visit in visits})
    fate = visitor.story.fate or stories.draw_fate(visitor.story.rng, protocol, len(visits))
    last = fate.stops_after or len(visits)
    for visit in visits[:last]:
        if visit.number in fate.missed:
            life.later(visit.starts_at + _minutes(visitor, 16, 30), miss, course, visit)
        else:
            _expect_visit(life, course, visit)
    if fate.stops_after:
        why = EndReason.MISSED_VISITS if last in fate.missed else _why(visitor)
        came = any(visit.number not in fate.missed for visit in visits[:last])
        life.later(_moment_of_stop(visits, last), end, series.id, why, came)
    elif visitor.story.fate is None:
        _expect_calls(life, course, fate)


def _expect_visit(life: Life, course: Course, visit: Visit) -> None:
    visitor = course.visitor
    infused = visit.starts_at + _minutes(visitor, 28, 36)
    life.later(visit.starts_at + _minutes(visitor, -14, 4), arrive, course, visit)
    life.later(visit.starts_at + _minutes(visitor, 6, 22), answer, course, visit)
    life.later(infused, begin, course, visit)
    life.later(visit.ends_at - _minutes(visitor, 5, 20), finish, course, visit)


def _expect_calls(life: Life, course: Course, fate: Fate) -> None:
    """Who runs a series to its end telephones about a visit now and then, and makes good what was missed."""
    rng, ends = course.visitor.story.rng, {1, len(course.visits)}
    for visit in course.visits.values():
        call = None if visit.number in ends else stories.draw_call(rng)
        if visit.number in fate.missed:
            life.later(_morning_after(visit), make_good, course, visit, ChangeReason.OTHER)
        elif call is Call.MISSED:
            life.later(visit.starts_at - _minutes(course.visitor, 20, 40), forget, course, visit)
        elif call:
            life.later(_on_a_working_day(visit.starts_at - ADVANCE[call]), telephone, course, visit, call)


def _on_a_working_day(moment: datetime) -> datetime:
    """Then, or as long before as there is nobody at the desk."""
    while moment.weekday() not in WEEKDAYS:
        moment -= clinic_time.DAY
    return moment


def _moment_of_stop(visits: tuple[Visit, ...], last: int) -> datetime:
    after = visits[last - 1].ends_at
    return max(after, visits[last].starts_at - LONGEST_ADVANCE) if last < len(visits) else after


def _why(visitor: Visitor) -> EndReason:
    return visitor.story.rng.choice((EndReason.PATIENT_WISH, EndReason.PATIENT_WISH, EndReason.CLINICAL_DECISION))


def arrive(life: Life, course: Course, visit: Visit, now: datetime) -> None:
    """The patient comes to the desk."""
    if course.stands(visit):
        attendance.arrive(life.db, _locked(life, visit), actor=life.house.scheduler, now=now)


def answer(life: Life, course: Course, visit: Visit, now: datetime) -> None:
    """The patient fills in a form before the infusion."""
    if course.stands(visit):
        fill_in(life, course.visitor, visit.id, now)


def begin(life: Life, course: Course, visit: Visit, now: datetime) -> None:
    """The infusion starts."""
    if course.stands(visit):
        course.visitor.given += 1
        attendance.begin(life.db, _locked(life, visit), actor=life.house.clinician, now=now)


def finish(life: Life, course: Course, visit: Visit, now: datetime) -> None:
    """The patient goes home; after the last visit the series is over."""
    if course.stands(visit):
        attendance.complete(life.db, _locked(life, visit), actor=life.house.clinician, now=now)
        if visit.number == max(course.visits):
            life.later(visit.ends_at, complete, course)


def miss(life: Life, course: Course, visit: Visit, now: datetime) -> None:
    """The patient does not come."""
    if course.stands(visit):
        attendance.mark_no_show(life.db, _locked(life, visit), actor=life.house.scheduler, now=now)
        del course.visits[visit.number]


def forget(life: Life, course: Course, visit: Visit, _now: datetime) -> None:
    """The patient will not come, and be given another place the next morning."""
    if course.stands(visit):
        absent = replace(course, visits={visit.number: course.visits.pop(visit.number)})
        life.later(visit.starts_at + _minutes(course.visitor, 16, 30), miss, absent, visit)
        life.later(_morning_after(visit), make_good, course, visit, ChangeReason.OTHER)


def telephone(life: Life, course: Course, visit: Visit, call: Call, now: datetime) -> None:
    """The patient asks for another day, or calls the visit off and is found another place then or the next morning."""
    if not course.stands(visit):
        return
    if call is not Call.MOVED:
        attendance.cancel(
            life.db, _locked(life, visit), side=Side.PATIENT, reason=WHY[call], actor=life.house.scheduler, now=now
        )
        del course.visits[visit.number]
    at = _morning_after(visit) if call is Call.CANCELLED_LATE else now
    life.later(at, make_good, course, visit, WHY[call])


def make_good(life: Life, course: Course, visit: Visit, why: ChangeReason, now: datetime) -> None:
    """The best place that keeps the spacing is taken, else the least shift of the rest; with neither all stays."""
    actor = life.house.scheduler
    found = alternatives(life.db, visit.id, limit=1, actor=actor, now=now)
    for best in islice((each for each in (*found.places, found.shift) if each), 1):
        made = move(life.db, visit.id, best.change, side=Side.PATIENT, reason=why, actor=actor, now=now).offered
        _expect_changed(life, course, made.visits if made else ())


def _expect_changed(life: Life, course: Course, changed: Iterable[OfferedVisit]) -> None:
    for each in changed:
        place = each.appointment
        assert each.appointment_id  # noqa: S101 - it has just been booked
        course.visits[each.number] = Visit(each.appointment_id, each.number, place.starts_at, place.ends_at)
        _expect_visit(life, course, course.visits[each.number])


def _morning_after(visit: Visit) -> datetime:
    moment = visit.starts_at + NEXT_MORNING
    while moment.weekday() not in WEEKDAYS:
        moment += clinic_time.DAY
    return moment


def _locked(life: Life, visit: Visit) -> Appointment:
    return lock_appointment(life.db, visit.id, actor=life.house.scheduler)


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


def post(life: Life, now: datetime) -> None:
    """Letters that are due leave the house, as far as this clinic can tell."""
    while letter := outbox.take_next(life.db, now=now):
        outbox.mark_sent(life.db, letter, now=now)
    if now + POST_EVERY < life.until:
        life.later(now + POST_EVERY, post)


def end(life: Life, series_id: UUID, why: EndReason, came: bool, now: datetime) -> None:  # noqa: FBT001 # of the timeline
    """The rest of a series is called off, or all of it where the patient never came."""
    call_off = stop_series if came else cancel_series
    call_off(life.db, series_id, side=Side.PATIENT, reason=why, actor=life.house.scheduler, now=now)


def complete(life: Life, course: Course, now: datetime) -> None:
    """A series has run its course; who responds may go on to maintenance, and the others are asked how they are."""
    complete_series(life.db, course.series_id, actor=life.house.clinician, now=now)
    visitor, protocol = course.visitor, course.protocol
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
        start_by=earliest if story.prompt else None,
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
