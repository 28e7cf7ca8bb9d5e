"""Members of staff, and patients."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scheduler.actors import Role
from scheduler.models.base import Base, ClinicOwned, Versioned, checked


class Staff(ClinicOwned, Versioned, Base):
    """A person's place in one clinic, and how they sign in to it: no clinic has a say in another's passwords."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("clinic_id", "email"),
        Index(None, "email"),
        CheckConstraint("email = lower(email)", "email_lower"),
    )
    __mapper_args__ = {"version_id_col": Versioned.version}

    email: Mapped[str]
    password_hash: Mapped[str]
    name: Mapped[str]
    left_at: Mapped[datetime | None]
    """Since when this person may no longer sign in to this clinic."""

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
    consent_until: Mapped[date | None]
    """The last day the consent on file is valid; empty where none is on file yet."""
    created_at: Mapped[datetime]
