"""What has come by in a file before: kept beside the memory, so that a file may be of any length."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256


def digest(*parts: str) -> bytes:
    """Stands for these texts."""
    return sha256("\0".join(parts).encode()).digest()


class Seen:
    """Digests under digests, in a file without a name that ends with the reading."""

    def __init__(self, kept: sqlite3.Connection) -> None:
        self._kept = kept
        kept.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, says BLOB NOT NULL) WITHOUT ROWID")

    def first(self, key: bytes, says: bytes) -> bytes | None:
        """What was said under this key when it came first; None if that is now."""
        if self._kept.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, says)).rowcount:
            return None
        found: bytes = self._kept.execute("SELECT says FROM seen WHERE key = ?", (key,)).fetchone()[0]
        return found


@contextmanager
def nothing_seen() -> Iterator[Seen]:
    """For one reading of a file."""
    with closing(sqlite3.connect("", isolation_level=None)) as kept:
        kept.execute("PRAGMA journal_mode=OFF")
        yield Seen(kept)
