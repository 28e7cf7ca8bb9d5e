"""A random history as rows of a clinic of its own, and such rows as a history again, for the slow recount to read."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from scheduler.booking.calendar import Bookable
from scheduler.clinic_time import local_date
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    BookingPolicy,
    Calendar,
    ChangeReason,
    Clinic,
    Closure,
    DeferralReason,
    EndKind,
    Mode,
    Move,
    OpeningHours,
    Protocol,
    ProtocolVersion,
    Purpose,
    Resource,
    Series,
    SessionStatus,
    Shift,
    Side,
    Transition,
    TreatmentSession,
)
from scheduler.opening import Hours
from scheduler.protocols import as_document
from tests.builders import ClinicCast
from tests.scheduler.utilization.ledger.recount import EPOCH, History, Moved, Told
from tests.treatments import settings_row, template

TIMES = ("roomed", "started", "ended", "ready", "discharged", "chair_free")
KINDS = ("chair", "nurse", "prescriber", "pump")
MOVED_AWAY = {"side": Side.PATIENT, "reason": ChangeReason.WORK}


def at(minute):
    return None if minute is None else EPOCH + timedelta(minutes=minute)


def minute(instant):
    return None if instant is None else (instant - EPOCH) // timedelta(minutes=1)


class Writer:
    """Writes a history down, row by row."""

    def __init__(self, db, history):
        self.db, self.history = db, history
        self.cast = ClinicCast(db, uuid4(), "Random", at(history.days and history.now), history.zone)
        self.of = {"clinic_id": self.cast.id}

    def write(self):
        """The clinic's id, once everything is there."""
        clinic, since = self.cast.id, at(self.history.now) - timedelta(days=400)
        self._keep([Clinic(id=clinic, name="Random", timezone=self.history.zone.key, created_at=since)])
        self._keep([Calendar(**self.of), *self._policies(), *self._hours(), *self._closures_of(None)])
        self.resources = {each.handle: self._resource(each) for each in self.history.resources}
        self._keep(self.resources.values())
        self._keep([*self._shifts(), *(row for each in self.resources for row in self._closures_of(each))])
        self.versions = {each: self._version(each, *when) for each, *when in self.history.offered}
        self._sessions_need()
        self.visits = {told.id: self._visit(told) for told in self.history.visits}
        self._keep(self._move(moved) for moved in self.history.moves)
        return clinic

    def _keep(self, rows):
        self.db.add_all(rows)
        self.db.flush()  # the next rows point at these

    def _policies(self):
        for since, opens, closes in self.history.prime[1:]:
            yield BookingPolicy(
                **self.of, effective_from=at(since), created_at=at(since), late_notice_minutes=opens, grace_minutes=15,
                hold_minutes=15, offer_minutes=30, reminder_minutes=[], prime_opens=opens, prime_closes=closes,
                on_time_minutes=closes,
            )  # fmt: skip

    def _hours(self):
        for each in self.history.hours:
            yield OpeningHours(
                **self.of, weekday=each.weekday, opens=each.opens, closes=each.closes, valid_from=each.valid_from
            )

    def _closures_of(self, whose):
        rid = self.resources[whose].id if whose else None
        for handle, start, end in self.history.closures:
            if handle == whose:
                yield Closure(**self.of, resource_id=rid, starts_at=at(start), ends_at=at(end), reason="Closed")

    def _resource(self, each):
        return Resource(
            **self.of, id=uuid4(), kind=each.kind, name=each.handle, capacity=each.capacity, position=each.position,
            available_from=at(each.since), retired_at=at(each.retired),
        )  # fmt: skip

    def _shifts(self):
        for handle, start, end in self.history.shifts:
            yield Shift(**self.of, resource_id=self.resources[handle].id, starts_at=at(start), ends_at=at(end))

    def _version(self, key, since, until):
        version = ProtocolVersion(
            **self.of, id=uuid4(), number=1, document=as_document(self.history.protocols[key]), created_at=at(since)
        )
        protocol = Protocol(**self.of, id=uuid4(), key=key, current_id=version.id, retired_at=at(until))
        self._keep([protocol])
        version.protocol_id = protocol.id
        self._keep([version])
        return version.id

    def _sessions_need(self):
        self.needed = {
            "settings_id": settings_row(self.cast).id,
            "clearance_id": template(self.cast, Purpose.CLEARANCE, {"items": []}).id,
            "discharge_id": template(self.cast, Purpose.DISCHARGE, {"items": []}).id,
        }

    def _visit(self, told):
        patient = self.cast.patient()
        version = self.versions[told.version]
        series = self.cast.keep(
            Series(
                **self.of, id=uuid4(), patient_id=patient.id, protocol_version_id=version, infusions=1,
                booked_at=self.cast.now,
            )
        )  # fmt: skip
        visit = Appointment(
            **self.of, id=uuid4(), series_id=series.id, patient_id=patient.id, protocol_version_id=version, number=1,
            status=_status(told), status_at=at(told.start), starts_at=at(told.start), ends_at=at(told.end),
            local_date=local_date(at(told.start), self.history.zone),
            **{f"{kind}_id": self._resource_id(getattr(told, kind)) for kind in KINDS},
        )  # fmt: skip
        self._keep([visit])
        self._keep(self._steps(visit, told))
        if told.seat:
            self._keep([self._session(visit, told)])
        return visit

    def _resource_id(self, handle):
        return handle and self.resources[handle].id

    def _steps(self, visit, told):
        """What the desk took down, also of visits at which a session was held."""
        steps = [(told.arrived, "arrived"), (told.started, "in_session"), (told.left, "completed")]
        if told.became in ("missed", "cancelled"):
            steps = [(told.start, "no_show" if told.became == "missed" else "cancelled")]
        before = AppointmentStatus.BOOKED
        for when, status in steps:
            if when is not None:
                after = AppointmentStatus(status)
                late = told.late if status == "cancelled" else None
                yield Transition(
                    **self.of, id=uuid4(), appointment_id=visit.id, from_status=before, to_status=after, at=at(when),
                    late=late,
                )  # fmt: skip
                before = after

    def _session(self, visit, told):
        deferred = _is_deferred(told)
        left = told.left is not None and not deferred
        return TreatmentSession(
            **self.of, **self.needed, id=uuid4(), appointment_id=visit.id, patient_id=visit.patient_id,
            protocol_version_id=visit.protocol_version_id, chair_id=self.resources[told.seat].id, mode=Mode.INFUSION,
            status=SessionStatus.DISCHARGED if left else SessionStatus.DEFERRED if deferred else SessionStatus.INFUSING,
            status_at=at(told.arrived), arrived_at=at(told.arrived), checked_in_at=at(told.arrived),
            roomed_at=at(told.roomed), started_at=at(told.started), ended_at=at(told.stopped),
            end_kind=None if told.stopped is None else EndKind.COMPLETED, ready_at=at(told.ready),
            discharged_at=at(told.left) if left else None, chair_free_at=at(told.free),
            deferral=DeferralReason.NOT_FASTED if deferred else None,
        )  # fmt: skip

    def _move(self, moved):
        visit = self.visits[moved.visit]
        return Move(
            **self.of, id=uuid4(), appointment_id=visit.id, at=at(moved.at), starts_at=at(moved.start),
            chair_id=self.resources[moved.chair].id, prescriber_id=visit.prescriber_id, **MOVED_AWAY,
        )  # fmt: skip


