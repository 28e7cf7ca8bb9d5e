"""Days of a clinic as reports look back on them: visits planned, kept, missed, called off and moved, row by row."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from scheduler.clinic_time import MINUTE, local_date
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    ChangeReason,
    Mode,
    Move,
    Purpose,
    Series,
    SessionStatus,
    Side,
    Transition,
    TreatmentSession,
)
from scheduler.protocols import Leg, Phases, ProtocolDefinition, ResourceKind
from tests.builders import MDD_INDUCTION, ClinicCast, clinic_instant
from tests.treatments import settings_row, template

TWO_HOURS = replace(
    MDD_INDUCTION,
    key="two_hours",
    name="Two hours, nothing to turn over",
    dose=Decimal("0.5"),
    phases=Phases(prepare=20, infuse=40, recover=60, turn_over=0),
    legs=(
        Leg(ResourceKind.CHAIR, 0, 120, 1),
        Leg(ResourceKind.NURSE, 0, 30, 2),
        Leg(ResourceKind.NURSE, 30, 120, 1),
        Leg(ResourceKind.PRESCRIBER, 20, 120, 1),
    ),
)


@dataclass
class Keeper:
    """Writes down what became of visits, in a clinic whose protocols, chairs and staff are there."""

    cast: ClinicCast
    protocol: str = MDD_INDUCTION.key
    _kept: dict[str, UUID] = field(default_factory=dict)

    def plan(
        self, chair: str, starts: datetime, *, ends: datetime | None = None, nurse: str | None = "N1",
        status: AppointmentStatus = AppointmentStatus.BOOKED, **changes: Any,
    ) -> Appointment:  # fmt: skip
        """A visit of a series of a new patient; as long as its protocol says, unless told otherwise."""
        cast, protocol = self.cast, self.cast.protocols[self.protocol]
        series = changes.pop("series", None) or self.series()
        minutes = _definition(cast, self.protocol).visit_minutes
        return cast.keep(
            Appointment(
                clinic_id=cast.id, id=uuid4(), series_id=series.id, patient_id=series.patient_id,
                protocol_version_id=protocol.current_id, status=status, status_at=cast.now,
                number=changes.pop("number", 1), starts_at=starts, ends_at=ends or starts + minutes * MINUTE,
                local_date=local_date(starts, cast.zone), chair_id=cast.resource(chair).id,
                nurse_id=nurse and cast.resource(nurse).id, prescriber_id=cast.resource("P1").id, **changes,
            )
        )  # fmt: skip

    def series(self, **changes: Any) -> Series:
        cast = self.cast
        values = {"infusions": 6, "booked_at": cast.now, **changes}
        patient = values.pop("patient", None) or cast.patient()
        version = cast.protocols[self.protocol].current_id
        return cast.keep(
            Series(clinic_id=cast.id, id=uuid4(), patient_id=patient.id, protocol_version_id=version, **values)
        )  # fmt: skip

    def sat(
        self, visit: Appointment, roomed: datetime, left: datetime | None, *, free: datetime | None = None,
        started: datetime | None = None, seat: str | None = None, **changes: Any,
    ) -> TreatmentSession:  # fmt: skip
        """A session held at a visit: the patient sat in a chair from `roomed` until `left`."""
        cast = self.cast
        self._take(visit, AppointmentStatus.COMPLETED if left else AppointmentStatus.IN_SESSION)
        values = {"arrived_at": roomed, "checked_in_at": roomed, "started_at": started or roomed + 20 * MINUTE}
        return cast.keep(
            TreatmentSession(
                clinic_id=cast.id, id=uuid4(), appointment_id=visit.id, patient_id=visit.patient_id,
                protocol_version_id=visit.protocol_version_id,
                status=SessionStatus.DISCHARGED if left else SessionStatus.RECOVERING, status_at=left or roomed,
                chair_id=cast.resource(seat).id if seat else visit.chair_id, mode=Mode.INFUSION,
                roomed_at=roomed, discharged_at=left, chair_free_at=free or left, **self._settings(),
                **values | changes,
            )
        )  # fmt: skip

    def missed(self, visit: Appointment, *, after: timedelta = 20 * MINUTE) -> None:
        self._step(visit, AppointmentStatus.NO_SHOW, visit.starts_at + after)

    def cancelled(self, visit: Appointment, *, notice: timedelta, late: bool) -> None:
        """Called off so long before its start."""
        at = visit.starts_at - notice
        why = {"side": Side.PATIENT, "reason": ChangeReason.ILLNESS, "notice_minutes": notice // MINUTE, "late": late}
        self._step(visit, AppointmentStatus.CANCELLED, at, **why)

    def moved(self, visit: Appointment, starts: datetime, *, at: datetime, chair: str | None = None) -> None:
        """Moved away from where it stands."""
        self.cast.keep(
            Move(
                clinic_id=self.cast.id, id=uuid4(), appointment_id=visit.id, at=at, side=Side.PATIENT,
                reason=ChangeReason.WORK, starts_at=visit.starts_at, chair_id=visit.chair_id,
                nurse_id=visit.nurse_id, prescriber_id=visit.prescriber_id,
            )
        )  # fmt: skip
        length = visit.ends_at - visit.starts_at
        visit.starts_at, visit.ends_at, visit.local_date = starts, starts + length, local_date(starts, self.cast.zone)
        if chair:
            visit.chair_id = self.cast.resource(chair).id
        self.cast.db.flush()  # reports read rows

    def by_desk(self, visit: Appointment, *, arrived: datetime, started: datetime, left: datetime | None) -> None:
        """Kept without a session: the desk alone took down when."""
        self._step(visit, AppointmentStatus.ARRIVED, arrived)
        self._step(visit, AppointmentStatus.IN_SESSION, started)
        if left:
            self._step(visit, AppointmentStatus.COMPLETED, left)

    def _step(self, visit: Appointment, status: AppointmentStatus, at: datetime, **why: Any) -> None:
        self.cast.keep(
            Transition(
                clinic_id=self.cast.id, id=uuid4(), appointment_id=visit.id, from_status=visit.status,
                to_status=status, at=at, **why,
            )
        )  # fmt: skip
        self._take(visit, status)

    def _take(self, visit: Appointment, status: AppointmentStatus) -> None:
        visit.status = status
        self.cast.db.flush()  # reports read rows

    def _settings(self) -> dict[str, UUID]:
        if not self._kept:
            self._kept = {
                "settings_id": settings_row(self.cast).id,
                "clearance_id": template(self.cast, Purpose.CLEARANCE, {"items": []}).id,
                "discharge_id": template(self.cast, Purpose.DISCHARGE, {"items": []}).id,
            }
        return self._kept


def _definition(cast: ClinicCast, key: str) -> ProtocolDefinition:
    return {MDD_INDUCTION.key: MDD_INDUCTION, TWO_HOURS.key: TWO_HOURS}[key]


def keep_worked_example(clinic: ClinicCast) -> Keeper:
    """The visits of domain section 5.3, on Monday in chairs A and B: two each, the last of them missed."""
    clinic.add_protocol(TWO_HOURS)
    keep, at = Keeper(clinic, TWO_HOURS.key), clinic_instant
    keep.sat(keep.plan("A", at("Mon 09:00")), at("Mon 09:05"), at("Mon 10:55"))
    keep.sat(keep.plan("A", at("Mon 11:00")), at("Mon 11:10"), at("Mon 13:20"))
    keep.sat(keep.plan("B", at("Mon 09:30")), at("Mon 09:30"), at("Mon 11:20"))
    keep.missed(keep.plan("B", at("Mon 11:30")))
    return keep
