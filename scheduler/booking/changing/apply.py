"""Carrying out changes of running series: all of them, whole, under the rules and the guard that booking has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking import rules
from scheduler.booking.appointments import ENTER, Why, call_off, note_transitions, why_cancelled
from scheduler.booking.calendar import ClinicCalendar
from scheduler.booking.changing.changes import ChangeKind, SeriesChange
from scheduler.booking.changing.running import RunningSeries, dates_around, planned, read_running
from scheduler.booking.claims import claims_of, expire_holds, insert_claims, release_claims
from scheduler.booking.conflicts import as_faults
from scheduler.booking.holding.taking import book_hold
from scheduler.booking.letters import letters
from scheduler.booking.plans import PlannedVisit
from scheduler.booking.policy import read_policy
from scheduler.booking.reading import read_calendar
from scheduler.booking.waivers import Waiver, keep_overrides, outstanding, refuse_unallowed, rules_named, set_aside
from scheduler.errors import Fault, PlanRefused
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Move,
    OverrideRule,
    Series,
    SeriesStatus,
    Side,
)
from scheduler.models.base import table_of
from scheduler.protocols import ResourceKind
from scheduler.records import access, audit

MAY_CHANGE = {
    ChangeKind.MOVE: {SeriesStatus.ACTIVE},
    ChangeKind.REPAIR: {SeriesStatus.ACTIVE},
    ChangeKind.EXTENSION: {SeriesStatus.ACTIVE},
    ChangeKind.REBOOKING: {SeriesStatus.ACTIVE, SeriesStatus.PAUSED},
}
"""In which states of a series a change of a kind may be made."""
MOVES_ONLY = {ChangeKind.MOVE, ChangeKind.REPAIR}

_appointments, _series, _moves = table_of(Appointment), table_of(Series), table_of(Move)
PLACE = ("status", "status_at", "starts_at", "ends_at", "local_date", *(f"{kind}_id" for kind in ResourceKind))
SET_DOWN = (
    update(_appointments)
    .where(_appointments.c.clinic_id == bindparam("of_clinic"), _appointments.c.id == bindparam("of_id"))
    .values({name: bindparam(f"to_{name}") for name in PLACE})
)
GO_ON = (
    update(_series)
    .where(_series.c.clinic_id == bindparam("of_clinic"), _series.c.id == bindparam("of_id"))
    .values(status=SeriesStatus.ACTIVE, reason=None, infusions=bindparam("to_infusions"), version=_series.c.version + 1)
)
INSERT_APPOINTMENTS, INSERT_MOVES = insert(_appointments).returning(_appointments.c.id), insert(_moves)


@dataclass(frozen=True)
class Checked:
    """A change that may be carried out: where it begins, and the rules that are set aside for it."""

    change: SeriesChange
    running: RunningSeries
    calendar: ClinicCalendar
    faults: tuple[Fault, ...]
    ids: dict[int, UUID] = field(default_factory=dict)
    """Of the appointment at each number it places."""

    def before(self, visit: PlannedVisit) -> Appointment | None:
        """The appointment that goes to this visit's place; None if it is booked anew."""
        seen = self.change.moved.get(visit.number)
        return self.running.standing(seen) if seen else None


