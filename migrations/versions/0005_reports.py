"""Reports: days reckoned once and marked when something of them changes, simulations, and prime time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import report_guards
from migrations.rebuild import rebuild
from scheduler.models.base import Instant

revision = "0005"
down_revision = "0004"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
SUMS = (
    "open", "used", "turnover", "blocked", "started_late", "finished_early", "seated_elsewhere", "unrecorded",
    "no_show", "cancelled_late", "cancelled_in_time", "too_short", "no_prescriber", "no_nurse", "no_pump",
    "never_booked", "scheduled", "overtime", "infusions", "kept", "missed", "late_cancellations", "cancellations",
    "chair_days",
)  # fmt: skip
PRIME = "0 <= prime_opens AND prime_opens < prime_closes AND prime_closes <= 1440"
ON_TIME = "on_time_minutes >= 0"
DECIDED = {"prime_opens": 600, "prime_closes": 840, "on_time_minutes": 15}
"""What a clinic has until it decides otherwise."""
STATES = "state IN ('waiting', 'running', 'done', 'failed', 'withdrawn')"


def upgrade() -> None:
    create_report_days()
    create_report_marks()
    create_report_builds()
    create_simulations()
    create_simulation_runs()
    if op.get_bind().dialect.name == "sqlite":
        rebuild(
            "booking_policies",
            columns={name: ("INTEGER NOT NULL", str(value)) for name, value in DECIDED.items()},
            constraints=[
                f"CONSTRAINT ck_booking_policies_prime CHECK ({PRIME})",
                f"CONSTRAINT ck_booking_policies_on_time CHECK ({ON_TIME})",
            ],
        )
    else:
        for name, value in DECIDED.items():
            op.add_column("booking_policies", sa.Column(name, sa.Integer(), nullable=False, server_default=str(value)))
            op.alter_column("booking_policies", name, server_default=None)
        op.create_check_constraint(op.f("ck_booking_policies_prime"), "booking_policies", PRIME)
        op.create_check_constraint(op.f("ck_booking_policies_on_time"), "booking_policies", ON_TIME)
    op.create_index(op.f("ix_moves_clinic_id_starts_at"), "moves", ["clinic_id", "starts_at"])
    op.create_index(op.f("ix_sessions_clinic_id_started_at"), "sessions", ["clinic_id", "started_at"])
    report_guards.create()


def downgrade() -> None:
    """What was reckoned can be reckoned again; simulations are lost."""
    report_guards.drop()
    op.drop_index(op.f("ix_sessions_clinic_id_started_at"), "sessions")
    op.drop_index(op.f("ix_moves_clinic_id_starts_at"), "moves")
    if op.get_bind().dialect.name == "sqlite":
        rebuild(
            "booking_policies", columns={},
            dropped=[*DECIDED, "ck_booking_policies_prime", "ck_booking_policies_on_time"],
        )  # fmt: skip
    else:
        for name in DECIDED:
            op.drop_column("booking_policies", name)
    for table in ("simulation_runs", "simulations", "report_builds", "report_marks", "report_days"):
        op.drop_table(table)


def create_report_days() -> None:
    op.create_table(
        "report_days",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("built_at", Instant(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in SUMS),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_report_days_order")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_report_days_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_report_days")),
        sa.UniqueConstraint("clinic_id", "day", name=op.f("uq_report_days_clinic_id_day")),
    )
    op.create_index(op.f("ix_report_days_day"), "report_days", ["day"])


def create_report_marks() -> None:
    op.create_table(
        "report_marks",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR begins_at <= ends_at", name=op.f("ck_report_marks_order")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_report_marks")),
    )


def create_report_builds() -> None:
    op.create_table(
        "report_builds",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_report_builds_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_report_builds")),
    )


def create_simulations() -> None:
    op.create_table(
        "simulations",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question", DOCUMENT, nullable=False),
        sa.Column("seeds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ground", DOCUMENT, nullable=True),
        sa.Column("result", DOCUMENT, nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("taken_until", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("seeds >= 1", name=op.f("ck_simulations_seeds")),
        sa.CheckConstraint("(ended_at IS NULL) = (state IN ('waiting', 'running'))", name=op.f("ck_simulations_ended")),
        sa.CheckConstraint(STATES, name=op.f("ck_simulations_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_simulations_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "asked_by"], ["staff.clinic_id", "staff.id"], name=op.f("fk_simulations_clinic_id_asked_by")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_simulations")),
    )
    for columns in (["clinic_id", "asked_at", "id"], ["clinic_id", "asked_by"], ["state", "asked_at"]):
        op.create_index(op.f(f"ix_simulations_{'_'.join(columns)}"), "simulations", columns)


def create_simulation_runs() -> None:
    op.create_table(
        "simulation_runs",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("outcome", DOCUMENT, nullable=False),
        sa.Column("ran_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_simulation_runs_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "simulation_id"],
            ["simulations.clinic_id", "simulations.id"],
            name=op.f("fk_simulation_runs_clinic_id_simulation_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_simulation_runs")),
        sa.UniqueConstraint(
            "clinic_id", "simulation_id", "seed", name=op.f("uq_simulation_runs_clinic_id_simulation_id_seed")
        ),
    )
