"""The triggers that mark a time of which something was written, so that its days are reckoned anew.

Whatever a kept day was reckoned from is here: a change of it leaves a mark over all days it may bear on, in the
transaction of the change, so that both become visible together. A mark too many costs a day that is reckoned once
more; one too few would leave a report that is wrong.

- A visit bears on the day it starts on and on the one after: it is read for no other.
- Hours, closures, shifts and resources bear on the evening before, too, where a visit could have begun that reaches
  into them.
- A policy or a version of a protocol bears on all that comes after it.
"""

from dataclasses import dataclass
from string import Template

from alembic import op

DIALECTS = {
    "sqlite": {
        "ID": "lower(hex(randomblob(16)))",
        "DAY": "86400000000",
        "EVENING": "43200000000",
        "ALWAYS": "1325376000000000",
        "DIFFERS": "IS NOT",
        "LEAST": "min",
        "GREATEST": "max",
        "BEFORE_DATE": "-172800000000 + 1000000 * strftime('%s', ",
        "AFTER_DATE": "86400000000 + 1000000 * strftime('%s', ",
    },
    "postgresql": {
        "ID": "gen_random_uuid()",
        "DAY": "interval '24 hours'",
        "EVENING": "interval '12 hours'",
        "ALWAYS": "timestamptz '2012-01-01 00:00:00+00'",
        "DIFFERS": "IS DISTINCT FROM",
        "LEAST": "least",
        "GREATEST": "greatest",
        "BEFORE_DATE": "timezone('UTC', interval '-2 days' + ",
        "AFTER_DATE": "timezone('UTC', interval '1 day' + ",
    },
}
"""Words of the statements below. A date is an instant two days before it or one after, which holds in every zone."""


@dataclass(frozen=True)
class Marking:
    """What a change of one kind leaves: statements that insert marks, on a condition."""

    table: str
    event: str
    marks: tuple[str, ...]
    when: str | None = None

    @property
    def name(self) -> str:
        return f"{self.table}_marks" + ("" if self.event == "INSERT" else f"_{self.event.lower()}")

    def on_sqlite(self, words: dict[str, str]) -> str:
        when = f"WHEN {self.when}" if self.when else ""
        marks = "; ".join(self.marks)
        statement = f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} {when} BEGIN {marks}; END"
        return Template(statement).substitute(words)

    def on_postgresql(self, words: dict[str, str]) -> tuple[str, str]:
        """Bookings insert many appointments in one statement: they are marked once a statement, all else row by row."""
        when, each = f"WHEN ({self.when})" if self.when else "", "FOR EACH ROW"
        marks = "; ".join(self.marks)
        if self.marks == BOOKED:
            each, marks = "REFERENCING NEW TABLE AS changed FOR EACH STATEMENT", f"{BOOKED[0]} FROM changed"
            marks = marks.replace("NEW.", "changed.")
        body = f"BEGIN {marks}; RETURN NULL; END"
        made = f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$$$ {body} $$$$"
        called = f"AFTER {self.event} ON {self.table} {each} {when} EXECUTE FUNCTION {self.name}()"
        return Template(made).substitute(words), Template(f"CREATE TRIGGER {self.name} {called}").substitute(words)


def _mark(row: str, begins: str, ends: str, rest: str = "") -> str:
    """A mark of the clinic of a row; `rest` is where it comes from, and on which condition."""
    return (
        "INSERT INTO report_marks (clinic_id, id, begins_at, ends_at) "
        f"SELECT {row}.clinic_id, $ID, {begins}, {ends} {rest}"
    )


def _each(table: str, begins: str, ends: str, changed: str) -> tuple[Marking, ...]:
    """The same span of the row as it was and as it is."""
    old, new = (_mark(row, *(part.replace("ROW", row) for part in (begins, ends))) for row in ("OLD", "NEW"))
    return (
        Marking(table, "INSERT", (new,)),
        Marking(table, "UPDATE", (old, new), changed),
        Marking(table, "DELETE", (old,)),
    )


def _of_visit(table: str, changed: str) -> tuple[Marking, ...]:
    """The time of the visit of a row."""
    old, new = (
        _mark(
            row, "a.starts_at", "a.starts_at + $DAY",
            f"FROM appointments AS a WHERE a.clinic_id = {row}.clinic_id AND a.id = {row}.appointment_id",
        )
        for row in ("OLD", "NEW")
    )  # fmt: skip
    elsewhere = f"{old} AND OLD.appointment_id <> NEW.appointment_id"
    return (
        Marking(table, "INSERT", (new,)),
        Marking(table, "UPDATE", (elsewhere, new), changed),
        Marking(table, "DELETE", (old,)),
    )


def _changed(columns: str) -> str:
    return " OR ".join(f"NEW.{column} $DIFFERS OLD.{column}" for column in ["clinic_id", "id", *columns.split()])


