"""Days that were kept, and then something of their time was changed: what is read is what the rows say by now."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler.clinic_time import MINUTE
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    Closure,
    OpeningHours,
    Protocol,
    Resource,
    SessionStatus,
    Shift,
    Transition,
    TreatmentSession,
)
from scheduler.utilization.days.reading import read_days
from tests.scheduler.utilization.days.built import build, kept_days
from tests.scheduler.utilization.ledger.histories import begins, histories
from tests.scheduler.utilization.ledger.history_rows import Reader, Writer, at
from tests.scheduler.utilization.ledger.recount import recount


def later(row, minutes, *names):
    for name in names:
        if getattr(row, name) is not None:
            setattr(row, name, getattr(row, name) + minutes * MINUTE)


def is_called_off(db, row):
    db.add(
        Transition(
            clinic_id=row.clinic_id, id=uuid4(), appointment_id=row.id, from_status=AppointmentStatus.BOOKED,
            to_status=AppointmentStatus.CANCELLED, at=row.starts_at, late=True,
        )
    )  # fmt: skip
    row.status = AppointmentStatus.CANCELLED


def was_no_session(_db, row):
    row.status = SessionStatus.ENTERED_IN_ERROR


CHANGES = [
    (Appointment, lambda _, row: later(row, 35, "starts_at", "ends_at")), (Appointment, is_called_off),
    (TreatmentSession, lambda _, row: later(row, 25, "discharged_at", "chair_free_at")),
    (TreatmentSession, lambda _, row: later(row, -10, "arrived_at", "roomed_at")), (TreatmentSession, was_no_session),
    (Transition, lambda _, row: later(row, 10, "at")), (Closure, lambda db, row: db.delete(row)),
    (Closure, lambda _, row: later(row, 45, "ends_at")), (Shift, lambda db, row: db.delete(row)),
    (Shift, lambda _, row: setattr(row, "ends_at", row.starts_at + 5 * MINUTE)),
    (OpeningHours, lambda _, row: setattr(row, "closes", row.closes - 5 if row.closes - row.opens > 5 else row.closes)),
    (OpeningHours, lambda _, row: setattr(row, "valid_until", row.valid_from + timedelta(days=9))),
    (Resource, lambda _, row: later(row, 90, "retired_at", "available_from")),
    (Resource, lambda _, row: setattr(row, "capacity", 1)), (Protocol, lambda _, row: setattr(row, "retired_at", None)),
]  # fmt: skip
"""What may become of one row after its days have been kept."""


def change(db, clinic_id, draws):
    """So many changes, each to some row of its kind."""
    for (model, happens), place in draws:
        rows = db.scalars(select(model).where(model.clinic_id == clinic_id).order_by(model.id)).all()
        if rows:
            happens(db, rows[place % len(rows)])
            db.flush()  # the database is what marks the days


def differences(tally, cells):
    """What is not counted alike, once as read and once as recounted."""
    return sorted(
        (*map(str, cell), tally[cell], cells[cell]) for cell in {*tally, *cells} if tally[cell] != cells[cell]
    )


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(
    history=histories(),
    draws=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 40)), min_size=1, max_size=4),
)
def test_kept_days_that_changed_since_are_read_as_the_rows_have_them(db, history, draws):
    history = replace(history, now=begins(history.days[-1] + timedelta(days=3), history.zone))
    with db.begin_nested() as taken_back:
        clinic_id = Writer(db, history).write()
        build(db, clinic_id, at(history.now))
        assert not history.visits or kept_days(db, clinic_id)

        change(db, clinic_id, draws)

        found = read_days(db, clinic_id, history.days[0], history.days[-1], now=at(history.now))
        told = Reader(db, clinic_id, history.days, history.now).read()
        for each in found:
            assert differences(Counter(each.tally), recount(told, each.date)) == []
        taken_back.rollback()
