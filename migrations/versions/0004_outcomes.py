"""Outcomes: every scale, questionnaires for patients, alerts that somebody owns, and what a clinic has decided of them."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import guards, outcome_guards, session_guards
from migrations.rebuild import rebuild
from scheduler.models.base import Instant

revision = "0004"
down_revision = "0003"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
OLD_KINDS = (
    "kind IN ('suicidal_ideation', 'sbp_high', 'sbp_low', 'dbp_high', 'hr_high', 'hr_low', 'spo2_low', 'rr_low',"
    " 'rr_high', 'etco2_high', 'etco2_low', 'sedation_deep', 'rass_low', 'rass_high', 'distress_high',"
    " 'vitals_overdue')"
)
OF_COURSES = (
    "'suicide_risk', 'ideation_rise', 'deterioration', 'off_track', 'futility', 'plateau', 'possible_relapse',"
    " 'score_overdue'"
)
KINDS = OLD_KINDS.replace("'suicidal_ideation', ", f"'suicidal_ideation', {OF_COURSES}, ")
OLD_ONE_SOURCE = "(assessment_id IS NULL) <> (session_id IS NULL)"
ONE_SOURCE = (
    "(assessment_id IS NOT NULL AND session_id IS NULL AND series_id IS NULL)"
    " OR (assessment_id IS NULL AND session_id IS NOT NULL AND series_id IS NULL)"
    " OR (assessment_id IS NULL AND session_id IS NULL AND series_id IS NOT NULL)"
)
OLD_LETTERS = "kind IN ('reminder', 'cancellation', 'move')"
LETTERS = "kind IN ('reminder', 'cancellation', 'move', 'questionnaire', 'escalation')"
TO_STAFF = "(patient_id IS NULL) = (kind = 'escalation')"
DIAGNOSES = "diagnosis IN ('major_depression', 'bipolar_depression', 'ptsd', 'ocd', 'chronic_pain', 'other')"
ANSWERED_BY = "answered_by IN ('self', 'clinician', 'proxy')"
SOURCES = "source IN ('clinic', 'link', 'tablet', 'import')"
OLD_TOTAL = "complete = (total IS NOT NULL)"
TOTAL = "complete OR prorated OR (total IS NULL AND band IS NULL)"
BAND = "(total IS NULL) = (band IS NULL)"
UNANSWERED = "acknowledged_at IS NULL AND session_id IS NULL AND NOT historical"

FORM_COLUMNS = {
    "missing": (DOCUMENT, None), "parts": (DOCUMENT, "{}"), "prorated": (sa.Boolean(), "false"),
    "answered_by": (sa.String(32), "self"), "source": (sa.String(32), "clinic"), "language": (sa.String(), "en"),
    "historical": (sa.Boolean(), "false"), "replaces_id": (sa.Uuid(), None), "reason": (sa.String(), None),
    "questionnaire_id": (sa.Uuid(), None), "external_key": (sa.String(), None),
}  # fmt: skip
ALERT_COLUMNS = {
    "series_id": (sa.Uuid(), None), "historical": (sa.Boolean(), "false"), "owner_id": (sa.Uuid(), None),
    "respond_by": (Instant(), None), "escalations": (sa.Integer(), "0"), "escalated_at": (Instant(), None),
    "call_at": (Instant(), None), "called": (DOCUMENT, None),
}  # fmt: skip
"""What a table gains on PostgreSQL: the type, and what rows that are there have; none where it may be empty."""
FORM_CHECKS = {
    "ck_assessments_total_when_complete": TOTAL,
    "ck_assessments_prorated": "NOT (complete AND prorated)",
    "ck_assessments_replaced_for_a_reason": "(replaces_id IS NULL) = (reason IS NULL)",
    "ck_assessments_historical": "NOT historical OR source = 'import'",
    "ck_assessments_answered_by": ANSWERED_BY,
    "ck_assessments_source": SOURCES,
}
FORM_UNIQUES = ("replaces_id", "questionnaire_id", "external_key")
FORM_KEYS = {"replaces_id": "assessments", "questionnaire_id": "questionnaires"}
ALERT_CHECKS = {
    "ck_alerts_one_source": ONE_SOURCE,
    "ck_alerts_historical": "NOT historical OR assessment_id IS NOT NULL",
    "ck_alerts_escalations": "escalations >= 0",
    "ck_alerts_kind": KINDS,
}
ALERT_KEYS = {"series_id": "series", "owner_id": "staff"}
TABLES = ("questionnaires", "clinic_scales", "outcome_settings")


def upgrade() -> None:
    create_outcome_settings()
    create_clinic_scales()
    create_questionnaires()
    if op.get_bind().dialect.name == "sqlite":
        _without_guards(change_on_sqlite)
    else:
        change_on_postgresql()
    op.create_index(
        op.f("ix_assessments_clinic_id_scale_taken_at"), "assessments", ["clinic_id", "scale", "taken_at"]
    )  # fmt: skip
    op.create_index(op.f("ix_alerts_clinic_id_owner_id"), "alerts", ["clinic_id", "owner_id"])
    op.create_index(
        "ix_alerts_to_escalate", "alerts", ["clinic_id", "call_at"],
        sqlite_where=sa.text(UNANSWERED), postgresql_where=sa.text(UNANSWERED),
    )  # fmt: skip
    outcome_guards.create()


def _without_guards(change: Callable[[], None]) -> None:
    """Change tables on SQLite, where none can be made anew while a trigger speaks of it."""
    session_guards.drop_triggers()
    guards.drop_triggers()
    change()
    guards.create()
    session_guards.create()


def change_on_sqlite() -> None:
    rebuild(
        "assessments",
        columns={
            "missing": ("JSON", "NULL"), "parts": ("JSON NOT NULL", "'{}'"), "prorated": ("BOOLEAN NOT NULL", "0"),
            "answered_by": ("VARCHAR(32) NOT NULL", "'self'"), "source": ("VARCHAR(32) NOT NULL", "'clinic'"),
            "language": ("VARCHAR NOT NULL", "'en'"), "historical": ("BOOLEAN NOT NULL", "0"),
            "replaces_id": ("CHAR(32)", "NULL"), "reason": ("VARCHAR", "NULL"),
            "questionnaire_id": ("CHAR(32)", "NULL"), "external_key": ("VARCHAR", "NULL"),
        },
        dropped=["ck_assessments_total_when_complete", "ck_assessments_band_with_total"],
        constraints=[
            *_checks(FORM_CHECKS), *(_key("assessments", column, table) for column, table in FORM_KEYS.items()),
            *(
                f"CONSTRAINT uq_assessments_clinic_id_{column} UNIQUE (clinic_id, {column})" for column in FORM_UNIQUES
            ),
        ],
    )  # fmt: skip
    rebuild(
        "alerts",
        columns={
            "series_id": ("CHAR(32)", "NULL"), "historical": ("BOOLEAN NOT NULL", "0"), "owner_id": ("CHAR(32)", "NULL"),
            "respond_by": ("BIGINT", "NULL"), "escalations": ("INTEGER NOT NULL", "0"),
            "escalated_at": ("BIGINT", "NULL"), "call_at": ("BIGINT", "NULL"), "called": ("JSON", "NULL"),
        },
        replaced=[(OLD_KINDS, KINDS), (OLD_ONE_SOURCE, ONE_SOURCE)],
        constraints=[
            *_checks({name: ALERT_CHECKS[name] for name in ("ck_alerts_historical", "ck_alerts_escalations")}),
            *(_key("alerts", column, table) for column, table in ALERT_KEYS.items()),
            "CONSTRAINT uq_alerts_clinic_id_series_id_kind_due_at UNIQUE (clinic_id, series_id, kind, due_at)",
        ],
    )  # fmt: skip
    rebuild(
        "outbox",
        columns={},
        replaced=[("patient_id CHAR(32) NOT NULL", "patient_id CHAR(32)"), (OLD_LETTERS, LETTERS)],
        constraints=_checks({"ck_outbox_to_staff": TO_STAFF}),
    )
    rebuild(
        "series",
        columns={"diagnosis": ("VARCHAR(32)", "NULL")},
        constraints=_checks({"ck_series_diagnosis": DIAGNOSES}),
    )
    key = "lower(hex(randomblob(32)))"
    rebuild("clinics", columns={"accent": ("VARCHAR", "NULL"), "report_key": ("VARCHAR NOT NULL", key)})


def _checks(checks: dict[str, str]) -> list[str]:
    return [f"CONSTRAINT {name} CHECK ({condition})" for name, condition in checks.items()]


def _key(table: str, column: str, other: str) -> str:
    return (
        f"CONSTRAINT fk_{table}_clinic_id_{column} FOREIGN KEY(clinic_id, {column}) REFERENCES {other} (clinic_id, id)"
    )


def change_on_postgresql() -> None:
    _add_columns()
    for name in ("ck_assessments_total_when_complete", "ck_assessments_band_with_total"):
        op.drop_constraint(op.f(name), "assessments")
    for name in ("ck_alerts_one_source", "ck_alerts_kind"):
        op.drop_constraint(op.f(name), "alerts")
    for name, condition in (*FORM_CHECKS.items(), *ALERT_CHECKS.items()):
        op.create_check_constraint(op.f(name), name.split("_")[1], condition)
    for table, keys in (("assessments", FORM_KEYS), ("alerts", ALERT_KEYS)):
        for column, other in keys.items():
            op.create_foreign_key(
                op.f(f"fk_{table}_clinic_id_{column}"), table, other, ["clinic_id", column], ["clinic_id", "id"]
            )
    for column in FORM_UNIQUES:
        op.create_unique_constraint(op.f(f"uq_assessments_clinic_id_{column}"), "assessments", ["clinic_id", column])
    op.create_unique_constraint(
        op.f("uq_alerts_clinic_id_series_id_kind_due_at"), "alerts", ["clinic_id", "series_id", "kind", "due_at"]
    )
    op.alter_column("outbox", "patient_id", nullable=True)
    op.drop_constraint(op.f("ck_outbox_kind"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", LETTERS)
    op.create_check_constraint(op.f("ck_outbox_to_staff"), "outbox", TO_STAFF)
    op.add_column("series", sa.Column("diagnosis", sa.String(32)))
    op.create_check_constraint(op.f("ck_series_diagnosis"), "series", DIAGNOSES)
    op.add_column("clinics", sa.Column("accent", sa.String()))
    op.add_column("clinics", sa.Column("report_key", sa.String()))
    random = "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')"
    op.execute(f"UPDATE clinics SET report_key = {random}")
    op.alter_column("clinics", "report_key", nullable=False)


def _add_columns() -> None:
    for table, columns in (("assessments", FORM_COLUMNS), ("alerts", ALERT_COLUMNS)):
        for name, (kind, default) in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
            op.alter_column(table, name, server_default=None)


def downgrade() -> None:
    """What only the newer schema can say is lost: corrected and prorated forms, other alerts, questionnaires."""
    outcome_guards.drop()
    op.drop_index("ix_alerts_to_escalate", "alerts")
    op.drop_index(op.f("ix_alerts_clinic_id_owner_id"), "alerts")
    op.drop_index(op.f("ix_assessments_clinic_id_scale_taken_at"), "assessments")
    op.execute("DELETE FROM outbox WHERE kind IN ('questionnaire', 'escalation')")
    op.execute(f"DELETE FROM alerts WHERE series_id IS NOT NULL OR kind IN ({OF_COURSES})")
    fits = "complete = (total IS NOT NULL) AND (total IS NULL) = (band IS NULL)"
    lost = f"SELECT id FROM assessments WHERE NOT ({fits})"
    op.execute(f"DELETE FROM alerts WHERE assessment_id IN ({lost})")
    op.execute("UPDATE assessments SET replaces_id = NULL, reason = NULL WHERE replaces_id IS NOT NULL")
    op.execute(f"DELETE FROM assessments WHERE id IN ({lost})")
    if op.get_bind().dialect.name == "sqlite":
        _without_guards(change_back_on_sqlite)
    else:
        change_back_on_postgresql()
    for table in TABLES:
        op.drop_table(table)


def change_back_on_sqlite() -> None:
    rebuild(
        "assessments",
        columns={},
        dropped=[
            *FORM_COLUMNS, *FORM_CHECKS,
            *(f"fk_assessments_clinic_id_{column}" for column in FORM_KEYS),
            *(f"uq_assessments_clinic_id_{column}" for column in FORM_UNIQUES),
        ],
        constraints=_checks(
            {"ck_assessments_total_when_complete": OLD_TOTAL, "ck_assessments_band_with_total": BAND}
        ),
    )  # fmt: skip
    rebuild(
        "alerts",
        columns={},
        dropped=[
            *ALERT_COLUMNS, "ck_alerts_historical", "ck_alerts_escalations",
            *(f"fk_alerts_clinic_id_{column}" for column in ALERT_KEYS), "uq_alerts_clinic_id_series_id_kind_due_at",
        ],
        replaced=[(KINDS, OLD_KINDS), (ONE_SOURCE, OLD_ONE_SOURCE)],
    )  # fmt: skip
    rebuild(
        "outbox",
        columns={},
        dropped=["ck_outbox_to_staff"],
        replaced=[("patient_id CHAR(32)", "patient_id CHAR(32) NOT NULL"), (LETTERS, OLD_LETTERS)],
    )
    rebuild("series", columns={}, dropped=["diagnosis", "ck_series_diagnosis"])
    rebuild("clinics", columns={}, dropped=["accent", "report_key"])


def change_back_on_postgresql() -> None:
    op.drop_column("clinics", "report_key")
    op.drop_column("clinics", "accent")
    op.drop_column("series", "diagnosis")
    op.drop_constraint(op.f("ck_outbox_to_staff"), "outbox")
    op.drop_constraint(op.f("ck_outbox_kind"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", OLD_LETTERS)
    op.alter_column("outbox", "patient_id", nullable=False)
    for name in (*FORM_CHECKS, *ALERT_CHECKS):
        op.drop_constraint(op.f(name), name.split("_")[1])
    for table, columns in (("assessments", FORM_COLUMNS), ("alerts", ALERT_COLUMNS)):
        for name in columns:
            op.drop_column(table, name)
    op.create_check_constraint(op.f("ck_assessments_total_when_complete"), "assessments", OLD_TOTAL)
    op.create_check_constraint(op.f("ck_assessments_band_with_total"), "assessments", BAND)
    op.create_check_constraint(op.f("ck_alerts_one_source"), "alerts", OLD_ONE_SOURCE)
    op.create_check_constraint(op.f("ck_alerts_kind"), "alerts", OLD_KINDS)


def create_outcome_settings() -> None:
    op.create_table(
        "outcome_settings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("document", DOCUMENT, nullable=False),
        *_foreign("outcome_settings", author_id="staff"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_outcome_settings")),
    )
    _indexes("outcome_settings", ("effective_from",), ("author_id",))


def create_clinic_scales() -> None:
    op.create_table(
        "clinic_scales",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("least_label", sa.String(), nullable=False),
        sa.Column("most_label", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_clinic_scales_number")),
        *_foreign("clinic_scales", author_id="staff"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_scales")),
        sa.UniqueConstraint("clinic_id", "key", "number", name=op.f("uq_clinic_scales_clinic_id_key_number")),
    )
    _indexes("clinic_scales", ("author_id",))


def create_questionnaires() -> None:
    op.create_table(
        "questionnaires",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("scale_version", sa.String(), nullable=False),
        sa.Column(
            "via",
            sa.Enum("email", "tablet", name="via", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("token_digest", sa.String(), nullable=True),
        sa.Column("code_number", sa.String(), nullable=True),
        sa.Column("code_digest", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("sent_at < expires_at", name=op.f("ck_questionnaires_order")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_questionnaires_tries")),
        sa.CheckConstraint("answered_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_questionnaires_one_end")),
        sa.CheckConstraint(
            "(code_number IS NULL) = (code_digest IS NULL)", name=op.f("ck_questionnaires_code")
        ),
        *_foreign("questionnaires", patient_id="patients", appointment_id="appointments", sent_by="staff"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_questionnaires")),
        sa.UniqueConstraint("clinic_id", "token_digest", name=op.f("uq_questionnaires_clinic_id_token_digest")),
    )  # fmt: skip
    _indexes("questionnaires", ("patient_id", "sent_at"), ("appointment_id",), ("sent_by",))
    op.create_index(
        "uq_questionnaires_code", "questionnaires", ["clinic_id", "code_number"], unique=True,
        sqlite_where=sa.text("code_number IS NOT NULL"), postgresql_where=sa.text("code_number IS NOT NULL"),
    )  # fmt: skip


def _foreign(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    """To the clinic, and with it to the rows of other tables."""
    keys = [
        sa.ForeignKeyConstraint(
            ["clinic_id", column],
            [f"{other}.clinic_id", f"{other}.id"],
            name=op.f(f"fk_{table}_clinic_id_{column}"),
        )
        for column, other in columns.items()
    ]
    return [*keys, sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f(f"fk_{table}_clinic_id"))]


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for mine in columns:
        op.create_index(op.f(f"ix_{table}_clinic_id_{'_'.join(mine)}"), table, ["clinic_id", *mine])
