"""What a prescriber orders: the dose, how it was reckoned, and for how long it holds."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.base import TEN_THOUSANDTHS, TENTHS, THOUSANDTHS, Base, ClinicOwned, Versioned, checked
from scheduler.treatment import Basis, Sex


class OrderState(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


class Container(StrEnum):
    """What an infusion runs from: a bag made up to its volume, or a syringe of a strength."""

    BAG = "bag"
    SYRINGE = "syringe"


class Order(ClinicOwned, Versioned, Base):
    """One order for the sessions of a series. Trigger `orders_signed` keeps what was signed as it was signed.

    An infusion has minutes and a bag or a syringe; devices have neither, and a dose in mg.
    """

    __tablename__ = "orders"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "series_id"], ["series.clinic_id", "series.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "settings_id"], ["session_settings.clinic_id", "session_settings.id"]),
        *(
            ForeignKeyConstraint(["clinic_id", column], ["staff.clinic_id", "staff.id"])
            for column in ("written_by", "signed_by", "withdrawn_by")
        ),
        Index(None, "clinic_id", "series_id", "signed_at"),
        Index(None, "clinic_id", "patient_id", "signed_at"),
        Index(None, "clinic_id", "settings_id"),
        *(Index(None, "clinic_id", column) for column in ("written_by", "signed_by", "withdrawn_by")),
        CheckConstraint("valid_from <= valid_until", "validity"),
        CheckConstraint("dose_mg > 0", "dose"),
        CheckConstraint("minutes IS NULL OR minutes > 0", "minutes"),
        CheckConstraint("(signed_at IS NULL) = (signed_by IS NULL)", "signed"),
        CheckConstraint("(state = 'draft') = (signed_at IS NULL) OR state = 'withdrawn'", "signing"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    series_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    settings_id: Mapped[UUID]
    """The limits it was judged by."""
    state: Mapped[OrderState] = mapped_column(checked(OrderState, "state"), default=OrderState.DRAFT)
    drug: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    weight_kg: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    height_cm: Mapped[Decimal | None] = mapped_column(TENTHS)
    sex: Mapped[Sex | None] = mapped_column(checked(Sex, "sex"))
    basis: Mapped[Basis] = mapped_column(checked(Basis, "basis"))
    dosing_weight_kg: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    dose: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    dose_unit: Mapped[str]
    minutes: Mapped[int | None]
    vial_mg_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    container: Mapped[Container | None] = mapped_column(checked(Container, "container"))
    """What was decided of bag and strength; the other followed from it. None for devices."""
    bag_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """The whole volume to infuse, from a bag or from a syringe."""
    dose_mg: Mapped[Decimal] = mapped_column(THOUSANDTHS)
    concentration_mg_ml: Mapped[Decimal | None] = mapped_column(TEN_THOUSANDTHS)
    stock_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    rate_ml_h: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    rate_mg_h: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    rate_mcg_kg_min: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    reason: Mapped[str | None]
    """Why it goes beyond a soft limit."""
    written_at: Mapped[datetime]
    written_by: Mapped[UUID | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