def apply_changes(
    db: Session, changes: Sequence[SeriesChange], *, why: Why, actor: Actor, now: datetime,
    waiver: Waiver | None = None, hold_id: UUID | None = None,
) -> None:  # fmt: skip
    """Carry out every change, or none: what moves gives back its claims and takes the new ones in this transaction.

    In a constant number of statements, however many there are. Rules of policy named in `waiver` are set aside, which
    is written down; with `hold_id` the places are those this hold keeps for the actor and the one patient.
    Raises `NotFound`, `NotAllowed` for a rule the actor may not set aside, what `take_hold` raises, and `PlanRefused`
    with every conflict: something was changed meanwhile, a rule is broken, or the guard found a place taken.
    """
    refuse_unallowed(waiver, actor=actor)
    records = access.lock_records(db, {change.patient_id for change in changes}, actor=actor)
    visits = [visit for change in changes for visit in change.visits]
    calendar = read_calendar(db, actor.clinic_id, *dates_around(visits), locked=True) if visits else None
    if hold_id is not None:
        book_hold(db, hold_id, changes[0].patient_id, actor=actor, now=now)
    expire_holds(db, actor.clinic_id, now=now)
    running = read_running(db, {change.series_id for change in changes}, actor=actor, locked=True)
    checked = [
        check(
            change, running[change.series_id], calendar, records[change.patient_id].consent_until, now=now,
            beside=changes,
        )
        for change in changes
    ]  # fmt: skip
    refused = [_named(fault, each, checked) for each in checked for fault in outstanding(each.faults, waiver)]
    if refused:
        raise PlanRefused(refused, plan=tuple(changes), hold_id=hold_id)
    news = _news(checked)
    try:
        _write(db, checked, why=why, actor=actor, now=now)
    except IntegrityError as error:
        raise PlanRefused(as_faults(error), plan=tuple(changes), hold_id=hold_id) from error
    letters.tell(db, records, news, actor=actor, now=now)
    overrides = [list(set_aside(each.faults, waiver, each.ids, actor=actor, now=now)) for each in checked]
    keep_overrides(db, [row for rows in overrides for row in rows])
    for each, rows in zip(checked, overrides, strict=True):
        _note(db, each.change, rows, actor=actor, now=now)


def _named(fault: Fault, of: Checked, checked: Sequence[Checked]) -> Fault:
    """A fault that says of which series it is, where there are several."""
    return fault if len(checked) == 1 else replace(fault, where=f"series.{of.change.series_id}.{fault.where}")


def check(
    change: SeriesChange, running: RunningSeries, calendar: ClinicCalendar | None, consent_until: Any, *, now: datetime,
    beside: Sequence[SeriesChange] = (),
) -> Checked:  # fmt: skip
    """The change with every reason why it may not be carried out, as far as rules can tell.

    `beside` are all changes carried out together: the patient's other series are where these put them.
    """
    stale = (*_malformed(change, running), *_stale(change, running))
    ids = {visit.number: change.moved[visit.number].id if visit.number in change.moved else uuid4()
           for visit in change.visits}  # fmt: skip
    if stale or calendar is None:
        return Checked(change, running, calendar, stale, ids)  # type: ignore[arg-type] # nothing is placed
    situation = running.situation(change, calendar, consent_until, now=now, beside=beside)
    faults = rules.breaches(change, situation, shape=rules.CHANGE_SHAPE)
    if faults:
        before = running.situation(change, calendar, consent_until, now=now)
        accepted = set(_accepted(change, running, situation, before))
        faults = tuple(fault for fault in faults if fault not in accepted)
    return Checked(change, running, calendar, faults, ids)


def _accepted(
    change: SeriesChange, running: RunningSeries, situation: rules.Situation, before: rules.Situation
) -> Iterator[Fault]:
    """What was so before of visits that keep their time, and of a series that grows no longer.

    Somebody has set that rule aside already.
    """
    standing = [planned(found) for seen in change.seen if (found := running.standing(seen))]
    stood = replace(change, visits=tuple(standing))
    times = {visit.number: visit.starts_at for visit in standing}
    borne = {f"appointments.{each.number}" for each in change.visits if times.get(each.number) == each.starts_at}
    if rules.extent(change, situation) <= rules.extent(stood, before):
        borne.add("appointments")
    faults = rules.breaches(stood, before, shape=rules.CHANGE_SHAPE)
    yield from (fault for fault in faults if fault.where in borne and fault.code in set(OverrideRule))


