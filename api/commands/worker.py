"""`clinic worker`: what has to happen though nobody asks for it. Several may run."""

import logging
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from api.commands import building, house, simulating
from api.post import MailServerAway, NotDelivered, Post
from config import Settings
from scheduler.booking import claims
from scheduler.booking.letters import outbox
from scheduler.booking.waiting import offers
from scheduler.models.engine import Database, is_away
from scheduler.outcomes.alerts import escalating, overdue
from scheduler.sessions.watch import alarms

log = logging.getLogger("clinic.worker")

STOPS = {signal.SIGTERM, signal.SIGINT}

Stopped = Callable[[float], bool]
"""Waits for so many seconds; True as soon as somebody has said stop."""
Clock = Callable[[], datetime]
Finder = Callable[[Session, datetime], list[UUID]]
"""Tells in which clinics there is something to do."""
Works = Sequence[tuple[Finder, Callable[..., None]]]
"""What a worker does: where to look, and what to do in each clinic that is found."""


@click.command(epilog="Example:  clinic worker --once")
@click.option("--once", is_flag=True, help="Do one round and end, with 1 if something could not be reached.")
def worker(*, once: bool) -> None:
    """Tell of vitals nobody took, call for alerts nobody answers, tell of scores nobody took, pass offers on, end
    holds, keep days for reports, send letters, and answer questions of "what if", until interrupted.
    """
    settings = house.settings()
    house.refuse_outdated(settings)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with told_to_stop() as stopped, closing(Database(settings.database_url)) as database:
        letters = "letters are sent" if settings.smtp_host else "SMTP_HOST is not set, so no letters are sent"
        click.echo(f"At work: {letters} (stop with Ctrl-C).")
        done = work(database, settings, stopped=stopped, once=once)
    if once and not done:
        raise click.ClickException("The round could not be finished; the log says why.")


