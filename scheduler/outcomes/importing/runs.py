"""How a file comes in: looked through whole, then written piece by piece, each piece whole or not at all.

Whoever stops in the middle, or dies, begins again: what is there already is passed over.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from scheduler.errors import Fault, Invalid
from scheduler.models.retrying import tried
from scheduler.outcomes.importing.rows import Lines, Row, RowFault, lines_of, read_rows
from scheduler.outcomes.importing.seen import Seen, nothing_seen

PIECE = 500
"""Rows of one transaction: few enough that nobody waits long for their turn."""
MOST_KEPT = 20
"""Faults that are kept to be shown; the others are counted, and told to whoever listens."""

Draft = TypeVar("Draft")
Transaction = Callable[[], AbstractContextManager[Session]]
Progress = Callable[[int], None]
"""Told how many bytes of the file are done."""


class Count(StrEnum):
    """What became of rows."""

    READ = "read"
    ALREADY = "already"
    """On record before, or earlier in the file."""
    WRITTEN = "written"
    """Or to be written, where nothing is."""
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    """Some answers are missing."""
    REFUSED = "refused"
    """There is no answer, and some were refused."""
    UNANSWERED = "unanswered"
    """There is no answer, and none was refused."""
    LIVE = "live"
    """Alerts that somebody must answer."""
    HISTORICAL = "historical"
    """Alerts that stand on the list of old scores."""
    CLEARED = "cleared"
    """With 0 where nothing was asked, read as no answer."""


class Job(Protocol[Draft]):
    """What is done with the rows of one kind of file."""

    @property
    def used(self) -> Sequence[str]:
        """The headings that must be there."""

    def read(self, row: Row) -> Draft | list[RowFault]:
        """What a row says, or everything that is wrong with it."""

    def check(self, db: Session, drafts: Sequence[Draft], seen: Seen) -> Iterator[RowFault | Count]:
        """What would become of these rows, and what is wrong with them in this clinic. Writes nothing."""

    def write(self, db: Session, drafts: Sequence[Draft]) -> Iterator[RowFault | Count]:
        """Write what is new of these rows. With a fault among them, what was written must not stay."""


@dataclass
class Faults:
    """The faults of a file: the first of them, how many there are, and somebody who hears of each."""

    listener: Callable[[RowFault], object] | None = None
    first: list[RowFault] = field(default_factory=list)
    count: int = 0

    def add(self, fault: RowFault) -> None:
        self.count += 1
        if len(self.first) < MOST_KEPT:
            self.first.append(fault)
        if self.listener is not None:
            self.listener(fault)


@dataclass(frozen=True)
class FileOf:
    """A file, how its cells are parted where that is said, and who is told how far it has been read."""

    path: Path
    delimiter: str | None = None
    progress: Progress | None = None

    def pieces(self, job: Job[Draft], faults: Faults) -> Iterator[list[Draft]]:
        """What the rows say, some hundreds at a time; rows that cannot be read are faults."""
        with lines_of(self.path) as lines:
            drafts = self._drafts(job, lines, faults)
            while piece := list(islice(drafts, PIECE)):
                yield piece
                if self.progress:
                    self.progress(lines.position)

    def _drafts(self, job: Job[Draft], lines: Lines, faults: Faults) -> Iterator[Draft]:
        for row in read_rows(lines, job.used, delimiter=self.delimiter):
            found = job.read(row) if isinstance(row, Row) else [row]
            if not isinstance(found, list):
                yield found
                continue
            for fault in found:
                faults.add(fault)


def check_file(file: FileOf, job: Job[Draft], transaction: Transaction, faults: Faults) -> Counter[Count]:
    """What the file would bring, and everything that is wrong with it. Writes nothing but who was looked up."""
    counts: Counter[Count] = Counter()
    with nothing_seen() as seen:
        for piece in file.pieces(job, faults):
            with transaction() as db:
                counts.update(_told(job.check(db, piece, seen), faults))
            counts[Count.READ] += len(piece)
    return counts


def write_file(file: FileOf, job: Job[Draft], transaction: Transaction) -> Counter[Count]:
    """Write what is new in a file that was checked. Raises `Invalid` where it is no longer as it was checked.

    A piece that met another transaction is written again from its beginning.
    """
    counts: Counter[Count] = Counter()
    faults = Faults()
    for piece in file.pieces(job, faults):
        _refuse_changed(faults)
        counts += tried(partial(_write_piece, job, piece, transaction))
        counts[Count.READ] += len(piece)
    _refuse_changed(faults)
    return counts


def _write_piece(job: Job[Draft], piece: Sequence[Draft], transaction: Transaction) -> Counter[Count]:
    faults = Faults()
    with transaction() as db:
        counts = Counter(_told(job.write(db, piece), faults))
        _refuse_changed(faults)
    return counts


def _told(found: Iterable[RowFault | Count], faults: Faults) -> Iterator[Count]:
    for each in found:
        if isinstance(each, RowFault):
            faults.add(each)
        else:
            yield each


def _refuse_changed(faults: Faults) -> None:
    if faults.count:
        words = "The file or the records have changed since they were checked; what came before this stays."
        raise Invalid(words, faults=[Fault(f"row {each.line}", each.code, each.message) for each in faults.first])
