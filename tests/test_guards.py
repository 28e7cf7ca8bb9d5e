"""Each guard refuses on both engines, on INSERT and on UPDATE, and is known by its name."""

from datetime import timedelta
from functools import cache
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from scheduler.models import Appointment, AppointmentStatus, AuditRow, Claim, Resource, Series, Shift
from scheduler.models.constraints import broken_constraint, refusal_of
from scheduler.records import audit
from tests.builders import ZONE, build_clinic

HOUR = timedelta(hours=1)


@pytest.fixture
def refused_by(db):
    """`with refused_by("name"):` holds if that guard, and no other, refuses what happens inside."""

    class RefusedBy:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            self.savepoint = db.begin_nested()

        def __exit__(self, _kind, error, _trace):
            self.savepoint.rollback()
            assert isinstance(error, IntegrityError), f"{self.name} refused nothing: {error}"
            assert broken_constraint(error) == self.name
            return True

    return RefusedBy


@pytest.fixture
def visit(db, clinic):
    """Appointments with claims, put in row by row."""
    numbers = count(1)
    protocol = {"clinic_id": clinic.id, "protocol_version_id": clinic.protocol.current_id}

    @cache
    def series_of(patient):
        return clinic.keep(
            Series(**protocol, patient_id=clinic.patient(patient).id, booked_at=clinic.now, infusions=30)
        )

    def make(starts_at, *, hours=1, patient="Ada", status=AppointmentStatus.BOOKED, chair="A", nurse_units=0):
        series = series_of(patient)
        appointment = clinic.keep(
            Appointment(
                **protocol, series_id=series.id, patient_id=series.patient_id, number=next(numbers),
                status=status, status_at=starts_at,
                starts_at=starts_at, ends_at=starts_at + hours * HOUR,
                local_date=starts_at.astimezone(ZONE).date(), chair_id=clinic.resource(chair).id,
            )
        )  # fmt: skip
        if nurse_units:
            claim(db, clinic, appointment, "N1", starts_at, hours=hours, units=nurse_units)
        return appointment

    return make


def claim(db, clinic, appointment, name, starts_at, *, hours=1.0, units=1):
    row_id = uuid4()
    db.execute(
        insert(Claim).values(
            clinic_id=clinic.id, id=row_id, resource_id=clinic.resource(name).id, appointment_id=appointment.id,
            starts_at=starts_at, ends_at=starts_at + hours * HOUR, units=units,
        )
    )  # fmt: skip
    return row_id


def test_a_second_claim_on_a_chair_is_refused(db, clinic, visit, at, refused_by):
    claim(db, clinic, visit(at("Mon 09:00")), "A", at("Mon 09:00"))
    other = visit(at("Mon 09:30"), patient="Bob", chair="B")

    with refused_by("claims_capacity"):
        claim(db, clinic, other, "A", at("Mon 09:30"))


def test_claims_that_only_touch_are_both_kept(db, clinic, visit, at):
    claim(db, clinic, visit(at("Mon 09:00")), "A", at("Mon 09:00"))

    claim(db, clinic, visit(at("Mon 10:00"), patient="Bob"), "A", at("Mon 10:00"))

    assert len(list(db.scalars(select(Claim.id)))) == 2


def test_a_claim_cannot_be_moved_or_raised_into_another(db, clinic, visit, at, refused_by):
    claim(db, clinic, visit(at("Mon 09:00")), "N1", at("Mon 09:00"), units=2)
    later = claim(db, clinic, visit(at("Mon 11:00"), patient="Bob"), "N1", at("Mon 11:00"), units=2)

    with refused_by("claims_capacity"):
        db.execute(update(Claim).where(Claim.id == later).values(starts_at=at("Mon 09:59")))
    with refused_by("claims_capacity"):
        db.execute(update(Claim).where(Claim.id == later).values(units=4))
    db.execute(update(Claim).where(Claim.id == later).values(starts_at=at("Mon 10:00"), units=3))


def test_units_are_summed_where_claims_meet_and_not_over_the_whole_claim(db, clinic, visit, at, refused_by):
    """Two of one unit one after the other beside one of two units: never more than three at once."""
    claim(db, clinic, visit(at("Mon 09:00"), hours=4), "N1", at("Mon 09:00"), hours=4, units=2)
    claim(db, clinic, visit(at("Mon 09:00"), patient="Bob"), "N1", at("Mon 09:00"), units=1)
    claim(db, clinic, visit(at("Mon 10:00"), patient="Cy"), "N1", at("Mon 10:00"), units=1)

    with refused_by("claims_capacity"):
        claim(db, clinic, visit(at("Mon 12:30"), patient="Di"), "N1", at("Mon 12:30"), hours=1, units=2)