def _malformed(change: SeriesChange, running: RunningSeries) -> Iterator[Fault]:
    """What a change of this kind may not do, whoever has written the plan."""
    if change.given_up and change.kind is not ChangeKind.REPAIR:
        yield Fault("appointments", "given-up", "Only a repair gives visits up: cancel them instead.")
    anew = [visit.number for visit in change.visits if visit.number not in change.moved]
    if anew and change.kind in MOVES_ONLY:
        yield Fault("appointments", "anew", "A move books nothing anew.")
    further = range(running.series.infusions + 1, change.infusions + 1)
    if change.kind is ChangeKind.EXTENSION and further and sorted(anew) != list(further):
        yield Fault("appointments", "anew", "An extension books every further infusion, and nothing else anew.")


def _stale(change: SeriesChange, running: RunningSeries) -> Iterator[Fault]:
    """What is no longer as it was when the change was planned."""
    if running.series.patient_id != change.patient_id or running.series.status not in MAY_CHANGE[change.kind]:
        yield Fault("series", "changed", f"The series is {running.series.status} by now.")
    if change.series_version not in (None, running.series.version):
        yield Fault("series", "changed", "The series has been paused, ended or extended meanwhile.")
    more = change.infusions - running.series.infusions
    if (more <= 0) if change.kind is ChangeKind.EXTENSION else more:
        yield Fault("series", "changed", "The series has been extended meanwhile.")
    numbers = {seen.id: number for number, seen in change.moved.items()}
    for seen in change.seen:
        found = running.standing(seen)
        if found is None or found.number != numbers.get(seen.id, found.number):
            yield Fault("appointments", "changed", "An appointment of this plan has been changed meanwhile.")


def _write(db: Session, checked: Sequence[Checked], *, why: Why, actor: Actor, now: datetime) -> None:
    """Lift what moves, and set it down: one visit may go where another one of the same patient stood."""
    moved = [
        (each, visit, before) for each in checked for visit in each.change.visits if (before := each.before(visit))
    ]
    rows = [_row(each, visit, actor=actor, now=now) for each in checked for visit in each.change.visits]
    given_up = [found for each in checked for seen in each.change.given_up if (found := each.running.standing(seen))]
    _keep_moves(db, [(visit, before) for _, visit, before in moved], why=why, actor=actor, now=now)
    _give_up(db, given_up, why=why, actor=actor, now=now)
    _lift(db, [before for _, _, before in moved], actor=actor, now=now)
    _set_down(db, rows, {before.id for _, _, before in moved}, actor=actor)
    insert_claims(db, list(_claims(checked, rows)))
    _go_on(db, checked, actor=actor)
    for _, _, before in moved:
        db.expire(before)


def _give_up(db: Session, appointments: Sequence[Appointment], *, why: Why, actor: Actor, now: datetime) -> None:
    """Call off what finds no place, with the notice its patient is given; in a statement more than for none."""
    if appointments:
        policy = read_policy(db, actor.clinic_id, now=now)
        cancelled = partial(
            why_cancelled, why.side or Side.CLINIC, why.reason or ChangeReason.OTHER, policy=policy, now=now
        )
        whys = [cancelled(starts_at=appointment.starts_at) for appointment in appointments]
        call_off(db, appointments, actor=actor, now=now, whys=whys)


def _keep_moves(
    db: Session, moves: Sequence[tuple[PlannedVisit, Appointment]], *, why: Why, actor: Actor, now: datetime
) -> None:
    """Write down where each stood, and that one at another time is to be confirmed anew."""
    rows = [
        {
            "clinic_id": actor.clinic_id, "id": uuid4(), "appointment_id": before.id, "at": now,
            "actor_id": actor.staff_id, "side": why.side, "reason": why.reason, "starts_at": before.starts_at,
            **{f"{kind}_id": getattr(before, f"{kind}_id") for kind in ResourceKind},
        }
        for _, before in moves
    ]  # fmt: skip
    if rows:
        db.execute(INSERT_MOVES, rows)
    unsettled = [(before, why) for visit, before in moves if _status(visit, before) is not before.status]
    note_transitions(db, unsettled, AppointmentStatus.BOOKED, actor=actor, now=now)


def _status(visit: PlannedVisit, before: Appointment | None) -> AppointmentStatus:
    """Who confirmed has confirmed a time; who takes their place at that time does not matter for it."""
    same_time = before is not None and before.starts_at == visit.starts_at
    return before.status if before is not None and same_time else AppointmentStatus.BOOKED