def _is_deferred(told):
    return told.roomed is not None and told.started is None and told.left is not None


def _status(told):
    """Who was put off is called off in the end."""
    if told.became != "kept":
        named = {"standing": "booked", "missed": "no_show", "cancelled": "cancelled"}
        return AppointmentStatus(named[told.became])
    if _is_deferred(told):
        return AppointmentStatus.CANCELLED
    if told.left is not None:
        return AppointmentStatus.COMPLETED
    return AppointmentStatus.ARRIVED if told.started is None else AppointmentStatus.IN_SESSION


class Reader:
    """Reads the rows of a clinic as a history, one row after the other."""

    def __init__(self, db, clinic_id, days, now):
        self.db, self.clinic_id, self.days, self.now = db, clinic_id, days, now

    def read(self):
        zone = ZoneInfo(self.db.get_one(Clinic, self.clinic_id).timezone)
        return History(
            zone, self.days, self.now,
            hours=[Hours(e.weekday, e.opens, e.closes, e.valid_from, e.valid_until) for e in self._all(OpeningHours)],
            resources=[self._resource(each) for each in self._all(Resource)],
            closures=[(self._name(e.resource_id), minute(e.starts_at), minute(e.ends_at)) for e in self._all(Closure)],
            shifts=[(self._name(e.resource_id), minute(e.starts_at), minute(e.ends_at)) for e in self._all(Shift)],
            visits=sorted(map(self._told, self._all(Appointment)), key=lambda each: (each.start, each.id)),
            moves=sorted(map(self._moved, self._all(Move)), key=lambda each: (each.start, each.at)),
            protocols={self._name(each.id): each.definition for each in self._all(ProtocolVersion)},
            offered=[self._offered(each) for each in self._all(ProtocolVersion)],
            prime=[(0, 600, 840), *((minute(e.effective_from), e.prime_opens, e.prime_closes) for e in self._rules())],
        )  # fmt: skip

    def _all(self, model):
        return self.db.scalars(select(model).where(model.clinic_id == self.clinic_id)).all()

    def _name(self, row_id):
        """An id as bulk reads deliver it."""
        if row_id is None:
            return None
        return row_id.hex if self.db.get_bind().dialect.name == "sqlite" else str(row_id)

    def _rules(self):
        return sorted(self._all(BookingPolicy), key=lambda each: each.effective_from)

    def _resource(self, row):
        since, retired = minute(row.available_from), minute(row.retired_at)
        return Bookable(row.id, row.kind, row.name, row.capacity, row.position, since, retired, self._name(row.id))

    def _offered(self, row):
        return self._name(row.id), minute(row.created_at), minute(self._one(Protocol, id=row.protocol_id).retired_at)

    def _one(self, model, **known):
        return next(
            (e for e in self._all(model) if all(getattr(e, name) == value for name, value in known.items())), None
        )

    def _told(self, row):
        held = [each for each in self._all(TreatmentSession) if each.appointment_id == row.id]
        session = next((each for each in held if each.status != SessionStatus.ENTERED_IN_ERROR), None)
        steps = {each.to_status: each for each in self._all(Transition) if each.appointment_id == row.id}
        told = Told(
            self._name(row.id), self._name(row.protocol_version_id), "", minute(row.starts_at), minute(row.ends_at),
            *(self._name(getattr(row, f"{kind}_id")) for kind in KINDS),
        )  # fmt: skip
        if session and session.roomed_at:
            return self._charted(told, session)
        if row.status in ("no_show", "cancelled"):
            told = replace(told, became="missed" if row.status == "no_show" else "cancelled")
            return replace(told, late=steps[row.status].late if row.status in steps else None)
        if session:
            return replace(self._charted(told, session), became="standing" if row.status == "booked" else "kept")
        return _by_desk(replace(told, became="standing" if row.status == "booked" else "kept"), steps)

    def _charted(self, told, session):
        left = session.chair_free_at if session.deferral else session.discharged_at
        return replace(
            told, became="kept", seat=self._name(session.chair_id), arrived=minute(session.arrived_at),
            roomed=minute(session.roomed_at), started=minute(session.started_at), stopped=minute(session.ended_at),
            ready=minute(session.ready_at), left=minute(left), free=minute(session.chair_free_at),
        )  # fmt: skip

    def _moved(self, row):
        visit, moved = self.db.get_one(Appointment, (self.clinic_id, row.appointment_id)), minute(row.at)
        start = minute(row.starts_at)
        asked = [each.late_notice_minutes for each in self._rules() if minute(each.effective_from) <= moved]
        return Moved(
            self._name(visit.id), self._name(visit.protocol_version_id), self._name(row.chair_id),
            self._name(row.prescriber_id), start, start + minute(visit.ends_at) - minute(visit.starts_at), moved,
            late=start - moved < [1440, *asked][-1],
        )  # fmt: skip


def _by_desk(told, steps):
    arrived, started, left = (
        minute(steps[name].at) if name in steps else None for name in ("arrived", "in_session", "completed")
    )
    roomed = None
    if started is not None:
        roomed = min(started, max(told.start, started if arrived is None else arrived))
    return replace(told, arrived=arrived, roomed=roomed, started=started, left=left)
