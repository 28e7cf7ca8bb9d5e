"""One session at the demo clinic as a script: from the check-in to the signed note, each act at its moment."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from scheduler import clinic_time
from scheduler.clinic_time import MINUTE
from scheduler.demo import mishaps
from scheduler.demo.bedside import Bedside, check_in
from scheduler.demo.house import CONTACT, ZONE, is_open
from scheduler.demo.living import Course, Life, Visit
from scheduler.demo.mishaps import Mishaps, draw_mishaps
from scheduler.models import DeferralReason, EndKind, Mode, MonitoringForm
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.leaving import monitoring_forms

Part = Generator[datetime, datetime, datetime]
"""A part of a session: it yields the moment at which it goes on, and gives back the moment at which it was over."""
Act = Callable[[datetime], None]

CHECKED_IN, ASKS_AGAIN = 5 * MINUTE, 3 * MINUTE
DELAYS = (0, 0, 0, 4, 9, 18)
"""By so many minutes the drug begins later than planned: a vein is hard to find, somebody has to be waited for."""
MEASURED, CLEARED, DRAWN = 9 * MINUTE, 6 * MINUTE, 3 * MINUTE
"""So long before the drug begins."""
EVERY, LONGEST = 10, 300
RECOVERY = (15, 30, 45, 60)
DEVICES_APART, WATCHED = 5 * MINUTE, (40, 80, 120)
SLOWER = Decimal("0.75")
SENT_AT = 9 * 60 + 15
LATEST_FORM = 4
"""Days after the session; the programme allows a week."""
TYPED = {"clinician_phone": CONTACT, "setting_address": "1 Demo Street, New York"}


@dataclass(frozen=True)
class Over:
    """When a session was signed, and whether the drug was given."""

    at: datetime
    given: bool


def treat(life: Life, course: Course, visit: Visit, begins: datetime) -> Generator[datetime, datetime, Over | None]:
    """A patient who has come is treated, the drug beginning at `begins` or soon after; None where nobody came."""
    now = yield visit.starts_at + CHECKED_IN
    if not course.stands(visit):
        return None
    bedside = check_in(life, course, visit, now)
    planned = draw_mishaps(course.visitor.dice, may_be_put_off=course.whole and course.is_inner(visit))
    begins += course.visitor.dice.choice(DELAYS) * MINUTE
    now = yield now + course.visitor.dice.randint(2, 7) * MINUTE
    while bedside.chair_is_taken:
        now = yield now + ASKS_AGAIN
    bedside.sit_down(now)
    now = yield max(now + MINUTE, begins - 2 * MEASURED)
    bedside.fill_in(now)
    if planned.put_off:
        return Over((yield from _put_off(bedside, planned.put_off, now)), given=False)
    now = yield from _prepare(bedside, begins, now)
    give = _by_devices if bedside.session.mode is Mode.DEVICES else _by_pump
    now = yield from give(bedside, planned, now)
    return Over((yield from _leave(bedside, now)), given=True)


def _prepare(bedside: Bedside, begins: datetime, now: datetime) -> Part:
    for before, act in ((MEASURED, bedside.measure), (CLEARED, bedside.clear), (DRAWN, bedside.draw_up)):
        now = yield max(now + 2 * MINUTE, begins - before)
        act(now)
    return (yield max(now + MINUTE, begins))


def _by_pump(bedside: Bedside, planned: Mishaps, now: datetime) -> Part:
    started, order = now, bedside.order
    bedside.pump(EventKind.START, now, rate=order.rate_ml_h)
    bedside.begin(now)
    for minute, act in sorted(_while_it_runs(bedside, planned), key=lambda each: each[0]):
        moment = started + minute * MINUTE
        if moment + 3 * MINUTE >= _end(bedside):
            break
        act((yield moment))
    early = planned.stopped is not None
    now = yield started + planned.stopped * MINUTE if planned.stopped else _end(bedside)
    bedside.pump(
        EventKind.STOP, now, end=EndKind.STOPPED_EARLY if early else EndKind.COMPLETED,
        reason=mishaps.WHY_STOPPED if early else None, shows=None if early else order.bag_ml,
    )  # fmt: skip
    return (yield from _recover(bedside, now))


def _end(bedside: Bedside) -> datetime:
    """When the bag will be empty."""
    end = bedside.session.expected_end_at
    assert end  # noqa: S101 - it runs
    return end


def _while_it_runs(bedside: Bedside, planned: Mishaps) -> Iterator[tuple[int, Act]]:
    """What is done while the drug runs, by the minute; what comes after its end is not done."""
    until = planned.stopped or LONGEST
    yield from ((minute, bedside.measure) for minute in range(EVERY, until, EVERY))
    if planned.slowed:
        yield planned.slowed, _slow(bedside)
    if planned.paused:
        yield planned.paused[0], _pause(bedside)
        yield sum(planned.paused), _resume(bedside, planned)


def _slow(bedside: Bedside) -> Act:
    reason = bedside.visitor.dice.choice(mishaps.WHY_SLOWED)
    return lambda now: bedside.pump(EventKind.RATE_CHANGE, now, rate=_slower(bedside), reason=reason)


def _slower(bedside: Bedside) -> Decimal:
    return ((bedside.order.rate_ml_h or Decimal(0)) * SLOWER).quantize(Decimal("0.1"))


def _pause(bedside: Bedside) -> Act:
    reason = bedside.visitor.dice.choice(mishaps.WHY_PAUSED)
    return lambda now: bedside.pump(EventKind.PAUSE, now, reason=reason)


def _resume(bedside: Bedside, planned: Mishaps) -> Act:
    rate = _slower(bedside) if planned.slowed else bedside.order.rate_ml_h
    return lambda now: bedside.pump(EventKind.RESUME, now, rate=rate)


def _recover(bedside: Bedside, ended: datetime) -> Part:
    bedside.measure(ended)
    bedside.waste((yield ended + 6 * MINUTE))
    now = ended
    for minute in RECOVERY:
        now = yield ended + minute * MINUTE
        bedside.measure(now)
    return now


def _by_devices(bedside: Bedside, _planned: Mishaps, now: datetime) -> Part:
    started = now
    bedside.give_device(now)
    bedside.begin(now)
    while bedside.session.ended_at is None:
        now = yield now + DEVICES_APART
        bedside.give_device(now)
    for minute in WATCHED:
        now = yield started + minute * MINUTE
        bedside.measure(now)
    return now


def _leave(bedside: Bedside, now: datetime) -> Part:
    """The patient is ready and goes home, the chair is made ready, and the note is signed."""
    dice = bedside.visitor.dice
    acts = (bedside.let_go, 1, 2), (bedside.leave, 2, 5), (bedside.free_chair, 3, 6), (bedside.sign, 4, 15)
    for act, least, most in acts:
        now = yield now + dice.randint(least, most) * MINUTE
        act(now)
    if bedside.session.mode is Mode.DEVICES:
        _expect_form(bedside, now)
    return now


def _put_off(bedside: Bedside, reason: DeferralReason, now: datetime) -> Part:
    """A reason is found not to give the drug, and the patient goes home."""
    beyond = mishaps.BEYOND if reason is DeferralReason.BLOOD_PRESSURE else {}
    for _ in range(2 if beyond else 1):
        now = yield now + 8 * MINUTE
        bedside.measure(now, **beyond)
    now = yield now + 5 * MINUTE
    bedside.put_off(reason, now)
    now = yield now + 12 * MINUTE
    bedside.go_home(now)
    now = yield now + 6 * MINUTE
    bedside.sign(now)
    return now


def _expect_form(bedside: Bedside, now: datetime) -> None:
    """The monitoring form is completed and sent on one of the next mornings."""
    day = clinic_time.local_date(now, ZONE) + bedside.visitor.dice.randint(1, LATEST_FORM) * clinic_time.DAY
    while not is_open(day):
        day += clinic_time.DAY
    bedside.life.later(clinic_time.boundary(day, SENT_AT, ZONE), _send_form, bedside)


def _send_form(life: Life, bedside: Bedside, now: datetime) -> None:
    mine = MonitoringForm.clinic_id == life.house.clinic_id, MonitoringForm.session_id == bedside.session_id
    form = life.db.scalars(select(MonitoringForm).where(*mine).order_by(MonitoringForm.number.desc())).first()
    assert form  # noqa: S101 - signing has filled it
    typed = {**TYPED, "sex": bedside.visitor.body.sex.value}
    filled = monitoring_forms.complete(life.db, form.id, typed, actor=bedside.nurse, now=now)
    newest = monitoring_forms.lock_newest(life.db, filled.form.id, actor=bedside.nurse)
    monitoring_forms.mark_sent(life.db, newest, actor=bedside.nurse, now=now)
