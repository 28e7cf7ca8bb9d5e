"""The triggers that keep what was recorded of a session as it was recorded.

- What is charted is only added to, and so is the ledger.
- A session that was signed takes corrections and addenda only, and stays signed.
- An order that was signed keeps its figures.
- No more is drawn from a vial than is in it.
"""

from alembic import op

from migrations.refusing import only_added, only_added_on_sqlite, refusing

APPEND_ONLY = (
    "session_steps", "vitals", "infusion_events", "checklist_answers", "adverse_events", "session_notes",
    "ledger_entries", "session_settings", "templates",
)  # fmt: skip
LOCKED = ("vitals", "infusion_events", "checklist_answers", "adverse_events")
"""Once the session is signed, new rows of these replace older ones."""
FIGURES = (
    "series_id, patient_id, drug, valid_from, valid_until, weight_kg, height_cm, sex, basis, dosing_weight_kg, dose,"
    " dose_unit, minutes, vial_mg_ml, container, bag_ml, dose_mg, concentration_mg_ml, stock_ml, rate_ml_h,"
    " rate_mg_h, rate_mcg_kg_min, reason, signed_at, signed_by"
)
NAMES = ("sessions_locked", "sessions_signed", "orders_signed", "ledger_balance")
"""By which a refusal is known."""
TRIGGERS = (
    *(f"{table}_append_only" for table in APPEND_ONLY),
    *(f"{table}_locked" for table in (*LOCKED, "session_notes", "ledger_entries")),
    "sessions_signed",
    "orders_signed",
    "ledger_balance",
)
FUNCTIONS = ("charts_append_only", "sessions_signed", "orders_signed", "ledger_balance")

_SIGNED = "(SELECT status FROM sessions WHERE clinic_id = NEW.clinic_id AND id = NEW.session_id) = 'closed'"
_LATE_NOTE = "NEW.kind <> 'addendum' AND NEW.replaces_id IS NULL"
# After the signature: a reversal, what stands in the place of a reversed entry, and with a reason what was forgotten of
# what was left over. Without the last a correction of what was given could not be followed by its waste.
_LATE_ENTRY = """NEW.session_id IS NOT NULL AND NEW.about_id IS NULL AND NEW.replaces_id IS NULL
    AND (NEW.kind NOT IN ('wasted', 'returned') OR NEW.reason IS NULL)"""
# What a vial holds: what was received, less what was drawn, wasted or returned, and what an explained count was off by;
# reversals carry the opposite sign.
_IN_VIAL = """
    SELECT coalesce(sum(
        CASE WHEN kind IN ('received', 'resolved') THEN mg WHEN kind = 'counted' THEN 0 ELSE -mg END
    ), 0)
    FROM ledger_entries WHERE clinic_id = NEW.clinic_id AND vial_id = NEW.vial_id
"""
_TAKES = "NEW.vial_id IS NOT NULL AND NEW.kind <> 'counted'"
_LEAVES = f"(({_IN_VIAL}) + CASE WHEN NEW.kind IN ('received', 'resolved') THEN NEW.mg ELSE -NEW.mg END)"


def _conditions() -> dict[str, str]:
    """By table, when a row may not be added to a signed session."""
    return {
        **dict.fromkeys(LOCKED, f"NEW.replaces_id IS NULL AND {_SIGNED}"),
        "session_notes": f"{_LATE_NOTE} AND {_SIGNED}",
        "ledger_entries": f"{_LATE_ENTRY} AND {_SIGNED}",
    }


SQLITE = [
    *only_added_on_sqlite(APPEND_ONLY, "charts_append_only"),
    *(
        f"""
        CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} WHEN {condition}
        BEGIN SELECT RAISE(ABORT, 'sessions_locked'); END
        """
        for table, condition in _conditions().items()
    ),
    """
    CREATE TRIGGER sessions_signed BEFORE UPDATE OF status, signed_at, signed_by ON sessions
    WHEN OLD.status = 'closed' AND (
        NEW.status <> 'closed' OR NEW.signed_at <> OLD.signed_at OR NEW.signed_by IS NOT OLD.signed_by
    )
    BEGIN SELECT RAISE(ABORT, 'sessions_signed'); END
    """,
    """
    CREATE TRIGGER sessions_signed_delete BEFORE DELETE ON sessions
    BEGIN SELECT RAISE(ABORT, 'sessions_signed'); END
    """,
    f"""
    CREATE TRIGGER orders_signed BEFORE UPDATE OF {FIGURES} ON orders WHEN OLD.signed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'orders_signed'); END
    """,
    f"""
    CREATE TRIGGER ledger_balance BEFORE INSERT ON ledger_entries WHEN {_TAKES} AND {_LEAVES} < 0
    BEGIN SELECT RAISE(ABORT, 'ledger_balance'); END
    """,
]


POSTGRESQL = [
    *only_added(APPEND_ONLY, "charts_append_only"),
    # A trigger's condition may not ask another table, so a function does; the row lock keeps the signature out.
    *(
        f"""
        CREATE FUNCTION {table}_locked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM sessions WHERE clinic_id = NEW.clinic_id AND id = NEW.session_id FOR SHARE;
            IF {condition} THEN
                RAISE EXCEPTION 'sessions_locked' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'sessions_locked';
            END IF;
            RETURN NEW;
        END $$
        """
        for table, condition in _conditions().items()
    ),
    *(
        f"CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_locked()"
        for table in _conditions()
    ),
    refusing(
        "sessions_signed",
        "TG_OP = 'DELETE' OR (OLD.status = 'closed' AND (NEW.status <> 'closed' OR NEW.signed_at <> OLD.signed_at"
        " OR NEW.signed_by IS DISTINCT FROM OLD.signed_by))",
    ),
    """
    CREATE TRIGGER sessions_signed BEFORE UPDATE OR DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION sessions_signed()
    """,
    refusing("orders_signed", "OLD.signed_at IS NOT NULL"),
    f"""
    CREATE TRIGGER orders_signed BEFORE UPDATE OF {FIGURES} ON orders
    FOR EACH ROW EXECUTE FUNCTION orders_signed()
    """,
    f"""
    CREATE FUNCTION ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {_TAKES} THEN
            PERFORM guards_need_read_committed();
            PERFORM 1 FROM vials WHERE clinic_id = NEW.clinic_id AND id = NEW.vial_id FOR NO KEY UPDATE;
            IF {_LEAVES} < 0 THEN
                RAISE EXCEPTION 'ledger_balance' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_balance';
            END IF;
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER ledger_balance BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_balance()",
]


def create() -> None:
    """Make every guard."""
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def drop_triggers() -> None:
    """Remove every guard of SQLite; those of PostgreSQL go with their tables."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")


def drop_functions() -> None:
    """Remove what outlives the tables."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*FUNCTIONS, *(f"{table}_locked" for table in _conditions())):
            op.execute(f"DROP FUNCTION {name}()")
