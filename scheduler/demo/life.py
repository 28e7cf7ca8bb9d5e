"""What happens at the demo clinic, act by act, through the functions that the real one uses."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

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
from scheduler.demo.forms import fill_in, tell
from scheduler.demo.house import WEEKDAYS, ZONE, House
from scheduler.demo.living import Course, Life, Script, Visit, Visitor
from scheduler.demo.ordering import prescribe
from scheduler.demo.stories import Call, Fate, Story
from scheduler.demo.treatment import treat
from scheduler.models import Appointment, ChangeReason, EndReason, Side
from scheduler.records import access

SOON = timedelta(days=12)
"""Nobody waits longer than this for the sake of their wishes."""
ASKED_FOR_ADDRESSES = timedelta(days=21)
"""For so long the clinic has asked new patients for an e-mail address, and kept when a consent ends."""
POST_EVERY = timedelta(hours=1)
LATEST_MOVE = timedelta(days=28)
"""By no more than this is a visit ever moved."""
LONGEST_ADVANCE = timedelta(hours=26)
"""Who calls off the rest of a series does so a day before the next visit."""
ADVANCE = {Call.MOVED: timedelta(days=3), Call.CANCELLED: timedelta(days=2), Call.CANCELLED_LATE: timedelta(minutes=70)}
"""How long before a visit a patient telephones about it."""
WHY = {Call.MOVED: ChangeReason.WORK, Call.CANCELLED: ChangeReason.ILLNESS, Call.CANCELLED_LATE: ChangeReason.TRANSPORT}
NEXT_MORNING = timedelta(hours=18)
"""Until who has not come, or called off too late to say when else, is reached by telephone."""


def refer(life: Life, story: Story, mrn: str, now: datetime) -> None:
    """A patient is registered, and booked for what they were referred for."""
    given_name, family_name = story.name
    asked = now >= life.until - ASKED_FOR_ADDRESSES
    consents = asked or bool(story.fate and story.fate.uncharted)
    patient = access.register_patient(
        life.db, mrn=mrn, given_name=given_name, family_name=family_name, birth_date=story.birth_date,
        phone=story.phone, email=story.email if asked else None,
        consent_until=_day(now, days=stories.YEAR) if consents else None, actor=life.house.scheduler, now=now,
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
            series = book_series(
                life.db, offer.plan, diagnosis=visitor.diagnosis, actor=life.house.scheduler, now=now
            )  # fmt: skip
            expect(life, visitor, protocol, series, now)
            return


def expect(life: Life, visitor: Visitor, protocol: str, series: BookedSeries, now: datetime) -> None:
    """Put the visits of a booked series on the timeline, as the patient will keep them."""
    visits = tuple(Visit(each.id, each.number, each.starts_at, each.ends_at) for each in series.appointments)
    fate = visitor.story.fate or stories.draw_fate(visitor.story.rng, protocol, len(visits))
    whole = visitor.story.fate is None and not fate.stops_after
    course = Course(visitor, protocol, series.id, {visit.number: visit for visit in visits}, whole)
    last = fate.stops_after or len(visits)
    if life.is_recorded(visits[-1].ends_at + LATEST_MOVE) and not fate.uncharted:
        life.later(now + visitor.dice.randint(20, 60) * clinic_time.MINUTE, prescribe, course)
    for visit in visits[:last]:
        if visit.number in fate.missed:
            life.later(visit.starts_at + _minutes(visitor, 16, 30), miss, course, visit)
        else:
            _expect_visit(life, course, visit, charted=visit.number not in fate.uncharted)
    if fate.stops_after:
        why = EndReason.MISSED_VISITS if last in fate.missed else _why(visitor)
        came = any(visit.number not in fate.missed for visit in visits[:last])
        life.later(_moment_of_stop(visits, last), end, series.id, why, came)
        if came:
            _expect_check(life, visitor, [visit for visit in visits[:last] if visit.number not in fate.missed])
    elif whole:
        _expect_calls(life, course, fate)


def _expect_visit(life: Life, course: Course, visit: Visit, *, charted: bool = True) -> None:
    visitor = course.visitor
    infused = visit.starts_at + _minutes(visitor, 28, 36)
    came = visit.starts_at + _minutes(visitor, -14, 4)
    filled, left = visit.starts_at + _minutes(visitor, 6, 22), visit.ends_at - _minutes(visitor, 5, 20)
    life.later(came, arrive, course, visit)
    if life.is_recorded(visit.starts_at):
        if charted:
            life.later(came, attend, course, visit, infused)
        return
    life.later(filled, answer, course, visit)
    life.later(infused, begin, course, visit)
    life.later(left, finish, course, visit)


def _expect_check(life: Life, visitor: Visitor, given: list[Visit]) -> None:
    """Who stops early may still be asked how they are."""
    if weeks := stories.draw_check(visitor.story.rng):
        life.later(given[-1].ends_at + weeks * stories.WEEK, tell, visitor)


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
        _end_with(life, course, visit, visit.ends_at)


def attend(life: Life, course: Course, visit: Visit, begins: datetime, _now: datetime) -> None:
    """The patient is treated, and there is a record of it."""
    life.follow(_attend(life, course, visit, begins))


def _attend(life: Life, course: Course, visit: Visit, begins: datetime) -> Script:
    over = yield from treat(life, course, visit, begins)
    if over and over.given:
        _end_with(life, course, visit, max(over.at, visit.ends_at))
    elif over:
        del course.visits[visit.number]
        life.later(_morning_after(visit), make_good, course, visit, ChangeReason.CLINICAL)


def _end_with(life: Life, course: Course, visit: Visit, at: datetime) -> None:
    """After its last visit a series is over."""
    if visit.number == max(course.visits):
        life.later(at, complete, course)


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
    visitor, rng = course.visitor, course.visitor.story.rng
    if course.protocol == stories.BOOSTER:
        visitor.scores = visitor.story.scores
    elif visitor.scores.responds and rng.random() < stories.MAINTAINED:
        book(life, visitor, stories.MAINTENANCE, _day(now, days=stories.MAINTAINED_FROM), now)
        return
    after = stories.draw_aftermath(rng, responds=visitor.scores.responds)
    for week in after.weeks:
        life.later(now + week * stories.WEEK, tell, visitor)
    if after.relapse:
        life.later(now + after.relapse * stories.WEEK, relapse, visitor)


def relapse(life: Life, visitor: Visitor, now: datetime) -> None:
    """A patient feels worse again, says so on a form, and is booked for a booster."""
    visitor.scores = visitor.story.scores.fallen
    tell(life, visitor, now)
    book(life, visitor, stories.BOOSTER, _day(now, days=stories.BOOSTED_FROM), now)


def _wishes(story: Story, protocol: str, earliest: date, latest: date, house: House) -> Wishes:
    if protocol in {stories.MAINTENANCE, stories.BOOSTER}:
        return Wishes(earliest, latest, weekdays=stories.WEDNESDAYS)
    return Wishes(
        earliest, latest, weekdays=story.weekdays, window=story.window, same_time=story.same_time,
        start_by=earliest if story.prompt else None,
        nurse_id=None if story.nurse is None else house.nurses[story.nurse],
    )  # fmt: skip


def _minutes(visitor: Visitor, least: int, most: int) -> timedelta:
    return timedelta(minutes=visitor.story.rng.randint(least, most))


def _day(now: datetime, days: int) -> date:
    return clinic_time.local_date(now, ZONE) + timedelta(days=days)