def _lift(db: Session, appointments: Sequence[Appointment], *, actor: Actor, now: datetime) -> None:
    """Take them off the calendar for a moment nobody sees, so that none stands in another's way."""
    if appointments:
        ids = [appointment.id for appointment in appointments]
        aside = {"of_clinic": actor.clinic_id, "to_status": AppointmentStatus.ENTERED_IN_ERROR, "at": now}
        db.execute(ENTER, {**aside, "ids": ids})
        release_claims(db, actor.clinic_id, ids)


def _set_down(db: Session, rows: Sequence[dict[str, Any]], moved: set[UUID], *, actor: Actor) -> None:
    places = [
        {"of_clinic": actor.clinic_id, "of_id": row["id"], **{f"to_{name}": row[name] for name in PLACE}}
        for row in rows
        if row["id"] in moved
    ]
    fresh = [row | {"version": 1} for row in rows if row["id"] not in moved]
    if places:
        db.execute(SET_DOWN, places)
    if fresh:
        db.execute(INSERT_APPOINTMENTS, fresh)


def _row(checked: Checked, visit: PlannedVisit, *, actor: Actor, now: datetime) -> dict[str, Any]:
    before, series = checked.before(visit), checked.running.series
    status = _status(visit, before)
    return {
        "clinic_id": actor.clinic_id, "id": checked.ids[visit.number], "series_id": series.id,
        "patient_id": series.patient_id, "protocol_version_id": series.protocol_version_id, "number": visit.number,
        "status": status, "status_at": before.status_at if before and status is before.status else now,
        "starts_at": visit.starts_at,
        "ends_at": visit.starts_at + checked.running.protocol.visit_minutes * clinic_time.MINUTE,
        "local_date": clinic_time.local_date(visit.starts_at, checked.calendar.zone),
        **{f"{kind}_id": visit.resources.get(kind) for kind in ResourceKind},
    }  # fmt: skip


def _claims(checked: Sequence[Checked], rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    protocols = {each.running.series.id: each.running.protocol for each in checked}
    for row in rows:
        resources = {kind: row[f"{kind}_id"] for kind in ResourceKind}
        yield from claims_of(row, resources, protocols[row["series_id"]])


def _go_on(db: Session, checked: Sequence[Checked], *, actor: Actor) -> None:
    """A series that is booked anew runs again, and one that was extended has more infusions."""
    kinds = {ChangeKind.REBOOKING, ChangeKind.EXTENSION}
    rows = [
        {"of_clinic": actor.clinic_id, "of_id": each.change.series_id, "to_infusions": each.change.infusions}
        for each in checked
        if each.change.kind in kinds
    ]
    if rows:
        db.execute(GO_ON, rows)
        for each in checked:
            db.expire(each.running.series)


def _news(checked: Sequence[Checked]) -> letters.News:
    """What patients will want to know, gathered while everything still stands where it did."""
    news = letters.News()
    for each in checked:
        for visit in each.change.visits:
            before = each.before(visit)
            edition = before.version + 1 if before else 1
            told = letters.Visit(each.ids[visit.number], each.change.patient_id, visit.starts_at, edition)
            if before:
                news.moved.append(letters.Moved(told, before.starts_at))
            else:
                news.booked.append(told)
        standing = (each.running.standing(seen) for seen in each.change.given_up)
        news.cancelled.extend(letters.visit_of(found) for found in standing if found)
    return news


def _note(
    db: Session, change: SeriesChange, overrides: Sequence[dict[str, Any]], *, actor: Actor, now: datetime
) -> None:
    counts = {"moved": len(change.moved), "added": len(change.visits) - len(change.moved)}
    told = {name: count for name, count in {**counts, "given_up": len(change.given_up)}.items() if count}
    audit.note(
        db, f"series.{change.kind}", actor=actor, now=now, subject=change.series_id, patient_id=change.patient_id,
        **told, **rules_named(overrides),
    )  # fmt: skip