BOOKED = (_mark("NEW", "NEW.starts_at", "NEW.ends_at"),)
"""Of an appointment nothing else is known yet."""
_MOVED = "WHERE NEW.starts_at $DIFFERS OLD.starts_at OR NEW.clinic_id $DIFFERS OLD.clinic_id"
_UNDONE = "(NEW.status = 'entered_in_error') <> (OLD.status = 'entered_in_error')"
# The places a visit has left are as long as it is now, under its protocol; and none, if it never was.
_LEFT = f"""
    FROM moves AS m WHERE m.clinic_id = NEW.clinic_id AND m.appointment_id = NEW.id AND (
        NEW.ends_at - NEW.starts_at <> OLD.ends_at - OLD.starts_at
        OR NEW.protocol_version_id <> OLD.protocol_version_id
        OR {_UNDONE}
    )
"""
_SPAN = ("ROW.starts_at - $EVENING", "ROW.ends_at")
_HOURS = ("$BEFORE_DATE ROW.valid_from)", "$AFTER_DATE ROW.valid_until)")
_ENDED = "$LEAST(coalesce(OLD.valid_until, NEW.valid_until), coalesce(NEW.valid_until, OLD.valid_until))"
_RETIRED = "$LEAST(coalesce(OLD.retired_at, NEW.retired_at), coalesce(NEW.retired_at, OLD.retired_at))"
_SINCE = "$LEAST(coalesce(OLD.available_from, $ALWAYS), coalesce(NEW.available_from, $ALWAYS))"
_THEN = "$GREATEST(coalesce(OLD.available_from, $ALWAYS), coalesce(NEW.available_from, $ALWAYS))"
_SERVICE = ("coalesce(ROW.available_from, $ALWAYS) - $EVENING", "NULL")

MARKINGS = (
    Marking("appointments", "INSERT", BOOKED),
    Marking(
        "appointments", "UPDATE",
        (
            _mark("OLD", "OLD.starts_at", "OLD.starts_at + $DAY"),
            _mark("NEW", "NEW.starts_at", "NEW.starts_at + $DAY", _MOVED),
            _mark("NEW", "m.starts_at", "m.starts_at + $DAY", _LEFT),
        ),
        _changed("starts_at ends_at status protocol_version_id chair_id nurse_id prescriber_id pump_id"),
    ),
    Marking("appointments", "DELETE", (_mark("OLD", "OLD.starts_at", "OLD.ends_at"),)),
    *_of_visit(
        "sessions",
        _changed(
            "appointment_id chair_id deferral arrived_at roomed_at started_at ended_at ready_at discharged_at"
            " chair_free_at"
        )
        + f" OR {_UNDONE}",
    ),
    *_of_visit("transitions", _changed("appointment_id to_status at late")),
    *_each(
        "moves", "ROW.starts_at", "ROW.starts_at + $DAY",
        _changed("appointment_id starts_at at chair_id prescriber_id"),
    ),
    *_each("shifts", *_SPAN, _changed("resource_id starts_at ends_at")),
    *_each("closures", *_SPAN, _changed("resource_id starts_at ends_at")),
    Marking("opening_hours", "INSERT", (_mark("NEW", *(part.replace("ROW", "NEW") for part in _HOURS)),)),
    Marking("opening_hours", "DELETE", (_mark("OLD", *(part.replace("ROW", "OLD") for part in _HOURS)),)),
    Marking(
        "opening_hours", "UPDATE",
        (
            *(_mark(row, *(part.replace("ROW", row) for part in _HOURS),
                    f"WHERE {_changed('weekday opens closes valid_from')}") for row in ("OLD", "NEW")),
            _mark("NEW", f"$BEFORE_DATE {_ENDED})", "NULL", "WHERE NEW.valid_until $DIFFERS OLD.valid_until"),
        ),
    ),
    Marking("resources", "INSERT", (_mark("NEW", *(part.replace("ROW", "NEW") for part in _SERVICE)),)),
    Marking("resources", "DELETE", (_mark("OLD", *(part.replace("ROW", "OLD") for part in _SERVICE)),)),
    Marking(
        "resources", "UPDATE",
        (
            *(_mark(row, *(part.replace("ROW", row) for part in _SERVICE), f"WHERE {_changed('kind capacity')}")
              for row in ("OLD", "NEW")),
            _mark("NEW", f"{_SINCE} - $EVENING", _THEN, "WHERE NEW.available_from $DIFFERS OLD.available_from"),
            _mark("NEW", f"{_RETIRED} - $EVENING", "NULL", "WHERE NEW.retired_at $DIFFERS OLD.retired_at"),
        ),
    ),
    *_each(
        "booking_policies", "ROW.effective_from", "NULL",
        _changed("effective_from created_at late_notice_minutes prime_opens prime_closes"),
    ),
    Marking("protocol_versions", "INSERT", (_mark("NEW", "NEW.created_at", "NULL"),)),
    Marking("protocol_versions", "UPDATE", (_mark("NEW", "$ALWAYS", "NULL"),)),
    Marking("protocol_versions", "DELETE", (_mark("OLD", "$ALWAYS", "NULL"),)),
    Marking(
        "protocols", "UPDATE", (_mark("NEW", _RETIRED, "NULL"),), "NEW.retired_at $DIFFERS OLD.retired_at",
    ),
    Marking(
        "clinics", "UPDATE",
        (_mark("NEW", "$ALWAYS", "NULL").replace("NEW.clinic_id", "NEW.id"),), "NEW.timezone $DIFFERS OLD.timezone",
    ),
)  # fmt: skip
TRIGGERS = tuple(dict.fromkeys(f"{marking.table}_marks" for marking in MARKINGS))


def create() -> None:
    """Make every trigger."""
    engine = op.get_bind().dialect.name
    words = DIALECTS[engine]
    for marking in MARKINGS:
        made = [marking.on_sqlite(words)] if engine == "sqlite" else marking.on_postgresql(words)
        for statement in made:
            op.execute(statement.replace(":", r"\:"))


def drop() -> None:
    """Remove every trigger."""
    for marking in MARKINGS:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {marking.name}")
        else:
            op.execute(f"DROP FUNCTION {marking.name}() CASCADE")
