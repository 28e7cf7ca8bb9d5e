"""What a kept day is reckoned from and what leaves a mark are the same columns: neither can be added to alone."""

import re

import pytest
from sqlalchemy.sql import visitors
from sqlalchemy.sql.schema import Column

from migrations.report_guards import MARKINGS
from scheduler.booking import reading as calendar
from scheduler.records.opening import HOURS
from scheduler.utilization.history import reading as history

READ = (
    history.VISITS, history.DESK, history.LEFT_PLACES, history.OFFERED, history.POLICIES,
    calendar.CLINIC, calendar.RESOURCES, calendar.CLOSURES, calendar.SHIFTS, HOURS,
)  # fmt: skip
NO_FIGURE_OF_A_DAY = {
    "appointments.patient_id": "whose rows are opened, not what a day comes to",
    "appointments.series_id": "of the same",
    "appointments.number": "of the same",
    "booking_policies.on_time_minutes": "whether a visit began in time is reckoned from the rows, and kept by no day",
    "resources.name": "what a line is called, read when it is asked for",
    "resources.position": "the order of lines and of offers, which no minute depends on",
    "calendars.version": "raised with every change of what is marked itself",
}
ONCE_WRITTEN = {
    "protocol_versions": "any change marks all days",
    "protocols.id": "a key, which never changes",
    "protocols.clinic_id": "a key, which never changes",
    "clinics.id": "a key, which never changes",
}


def columns_read():
    found = {str(each) for read in READ for each in visitors.iterate(read) if isinstance(each, Column)}
    texts = re.findall(r"\b(appointments|sessions)\.(\w+) <>", " ".join(map(str, READ)))
    return sorted(found | {f"{table}.{column}" for table, column in texts})


def names_it(marking, column):
    said = " ".join([marking.when or "", *marking.marks])
    return re.search(rf"\bNEW\.{column} (\$DIFFERS OLD\.|= '\w+'\) <>)", said)


@pytest.mark.parametrize("read", columns_read())
def test_a_change_of_what_a_day_is_reckoned_from_leaves_a_mark(read):
    table, column = read.split(".")

    marked = any(
        marking.table == table and marking.event == "UPDATE" and names_it(marking, column) for marking in MARKINGS
    )

    assert marked or {read, table} & {*NO_FIGURE_OF_A_DAY, *ONCE_WRITTEN}
