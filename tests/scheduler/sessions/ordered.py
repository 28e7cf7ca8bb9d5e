"""Orders written and signed as the cast of a clinic does it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from scheduler.errors import DomainError
from scheduler.models import Order, OrderState, SessionSettings
from scheduler.sessions.drug import orders
from scheduler.sessions.drug.dosing import DoseUnit
from scheduler.sessions.drug.prescribing import Request
from scheduler.sessions.policy import Doses, SessionPolicy, as_document
from tests.builders import ClinicCast

D = Decimal
DAY = date(2026, 3, 2)
UNTIL = date(2026, 4, 30)
PLAIN = Request(weight_kg=D(70), dose=D("0.5"), unit=DoseUnit.MG_PER_KG, minutes=40, vial_mg_ml=D(50), bag_ml=D(100))
DRAFT = {"state": OrderState.DRAFT, "signed_at": None, "signed_by": None}
NARROW = SessionPolicy(doses=Doses(mg_per_kg=replace(Doses().mg_per_kg, hard_most=D("0.4"), soft_most=D("0.4"))))
SHY = SessionPolicy(doses=Doses(mg_per_kg=replace(Doses().mg_per_kg, soft_most=D("0.4"))))


def codes(refused: pytest.ExceptionInfo[DomainError]) -> list[tuple[str, str]]:
    return [(fault.where, fault.code) for fault in refused.value.faults]


def write(db: Session, cast: ClinicCast, series_id: UUID, request: Request = PLAIN, **changes: Any) -> Order:
    asked = {"valid_until": UNTIL, "actor": cast.clinician, "now": cast.now, **changes}
    return orders.write_order(db, series_id, request, **asked)


def sign(db: Session, cast: ClinicCast, draft: Order, **changes: Any) -> Order:
    return orders.sign_order(db, draft, **{"actor": cast.prescriber, "now": cast.now, **changes})


def from_later_on(cast: ClinicCast, policy: SessionPolicy) -> SessionSettings:
    """Other settings than those the clinic began with, in force half an hour from now."""
    since = cast.now + timedelta(minutes=30)
    document = as_document(policy)
    return cast.keep(
        SessionSettings(clinic_id=cast.id, id=uuid4(), effective_from=since, created_at=since, document=document)
    )
