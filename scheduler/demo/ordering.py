"""The orders of the demo clinic: drafted by a clinician when a series is booked, and signed by the prescriber."""

from datetime import datetime, timedelta
from decimal import Decimal

from scheduler import clinic_time
from scheduler.demo.house import ZONE
from scheduler.demo.living import Course, Life
from scheduler.demo.pharmacy import STOCKS
from scheduler.protocols import ProtocolDefinition
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.drug.orders import lock_order, sign_order, write_order
from scheduler.sessions.drug.prescribing import Request, gives_devices

HOLDS = timedelta(days=300)
USUAL = Decimal("0.5")
BAG_ML, LARGE_BAG_ML, LONG = Decimal(100), Decimal(250), 120
"""An infusion longer than so many minutes comes in the large bag."""


def prescribe(life: Life, course: Course, now: datetime) -> None:
    """What is to be given in the sessions of a series is ordered."""
    definition, house = life.house.protocols[course.protocol].definition, life.house
    today = clinic_time.local_date(now, ZONE)
    order = write_order(
        life.db, course.series_id, _request(course, definition), valid_until=today + HOLDS, actor=house.clinician,
        now=now,
    )  # fmt: skip
    sign_order(life.db, lock_order(life.db, order.id, actor=house.prescriber), actor=house.prescriber, now=now)


def _request(course: Course, definition: ProtocolDefinition) -> Request:
    body = course.visitor.body
    if gives_devices(definition.drug):
        return Request(weight_kg=body.weight_kg, dose=definition.dose or Decimal(0), unit=DoseUnit.MG)
    minutes, as_published = definition.phases.infuse, definition.dose not in {None, USUAL}
    return Request(
        weight_kg=body.weight_kg, sex=body.sex, minutes=minutes, vial_mg_ml=STOCKS[definition.drug].strength_mg_ml,
        dose=definition.dose if as_published and definition.dose else body.dose,
        unit=DoseUnit(definition.dose_unit or DoseUnit.MG_PER_KG), bag_ml=LARGE_BAG_ML if minutes > LONG else BAG_ML,
    )  # fmt: skip
