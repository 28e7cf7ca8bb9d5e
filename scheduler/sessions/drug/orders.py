"""Orders: written, judged by the clinic's limits, signed by a prescriber, and read on the day they are needed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select, tuple_
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.actors import Actor, Role
from scheduler.booking.changing.courses import find_series
from scheduler.errors import Blocked, Fault, NotAllowed, NotFound, OrderSigned, SeriesEnded, refuse
from scheduler.models import (
    Container,
    Order,
    OrderState,
    ProtocolVersion,
    Series,
    SeriesStatus,
    SessionSettings,
    SessionStatus,
    TreatmentSession,
)
from scheduler.records import access, audit
from scheduler.records.zone import read_zone
from scheduler.sessions.drug.dosing import Dosage, DoseUnit
from scheduler.sessions.drug.prescribing import (
    Case,
    DeviceDose,
    Judgement,
    LastOrder,
    Request,
    impossible,
    judge,
    refuse_beyond,
    validity_faults,
)
from scheduler.sessions.policy import SessionPolicy
from scheduler.sessions.settings import policy_of, read_settings, settings_in_force

RUNNING = (SeriesStatus.ACTIVE, SeriesStatus.PAUSED)
IN_USE = (
    SessionStatus.CLEARED,
    SessionStatus.INFUSING,
    SessionStatus.PAUSED,
    SessionStatus.INFUSION_ENDED,
    SessionStatus.RECOVERING,
    SessionStatus.READY_FOR_DISCHARGE,
)
"""In these a session goes by its order; one that is deferred chooses anew when it is cleared."""
FIGURES = (
    "dosing_weight_kg", "dose_mg", "bag_ml", "concentration_mg_ml", "stock_ml", "rate_ml_h", "rate_mg_h",
    "rate_mcg_kg_min",
)  # fmt: skip
"""What an order keeps of its dosage; devices have the first two."""


@dataclass(frozen=True)
class Course:
    """A series, its drug, and when its patient was born."""

    series: Series
    drug: str
    birth_date: date


def write_order(
    db: Session, series_id: UUID, request: Request, *, valid_until: date, valid_from: date | None = None,
    reason: str | None = None, confirmed: Collection[str] = (), actor: Actor, now: datetime,
) -> Order:  # fmt: skip
    """Draft an order whose figures follow from the request; it holds from today unless told otherwise.

    Raises `NotFound`, `SeriesEnded`, `Invalid` with every fault of what cannot be, what the clinic's limits forbid
    and what wants a reason, and `ConfirmationNeeded`.
    """
    course = _open_course(db, series_id, action="order.prepared", actor=actor, now=now)
    settings = settings_in_force(db, actor.clinic_id, now=now)
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    days = (valid_from or today, valid_until)
    judgement = _judged(db, course, request, days=days, settings=settings, today=today)
    refuse_beyond(judgement, reason=reason, confirmed=confirmed)
    order = Order(
        clinic_id=actor.clinic_id, id=uuid4(), series_id=series_id, patient_id=course.series.patient_id,
        settings_id=settings.id, drug=course.drug, valid_from=days[0], valid_until=valid_until, reason=reason,
        written_at=now, written_by=actor.staff_id, **_decided(request), **_figures(judgement.dosage),
    )  # fmt: skip
    db.add(order)
    db.flush()  # the answer has its version
    _note(db, order, "written", actor=actor, now=now)
    return order


def preview(db: Session, series_id: UUID, request: Request, *, actor: Actor, now: datetime) -> Judgement:
    """What an order would come to if it held from today, and what would stand against it; nothing is written.

    Raises `NotFound`, and `Invalid` with every fault of what cannot be.
    """
    course = _find_course(db, series_id, action="order.calculated", actor=actor, now=now)
    settings = read_settings(db, actor.clinic_id, now=now)
    case = _case(db, course, policy_of(settings) if settings else SessionPolicy())
    refuse(impossible(request, case))
    return judge(request, case, day=clinic_time.local_date(now, read_zone(db, actor.clinic_id)))


def sign_order(db: Session, order: Order, *, reason: str | None = None, actor: Actor, now: datetime) -> Order:
    """Put a locked draft in force by the prescriber's signature, judged anew by the settings of this hour.

    A `reason` takes the place of the draft's. Raises `NotAllowed`, `OrderSigned` when it is no draft, `SeriesEnded`,
    and `Invalid` as `write_order` does.
    """
    if not actor.has_any(Role.PRESCRIBER):
        raise NotAllowed("Only a prescriber signs orders.")
    if order.state is not OrderState.DRAFT:
        raise OrderSigned
    course = _open_course(db, order.series_id, action="order.judged", actor=actor, now=now)
    settings = settings_in_force(db, actor.clinic_id, now=now)
    today = clinic_time.local_date(now, read_zone(db, actor.clinic_id))
    request, days = _request_of(order), (order.valid_from, order.valid_until)
    judgement = _judged(db, course, request, days=days, settings=settings, today=today)
    order.reason = reason or order.reason
    refuse_beyond(judgement, reason=order.reason, confirmed=CONFIRMED_BEFORE)
    order.state, order.settings_id = OrderState.SIGNED, settings.id
    order.signed_at, order.signed_by = max(now, order.written_at), actor.staff_id
    db.flush()  # the answer shows the new version
    _note(db, order, "signed", actor=actor, now=now)
    return order


CONFIRMED_BEFORE = ("weight_kg",)
"""What was asked about when the order was written is not asked again of who signs it."""


def withdraw_order(db: Session, order: Order, *, actor: Actor, now: datetime) -> Order:
    """Take a locked order back: any prescriber may, and who wrote it while it is a draft.

    Raises `OrderSigned` when it was withdrawn before, `NotAllowed`, and `Blocked` while a session goes by it.
    """
    if order.state is OrderState.WITHDRAWN:
        raise OrderSigned
    own_draft = order.state is OrderState.DRAFT and order.written_by == actor.staff_id
    if not own_draft and not actor.has_any(Role.PRESCRIBER):
        raise NotAllowed("A prescriber withdraws an order, or who wrote it while it is a draft.")
    if _is_in_use(db, order):
        raise Blocked(faults=(Fault("order", "in-use", "A session goes by this order: defer or finish it first."),))
    order.state, order.withdrawn_at, order.withdrawn_by = OrderState.WITHDRAWN, now, actor.staff_id
    db.flush()  # the answer shows the new version
    _note(db, order, "withdrawn", actor=actor, now=now)
    return order


def lock_order(db: Session, order_id: UUID, *, actor: Actor) -> Order:
    """The order, kept from others until this transaction ends, and before it its patient's record.

    So nobody is cleared by an order that is being withdrawn. Raises `NotFound`.
    """
    mine = Order.clinic_id == actor.clinic_id, Order.id == order_id
    patient_id = db.scalar(select(Order.patient_id).where(*mine))
    if patient_id is None:
        raise NotFound("There is no such order.")
    access.lock_record(db, patient_id, actor=actor)
    return db.get_one(Order, (actor.clinic_id, order_id), with_for_update=True, populate_existing=True)


def read_order(db: Session, order_id: UUID, *, actor: Actor, now: datetime) -> Order:
    """One order; that it was opened is written down. Raises `NotFound`."""
    order = db.get(Order, (actor.clinic_id, order_id))
    if order is None:
        raise NotFound("There is no such order.")
    _note(db, order, "read", actor=actor, now=now)
    return order


def orders_of(
    db: Session, series_id: UUID, *, after: UUID | None = None, limit: int, actor: Actor, now: datetime
) -> list[Order]:
    """Up to `limit` orders of a series, newest first, `after` being the last one seen. Raises `NotFound`."""
    series = find_series(db, series_id, actor=actor)
    audit.note(db, "orders.read", actor=actor, now=now, subject=series_id, patient_id=series.patient_id)
    order = (Order.written_at, Order.id)
    found = select(Order).where(Order.clinic_id == actor.clinic_id, Order.series_id == series_id)
    if after is not None:
        seen = select(*order).where(Order.clinic_id == actor.clinic_id, Order.id == after)
        found = found.where(tuple_(*order) < seen.scalar_subquery())
    return list(db.scalars(found.order_by(*(column.desc() for column in order)).limit(limit)))


def active_order(db: Session, series_id: UUID, day: date, *, actor: Actor) -> Order | None:
    """What holds for a series on a day of the clinic's calendar: of its signed orders the one signed last, if any."""
    holds = (
        Order.clinic_id == actor.clinic_id, Order.series_id == series_id, Order.state == OrderState.SIGNED,
        Order.valid_from <= day, Order.valid_until >= day,
    )  # fmt: skip
    return db.scalar(select(Order).where(*holds).order_by(Order.signed_at.desc(), Order.id).limit(1))