def test_many_claims_in_one_statement_are_weighed_together(db, clinic, visit, at, refused_by):
    first, second = visit(at("Mon 09:00")), visit(at("Mon 09:00"), patient="Bob", chair="B")
    rows = [
        {
            "clinic_id": clinic.id, "id": uuid4(), "resource_id": clinic.resource("A").id, "appointment_id": row.id,
            "starts_at": at("Mon 09:00"), "ends_at": at("Mon 10:00"), "units": 1,
        }
        for row in (first, second)
    ]  # fmt: skip

    with refused_by("claims_capacity"):
        db.execute(insert(Claim).values(rows))


@pytest.mark.parametrize("hours", [13, 0, -1])
def test_a_claim_lasts_from_a_moment_to_twelve_hours(db, clinic, visit, at, hours):
    appointment = visit(at("Mon 09:00"))

    with pytest.raises(IntegrityError), db.begin_nested():
        claim(db, clinic, appointment, "A", at("Mon 09:00"), hours=hours)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # no other engine knows the statement
def test_a_resource_cannot_be_replaced_by_one_of_less_capacity(db, clinic, visit, at, refused_by):
    nurse = clinic.resource("N1")
    visit(at("Mon 09:00"), nurse_units=2)
    row = {column.key: getattr(nurse, column.key) for column in Resource.__table__.columns}

    with refused_by("resources_capacity_in_use"):
        db.execute(insert(Resource).prefix_with("OR REPLACE").values(row | {"capacity": 1}))


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # elsewhere a column holds only what its type allows
def test_a_time_that_is_no_number_is_refused(db, clinic, visit, at, refused_by):
    appointment = visit(at("Mon 09:00"))
    with refused_by("ck_claims_times"):
        db.execute(
            text("INSERT INTO claims (clinic_id, id, resource_id, appointment_id, starts_at, ends_at, units)"
                " VALUES (:clinic, :id, :resource, :appointment, '17x', '18x', 1)"),
            {
                "clinic": clinic.id.hex, "id": uuid4().hex,
                "resource": clinic.resource("A").id.hex, "appointment": appointment.id.hex,
            },
        )  # fmt: skip


@pytest.mark.parametrize("home", ["postgresql"], indirect=True)  # SQLite has one level and one writer
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize(
    "write",
    [
        update(Claim).values(units=1),
        update(Appointment).values(version=2),
        update(Shift).values(version=2),
        update(Resource).where(Resource.name == "N1").values(capacity=1),
    ],
    ids=lambda write: write.table.name,
)
def test_guarded_tables_take_no_writes_from_an_old_snapshot(database, level, write, now):
    with database.committing() as db:
        build_clinic(db, now=now)
    strict = database.engine.execution_options(isolation_level=level)

    with strict.connect() as connection, pytest.raises(DBAPIError, match="READ COMMITTED"):
        connection.execute(write)


def test_capacity_cannot_fall_below_what_is_claimed(db, clinic, visit, at, refused_by):
    visit(at("Mon 09:00"), nurse_units=2)
    nurse = (Resource.clinic_id == clinic.id, Resource.id == clinic.resource("N1").id)

    with refused_by("resources_capacity_in_use"):
        db.execute(update(Resource).where(*nurse).values(capacity=1))
    db.execute(update(Resource).where(*nurse).values(capacity=2))


def test_a_patient_is_in_one_place_at_a_time(db, clinic, visit, at, refused_by):
    visit(at("Mon 22:00"), hours=6)

    with refused_by("appointments_patient_overlap"):
        visit(at("Tue 02:00"), chair="B")


def test_a_patient_comes_once_a_day(db, clinic, visit, at, refused_by):
    visit(at("Mon 09:00"))

    with refused_by("uq_appointments_patient_day"):
        visit(at("Mon 15:00"))


def test_a_cancelled_appointment_is_in_nobodys_way_until_it_comes_back(db, clinic, visit, at, refused_by):
    cancelled = visit(at("Mon 22:00"), hours=6, status=AppointmentStatus.CANCELLED)
    visit(at("Tue 02:00"))

    with refused_by("appointments_patient_overlap"):
        db.execute(update(Appointment).where(Appointment.id == cancelled.id).values(status=AppointmentStatus.BOOKED))


def test_an_appointment_cannot_be_moved_onto_another(db, clinic, visit, at, refused_by):
    visit(at("Mon 22:00"), hours=6)
    moved = visit(at("Tue 12:00"))

    with refused_by("appointments_patient_overlap"):
        db.execute(update(Appointment).where(Appointment.id == moved.id).values(starts_at=at("Tue 03:59")))


