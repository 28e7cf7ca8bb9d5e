"""The vials of the demo clinic: received and counted by two people, and drawn from until they are empty."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.demo.house import ZONE, House
from scheduler.models import LedgerKind
from scheduler.sessions.ledger import vials

HUNDREDTH = Decimal("0.01")
KEEPS = timedelta(days=400)
REST = "Too little is left in it for a dose."


@dataclass(frozen=True)
class Stock:
    """How a drug comes: so much in each vial, of which so many are at hand when the day begins."""

    label: str
    strength_mg_ml: Decimal
    volume_ml: Decimal
    at_hand: int


STOCKS: Mapping[str, Stock] = {
    "ketamine": Stock("K", Decimal(50), Decimal(10), at_hand=4),
    "esketamine": Stock("S", Decimal(140), Decimal("0.4"), at_hand=8),
}
"""A vial of 500 mg; and a kit of two devices of 28 mg."""


@dataclass
class Pharmacy:
    """What each vial still holds, in ml, the oldest first."""

    held: dict[str, dict[UUID, Decimal]] = field(default_factory=lambda: {drug: {} for drug in STOCKS})
    received: int = 0

    def open_day(self, db: Session, house: House, now: datetime) -> None:
        """Before the first patient there is enough of everything."""
        for drug, stock in STOCKS.items():
            for _ in range(stock.at_hand - len(self.held[drug])):
                self._receive(db, house, drug, stock, now)

    def _receive(self, db: Session, house: House, drug: str, stock: Stock, now: datetime) -> None:
        self.received += 1
        today = clinic_time.local_date(now, ZONE)
        taken = vials.receive_vial(
            db, label=f"{stock.label}-{self.received:04d}", drug=drug, strength_mg_ml=stock.strength_mg_ml,
            volume_ml=stock.volume_ml, lot=f"{stock.label}{today:%y%V}", expires_on=today + KEEPS,
            witness_id=house.witness.staff_id, actor=house.clinician, now=now,
        )  # fmt: skip
        self.held[drug][taken.vial.id] = stock.volume_ml

    def take(self, db: Session, house: House, drug: str, mg: Decimal, now: datetime) -> tuple[UUID, Decimal]:
        """A vial from which so much can be drawn, and how many ml that are, up to the next mark of the syringe."""
        held, stock = self.held[drug], STOCKS[drug]
        ml = (mg / stock.strength_mg_ml).quantize(HUNDREDTH, ROUND_UP)
        while (vial := next(iter(held.items()), None)) and vial[1] < ml:
            self._discard(db, house, *vial, now)
            del held[vial[0]]
        if not held:
            self._receive(db, house, drug, stock, now)
        vial_id = next(iter(held))
        held[vial_id] -= ml
        if not held[vial_id]:
            del held[vial_id]
        return vial_id, ml

    def _discard(self, db: Session, house: House, vial_id: UUID, ml: Decimal, now: datetime) -> None:
        vials.dispose(
            db, vial_id, LedgerKind.WASTED, ml=ml, reason=REST, witness_id=house.witness.staff_id,
            actor=house.clinician, now=now,
        )  # fmt: skip

    def close_day(self, db: Session, house: House, now: datetime) -> None:
        """What was opened is counted by two people."""
        for drug, stock in STOCKS.items():
            for vial_id, ml in self.held[drug].items():
                if ml < stock.volume_ml:
                    vials.count(db, vial_id, ml, witness_id=house.witness.staff_id, actor=house.clinician, now=now)
