"""How a trigger refuses, and how rows of a table are only added, on either engine."""


def refusing(name: str, condition: str = "TRUE") -> str:
    """The function of a trigger that refuses on this condition, under its own name; else it lets the row pass."""
    return f"""
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {condition} THEN
            RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation', CONSTRAINT = '{name}';
        END IF;
        RETURN NEW;
    END $$
    """


def only_added(tables: tuple[str, ...], name: str) -> list[str]:
    """The triggers of PostgreSQL by which rows of these tables are never changed or removed."""
    changed = [
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {name}()
        """
        for table in tables
    ]
    emptied = [
        f"""
        CREATE TRIGGER {table}_append_only_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {name}()
        """
        for table in tables
    ]
    return [refusing(name), *changed, *emptied]


def only_added_on_sqlite(tables: tuple[str, ...], name: str) -> list[str]:
    """The same on SQLite."""
    return [
        f"""
        CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, '{name}'); END
        """
        for table in tables
        for event in ("UPDATE", "DELETE")
    ]
