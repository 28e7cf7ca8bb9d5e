"""Tables are sent while they are written: in pieces that together are every line, once."""

from csv import reader
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

from scheduler.utilization.figures.figures import Row
from scheduler.utilization.figures.tables import AT_ONCE, ROWS, rows_table

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)


def test_a_long_table_comes_in_pieces_which_are_all_of_it():
    one = Row("", date(2026, 3, 2), AT, None, 1.0, counted=True, words="=1+1")
    rows = [replace(one, key=f"{number:05}") for number in range(2 * AT_ONCE + 1)]

    pieces = list(rows_table(iter(rows)))

    first, *lines = reader(StringIO("".join(pieces)))
    assert len(pieces) == 3
    assert tuple(first) == ROWS
    assert [line[0] for line in lines] == [row.key for row in rows]
    assert lines[0][1:7] == ["2026-03-02", "2026-03-02T14:00:00Z", "", "1.0", "yes", "'=1+1"]


def test_a_table_of_nothing_has_its_heading():
    assert list(rows_table([])) == [",".join(ROWS) + "\r\n"]
