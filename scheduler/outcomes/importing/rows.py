"""A file of comma-separated values, row by row: what cannot be read is a fault of its row. Pure.

It is read as it goes by, whatever its size. What is told of it names rows and columns, never what stands in them.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import BinaryIO

DELIMITERS = ",;\t|"
LONGEST_LINE = 200_000
"""Characters; the rest of a longer line is passed over, so that no file can fill the memory."""
UNFIT = re.compile("[\x00\ud800-\udfff]")
"""NUL, and bytes that are no UTF-8."""


@dataclass(frozen=True)
class RowFault:
    """What is wrong: the line of the file, the heading of the column if it is one's, a code, and words."""

    line: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class Row:
    """The cells that were asked for, blanks around them gone, and the line of the file on which the row begins."""

    line: int
    cells: Mapping[str, str]


class Lines:
    """The lines of an open file; `cut` once one of them was too long to be kept whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self.cut = False

    @property
    def position(self) -> int:
        """How many bytes have been taken from the file."""
        return self._file.tell()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = rest = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST_LINE)
            self.cut = self.cut or bool(rest)
        return line


@contextmanager
def lines_of(path: Path) -> Iterator[Lines]:
    """The lines of a file in UTF-8, with a byte order mark or without."""
    with path.open("rb") as file:
        yield Lines(file)


def read_rows(lines: Lines, columns: Sequence[str], *, delimiter: str | None = None) -> Iterator[Row | RowFault]:
    """The rows under these headings, and a fault for each that cannot be read; blank lines are nothing.

    If a heading is missing, twice there or unreadable, the faults of the headings are all there is.
    """
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=delimiter or likely_delimiter(first), strict=True)
    split = _split(reader, lines)
    line, header = next(split, (1, []))
    names = [name.strip() for name in header or []]
    faults = [RowFault(line, *fault) for fault in _heading_faults(names, columns)]
    yield from faults
    if not faults:
        yield from _under(names, columns, split)


def likely_delimiter(header: str) -> str:
    """What parts the headings into the most."""
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _split(reader: Iterator[list[str]], lines: Lines) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with its first line; None where it cannot be taken apart."""
    while True:
        line, lines.cut = reader.line_num + 1, False  # type: ignore[attr-defined] # a csv reader counts its lines
        try:
            cells = next(reader)
        except csv.Error:
            yield line, None
        except StopIteration:
            return
        else:
            yield line, None if lines.cut else cells


def _heading_faults(names: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    if any(map(UNFIT.search, names)):
        yield "", "encoding", "The headings are not text in UTF-8."
        return
    if not any(names):
        yield "", "empty", "The first line holds the headings of the columns, and there are none."
        return
    times = Counter(names)
    for column in dict.fromkeys(columns):
        if times[column] != 1:
            message = "There are several columns of this name." if times[column] else "There is no such column."
            yield column, "duplicate" if times[column] else "no-column", message


def _under(
    names: Sequence[str], columns: Sequence[str], split: Iterator[tuple[int, list[str] | None]]
) -> Iterator[Row | RowFault]:
    places = {column: names.index(column) for column in columns}
    for line, cells in split:
        if cells is None:
            yield RowFault(line, "", "unreadable", "A quotation mark is wrong, or the row is too long.")
        elif cells and len(cells) != len(names):
            yield RowFault(line, "", "ragged", f"{len(cells)} cells stand under {len(names)} headings.")
        elif cells:
            yield from _taken(line, {column: cells[place].strip() for column, place in places.items()})


def _taken(line: int, cells: Mapping[str, str]) -> Iterator[Row | RowFault]:
    unfit = [column for column, cell in cells.items() if UNFIT.search(cell)]
    for column in unfit:
        yield RowFault(line, column, "encoding", "This is not text in UTF-8.")
    if not unfit:
        yield Row(line, cells)
