"""The triggers that make an overbooking, a doubled patient or a rewritten audit row impossible to store.

Both engines promise the same; `tests/test_guards.py` holds them to it. A migration that copies a table on SQLite
loses the triggers of that table without a word: call `create` again there.
"""

from alembic import op

NAMES = (
    "claims_capacity",
    "resources_capacity_in_use",
    "appointments_patient_overlap",
    "shifts_overlap",
    "audit_append_only",
)

LIVE = "('booked', 'confirmed', 'arrived', 'in_session', 'completed')"

# The sum of units can only rise where a claim starts, so the peak within a claim is at its own start
# or at the start of one that begins inside it. A claim lasts at most 12 hours, which bounds both ends of the range.
_TWELVE_HOURS = 43_200_000_000

_SQLITE_PEAK = f"""
    SELECT max(load) FROM (
        SELECT (
            SELECT coalesce(sum(other.units), 0) FROM claims AS other
            WHERE other.clinic_id = NEW.clinic_id AND other.resource_id = NEW.resource_id AND other.id <> NEW.id
              AND other.starts_at > moment.at - {_TWELVE_HOURS}
              AND other.starts_at <= moment.at AND other.ends_at > moment.at
        ) AS load
        FROM (
            SELECT NEW.starts_at AS at
            UNION
            SELECT starts_at FROM claims
            WHERE clinic_id = NEW.clinic_id AND resource_id = NEW.resource_id AND id <> NEW.id
              AND starts_at > NEW.starts_at AND starts_at < NEW.ends_at
        ) AS moment
    )
"""

_SQLITE_RESOURCE_PEAK = f"""
    SELECT coalesce(max(load), 0) FROM (
        SELECT (
            SELECT sum(other.units) FROM claims AS other
            WHERE other.clinic_id = NEW.clinic_id AND other.resource_id = NEW.id
              AND other.starts_at > moment.starts_at - {_TWELVE_HOURS}
              AND other.starts_at <= moment.starts_at AND other.ends_at > moment.starts_at
        ) AS load
        FROM claims AS moment WHERE moment.clinic_id = NEW.clinic_id AND moment.resource_id = NEW.id
    )
"""

# What a new row of the audit chain must carry; the first carries noughts.
_LAST_HASH = f"""
    SELECT coalesce(
        (SELECT hash FROM audit WHERE clinic_id = NEW.clinic_id ORDER BY sequence DESC LIMIT 1), '{"0" * 64}'
    )
"""

