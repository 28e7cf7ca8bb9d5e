"""Random weeks of visits, and the figures of access counted again slowly, by nobody else's rules."""

from collections import defaultdict
from datetime import timedelta
from random import Random

from sqlalchemy import select

from scheduler.clinic_time import MINUTE, instant
from scheduler.models import Appointment, AppointmentStatus, Move, Patient, Series, Transition
from tests.builders import MDD_INDUCTION, MONDAY, ZONE
from tests.kept_days import TWO_HOURS, Keeper

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
HOUR = timedelta(hours=1)
FRIDAY = MONDAY + timedelta(days=4)


def booked(clinic, visit, at):
    """Of a visit nobody has touched, that it was booked at another time."""
    visit.status_at = at
    clinic.db.flush()
    return visit


def cancelled(keep, visit, *, notice, late=False):
    keep.cancelled(visit, notice=notice, late=late)
    visit.status_at = visit.starts_at - notice
    keep.cast.db.flush()


def past(keep, at, seed, visits=12):
    """A week of visits booked, moved, called off, missed and kept at random; overfull chairs are fair questions too."""
    rng = Random(seed)
    for _ in range(visits):
        protocol = Keeper(keep.cast, rng.choice([TWO_HOURS.key, MDD_INDUCTION.key]))
        when = [at(f"{rng.choice(WEEKDAYS)} {rng.randrange(7, 17):02}:{rng.choice((0, 25)):02}") for _ in range(3)]
        before = sorted(min(when) - rng.randrange(1, 6 * 24 * 60) * MINUTE for _ in range(4))
        visit = protocol.plan(rng.choice("AB"), when[0], series=protocol.series(booked_at=before[0]))
        booked(keep.cast, visit, before[0])
        for place, moved_at in list(zip(when[1:], before[1:], strict=False))[: rng.randrange(3)]:
            protocol.moved(visit, place, at=moved_at, chair=rng.choice("AB"))
        finish(protocol, visit, before[3], rng)


def finish(keep, visit, at, rng):
    match rng.randrange(5):
        case 0:
            cancelled(keep, visit, notice=visit.starts_at - at, late=rng.random() < 0.5)
        case 1:
            keep.missed(visit)
        case 2 | 3:
            keep.sat(visit, visit.starts_at, visit.starts_at + HOUR)


def shares(figures, key):
    """What a share is made of."""
    return figures[key].numerator, figures[key].denominator


class Recount:
    """Every event of every visit, in order of time."""

    def __init__(self, clinic):
        db = clinic.db
        self.visits = list(db.scalars(select(Appointment).where(Appointment.clinic_id == clinic.id)))
        self.booked = {each.id: each.booked_at for each in db.scalars(select(Series))}
        self.patients = {each.id: each.created_at for each in db.scalars(select(Patient))}
        self.moves, self.ends = defaultdict(list), {}
        for move in db.scalars(select(Move).order_by(Move.at)):
            self.moves[move.appointment_id].append(move)
        for step in db.scalars(select(Transition)):
            self.ends[step.appointment_id] = step

    def place_at(self, visit, at):
        """Chair, start and end, or None."""
        end = self.ends.get(visit.id)
        if self.booked[visit.series_id] >= at or (end and end.at < at):
            return None
        length = visit.ends_at - visit.starts_at
        later = [move for move in self.moves[visit.id] if move.at >= at]
        chair, start = (later[0].chair_id, later[0].starts_at) if later else (visit.chair_id, visit.starts_at)
        return chair, start, start + length

    def fill(self, days, before):
        taken = 0
        for day in days:
            opens, closes = instant(day, 8 * 60, ZONE), instant(day, 18 * 60, ZONE)
            for visit in self.visits:
                place = self.place_at(visit, opens - before)
                if place:
                    minutes = [place[1] + n * MINUTE for n in range((place[2] - place[1]) // MINUTE)]
                    taken += sum(opens <= minute < closes for minute in minutes)
        return taken, 2 * 600 * len(days)

    def became(self, *states):
        return [each for each in self.visits if each.status in states]

    def notices(self):
        gone = self.became(AppointmentStatus.CANCELLED)
        return [(each, (each.starts_at - self.ends[each.id].at) // MINUTE) for each in gone]

    def backfill(self):
        short = [visit for visit, minutes in self.notices() if minutes < 72 * 60]
        return sum(any(self.takes(each, gone) for each in self.visits if each is not gone) for gone in short), len(
            short
        )

    def takes(self, other, gone):
        starts = {other.starts_at, *(move.starts_at for move in self.moves[other.id])}
        for start in starts:
            place = self.place_at(other, start)
            if place and place[0] == gone.chair_id and place[1] == start:
                shared = min(place[2], gone.ends_at) - max(place[1], gone.starts_at)
                if shared * 2 >= gone.ends_at - gone.starts_at:
                    return True
        return False

    def leads(self):
        kept = [each for each in self.visits if each.status != AppointmentStatus.CANCELLED]
        return sorted((local(each.starts_at) - local(self.booked[each.series_id])).days for each in kept)

    def clogs(self):
        gone = self.became(AppointmentStatus.CANCELLED)
        return sorted((local(self.ends[each.id].at) - local(self.booked[each.series_id])).days for each in gone)

    def lags(self):
        """Every course here has one visit."""
        given = self.became(AppointmentStatus.COMPLETED)
        asked = [min(self.booked[each.series_id], self.patients[each.patient_id]) for each in given]
        return sorted((local(each.starts_at) - local(at)).days for each, at in zip(given, asked, strict=True))


def middle(numbers):
    """Of numbers in order."""
    return (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2 if numbers else None


def local(at):
    return at.astimezone(ZONE).date()
