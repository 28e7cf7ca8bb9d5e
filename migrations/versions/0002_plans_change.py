"""Plans change: holds, the waiting list, what became of appointments, the rules of the desk, and letters."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import guards
from migrations.rebuild import rebuild
from scheduler.models.base import Instant

revision = "0002"
down_revision = "0001"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
LIVE = sa.text("status IN ('booked', 'confirmed', 'arrived', 'in_session', 'completed')")
OLD_STATUSES = "status IN ('active', 'completed', 'stopped')"
STATUSES = "status IN ('active', 'paused', 'completed', 'stopped', 'cancelled')"
REASONS = "reason IN ('patient_wish', 'clinical_decision', 'missed_visits', 'other')"
ONE_OWNER = "(appointment_id IS NULL) <> (hold_id IS NULL)"
INFUSIONS = "infusions BETWEEN 1 AND 60"

# What is told of rows that are there: a series has as many infusions as it was booked with, and an appointment is
# in its state since the latest moment that is known of it.
INFUSIONS_BOOKED = (
    "(SELECT coalesce(max(number), 1) FROM appointments"
    " WHERE appointments.clinic_id = series.clinic_id AND appointments.series_id = series.id)"
)
SINCE = (
    "CASE WHEN status = 'completed' THEN ends_at WHEN status IN ('booked', 'confirmed') THEN (SELECT booked_at"
    " FROM series WHERE series.clinic_id = appointments.clinic_id AND series.id = appointments.series_id)"
    " ELSE starts_at END"
)


def upgrade() -> None:
    create_tables()
    op.add_column("patients", sa.Column("consent_until", sa.Date(), nullable=True))
    op.add_column("clinics", sa.Column("contact", sa.String(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        guards.drop_triggers()
        change_on_sqlite()
        guards.create()
    else:
        change_on_postgresql()
    index()
    begin_policies()


def create_tables() -> None:
    op.create_table(
        "booking_policies",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("late_notice_minutes", sa.Integer(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("offer_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "reminder_minutes",
            DOCUMENT,
            nullable=False,
        ),
        sa.CheckConstraint("grace_minutes >= 0", name=op.f("ck_booking_policies_grace")),
        sa.CheckConstraint("hold_minutes >= 1", name=op.f("ck_booking_policies_hold")),
        sa.CheckConstraint("late_notice_minutes >= 0", name=op.f("ck_booking_policies_late_notice")),
        sa.CheckConstraint("offer_minutes >= 1", name=op.f("ck_booking_policies_offer")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "author_id"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_booking_policies_clinic_id_author_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_booking_policies_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_booking_policies")),
    )
    op.create_index(
        op.f("ix_booking_policies_clinic_id_author_id"), "booking_policies", ["clinic_id", "author_id"], unique=False
    )
    op.create_index(
        op.f("ix_booking_policies_clinic_id_effective_from"),
        "booking_policies",
        ["clinic_id", "effective_from"],
        unique=False,
    )
    op.create_table(
        "holds",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("plans", DOCUMENT, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "booked",
                "released",
                "expired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("held_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("renewed_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_holds_ended")),
        sa.CheckConstraint("held_at < expires_at", name=op.f("ck_holds_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_holds_clinic_id_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_holds_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_holds_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_clinic_id_owner_id"), "holds", ["clinic_id", "owner_id"], unique=False)
    op.create_index(op.f("ix_holds_clinic_id_patient_id"), "holds", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "ix_holds_open",
        "holds",
        ["clinic_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "waitlist_entries",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column(
            "urgency",
            sa.Enum("routine", "soon", "urgent", name="urgency", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("earliest", sa.Date(), nullable=False),
        sa.Column("latest", sa.Date(), nullable=False),
        sa.Column("weekdays", DOCUMENT, nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "placed", "withdrawn", name="state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_waitlist_entries_ended")),
        sa.CheckConstraint("(protocol_id IS NULL) <> (series_id IS NULL)", name=op.f("ck_waitlist_entries_one_course")),
        sa.CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", name=op.f("ck_waitlist_entries_window")),
        sa.CheckConstraint("earliest <= latest", name=op.f("ck_waitlist_entries_order")),
        sa.CheckConstraint("notice_minutes >= 0", name=op.f("ck_waitlist_entries_notice")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "created_by"],
            ["staff.clinic_id", "staff.id"],
            name=op.f("fk_waitlist_entries_clinic_id_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_waitlist_entries_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "protocol_id"],
            ["protocols.clinic_id", "protocols.id"],
            name=op.f("fk_waitlist_entries_clinic_id_protocol_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "series_id"],
            ["series.clinic_id", "series.id"],
            name=op.f("fk_waitlist_entries_clinic_id_series_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_waitlist_entries_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_waitlist_entries")),
    )
    op.create_index(
        op.f("ix_waitlist_entries_clinic_id_created_by"), "waitlist_entries", ["clinic_id", "created_by"], unique=False
    )
    op.create_index(
        op.f("ix_waitlist_entries_clinic_id_patient_id"), "waitlist_entries", ["clinic_id", "patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_waitlist_entries_clinic_id_protocol_id"),
        "waitlist_entries",
        ["clinic_id", "protocol_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_waitlist_entries_clinic_id_series_id"), "waitlist_entries", ["clinic_id", "series_id"], unique=False
    )
    op.create_index(
        op.f("ix_waitlist_entries_clinic_id_state_created_at_id"),
        "waitlist_entries",
        ["clinic_id", "state", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "moves",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "side",
            sa.Enum("patient", "clinic", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "illness",
                "transport",
                "work",
                "cost",
                "wish",
                "staff_away",
                "resource_away",
                "closed",
                "clinical",
                "series_ended",
                "mistake",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=True),
        sa.Column("prescriber_id", sa.Uuid(), nullable=True),
        sa.Column("pump_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_moves_clinic_id_actor_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_moves_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "chair_id"], ["resources.clinic_id", "resources.id"], name=op.f("fk_moves_clinic_id_chair_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "nurse_id"], ["resources.clinic_id", "resources.id"], name=op.f("fk_moves_clinic_id_nurse_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "prescriber_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_moves_clinic_id_prescriber_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "pump_id"], ["resources.clinic_id", "resources.id"], name=op.f("fk_moves_clinic_id_pump_id")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_moves_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_moves")),
    )
    op.create_index(op.f("ix_moves_clinic_id_actor_id"), "moves", ["clinic_id", "actor_id"], unique=False)
    op.create_index(
        op.f("ix_moves_clinic_id_appointment_id_at"), "moves", ["clinic_id", "appointment_id", "at"], unique=False
    )
    op.create_index(op.f("ix_moves_clinic_id_at"), "moves", ["clinic_id", "at"], unique=False)
    op.create_index(op.f("ix_moves_clinic_id_chair_id"), "moves", ["clinic_id", "chair_id"], unique=False)
    op.create_index(op.f("ix_moves_clinic_id_nurse_id"), "moves", ["clinic_id", "nurse_id"], unique=False)
    op.create_index(op.f("ix_moves_clinic_id_prescriber_id"), "moves", ["clinic_id", "prescriber_id"], unique=False)
    op.create_index(op.f("ix_moves_clinic_id_pump_id"), "moves", ["clinic_id", "pump_id"], unique=False)
    op.create_table(
        "offers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("offered_at", Instant(), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=True),
        sa.Column("deadline", Instant(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "accepted",
                "declined",
                "expired",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(outcome = 'open') = (decided_at IS NULL)", name=op.f("ck_offers_decided")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_offers_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "chair_id"],
            ["resources.clinic_id", "resources.id"],
            name=op.f("fk_offers_clinic_id_chair_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "decided_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_offers_clinic_id_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "entry_id"],
            ["waitlist_entries.clinic_id", "waitlist_entries.id"],
            name=op.f("fk_offers_clinic_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "hold_id"], ["holds.clinic_id", "holds.id"], name=op.f("fk_offers_clinic_id_hold_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "offered_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_offers_clinic_id_offered_by")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_offers_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_offers")),
        sa.UniqueConstraint(
            "clinic_id",
            "chair_id",
            "starts_at",
            "entry_id",
            name=op.f("uq_offers_clinic_id_chair_id_starts_at_entry_id"),
        ),
    )
    op.create_index(op.f("ix_offers_clinic_id_decided_by"), "offers", ["clinic_id", "decided_by"], unique=False)
    op.create_index(op.f("ix_offers_clinic_id_entry_id"), "offers", ["clinic_id", "entry_id"], unique=False)
    op.create_index(op.f("ix_offers_clinic_id_hold_id"), "offers", ["clinic_id", "hold_id"], unique=False)
    op.create_index(op.f("ix_offers_clinic_id_offered_by"), "offers", ["clinic_id", "offered_by"], unique=False)
    op.create_index(
        "uq_offers_open_entry",
        "offers",
        ["clinic_id", "entry_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'open'"),
        postgresql_where=sa.text("outcome = 'open'"),
    )
    op.create_table(
        "outbox",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reminder", "cancellation", "move", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("useless_at", Instant(), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("given_up_at", Instant(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_outbox_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name=op.f("fk_outbox_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_outbox_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("clinic_id", "key", name=op.f("uq_outbox_clinic_id_key")),
    )
    op.create_index(op.f("ix_outbox_clinic_id_appointment_id"), "outbox", ["clinic_id", "appointment_id"], unique=False)
    op.create_index(op.f("ix_outbox_clinic_id_patient_id"), "outbox", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND withdrawn_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND withdrawn_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["clinic_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "overrides",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "rule",
            sa.Enum(
                "spacing",
                "span",
                "rest",
                "hours",
                "consent",
                name="rule",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_overrides_reason")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_overrides_clinic_id_actor_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_overrides_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_overrides_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_overrides")),
    )
    op.create_index(op.f("ix_overrides_clinic_id_actor_id"), "overrides", ["clinic_id", "actor_id"], unique=False)
    op.create_index(
        op.f("ix_overrides_clinic_id_appointment_id"), "overrides", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_table(
        "transitions",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_status",
            sa.Enum(
                "booked",
                "confirmed",
                "arrived",
                "in_session",
                "completed",
                "cancelled",
                "no_show",
                "entered_in_error",
                name="from_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "booked",
                "confirmed",
                "arrived",
                "in_session",
                "completed",
                "cancelled",
                "no_show",
                "entered_in_error",
                name="to_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "side",
            sa.Enum("patient", "clinic", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "illness",
                "transport",
                "work",
                "cost",
                "wish",
                "staff_away",
                "resource_away",
                "closed",
                "clinical",
                "series_ended",
                "mistake",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("notice_minutes", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.CheckConstraint("from_status <> to_status", name=op.f("ck_transitions_changes")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "actor_id"], ["staff.clinic_id", "staff.id"], name=op.f("fk_transitions_clinic_id_actor_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name=op.f("fk_transitions_clinic_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_transitions_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_transitions")),
    )
    op.create_index(op.f("ix_transitions_clinic_id_actor_id"), "transitions", ["clinic_id", "actor_id"], unique=False)
    op.create_index(
        op.f("ix_transitions_clinic_id_appointment_id_at"),
        "transitions",
        ["clinic_id", "appointment_id", "at"],
        unique=False,
    )
    op.create_index(op.f("ix_transitions_clinic_id_at"), "transitions", ["clinic_id", "at"], unique=False)


def change_on_sqlite() -> None:
    """Before `series`, `appointments`: how many infusions a series has is counted in the table of before."""
    rebuild(
        "series",
        columns={
            "infusions": ("INTEGER NOT NULL", INFUSIONS_BOOKED),
            "follows_id": ("CHAR(32)", "NULL"),
            "reason": ("VARCHAR(32)", "NULL"),
        },
        constraints=[
            f"CONSTRAINT ck_series_infusions CHECK ({INFUSIONS})",
            f"CONSTRAINT ck_series_reason CHECK ({REASONS})",
            "CONSTRAINT fk_series_clinic_id_follows_id FOREIGN KEY(clinic_id, follows_id)"
            " REFERENCES series (clinic_id, id)",
        ],
        replaced=[(OLD_STATUSES, STATUSES)],
    )
    rebuild(
        "appointments",
        columns={"status_at": ("BIGINT NOT NULL", SINCE)},
        dropped=["uq_appointments_clinic_id_series_id_number"],
    )
    rebuild(
        "claims",
        columns={"hold_id": ("CHAR(32)", "NULL")},
        constraints=[
            f"CONSTRAINT ck_claims_one_owner CHECK ({ONE_OWNER})",
            "CONSTRAINT fk_claims_clinic_id_hold_id FOREIGN KEY(clinic_id, hold_id) REFERENCES holds (clinic_id, id)",
        ],
        replaced=[("appointment_id CHAR(32) NOT NULL", "appointment_id CHAR(32)")],
    )


def change_on_postgresql() -> None:
    op.add_column("series", sa.Column("infusions", sa.Integer(), nullable=True))
    op.execute(f"UPDATE series SET infusions = {INFUSIONS_BOOKED}")
    op.alter_column("series", "infusions", nullable=False)
    op.add_column("series", sa.Column("follows_id", sa.Uuid(), nullable=True))
    op.add_column("series", sa.Column("reason", sa.String(32), nullable=True))
    op.drop_constraint(op.f("ck_series_status"), "series")
    op.create_check_constraint(op.f("ck_series_status"), "series", STATUSES)
    op.create_check_constraint(op.f("ck_series_infusions"), "series", INFUSIONS)
    op.create_check_constraint(op.f("ck_series_reason"), "series", REASONS)
    op.create_foreign_key(
        op.f("fk_series_clinic_id_follows_id"), "series", "series", ["clinic_id", "follows_id"], ["clinic_id", "id"]
    )
    op.add_column("appointments", sa.Column("status_at", Instant(), nullable=True))
    op.execute(f"UPDATE appointments SET status_at = {SINCE}")
    op.alter_column("appointments", "status_at", nullable=False)
    op.drop_constraint(op.f("uq_appointments_clinic_id_series_id_number"), "appointments")
    op.add_column("claims", sa.Column("hold_id", sa.Uuid(), nullable=True))
    op.alter_column("claims", "appointment_id", nullable=True)
    op.create_check_constraint(op.f("ck_claims_one_owner"), "claims", ONE_OWNER)
    op.create_foreign_key(
        op.f("fk_claims_clinic_id_hold_id"), "claims", "holds", ["clinic_id", "hold_id"], ["clinic_id", "id"]
    )


def index() -> None:
    op.create_index(op.f("ix_series_clinic_id_follows_id"), "series", ["clinic_id", "follows_id"])
    op.create_index(op.f("ix_claims_clinic_id_hold_id"), "claims", ["clinic_id", "hold_id"])
    op.create_index(op.f("ix_appointments_clinic_id_series_id"), "appointments", ["clinic_id", "series_id"])
    op.create_index(
        "uq_appointments_series_number", "appointments", ["clinic_id", "series_id", "number"], unique=True,
        sqlite_where=LIVE, postgresql_where=LIVE,
    )  # fmt: skip


def begin_policies() -> None:
    """The usual rules of a desk, for the clinics that are there; nobody's choice, so without an author."""
    connection = op.get_bind()
    clinics = sa.table("clinics", sa.column("id", sa.Uuid()), sa.column("created_at", Instant()))
    policies = sa.table(
        "booking_policies",
        *(sa.column(name, sa.Uuid()) for name in ("clinic_id", "id")),
        *(sa.column(name, Instant()) for name in ("effective_from", "created_at")),
        *(sa.column(f"{name}_minutes", sa.Integer()) for name in ("late_notice", "grace", "hold", "offer")),
        sa.column("reminder_minutes", DOCUMENT),
    )
    for clinic_id, founded in connection.execute(sa.select(clinics.c.id, clinics.c.created_at)).all():
        connection.execute(
            sa.insert(policies).values(
                clinic_id=clinic_id, id=uuid4(), effective_from=founded, created_at=founded,
                late_notice_minutes=1440, grace_minutes=15, hold_minutes=15, offer_minutes=30,
                reminder_minutes=[10_080, 2_880, 120],
            )
        )  # fmt: skip