SQLITE = [
    *(
        f"""
        CREATE TRIGGER claims_capacity{suffix} BEFORE {event} ON claims
        WHEN NEW.units + ({_SQLITE_PEAK}) >
            (SELECT capacity FROM resources WHERE clinic_id = NEW.clinic_id AND id = NEW.resource_id)
        BEGIN SELECT RAISE(ABORT, 'claims_capacity'); END
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    f"""
    CREATE TRIGGER resources_capacity_in_use BEFORE UPDATE OF capacity ON resources
    WHEN NEW.capacity < OLD.capacity AND ({_SQLITE_RESOURCE_PEAK}) > NEW.capacity
    BEGIN SELECT RAISE(ABORT, 'resources_capacity_in_use'); END
    """,
    f"""
    CREATE TRIGGER resources_capacity_in_use_replace BEFORE INSERT ON resources
    WHEN ({_SQLITE_RESOURCE_PEAK}) > NEW.capacity
    BEGIN SELECT RAISE(ABORT, 'resources_capacity_in_use'); END
    """,
    *(
        f"""
        CREATE TRIGGER appointments_patient_overlap{suffix} BEFORE {event} ON appointments
        WHEN NEW.status IN {LIVE} AND EXISTS (
            SELECT 1 FROM appointments AS other
            WHERE other.clinic_id = NEW.clinic_id AND other.patient_id = NEW.patient_id AND other.id <> NEW.id
              AND other.status IN {LIVE} AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
        )
        BEGIN SELECT RAISE(ABORT, 'appointments_patient_overlap'); END
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    *(
        f"""
        CREATE TRIGGER shifts_overlap{suffix} BEFORE {event} ON shifts
        WHEN EXISTS (
            SELECT 1 FROM shifts AS other
            WHERE other.clinic_id = NEW.clinic_id AND other.resource_id = NEW.resource_id AND other.id <> NEW.id
              AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
        )
        BEGIN SELECT RAISE(ABORT, 'shifts_overlap'); END
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    f"""
    CREATE TRIGGER audit_append_only BEFORE INSERT ON audit
    WHEN NEW.sequence <> 1 + (SELECT coalesce(max(sequence), 0) FROM audit WHERE clinic_id = NEW.clinic_id)
        OR NEW.previous_hash <> ({_LAST_HASH})
    BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END
    """,
    *(
        f"""
        CREATE TRIGGER audit_append_only_{event.lower()} BEFORE {event} ON audit
        BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END
        """
        for event in ("UPDATE", "DELETE")
    ),
]

# PostgreSQL checks once a statement. The rows of the statement are in the table by then; the resources are locked in
# order of id before anything is summed, and the sum, a statement of its own, sees all that committed before the lock
# was had. FOR NO KEY UPDATE does not fight the key-share locks of foreign keys.
# At REPEATABLE READ and above the sum would read what stood before the lock was had: no writes to guarded tables there.
POSTGRESQL = [
    """
    CREATE FUNCTION guards_need_read_committed() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
            RAISE EXCEPTION 'guarded tables are written at READ COMMITTED only' USING ERRCODE = 'feature_not_supported';
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION claims_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM guards_need_read_committed();
        PERFORM 1 FROM resources AS r
        WHERE (r.clinic_id, r.id) IN (SELECT clinic_id, resource_id FROM changed)
        ORDER BY r.clinic_id, r.id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT 1
            FROM changed
            JOIN resources AS r ON r.clinic_id = changed.clinic_id AND r.id = changed.resource_id
            JOIN claims AS moment ON moment.clinic_id = changed.clinic_id AND moment.resource_id = changed.resource_id
                AND moment.starts_at >= changed.starts_at AND moment.starts_at < changed.ends_at
            CROSS JOIN LATERAL (
                SELECT sum(other.units) AS load FROM claims AS other
                WHERE other.clinic_id = changed.clinic_id AND other.resource_id = changed.resource_id
                  AND other.starts_at > moment.starts_at - interval '12 hours'
                  AND other.starts_at <= moment.starts_at AND other.ends_at > moment.starts_at
            ) AS peak
            WHERE peak.load > r.capacity
        ) THEN
            RAISE EXCEPTION 'claims_capacity' USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'claims_capacity';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER claims_capacity{suffix} AFTER {event} ON claims
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION claims_capacity()
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    """
    CREATE FUNCTION resources_capacity_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM guards_need_read_committed();
        IF EXISTS (
            SELECT 1 FROM claims AS moment
            CROSS JOIN LATERAL (
                SELECT sum(other.units) AS load FROM claims AS other
                WHERE other.clinic_id = NEW.clinic_id AND other.resource_id = NEW.id
                  AND other.starts_at > moment.starts_at - interval '12 hours'
                  AND other.starts_at <= moment.starts_at AND other.ends_at > moment.starts_at
            ) AS peak
            WHERE moment.clinic_id = NEW.clinic_id AND moment.resource_id = NEW.id AND peak.load > NEW.capacity
        ) THEN
            RAISE EXCEPTION 'resources_capacity_in_use'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'resources_capacity_in_use';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER resources_capacity_in_use AFTER UPDATE OF capacity ON resources
    FOR EACH ROW WHEN (NEW.capacity < OLD.capacity) EXECUTE FUNCTION resources_capacity_in_use()
    """,
    f"""
    CREATE FUNCTION appointments_patient_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM guards_need_read_committed();
        PERFORM 1 FROM patients AS p
        WHERE (p.clinic_id, p.id) IN (SELECT clinic_id, patient_id FROM changed)
        ORDER BY p.clinic_id, p.id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT 1 FROM changed
            JOIN appointments AS other ON other.clinic_id = changed.clinic_id AND other.patient_id = changed.patient_id
                AND other.id <> changed.id
                AND other.starts_at < changed.ends_at AND other.ends_at > changed.starts_at
            WHERE changed.status IN {LIVE} AND other.status IN {LIVE}
        ) THEN
            RAISE EXCEPTION 'appointments_patient_overlap'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'appointments_patient_overlap';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER appointments_patient_overlap{suffix} AFTER {event} ON appointments
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION appointments_patient_overlap()
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    """
    CREATE FUNCTION shifts_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM guards_need_read_committed();
        PERFORM 1 FROM resources AS r
        WHERE (r.clinic_id, r.id) IN (SELECT clinic_id, resource_id FROM changed)
        ORDER BY r.clinic_id, r.id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT 1 FROM changed
            JOIN shifts AS other ON other.clinic_id = changed.clinic_id AND other.resource_id = changed.resource_id
                AND other.id <> changed.id
                AND other.starts_at < changed.ends_at AND other.ends_at > changed.starts_at
        ) THEN
            RAISE EXCEPTION 'shifts_overlap' USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'shifts_overlap';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER shifts_overlap{suffix} AFTER {event} ON shifts
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION shifts_overlap()
        """
        for suffix, event in (("", "INSERT"), ("_update", "UPDATE"))
    ),
    f"""
    CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.sequence = 1 + coalesce((SELECT max(sequence) FROM audit WHERE clinic_id = NEW.clinic_id), 0)
                AND NEW.previous_hash = ({_LAST_HASH}) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'audit_append_only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_append_only';
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only BEFORE INSERT OR UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()
    """,
    """
    CREATE TRIGGER audit_append_only_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
]


def create() -> None:
    """Make every guard."""
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def drop_triggers() -> None:
    """Remove every guard of SQLite, where a table cannot be made anew while a trigger speaks of it."""
    for statement in SQLITE:
        op.execute(f"DROP TRIGGER {statement.split()[2]}")


def drop_functions() -> None:
    """Remove what outlives the tables; the triggers go with them."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*NAMES, "guards_need_read_committed"):
            op.execute(f"DROP FUNCTION {name}()")
