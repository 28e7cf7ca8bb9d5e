"""The foundation: every table of a clinic, and the guards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import guards
from scheduler.models.base import Instant

revision = "0001"
down_revision = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "clinics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinics")),
    )
    op.create_table(
        "calendars",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_calendars_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_calendars")),
    )
    op.create_table(
        "opening_hours",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", name=op.f("ck_opening_hours_order")),
        sa.CheckConstraint("opens % 5 = 0 AND closes % 5 = 0", name=op.f("ck_opening_hours_grid")),
        sa.CheckConstraint("valid_until IS NULL OR valid_from < valid_until", name=op.f("ck_opening_hours_validity")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_opening_hours_weekday")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_opening_hours_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint(
            "clinic_id",
            "weekday",
            "opens",
            "valid_from",
            name=op.f("uq_opening_hours_clinic_id_weekday_opens_valid_from"),
        ),
    )
    op.create_table(
        "patients",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mrn", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("given_key", sa.String(), nullable=False),
        sa.Column("family_key", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patients_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_patients")),
        sa.UniqueConstraint("clinic_id", "mrn", name=op.f("uq_patients_clinic_id_mrn")),
    )
    op.create_index(
        "ix_patients_clinic_id_family_name", "patients", ["clinic_id", "family_key", "given_key"], unique=False
    )
    op.create_index("ix_patients_clinic_id_given_name", "patients", ["clinic_id", "given_key"], unique=False)
    op.create_table(
        "protocols",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("current_id", sa.Uuid(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_protocols_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_protocols")),
        sa.UniqueConstraint("clinic_id", "key", name=op.f("uq_protocols_clinic_id_key")),
    )
    op.create_table(
        "staff",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_lower")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_staff_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_staff")),
        sa.UniqueConstraint("clinic_id", "email", name=op.f("uq_staff_clinic_id_email")),
    )
    op.create_index(op.f("ix_staff_email"), "staff", ["email"], unique=False)
    op.create_table(
        "audit",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("details", DOCUMENT, nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_sequence")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_audit_clinic_id_actor_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_audit_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "sequence", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_clinic_id_actor_id"), "audit", ["clinic_id", "actor_id"], unique=False)
    op.create_index(
        op.f("ix_audit_clinic_id_patient_id_sequence"), "audit", ["clinic_id", "patient_id", "sequence"], unique=False
    )
    op.create_table(
        "clinic_settings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("response_percent", sa.Integer(), nullable=False),
        sa.Column("remission_below", sa.Integer(), nullable=False),
        sa.Column("remission_baseline", sa.Integer(), nullable=False),
        sa.Column("reliable_change", sa.Integer(), nullable=False),
        sa.Column("baseline_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("baseline_days BETWEEN 0 AND 60", name=op.f("ck_clinic_settings_baseline_days")),
        sa.CheckConstraint("reliable_change BETWEEN 1 AND 27", name=op.f("ck_clinic_settings_reliable_change")),
        sa.CheckConstraint("remission_baseline BETWEEN 0 AND 27", name=op.f("ck_clinic_settings_remission_baseline")),
        sa.CheckConstraint("remission_below BETWEEN 1 AND 27", name=op.f("ck_clinic_settings_remission_below")),
        sa.CheckConstraint("response_percent BETWEEN 1 AND 100", name=op.f("ck_clinic_settings_response_percent")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "author_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_clinic_settings_clinic_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_clinic_settings_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_settings")),
    )
    op.create_index(
        op.f("ix_clinic_settings_clinic_id_author_id"), "clinic_settings", ["clinic_id", "author_id"], unique=False
    )
    op.create_index(
        op.f("ix_clinic_settings_clinic_id_effective_from"),
        "clinic_settings",
        ["clinic_id", "effective_from"],
        unique=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_idempotency_keys_clinic_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "staff_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_clinic_id_created_at"), "idempotency_keys", ["clinic_id", "created_at"], unique=False
    )
    op.create_table(
        "protocol_versions",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_protocol_versions_number")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "author_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_protocol_versions_clinic_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_id"],
            ["protocols.clinic_id", "protocols.id"],
            name=op.f("fk_protocol_versions_clinic_id_protocol_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_protocol_versions_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_protocol_versions")),
        sa.UniqueConstraint(
            "clinic_id", "protocol_id", "number", name=op.f("uq_protocol_versions_clinic_id_protocol_id_number")
        ),
    )
    op.create_index(
        op.f("ix_protocol_versions_clinic_id_author_id"), "protocol_versions", ["clinic_id", "author_id"], unique=False
    )
    op.create_table(
        "resources",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "chair",
                "nurse",
                "prescriber",
                "pump",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("available_from", Instant(), nullable=True),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind <> 'chair' OR capacity = 1", name=op.f("ck_resources_chair_capacity")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 100", name=op.f("ck_resources_capacity")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_resources_clinic_id_staff_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_resources_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_resources")),
    )
    op.create_index(
        "uq_resources_clinic_id_kind_name",
        "resources",
        ["clinic_id", "kind", "name"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_index(op.f("ix_resources_clinic_id_staff_id"), "resources", ["clinic_id", "staff_id"], unique=False)
    op.create_table(
        "staff_roles",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "scheduler",
                "clinician",
                "manager",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_staff_roles_clinic_id_staff_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "staff_id", "role", name=op.f("pk_staff_roles")),
    )
    op.create_table(
        "tokens",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint("issued_at < expires_at", name=op.f("ck_tokens_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "staff_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_tokens_clinic_id_staff_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_tokens_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("clinic_id", "digest", name=op.f("uq_tokens_clinic_id_digest")),
    )
    op.create_index(op.f("ix_tokens_clinic_id_staff_id"), "tokens", ["clinic_id", "staff_id"], unique=False)
    op.create_table(
        "closures",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_closures_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "resource_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_closures_clinic_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_closures_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_closures")),
    )
    op.create_index(op.f("ix_closures_clinic_id_resource_id"), "closures", ["clinic_id", "resource_id"], unique=False)
    op.create_index(op.f("ix_closures_clinic_id_starts_at"), "closures", ["clinic_id", "starts_at"], unique=False)
    op.create_table(
        "series",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_version_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active", "completed", "stopped", name="status", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("booked_at", Instant(), nullable=False),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "booked_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_series_clinic_id_booked_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_series_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"],
            ["protocol_versions.clinic_id", "protocol_versions.id"],
            name=op.f("fk_series_clinic_id_protocol_version_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_series_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_series")),
    )
    op.create_index(op.f("ix_series_clinic_id_booked_by"), "series", ["clinic_id", "booked_by"], unique=False)
    op.create_index(op.f("ix_series_clinic_id_patient_id"), "series", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        op.f("ix_series_clinic_id_protocol_version_id"), "series", ["clinic_id", "protocol_version_id"], unique=False
    )
    op.create_table(
        "shifts",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_shifts_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "resource_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_shifts_clinic_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_shifts_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_shifts")),
    )
    op.create_index(
        op.f("ix_shifts_clinic_id_resource_id_starts_at"),
        "shifts",
        ["clinic_id", "resource_id", "starts_at"],
        unique=False,
    )
    op.create_index(op.f("ix_shifts_clinic_id_starts_at"), "shifts", ["clinic_id", "starts_at"], unique=False)
    op.create_table(
        "appointments",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "booked",
                "confirmed",
                "arrived",
                "in_session",
                "completed",
                "cancelled",
                "no_show",
                "entered_in_error",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=True),
        sa.Column("prescriber_id", sa.Uuid(), nullable=True),
        sa.Column("pump_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_appointments_number")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointments_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "chair_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_appointments_clinic_id_chair_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "nurse_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_appointments_clinic_id_nurse_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_appointments_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "prescriber_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_appointments_clinic_id_prescriber_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"],
            ["protocol_versions.clinic_id", "protocol_versions.id"],
            name=op.f("fk_appointments_clinic_id_protocol_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "pump_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_appointments_clinic_id_pump_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "series_id"],
            ["series.clinic_id", "series.id"],
            name=op.f("fk_appointments_clinic_id_series_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_appointments")),
        sa.UniqueConstraint(
            "clinic_id", "series_id", "number", name=op.f("uq_appointments_clinic_id_series_id_number")
        ),
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_chair_id_starts_at"),
        "appointments",
        ["clinic_id", "chair_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_nurse_id_starts_at"),
        "appointments",
        ["clinic_id", "nurse_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_patient_id_starts_at"),
        "appointments",
        ["clinic_id", "patient_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_prescriber_id_starts_at"),
        "appointments",
        ["clinic_id", "prescriber_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_protocol_version_id"),
        "appointments",
        ["clinic_id", "protocol_version_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_pump_id_starts_at"),
        "appointments",
        ["clinic_id", "pump_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_clinic_id_starts_at"), "appointments", ["clinic_id", "starts_at"], unique=False
    )
    op.create_index(
        "uq_appointments_patient_day",
        "appointments",
        ["clinic_id", "patient_id", "local_date"],
        unique=True,
        sqlite_where=sa.text("status IN ('booked', 'confirmed', 'arrived', 'in_session', 'completed')"),
        postgresql_where=sa.text("status IN ('booked', 'confirmed', 'arrived', 'in_session', 'completed')"),
    )
    op.create_table(
        "assessments",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("scale_version", sa.String(), nullable=False),
        sa.Column("answers", DOCUMENT, nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("flags", DOCUMENT, nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(total IS NULL) = (band IS NULL)", name=op.f("ck_assessments_band_with_total")),
        sa.CheckConstraint("complete = (total IS NOT NULL)", name=op.f("ck_assessments_total_when_complete")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_assessments_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_assessments_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_assessments_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_assessments_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_assessments")),
    )
    op.create_index(
        op.f("ix_assessments_clinic_id_appointment_id"), "assessments", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_index(
        op.f("ix_assessments_clinic_id_patient_id_scale_taken_at"),
        "assessments",
        ["clinic_id", "patient_id", "scale", "taken_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessments_clinic_id_recorded_by"), "assessments", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_table(
        "claims",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at - starts_at <= interval '12 hours'", name=op.f("ck_claims_length")).ddl_if(
            dialect="postgresql"
        ),
        sa.CheckConstraint("ends_at - starts_at <= 43200000000", name=op.f("ck_claims_length")).ddl_if(
            dialect="sqlite"
        ),
        sa.CheckConstraint(
            "typeof(starts_at) = 'integer' AND typeof(ends_at) = 'integer'", name=op.f("ck_claims_times")
        ).ddl_if(dialect="sqlite"),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_claims_order")),
        sa.CheckConstraint("units BETWEEN 1 AND 100", name=op.f("ck_claims_units")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_claims_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "resource_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_claims_clinic_id_resource_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_clinic_id_appointment_id"), "claims", ["clinic_id", "appointment_id"], unique=False)
    op.create_index(op.f("ix_claims_clinic_id_starts_at"), "claims", ["clinic_id", "starts_at"], unique=False)
    op.create_index(
        "ix_claims_resource_time", "claims", ["clinic_id", "resource_id", "starts_at", "ends_at", "units"], unique=False
    )
    op.create_table(
        "alerts",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("suicidal_ideation", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum("review", "urgent", name="level", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL AND acknowledged_by IS NULL AND note IS NULL) OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL AND length(note) > 0)",
            name=op.f("ck_alerts_acknowledged_by_a_person"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "acknowledged_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_alerts_clinic_id_acknowledged_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "assessment_id"],
            ["assessments.clinic_id", "assessments.id"],
            name=op.f("fk_alerts_clinic_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_alerts_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_alerts_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("clinic_id", "assessment_id", "kind", name=op.f("uq_alerts_clinic_id_assessment_id_kind")),
    )
    op.create_index(
        op.f("ix_alerts_clinic_id_acknowledged_by"), "alerts", ["clinic_id", "acknowledged_by"], unique=False
    )
    op.create_index(op.f("ix_alerts_clinic_id_patient_id"), "alerts", ["clinic_id", "patient_id"], unique=False)
    op.create_index(op.f("ix_alerts_clinic_id_raised_at_id"), "alerts", ["clinic_id", "raised_at", "id"], unique=False)
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["clinic_id", "raised_at", "id"],
        unique=False,
        sqlite_where=sa.text("acknowledged_at IS NULL"),
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    guards.create()


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("claims")
    op.drop_table("assessments")
    op.drop_table("appointments")
    op.drop_table("shifts")
    op.drop_table("series")
    op.drop_table("closures")
    op.drop_table("tokens")
    op.drop_table("staff_roles")
    op.drop_table("resources")
    op.drop_table("protocol_versions")
    op.drop_table("idempotency_keys")
    op.drop_table("clinic_settings")
    op.drop_table("audit")
    op.drop_table("staff")
    op.drop_table("protocols")
    op.drop_table("patients")
    op.drop_table("opening_hours")
    op.drop_table("calendars")
    op.drop_table("clinics")
    guards.drop_functions()
