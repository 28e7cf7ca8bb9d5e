"""Offering a freed place to those who wait, one after the other: each offer is a hold with a deadline.

The hold of an offer has no owner: no scheduler can book, renew or release it but by the offer. Any scheduler may
accept for the patient: they take the hold over in the transaction that books it. Nothing is booked without a yes.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.booking.appointments import Why
from scheduler.booking.book import book_series
from scheduler.booking.changing.apply import apply_changes
from scheduler.booking.changing.changes import SeriesChange
from scheduler.booking.claims import end_holds
from scheduler.booking.conflicts import as_faults
from scheduler.booking.holding.choices import Choice, from_document
from scheduler.booking.holding.holds import find_hold, keep
from scheduler.booking.policy import read_policy
from scheduler.booking.reading import LOCKED_CLINIC
from scheduler.booking.series import BookedSeries, read_series
from scheduler.booking.waiting.candidates import Candidate, find_candidates
from scheduler.booking.waiting.matching import Place
from scheduler.booking.waiting.offered import OfferView, read_offers
from scheduler.booking.waiting.waitlist import end_entry
from scheduler.errors import Fault, NobodyFits, NotFound, OfferEnded, PlanRefused, refuse
from scheduler.models import (
    LIVE,
    Appointment,
    ChangeReason,
    EntryState,
    Hold,
    HoldState,
    Offer,
    Outcome,
    Resource,
    Side,
    WaitlistEntry,
)
from scheduler.protocols import ResourceKind
from scheduler.records import access, audit
from scheduler.records.access import LockedRecord

LEFT = "This patient no longer waits: the series was paused or ended meanwhile, or the entry withdrawn."
WISHED = Why(Side.PATIENT, ChangeReason.WISH)
ROUNDS = 3
"""So often the next few are looked for where all of the few before were refused once they were locked."""
REASONS = {
    "too_long": "Their visit takes longer than the place is free.",
    "meanwhile": "They were placed or offered a place meanwhile, or left the list.",
    "slot-taken": "Somebody was quicker with part of the place, or of the visits that would follow.",
    "closed": "The clinic is closed then.",
    "wishes": "It is not within the days and times they can come, or not with the notice they need.",
    "spacing": "It does not keep the spacing to their other infusions.",
    "rest": "It is too near another appointment of theirs.",
    "span": "Their series would take longer than it may.",
    "consent": "The consent on file has run out by then.",
    "series": "A first visit would fit, but no whole series of theirs can begin with it.",
    "no_chair": "Too little of the place is free at the times they can come.",
    "no_nurse": "No nurse has the units a visit needs.",
    "no_prescriber": "No prescriber is there for the visit.",
    "no_pump": "No pump is free.",
}


def freed_place(db: Session, appointment_id: UUID, *, actor: Actor) -> Place:
    """The place of a visit that was called off or missed. Raises `NotFound`, and `Invalid` while it is taken."""
    appointment = db.get(Appointment, (actor.clinic_id, appointment_id))
    if appointment is None:
        raise NotFound("There is no such appointment.")
    if appointment.status in LIVE:
        refuse([Fault("appointment_id", "live", f"This appointment is {appointment.status}: its place is taken.")])
    return Place(appointment.chair_id, appointment.starts_at, appointment.ends_at)


def make_offer(db: Session, place: Place, *, actor: Actor, now: datetime) -> OfferView:
    """Offer a place to the first of those who wait and can take it.

    Raises `Invalid` for a place that cannot be, and `NobodyFits`, with for how many which reason speaks against it.
    """
    refuse(_place_faults(db, place, actor=actor))

    def attempt(candidates: Collection[Candidate], refused: dict[UUID, str]) -> Offer | None:
        records = access.lock_records(db, {each.waiting.patient_id for each in candidates}, actor=actor)
        return _offer_to_first(db, place, candidates, records, refused, actor=actor, now=now)

    offer, reasons = _in_rounds(db, place, attempt, actor=actor, now=now)
    if offer is None:
        raise NobodyFits(faults=[_counted(code, number) for code, number in reasons.items()])
    return _view(db, offer.id, actor=actor, now=now)


Attempt = Callable[[Collection[Candidate], dict[UUID, str]], Offer | None]
"""Locks these, and offers a place to the first for whom it can be kept; writes down why not to the others."""


def _in_rounds(
    db: Session, place: Place, attempt: Attempt, *, actor: Actor, now: datetime, without: Collection[UUID] = ()
) -> tuple[Offer | None, Counter[str]]:
    """What comes of the attempt with the first few who fit, or else with the next few; with nobody in the end.

    A round in which all are refused is undone with its locks, so that the next one too locks in the one order.
    """
    refused, reasons = dict[UUID, str](), Counter[str]()
    for _ in range(ROUNDS if now < place.ends_at else 0):
        match = find_candidates(db, place, actor=actor, now=now, without=without, passed_over=refused)
        reasons = match.reasons
        if not match.candidates:
            break
        with db.begin_nested() as round_:
            offer = attempt(match.candidates, refused)
            if offer is not None:
                return offer, reasons
            round_.rollback()
    return attempt((), refused), reasons + Counter(refused.values())


def _counted(code: str, number: int) -> Fault:
    return Fault("place", code, f"{number} waiting: {REASONS.get(code, 'A rule of booking speaks against it.')}")


def _place_faults(db: Session, place: Place, *, actor: Actor) -> Iterator[Fault]:
    yield from clinic_time.span_faults(place.starts_at, place.ends_at)
    if place.ends_at - place.starts_at > clinic_time.DAY:
        yield Fault("ends_at", "range", "A place is at most a day long.")
    chair = db.get(Resource, (actor.clinic_id, place.chair_id))
    if chair is None or chair.kind is not ResourceKind.CHAIR:
        yield Fault("chair_id", "unknown", "There is no such chair.")


def _offer_to_first(
    db: Session, place: Place, candidates: Collection[Candidate], records: Mapping[UUID, LockedRecord],
    refused: dict[UUID, str], *, actor: Actor, now: datetime,
) -> Offer | None:  # fmt: skip
    """The place offered to the first for whom it can be kept; None if somebody else has taken it, or if nobody fits.

    `refused` is told of each before them what spoke against it.
    """
    minutes = read_policy(db, actor.clinic_id, now=now).offer_minutes if candidates else 0
    for each in candidates:
        deadline = min(now + minutes * clinic_time.MINUTE, each.choice.visits[0].starts_at)
        try:
            with db.begin_nested():
                offer = _offer(db, place, each, records[each.waiting.patient_id], deadline, actor=actor, now=now)
        except PlanRefused as refusal:  # somebody was quicker: with this patient, or with part of the place
            refused[each.waiting.entry_id] = next((fault.code for fault in refusal.faults), "meanwhile")
            continue
        audit.note(
            db, "offer.made", actor=actor, now=now, subject=offer.id, patient_id=each.waiting.patient_id
        )  # fmt: skip
        return offer
    return None


def _offer(
    db: Session, place: Place, candidate: Candidate, record: LockedRecord, deadline: datetime, *, actor: Actor,
    now: datetime,
) -> Offer:  # fmt: skip
    entry = db.get_one(WaitlistEntry, (actor.clinic_id, candidate.waiting.entry_id), populate_existing=True)
    if entry.state is not EntryState.WAITING:
        raise PlanRefused
    overdue = _overdue(db, place, entry.patient_id, actor=actor, now=now)
    held = keep(db, [candidate.choice], record, owner_id=None, until=deadline, actor=actor, now=now)
    for each in overdue:
        _close(each, Outcome.EXPIRED, actor=actor, now=now)
        audit.note(db, "offer.expired", actor=actor, now=now, subject=each.id, patient_id=entry.patient_id)
    db.flush()  # an entry has one open offer
    offer = Offer(
        clinic_id=actor.clinic_id, id=uuid4(), entry_id=entry.id, hold_id=held.id, chair_id=place.chair_id,
        starts_at=place.starts_at, ends_at=place.ends_at, offered_at=now, offered_by=actor.staff_id,
        deadline=deadline, outcome=Outcome.OPEN,
    )  # fmt: skip
    try:
        db.add(offer)
        db.flush()  # whoever has been offered this place, or has an offer out, is refused here
    except IntegrityError as error:
        raise PlanRefused(as_faults(error)) from error
    return offer


def _overdue(db: Session, place: Place, patient_id: UUID, *, actor: Actor, now: datetime) -> list[Offer]:
    """What was out to a patient, locked, and has run out unswept. Raises `PlanRefused` if they may not be asked now.

    They are not while another place is out to them, nor about this one again.
    """
    entries = select(WaitlistEntry.id).where(
        WaitlistEntry.clinic_id == actor.clinic_id, WaitlistEntry.patient_id == patient_id
    )
    same = (Offer.chair_id == place.chair_id) & (Offer.starts_at == place.starts_at)
    rows = select(Offer).where(Offer.clinic_id == actor.clinic_id, Offer.entry_id.in_(entries))
    rows = rows.where(same | (Offer.outcome == Outcome.OPEN)).execution_options(populate_existing=True)
    found = list(db.scalars(rows))
    if any(each.deadline > now or (each.chair_id, each.starts_at) == (place.chair_id, place.starts_at)
           for each in found):  # fmt: skip
        raise PlanRefused
    return found


def accept(db: Session, offer_id: UUID, *, actor: Actor, now: datetime) -> BookedSeries:
    """Book what is offered, for the patient has said yes; returns the series as it stands now.

    Raises `NotFound`, `OfferEnded` from the deadline on or when the patient has left the list, as with a series that
    was paused or ended, and `PlanRefused` with every fault where it cannot be booked any longer.
    """
    asked = _asked(db, offer_id, actor=actor)
    access.lock_record(db, asked.patient_id, actor=actor)
    lock_calendar(db, actor)
    held = find_hold(db, asked.hold_id, actor=actor)
    offer, entry = _locked(db, offer_id, actor=actor)
    if offer.deadline <= now:
        raise OfferEnded(LEFT if entry.state is EntryState.WITHDRAWN else None)
    held.owner_id = actor.staff_id
    _close(offer, Outcome.ACCEPTED, actor=actor, now=now)
    end_entry(entry, EntryState.PLACED, now=now)
    db.flush()  # the hold is the actor's from here on
    series = _book(db, from_document(held.plans[0]), held.id, actor=actor, now=now)
    audit.note(
        db, "offer.accepted", actor=actor, now=now, subject=offer.id, patient_id=asked.patient_id
    )  # fmt: skip
    return series


def _book(db: Session, choice: Choice, hold_id: UUID, *, actor: Actor, now: datetime) -> BookedSeries:
    if isinstance(choice, SeriesChange):
        apply_changes(db, [choice], why=WISHED, actor=actor, now=now, hold_id=hold_id)
        return read_series(db, choice.series_id, actor=actor, now=now)
    return book_series(db, choice, actor=actor, now=now, hold_id=hold_id)


@dataclass(frozen=True)
class Passed:
    """An offer that has ended, and the one to whom the place is offered next, if to anybody."""

    ended: OfferView
    next: OfferView | None


def decline(db: Session, offer_id: UUID, *, actor: Actor, now: datetime) -> Passed:
    """End an offer, for the patient has said no or has not answered, and offer the place to the next who fits.

    Raises `NotFound`, and `OfferEnded` for one that was ended before.
    """
    following = _pass_on(db, offer_id, actor=actor, now=now)
    ended = _view(db, offer_id, actor=actor, now=now)
    return Passed(ended, _view(db, following.id, actor=actor, now=now) if following else None)


def _pass_on(db: Session, offer_id: UUID, *, actor: Actor, now: datetime) -> Offer | None:
    """End an offer and make the next. Who comes next is sought before anything is locked, and kept from then on."""
    asked = _asked(db, offer_id, actor=actor)

    def attempt(candidates: Collection[Candidate], refused: dict[UUID, str]) -> Offer | None:
        patients = {asked.patient_id, *(each.waiting.patient_id for each in candidates)}
        records = access.lock_records(db, patients, actor=actor)
        _end(db, offer_id, asked, actor=actor, now=now)
        return _offer_to_first(db, asked.place, candidates, records, refused, actor=actor, now=now)

    following, _ = _in_rounds(db, asked.place, attempt, actor=actor, now=now, without=[asked.hold_id])
    return following


def _end(db: Session, offer_id: UUID, asked: "Asked", *, actor: Actor, now: datetime) -> None:
    lock_calendar(db, actor)
    held = find_hold(db, asked.hold_id, actor=actor)
    offer, _ = _locked(db, offer_id, actor=actor)
    overdue = offer.deadline <= now
    _close(offer, Outcome.EXPIRED if overdue else Outcome.DECLINED, actor=actor, now=now)
    if held.state is HoldState.OPEN:
        end_holds(db, actor.clinic_id, [held.id], HoldState.EXPIRED if overdue else HoldState.RELEASED, now=now)
    db.flush()  # the entry may be offered another place from here on
    audit.note(
        db, f"offer.{offer.outcome}", actor=actor, now=now, subject=offer.id, patient_id=asked.patient_id
    )  # fmt: skip


def clinics_with_overdue(db: Session, *, now: datetime) -> list[UUID]:
    """The clinics in which an offer is past its deadline and not yet passed on."""
    overdue = select(Offer.clinic_id).where(Offer.outcome == Outcome.OPEN, Offer.deadline <= now)
    return list(db.scalars(overdue.distinct().order_by(Offer.clinic_id)))


def pass_on_expired(db: Session, clinic_id: UUID, *, now: datetime) -> bool:
    """End one offer of this clinic that is past its deadline, and offer its place to the next; False if none is left.

    One in a transaction: call it until there are no more. A place that has passed or is taken goes to nobody.
    """
    house = Actor.house(clinic_id)
    overdue = (Offer.clinic_id == clinic_id, Offer.outcome == Outcome.OPEN, Offer.deadline <= now)
    offer_id = db.scalar(select(Offer.id).where(*overdue).order_by(Offer.deadline, Offer.id).limit(1))
    if offer_id is None:
        return False
    try:
        _pass_on(db, offer_id, actor=house, now=now)
    except OfferEnded:
        return True  # somebody answered, or another worker was quicker
    return True


@dataclass(frozen=True)
class Asked:
    """What an offer is about; none of it ever changes."""

    place: Place
    hold_id: UUID
    patient_id: UUID


def _asked(db: Session, offer_id: UUID, *, actor: Actor) -> Asked:
    rows = (
        select(Offer.chair_id, Offer.starts_at, Offer.ends_at, Offer.hold_id, Hold.patient_id)
        .join(Hold, (Hold.clinic_id == Offer.clinic_id) & (Hold.id == Offer.hold_id))
        .where(Offer.clinic_id == actor.clinic_id, Offer.id == offer_id)
    )
    row = db.execute(rows).first()
    if row is None:
        raise NotFound("There is no such offer.")
    chair_id, starts_at, ends_at, hold_id, patient_id = row
    return Asked(Place(chair_id, starts_at, ends_at), hold_id, patient_id)


def lock_calendar(db: Session, actor: Actor) -> None:
    """Keep the calendar from changing: everybody locks it after patients' records and before holds."""
    db.execute(LOCKED_CLINIC, {"clinic_id": actor.clinic_id})