def downgrade() -> None:
    """Holds are let go. A visit that was made good under its old number keeps the newer of its two appointments."""
    op.execute("DELETE FROM claims WHERE hold_id IS NOT NULL")
    for table in ("offers", "waitlist_entries", "overrides", "moves", "transitions", "outbox", "booking_policies"):
        op.drop_table(table)
    drop_doubles()
    op.execute("UPDATE series SET status = 'stopped' WHERE status IN ('paused', 'cancelled')")
    op.drop_index(op.f("ix_series_clinic_id_follows_id"), "series")
    op.drop_index(op.f("ix_claims_clinic_id_hold_id"), "claims")
    op.drop_index(op.f("ix_appointments_clinic_id_series_id"), "appointments")
    op.drop_index("uq_appointments_series_number", "appointments")
    if op.get_bind().dialect.name == "sqlite":
        guards.drop_triggers()
        change_back_on_sqlite()
        guards.create()
    else:
        change_back_on_postgresql()
    op.drop_column("patients", "consent_until")
    op.drop_column("clinics", "contact")
    op.drop_table("holds")


def drop_doubles() -> None:
    """Appointments that are no longer live and whose number another one of their series has; nothing is lost of care:

    a visit that took place is live, and answers that point at one lose only the pointer.
    """
    doubles = (
        "SELECT old.id FROM appointments AS old JOIN appointments AS other ON other.clinic_id = old.clinic_id"
        " AND other.series_id = old.series_id AND other.number = old.number AND other.id <> old.id"
        " WHERE old.status IN ('cancelled', 'no_show', 'entered_in_error')"
        " AND (other.status NOT IN ('cancelled', 'no_show', 'entered_in_error') OR other.id > old.id)"
    )
    op.execute(f"UPDATE assessments SET appointment_id = NULL WHERE appointment_id IN ({doubles})")
    op.execute(f"DELETE FROM appointments WHERE id IN ({doubles})")


