"""Reading a file row by row, whatever is in it."""

import csv
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.outcomes.importing.rows import LONGEST_LINE, Row, lines_of, read_rows


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "file.csv"

    def read(content, columns=("a", "b"), **options):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with lines_of(path) as lines:
            return list(read_rows(lines, columns, **options))

    return read


def told(rows):
    return [(row.line, row.cells) if isinstance(row, Row) else (row.line, row.column, row.code) for row in rows]


def test_rows_are_cells_under_their_headings_with_the_line_they_begin_on(read):
    rows = read('b,x,a\n1,note,2\n\n3,"of two\nlines", 4 \n5,,6')

    assert told(rows) == [(2, {"a": "2", "b": "1"}), (4, {"a": "4", "b": "3"}), (6, {"a": "6", "b": "5"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_parts_the_cells_is_found_out(read, delimiter):
    assert told(read(f"a{delimiter}b\n1{delimiter}2\n")) == [(2, {"a": "1", "b": "2"})]


def test_what_parts_the_cells_can_be_said(read):
    assert told(read("a:b,c\n1:2,3\n", columns=("a", "b,c"), delimiter=":")) == [(2, {"a": "1", "b,c": "2,3"})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_and_any_line_end_are_welcome(read, end):
    assert told(read(f"\ufeffa,b{end}1,2{end}")) == [(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", (1, "", "empty")),
        (b"\n1,2\n", (1, "", "empty")),
        (b"a,c\n1,2\n", (1, "b", "no-column")),
        (b"a,b,b\n1,2,3\n", (1, "b", "duplicate")),
        ("a,b\n1,2\n".encode("utf-16"), (1, "", "encoding")),
        (b"a,b\0\n", (1, "", "encoding")),
        (b'a,"b\n', (1, "", "empty")),
    ],
)
def test_headings_that_cannot_be_used_are_all_there_is(read, content, fault):
    assert told(read(content)) == [fault]


def test_every_heading_that_is_missing_is_named(read):
    assert told(read("x,y\n1,2\n")) == [(1, "a", "no-column"), (1, "b", "no-column")]


def test_a_heading_that_is_there_twice_and_asked_for_by_nobody_does_no_harm(read):
    assert told(read("a,b,x,x\n1,2,3,4\n")) == [(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (b"1", ("", "ragged")),
        (b"1,2,3", ("", "ragged")),
        (b"1,\xff", ("b", "encoding")),
        (b"\0,2", ("a", "encoding")),
        (b'"1"x,2', ("", "unreadable")),
        (b"1," + b"9" * 140_000, ("", "unreadable")),
        (b"1," + b"9,9" * LONGEST_LINE, ("", "unreadable")),
    ],
)
def test_a_row_that_cannot_be_read_is_a_fault_and_the_next_is_read(read, row, fault):
    assert told(read(b"a,b\n" + row + b"\n3,4\n")) == [(2, *fault), (3, {"a": "3", "b": "4"})]


def test_a_quotation_without_an_end_is_a_fault_of_the_row_it_begins_on(read):
    assert told(read('a,b\n1,2\n3,"4\n5,6\n')) == [(2, {"a": "1", "b": "2"}), (3, "", "unreadable")]


def test_no_line_is_so_long_that_the_memory_is_filled(read, tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n" + b"x" * 20_000_000)
    tracemalloc.start()

    with lines_of(path) as lines:
        found = list(read_rows(lines, ("a", "b")))

    assert told(found) == [(2, "", "unreadable")]
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reading(read, content):
    for row in read(b"a,b\n" + content):
        assert row.line >= 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5)] * 2), max_size=5))
def test_what_a_csv_writer_wrote_is_read_back(read, tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("a", "b"), *rows])

    found = read(path.read_bytes())

    assert [row.cells for row in found] == [{"a": a.strip(), "b": b.strip()} for a, b in rows]
