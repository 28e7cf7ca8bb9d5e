"""Accounts, members of staff, and patients."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.actors import Role
from scheduler.models.base import Base, ClinicOwned, Versioned, checked


class Account(Base):
    """How a person signs in, whichever clinics they work in."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("email"), CheckConstraint("email = lower(email)", "email_lower"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]


class Staff(ClinicOwned, Versioned, Base):
    """A person's place in one clinic."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("clinic_id", "account_id"), Index(None, "account_id"))
    __mapper_args__ = {"version_id_col": Versioned.version}

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    left_at: Mapped[datetime | None]
    """Since when this person may no longer sign in to this clinic."""

    account: Mapped[Account] = relationship()
    roles: Mapped[list["StaffRole"]] = relationship(cascade="all, delete-orphan", order_by="StaffRole.role")


class StaffRole(Base):
    """One role of one member of staff."""

    __tablename__ = "staff_roles"
    __table_args__ = (ForeignKeyConstraint(["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"]),)

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(checked(Role, "role"), primary_key=True)


class Patient(ClinicOwned, Versioned, Base):
    """A person treated by one clinic. Read only through `scheduler.records.access`."""

    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("clinic_id", "mrn"),
        Index("ix_patients_clinic_id_family_name", "clinic_id", "family_key", "given_key"),
        Index("ix_patients_clinic_id_given_name", "clinic_id", "given_key"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    mrn: Mapped[str]
    """Medical record number, unique within the clinic."""
    given_name: Mapped[str]
    family_name: Mapped[str]
    given_key: Mapped[str]
    """`given_name` case-folded, for search: databases disagree on what lower case is."""
    family_key: Mapped[str]
    birth_date: Mapped[date]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    created_at: Mapped[datetime]
