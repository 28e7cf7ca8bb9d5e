"""How a file comes in, piece by piece."""

from collections import Counter
from contextlib import nullcontext

import pytest

from scheduler.outcomes.importing import runs
from scheduler.outcomes.importing.rows import RowFault
from scheduler.outcomes.importing.runs import MOST_KEPT, Count, Faults, FileOf, check_file
from tests.scheduler.outcomes.importing.files import written


class Letters:
    """A job that takes every row as it is, without a database."""

    used = ("a",)

    def read(self, row):
        return row if row.cells["a"] else [RowFault(row.line, "a", "blank", "There is nothing.")]

    def check(self, _db, drafts, _seen):
        yield from (Count.WRITTEN for _ in drafts)


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