@contextmanager
def told_to_stop() -> Iterator[Stopped]:
    """Whether SIGTERM or an interrupt has come, asked between two pieces of work: neither breaks into one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    came: list[bool] = []

    def stopped(seconds: float) -> bool:
        if not came and signal.sigtimedwait(STOPS, seconds):
            came.append(True)
        return bool(came)

    try:
        yield stopped
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(
    database: Database, settings: Settings, *, stopped: Stopped, once: bool = False, clock: Clock = house.now
) -> bool:
    """Round after round until told to stop, or one; False if the last one met something that is away."""
    works = works_of_a_worker()
    while True:
        done = go_round(database, settings, stopped=stopped, clock=clock, works=works)
        if once or stopped(settings.worker_seconds):
            return done


def go_round(
    database: Database, settings: Settings, *, stopped: Stopped, clock: Clock = house.now, works: Works | None = None
) -> bool:
    """Sweep every clinic, send what is due, simulate a while. Whatever is away is left for the next round, and said."""
    reached = [sweep(works or works_of_a_worker(), database, stopped, clock)]
    if settings.smtp_host is not None:
        reached.append(_reached(deliver, database, settings, stopped, clock))
    simulate = partial(simulating.go_on, database, settings, stopped, clock)
    reached.append(_kept_apart("A simulation", simulate))  # nobody's letter waits for it
    return all(reached)


def _reached(do: Callable[..., object], *what: object) -> bool:
    """Do this; False, with a line of the log, if the database or the mail server is away."""
    try:
        done = do(*what)
    except MailServerAway as fault:
        log.warning("The mail server cannot be reached (%s): letters wait.", fault)
    except NoConnection:
        log.warning("The database has no turn for us: we wait.")
    except DBAPIError as fault:
        if not is_away(fault):
            raise
        log.warning("The database cannot be reached (%s): we wait.", type(fault.orig).__name__)
    else:
        return done is not False
    return False


def sweep(works: Works, database: Database, stopped: Stopped, clock: Clock) -> bool:
    """Do each of these works, clinic by clinic.

    What goes wrong in one, or in looking for it, keeps no other waiting, nor any letter; False if anything did. Of what
    goes wrong only the kind is logged: it may name people.
    """
    done = [_in_each_clinic(find, do, database, stopped, clock) for find, do in works]
    return all(done)


def _in_each_clinic(find: Finder, do: Callable[..., None], database: Database, stopped: Stopped, clock: Clock) -> bool:
    found: list[UUID] = []

    def look() -> None:
        with database.reading() as db:
            found.extend(find(db, clock()))

    done = [_kept_apart("The sweep", look)]
    for clinic_id in found:
        if not stopped(0):
            one = partial(do, database, clinic_id, stopped, clock)
            done.append(_kept_apart(f"The sweep of clinic {clinic_id}", one))
    return all(done)


def _kept_apart(what: str, do: Callable[[], None]) -> bool:
    """Do this; False, with a line of the log, if it fails, whatever it fails of."""
    try:
        return _reached(do)
    except Exception as fault:  # noqa: BLE001 # one fault is to keep no other clinic waiting, and nobody's letters
        log.error("%s failed (%s).", what, type(fault).__name__)
        return False


def _tell_overdue(database: Database, clinic_id: UUID, _stopped: Stopped, clock: Clock) -> None:
    with database.committing() as db:
        told = alarms.raise_overdue(db, clinic_id, now=clock())
    if told:
        log.info("%d sets of vitals are overdue", told)


def _call_for_unanswered(database: Database, clinic_id: UUID, stopped: Stopped, clock: Clock) -> None:
    while not stopped(0) and (called := _escalated(database, clinic_id, clock)):
        log.info("%d alerts were escalated", called)
    with database.reading() as db:
        left = escalating.unreached(db, clinic_id, now=clock())
    if left:
        log.error("Clinic %s has %d alerts due and nobody on its staff who can be written to.", clinic_id, left)


def _escalated(database: Database, clinic_id: UUID, clock: Clock) -> int:
    with database.committing() as db:
        return escalating.escalate(db, clinic_id, now=clock())


def _tell_unscored(database: Database, clinic_id: UUID, _stopped: Stopped, clock: Clock) -> None:
    with database.committing() as db:
        told = overdue.raise_overdue(db, clinic_id, now=clock())
    if told:
        log.info("%d scores are overdue", told)


def _pass_on_all(database: Database, clinic_id: UUID, stopped: Stopped, clock: Clock) -> None:
    while not stopped(0) and _passed_on(database, clinic_id, clock):
        log.info("an offer was passed on")


def _passed_on(database: Database, clinic_id: UUID, clock: Clock) -> bool:
    with database.committing() as db:
        return offers.pass_on_expired(db, clinic_id, now=clock())


def _end_holds(database: Database, clinic_id: UUID, _stopped: Stopped, clock: Clock) -> None:
    with database.committing() as db:
        ended = claims.expire_holds(db, clinic_id, now=clock())
    log.info("%d holds expired", len(ended))


class Hourly:
    """Looks for work once an hour: what is late by days need not be looked for every few seconds.

    A clock that is set back by more looks at once.
    """

    def __init__(self, find: Finder) -> None:
        self._find = find
        self._looked_at: datetime | None = None

    def __call__(self, db: Session, now: datetime) -> list[UUID]:
        if self._looked_at is not None and abs(now - self._looked_at) < timedelta(hours=1):
            return []
        found = self._find(db, now)
        self._looked_at = now  # after a look that failed the next round looks again
        return found


def works_of_a_worker() -> Works:
    """What one worker does, in this order: first for patients in their chairs. An offer that ends may leave a hold that
    is past its time. Days are built last: reports are right without.
    """
    return (
        (lambda db, _now: alarms.clinics_with_sessions(db), _tell_overdue),
        (lambda db, now: escalating.clinics_with_unanswered(db, now=now), _call_for_unanswered),
        (Hourly(lambda db, now: overdue.clinics_with_courses(db, now=now)), _tell_unscored),
        (lambda db, now: offers.clinics_with_overdue(db, now=now), _pass_on_all),
        (lambda db, now: claims.clinics_with_overdue(db, now=now), _end_holds),
        (building.InTurn(), building.build_some),
    )


def deliver(database: Database, settings: Settings, stopped: Stopped, clock: Clock) -> Counter[str]:
    """Send letter after letter until none is due. Raises `MailServerAway`; no letter has lost a try by that."""
    counts: Counter[str] = Counter()
    with database.reading() as db:
        if not outbox.anything_due(db, now=clock()):
            return counts
    with database.committing() as db:
        counts["given up"] += outbox.give_up_hopeless(db, now=clock())
    begun = time.monotonic()
    try:
        with Post(settings) as post:
            while not stopped(0) and (outcome := _deliver_one(database, post, clock)):
                counts[outcome] += 1
    finally:
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()) if count)
        log.info("letters: %s, in %.1f s", told or "none", time.monotonic() - begun)
    return counts


def _deliver_one(database: Database, post: Post, clock: Clock) -> str:
    """Take a letter, hand it over, write down what became of it; empty if there is none. No transaction meanwhile."""
    post.call()
    with database.committing() as db:
        letter = outbox.take_next(db, now=clock())
    if letter is None:
        return ""
    try:
        post.send(letter, now=clock())
    except NotDelivered as fault:
        with database.committing() as db:
            return "given up" if outbox.mark_failed(db, letter, fault.failure, now=clock()) else "failed"
    with database.committing() as db:
        outbox.mark_sent(db, letter, now=clock())
    return "sent"
