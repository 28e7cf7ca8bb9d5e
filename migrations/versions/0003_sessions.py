"""Sessions: what happens between check-in and discharge, orders, the ledger, and what a clinic has decided of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import guards, session_guards
from migrations.rebuild import rebuild
from scheduler.models.base import Fixed, Instant

revision = "0003"
down_revision = "0002"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
OLD_ROLES = "role IN ('scheduler', 'clinician', 'manager', 'administrator')"
ROLES = "role IN ('scheduler', 'clinician', 'manager', 'administrator', 'prescriber')"
OLD_KINDS = "kind IN ('suicidal_ideation')"
KINDS = (
    "kind IN ('suicidal_ideation', 'sbp_high', 'sbp_low', 'dbp_high', 'hr_high', 'hr_low', 'spo2_low', 'rr_low',"
    " 'rr_high', 'etco2_high', 'etco2_low', 'sedation_deep', 'rass_low', 'rass_high', 'distress_high',"
    " 'vitals_overdue')"
)
OLD_LEVELS = "level IN ('review', 'urgent')"
LEVELS = "level IN ('review', 'warn', 'urgent')"
ONE_SOURCE = "(assessment_id IS NULL) <> (session_id IS NULL)"
OF_SESSION = "vitals_id IS NULL OR session_id IS NOT NULL"
MEASURED = {
    "session_id": sa.Uuid(), "vitals_id": sa.Uuid(), "value": sa.Integer(), "threshold": sa.Integer(),
    "sustained": sa.Boolean(), "due_at": Instant(),
}  # fmt: skip
"""What an alert about vitals has more than one about answers."""
TABLES = (
    "vitals", "session_steps", "session_notes", "monitoring_forms", "ledger_entries", "infusion_events",
    "checklist_answers", "adverse_events", "sessions", "orders", "templates", "session_settings",
    "vials",
)  # fmt: skip


def upgrade() -> None:
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        guards.drop_triggers()
        change_on_sqlite()
        guards.create()
    else:
        change_on_postgresql()
    for column in ("session_id", "raised_at"), ("vitals_id",):
        columns = ["clinic_id", *column]
        op.create_index(op.f(f"ix_alerts_{'_'.join(columns)}"), "alerts", columns)
    op.create_index(
        "uq_alerts_overdue",
        "alerts",
        ["clinic_id", "session_id", "due_at", "level"],
        unique=True,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    session_guards.create()


def change_on_sqlite() -> None:
    rebuild("staff_roles", columns={}, replaced=[(OLD_ROLES, ROLES)])
    rebuild(
        "alerts",
        columns={
            "session_id": ("CHAR(32)", "NULL"), "vitals_id": ("CHAR(32)", "NULL"), "value": ("INTEGER", "NULL"),
            "threshold": ("INTEGER", "NULL"), "sustained": ("BOOLEAN", "NULL"), "due_at": ("BIGINT", "NULL"),
        },
        constraints=[
            f"CONSTRAINT ck_alerts_one_source CHECK ({ONE_SOURCE})",
            f"CONSTRAINT ck_alerts_vitals CHECK ({OF_SESSION})",
            "CONSTRAINT fk_alerts_clinic_id_session_id FOREIGN KEY(clinic_id, session_id)"
            " REFERENCES sessions (clinic_id, id)",
            "CONSTRAINT fk_alerts_clinic_id_vitals_id FOREIGN KEY(clinic_id, vitals_id)"
            " REFERENCES vitals (clinic_id, id)",
        ],
        replaced=[
            ("assessment_id CHAR(32) NOT NULL", "assessment_id CHAR(32)"), (OLD_KINDS, KINDS), (OLD_LEVELS, LEVELS),
        ],
    )  # fmt: skip


def change_on_postgresql() -> None:
    for table, column, allowed in (
        ("staff_roles", "role", ROLES),
        ("alerts", "kind", KINDS),
        ("alerts", "level", LEVELS),
    ):
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, allowed)
    for name, kind in MEASURED.items():
        op.add_column("alerts", sa.Column(name, kind, nullable=True))
    op.alter_column("alerts", "assessment_id", nullable=True)
    op.create_check_constraint(op.f("ck_alerts_one_source"), "alerts", ONE_SOURCE)
    op.create_check_constraint(op.f("ck_alerts_vitals"), "alerts", OF_SESSION)
    for column, table in ("session_id", "sessions"), ("vitals_id", "vitals"):
        op.create_foreign_key(
            op.f(f"fk_alerts_clinic_id_{column}"), "alerts", table, ["clinic_id", column], ["clinic_id", "id"]
        )


def downgrade() -> None:
    """What was recorded of sessions is lost, and prescribers are clinicians again."""
    session_guards.drop_triggers()
    op.execute("DELETE FROM alerts WHERE session_id IS NOT NULL")
    op.execute("DELETE FROM staff_roles WHERE role = 'prescriber'")
    op.drop_index(op.f("ix_alerts_clinic_id_session_id_raised_at"), "alerts")
    op.drop_index(op.f("ix_alerts_clinic_id_vitals_id"), "alerts")
    op.drop_index("uq_alerts_overdue", "alerts")
    if op.get_bind().dialect.name == "sqlite":
        guards.drop_triggers()
        change_back_on_sqlite()
        guards.create()
    else:
        change_back_on_postgresql()
    for table in TABLES:
        op.drop_table(table)
    session_guards.drop_functions()


def change_back_on_sqlite() -> None:
    rebuild("staff_roles", columns={}, replaced=[(ROLES, OLD_ROLES)])
    rebuild(
        "alerts",
        columns={},
        dropped=[
            *MEASURED, "ck_alerts_one_source", "ck_alerts_vitals", "fk_alerts_clinic_id_session_id",
            "fk_alerts_clinic_id_vitals_id",
        ],
        replaced=[
            ("assessment_id CHAR(32)", "assessment_id CHAR(32) NOT NULL"), (KINDS, OLD_KINDS), (LEVELS, OLD_LEVELS),
        ],
    )  # fmt: skip


def change_back_on_postgresql() -> None:
    op.drop_constraint(op.f("ck_alerts_one_source"), "alerts")
    for name in MEASURED:
        op.drop_column("alerts", name)
    op.alter_column("alerts", "assessment_id", nullable=False)
    for table, column, allowed in (
        ("staff_roles", "role", OLD_ROLES), ("alerts", "kind", OLD_KINDS), ("alerts", "level", OLD_LEVELS),
    ):  # fmt: skip
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, allowed)


def create_tables() -> None:
    op.create_table(
        "vials",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("drug", sa.String(), nullable=False),
        sa.Column("strength_mg_ml", Fixed(3), nullable=False),
        sa.Column("volume_ml", Fixed(3), nullable=False),
        sa.Column("ndc", sa.String(), nullable=True),
        sa.Column("lot", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.CheckConstraint("strength_mg_ml > 0", name=op.f("ck_vials_strength")),
        sa.CheckConstraint("volume_ml > 0", name=op.f("ck_vials_volume")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_vials_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_vials")),
        sa.UniqueConstraint("clinic_id", "label", name=op.f("uq_vials_clinic_id_label")),
    )
    op.create_table(
        "session_settings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "author_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_session_settings_clinic_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_session_settings_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_session_settings")),
    )
    op.create_index(
        op.f("ix_session_settings_clinic_id_author_id"), "session_settings", ["clinic_id", "author_id"], unique=False
    )
    op.create_index(
        op.f("ix_session_settings_clinic_id_effective_from"),
        "session_settings",
        ["clinic_id", "effective_from"],
        unique=False,
    )
    op.create_table(
        "templates",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "clearance",
                "discharge",
                "monitoring_form",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("drug", sa.String(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_templates_number")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "author_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_templates_clinic_id_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_id"],
            ["protocols.clinic_id", "protocols.id"],
            name=op.f("fk_templates_clinic_id_protocol_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_templates_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_templates")),
        sa.UniqueConstraint(
            "clinic_id",
            "purpose",
            "drug",
            "protocol_id",
            "number",
            name=op.f("uq_templates_clinic_id_purpose_drug_protocol_id_number"),
        ),
    )
    op.create_index(op.f("ix_templates_clinic_id_author_id"), "templates", ["clinic_id", "author_id"], unique=False)
    op.create_index(op.f("ix_templates_clinic_id_protocol_id"), "templates", ["clinic_id", "protocol_id"], unique=False)
    op.create_index(
        "uq_templates_of_drug",
        "templates",
        ["clinic_id", "purpose", "drug", "number"],
        unique=True,
        sqlite_where=sa.text("protocol_id IS NULL"),
        postgresql_where=sa.text("protocol_id IS NULL"),
    )
    op.create_table(
        "orders",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("settings_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "signed", "withdrawn", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("drug", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("weight_kg", Fixed(3), nullable=False),
        sa.Column("height_cm", Fixed(1), nullable=True),
        sa.Column(
            "sex",
            sa.Enum("female", "male", name="sex", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "basis",
            sa.Enum("actual", "ideal", "adjusted", name="basis", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("dosing_weight_kg", Fixed(3), nullable=False),
        sa.Column("dose", Fixed(3), nullable=False),
        sa.Column("dose_unit", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("vial_mg_ml", Fixed(3), nullable=True),
        sa.Column(
            "container",
            sa.Enum("bag", "syringe", name="container", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("bag_ml", Fixed(3), nullable=True),
        sa.Column("dose_mg", Fixed(3), nullable=False),
        sa.Column("concentration_mg_ml", Fixed(4), nullable=True),
        sa.Column("stock_ml", Fixed(3), nullable=True),
        sa.Column("rate_ml_h", Fixed(3), nullable=True),
        sa.Column("rate_mg_h", Fixed(3), nullable=True),
        sa.Column("rate_mcg_kg_min", Fixed(3), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'draft') = (signed_at IS NULL) OR state = 'withdrawn'", name=op.f("ck_orders_signing")
        ),
        sa.CheckConstraint("(signed_at IS NULL) = (signed_by IS NULL)", name=op.f("ck_orders_signed")),
        sa.CheckConstraint("dose_mg > 0", name=op.f("ck_orders_dose")),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name=op.f("ck_orders_minutes")),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_orders_validity")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_orders_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "series_id"], ["series.clinic_id", "series.id"], name=op.f("fk_orders_clinic_id_series_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "settings_id"],
            ["session_settings.clinic_id", "session_settings.id"],
            name=op.f("fk_orders_clinic_id_settings_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "signed_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_orders_clinic_id_signed_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "withdrawn_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_orders_clinic_id_withdrawn_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "written_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_orders_clinic_id_written_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_orders_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_orders")),
    )
    op.create_index(
        op.f("ix_orders_clinic_id_patient_id_signed_at"),
        "orders",
        ["clinic_id", "patient_id", "signed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orders_clinic_id_series_id_signed_at"), "orders", ["clinic_id", "series_id", "signed_at"], unique=False
    )
    op.create_index(op.f("ix_orders_clinic_id_settings_id"), "orders", ["clinic_id", "settings_id"], unique=False)
    op.create_index(op.f("ix_orders_clinic_id_signed_by"), "orders", ["clinic_id", "signed_by"], unique=False)
    op.create_index(op.f("ix_orders_clinic_id_withdrawn_by"), "orders", ["clinic_id", "withdrawn_by"], unique=False)
    op.create_index(op.f("ix_orders_clinic_id_written_by"), "orders", ["clinic_id", "written_by"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_version_id", sa.Uuid(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("infusion", "devices", name="mode", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "checked_in",
                "pre_assessment",
                "cleared",
                "deferred",
                "infusing",
                "paused",
                "infusion_ended",
                "recovering",
                "ready_for_discharge",
                "discharged",
                "transferred",
                "closed",
                "entered_in_error",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status_at", Instant(), nullable=False),
        sa.Column("settings_id", sa.Uuid(), nullable=False),
        sa.Column("clearance_id", sa.Uuid(), nullable=False),
        sa.Column("discharge_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("arrived_at", Instant(), nullable=False),
        sa.Column("checked_in_at", Instant(), nullable=False),
        sa.Column("roomed_at", Instant(), nullable=True),
        sa.Column("cleared_at", Instant(), nullable=True),
        sa.Column("cleared_by", sa.Uuid(), nullable=True),
        sa.Column(
            "deferral",
            sa.Enum(
                "blood_pressure",
                "vitals",
                "not_fasted",
                "no_escort",
                "no_consent",
                "no_order",
                "weight_change",
                "pregnancy",
                "substance_use",
                "medication",
                "acute_illness",
                "suicide_risk",
                "mental_state",
                "no_iv_access",
                "patient_wish",
                "staff_or_equipment",
                "other",
                name="deferral",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column(
            "end_kind",
            sa.Enum(
                "completed",
                "stopped_early",
                "aborted",
                name="end_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.Column("discharged_at", Instant(), nullable=True),
        sa.Column("chair_free_at", Instant(), nullable=True),
        sa.Column("expected_end_at", Instant(), nullable=True),
        sa.Column("expected_free_at", Instant(), nullable=True),
        sa.Column("dose_given_mg", Fixed(3), nullable=True),
        sa.Column("volume_given_ml", Fixed(3), nullable=True),
        sa.Column("discharge_override", sa.String(), nullable=True),
        sa.Column("discharge_overridden_by", sa.Uuid(), nullable=True),
        sa.Column("discharge_waived", DOCUMENT, nullable=True),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(signed_at IS NULL) = (status <> 'closed')", name=op.f("ck_sessions_signed")),
        sa.CheckConstraint(
            "(discharge_overridden_by IS NULL) = (discharge_override IS NULL)", name=op.f("ck_sessions_override")
        ),
        sa.CheckConstraint(
            "(discharge_waived IS NULL) = (discharge_override IS NULL)", name=op.f("ck_sessions_waived")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_kind IS NULL)", name=op.f("ck_sessions_end")),
        sa.CheckConstraint("chair_free_at IS NULL OR roomed_at <= chair_free_at", name=op.f("ck_sessions_chair_order")),
        sa.CheckConstraint("dose_given_mg >= 0", name=op.f("ck_sessions_dose_given")),
        sa.CheckConstraint("ended_at IS NULL OR started_at <= ended_at", name=op.f("ck_sessions_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_sessions_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "chair_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_sessions_clinic_id_chair_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clearance_id"],
            ["templates.clinic_id", "templates.id"],
            name=op.f("fk_sessions_clinic_id_clearance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "cleared_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_sessions_clinic_id_cleared_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "discharge_id"],
            ["templates.clinic_id", "templates.id"],
            name=op.f("fk_sessions_clinic_id_discharge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "discharge_overridden_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_sessions_clinic_id_discharge_overridden_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "order_id"], ["orders.clinic_id", "orders.id"], name=op.f("fk_sessions_clinic_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_sessions_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_version_id"],
            ["protocol_versions.clinic_id", "protocol_versions.id"],
            name=op.f("fk_sessions_clinic_id_protocol_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "settings_id"],
            ["session_settings.clinic_id", "session_settings.id"],
            name=op.f("fk_sessions_clinic_id_settings_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "signed_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_sessions_clinic_id_signed_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_sessions_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_sessions")),
    )
    op.create_index(
        op.f("ix_sessions_clinic_id_appointment_id"), "sessions", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_index(
        op.f("ix_sessions_clinic_id_chair_id_roomed_at"),
        "sessions",
        ["clinic_id", "chair_id", "roomed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions_clinic_id_checked_in_at"), "sessions", ["clinic_id", "checked_in_at"], unique=False
    )
    op.create_index(op.f("ix_sessions_clinic_id_clearance_id"), "sessions", ["clinic_id", "clearance_id"], unique=False)
    op.create_index(op.f("ix_sessions_clinic_id_cleared_by"), "sessions", ["clinic_id", "cleared_by"], unique=False)
    op.create_index(op.f("ix_sessions_clinic_id_discharge_id"), "sessions", ["clinic_id", "discharge_id"], unique=False)
    op.create_index(
        op.f("ix_sessions_clinic_id_discharge_overridden_by"),
        "sessions",
        ["clinic_id", "discharge_overridden_by"],
        unique=False,
    )
    op.create_index(op.f("ix_sessions_clinic_id_order_id"), "sessions", ["clinic_id", "order_id"], unique=False)
    op.create_index(
        op.f("ix_sessions_clinic_id_patient_id_checked_in_at"),
        "sessions",
        ["clinic_id", "patient_id", "checked_in_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions_clinic_id_protocol_version_id"),
        "sessions",
        ["clinic_id", "protocol_version_id"],
        unique=False,
    )
    op.create_index(op.f("ix_sessions_clinic_id_settings_id"), "sessions", ["clinic_id", "settings_id"], unique=False)
    op.create_index(op.f("ix_sessions_clinic_id_signed_by"), "sessions", ["clinic_id", "signed_by"], unique=False)
    op.create_index(
        "ix_sessions_under_way",
        "sessions",
        ["clinic_id", "chair_id"],
        unique=False,
        sqlite_where=sa.text(
            "status IN ('checked_in', 'pre_assessment', 'cleared', 'deferred', 'infusing', 'paused', 'infusion_ended', 'recovering', 'ready_for_discharge')"
        ),
        postgresql_where=sa.text(
            "status IN ('checked_in', 'pre_assessment', 'cleared', 'deferred', 'infusing', 'paused', 'infusion_ended', 'recovering', 'ready_for_discharge')"
        ),
    )
    op.create_index(
        "uq_sessions_appointment",
        "sessions",
        ["clinic_id", "appointment_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'entered_in_error'"),
        postgresql_where=sa.text("status <> 'entered_in_error'"),
    )
    op.create_table(
        "adverse_events",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "dissociation",
                "drowsiness",
                "dizziness",
                "nausea",
                "vomiting",
                "headache",
                "anxiety",
                "hypertension",
                "hypotension",
                "tachycardia",
                "bradycardia",
                "desaturation",
                "apnoea",
                "blurred_vision",
                "hallucination",
                "agitation",
                "dysphoria",
                "urinary_symptom",
                "iv_infiltration",
                "pump_or_medication_error",
                "fall",
                "syncope",
                "seizure",
                "allergic_reaction",
                "hypomania",
                "suicidal_ideation",
                "other",
                name="code",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("criteria", DOCUMENT, nullable=False),
        sa.Column(
            "relatedness",
            sa.Enum(
                "unrelated",
                "unlikely",
                "possible",
                "probable",
                "definite",
                name="relatedness",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "action",
            sa.Enum(
                "none",
                "rate_reduced",
                "paused",
                "stopped",
                "drug_given",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("rescue_drug", sa.String(), nullable=True),
        sa.Column("rescue_dose", sa.String(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "resolved",
                "resolving",
                "not_resolved",
                "sequelae",
                "fatal",
                "unknown",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "NOT (closed AND serious) OR (relatedness IS NOT NULL AND action IS NOT NULL AND outcome IS NOT NULL AND description IS NOT NULL)",
            name=op.f("ck_adverse_events_serious_closed"),
        ),
        sa.CheckConstraint("resolved_at IS NULL OR occurred_at <= resolved_at", name=op.f("ck_adverse_events_order")),
        sa.CheckConstraint("severity BETWEEN 1 AND 5", name=op.f("ck_adverse_events_severity")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_adverse_events_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["adverse_events.clinic_id", "adverse_events.id"],
            name=op.f("fk_adverse_events_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_adverse_events_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_adverse_events_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_adverse_events")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_adverse_events_clinic_id_replaces_id")),
    )
    op.create_index(
        op.f("ix_adverse_events_clinic_id_recorded_by"), "adverse_events", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_index(
        op.f("ix_adverse_events_clinic_id_session_id_occurred_at"),
        "adverse_events",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "checklist_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("value", DOCUMENT, nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_checklist_answers_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["checklist_answers.clinic_id", "checklist_answers.id"],
            name=op.f("fk_checklist_answers_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_checklist_answers_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_checklist_answers_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_checklist_answers")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_checklist_answers_clinic_id_replaces_id")),
    )
    op.create_index(
        op.f("ix_checklist_answers_clinic_id_recorded_by"),
        "checklist_answers",
        ["clinic_id", "recorded_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_checklist_answers_clinic_id_session_id_occurred_at"),
        "checklist_answers",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "infusion_events",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "start",
                "rate_change",
                "pause",
                "resume",
                "stop",
                "device",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rate_ml_h", Fixed(3), nullable=True),
        sa.Column(
            "end_kind",
            sa.Enum(
                "completed",
                "stopped_early",
                "aborted",
                name="end_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("pump_ml", Fixed(3), nullable=True),
        sa.Column("computed_ml", Fixed(3), nullable=True),
        sa.Column("pump_reason", sa.String(), nullable=True),
        sa.Column("dose_mg", Fixed(3), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(kind = 'device') = (dose_mg IS NOT NULL)", name=op.f("ck_infusion_events_dose")),
        sa.CheckConstraint("(kind = 'stop') = (end_kind IS NOT NULL)", name=op.f("ck_infusion_events_end")),
        sa.CheckConstraint(
            "(kind IN ('start', 'rate_change', 'resume')) = (rate_ml_h IS NOT NULL)",
            name=op.f("ck_infusion_events_rate"),
        ),
        sa.CheckConstraint("rate_ml_h > 0", name=op.f("ck_infusion_events_rate_positive")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_infusion_events_number")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_infusion_events_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["infusion_events.clinic_id", "infusion_events.id"],
            name=op.f("fk_infusion_events_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_infusion_events_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_infusion_events_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_infusion_events")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_infusion_events_clinic_id_replaces_id")),
    )
    op.create_index(
        op.f("ix_infusion_events_clinic_id_recorded_by"), "infusion_events", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_index(
        op.f("ix_infusion_events_clinic_id_session_id_occurred_at"),
        "infusion_events",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "ledger_entries",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "received",
                "drawn",
                "given",
                "wasted",
                "returned",
                "counted",
                "resolved",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("vial_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("ml", Fixed(3), nullable=True),
        sa.Column("mg", Fixed(3), nullable=False),
        sa.Column("expected_mg", Fixed(3), nullable=True),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("witness_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("about_id IS NULL OR replaces_id IS NULL", name=op.f("ck_ledger_entries_one_link")),
        sa.CheckConstraint(
            "kind <> 'drawn' OR (vial_id IS NOT NULL AND session_id IS NOT NULL)", name=op.f("ck_ledger_entries_drawn")
        ),
        sa.CheckConstraint(
            "kind <> 'given' OR (session_id IS NOT NULL AND vial_id IS NULL)", name=op.f("ck_ledger_entries_given")
        ),
        sa.CheckConstraint("about_id IS NOT NULL OR mg >= 0", name=op.f("ck_ledger_entries_sign")),
        sa.CheckConstraint("vial_id IS NOT NULL OR session_id IS NOT NULL", name=op.f("ck_ledger_entries_subject")),
        sa.CheckConstraint("witness_id IS NULL OR witness_id <> recorded_by", name=op.f("ck_ledger_entries_witness")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "about_id"],
            ["ledger_entries.clinic_id", "ledger_entries.id"],
            name=op.f("fk_ledger_entries_clinic_id_about_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["ledger_entries.clinic_id", "ledger_entries.id"],
            name=op.f("fk_ledger_entries_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_ledger_entries_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_ledger_entries_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "vial_id"], ["vials.clinic_id", "vials.id"], name=op.f("fk_ledger_entries_clinic_id_vial_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "witness_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_ledger_entries_clinic_id_witness_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_ledger_entries_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("clinic_id", "about_id", name=op.f("uq_ledger_entries_clinic_id_about_id")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_ledger_entries_clinic_id_replaces_id")),
    )
    op.create_index(
        op.f("ix_ledger_entries_clinic_id_occurred_at_id"),
        "ledger_entries",
        ["clinic_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_entries_clinic_id_recorded_by"), "ledger_entries", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_index(
        op.f("ix_ledger_entries_clinic_id_session_id_occurred_at"),
        "ledger_entries",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_entries_clinic_id_vial_id_occurred_at"),
        "ledger_entries",
        ["clinic_id", "vial_id", "occurred_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_entries_clinic_id_witness_id"), "ledger_entries", ["clinic_id", "witness_id"], unique=False
    )
    op.create_table(
        "monitoring_forms",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("filled_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(sent_at IS NULL) = (sent_by IS NULL)", name=op.f("ck_monitoring_forms_sent")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_monitoring_forms_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "sent_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_monitoring_forms_clinic_id_sent_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_monitoring_forms_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "template_id"],
            ["templates.clinic_id", "templates.id"],
            name=op.f("fk_monitoring_forms_clinic_id_template_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_monitoring_forms_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_monitoring_forms")),
        sa.UniqueConstraint(
            "clinic_id", "session_id", "number", name=op.f("uq_monitoring_forms_clinic_id_session_id_number")
        ),
    )
    op.create_index(
        op.f("ix_monitoring_forms_clinic_id_due_on_id"), "monitoring_forms", ["clinic_id", "due_on", "id"], unique=False
    )
    op.create_index(
        op.f("ix_monitoring_forms_clinic_id_patient_id"), "monitoring_forms", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_monitoring_forms_clinic_id_sent_by"), "monitoring_forms", ["clinic_id", "sent_by"], unique=False
    )
    op.create_index(
        op.f("ix_monitoring_forms_clinic_id_template_id"),
        "monitoring_forms",
        ["clinic_id", "template_id"],
        unique=False,
    )
    op.create_table(
        "session_notes",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("note", "addendum", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_session_notes_text")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_session_notes_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["session_notes.clinic_id", "session_notes.id"],
            name=op.f("fk_session_notes_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_session_notes_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_session_notes_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_session_notes")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_session_notes_clinic_id_replaces_id")),
    )
    op.create_index(
        op.f("ix_session_notes_clinic_id_recorded_by"), "session_notes", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_index(
        op.f("ix_session_notes_clinic_id_session_id_occurred_at"),
        "session_notes",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "session_steps",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "from_status",
            sa.Enum(
                "checked_in",
                "pre_assessment",
                "cleared",
                "deferred",
                "infusing",
                "paused",
                "infusion_ended",
                "recovering",
                "ready_for_discharge",
                "discharged",
                "transferred",
                "closed",
                "entered_in_error",
                name="from_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "checked_in",
                "pre_assessment",
                "cleared",
                "deferred",
                "infusing",
                "paused",
                "infusion_ended",
                "recovering",
                "ready_for_discharge",
                "discharged",
                "transferred",
                "closed",
                "entered_in_error",
                name="to_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column(
            "source",
            sa.Enum("person", "automatic", name="source", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_session_steps_number")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "order_id"],
            ["orders.clinic_id", "orders.id"],
            name=op.f("fk_session_steps_clinic_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_session_steps_clinic_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_session_steps_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_session_steps_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_session_steps")),
        sa.UniqueConstraint(
            "clinic_id", "session_id", "number", name=op.f("uq_session_steps_clinic_id_session_id_number")
        ),
    )
    op.create_index(
        op.f("ix_session_steps_clinic_id_recorded_by"), "session_steps", ["clinic_id", "recorded_by"], unique=False
    )
    op.create_index(
        op.f("ix_session_steps_clinic_id_order_id"), "session_steps", ["clinic_id", "order_id"], unique=False
    )
    op.create_table(
        "vitals",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum(
                "before", "infusing", "recovery", name="phase", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("hr", sa.Integer(), nullable=True),
        sa.Column("sbp", sa.Integer(), nullable=True),
        sa.Column("dbp", sa.Integer(), nullable=True),
        sa.Column("spo2", sa.Integer(), nullable=True),
        sa.Column("o2_l_min", Fixed(1), nullable=True),
        sa.Column("rr", sa.Integer(), nullable=True),
        sa.Column("etco2", sa.Integer(), nullable=True),
        sa.Column("temp_c", Fixed(1), nullable=True),
        sa.Column("moaas", sa.Integer(), nullable=True),
        sa.Column("rass", sa.Integer(), nullable=True),
        sa.Column("distress", sa.Integer(), nullable=True),
        sa.Column("nausea", sa.Integer(), nullable=True),
        sa.Column("cadss6", DOCUMENT, nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("distress BETWEEN 0 AND 10", name=op.f("ck_vitals_distress")),
        sa.CheckConstraint("moaas BETWEEN 0 AND 5", name=op.f("ck_vitals_moaas")),
        sa.CheckConstraint("nausea BETWEEN 0 AND 3", name=op.f("ck_vitals_nausea")),
        sa.CheckConstraint("rass BETWEEN -5 AND 4", name=op.f("ck_vitals_rass")),
        sa.CheckConstraint("sbp IS NULL OR dbp IS NULL OR dbp < sbp", name=op.f("ck_vitals_pressure")),
        sa.CheckConstraint("spo2 BETWEEN 0 AND 100", name=op.f("ck_vitals_spo2")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_vitals_clinic_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "replaces_id"],
            ["vitals.clinic_id", "vitals.id"],
            name=op.f("fk_vitals_clinic_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name=op.f("fk_vitals_clinic_id_session_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_vitals_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_vitals")),
        sa.UniqueConstraint("clinic_id", "replaces_id", name=op.f("uq_vitals_clinic_id_replaces_id")),
    )
    op.create_index(op.f("ix_vitals_clinic_id_recorded_by"), "vitals", ["clinic_id", "recorded_by"], unique=False)
    op.create_index(
        op.f("ix_vitals_clinic_id_session_id_occurred_at"),
        "vitals",
        ["clinic_id", "session_id", "occurred_at"],
        unique=False,
    )
