"""The triggers that let no warning be lost.

- A positive safety item raises its alert in the very statement that stores the answers, whatever wrote them.
- Answers are only added to, and so are a clinic's own questions and what it has decided of scores.
- An alert is not deleted, not reopened, and stays with what it was raised for.
"""

from alembic import op

from migrations.refusing import only_added, only_added_on_sqlite, refusing

SAFETY = (
    ("phq9", "1", 9, 1, 2, "suicidal_ideation"),
    ("qids_sr16", "1", 12, 1, 2, "suicidal_ideation"),
    ("madrs", "1", 10, 2, 4, "suicidal_ideation"),
    ("cssrs_screener", "1", 1, 1, None, "suicide_risk"),
    ("cssrs_screener", "1", 2, 1, None, "suicide_risk"),
    ("cssrs_screener", "1", 3, 1, None, "suicide_risk"),
    ("cssrs_screener", "1", 4, 1, 1, "suicide_risk"),
    ("cssrs_screener", "1", 5, 1, 1, "suicide_risk"),
    ("cssrs_screener", "1", 6, 1, None, "suicide_risk"),
    ("cssrs_screener", "1", 7, 1, 1, "suicide_risk"),
)
"""Scale and version, item, from which answer on it is for review and from which urgent, and the kind of its alert.

A test holds these to the scales themselves. A new version of a scale needs a migration that adds its lines.
"""
APPEND_ONLY = ("assessments", "clinic_scales", "outcome_settings")
KEPT = "patient_id, assessment_id, session_id, series_id, vitals_id, kind, level, due_at, historical, raised_at"
"""What of an alert never changes."""
NAMES = ("outcomes_append_only", "alerts_kept")
"""By which a refusal is known."""
TRIGGERS = (*(f"{table}_append_only" for table in APPEND_ONLY), "assessments_safety", "alerts_kept")
FUNCTIONS = ("outcomes_append_only", "assessments_safety", "alerts_kept")

_RULES = ", ".join(
    f"('{scale}', '{version}', {item - 1}, {review}, {'NULL' if urgent is None else urgent}, '{kind}')"
    for scale, version, item, review, urgent, kind in SAFETY
)
_CLOSED = "acknowledged_at, acknowledged_by, note"
"""What nobody changes once it is written: who closed an alert, when, and with which words."""


def _unkept(differs: str) -> str:
    """Whether an update of an alert changes what is kept; `differs` compares, and takes NULL for a value."""
    moved, rewritten = (
        " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns.split(", "))
        for columns in (KEPT, _CLOSED)
    )
    return f"(OLD.acknowledged_at IS NOT NULL AND ({rewritten})) OR {moved}"


_COLUMNS = (
    "clinic_id, id, patient_id, assessment_id, kind, level, raised_at, historical, escalations"
)  # fmt: skip
# The version and the variant of a random UUID; SQLite knows none.
_SQLITE_UUID = """
    lower(hex(randomblob(6))) || '4' || substr(lower(hex(randomblob(2))), 2)
    || substr('89ab', 1 + abs(random()) % 4, 1) || substr(lower(hex(randomblob(8))), 2)
"""

SQLITE = [
    f"""
    CREATE TRIGGER assessments_safety AFTER INSERT ON assessments
    BEGIN
        INSERT INTO alerts ({_COLUMNS})
        SELECT NEW.clinic_id, {_SQLITE_UUID}, NEW.patient_id, NEW.id, kind,
            CASE WHEN max(is_urgent) THEN 'urgent' ELSE 'review' END, NEW.recorded_at, NEW.historical, 0
        FROM (
            SELECT column6 AS kind,
                coalesce(json_extract(NEW.answers, '$[' || column3 || ']') >= column5, 0) AS is_urgent
            FROM (VALUES {_RULES})
            WHERE column1 = NEW.scale AND column2 = NEW.scale_version
              AND json_extract(NEW.answers, '$[' || column3 || ']') >= column4
        )
        GROUP BY kind;
    END
    """,
    *only_added_on_sqlite(APPEND_ONLY, "outcomes_append_only"),
    f"""
    CREATE TRIGGER alerts_kept BEFORE UPDATE ON alerts WHEN {_unkept("IS NOT")}
    BEGIN SELECT RAISE(ABORT, 'alerts_kept'); END
    """,
    """
    CREATE TRIGGER alerts_kept_delete BEFORE DELETE ON alerts
    BEGIN SELECT RAISE(ABORT, 'alerts_kept'); END
    """,
]


POSTGRESQL = [
    f"""
    CREATE FUNCTION assessments_safety() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO alerts ({_COLUMNS})
        SELECT NEW.clinic_id, gen_random_uuid(), NEW.patient_id, NEW.id, kind,
            CASE WHEN bool_or(coalesce(answer >= urgent, FALSE)) THEN 'urgent' ELSE 'review' END,
            NEW.recorded_at, NEW.historical, 0
        FROM (
            SELECT rule.kind, rule.review, rule.urgent::integer AS urgent,
                (NEW.answers ->> rule.item)::numeric AS answer
            FROM (VALUES {_RULES}) AS rule (scale, version, item, review, urgent, kind)
            WHERE rule.scale = NEW.scale AND rule.version = NEW.scale_version
        ) AS answered
        WHERE answer >= review
        GROUP BY kind;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER assessments_safety AFTER INSERT ON assessments
    FOR EACH ROW EXECUTE FUNCTION assessments_safety()
    """,
    *only_added(APPEND_ONLY, "outcomes_append_only"),
    refusing("alerts_kept", f"TG_OP <> 'UPDATE' OR {_unkept('IS DISTINCT FROM')}"),
    "CREATE TRIGGER alerts_kept BEFORE UPDATE OR DELETE ON alerts FOR EACH ROW EXECUTE FUNCTION alerts_kept()",
    "CREATE TRIGGER alerts_kept_truncate BEFORE TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION alerts_kept()",
]


def create() -> None:
    """Make every guard."""
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement.replace(":", r"\:"))


def drop() -> None:
    """Remove every guard."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")
    else:
        for name in FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}() CASCADE")