def _open_course(db: Session, series_id: UUID, *, action: str, actor: Actor, now: datetime) -> Course:
    """The course, which takes orders only while it lasts."""
    course = _find_course(db, series_id, action=action, actor=actor, now=now)
    if course.series.status not in RUNNING:
        raise SeriesEnded
    return course


def _find_course(db: Session, series_id: UUID, *, action: str, actor: Actor, now: datetime) -> Course:
    series = find_series(db, series_id, actor=actor)
    version = db.get_one(ProtocolVersion, (actor.clinic_id, series.protocol_version_id))
    patient = access.open_record(db, series.patient_id, action=action, actor=actor, now=now)
    return Course(series, version.document["drug"], patient.birth_date)


def _judged(
    db: Session, course: Course, request: Request, *, days: tuple[date, date], settings: SessionSettings, today: date
) -> Judgement:
    case = _case(db, course, policy_of(settings))
    refuse([*impossible(request, case), *validity_faults(*days, today=today)])
    return judge(request, case, day=days[0])


def _case(db: Session, course: Course, policy: SessionPolicy) -> Case:
    last = _last_order(db, course)
    return Case(course.drug, policy, course.birth_date, None if last is None else _compared(last))


def _last_order(db: Session, course: Course) -> Order | None:
    """What the next order of this drug is compared with: the order that was given last, in whatever series.

    What a patient has had says more than what was written for them. Only where nothing was given yet does the order
    that was signed last and still stands count, so that a dose is not stepped up twice before the first visit.
    """
    begun = (
        select(TreatmentSession.order_id, func.max(TreatmentSession.started_at).label("given_at"))
        .where(TreatmentSession.clinic_id == course.series.clinic_id)
        .where(TreatmentSession.patient_id == course.series.patient_id, TreatmentSession.started_at.is_not(None))
        .group_by(TreatmentSession.order_id)
        .subquery()
    )
    given_at = begun.c.given_at
    found = (
        select(Order)
        .outerjoin(begun, begun.c.order_id == Order.id)
        .where(Order.clinic_id == course.series.clinic_id, Order.patient_id == course.series.patient_id)
        .where(Order.drug == course.drug, given_at.is_not(None) | (Order.state == OrderState.SIGNED))
        .order_by(given_at.is_(None), given_at.desc(), Order.signed_at.desc(), Order.id)
    )
    return db.scalar(found.limit(1))