def _locked(db: Session, offer_id: UUID, *, actor: Actor) -> tuple[Offer, WaitlistEntry]:
    """An open offer and its entry, as they are now that the patient's record is locked. Raises `OfferEnded`."""
    offer = db.get_one(Offer, (actor.clinic_id, offer_id), populate_existing=True)
    entry = db.get_one(WaitlistEntry, (actor.clinic_id, offer.entry_id), populate_existing=True)
    if offer.outcome is not Outcome.OPEN:
        raise OfferEnded
    return offer, entry


def _close(offer: Offer, outcome: Outcome, *, actor: Actor, now: datetime) -> None:
    offer.outcome, offer.decided_at, offer.decided_by = outcome, now, actor.staff_id


def find_offer(db: Session, offer_id: UUID, *, actor: Actor) -> Offer:
    """The offer, to say which version is meant. Raises `NotFound`."""
    offer = db.get(Offer, (actor.clinic_id, offer_id))
    if offer is None:
        raise NotFound("There is no such offer.")
    return offer


def read_offer(db: Session, offer_id: UUID, *, actor: Actor, now: datetime) -> OfferView:
    """One offer, open or ended. Raises `NotFound`."""
    found = _view(db, offer_id, actor=actor, now=now)
    audit.note(db, "offer.read", actor=actor, now=now, subject=offer_id, patient_id=found.patient_id)
    return found


def _view(db: Session, offer_id: UUID, *, actor: Actor, now: datetime) -> OfferView:
    found = read_offers(db, Offer.id == offer_id, limit=1, actor=actor, now=now)
    if not found:
        raise NotFound("There is no such offer.")
    return found[0]


def list_offers(
    db: Session, *, after: tuple[datetime, UUID] | None, limit: int, actor: Actor, now: datetime
) -> list[OfferView]:
    """Up to `limit` offers that wait for an answer, the first to run out first; overdue ones until they are passed on.

    `after` is the deadline and the id of the last one seen.
    """
    found = read_offers(db, Offer.outcome == Outcome.OPEN, after=after, limit=limit, actor=actor, now=now)
    audit.note(db, "offers.read", actor=actor, now=now, patients=audit.ids_of(each.patient_id for each in found))
    return found