def test_shifts_of_one_nurse_do_not_overlap(db, clinic, at, refused_by):
    values = {"clinic_id": clinic.id, "resource_id": clinic.resource("N1").id}
    night = {**values, "id": uuid4(), "starts_at": at("Mon 18:00"), "ends_at": at("Mon 20:00")}
    db.execute(insert(Shift).values(night))

    with refused_by("shifts_overlap"):
        db.execute(insert(Shift).values({**night, "id": uuid4(), "starts_at": at("Mon 19:00")}))
    with refused_by("shifts_overlap"):
        db.execute(update(Shift).where(Shift.id == night["id"]).values(starts_at=at("Mon 17:59")))


@pytest.fixture
def book(db, clinic, now):
    """Three rows in the clinic's book of acts."""
    for action in ("first", "second", "third"):
        audit.note(db, action, actor=clinic.scheduler, now=now)
    db.commit()


def row(db, **changes):
    """What would follow the last row, but under its number, as a mapping with changes."""
    last = db.execute(select(AuditRow.__table__).order_by(AuditRow.sequence.desc()).limit(1)).mappings().one()
    return {**last, "previous_hash": last["hash"], **changes}


def test_an_act_cannot_be_rewritten(db, book, refused_by):
    with refused_by("audit_append_only"):
        db.execute(update(AuditRow).values(action="nothing"))


def test_an_act_cannot_be_removed(db, book, refused_by):
    with refused_by("audit_append_only"):
        db.execute(delete(AuditRow))


def test_to_meet_the_guard_of_the_book_is_a_fault_of_the_program(db, book):
    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.execute(delete(AuditRow))

    assert refusal_of(caught.value) is None


@pytest.mark.parametrize("sequence", [1, 3, 5, 0])
def test_an_act_comes_after_the_last_one(db, book, refused_by, sequence):
    with refused_by("audit_append_only"):
        db.execute(insert(AuditRow).values(row(db, sequence=sequence)))


@pytest.mark.parametrize("previous_hash", [audit.FIRST_HASH, "f" * 64])
def test_an_act_carries_the_hash_of_the_last_one(db, book, refused_by, previous_hash):
    with refused_by("audit_append_only"):
        db.execute(insert(AuditRow).values(row(db, sequence=4, previous_hash=previous_hash)))


def test_the_first_act_of_a_clinic_carries_noughts(db, elsewhere, book, refused_by):
    with refused_by("audit_append_only"):
        db.execute(insert(AuditRow).values(row(db, sequence=1, clinic_id=elsewhere.id, actor_id=None)))


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)  # no other engine knows the statement
def test_an_act_cannot_be_replaced(db, book, refused_by):
    with refused_by("audit_append_only"):
        db.execute(insert(AuditRow).prefix_with("OR REPLACE").values(row(db)))


@pytest.mark.parametrize("home", ["postgresql"], indirect=True)  # no other engine knows the statement
def test_the_book_cannot_be_emptied(db, book):
    with pytest.raises(DBAPIError, match="audit_append_only"), db.begin_nested():
        db.execute(text("TRUNCATE audit CASCADE"))


def test_the_chain_holds_and_tells_where_it_was_broken(db, book, clinic):
    assert list(audit.broken_links(db, clinic.id)) == []

    db.execute(insert(AuditRow).values(row(db, sequence=4, action="forged")))

    assert list(audit.broken_links(db, clinic.id)) == [4]


def test_two_clinics_have_two_chains(db, book, elsewhere, now):
    audit.note(db, "elsewhere", actor=elsewhere.scheduler, now=now)
    db.commit()

    sequences = db.execute(select(AuditRow.clinic_id, AuditRow.sequence)).all()

    assert sorted(sequence for _, sequence in sequences) == [1, 1, 2, 3]


def test_a_row_cannot_point_at_another_clinics(db, clinic, elsewhere, visit, at):
    appointment = visit(at("Mon 09:00"))

    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.execute(
            insert(Claim).values(
                clinic_id=elsewhere.id, id=uuid4(), resource_id=elsewhere.resource("A").id,
                appointment_id=appointment.id, starts_at=at("Mon 09:00"), ends_at=at("Mon 10:00"), units=1,
            )
        )  # fmt: skip

    assert refusal_of(caught.value) is None


def test_the_name_of_a_broken_check_is_known_too(db, clinic):
    with pytest.raises(IntegrityError) as caught, db.begin_nested():
        db.execute(update(Resource).where(Resource.id == clinic.resource("N1").id).values(capacity=0))

    assert broken_constraint(caught.value) == "ck_resources_capacity"