def _compared(order: Order) -> LastOrder:
    return LastOrder(
        weight_kg=order.weight_kg, dosing_weight_kg=order.dosing_weight_kg, dose=order.dose,
        unit=DoseUnit(order.dose_unit), dose_mg=order.dose_mg, minutes=order.minutes,
    )  # fmt: skip


def _decided(request: Request) -> dict[str, Any]:
    """The columns that hold what was decided; those that hold what follows are `_figures`."""
    syringe, bag = request.concentration_mg_ml is not None, request.bag_ml is not None
    return {
        "weight_kg": request.weight_kg, "height_cm": request.height_cm,
        "sex": request.sex, "basis": request.basis,
        "dose": request.dose, "dose_unit": request.unit.value, "minutes": request.minutes,
        "vial_mg_ml": request.vial_mg_ml,
        "container": Container.SYRINGE if syringe else Container.BAG if bag else None,
    }  # fmt: skip


def _figures(dosage: Dosage | DeviceDose) -> dict[str, Any]:
    return {name: getattr(dosage, name, None) for name in FIGURES}


def _request_of(order: Order) -> Request:
    """What was decided, read back exactly."""
    return Request(
        weight_kg=order.weight_kg, dose=order.dose, unit=DoseUnit(order.dose_unit), basis=order.basis,
        height_cm=order.height_cm, sex=order.sex, minutes=order.minutes,
        vial_mg_ml=order.vial_mg_ml, bag_ml=order.bag_ml if order.container is Container.BAG else None,
        concentration_mg_ml=order.concentration_mg_ml if order.container is Container.SYRINGE else None,
    )  # fmt: skip


def _is_in_use(db: Session, order: Order) -> bool:
    going_by_it = exists().where(
        TreatmentSession.clinic_id == order.clinic_id, TreatmentSession.order_id == order.id,
        TreatmentSession.status.in_(IN_USE),
    )  # fmt: skip
    return bool(db.scalar(select(going_by_it)))


def _note(db: Session, order: Order, verb: str, *, actor: Actor, now: datetime) -> None:
    audit.note(db, f"order.{verb}", actor=actor, now=now, subject=order.id, patient_id=order.patient_id)