def change_back_on_sqlite() -> None:
    rebuild(
        "claims",
        columns={},
        dropped=["hold_id", "ck_claims_one_owner", "fk_claims_clinic_id_hold_id"],
        replaced=[("appointment_id CHAR(32)", "appointment_id CHAR(32) NOT NULL")],
    )
    rebuild(
        "appointments",
        columns={},
        dropped=["status_at"],
        constraints=["CONSTRAINT uq_appointments_clinic_id_series_id_number UNIQUE (clinic_id, series_id, number)"],
    )
    rebuild(
        "series",
        columns={},
        dropped=[
            "infusions", "follows_id", "reason", "ck_series_infusions", "ck_series_reason",
            "fk_series_clinic_id_follows_id",
        ],
        replaced=[(STATUSES, OLD_STATUSES)],
    )  # fmt: skip


def change_back_on_postgresql() -> None:
    op.drop_column("claims", "hold_id")
    op.alter_column("claims", "appointment_id", nullable=False)
    op.drop_column("appointments", "status_at")
    op.create_unique_constraint(
        op.f("uq_appointments_clinic_id_series_id_number"), "appointments", ["clinic_id", "series_id", "number"]
    )
    op.drop_constraint(op.f("ck_series_status"), "series")
    op.create_check_constraint(op.f("ck_series_status"), "series", OLD_STATUSES)
    for column in ("infusions", "follows_id", "reason"):
        op.drop_column("series", column)
