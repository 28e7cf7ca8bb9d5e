"""A believable clinic to try things on: seeded, dated around a given day, built through the functions of a real one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.demo import elsewhere
from scheduler.demo.desk import CHOOSING, DECIDING, ROUTINE, SOON, UNPLACED, URGENT, close_the_day
from scheduler.demo.forms import UNSEEN_FOR
from scheduler.demo.holidays import holidays_between
from scheduler.demo.house import CLOSES, OPENS, PEOPLE, WEEKDAYS, ZONE, House, address_of, found, is_open
from scheduler.demo.life import ASKED_FOR_ADDRESSES, post, refer
from scheduler.demo.living import Life
from scheduler.demo.names import Name, draw_names
from scheduler.demo.scores import ScoreCourse
from scheduler.demo.stories import Fate, Story, draw_story, mail_address

__all__ = [
    "CAST",
    "MISSED",
    "PEOPLE",
    "SOON",
    "TREATED",
    "UNCHARTED",
    "URGENT",
    "WAITING",
    "WEEKS",
    "ZONE",
    "DemoClinic",
    "address_of",
    "build",
    "opened_today",
]

Progress = Callable[[int, int], None]

SEED = 20
WEEKS = 13
FILLING_WEEKS = 3
"""Before those: until then the chairs of a new clinic fill."""
REFERRALS_A_WEEK = 13
DESK_OPENS, DESK_CLOSES = 8 * 60 + 30, 16 * 60 + 30
WEEK = 7
RECORDED_DAYS = 5
UNLOCKED, LOCKED = OPENS - 20, CLOSES + 60
"""When the drugs are taken out, and when they are counted and locked away."""

WAITING, TREATED, MISSED = ("Rosa", "Marino"), ("Henry", "Whitlock"), ("Ulla", "Winter")
UNCHARTED = ("Petra", "Osgood")
CAST = (WAITING, TREATED, MISSED, UNCHARTED, *UNPLACED)
BOOKED_AHEAD, IN_TREATMENT = timedelta(days=35), timedelta(days=13)
SENT, SENT_LATE = timedelta(minutes=20), timedelta(hours=4)
"""After the desk has closed: while somebody is still there, and when nobody is."""
FROM_HOME = (1, 2, 1, 2, 1, 1, 1, 0, 1, 1)
AT_HOME = (ROUTINE, DECIDING, CHOOSING)
"""Who is asked at home, and so has an address."""
LAST_MINUTE = timedelta(minutes=1)
ANY_TIME = (0, clinic_time.DAY_MINUTES)
RESPONDER = ScoreCourse(baseline=20, improvement=0.75, speed=1.2, ideation=0.3)


@dataclass(frozen=True)
class DemoClinic:
    """The clinic, and the address with which each of its people signs in."""

    clinic_id: UUID
    sign_ins: Mapping[str, str]


def build(
    db: Session, *, today: date, until: datetime | None = None, password: str, progress: Progress, weeks: int = WEEKS
) -> DemoClinic:
    """Found the demo clinic and let it work for so many weeks, up to the midnight at which `today` begins; then, where
    `until` is a later moment of `today`, up to that, so that the day is in progress.

    The same arguments give the same clinic, ids aside. `progress` is told how many patients are in, of how many.
    """
    first = today - timedelta(weeks=weeks + FILLING_WEEKS)
    house = found(db, first=first, today=today, password=password)
    days = _recorded(first, today)
    since = clinic_time.boundary(days[0], 0, ZONE)
    life = Life(db, house, until=clinic_time.boundary(today, 0, ZONE), cast=CAST, recorded_from=since)
    for day in days:
        life.later(_at(day, UNLOCKED), _open_day)
        life.later(_at(day, LOCKED), _close_day)
    referrals = sorted(_referrals(house, first, today), key=lambda each: each[0])
    for number, (moment, story) in enumerate(referrals, 1):
        life.later(moment, refer, story, f"D-{number:05d}")
        life.timeline.at(moment, partial(_tell, progress, number, len(referrals)))
    life.later(life.until - ASKED_FOR_ADDRESSES, post)
    life.later(life.until - LAST_MINUTE, close_the_day)
    _expect_from_elsewhere(life, _at(max(day for day in days if day < today), DESK_CLOSES))
    life.timeline.play(until=until or life.until)
    return DemoClinic(house.clinic_id, house.sign_ins)


def _expect_from_elsewhere(life: Life, closing: datetime) -> None:
    """What comes from outside on the last evening, and the calls of the last days."""
    life.later(closing + SENT, elsewhere.ask_and_take, DECIDING, FROM_HOME)
    life.later(closing + SENT, elsewhere.ask_at_home, CHOOSING, None)
    life.later(closing + SENT, elsewhere.bring_along, ROUTINE)
    life.later(closing + SENT_LATE, elsewhere.ask_at_home, ROUTINE, FROM_HOME)
    life.later(life.until - UNSEEN_FOR, elsewhere.call_others)
    life.later(life.until - elsewhere.LOOKED_FOR, elsewhere.look_for_missing)


def opened_today(now: datetime) -> datetime | None:
    """`now`, if the clinic has opened by then on its day: the moment up to which that day may be in progress."""
    day = clinic_time.local_date(now, ZONE)
    return now if is_open(day) and now >= _at(day, OPENS) else None


def _recorded(first: date, today: date) -> list[date]:
    """The last days on which the clinic was open, and today if it is: of their sessions there is a record."""
    days = [day for day in clinic_time.days(first, today - clinic_time.DAY) if is_open(day)][-RECORDED_DAYS:]
    return [*days, today] if is_open(today) else days


def _open_day(life: Life, now: datetime) -> None:
    life.pharmacy.open_day(life.db, life.house, now)


def _close_day(life: Life, now: datetime) -> None:
    life.pharmacy.close_day(life.db, life.house, now)


def _tell(progress: Progress, done: int, total: int, _now: datetime) -> None:
    progress(done, total)


def _referrals(house: House, first: date, today: date) -> Iterator[tuple[datetime, Story]]:
    """Everybody who comes before `today`, and when."""
    rng = Random(SEED)
    moments = [moment for week in _weeks(first, today) for moment in _moments(week, rng)]
    for number, name in enumerate(draw_names(rng, len(moments))):
        story = draw_story(Random(f"{SEED}/{number}"), name, number, today=today, nurses=len(house.nurses))
        yield moments[number], story
    yield from _cast(house, first, today)


def _cast(house: House, first: date, today: date) -> Iterator[tuple[datetime, Story]]:
    """Those whom the tour and the tests know by name."""
    days = [day for week in _weeks(first, today) for day in week]
    for name in (WAITING, *UNPLACED):
        story = _drawn(name, house, today)
        email = mail_address(name) if name in AT_HOME else story.email
        yield _at(days[-1], DESK_CLOSES), replace(story, protocol=None, email=email)
    yield _treated(house, today, next(day for day in days if day >= today - BOOKED_AHEAD))
    for name, fate in ((MISSED, Fate(frozenset({1}))), (UNCHARTED, Fate(uncharted=frozenset({1})))):
        yield _on_the_last_day(name, fate, house, today, days)


def _treated(house: House, today: date, booked: date) -> tuple[datetime, Story]:
    """One who is in the middle of the first series, and better."""
    lead = (today - IN_TREATMENT - booked).days
    story = _drawn(TREATED, house, today)
    return _at(booked, DESK_OPENS), replace(_easy(story, lead), fate=Fate(), scores=RESPONDER)


def _on_the_last_day(name: Name, fate: Fate, house: House, today: date, days: list[date]) -> tuple[datetime, Story]:
    """One whose first visit was on the last day the clinic was open, and who has no visit `today`."""
    booked = next(day for day in days if day >= today - BOOKED_AHEAD)
    story = _easy(_drawn(name, house, today), (days[-1] - booked).days)
    weekdays = frozenset(WEEKDAYS) - {today.weekday()}
    return _at(booked, DESK_OPENS), replace(story, weekdays=weekdays, fate=fate, prompt=True)


def _drawn(name: Name, house: House, today: date) -> Story:
    return draw_story(Random(f"{SEED}/{name}"), name, 0, today=today, nurses=len(house.nurses))


def _easy(story: Story, lead: int) -> Story:
    """The same person, twice a week at whatever time there is."""
    return replace(
        story, protocol="mdd_induction_2x", lead=lead, window=ANY_TIME, weekdays=frozenset(WEEKDAYS), same_time=False
    )


def _weeks(first: date, today: date) -> list[list[date]]:
    """The working days from `first` to the day before `today`, a list for each seven days; none is empty."""
    closed = {day for day, _ in holidays_between(first, today)}
    open_days = [day for day in clinic_time.days(first, today - clinic_time.DAY) if day.weekday() in WEEKDAYS]
    weeks = groupby((day for day in open_days if day not in closed), key=lambda day: (day - first).days // WEEK)
    return [list(days) for _, days in weeks]


def _moments(days: list[date], rng: Random) -> Iterator[datetime]:
    for _ in range(REFERRALS_A_WEEK):
        yield _at(rng.choice(days), rng.randrange(DESK_OPENS, DESK_CLOSES))


def _at(day: date, minute: int) -> datetime:
    return clinic_time.boundary(day, minute, ZONE)
