"""Holds: places kept for a named scheduler for a while, exclusive as a booking is.

A hold that is past its time blocks nothing, whether or not anybody has swept it up: searches look at the time, and
every writer of claims ends what is overdue before it begins.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.claims import end_holds, expire_holds, insert_claims
from scheduler.booking.conflicts import as_faults
from scheduler.booking.holding.choices import MOST_CHOICES, Choice, Choices, as_document
from scheduler.booking.holding.envelope import Need, envelope
from scheduler.booking.holding.held import HoldView, read_views
from scheduler.booking.holding.judging import Judged, judge
from scheduler.booking.policy import read_policy
from scheduler.errors import AlreadyRenewed, Fault, HoldEnded, HoldOfAnother, NotFound, PlanRefused, refuse
from scheduler.models import Hold, HoldState
from scheduler.records import access, audit
from scheduler.records.access import LockedRecord

OFFERED = "This place is being offered to a patient on the waiting list: see that answered."


def hold(db: Session, choices: Sequence[Choice], *, actor: Actor, now: datetime) -> HoldView:
    """Keep what these plans need for the actor, for as long as the clinic lets a hold last: all of it, or nothing.

    They are plans for one patient, who is to choose: at each moment the most is claimed that any of them needs. The
    rules and the guard are those of booking; whoever books with the hold later is judged by both once more, and may
    book any plan, for the hold gives up its claims in that booking's own transaction. No rule is set aside for a hold:
    a plan that needs an override is booked at once. Nobody but the actor books with it, no clinician either.
    Raises `NotFound`, `Invalid`, and `PlanRefused` with every fault of every plan.
    """
    refuse(_set_faults(choices))
    record = access.lock_record(db, choices[0].patient_id, actor=actor)
    until = now + _lasting(db, actor, now)
    kept = keep(db, choices, record, owner_id=actor.staff_id, until=until, actor=actor, now=now)
    audit.note(
        db, "hold.placed", actor=actor, now=now, subject=kept.id, patient_id=record.id, plans=len(choices)
    )  # fmt: skip
    return _view(db, kept.id, actor=actor, now=now)


def _lasting(db: Session, actor: Actor, now: datetime) -> timedelta:
    return read_policy(db, actor.clinic_id, now=now).hold_minutes * clinic_time.MINUTE


def _set_faults(choices: Sequence[Choice]) -> Iterator[Fault]:
    if not 1 <= len(choices) <= MOST_CHOICES:
        yield Fault("plans", "range", f"Hold 1 to {MOST_CHOICES} plans at once.")
    if len({choice.patient_id for choice in choices}) > 1:
        yield Fault("plans", "patients", "These are plans for several patients: hold them one by one.")
    for i, choice in enumerate(choices):
        if not choice.visits:
            yield Fault(f"plans.{i}", "nothing", "This plan places no visit, so there is nothing to hold.")


def keep(
    db: Session, choices: Sequence[Choice], record: LockedRecord, *, owner_id: UUID | None, until: datetime,
    actor: Actor, now: datetime,
) -> Hold:  # fmt: skip
    """`hold` until a given time, for a record already locked; without an owner it is the waiting list's own.

    Its audit row is the caller's.
    """
    judged = judge(db, choices, record, actor=actor, now=now)
    faults = [fault for i, each in enumerate(judged) for fault in within_plan(i, each.faults)]
    if faults:
        raise PlanRefused(faults, plan=Choices(tuple(choices)))
    expire_holds(db, actor.clinic_id, now=now)
    kept = Hold(
        clinic_id=actor.clinic_id, id=uuid4(), patient_id=record.id, owner_id=owner_id, state=HoldState.OPEN,
        plans=[as_document(choice) for choice in choices], held_at=now, expires_at=until,
    )  # fmt: skip
    _write(db, kept, judged)
    return kept


def within_plan(place: int, faults: Collection[Fault]) -> Iterator[Fault]:
    """The faults of one plan of a set, by where that plan stands in it."""
    for fault in faults:
        yield Fault(f"plans.{place}.{fault.where}", fault.code, fault.message)


def _write(db: Session, kept: Hold, judged: Sequence[Judged]) -> None:
    needs = envelope([each.alternative for each in judged])
    try:
        db.add(kept)
        db.flush()  # the claims point at it
        insert_claims(db, [_claim(kept, need) for need in needs])
    except IntegrityError as error:
        raise PlanRefused(as_faults(error), plan=Choices(tuple(each.choice for each in judged))) from error


def _claim(kept: Hold, need: Need) -> dict[str, object]:
    return {
        "clinic_id": kept.clinic_id, "id": uuid4(), "appointment_id": None, "hold_id": kept.id,
        "resource_id": need.resource_id, "units": need.units,
        "starts_at": clinic_time.from_minute(need.start), "ends_at": clinic_time.from_minute(need.end),
    }  # fmt: skip


def find_hold(db: Session, hold_id: UUID, *, actor: Actor) -> Hold:
    """The hold, kept from others until this transaction ends. Raises `NotFound`."""
    found = db.get(Hold, (actor.clinic_id, hold_id), with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such hold.")
    return found


def renew(db: Session, held: Hold, *, actor: Actor, now: datetime) -> HoldView:
    """Hold on for as long again from now, once, by the one whose hold it is.

    Raises `HoldEnded`, `HoldOfAnother` and `AlreadyRenewed`.
    """
    _refuse_ended(held, now)
    if held.owner_id != actor.staff_id:
        raise HoldOfAnother
    if held.renewed_at is not None:
        raise AlreadyRenewed
    held.expires_at, held.renewed_at = max(held.expires_at, now + _lasting(db, actor, now)), now
    db.flush()  # a stale version is refused here, and the answer shows the new one
    audit.note(db, "hold.renewed", actor=actor, now=now, subject=held.id, patient_id=held.patient_id)
    return _view(db, held.id, actor=actor, now=now)


def release(db: Session, held: Hold, *, actor: Actor, now: datetime) -> HoldView:
    """Let go of what is held; any scheduler may, and whether it was their own is written down.

    Raises `HoldEnded`, and `HoldOfAnother` for what is out as an offer.
    """
    _refuse_ended(held, now)
    if held.owner_id is None:
        raise HoldOfAnother(OFFERED)
    end_holds(db, actor.clinic_id, [held.id], HoldState.RELEASED, now=now)
    db.expire(held)
    own = held.owner_id == actor.staff_id
    audit.note(db, "hold.released", actor=actor, now=now, subject=held.id, patient_id=held.patient_id, own=own)
    return _view(db, held.id, actor=actor, now=now)


def _refuse_ended(held: Hold, now: datetime) -> None:
    if held.state is not HoldState.OPEN or held.expires_at <= now:
        raise HoldEnded


def read_hold(db: Session, hold_id: UUID, *, actor: Actor, now: datetime) -> HoldView:
    """One hold, open or ended. Raises `NotFound`."""
    found = _view(db, hold_id, actor=actor, now=now)
    audit.note(db, "hold.read", actor=actor, now=now, subject=hold_id, patient_id=found.patient_id)
    return found


def _view(db: Session, hold_id: UUID, *, actor: Actor, now: datetime) -> HoldView:
    found = read_views(db, Hold.id == hold_id, actor=actor, now=now)
    if not found:
        raise NotFound("There is no such hold.")
    return found[0]


def list_holds(
    db: Session, *, after: tuple[datetime, UUID] | None, limit: int, actor: Actor, now: datetime
) -> list[HoldView]:
    """Up to `limit` open holds, the first to expire first; `after` is the expiry and the id of the last one seen."""
    open_now = (Hold.state == HoldState.OPEN, Hold.expires_at > now)
    found = read_views(db, *open_now, after=after, limit=limit, actor=actor, now=now)
    audit.note(db, "holds.read", actor=actor, now=now, patients=audit.ids_of(each.patient_id for each in found))
    return found
