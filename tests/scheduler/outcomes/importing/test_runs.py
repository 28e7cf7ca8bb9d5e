"""How a file comes in, piece by piece."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.models import retrying
from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.rows import RowFault
from scheduler.outcomes.importing.runs import MOST_KEPT, Count, Faults, FileOf, check_file, write_file
from tests.scheduler.outcomes.importing.files import written


class Letters:
    """A job that takes every row as it is, without a database."""

    used = ("a",)

    def read(self, row):
        return row if row.cells["a"] else [RowFault(row.line, "a", "blank", "There is nothing.")]

    def check(self, _db, drafts, _seen):
        yield from (Count.WRITTEN for _ in drafts)

    def write(self, _db, drafts):
        yield from self.check(_db, drafts, None)


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "letters.csv", *["x,"] * 5, *[",x"] * 30, header="a,b")


def look(path, **options):
    faults = Faults(options.pop("listener", None))
    return check_file(FileOf(path, **options), Letters(), nullcontext, faults), faults


def test_some_faults_are_kept_and_all_are_counted_and_told(path):
    told = []

    _, faults = look(path, listener=told.append)

    assert (len(faults.first), faults.count, len(told)) == (MOST_KEPT, 30, 30)
    assert [fault.line for fault in told] == list(range(7, 37))


def test_a_file_is_taken_in_pieces_and_what_is_done_of_it_is_told(path, monkeypatch):
    monkeypatch.setattr(runs, "PIECE", 2)
    done = []

    counts, _ = look(path, progress=done.append)

    assert counts == Counter({Count.READ: 5, Count.WRITTEN: 5})
    assert len(done) == 3
    assert done[-1] == path.stat().st_size


class Driver(Exception):
    """What a driver raises where two transactions met, and where they did not."""

    def __init__(self, **said):
        super().__init__("refused")
        self.__dict__.update(said)


@dataclass
class Meets(Letters):
    """A job that meets another transaction so many times, half-way through its writing."""

    times: int
    said: dict = field(default_factory=lambda: {"sqlstate": "40P01"})
    tries: int = 0

    def write(self, _db, drafts):
        self.tries += 1
        yield Count.WRITTEN
        if self.tries <= self.times:
            raise OperationalError("INSERT", {}, Driver(**self.said))
        yield from [Count.WRITTEN] * (len(drafts) - 1)


@pytest.fixture
def five(tmp_path, monkeypatch):
    monkeypatch.setattr(retrying, "FIRST_PAUSE_SECONDS", 0)
    return FileOf(written(tmp_path / "five.csv", *["x,"] * 5, header="a,b"))


@pytest.mark.parametrize("said", [{"sqlstate": "40P01"}, {"sqlite_errorcode": 5}])
def test_a_piece_that_met_another_transaction_is_written_again_and_counted_once(five, said):
    job = Meets(2, said)

    assert write_file(five, job, nullcontext) == {Count.READ: 5, Count.WRITTEN: 5}
    assert job.tries == 3


@pytest.mark.parametrize(("said", "tries"), [({"sqlstate": "40P01"}, retrying.ATTEMPTS), ({"sqlstate": "57014"}, 1)])
def test_a_piece_is_not_tried_for_ever_and_not_for_anything_else(five, said, tries):
    job = Meets(100, said)

    with pytest.raises(OperationalError):
        write_file(five, job, nullcontext)

    assert job.tries == tries
